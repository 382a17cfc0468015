"""Only cohorts whose outcomes were known by the day are learnt from, and nobody stands on both sides."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning import splits as module
from kommunanalys.early_warning.splits import (
    NO_PAST,
    NOT_ENDED,
    TOO_FEW,
    USABLE,
    build_all,
    shared_columns,
    splits,
    stack,
)
from kommunanalys.errors import NoData
from tests.early_warning.years import task, years

DATES = [f"{year}-06-30" for year in range(2019, 2023)]


def days(split: module.Split) -> list[int]:
    return [part.as_of.year for part in split.train]


def test_a_cohort_is_learnt_from_when_its_period_has_ended() -> None:
    about, table = task(), years()
    found = splits(about, build_all(about, table, DATES))
    assert [days(one) for one in found] == [[], [2019], [2019, 2020], [2019, 2020, 2021]]
    assert [one.why for one in found] == [NO_PAST, USABLE, USABLE, USABLE]


def test_overlapping_periods_are_purged_and_counted() -> None:
    about, table = task(('horizon = "1 year"', 'horizon = "15 months"')), years()
    found = splits(about, build_all(about, table, DATES))
    assert [days(one) for one in found] == [[], [], [2019], [2019, 2020]]
    assert [one.counts["purged_windows"] for one in found] == [0, 1, 1, 1]
    assert found[1].why == NOT_ENDED


def test_persons_of_the_test_are_not_learnt_from() -> None:
    about, table = task(), years(first=2019, last=2020)
    table.loc[table["year"] == 2020, "id"] = table.loc[table["year"] == 2019, "id"].to_numpy()[:50].tolist() + [
        f"new-{unit}" for unit in range(110)
    ]
    last = splits(about, build_all(about, table, DATES[:2]))[-1]
    assert last.counts["purged_persons"] == 50
    assert not set(last.train[0].persons) & set(last.test.persons)
    assert len(last.train[0].y) == 110


def test_outcomes_that_became_known_later_are_left_out() -> None:
    about, table = task(), years(first=2019, last=2020)
    built = build_all(about, table, DATES[:2])
    early = built[pd.Timestamp("2019-06-30")]
    frame = early.frame.copy()
    frame.iloc[:30, frame.columns.get_loc("known_from")] = pd.Timestamp("2020-07-01")
    built[early.as_of] = module.Part(early.as_of, early.X, early.y, frame)
    last = splits(about, built)[-1]
    assert last.counts["unknown_outcomes"] == 30
    assert len(last.train[0].y) == 130


def test_no_usable_date_says_which_dates_would_do() -> None:
    about, table = task(), years()
    with pytest.raises(NoData, match=r"To test 2021-06-30, name also as-of dates up to 2020-06-30"):
        splits(about, build_all(about, table, ["2021-06-30"]))


def test_outcomes_not_known_yet_are_said() -> None:
    about, table = task(), years(first=2021, last=2022)
    with pytest.raises(NoData, match="not known yet"):
        splits(about, build_all(about, table.assign(left=None), ["2021-06-30", "2022-06-30"]))


def test_too_few_events_are_no_past() -> None:
    about, table = task(), years(first=2019, last=2021)
    early = (table["year"] == 2019) & (table["left"] == "yes")
    table = table.drop(index=table[early].index[9:])
    found = splits(about, build_all(about, table, DATES[:3]))
    assert found[1].why == TOO_FEW
    assert found[2].why == USABLE


def test_one_class_is_said() -> None:
    about, table = task(), years().assign(left="no")
    with pytest.raises(NoData, match="everybody has the same outcome"):
        splits(about, build_all(about, table, DATES))


def test_one_usable_date_is_enough() -> None:
    about, table = task(), years()
    found = splits(about, build_all(about, table, DATES[:2]))
    assert [one.why == USABLE for one in found] == [False, True]


def test_stacking_joins_categories_and_fills_absent_columns_with_missing() -> None:
    about, table = task(), years(n=40, first=2019, last=2020)
    table.loc[table["year"] == 2020, "track"] = "c"
    table.loc[table["year"] == 2019, "mark"] = np.nan
    early, late = build_all(about, table, DATES[:2]).values()
    both = stack([early, late])
    assert both.X["track"].cat.categories.tolist() == ["a", "b", "c"]
    assert both.X["mark"].isna().sum() == 40
    assert both.X["absence"].tolist() == [*early.X["absence"], *late.X["absence"]]
    assert both.y.tolist() == [*early.y, *late.y]
    assert both.persons.tolist() == [*early.persons, *late.persons]
    assert shared_columns([early], late) == ["absence", "track"]


def test_numbers_as_time() -> None:
    table = years().assign(year=lambda one: one["year"] - 2019, known=lambda one: one["year"] + 1)
    about = task(
        ('as_of = "06-30"\n', ""),
        ('start = "06-15"', 'start = "row"'),
        ('until = "+1 06-15"', 'until = "+1"'),
        ('known_from = "+1 05-20"', 'known_from = "+1"'),
        ('horizon = "1 year"', 'horizon = "1"'),
        ('known_from = "06-10"', 'known_from = "row"'),
    )
    found = splits(about, build_all(about, table, [0, 1, 2]))
    assert [[part.as_of for part in one.train] for one in found] == [[], [0], [0, 1]]
