"""Whether the parts of a task fit together: names, dates, lengths, and what each feature is taken as."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

import pandas as pd

from kommunanalys.early_warning.declaration import Declaration, Feature
from kommunanalys.early_warning.kinds import CATEGORY_TAKES
from kommunanalys.early_warning.when import UNKNOWN, Axis
from kommunanalys.errors import TableError, UsageError
from kommunanalys.language import Speaker

TAKEN = frozenset({"person", "known_from", "as_of", "unit", "y", "risk", "flag"})
"""Columns of results, by which no group can be called."""


def axis_of(horizon: str) -> Axis:
    """How a task counts time: in numbers where its horizon has no unit.

    Examples
    --------
    >>> axis_of("2").numbers, axis_of("15 months").numbers
    (True, False)
    """
    return Axis(numbers=horizon.isdecimal())


def faults_of(task: Declaration, say: Speaker) -> list[str]:
    """What is wrong with a task as a whole, in words."""
    return [
        *_names(task, say),
        *_times(task, say),
        *_days(task, say),
        *_taken(task, say),
        *_flag(task, say),
        *_outcome_itself(task, say),
    ]


def _names(task: Declaration, say: Speaker) -> Iterator[str]:
    if not task.person:
        yield say("{key} is missing", key="person")
    if task.per not in ("", task.place):
        yield say("per must be the place ({place!r}) or be left out", place=task.place)
    names = [one.name for one in task.features]
    if not names:
        yield say("there is no feature")
    for name in sorted({one for one in names if names.count(one) > 1}):
        yield say("two features are called {name!r}", name=name)
    called = [one.name for one in task.groups]
    for name in sorted({one for one in called if called.count(one) > 1 or one in TAKEN | {task.place}}):
        yield say("no group can be called {name!r}: the name is taken", name=name)


def _times(task: Declaration, say: Speaker) -> Iterator[str]:
    """Date expressions and lengths that are none."""
    axis, event = axis_of(task.outcome.horizon), task.outcome.kind == "event"
    yield from _tried("[outcome] horizon:", axis.check_length, task.outcome.horizon)
    if not any(one in "123456789" for one in task.outcome.horizon):
        yield say("[outcome] horizon: {horizon!r} is no time at all", horizon=task.outcome.horizon)
    yield from _tried("[outcome] known_from:", axis.check_after if event else axis.check, task.outcome.known_from)
    for key, text in (("start", task.cohort.start), ("until", task.cohort.until)):
        yield from _tried(f"[cohort] {key}:", axis.check, text)
    for text in sorted({one.known_from for one in task.features} - {UNKNOWN}):
        yield from _tried("known_from:", axis.check, text)
    for text in sorted({one.within for one in task.features} - {""}):
        yield from _tried("within:", axis.check_length, text)


def _tried(where: str, check: Callable[[str], None], text: str) -> Iterator[str]:
    try:
        check(text)
    except UsageError as error:
        yield f"{where} {error}".rstrip(".")


def _days(task: Declaration, say: Speaker) -> Iterator[str]:
    """The days on which lists are made."""
    axis = axis_of(task.outcome.horizon)
    if axis.numbers and task.as_of:
        yield say("as_of must be left out where time is counted in numbers (the horizon has no unit)")
    elif not axis.numbers and not all(map(axis.is_day_of_year, days_of(task))):
        yield say("as_of must be a day of the year, such as '06-30', or several with commas between")


def days_of(task: Declaration) -> list[str]:
    """The days of the year on which lists are made."""
    return [one.strip() for one in task.as_of.split(",")]


def _taken(task: Declaration, say: Speaker) -> Iterator[str]:
    for one in task.features:
        if one.kind == "category" and one.take not in CATEGORY_TAKES:
            yield say(
                "{name}: of a category take may be {takes}, not {take!r}",
                name=one.name,
                takes=", ".join(CATEGORY_TAKES),
                take=one.take,
            )


def _flag(task: Declaration, say: Speaker) -> Iterator[str]:
    about: dict[str, Feature] = {one.name: one for one in task.features}
    name = task.flag.feature
    if name in about and (about[name].kind == "category") != bool(task.flag.value):
        yield say("[flag] value must be given for a category, and only there")
    elif name in about and about[name].known_from == UNKNOWN:
        yield say(
            "[flag] nobody can say from when {name!r} is known, so it can be no sign on the day of a list", name=name
        )
    elif name not in about and about:
        close = difflib.get_close_matches(name, about, 1, 0.5) or [*about]
        yield say("[flag] {name!r} is no feature; do you mean {close!r}?", name=name, close=close[0])


def _outcome_itself(task: Declaration, say: Speaker) -> Iterator[str]:
    """Features that are the outcome, or the day of leaving, declared to be known before it is."""
    outcome, axis = task.outcome, axis_of(task.outcome.horizon)
    event = outcome.kind == "event"
    due = f"column:{outcome.date}" if event else outcome.known_from
    known = {(task.cohort.table, task.cohort.left): f"column:{task.cohort.left}", (outcome.table, outcome.column): due}
    if event:
        known[outcome.table, outcome.date] = due
    for one in task.features:
        when = known.get((one.table, one.column), UNKNOWN)
        said = one.known_from
        if event and one.table != task.cohort.table and not said.startswith("column:"):
            said = f"{when} {said}".removesuffix(" row")  # a row of events counts from its event
        if UNKNOWN not in (when, one.known_from) and said != when and _before(said, when, axis):
            yield say(
                "{name} tells the outcome itself, or the day of leaving, and cannot be known from {known_from!r}; "
                "write {when!r}, or leave it out",
                name=one.name,
                known_from=one.known_from,
                when=when,
            )


def _before(said: str, when: str, axis: Axis) -> bool:
    """Whether a date expression names an earlier day than another, where the two can be compared."""
    if when.startswith("column:"):
        return not said.startswith(f"{when} +")
    row = pd.DataFrame({"date": [2000 if axis.numbers else "2000-01-01"]})
    try:
        return bool(axis.points(said, row, "date")[0] < axis.points(when, row, "date")[0])
    except (TableError, UsageError):
        return False
