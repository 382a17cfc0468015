"""Scores of many units against a reference that they need not belong to: arrays in, arrays out.

Few units are ever peers, so the linear programmes are solved over a pool of candidates; where none of those improves a
score any more, the duals price the whole reference, and what does improve it joins the pool.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kommunanalys.compare import batch
from kommunanalys.compare.batch import OPTIMAL, UNREACHABLE, Ends, Pool, Programmes
from kommunanalys.compare.dominance import Hull
from kommunanalys.compare.frontier import SUM_COLUMNS, ZERO, Composites, exactly, positive, spread

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Solver = Callable[[Pool, Programmes, bool], Ends]

CHUNK: Final = 512
"""Units that are solved together."""
RETURNS: Final = ("crs", "vrs", "drs", "irs", "fdh")


def scores(
    reference_inputs: Array,
    reference_outputs: Array,
    inputs: Array,
    outputs: Array,
    *,
    returns: str = "vrs",
    orientation: str = "input",
) -> Array:
    """Farrell efficiency of units against the best practice of a reference.

    Parameters
    ----------
    reference_inputs, reference_outputs
        The units that span the frontier, shapes (n, m) and (n, s), not negative.
    inputs, outputs
        The units that are scored, shapes (k, m) and (k, s).
    returns
        "crs", "vrs", "drs", "irs" or "fdh".
    orientation
        "input" or "output".

    Returns
    -------
    numpy.ndarray
        Shape (k,); inf where no mix of the reference reaches the unit (or its score has no bound). A unit outside
        the reference may be better than the frontier: above 1 for inputs, below 1 for outputs.

    Examples
    --------
    >>> best = np.array([[2.0], [4.0]]), np.array([[1.0], [1.0]])
    >>> scores(*best, np.array([[4.0], [1.0]]), np.array([[1.0], [1.0]])).tolist()
    [0.5, 2.0]
    """
    return reference(reference_inputs, reference_outputs, returns, orientation).scores(inputs, outputs)


def reference(
    inputs: Array,
    outputs: Array,
    returns: str,
    orientation: str,
    *,
    fixed: Mask | None = None,
    equal: Mask | None = None,
    compiled: bool = True,
) -> Reference | Hull:
    """What units are scored against: the mixes of a reference, or with "fdh" its single units; options as `Reference`.

    Examples
    --------
    >>> type(reference(np.array([[2.0]]), np.array([[1.0]]), "fdh", "input")).__name__
    'Hull'
    """
    if returns == "fdh":
        return Hull(inputs, outputs, orientation, fixed=fixed, equal=equal)
    return Reference(inputs, outputs, returns, orientation, fixed=fixed, equal=equal, compiled=compiled)


class Reference:
    """The units that span a frontier; scores any units against it.

    Parameters
    ----------
    inputs, outputs
        Shapes (n, m) and (n, s), not negative.
    returns
        "crs", "vrs", "drs" or "irs".
    orientation
        "input" or "output".
    fixed
        Columns (inputs, then outputs) that stay as they are, shape (m + s,).
    equal
        Columns that nobody controls: the mix must have exactly as much, shape (m + s,).
    compiled
        Whether to use the compiled simplex method where numba is installed (extra `[fast]`). It takes half a second
        to load, which a few hundred units do not need.

    Examples
    --------
    >>> best = Reference(np.array([[2.0]]), np.array([[3.0]]), "vrs", "input")
    >>> mix = best.composites(np.array([[4.0]]), np.array([[1.0]]))
    >>> mix.scores.tolist(), mix.slacks.tolist(), float(mix.weights.max())
    ([0.5], [[0.0, 2.0]], 1.0)
    """

    def __init__(
        self,
        inputs: Array,
        outputs: Array,
        returns: str,
        orientation: str,
        *,
        fixed: Mask | None = None,
        equal: Mask | None = None,
        compiled: bool = True,
    ) -> None:
        self.returns, self.orientation, self.columns = returns, orientation, inputs.shape[1] + outputs.shape[1]
        is_input = np.arange(self.columns) < inputs.shape[1]
        none = np.zeros(self.columns, dtype=bool)
        fixed, equal = (none if mask is None else mask for mask in (fixed, equal))
        # Exactly as much is at most as much and at least as much: such a column stands twice, as input and as output.
        self._twice = np.concatenate([np.arange(self.columns), np.flatnonzero(equal)])
        self.is_input = is_input[self._twice] ^ (np.arange(len(self._twice)) >= self.columns)
        self.moving = (is_input == (orientation == "input"))[self._twice] & ~(fixed | equal)[self._twice]
        self.data = np.hstack([inputs, outputs])[:, self._twice]
        self.rows = self.data.shape[1] + 1
        self.mean = positive(self.data.mean(axis=0))
        self.worth = np.where(equal[self._twice], 0.0, 1.0 / spread(self.data))
        scaled = self.data / self.mean
        sums = np.zeros((len(SUM_COLUMNS[returns]), self.rows))
        sums[:, -1] = SUM_COLUMNS[returns]
        self._sums = len(sums)
        signed = np.hstack([np.where(self.is_input, scaled, -scaled), np.ones((len(scaled), 1))])
        near = self._sums + _extremes(scaled[:, self.is_input], scaled[:, ~self.is_input])
        self._pool = Pool(np.vstack([sums, signed]), np.concatenate([np.arange(self._sums), near]), self._sums)
        self._solver = (_compiled() if compiled else None) or batch.solve

    def scores(self, inputs: Array, outputs: Array, exclude: Places | None = None) -> Array:
        """Scores of units, shape (k,); `exclude` is the row of the reference that is no peer of the unit, or -1."""
        return self._solve(np.hstack([inputs, outputs]), exclude, slacks=False).scores

    def composites(self, inputs: Array, outputs: Array, exclude: Places | None = None) -> Composites:
        """Scores, and of all mixes of peers that allow the score one with the largest slacks.

        Slacks are summed in columns divided by their standard deviation in the reference.
        """
        return self._solve(np.hstack([inputs, outputs]), exclude, slacks=True)

    def _solve(self, units: Array, exclude: Places | None, *, slacks: bool) -> Composites:
        k, units = len(units), units[:, self._twice]
        exclude = np.full(k, -1) if exclude is None else exclude
        found = Composites(
            np.full(k, np.inf),
            np.full((k, self.rows), -1),
            np.zeros((k, self.rows)),
            np.full((k, self.columns), np.nan),
        )
        # Whoever makes nothing could make any multiple of it.
        bounded = (units[:, self.moving] > 0).any(axis=1) | (self.orientation == "input")
        chosen = np.flatnonzero(bounded)
        for start in range(0, len(chosen), CHUNK):
            rows = chosen[start : start + CHUNK]
            programmes = self._programmes(units[rows], exclude[rows])
            self._write(rows, programmes, self._solver(self._pool, programmes, slacks), found)
        for row in np.flatnonzero(np.isnan(found.scores)):
            self._exactly(int(row), units[row], int(exclude[row]), found)
        return found

    def _programmes(self, units: Array, exclude: Places) -> Programmes:
        k, moving, ray = len(units), self.moving, np.where(self.is_input, -1.0, 1.0) * self.moving
        scaled = units / self.mean
        own = scaled > 0
        ones = np.ones((k, 1))
        scale = np.hstack([np.where(own, scaled, 1.0), ones])
        rhs = np.hstack([own * np.where(moving, 0.0, np.where(self.is_input, 1.0, -1.0)), ones])
        # The first mix makes the moving columns' limits differ, so that one row carries the score and none is tied.
        if self.orientation == "input":
            artificial = np.where(self.is_input, np.where(moving, 0.9, 0.5) * own, -2.0)
        else:
            artificial = np.where(self.is_input, 0.5 * own, np.where(moving, -1.1, -2.0))
        first = (own & moving).argmax(axis=1)
        artificial[np.arange(k), first] = -ray[first]
        return Programmes(
            scale=scale,
            rhs=rhs,
            ray=np.hstack([own * ray, 0.0 * ones]),
            artificial=np.hstack([artificial, ones]),
            first=first,
            banned=np.where(exclude >= 0, exclude + self._sums, -1),
            worth=scale[:, :-1] * self.mean * self.worth,
            sign=1.0 if self.orientation == "input" else -1.0,
        )

    def _write(self, rows: Places, programmes: Programmes, ends: Ends, found: Composites) -> None:
        optimal, unsolved = ends.status == OPTIMAL, np.where(ends.status == UNREACHABLE, np.inf, np.nan)
        found.scores[rows] = np.where(optimal, np.maximum(ends.scores, 0.0), unsolved)
        peer = optimal[:, None] & (ends.basis >= self._sums) & (ends.values > ZERO)
        found.peers[rows] = np.where(peer, ends.basis - self._sums, -1)
        found.weights[rows] = np.where(peer, ends.values, 0.0)
        slack = np.zeros(programmes.rhs.shape)
        at, row = np.nonzero((ends.basis <= batch.SLACK) & (ends.values > ZERO))
        slack[at, batch.SLACK - ends.basis[at, row]] = ends.values[at, row]
        slack = slack[:, :-1] * programmes.scale[:, :-1] * self.mean
        found.slacks[rows] = np.where(optimal[:, None], slack[:, : self.columns], np.nan)

    def _exactly(self, row: int, unit: Array, exclude: int, found: Composites) -> None:
        """One unit in fractions: slow, and right where figures are of so different size that rounding misleads."""
        solution = exactly(self.data, unit, self.is_input, self.moving, self.returns, self.worth, exclude)
        found.scores[row], found.slacks[row] = solution.score, solution.slacks[: self.columns]
        found.peers[row], found.weights[row] = -1, 0.0
        found.peers[row, : len(solution.weights)] = list(solution.weights)
        found.weights[row, : len(solution.weights)] = list(solution.weights.values())


def _extremes(inputs: Array, outputs: Array) -> Places:
    """Units that are surely near the frontier: the least of each input, the most of each output and of each ratio."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.nan_to_num(outputs[:, :, None] / inputs[:, None, :], nan=0.0, posinf=0.0)
    candidates = [inputs.argmin(axis=0), outputs.argmax(axis=0), ratios.argmax(axis=0).ravel()]
    return np.unique(np.concatenate(candidates))


@cache
def _compiled() -> Solver | None:
    try:
        import kommunanalys.compare.simplex as simplex
    except ImportError:
        return None
    return simplex.solve
