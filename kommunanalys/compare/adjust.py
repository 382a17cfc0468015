"""Expected cost: what a municipality's structure explains of its cost, and what it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.answer import Answer
from kommunanalys.compare.cautions import Caution, incomplete
from kommunanalys.compare.peers import check_columns, realm
from kommunanalys.compare.units import label, mark, resolve, speaker, variable
from kommunanalys.errors import NoData, TableError, TooFewUnits, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

LEAST = 5
"""Municipalities for each coefficient, below which nothing is computed: the intervals would say nothing."""

ENOUGH = 10
"""Municipalities for each coefficient, below which a caution says that the expectation is uncertain."""
SAME = 1e-8
"""Share of a need's variance that must be its own: below it the need is a sum of the others, but for rounding."""


@dataclass(frozen=True)
class ExpectedCost(Answer):
    """Cost of every municipality beside what the others would let expect at its needs.

    Parameters
    ----------
    cost
        Column.
    needs
        Columns.
    year
        Year compared.
    level
        Level of the intervals [0–1].
    units
        Index `municipality`; `cost`, `expected`, `lower`, `upper`, `deviation` (cost − expected), `deviation_percent`
        [% of expected], `outside` (cost outside lower–upper).
    coefficients
        Index `need`; `coefficient` (on the logarithm of the cost), `deviation` (one standard deviation of the need),
        `effect_percent` (what that changes in the cost [%]) with `lower` and `upper`.
    explained
        Share of the variation of the log cost that is predicted for municipalities left out of the fit (at most 1;
        below 0 where the needs predict worse than the mean).
    left_out
        Codes of those that lack a figure, and of Åland beside the mainland.
    """

    cost: str
    needs: tuple[str, ...]
    year: int
    level: float
    units: pd.DataFrame
    coefficients: pd.DataFrame
    explained: float
    left_out: tuple[str, ...]

    @property
    def n(self) -> int:
        """How many municipalities took part."""
        return len(self.units)

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Who was left out, and whether few municipalities carry many needs."""
        return (*few_municipalities(self), *incomplete(self.left_out))

    def to_frame(self) -> pd.DataFrame:
        """Cost and expected cost of every municipality."""
        return self.units.copy()

    def of(self, municipality: str) -> pd.Series | None:
        """One municipality's row; None if it was left out.

        Raises
        ------
        UnknownMunicipality, NoData
            No such municipality; or the panel has nothing on it that year.
        """
        code = resolve(municipality, self.units.index.append(pd.Index(self.left_out)))
        return None if code in self.left_out else self.units.loc[code]

    def _row(self, municipality: str) -> pd.Series:
        row = self.of(municipality)
        if row is None:
            raise NoData(
                "{name} was left out in {year}: a figure is missing, or it cannot be compared with the others.",
                name=municipality,
                year=self.year,
            )
        return row

    def summary(self, language: str, municipality: str) -> str:
        """Cost, expected cost with its interval, and what the deviation means and does not mean."""
        row = self._row(municipality)
        say = speaker(row.name, language)
        shown = {key: say.number(row[key]) for key in ("cost", "expected", "lower", "upper")}
        shown |= {"name": label(row.name, language), "level": say.percent(100 * self.level)}
        shown |= {"size": say.percent(abs(row["deviation_percent"]), 1), "share": say.percent(100 * self.explained)}
        first = say(
            "{name}: cost {cost}; {expected} would be expected from its needs, "
            "and about {level} of such municipalities lie between {lower} and {upper}.",
            **shown,
        )
        above = row["deviation"] > 0
        if not row["outside"] and above:
            second = say("It lies {size} above the expected, within what is common.", **shown)
        elif not row["outside"]:
            second = say("It lies {size} below the expected, within what is common.", **shown)
        elif above:
            second = say("The cost is {size} above the expected, more than is common.", **shown)
        else:
            second = say("The cost is {size} below the expected, more than is common.", **shown)
        third = say(
            "The difference is what the needs in the model do not explain, not waste; they predict {share} of the "
            "variation between municipalities.",
            **shown,
        )
        return f"{first} {second} {third}"

    def plot(self, municipality: str, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """Observed against expected cost, the interval as a band, one municipality marked."""
        from kommunanalys.figures import PALETTE, describe, new_axes
        from kommunanalys.figures.charts import localise

        row = self._row(municipality)
        say = speaker(row.name, language)
        units = self.units.sort_values("expected")
        ax = new_axes(ax, height=4.6)
        ax.fill_between(units["expected"], units["lower"], units["upper"], color=PALETTE["band"], linewidth=0)
        ax.plot(units["expected"], units["expected"], color=PALETTE["line"], linewidth=1, linestyle=":")
        ax.scatter(units["expected"], units["cost"], s=14, color=PALETTE["others"], linewidths=0, zorder=2)
        ax.scatter(row["expected"], row["cost"], s=70, color=PALETTE["focus"], linewidths=0, zorder=3)
        mark(ax, label(row.name, language), row["expected"], row["cost"])
        localise(ax, say, x=True)
        ax.set_xlabel(say("Expected cost"))
        ax.set_ylabel(say("Cost"))
        heads = {
            "cost": say("Cost"),
            "expected": say("Expected cost"),
            "lower": say("Lower limit"),
            "upper": say("Upper limit"),
        }
        called = pd.Index([label(code, language) for code in units.index], name=say("Municipality"))
        caption = say(
            "{variable}, {year}: observed against expected. "
            "The band holds {level} of the municipalities with the same needs.",
            variable=variable(self.cost, say),
            year=self.year,
            level=say.percent(100 * self.level),
        )
        data = units[list(heads)].rename(columns=heads).set_axis(called, axis=0)
        told = dict.fromkeys(heads.values(), self.cost)
        return describe(
            ax, caption=caption, alternative=self.summary(language, municipality), data=data, indicators=told
        )


def few_municipalities(result: ExpectedCost) -> tuple[Caution, ...]:
    """Fewer than 10 municipalities for each coefficient: the expectation itself is uncertain."""
    if result.n >= ENOUGH * (len(result.needs) + 1):
        return ()
    return (
        Caution(
            "Only {units} municipalities carry {needs} needs: the expected cost is uncertain, and more so what each "
            "need does.",
            {"units": result.n, "needs": len(result.needs)},
        ),
    )


def expected_cost(
    panel: pd.DataFrame, *, cost: str, needs: Sequence[str], year: int | None = None, level: float = 0.95
) -> ExpectedCost:
    """Cost that a municipality's needs let expect, judged by the others.

    Parameters
    ----------
    panel
        Index (`municipality`, `year`), one column for each indicator.
    cost
        Column of the cost, above 0, best for each pupil or inhabitant.
    needs
        Columns of what drives the cost and the municipality does not choose, as they shall enter (logarithms taken).
    year
        Year compared; None for the latest in which any municipality has all the columns.
    level
        Level of the intervals [0–1].

    Raises
    ------
    NoData
        No municipality has all the columns in the year.
    TooFewUnits
        Fewer than 5 municipalities for each coefficient.
    TableError
        A cost of 0 or below; a need that does not vary, or that the other needs determine.
    UsageError, MixedPopulations
        Unknown columns, several countries, a level outside (0, 1); columns about different populations.

    Notes
    -----
    Least squares of the logarithm of the cost on the needs. Each municipality is predicted from a fit without itself,
    in closed form: with residual e and leverage h the prediction error is e / (1 − h), its variance s²₍ᵢ₎ / (1 − h),
    and the interval takes Student's t with n − p − 1 degrees of freedom, p the number of coefficients. `expected` is
    the exponential of the prediction, the median of such municipalities.

    References
    ----------
    Belsley, Kuh & Welsch (1980), Regression Diagnostics, section 2.1.

    Examples
    --------
    >>> index = pd.MultiIndex.from_product([[f"u{i}" for i in range(30)], [2021]], names=["municipality", "year"])
    >>> need, chance = np.arange(30.0), np.resize([0.1, -0.1, 0.0], 30)
    >>> panel = pd.DataFrame({"cost": 100 * np.exp(0.01 * need + chance), "need": need}, index)
    >>> result = expected_cost(panel, cost="cost", needs=["need"])
    >>> result.n, round(float(result.coefficients.loc["need", "coefficient"]), 2)
    (30, 0.01)
    """
    columns = check_columns(panel, [cost, *([needs] if isinstance(needs, str) else needs)])
    if not 0 < level < 1 or len(columns) < 2:
        raise UsageError("At least one need, and a level between 0 and 1, are wanted; got {level}.", level=level)
    table, year, left_out = _complete(panel[columns], year)
    _check(table, cost)
    names = columns[1:]
    log_cost, design = np.log(table[cost].to_numpy(float)), table[names].to_numpy(float)
    units, explained = leave_one_out(log_cost, design, level)
    frame = pd.DataFrame(
        {"cost": table[cost], **{name: np.exp(values) for name, values in units.items()}}, index=table.index
    )
    frame["deviation"] = frame["cost"] - frame["expected"]
    frame["deviation_percent"] = 100 * frame["deviation"] / frame["expected"]
    frame["outside"] = (frame["cost"] < frame["lower"]) | (frame["cost"] > frame["upper"])
    return ExpectedCost(
        cost, tuple(names), year, level, frame, _coefficients(log_cost, table[names], level), explained, left_out
    )


def leave_one_out(outcome: Array, needs: Array, level: float) -> tuple[dict[str, Array], float]:
    """Prediction of each row from all other rows, with its interval, and the share predicted.

    Parameters
    ----------
    outcome
        Shape (n,).
    needs
        Without the intercept, shape (n, p − 1).
    level
        Level of the intervals [0–1].

    Returns
    -------
    tuple
        `expected`, `lower`, `upper`, each of shape (n,); and 1 − (sum of squared prediction errors) / (sum of squared
        deviations from the mean).

    Examples
    --------
    With the intercept alone the prediction is the mean of the others:

    >>> leave_one_out(np.array([1.0, 2.0, 6.0]), np.empty((3, 0)), 0.9)[0]["expected"].round(9).tolist()
    [4.0, 3.5, 1.5]
    """
    from scipy.special import stdtrit

    q = _basis(needs)
    residual = outcome - q @ (q.T @ outcome)
    own = 1 - leverage(needs)
    freedom = len(outcome) - q.shape[1] - 1
    error = residual / own
    variance = (residual @ residual - residual * error) / freedom / own
    half = stdtrit(freedom, (1 + level) / 2) * np.sqrt(variance)
    expected = outcome - error
    total = ((outcome - outcome.mean()) ** 2).sum()
    limits = {"expected": expected, "lower": expected - half, "upper": expected + half}
    return limits, float(1 - error @ error / total)


def leverage(needs: Array) -> Array:
    """How much each row determines its own fitted value [0–1], intercept included, shape (n,).

    Examples
    --------
    >>> leverage(np.array([[0.0], [1.0], [2.0]])).round(3).tolist()
    [0.833, 0.333, 0.833]
    """
    return np.asarray((_basis(needs) ** 2).sum(axis=1))


def _basis(needs: Array) -> Array:
    standard = (needs - needs.mean(axis=0)) / needs.std(axis=0)
    return np.linalg.qr(np.column_stack([np.ones(len(needs)), standard]))[0]


def _coefficients(log_cost: Array, needs: pd.DataFrame, level: float) -> pd.DataFrame:
    # Ordinary least squares in five lines: statsmodels gives the same digits (a test holds it to that), and importing
    # it takes longer than all the rest of a report's analysis.
    from scipy.special import stdtrit

    deviation = needs.std(ddof=1)
    design = np.column_stack([np.ones(len(needs)), (needs - needs.mean()) / deviation])
    params, squares = np.linalg.lstsq(design, log_cost)[:2]
    freedom = len(log_cost) - design.shape[1]
    errors = np.sqrt(squares / freedom * np.diag(np.linalg.inv(design.T @ design)))
    half = stdtrit(freedom, (1 + level) / 2) * errors
    effects = 100 * np.expm1(np.column_stack([params, params - half, params + half]))[1:]
    table = pd.DataFrame(
        effects, index=pd.Index(needs.columns, name="need"), columns=["effect_percent", "lower", "upper"]
    )
    table.insert(0, "coefficient", params[1:] / deviation.to_numpy())
    table.insert(1, "deviation", deviation)
    return table


def _complete(table: pd.DataFrame, year: int | None) -> tuple[pd.DataFrame, int, tuple[str, ...]]:
    """The municipalities of one year that have all columns, the year, and who was left out."""
    years = table.dropna().index.get_level_values("year")
    if not len(years) or (year is not None and year not in years):
        covered = table.index.get_level_values("year")
        raise NoData(
            "No municipality has all of {columns} in {year}. Years in which some have: {years}.",
            columns=", ".join(table.columns),
            year=f"{covered.min()}–{covered.max()}" if year is None else year,
            years=", ".join(map(str, sorted(set(years)))) or "–",
        )
    year = int(years.max() if year is None else year)
    rows = table[table.index.get_level_values("year") == year].droplevel("year").sort_index()
    realms = pd.Series([realm(code) for code in rows.index], index=rows.index)
    if len({country for country, _ in realms}) > 1:
        raise UsageError("The panel holds municipalities of several countries: costs are compared within one country.")
    # Åland has laws of its own: beside the mainland it is left out.
    comparable = rows[realms == min(realms, key=lambda item: item[1])]
    complete = comparable.dropna()
    return complete, year, tuple(rows.index.difference(complete.index))


def _check(table: pd.DataFrame, cost: str) -> None:
    needed = LEAST * table.shape[1]
    if len(table) < needed:
        raise TooFewUnits(
            "{n} municipalities are too few for {needs} needs: at least {needed} are wanted. "
            "Take fewer needs, or a year in which more municipalities have the figures.",
            n=len(table),
            needs=table.shape[1] - 1,
            needed=needed,
        )
    low = table.index[table[cost] <= 0]
    if len(low):
        raise TableError("{cost} is 0 or below for {units}: a cost is above 0.", cost=cost, units=", ".join(low))
    needs = table.drop(columns=cost)
    _check_needs(needs)
    alone = table.index[1 - leverage(needs.to_numpy(float)) < SAME]
    if len(alone):
        raise TableError(
            "A need tells {units} apart from all others, so that the others say nothing about it. "
            "Leave out that need, or the municipality.",
            units=", ".join(alone),
        )


def _check_needs(needs: pd.DataFrame) -> None:
    for name in needs:
        if _own_share(needs, name) < SAME:
            raise TableError(
                "{need} does not vary by itself: it is constant, or the other needs ({others}) determine it. "
                "Leave it out.",
                need=name,
                others=", ".join(needs.columns.drop(name)) or "–",
            )


def _own_share(needs: pd.DataFrame, name: str) -> float:
    """Share of a need's variance that the other needs do not determine [0–1]; 0 for a constant."""
    centred = (needs - needs.mean()) / needs.std(ddof=0).where(needs.std(ddof=0) > 0, 1.0)
    own, others = centred[name].to_numpy(float), centred.drop(columns=name).to_numpy(float)
    if np.ptp(needs[name].to_numpy(float)) == 0:
        return 0.0
    rest = own - others @ np.linalg.lstsq(others, own, rcond=None)[0] if others.shape[1] else own
    return float(rest @ rest / (own @ own))
