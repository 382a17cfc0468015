"""Rounded tables: each figure stands for a class of six, and no class can be narrowed by the other figures.

Rounding every cell and every total by itself is not safe yet: six cells printed as 3 and a total printed as 3 can only
be six times one. A total is left out wherever its class would leave its cells too little room, and so is the next
class, so that the gap itself does not tell which (the choice depends on what is printed anyway: Kenthapadi, Mishra and
Nissim 2005, "Simulatable auditing"). A linear programme over all figures together has the last word.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kommunanalys.errors import ReleaseRefused
from kommunanalys.secrecy.bounds import SLACK, Knowledge, Ranges
from kommunanalys.secrecy.cube import Cube, Places, Shape

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

BASE: Final = 6
ROOM: Final = 2.0
"""Between the least and the greatest whole number that a figure can be: at least three are possible."""
ROUNDS: Final = 100


def figure(values: Array) -> Array:
    """What is printed: 6·ceil(n/6) − 3, and zero for zero.

    Examples
    --------
    >>> figure(np.array([0.0, 1.0, 6.0, 7.0])).tolist()
    [0.0, 3.0, 3.0, 9.0]
    """
    return np.asarray(np.where(values > 0, BASE * np.ceil(values / BASE) - BASE / 2, 0.0))


def classes(values: Array) -> tuple[Array, Array]:
    """The least and the greatest number that is printed the same.

    Examples
    --------
    >>> [item.tolist() for item in classes(np.array([0.0, 4.0, 12.0]))]
    [[0.0, 1.0, 7.0], [0.0, 6.0, 12.0]]
    """
    top = BASE * np.ceil(values / BASE)
    return np.asarray(np.where(values > 0, top - BASE + 1, 0.0)), np.asarray(top)


def withheld(cube: Cube) -> tuple[dict[int, str], Array, Array]:
    """Entries that are not printed, with their reasons, and what remains known of every entry.

    Of a group of one to six only the largest cell and the total are shown, for among so few "all in one column" tells
    of each; a total is withheld where its class could give its cells away.

    Examples
    --------
    >>> import pandas as pd
    >>> from kommunanalys.secrecy.cube import tabulate
    >>> six = tabulate(pd.DataFrame({"grade": list("456789")}), ("grade",), (), "count", None)
    >>> withheld(six)[0]
    {6: 'secondary'}
    """
    low, high = classes(cube.values)
    shape = cube.shape
    reasons = _small_groups(cube)
    gone = np.zeros(len(low), bool)
    gone[list(reasons)] = True
    # The others are no larger than the largest.
    low, high = np.where(gone, 0.0, low), np.where(gone, BASE // 2, high)
    for line in sorted(shape.lines(), key=lambda line: shape.depth[line[-1]]):
        total = int(line[-1])
        merged = _tight(cube.values[total], low[line[:-1]], high[line[:-1]])
        if merged is not None and not gone[total]:
            reasons[total] = "secondary"
            gone[total] = True
            low[total], high[total] = merged
    return reasons, low, high


def _small_groups(cube: Cube) -> dict[int, str]:
    """Cells of groups of one to six but the largest of each, and but the zeros that printed zeros tell anyway."""
    values = cube.values
    lines = [(line[:-1].tolist(), int(line[-1])) for line in cube.shape.lines()]
    across = [(line[:-1].tolist(), int(line[-1])) for line in cube.shape.lines(cube.shape.columns)]
    gone: set[int] = set()
    for parts, total in across:
        if 0 < values[total] <= BASE:
            gone.update(set(parts) - {max(parts, key=lambda place: values[place])})
    before = -1
    while before != len(gone):
        before = len(gone)
        for parts, total in lines:
            if values[total] == 0 and total not in gone:
                gone.difference_update(parts)
            elif values[total] == 0 and gone.isdisjoint(parts):
                gone.discard(total)
    return dict.fromkeys(sorted(gone), "group")


def _tight(value: float, low: Array, high: Array) -> tuple[float, float] | None:
    """The two classes of a total that cannot be told apart, if it lies in them; None where its class is safe.

    Depends on the classes of the parts alone, but for the last question.
    """
    least, most = float(low.sum()), float(high.sum())
    if most == least:
        return None
    first, last = np.ceil(max(least, 1.0) / BASE), np.ceil(most / BASE)
    if BASE * first - least < ROOM and value <= BASE * (first + 1):
        return max(least, 1.0), BASE * (first + 1)
    if most - (BASE * last - BASE + 1) < ROOM and value > BASE * (last - 2):
        return BASE * (last - 2) + 1, most
    return None


def narrowed(known: Knowledge, asked: Places, ceiling: float) -> list[int]:
    """Entries of which fewer than three whole numbers are possible, all that is known taken together.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> sums = csr_array(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    >>> known = Knowledge(sums, np.array([1.0, 1, 7]), np.array([6.0, 6, 7]), csr_array((0, 2)))
    >>> narrowed(known, np.array([0, 1]), 100.0)
    []
    """
    ranges = Ranges(known, ceiling)
    ranges.sweep()
    found = []
    for entry in asked:
        if ranges.seen_high[entry] - ranges.seen_low[entry] >= ROOM + 1:
            continue
        low, high = ranges.whole(int(entry))
        if np.floor(high + SLACK) - np.ceil(low - SLACK) < ROOM:
            found.append(int(entry))
    return found


def protect(
    shape: Shape, known: Knowledge, low: Array, high: Array, fixed: Mask, asked: Places
) -> tuple[set[int], Array, Array]:
    """Withhold more figures until none can be narrowed too far.

    Parameters
    ----------
    shape
        The table; its entries are the first ones of `known`.
    known
        What earlier tables tell, and nothing of this one.
    low, high
        The classes of this table's entries.
    fixed
        Entries that earlier tables print: withholding them helps nobody.
    asked
        Entries that must keep their room.

    Raises
    ------
    ReleaseRefused
        Earlier tables give the figures away already.
    """
    size = len(low)
    gone: set[int] = set()
    lines = shape.lines()
    for _ in range(ROUNDS):
        both_low, both_high = known.low.copy(), known.high.copy()
        both_low[:size] = np.maximum(both_low[:size], low)
        both_high[:size] = np.minimum(both_high[:size], high)
        told = Knowledge(known.sums, both_low, both_high, known.links)
        bad = narrowed(told, asked, 10.0 * float(high[np.isfinite(high)].max()) + 100.0)
        if not bad:
            return gone, low, high
        more = _nearby(lines, bad, (high - low > 0) & np.isfinite(high) & ~fixed)
        if not more:
            raise ReleaseRefused(
                "Earlier releases already tell too much about {count} figures of this table. Let it out with the same "
                "rows and columns as before, or not at all.",
                count=len(bad),
            )
        gone |= more
        low, high = low.copy(), high.copy()
        low[list(more)], high[list(more)] = 0.0, np.inf
    raise ReleaseRefused("No pattern of hidden cells protects the table. Merge categories, or drop a dimension.")


def _nearby(lines: list[Places], bad: list[int], printed: Mask) -> set[int]:
    """The printed totals above the narrow entries; where there are none, the entries beside and below them."""
    above = {int(line[-1]) for line in lines if np.isin(line, bad).any() and printed[line[-1]]}
    if above:
        # Totals that are narrow themselves are where the trouble lies.
        return above & set(bad) or above
    beside = [line for line in lines if np.isin(line, bad).any() and printed[line].any()]
    return {int(place) for line in sorted(beside, key=len)[:1] for place in line if printed[place]}
