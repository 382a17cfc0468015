"""Intervals for efficiency scores: where the true efficiency probably lies, and how often such intervals hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kommunanalys.compare import worlds
from kommunanalys.compare.cautions import Caution
from kommunanalys.compare.units import label, mark, resolve, speaker
from kommunanalys.compare.worlds import Array, Ratios, Yardstick
from kommunanalys.errors import TableError, TooFewUnits, UsageError
from kommunanalys.language import Speaker, current

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.compare.dea import DEA

DRAWS: Final = 200
RANKINGS: Final = 1000
LEAST: Final = 15
BELOW: Final = 5
"""Units, and units below the frontier, at least: with fewer nothing can be told of a distribution."""
PEAKED: Final = 6.0
"""Shape of the fitted distribution from which few units seem to be near the frontier (2 is half-normal)."""


@dataclass(frozen=True)
class Simulated:
    """Per cents of 95 % intervals that held the truth: least and greatest of the designs.

    Parameters
    ----------
    held
        Where the assumptions hold.
    edge
        There, among the smallest and largest twentieth of the units.
    noisy
        With a random error of 5 % in the inputs.
    far
        Where no unit works close to best practice.
    """

    held: tuple[int, int]
    edge: int
    noisy: tuple[int, int]
    far: tuple[int, int]


COVERAGE: Final = {
    50: Simulated((94, 98), 91, (82, 97), (78, 90)),
    100: Simulated((95, 97), 91, (77, 95), (66, 80)),
    300: Simulated((94, 97), 91, (53, 92), (78, 84)),
}
"""By number of units, as benchmarks/dea_coverage.py measured it; a new run belongs to every change of the method.

