"""Which further cells must be hidden so that no hidden one can be worked out from the totals.

The integer programme of Fischetti and Salazar-González (2001, Management Science 47: 1008–1027): a linear programme
asks how far a hidden entry can be narrowed, and where that is too far its duals name cells of which more must be
hidden. They ask for protection of the primary cells only; here a secondary cell needs it too, as soon as it is hidden.
Cuts are added to a growing pattern, and what the pattern turns out not to need is printed again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kommunanalys.errors import ReleaseRefused
from kommunanalys.secrecy.bounds import SLACK, Knowledge, Ranges

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

SHARE, LEAST = 0.1, 2.0
"""No hidden value can be worked out to within less than ± this share of it, nor ± so many persons or units."""
NODES = 300
"""Branches of the integer programme; never a time, so that every machine finds the same pattern."""
ROUNDS = 200


def width(values: Array) -> Array:
    """How wide the range of each hidden value must at least be.

    Examples
    --------
    >>> width(np.array([3.0, 100.0])).tolist()
    [4.0, 20.0]
    """
    return np.asarray(2 * np.maximum(SHARE * np.abs(values), LEAST))


@dataclass(frozen=True, repr=False)
class Problem:
    """A table to be protected, together with what is known already.

    Parameters
    ----------
    known
        Entries, and what is known of each even if it is not printed now.
    values
        What the entries are (or could be, where only an outsider's range is at hand), shape (entries,).
    hidden
        Entries that are hidden in any case.
    open
        Entries that may be hidden too.
    need
        How wide the range of each entry must be if it is hidden.
    lines
        Places of entries of which none can be the only hidden one.
    """

    known: Knowledge
    values: Array
    hidden: Mask
    open: Mask
    need: Array
    lines: list[Places]

    def printed(self, hidden: Mask) -> Knowledge:
        """What is known when the others are printed."""
        shown = ~hidden & (self.hidden | self.open)
        low, high = self.known.low.copy(), self.known.high.copy()
        low[shown] = high[shown] = self.values[shown]
        return replace(self.known, low=low, high=high)


def secondary(problem: Problem) -> Mask:
    """A small set of hidden entries, the primary ones among them, none of which can be narrowed too far.

    Raises
    ------
    ReleaseRefused
        Not even hiding everything protects the primary entries.

    Examples
    --------
    >>> from kommunanalys.secrecy.cube import Shape
    >>> from scipy.sparse import csr_array
    >>> shape = Shape(("school",), ("sex",), (("A", "B"), ("f", "m")))
    >>> values = shape.sums @ np.array([3.0, 20, 30, 40])
    >>> blank = Knowledge(shape.sums, np.zeros(9), np.full(9, np.inf), csr_array((0, 4)))
    >>> table = Problem(blank, values, values == 3, values != 3, width(values), shape.lines())
    >>> secondary(table).sum()
    np.int64(4)
    """
    hidden = problem.hidden
    if not hidden.any():
        return hidden.copy()
    cover = _Cover(problem)
    pattern = cover.solve(hidden, hidden | problem.open)
    for _ in range(ROUNDS):
        # The pattern only grows here, so that the programme stays small.
        if not cover.cut(pattern):
            break
        pattern = cover.solve(pattern, hidden | problem.open)
    else:
        raise ReleaseRefused("No pattern of hidden cells protects the table. Merge categories, or drop a dimension.")
    for _ in range(ROUNDS):
        fewer = cover.solve(hidden, pattern)
        if not cover.cut(fewer):
            return fewer
    return pattern


class _Cover:
    """The integer programme over hidden (1) and printed (0) entries, with the cuts found so far."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model = _empty(self.problem)
        for line in problem.lines:
            self._line(line)

    def _line(self, line: Places) -> None:
        members = line[(self.problem.hidden | self.problem.open)[line]].astype(np.int32)
        for place in range(len(members)):
            weights = np.ones(len(members))
            weights[place] = -1.0
            self.model.addRow(0.0, np.inf, len(members), members, weights)

    def solve(self, least: Mask, most: Mask) -> Mask:
        """The smallest pattern between two others that keeps all cuts."""
        import highspy

        size = len(least)
        self.model.changeColsBounds(size, np.arange(size, dtype=np.int32), least.astype(float), most.astype(float))
        self.model.clearSolver()
        self.model.run()
        info = self.model.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return most.copy()
        return np.asarray(np.array(self.model.getSolution().col_value) > 0.5)

    def cut(self, pattern: Mask) -> bool:
        """Add a cut for each hidden entry that can be narrowed too far; whether there was one."""
        problem, need = self.problem, self.problem.need
        ranges = Ranges(problem.printed(pattern), _ceiling(problem))
        ranges.sweep()
        found = False
        for entry in np.flatnonzero(pattern):
            weights = self._narrowed(ranges, int(entry))
            if weights is None:
                continue
            found = True
            weights = np.minimum(weights, need[entry]) / need[entry]
            weights[entry] = -1.0
            places = np.flatnonzero(weights).astype(np.int32)
            if not ((weights > 0) & problem.open & ~pattern).any():
                raise ReleaseRefused(
                    "No pattern of hidden cells protects the table. Merge categories, or drop a dimension."
                )
            self.model.addRow(0.0, np.inf, len(places), places, weights[places])
        return found

    def _narrowed(self, ranges: Ranges, entry: int) -> Array | None:
        """What each hidden entry adds to the range of this one at most; None where the range is wide enough."""
        problem, need = self.problem, self.problem.need[entry]
        down = np.maximum(problem.values - problem.known.low, 0.0)
        up = np.maximum(problem.known.high - problem.values, 0.0)
        total = np.zeros(len(down))
        for sign in (-1, 1):
            if ranges.seen_high[entry] - ranges.seen_low[entry] >= need - SLACK:
                return None
            ranges.solve(entry, sign)
            weights = ranges.duals(entry, sign)
            total += np.where(weights > SLACK, weights * np.minimum(down, need), 0.0)
            total += np.where(weights < -SLACK, -weights * np.minimum(up, need), 0.0)
        return None if ranges.seen_high[entry] - ranges.seen_low[entry] >= need - SLACK else total


def _ceiling(problem: Problem) -> float:
    return 10.0 * float(problem.values.max()) + 100.0


def _empty(problem: Problem) -> Any:
    import highspy

    size = len(problem.values)
    model = highspy.Highs()
    options = {"output_flag": False, "threads": 1, "mip_max_nodes": NODES, "mip_rel_gap": 0.0, "mip_abs_gap": 0.9}
    for name, value in options.items():
        model.setOptionValue(name, value)
    model.addVars(size, np.zeros(size), np.ones(size))
    places = np.arange(size, dtype=np.int32)
    # Between patterns of the same size the one with fewer hidden totals: totals add up more cells.
    totals = np.log2(np.diff(problem.known.sums.indptr))
    model.changeColsCost(size, places, 1.0 + 0.001 * totals / (totals.max() + 1.0))
    model.changeColsIntegrality(size, places, np.full(size, highspy.HighsVarType.kInteger))
    return model
