"""Rates of small groups: which differ more than chance alone would make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from kommunanalys.answer import Answer
from kommunanalys.compare.cautions import Caution, incomplete, small_numbers
from kommunanalys.compare.chance import beyond, chance_outside, limits
from kommunanalys.compare.units import label, mark, resolve, speaker
from kommunanalys.errors import TableError, TooFewUnits, UsageError
from kommunanalys.names import check_population

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.language import Speaker

Overdispersion = Literal["none", "additive"]


@dataclass(frozen=True)
class Funnel(Answer):
    """Rates against the size of their groups, with the limits that chance alone would draw.

    Parameters
    ----------
    units
        Index unit; `rate` [0–1], `n` (denominator), and for each level, e.g. 95: `lower95`, `upper95` [0–1],
        `chance95` (how probable it is to lie outside though nothing is exceptional [0–1]) and `outside95`;
        `outside` is that of the first level, and `beyond_chance` that of the first level by the limits of chance alone.
    overall
        Rate of all units together [0–1].
    levels
        Shares of the units that lie within the limits where none is exceptional [0–1].
    left_out
        Units without rate or denominator.
    spread
        Standard deviation of the true rates that the limits allow for beyond chance [0–1]; 0 for chance alone.
    """

    units: pd.DataFrame
    overall: float
    levels: tuple[float, ...]
    left_out: tuple[object, ...]
    spread: float = 0.0

    @property
    def expected_outside(self) -> float:
        """How many units would lie outside the first level's limits though none is exceptional.

        By chance alone where `spread` is 0, and by chance and the usual differences where the limits allow for them.
        """
        return float(self.units[f"chance{_name(self.levels[0])}"].sum())

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Small denominators, and who was left out."""
        return (*small_numbers(self.units["n"]), *incomplete(self.left_out))

    def to_frame(self) -> pd.DataFrame:
        """The rates with their limits."""
        return self.units.copy()

    def caption(self, language: str = "en") -> str:
        """How many lie outside, and how many would by chance alone."""
        return self._count(speaker(self.units.index[0], language))

    def _count(self, say: Speaker) -> str:
        shown = {
            "found": say.number(int(self.units["outside"].sum())),
            "all": say.number(len(self.units)),
            "level": say.percent(100 * self.levels[0]),
            "expected": say.number(self.expected_outside),
        }
        if not self.spread:
            return say(
                "{found} of {all} lie outside the {level} limits; by chance alone about {expected} would.", **shown
            )
        return say(
            "{beyond} of {all} lie outside the {level} limits of chance alone; by chance alone about {expected} would. "
            "The limits shown also allow for the usual differences beyond chance (standard deviation {spread} "
            "percentage points): {found} lie outside them, and about {expected} would if none were exceptional.",
            beyond=say.number(int(self.units["beyond_chance"].sum())),
            spread=say.number(100 * self.spread, 1),
            **shown,
        )

    def summary(self, language: str = "en") -> str:
        """The caption, and what may be concluded from it."""
        say = speaker(self.units.index[0], language)
        chance = self.units[f"chance{_name(self.levels[0])}"]
        # Twice the standard deviation of the number outside: one or two too many are chance as well.
        most = self.expected_outside + 2 * float(np.sqrt((chance * (1 - chance)).sum()))
        if self.units["beyond_chance"].sum() > most:
            return (
                self._count(say)
                + " "
                + say(
                    "More than chance would place outside means that the groups really differ, by their composition or "
                    "by what is done; it does not make each one outside good or bad."
                )
            )
        return self._count(say) + " " + say("These figures show no differences beyond chance.")

    def plot(self, unit: object = None, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """Rate against denominator, the limits as a funnel, one unit marked."""
        from kommunanalys.figures import PALETTE, describe, new_axes
        from kommunanalys.figures.charts import localise

        key = None if unit is None else resolve(unit, self.units.index)
        say = speaker(self.units.index[0] if key is None else key, language)
        ax = new_axes(ax)
        n = self.units["n"]
        grid = np.unique(np.geomspace(n.min(), n.max(), 200).round())
        for level, style in zip(self.levels, ("-", "--", ":", "-."), strict=False):
            for line in limits(grid, self.overall, level, self.spread):
                ax.plot(grid, 100 * line, color=PALETTE["line"], linewidth=1, linestyle=style)
        ax.axhline(100 * self.overall, color=PALETTE["others"], linewidth=1)
        outside, own = self.units["outside"].to_numpy(bool), self.units.index == key
        for chosen, colour, size in ((~outside, "others", 14), (outside, "peers", 22), (own, "focus", 70)):
            ax.scatter(
                n[chosen], 100 * self.units["rate"][chosen], s=size, color=PALETTE[colour], linewidths=0, zorder=3
            )
        if key is not None:
            mark(ax, label(key, language), n[key], 100 * self.units.at[key, "rate"])
        ax.set_xscale("log")
        localise(ax, say, x=True)
        ax.set_xlabel(say("Number behind the rate"))
        ax.set_ylabel(say("Rate, %"))
        return describe(
            ax, caption=self.caption(language), alternative=self._alternative(key, say), data=self._data(say)
        )

    def _alternative(self, key: object, say: Speaker) -> str:
        if key is None:
            return self.summary(say.language)
        row = self.units.loc[key]
        shown = {"name": label(key, say.language), "rate": say.percent(100 * row["rate"], 1)}
        if row["outside"]:
            own = say("{name}: {rate}, outside the limits.", **shown)
        else:
            own = say("{name}: {rate}, within the limits.", **shown)
        return f"{own} {self.summary(say.language)}"

    def _data(self, say: Speaker) -> pd.DataFrame:
        name = _name(self.levels[0])
        columns = {"n": say("Number"), "rate": say("Rate, %")}
        columns |= {f"lower{name}": say("Lower limit, %"), f"upper{name}": say("Upper limit, %")}
        data = self.units[list(columns)] * [1, 100, 100, 100]
        called = pd.Index([label(unit, say.language) for unit in data.index], name=say("Unit"))
        return data.rename(columns=columns).set_axis(called, axis=0)


def funnel(
    rate: pd.Series,
    n: pd.Series,
    *,
    levels: Sequence[float] = (0.95, 0.998),
    overdispersion: Overdispersion = "additive",
) -> Funnel:
    """Which rates lie outside the limits that chance would draw around the overall rate.

    Parameters
    ----------
    rate
        Share by unit [0–1].
    n
        Denominator by unit, e.g. pupils [persons]; whole numbers above 0.
    levels
        Shares of the units that shall lie within the limits where none is exceptional [0–1].
    overdispersion
        What the limits allow for: "none" for chance alone; "additive" for usual differences between the units too,
        where there are such. The default, since among large units nearly all differ beyond chance, and the
        question is then which of them differ more than usual; the caption counts them both ways.

    Raises
    ------
    UsageError
        Other units in `n` than in `rate`, units twice, a level outside (0, 1), or an unknown `overdispersion`.
    TableError
        A rate outside 0–1 or a denominator that is no whole number above 0; names the unit.
    TooFewUnits
        Fewer than two units with rate and denominator.

    Notes
    -----
    Binomial limits around the rate of all units together; see `chance.limits` and `chance.beyond`. The share outside
    by chance is right over many units, not for each: where 1–3 events are expected, the counts leave a single
    unit between 2 and 9 % only. Differences that chance does not explain need not be differences in quality: groups
    differ in composition.

    References
    ----------
    Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in Medicine 24:1185–1202.

    Examples
    --------
    >>> units = pd.Index(["1440", "0180"])
    >>> result = funnel(pd.Series([0.5, 0.9], units), pd.Series([100, 900], units), overdispersion="none")
    >>> result.overall, result.units["outside"].tolist()
    (0.86, [True, True])
    """
    if overdispersion not in get_args(Overdispersion):
        raise UsageError(
            "Unknown overdispersion {asked!r}. Choose one of {known}.",
            asked=overdispersion,
            known=", ".join(get_args(Overdispersion)),
        )
    if not levels or not all(0 < level < 1 for level in levels):
        raise UsageError("Levels are shares between 0 and 1, such as 0.95; got {levels}.", levels=tuple(levels))
    complete, left_out = checked(rate, n)
    overall = float((complete["rate"] * complete["n"]).sum() / complete["n"].sum())
    counts = complete["n"].to_numpy(float)
    spread = beyond(complete["rate"].to_numpy(float), counts, overall) if overdispersion == "additive" else 0.0
    for level in levels:
        name, plain = _name(level), limits(counts, overall, level)
        complete[f"lower{name}"], complete[f"upper{name}"] = limits(counts, overall, level, spread)
        complete[f"chance{name}"] = chance_outside(counts, overall, *plain)
        complete[f"outside{name}"] = ~complete["rate"].between(complete[f"lower{name}"], complete[f"upper{name}"])
    complete["outside"] = complete[f"outside{_name(levels[0])}"]
    complete["beyond_chance"] = ~complete["rate"].between(*limits(counts, overall, levels[0]))
    return Funnel(complete, overall, tuple(levels), left_out, spread)


def _name(level: float) -> str:
    return f"{100 * level:g}"


def checked(rate: Any, n: Any) -> tuple[pd.DataFrame, tuple[object, ...]]:
    """Rates beside their denominators, and the units left out because one of them is missing.

    Raises
    ------
    UsageError, TableError, TooFewUnits
        As `funnel`.

    Examples
    --------
    >>> table, left_out = checked({"a": 0.5, "b": 0.6, "c": None}, {"a": 10, "b": 20, "c": 30})
    >>> table["n"].tolist(), left_out
    ([10.0, 20.0], ('c',))
    """
    rate, n = pd.Series(rate), pd.Series(n)
    check_population([str(item.name) for item in (rate, n) if item.name is not None])
    if not rate.index.is_unique or set(rate.index) != set(n.index) or len(rate) != len(n):
        raise UsageError(
            "Rates and denominators must be about the same units, each once; "
            "got {rates} rates and {counts} denominators.",
            rates=len(rate),
            counts=len(n),
        )
    table = pd.DataFrame({"rate": rate.astype(float), "n": n.reindex(rate.index).astype(float)})
    complete = table.dropna()
    if len(complete) < 2:
        raise TooFewUnits("At least two units with rate and denominator are needed; there are {n}.", n=len(complete))
    wrong = complete[~complete["rate"].between(0, 1) | (complete["n"] < 1) | (complete["n"] % 1 != 0)]
    if len(wrong):
        raise TableError(
            "{count} units have a rate outside 0–1 or a denominator that is no whole number above 0. First: {unit}, "
            "rate {rate}, denominator {n}. Divide percentages by 100.",
            count=len(wrong),
            unit=wrong.index[0],
            rate=wrong["rate"].iloc[0],
            n=wrong["n"].iloc[0],
        )
    return complete, tuple(table.index[table.isna().any(axis=1)])
