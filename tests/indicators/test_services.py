"""Each service asks for what exists, and never mixes populations."""

import pytest

from kommunanalys import names
from kommunanalys.errors import UsageError
from kommunanalys.indicators import SERVICES, Service, wanted
from kommunanalys.indicators.services import fillable


@pytest.mark.parametrize("item", [item for items in SERVICES.values() for item in items], ids=lambda item: item.cost)
def test_a_declaration_stands_on_the_glossary_and_one_population(item: Service):
    for name in (*item.indicators, *item.needs):
        names.get(name)
    names.check_population([item.cost, item.pupils, *item.outcomes, *item.needs])


def test_unknown_service():
    with pytest.raises(UsageError, match="compulsory, upper_secondary"):
        wanted("library")


@pytest.mark.parametrize("service", SERVICES)
def test_a_template_asks_for_what_fits_the_country(service: str):
    finnish, swedish = fillable(service, "FI"), fillable(service, "SE")
    assert set(finnish) | set(swedish) == set(wanted(service))
    assert set(finnish) & set(swedish) <= {"urban_share", "population"}
    assert finnish[0].endswith("education_cost_own") or finnish[0].endswith("upper_secondary_cost_own")
    assert swedish[0].endswith("_cost_home")


def test_finland_s_own_declarations_come_last_and_have_no_outcomes():
    for items in SERVICES.values():
        assert [item.accounts for item in items] == [False, False, True]
        assert not items[-1].outcomes
