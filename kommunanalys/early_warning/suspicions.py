"""Single suspicions: what makes a column look as if it knew the outcome, and how that is said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from kommunanalys.early_warning.signals import ALPHA, STRONG, Signal, looks_like_identifier, place_in_order, signal
from kommunanalys.language import Speaker
from kommunanalys.secrecy.register import in_words

Array = NDArray[np.float64]

LATE, EXPLAINS, IDENTIFIES, MEMBERSHIP = "known too late", "explains too much", "identifier", "membership"

NEAR = 0.97
"""Share of pairs put right by one column alone from which it nearly determines the outcome."""
SURE = 0.95
"""Lower limit of the share with the event from which one value of a dated column nearly determines it."""
MOST = 0.8
"""Share with the event from which a value of an undated column holds almost only events."""
NOTABLE = 0.05
"""How much more pairs than the best dated column an undated one puts right before that is said."""
HUGE = 0.3
"""Difference in the share with the event between members and those left out from which a rule is suspicious."""
ODDS = 3.0
"""How many times the odds of all the odds of a value must be, at its lower limit."""


@dataclass(frozen=True)
class Flagged:
    """One column that should not be learnt from before somebody has looked at it.

    Parameters
    ----------
    column
        Its name.
    kind
        "known too late", "explains too much", "identifier" or "membership".
    reason
        English text, with `{fields}` where figures belong.
    figures
        What the fields stand for: shares [0–1], numbers of persons, texts.
    """

    column: str
    kind: str
    reason: str
    figures: Mapping[str, float | int | str] = field(default_factory=dict, hash=False, repr=False)

    def say(self, say: Speaker) -> str:
        """The reason as a sentence."""
        return say(self.reason, **{name: _spoken(value, say) for name, value in self.figures.items()})


def _spoken(value: float | int | str, say: Speaker) -> str:
    if isinstance(value, str):
        return value
    return in_words(value, say) if isinstance(value, int) else say.percent(100 * value, 0 if value < 0.985 else 1)


def flaw(reason: str, *, column: str, kind: str, **figures: float | int | str) -> Flagged:
    """A flag with its reason as a literal text, so that it is found for translation.

    Examples
    --------
    >>> flaw("Known in {month}.", column="fee", kind=LATE, month="June").say(Speaker("en"))
    'Known in June.'
    """
    return Flagged(column, kind, reason, figures)


def undated(column: str) -> Flagged:
    """The flag of a column that nobody has dated.

    Examples
    --------
    >>> undated("fees").kind
    'known too late'
    """
    return flaw(
        "Nobody has said from which day it is known. It may have been written after the event, so it is not learnt "
        "from until somebody says.",
        column=column,
        kind=LATE,
    )


def after(column: str, known: str, as_of: Any) -> Flagged:
    """The flag of a column that is known after the day of the list.

    Examples
    --------
    >>> after("marks", "2024-06-10", "2024-05-01").figures["known"]
    '2024-06-10'
    """
    return flaw(
        "It is known only from {known}, and the list is made on {as_of}.",
        column=column,
        kind=LATE,
        known=known,
        as_of=str(as_of)[:10],
    )


def explained(
    columns: Mapping[str, pd.Series[Any]],
    y: Array,
    dated: Collection[str],
    kind: str = EXPLAINS,
    only: Collection[str] | None = None,
) -> list[Flagged]:
    """Columns that alone tell too much of the outcome; `only` some of them are flagged, the others compared with.

    Examples
    --------
    >>> y = np.repeat([0.0, 1.0], 50)
    >>> [flag.column for flag in explained({"a": pd.Series(y), "b": pd.Series(np.tile([0.0, 1.0], 50))}, y, {"a"})]
    ['a']
    """
    found = {name: signal(column, y, tests=len(columns)) for name, column in columns.items()}
    known = [one for name, one in found.items() if name in dated]
    best = max(known, key=lambda one: one.auc, default=Signal(0.5, 0.0, 1.0))
    # Two views of each column are tried, its order and its values.
    limit, base = ALPHA / (2 * max(len(columns), 1)), float(y.mean())
    flags = []
    for name, one in found.items():
        if only is not None and name not in only:
            continue
        if one.auc >= NEAR and one.chance < limit:
            flags.append(_determines(name, one, kind))
        elif _holds(one, base, dated=name in dated):
            flags.append(_value(name, one, base, kind))
        elif name not in dated and _surpasses(one, best, limit):
            flags.append(_better(name, one, best, bool(known), kind))
    return flags


def _holds(one: Signal, base: float, *, dated: bool) -> bool:
    """Whether one value holds almost only events, far beyond those of all."""
    if not one.count or _odds(one.low) < ODDS * _odds(base):
        return False
    return one.low >= SURE if dated else one.share >= MOST


def _odds(share: float) -> float:
    return share / max(1 - share, 1e-9)


def _surpasses(one: Signal, best: Signal, limit: float) -> bool:
    more = one.auc - best.auc
    sure = more > stats.norm.isf(2 * limit) * np.hypot(one.error, best.error)
    return bool(one.auc >= STRONG and more >= NOTABLE and sure and one.chance < limit)


def _determines(column: str, one: Signal, kind: str) -> Flagged:
    return flaw(
        "It alone puts a person with the event before one without it in {auc} of the pairs. As a rule only a trace of "
        "the event itself does that: find out when it is written.",
        column=column,
        kind=kind,
        auc=one.auc,
    )


def _value(column: str, one: Signal, base: float, kind: str) -> Flagged:
    if one.missing:
        return flaw(
            "Of the {count} persons for whom it is missing {share} had the event; of all {base} had it. Such a gap may "
            "come from the event itself: find out when it is written.",
            column=column,
            kind=kind,
            count=one.count,
            share=one.share,
            base=base,
        )
    return flaw(
        'Of the {count} persons with the value "{value}" {share} had the event; of all {base} had it. Such a value may '
        "come from the event itself: find out when it is written.",
        column=column,
        kind=kind,
        count=one.count,
        value=one.value,
        share=one.share,
        base=base,
    )


def _better(column: str, one: Signal, best: Signal, compared: bool, kind: str) -> Flagged:
    if not compared:
        return flaw(
            "No day is declared for it, and it alone puts a person with the event before one without it in {auc} of "
            "the pairs. It may have been written after the event.",
            column=column,
            kind=kind,
            auc=one.auc,
        )
    return flaw(
        "No day is declared for it, and it alone puts a person with the event before one without it in {auc} of the "
        "pairs; the best column with a known day does so in {best}. It may have been written after the event.",
        column=column,
        kind=kind,
        auc=one.auc,
        best=best.auc,
    )


def identifiers(columns: Mapping[str, pd.Series[Any]], y: Array, keys: Collection[str] = ()) -> list[Flagged]:
    """Columns that look like identifiers, and identifiers (`keys` and those found) numbered as the outcome fell.

    Examples
    --------
    >>> y = np.repeat([0.0, 1.0], 50)
    >>> [flag.column for flag in identifiers({"number": pd.Series(range(100))}, y)]
    ['number', 'number']
    """
    flags = []
    for name, column in columns.items():
        looks = name not in keys and looks_like_identifier(column.rename(name))
        if looks:
            flags.append(
                flaw(
                    "It looks like an identifier: nearly every person has another value. A model learns persons by "
                    "heart from it and nothing about the next ones.",
                    column=name,
                    kind=IDENTIFIES,
                )
            )
        if looks or name in keys:
            flags += _ordered(name, column, y, len(columns))
    return flags


def _ordered(name: str, column: pd.Series[Any], y: Array, tests: int) -> list[Flagged]:
    one = signal(place_in_order(column), y, tests=tests)
    if one.auc < STRONG or one.chance >= ALPHA / (2 * tests):
        return []
    return [
        flaw(
            "It is numbered as the outcome fell: its order alone puts a person with the event before one without it in "
            "{auc} of the pairs. The rows were sorted or numbered when the outcome was known.",
            column=name,
            kind=IDENTIFIES,
            auc=one.auc,
        )
    ]


def reused(persons: Any, cohorts: Any, column: str) -> list[Flagged]:
    """The flag for persons that stand in several cohorts or rows.

    Examples
    --------
    >>> [flag.column for flag in reused(["a", "b", "a"], [2020, 2020, 2021], "person")]
    ['person']
    """
    pairs = pd.DataFrame({"person": np.asarray(persons), "cohort": np.asarray(cohorts)}).drop_duplicates()
    times = pairs.groupby("person").size()
    several = int((times > 1).sum())
    if not several:
        return []
    return [
        flaw(
            "{several} of {persons} persons stand in more than one cohort or row. Split the data by person, or the "
            "same person is learnt from and tested on.",
            column=column,
            kind=IDENTIFIES,
            several=several,
            persons=len(times),
        )
    ]


def membership(column: str, members: Sequence[float], others: Sequence[float]) -> list[Flagged]:
    """The flag for a rule by which the outcome is decided, from outcomes of those it lets in and leaves out.

    Examples
    --------
    >>> membership("status", [0.0] * 95 + [1.0] * 5, [1.0] * 30)[0].kind
    'membership'
    """
    if len(members) < 20 or len(others) < 20:
        return []
    inside, outside = float(np.mean(members)), float(np.mean(others))
    table = [[sum(members), len(members) - sum(members)], [sum(others), len(others) - sum(others)]]
    chance = float(stats.fisher_exact(table).pvalue)
    if abs(inside - outside) < HUGE or chance >= 0.001:
        return []
    return [
        flaw(
            "The rule of membership by this column lets in persons of whom {inside} had the event, and leaves out "
            "those of whom {outside} had it. It may be written after the event: then the cohort itself tells the "
            "outcome.",
            column=column,
            kind=MEMBERSHIP,
            inside=inside,
            outside=outside,
        )
    ]
