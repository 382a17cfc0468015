"""The likelihood behind `sfa`: noise minus truncated-normal inefficiency, its maximum, and the efficiencies there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GAMMAS = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
"""Shares of variance from which the search starts, as a grid."""
CENTRES = (-1.5, -0.5, 0.0, 1.0)
"""Means of the inefficiency before truncation, in its standard deviations, from which the search starts."""
FARTHEST = 2.0
"""A mean that is the same for all is sought within so many of those deviations, as FRONTIER 4.1 does."""
STARTS = 4
"""How many of the best points of the grid are followed to a maximum."""
WIDEST = 10.0
"""The variance is sought up to exp(10) times that of least squares: far beyond, the likelihood is a flat ridge."""
EDGE = 16.0
"""Gamma is sought between 1 / (1 + exp(16)) and 1 / (1 + exp(−16)), about 1e-7 from either end."""
FLAT = 1e-5
"""Gradient of the mean log-likelihood (in standardised parameters) below which a maximum is reached."""


@dataclass(frozen=True)
class Sample:
    """What the likelihood sees: y = X β + v − u, where v is normal noise and u a truncated normal above 0.

    Parameters
    ----------
    y
        Shape (n,).
    X
        Intercept included, shape (n, k).
    group
        Which draw of u each row has, 0 … G − 1, shape (n,): of its own in a cross-section, of its unit in a panel.
    mean
        What the mean of u before truncation is linear in, shape (G, m); m = 0 for the half-normal.
    """

    y: Array
    X: Array
    group: NDArray[np.intp]
    mean: Array

    @property
    def sizes(self) -> Array:
        """Rows of each group, shape (G,)."""
        return np.bincount(self.group).astype(float)


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is highest.

    Parameters
    ----------
    loglike
        Its logarithm there.
    beta, delta
        Coefficients of the frontier, shape (k,), and of the mean of u, shape (m,).
    sigma2, gamma
        Variance of v plus variance of u before truncation, and the share of the latter in it [0–1].
    covariance
        Of (beta, delta, sigma2, gamma), from the Hessian, shape (k + m + 2, k + m + 2). NaN for what lies on an edge
        of where it is sought (the others then hold for that value), and everywhere if the Hessian is singular.
    """

    loglike: float
    beta: Array
    delta: Array
    sigma2: float
    gamma: float
    covariance: Array


def mills(x: Array) -> Array:
    """Normal density over normal distribution function, without overflow in either tail.

    Examples
    --------
    >>> mills(np.array([-40.0, 0.0, 40.0])).round(4).tolist()
    [40.025, 0.7979, 0.0]
    """
    from scipy.special import erfcx

    return np.asarray(np.sqrt(2 / np.pi) / erfcx(-x / np.sqrt(2)))


def loglike(sample: Sample, beta: Array, delta: Array, sigma2: float, gamma: float) -> tuple[float, Array]:
    """Log-likelihood and its gradient with regard to (beta, delta, sigma2, gamma), shape (k + m + 2,).

    Notes
    -----
    Given its group, a row's residual is normal; the truncation adds a ratio of two normal probabilities. With groups
    of one row this is the cross-section of Aigner, Lovell and Schmidt (1977), or of Battese and Coelli (1995).

    Examples
    --------
    With gamma close to 0 it is the normal log-likelihood:

    >>> sample = Sample(np.array([-1.0, 1.0]), np.ones((2, 1)), np.arange(2), np.empty((2, 0)))
    >>> round(loglike(sample, np.zeros(1), np.zeros(0), 1.0, 1e-12)[0], 4)
    -2.8379
    """
    from scipy.special import log_ndtr

    p, q, sizes, group = sigma2 * (1 - gamma), sigma2 * gamma, sample.sizes, sample.group
    residual = sample.y - sample.X @ beta
    mean = np.bincount(group, residual) / sizes
    within = residual - mean[group]
    square = np.bincount(group, within**2)
    mu = sample.mean @ delta
    total, gap = p + sizes * q, mean + mu
    root = np.sqrt(p * q * total)
    a, b = (mu * p - q * sizes * mean) / root, mu / np.sqrt(q)
    normal = -0.5 * (
        sizes * np.log(2 * np.pi) + (sizes - 1) * np.log(p) + np.log(total) + square / p + sizes * gap**2 / total
    )
    value = float((normal + log_ndtr(a) - log_ndtr(b)).sum())
    ha, hb = mills(a), mills(b)
    by_row = within / p + (gap / total + ha * q / root)[group]
    by_mu = -sizes * gap / total + ha * p / root - hb / np.sqrt(q)
    by_p = 0.5 * (square / p**2 - (sizes - 1) / p + sizes * gap**2 / total**2 - 1 / total)
    by_p += ha * (mu / root - a / 2 * (1 / p + 1 / total))
    by_q = 0.5 * (sizes**2 * gap**2 / total**2 - sizes / total) + hb * b / (2 * q)
    by_q -= ha * (sizes * mean / root + a / 2 * (1 / q + sizes / total))
    by_sigma2 = ((1 - gamma) * by_p + gamma * by_q).sum()
    by_gamma = (sigma2 * (by_q - by_p)).sum()
    return value, np.concatenate([by_row @ sample.X, by_mu @ sample.mean, [by_sigma2, by_gamma]])


