"""Free disposal hull: scores against single units of a reference, exactly and without a linear programme."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kommunanalys.compare.frontier import Composites, spread

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

CELLS: Final = 4_000_000
"""Comparisons that are made at once (32 megabytes)."""


class Hull:
    """The units of a reference, each with whatever uses more or makes less.

    Parameters
    ----------
    inputs, outputs
        Shapes (n, m) and (n, s), not negative.
    orientation
        "input" or "output".
    fixed, equal
        Columns (inputs, then outputs) that stay as they are: the peer has at most as much of such an input and at
        least as much of such an output, or exactly as much, shape (m + s,).

    References
    ----------
    Deprins, Simar & Tulkens (1984), in Marchand et al. (eds), The Performance of Public Enterprises.

    Examples
    --------
    >>> hull = Hull(np.array([[2.0], [3.0]]), np.array([[1.0], [2.0]]), "input")
    >>> hull.scores(np.array([[6.0], [6.0]]), np.array([[1.0], [2.0]])).round(3).tolist()
    [0.333, 0.5]
    """

    def __init__(
        self, inputs: Array, outputs: Array, orientation: str, *, fixed: Mask | None = None, equal: Mask | None = None
    ) -> None:
        self.data, self.orientation = np.hstack([inputs, outputs]), orientation
        none = np.zeros(self.data.shape[1], dtype=bool)
        self.equal = none if equal is None else equal
        self.is_input = np.arange(self.data.shape[1]) < inputs.shape[1]
        self.moving = (self.is_input == (orientation == "input")) & ~(none if fixed is None else fixed) & ~self.equal
        self.spread = spread(self.data)

    def scores(self, inputs: Array, outputs: Array, exclude: Places | None = None) -> Array:
        """Scores of units, shape (k,); inf where no unit of the reference is comparable."""
        return self.composites(inputs, outputs, exclude).scores

    def composites(self, inputs: Array, outputs: Array, exclude: Places | None = None) -> Composites:
        """Scores, and of all units that give the score one with the largest slacks."""
        units = np.hstack([inputs, outputs])
        exclude = np.full(len(units), -1) if exclude is None else exclude
        size = max(1, CELLS // self.data.size)
        parts = [self._part(units[at : at + size], exclude[at : at + size]) for at in range(0, len(units), size)]
        return Composites(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _part(self, units: Array, exclude: Places) -> tuple[Array, Places, Array, Array]:
        at = np.arange(len(units))
        scores = self._against(units)
        out = np.flatnonzero(exclude >= 0)
        sign = 1.0 if self.orientation == "input" else -1.0
        scores[out, exclude[out]] = sign * np.inf
        best = (sign * scores).min(axis=1) * sign
        comparable = np.isfinite(best)
        # Whoever makes nothing has no bound; whoever nobody dominates has no peer: both inf.
        score = np.where(comparable, best, np.inf)
        reached = np.where(self.moving, np.where(comparable, score, 1.0)[:, None], 1.0) * units
        slack = np.where(self.is_input, 1.0, -1.0) * (reached[:, None, :] - self.data)
        total = np.where(scores == best[:, None], (slack / self.spread).sum(axis=2), -np.inf)
        peer = total.argmax(axis=1)
        slacks = np.where(comparable[:, None], np.maximum(slack[at, peer], 0.0), np.nan)
        return score, np.where(comparable, peer, -1)[:, None], np.where(comparable, 1.0, 0.0)[:, None], slacks

    def _against(self, units: Array) -> Array:
        """Score of every unit against every unit of the reference, shape (k, n); infinite where not comparable."""
        sign = np.where(self.is_input, 1.0, -1.0)
        still = ~self.moving & ~self.equal
        fits = (sign[still] * self.data[:, still] <= sign[still] * units[:, None, still]).all(axis=2)
        fits &= (self.data[:, self.equal] == units[:, None, self.equal]).all(axis=2)
        own, theirs = units[:, None, self.moving], self.data[:, self.moving]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = theirs / own
        if self.orientation == "input":
            ratio = np.where(own > 0, ratio, np.where(theirs > 0, np.inf, 0.0))
            return np.where(fits, ratio.max(axis=2), np.inf)
        return np.where(fits, np.where(own > 0, ratio, np.inf).min(axis=2), -np.inf)
