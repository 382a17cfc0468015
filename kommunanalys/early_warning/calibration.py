"""Whether risks are right on average and in every part of the scale, with intervals; and how they are set right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from kommunanalys.answer import Answer
from kommunanalys.errors import TooFewUnits, UsageError
from kommunanalys.language import Speaker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

DRAWS = 500
"""Bootstrap draws behind an interval."""
BINS, PER_BIN = 10, 80
"""Most parts that the scale is cut into, and the fewest units in each."""
LEAST = 5
"""Units with and without the event below which calibration says nothing."""
EDGE = 1e-6
VARIES = 1e-9
"""Log-odds that lie closer together are the same: they have no slope."""
Line = tuple[float, float]
"""Intercept and slope."""
BLANK: Line = (0.0, 1.0)
MEASURES = ("slope", "intercept", "error", "predicted", "observed")


@dataclass(frozen=True)
class Calibration(Answer):
    """How well risks agree with what happened.

    Parameters
    ----------
    measures
        Index `slope`, `intercept`, `error`, `predicted`, `observed`; columns `value`, `low`, `high` (95 %).
        Slope: 1 is right, below 1 the risks are too far apart. Intercept: how far the risks lie too low altogether
        [log-odds], 0 is right. Error: expected calibration error, the mean distance between risk and share over the
        bins [0–1]. Predicted, observed: mean risk and share with the event [0–1].
    by_chance
        Error that these risks would show on average if each were exactly right: what so few units give by chance.
    bins
        Index the number of the bin, columns `units`, `predicted`, `observed` [0–1], in rising order of risk.
    n, persons
        Units and persons.
    """

    measures: pd.DataFrame = field(repr=False)
    by_chance: float
    bins: pd.DataFrame = field(repr=False)
    n: int
    persons: int

    @property
    def slope(self) -> float:
        """1 is right."""
        return float(self.measures.loc["slope", "value"])

    @property
    def intercept(self) -> float:
        """0 is right [log-odds]."""
        return float(self.measures.loc["intercept", "value"])

    @property
    def error(self) -> float:
        """Expected calibration error [0–1]."""
        return float(self.measures.loc["error", "value"])

    def to_frame(self) -> pd.DataFrame:
        """The measures with their intervals."""
        return self.measures.copy()

    def summary(self, language: str = "en") -> str:
        """Mean risk beside what happened, and how far risks and shares lie apart."""
        say = Speaker(language)
        rows = 100 * self.measures
        text = say(
            "The mean risk was {predicted}, and {observed} had the event ({low} to {high} with 95% confidence).",
            predicted=say.percent(rows.loc["predicted", "value"], 1),
            observed=say.percent(rows.loc["observed", "value"], 1),
            low=say.percent(rows.loc["observed", "low"], 1),
            high=say.percent(rows.loc["observed", "high"], 1),
        )
        apart = say(
            "Risk and share lie {error} percentage points apart on average ({low} to {high}); with so many units "
            "{chance} would be expected from chance alone.",
            error=say.number(rows.loc["error", "value"], 1),
            low=say.number(rows.loc["error", "low"], 1),
            high=say.number(rows.loc["error", "high"], 1),
            chance=say.number(100 * self.by_chance, 1),
        )
        return f"{text} {apart} {self._spread(say)}"

    def _spread(self, say: Speaker) -> str:
        low, high = self.measures.loc["slope", ["low", "high"]]
        if high < 1:
            return say("The risks are too far apart: high ones are too high and low ones too low.")
        if low > 1:
            return say("The risks are too close together: high ones are too low and low ones too high.")
        return say("There is no sign that high risks are too high or too low.")

    def plot(self, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """Share with the event against risk, one dot for each bin; on the line they agree."""
        from kommunanalys.figures import PALETTE, describe, new_axes

        say, ax = Speaker(language), new_axes(ax)
        percents = 100 * self.bins[["predicted", "observed"]]
        end = float(min(100.0, 1.1 * percents.to_numpy().max() + 1))
        ax.plot([0, end], [0, end], color=PALETTE["others"], linewidth=1)
        ax.plot(percents["predicted"], percents["observed"], "o-", color=PALETTE["focus"], markersize=6)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, _: say.percent(value))
        ax.set_xlabel(say("Risk according to the model"))
        ax.set_ylabel(say("Share with the event"))
        heads = {"predicted": say("Mean risk, %"), "observed": say("Share with the event, %")}
        data = percents.round(1).rename(columns=heads).rename_axis(say("Part, from low to high risk"))
        caption = say("Risk and what happened, {bins} parts of equal size.", bins=len(self.bins))
        return describe(ax, caption=caption, alternative=self.summary(language), data=data)


def calibration(
    y: ArrayLike, risk: ArrayLike, *, groups: ArrayLike | None = None, random_state: int | None = 0
) -> Calibration:
    """How well risks agree with what happened.

    Parameters
    ----------
    y
        1 for units with the event, else 0, shape (n,).
    risk
        Risks [0–1], shape (n,).
    groups
        Person behind each unit, shape (n,); the intervals draw whole persons. None: each unit is a person.
    random_state
        Seed of the draws.

    Raises
    ------
    UsageError
        Lengths that differ, missing values, a y that is not 0 or 1, a risk outside 0–1.
    TooFewUnits
        Fewer than 5 units with or without the event.

    Notes
    -----
    Slope: of a logistic regression on the log-odds of the risk. Intercept: of the same with slope 1, calibration in
    the large (Van Calster et al. 2019, BMC Medicine 17:230). Error: mean |mean risk − share| over bins of equal count
    (Naeini, Cooper & Hauskrecht 2015, AAAI, with equal counts instead of widths), up to ten bins of at least 80 units;
    units of equal risk are in one bin. It is never negative, so that few units make it too large even where every risk
    is right (Roelofs et al. 2022, AISTATS): by how much is simulated and given as `by_chance`. Its interval is that of
    500 draws of persons, moved by their mean excess over the value. The others are percentiles.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> risk = rng.uniform(0.1, 0.9, 2000)
    >>> found = calibration(rng.uniform(size=2000) < risk, risk)
    >>> 0.9 < found.slope < 1.1, found.error < 2 * found.by_chance
    (True, True)
    """
    target, risks = _checked(y, risk)
    codes = np.arange(len(risks)) if groups is None else _persons(groups, len(risks))
    odds, place = log_odds(risks), bins_of(risks)
    value = _measured(target, risks, odds, place, np.ones(len(risks)))
    start = line_through(target, odds), line_through(target, odds, slope=False)
    rng = np.random.default_rng(random_state)
    persons = int(codes.max()) + 1
    drawn = np.array(
        [
            _measured(
                target,
                risks,
                odds,
                place,
                rng.multinomial(persons, np.full(persons, 1 / persons))[codes].astype(np.float64),
                start,
            )
            for _ in range(DRAWS)
        ]
    )
    low, high = _percentiles(drawn)
    excess = np.nanmean(drawn[:, 2]) - value[2]
    low[2], high[2] = max(low[2] - excess, 0.0), max(high[2] - excess, 0.0)
    frame = pd.DataFrame({"value": value, "low": low, "high": high}, index=pd.Index(MEASURES, name="measure"))
    right = (rng.uniform(size=(DRAWS, len(risks))) < risks).astype(float)
    chance = float(np.mean([_error(one, risks, place, np.ones(len(risks))) for one in right]))
    return Calibration(frame, chance, _bins(target, risks, place), len(risks), persons)


def _checked(y: ArrayLike, risk: ArrayLike) -> tuple[Array, Array]:
    target, risks = np.asarray(y, float), np.asarray(risk, float)
    if target.ndim != 1 or target.shape != risks.shape:
        raise UsageError(
            "Outcomes and risks must be as many: {outcomes} outcomes, {risks} risks.",
            outcomes=target.size,
            risks=risks.size,
        )
    if not np.isin(target, (0, 1)).all() or not ((risks >= 0) & (risks <= 1)).all():
        raise UsageError(
            "Outcomes must be 0 or 1 and risks between 0 and 1, none of them missing. Leave out units whose outcome is "
            "not known."
        )
    if min(target.sum(), (1 - target).sum()) < LEAST:
        raise TooFewUnits(
            "Fewer than {least} units with the event, or without it: too few to say whether risks are right. Put "
            "several cohorts together.",
            least=LEAST,
        )
    return target, risks


def _persons(groups: ArrayLike, n: int) -> NDArray[np.intp]:
    codes, _ = pd.factorize(np.asarray(groups, dtype=object), use_na_sentinel=False)
    if len(codes) != n:
        raise UsageError("Groups must name one person for each unit: {given} for {n} units.", given=len(codes), n=n)
    return np.asarray(codes, np.intp)


def log_odds(risk: Array) -> Array:
    """Log-odds of risks, which are kept a millionth away from 0 and 1.

    Examples
    --------
    >>> log_odds(np.array([0.5])).tolist()
    [0.0]
    """
    held = np.clip(risk, EDGE, 1 - EDGE)
    return np.asarray(np.log(held / (1 - held)))


def line_through(
    y: Array,
    odds: Array,
    weight: Array | None = None,
    *,
    slope: bool = True,
    prior: float = 0.0,
    start: Line = BLANK,
) -> Line:
    """Intercept and slope of a logistic regression of y on log-odds, by Newton's method.

    Parameters
    ----------
    y, odds, weight
        Shape (n,).
    slope
        Whether to fit the slope; else it is 1.
    prior
        Precision of a normal distribution around slope 1 that the slope is held to; 0 for none.
    start
        Where to begin; it does not change the answer.

    Examples
    --------
    >>> line_through(np.array([0.0, 1.0, 1.0, 1.0]), np.zeros(4), slope=False)[0].__round__(3)
    1.099
    """
    weight = np.ones(len(y)) if weight is None else weight
    if slope and not np.ptp(odds[weight > 0]) > VARIES:
        return np.nan, np.nan
    at, free = np.array(start if np.isfinite(start).all() else BLANK), 2 if slope else 1
    held = np.column_stack([np.ones(len(odds)), odds])
    for _ in range(50):
        p = expit(np.clip(held @ at, -35, 35))
        gradient = held.T @ (weight * (y - p)) - (0, prior * (at[1] - 1))
        curvature = (held.T * (weight * p * (1 - p) + 1e-12)) @ held + np.diag((0, prior))
        step = np.zeros(2)
        step[:free] = np.linalg.solve(curvature[:free, :free], gradient[:free])
        if np.abs(held @ step).max() > 1:
            # So long a step can lead too far where most risks are near 0 or 1.
            loss = _loss(at, y, odds, weight, prior) + 1e-9
            while _loss(at + step, y, odds, weight, prior) > loss and np.abs(step).max() > 1e-7:
                step /= 2
        at = at + step
        if np.abs(step).max() < 1e-6:
            return float(at[0]), float(at[1])
    return (np.nan, np.nan) if slope else (float(at[0]), 1.0)


def held_line(y: Array, odds: Array, *, slope: bool = True, prior: float) -> Line:
    """As `line_through`, always a number, and no slope below 0: a ranking is never turned around by noise.

    Examples
    --------
    >>> y = np.array([0.0, 1.0, 1.0, 1.0])
    >>> held_line(y, np.zeros(4), prior=4.0)[1], held_line(y, 9 - 9 * y, prior=4.0)[1]
    (1.0, 0.0)
    """
    found = line_through(y, odds, slope=slope and bool(np.ptp(odds) > VARIES), prior=prior)
    return found if found[1] >= 0 else (line_through(y, np.zeros(len(y)), slope=False)[0], 0.0)


def _loss(at: Array, y: Array, odds: Array, weight: Array, prior: float) -> float:
    predicted = at[0] + at[1] * odds
    return float(weight @ (np.logaddexp(0, predicted) - y * predicted) + prior * (at[1] - 1) ** 2 / 2)


def bins_of(risk: Array) -> NDArray[np.intp]:
    """The bin of each unit: bins of equal count in rising order of risk, equal risks in one bin.

    Examples
    --------
    >>> bins_of(np.linspace(0, 1, 160)).tolist() == [0] * 80 + [1] * 80
    True
    """
    number = int(np.clip(len(risk) // PER_BIN, 1, BINS))
    edges = np.quantile(risk, np.arange(1, number) / number)
    return np.unique(np.searchsorted(edges, risk, side="left"), return_inverse=True)[1]


def _error(y: Array, risk: Array, place: NDArray[np.intp], weight: Array) -> float:
    return float(np.abs(np.bincount(place, weight * (risk - y))).sum() / weight.sum())


def _measured(
    y: Array,
    risk: Array,
    odds: Array,
    place: NDArray[np.intp],
    weight: Array,
    start: tuple[Line, Line] = (BLANK, BLANK),
) -> Array:
    total = weight.sum()
    return np.array(
        [
            line_through(y, odds, weight, start=start[0])[1],
            line_through(y, odds, weight, slope=False, start=start[1])[0],
            _error(y, risk, place, weight),
            weight @ risk / total,
            weight @ y / total,
        ]
    )


def _percentiles(drawn: Array) -> tuple[Array, Array]:
    """A measure that some draws could not give has no interval."""
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    return low, high


def _bins(y: Array, risk: Array, place: NDArray[np.intp]) -> pd.DataFrame:
    table = pd.DataFrame({"bin": place + 1, "predicted": risk, "observed": y}).groupby("bin")
    return table.mean().assign(units=table.size())[["units", "predicted", "observed"]]
