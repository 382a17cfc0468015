"""What became of the units of a cohort: the event came, did not come, or nobody knows yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.early_warning.features import Rows, Units, as_text, coded, taken
from kommunanalys.early_warning.when import Axis, Points
from kommunanalys.errors import TableError
from kommunanalys.secrecy.frame import local_day

TRUTHS: Final = {
    **dict.fromkeys(("true", "yes", "1", "ja", "kyllä"), 1),
    **dict.fromkeys(("false", "no", "0", "nej", "ei"), 0),
}
"""What may stand for a truth value."""


@dataclass(frozen=True)
class Labels:
    """What became of the units of a cohort.

    Parameters
    ----------
    complete
        Whether the label window has passed and is in the data.
    y
        1 where the event came, 0 where not, missing where nobody knows.
    known_from
        When that was known, on the task's axis of time.
    """

    complete: bool
    y: Points
    known_from: Points


def labels(
    task: Declaration, axis: Axis, tables: Mapping[str, pd.DataFrame], units: Units, point: float, known_by: Any = None
) -> Labels:
    """What became of the units after an as-of day, as known by a day (None: today); missing until the window closes."""
    about, today = task.outcome, latest_day(axis)
    limit = today if known_by is None else min(today, axis.at(known_by))
    rows = Rows.of(tables[about.table], about.date, units, about.table)
    made = _statuses if about.kind == "status" else _events
    found = made(task, axis, rows, (point, axis.later(point, about.horizon)), reach_of(task, axis, tables))
    if found is not None and found.closed <= min(found.reach, limit):
        return Labels(True, found.y, found.known_from)
    nothing = np.full(len(units.index), np.nan)
    return Labels(False, nothing, nothing)


@dataclass(frozen=True)
class _Found:
    """Labels, the day on which the last of them comes to be known, and the day to which the data reach."""

    y: Points
    known_from: Points
    closed: float
    reach: float


def _statuses(task: Declaration, axis: Axis, rows: Rows, window: tuple[float, float], reach: float) -> _Found | None:
    """Statuses that became known within the window; None where not one did."""
    about = task.outcome
    held, known = rows.table[about.column], rows.known_from(about.known_from, axis)
    recorded = as_text(held).notna().to_numpy() & ~np.isnan(known)
    usable = recorded & (known > window[0]) & (known <= window[1]) & (rows.slots >= 0)
    if not usable.any():
        return None
    slots, events = rows.slots[usable], among(held, about.event, about.table)[usable]
    y = taken("max", slots, events, known[usable], rows.size)
    if (events != y[slots]).any():
        raise TableError(
            "Table {table!r} gives the same person two different outcomes in the label window. Mend it, or choose "
            "a shorter horizon.",
            table=about.table,
        )
    when = taken("max", slots, known[usable], known[usable], rows.size)
    # Those whose status is known early are a chosen few: the last day on which some are known must be there too.
    closed, yearly = axis.last_day(about.known_from, window[1])
    last = known[recorded].max()
    return _Found(y[rows.spread], when[rows.spread], closed, last if yearly else max(last, reach))


def _events(task: Declaration, axis: Axis, rows: Rows, window: tuple[float, float], reach: float) -> _Found:
    """Events within the window; known of all, also of those without, when it has closed and the news has come."""
    about = task.outcome
    came = _came(task, axis, rows, window)
    end = pd.DataFrame({"end": axis.values(np.array([window[1]]))})
    closed = float(axis.points(about.known_from, end, "end")[0])
    return _Found(came.astype("float64"), np.full(len(came), closed), closed, reach)


def had_already(
    task: Declaration, axis: Axis, tables: Mapping[str, pd.DataFrame], units: Units, point: float
) -> npt.NDArray[np.bool_]:
    """Who had the dated event by the as-of day, so that it can no longer be foreseen; nobody has had a status."""
    about = task.outcome
    if about.kind == "status":
        return np.zeros(len(units.index), dtype=bool)
    rows = Rows.of(tables[about.table], about.date, units, about.table)
    return _came(task, axis, rows, (-np.inf, point))


def _came(task: Declaration, axis: Axis, rows: Rows, window: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """To whom the dated event came after the first day of a window and by the last."""
    about = task.outcome
    when = rows.known_from(f"column:{about.date}", axis)
    usable = (when > window[0]) & (when <= window[1]) & (rows.slots >= 0)
    if about.event:
        usable &= among(rows.table[about.column], about.event, about.table) > 0
    found: npt.NDArray[np.bool_] = np.bincount(rows.slots[usable], minlength=rows.size)[rows.spread] > 0
    return found


def reach_of(task: Declaration, axis: Axis, tables: Mapping[str, pd.DataFrame]) -> float:
    """The last day, not in the future, that a date of the rows names: so far the data reach."""
    columns = {(task.cohort.table, task.cohort.date), (task.outcome.table, task.outcome.date)}
    columns |= {(one.table, axis.column_of(one.known_from)) for one in task.features}
    today, found = latest_day(axis), [-np.inf]
    for table, column in columns:
        if column:
            points = axis.dates(tables[table], column)
            found.append(np.max(points, where=points <= today, initial=-np.inf))
    return float(max(found))


def latest_day(axis: Axis) -> float:
    """Today on the axis; of plain numbers there is none."""
    return np.inf if axis.numbers else axis.at(local_day())


def among(column: pd.Series[Any], wanted: Iterable[Any], table: str) -> Points:
    """1.0 where a value is one of those wanted, all written as `as_text` writes them.

    Parameters
    ----------
    column
        Text, numbers or truth values; of the last all ways of writing (true, "yes", 1, "ja") are the same where
        nothing else stands there or is wanted.
    wanted
        What counts.
    table
        Name of its table.

    Raises
    ------
    TableError
        None of them stands anywhere in the column: misspelt, as a rule.

    Examples
    --------
    >>> among(pd.Series([8.0, 9.0]), [8], "t").tolist(), among(pd.Series([True, False]), ["yes"], "t").tolist()
    ([1.0, 0.0], [1.0, 0.0])
    """
    places, values = coded(column)
    held, asked = as_text(pd.Series(values)), as_text(pd.Series(list(wanted), dtype="object"))
    truths = _truths(held) and _truths(asked)
    if truths:
        held, asked = (texts.str.casefold().map(TRUTHS) for texts in (held, asked))
    hits = held.isin(asked).to_numpy(dtype="float64")
    if held.notna().any() and not hits.any() and not truths:  # of truth values one may well be absent
        raise TableError(
            "Column {column!r} of table {table!r} holds none of the declared values ({values}) in any row. Text is "
            "compared letter by letter, capitals too; 1 is the same as 1.0 and '1'; true is the same as yes and 1, and "
            "false as no and 0, where the column holds nothing else.",
            column=str(column.name),
            table=table,
            values=", ".join(map(repr, wanted)),
        )
    found: Points = np.append(hits, 0.0)[places]  # a missing value is place -1
    return found


def _truths(texts: pd.Series[Any]) -> bool:
    """Whether nothing but truth values is written."""
    return bool(texts.dropna().str.casefold().isin(list(TRUTHS)).all())
