"""A panel made ready: where figures stand, which flags they have, how many persons are behind a share."""

import numpy as np
import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.errors import NoData, TableError, UsageError
from kommunanalys.widgets.prepared import prepare, wilson


def small_panel(**columns):
    index = pd.MultiIndex.from_tuples([("1440", 2019), ("0180", 2021), ("1440", 2021)], names=["municipality", "year"])
    return pd.DataFrame(columns or {"tax_rate": [1.0, 2.0, 3.0]}, index=index)


def test_values_lie_by_municipality_and_year_and_absent_ones_are_missing():
    ready = prepare(small_panel())
    assert ready.codes.tolist() == ["0180", "1440"]
    assert ready.years.tolist() == [2019, 2020, 2021]
    np.testing.assert_array_equal(ready.values("tax_rate"), [[np.nan, np.nan, 2.0], [1.0, np.nan, 3.0]])


def test_a_figure_that_is_changed_in_place_is_seen_at_once():
    panel = small_panel()
    assert prepare(panel).values("tax_rate")[0, 2] == 2.0
    panel.loc[("0180", 2021), "tax_rate"] = 9.0
    assert prepare(panel).values("tax_rate")[0, 2] == 9.0
    panel["note"] = "text"
    assert prepare(panel).values("tax_rate")[0, 2] == 9.0


def test_the_same_table_is_made_ready_once():
    panel = small_panel()
    assert prepare(panel) is prepare(panel)
    assert prepare(panel.copy()) is not prepare(panel)


def test_observations_keep_their_flags():
    observations = ka.read_example()
    ready = prepare(observations)
    marked = observations[observations["flag"] != ""]
    assert len(marked)
    for row in marked.itertuples():
        assert ready.flag(row.indicator, row.municipality, row.year) == row.flag


def test_unknown_columns_and_other_tables_are_refused():
    ready = prepare(small_panel(tax_rate=[1.0, 2.0, 3.0], name=["a", "b", "c"]))
    for column in ("name", "absent"):
        with pytest.raises(UsageError, match="tax_rate"):
            ready.values(column)
    with pytest.raises(TableError, match=r"ka\.panel"):
        prepare(pd.DataFrame({"a": [1.0]}))
    with pytest.raises(NoData):
        prepare(small_panel(tax_rate=[np.nan] * 3)).latest("tax_rate")


def test_wilson_equals_the_published_formula():
    # Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3: 81/263 and 15/148.
    low, high = wilson(np.array([100 * 81 / 263, 100 * 15 / 148, 0.0]), np.array([263.0, 148.0, 0.0]))
    np.testing.assert_allclose(low[:2], [25.53, 6.24], atol=0.005)
    np.testing.assert_allclose(high[:2], [36.62, 16.05], atol=0.005)
    assert np.isnan(low[2])


def test_a_result_rests_on_one_year_group_and_a_cost_on_all_pupils():
    columns = {
        "compulsory_pupils_home": [500.0, 5000.0, 900.0],
        "compulsory_all_subjects_home": [70.0, 71.0, 72.0],
        "compulsory_cost_home": [1.0, 2.0, 3.0],
    }
    ready = prepare(small_panel(**columns))
    assert ready.behind("compulsory_all_subjects_home")[0, 2] == 500.0
    assert ready.behind("compulsory_cost_home")[0, 2] == 5000.0
    assert ready.intervals("compulsory_cost_home") is None
    low, high = ready.intervals("compulsory_all_subjects_home")
    assert low[0, 2] < 71 < high[0, 2]


def test_the_panels_own_interval_goes_first():
    ready = prepare(small_panel(x=[1.0, 2.0, 3.0], x_low=[0.0, 1.0, 2.0], x_high=[4.0, 5.0, 6.0]))
    low, high = ready.intervals("x")
    assert (low[0, 2], high[0, 2]) == (1.0, 5.0)
    assert ready.own_interval("x")
    assert prepare(small_panel()).intervals("tax_rate") is None


def test_municipality_and_year_may_stand_in_columns():
    panel = small_panel()
    ready = prepare(panel.reset_index())
    np.testing.assert_array_equal(ready.values("tax_rate"), prepare(panel).values("tax_rate"))


def _levels(codes, years):
    index = pd.MultiIndex.from_arrays([codes, years], names=["municipality", "year"])
    return pd.DataFrame({"a": [1.0, 2.0]}, index=index)


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ([1, 2], "list"),
        (_levels([180, 1440], [2020, 2020]), "180"),
        (_levels(["0180", "1440"], pd.to_datetime(["2020-01-01", "2021-01-01"])), "whole number"),
        (_levels(["0180", None], [2020, 2020]), "text"),
        (_levels(["0180", "0180"], [2020, 2020]), "0180 has two rows for 2020"),
        (small_panel().rename(columns={"tax_rate": 1}), "must be text"),
        (pd.concat([small_panel(), small_panel()], axis=1), "Two columns have the name 'tax_rate'"),
        (small_panel(tax_rate=[1.0, np.inf, 2.0]), "infinite"),
        (small_panel().iloc[:0], "empty"),
    ],
)
def test_what_is_wrong_with_a_table_is_named(table, word):
    with pytest.raises(TableError, match=word):
        prepare(table)
