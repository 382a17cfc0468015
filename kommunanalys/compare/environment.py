"""The second stage: how circumstances that a unit does not choose go with its efficiency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.answer import Answer
from kommunanalys.compare.dea_data import check_fitted
from kommunanalys.compare.truncated import SAME, Regressions, draw, expected, truncated_regression
from kommunanalys.compare.units import as_table, speaker, variable
from kommunanalys.compare.worlds import Yardstick
from kommunanalys.errors import AnalysisFailed, TableError, TooFewUnits, UsageError
from kommunanalys.names import check_population

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.compare.dea import DEA
    from kommunanalys.language import Speaker

Array = NDArray[np.float64]

FIRST: Final = 100
"""Draws for the correction of the scores (Simar and Wilson's own choice)."""
LEVEL: Final = 0.95
LEAST: Final = 10
"""Units for each coefficient, below which nothing is computed."""
LOST: Final = 0.05
"""Share of the draws whose regression may fail before the intervals mean nothing."""


@dataclass(frozen=True)
class Environment(Answer):
    """What goes with inefficiency.

    Parameters
    ----------
    coefficients
        Index `variable`, `constant` first; `coefficient` on the reciprocal score (above 0: less efficient) with
        `lower` and `upper`; `deviation` (one standard deviation of the variable); `effect` of one deviation more
        [points of efficiency, 100 = full] with `effect_lower` and `effect_upper`; `significant` (0 outside the
        interval). Missing for the constant where it has no meaning.
    corrected
        Reciprocal scores corrected for their bias, at least 1, on the units' index.
    deviation
        Standard deviation of the normal distribution that is truncated.
    draws
        Bootstrap samples behind the intervals.
    failed
        How many of them were left out since their regression did not settle.
    bounded
        Whether the deviation lies at its bound: the scores thin out like an exponential distribution.
    """

    coefficients: pd.DataFrame
    corrected: pd.Series
    deviation: float
    draws: int
    failed: int
    bounded: bool

    def to_frame(self) -> pd.DataFrame:
        """One row for each coefficient."""
        return self.coefficients.copy()

    def _effects(self) -> pd.DataFrame:
        return self.coefficients.drop(index="constant")

    def summary(self, language: str = "en") -> str:
        """Each variable's effect in words, and what it does not mean."""
        say = speaker(self.corrected.index[0], language)
        lines = [self._line(name, row, say) for name, row in self._effects().iterrows()]
        return " ".join([*lines, self.reservation(say)])

    def reservation(self, say: Speaker) -> str:
        """What the effects do not mean, and how often simulations were right about them."""
        # What benchmarks/second_stage.py gave (n of 50 to 300): the nominal level alone would promise too much.
        return " ".join(
            [
                say(
                    "What goes with efficiency need not be its cause. The method supposes that these circumstances "
                    "change how close units come to best practice, not what best practice is."
                ),
                say(
                    "In simulations such intervals held a real effect in 90–92% of cases, and the test saw an effect "
                    "where there was none in 0.5–6%."
                ),
            ]
        )

    def _line(self, name: Any, row: pd.Series, say: Speaker) -> str:
        shown = {"variable": variable(str(name), say), "level": say.percent(100 * LEVEL)}
        low, high = sorted((row["effect_lower"], row["effect_upper"]))
        shown |= {"effect": say.number(row["effect"], 1), "low": say.number(low, 1), "high": say.number(high, 1)}
        if not row["significant"]:
            return say(
                "{variable}: no effect on efficiency can be told from chance ({level} interval {low} to {high} points "
                "for one standard deviation more).",
                **shown,
            )
        return say(
            "{variable}: one standard deviation more goes with {effect} points of efficiency ({level} interval {low} "
            "to {high}).",
            **shown,
        )

    def plot(self, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """The effects with their intervals."""
        from kommunanalys.figures import PALETTE, describe, new_axes
        from kommunanalys.figures.charts import localise

        say = speaker(self.corrected.index[0], language)
        effects = self._effects()[::-1]
        called = [variable(str(name), say) for name in effects.index]
        ax, places = new_axes(ax), np.arange(len(effects))
        ax.axvline(0.0, color=PALETTE["line"], linewidth=1, linestyle=":")
        ax.hlines(places, effects["effect_lower"], effects["effect_upper"], color=PALETTE["others"], linewidth=2)
        ax.scatter(effects["effect"], places, s=50, color=PALETTE["focus"], linewidths=0, zorder=3)
        localise(ax, say, x=True, decimals=1)
        ax.set_yticks(places, called)
        ax.set_xlabel(say("Points of efficiency for one standard deviation more"))
        heads = {
            "effect": say("Points of efficiency"),
            "effect_lower": say("Lower limit"),
            "effect_upper": say("Upper limit"),
        }
        data = effects[::-1][list(heads)].rename(columns=heads)
        return describe(
            ax,
            caption=say(
                "What goes with efficiency: one standard deviation more, with {level} intervals.",
                level=say.percent(100 * LEVEL),
            ),
            alternative=self.summary(language),
            data=data.set_axis(pd.Index(called[::-1], name=say("Variable")), axis=0),
        )


def environment(dea: DEA, z: Any, *, draws: int = 2000) -> Environment:
    """How circumstances go with efficiency, by two-stage bootstrap.

    Parameters
    ----------
    dea
        Fitted, without fixed or non-controllable columns; its `random_state` gives the same answer again.
    z
        Circumstances that the unit does not choose, one row for each unit in the DEA's order, shape (n, k).
    draws
        Bootstrap samples for the intervals.

    Raises
    ------
    UsageError
        The DEA is not fitted, or of a kind that is not supported; `z` has other units.
    TableError
        A gap in `z`, a variable that does not vary or that the others determine; an unbounded score.
    TooFewUnits
        Fewer than 10 units for each coefficient.
    AnalysisFailed
        The truncated regression has no maximum.

    Notes
    -----
    Algorithm 2 of the paper: truncated regression of the reciprocal scores above 1 on z, bias correction of the scores
    by 100 parametric draws, truncated regression of the corrected scores, and basic bootstrap intervals of 95 % from
    parametric draws of that. The effect is the mean over units of the change of 1 / E(reciprocal score) when one
    variable grows by a standard deviation; its limits put the coefficient at its own limits.

    References
    ----------
    Simar & Wilson (2007), Journal of Econometrics 136(1), section 4.2.

    Examples
    --------
    >>> from kommunanalys.compare import DEA
    >>> rng = np.random.default_rng(1)
    >>> need, z = rng.uniform(1, 9, 60), pd.DataFrame({"sparse": rng.normal(size=60)})
    >>> cost = need * (1 + np.abs(0.4 + 0.3 * z["sparse"] + rng.normal(0, 0.1, 60)))
    >>> result = environment(DEA(returns="crs", random_state=1).fit(cost, need), z, draws=100)
    >>> bool(result.to_frame().loc["sparse", "coefficient"] > 0)
    True
    """
    table = _checked(dea, z)
    rng = np.random.default_rng(dea.random_state)
    deviation = table.std(ddof=1)
    design = np.column_stack([np.ones(len(table)), (table - table.mean()) / deviation])
    corrected = _corrected(dea, design, rng)
    found = _fit(corrected, design)
    if not found.settled[0]:
        raise _no_maximum()
    samples = draw(design, found.beta[0], float(found.sigma[0]), rng, draws)
    again = truncated_regression(samples, design)
    if (~again.settled).mean() > LOST:
        raise _no_maximum()
    frame = _frame(design, found, again.beta[again.settled], table)
    score = pd.Series(corrected, index=dea.efficiency_.index, name="corrected")
    failed = int((~again.settled).sum())
    return Environment(frame, score, float(found.sigma[0]), draws, failed, bool(found.bounded[0]))


def _fit(outcome: Array, design: Array) -> Regressions:
    inside = outcome > 1 + SAME
    if inside.sum() < LEAST * design.shape[1]:
        raise _too_few(int(inside.sum()), design.shape[1])
    return truncated_regression(outcome[None, inside], design[inside])


def _corrected(dea: DEA, design: Array, rng: np.random.Generator) -> Array:
    """Reciprocal scores less their bias as parametric draws show it, shape (n,)."""
    moving, still = dea.inputs_.to_numpy(float), dea.outputs_.to_numpy(float)
    if dea.orientation == "output":
        moving, still = still, moving
    yardstick = Yardstick(still, dea.returns, dea.orientation)
    score = dea.efficiency_.to_numpy(float)
    seen = np.maximum(score if dea.orientation == "output" else 1 / score, 1.0)
    first = _fit(seen, design)
    if not first.settled[0]:
        raise _no_maximum()
    total = np.zeros(len(seen))
    for sample in draw(design, first.beta[0], float(first.sigma[0]), rng, FIRST):
        reference = yardstick.shift(moving, np.log(sample / seen))
        total += np.exp(yardstick.measure(reference, moving))
    return np.asarray(np.maximum(2 * seen - total / FIRST, 1 + SAME))


def _frame(design: Array, found: Regressions, again: Array, table: pd.DataFrame) -> pd.DataFrame:
    beta, sigma = found.beta[0], float(found.sigma[0])
    low, high = 2 * beta - np.quantile(again, [(1 + LEVEL) / 2, (1 - LEVEL) / 2], axis=0)
    deviation = np.concatenate([[np.nan], table.std(ddof=1).to_numpy()])
    # The constant belongs to all variables at their means, the coefficients to one unit of each.
    unit = np.where(np.isnan(deviation), 1.0, deviation)
    frame = pd.DataFrame({"coefficient": beta / unit, "lower": low / unit, "upper": high / unit})
    frame["deviation"] = deviation
    for name, values in (("effect", beta), ("effect_lower", high), ("effect_upper", low)):
        effects = [_effect(design, beta, sigma, place, value) for place, value in enumerate(values)]
        frame[name] = [np.nan, *effects[1:]]
    frame["significant"] = (low > 0) | (high < 0)
    return frame.set_axis(pd.Index(["constant", *map(str, table.columns)], name="variable"), axis=0)


def _effect(design: Array, beta: Array, sigma: float, place: int, value: float) -> float:
    changed = beta.copy()
    changed[place] = value
    more = design.copy()
    more[:, place] += 1
    return float(100 * (1 / expected(more @ changed, sigma) - 1 / expected(design @ changed, sigma)).mean())


def _checked(dea: DEA, z: Any) -> pd.DataFrame:
    check_fitted(dea)
    if dea.returns == "fdh" or dea.fixed or dea.noncontrollable:
        raise UsageError(
            "The second stage is known for convex frontiers of which every column of the orientation moves: choose "
            "returns vrs, crs, drs or irs, and no fixed or non-controllable columns."
        )
    table = as_table(z, "z")
    if "constant" in table:
        raise UsageError("A column of z is called 'constant', as the model's own constant is. Give it another name.")
    if isinstance(z, pd.DataFrame | pd.Series) and not table.index.equals(dea.efficiency_.index):
        raise UsageError("z is about other units than the scores: give it the DEA's index, in the same order.")
    check_population([*dea.inputs_.columns, *dea.outputs_.columns, *table.columns])
    if len(table) != len(dea.efficiency_) or len(table) < LEAST * (table.shape[1] + 1):
        raise _too_few(len(table), table.shape[1] + 1)
    values = table.to_numpy()
    if not np.isfinite(values).all() or not np.isfinite(dea.efficiency_).all():
        raise TableError(
            "A figure of z is missing, or a score is unbounded: leave those units out of the comparison and fit again."
        )
    spread = values.std(axis=0)
    standard = (values - values.mean(axis=0)) / np.where(spread > SAME * np.abs(values).max(axis=0), spread, np.inf)
    if np.linalg.eigvalsh(standard.T @ standard / len(values)).min() < SAME:
        raise TableError(
            "A variable of z does not vary, or the others determine it: {columns}. Leave one out.",
            columns=", ".join(map(str, table.columns)),
        )
    return table


def _too_few(units: int, coefficients: int) -> TooFewUnits:
    return TooFewUnits(
        "{units} units below the frontier for {coefficients} coefficients: at least {least} for each are needed.",
        units=units,
        coefficients=coefficients,
        least=LEAST,
    )


def _no_maximum() -> AnalysisFailed:
    return AnalysisFailed(
        "The truncated regression has no maximum: the scores do not thin out as that model supposes. Take fewer "
        "variables, or more units."
    )
