"""How statistics about persons are made coarse: every share tells in which six its number of persons lies, and no more.

Rounding a share to whole per cents is no protection where it is known of how many it is: 31 % of 42 are thirteen. And
two roundings of the same number (of 40 listed 13 left; of 57 who left 13 were listed) cut each other. So the number of
persons behind a figure is put into a class first, the same one in every figure of the release, and the figure is
worked out from the middle of that class.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.secrecy.rounding import BASE, ROOM

Array = NDArray[np.float64]

SHARE = 20
"""Persons below which a share could be anything, once it is coarse enough."""
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)
PERSONS = 4.0
"""A mean or score is rounded to steps that this many persons of ordinary size could make."""
SAME = 1e-6
"""Two numbers of persons that were worked out from shares are the same."""
Z = 1.959964
"""95 % of a normal distribution lie within so many standard deviations."""


def own_class(count: float, of: float = np.inf) -> tuple[float, float]:
    """The least and the greatest number of persons that is told as this one: 0–6, 7–12, 13–18 and so on.

    Parameters
    ----------
    count
        The persons counted.
    of
        Of how many; the last class holds at least three numbers.

    Examples
    --------
    >>> own_class(0), own_class(8), own_class(25, of=26)
    ((0.0, 6.0), (7.0, 12.0), (19.0, 26.0))
    """
    top = BASE * max(np.ceil(round(count, 6) / BASE), 1.0)
    low = top - BASE + 1 if top > BASE else 0.0
    if top >= of and of - low < ROOM:
        low = low - BASE if low > BASE + 1 else 0.0
    return float(low), float(of if of - top <= ROOM else top)


def classes(counts: Array, of: Array) -> Array:
    """The class in which each figure tells its number of persons, NaN for figures that must be hidden.

    Two figures may be about the same persons (precision and recall), or one about the rest of the other's whole. Which
    are, the numbers do not say for sure; so all pairs whose numbers fit count as such. What the figures before tell of
    a number is told again where that is narrow enough; otherwise its own class is told, unless fewer than three
    numbers would be left for any figure.

    Parameters
    ----------
    counts
        Persons behind each figure, NaN where it is no share and no count. Shape (figures,).
    of
        Of how many, inf for a count. Shape (figures,).

    Returns
    -------
    Array
        Least and greatest number, shape (figures, 2).

    Examples
    --------
    >>> classes(np.array([8.0, 12.0]), np.array([20.0, 20.0])).tolist()
    [[7.0, 12.0], [8.0, 13.0]]
    """
    told = np.full((len(counts), 2), np.nan)
    known = np.column_stack([np.zeros(len(counts)), of])
    links, live = _links(counts, of), np.isfinite(counts)
    # The smallest whole first: its last class may have to be wider, and holds for the same persons elsewhere.
    for place in np.argsort(of, kind="stable").tolist():
        if not live[place]:
            continue
        low, high = known[place]
        if high - low <= BASE + ROOM:
            told[place] = known[place]
            continue
        more = _followed(known, links, place, own_class(float(counts[place]), float(of[place])))
        if (more[live, 1] - more[live, 0] >= ROOM).all():
            told[place], known = more[place], more
    return told


def _links(counts: Array, of: Array) -> list[list[tuple[int, float]]]:
    """For each figure the others about the same persons (other, 0) or about the rest of a whole (other, whole)."""
    found: list[list[tuple[int, float]]] = [[] for _ in counts]
    for one, other in np.argwhere(np.abs(counts[:, None] - counts) < SAME).tolist():
        if one != other:
            found[one].append((other, 0.0))
    for whole in sorted(set(of[np.isfinite(of)].tolist())):
        for one, other in np.argwhere(np.abs(counts[:, None] + counts - whole) < SAME).tolist():
            if one != other and whole in (of[one], of[other]):
                found[one].append((other, whole))
    return found


def _followed(known: Array, links: list[list[tuple[int, float]]], place: int, told: tuple[float, float]) -> Array:
    """What is known of all numbers once a class of one of them is."""
    known = known.copy()
    open_, known[place] = [place], (max(known[place, 0], told[0]), min(known[place, 1], told[1]))
    while open_:
        one = open_.pop()
        low, high = known[one]
        for other, whole in links[one]:
            ends = (whole - high, whole - low) if whole else (low, high)
            new = max(known[other, 0], ends[0]), min(known[other, 1], ends[1])
            if new != tuple(known[other]):
                known[other] = new
                open_.append(other)
    return known


def middle(low: float, high: float) -> float:
    """The number that stands for a class: 3 for 0–6, 9 for 7–12, as in rounded releases.

    Examples
    --------
    >>> middle(0.0, 6.0), middle(7.0, 12.0), middle(19.0, 26.0)
    (3.0, 9.0, 22.5)
    """
    return high - BASE / 2 if high % BASE == 0 and high - low in (BASE - 1, BASE) else (low + high) / 2


def tight(frame: pd.DataFrame, counts: Array, told: Array) -> set[int]:
    """Figures that must go, for sums along a row or column of a table would leave fewer than three numbers somewhere.

    Parameters
    ----------
    frame
        One row for each figure with `table`, `row`, `column`, `of`.
    counts, told
        See `classes`.

    Examples
    --------
    >>> parts = pd.DataFrame({"table": "t", "row": list("abcdef"), "column": "c", "of": 36.0})
    >>> sorted(tight(parts, np.full(6, 6.0), classes(np.full(6, 6.0), np.full(6, 36.0))))
    [0, 1, 2, 3, 4, 5]
    """
    gone: set[int] = set()
    of = frame["of"].to_numpy(float)
    for line in _lines(frame, told):
        sums = np.concatenate([[0.0], np.cumsum(counts[line])])
        for start in range(len(line) - 1):
            for end in range(start + 2, len(line) + 1):
                parts, whole = line[start:end], float(sums[end] - sums[start])
                totals = [one for one in (*line[:start], *line[end:]) if abs(counts[one] - whole) < SAME]
                if totals and _is_narrow(told[parts], *told[totals[0]]):
                    gone.update(np.flatnonzero(np.abs(counts - whole) < SAME).tolist())
                if len(set(of[parts])) == 1 and abs(of[parts[0]] - whole) < SAME and _is_narrow(told[parts], whole):
                    gone.update(parts)
    return gone


def _lines(frame: pd.DataFrame, told: Array) -> Iterator[list[int]]:
    places = frame.assign(place=np.arange(len(frame)))[np.isfinite(told[:, 0])]
    for by in (["table", "column"], ["table", "row"]):
        yield from (group["place"].tolist() for _, group in places.groupby(by, sort=False) if len(group) > 1)


def _is_narrow(parts: Array, low: float, high: float | None = None) -> bool:
    """Whether fewer than three numbers are left for a part, or for the total where that is not known itself."""
    high = low if high is None else high
    least, most = parts.sum(axis=0)
    lowest = np.maximum(parts[:, 0], low - (most - parts[:, 1]))
    highest = np.minimum(parts[:, 1], high - (least - parts[:, 0]))
    total = low < high and min(high, most) - max(low, least) < ROOM
    return bool((highest - lowest < ROOM).any() or total)


def step_for(persons: float, size: float = 1.0) -> float:
    """The step to which a mean or score is rounded, NaN where none is coarse enough.

    Parameters
    ----------
    persons
        How many it rests on.
    size
        How large one person's share in it ordinarily is: 1 for a score, the mean itself for a mean.

    Examples
    --------
    >>> step_for(400), step_for(65), step_for(65, size=12.0)
    (0.01, 0.1, 1.0)
    """
    need = PERSONS / persons
    if size == 1.0:
        return next((step for step in STEPS if step >= need - SAME), np.nan)
    if not size or need > STEPS[-1]:
        return np.nan
    scale = 10.0 ** np.floor(np.log10(need * size))
    return float(next(scale * one for one in (1.0, 2.0, 5.0, 10.0) if scale * one >= need * size * (1 - SAME)))


def interval(share: float, told: tuple[float, float], of: float, given: tuple[float, float]) -> tuple[float, float]:
    """An interval that holds the given one and tells nothing more than the class: Wilson's about both of its ends.

    The ends that were given are not used, for from these the number of persons could be worked out again; only how
    many times (in halves) as wide as Wilson's they are.

    Parameters
    ----------
    share
        In truth.
    told
        The class of its persons.
    of
        The whole.
    given
        The interval in truth.

    Examples
    --------
    >>> interval(0.25, (7.0, 12.0), 40.0, (0.14, 0.40))
    (0.08, 0.46)
    """
    true, first, last = _wilson(share, of), _wilson(told[0] / of, of), _wilson(told[1] / of, of)
    wider = max(1.0, float(np.ceil(2 * ((given[1] - given[0]) / (true[1] - true[0]) - 0.05))) / 2)
    low = told[0] / of - wider * (told[0] / of - first[0])
    high = told[1] / of + wider * (last[1] - told[1] / of)
    return max(0.0, float(np.floor(100 * low)) / 100), min(1.0, float(np.ceil(100 * high)) / 100)


def _wilson(share: float, of: float) -> tuple[float, float]:
    centre = (share + Z**2 / (2 * of)) / (1 + Z**2 / of)
    half = Z * np.sqrt(share * (1 - share) / of + Z**2 / (4 * of**2)) / (1 + Z**2 / of)
    return float(centre - half), float(centre + half)
