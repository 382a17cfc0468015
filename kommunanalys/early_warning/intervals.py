"""Intervals of a share that a list reaches, and of the difference between two ways to use the same capacity.

What is estimated: the expected share when people are drawn anew into the same places on the same as-of days, with the
rules (trained models, flag, order of the places) as they are. The interval does not hold what changes from one year to
the next, nor what another model would have learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from kommunanalys.errors import UsageError

Array = NDArray[np.float64]
LEVEL: Final = 0.95


@dataclass(frozen=True)
class Interval:
    """A number with its interval."""

    value: float
    low: float
    high: float

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low > 0


NOTHING: Final = Interval(float("nan"), float("nan"), float("nan"))


def share(values: ArrayLike, weights: ArrayLike, persons: ArrayLike, *, level: float = LEVEL) -> Interval:
    """Weighted share with a 95 % interval: precision is `share(y, listed, ...)`, recall is `share(listed, y, ...)`.

    Parameters
    ----------
    values
        Numbers 0–1, shape (n,): whether the event came, or with which chance the unit is listed.
    weights
        Numbers 0–1, shape (n,), what is counted: those listed, or those with the event.
    persons
        Shape (n,). Rows of one person are no independent observations.
    level
        How often such intervals hold the expected share.

    Notes
    -----
    Jeffreys interval with the effective number of observations p (1 − p) / V, where V is the variance of the ratio,
    linearised and clustered by person. Where all values are alike (p = 0 or 1) the number is that of the persons, by
    their weights. `benchmarks/early_warning_truth.py` compares it with Wilson and mid-P.

    References
    ----------
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion, Statistical Science 16:101–133.
    Korn & Graubard (1998), Confidence intervals for proportions with small expected number of positive counts,
    Survey Methodology 24:193–201.

    Examples
    --------
    >>> found = share([1, 0, 0, 1, 0, 0, 0, 0, 0, 1], np.ones(10), range(10))
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (0.3, 0.09, 0.62)
    """
    value, weight = _checked(values, weights)
    total = weight.sum()
    if total == 0:
        return NOTHING
    centre = float((weight * value).sum() / total)
    low, high = _jeffreys(centre, effective(value, weight, persons), level)
    return Interval(centre, low, high)


def recall(
    y: ArrayLike,
    listed: ArrayLike,
    persons: ArrayLike,
    parts: ArrayLike,
    edge: ArrayLike,
    *,
    inside: ArrayLike | None = None,
) -> Interval:
    """Share of those with the event who are listed, with a 95 % interval that knows of the fixed capacity.

    Parameters
    ----------
    y
        Whether the event came, 0 or 1, shape (n,).
    listed
        With which chance the unit is listed, 0–1, shape (n,).
    persons
        Shape (n,).
    parts
        Which units share a capacity (date, or date and place), shape (n,).
    edge
        How much the unit lies at the edge of the list, 0–1, shape (n,): those listed with half as much capacity more
        but not with half as much less.
    inside
        The group whose recall is asked for, shape (n,), all of them where None. Give all units in the other arrays:
        the others compete for the same capacity.

    Notes
    -----
    More people at high risk move the edge of the list upwards, so that recall varies less than if each were listed by
    a rule of their own. The residual of a unit is inside · y · (listed − recall) − rate · (listed − share listed in its
    part), where rate is the share of events inside the group at the edge. The interval is that of Jeffreys with as many
    observations as that variance amounts to. `benchmarks/early_warning_truth.py` compares it with `share`, which
    tends to be too wide here.

    Examples
    --------
    >>> y, listed = np.array([1.0, 1, 0, 0, 1, 0, 0, 0]), np.array([1.0, 1, 1, 1, 0, 0, 0, 0])
    >>> edge = np.array([0.0, 0, 1, 1, 1, 1, 0, 0])
    >>> found = recall(y, listed, range(8), np.zeros(8), edge)
    >>> round(found.value, 2), found.low < 0.3, found.high > 0.9
    (0.67, True, True)
    """
    event, chance = _checked(y, listed)
    own = event if inside is None else event * np.asarray(inside, float)
    if own.sum() == 0:
        return NOTHING
    centre = float((own * chance).sum() / own.sum())
    margin = np.asarray(edge, float)
    rate = (margin * own).sum() / margin.sum() if margin.sum() else 0.0
    codes, _ = pd.factorize(np.asarray(parts), use_na_sentinel=False)
    usual = (np.bincount(codes, weights=chance) / np.bincount(codes))[codes]
    residual = sums(own * (chance - centre) - rate * (chance - usual), persons) / own.sum()
    return Interval(centre, *_jeffreys(centre, _observations(centre, residual, own, persons), LEVEL))


def effective(values: Array, weights: Array, persons: ArrayLike) -> float:
    """How many independent 0/1 observations would be as precise; infinite where the share is known exactly.

    Examples
    --------
    >>> effective(np.array([1.0, 1.0, 0.0, 0.0]), np.ones(4), ["a", "a", "b", "c"]) < 3
    True
    """
    mean = float((weights * values).sum() / weights.sum())
    return _observations(mean, _residuals(values, weights, persons), weights, persons)


def _observations(mean: float, residual: Array, weights: Array, persons: ArrayLike) -> float:
    if np.isclose(mean, 0) or np.isclose(mean, 1):
        by_person = sums(weights, persons)
        return float(by_person.sum() ** 2 / (by_person**2).sum())
    variance = _spread(residual, residual)
    return float(mean * (1 - mean) / variance) if variance > 1e-15 else float("inf")


def difference(
    y: ArrayLike, first: ArrayLike, second: ArrayLike, persons: ArrayLike, *, level: float = LEVEL
) -> Interval:
    """How much larger the share with the event is among those the first way lists than among those of the second.

    Parameters
    ----------
    y
        Whether the event came, 0 or 1, shape (n,).
    first, second
        With which chance each way lists the unit, 0–1, shape (n,).
    persons
        Shape (n,).
    level
        How often such intervals hold the expected difference.

    Notes
    -----
    The two lists share people, so their shares go together: the interval is put together from those of `share` with
    the correlation of their residuals.

    References
    ----------
    Newcombe (1998), Improved confidence intervals for the difference between binomial proportions based on paired
    data, Statistics in Medicine 17:2635–2650. Zou & Donner (2008), Statistics in Medicine 27:1693–1702.

    Examples
    --------
    >>> y = np.array([1.0] * 12 + [0.0] * 88)
    >>> top, bottom = np.arange(100) < 20, np.arange(100) >= 80
    >>> found = difference(y, top, bottom, range(100))
    >>> found.value, found.above_zero, difference(y, top, top, range(100)).value
    (0.6, True, 0.0)
    """
    event, one = _checked(y, first)
    _, two = _checked(y, second)
    if one.sum() == 0 or two.sum() == 0:
        return NOTHING
    if np.array_equal(one, two):
        return Interval(0.0, 0.0, 0.0)
    a, b = share(event, one, persons, level=level), share(event, two, persons, level=level)
    left, right = _residuals(event, one, persons), _residuals(event, two, persons)
    scale = np.sqrt(_spread(left, left) * _spread(right, right))
    together = float(np.clip(_spread(left, right) / scale, -1, 1)) if scale > 0 else 0.0
    gap = a.value - b.value
    down = _hypotenuse(a.value - a.low, b.high - b.value, together)
    up = _hypotenuse(a.high - a.value, b.value - b.low, together)
    return Interval(gap, gap - down, gap + up)


def _checked(values: ArrayLike, weights: ArrayLike) -> tuple[Array, Array]:
    value, weight = np.asarray(values, float), np.asarray(weights, float)
    both = np.concatenate([value, weight])
    if value.shape != weight.shape or not ((both >= 0) & (both <= 1)).all():
        raise UsageError(
            "An interval needs as many values ({values}) as weights ({weights}), all from 0 to 1 and none missing. "
            "Leave out the units without a recorded outcome first.",
            values=len(value),
            weights=len(weight),
        )
    return value, weight


def sums(values: Array, clusters: ArrayLike) -> Array:
    """Sums by cluster, such as the rows of one person, in the order in which they first come.

    Examples
    --------
    >>> sums(np.array([1.0, 2.0, 3.0]), ["a", "b", "a"]).tolist()
    [4.0, 2.0]
    """
    codes, _ = pd.factorize(np.asarray(clusters), use_na_sentinel=False)
    return np.asarray(np.bincount(codes, weights=values), float)


def error_of_sum(residual: Array, clusters: ArrayLike) -> float:
    """Standard error of the sum of residuals that add up to 0, rows of one cluster together.

    Examples
    --------
    >>> round(error_of_sum(np.array([1.0, -1.0, 1.0, -1.0]), [1, 2, 3, 4]), 3)
    2.309
    """
    by_cluster = sums(residual, clusters)
    return float(np.sqrt((by_cluster**2).sum() * len(by_cluster) / max(len(by_cluster) - 1, 1)))


def _residuals(values: Array, weights: Array, persons: ArrayLike) -> Array:
    """Share of each person in the error of the ratio; those with no weight at all count nothing."""
    mean = (weights * values).sum() / weights.sum()
    return sums(weights * (values - mean) / weights.sum(), persons)


def _spread(left: Array, right: Array) -> float:
    count = int(((left != 0) | (right != 0)).sum())
    return float((left * right).sum() * count / max(count - 1, 1))


def _jeffreys(centre: float, n: float, level: float) -> tuple[float, float]:
    if np.isinf(n):
        return centre, centre
    tail, hits = (1 - level) / 2, centre * n
    low = betaincinv(hits + 0.5, n - hits + 0.5, tail) if hits > 1e-9 else 0.0
    high = betaincinv(hits + 0.5, n - hits + 0.5, 1 - tail) if n - hits > 1e-9 else 1.0
    return float(low), float(high)


def _hypotenuse(one: float, two: float, together: float) -> float:
    return float(np.sqrt(max(one**2 + two**2 - 2 * together * one * two, 0.0)))
