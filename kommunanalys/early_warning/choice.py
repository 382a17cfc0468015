"""Which model: of those tried over time, the simplest that none beats by more than one standard error."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from kommunanalys.early_warning.calibration import line_through
from kommunanalys.early_warning.declaration import Flag
from kommunanalys.early_warning.intervals import error_of_sum
from kommunanalys.early_warning.model import RiskModel
from kommunanalys.early_warning.signals import auc
from kommunanalys.errors import UsageError

Array = NDArray[np.float64]
SIMPLEST: Final = ("flag", "line", "trees", "blend")
"""The candidates from the simplest on; others come after them."""
SURE: Final = 1e-6
"""A risk is never counted as nearer to 0 or 1: one surprise would outweigh everything else."""


@dataclass(frozen=True)
class Choice:
    """The candidates and the one that was chosen.

    Parameters
    ----------
    chosen
        Its name.
    candidates
        From the simplest on: `candidate`, `log_loss`, `more_than_best` (its mean log loss less that of the best), `se`
        (standard error of that difference, paired by person and by date), `brier`, `auc`, `chosen`.
    """

    chosen: str
    candidates: pd.DataFrame = field(hash=False)


class FlagCurve(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A logistic curve on the one flag, and a level of its own for those whose flag is unknown.

    Examples
    --------
    >>> X = pd.DataFrame({"absence": [0.0, 1.0, 2.0, 8.0, 9.0, 10.0]})
    >>> curve = FlagCurve("absence").fit(X, [0, 0, 1, 0, 1, 1])
    >>> bool(curve.predict_proba(X)[5, 1] > curve.predict_proba(X)[0, 1])
    True
    """

    def __init__(self, feature: str, high: bool = True, value: str = "") -> None:
        self.feature = feature
        self.high = high
        self.value = value

    def fit(self, X: pd.DataFrame, y: Any) -> FlagCurve:
        """Learn the curve from outcomes 0 and 1, shape (n,)."""
        score = self._score(X)
        known = score[np.isfinite(score)]
        self.centre_ = float(np.median(known)) if len(known) else 0.0
        self.scale_ = float(known.std()) if len(known) and known.std() > 0 else 1.0
        self.curve_ = LogisticRegression(C=10.0).fit(self._terms(score), np.asarray(y, float).astype(int))
        self.classes_ = self.curve_.classes_
        self.intercept_ = 0.0
        # The flag alone: that another column is missing later changes nothing.
        self.feature_names_in_ = np.asarray([name for name in X.columns if name == self.feature], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        self.typical_: Mapping[str, object] = {self.feature: _typical(X, self.feature)}
        return self

    def predict_proba(self, X: pd.DataFrame) -> Array:
        """Shape (n, 2)."""
        risk = expit(self._odds(self._terms(self._score(X))))
        return np.column_stack([1 - risk, risk])

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """The more probable of the two."""
        return np.asarray(self.classes_[(self.predict_proba(X)[:, 1] >= 0.5).astype(int)])

    def recalibrate(self, X: pd.DataFrame, y: Any) -> FlagCurve:
        """Set the level of the risks right on a later cohort."""
        shift, _ = line_through(np.asarray(y, float), self._odds(self._terms(self._score(X))), slope=False)
        self.intercept_ += shift
        return self

    def moves(self, X: pd.DataFrame) -> pd.DataFrame:
        """Log-odds at each unit's value less those at the typical value."""
        if self.feature not in X.columns:
            return pd.DataFrame(index=X.index)
        odds = self._odds(self._terms(self._score(X)))
        typical = self._odds(np.zeros((1, 2)))
        return pd.DataFrame({self.feature: odds - typical}, index=X.index)

    def _odds(self, terms: Array) -> Array:
        check_is_fitted(self)
        return np.asarray(self.intercept_ + self.curve_.decision_function(terms), float)

    def _score(self, X: pd.DataFrame) -> Array:
        return flag_score(X, Flag(self.feature, self.high, self.value))

    def _terms(self, score: Array) -> Array:
        known = np.isfinite(score)
        standard = np.where(known, (np.where(known, score, 0.0) - self.centre_) / self.scale_, 0.0)
        return np.column_stack([standard, ~known])


class Sharing(RiskModel):
    """A risk model that takes over what others learnt from the same rows: a blend is the line and the trees again.

    `share` is given the same dictionary for each of the models, and each is fitted once, to the same rows.
    """

    def share(self, fits: dict[str, list[Any]]) -> Sharing:
        """Where what was learnt is kept, by learner, in the order of the splits."""
        self._fits, self._place = fits, -1
        return self

    def _fitted(self, table: pd.DataFrame, target: Array, seed: int) -> Any:
        self._place += 1
        if self.learner == "blend" and {"line", "trees"} <= set(self._fits):
            return replace(self._fits["line"][self._place], trees=self._fits["trees"][self._place].trees)
        found = super()._fitted(table, target, seed)
        self._fits.setdefault(self.learner, []).append(found)
        return found


def flag_score(X: pd.DataFrame, flag: Flag) -> Array:
    """The simple flag as a number, higher for more at risk; NaN where it is unknown, or where X lacks the feature.

    Examples
    --------
    >>> flag_score(pd.DataFrame({"mark": [4.0, 9.0, None]}), Flag("mark", high=False)).tolist()
    [-4.0, -9.0, nan]
    """
    if flag.feature not in X.columns:
        return np.full(len(X), np.nan)
    column = X[flag.feature]
    if isinstance(column.dtype, pd.CategoricalDtype) or flag.value:
        sign = column.astype("str").to_numpy() == flag.value
        return np.where(column.isna().to_numpy(), np.nan, sign.astype(float))
    values = column.to_numpy(float)
    return np.asarray(values if flag.high else -values, float)


def in_order(names: Sequence[str]) -> list[str]:
    """Candidates from the simplest on, the flag always among them.

    Examples
    --------
    >>> in_order(["trees", "line"])
    ['flag', 'line', 'trees']
    """
    given = [names] if isinstance(names, str) else list(names)
    wrong = [one for one in given if one not in SIMPLEST]
    if wrong or not given or len(set(given)) < len(given):
        raise UsageError(
            "learners={given}: name one or more of {allowed}, each once.",
            given=", ".join(map(str, given)) or "–",
            allowed=", ".join(SIMPLEST),
        )
    return [one for one in SIMPLEST if one == "flag" or one in given]


def choose(y: Any, risks: Mapping[str, Any], persons: Any, dates: Any) -> Choice:
    """The simplest candidate whose mean log loss is within one standard error of the best one's.

    Parameters
    ----------
    y
        Outcomes 0.0 or 1.0, shape (n,).
    risks
        Risks 0–1 by candidate, from the simplest on, shape (n,) each, all for units that were not learnt from.
    persons, dates
        Shape (n,); the standard error is of the paired difference, clustered by person or, where that is larger and
        there are three dates or more, by date.

    Returns
    -------
    Choice

    References
    ----------
    Breiman, Friedman, Olshen & Stone (1984), Classification and regression trees, section 3.4.3 (one standard error).

    Examples
    --------
    >>> y = np.tile([1.0, 0.0, 0.0, 0.0], 50)
    >>> risks = {"flag": np.full(200, 0.25), "line": 0.2 + 0.2 * y, "trees": 0.2 + 0.2 * y + 1e-6}
    >>> choose(y, risks, range(200), np.zeros(200)).chosen
    'line'
    """
    event = np.asarray(y, float)
    losses = {name: log_losses(event, np.asarray(risk, float)) for name, risk in risks.items()}
    best = min(losses, key=lambda name: float(losses[name].mean()))
    rows = []
    for name, loss in losses.items():
        gap = loss - losses[best]
        rows.append(
            {
                "candidate": name,
                "log_loss": loss.mean(),
                "more_than_best": gap.mean(),
                "se": standard_error(gap, persons, dates),
                "brier": float(((np.asarray(risks[name], float) - event) ** 2).mean()),
                "auc": auc(np.asarray(risks[name], float), event) if 0 < event.sum() < len(event) else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    near = table["more_than_best"] <= table["se"]
    chosen = str(table.loc[near, "candidate"].iloc[0])
    return Choice(chosen, table.assign(chosen=table["candidate"] == chosen))


def log_losses(y: Array, risk: Array) -> Array:
    """How surprised each outcome leaves one who believed the risk.

    Examples
    --------
    >>> log_losses(np.array([1.0, 0.0]), np.array([0.5, 0.5])).round(3).tolist()
    [0.693, 0.693]
    """
    clipped = np.clip(risk, SURE, 1 - SURE)
    return np.asarray(-np.where(y > 0, np.log(clipped), np.log1p(-clipped)), float)


def standard_error(gap: Array, persons: Any, dates: Any) -> float:
    """Standard error of the mean of paired differences: the larger of those by person and by date.

    Examples
    --------
    >>> standard_error(np.array([1.0, -1.0, 1.0, -1.0]), [1, 2, 3, 4], [0, 0, 0, 0]).__round__(3)
    0.577
    """
    residual = gap - gap.mean()
    clusters = [persons, dates] if len(pd.unique(np.asarray(dates))) >= 3 else [persons]
    return max(error_of_sum(residual, one) for one in clusters) / len(gap)


def _typical(X: pd.DataFrame, name: Hashable) -> object:
    if name not in X.columns:
        return None
    column = X[name].dropna()
    if not len(column):
        return None
    return column.mode().iloc[0] if isinstance(column.dtype, pd.CategoricalDtype) else float(column.median())
