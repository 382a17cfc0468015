"""Rates of small groups: which differ more than chance alone would make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.compare.cautions import Caution, incomplete, small_numbers
from kommunanalys.compare.units import label, mark, resolve, speaker
from kommunanalys.errors import TableError, TooFewUnits, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.language import Speaker

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Funnel:
    """Rates against the size of their groups, with the limits that chance alone would draw.

    Parameters
    ----------
    units
        Index unit; `rate` [0–1], `n` (denominator), and for each level, e.g. 95: `lower95`, `upper95` [0–1],
        `chance95` (how probable it is to lie outside by chance alone [0–1]) and `outside95`; `outside` is that
        of the first level.
    overall
        Rate of all units together [0–1].
    levels
        Shares of the units that lie within the limits by chance alone [0–1].
    left_out
        Units without rate or denominator.
    """

    units: pd.DataFrame
    overall: float
    levels: tuple[float, ...]
    left_out: tuple[object, ...]

    @property
    def expected_outside(self) -> float:
        """How many units would lie outside the first level's limits by chance alone."""
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
        return say(
            "{found} of {all} lie outside the {level} limits; by chance alone about {expected} would.",
            found=say.number(int(self.units["outside"].sum())),
            all=say.number(len(self.units)),
            level=say.percent(100 * self.levels[0]),
            expected=say.number(self.expected_outside),
        )

    def summary(self, language: str = "en") -> str:
        """The caption, and what may be concluded from it."""
        say = speaker(self.units.index[0], language)
        chance = self.units[f"chance{_name(self.levels[0])}"]
        # Twice the standard deviation of the number outside: one or two too many are chance as well.
        most = self.expected_outside + 2 * float(np.sqrt((chance * (1 - chance)).sum()))
        if self.units["outside"].sum() > most:
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
            for line in limits(grid, self.overall, level):
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


def funnel(rate: pd.Series, n: pd.Series, *, levels: Sequence[float] = (0.95, 0.998)) -> Funnel:
    """Which rates lie outside the limits that chance alone would draw around the overall rate.

    Parameters
    ----------
    rate
        Share by unit [0–1].
    n
        Denominator by unit, e.g. pupils [persons]; whole numbers above 0.
    levels
        Shares of the units that shall lie within the limits by chance alone [0–1].

    Raises
    ------
    UsageError
        Other units in `n` than in `rate`, units twice, or a level outside (0, 1).
    TableError
        A rate outside 0–1 or a denominator that is no whole number above 0; names the unit.
    TooFewUnits
        Fewer than two units with rate and denominator.

    Notes
    -----
    Binomial limits around the rate of all units together. Differences that chance does not explain need not be
    differences in quality: groups differ in composition.

    References
    ----------
    Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in Medicine 24:1185–1202.

    Examples
    --------
    >>> units = pd.Index(["1440", "0180"])
    >>> result = funnel(pd.Series([0.5, 0.9], index=units), pd.Series([100, 900], index=units))
    >>> result.overall, result.units["outside"].tolist()
    (0.86, [True, True])
    """
    table = _table(rate, n)
    complete = table.dropna()
    _check(complete, levels)
    overall = float((complete["rate"] * complete["n"]).sum() / complete["n"].sum())
    counts = complete["n"].to_numpy(float)
    for level in levels:
        lower, upper = limits(counts, overall, level)
        name = _name(level)
        complete[f"lower{name}"], complete[f"upper{name}"] = lower, upper
        complete[f"chance{name}"] = chance_outside(counts, overall, lower, upper)
        complete[f"outside{name}"] = (complete["rate"] < lower) | (complete["rate"] > upper)
    complete["outside"] = complete[f"outside{_name(levels[0])}"]
    return Funnel(complete, overall, tuple(levels), tuple(table.index[table.isna().any(axis=1)]))


def limits(n: Array, overall: float, level: float) -> tuple[Array, Array]:
    """Smooth binomial limits of a rate under chance alone.

    Parameters
    ----------
    n
        Denominators, shape (units,).
    overall
        Rate of all units [0–1].
    level
        Share within the limits [0–1].

    Returns
    -------
    tuple of arrays
        Lower and upper limit [0–1], shape (units,) each.

    Notes
    -----
    Interpolated between counts as in Spiegelhalter (2005, appendix A.1), but on the mid-distribution
    P(X < k) + P(X = k) / 2 instead of P(X ≤ k): the latter leaves 1–2 % below and 3–4 % above where 2.5 % each
    are meant, the former 2.1–2.5 % on both sides (n from 20 to 1,000, rates from 2 to 95 %).

    Examples
    --------
    >>> lower, upper = limits(np.array([100.0]), 0.5, 0.95)
    >>> round(float(lower[0]), 3), round(float(upper[0]), 3)
    (0.401, 0.599)
    """
    tail = (1 - level) / 2
    return _limit(n, overall, tail), _limit(n, overall, 1 - tail)


def _limit(n: Array, overall: float, probability: float) -> Array:
    from scipy.special import bdtrik

    count = np.maximum(np.ceil(np.nan_to_num(bdtrik(probability, n, overall))) - 1, 0)  # NaN at a rate of 0
    count = np.where(_cumulated(count, n, overall) >= probability, count, count + 1)
    count = np.where(_middle(count, n, overall) >= probability, count, count + 1)
    above, below = _middle(count, n, overall), _middle(count - 1, n, overall)
    share = np.divide(above - probability, above - below, out=np.zeros_like(above), where=above > below)
    return np.asarray(np.clip((count - share) / n, 0.0, 1.0))


def _middle(count: Array, n: Array, overall: float) -> Array:
    return np.asarray((_cumulated(count, n, overall) + _cumulated(count - 1, n, overall)) / 2)


def _cumulated(count: Array, n: Array, overall: float) -> Array:
    """P(X ≤ count) of a binomial; scipy.special, since importing scipy.stats takes longer than a whole analysis."""
    from scipy.special import bdtr

    return np.where(count < 0, 0.0, bdtr(np.clip(count, 0, n), n, overall))


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


def _name(level: float) -> str:
    return f"{100 * level:g}"


def _table(rate: Any, n: Any) -> pd.DataFrame:
    rate, n = pd.Series(rate), pd.Series(n)
    if not rate.index.is_unique or set(rate.index) != set(n.index) or len(rate) != len(n):
        raise UsageError(
            "Rates and denominators must be about the same units, each once; "
            "got {rates} rates and {counts} denominators.",
            rates=len(rate),
            counts=len(n),
        )
    return pd.DataFrame({"rate": rate.astype(float), "n": n.reindex(rate.index).astype(float)})


def _check(table: pd.DataFrame, levels: Sequence[float]) -> None:
    if not levels or not all(0 < level < 1 for level in levels):
        raise UsageError("Levels are shares between 0 and 1, such as 0.95; got {levels}.", levels=tuple(levels))
    if len(table) < 2:
        raise TooFewUnits("A funnel needs at least two units with rate and denominator; there are {n}.", n=len(table))
    wrong = table[~table["rate"].between(0, 1) | (table["n"] < 1) | (table["n"] % 1 != 0)]
    if len(wrong):
        raise TableError(
            "{count} units have a rate outside 0–1 or a denominator that is no whole number above 0. First: {unit}, "
            "rate {rate}, denominator {n}. Divide percentages by 100.",
            count=len(wrong),
            unit=wrong.index[0],
            rate=wrong["rate"].iloc[0],
            n=wrong["n"].iloc[0],
        )
