"""What can be worked out about entries that are not printed: linear programmes over all that is known together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from kommunanalys.errors import AnalysisFailed

Array = NDArray[np.float64]
Places = NDArray[np.int64]

SLACK = 1e-6
"""What the solver may be wrong by, in persons or units of money."""
SWEEPS = 4
LARGEST = 1e7
"""Largest number that the solver meets."""


@dataclass(frozen=True)
class Knowledge:
    """Entries as sums of cells that are not negative, and what an outsider knows about each entry.

    Parameters
    ----------
    sums
        Which cells each entry adds up, shape (entries, cells).
    low, high
        What is known of each entry; -inf or inf where nothing is. Shape (entries,).
    links
        Sums of cells that are known to be zero, shape (links, cells): the same entry told by two tables.
    """

    sums: csr_array
    low: Array
    high: Array
    links: csr_array


def ceiling(known: Knowledge) -> float:
    """More than any cell can be, by what is printed; a range that reaches it has no end.

    Examples
    --------
    >>> ceiling(Knowledge(csr_array((1, 1)), np.zeros(1), np.array([7.0]), csr_array((0, 1))))
    170.0
    """
    return 10.0 * float(known.high[np.isfinite(known.high)].max(initial=0.0)) + 100.0


class Ranges:
    """The ranges of entries that agree with what is known: one warm model, another objective for each question.

    Parameters
    ----------
    known
        Entries and what is known of them.
    ceiling
        No cell is larger; what reaches it has no bound.

    Examples
    --------
    >>> sums = csr_array(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    >>> known = Knowledge(sums, np.array([0.0, 4.0, 9.0]), np.array([9.0, 6.0, 9.0]), csr_array((0, 2)))
    >>> Ranges(known, 100.0).whole(0)
    (3.0, 5.0)
    """

    def __init__(self, known: Knowledge, ceiling: float) -> None:
        # Sums of money are taken in larger units, for the solver's tolerance is absolute.
        self.scale = max(1.0, ceiling / LARGEST)
        known = replace(known, low=known.low / self.scale, high=known.high / self.scale)
        self.known = known
        entries, cells = known.sums.shape
        self.least, self.most = np.zeros(cells), np.full(cells, ceiling / self.scale)
        per_entry = np.diff(known.sums.indptr)
        self.single = per_entry == 1
        single = np.flatnonzero(self.single)
        cell = known.sums.indices[known.sums.indptr[single]]
        np.maximum.at(self.least, cell, known.low[single])
        np.minimum.at(self.most, cell, known.high[single])
        self.free = np.flatnonzero(self.most - self.least > SLACK)
        fixed = self.least.copy()
        fixed[self.free] = 0.0
        self.offset = known.sums @ fixed
        self.inner = csr_array(known.sums[:, self.free])
        told = (per_entry > 1) & (np.isfinite(known.low) | np.isfinite(known.high))
        self.told = np.flatnonzero(told)
        self.rows = csr_array(vstack([self.inner[self.told], known.links[:, self.free]], format="csr"))
        low = np.concatenate([(known.low - self.offset)[self.told], -(known.links @ fixed)])
        high = np.concatenate([(known.high - self.offset)[self.told], -(known.links @ fixed)])
        settled = np.diff(self.rows.indptr) == 0
        beyond = np.maximum(low, -high)[settled]
        self.contradiction = bool((self.least > self.most + SLACK).any() or (beyond > SLACK).any())
        self.rows = csr_array(self.rows[~settled])
        self.linked = np.flatnonzero(~settled[len(self.told) :])
        self.told, low, high = self.told[~settled[: len(self.told)]], low[~settled], high[~settled]
        self.model = _model(self.rows, (low, high), (self.least[self.free], self.most[self.free]))
        self.seen_low, self.seen_high = np.full(entries, np.inf), np.full(entries, -np.inf)
        self._cost = np.zeros(len(self.free))
        self._places = np.arange(len(self.free), dtype=np.int32)

    def sweep(self) -> Array:
        """Look at some far corners first: most entries turn out wide without a question of their own.

        Returns
        -------
        numpy.ndarray
            The middle of these corners: cells that agree with all that is known, shape (cells,).
        """
        rng = np.random.default_rng(0)
        corners = []
        for _ in range(SWEEPS):
            weights = rng.uniform(-1.0, 1.0, len(self.free))
            for sign in (1.0, -1.0):
                self._cost[:] = sign * weights
                self._run()
                corners.append(self.point)
        return np.asarray(np.mean(corners, axis=0)) * self.scale

    def solve(self, entry: int, sign: int) -> float:
        """The least (sign 1) or greatest (sign -1) value of an entry."""
        start, end = self.inner.indptr[entry], self.inner.indptr[entry + 1]
        columns = self.inner.indices[start:end]
        if not len(columns):
            value = float(self.offset[entry]) * self.scale
            self.seen_low[entry] = self.seen_high[entry] = value
            self.prices = np.zeros(self.rows.shape[0])
            return value
        self._cost[:] = 0.0
        self._cost[columns] = sign * self.inner.data[start:end]
        return float(self._run()[entry])

    def _run(self) -> Array:
        self.point = self.least.copy()
        self._optimise()
        values = np.asarray(self.known.sums @ self.point) * self.scale
        np.minimum(self.seen_low, values, out=self.seen_low)
        np.maximum(self.seen_high, values, out=self.seen_high)
        return values

    def _optimise(self) -> None:
        import highspy

        if not self.contradiction and not len(self.free):
            return
        if not self.contradiction:
            self.model.changeColsCost(len(self.free), self._places, self._cost)
            self.model.run()
            if self.model.getModelStatus() == highspy.HighsModelStatus.kUnknown:
                # A start from the last corner can fail on equations that say the same twice; a fresh one does not.
                self.model.clearSolver()
                self.model.setOptionValue("presolve", "on")
                self.model.run()
                self.model.setOptionValue("presolve", "off")
        if self.contradiction or self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise AnalysisFailed("The tables contradict each other: no whole table agrees with all that they print.")
        found = self.model.getSolution()
        self.point[self.free], self.prices = found.col_value, np.array(found.row_dual)

    def whole(self, entry: int) -> tuple[float, float]:
        """The range of an entry."""
        return self.solve(entry, 1), self.solve(entry, -1)

    def duals(self, entry: int, sign: int) -> Array:
        """After `solve`: the price of every entry; what an entry could move times its price bounds the answer."""
        weights, links = np.zeros(len(self.single)), np.zeros(self.known.links.shape[0])
        weights[self.told], links[self.linked] = np.split(self.prices, [len(self.told)])
        cells = sign * self.known.sums[[entry]].toarray()[0] - self.known.sums.T @ weights - self.known.links.T @ links
        weights[self.single] += cells[self.known.sums.indices[self.known.sums.indptr[:-1][self.single]]]
        return np.asarray(weights)


def _model(rows: csr_array, limits: tuple[Array, Array], bounds: tuple[Array, Array]) -> Any:
    import highspy

    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = rows.shape
    lp.col_cost_ = np.zeros(rows.shape[1])
    lp.col_lower_, lp.col_upper_ = bounds
    lp.row_lower_, lp.row_upper_ = limits
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    model = highspy.Highs()
    for name, value in {
        "output_flag": False,
        "threads": 1,
        "presolve": "off",
        "solver": "simplex",
        "simplex_strategy": 4,
    }.items():
        model.setOptionValue(name, value)
    model.passModel(lp)
    return model
