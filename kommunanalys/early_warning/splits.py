"""Which cohorts may be learnt from on each day that is tested: only those whose outcomes were known by then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from kommunanalys.early_warning.sense import axis_of
from kommunanalys.errors import NoData, UsageError

LEAST: Final = 10
"""Persons with and without the event below which nothing is learnt from a set of cohorts; see `model.LEAST`."""

USABLE: Final = ""
NO_PAST: Final = "no earlier cohort"
NOT_ENDED: Final = "no earlier cohort whose period had ended"
TOO_FEW: Final = "too few earlier outcomes"
NOT_YET: Final = "its own outcomes are not known yet"


@dataclass(frozen=True)
class Part:
    """Units of one cohort, or of several.

    Parameters
    ----------
    as_of
        Its as-of date; the latest where there are several.
    X, y
        What was known then and what came, on the same index.
    frame
        `person`, the place, groups and `known_from`, on the same index.
    complete
        Whether the period in which the event is looked for lies within the data.
    """

    as_of: Any
    X: pd.DataFrame = field(repr=False)
    y: pd.Series[float] = field(repr=False)
    frame: pd.DataFrame = field(repr=False)
    complete: bool = True

    @property
    def events(self) -> int:
        """How many had the event."""
        return int(self.y.sum())

    @property
    def persons(self) -> pd.Series[Any]:
        """The person behind each unit."""
        return self.frame["person"]

    def keep(self, wanted: pd.Series[bool] | np.ndarray) -> Part:
        """Only some of the units."""
        at = np.asarray(wanted, bool)
        if at.all():
            return self
        return Part(self.as_of, self.X[at], self.y[at], self.frame[at], self.complete)

    def learnable(self, least: int = LEAST) -> bool:
        """Whether at least so many persons had the event, and as many had not."""
        came = (self.y > 0).to_numpy()
        return bool(min(self.persons[came].nunique(), self.persons[~came].nunique()) >= least)


@dataclass(frozen=True)
class Split:
    """What is learnt from before one day, and on whom it is tested.

    Parameters
    ----------
    as_of
        The day of the test.
    train
        Earlier cohorts, the oldest first, without persons of the test and without outcomes not known by the day.
    test
        The cohort of the day.
    counts
        `purged_windows` (cohorts whose period had not ended), `purged_persons` (units of persons who are in the test
        too), `unknown_outcomes` (units whose outcome was not known by the day).
    why
        Why it cannot be used, "" where it can.
    """

    as_of: Any
    train: tuple[Part, ...] = field(repr=False)
    test: Part = field(repr=False)
    counts: Mapping[str, int] = field(hash=False)
    why: str = USABLE


def as_dates(given: Any) -> list[Any]:
    """As-of dates as a list, also where one alone was given.

    Raises
    ------
    UsageError
        There are none.

    Examples
    --------
    >>> as_dates("2020-06-30")
    ['2020-06-30']
    """
    dates = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    if not dates:
        raise UsageError("as_of_dates is empty. Name the days to test, or leave it out for all that the tables hold.")
    return dates


def build_all(task: Any, tables: Any, dates: Sequence[Any], *, each: Any = None) -> dict[Any, Part]:
    """The cohort of each date, built once, the oldest first."""
    axis = axis_of(task.outcome.horizon)
    built: dict[Any, Part] = {}
    for moment in sorted({axis.normal(one) for one in dates}):
        X, y, info = task.build(tables, as_of=moment)
        # Marks of secrecy domains are kept on what is handed out; inside they only cost time.
        built[moment] = Part(moment, pd.DataFrame(X), pd.Series(y), pd.DataFrame(info.frame), bool(info.complete))
        if each is not None:
            each()
    return built


def splits(task: Any, built: Mapping[Any, Part]) -> list[Split]:
    """One split for each date, also for those that cannot be used.

    Raises
    ------
    NoData
        No date can be tested; names the dates that would be needed.

    Notes
    -----
    Before day t are learnt from: cohorts s < t whose period (s, s + horizon] had ended by t, and of them the units
    whose outcome was known by t and whose person is not in the cohort of t.
    """
    found = [_split(task, built, moment) for moment in sorted(built)]
    if not any(one.why == USABLE for one in found):
        raise _none(task, found)
    return found


def _split(task: Any, built: Mapping[Any, Part], moment: Any) -> Split:
    axis = axis_of(task.outcome.horizon)
    now = axis.at(moment)
    test = built[moment]
    earlier = [built[one] for one in sorted(built) if one < moment]
    ended = [part for part in earlier if part.complete and window_end(task, part.as_of) <= now]
    counts = {"purged_windows": len(earlier) - len(ended), "purged_persons": 0, "unknown_outcomes": 0}
    tested = set(test.persons)
    train = []
    for part in ended:
        known = part.y.notna() & (part.frame["known_from"] <= moment)
        same = part.persons.isin(tested)
        counts["unknown_outcomes"] += int((~known).sum())
        counts["purged_persons"] += int((known & same).sum())
        train.append(part.keep(known & ~same))
    train = [part for part in train if len(part.y)]
    return Split(moment, tuple(train), test.keep(test.y.notna()), counts, _why(test, earlier, ended, train))


def _why(test: Part, earlier: list[Part], ended: list[Part], train: list[Part]) -> str:
    if not test.complete or test.y.isna().all():
        return NOT_YET
    if not earlier:
        return NO_PAST
    if not ended:
        return NOT_ENDED
    return USABLE if train and stack(train, ()).learnable() else TOO_FEW


def window_end(task: Any, moment: Any) -> float:
    """When the period after an as-of date ends, on the task's axis of time."""
    axis = axis_of(task.outcome.horizon)
    return axis.later(axis.at(moment), task.outcome.horizon)


