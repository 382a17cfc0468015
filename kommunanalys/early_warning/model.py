"""A risk model: a straight line and trees on registers as they are, with risks that mean what they say."""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from kommunanalys.early_warning.calibration import held_line
from kommunanalys.early_warning.encoding import Column, fit_to, learn, plain, unseen
from kommunanalys.errors import TableError, TooFewUnits, UsageError

Array = NDArray[np.float64]

LEARNERS = ("line", "trees", "blend")
LEAST = 10
"""Fewest units and persons of each class."""
FOLDS = 5
SLOPE_EVENTS = 200
"""Units of each class from which a new cohort may change the slope as well."""
HOLD = 4.0
"""Precision with which a slope is held to 1: one standard deviation is a half."""


@dataclass(frozen=True)
class _Encoded:
    """What each part of a learner takes, one block for each column; empty for a part that is not used."""

    columns: tuple[Column, ...]
    line: list[Array]
    trees: list[Array]

    @classmethod
    def of(cls, table: pd.DataFrame, columns: tuple[Column, ...], learner: str) -> _Encoded:
        values = [(column, table[column.name].to_numpy()) for column in columns]
        return cls(
            columns,
            [column.line(value) for column, value in values] if learner != "trees" else [],
            [column.trees(value) for column, value in values] if learner != "line" else [],
        )

    def at(self, rows: NDArray[np.intp]) -> _Encoded:
        return _Encoded(self.columns, [block[rows] for block in self.line], [block[rows] for block in self.trees])

    def with_column(self, place: int, other: _Encoded) -> _Encoded:
        """The same with one column as in the first row of another."""

        def replaced(own: list[Array], others: list[Array]) -> list[Array]:
            return [np.tile(others[at], (len(one), 1)) if at == place else one for at, one in enumerate(own)]

        return _Encoded(self.columns, replaced(self.line, other.line), replaced(self.trees, other.trees))


@dataclass(frozen=True)
class _Scorer:
    """The parts of a learner, fitted to the same rows."""

    line: LogisticRegression | None
    trees: HistGradientBoostingClassifier | None

    def log_odds(self, encoded: _Encoded) -> Array:
        """Mean of the parts' log-odds, shape (n,)."""
        parts = [(self.line, encoded.line), (self.trees, encoded.trees)]
        odds = [model.decision_function(np.hstack(blocks)) for model, blocks in parts if model is not None]
        return np.asarray(np.mean(odds, axis=0))


