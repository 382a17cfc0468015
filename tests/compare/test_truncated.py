"""Truncated regression: the maximum against scipy's own maximiser, the bound, the draws."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm, truncnorm

from kommunanalys.compare.truncated import draw, expected, truncated_regression


def sample(n=300, seed=1, beta=(1.3, 0.2), sigma=0.3):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.normal(size=n)])
    mean = design @ np.array(beta)
    return truncnorm.rvs((1 - mean) / sigma, np.inf, mean, sigma, random_state=rng), design


def test_the_maximum_is_the_one_that_a_general_maximiser_finds():
    outcome, design = sample()

    def loss(place):
        mean, sigma = design @ place[:2], np.exp(place[2])
        return -(norm.logpdf(outcome, mean, sigma) - norm.logsf(1, mean, sigma)).sum()

    best = minimize(loss, [1.0, 0.0, -1.0], method="BFGS", options={"gtol": 1e-7})
    found = truncated_regression(outcome[None], design)
    assert found.settled.all()
    assert not found.bounded.any()
    assert found.beta[0] == pytest.approx(best.x[:2], abs=1e-5)
    assert found.sigma[0] == pytest.approx(np.exp(best.x[2]), abs=1e-5)


def test_many_samples_at_once_are_each_by_itself():
    outcomes = np.array([sample(seed=1)[0], 1 + 2 * (sample(seed=2)[0] - 1)])
    design = sample()[1]
    together = truncated_regression(outcomes, design)
    for place, outcome in enumerate(outcomes):
        assert together.beta[place] == pytest.approx(truncated_regression(outcome[None], design).beta[0], abs=1e-5)


def test_an_exponential_tail_ends_at_the_bound_and_not_in_infinity():
    outcome = 1 + np.random.default_rng(3).exponential(0.3, 400)
    found = truncated_regression(outcome[None], np.ones((400, 1)))
    assert found.settled.all()
    assert found.sigma[0] <= 3.001 * np.sqrt(((outcome - 1) ** 2).mean())


def test_draws_follow_the_truncated_normal():
    design = np.ones((1, 1))
    for mean in (1.5, 0.2, -2.0):
        drawn = draw(design, np.array([mean]), 0.4, np.random.default_rng(4), 20_000)[:, 0]
        truth = truncnorm((1 - mean) / 0.4, np.inf, mean, 0.4)
        assert drawn.mean() == pytest.approx(truth.mean(), rel=0.01)
        assert drawn.std() == pytest.approx(truth.std(), rel=0.03)
        assert expected(np.array([mean]), 0.4)[0] == pytest.approx(truth.mean())