Repetitions: 30 (50 and 100 units) and 10 (300); with errors or without best practice 15 and 3. Standard error of the
first figures 0.3–1.0 points, of the last 1–6.
"""


@dataclass(frozen=True)
class Intervals:
    """Efficiency scores with the range in which the true efficiency probably lies.

    Parameters
    ----------
    units
        On the units' index: `efficiency` (the score), `corrected` (for the bias of the score), `lower`, `upper`, and
        `rank_lower`, `rank_upper`, the range of the true place, 1 for the most efficient (missing where `doubtful`).
    level
        Level asked for [0–1].
    doubtful
        Whether the scores look as they do where nobody is near best practice or the figures contain errors.
    orientation, returns, inputs, outputs
        What was compared: the options, and the number of columns.
    """

    units: pd.DataFrame
    level: float
    doubtful: bool
    orientation: str
    returns: str
    inputs: int
    outputs: int

    def to_frame(self) -> pd.DataFrame:
        """One row for each unit."""
        return self.units.copy()

    @property
    def coverage(self) -> str:
        """What simulations say of such intervals, in the language of the session."""
        return self._covered(Speaker(current()))

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What keeps the intervals from meaning what they should."""
        if not self.doubtful:
            return ()
        return (
            Caution(
                "The scores are spread as they are where no unit works close to best practice, or where the figures "
                "contain errors. The intervals then hold the true efficiency too seldom, and no ranks are given."
            ),
        )

    def _covered(self, say: Speaker) -> str:
        size = min(COVERAGE, key=lambda size: abs(np.log(size / len(self.units))))
        found = COVERAGE[size]
        values = {"share": _span(found.far if self.doubtful else found.held, say), "edge": say.percent(found.edge)}
        values |= {"noisy": _span(found.noisy, say), "error": say.percent(5)}
        if self.doubtful:
            first = say(
                "In simulations where no unit works close to best practice, {share} of such intervals contained "
                "the true efficiency. With a random {error} error in the inputs it was {noisy}.",
                **values,
            )
        else:
            first = say(
                "In simulations with data of this size, {share} of such intervals contained the true efficiency "
                "(about {edge} for the very smallest and largest units), provided that the figures contain no "
                "measurement error and that some units work close to best practice. With a random {error} error in "
                "the inputs it was {noisy}.",
                **values,
            )
        if not min(COVERAGE) / 1.5 <= len(self.units) <= max(COVERAGE) * 1.5:
            first = say("The nearest size simulated is {size} units.", size=say.number(size)) + " " + first
        return " ".join([first, *self._beyond(say)])

    def _beyond(self, say: Speaker) -> list[str]:
        """What the simulations were about, where these data are something else."""
        like = (self.orientation, self.returns) == ("input", "vrs") and self.inputs == 2 and 1 <= self.outputs <= 3
        found = []
        if not (like and min(COVERAGE) <= len(self.units) <= max(COVERAGE)):
            found.append(
                say(
                    "Simulated were inputs that shrink, variable returns to scale, 2 inputs with 1 or 3 outputs and "
                    "{least} to {most} units; these data differ from that.",
                    least=say.number(min(COVERAGE)),
                    most=say.number(max(COVERAGE)),
                )
            )
        if self.level != 0.95:
            found.append(
                say(
                    "The level simulated was {simulated}, not {level}.",
                    simulated=say.percent(95),
                    level=say.percent(100 * self.level),
                )
            )
        return found

    def summary(self, language: str = "en", unit: object = None) -> str:
        """How wide the ranges are, or one unit's; then what simulations say of them."""
        key = self.units.index[0] if unit is None else resolve(unit, self.units.index)
        say = speaker(key, language)
        first = self._overview(say) if unit is None else self._about(key, say)
        return " ".join([first, self._covered(say), *(item.say(say) for item in self.cautions)])

    def _overview(self, say: Speaker) -> str:
        return say(
            "{units} units. Half of the ranges of the true efficiency are {width} or narrower.",
            units=say.number(len(self.units)),
            width=say.number((self.units["upper"] - self.units["lower"]).median(), 2),
        )

    def _about(self, key: object, say: Speaker) -> str:
        row = self.units.loc[key]
        shown = {name: say.number(row[name], 2) for name in ("efficiency", "corrected", "lower", "upper")}
        first = say(
            "{name}: score {efficiency}, {corrected} when corrected for the bias of such scores; the true efficiency "
            "is probably between {lower} and {upper}.",
            name=label(key, say.language),
            **shown,
        )
        if self.doubtful:
            return first
        ranks = {"best": say.number(row["rank_lower"]), "worst": say.number(row["rank_upper"])}
        return f"{first} " + say(
            "Its place among the {units} is probably between {best} and {worst}.",
            units=say.number(len(self.units)),
            **ranks,
        )

    def plot(self, unit: object = None, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """All scores with their ranges, ordered by the corrected score, one unit marked."""
        from kommunanalys.figures import PALETTE, describe, new_axes
        from kommunanalys.figures.charts import localise

        key = None if unit is None else resolve(unit, self.units.index)
        shown = self.units.sort_values("corrected", kind="stable")
        say = speaker(shown.index[0] if key is None else key, language)
        ax, places = new_axes(ax), np.arange(1, len(shown) + 1)
        own = shown.index == key
        for chosen, colour, width, size in ((~own, "others", 1.0, 8), (own, "focus", 2.5, 50)):
            part = shown[chosen]
            ax.vlines(places[chosen], part["lower"], part["upper"], color=PALETTE[colour], linewidth=width)
            ax.scatter(places[chosen], part["corrected"], s=size, color=PALETTE[colour], linewidths=0, zorder=3)
        if key is not None:
            mark(ax, label(key, language), places[own][0], shown.at[key, "corrected"])
        localise(ax, say, decimals=2)
        ax.set_xlabel(say("Place, from the lowest score"))
        ax.set_ylabel(say("Efficiency, corrected, with its range"))
        return describe(
            ax,
            caption=say("Efficiency with the range in which the true efficiency probably lies."),
            alternative=self.summary(language, unit),
            data=self._data(shown, say),
        )

    def _data(self, shown: pd.DataFrame, say: Speaker) -> pd.DataFrame:
        heads = {
            "efficiency": say("Efficiency score"),
            "corrected": say("Corrected"),
            "lower": say("Lower limit"),
            "upper": say("Upper limit"),
        }
        if not self.doubtful:
            heads |= {"rank_lower": say("Best place"), "rank_upper": say("Worst place")}
        called = pd.Index([label(item, say.language) for item in shown.index], name=say("Unit"))
        return shown[list(heads)].rename(columns=heads).set_axis(called, axis=0)


def _span(share: tuple[int, int], say: Speaker) -> str:
    low, high = share
    return say.percent(low) if low == high else f"{say.number(low)}–{say.percent(high)}"


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
    if not hasattr(dea, "efficiency_"):
        raise UsageError("This DEA has seen no data yet: call fit(inputs, outputs) first.")
    if dea.returns == "fdh" or dea.fixed or dea.noncontrollable:
        raise UsageError(
            "Intervals are known for convex frontiers of which every column of the orientation moves: choose returns "
            "vrs, crs, drs or irs, and no fixed or non-controllable columns."
        )
    wrong = dea.efficiency_.index[~np.isfinite(dea.efficiency_)]
    if len(wrong):
        raise TableError(
            "The score of {units} is unbounded, so that no interval exists. Leave them out and fit again.",
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
