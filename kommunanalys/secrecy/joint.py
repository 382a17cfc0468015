"""Printed tables put together: a cell of several tables is one cell, known as well as the best of them tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from kommunanalys.secrecy.bounds import SLACK, Knowledge
from kommunanalys.secrecy.cube import Key, Places, Shape

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Printed:
    """A table as outsiders see it: never a hidden value.

    Parameters
    ----------
    shape
        Dimensions and categories.
    low, high
        What the print says of every entry: equal where the figure itself is printed, the class where it is rounded,
        0 and inf (or the class that the method allows) where it is hidden. Shape (entries,).
    hidden
        Which entries are not printed, shape (entries,).
    value
        "count" or the column added up.
    domains
        Secrecy domains of its data.
    series
        Name of the series that it belongs to, "" for none.
    id
        Release id, "" for a table that is no release.
    once
        Whether somebody with several rows counts once in each cell.
    within
        Dimensions that the table does not show, and their categories among its persons, as far as they are known.
    """

    shape: Shape
    low: Array
    high: Array
    hidden: Mask
    value: str = "count"
    domains: tuple[str, ...] = ()
    series: str = ""
    id: str = ""
    once: bool = False
    within: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def rounded(self) -> bool:
        """Whether its figures stand for classes."""
        return bool((~self.hidden & (self.high > self.low)).any())


@dataclass(frozen=True)
class Joint:
    """All distinct entries of some tables.

    Parameters
    ----------
    known
        What is known of each entry.
    places
        For each table, where its entries stand.
    """

    known: Knowledge
    places: tuple[Places, ...]


@dataclass(frozen=True)
class Part:
    """Categories of one dimension that together hold the same persons as categories of another one.

    Parameters
    ----------
    one, other
        The dimensions, such as "area" and "school".
    left, right
        Their categories, such as ("north",) and ("A", "C").
    """

    one: str
    other: str
    left: tuple[str, ...]
    right: tuple[str, ...]

    @property
    def turned(self) -> Part:
        """The same, seen from the other dimension."""
        return Part(self.other, self.one, self.right, self.left)


Space = dict[str, frozenset[str]]


def space_of(table: Printed) -> Space:
    """The categories of each dimension among a table's persons, as far as they are known."""
    shown = zip(table.shape.names, table.shape.categories, strict=True)
    return {name: frozenset(items) for name, items in (*table.within, *shown)}


def comparable(one: Printed, other: Printed, mine: Space, theirs: Space) -> list[Key]:
    """Keys of two tables that mean the same persons, if the tables are about the same time.

    Where one table lacks a category, as the same table without a school does, only what is told of a single category
    of that dimension can be the same; the totals over it are not.

    Examples
    --------
    >>> first, second = (Shape(("school",), (), (items,)) for items in (("A", "B"), ("A",)))
    >>> tables = [Printed(one, *np.zeros((2, len(one.keys))), np.zeros(len(one.keys), bool)) for one in (first, second)]
    >>> comparable(*tables, *map(space_of, tables))
    [(('school', 'A'),)]
    """
    apart = _apart(one, other, mine, theirs)
    keys = set(other.shape.keys)
    return [key for key in one.shape.keys if key in keys and apart <= {name for name, _ in key}]


def _apart(one: Printed, other: Printed, mine: Space, theirs: Space) -> set[str]:
    names = {*one.shape.names, *other.shape.names}
    return {name for name in names & mine.keys() & theirs.keys() if mine[name] != theirs[name]}


def meet(one: Printed, other: Printed, keys: Sequence[Key]) -> bool:
    """Whether what two tables tell of these keys can both be true.

    Examples
    --------
    >>> shape = Shape(("school",), (), (("A",),))
    >>> one, other = (Printed(shape, np.full(2, low), np.full(2, 6.0), np.zeros(2, bool)) for low in (1.0, 6.0))
    >>> meet(one, other, shape.keys)
    True
    """
    mine, theirs = _told(one), _told(other)
    return all(mine[key][0] <= theirs[key][1] + SLACK and theirs[key][0] <= mine[key][1] + SLACK for key in keys)


def _told(table: Printed) -> dict[Key, tuple[float, float]]:
    return dict(zip(table.shape.keys, zip(table.low.tolist(), table.high.tolist(), strict=True), strict=True))