def conditional_efficiency(sample: Sample, at: Maximum) -> Array:
    """E[exp(−u) | residuals of the group] for each row, shape (n,), above 0 and at most 1.

    References
    ----------
    Battese & Coelli (1988), Journal of Econometrics 38, equation 10.

    Examples
    --------
    >>> sample = Sample(np.array([-1.0, 1.0]), np.ones((2, 1)), np.arange(2), np.empty((2, 0)))
    >>> at = Maximum(0.0, np.zeros(1), np.zeros(0), 1.0, 0.5, np.empty((4, 4)))
    >>> conditional_efficiency(sample, at).round(3).tolist()
    [0.565, 0.787]
    """
    from scipy.special import log_ndtr

    p, q, sizes = at.sigma2 * (1 - at.gamma), at.sigma2 * at.gamma, sample.sizes
    total = np.bincount(sample.group, sample.y - sample.X @ at.beta)
    centre = (sample.mean @ at.delta * p - q * total) / (p + sizes * q)
    spread = np.sqrt(p * q / (p + sizes * q))
    ratio = log_ndtr(centre / spread - spread) - log_ndtr(centre / spread)
    return np.asarray(np.exp(spread**2 / 2 - centre + ratio))[sample.group]


def maximise(sample: Sample) -> Maximum | None:
    """The highest of the maxima that are reached from a grid of starts; None if none is reached.

    Notes
    -----
    The search runs on columns made orthonormal and on y in units of its least-squares residuals, over beta, delta
    divided by the standard deviation of u, ln sigma2 and the logit of gamma. So neither the units of the columns nor
    their correlation matter to it.

    A mean that is the same for all (a column of ones) stays within `FARTHEST`: as it falls, the truncated normal
    becomes an exponential, and the likelihood a ridge without a top.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> y = rng.normal(scale=0.1, size=500) - abs(rng.normal(scale=0.5, size=500))
    >>> best = maximise(Sample(y, np.ones((500, 1)), np.arange(500), np.empty((500, 0))))
    >>> round(best.gamma, 2), best.beta.round(2).tolist()
    (0.97, [-0.02])
    """
    scaled, unit, frontier, mean = _standardised(sample)
    k, m = frontier.shape[0], mean.shape[0]
    same = m == 1 and bool(np.ptp(sample.mean) == 0)
    limits = np.concatenate([np.full(k, np.inf), np.full(m, FARTHEST if same else np.inf), [WIDEST, EDGE]])
    reached = [found for start in _starts(scaled) if (found := _climb(scaled, start, limits)) is not None]
    if not reached:
        return None
    value, theta = max(reached, key=lambda item: item[0])
    beta, delta, sigma2, gamma = _natural(theta, k)
    # Back to the units of the data, and from the parameters of the search to the natural ones.
    back = _jacobian(theta, k)
    back[:k] = unit * frontier @ back[:k]
    back[k:-2] = unit * mean @ back[k:-2]
    back[-2] *= unit**2
    covariance = back @ _covariance(scaled, theta, limits) @ back.T
    edge = np.abs(theta) >= limits
    covariance[edge], covariance[:, edge] = np.nan, np.nan
    return Maximum(
        value - len(sample.y) * float(np.log(unit)),
        unit * frontier @ beta,
        unit * mean @ delta,
        unit**2 * sigma2,
        gamma,
        covariance,
    )


def _standardised(sample: Sample) -> tuple[Sample, float, Array, Array]:
    """The sample on orthonormal columns, the unit of its y, and the ways back for beta and delta."""
    X, frontier = _orthonormal(sample.X)
    mean, back = _orthonormal(sample.mean)
    residual = sample.y - X @ (X.T @ sample.y) / len(X)
    unit = float(np.sqrt((residual**2).mean()))
    return Sample(sample.y / unit, X, sample.group, mean), unit, frontier, back


def _orthonormal(columns: Array) -> tuple[Array, Array]:
    if not columns.shape[1]:
        return columns, np.empty((0, 0))
    root = np.sqrt(len(columns))
    q, r = np.linalg.qr(columns)
    return root * q, np.linalg.inv(r / root)


