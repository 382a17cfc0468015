"""What chance does to rates of small groups: limits, how probable it is to lie outside them, and what is beyond it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PART = 0.45
"""Part of the probability of a count itself that belongs to its tail; see `limits`."""
LEAST = 10
"""Units below which nothing tells what differences between them are usual."""
WINSORISED = 0.1
"""Share of the units at either end whose distance from the overall rate is cut to that of the next one."""


def limits(n: Array, overall: float, level: float, spread: float = 0.0) -> tuple[Array, Array]:
    """Smooth binomial limits of a rate under chance alone, or under chance and usual differences.

    Parameters
    ----------
    n
        Denominators, shape (units,); whole numbers.
    overall
        Rate of all units [0–1].
    level
        Share within the limits [0–1].
    spread
        Standard deviation of the true rates [0–1]; 0 for chance alone.

    Returns
    -------
    tuple of arrays
        Lower and upper limit [0–1], shape (units,) each.

    Notes
    -----
    Interpolated between counts as in Spiegelhalter (2005, appendix A.1), with two changes that bring the share outside
    to its level also where few events are expected. The tail of a count k is P(X < k) + 0.45 P(X = k): with the
    whole of P(X = k) too few lie outside, with half of it still a few too few, since the share outside grows faster
    the larger it is already. And where not even a count of 0 is rare enough to lie outside (fewer than about 3
    expected events), the other side has both tails.

    Differences beyond chance widen the limits by √(1 + spread² / variance by chance), the additive model of
    Spiegelhalter (2005, section 4.2).

    Examples
    --------
    >>> lower, upper = limits(np.array([100.0]), 0.5, 0.95)
    >>> round(float(lower[0]), 3), round(float(upper[0]), 3)
    (0.402, 0.598)
    """
    tail = (1 - level) / 2
    below = np.where(_tail(np.zeros_like(n), n, 1 - overall) < tail, tail, 2 * tail)
    above = np.where(_tail(np.zeros_like(n), n, overall) < tail, tail, 2 * tail)
    lower, upper = _lower(n, overall, below), 1 - _lower(n, 1 - overall, above)
    if spread:
        wider = np.sqrt(1 + n * spread**2 / (overall * (1 - overall)))
        lower, upper = overall - (overall - lower) * wider, overall + (upper - overall) * wider
    return np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)


def _lower(n: Array, overall: float, probability: Array) -> Array:
    """The rate, between two counts, below which the tail is smaller than the probability."""
    from scipy.special import bdtrik

    if overall in (0, 1):
        return np.full(n.shape, float(overall))
    count = np.maximum(np.ceil(bdtrik(probability, n, overall)) - 1, 0)
    for _ in range(2):
        count = np.minimum(np.where(_tail(count, n, overall) >= probability, count, count + 1), n)
    above, below = _tail(count, n, overall), _tail(count - 1, n, overall)
    share = np.divide(above - probability, above - below, out=np.zeros_like(above), where=above > below)
    return np.asarray(np.maximum(count - share, 0.0) / n)


def _tail(count: Array, n: Array, overall: float) -> Array:
    less = _cumulated(count - 1, n, overall)
    return np.asarray(less + PART * (_cumulated(count, n, overall) - less))


def _cumulated(count: Array, n: Array, overall: float) -> Array:
    """P(X ≤ count) of a binomial; scipy.special, since importing scipy.stats takes longer than a whole analysis."""
    from scipy.special import bdtr

    return np.where(count < 0, 0.0, bdtr(np.clip(count, 0, n), n.astype(np.int64), overall))


def chance_outside(n: Array, overall: float, lower: Array, upper: Array) -> Array:
    """Probability that a rate lies outside its limits by chance alone [0–1], shape (units,).

    Examples
    --------
    >>> chance_outside(np.array([1.0]), 0.5, np.array([0.1]), np.array([1.0]))
    array([0.5])
    """
    # Counts whose rate is exactly on a limit lie within; the millionth absorbs rounding.
    least, greatest = np.ceil(lower * n - 1e-6), np.floor(upper * n + 1e-6)
    return np.asarray(_cumulated(least - 1, n, overall) + 1 - _cumulated(greatest, n, overall))


def beyond(rate: Array, n: Array, overall: float) -> float:
    """Standard deviation of the true rates [0–1], 0 where chance explains the differences.

    Parameters
    ----------
    rate
        Rates [0–1], shape (units,).
    n
        Denominators, shape (units,).
    overall
        Rate of all units [0–1].

    Notes
    -----
    The spread at which the winsorised squares of the standardised distances (rate − overall) / √(variance by
    chance + spread²) have the mean that they have in a normal distribution. Winsorised at 10 % as in Spiegelhalter
    (2005, section 4.1), so that a few exceptional units do not widen the limits that they shall be held against; but
    solved for the spread, where the distances of small and of large units are alike, and not computed at 0, where
    the large ones would be cut first. 0 unless the mean exceeds chance by two standard errors, and for
    fewer than 10 units.

    Examples
    --------
    >>> beyond(np.array([0.4, 0.6] * 20), np.full(40, 10_000.0), 0.5) > 0.08
    True
    >>> beyond(np.array([0.49, 0.51] * 20), np.full(40, 1000.0), 0.5)
    0.0
    """
    variance = overall * (1 - overall) / n
    if len(rate) < LEAST or not variance.any():
        return 0.0
    # The plain mean square too, since winsorising distorts the few values that rates of very small groups can have.
    found = min(_excess(rate - overall, variance), float(np.mean((rate - overall) ** 2 / variance)) - 1)
    if found <= 2 * np.sqrt(2 / len(rate)):
        return 0.0
    # The excess falls from above 0 to below 0: no spread of rates exceeds 1.
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _excess(rate - overall, variance + middle**2) > 0 else (low, middle)
    return high


def _excess(distance: Array, variance: Array) -> float:
    """By how much the winsorised mean square exceeds that of a normal distribution, as a share of the latter."""
    from scipy.special import ndtri

    cut = float(ndtri(1 - WINSORISED))
    density = np.exp(-(cut**2) / 2) / np.sqrt(2 * np.pi)
    normal = 1 - 2 * WINSORISED - 2 * cut * density + 2 * WINSORISED * cut**2
    z = distance / np.sqrt(variance)
    low, high = np.quantile(z, [WINSORISED, 1 - WINSORISED])
    return float(np.mean(np.clip(z, low, high) ** 2) / normal - 1)
