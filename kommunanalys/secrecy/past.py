"""What earlier releases already tell about the entries of a new table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kommunanalys.errors import AnalysisFailed, TableError, UsageError
from kommunanalys.secrecy.bounds import Knowledge, Ranges
from kommunanalys.secrecy.cube import Key, Places, Shape, categories_of, tabulate
from kommunanalys.secrecy.joint import Joint, Part, Printed, comparable, join, meet, space_of
from kommunanalys.secrecy.memory import check_whole, recall
from kommunanalys.secrecy.rounding import ROOM
from kommunanalys.secrecy.suppress import SHARE, width

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, repr=False)
class Past:
    """Earlier releases about the same persons, put together with a new table of which nothing is printed yet.

    Parameters
    ----------
    known
        What is known of each entry: those of the new table first, then those that only earlier tables have.
    values
        The truth of the new table's entries; for the others figures that fit it. Shape (entries,).
    room
        How wide the range of each entry is already; inf where it is wider than it must be.
    hidden, rounded, exact
        How an earlier table gives each entry; all False where none has it.
    near
        All earlier tables that may be about the same persons or some of them, also those of another month.
    """

    known: Knowledge
    values: Array
    room: Array
    hidden: Mask
    rounded: Mask
    exact: Mask
    near: tuple[Printed, ...]

    @property
    def ceiling(self) -> float:
        """More than any entry can be."""
        return 10.0 * float(self.values.max()) + 100.0


def look_back(frame: pd.DataFrame, told: Printed, contributor: str | None, least: float = 0.0) -> tuple[Printed, Past]:
    """What the memory of releases says about a new table.

    Parameters
    ----------
    frame
        The persons or payments of the new table.
    told
        The new table in truth with value, domains and series, nothing of it hidden.
    contributor
        Column that tells whose row it is, None where every row is somebody of their own.
    least
        By how many persons a figure may differ from an earlier one; 0 where that is protected otherwise.

    Returns
    -------
    tuple[Printed, Past]
        The new table, with what the frame knows of dimensions that only earlier tables show; and the past.
    """
    check_whole(frozenset(told.domains))
    near = [table for table in recall(told.value, frozenset(told.domains)) if _near(frame, told, table)]
    spread = _spread(frame, [told, *near])
    within = {name: items for name, (_, items) in spread.items() if name not in told.shape.names}
    told = replace(told, within=tuple(within.items()))
    mirrors = [_mirror(frame, told, table, contributor) for table in near]
    loose = [(one, mirror) for table, mirror in zip(near, mirrors, strict=True)
             for one in _loosened(told, table, mirror)]  # fmt: skip
    kept: list[Printed] = []
    # A table may fit only one that comes after it: so twice.
    for table, mirror in (*loose, *loose):
        # Figures can fit by chance where the persons are others; then there is no whole table behind both.
        if table not in kept and any(_related(one, table) for one in (told, mirror, *kept)):
            chosen = [*kept, table]
            if _fitting(told, chosen, _parts(spread, [told, *chosen])) is not None:
                kept = chosen
    # What nobody has printed of these persons, and what would be a small difference beside an earlier table.
    unseen = [mirror for table, mirror in zip(near, mirrors, strict=True)
              if mirror is not told and least and differing(mirror, table, least).any()]  # fmt: skip
    parts = _parts(spread, [told, *kept, *unseen])
    values = _fitting(told, [*kept, *unseen], parts)
    if values is None:
        unseen, parts = [], _parts(spread, [told, *kept])
        values = _fitting(told, kept, parts)
    kept += unseen
    blank = [_blank(table) if table is told or table in unseen else table for table in (told, *kept)]
    joint = join(blank, [told, *kept], parts)
    hidden, told_before = np.zeros((2, len(joint.known.low)), bool)
    for table, places in zip(kept, joint.places[1:], strict=True):
        if table in unseen:
            small = [differing(table, one, least) for one, mirror in zip(near, mirrors, strict=True) if mirror is table]
            hidden[places] |= np.logical_or.reduce(small)
        else:
            hidden[places] |= table.hidden
            told_before[places] = True
    exact = joint.known.low == joint.known.high
    past = Past(joint.known, values if values is not None else told.low, np.full(len(hidden), np.inf), hidden,
                told_before & ~hidden & ~exact, exact, tuple(near))  # fmt: skip
    return told, replace(past, room=_room(past)) if kept else past


def differing(table: Printed, earlier: Printed, least: float) -> Mask:
    """Entries that differ a little from what an earlier table prints exactly: the difference would be a small group.

    Examples
    --------
    >>> from kommunanalys.secrecy.cube import Shape
    >>> shape = Shape(("school",), (), (("A",),))
    >>> one, other = (Printed(shape, *np.full((2, 2), count), np.zeros(2, bool)) for count in (30.0, 33.0))
    >>> differing(one, other, 5.0).tolist()
    [True, True]
    """
    exact = {
        key: low for key, low, high in zip(earlier.shape.keys, earlier.low, earlier.high, strict=True) if low == high
    }
    change = np.array(
        [abs(value - exact.get(key, value)) for key, value in zip(table.shape.keys, table.low, strict=True)]
    )
    share = SHARE * table.low if table.value != "count" else 0.0
    return np.asarray((change > 0) & (change < np.maximum(least, share)))


def _blank(table: Printed) -> Printed:
    return replace(table, low=np.zeros_like(table.low), high=np.full_like(table.high, np.inf))


def _loosened(told: Printed, table: Printed, mirror: Printed) -> list[Printed]:
    """An earlier table whose figures fit but for some categories, with these under other names.

    A table of areas does not lack an area when a school is left out; but what it tells of the other areas holds still.
    Where no printed figure tells which area it is, any hidden one may be, and all are taken to be as before.
    Not in the months of a series, which are about other persons each.
    """
    keys = comparable(mirror, table, space_of(mirror), space_of(table))
    month = told.series and (told.series, told.shape.names) == (table.series, table.shape.names)
    if not keys or month or meet(mirror, table, keys):
        return [table]
    found: list[Printed] = []
    unseen: list[Printed] = []
    least = np.inf
    for axis, name in enumerate(table.shape.names):
        groups: dict[str, list[Key]] = {}
        for key in keys:
            groups.setdefault(dict(key).get(name, ""), []).append(key)
        groups.pop("", None)
        bad = {item for item, some in groups.items() if not meet(mirror, table, some)}
        if groups and not bad:
            unseen.append(_without_totals(table, axis))
        elif 0 < len(bad) < least and 2 * len(bad) <= len(groups):
            least = len(bad)
            items = tuple(f"{item} (earlier)" if item in bad else item for item in table.shape.categories[axis])
            found = [replace(table, shape=_recast(table.shape, axis, items))]
    return [*found, *unseen] or [table]


def _without_totals(table: Printed, axis: int) -> Printed:
    """A table whose categories along an axis are as told, beside one more of which nothing is known."""
    size, whole = table.shape.size, table.shape.size[axis] - 1
    shape = _recast(table.shape, axis, (*table.shape.categories[axis], "(earlier)"))
    # Each entry by the place it had; those of the category and of the totals with it by none.
    places = np.insert(np.arange(len(table.low)).reshape(size), whole, -1, axis=axis)
    np.moveaxis(places, axis, 0)[-1] = -1
    places, blank = places.ravel(), places.ravel() < 0
    low, high = np.where(blank, 0.0, table.low[places]), np.where(blank, np.inf, table.high[places])
    return replace(table, shape=shape, low=low, high=high, hidden=blank | table.hidden[places])


def _recast(shape: Shape, axis: int, items: tuple[str, ...]) -> Shape:
    return replace(shape, categories=(*shape.categories[:axis], items, *shape.categories[axis + 1 :]))


def _near(frame: pd.DataFrame, told: Printed, table: Printed) -> bool:
    """Whether a table may be about the same persons: by its dimensions, its series, or the number of all."""
    names = set(table.shape.names)
    if names & set(told.shape.names) or names <= set(frame.columns) or (told.series and told.series == table.series):
        return True
    return table.domains == told.domains and bool(table.low[-1] == table.high[-1] == told.low[-1])


def _spread(frame: pd.DataFrame, tables: Sequence[Printed]) -> dict[str, tuple[Places, tuple[str, ...]]]:
    """Codes and categories of every dimension of some tables that stands in the frame."""
    names = dict.fromkeys(name for table in tables for name in table.shape.names if name in frame.columns)
    found = {}
    for name in names:
        # A column that could not be tabulated now tells nothing of an earlier table either.
        with suppress(UsageError, TableError):
            found[name] = categories_of(frame[name])
    return found


def _mirror(frame: pd.DataFrame, told: Printed, table: Printed, contributor: str | None) -> Printed:
    """What an earlier table would be of the persons at hand; the new table itself where that cannot be made."""
    shape = table.shape
    if shape.names == told.shape.names or not set(shape.names) <= set(frame.columns):
        return told
    try:
        mine = tabulate(frame, shape.rows, shape.columns, told.value, contributor)
    except (UsageError, TableError):
        return told
    return replace(told, shape=mine.shape, low=mine.values, high=mine.values, hidden=np.zeros(len(mine.values), bool))


def _related(one: Printed, other: Printed) -> bool:
    """Whether two tables tell the same of all entries that mean the same persons."""
    keys = comparable(one, other, space_of(one), space_of(other))
    return bool(keys) and meet(one, other, keys)


def _parts(spread: dict[str, tuple[Places, tuple[str, ...]]], tables: Sequence[Printed]) -> list[Part]:
    """Categories of two dimensions that hold the same persons, such as an area and its schools.

    Dimensions that one table shows together are left out: what lies in what is not told beside that table, and
    somebody's trait may decide it.
    """
    together = {pair for table in tables for pair in combinations(sorted(table.shape.names), 2)}
    found = []
    for one, other in combinations(sorted(spread), 2):
        if (one, other) in together:
            continue
        (codes, items), (others, names) = spread[one], spread[other]
        graph = coo_array((np.ones(len(codes)), (codes, len(items) + others)), shape=2 * (len(items) + len(names),))
        count, home = connected_components(graph, directed=False)
        if count > 1:
            lists = [
                [tuple(np.array(some)[place == group].tolist()) for group in range(count)]
                for some, place in ((items, home[: len(items)]), (names, home[len(items) :]))
            ]
            found += [Part(one, other, *pair) for pair in zip(*lists, strict=True) if all(pair)]
    return found


def _fitting(told: Printed, same: Sequence[Printed], parts: Sequence[Part]) -> Array | None:
    """Figures of all entries that fit the new table and the earlier ones; None where there are none."""
    joint: Joint = join([told, *same], parts=parts)
    try:
        middle = Ranges(joint.known, 10.0 * float(told.high.max()) + 100.0).sweep()
    except AnalysisFailed:
        return None
    return np.asarray(joint.known.sums @ middle)


def _room(past: Past) -> Array:
    ranges = Ranges(past.known, past.ceiling)
    ranges.sweep()
    room = np.full(len(past.values), np.inf)
    # Wider than it must be is wide enough.
    for entry in np.flatnonzero(ranges.seen_high - ranges.seen_low < np.maximum(width(past.values), ROOM + 1)):
        low, high = ranges.whole(int(entry))
        room[entry] = high - low
    return room
