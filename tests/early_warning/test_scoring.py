"""Scoring is refused where it must not be done, and journalled without anybody in it where it is."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kommunanalys import journal
from kommunanalys.early_warning.evaluate import Evaluation, evaluate
from kommunanalys.early_warning.scoring import fingerprint
from kommunanalys.errors import TableError, UsageError
from tests.early_warning.years import task, years

DATES = [f"{year}-06-30" for year in range(2019, 2023)]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return years()


@pytest.fixture(scope="module")
def found(table: pd.DataFrame) -> Evaluation:
    return evaluate(task(), table, as_of_dates=DATES, learners=["line"])


def test_risks_of_todays_cohort(found: Evaluation, table: pd.DataFrame) -> None:
    risk = found.score(table.assign(left=None), as_of="2023-06-30")
    assert risk.index.name == "id"
    assert list(risk.columns) == ["risk", "person", "school", "reasons"]
    assert len(risk) == 160
    today = table.set_index("id").loc[risk.index]
    assert np.corrcoef(risk["risk"], today["absence"])[0, 1] > 0.8
    assert risk["reasons"].map(len).max() <= 3


def test_one_line_in_the_journal_and_nobody_in_it(found: Evaluation, table: pd.DataFrame) -> None:
    found.score(table, as_of="2023-06-30")
    lines = [line for line in journal.read() if line["kind"] == "scoring"]
    assert len(lines) == 1
    facts = lines[0]["facts"]
    assert facts["task"] == "years"
    assert facts["as_of"] == "2023-06-30"
    assert facts["units"] == 160
    assert facts["features"] == ["absence", "mark", "track"]
    assert facts["fingerprint"] == fingerprint(found)
    assert not [unit for unit in table["id"] if f'"{unit}"' in json.dumps(lines)]


def test_the_fingerprint_tells_models_apart(found: Evaluation, table: pd.DataFrame) -> None:
    first, again, other = (
        evaluate(task(), table, as_of_dates=dates, learners=["flag"]) for dates in (DATES[:2], DATES[:2], DATES[:3])
    )
    assert fingerprint(first) == fingerprint(again)
    assert fingerprint(first) != fingerprint(other)


def test_the_future_is_refused_and_not_journalled(found: Evaluation, table: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="lies in the future"):
        found.score(table, as_of="2999-06-30")
    assert not journal.read()


def test_too_few_outcomes_are_refused(found: Evaluation, table: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="too few past outcomes"):
        replace(found, enough=replace(found.enough, ok=False)).score(table, as_of="2023-06-30")


def test_absent_columns_are_named_with_why(found: Evaluation, table: pd.DataFrame) -> None:
    with pytest.raises(TableError, match=r"mark \(no value"):
        found.score(table.assign(mark=np.nan), as_of="2023-06-30")


def test_new_columns_are_not_used(table: pd.DataFrame) -> None:
    empty = table.assign(mark=table["mark"].where(table["year"] == 2023))
    about = task(('feature = "mark"\nhigh = false', 'feature = "absence"'))
    one = evaluate(about, empty, as_of_dates=DATES, learners=["flag"])
    assert len(one.score(empty, as_of="2023-06-30")) == 160
    assert journal.read()[-1]["facts"]["features"] == ["absence"]


def test_years_as_numbers_that_lie_ahead(table: pd.DataFrame) -> None:
    about = task(
        ('as_of = "06-30"\n', ""),
        ('start = "06-15"', 'start = "row"'),
        ('until = "+1 06-15"', 'until = "+1"'),
        ('known_from = "+1 05-20"', 'known_from = "+1"'),
        ('horizon = "1 year"', 'horizon = "1"'),
        ('known_from = "06-10"', 'known_from = "row"'),
    )
    one = evaluate(about, table, as_of_dates=[2019, 2020, 2021], learners=["flag"])
    with pytest.raises(UsageError, match="lies in the future"):
        one.score(pd.concat([table, table.assign(year=2199)]), as_of=2199)
