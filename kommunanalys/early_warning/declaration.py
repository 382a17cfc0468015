"""What a task declares: who is looked at and when, what counts as the event, which columns are known from which day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Words = Mapping[str, str]
"""A text in "sv", "fi" and "en"."""


@dataclass(frozen=True)
class Feature:
    """One column that a model may learn from.

    Parameters
    ----------
    name
        Column of `X`.
    table, column
        Where it stands.
    kind
        "number" or "category".
    take
        How the rows known on the as-of day become one value: "last", "first", "mean", "sum", "min", "max", "count" or
        "change" (last less first, missing where there is one day only). Rows without a value do not count; a date is
        taken as days from the as-of day.
    known_from
        When a row's value is known, a date expression (see `when`); "unknown" where nobody can say: never learnt from.
    within
        Only rows of this long before the as-of day, e.g. "1 year"; "" for all.
    label
        What it is called in the three languages.
    """

    name: str
    table: str
    column: str
    kind: str = "number"
    take: str = "last"
    known_from: str = "unknown"
    within: str = ""
    label: Words = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Group:
    """A column by which recall, precision and calibration are compared; never learnt from unless a feature too."""

    name: str
    table: str
    column: str
    label: Words = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Cohort:
    """Who is looked at on an as-of day.

    Parameters
    ----------
    table
        Table with one row for each unit and period.
    date
        Its column with the day, year or number that its date expressions count from.
    start, until
        Date expressions: from when and until when (not included) a row makes its unit a member.
    where
        Allowed values by column.
    left
        Column with the day on which the unit left, "" for none: who has left by the as-of day is no member.
    """

    table: str
    date: str
    start: str
    until: str
    where: Mapping[str, tuple[Any, ...]] = field(default_factory=dict, hash=False)
    left: str = ""


@dataclass(frozen=True)
class Outcome:
    """What is to be foreseen.

    Parameters
    ----------
    table, column
        Where it stands.
    kind
        "status": a value is recorded for everybody once, and nobody knows where it is absent. "event": a dated event,
        and no row or no day means that it did not happen.
    event
        For "status": the values that are the event.
    date
        Column with the day, year or number that `known_from` counts from; for "event" the day itself.
    known_from
        Date expression: when the recorded status is known. For "event" it counts from the end of the label window:
        "row", or "+30 days" where news needs so long.
    horizon
        How long after the as-of day it is looked for, e.g. "15 months", "270 days", "2" (years or numbers).
    """

    table: str
    column: str
    kind: str
    event: tuple[Any, ...]
    date: str
    known_from: str
    horizon: str


@dataclass(frozen=True)
class Flag:
    """The one simple sign that a list is compared with: the highest or lowest values of one feature come first.

    Parameters
    ----------
    feature
        Name of the feature.
    high
        Whether high values are the sign.
    value
        For a category: the value that is the sign, "" for numbers.
    """

    feature: str
    high: bool = True
    value: str = ""


@dataclass(frozen=True)
class Declaration:
    """All that a task file says.

    Parameters
    ----------
    name
        Short name, used in file names.
    title
        The question, in three languages.
    unit
        Columns that together name one unit; the index of `X`.
    person
        Column that names the person behind a unit, by which data are split; one of `unit` or another column.
    place
        Column of the cohort's table with the school, office or area that acts; "" for none.
    cohort, outcome, features, groups, flag
        See there.
    capacity
        How many can be helped, in each place or in all.
    per
        The place column, or "" where the capacity is for all together.
    as_of
        The day of the year ("06-30") on which lists are made, or several with commas between; "" where dates are
        numbers.
    steward
        What somebody has to say for the papers: purpose, oversight, contact and so on, by key, in three languages.
    objections
        File with those who have objected, one column named as `person`; None for none.
    path
        The task file.
    """

    name: str
    title: Words
    unit: tuple[str, ...]
    person: str
    place: str
    cohort: Cohort
    outcome: Outcome
    features: tuple[Feature, ...]
    groups: tuple[Group, ...]
    flag: Flag
    capacity: int
    per: str
    as_of: str
    steward: Mapping[str, Words] = field(default_factory=dict, hash=False)
    objections: Path | None = None
    path: Path | None = None
