"""Label windows: what is known when, and when nothing may be said yet."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.declaration import Cohort, Declaration, Feature, Flag, Outcome
from kommunanalys.early_warning.features import Units
from kommunanalys.early_warning.labels import among, labels, reach_of
from kommunanalys.early_warning.sense import axis_of
from kommunanalys.errors import TableError

IDS = ["a", "b", "c"]
UNITS = Units(pd.Index(IDS, name="id"), pd.Series(IDS, name="id"))


def declared(outcome):
    cohort = Cohort("t", "day", "row", "+1 year")
    as_of = "" if axis_of(outcome.horizon).numbers else "06-30"
    return Declaration(
        "a", {}, ("id",), "id", "", cohort, outcome, (Feature("x", "t", "x"),), (), Flag("x"), 5, "", as_of
    )


def found(outcome, events, known_by=None, as_of="2023-06-30", days=("2022-01-01",)):
    task, axis = declared(outcome), axis_of(outcome.horizon)
    rows = pd.DataFrame({"day": days})
    return labels(task, axis, {"t": rows, "events": events}, UNITS, axis.at(as_of), known_by)


STATUS = Outcome("events", "went_on", "status", ("no",), "year", "+1 09-20", "15 months")
LATER = Outcome("events", "went_on", "status", ("no",), "day", "row", "1 year")
EVENT = Outcome("events", "day", "event", (), "day", "row", "180 days")


def test_yearly_statuses_are_complete_when_they_are_known():
    rows = pd.DataFrame({"id": ["a", "b", "c"], "year": [2023, 2023, 2021], "went_on": ["no", "yes", "no"]})
    made = found(STATUS, rows)
    np.testing.assert_array_equal(made.y, [1, 0, np.nan])
    assert made.complete
    assert found(STATUS, rows, known_by="2024-09-20").complete
    early = found(STATUS, rows, known_by="2024-09-19")
    assert not early.complete
    assert np.isnan(early.y).all()
    assert not found(STATUS, rows.assign(year=2024)).complete
    assert not found(STATUS, rows.assign(went_on=None)).complete


def test_statuses_known_one_by_one_wait_for_the_end_of_the_window():
    rows = pd.DataFrame({"id": ["a", "b"], "day": ["2023-08-01", "2023-09-01"], "went_on": ["no", "yes"]})
    assert not found(LATER, rows).complete
    late = pd.concat([rows, pd.DataFrame({"id": ["z"], "day": ["2024-06-30"], "went_on": ["yes"]})])
    assert found(LATER, late).complete
    assert not found(LATER, late, known_by="2024-01-01").complete


def test_two_outcomes_of_one_person_are_refused_without_naming_anybody():
    rows = pd.DataFrame({"id": ["a", "a"], "year": 2023, "went_on": ["no", "yes"]})
    with pytest.raises(TableError, match="two different outcomes") as caught:
        found(STATUS, rows)
    assert "'a'" not in str(caught.value)
    assert found(STATUS, rows.assign(went_on="no")).y[0] == 1


def test_events_count_within_the_window_alone():
    # 180 days from 30 June end on 27 December.
    rows = pd.DataFrame({"id": ["a", "b", "c", "z"], "day": ["2023-06-30", "2023-07-01", "2023-12-28", "2024-05-01"]})
    made = found(EVENT, rows)
    assert made.y.tolist() == [0, 1, 0]
    assert len(set(made.known_from)) == 1
    assert found(EVENT, rows, known_by="2023-12-27").complete
    assert not found(EVENT, rows, known_by="2023-12-26").complete
    assert not found(EVENT, rows[:2]).complete
    assert found(EVENT, rows[:2], days=("2023-12-27",)).complete


def test_news_of_events_may_need_time():
    rows = pd.DataFrame({"id": ["a", "z"], "day": ["2023-07-01", "2024-05-01"]})
    slow = Outcome("events", "day", "event", (), "day", "+30 days", "180 days")
    assert not found(slow, rows, known_by="2024-01-25").complete
    assert found(slow, rows, known_by="2024-01-26").complete


def test_only_the_declared_kind_of_event_counts():
    rows = pd.DataFrame(
        {"id": ["a", "b", "z"], "day": ["2023-07-01", "2023-07-01", "2024-05-01"], "why": ["moved", 5, 5]}
    )
    left = Outcome("events", "why", "event", (5,), "day", "row", "180 days")
    assert found(left, rows).y.tolist() == [0, 1, 0]


def test_the_future_is_not_reached():
    rows = pd.DataFrame({"id": ["a"], "day": ["2999-01-01"]})
    task = declared(EVENT)
    tables = {"t": pd.DataFrame({"day": ["2022-01-01"]}), "events": rows}
    assert axis_of("1 year").said(reach_of(task, axis_of("1 year"), tables)) == "2022-01-01"


def test_values_are_told_apart_as_they_are_written():
    assert among(pd.Series(["8", "8.5", "x"]), (8, "x"), "t").tolist() == [1, 0, 1]


@pytest.mark.parametrize("wanted", [True, 1, "yes", "Yes", "true"])
@pytest.mark.parametrize(
    "column",
    [
        pd.Series([True, False, True]),
        pd.Series([True, False, True], dtype="boolean").mask(pd.Series([False, False, True])),
        pd.Series([True, False, None], dtype=object),
    ],
)
def test_truth_values_are_known_by_what_may_stand_for_them(column, wanted):
    assert among(column, [wanted], "t")[:2].tolist() == [1, 0]


def test_a_declared_truth_value_is_found_among_words_and_numbers():
    for held in ([1, 0], [1.0, 0.0], ["yes", "no"], ["ja", "nej"], ["TRUE", "FALSE"]):
        assert among(pd.Series(held), [True], "t").tolist() == [1, 0]
    assert among(pd.Series([False, False]), ["yes"], "t").tolist() == [0, 0]


def test_a_value_that_stands_nowhere_is_refused():
    for held, wanted in ((["yes", "no"], "left"), ([8, 9], 7), (["a", "b"], True), (["Left", "x"], "left")):
        with pytest.raises(TableError, match="none of the declared values"):
            among(pd.Series(held, name="c"), [wanted], "t")
    assert among(pd.Series([None, None]), ["yes"], "t").tolist() == [0, 0]


def test_an_odd_early_status_does_not_close_the_window():
    odd = pd.DataFrame({"id": ["a"], "year": [2022], "went_on": ["yes"]})
    assert not found(STATUS, odd, days=("2025-01-01",)).complete
