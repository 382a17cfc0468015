"""Intervals for efficiency scores: where the true efficiency probably lies, learned in simulated worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kommunanalys.compare import worlds
from kommunanalys.compare.dea_data import check_fitted
from kommunanalys.compare.ranges import Intervals
from kommunanalys.compare.worlds import Array, Ratios, Yardstick
from kommunanalys.errors import TableError, TooFewUnits, UsageError

if TYPE_CHECKING:
    from kommunanalys.compare.dea import DEA

DRAWS: Final = 200
RANKINGS: Final = 1000
LEAST: Final = 15
BELOW: Final = 5
"""Units, and units below the frontier, at least: with fewer nothing can be told of a distribution."""
PEAKED: Final = 6.0
"""Shape of the fitted distribution from which few units seem to be near the frontier (2 is half-normal)."""


def intervals(dea: DEA, level: float = 0.95) -> Intervals:
    """The range in which each unit's true efficiency probably lies.

    Parameters
    ----------
    dea
        Fitted, without fixed or non-controllable columns; its `random_state` gives the same answer again.
    level
        Level of the intervals and of the ranges of ranks [0–1].

    Raises
    ------
    UsageError
        A level outside (0, 1); a DEA that is not fitted, of free disposal, or with columns that do not move.
    TableError
        A unit of unbounded score.
    TooFewUnits
        Fewer than 15 units, or fewer than 5 below the frontier.

    Notes
    -----
    The bias that a bootstrap sees is only a part of the true one. How large a part is learned in simulated worlds
    that resemble the data: the frontier is the hull of the units moved inward by score and bias, the distribution of
    inefficiency is fitted so that the worlds' scores have the observed mean and variation. In each world the ratio of
    (log score − log truth) to the bias seen by that world's own bootstrap is recorded, apart for units with score 1;
    the quantiles of these ratios times the observed bias make the interval, and their mean the correction. Where no
    distribution fits, worlds with smoothed draws from the observed scores join in and the wider interval is taken.
    Ranges of ranks come from drawing a ratio for every unit, all from the same world.

    References
    ----------
    Simar & Wilson (1998), Management Science 44(1) (the inner bootstrap).

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rng = np.random.default_rng(1)
    >>> need = rng.uniform(1, 9, 40)
    >>> cost = need * np.exp(np.abs(rng.normal(0, 0.3, 40)))
    >>> from kommunanalys.compare import DEA
    >>> result = intervals(DEA(returns="crs", random_state=1).fit(cost, need))
    >>> frame = result.to_frame()
    >>> bool((frame["lower"] < frame["corrected"]).all()), bool((frame["upper"] <= frame["efficiency"]).all())
    (True, True)
    """
    _check(dea, level)
    rng = np.random.default_rng(dea.random_state)
    yardstick, moving, seen = _figures(dea)
    biased = worlds.bias(yardstick, moving, seen, DRAWS, rng)
    told, doubtful = _worlds(yardstick, moving, seen, biased, rng)
    nearest, middle, farthest = _limits(seen, biased, told, level)
    ranks = np.full((2, len(seen)), np.nan) if doubtful else _ranks(seen, biased, told[0], level, rng)
    columns = {"corrected": middle, "lower": farthest, "upper": nearest}
    if dea.orientation == "output":
        columns = {"corrected": middle, "lower": nearest, "upper": farthest}
    sign = -1.0 if dea.orientation == "input" else 1.0
    frame = pd.DataFrame({name: np.exp(sign * value) for name, value in columns.items()}, dea.efficiency_.index)
    frame.insert(0, "efficiency", dea.efficiency_)
    frame["rank_lower"], frame["rank_upper"] = (pd.array(row, "Float64").astype("Int64") for row in ranks)
    sizes = dea.inputs_.shape[1], dea.outputs_.shape[1]
    return Intervals(frame, level, doubtful, dea.orientation, dea.returns, *sizes)


def _check(dea: DEA, level: float) -> None:
    if not 0 < level < 1:
        raise UsageError("A level is a share between 0 and 1, such as 0.95; got {level}.", level=level)
    check_fitted(dea)
    if dea.returns == "fdh" or dea.fixed or dea.noncontrollable:
        raise UsageError(
            "Intervals are known for convex frontiers of which every column of the orientation moves: choose returns "
            "vrs, crs, drs or irs, and no fixed or non-controllable columns."
        )
    wrong = dea.efficiency_.index[~np.isfinite(dea.efficiency_) | (dea.efficiency_ <= 0)]
    if len(wrong):
        raise TableError(
            "The score of {units} is 0 or unbounded, as without any output, so that no interval exists. Leave them out "
            "and fit again.",
            units=", ".join(map(str, wrong)),
        )
    below = int((np.abs(dea.efficiency_ - 1) > worlds.ON_FRONTIER).sum())
    if len(dea.efficiency_) < LEAST or below < BELOW:
        raise TooFewUnits(
            "{units} units, {below} of them below the frontier: intervals need at least {least} units, {few} of them "
            "below the frontier. Compare more units, or fewer columns.",
            units=len(dea.efficiency_),
            below=below,
            least=LEAST,
            few=BELOW,
        )


def _figures(dea: DEA) -> tuple[Yardstick, Array, Array]:
    moving, still = dea.inputs_.to_numpy(float), dea.outputs_.to_numpy(float)
    if dea.orientation == "output":
        moving, still = still, moving
    yardstick = Yardstick(still, dea.returns, dea.orientation)
    return yardstick, moving, np.abs(np.log(dea.efficiency_.to_numpy(float)))


def _worlds(
    yardstick: Yardstick, moving: Array, seen: Array, biased: Array, rng: np.random.Generator
) -> tuple[list[Ratios], bool]:
    """Ratios of the worlds that resemble the data, and whether the assumptions are in doubt."""
    edge = worlds.frontier(yardstick, moving, seen, biased)
    fit = worlds.fit(yardstick, edge, seen, rng)
    told = [
        worlds.ratios(yardstick, edge, lambda own: worlds.quantile(own.random(len(seen)), fit.scale, fit.shape), rng)
    ]
    doubtful = fit.shape > PEAKED
    if doubtful or not fit.found:
        hull, kernel = yardstick.shift(moving, -seen), worlds.bandwidth(seen)
        told.append(worlds.ratios(yardstick, hull, lambda own: worlds.smooth(seen, kernel, own), rng))
    return told, doubtful


def _limits(seen: Array, biased: Array, told: list[Ratios], level: float) -> tuple[Array, Array, Array]:
    """Nearest, middle and farthest true log inefficiency, shape (n,) each."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    limits = np.empty((3, len(seen)))
    for efficient in (False, True):
        pools = [item.values[item.pool(efficient)] for item in told]
        low, high = np.array([np.quantile(pool, tails) for pool in pools]).T
        ratio = np.array([low.min(), pools[-1].mean(), high.max()])
        chosen = (seen < worlds.ON_FRONTIER) == efficient
        limits[:, chosen] = seen[chosen] + np.outer(ratio, biased[chosen])
    return limits[0], limits[1], limits[2]


def _ranks(seen: Array, biased: Array, told: Ratios, level: float, rng: np.random.Generator) -> Array:
    """Best and worst place of each unit, shape (2, n)."""
    efficient = seen < worlds.ON_FRONTIER
    places = np.empty((RANKINGS, len(seen)))
    pools = [(_own(told, world, False), _own(told, world, True)) for world in range(len(told.values))]
    for number in range(RANKINGS):
        inside, best = pools[number % len(pools)]
        ratio = np.where(efficient, rng.choice(best, len(seen)), rng.choice(inside, len(seen)))
        places[number] = (seen + ratio * biased).argsort(kind="stable").argsort(kind="stable") + 1
    lower, upper = np.quantile(places, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.array([np.floor(lower), np.ceil(upper)])


def _own(told: Ratios, world: int, efficient: bool) -> Array:
    """One world's ratios of units with (or without) score 1; of all worlds where it has few of them."""
    own = told.values[world][told.efficient[world] == efficient]
    return own if len(own) >= 5 else told.values[told.pool(efficient)]
