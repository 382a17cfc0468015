"""The simplex method on many small linear programmes at once: one numpy operation pivots all of them.

Every programme of `kommunanalys.compare.kernel` has as many rows as there are columns of data and one more, and a known
first basis; only its own figures differ. So the inverses of all bases stand in one array, and one product of matrices
prices all candidates for all programmes. `kommunanalys.compare.simplex` is the same method compiled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

SCORE: Final = -1
ARTIFICIAL: Final = -2
SLACK: Final = -3
"""What stands in a basis: a column (0 and above), the score, the artificial mix, or the slack of row r (-3 - r)."""
NONE: Final = -1
"""What enters a basis that is optimal: nothing. (The score never enters, as it never leaves.)"""
UNSOLVED: Final = 0
OPTIMAL: Final = 1
UNREACHABLE: Final = 2

PRICE: Final = 1e-13
"""Relative reduced cost from which a column enters: what is less is taken for rounding."""
FACE: Final = 1e-9
"""Relative reduced cost up to which a column belongs to the optimal face, over which the slacks are maximised."""
PIVOT: Final = 1e-9
RESIDUAL: Final = 1e-9
"""Relative error of a score, and absolute one of a limit, that is allowed; an end that may be worse is none."""
NOTHING: Final = 1e-14
TIE: Final = 1e-13
EASED: Final = 1e-10
"""By about how much each limit is moved, so that ties do not make the method circle."""
NEARLY: Final = 1e-7
"""An artificial mix of less weight is too near to nothing to call a unit unreachable."""
PATIENCE: Final = 100
"""Steps with the steepest candidate; after that the first one (Bland's rule)."""
STEPS: Final = 300


@dataclass
class Pool:
    """The columns of the reference, and which of them are candidates so far.

    Parameters
    ----------
    columns
        Shape (N, R): inputs, outputs with a minus, and the sum of the weights.
    members
        Candidates; grows with every column that improves a score.
    sums
        How many of the columns, the first ones, are no units but only change the sum of the weights.
    """

    columns: Array
    members: Places
    sums: int = 0

    def __post_init__(self) -> None:
        self.turned = np.ascontiguousarray(self.columns.T)
        self.size = np.abs(self.turned)
        # Weights cannot pass 1 unless a column lowers their sum.
        self.convex = bool((self.columns[:, -1] > 0).all())
        # The most that any unit makes of an output; 0 for the rows of inputs.
        self.peak = np.where(self.turned.max(axis=1) > 0, 0.0, self.size.max(axis=1))


@dataclass(frozen=True)
class Programmes:
    """k programmes in their own scale, R rows each: the columns of data and the sum of the weights.

    Parameters
    ----------
    scale, rhs, ray, artificial
        Shape (k, R): what a column of the pool is divided by, right-hand sides, the column of the score, and the mix
        that makes the first basis feasible.
    first
        Shape (k,): the row in whose place the score enters the first basis.
    banned
        Shape (k,): the column of a unit that may not be a peer, -1 for none.
    worth
        Shape (k, R - 1): what a unit of slack is worth in the second stage.
    sign
        1 where the score is minimised, -1 where it is maximised.
    """

    scale: Array
    rhs: Array
    ray: Array
    artificial: Array
    first: Places
    banned: Places
    worth: Array
    sign: float

    def start(self) -> tuple[Places, Array, Array]:
        """First bases (k, R), their inverses (k, R, R) and values (k, R): slacks, the score and the artificial mix."""
        k, rows = self.rhs.shape
        each = np.arange(k)
        basis = np.tile(SLACK - np.arange(rows), (k, 1))
        basis[:, -1], basis[each, self.first] = ARTIFICIAL, SCORE
        inverse = np.tile(np.eye(rows), (k, 1, 1))
        pivot = self.ray[each, self.first]
        inverse[each, :, self.first] = -self.ray / pivot[:, None]
        inverse[each, self.first, self.first] = 1.0 / pivot
        score = -self.artificial[each, self.first] / pivot
        inverse[:, :, -1] = -self.ray * score[:, None] - self.artificial
        inverse[each, self.first, -1], inverse[:, -1, -1] = score, 1.0
        moved = self.rhs + np.append(eases(rows - 1), 0.0)
        return basis, inverse, np.matmul(inverse, moved[:, :, None])[:, :, 0]


def eases(rows: int) -> Array:
    """By how much each row's limit is moved, shape (rows,): each by an amount of its own, which `polish` takes back.

    Examples
    --------
    >>> bool((eases(2) > 0).all())
    True
    """
    return np.asarray(EASED * (1.0 + np.arange(1, rows + 1) * 0.618 % 1.0))


@dataclass(frozen=True)
class Ends:
    """Where the programmes ended: scores (k,), basis and values (k, R), status (k,); only optimal ends count."""

    scores: Array
    basis: Places
    values: Array
    status: Places


def solve(pool: Pool, programmes: Programmes, slacks: bool) -> Ends:
    """Solve all programmes; with `slacks` go on to the largest slacks that the score allows.

    Examples
    --------
    One input, one output, a reference of one unit (2, 1); the unit (4, 1) in its own scale can halve its input:

    >>> one = np.array([[1.0, 1.0, 1.0]])
    >>> task = Programmes(
    ...     scale=np.array([[4.0, 1.0, 1.0]]), rhs=one * [0.0, -1.0, 1.0], ray=one * [-1.0, 0.0, 0.0],
    ...     artificial=one * [1.0, -2.0, 1.0], first=np.array([0]), banned=np.array([-1]), worth=one[:, :2], sign=1.0,
    ... )
    >>> ends = solve(Pool(np.array([[2.0, -1.0, 1.0]]), np.array([0])), task, slacks=False)
    >>> float(ends.values[ends.basis == SCORE][0])
    0.5
    """
    batch = _Batch(pool, programmes)
    batch.optimise(np.arange(len(programmes.rhs)), None)
    values = batch.polish(second=False)
    scores = batch.scores(values)
    if slacks:
        barred = batch.off_the_face()
        batch.ease(values)
        batch.optimise(np.flatnonzero(batch.status == OPTIMAL), barred)
        values = batch.polish(second=True)
        # Slack that costs some of the score is none.
        batch.status[np.abs(batch.scores(values) - scores) > RESIDUAL * np.abs(scores) + NOTHING] = UNSOLVED
    return Ends(scores, batch.basis, values, batch.status)


class _Batch:
    """The state of all programmes: bases, their inverses and the values of what stands in them."""

    def __init__(self, pool: Pool, programmes: Programmes) -> None:
        self.pool, self.programmes = pool, programmes
        self.basis, self.inverse, self.values = programmes.start()
        self.rows = self.basis.shape[1]
        self.duals = np.zeros(self.basis.shape)
        self.status = np.full(len(self.basis), UNSOLVED, dtype=np.int64)

    def optimise(self, active: Places, barred: tuple[Mask, Mask] | None) -> None:
        """Pivot the active programmes to their optimum; `barred`, if given, means the second stage."""
        self.status[active] = UNSOLVED
        for step in range(STEPS):
            duals = np.matmul(self._costs(active, second=barred is not None)[:, None, :], self.inverse[active])[:, 0]
            entering = self._enter(active, duals, barred, first=step > PATIENCE)
            going = entering != NONE
            ended = active[~going]
            self.duals[ended], self.status[ended] = duals[~going], OPTIMAL
            active = active[going]
            active = active[self._pivot(active, entering[going])]
            if not len(active):
                return

    def _costs(self, active: Places, *, second: bool) -> Array:
        basis = self.basis[active]
        if second:
            row = np.clip(SLACK - basis, 0, self.rows - 2)
            return np.where(basis <= SLACK, -np.take_along_axis(self.programmes.worth[active], row, axis=1), 0.0)
        # As long as the artificial mix is needed, only its weight is minimised.
        artificial = basis == ARTIFICIAL
        return np.asarray(
            np.where(artificial.any(axis=1)[:, None], artificial, self.programmes.sign * (basis == SCORE))
        )

    def _enter(self, active: Places, duals: Array, barred: tuple[Mask, Mask] | None, *, first: bool) -> Places:
        """What enters each basis: a column, the slack of a row, or nothing."""
        slack = -duals[:, :-1] if barred is None else -duals[:, :-1] - self.programmes.worth[active]
        slack = np.where(slack < -PRICE * np.abs(duals).sum(axis=1)[:, None], slack, 0.0)
        at, place = np.nonzero(self.basis[active] <= SLACK)
        slack[at, SLACK - self.basis[active][at, place]] = 0.0
        if barred is not None:
            slack[barred[1][active]] = 0.0
        columns = None if barred is None else barred[0]
        best, reduced = self._column(active, duals, columns, self.pool.members, first=first)
        row = slack.argmin(axis=1)
        worth = slack[np.arange(len(active)), row]
        entering = np.where(worth < reduced, SLACK - row, np.where(reduced < 0, best, NONE))
        # Nothing among the candidates: then the whole reference is asked, and what helps becomes a candidate.
        optimal = np.flatnonzero(entering == NONE)
        if len(optimal) and len(self.pool.members) < len(self.pool.columns):
            best, reduced = self._column(active[optimal], duals[optimal], columns, None, first=False)
            entering[optimal] = np.where(reduced < 0, best, NONE)
            self.pool.members = np.union1d(self.pool.members, best[reduced < 0])
        return entering

    def _column(
        self, active: Places, duals: Array, barred: Mask | None, members: Places | None, *, first: bool
    ) -> tuple[Places, Array]:
        """The columns of the least reduced cost, shape (active,), and that cost, 0 if none improves anything."""
        pool, prices = self.pool, duals / self.programmes.scale[active]
        turned = pool.turned if members is None else pool.turned[:, members]
        reduced = -prices @ turned
        if barred is not None:
            reduced[barred[active] if members is None else barred[np.ix_(active, members)]] = 0.0
        self._strike(reduced, self.programmes.banned[active][:, None], members)
        self._strike(reduced, self.basis[active], members)
        at, place = np.arange(len(active)), reduced.argmin(axis=1)
        # Where the least cost may be rounding, or the first column is wanted, the others are looked at too.
        least = reduced[at, place]
        rest = np.flatnonzero(
            first | ((least < 0) & (least > -PRICE * (np.abs(prices) * np.abs(turned[:, place].T)).sum(axis=1)))
        )
        if len(rest):
            some = reduced[rest]
            some[some > -PRICE * (np.abs(prices[rest]) @ np.abs(turned))] = 0.0
            place[rest] = (some < 0).argmax(axis=1) if first else some.argmin(axis=1)
            least[rest] = some[np.arange(len(rest)), place[rest]]
        return place if members is None else members[place], least

    def _strike(self, reduced: Array, columns: Places, members: Places | None) -> None:
        """Let columns, shape (active, some), not enter: who is banned or stands in the basis already."""
        at, row = np.nonzero(columns >= 0)
        place = columns[at, row]
        if members is not None:
            place, wanted = np.searchsorted(members, place), place
            inside = place < len(members)
            inside[inside] = members[place[inside]] == wanted[inside]
            at, place = at[inside], place[inside]
        reduced[at, place] = 0.0

    def scores(self, values: Array) -> Array:
        """The scores among the values, shape (k,)."""
        return np.asarray(np.where(self.basis == SCORE, values, 0.0).sum(axis=1))

    def ease(self, values: Array) -> None:
        """Begin the second stage at the original limits, moved only in rows with slack: the others hold exactly."""
        row = np.clip(SLACK - self.basis, 0, self.rows - 2)
        eased = np.where(self.basis <= SLACK, eases(self.rows - 1)[row], 0.0)
        self.values = np.where(self.basis == SCORE, values, np.maximum(values, 0.0)) + eased

    def off_the_face(self) -> tuple[Mask, Mask]:
        """Columns and slacks that may not enter in the second stage, as they would change the score."""
        prices = self.duals / self.programmes.scale
        columns = -prices @ self.pool.turned > (FACE * np.abs(prices)) @ self.pool.size
        return columns, -self.duals[:, :-1] > FACE * np.abs(self.duals).sum(axis=1)[:, None]

    def _pivot(self, active: Places, entering: Places) -> Mask:
        """Bring what enters into the bases; False where no row can make room."""
        at, basis = np.arange(len(active)), self.basis[active]
        inverse, values = self.inverse[active], self.values[active]
        move = np.matmul(inverse, self._entering(active, entering)[:, :, None])[:, :, 0]
        room = np.full(move.shape, np.inf)
        np.divide(values, move, out=room, where=(move > PIVOT) & (basis != SCORE))
        least = room.min(axis=1)
        fine = np.isfinite(least)
        near = room <= (least * (1 + TIE) + TIE)[:, None]
        # Among equals the artificial mix goes first, then the row with the largest, so the safest, pivot.
        row = np.where(near, np.where(basis == ARTIFICIAL, np.inf, move), -np.inf).argmax(axis=1)
        pivot = np.where(fine, move[at, row], 1.0)
        step = values[at, row] / pivot
        values = values - step[:, None] * move
        np.maximum(values, 0.0, out=values, where=basis != SCORE)
        values[at, row] = step
        turned = inverse[at, row] / pivot[:, None]
        move[at, row] -= 1.0
        inverse -= move[:, :, None] * turned[:, None, :]
        basis[at, row] = entering
        good = active[fine]
        self.inverse[good], self.values[good], self.basis[good] = inverse[fine], values[fine], basis[fine]
        return np.asarray(fine)

    def _entering(self, active: Places, entering: Places) -> Array:
        slack = entering <= SLACK
        columns = self.pool.columns[np.where(slack, 0, entering)] / self.programmes.scale[active]
        columns[slack] = np.eye(self.rows)[SLACK - entering[slack]]
        return columns

    def polish(self, *, second: bool) -> Array:
        """Values and duals from the original limits, by a step of Newton's; an end that contradicts them is none."""
        columns, artificial = self._columns(), self.basis == ARTIFICIAL
        left = self.programmes.rhs - np.matmul(columns, self.values[:, :, None])[:, :, 0]
        values = self.values + np.matmul(self.inverse, left[:, :, None])[:, :, 0]
        gap = self._costs(np.arange(len(values)), second=second) - np.matmul(self.duals[:, None, :], columns)[:, 0]
        self.duals += np.matmul(gap[:, None, :], self.inverse)[:, 0]
        left = self.programmes.rhs - np.matmul(columns, values[:, :, None])[:, :, 0]
        wrong = np.abs(left).max(axis=1) > RESIDUAL
        wrong |= np.where(self.basis == SCORE, 0.0, values).min(axis=1) < -RESIDUAL
        if not second:
            wrong |= self._costs_score(columns, values) | self._improvable(values)
        needed, weight = artificial.any(axis=1), np.where(artificial, values, 0.0).sum(axis=1)
        self.status[(self.status == OPTIMAL) & needed] = UNREACHABLE
        self.status[wrong | (needed & (weight < NEARLY))] = UNSOLVED
        return np.asarray(values)

    def _costs_score(self, columns: Array, values: Array) -> Mask:
        """Whether a value below 0, or the gap between values and duals, is worth more than rounding, shape (k,)."""
        below = np.where(self.basis == SCORE, 0.0, np.minimum(values, 0.0))
        worth = np.matmul(np.abs(self.duals)[:, None, :], np.abs(columns))[:, 0]
        score = (self._costs(np.arange(len(values)), second=False) * values).sum(axis=1)
        gap = np.abs((self.duals * self.programmes.rhs).sum(axis=1) - score)
        return np.asarray(np.maximum(gap, -(below * worth).sum(axis=1)) > RESIDUAL * np.abs(score) + NOTHING)

    def _improvable(self, values: Array) -> Mask:
        """Whether a column or slack taken for useless within rounding may improve the score after all, shape (k,)."""
        scale, score = self.programmes.scale, np.abs(self.scores(values))
        reduced = -(self.duals / scale) @ self.pool.turned
        at, column = np.nonzero((reduced < 0) & (self.status == OPTIMAL)[:, None])
        real = (column != self.programmes.banned[at]) & (self.basis[at] != column[:, None]).all(axis=1)
        at, column = at[real], column[real]
        # More of a column than this would need more of some input than the unit may use, or pass the sum of weights.
        needs = np.maximum(self.pool.columns[column] / scale[at], NOTHING)
        needs[:, -1] = np.where(self.pool.convex | (column < self.pool.sums), 1.0, NOTHING)
        limits = np.where(self.programmes.ray[at] < 0, score[at][:, None], 1.0)
        gain = -reduced[at, column] * (limits / needs).min(axis=1)
        # An input's slack is at most the input, an output's at most what the largest unit makes.
        room = np.where(self.pool.peak > 0, self.pool.peak / scale, 1.0)
        slack = (np.maximum(self.duals, 0.0) * room)[:, :-1].max(axis=1)
        improvable = np.asarray((slack > RESIDUAL * score + NOTHING) & (self.status == OPTIMAL))
        improvable[at[gain > RESIDUAL * score[at] + NOTHING]] = True
        return improvable

    def _columns(self) -> Array:
        """What stands in the bases, shape (k, R, R)."""
        basis, programmes = self.basis, self.programmes
        columns = self.pool.columns[np.clip(basis, 0, None)] / programmes.scale[:, None, :]
        slack = np.eye(self.rows)[np.clip(SLACK - basis, 0, self.rows - 1)]
        for what, meant in (
            (basis <= SLACK, slack),
            (basis == SCORE, programmes.ray),
            (basis == ARTIFICIAL, programmes.artificial),
        ):
            columns = np.where(what[:, :, None], meant if meant.ndim == 3 else meant[:, None, :], columns)
        return columns.transpose(0, 2, 1)
