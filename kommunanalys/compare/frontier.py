"""The linear programmes of data envelopment analysis: one warm HiGHS model for all units.

The numbers only: arrays in, arrays out. `kommunanalys.compare.dea` checks, names and explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

INFINITY: Final = float("inf")
WEIGHT_SUM: Final = {"crs": (0.0, INFINITY), "vrs": (1.0, 1.0), "drs": (0.0, 1.0), "irs": (1.0, INFINITY)}
"""Least and greatest sum of the weights of the peers, by returns to scale."""
TOLERANCE: Final = 1e-10
"""Feasibility, primal and dual, of every programme (HiGHS' own 1e-7 would show in the eighth digit of a score)."""
LOOSE: Final = 1e-7
EASE: Final = 1e-9
"""How far, relatively, the second stage may leave a score that is itself only known to the tolerance."""
ZERO: Final = 1e-9
"""Weights and standardised slacks below this are rounding errors."""


class NoOptimumError(ArithmeticError):
    """HiGHS ended without an optimum, warm and cold."""


@dataclass(frozen=True)
class Solution:
    """The two stages for one unit.

    Parameters
    ----------
    score
        Farrell efficiency.
    weights
        Weight of every unit in the reference, shape (n,).
    slacks
        What remains after the radial move, in the columns' own units, shape (inputs + outputs,).
    """

    score: float
    weights: Array
    slacks: Array


class Frontier:
    """The reference technology of all units, and the distance of each unit to it.

    Parameters
    ----------
    inputs
        Shape (n, m), not negative, no row all zero.
    outputs
        Shape (n, s), not negative.
    returns
        "crs", "vrs", "drs" or "irs".
    orientation
        "input" (contract the inputs) or "output" (expand the outputs).

    Notes
    -----
    First stage, unit o: minimise t subject to X'w ≤ t x_o, Y'w ≥ y_o (input), or maximise t subject to X'w ≤ x_o,
    Y'w ≥ t y_o (output); w ≥ 0, its sum as the returns to scale say. Second stage: the weights of the largest sum of
    slacks in columns divided by their standard deviation, with t kept. Going from one unit to the next changes
    one column and the right-hand sides, so that HiGHS starts from the optimal basis of the unit before.

    References
    ----------
    Cooper, Seiford & Tone (2007), Data Envelopment Analysis, 2nd ed., chapters 3–5.

    Examples
    --------
    >>> frontier = Frontier(np.array([[2.0], [4.0]]), np.array([[1.0], [1.0]]), "vrs", "input")
    >>> frontier.solve(1).score
    0.5
    """

    def __init__(
        self, inputs: Array, outputs: Array, returns: str, orientation: str, *, own: int | None = None
    ) -> None:
        self._arguments = (inputs, outputs, returns, orientation)
        self._data = np.hstack([inputs, outputs])
        self._scale = _positive(self._data.mean(axis=0) if own is None else self._data[own])
        self._scaled = self._data / self._scale
        self._ease = 0.0 if own is None else EASE
        self._inputs = inputs.shape[1]
        self._sign = 1.0 if orientation == "input" else -1.0
        # The columns that move with the score: inputs when they contract, outputs when they expand.
        is_input = np.arange(self._data.shape[1]) < self._inputs
        self._moving = is_input if orientation == "input" else ~is_input
        self._direction = np.where(is_input, 1.0, -1.0)
        n = len(self._data)
        matrix = np.vstack([self._scaled.T, np.ones(n)])
        score = np.append(np.ones(self._data.shape[1]), 0.0)[:, None]
        self._radial = _model(np.hstack([matrix, score]), np.append(np.zeros(n), self._sign), returns)
        worth = self._direction * self._scale / _spread(self._data)
        self._second = _model(matrix, self._scaled @ worth, returns)

    def solve(self, unit: int, without: int | None = None) -> Solution:
        """Both stages for a unit; `without` leaves one other unit out of the reference.

        Raises
        ------
        NoOptimumError
            HiGHS found no optimum, neither from the warm basis nor afresh in the unit's own scale.
        """
        try:
            return self._solve(unit, without)
        except NoOptimumError:
            # Units of a millionth of the mean are lost in the tolerances; in their own scale they are not.
            return Frontier(*self._arguments, own=unit)._solve(unit, without)

    def _solve(self, unit: int, without: int | None) -> Solution:
        if without is not None:
            self._limit(without, 0.0)
        try:
            return self._composite(unit, self._score(unit))
        finally:
            if without is not None:
                self._limit(without, INFINITY)

    def _limit(self, unit: int, greatest: float) -> None:
        for model in (self._radial, self._second):
            model.changeColBounds(unit, 0.0, greatest)

    def _score(self, unit: int) -> float:
        own = self._scaled[unit]
        for row, value in enumerate(np.where(self._moving, -own, 0.0)):
            self._radial.changeCoeff(row, len(self._data), value)
        self._bound(self._radial, np.where(self._moving, 0.0, own))
        _run(self._radial)
        return float(self._radial.getInfo().objective_function_value * self._sign)

    def _composite(self, unit: int, score: float) -> Solution:
        reached = np.where(self._moving, score, 1.0) * self._scaled[unit]
        self._bound(self._second, reached * np.where(self._moving, 1.0 + self._direction * self._ease, 1.0))
        _run(self._second)
        weights = np.array(self._second.getSolution().col_value)
        weights[weights < ZERO] = 0.0
        slacks = self._direction * (reached - weights @ self._scaled)
        # A unit that nobody surpasses is its own peer; another row with the same values could stand there as well.
        if abs(score - 1.0) < ZERO and np.abs(slacks).max() < ZERO:
            weights = np.zeros_like(weights)
            weights[unit] = 1.0
        return Solution(score, weights, np.where(slacks < ZERO, 0.0, slacks) * self._scale)

    def _bound(self, model: highspy.Highs, values: Array) -> None:
        for row, value in enumerate(values):
            if row < self._inputs:
                model.changeRowBounds(row, -INFINITY, value)
            else:
                model.changeRowBounds(row, value, INFINITY)


def _positive(values: Array) -> Array:
    # A column of zeros keeps its own unit.
    return np.where(values > 0, values, 1.0)


def _spread(data: Array) -> Array:
    # A column that does not vary has no standard deviation but rounding errors: its mean stands in.
    mean, deviation = _positive(data.mean(axis=0)), data.std(axis=0)
    return np.where(deviation > ZERO * mean, deviation, mean)


def _model(matrix: Array, cost: Array, returns: str) -> highspy.Highs:
    rows, columns = matrix.shape
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(columns), np.full(columns, INFINITY)
    least, greatest = WEIGHT_SUM[returns]
    lp.row_lower_ = np.append(np.full(rows - 1, -INFINITY), least)
    lp.row_upper_ = np.append(np.full(rows - 1, INFINITY), greatest)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.arange(columns + 1) * rows
    lp.a_matrix_.index_ = np.tile(np.arange(rows), columns)
    lp.a_matrix_.value_ = matrix.T.ravel()
    model = highspy.Highs()
    _set(model, output_flag=False, presolve="off", solver="simplex", threads=1, small_matrix_value=1e-12)
    _set(model, primal_feasibility_tolerance=TOLERANCE, dual_feasibility_tolerance=TOLERANCE)
    model.passModel(lp)
    return model


def _run(model: highspy.Highs) -> None:
    model.run()
    if model.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        return
    # A warm basis can be a bad one: forget it and begin anew, at last with HiGHS' own tolerances.
    for tolerance in (TOLERANCE, LOOSE):
        model.clearSolver()
        _set(model, presolve="on", primal_feasibility_tolerance=tolerance, dual_feasibility_tolerance=tolerance)
        model.run()
        _set(model, presolve="off", primal_feasibility_tolerance=TOLERANCE, dual_feasibility_tolerance=TOLERANCE)
        if model.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            return
    raise NoOptimumError(model.modelStatusToString(model.getModelStatus()))


def _set(model: highspy.Highs, **options: object) -> None:
    for name, value in options.items():
        model.setOptionValue(name, value)
