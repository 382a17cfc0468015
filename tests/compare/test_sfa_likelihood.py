"""The likelihood against integrals and differences, the search against the truth."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from kommunanalys.compare.sfa_likelihood import Maximum, Sample, conditional_efficiency, loglike, maximise, mills

SIZES = {"cross-section": [1] * 8, "panel": [1, 2, 5]}


def make(sizes, m, seed=3):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    return Sample(rng.normal(size=n), X, np.repeat(np.arange(len(sizes)), sizes), rng.normal(size=(len(sizes), m)))


def integral(sample, group, power, beta, delta, sigma2, gamma):
    """∫ exp(−power u) f(residuals | u) f(u) du of one group, by quadrature."""
    residual = (sample.y - sample.X @ beta)[sample.group == group]
    mu, deviation, noise = sample.mean[group] @ delta, np.sqrt(sigma2 * gamma), np.sqrt(sigma2 * (1 - gamma))

    def density(u):
        return np.exp(-power * u) * norm.pdf(residual + u, scale=noise).prod() * norm.pdf(u, mu, deviation)

    return quad(density, 0, 12, epsabs=1e-14, limit=200)[0] / norm.sf(-mu / deviation)


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("m", [0, 2])
def test_likelihood_and_efficiency_are_the_integrals(sizes, m):
    sample = make(sizes, m)
    point = (np.array([0.3, -0.2]), np.array([0.5, -0.7])[:m], 1.3, 0.6)
    groups = range(len(sizes))
    wholes = np.array([integral(sample, group, 0, *point) for group in groups])
    assert loglike(sample, *point)[0] == pytest.approx(np.log(wholes).sum(), abs=1e-8)
    parts = np.array([integral(sample, group, 1, *point) for group in groups])
    at = Maximum(0.0, *point, np.empty(0))
    assert conditional_efficiency(sample, at) == pytest.approx((parts / wholes)[sample.group], abs=1e-8)


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("m", [0, 2])
def test_the_gradient_is_that_of_the_differences(sizes, m):
    sample = make(sizes, m)
    point = np.array([0.3, -0.2, *[0.5, -0.7][:m], 1.3, 0.6])

    def value(at):
        return loglike(sample, at[:2], at[2:-2], at[-2], at[-1])

    steps = 1e-6 * np.eye(len(point))
    differences = [(value(point + step)[0] - value(point - step)[0]) / 2e-6 for step in steps]
    assert value(point)[1] == pytest.approx(np.array(differences), abs=1e-6)


def test_tails_do_not_overflow():
    assert mills(np.array([-1e6, -5.0, 0.0, 5.0, 1e6])) == pytest.approx(
        [1e6, norm.pdf(5) / norm.sf(5), norm.pdf(0) * 2, norm.pdf(5) / norm.cdf(5), 0.0]
    )
    sample = Sample(np.array([-300.0, 300.0]), np.ones((2, 1)), np.arange(2), np.empty((2, 0)))
    for gamma in (1e-8, 0.5, 1 - 1e-8):
        value, gradient = loglike(sample, np.zeros(1), np.zeros(0), 1.0, gamma)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()
        efficiency = conditional_efficiency(sample, Maximum(value, np.zeros(1), np.zeros(0), 1.0, gamma, np.empty(0)))
        assert ((efficiency >= 0) & (efficiency <= 1)).all()


@pytest.mark.parametrize("m", [0, 1, 2])
@pytest.mark.parametrize("rows", [1, 4])
def test_the_maximum_is_above_the_truth_and_level(m, rows):
    """Also the covariance: standard errors cover the truth, on the whole, and the gradient is nil."""
    distances = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        G = 240 // rows
        mean = np.column_stack([np.ones(G), rng.normal(size=G)])[:, :m]
        delta, beta, deviation, noise = np.array([0.2, 0.3])[:m], np.array([1.0, 0.5]), 0.4, 0.15
        u = norm.isf(rng.uniform(size=G) * norm.sf(-(mean @ delta) / deviation)) * deviation + mean @ delta
        group = np.repeat(np.arange(G), rows)
        X = np.column_stack([np.ones(240), rng.normal(size=240)])
        sample = Sample(X @ beta + rng.normal(scale=noise, size=240) - u[group], X, group, mean)
        truth = (beta, delta, deviation**2 + noise**2, deviation**2 / (deviation**2 + noise**2))
        best = maximise(sample)
        assert best is not None
        value, gradient = loglike(sample, best.beta, best.delta, best.sigma2, best.gamma)
        assert value == pytest.approx(best.loglike)
        assert best.loglike >= loglike(sample, *truth)[0]
        error = np.sqrt(np.diag(best.covariance))
        if not np.isnan(error).any():
            assert np.abs(gradient * error).max() < 1e-3
            distances.append(abs(best.beta[1] - 0.5) / error[1])
    assert max(distances) < 4


def test_the_hessian_is_that_of_the_natural_parameters():
    """Standard errors against second differences of the log-likelihood itself."""
    rng = np.random.default_rng(11)
    X = np.column_stack([np.ones(500), rng.normal(5, 3, 500)])
    y = X @ [1.0, 0.5] + rng.normal(scale=0.15, size=500) - np.abs(rng.normal(scale=0.4, size=500))
    sample = Sample(y, X, np.arange(500), np.empty((500, 0)))
    best = maximise(sample)
    point = np.array([*best.beta, best.sigma2, best.gamma])
    steps = 1e-6 * np.eye(4)

    def gradient(at):
        return loglike(sample, at[:2], np.empty(0), at[2], at[3])[1]

    hessian = np.array([(gradient(point + step) - gradient(point - step)) / 2e-6 for step in steps])
    assert np.linalg.inv(-hessian) == pytest.approx(best.covariance, rel=1e-4)
