"""Observations keep their contract, a panel refuses what it cannot hold."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.errors import NoData, TableError
from kommunanalys.tables import COLUMNS, check_observations, coverage, panel


def observations(*rows):
    return pd.DataFrame(list(rows), columns=COLUMNS)


ROW = ("SE", "0114", 2021, "population", 47820.0, "persons", "")


def test_a_good_table_comes_back_itself():
    table = observations(ROW)
    assert check_observations(table) is table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"municipality": 114}, "must be text"),
        ({"year": 2021.5}, "whole numbers"),
        ({"value": np.nan}, "missing without a flag"),
        ({"flag": "missing"}, "missing without a flag"),
        ({"flag": "guessed"}, "Unknown flags"),
        ({"value": np.inf}, "Infinite"),
    ],
)
def test_what_breaks_the_contract(change, message):
    table = observations(ROW)
    for column, value in change.items():
        table[column] = value
    with pytest.raises(TableError, match=message):
        check_observations(table)


def test_missing_columns_are_named():
    with pytest.raises(TableError, match="unit"):
        check_observations(observations(ROW).drop(columns="unit"))


def test_a_missing_value_with_its_flag_is_fine_and_never_zero():
    table = observations(ROW, ("SE", "0115", 2021, "population", np.nan, "persons", "secret"))
    assert np.isnan(panel(table).loc[("0115", 2021), "population"])


def test_double_keys_are_refused_and_told():
    with pytest.raises(TableError, match=r"1 keys occur more than once.*0114"):
        check_observations(observations(ROW, ROW))


def test_a_panel_asks_for_one_value_of_each_dimension():
    table = observations(ROW, ROW).assign(sex=["K", "M"])
    with pytest.raises(TableError, match="sex"):
        panel(table)


def test_a_panel_refuses_two_units_of_one_indicator():
    table = observations(ROW, ("SE", "0115", 2021, "population", 48.0, "thousand persons", ""))
    with pytest.raises(TableError, match="several units"):
        panel(table)


def test_an_empty_table_is_no_panel():
    with pytest.raises(NoData):
        panel(observations(ROW).iloc[:0])


def test_panel_and_coverage_by_hand():
    table = observations(
        ROW,
        ("SE", "0114", 2020, "population", 47000.0, "persons", ""),
        ("SE", "0115", 2021, "pupils", 10.0, "persons", ""),
    )
    wide = panel(table)
    assert list(wide.index) == [("0114", 2020), ("0114", 2021), ("0115", 2021)]
    assert wide.attrs["country"] == ["SE"]
    found = coverage(wide)
    assert found.loc["population", ["values", "first", "last"]].tolist() == [2, 2020, 2021]
    assert found.loc["pupils", "share"] == pytest.approx(1 / 3)