def _natural(theta: Array, k: int) -> tuple[Array, Array, float, float]:
    """Parameters of the search as (beta, delta, sigma2, gamma)."""
    from scipy.special import expit

    sigma2, gamma = float(np.exp(theta[-2])), float(expit(theta[-1]))
    return theta[:k], theta[k:-2] * np.sqrt(sigma2 * gamma), sigma2, gamma


def _jacobian(theta: Array, k: int) -> Array:
    """Derivative of (beta, delta, sigma2, gamma) with regard to the parameters of the search."""
    _, delta, sigma2, gamma = _natural(theta, k)
    jacobian = np.eye(len(theta))
    jacobian[k:-2, k:-2] *= np.sqrt(sigma2 * gamma)
    jacobian[k:-2, -2], jacobian[k:-2, -1] = delta / 2, delta * (1 - gamma) / 2
    jacobian[-2, -2], jacobian[-1, -1] = sigma2, gamma * (1 - gamma)
    return jacobian


def _starts(scaled: Sample) -> list[Array]:
    """The best points of the grid: least squares, shifted and split so that mean and variance stay as they are."""
    n, k = scaled.X.shape
    slopes, ones = scaled.X.T @ scaled.y / n, scaled.X.T @ np.ones(n) / n
    constant = scaled.mean.T @ np.ones(len(scaled.mean)) / len(scaled.mean)
    points = []
    for centre in CENTRES if scaled.mean.shape[1] else (0.0,):
        hazard = float(mills(np.array(centre)))
        for gamma in GAMMAS:
            sigma2 = 1 / (1 - gamma * hazard * (centre + hazard))
            beta = slopes + np.sqrt(gamma * sigma2) * (centre + hazard) * ones
            points.append(np.concatenate([beta, centre * constant, [np.log(sigma2), np.log(gamma / (1 - gamma))]]))
    points.sort(key=lambda point: -loglike(scaled, *_natural(point, k))[0])
    return points[:STARTS]


def _slope(scaled: Sample, theta: Array) -> tuple[float, Array]:
    """Minus the mean log-likelihood and its gradient in the parameters of the search."""
    n, k = scaled.X.shape
    value, gradient = loglike(scaled, *_natural(theta, k))
    return -value / n, -gradient @ _jacobian(theta, k) / n


def _climb(scaled: Sample, start: Array, limits: Array) -> tuple[float, Array] | None:
    """Log-likelihood and parameters at the maximum above a start; None where the search ends on a slope."""
    from scipy.optimize import minimize

    options = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-14, "gtol": 1e-8, "maxcor": 30}
    bounds = np.column_stack([-limits, limits])
    found = minimize(
        lambda theta: _slope(scaled, theta), start, jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    theta = _polished(scaled, found.x, limits)
    value, gradient = _slope(scaled, theta)
    free = np.abs(theta) < limits
    return (-value * len(scaled.y), theta) if np.abs(gradient[free]).max() < FLAT else None


def _polished(scaled: Sample, theta: Array, limits: Array) -> Array:
    """Newton's steps as long as they go up: the last digits where the likelihood is flat."""
    free = np.abs(theta) < limits
    for _ in range(5):
        value, gradient = _slope(scaled, theta)
        curvature = _curvature(scaled, theta)[np.ix_(free, free)]
        if np.linalg.eigvalsh(curvature)[0] <= 0:
            return theta
        moved = theta.copy()
        moved[free] -= np.linalg.solve(curvature, gradient[free])
        if np.any(np.abs(moved) > limits) or _slope(scaled, moved)[0] > value:
            return theta
        theta = moved
    return theta


def _curvature(scaled: Sample, theta: Array, step: float = 1e-5) -> Array:
    """Hessian of minus the mean log-likelihood, by central differences of the gradient."""
    moves = step * np.eye(len(theta))
    rows = [_slope(scaled, theta + move)[1] - _slope(scaled, theta - move)[1] for move in moves]
    hessian = np.array(rows) / (2 * step)
    return np.asarray((hessian + hessian.T) / 2)


def _covariance(scaled: Sample, theta: Array, limits: Array) -> Array:
    """Inverse Hessian in the parameters of the search; what lies on an edge counts as known there."""
    free = np.ix_(np.abs(theta) < limits, np.abs(theta) < limits)
    curvature = _curvature(scaled, theta)[free] * len(scaled.y)
    if np.linalg.eigvalsh(curvature)[0] <= 0:
        return np.full((len(theta), len(theta)), np.nan)
    covariance = np.zeros((len(theta), len(theta)))
    covariance[free] = np.linalg.inv(curvature)
    return covariance
