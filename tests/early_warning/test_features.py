"""Aggregates recomputed by hand, by pandas, and on rows that the future has changed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommunanalys.early_warning.declaration import Feature
from kommunanalys.early_warning.features import EMPTY, NEVER, NOT_YET, Rows, Units, as_text, numbered, values
from kommunanalys.early_warning.kinds import TAKES
from kommunanalys.early_warning.when import Axis
from kommunanalys.errors import TableError

AXIS = Axis(numbers=True)
UNITS = Units(pd.Index(["a", "b", "c"], name="id"), pd.Series(["a", "b", "c"], name="id"))
TABLE = pd.DataFrame(
    {
        "id": ["a", "a", "a", "b", "b", "z"],
        "day": [1, 2, 9, 2, 2, 1],
        "x": [5.0, 3.0, 100.0, 4.0, np.nan, 7.0],
        "c": ["p", "q", "r", None, "p", "s"],
    }
)


def one(table=TABLE, as_of=5, units=UNITS, **about):
    feature = Feature(**{"name": "f", "table": "t", "column": "x", "known_from": "row", **about})
    found, dropped = values([feature], {"t": Rows.of(table, "day", units, "t")}, units, AXIS, as_of)
    return found["f"] if "f" in found else dropped["f"]


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        ("last", [3, 4, None]),
        ("first", [5, 4, None]),
        ("mean", [4, 4, None]),
        ("sum", [8, 4, None]),
        ("min", [3, 4, None]),
        ("max", [5, 4, None]),
        ("count", [2, 1, 0]),
        ("change", [-2, None, None]),
    ],
)
def test_each_way_to_take(take, expected):
    np.testing.assert_array_equal(one(take=take), np.array(expected, dtype=float))


def test_within_counts_back_from_the_as_of_day():
    assert one(take="sum", within="4").tolist()[:2] == [3, 4]
    assert one(take="sum", within="5").tolist()[:2] == [8, 4]


def test_categories_are_text_with_what_was_known():
    found = one(column="c", kind="category")
    assert found.tolist()[:2] == ["q", "p"]
    assert pd.isna(found.iloc[2])
    assert found.cat.categories.tolist() == ["p", "q"]
    codes = one(TABLE.assign(c=[1, 2, 3, None, 1, 4]), column="c", kind="category")
    assert codes.tolist()[:2] == ["2", "1"]


def test_why_a_feature_is_left_out():
    assert one(known_from="unknown") == NEVER
    assert one(as_of=0) == NOT_YET
    assert one(known_from="+10", take="count") == NOT_YET
    assert one(TABLE.assign(x=np.nan)) == EMPTY
    assert one(TABLE.assign(c=None), column="c", kind="category") == EMPTY
    assert one(TABLE[TABLE["id"] == "z"], take="count") == EMPTY


@settings(max_examples=50)
@given(
    st.sampled_from(TAKES), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(-5, 5)), max_size=30)
)
def test_neither_the_future_nor_the_order_of_rows_matters(take, rows):
    rows = [("abz"[who], *rest) for who, *rest in rows] + [("c", 3, 1)]
    table = pd.concat([pd.DataFrame(rows, columns=["id", "day", "x"]), TABLE[["id", "day", "x"]]])
    future = pd.concat([table[table["day"] <= 5], table[table["day"] > 5].assign(x=1e6)]).iloc[::-1]
    known = table[table["day"] <= 5]
    expected = one(table, take=take)
    for other in (future, known):
        pd.testing.assert_series_equal(one(other, take=take), expected)


@pytest.mark.parametrize("take", ["mean", "sum", "min", "max", "count"])
def test_pandas_agrees(take):
    rng = np.random.default_rng(7)
    table = pd.DataFrame({"id": rng.choice(list("abc"), 300), "day": 1, "x": rng.normal(size=300)})
    np.testing.assert_allclose(one(table, take=take), getattr(table.groupby("id")["x"], take)())


def test_several_columns_name_a_unit_and_a_person_may_stand_behind_several():
    frame = pd.DataFrame({"m": ["A", "A", "B"], "id": ["a", "b", "a"]})
    units = Units(pd.MultiIndex.from_frame(frame), frame["id"])
    assert numbered(TABLE.assign(m="A"), units.index, "t").tolist() == [0, 0, 0, 1, 1, -1]
    assert one(TABLE.assign(m="A"), units=units).tolist()[:2] == [3, 4]
    assert one(units=units).tolist() == [3, 4, 3]


def test_rows_of_nobody_are_refused():
    with pytest.raises(TableError, match="its rows belong to nobody"):
        one(TABLE.drop(columns="id"))
    with pytest.raises(TableError, match="numbers in one table and text in table 't'"):
        one(TABLE.assign(id=1))


def test_what_is_no_number_is_refused_without_showing_it():
    with pytest.raises(TableError, match="declared a number and holds something else") as caught:
        one(column="c")
    assert "'p'" not in str(caught.value)
    with pytest.raises(TableError, match="infinity"):
        one(TABLE.assign(x=np.inf))


def test_dates_are_days_from_the_as_of_day():
    table = pd.DataFrame({"id": ["a"], "born": pd.to_datetime(["2010-01-02"])})
    feature = Feature("f", "t", "born", known_from="column:born")
    rows = {"t": Rows.of(table, "", UNITS, "t")}
    found, _ = values([feature], rows, UNITS, Axis(), Axis().at("2010-01-12"))
    assert found["f"].tolist()[:1] == [-10]


def test_text_of_numbers_does_not_depend_on_gaps():
    assert as_text(pd.Series([1, 2])).tolist() == as_text(pd.Series([1.0, 2.0, None])).tolist()[:2] == ["1", "2"]
    assert as_text(pd.Series([" a ", ""])).isna().tolist() == [False, True]
    assert as_text(pd.Series([True])).tolist() == ["True"]


def test_cells_that_are_lists_are_refused():
    with pytest.raises(TableError, match="'track' holds lists"):
        as_text(pd.Series([[1], [2]], name="track"))


def test_days_with_a_zone_are_days_too():
    days = pd.Series(pd.to_datetime(["2023-06-01 23:30"])).dt.tz_localize("Europe/Helsinki")
    rows = {"t": Rows.of(pd.DataFrame({"id": ["a"], "start": days}), "", Units(pd.Index(["a"], name="id"), IDS), "t")}
    start = Feature("start", "t", "start", known_from="2023-01-01")
    found, _ = values([start], rows, Units(pd.Index(["a"], name="id"), IDS), Axis(), Axis().at("2023-06-30"))
    assert found["start"].tolist() == [-29]


IDS = pd.Series(["a"], name="id")
