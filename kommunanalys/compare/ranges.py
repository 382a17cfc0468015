"""What the intervals of efficiency scores say, and how often simulation found that such intervals hold the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kommunanalys.answer import Answer
from kommunanalys.compare.cautions import Caution
from kommunanalys.compare.units import label, mark, resolve, speaker
from kommunanalys.language import Speaker, current

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    scale
        With economies of scale, where a mix of units does worse than the best of its size.
    ranks
        Ranges of places that held the true place, where the assumptions hold.
    """

    held: tuple[int, int]
    edge: int
    noisy: tuple[int, int]
    far: tuple[int, int]
    scale: tuple[int, int]
    ranks: tuple[int, int]


LEVEL: Final = 0.95
"""Level that was simulated."""
COVERAGE: Final = {
    50: Simulated((95, 97), 92, (83, 96), (78, 90), (33, 97), (96, 97)),
    100: Simulated((95, 96), 91, (76, 95), (68, 82), (19, 96), (95, 97)),
    300: Simulated((95, 97), 92, (54, 92), (79, 81), (11, 92), (95, 97)),
}
"""By number of units, as benchmarks/dea_coverage.py measured it; a new run belongs to every change of the method.

Repetitions: 100 where the assumptions hold; 20 (50 and 100 units) and 10 (300) with errors, without best practice and
with economies of scale (there also with one input). Standard error of the first figures 0.1-0.4 points, of the others
1-5.
"""


@dataclass(frozen=True)
class Intervals(Answer):
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
        if self.level != LEVEL:
            return say(
                "How often intervals of the level {level} hold the true efficiency has not been simulated, only those "
                "of {simulated}.",
                level=say.percent(100 * self.level),
                simulated=say.percent(100 * LEVEL),
            )
        size = min(COVERAGE, key=lambda size: abs(np.log(size / len(self.units))))
        found = COVERAGE[size]
        values = {"share": _span(found.far if self.doubtful else found.held, say), "edge": say.percent(found.edge)}
        values |= {"noisy": _span(found.noisy, say), "error": say.percent(5), "ranks": _span(found.ranks, say)}
        values |= {"scale": _span(found.scale, say)}
        if self.doubtful:
            first = say(
                "In simulations where no unit works close to best practice, {share} of such intervals contained "
                "the true efficiency. With a random {error} error in the inputs it was {noisy}, with economies of "
                "scale {scale}.",
                **values,
            )
        else:
            first = say(
                "In simulations with data of this size, {share} of such intervals contained the true efficiency "
                "(about {edge} for the very smallest and largest units) and {ranks} of the ranges of places the true "
                "place, provided that the figures contain no measurement error, that some units work close to best "
                "practice and that a unit between two others could do the mean of what they do. With a random "
                "{error} error in the inputs it was {noisy}, with economies of scale {scale}.",
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
        if self.doubtful:
            return say(
                "{name}: score {efficiency}, {corrected} when corrected for the bias of such scores. The method gives "
                "the range {lower} to {upper}, which holds the true efficiency too seldom to rely on.",
                name=label(key, say.language),
                **shown,
            )
        first = say(
            "{name}: score {efficiency}, {corrected} when corrected for the bias of such scores; the true efficiency "
            "is probably between {lower} and {upper}.",
            name=label(key, say.language),
            **shown,
        )
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
        if self.doubtful:  # no ranks are given, so none are to be read off
            ax.set_xticks([])
        ax.set_xlabel(say("From the lowest score to the highest"))
        ax.set_ylabel(say("Efficiency, corrected, with its range"))
        return describe(
            ax,
            caption=say("Efficiency, corrected, with the range that the method gives."),
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
