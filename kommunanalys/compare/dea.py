"""Data envelopment analysis: how far a unit is from the best mixes of the units that are compared."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from kommunanalys.compare import cautions
from kommunanalys.compare.dominance import Hull
from kommunanalys.compare.frontier import Composites
from kommunanalys.compare.kernel import RETURNS, Array, Mask, Places, Reference, reference
from kommunanalys.compare.requirements import ON_FRONTIER, requirements
from kommunanalys.compare.units import as_table, chosen, joined, label, listed, mark, resolve, speaker
from kommunanalys.errors import TableError, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.compare.intervals import Intervals
    from kommunanalys.language import Speaker

ORIENTATIONS = ("input", "output")
PARAMETERS = ("returns", "orientation", "fixed", "noncontrollable", "random_state")
EQUAL = 1e-9
"""Scores and relative slacks that differ by less are equal but for rounding."""
MANY = 2000
"""Units from which the compiled simplex method is worth the half second that loading it takes."""


class DEA:
    """Farrell efficiency against the best practice of the units compared.

    Parameters
    ----------
    returns
        Returns to scale: "vrs" variable, "crs" constant, "drs" non-increasing, "irs" non-decreasing; "fdh" compares
        with single units only, never with a mix (free disposal hull).
    orientation
        "input": how far the inputs could shrink at the same outputs; "output": how far the outputs could grow.
    fixed
        Columns of the orientation that stay as they are: the peers may use at most as much of such an input, or make
        at least as much of such an output (non-discretionary).
    noncontrollable
        Columns of the orientation that nobody controls: the peers must have exactly as much.
    random_state
        Seed of everything drawn by chance (the intervals).

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
        returns: Literal["vrs", "crs", "drs", "irs", "fdh"] = "vrs",
        orientation: Literal["input", "output"] = "input",
        fixed: Sequence[str] = (),
        noncontrollable: Sequence[str] = (),
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.returns = returns
        self.orientation = orientation
        self.fixed = fixed
        self.noncontrollable = noncontrollable
        self.random_state = random_state

    def __repr__(self) -> str:
        return f"DEA({', '.join(f'{name}={getattr(self, name)!r}' for name in PARAMETERS)})"

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

        Examples
        --------
        >>> DEA(returns="crs", orientation="output").fit([[1.0], [2.0]], [[1.0], [1.0]]).efficiency_.tolist()
        [1.0, 2.0]
        """
        self._check_options()
        self.inputs_, self.outputs_ = as_table(inputs, "input"), as_table(outputs, "output")
        table = joined(self.inputs_, self.outputs_)
        self._check_moving(table)
        found = self.reference().composites(self.inputs_.to_numpy(), self.outputs_.to_numpy())
        self.efficiency_ = pd.Series(found.scores, index=table.index, name="efficiency")
        self.slacks_ = pd.DataFrame(found.slacks, index=table.index, columns=table.columns)
        self.targets_ = self.target(table, found.scores, found.slacks)
        self.peers_ = _peers(found, self.unsurpassed(), table.index)
        self._warn_unbounded(found.scores)
        return self

    def super_efficiency(self) -> pd.Series:
        """Scores against the others only: tells apart those on the frontier.

        Returns
        -------
        pandas.Series
            On the units' index. Input-oriented above 1 for a unit that the others do not reach, output-oriented below
            1; inf, with a warning, where no mix of the others is comparable at all.

        References
        ----------
        Andersen & Petersen (1993), Management Science 39(10).

        Examples
        --------
        >>> DEA(returns="crs").fit([[1.0], [2.0]], [[1.0], [1.0]]).super_efficiency().tolist()
        [2.0, 0.5]
        """
        self._check_fitted()
        scores = self.efficiency_.rename("super_efficiency")
        # Whoever is off the frontier is nobody's peer, so that nothing changes without it.
        rows = np.flatnonzero((scores - 1).abs() < ON_FRONTIER)
        found = self.reference().scores(self.inputs_.to_numpy()[rows], self.outputs_.to_numpy()[rows], rows)
        if np.isinf(found).any():
            names = ", ".join(map(str, scores.index[rows[np.isinf(found)]]))
            warnings.warn(
                f"No mix of the others is comparable, so that the super-efficiency is inf: {names}",
                RuntimeWarning,
                stacklevel=2,
            )
        scores.iloc[rows] = found
        return scores

    def _check_options(self) -> None:
        for name, value, allowed in (
            ("returns", self.returns, RETURNS),
            ("orientation", self.orientation, ORIENTATIONS),
        ):
            if value not in allowed:
                raise UsageError(
                    "Unknown {name} {value!r}. Choose one of {allowed}.",
                    name=name,
                    value=value,
                    allowed=", ".join(allowed),
                )

    def _check_moving(self, table: pd.DataFrame) -> None:
        moving = table.to_numpy()[:, self.moving()]
        if moving.shape[1] == 0:
            raise UsageError(
                "Every {orientation} is fixed or noncontrollable, so that nothing can change. Let at least one change.",
                orientation=self.orientation,
            )
        idle = table.index[(moving == 0).all(axis=1)]
        if self.orientation == "input" and len(idle):
            raise TableError(
                "Every input that may change is 0: {units}. What uses nothing cannot use less. "
                "Leave it out, or let another input change.",
                units=", ".join(map(str, idle)),
            )

    def _warn_unbounded(self, scores: Array) -> None:
        if np.isinf(scores).any():
            names = ", ".join(map(str, self.efficiency_.index[np.isinf(scores)]))
            warnings.warn(
                f"No output at all, so that the score is unbounded (inf): {names}", RuntimeWarning, stacklevel=3
            )

    def moving(self) -> Mask:
        """Columns that move with the score: inputs when they contract, outputs when they expand."""
        is_input = np.arange(self.inputs_.shape[1] + self.outputs_.shape[1]) < self.inputs_.shape[1]
        fixed, equal = self._still()
        return np.asarray((is_input == (self.orientation == "input")) & ~fixed & ~equal)

    def _still(self) -> tuple[Mask, Mask]:
        """Columns that are fixed, and that nobody controls."""
        columns = (self.inputs_ if self.orientation == "input" else self.outputs_).columns
        names = pd.Index([*self.inputs_.columns, *self.outputs_.columns])
        fixed = chosen("fixed", self.fixed, columns)
        equal = chosen("noncontrollable", self.noncontrollable, columns)
        if both := [name for name in fixed if name in equal]:
            raise UsageError(
                "{column!r} is both fixed (at most as much) and noncontrollable (exactly as much): choose one.",
                column=both[0],
            )
        return names.isin(fixed), names.isin(equal)

    def reference(self, rows: Places | slice = slice(None)) -> Reference | Hull:
        """What units are scored against: all of those fitted, or some of their rows."""
        fixed, equal = self._still()
        x, y = self.inputs_.to_numpy()[rows], self.outputs_.to_numpy()[rows]
        compiled = len(x) >= MANY
        return reference(x, y, self.returns, self.orientation, fixed=fixed, equal=equal, compiled=compiled)

    def target(self, table: pd.DataFrame, scores: Array, slacks: Array) -> pd.DataFrame:
        """Where units with these scores and slacks are asked to be: radial move made and slack removed."""
        is_input = np.arange(table.shape[1]) < self.inputs_.shape[1]
        with np.errstate(invalid="ignore"):
            reached = np.where(self.moving(), scores[:, None], 1.0) * table.to_numpy()
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

    def requirements(self, unit: object, *, nearest: bool = True) -> pd.DataFrame:
        """The distance of one unit to the frontier in the columns' own units: a difference, not a savings target.

        Parameters
        ----------
        unit
            Index value; for municipalities also the name.
        nearest
            Whether to look for the nearest target too, which takes a second or so, and with a hundred units on the
            frontier up to half a minute.

        Returns
        -------
        pandas.DataFrame
            `column`, `value`, `target`, `difference` (target − value), `difference_percent` [% of value]; for the
            columns that move `high` (the difference, with all peers) and `low` (the difference closest to zero when
            each peer in turn is left out and the target found anew), NaN for the other columns; `includes_none`:
            without one of its peers the unit itself is on the frontier, so that there is no distance to report;
            `nearest`: of all points that nobody surpasses and that ask for no more of an input and no less of an
            output, the one with the least sum of relative changes, and `nearest_difference` (nearest − value): NaN
            where it is not known, for which `attrs["cautions"]` gives the reason.

        Raises
        ------
        UsageError
            An unknown unit, or one that occurs several times.

        References
        ----------
        Aparicio, Ruiz & Sirvent (2007), Journal of Productivity Analysis 28(3).

        Examples
        --------
        >>> dea = DEA().fit(pd.DataFrame({"cost": [2.0, 3.0, 4.0]}), pd.DataFrame({"pupils": [1.0, 1.0, 1.0]}))
        >>> print(dea.requirements(2)[["column", "target", "nearest", "low", "high"]].to_string(index=False))
        column  target  nearest  low  high
          cost     2.0      2.0 -1.0  -2.0
        pupils     1.0      1.0  NaN   NaN
        """
        self._check_fitted()
        return requirements(self, self._position(unit), closest=nearest)

    def intervals(self, level: float = 0.95) -> Intervals:
        """Where the true efficiency of each unit probably lies, and what simulation says of that "probably".

        Parameters
        ----------
        level
            Level of the intervals and of the ranges of ranks [0–1].
        """
        from kommunanalys.compare.intervals import intervals

        return intervals(self, level)

    def _position(self, unit: object) -> int:
        position = self.efficiency_.index.get_loc(resolve(unit, self.efficiency_.index))
        if not isinstance(position, int):
            raise UsageError("{unit!r} occurs several times in the index: make the units unique.", unit=unit)
        return position

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
                "efficient": self.unsurpassed(ON_FRONTIER),
                "peer_for": [int(others.get(unit, 0)) for unit in self.efficiency_.index],
            }
        )

    def unsurpassed(self, tolerance: float = EQUAL) -> Mask:
        """Units that nobody surpasses: a score of 1 with slack is on the frontier's edge only, shape (n,)."""
        most = pd.concat([self.inputs_, self.outputs_], axis=1).max()
        slack = (self.slacks_ / most.where(most > 0, 1.0)).max(axis=1)
        return np.asarray((((self.efficiency_ - 1).abs() < tolerance) & (slack < tolerance)).to_numpy())

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
        if self.unsurpassed(ON_FRONTIER)[position]:
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
        for those, colour, size in (
            (~peers, "others", 14),
            (peers, "peers", 34),
            (scores.index == key, "focus", 70),
        ):
            ax.scatter(places[those], scores[those], s=size, color=PALETTE[colour], linewidths=0, zorder=3)
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


def _peers(found: Composites, own: Mask, index: pd.Index) -> pd.DataFrame:
    # A unit that nobody surpasses is its own peer; another row with the same values could stand there as well.
    peers, weights = np.where(own[:, None], -1, found.peers), np.where(own[:, None], 0.0, found.weights)
    peers[own, 0], weights[own, 0] = np.flatnonzero(own), 1.0
    order = np.lexsort((peers, -weights.round(9)))
    peers, weights = np.take_along_axis(peers, order, axis=1), np.take_along_axis(weights, order, axis=1)
    unit, place = np.nonzero(peers >= 0)
    return pd.DataFrame(
        {"unit": index[unit], "peer": index[peers[unit, place]], "weight": weights[unit, place]},
    )
