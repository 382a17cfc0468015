"""The risks of today's cohort by the model that was tested: refused where it must not be done, journalled always."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kommunanalys import journal
from kommunanalys.early_warning.reasons import explain
from kommunanalys.early_warning.sense import axis_of
from kommunanalys.errors import TableError, UsageError
from kommunanalys.secrecy.frame import local_day

if TYPE_CHECKING:
    from kommunanalys.early_warning.evaluate import Evaluation


def score(evaluation: Evaluation, tables: Any, *, as_of: Any) -> pd.DataFrame:
    """The risk of everybody in the cohort of a day; one line goes into the journal.

    Parameters
    ----------
    evaluation
        The test on which the right to score rests, with its model.
    tables
        As given to `evaluate`, of today.
    as_of
        The day of the list.

    Returns
    -------
    DataFrame
        Index the units; `risk` [0–1], `person`, the place under its own name, `reasons` (tuple of `Reason`; for
        the riskiest of each place, twice as many as can be helped there: nobody else comes onto a list). For those who
        act, never for a report.

    Raises
    ------
    UsageError
        A day in the future; too few past outcomes for any model (see `task.enough`).
    TableError
        Columns that the model learnt from are missing or of another kind.
    """
    task = evaluation.task
    moment = _allowed(evaluation, as_of)
    X, _, info = task.build(tables, as_of=moment)
    known = _columns(evaluation, pd.DataFrame(X), info.dropped)
    risk = evaluation.model.predict_proba(known)[:, 1]
    journal.append("scoring", _facts(evaluation, moment, len(X), info.excluded))
    found = info.frame[["person", *([task.place] if task.place else [])]].copy()
    found.insert(0, "risk", risk)
    near = found.groupby(task.per or np.zeros(len(found)), dropna=False)["risk"].rank(ascending=False, method="min")
    told = explain(evaluation.model, known[(near <= 2 * evaluation.capacity).to_numpy()], task)
    found["reasons"] = pd.Series([()] * len(found), found.index, dtype=object)
    found.loc[told.index, "reasons"] = told
    return found


def fingerprint(evaluation: Evaluation) -> str:
    """What tells this model from another: a hash of its columns and of its answers for the last cohort learnt from.

    The same data and seed give the same fingerprint, and nothing about anybody can be read from it. "–" where there
    are too few past outcomes for a model.
    """
    if evaluation.model is None:
        return "–"
    answers = evaluation.model.predict_proba(evaluation.latest)[:, 1]
    names = "\0".join(map(str, evaluation.latest.columns))
    return hashlib.sha256(names.encode() + np.round(answers, 9).astype("<f8").tobytes()).hexdigest()


def _allowed(evaluation: Evaluation, as_of: Any) -> Any:
    """The as-of date, where a list may be made on it."""
    if not evaluation.enough.ok:
        raise UsageError(
            "No list is made by a model: there are too few past outcomes, or too few complete cohorts, for one. "
            "print(evaluation.enough.summary()) says what to do instead."
        )
    axis = axis_of(evaluation.task.outcome.horizon)
    moment, today = axis.normal(as_of), local_day()
    if axis.lies_ahead(axis.at(moment), today):
        raise UsageError(
            "The as-of date {as_of} lies in the future (today is {today}): what is known then is not known yet. Score "
            "on a day that has come.",
            as_of=axis.said(axis.at(moment)),
            today=today.isoformat(),
        )
    return moment


def _columns(evaluation: Evaluation, X: pd.DataFrame, dropped: dict[str, str]) -> pd.DataFrame:
    """The columns that the model learnt from, in its order; columns that it never had are not used."""
    latest = evaluation.latest
    absent = [str(name) for name in latest.columns if name not in X.columns]
    if absent:
        raise TableError(
            "The model learnt from columns that are not known on this day: {columns}. Choose a day on which they are, "
            "or evaluate the task anew without them.",
            columns="; ".join(f"{name} ({dropped[name]})" if name in dropped else name for name in absent),
        )
    other = [str(name) for name in latest.columns if _category(latest[name]) != _category(X[name])]
    if other:
        raise TableError(
            "These columns are categories on one side and numbers on the other: {columns}. Evaluate the task anew.",
            columns=", ".join(other),
        )
    return X[list(latest.columns)]


def _category(column: pd.Series[Any]) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _facts(evaluation: Evaluation, moment: Any, units: int, excluded: dict[str, int]) -> dict[str, Any]:
    task = evaluation.task
    axis = axis_of(task.outcome.horizon)
    return {
        "task": task.name,
        "as_of": axis.said(axis.at(moment)),
        "model": evaluation.chosen,
        "fingerprint": fingerprint(evaluation),
        "units": journal.few(units),
        "left_out": {why: journal.few(count) for why, count in excluded.items()},
        "features": [str(name) for name in evaluation.latest.columns],
    }
