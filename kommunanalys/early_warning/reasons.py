"""Why somebody stands on a list, in plain words: which of the known values go with a higher risk, and what is usual.

A reason says what the model weighed, not what causes anything; and it is about one person, so it belongs on the list of
those who act and never in a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.errors import TableError, UsageError
from kommunanalys.language import MISSING, Speaker

SLIGHT = 0.05
"""Moves of the log-odds below it are no reason: the risk would be the same in words."""

Value = float | str | None
"""A number, a category, or None where nothing is recorded."""


class Explained(Protocol):
    """What is needed of a fitted model."""

    typical_: Mapping[str, object]

    def moves(self, X: pd.DataFrame) -> pd.DataFrame:
        """Log-odds at the unit's value less those at the typical value, units × features."""
        ...


@dataclass(frozen=True)
class Reason:
    """One value that moves the risk away from what is usual.

    Parameters
    ----------
    feature
        Name of the feature.
    value, typical
        The unit's own value and the usual one; None where nothing is recorded.
    direction
        "raises" or "lowers".
    move
        By how much [log-odds].

    Examples
    --------
    >>> Reason("absence", 120.0, 25.0, "raises", 0.8).say(Speaker("en"))
    'Absence: 120 (usually 25 in the cohort)'
    >>> Reason("absence", 120.0, 25.0, "raises", 0.8)
    Reason(feature='absence', direction='raises')
    """

    feature: str
    value: Value = field(repr=False)
    typical: Value = field(repr=False)
    direction: Literal["raises", "lowers"]
    move: float = field(repr=False)

    def say(self, say: Speaker, declaration: Declaration | None = None) -> str:
        """The reason as a plain sentence, with the feature's label where the declaration has one."""
        label = _label(self.feature, say, declaration)
        value, typical = _in_words(self.value, self.typical, say)
        if value is None:
            text = say(
                "{label}: nothing recorded (usually {typical} in the cohort)", label=label, typical=typical or MISSING
            )
        elif typical is None:
            text = say("{label}: {value} (usually nothing recorded in the cohort)", label=label, value=value)
        else:
            text = say("{label}: {value} (usually {typical} in the cohort)", label=label, value=value, typical=typical)
        return text if self.direction == "raises" else say("Goes with a lower risk: {reason}", reason=text)


def explain(
    model: Explained, X: pd.DataFrame, declaration: Declaration | None = None, *, most: int = 3
) -> pd.Series[tuple[Reason, ...]]:
    """The reasons for each unit: first what goes with a higher risk, the strongest first, then what lowers it.

    Parameters
    ----------
    model
        Fitted; see `Explained`.
    X
        Units × features, as the task built it: only what was known on the as-of day.
    declaration
        Checked where given: nothing but its features with a known day becomes a reason.
    most
        How many reasons for each unit.

    Returns
    -------
    pd.Series
        Index of `X`; a tuple of `Reason` each, empty where nothing moves the risk.

    Notes
    -----
    The move of a value is how much the log-odds would differ if it were the typical one and all else the same: a
    description of the model. Features that tell the same thing share it between them.

    Examples
    --------
    >>> class Model:
    ...     typical_ = {"absence": 25.0, "mark": 8.0}
    ...     def moves(self, X):
    ...         return pd.DataFrame({"absence": (X["absence"] - 25) / 100, "mark": 8 - X["mark"]})
    >>> X = pd.DataFrame({"absence": [125.0, 25.0], "mark": [9.0, 8.0]}, index=["a", "b"])
    >>> [[reason.direction for reason in found] for found in explain(Model(), X)]
    [['raises', 'lowers'], []]
    """
    if most < 1:
        raise UsageError("most={most}: ask for one reason or more.", most=most)
    _check_known(X, declaration)
    moves = _moves(model, X)
    names, given = [str(name) for name in X.columns], [X[name].tolist() for name in X.columns]
    typical = [_plain(model.typical_.get(name)) for name in names]
    found = []
    for place, own in enumerate(moves):
        chosen = _strongest(own, most)
        found.append(tuple(_reason(names[one], given[one][place], typical[one], own[one]) for one in chosen))
    column = np.empty(len(X), dtype=object)
    column[:] = found
    return pd.Series(column, index=X.index, name="reasons")


