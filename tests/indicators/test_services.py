"""Each service asks for what exists, and never mixes populations."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys import names
from kommunanalys.errors import NoData, UsageError
from kommunanalys.indicators import SERVICES, choose, wanted
from kommunanalys.indicators.services import Service


@pytest.mark.parametrize("item", [item for items in SERVICES.values() for item in items], ids=lambda item: item.cost)
def test_a_declaration_stands_on_the_glossary_and_one_population(item: Service):
    for name in (*item.indicators, *item.needs):
        names.get(name)
    names.check_population([item.cost, item.pupils, *item.outcomes, *item.needs])


def frame(**columns):
    index = pd.MultiIndex.from_product([["a", "b"], [2020, 2021]], names=["municipality", "year"])
    return pd.DataFrame(columns, index=index)


HOME = {
    "compulsory_cost_home": [1e5, 1.1e5, 9e4, 9e4],
    "compulsory_pupils_home": [100.0, 100.0, 50.0, np.nan],
    "compulsory_all_subjects_home": [80.0, 80.0, 90.0, 90.0],
}


def complete(columns):
    extra = dict.fromkeys(("compulsory_merit_home", "compulsory_eligible_home"), 1.0)
    return frame(**columns, **extra)


def test_latest_year_with_figures():
    assert choose(complete(HOME), "compulsory", "a").year == 2021
    assert choose(complete(HOME), "compulsory", "b").year == 2020


def test_total_cost_and_outputs_by_hand():
    case = choose(complete(HOME), "compulsory", "a", 2020)
    assert case.inputs.loc["a", "total_cost"] == 10.0
    assert case.outputs.loc["b", "compulsory_all_subjects_home"] == 45.0
    assert list(case.units.index) == ["a", "b"]


def test_own_schools_where_home_is_absent():
    own = frame(upper_secondary_cost_own=[1.0] * 4, upper_secondary_pupils_own=[2.0] * 4)
    assert choose(own, "upper_secondary", "a").service.cost == "upper_secondary_cost_own"


def test_no_figures_says_which_years_have():
    with pytest.raises(NoData, match="2020–2020"):
        choose(complete(HOME), "compulsory", "b", 2021)
    with pytest.raises(NoData, match="none"):
        choose(complete(HOME), "compulsory", "c")


def test_unknown_service():
    with pytest.raises(UsageError, match="compulsory, upper_secondary"):
        wanted("library")
