"""What all programmes of data envelopment analysis share, and one of them solved exactly, in fractions.

Floating point cannot tell a unit's score where figures differ a billionfold. Such units are few, and the programme of
one unit is small: in fractions nothing is rounded, so that the simplex method always ends, and ends right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
Vector = list[Fraction]

SUM_COLUMNS: Final[dict[str, tuple[float, ...]]] = {"vrs": (), "drs": (1.0,), "irs": (-1.0,), "crs": (1.0, -1.0)}
"""Columns that let the weights of the peers sum to less, or to more, than one."""
ZERO: Final = 1e-9
"""Weights and relative slacks below this are rounding errors."""
PATIENCE: Final = 60
"""Steps with the steepest candidate; after that the first one (Bland's rule, which never circles)."""
SCORE: Final = -1
ARTIFICIAL: Final = -2
SLACK: Final = -3
"""What stands in a basis: a column (0 and above), the score, the artificial mix, or the slack of row r (-3 - r)."""


@dataclass(frozen=True)
class Composites:
    """Scores and the mixes of peers behind them.

    Parameters
    ----------
    scores
        Shape (k,).
    peers, weights
        Rows of the reference (-1 for none) and their weights, shape (k, most peers).
    slacks
        Shape (k, m + s), in the columns' own units; NaN where the score is infinite.
    """

    scores: Array
    peers: Places
    weights: Array
    slacks: Array


@dataclass(frozen=True)
class Exact:
    """The result for one unit.

    Parameters
    ----------
    score
        Farrell efficiency; inf where no mix of the reference reaches the unit, or the score has no bound.
    weights
        Weight by row of the reference, of the peers only.
    slacks
        What remains after the radial move, in the columns' own units, shape (columns,); NaN where the score is inf.
    """

    score: float
    weights: dict[int, float]
    slacks: Array


def exactly(
    data: Array, unit: Array, is_input: Mask, moving: Mask, returns: str, worth: Array, without: int = -1
) -> Exact:
    """Score, peers and slacks of one unit, without rounding until the end.

    Parameters
    ----------
    data
        The reference, shape (n, columns).
    unit
        Own figures, shape (columns,), of which at least one that moves is positive.
    is_input, moving
        Which columns are inputs, and which move with the score, shape (columns,).
    returns
        "crs", "vrs", "drs" or "irs".
    worth
        What a unit of slack is worth in the second stage, shape (columns,).
    without
        Row of the reference that may not be a peer, -1 for none.

    Notes
    -----
    First stage: minimise t subject to X'w ≤ t x, Y'w ≥ y (input), or maximise t subject to X'w ≤ x, Y'w ≥ t y
    (output), where columns that do not move have t = 1; w ≥ 0, its sum as the returns to scale say. Second stage: the
    weights of the largest sum of slacks times their worth, with t kept.

    References
    ----------
    Cooper, Seiford & Tone (2007), Data Envelopment Analysis, 2nd ed., chapters 3–5 and 7.

    Examples
    --------
    >>> data, is_input = np.array([[3.0, 1.0], [9.0, 1.0]]), np.array([True, False])
    >>> exactly(data, data[1], is_input, is_input, "vrs", np.ones(2)).score == 1 / 3
    True
    """
    return _Programme(data, unit, is_input, moving, returns, worth, without).solve()


class _Programme:
    def __init__(
        self, data: Array, unit: Array, is_input: Mask, moving: Mask, returns: str, worth: Array, without: int
    ) -> None:
        self.unit, self.worth, self.sums = unit, worth, len(SUM_COLUMNS[returns])
        signs = [1 if up else -1 for up in is_input]
        own = [Fraction(value) if value > 0 else Fraction(1) for value in unit]
        self.own, rows = own, len(unit) + 1
        self.minimise = 1 if any(is_input & moving) else -1
        sums = [[Fraction(0)] * (rows - 1) + [Fraction(value)] for value in SUM_COLUMNS[returns]]
        units = [[s * Fraction(v) / o for s, v, o in zip(signs, row, own, strict=True)] + [Fraction(1)] for row in data]
        self.columns = [*sums, *units]
        self.barred = {without + self.sums} if without >= 0 else set()
        positive = [bool(value > 0) for value in unit]
        self.ray = [Fraction(-s if up and move else 0) for s, up, move in zip(signs, positive, moving, strict=True)]
        self.ray.append(Fraction(0))
        still = [Fraction(s if up and not move else 0) for s, up, move in zip(signs, positive, moving, strict=True)]
        first = next(row for row, value in enumerate(self.ray) if value)
        # The first mix leaves room in every row but that of the score.
        mix = [
            Fraction(s * (1 if up else 0), 2) if s > 0 else Fraction(-2) for s, up in zip(signs, positive, strict=True)
        ]
        mix[first] = -self.ray[first]
        self.artificial = [*mix, Fraction(1)]
        self.basis = [SLACK - row for row in range(rows)]
        self.basis[first], self.basis[-1] = SCORE, ARTIFICIAL
        limits = [*still, Fraction(1)]
        self.inverse = _inverted([self._column(what) for what in self.basis])
        self.values = [_dot(row, limits) for row in self.inverse]

    def solve(self) -> Exact:
        bounded = self._optimise(self._score_cost)
        if not bounded or any(w == ARTIFICIAL and v > 0 for w, v in zip(self.basis, self.values, strict=True)):
            return Exact(float("inf"), {}, np.full(len(self.unit), np.nan))
        score = float(self.values[self.basis.index(SCORE)])
        self._keep_score()
        self._optimise(
            lambda what: -Fraction(self.worth[SLACK - what]) * self.own[SLACK - what] if what <= SLACK else Fraction(0)
        )
        weights, slacks = {}, np.zeros(len(self.unit))
        for what, value in zip(self.basis, self.values, strict=True):
            if what >= self.sums:
                weights[what - self.sums] = float(value)
            elif what <= SLACK:
                slacks[SLACK - what] = float(value * self.own[SLACK - what])
        return Exact(score, {unit: weight for unit, weight in weights.items() if weight > ZERO}, slacks)

    def _column(self, what: int) -> Vector:
        if what >= 0:
            return self.columns[what]
        if what == SCORE:
            return self.ray
        if what == ARTIFICIAL:
            return self.artificial
        return [Fraction(int(row == SLACK - what)) for row in range(len(self.ray))]

    def _candidates(self) -> Iterable[int]:
        yield from (SLACK - row for row in range(len(self.ray) - 1))
        yield from range(len(self.columns))

    def _score_cost(self, what: int) -> Fraction:
        # As long as the artificial mix has weight, only that is minimised.
        at = self.basis.index(ARTIFICIAL) if ARTIFICIAL in self.basis else -1
        if at >= 0 and self.values[at] > 0:
            return Fraction(int(what == ARTIFICIAL))
        return Fraction(self.minimise if what == SCORE else 0)

    def _reduced(self, cost: Callable[[int], Fraction]) -> list[tuple[int, Fraction]]:
        costs = [cost(what) for what in self.basis]
        duals = [_dot(costs, column) for column in zip(*self.inverse, strict=True)]
        standing = {*self.basis, *self.barred}
        return [
            (what, cost(what) - (duals[SLACK - what] if what <= SLACK else _dot(duals, self.columns[what])))
            for what in self._candidates()
            if what not in standing
        ]

    def _keep_score(self) -> None:
        """Bar from the second stage what would change the score."""
        self.barred |= {what for what, reduced in self._reduced(self._score_cost) if reduced > 0}

    def _optimise(self, cost: Callable[[int], Fraction]) -> bool:
        """Pivot to the optimum; False where there is no bound."""
        step = 0
        while better := [item for item in self._reduced(cost) if item[1] < 0]:
            entering = (min(better, key=lambda item: item[1]) if step < PATIENCE else min(better))[0]
            move = [_dot(row, self._column(entering)) for row in self.inverse]
            room = [
                (value / by if by > 0 else Fraction(0), what != ARTIFICIAL, what, row)
                for row, (what, value, by) in enumerate(zip(self.basis, self.values, move, strict=True))
                if what != SCORE and (by > 0 or (what == ARTIFICIAL and value == 0 and by != 0))
            ]
            if not room:
                return False
            self._pivot(min(room)[-1], move, entering)
            step += 1
        return True

    def _pivot(self, leaving: int, move: Sequence[Fraction], entering: int) -> None:
        self.inverse[leaving] = [value / move[leaving] for value in self.inverse[leaving]]
        self.values[leaving] /= move[leaving]
        for row, by in enumerate(move):
            if row != leaving and by:
                self.inverse[row] = [a - by * b for a, b in zip(self.inverse[row], self.inverse[leaving], strict=True)]
                self.values[row] -= by * self.values[leaving]
        self.basis[leaving] = entering


def _dot(one: Iterable[Fraction], other: Iterable[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(one, other, strict=True) if a and b), Fraction(0))


def _inverted(columns: list[Vector]) -> list[Vector]:
    """Inverse, by rows, of a matrix given by its columns."""
    size = len(columns)
    rows = [
        [column[row] for column in columns] + [Fraction(int(row == at)) for at in range(size)] for row in range(size)
    ]
    for at in range(size):
        swap = next(row for row in range(at, size) if rows[row][at])
        rows[at], rows[swap] = rows[swap], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for row in range(size):
            if row != at and rows[row][at]:
                by = rows[row][at]
                rows[row] = [a - by * b for a, b in zip(rows[row], rows[at], strict=True)]
    return [row[size:] for row in rows]


def positive(values: Array) -> Array:
    """Values with 1 in the place of 0, to divide by.

    Examples
    --------
    >>> positive(np.array([0.0, 2.0])).tolist()
    [1.0, 2.0]
    """
    return np.where(values > 0, values, 1.0)


def spread(data: Array) -> Array:
    """Standard deviation of every column; the mean stands in for a column that does not vary.

    Examples
    --------
    >>> spread(np.array([[1.0, 0.1], [3.0, 0.1]])).tolist()
    [1.0, 0.1]
    """
    # A column without variation has no standard deviation but rounding errors.
    mean, deviation = positive(data.mean(axis=0)), data.std(axis=0)
    return np.where(deviation > ZERO * mean, deviation, mean)