class RiskModel(ClassifierMixin, BaseEstimator):
    """Risk of an event for each unit, learnt from a table with categories, codes and missing values.

    Parameters
    ----------
    learner
        "line": logistic regression held back by a ridge, with levels for categories and a slope that may change at
        the quartiles. "trees": boosted small trees. "blend": the mean of the two [log-odds].
    random_state
        Seed; with a seed the same rows give the same model, in whatever order they stand.

    Attributes
    ----------
    classes_
        The two classes in order; risks are those of the second.
    feature_names_in_, n_features_in_
        Columns of training.
    typical_
        Median (one that occurs) or most common category of each column in training.
    intercept_, slope_
        Calibration that stands [log-odds]: first from the inner splits, then from the latest recalibration.
    n_events_
        Units of the second class in training.

    Notes
    -----
    Inner splits give every unit of training a risk from a model that did not see it (nor its person); intercept and
    slope are fitted to them (Platt 1999), and the answer is the mean of the five models [log-odds], which varies less
    with the seed than one trained on all. The slope is held to 1 with a standard deviation of a half, which only few
    units feel. A category that training never saw, or saw rarely, counts as
    unknown; `unseen` counts it. Categories of numbers may come as numbers or text later. Numbers beyond those of
    training count as the outermost for the line. Rows are put in an order of their own before anything is drawn, so
    that the order of the table does not matter.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"absence": rng.uniform(0, 40, 400), "track": rng.choice(["a", "b"], 400)})
    >>> y = (rng.uniform(0, 40, 400) < X["absence"]).astype(int)
    >>> model = RiskModel("line", random_state=0).fit(X, y)
    >>> low, high = model.predict_proba(pd.DataFrame({"absence": [2, 38], "track": ["a", None]}))[:, 1]
    >>> bool(low < 0.2), bool(high > 0.8)
    (True, True)
    """

    def __init__(self, learner: str = "blend", random_state: int | np.random.RandomState | None = None) -> None:
        self.learner = learner
        self.random_state = random_state

    def fit(self, X: object, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn from units whose outcome is known.

        Parameters
        ----------
        X
            DataFrame, shape (n, columns): numbers, truth values, text, categories, gaps.
        y
            Two classes as 0 and 1, truth values or text, shape (n,); the second in sorted order is the event.
        groups
            Person behind each unit, shape (n,); a person's units stay together in the inner splits.

        Raises
        ------
        UsageError
            An unknown learner, a y with missing values or other than two classes, lengths that differ.
        TableError
            An empty table, a column that is all missing, infinite, of dates or without a name of its own.
        TooFewUnits
            Fewer than 10 units, or persons, of a class.
        """
        if self.learner not in LEARNERS:
            raise UsageError(
                "Unknown learner {learner!r}. Choose one of {learners}.",
                learner=self.learner,
                learners=", ".join(LEARNERS),
            )
        table = plain(X)
        empty = [name for name in table if table[name].isna().all()]
        if empty:
            raise TableError(
                "No value at all in {columns}. Leave the columns out, or find out why they are empty.",
                columns=", ".join(map(str, empty)),
            )
        classes, target = two_classes(y, len(table))
        persons = persons_of(groups, len(table))
        _check_enough(target, persons)
        order = _order(table, target, persons)
        table, target, people = table.iloc[order], target[order], _renumbered(persons[order])
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        # How columns become numbers is learnt without the outcome, so once for all splits.
        encoded = _Encoded.of(table, learn(table), self.learner)
        unseen_odds, scorers = np.empty(len(table)), []
        for train, test in splits(target, people, seed):
            scorers.append(self._fitted(encoded.at(train), target[train], seed))
            unseen_odds[test] = scorers[-1].log_odds(encoded.at(test))
        self.classes_, self.n_events_ = classes, int(target.sum())
        self.feature_names_in_ = np.asarray(table.columns, dtype=object)
        self.n_features_in_ = table.shape[1]
        self.intercept_, self.slope_ = held_line(target, unseen_odds, prior=HOLD)
        self.columns_, self.scorers_ = encoded.columns, tuple(scorers)
        self.typical_ = pd.Series({one.name: one.typical for one in self.columns_}, dtype=object, name="typical")
        return self

    def _fitted(self, encoded: _Encoded, target: Array, seed: int) -> _Scorer:
        line = trees = None
        if encoded.line:
            line = LogisticRegression(C=0.1, tol=1e-3, max_iter=2000).fit(np.hstack(encoded.line), target)
        if encoded.trees:
            trees = HistGradientBoostingClassifier(
                learning_rate=0.075,
                max_iter=100,
                max_leaf_nodes=8,
                min_samples_leaf=10,
                l2_regularization=5.0,
                max_features=0.3,
                early_stopping=False,
                random_state=seed,
            ).fit(np.hstack(encoded.trees), target)
        return _Scorer(line, trees)

    def _encoded(self, X: object) -> _Encoded:
        check_is_fitted(self)
        return _Encoded.of(fit_to(plain(X), self.columns_), self.columns_, self.learner)

    def decision_function(self, X: object) -> Array:
        """Calibrated log-odds of the event, shape (n,)."""
        return self._calibrated(self._encoded(X))

    def _calibrated(self, encoded: _Encoded) -> Array:
        odds = np.mean([scorer.log_odds(encoded) for scorer in self.scorers_], axis=0)
        return np.asarray(self.intercept_ + self.slope_ * odds)

    def predict_proba(self, X: object) -> Array:
        """Calibrated risks, shape (n, 2): without and with the event [0–1].

        Raises
        ------
        UsageError
            Columns other than those of training; their order does not matter.
        """
        risk = 1 / (1 + np.exp(-self.decision_function(X)))
        return np.column_stack([1 - risk, risk])

    def predict(self, X: object) -> NDArray[Any]:
        """The likelier class, shape (n,). A list of those at most risk is what `watchlist` makes."""
        odds = self.decision_function(X)
        return np.asarray(self.classes_[(odds > 0).astype(int)])

    def recalibrate(self, X: object, y: ArrayLike) -> Self:
        """Set the risks right on a later cohort, which the model was not trained on.

        The intercept is fitted to the cohort, and the slope too where it has at least 200 units with and without the
        event; what the model has learnt of the columns stays.

        Parameters
        ----------
        X, y
            As in `fit`: the latest cohort whose outcome is complete.

        Raises
        ------
        UsageError, TableError, TooFewUnits
            As in `fit`; classes other than those of training.
        """
        odds = self.decision_function(X)
        classes, target = two_classes(y, len(odds))
        if list(classes) != list(self.classes_):
            raise UsageError(
                "The outcomes are {new}, and were {old} when the model was trained. Write them in the same way.",
                new=", ".join(map(str, classes)),
                old=", ".join(map(str, self.classes_)),
            )
        _check_enough(target, np.arange(len(target)))
        enough = min(target.sum(), (1 - target).sum()) >= SLOPE_EVENTS
        intercept, slope = held_line(target, odds, slope=bool(enough), prior=HOLD)
        self.intercept_, self.slope_ = intercept + slope * self.intercept_, slope * self.slope_
        return self

    def unseen(self, X: object) -> pd.Series:
        """How many units have a category that training never saw, by column [persons]."""
        check_is_fitted(self)
        return unseen(fit_to(plain(X), self.columns_), self.columns_)

    def moves(self, X: object) -> pd.DataFrame:
        """How much each column moves each unit's risk against a typical value of that column [log-odds].

        The model's answer for the unit less its answer with this one column at `typical_`. It tells what the model
        looked at; it does not tell what would happen if the column were changed.

        Returns
        -------
        DataFrame
            Index of X, columns those of training.
        """
        own, columns = self._encoded(X), self.columns_
        typical = pd.DataFrame({column.name: [column.typical] for column in columns})
        other, odds = _Encoded.of(typical, columns, self.learner), self._calibrated(own)
        moved = {
            column.name: odds - self._calibrated(own.with_column(place, other)) for place, column in enumerate(columns)
        }
        return pd.DataFrame(moved, index=X.index if isinstance(X, pd.DataFrame) else None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = tags.input_tags.categorical = tags.input_tags.string = True
        return tags


def two_classes(y: ArrayLike, n: int) -> tuple[NDArray[Any], Array]:
    """The two classes in sorted order, and 1 for the second of them, shape (n,).

    Examples
    --------
    >>> two_classes(["left", "stayed", "left"], 3)[1].tolist()
    [0.0, 1.0, 0.0]
    """
    values = pd.Series(y if isinstance(y, pd.Series) else np.asarray(y).ravel())
    if len(values) != n:
        raise UsageError("{outcomes} outcomes for {units} units: give one for each.", outcomes=len(values), units=n)
    if values.isna().any():
        raise UsageError(
            "Some outcomes are missing. Learn only from cohorts whose outcome is complete, and leave out the units "
            "whose outcome nobody recorded."
        )
    classes = np.unique(np.asarray(values.tolist()))
    if len(classes) != 2:
        raise UsageError(
            "The outcome has {count} different values, and a risk model needs two: with the event and without. With "
            "one only there is nothing to learn; see task.enough(tables).",
            count=len(classes),
        )
    return classes, np.asarray(np.asarray(values.tolist()) == classes[1], float)


def persons_of(groups: ArrayLike | None, n: int) -> NDArray[np.uint64]:
    """A number for each unit's person that does not depend on the order of the rows, shape (n,)."""
    if groups is None:
        return np.arange(n, dtype=np.uint64)
    values = pd.Series(np.asarray(groups, dtype=object))
    if len(values) != n or values.isna().any():
        raise UsageError("Groups must name one person for each unit: {given} for {n} units.", given=values.count(), n=n)
    return np.asarray(pd.util.hash_pandas_object(values.map(str), index=False))


def _check_enough(target: Array, persons: NDArray[Any]) -> None:
    if min(len(np.unique(persons[target == value])) for value in (0, 1)) < LEAST:
        raise TooFewUnits(
            "Fewer than {least} persons with the event, or without it: no model can be learnt from so few. See "
            "task.enough(tables) for what to do instead.",
            least=LEAST,
        )


def _order(table: pd.DataFrame, target: Array, persons: NDArray[Any]) -> NDArray[np.intp]:
    """Rows in the order of a hash of their contents: equal rows of equal persons may change places, nothing else."""
    keyed = len(np.unique(persons)) < len(persons)
    rows = pd.util.hash_pandas_object(table.assign(**{"\0y": target}), index=False).to_numpy()
    return np.lexsort((persons, rows) if keyed else (rows,))


def _renumbered(persons: NDArray[Any]) -> NDArray[np.intp]:
    return np.asarray(pd.factorize(persons)[0], np.intp)


def splits(target: Array, persons: NDArray[np.intp], seed: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Five splits with like shares of persons with the event; a person's units are all on one side."""
    ever = np.zeros(int(persons.max()) + 1)
    np.maximum.at(ever, persons, target)
    for _, chosen in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(ever, ever):
        inside = np.isin(persons, chosen)
        yield np.flatnonzero(~inside), np.flatnonzero(inside)
