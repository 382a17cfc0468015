"""The case that the data allow: years, declarations, what is left out, who may be compared."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.errors import NoData
from kommunanalys.indicators import choose


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


def test_a_cost_of_zero_is_nobody_s_cost():
    own = frame(upper_secondary_cost_own=[0.0, 5.0, 7.0, 7.0], upper_secondary_pupils_own=[2.0, 2.0, 0.0, 3.0])
    case = choose(own, "upper_secondary", "b")
    assert case.year == 2021
    assert list(case.units.index) == ["a", "b"]
    assert choose(own, "upper_secondary", "a").panel.index.tolist() == [("a", 2021), ("b", 2021)]
    with pytest.raises(NoData, match="2021–2021"):
        choose(own, "upper_secondary", "a", 2020)


def test_needs_and_outcomes_without_figures_are_left_out_and_told():
    needs = {"urban_share": [50.0] * 4, "parents_low_education": [np.nan, 5.0, 5.0, 5.0]}
    case = choose(complete({**HOME, **needs}), "compulsory", "a", 2020)
    assert case.service.needs == ("log_pupils", "urban_share")
    assert set(case.lacking) == {"parents_low_education", "compulsory_newly_arrived_home"}
    without = {name: values for name, values in HOME.items() if name != "compulsory_all_subjects_home"}
    case = choose(complete({**without, **needs}), "compulsory", "a", 2021)
    assert "compulsory_all_subjects_home" not in case.outputs
    assert "compulsory_merit_home" in case.outputs


def test_the_latest_year_of_all_declarations():
    home = {"upper_secondary_cost_home": [5.0, np.nan, 5.0, 5.0], "upper_secondary_pupils_home": [9.0] * 4}
    own = {"upper_secondary_cost_own": [5.0] * 4, "upper_secondary_pupils_own": [9.0] * 4}
    case = choose(frame(**home, **own), "upper_secondary", "a")
    assert (case.year, case.service.cost) == (2021, "upper_secondary_cost_own")


def test_a_municipality_that_is_not_there_or_merged_is_told():
    with pytest.raises(NoData, match=r"Ale \(1440\) is not among the 2 municipalities"):
        choose(complete(HOME), "compulsory", "1440")
    index = pd.MultiIndex.from_product([["X39", "X38"], [2019]], names=["municipality", "year"])
    empty = pd.DataFrame(dict.fromkeys(HOME, np.nan), index=index)
    with pytest.raises(NoData, match=r"since 2020 it is part of .*X38"):
        choose(empty, "compulsory", "X39")


def test_aland_and_the_mainland_are_never_compared():
    index = pd.MultiIndex.from_product([["478", "598", "049"], [2021]], names=["municipality", "year"])
    panel = pd.DataFrame({"upper_secondary_cost_own": 5.0, "upper_secondary_pupils_own": 9.0}, index=index)
    assert list(choose(panel, "upper_secondary", "598").units.index) == ["598", "049"]
    assert list(choose(panel, "upper_secondary", "478").units.index) == ["478"]


def test_a_merged_municipality_that_the_table_no_longer_has_is_told():
    with pytest.raises(NoData, match=r"since 2020 it is part of .*X38"):
        choose(complete(HOME), "compulsory", "X39")
