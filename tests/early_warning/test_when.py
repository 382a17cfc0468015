"""Date expressions against days worked out by hand."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommunanalys.early_warning.when import Axis
from kommunanalys.errors import TableError, UsageError

ROWS = pd.DataFrame(
    {
        "day": pd.to_datetime(["2024-01-31", None, "2023-06-15"]),
        "iso": ["2024-01-31", None, "2023-06-15"],
        "year": [2023, 2024, 2025],
        "holed": [2023, None, 2025],
        "number": [1, 2, np.nan],
    }
)


def evaluate(text, table, column="", *, numbers=False):
    """The expression for every row, as days or numbers."""
    axis = Axis(numbers)
    return pd.Series(axis.values(axis.points(text, table, column)), index=table.index)


def days(text, column, **more):
    return evaluate(text, ROWS, column, **more).dt.strftime("%Y-%m-%d").tolist()


@pytest.mark.parametrize("column", ["day", "iso"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("row", ["2024-01-31", np.nan, "2023-06-15"]),
        ("+30 days", ["2024-03-01", np.nan, "2023-07-15"]),
        ("-1 week", ["2024-01-24", np.nan, "2023-06-08"]),
        ("+1 month", ["2024-02-29", np.nan, "2023-07-15"]),
        ("+2 years", ["2026-01-31", np.nan, "2025-06-15"]),
        ("06-15", ["2024-06-15", np.nan, "2023-06-15"]),
        ("-1 12-31", ["2023-12-31", np.nan, "2022-12-31"]),
        ("2025-06-01", ["2025-06-01"] * 3),
        ("column:year +1 09-20", ["2024-09-20", "2025-09-20", "2026-09-20"]),
        ("column:day +1 day", ["2024-02-01", np.nan, "2023-06-16"]),
        ("unknown", [np.nan] * 3),
    ],
)
def test_days(text, column, expected):
    assert days(text, column) == expected


def test_years_need_a_day_and_missing_years_stay_missing():
    assert days("+1 06-15", "holed") == ["2024-06-15", np.nan, "2026-06-15"]
    for text in ("row", "+30 days"):
        with pytest.raises(UsageError, match=r"holds years, so that '.*' is no day"):
            evaluate(text, ROWS, "year")


def test_numbers():
    assert evaluate("+60", ROWS, "number", numbers=True).tolist()[:2] == [61, 62]
    assert evaluate("60", ROWS, "number", numbers=True).tolist() == [60, 60, 60]
    assert evaluate("column:year -3", ROWS, "number", numbers=True).tolist() == [2020, 2021, 2022]
    with pytest.raises(TableError, match="holds no numbers"):
        evaluate("row", ROWS, "iso", numbers=True)


@pytest.mark.parametrize("text", ["x", "02-30", "02-29", "+30", "30 days", "2025-13-01", "column:", ""])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(UsageError, match=r"is no date expression|names no column"):
        Axis().check(text)


@pytest.mark.parametrize("text", ["+1 06-15", "-10 days", "column:a", "2025-01-01", "unknown"])
def test_news_of_an_event_comes_after_its_window(text):
    with pytest.raises(UsageError):
        Axis().check_after(text)


def test_refusals_name_columns_but_no_values():
    with pytest.raises(TableError, match=r"no column 'gone'.*day, iso, year") as caught:
        evaluate("column:gone", ROWS)
    with pytest.raises(UsageError, match="the table has none"):
        evaluate("+1 day", ROWS)
    with pytest.raises(TableError, match="no day like") as caught:
        evaluate("row", pd.DataFrame({"day": ["2024-01-01", "19990101-123X"]}), "day")
    assert "123X" not in str(caught.value)


def test_lengths_and_moments():
    axis = Axis()
    assert axis.said(axis.later(axis.at("2023-06-30"), "15 months")) == "2024-09-30"
    assert axis.said(axis.later(axis.at("2024-02-29"), "1 year", -1)) == "2023-02-28"
    same = [date(2024, 5, 1), "2024-05-01", pd.Timestamp("2024-05-01 13:00"), datetime(2024, 5, 1, 9, tzinfo=UTC)]
    assert {axis.normal(one) for one in same} == {pd.Timestamp("2024-05-01")}
    assert axis.moment(axis.at("1969-12-31")) == pd.Timestamp("1969-12-31")
    assert Axis(numbers=True).normal("7") == Axis(numbers=True).normal(7.0) == 7
    for wrong in ("7", 2024, None, "2024", "2024-02-30", pd.NaT):
        with pytest.raises(UsageError, match="is no day"):
            axis.normal(wrong)
    for wrong in (7.5, True, "2024-01-01", None):
        with pytest.raises(UsageError, match="no whole number"):
            Axis(numbers=True).normal(wrong)
    for text, numbers in (("15", False), ("2 years", True), ("-2", True), ("soon", False)):
        with pytest.raises(UsageError, match="is no length"):
            Axis(numbers).check_length(text)


@given(st.dates(date(1700, 1, 1), date(2250, 1, 1)), st.integers(-400, 400))
def test_months_agree_with_pandas(day, months):
    moved = evaluate(f"{months:+d} months", pd.DataFrame({"day": [day.isoformat()]}), "day")[0]
    assert moved == pd.Timestamp(day) + pd.DateOffset(months=months)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+1 09-20", ("2024-09-20", True)),
        ("09-30", ("2024-09-30", True)),
        ("+3 10-01", ("2023-10-01", True)),
        ("column:day 12-31", ("2023-12-31", True)),
        ("+30 days", ("2024-09-30", False)),
    ],
)
def test_the_last_day_of_a_window_on_which_something_is_known(text, expected):
    point, yearly = Axis().last_day(text, Axis().at("2024-09-30"))
    assert (Axis().said(point), yearly) == expected


def test_a_time_counts_for_the_day_on_its_own_clock():
    zones = pd.Series(pd.to_datetime(["2020-07-01 00:30"])).dt.tz_localize("Europe/Helsinki")
    texts = ["2020-07-01T00:30:00+03:00", "2020-07-01 23:30-0200", "2020-07-01"]
    objects = pd.Series([*zones, pd.Timestamp("2020-07-01 01:00+02:00")], dtype=object)
    for held in (zones, pd.Series(texts), objects):
        assert set(evaluate("row", pd.DataFrame({"d": held}), "d").dt.date.astype(str)) == {"2020-07-01"}
    for held in (zones.dt.tz_convert("UTC"), ["2020-06-30T22:30:00Z"], ["2020-06-30", "2020-06-30T22:30+00:00"]):
        with pytest.raises(TableError, match="times in UTC"):
            evaluate("row", pd.DataFrame({"d": held}), "d")


def test_a_day_with_something_behind_it_is_no_day():
    assert Axis().normal("2020-06-30 12:00") == pd.Timestamp("2020-06-30")
    with pytest.raises(UsageError, match="is no day"):
        Axis().normal("2020-06-30garbage")


def test_what_lies_ahead():
    today = date(2026, 6, 30)
    assert [Axis().lies_ahead(Axis().at(day), today) for day in ("2026-06-30", "2026-07-01")] == [False, True]
    assert [Axis(True).lies_ahead(number, today) for number in (5000, 2026, 2027, 2199)] == [False, False, True, True]
