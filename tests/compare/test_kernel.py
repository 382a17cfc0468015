"""Scores against another solver: every technology, both ways of solving, figures of very different size."""

import importlib.util

import numpy as np
import pytest
from scipy.optimize import linprog

from kommunanalys.compare import kernel
from kommunanalys.compare.kernel import reference, scores

SCORE = 1e-8
"""Relative: both solvers stop at about 1e-10, and a score collects a few of those."""
WITHOUT_NUMBA = pytest.mark.skipif(not importlib.util.find_spec("numba"), reason="numba is not installed")
SOLVERS = ["numpy", pytest.param("numba", marks=WITHOUT_NUMBA)]


@pytest.fixture(params=SOLVERS)
def solver(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(kernel, "_compiled", lambda: None)
    return request.param


def other_solver(inputs, outputs, x, y, returns, orientation):
    """The programme in the unit's own scale, dense, by scipy: returns the score."""
    rows_x, rows_y, n = inputs / x, outputs / y, len(inputs)
    first = orientation == "input"
    m, s = inputs.shape[1], outputs.shape[1]
    rows = [np.c_[rows_x.T, -np.full(m, float(first))], np.c_[-rows_y.T, np.full(s, float(not first))]]
    bounds = np.r_[np.full(m, float(not first)), np.full(s, -float(first))]
    total = np.r_[np.ones(n), 0.0][None]
    if returns in ("drs", "irs"):
        sign = 1.0 if returns == "drs" else -1.0
        rows, bounds = [*rows, sign * total], np.r_[bounds, sign]
    equal = {"A_eq": total, "b_eq": [1.0]} if returns == "vrs" else {}
    found = linprog(np.r_[np.zeros(n), 1.0 if first else -1.0], A_ub=np.vstack(rows), b_ub=bounds, **equal)
    return abs(found.fun)


@pytest.mark.parametrize("orientation", ["input", "output"])
@pytest.mark.parametrize("returns", ["crs", "vrs", "drs", "irs"])
@pytest.mark.parametrize("size", [0.5, 2.0])
def test_same_as_another_solver(solver, returns, orientation, size):
    rng = np.random.default_rng(3)
    inputs, outputs = rng.lognormal(sigma=size, size=(50, 2)), rng.lognormal(sigma=size, size=(50, 3))
    found = scores(inputs, outputs, inputs, outputs, returns=returns, orientation=orientation)
    expected = [other_solver(inputs, outputs, inputs[i], outputs[i], returns, orientation) for i in range(50)]
    np.testing.assert_allclose(found, expected, rtol=SCORE)


@pytest.mark.parametrize("orientation", ["input", "output"])
def test_no_unit_is_left_unsolved_however_wild_the_figures(solver, orientation):
    rng = np.random.default_rng(5)
    inputs, outputs = rng.lognormal(sigma=4, size=(120, 2)), rng.lognormal(sigma=4, size=(120, 3))
    found = scores(inputs, outputs, inputs, outputs, orientation=orientation)
    assert np.isfinite(found).all()
    assert (found <= 1 + 1e-9).all() if orientation == "input" else (found >= 1 - 1e-9).all()


def test_a_mix_reproduces_its_target(solver):
    rng = np.random.default_rng(7)
    inputs, outputs = rng.lognormal(size=(80, 2)), rng.lognormal(size=(80, 2))
    found = reference(inputs, outputs, "vrs", "input").composites(inputs, outputs)
    data = np.hstack([inputs, outputs])
    for unit in range(80):
        used = found.peers[unit] >= 0
        mix = found.weights[unit, used] @ data[found.peers[unit, used]]
        moved = np.r_[found.scores[unit] * inputs[unit], outputs[unit]]
        np.testing.assert_allclose(mix, moved + np.r_[-found.slacks[unit, :2], found.slacks[unit, 2:]], rtol=1e-6)
        assert found.weights[unit, used].sum() == pytest.approx(1)


def test_a_reference_without_the_unit_gives_super_efficiency(solver):
    inputs, outputs = np.array([[2.0], [3.0], [4.0]]), np.ones((3, 1))
    found = reference(inputs, outputs, "vrs", "input").scores(inputs, outputs, exclude=np.arange(3))
    assert found.tolist() == [1.5, pytest.approx(2 / 3), 0.5]


def test_the_exact_way_agrees_where_floating_point_gives_up():
    rng = np.random.default_rng(11)
    inputs, outputs = rng.lognormal(sigma=1, size=(30, 2)), rng.lognormal(sigma=1, size=(30, 2))
    spanning = reference(inputs, outputs, "vrs", "input")
    found = spanning.composites(inputs, outputs)
    again = spanning.composites(inputs, outputs)
    for unit in range(30):
        spanning._exactly(unit, np.hstack([inputs[unit], outputs[unit]]), -1, again)
    np.testing.assert_allclose(found.scores, again.scores, rtol=1e-9)