def say_all(reasons: object, say: Speaker, declaration: Declaration | None = None) -> list[str]:
    """For a list: the reasons that raise the risk of one unit, as sentences; one that says so where there are none.

    Parameters
    ----------
    reasons
        Reasons, texts, a single text, or nothing.

    Notes
    -----
    What lowers a risk is left out: of two values that tell nearly the same, such as an absence and its rise, a model
    may weigh one with each sign, and nobody could act on that.

    Examples
    --------
    >>> say_all((), Speaker("en"))
    ['No single value stands out as going with a higher risk.']
    """
    if isinstance(reasons, str) and reasons:
        return [reasons]
    given = list(reasons) if isinstance(reasons, Iterable) else []
    raising = [one for one in given if not isinstance(one, Reason) or one.direction == "raises"]
    if not raising:
        return [say("No single value stands out as going with a higher risk.")]
    return [one.say(say, declaration) if isinstance(one, Reason) else str(one) for one in raising]


def _check_known(X: pd.DataFrame, declaration: Declaration | None) -> None:
    if declaration is None:
        return
    known = {feature.name for feature in declaration.features if feature.known_from != "unknown"}
    wrong = [str(name) for name in X.columns if name not in known]
    if wrong:
        raise UsageError(
            "These columns cannot be reasons: {columns}. The task does not have them, or does not know from which day "
            "they are known. Take X from task.build.",
            columns=", ".join(wrong),
        )


def _moves(model: Explained, X: pd.DataFrame) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Moves in the order of X's rows and columns, 0 where the model does not use a column."""
    given = model.moves(X)
    if not given.index.equals(X.index) or not set(given.columns) <= set(X.columns):
        raise TableError("The model gave moves for other units or columns than it was asked for.")
    moves = given.reindex(columns=X.columns, fill_value=0.0).to_numpy(float)
    if not np.isfinite(moves).all():
        raise TableError("The model gave moves that are no numbers.")
    return np.asarray(moves, dtype=np.float64)


def _strongest(moves: np.ndarray[tuple[int], np.dtype[np.float64]], most: int) -> list[int]:
    """Columns that raise, the strongest first; then those that lower, the strongest first."""
    order = np.argsort(-moves, kind="stable").tolist()
    raising = [one for one in order if moves[one] >= SLIGHT]
    return [*raising, *(one for one in reversed(order) if moves[one] <= -SLIGHT)][:most]


def _reason(name: str, value: object, typical: Value, move: float) -> Reason:
    return Reason(name, _plain(value), typical, "raises" if move > 0 else "lowers", float(move))


def _plain(value: object) -> Value:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    return float(value) if isinstance(value, int | float | np.number) else str(value)


def _label(name: str, say: Speaker, declaration: Declaration | None) -> str:
    features = declaration.features if declaration else ()
    label = next((feature.label for feature in features if feature.name == name), {})
    found = str(label.get(say.language) or name)
    return found[:1].upper() + found[1:]


def _in_words(value: Value, typical: Value, say: Speaker) -> tuple[str | None, str | None]:
    """Both with as few decimals as the value needs, and as tell them apart."""
    decimals = _decimals(*(one for one in (value, typical) if isinstance(one, float)))
    return _text(value, say, decimals), _text(typical, say, decimals)


def _decimals(*numbers: float) -> int:
    """No more than the numbers have and their size is worth; more where two would look alike."""
    largest = max(map(abs, numbers), default=0.0)
    worth = 0 if largest >= 100 else 1 if largest >= 1 else 2
    needed = next((size for size in range(worth) if all(abs(round(one, size) - one) < 1e-9 for one in numbers)), worth)
    while needed < 3 and len({round(one, needed) for one in numbers}) < len(set(numbers)):
        needed += 1
    return needed


def _text(value: Value, say: Speaker, decimals: int) -> str | None:
    return value if value is None or isinstance(value, str) else say.number(value, decimals)
