"""Data envelopment analysis: how far a unit is from the best mixes of the units that are compared."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from kommunanalys.compare import cautions
from kommunanalys.compare.frontier import WEIGHT_SUM, ZERO, Array, Frontier, NoOptimumError, Solution
from kommunanalys.compare.units import as_table, joined, label, listed, mark, resolve, speaker
from kommunanalys.errors import AnalysisFailed, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.language import Speaker

ORIENTATIONS = ("input", "output")
ON_FRONTIER = 1e-6
"""A score this close to 1 is on the frontier (the bar to which scores are checked)."""


class DEA:
    """Farrell efficiency against the best practice of the units compared.

    Parameters
    ----------
    returns
        Returns to scale: "vrs" variable, "crs" constant, "drs" non-increasing, "irs" non-decreasing.
    orientation
        "input": how far the inputs could shrink at the same outputs; "output": how far the outputs could grow.

    Attributes
    ----------
    efficiency_ : Series
        On the units' index. Input-oriented at most 1, output-oriented at least 1 (inf for a unit without any output).
    peers_ : DataFrame
        `unit`, `peer`, `weight`: the mix of peers behind each target, the heaviest first.
    slacks_ : DataFrame
        Units × columns, in the columns' own units: what remains after the radial move.
    targets_ : DataFrame
        Units × columns: radial move made and slack removed, which is the mix of the peers.
    inputs_, outputs_ : DataFrame
        What was compared.

    Notes
    -----
    The slacks are those of the largest sum in columns divided by their standard deviation, so that they do not depend
    on the units of the columns. A unit that is efficient without slack is its own only peer.

    References
    ----------
    Banker, Charnes & Cooper (1984), Management Science 30(9). Cooper, Seiford & Tone (2007), Data Envelopment
    Analysis, 2nd ed., chapters 3–5.

    Examples
    --------
    B does with 4 what A does with 2:

    >>> cost = pd.DataFrame({"cost": [2.0, 4.0, 6.0]}, index=["A", "B", "C"])
    >>> pupils = pd.DataFrame({"pupils": [1.0, 1.0, 2.0]}, index=["A", "B", "C"])
    >>> dea = DEA(returns="vrs", orientation="input").fit(cost, pupils)
    >>> [round(score, 3) for score in dea.efficiency_]
    [1.0, 0.5, 1.0]
    >>> print(dea.requirements("B")[["column", "value", "target", "difference"]].to_string(index=False))
    column  value  target  difference
      cost    4.0     2.0        -2.0
    pupils    1.0     1.0         0.0
    """

    efficiency_: pd.Series
    peers_: pd.DataFrame
    slacks_: pd.DataFrame
    targets_: pd.DataFrame
    inputs_: pd.DataFrame
    outputs_: pd.DataFrame

    def __init__(
        self,
        returns: Literal["vrs", "crs", "drs", "irs"] = "vrs",
        orientation: Literal["input", "output"] = "input",
    ) -> None:
        self.returns = returns
        self.orientation = orientation

    def __repr__(self) -> str:
        return f"DEA(returns={self.returns!r}, orientation={self.orientation!r})"

    def fit(self, inputs: Any, outputs: Any) -> DEA:
        """Score every unit against all of them.

        Parameters
        ----------
        inputs, outputs
            DataFrames (or arrays) of one row a unit, in the same order, not negative, without gaps. Shapes (n, inputs)
            and (n, outputs).

        Raises
        ------
        UsageError
            Unknown returns or orientation; inputs and outputs of different units or with columns of the same name.
        TableError
            A negative or missing value, or a unit without any input; names unit and column.
        MixedPopulations
            Columns about different populations.
        AnalysisFailed
            No optimum was found for a unit, which it names.

        Examples
        --------
        >>> DEA(returns="crs", orientation="output").fit([[1.0], [2.0]], [[1.0], [1.0]]).efficiency_.tolist()
        [1.0, 2.0]
        """
        self._check_options()
        self.inputs_, self.outputs_ = as_table(inputs, "input"), as_table(outputs, "output")
        table = joined(self.inputs_, self.outputs_)
        solutions = _solve(table, self._frontier(), self._no_output())
        scores = np.array([item.score for item in solutions])
        slacks = np.array([item.slacks for item in solutions])
        self.efficiency_ = pd.Series(scores, index=table.index, name="efficiency")
        self.slacks_ = pd.DataFrame(slacks, index=table.index, columns=table.columns)
        self.targets_ = self._target(table, scores, slacks)
        self.peers_ = _peers(solutions, table.index)
        return self

    def _check_options(self) -> None:
        for name, value, allowed in (
            ("returns", self.returns, tuple(WEIGHT_SUM)),
            ("orientation", self.orientation, ORIENTATIONS),
        ):
            if value not in allowed:
                raise UsageError(
                    "Unknown {name} {value!r}. Choose one of {allowed}.",
                    name=name,
                    value=value,
                    allowed=", ".join(allowed),
                )

    def _no_output(self) -> Array:
        empty = (self.outputs_ == 0).all(axis=1).to_numpy() & (self.orientation == "output")
        if empty.any():
            names = ", ".join(map(str, self.outputs_.index[empty]))
            warnings.warn(
                f"No output at all, so that the score is unbounded (inf): {names}", RuntimeWarning, stacklevel=3
            )
        return np.asarray(empty)

    def _frontier(self) -> Frontier:
        return Frontier(self.inputs_.to_numpy(), self.outputs_.to_numpy(), self.returns, self.orientation)

    def _target(self, table: pd.DataFrame, scores: Array, slacks: Array) -> pd.DataFrame:
        is_input = np.arange(table.shape[1]) < self.inputs_.shape[1]
        moving = is_input == (self.orientation == "input")
        with np.errstate(invalid="ignore"):
            reached = np.where(moving, scores[:, None], 1.0) * table.to_numpy()
        values = reached - np.where(is_input, 1.0, -1.0) * slacks
        return pd.DataFrame(values, index=table.index, columns=table.columns)

    def _check_fitted(self) -> None:
        if not hasattr(self, "efficiency_"):
            raise UsageError("This DEA has seen no data yet: call fit(inputs, outputs) first.")

    @property
    def cautions(self) -> tuple[cautions.Caution, ...]:
        """What a reader must know: few units, no result among the outputs, peers that dominate."""
        self._check_fitted()
        units = len(self.efficiency_)
        return (
            *cautions.few_units(units, self.inputs_.shape[1], self.outputs_.shape[1]),
            *cautions.missing_quality(self.outputs_.columns),
            *cautions.dominant_peers(self.peers_, units),
        )

    def requirements(self, unit: object) -> pd.DataFrame:
        """The distance of one unit to its peers in the columns' own units: a difference, not a savings target.

        Parameters
        ----------
        unit
            Index value; for municipalities also the name.

        Returns
        -------
        pandas.DataFrame
            `column`, `value`, `target`, `difference` (target − value), `difference_percent` [% of value]; for the
            columns of the orientation `high` (the difference, with all peers) and `low` (the difference closest to
            zero when each peer in turn is left out and the target found anew), NaN for the other columns;
            `includes_none`: without one of its peers the unit itself is on the frontier, so that there is no
            distance to report.

        Raises
        ------
        UsageError
            An unknown unit, or one that occurs several times.

        Examples
        --------
        >>> dea = DEA().fit(pd.DataFrame({"cost": [2.0, 3.0, 4.0]}), pd.DataFrame({"pupils": [1.0, 1.0, 1.0]}))
        >>> print(dea.requirements(2)[["column", "target", "low", "high"]].to_string(index=False))
        column  target  low  high
          cost     2.0 -1.0  -2.0
        pupils     1.0  NaN   NaN
        """
        self._check_fitted()
        position = self._position(unit)
        table = joined(self.inputs_, self.outputs_)
        value, target = table.iloc[position], self.targets_.iloc[position]
        frame = pd.DataFrame({"value": value, "target": target, "difference": target - value}).rename_axis("column")
        frame["difference_percent"] = 100 * frame["difference"] / frame["value"].where(frame["value"] != 0)
        distances, reached = self._left_out(position, table)
        moving = frame.index.isin((self.inputs_ if self.orientation == "input" else self.outputs_).columns)
        nearest = distances[np.abs(distances).argmin(axis=0), np.arange(table.shape[1])]
        frame["low"] = np.where(moving, nearest, np.nan)
        frame["high"] = frame["difference"].where(moving)
        frame["includes_none"] = reached
        return frame.reset_index()

    def _position(self, unit: object) -> int:
        position = self.efficiency_.index.get_loc(resolve(unit, self.efficiency_.index))
        if not isinstance(position, int):
            raise UsageError("{unit!r} occurs several times in the index: make the units unique.", unit=unit)
        return position

    def _left_out(self, position: int, table: pd.DataFrame) -> tuple[Array, bool]:
        """Differences to the target with all peers and without each, shape (1 + peers, columns); is one none."""
        if not np.isfinite(self.efficiency_.iloc[position]):
            return np.full((1, table.shape[1]), np.nan), False
        frontier, index = self._frontier(), self.efficiency_.index
        peers = self.peers_.loc[self.peers_["unit"] == index[position], "peer"].map(index.get_loc)
        solutions = [frontier.solve(position, without=int(peer)) for peer in peers if peer != position]
        scores = np.array([self.efficiency_.iloc[position], *(item.score for item in solutions)])
        slacks = np.array([self.slacks_.iloc[position].to_numpy(), *(item.slacks for item in solutions)])
        own = table.iloc[[position] * len(scores)]
        targets = self._target(own, scores, slacks)
        on_frontier = np.abs(scores - 1) < ON_FRONTIER
        return np.where(on_frontier[:, None], 0.0, targets.to_numpy() - own.to_numpy()), bool(on_frontier.any())

    def to_frame(self) -> pd.DataFrame:
        """One row a unit: `efficiency`, `efficient` (score 1, no slack), `peer_for` (how many others it is a peer of).

        Examples
        --------
        >>> DEA().fit([[1.0], [2.0]], [[1.0], [1.0]]).to_frame()["peer_for"].tolist()
        [1, 0]
        """
        self._check_fitted()
        others = self.peers_[self.peers_["unit"] != self.peers_["peer"]]["peer"].value_counts()
        return pd.DataFrame(
            {
                "efficiency": self.efficiency_,
                "efficient": self._efficient(),
                "peer_for": [int(others.get(unit, 0)) for unit in self.efficiency_.index],
            }
        )

    def _efficient(self) -> pd.Series:
        # A score of 1 with slack is on the frontier's edge only: a mix of the others does better in some column.
        spread = pd.concat([self.inputs_, self.outputs_], axis=1).max()
        slack = (self.slacks_ / spread.where(spread > 0, 1.0)).max(axis=1)
        return ((self.efficiency_ - 1).abs() < ON_FRONTIER) & (slack < ON_FRONTIER)

    def summary(self, language: str = "en", unit: object = None) -> str:
        """The scores in plain words; about one unit if it is given.

        Examples
        --------
        >>> print(DEA().fit([[1.0], [2.0]], [[1.0], [1.0]]).summary())
        On the frontier: 1 of 2. Half of the scores are 0.75 or lower.
        """
        self._check_fitted()
        say = speaker(unit if unit is not None else self.efficiency_.index[0], language)
        if unit is not None:
            return self._about(self._position(unit), say)
        frame = self.to_frame()
        return say(
            "On the frontier: {efficient} of {units}. Half of the scores are {median} or lower.",
            efficient=say.number(int(frame["efficient"].sum())),
            units=say.number(len(frame)),
            median=say.number(frame["efficiency"].median(), 2),
        )

    def _about(self, position: int, say: Speaker) -> str:
        key, score = self.efficiency_.index[position], self.efficiency_.iloc[position]
        name = label(key, say.language)
        if self._efficient().iloc[position]:
            return say(
                "{name} is on the frontier: no mix of the others does better on these figures. "
                "That is no proof that nothing can be done better.",
                name=name,
            )
        peers = self.peers_.loc[(self.peers_["unit"] == key) & (self.peers_["peer"] != key), "peer"]
        return say(
            "{name} has the score {score}, where 1 is on the frontier, and is compared with {peers}. The score is a "
            "distance on the figures chosen, not waste: what the figures leave out is part of it.",
            name=name,
            score=say.number(score, 2),
            peers=listed(peers, say),
        )

    def plot(self, unit: object = None, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """All scores from the lowest to the highest, one unit and its peers marked.

        Examples
        --------
        >>> ax = DEA().fit([[1.0], [2.0]], [[1.0], [1.0]]).plot()
        """
        from kommunanalys.figures import PALETTE, describe, new_axes
        from kommunanalys.figures.charts import localise

        self._check_fitted()
        scores = self.efficiency_.sort_values(kind="stable")
        key = None if unit is None else self.efficiency_.index[self._position(unit)]
        peers = scores.index.isin(self.peers_.loc[self.peers_["unit"] == key, "peer"])
        say = speaker(scores.index[0] if key is None else key, language)
        places = np.arange(1, len(scores) + 1)
        ax = new_axes(ax)
        ax.axhline(1.0, color=PALETTE["line"], linewidth=1, linestyle=":")
        for chosen, colour, size in (
            (~peers, "others", 14),
            (peers, "peers", 34),
            (scores.index == key, "focus", 70),
        ):
            ax.scatter(places[chosen], scores[chosen], s=size, color=PALETTE[colour], linewidths=0, zorder=3)
        if key is not None:
            place = int(np.flatnonzero(scores.index == key)[0])
            mark(ax, label(key, language), places[place], scores.iloc[place])
        localise(ax, say, decimals=2)
        ax.set_xlabel(say("Place, from the lowest score"))
        ax.set_ylabel(say("Efficiency score"))
        data = pd.DataFrame({say("Unit"): [label(item, language) for item in scores.index]})
        data[say("Efficiency score")] = scores.to_numpy()
        caption = say("Efficiency scores, lowest first; 1 is on the frontier.")
        return describe(ax, caption=caption, alternative=self.summary(language, unit), data=data)


def _solve(table: pd.DataFrame, frontier: Frontier, unbounded: Array) -> list[Solution]:
    n, columns = table.shape
    solutions = []
    for position in range(n):
        if unbounded[position]:
            solutions.append(Solution(np.inf, np.zeros(n), np.full(columns, np.nan)))
            continue
        try:
            solutions.append(frontier.solve(position))
        except NoOptimumError as error:
            raise AnalysisFailed(
                "No optimum was found for {unit} (HiGHS says: {status}). Its figures may be of a wholly different size "
                "than those of the others: check them, or leave the unit out.",
                unit=table.index[position],
                status=error,
            ) from error
    return solutions


def _peers(solutions: list[Solution], index: pd.Index) -> pd.DataFrame:
    rows = []
    for unit, solution in zip(index, solutions, strict=True):
        order = np.argsort(-solution.weights, kind="stable")
        chosen = order[solution.weights[order] > ZERO]
        rows += [(unit, index[peer], solution.weights[peer]) for peer in chosen]
    return pd.DataFrame(rows, columns=["unit", "peer", "weight"])
