"""The numbers of the linear programmes: against another solver, and where figures are of very different size."""

import numpy as np
import pytest
from scipy.optimize import linprog

from kommunanalys.compare import frontier
from kommunanalys.compare.frontier import Frontier, NoOptimumError

SCORE = 1e-8
"""Relative: both programmes stop at 1e-10, and a score collects a few of those."""


def reference(inputs, outputs, unit, returns, orientation):
    """The same programme in the unit's own scale, dense, by scipy: returns the score."""
    x, y = inputs / inputs[unit], outputs / outputs[unit]
    n, m, s = len(x), x.shape[1], y.shape[1]
    first = orientation == "input"
    rows = [np.c_[x.T, -np.full(m, float(first))], np.c_[-y.T, np.full(s, float(not first))]]
    bounds = np.r_[np.full(m, float(not first)), np.full(s, -float(first))]
    cost = np.r_[np.zeros(n), 1.0 if first else -1.0]
    total = np.r_[np.ones(n), 0.0][None]
    if returns in ("drs", "irs"):
        sign = 1.0 if returns == "drs" else -1.0
        rows, bounds = [*rows, sign * total], np.r_[bounds, sign]
    equal = {"A_eq": total, "b_eq": [1.0]} if returns == "vrs" else {}
    found = linprog(cost, A_ub=np.vstack(rows), b_ub=bounds, **equal)
    return abs(found.fun)


@pytest.mark.parametrize("orientation", ["input", "output"])
@pytest.mark.parametrize("returns", ["crs", "vrs", "drs", "irs"])
@pytest.mark.parametrize("size", [0.5, 2.0])
def test_same_as_another_solver_even_where_sizes_differ_a_millionfold(returns, orientation, size):
    rng = np.random.default_rng(3)
    inputs, outputs = rng.lognormal(sigma=size, size=(50, 2)), rng.lognormal(sigma=size, size=(50, 3))
    found = Frontier(inputs, outputs, returns, orientation)
    for unit in range(50):
        solution = found.solve(unit)
        assert solution.score == pytest.approx(reference(inputs, outputs, unit, returns, orientation), rel=SCORE)
        # The weights reproduce the target: own figures, moved by the score, slack taken off.
        moved = np.hstack([inputs[unit], outputs[unit]])
        moved[:2] *= solution.score if orientation == "input" else 1.0
        moved[2:] *= solution.score if orientation == "output" else 1.0
        target = moved + np.r_[-solution.slacks[:2], solution.slacks[2:]]
        assert solution.weights @ np.hstack([inputs, outputs]) == pytest.approx(
            target, rel=1e-6, abs=1e-6 * moved.max()
        )


def test_a_unit_left_out_is_back_afterwards():
    found = Frontier(np.array([[2.0], [3.0], [4.0]]), np.ones((3, 1)), "vrs", "input")
    assert [found.solve(2).score, found.solve(2, without=0).score, found.solve(2).score] == [0.5, 0.75, 0.5]


def test_an_optimum_missed_warm_is_found_afresh(monkeypatch):
    calls = []
    run = frontier._run

    def failing(model):
        calls.append(model)
        if len(calls) == 1:
            raise NoOptimumError("Unknown")
        run(model)

    monkeypatch.setattr(frontier, "_run", failing)
    found = Frontier(np.array([[2.0], [4.0]]), np.ones((2, 1)), "vrs", "input")
    assert found.solve(1).score == pytest.approx(0.5)
    assert calls[1] is not calls[0], "the second attempt must be a new model"


def test_a_constant_column_moves_no_slack():
    # 0.1 three times has a standard deviation of 1e-17, which must not become a weight of 1e17.
    inputs = np.array([[2.0, 0.1], [4.0, 0.1], [4.0, 0.1]])
    found = Frontier(inputs, np.array([[1.0], [1.0], [0.5]]), "vrs", "input")
    solution = found.solve(2)
    assert solution.score == pytest.approx(1.0)
    assert solution.slacks == pytest.approx([2.0, 0.0, 0.5], abs=1e-9)
