"""Limits by hand and by exact probabilities; the spread beyond chance."""

import numpy as np
import pytest
from scipy.stats import binom

from kommunanalys.compare.chance import PART, beyond, chance_outside, limits


def exact(n, rate, lower, upper):
    return binom.cdf(np.ceil(lower * n - 1e-9) - 1, n, rate) + binom.sf(np.floor(upper * n + 1e-9), n, rate)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5, 0.9])
def test_the_exact_false_alarm_rate_over_sizes(rate):
    n = np.arange(20.0, 1001)
    lower, upper = limits(n, rate, 0.95)
    outside = exact(n, rate, lower, upper)
    assert 0.045 < outside.mean() < 0.055
    assert chance_outside(n, rate, lower, upper) == pytest.approx(outside)


@pytest.mark.parametrize("rate", [0.005, 0.05, 0.2])
@pytest.mark.parametrize("band", [(1, 2), (2, 5), (5, 20)])
def test_the_exact_false_alarm_rate_where_few_events_are_expected(rate, band):
    n = np.unique(np.round(np.linspace(*band, 400) / rate))
    outside = exact(n, rate, *limits(n, rate, 0.95))
    assert 0.04 < outside.mean() < 0.06
    assert outside.max() < 0.095


def test_limits_by_hand():
    # Two pupils, rate .5: P(0) = .25, P(1) = .5, P(2) = .25. Tails: at 0 .45 · .25 = .1125, at 1 .25 + .45 · .5 = .475.
    # A tail of .25 lies (.25 - .1125) / (.475 - .1125) of the way from 0 to 1; the upper limit by symmetry.
    lower, upper = limits(np.array([2.0]), 0.5, 0.5)
    share = (0.25 - PART * 0.25) / (0.25 + PART * 0.5 - PART * 0.25)
    assert [lower[0], upper[0]] == pytest.approx([share / 2, 1 - share / 2])


def test_where_none_can_lie_below_the_other_side_has_both_tails():
    # 2 expected of 200: P(0) = .134, so that no count is rare enough below; above, the tail is 5 %, not 2.5 %.
    n, rate = np.array([200.0]), 0.01
    lower, upper = limits(n, rate, 0.95)
    assert lower[0] == 0
    count = np.floor(upper[0] * 200)
    tail = binom.sf(count, 200, rate) + PART * binom.pmf(count, 200, rate)
    after = binom.sf(count + 1, 200, rate) + PART * binom.pmf(count + 1, 200, rate)
    assert after < 0.05 < tail
    few = limits(n, 1 - rate, 0.95)
    assert (1 - few[1][0], 1 - few[0][0]) == pytest.approx((lower[0], upper[0])), "the same for the rarer opposite"


def test_limits_are_smooth_symmetric_and_narrow_with_size():
    n = np.arange(50.0, 1000)
    lower, upper = limits(n, 0.5, 0.95)
    assert lower == pytest.approx(1 - upper)
    assert np.abs(np.diff(upper)).max() < 0.0025
    assert upper[-1] == pytest.approx(0.5 + 1.96 * 0.5 / np.sqrt(999), abs=0.001)


@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.001, 0.5, 0.9999, 1.0])
def test_limits_are_finite_and_in_order_at_the_extremes(rate):
    lower, upper = limits(np.array([1.0, 3.0, 50.0, 1e5, 1e7]), rate, 0.998)
    assert ((lower >= 0) & (lower <= rate + 1e-12) & (rate <= upper + 1e-12) & (upper <= 1)).all()


def test_spread_is_found_and_chance_is_not_taken_for_it():
    rng = np.random.default_rng(8)
    n = np.round(np.exp(rng.uniform(3, 8, 290)))
    spreads = []
    for _ in range(100):
        rate = rng.binomial(n.astype(int), 0.7) / n
        spreads.append(beyond(rate, n, float((rate * n).sum() / n.sum())))
    assert np.mean(np.array(spreads) > 0) < 0.06
    size = 0.7 * 0.3 / 0.05**2 - 1
    rate = rng.binomial(n.astype(int), rng.beta(0.7 * size, 0.3 * size, 290)) / n
    assert beyond(rate, n, 0.7) == pytest.approx(0.05, abs=0.01)


def test_few_units_and_no_events_have_no_spread():
    assert beyond(np.array([0.1, 0.9] * 4), np.full(8, 1000.0), 0.5) == 0
    assert beyond(np.zeros(20), np.full(20, 10.0), 0.0) == 0
