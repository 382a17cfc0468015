"""Each service asks for what exists, and never mixes populations."""

import pytest

from kommunanalys import names
from kommunanalys.errors import UsageError
from kommunanalys.indicators import SERVICES, Service, wanted


@pytest.mark.parametrize("item", [item for items in SERVICES.values() for item in items], ids=lambda item: item.cost)
def test_a_declaration_stands_on_the_glossary_and_one_population(item: Service):
    for name in (*item.indicators, *item.needs):
        names.get(name)
    names.check_population([item.cost, item.pupils, *item.outcomes, *item.needs])


def test_unknown_service():
    with pytest.raises(UsageError, match="compulsory, upper_secondary"):
        wanted("library")