def join(tables: Sequence[Printed], like: Sequence[Printed] = (), parts: Sequence[Part] = ()) -> Joint:
    """What is known of every entry of some tables about the same persons at the same time.

    Each table adds up cells of its own; an entry of two tables is linked by an equation, unless both have exactly the
    same cells. A table that lacks a category has totals of its own. For three tables or more that share margins in a
    ring this knows a little less than an outsider could.

    Parameters
    ----------
    tables
        What is told.
    like
        The same tables with what decides which of them share totals, where that is another thing.
    parts
        What is known of dimensions that lie within each other.

    Examples
    --------
    >>> school = Shape(("school",), (), (("A", "B"),))
    >>> first = Printed(school, np.array([0.0, 0, 9]), np.array([9.0, 9, 9]), np.array([True, True, False]))
    >>> second = Printed(school, np.array([4.0, 0, 0]), np.array([4.0, 9, 9]), np.array([False, True, True]))
    >>> join([first, second]).known.low.tolist()
    [4.0, 0.0, 9.0]
    """
    like = like or tables
    spaces = [space_of(table) for table in like]
    places, same = _merged(like, spaces)
    cells: dict[int, int] = {}
    blocks = []
    for table, where in zip(tables, places, strict=True):
        inside = where[table.shape.interior].tolist()
        blocks.append((table.shape.sums, np.array([cells.setdefault(entry, len(cells)) for entry in inside])))
    whole = vstack([_wide(sums, columns, len(cells)) for sums, columns in blocks], format="csr")
    start = np.cumsum([0, *map(len, places)])
    every = np.concatenate(places)
    chosen = np.unique(every, return_index=True)[1]
    links = [([place], [int(chosen[every[place]])]) for place in range(len(every))]
    links += [([int(start[table] + place)], [int(chosen[entry])]) for table, place, entry in same]
    for one, other in product(range(len(tables)), repeat=2):
        pair = (like[one], like[other], spaces[one], spaces[other])
        rows = [dict(zip(like[number].shape.keys, start[number] + np.arange(len(places[number])), strict=True))
                for number in (one, other)]  # fmt: skip
        for left, right in (*_restricted(*pair), *_nested(*pair, parts)):
            links.append(([int(rows[0][key]) for key in left], [int(rows[1][key]) for key in right]))
    low, high = np.full(len(chosen), -np.inf), np.full(len(chosen), np.inf)
    for table, where in zip(tables, places, strict=True):
        np.maximum.at(low, where, table.low)
        np.minimum.at(high, where, table.high)
    return Joint(Knowledge(csr_array(whole[chosen]), low, high, _links(whole, links)), tuple(places))


def _merged(tables: Sequence[Printed], spaces: list[Space]) -> tuple[list[Places], list[tuple[int, int, int]]]:
    """The number of every entry, the same for the same persons; and what turns out to be the same besides."""
    places: list[Places] = []
    same: list[tuple[int, int, int]] = []
    count = 0
    for number, table in enumerate(tables):
        where = np.full(len(table.shape.keys), -1, np.int64)
        mine = {key: place for place, key in enumerate(table.shape.keys)}
        for before, entries in enumerate(places):
            keys = comparable(tables[before], table, spaces[before], spaces[number])
            if not keys or not meet(tables[before], table, keys):
                continue
            theirs = dict(zip(tables[before].shape.keys, entries.tolist(), strict=True))
            for key in keys:
                if where[mine[key]] < 0:
                    where[mine[key]] = theirs[key]
                elif where[mine[key]] != theirs[key]:
                    same.append((number, mine[key], theirs[key]))
            if not _apart(tables[before], table, spaces[before], spaces[number]):
                # About the same persons: what is known of the dimensions of one holds for the other.
                spaces[number], spaces[before] = ({**spaces[one], **spaces[two]} for one, two in
                                                  ((before, number), (number, before)))  # fmt: skip
        new = np.flatnonzero(where < 0)
        where[new] = count + np.arange(len(new))
        count += len(new)
        places.append(where)
    return places, same


def _restricted(one: Printed, other: Printed, mine: Space, theirs: Space) -> Iterator[tuple[list[Key], list[Key]]]:
    """Entries of a table about some categories of a dimension that it does not show, as sums over these categories."""
    fewer = [
        name
        for name in other.shape.names
        if name not in one.shape.names and mine.get(name, theirs[name]) != theirs[name]
    ]
    if not fewer or not all(mine[name] <= theirs[name] for name in fewer):
        return
    known, apart = set(other.shape.keys), _apart(one, other, mine, theirs) - set(fewer)
    choices = [tuple((name, item) for item in sorted(mine[name])) for name in fewer]
    for key in one.shape.keys:
        parts = [tuple(sorted((*key, *chosen))) for chosen in product(*choices)]
        if apart <= {name for name, _ in key} and all(part in known for part in parts):
            yield [key], parts


def _nested(
    one: Printed, other: Printed, mine: Space, theirs: Space, parts: Sequence[Part]
) -> Iterator[tuple[list[Key], list[Key]]]:
    """Sums over categories of one table that hold the same persons as sums over categories of another one."""
    for part in (*parts, *(back.turned for back in parts)):
        if part.one not in one.shape.names or part.other not in other.shape.names or part.one in other.shape.names:
            continue
        if part.other in one.shape.names or not (
            set(part.left) <= mine[part.one] and set(part.right) <= theirs[part.other]
        ):
            continue
        known, apart = set(other.shape.keys), _apart(one, other, mine, theirs) - {part.one, part.other}
        for key in one.shape.keys:
            if (part.one, part.left[0]) in key:
                rest = [pair for pair in key if pair[0] != part.one]
                left, right = ([tuple(sorted((*rest, (name, item)))) for item in items]
                               for name, items in ((part.one, part.left), (part.other, part.right)))  # fmt: skip
                if apart <= {name for name, _ in rest} and right[0] in known:
                    yield left, right


def _wide(sums: csr_array, columns: Places, cells: int) -> csr_array:
    return csr_array((sums.data, columns[sums.indices], sums.indptr), shape=(sums.shape[0], cells))


def _links(whole: csr_array, pairs: list[tuple[list[int], list[int]]]) -> csr_array:
    """Sums of rows that are equal, as sums of cells that are zero."""
    pairs = [(left, right) for left, right in pairs if left != right]
    if not pairs:
        return csr_array((0, whole.shape[1]))
    columns = [place for left, right in pairs for place in (*left, *right)]
    signs = [sign for left, right in pairs for sign in (*[1.0] * len(left), *[-1.0] * len(right))]
    ends = np.cumsum([0, *(len(left) + len(right) for left, right in pairs)])
    difference = csr_array(csr_array((signs, columns, ends), shape=(len(pairs), whole.shape[0])) @ whole)
    difference.eliminate_zeros()
    return csr_array(difference[np.diff(difference.indptr) > 0])
