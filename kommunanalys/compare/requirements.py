"""The distance of one unit to the frontier in the columns' own units: radial, nearest, and how a peer decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kommunanalys.compare import cautions
from kommunanalys.compare.dea_data import targets
from kommunanalys.compare.frontier import Array, positive
from kommunanalys.compare.nearest import nearest

if TYPE_CHECKING:
    from kommunanalys.compare.dea import DEA

ON_FRONTIER = 1e-6
"""A score this close to 1 is on the frontier (the bar to which scores are checked)."""


def requirements(dea: DEA, position: int, *, closest: bool) -> pd.DataFrame:
    """The table of `DEA.requirements` for the unit in one row of the data.

    Parameters
    ----------
    dea
        Fitted.
    position
        Row of the unit.
    closest
        Whether to look for the nearest target too.

    Examples
    --------
    >>> from kommunanalys.compare import DEA
    >>> dea = DEA().fit([[2.0], [4.0]], [[1.0], [1.0]])
    >>> requirements(dea, 1, closest=True)["nearest_difference"].tolist()
    [-2.0, 0.0]
    """
    table = pd.concat([dea.inputs_, dea.outputs_], axis=1)
    value, target = table.iloc[position], dea.targets_.iloc[position]
    frame = pd.DataFrame({"value": value, "target": target, "difference": target - value}).rename_axis("column")
    frame["difference_percent"] = 100 * frame["difference"] / frame["value"].where(frame["value"] != 0)
    distances, reached = _left_out(dea, position, table)
    least = distances[np.abs(distances).argmin(axis=0), np.arange(table.shape[1])]
    frame["low"] = np.where(dea.moving(), least, np.nan)
    frame["high"] = frame["difference"].where(dea.moving())
    frame["includes_none"] = reached
    frame["nearest"], said = _nearest(dea, position, table) if closest else (np.nan, ())
    frame["nearest_difference"] = frame["nearest"] - frame["value"]
    frame = frame.reset_index()
    frame.attrs["cautions"] = said
    return frame


def _left_out(dea: DEA, position: int, table: pd.DataFrame) -> tuple[Array, bool]:
    """Differences to the target with all peers and without each, shape (1 + peers, columns); is one none."""
    if not np.isfinite(dea.efficiency_.iloc[position]):
        return np.full((1, table.shape[1]), np.nan), False
    unit = dea.inputs_.to_numpy()[[position]], dea.outputs_.to_numpy()[[position]]
    own = dea.unsurpassed()[position]
    # Rows, not names: a name may stand on several rows.
    peers = [] if own else [peer for peer in dea.reference().composites(*unit).peers[0] if peer >= 0]
    rest = [np.delete(np.arange(len(table)), peer) for peer in peers if peer != position]
    found = [dea.reference(rows).composites(*unit) for rows in rest]
    scores = np.array([dea.efficiency_.iloc[position], *(item.scores[0] for item in found)])
    slacks = np.array([dea.slacks_.iloc[position].to_numpy(), *(item.slacks[0] for item in found)])
    same = table.iloc[[position] * len(scores)]
    on_frontier = np.abs(scores - 1) < ON_FRONTIER
    distances = targets(same, scores, slacks, dea.moving(), dea.inputs_.shape[1]).to_numpy() - same.to_numpy()
    return np.where(on_frontier[:, None], 0.0, distances), bool(on_frontier.any())


def _nearest(dea: DEA, position: int, table: pd.DataFrame) -> tuple[Array, tuple[cautions.Caution, ...]]:
    unit, unknown = table.iloc[position].to_numpy(), np.full(table.shape[1], np.nan)
    if not 0 < dea.efficiency_.iloc[position] < np.inf:
        return unknown, ()
    if len(dea.fixed) or len(dea.noncontrollable):
        return unknown, cautions.no_nearest()
    efficient = dea.unsurpassed()
    if efficient[position]:
        return unit, ()
    is_input = np.arange(len(unit)) < dea.inputs_.shape[1]
    best = table.to_numpy()[efficient]
    if dea.returns == "fdh":
        return _nearest_unit(best, unit, is_input), ()
    found = nearest(best, unit, is_input, dea.returns, dea.targets_.iloc[position].to_numpy())
    if found is None or not _unsurpassed(dea, found, is_input):
        return unknown, cautions.unknown_nearest()
    return found, ()


def _nearest_unit(best: Array, unit: Array, is_input: Array) -> Array:
    change = np.where(is_input, unit - best, best - unit)
    total = (change / np.where(unit > 0, unit, positive(best.mean(axis=0)))).sum(axis=1)
    return np.asarray(best[np.where((change >= 0).all(axis=1), total, np.inf).argmin()])


def _unsurpassed(dea: DEA, target: Array, is_input: Any) -> bool:
    """Whether a target is really one: on the frontier, and without slack."""
    mix = dea.reference().composites(target[None, is_input], target[None, ~is_input])
    slack = mix.slacks[0] / np.where(target > 0, target, 1.0)
    return bool(abs(mix.scores[0] - 1.0) < ON_FRONTIER and slack.max() < ON_FRONTIER)
