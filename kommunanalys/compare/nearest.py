"""The closest point of the frontier: of all targets that nobody surpasses, the one with the least changes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kommunanalys.compare.frontier import SUM_COLUMNS, positive

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

NODES: Final = 5_000
"""Nodes of the search, after which the answer is "unknown"."""
LEAST: Final = 1e-6
"""Least price of every column, when the prices of a unit's own figures sum to 1: on a face where a column is worth
nothing, somebody may surpass a point."""
TOLERANCE: Final = 1e-9
CLOSE: Final = 1e-7
"""Relative changes below this are rounding errors."""


def nearest(efficient: Array, unit: Array, is_input: Mask, returns: str, known: Array) -> Array | None:
    """Closest strongly efficient target of a unit that asks for no more of any input and no less of any output.

    Parameters
    ----------
    efficient
        Units that no mix surpasses, shape (n, columns).
    unit
        Own figures, shape (columns,).
    is_input
        Which columns are inputs, shape (columns,).
    returns
        "crs", "vrs", "drs" or "irs".
    known
        Some such target, shape (columns,); only closer ones are looked for.

    Returns
    -------
    numpy.ndarray or None
        Shape (columns,): the target with the least sum of changes relative to the own figures (to the mean of the
        efficient units where the own figure is 0). None where the search did not end.

    Notes
    -----
    Mixed integer linear programme: weights of efficient units that all lie on one hyperplane, which has positive
    prices and no efficient unit beyond it. A binary says for each unit whether it is on the hyperplane, or has no
    weight. How far a unit can be from such a hyperplane at all is not guessed but found by linear programmes.

    References
    ----------
    Aparicio, Ruiz & Sirvent (2007), Journal of Productivity Analysis 28(3).

    Examples
    --------
    From (5, 5) the radial target is (2.5, 2.5), 50 % off both inputs; (4.9, 2) asks for 62 % in all:

    >>> efficient = np.array([[2.5, 2.5, 1.0], [4.9, 2.0, 1.0]])
    >>> unit, is_input = np.array([5.0, 5.0, 1.0]), np.array([True, True, False])
    >>> nearest(efficient, unit, is_input, "vrs", efficient[0]).round(6).tolist()
    [4.9, 2.0, 1.0]
    """
    own = np.where(unit > 0, unit, positive(efficient.mean(axis=0)))
    signed = np.where(is_input, 1.0, -1.0) / own
    points, total = np.unique(efficient, axis=0) * signed, np.full(len(efficient), float(returns != "crs"))
    sums = SUM_COLUMNS[returns] if returns != "crs" else ()
    points = np.vstack([points, np.zeros((len(sums), len(unit)))])
    total = np.append(total[: len(points) - len(sums)], sums)
    limit = float(((unit - known) * signed).sum()) + CLOSE
    programme = _programme(points, total, unit * signed, limit, _visible(points, total, unit * signed, limit))
    changes = _optimum(programme)
    return None if changes is None else unit - np.where(changes < CLOSE, 0.0, changes)[: len(unit)] / signed


def _visible(points: Array, total: Array, unit: Array, limit: float) -> tuple[Array, Array]:
    """Least and largest distance of each point from the hyperplanes that can carry the target, shape (k,) each.

    Prices of sum 1 and a level such that no point is beyond, and that a target within the limit is on the hyperplane.
    """
    k, c = points.shape
    rows = np.vstack([np.c_[points, -total], np.append(unit - limit, -1.0), np.append(np.ones(c), 0.0)])
    lower, upper = np.r_[np.zeros(k), -np.inf, 1.0], np.r_[np.full(k, np.inf), 0.0, 1.0]
    bounds = (
        np.append(np.full(c, LEAST), -np.inf if total.any() else 0.0),
        np.append(np.ones(c), np.inf if total.any() else 0.0),
    )
    model = _model(np.zeros(c + 1), bounds, rows, (lower, upper))
    ends = np.zeros((2, k))
    for side, sign in enumerate((1.0, -1.0)):
        for point in range(k):
            for column, value in enumerate(sign * rows[point]):
                model.changeColCost(column, value)
            model.run()
            ends[side, point] = sign * model.getInfo().objective_function_value
    return ends[0], ends[1]


def _programme(points: Array, total: Array, unit: Array, limit: float, visible: tuple[Array, Array]) -> Any:
    """The programme; its columns are changes, prices, weights, binaries (1: not on the hyperplane) and the level."""
    k, c = points.shape
    change, price, weight, off, level = np.split(np.arange(2 * (c + k) + 1), np.cumsum([c, c, k, k]))
    mix, one, beyond, on, used, close = np.split(np.arange(c + 3 + 3 * k), np.cumsum([c, 2, k, k, k]))
    near, far = visible
    most = _most(points, total, unit)
    rows = np.zeros((c + 3 + 3 * k, 2 * (c + k) + 1))
    lower, upper = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    # The mix is the own figures less the changes; its weights sum to one, and so do the prices.
    rows[np.ix_(mix, weight)], rows[mix, change] = points.T, 1.0
    rows[one[0], weight], rows[one[1], price] = total, 1.0
    lower[mix] = upper[mix] = unit
    lower[one] = upper[one] = [float(total.any()), 1.0]
    # Nobody is beyond the hyperplane, whoever is not off is on it, and nobody off it has weight.
    for block in (beyond, on):
        rows[np.ix_(block, price)], rows[block, level] = points, -total
    rows[on, off], rows[used, weight], rows[used, off] = -far, 1.0, most
    lower[beyond], upper[on], upper[used] = 0.0, 0.0, most
    rows[close, change], upper[close] = 1.0, limit
    cost, least, greatest = np.zeros((3, rows.shape[1]))
    cost[change], least[price], least[level] = 1.0, LEAST, -np.inf
    greatest[:] = np.inf
    least[off], greatest[off] = near > TOLERANCE, 1.0
    return _model(cost, (least, greatest), rows, (lower, upper), off)


def _most(points: Array, total: Array, unit: Array) -> Array:
    """The largest weight that a point can have in a mix that uses no more than the unit."""
    room = np.where(points > 0, unit / np.where(points > 0, points, 1.0), np.inf)
    most = np.where(points > 0, room, np.inf).min(axis=1)
    real = points.any(axis=1)
    if (total < 0).any():
        most[~real] = most[real].sum()
    elif total.any():
        most = np.minimum(most, 1.0)
    return np.asarray(most)


def _model(
    cost: Array, bounds: tuple[Array, Array], rows: Array, limits: tuple[Array, Array], whole: Array | None = None
) -> Any:
    import highspy

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = rows.shape[1], len(rows)
    lp.col_cost_, lp.col_lower_, lp.col_upper_, lp.row_lower_, lp.row_upper_ = cost, *bounds, *limits
    if whole is not None:
        kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
        lp.integrality_ = [kinds[int(column in whole)] for column in range(rows.shape[1])]
    column, row = np.nonzero(rows.T)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.searchsorted(column, np.arange(rows.shape[1] + 1))
    lp.a_matrix_.index_, lp.a_matrix_.value_ = row, rows[row, column]
    model = highspy.Highs()
    options = {
        "output_flag": False, "threads": 1, "mip_max_nodes": NODES, "mip_rel_gap": 0.0, "mip_abs_gap": TOLERANCE,
        "mip_feasibility_tolerance": TOLERANCE, "primal_feasibility_tolerance": TOLERANCE,
    }  # fmt: skip
    for name, value in options.items():
        model.setOptionValue(name, value)
    model.passModel(lp)
    return model


def _optimum(model: Any) -> Array | None:
    import highspy

    model.run()
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.array(model.getSolution().col_value)
