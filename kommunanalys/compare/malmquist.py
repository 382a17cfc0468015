"""The Malmquist index: productivity from one period to the next, as catching up and as the frontier's own move."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.answer import Answer
from kommunanalys.compare.cautions import Caution
from kommunanalys.compare.units import beside, check_years, joined, label, mark, resolve, speaker
from kommunanalys.errors import NoData, TableError, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.language import Speaker

Array = NDArray[np.float64]

ROUNDING: Final = 1e-9
"""How far above 1 the index of an unchanged unit may come out."""


@dataclass(frozen=True)
class Malmquist(Answer):
    """Change of productivity of every unit from each period to the next.

    Parameters
    ----------
    changes
        Index (`unit`, `start`, `end`); `index` = `efficiency_change` × `technical_change`. Above 1 is an improvement,
        NaN where a score across the periods has no finite value.
    left_out
        (unit, start, end) of the pairs of which the unit has figures in one period only.
    infeasible
        (unit, start, end) of the rows with NaN.
    """

    changes: pd.DataFrame
    left_out: tuple[tuple[Any, Any, Any], ...]
    infeasible: tuple[tuple[Any, Any, Any], ...]

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Whose change is not known, and why."""
        found = []
        if self.left_out:
            units = tuple(dict.fromkeys(unit for unit, _, _ in self.left_out))
            found.append(
                Caution(
                    "Present in one of two adjacent periods only, so that no change is given ({count}): {units}.",
                    {"count": len(self.left_out), "units": units},
                )
            )
        if self.infeasible:
            units = tuple(dict.fromkeys(unit for unit, _, _ in self.infeasible))
            found.append(
                Caution(
                    "Cannot be scored against the frontier of the other period, so that the change is unknown "
                    "({count}): {units}.",
                    {"count": len(self.infeasible), "units": units},
                )
            )
        return tuple(found)

    def to_frame(self) -> pd.DataFrame:
        """One row for each unit and pair of adjacent periods."""
        return self.changes.copy()

    def summary(self, language: str = "en", unit: object = None) -> str:
        """The typical change of each pair of periods, or one unit's."""
        if unit is not None:
            rows, key = self._of(unit)
            say = speaker(key, language)
            lines = [self._line(label(key, language), row, place, say) for place, row in rows.iterrows()]
        else:
            say = speaker(self.changes.index[0][0], language)
            lines = [self._typical(group, place, say) for place, group in self._pairs()]
        lines.append(
            say(
                "Above 1 is an improvement: the index is the unit's catching up with the frontier times the frontier's "
                "own move. It carries no interval: a small change may be chance."
            )
        )
        return " ".join(lines)

    def _pairs(self) -> list[tuple[Any, pd.DataFrame]]:
        return list(self.changes.groupby(level=["start", "end"], sort=True))

    def _of(self, unit: object) -> tuple[pd.DataFrame, object]:
        key = resolve(unit, self.changes.index.get_level_values("unit").unique())
        return self.changes.xs(key, level="unit"), key

    def _typical(self, group: pd.DataFrame, place: tuple[Any, Any], say: Speaker) -> str:
        known = group["index"].dropna()
        return say(
            "{start}–{end}: {improved} of {units} improved; half of the indices are {median} or lower.",
            start=place[0],
            end=place[1],
            improved=say.number(int((known > 1 + ROUNDING).sum())),
            units=say.number(len(known)),
            median=say.number(known.median(), 2),
        )

    def _line(self, name: str, row: pd.Series, place: Any, say: Speaker) -> str:
        return say(
            "{name}, {start}–{end}: {index} = {efficiency} (catching up) × {technical} (the frontier).",
            name=name,
            start=place[0],
            end=place[1],
            index=say.number(row["index"], 2),
            efficiency=say.number(row["efficiency_change"], 2),
            technical=say.number(row["technical_change"], 2),
        )

    def plot(self, unit: object = None, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """Catching up against the frontier's move for the last pair of periods, one unit marked."""
        from kommunanalys.figures import PALETTE, describe, new_axes
        from kommunanalys.figures.charts import localise

        start, end = max(place for place, _ in self._pairs())
        last = self.changes.xs((start, end), level=("start", "end"))
        key = None if unit is None else resolve(unit, last.index)
        say = speaker(last.index[0] if key is None else key, language)
        ax = new_axes(ax)
        for draw in (ax.axhline, ax.axvline):
            draw(1.0, color=PALETTE["line"], linewidth=1, linestyle=":")
        own = last.index == key
        for chosen, colour, size in ((~own, "others", 14), (own, "focus", 70)):
            x, y = last["technical_change"][chosen], last["efficiency_change"][chosen]
            ax.scatter(x, y, s=size, color=PALETTE[colour], linewidths=0, zorder=3)
        if key is not None and last.loc[key].notna().all():
            mark(ax, label(key, language), last.at[key, "technical_change"], last.at[key, "efficiency_change"])
        localise(ax, say, x=True, decimals=2)
        heads = {
            "index": say("Malmquist index"),
            "efficiency_change": say("Catching up with the frontier"),
            "technical_change": say("Move of the frontier"),
        }
        ax.set_xlabel(heads["technical_change"])
        ax.set_ylabel(heads["efficiency_change"])
        called = pd.Index([label(item, language) for item in last.index], name=say("Unit"))
        caption = say("Change of productivity {start}–{end}; above 1 is an improvement.", start=start, end=end)
        data = last[list(heads)].rename(columns=heads).set_axis(called, axis=0)
        return describe(ax, caption=caption, alternative=self.summary(language, unit), data=data)


def malmquist(inputs: Any, outputs: Any, *, period: Any, unit: Any) -> Malmquist:
    """How productivity changed between adjacent periods, constant returns to scale, input-oriented.

    Parameters
    ----------
    inputs, outputs
        One row for each unit and period, in the same order; shapes (n, inputs) and (n, outputs), not negative. Columns
        that are indicators of the glossary must not cross one of their breaks.
    period
        Period of each row (sortable, such as a year), or the name of the index level that holds it.
    unit
        Unit of each row, or the name of the index level that holds it.

    Raises
    ------
    UsageError
        Lengths differ; no such index level; figures on both sides of a break in the series.
    TableError
        A unit twice in a period; a missing or negative figure.
    NoData
        No unit in two adjacent periods.
    MixedPopulations
        Columns about different populations.

    Notes
    -----
    With D(s, t) the score of the figures of period t against the frontier of period s: efficiency change is
    D(2, 2) / D(1, 1), technical change the square root of D(1, 2) / D(2, 2) × D(1, 1) / D(2, 1). Every period's
    frontier is that of all units of the period, those of unknown change included.

    References
    ----------
    Färe, Grosskopf, Norris & Zhang (1994), American Economic Review 84(1), equation 6.

    Examples
    --------
    The first unit does the same with half; the second stays what it was, while the frontier left it behind:

    >>> cost, pupils = [[2.0], [2.0], [1.0], [2.0]], [[1.0]] * 4
    >>> result = malmquist(cost, pupils, period=[2020, 2020, 2021, 2021], unit=["a", "b", "a", "b"])
    >>> result.to_frame().reset_index()[["unit", "index", "efficiency_change", "technical_change"]]
      unit  index  efficiency_change  technical_change
    0    a    2.0                1.0               2.0
    1    b    1.0                0.5               2.0
    """
    x, y = beside(inputs, outputs)
    joined(x, y)  # refuses what cannot be compared
    labels = _labels(period, x.index), _labels(unit, x.index)
    if any(item.isna().any() for item in labels) or pd.api.types.infer_dtype(labels[0]).startswith("mixed"):
        raise TableError("Every row needs its period and its unit, and periods of one kind, such as years.")
    key = pd.MultiIndex.from_arrays(labels, names=["period", "unit"])
    if key.has_duplicates:
        again = key[key.duplicated()][0]
        raise TableError("{unit} occurs twice in the period {period}.", unit=again[1], period=again[0])
    check_years([*x.columns, *y.columns], key.get_level_values("period"), key.get_level_values("unit"))
    periods = sorted(key.get_level_values("period").unique())
    rows = {item: pd.DataFrame({"row": np.flatnonzero(key.get_level_values("period") == item)}) for item in periods}
    places = {item: frame.set_index(key[frame["row"]].get_level_values("unit"))["row"] for item, frame in rows.items()}
    figures = x.to_numpy(), y.to_numpy()
    pairs = list(pairwise(periods))
    parts = [_between(figures, places[start], places[end], (start, end)) for start, end in pairs]
    if not any(len(part) for part in parts):
        raise NoData(
            "No unit has figures in two adjacent periods; the periods are {periods}.",
            periods=", ".join(map(str, periods)),
        )
    changes = pd.concat(parts)
    alone = [
        (name, start, end)
        for start, end in pairs
        for name in places[start].index.symmetric_difference(places[end].index, sort=False)
    ]
    return Malmquist(changes, tuple(alone), tuple(changes.index[changes.isna().any(axis=1)]))


def _labels(given: Any, index: pd.Index) -> pd.Index:
    if isinstance(given, str):
        if given not in index.names:
            raise UsageError(
                "The index has no level {given!r}; its levels are {levels}. Pass one label for each row, or a level's "
                "name.",
                given=given,
                levels=", ".join(map(str, index.names)),
            )
        return index.get_level_values(given)
    labels = pd.Index(given)
    if len(labels) != len(index) or (isinstance(given, pd.Series) and not given.index.equals(index)):
        raise UsageError(
            "{given} labels for {rows} rows, or labels of other rows: every row needs its unit and its period, on the "
            "same index.",
            given=len(labels),
            rows=len(index),
        )
    return labels


def _between(figures: tuple[Array, Array], start: pd.Series, end: pd.Series, pair: tuple[Any, Any]) -> pd.DataFrame:
    common = start.index.intersection(end.index, sort=False)
    one, two = start[common].to_numpy(), end[common].to_numpy()
    before, after = start.to_numpy(), end.to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        efficiency = _score(figures, after, two) / _score(figures, before, one)
        technical = np.sqrt(_score(figures, before, two) / _score(figures, after, two))
        technical = technical * np.sqrt(_score(figures, before, one) / _score(figures, after, one))
        changes = np.column_stack([efficiency * technical, efficiency, technical])
    changes[~(np.isfinite(changes) & (changes > 0)).all(axis=1)] = np.nan
    keys = [[name, *pair] for name in common]
    index = pd.MultiIndex.from_tuples([tuple(item) for item in keys], names=["unit", "start", "end"])
    return pd.DataFrame(changes, index, ["index", "efficiency_change", "technical_change"])


def _score(figures: tuple[Array, Array], reference: Array, rows: Array) -> Array:
    from kommunanalys.compare.dea import MANY
    from kommunanalys.compare.kernel import Reference

    x, y = figures
    frontier = Reference(x[reference], y[reference], "crs", "input", compiled=len(reference) >= MANY)
    return frontier.scores(x[rows], y[rows])
