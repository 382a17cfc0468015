"""Which of the ways to use the capacity the evaluation speaks for: a list, one simple flag, whole places, everyone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from kommunanalys import journal
from kommunanalys.answer import Answer
from kommunanalys.early_warning.intervals import LEVEL, Interval, difference
from kommunanalys.early_warning.sentences import advice, meaning, only_tried, without_places
from kommunanalys.early_warning.strategies import ALL, inclusion
from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker

RECOMMENDATIONS: Final = ("list", "places", "flag", "everyone", "pool")
COMPARED: Final = (
    ("model", "chance"),
    ("flag", "chance"),
    ("places", "chance"),
    ("model", "places"),
    ("flag", "places"),
    ("model", "flag"),
)


@dataclass(frozen=True)
class Verdict(Answer):
    """What the evaluation recommends, and what it rests on.

    Parameters
    ----------
    recommendation
        "list" (the model's list), "flag" (one simple sign), "places" (whole places), "everyone" (help in common) or
        "pool" (data of several municipalities).
    evidence
        Columns `first`, `second`, `difference` (of the shares with the event among those listed), `low`, `high`,
        `better` (whether the interval lies above 0).
    reached
        The rows of `reach` for all dates together, indexed by strategy.
    places_known
        Whether whole places could be tried on any date.
    trial
        Whether there are too few past outcomes for a model: its figures are a trial, and the recommendation is that of
        `task.enough`.
    """

    recommendation: str
    evidence: pd.DataFrame = field(repr=False)
    reached: pd.DataFrame = field(repr=False)
    places_known: bool
    trial: bool = False

    def to_frame(self) -> pd.DataFrame:
        """The differences that the recommendation rests on."""
        return self.evidence.copy()

    def summary(self, language: str = "en") -> str:
        """What each way reaches of ten, and what follows from it."""
        say = Speaker(language)
        parts = [self._of_ten(say), advice(self.recommendation, self.places_known, say, trial=self.trial)]
        if self.trial:
            parts.insert(0, only_tried(say))
        if not self.places_known:
            parts.append(without_places(say))
        return " ".join([*parts, meaning(say)])

    def _of_ten(self, say: Speaker) -> str:
        shown = self.reached.drop(index=[] if self.places_known else ["places"])
        base = 10 if shown["precision"].max() >= 0.1 else 100
        said = {name: _rate(row, base, say) for name, row in shown.iterrows()}
        text = say(
            "Of {base} listed by the model, the outcome would have come for {model}.", base=base, model=said["model"]
        )
        others = {
            "places": say("whole places: {rate}", rate=said.get("places", "")),
            "flag": say("one simple flag: {rate}", rate=said["flag"]),
            "chance": say("chance: {rate}", rate=said["chance"]),
        }
        listed = "; ".join(text for name, text in others.items() if name in said)
        return text + " " + say("Of as many chosen in other ways, {others}.", others=listed)


def recommend(
    predictions: pd.DataFrame,
    reach_frame: pd.DataFrame,
    *,
    capacity: int,
    per: str = "",
    history: pd.DataFrame | None = None,
) -> Verdict:
    """The simplest way that nothing else credibly beats.

    Parameters
    ----------
    predictions, capacity, per, history
        As given to `reach`.
    reach_frame
        Its answer.

    Notes
    -----
    One way credibly beats another where the whole 95 % interval of the paired difference at the same capacity lies
    above 0 (people of several dates count once); the three comparisons with chance share the 5 % of error, so their
    intervals are 98.3 %. Nothing beats chance: everyone. Neither model nor flag beats whole places: places. Else the
    flag, unless the model beats it. Whole places are compared on the dates on which their past was known.

    Examples
    --------
    >>> from kommunanalys.early_warning.strategies import reach
    >>> y = np.repeat([1.0, 0.0, 0.0, 0.0], 50)
    >>> table = pd.DataFrame({"as_of": np.arange(200) % 2, "person": range(200), "place": ["a", "a", "b", "b"] * 50,
    ...                       "flag": 0.0, "y": y, "risk": y * 0.8 + 0.1})
    >>> verdict = recommend(table, reach(table, capacity=20), capacity=20)
    >>> verdict.recommendation
    'list'
    >>> print(verdict.summary().split(".")[0])
    Of 10 listed by the model, the outcome would have come for about 10 (9 to 10)
    """
    reached = reach_frame[(reach_frame["as_of"] == ALL).to_numpy()].set_index("strategy")
    if not len(reached):
        raise UsageError("The frame has no rows for all dates together. Give recommend() the answer of reach().")
    chances, known = inclusion(predictions, capacity=capacity, per=per, history=history)
    past = predictions["as_of"].map(known).to_numpy(bool)
    y, person = predictions["y"].to_numpy(float), predictions["person"].to_numpy()

    def compare(first: str, second: str) -> Interval:
        level = 1 - (1 - LEVEL) / 3 if second == "chance" else LEVEL
        at = past if "places" in (first, second) and past.any() else np.ones(len(y), bool)
        return difference(y[at], chances[first][at], chances[second][at], person[at], level=level)

    found = {pair: compare(*pair) for pair in COMPARED}
    better = {pair: gap.above_zero for pair, gap in found.items()}
    rows = [(*pair, gap.value, gap.low, gap.high, better[pair]) for pair, gap in found.items()]
    evidence = pd.DataFrame(rows, columns=["first", "second", "difference", "low", "high", "better"])
    return Verdict(_choose(better), evidence, reached, bool(past.any()))


def _choose(better: dict[tuple[str, str], bool]) -> str:
    if not any(better[name, "chance"] for name in ("model", "flag", "places")):
        return "everyone"
    if not (better["model", "places"] or better["flag", "places"]):
        return "places"
    return "list" if better["model", "flag"] else "flag"


def _rate(row: Any, base: int, say: Speaker) -> str:
    """A rate in `base`; where fewer than five stand behind it, only what fewer than five would be."""
    if 0 < row["hits"] < journal.SMALL:
        return say("fewer than {limit}", limit=math.ceil(base * min(journal.SMALL / row["listed"], 1)))
    about = say.number(base * row["precision"])
    if row.name == "chance":
        return say("about {about}", about=about)
    low, high = ends(base * row["precision_low"], base * row["precision_high"], say)
    return say("about {about} ({low} to {high})", about=about, low=low, high=high)


def ends(low: float, high: float, say: Speaker) -> tuple[str, str]:
    """The ends of an interval as whole numbers, rounded outwards: words are never surer than the figures.

    Examples
    --------
    >>> ends(4.1, 5.8, Speaker("en"))
    ('4', '6')
    """
    return say.number(np.floor(round(low, 6))), say.number(np.ceil(round(high, 6)))