def stack(parts: Iterable[Part], columns: Sequence[Any] | None = None) -> Part:
    """Several cohorts as one, the oldest first, with these columns of `X` (None: those of the latest).

    Notes
    -----
    Categories are joined, and a column that a cohort lacks is missing there. A unit may be in several cohorts, so that
    the index of the result need not be unique.
    """
    given = list(parts)
    names = list(given[-1].X.columns if columns is None else columns)
    frames = [part.X.reindex(columns=names) for part in given]
    index = frames[0].index.append([frame.index for frame in frames[1:]])
    X = pd.DataFrame({name: _joined([frame[name] for frame in frames]) for name in names}, index=index)
    y = np.concatenate([part.y.to_numpy(float) for part in given])
    return Part(given[-1].as_of, X, pd.Series(y, index=index), pd.concat([part.frame for part in given]))


def _joined(columns: list[pd.Series[Any]]) -> Any:
    """The values of a column over cohorts; categories in the order in which they first came."""
    if not any(isinstance(column.dtype, pd.CategoricalDtype) for column in columns):
        return np.concatenate([column.to_numpy(float) for column in columns])
    seen: dict[Any, None] = {}
    for column in columns:
        if isinstance(column.dtype, pd.CategoricalDtype):
            seen.update(dict.fromkeys(column.cat.categories))
    values = np.concatenate([column.to_numpy(object) for column in columns])
    return pd.Categorical(values, categories=list(seen))


def shared_columns(train: Sequence[Part], test: Part) -> list[Any]:
    """Columns that the test has and that at least one earlier cohort had a value of."""
    return [name for name in test.X.columns if any(name in part.X and part.X[name].notna().any() for part in train)]


def _none(task: Any, found: Sequence[Split]) -> NoData:
    """The error that says which dates would be needed."""
    axis = axis_of(task.outcome.horizon)
    asked = [axis.at(one.as_of) for one in found]
    if all(one.why == NOT_YET for one in found):
        return NoData(
            "None of the as-of dates ({dates}) can be tested: the outcomes of their cohorts are not known yet. Name "
            "dates at least {horizon} before the data end.",
            dates=", ".join(map(axis.said, asked)),
            horizon=task.outcome.horizon,
        )
    outcomes = [part.y.dropna() for one in found for part in (one.test, *one.train)]
    if pd.concat(outcomes).nunique() == 1:
        return NoData(
            "In the cohorts of {dates} everybody has the same outcome: there is nothing to tell apart. See that the "
            "declared event is right ([outcome] event), or name more as-of dates.",
            dates=", ".join(map(axis.said, asked)),
        )
    last = max((point for point, one in zip(asked, found, strict=True) if one.why != NOT_YET), default=max(asked))
    return NoData(
        "No as-of date of {dates} can be tested: each needs an earlier cohort whose outcomes were known by then, with "
        "at least {least} persons who had the event and {least} who had not. To test {last}, name also as-of dates up "
        "to {needed} (the horizon is {horizon}).",
        dates=", ".join(map(axis.said, asked)),
        least=LEAST,
        last=axis.said(last),
        needed=axis.said(axis.later(last, task.outcome.horizon, -1)),
        horizon=task.outcome.horizon,
    )
