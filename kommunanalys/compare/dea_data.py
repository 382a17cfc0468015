"""What `DEA` checks before it scores, and the tables that it makes of what was scored."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kommunanalys.compare.frontier import Composites
from kommunanalys.compare.kernel import RETURNS, Array, Mask
from kommunanalys.compare.units import chosen
from kommunanalys.errors import TableError, UsageError

if TYPE_CHECKING:
    from kommunanalys.compare.dea import DEA

ORIENTATIONS: Final = ("input", "output")
EQUAL: Final = 1e-9
"""Scores and relative slacks that differ by less are equal but for rounding."""


def check_fitted(dea: DEA) -> None:
    """Refuse a DEA that has not been fitted.

    Raises
    ------
    UsageError
        Says what to call first.

    Examples
    --------
    >>> from kommunanalys.compare import DEA
    >>> check_fitted(DEA().fit([[1.0]], [[1.0]]))
    """
    if not hasattr(dea, "efficiency_"):
        raise UsageError("This DEA has seen no data yet: call fit(inputs, outputs) first.")


def check_options(returns: str, orientation: str) -> None:
    """Refuse returns to scale or an orientation that do not exist.

    Raises
    ------
    UsageError
        Names what is allowed.

    Examples
    --------
    >>> check_options("vrs", "input")
    """
    for name, value, allowed in (("returns", returns, RETURNS), ("orientation", orientation, ORIENTATIONS)):
        if value not in allowed:
            raise UsageError(
                "Unknown {name} {value!r}. Choose one of {allowed}.",
                name=name,
                value=value,
                allowed=", ".join(allowed),
            )


def check_moving(table: pd.DataFrame, moving: Mask, orientation: str) -> None:
    """Refuse data in which nothing can change, or a unit of which nothing can shrink.

    Parameters
    ----------
    table
        Inputs and outputs, checked.
    moving
        Columns that move with the score, shape (columns,).
    orientation
        "input" or "output".

    Raises
    ------
    UsageError
        No column moves.
    TableError
        Units whose moving inputs are all 0; names them.

    Examples
    --------
    >>> check_moving(pd.DataFrame({"cost": [1.0], "pupils": [2.0]}), np.array([True, False]), "input")
    """
    values = table.to_numpy()[:, moving]
    if values.shape[1] == 0:
        raise UsageError(
            "Every {orientation} is fixed or noncontrollable, so that nothing can change. Let at least one change.",
            orientation=orientation,
        )
    idle = table.index[(values == 0).all(axis=1)]
    if orientation == "input" and len(idle):
        raise TableError(
            "Every input that may change is 0: {units}. What uses nothing cannot use less. "
            "Leave it out, or let another input change.",
            units=", ".join(map(str, idle)),
        )


def still(
    fixed: Iterable[object],
    noncontrollable: Iterable[object],
    inputs: pd.DataFrame,
    outputs: pd.DataFrame,
    orientation: str,
) -> tuple[Mask, Mask]:
    """Columns, inputs then outputs, that are fixed, and that nobody controls.

    Raises
    ------
    UsageError
        A column that is not of the orientation, or that is named as both.

    Examples
    --------
    >>> inputs, outputs = pd.DataFrame({"cost": [1.0], "area": [2.0]}), pd.DataFrame({"loans": [3.0]})
    >>> [mask.tolist() for mask in still(["area"], [], inputs, outputs, "input")]
    [[False, True, False], [False, False, False]]
    """
    columns = (inputs if orientation == "input" else outputs).columns
    names = pd.Index([*inputs.columns, *outputs.columns])
    at_most, equal = chosen("fixed", fixed, columns), chosen("noncontrollable", noncontrollable, columns)
    if both := [name for name in at_most if name in equal]:
        raise UsageError(
            "{column!r} is both fixed (at most as much) and noncontrollable (exactly as much): choose one.",
            column=both[0],
        )
    return names.isin(at_most), names.isin(equal)


def warn_infinite(scores: pd.Series, why: str) -> None:
    """Warn the caller of a method of `DEA` of scores that are inf, naming the units.

    Examples
    --------
    >>> warn_infinite(pd.Series([1.0], ["A"]), "No output at all")
    """
    if np.isinf(scores).any():
        names = ", ".join(map(str, scores.index[np.isinf(scores)]))
        warnings.warn(f"{why}: {names}", RuntimeWarning, stacklevel=3)


def peer_table(found: Composites, own: Mask, index: pd.Index) -> pd.DataFrame:
    """`unit`, `peer` and `weight` of every mix, the heaviest peer first.

    Parameters
    ----------
    found
        Mixes of peers of every unit.
    own
        Units that nobody surpasses, shape (n,): each is its own only peer, though another row with the same values
        could stand there as well.
    index
        The units.

    Examples
    --------
    >>> mix = Composites(np.array([1.0, 0.5]), np.array([[0], [0]]), np.ones((2, 1)), np.zeros((2, 2)))
    >>> peer_table(mix, np.array([True, False]), pd.Index(["A", "B"]))["peer"].tolist()
    ['A', 'A']
    """
    peers, weights = np.where(own[:, None], -1, found.peers), np.where(own[:, None], 0.0, found.weights)
    peers[own, 0], weights[own, 0] = np.flatnonzero(own), 1.0
    order = np.lexsort((peers, -weights.round(9)))
    peers, weights = np.take_along_axis(peers, order, axis=1), np.take_along_axis(weights, order, axis=1)
    unit, place = np.nonzero(peers >= 0)
    return pd.DataFrame(
        {"unit": index[unit], "peer": index[peers[unit, place]], "weight": weights[unit, place]},
    )


def targets(table: pd.DataFrame, scores: Array, slacks: Array, moving: Mask, inputs: int) -> pd.DataFrame:
    """Where units with these scores and slacks are asked to be: radial move made and slack removed.

    Parameters
    ----------
    table
        The units' own figures, inputs first, shape (n, columns).
    scores, slacks
        Shapes (n,) and (n, columns).
    moving
        Columns that move with the score, shape (columns,).
    inputs
        How many of the columns are inputs.

    Examples
    --------
    >>> own, moving = pd.DataFrame({"cost": [4.0], "pupils": [1.0]}), np.array([True, False])
    >>> targets(own, np.array([0.5]), np.array([[0.0, 2.0]]), moving, 1).loc[0].tolist()
    [2.0, 3.0]
    """
    with np.errstate(invalid="ignore"):
        reached = np.where(moving, scores[:, None], 1.0) * table.to_numpy()
    values = reached - np.where(np.arange(table.shape[1]) < inputs, 1.0, -1.0) * slacks
    return pd.DataFrame(values, index=table.index, columns=table.columns)


def unsurpassed(scores: pd.Series, slacks: pd.DataFrame, table: pd.DataFrame, tolerance: float) -> Mask:
    """Units that nobody surpasses, shape (n,): of score 1, and without slack beside the largest figure of its column.

    Examples
    --------
    >>> table, slacks = pd.DataFrame({"cost": [4.0, 4.0]}), pd.DataFrame({"cost": [0.0, 1.0]})
    >>> unsurpassed(pd.Series([1.0, 1.0]), slacks, table, EQUAL).tolist()
    [True, False]
    """
    most = table.max()
    slack = (slacks / most.where(most > 0, 1.0)).max(axis=1)
    return np.asarray((((scores - 1).abs() < tolerance) & (slack < tolerance)).to_numpy())


def unit_table(scores: pd.Series, efficient: Mask, peers: pd.DataFrame) -> pd.DataFrame:
    """`efficiency`, `efficient` and `peer_for`, of how many others a unit is a peer.

    Examples
    --------
    >>> peers = pd.DataFrame({"unit": ["A", "B"], "peer": ["A", "A"], "weight": 1.0})
    >>> unit_table(pd.Series([1.0, 0.5], ["A", "B"]), np.array([True, False]), peers)["peer_for"].tolist()
    [1, 0]
    """
    others = peers[peers["unit"] != peers["peer"]]["peer"].value_counts()
    count = [int(others.get(unit, 0)) for unit in scores.index]
    return pd.DataFrame({"efficiency": scores, "efficient": efficient, "peer_for": count})
