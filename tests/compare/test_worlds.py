"""Simulated worlds: distances by hand, the distribution by scipy, what the fit finds again."""

import numpy as np
import pytest
from scipy.stats import gennorm

from kommunanalys.compare import worlds
from kommunanalys.compare.worlds import Yardstick


def line(n=60, seed=1, scale=0.3):
    """Cost proportional to need at best: the frontier is a line, one input and one output."""
    rng = np.random.default_rng(seed)
    need, truth = rng.uniform(1, 9, (n, 1)), np.abs(rng.normal(0, scale, n))
    return need, need * np.exp(truth)[:, None], truth


@pytest.mark.parametrize("orientation", ["input", "output"])
def test_distance_and_shift_are_each_others_inverse(orientation):
    still = np.ones((4, 1))
    start = np.full((4, 1), 3.0)
    yardstick = Yardstick(still, "crs", orientation)
    truth = np.array([0.0, 0.1, 0.5, 1.0])
    moved = yardstick.shift(start, truth)
    assert yardstick.measure(moved, moved) == pytest.approx(truth)
    assert yardstick.measure(moved, moved[[2]], np.array([2])) == pytest.approx([0.5])


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0, 5.0])
def test_quantiles_are_those_of_the_half_generalised_normal(shape):
    share = np.array([0.05, 0.4, 0.9])
    assert worlds.quantile(share, 0.3, shape) == pytest.approx(gennorm(shape, scale=0.3).ppf((1 + share) / 2))


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0, 5.0])
def test_moments_and_parameters_are_each_others_inverse(shape):
    mean, variation = worlds._theoretical(0.3, shape)
    half = gennorm(shape, scale=0.3)
    assert mean == pytest.approx(2 * half.expect(lambda x: x, lb=0), rel=1e-6)
    assert worlds._parameters(mean, variation) == pytest.approx((0.3, shape), rel=1e-6)


def test_smoothing_keeps_the_second_moment_and_stays_behind_the_frontier():
    rng = np.random.default_rng(2)
    seen = np.abs(rng.normal(0, 0.3, 400))
    drawn = np.concatenate([worlds.smooth(seen, 0.1, rng) for _ in range(50)])
    assert drawn.min() >= 0
    assert (drawn**2).mean() == pytest.approx((seen**2).mean(), rel=0.02)
    assert worlds.bandwidth(np.zeros(5)) == 0.0


def test_the_bias_seen_is_that_of_the_least_of_n_draws():
    # Constant returns, one input, one output: the bootstrap's frontier lies at its least inefficiency, so that the
    # bias is the mean minimum of n smoothed draws.
    need, cost, _ = line()
    yardstick = Yardstick(need, "crs", "input")
    seen = yardstick.measure(cost, cost)
    found = worlds.bias(yardstick, cost, seen, 300, np.random.default_rng(3))
    rng, kernel = np.random.default_rng(4), worlds.bandwidth(seen)
    least = np.mean([worlds.smooth(seen, kernel, rng).min() for _ in range(4000)])
    assert found == pytest.approx(np.full(len(seen), least), rel=0.2)
    assert np.ptp(found) < 1e-9


def test_the_frontier_of_a_world_is_its_own_hull():
    need, cost, _ = line()
    yardstick = Yardstick(need, "vrs", "input")
    seen = yardstick.measure(cost, cost)
    biased = worlds.bias(yardstick, cost, seen, 20, np.random.default_rng(3))
    edge = worlds.frontier(yardstick, cost, seen, biased)
    assert yardstick.measure(edge, edge) == pytest.approx(np.zeros(len(edge)), abs=1e-9)
    assert (edge <= cost * np.exp(-seen)[:, None] + 1e-9).all(), "never outside what the scores allow"


def test_the_fit_finds_the_distribution_again():
    need, _, _ = line(400)
    yardstick = Yardstick(need, "crs", "input")
    for scale, shape in ((0.24, 1.0), (0.3 * np.sqrt(2), 2.0)):
        share = (np.arange(400) + 0.5) / 400
        cost = need * np.exp(worlds.quantile(share, scale, shape))[:, None]
        found = worlds.fit(yardstick, need, yardstick.measure(cost, cost), np.random.default_rng(5))
        assert found.found
        assert (found.scale, found.shape) == pytest.approx((scale, shape), rel=0.25)


def test_what_no_distribution_gives_is_said():
    need, _, _ = line(200)
    yardstick = Yardstick(need, "crs", "input")
    seen = np.full(200, 0.5)
    seen[0] = 0.0
    found = worlds.fit(yardstick, need, seen, np.random.default_rng(5))
    assert not found.found


def test_ratios_are_never_negative_and_told_apart():
    need, _, truth = line()
    yardstick = Yardstick(need, "vrs", "input")
    told = worlds.ratios(yardstick, need, lambda own: own.permutation(truth), np.random.default_rng(6))
    assert told.values.shape == told.efficient.shape == (worlds.WORLDS, 60)
    assert told.values.min() >= -1e-9, "a score is never below the truth"
    assert told.efficient.any()
    assert not told.efficient.all()
    few = worlds.Ratios(told.values, np.zeros_like(told.efficient))
    assert few.pool(True).all(), "too few of them: all speak"
