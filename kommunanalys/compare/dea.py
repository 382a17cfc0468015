"""Data envelopment analysis: how far a unit is from the best mixes of the units that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from kommunanalys.answer import Answer
from kommunanalys.compare import cautions, dea_data
from kommunanalys.compare.dea_words import about, figure, overview
from kommunanalys.compare.dominance import Hull
from kommunanalys.compare.kernel import Mask, Places, Reference, reference
from kommunanalys.compare.requirements import ON_FRONTIER, requirements
from kommunanalys.compare.units import beside, joined, resolve, speaker
from kommunanalys.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.compare.ranges import Intervals

PARAMETERS = ("returns", "orientation", "fixed", "noncontrollable", "random_state")
MANY = 2000
"""Units from which the compiled simplex method is worth the half second that loading it takes."""


class DEA(Answer):
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
        dea_data.check_options(self.returns, self.orientation)
        self.inputs_, self.outputs_ = beside(inputs, outputs)
        table = joined(self.inputs_, self.outputs_)
        dea_data.check_moving(table, self.moving(), self.orientation)
        found = self.reference().composites(self.inputs_.to_numpy(), self.outputs_.to_numpy())
        # What differs from 1 by rounding alone is 1: nobody is beyond the frontier that it belongs to.
        found.scores[np.abs(found.scores - 1) < dea_data.EQUAL] = 1.0
        self.efficiency_ = pd.Series(found.scores, index=table.index, name="efficiency")
        self.slacks_ = pd.DataFrame(found.slacks, index=table.index, columns=table.columns)
        self.targets_ = dea_data.targets(table, found.scores, found.slacks, self.moving(), self.inputs_.shape[1])
        self.peers_ = dea_data.peer_table(found, self.unsurpassed(), table.index)
        dea_data.warn_infinite(self.efficiency_, "No output at all, so that the score is unbounded (inf)")
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
        dea_data.check_fitted(self)
        scores = self.efficiency_.rename("super_efficiency")
        # Whoever is off the frontier is nobody's peer, so that nothing changes without it.
        rows = np.flatnonzero((scores - 1).abs() < ON_FRONTIER)
        found = self.reference().scores(self.inputs_.to_numpy()[rows], self.outputs_.to_numpy()[rows], rows)
        scores.iloc[rows] = found
        why = "No mix of the others is comparable, so that the super-efficiency is inf"
        dea_data.warn_infinite(scores.iloc[rows], why)
        return scores

    def moving(self) -> Mask:
        """Columns that move with the score: inputs when they contract, outputs when they expand."""
        is_input = np.arange(self.inputs_.shape[1] + self.outputs_.shape[1]) < self.inputs_.shape[1]
        fixed, equal = self._still()
        return np.asarray((is_input == (self.orientation == "input")) & ~fixed & ~equal)

    def _still(self) -> tuple[Mask, Mask]:
        return dea_data.still(self.fixed, self.noncontrollable, self.inputs_, self.outputs_, self.orientation)

    def reference(self, rows: Places | slice = slice(None)) -> Reference | Hull:
        """What units are scored against: all of those fitted, or some of their rows."""
        fixed, equal = self._still()
        x, y = self.inputs_.to_numpy()[rows], self.outputs_.to_numpy()[rows]
        compiled = len(x) >= MANY
        return reference(x, y, self.returns, self.orientation, fixed=fixed, equal=equal, compiled=compiled)

    @property
    def cautions(self) -> tuple[cautions.Caution, ...]:
        """What a reader must know: few units, no result among the outputs, peers that dominate."""
        dea_data.check_fitted(self)
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

        Examples
        --------
        >>> dea = DEA().fit(pd.DataFrame({"cost": [2.0, 3.0, 4.0]}), pd.DataFrame({"pupils": [1.0, 1.0, 1.0]}))
        >>> print(dea.requirements(2)[["column", "target", "nearest", "low", "high"]].to_string(index=False))
        column  target  nearest  low  high
          cost     2.0      2.0 -1.0  -2.0
        pupils     1.0      1.0  NaN   NaN
        """
        dea_data.check_fitted(self)
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
        dea_data.check_fitted(self)
        return dea_data.unit_table(self.efficiency_, self.unsurpassed(ON_FRONTIER), self.peers_)

    def unsurpassed(self, tolerance: float = dea_data.EQUAL) -> Mask:
        """Units that nobody surpasses: a score of 1 with slack is on the frontier's edge only, shape (n,)."""
        table = pd.concat([self.inputs_, self.outputs_], axis=1)
        return dea_data.unsurpassed(self.efficiency_, self.slacks_, table, tolerance)

    def summary(self, language: str = "en", unit: object = None) -> str:
        """The scores in plain words; about one unit if it is given.

        Examples
        --------
        >>> print(DEA().fit([[1.0], [2.0]], [[1.0], [1.0]]).summary())
        On the frontier: 1 of 2. Half of the scores are 0.75 or lower.
        """
        dea_data.check_fitted(self)
        say = speaker(unit if unit is not None else self.efficiency_.index[0], language)
        return overview(self, say) if unit is None else about(self, self._position(unit), say)

    def plot(self, unit: object = None, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """All scores from the lowest to the highest, one unit and its peers marked.

        Examples
        --------
        >>> ax = DEA().fit([[1.0], [2.0]], [[1.0], [1.0]]).plot()
        """
        dea_data.check_fitted(self)
        return figure(self, None if unit is None else self._position(unit), ax, language)
