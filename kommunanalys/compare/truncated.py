"""Normal regression of outcomes of which only those above 1 exist: many samples at once, arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEPS: Final = 60
SETTLED: Final = 1e-7
SAME: Final = 1e-8
WIDEST: Final = 3.0
"""Greatest standard deviation before truncation, in root mean squares of the excess over 1. Scores that thin out like
an exponential distribution drive it to infinity; from here on the fitted density is hardly told from exponential."""


@dataclass(frozen=True)
class Regressions:
    """Several truncated regressions on the same design.

    Parameters
    ----------
    beta
        Coefficients, shape (samples, k).
    sigma
        Standard deviations before truncation, shape (samples,).
    settled
        Whether the maximum was found, shape (samples,).
    bounded
        Whether it lies at the bound of the deviation, shape (samples,).
    """

    beta: Array
    sigma: Array
    settled: NDArray[np.bool_]
    bounded: NDArray[np.bool_]


def truncated_regression(outcomes: Array, design: Array) -> Regressions:
    """Normal regression of outcomes of which only those above 1 exist, by maximum likelihood.

    Parameters
    ----------
    outcomes
        Several samples, shape (samples, n), all above 1.
    design
        With the intercept as its first column, shape (n, k).

    Notes
    -----
    Newton's method for all samples at once in Olsen's parameters β / σ and 1 / σ, with steps halved until the
    likelihood does not fall. σ is at most 3 root mean squares of the excess over 1, so that a maximum always exists.

    References
    ----------
    Olsen (1978), Econometrica 46(5); Orme (1989), Economics Letters 31(4), on the single maximum.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> sample = 2 + 0.5 * rng.standard_normal(4000)
    >>> found = truncated_regression(sample[sample > 1][None], np.ones(((sample > 1).sum(), 1)))
    >>> found.beta.round(1).tolist(), found.sigma.round(1).tolist()
    ([[2.0]], [0.5])
    """
    excess = outcomes - 1
    least = 1 / (WIDEST * np.sqrt((excess**2).mean(axis=1)))
    start = np.linalg.lstsq(design, excess.T)[0].T
    tau = 1 / np.sqrt(((excess - start @ design.T) ** 2).mean(axis=1))
    place = np.column_stack([start * tau[:, None], tau])
    settled = np.zeros(len(place), dtype=bool)
    for _ in range(STEPS):
        rest = np.flatnonzero(~settled)
        if not len(rest):
            break
        step, gain = _newton(place[rest], excess[rest], design, least[rest])
        place[rest] = _move(place[rest], step, excess[rest], design, least[rest])
        settled[rest] = np.abs(gain) < SETTLED
    sigma = 1 / place[:, -1]
    beta = place[:, :-1] * sigma[:, None]
    beta[:, 0] += 1
    return Regressions(beta, sigma, settled & np.isfinite(beta).all(axis=1), _at(place, least))


def _at(place: Array, least: Array) -> NDArray[np.bool_]:
    return np.asarray(place[:, -1] <= least * (1 + SAME))


def _likelihood(place: Array, excess: Array, design: Array) -> Array:
    from scipy.special import log_ndtr

    eta, tau = place[:, :-1] @ design.T, place[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.log(tau) - (tau * excess - eta) ** 2 / 2 - log_ndtr(eta)
    return np.asarray(np.where(tau[:, 0] > 0, terms.sum(axis=1), -np.inf))


def _mills(eta: Array) -> Array:
    from scipy.special import log_ndtr

    return np.asarray(np.exp(-(eta**2) / 2 - np.log(2 * np.pi) / 2 - log_ndtr(eta)))


def _newton(place: Array, excess: Array, design: Array, least: Array) -> tuple[Array, Array]:
    """Steps, shape (samples, k + 1), and the gain in likelihood that each promises."""
    eta, tau = place[:, :-1] @ design.T, place[:, -1:]
    mills, k = _mills(eta), design.shape[1]
    residual = tau * excess - eta
    gradient = np.column_stack([(residual - mills) @ design, (1 / tau - residual * excess).sum(axis=1)])
    curve = np.empty((len(place), k + 1, k + 1))
    curve[:, :k, :k] = np.einsum("sn,ni,nj->sij", 1 - mills * (mills + eta), design, design, optimize=True)
    curve[:, :k, k] = curve[:, k, :k] = -excess @ design
    curve[:, k, k] = (1 / tau**2 + excess**2).sum(axis=1)
    # A little on the diagonal keeps a flat direction from sending the step to infinity.
    curve += 1e-9 * np.einsum("sii->si", curve)[:, :, None] * np.eye(k + 1)
    step = np.linalg.solve(curve, gradient[:, :, None])[:, :, 0]
    held = _at(place, least) & (step[:, -1] < 0)
    step[held, :-1] = np.linalg.solve(curve[held, :k, :k], gradient[held, :-1, None])[:, :, 0]
    step[held, -1] = 0.0
    return step, np.asarray((step * gradient).sum(axis=1))


def _move(place: Array, step: Array, excess: Array, design: Array, least: Array) -> Array:
    """Places after a step, cut at the bound and halved until the likelihood does not fall."""
    falling = step[:, -1] < 0
    room = np.divide(place[:, -1] - least, -step[:, -1], out=np.ones(len(place)), where=falling)
    length, value = np.clip(room, 0.0, 1.0), _likelihood(place, excess, design)
    place, waiting = place.copy(), np.arange(len(place))
    for _ in range(25):
        tried = place[waiting] + length[waiting, None] * step[waiting]
        better = _likelihood(tried, excess[waiting], design) >= value[waiting] - 1e-12 * np.abs(value[waiting])
        place[waiting[better]] = tried[better]
        waiting = waiting[~better]
        if not len(waiting):
            break
        length[waiting] /= 2
    return place


def draw(design: Array, beta: Array, sigma: float, rng: np.random.Generator, draws: int) -> Array:
    """Outcomes above 1 of a truncated regression, shape (draws, n).

    Examples
    --------
    >>> drawn = draw(np.ones((3, 1)), np.array([1.2]), 0.3, np.random.default_rng(1), 2)
    >>> drawn.shape, bool((drawn > 1).all())
    ((2, 3), True)
    """
    from scipy.special import log_ndtr, ndtri_exp

    mean = design @ beta
    share = rng.random((draws, len(mean)))
    # The upper tail by logarithms: a truncation far out leaves nothing of a probability near 1.
    return np.asarray(np.maximum(mean - sigma * ndtri_exp(np.log(share) + log_ndtr((mean - 1) / sigma)), 1 + SAME))


def expected(mean: Array, sigma: float) -> Array:
    """Mean of the outcomes above 1, by the mean before truncation, shape (n,).

    Examples
    --------
    Half of a normal distribution around 1 lies above it, on average √(2 / π) deviations:

    >>> expected(np.array([1.0]), 0.5).round(3).tolist()
    [1.399]
    """
    return np.asarray(mean + sigma * _mills((mean - 1) / sigma))
