"""Intervals of shares and of paired differences: by hand, against simulation, what is refused."""

import numpy as np
import pytest
from scipy.stats import beta

from kommunanalys.early_warning.intervals import difference, effective, share
from kommunanalys.errors import UsageError


def test_of_independent_people_it_is_the_interval_of_jeffreys():
    y = np.array([1.0] * 6 + [0.0] * 34)
    found = share(y, np.ones(40), np.arange(40))
    n = 39  # The variance is estimated: 40 observations are worth 39.
    assert found.value == pytest.approx(0.15)
    assert (found.low, found.high) == pytest.approx(beta.ppf([0.025, 0.975], 0.15 * n + 0.5, 0.85 * n + 0.5))


def test_rows_without_weight_do_not_count():
    y, weight = np.array([1.0, 0, 0, 1, 1, 1]), np.array([1.0, 1, 1, 1, 0, 0])
    assert share(y, weight, np.arange(6)) == share(y[:4], weight[:4], np.arange(4))


def test_people_who_return_are_no_new_evidence():
    y = np.array([1.0] * 5 + [0.0] * 15)
    once = share(y, np.ones(20), np.arange(20))
    twice = share(np.tile(y, 2), np.ones(40), np.tile(np.arange(20), 2))
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))
    assert effective(np.zeros(40), np.ones(40), np.tile(np.arange(20), 2)) == pytest.approx(20)


def test_none_or_all_reach_the_border():
    assert share(np.zeros(10), np.ones(10), range(10)).low == 0
    assert share(np.ones(10), np.ones(10), range(10)).high == 1
    assert 0.15 < share(np.zeros(10), np.ones(10), range(10)).high < 0.3


def test_what_chance_lists_is_known_exactly():
    found = share(np.full(8, 0.25), np.ones(8), range(8))
    assert (found.low, found.high) == (0.25, 0.25)


def test_nobody_listed_is_no_number():
    assert np.isnan(share([1.0, 0.0], [0.0, 0.0], [1, 2]).value)
    assert np.isnan(difference([1.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1, 2]).low)


@pytest.mark.parametrize("values", [[0.5, np.nan], [0.5, 1.2], [0.5]])
def test_wrong_numbers_are_refused(values):
    with pytest.raises(UsageError, match="from 0 to 1"):
        share(values, [1.0, 1.0], [1, 2])


@pytest.mark.parametrize(("rate", "n"), [(0.1, 40), (0.3, 40), (0.5, 15)])
def test_intervals_hold_the_truth(rate, n):
    rng = np.random.default_rng(5)
    held = []
    for _ in range(400):
        found = share((rng.random(n) < rate).astype(float), np.ones(n), np.arange(n))
        held.append(found.low <= rate <= found.high)
    assert 0.92 < np.mean(held) < 0.985


def test_differences_hold_the_truth():
    rng = np.random.default_rng(6)
    held = []
    for _ in range(300):
        risk = rng.permutation(np.repeat([0.5, 0.1], [30, 170]))
        y = (rng.random(200) < risk).astype(float)
        second = np.full(200, 0.2)
        found = difference(y, risk > 0.3, second, np.arange(200))
        held.append(found.low <= (0.5 * 30 + 0.1 * 0) / 30 - (0.5 * 30 + 0.1 * 170) / 200 <= found.high)
    assert 0.92 < np.mean(held) < 0.99


def test_shared_people_make_the_difference_surer():
    y = np.tile([1.0, 0.0, 0.0, 0.0], 25)
    one, two = np.zeros(100), np.zeros(100)
    one[:40], two[:38], two[40:42] = 1, 1, 1
    apart = np.zeros(100)
    apart[60:] = 1
    near, far = difference(y, one, two, np.arange(100)), difference(y, one, apart, np.arange(100))
    assert near.high - near.low < 0.5 * (far.high - far.low)
