"""Our risk model beside eight usual ones on UCI 697 (dropout against the rest), and what a fit costs.

python benchmarks/risk_model_peers.py [random] [time] [next] [speed]      (none named: all)

random: five stratified folds, seed 2024, with what is known at enrolment and with the first semester added; "raw": the
codes of the nine columns of categories are given as whole numbers, else as pandas categories. AUC, Brier score and
calibration of the risks of all folds together. time: trained on 2008-14, tested on 2015-17, without the macro columns,
which are the year in disguise. next: trained until a year, recalibrated on the year after, tested on the next, with the
expected error and what chance alone gives with so many units. speed: 20,000 units, 30 columns, CPU seconds and memory.
The three columns of status without a date are left out everywhere. lightgbm and xgboost take part where installed.
Real data beside the checkout: KOMMUNANALYS_SHARED, default ../shared.
"""

import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from kommunanalys.early_warning.calibration import calibration
from kommunanalys.early_warning.model import LEARNERS, RiskModel

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[2] / "shared"))
FILE = SHARED / "data" / "uci697_dropout" / "students.csv"
STATUS = ["Debtor", "Tuition fees up to date", "Scholarship holder"]
MACRO = ["Unemployment rate", "Inflation rate", "GDP"]
CODES = ["Marital status", "Application mode", "Course", "Previous qualification", "Nacionality"]
CODES += ["Mother's qualification", "Father's qualification", "Mother's occupation", "Father's occupation"]
RATES = (7.6, 9.4, 10.8, 12.7, 15.5, 16.2, 13.9, 12.4, 11.1, 8.9)
YEARS = {rate: 2008 + place for place, rate in enumerate(RATES)}
"""The README beside the data tells how the year of a row is known."""
BARS = {("random", "enrolment"): 0.753, ("random", "semester"): 0.878}
BARS |= {("time", "enrolment"): 0.700, ("time", "semester"): 0.862}


def data(columns: str, *, macro: bool = True, raw: bool = False) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Columns, outcome and year."""
    table = pd.read_csv(FILE)
    first, second = ([name for name in table if f"{place} sem" in name] for place in ("1st", "2nd"))
    out = [*second, *STATUS, "Target", *(() if macro else MACRO), *(first if columns == "enrolment" else ())]
    X = table.drop(columns=out)
    if not raw:
        X = X.astype(dict.fromkeys(CODES, "category"))
    return X, (table["Target"] == "Dropout").to_numpy(int), table["Unemployment rate"].map(YEARS).to_numpy()


def numbers(X: pd.DataFrame) -> list[str]:
    return [name for name in X if name not in CODES]


def hot(X: pd.DataFrame) -> object:
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer((encoder, CODES), (StandardScaler(), numbers(X)))


def ordinal(X: pd.DataFrame) -> object:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return make_column_transformer((encoder, CODES), ("passthrough", numbers(X)))


def peers(X: pd.DataFrame) -> Iterator[tuple[str, object]]:
    boosted = HistGradientBoostingClassifier(random_state=0)
    native = HistGradientBoostingClassifier(random_state=0, categorical_features=list(range(len(CODES))))
    forest = RandomForestClassifier(500, random_state=0)
    yield "logistic regression", make_pipeline(hot(X), LogisticRegression(max_iter=5000))
    yield "random forest", make_pipeline(hot(X), forest)
    yield "extra trees", make_pipeline(hot(X), ExtraTreesClassifier(500, random_state=0))
    yield "boosted trees", make_pipeline(ordinal(X), boosted)
    yield "boosted trees, categories", make_pipeline(ordinal(X), native)
    yield "boosted trees, isotonic", CalibratedClassifierCV(make_pipeline(ordinal(X), native), method="isotonic")
    yield "random forest, sigmoid", CalibratedClassifierCV(make_pipeline(hot(X), forest))
    if find_spec("lightgbm"):
        from lightgbm import LGBMClassifier

        yield "lightgbm", make_pipeline(ordinal(X), LGBMClassifier(random_state=0, n_jobs=1, verbose=-1))
    if find_spec("xgboost"):
        from xgboost import XGBClassifier

        yield "xgboost", make_pipeline(ordinal(X), XGBClassifier(random_state=0, n_jobs=1))
    yield "network", make_pipeline(hot(X), MLPClassifier(early_stopping=True, random_state=0))


def fitted_risk(model: object, X: pd.DataFrame, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        # A category of a rare value, lightgbm's names of columns: nothing of ours.
        warnings.simplefilter("ignore")
        return model.fit(X.iloc[train], y[train]).predict_proba(X.iloc[test])[:, 1]


def told(name: str, y: np.ndarray, risk: np.ndarray, seconds: float) -> None:
    found = calibration(y, risk)
    print(
        f"  {name:27} AUC {roc_auc_score(y, risk):.4f}  Brier {brier_score_loss(y, risk):.4f}  slope {found.slope:.3f}"
        f"  error {found.error:.3f} (chance {found.by_chance:.3f})  {seconds:5.1f} CPU s",
        flush=True,
    )


def compare(kind: str, folds: Callable[[np.ndarray, np.ndarray], list[tuple[np.ndarray, np.ndarray]]]) -> None:
    for columns in ("enrolment", "semester"):
        print(f"{kind}, {columns} (bar {BARS[kind, columns]:.3f})")
        X, y, year = data(columns, macro=kind == "random")
        plain = data(columns, macro=kind == "random", raw=True)[0]
        own = [
            (f"ours, {name}{mark}", RiskModel(name, 0), table)
            for name in LEARNERS
            for mark, table in (("", X), (", raw", plain))
        ]
        for name, model, table in [*own, *((name, model, X) for name, model in peers(X))]:
            begun = time.process_time()
            parts = folds(y, year)
            risk = np.concatenate([fitted_risk(model, table, y, train, test) for train, test in parts])
            told(name, y[np.concatenate([test for _, test in parts])], risk, time.process_time() - begun)


def random() -> None:
    split = StratifiedKFold(5, shuffle=True, random_state=2024)
    compare("random", lambda y, _: list(split.split(y, y)))


def by_time() -> None:
    compare("time", lambda _, year: [(np.flatnonzero(year <= 2014), np.flatnonzero(year > 2014))])


def following() -> None:
    """Expected error on the next cohort: trained until a year, set right on the year after it, tested on the next."""
    for columns in ("enrolment", "semester"):
        for raw in (False, True):
            X, y, year = data(columns, macro=False, raw=raw)
            print(f"next cohort, {columns}{', raw' if raw else ''}: error (chance alone), slope")
            errors = []
            for last in range(2011, 2016):
                train, middle, test = (
                    np.flatnonzero(part) for part in (year <= last, year == last + 1, year == last + 2)
                )
                model = RiskModel(random_state=0).fit(X.iloc[train], y[train])
                before = calibration(y[test], model.predict_proba(X.iloc[test])[:, 1])
                after = model.recalibrate(X.iloc[middle], y[middle]).predict_proba(X.iloc[test])[:, 1]
                found = calibration(y[test], after)
                errors.append((before.error, found.error, found.by_chance))
                print(
                    f"  {last + 2} ({len(test)} units): before {before.error:.3f}, after {found.error:.3f} "
                    f"({found.by_chance:.3f}), slope {found.slope:.2f}, "
                    f"risk {100 * after.mean():.1f} %, share {100 * y[test].mean():.1f} %",
                    flush=True,
                )
            print("  mean: before {:.3f}, after {:.3f} ({:.3f})".format(*np.mean(errors, axis=0)))


def speed(units: int = 20_000, columns: int = 30) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({f"n{place}": rng.normal(size=units) for place in range(columns * 2 // 3)})
    for place in range(columns - X.shape[1]):
        X[f"c{place}"] = pd.Categorical(rng.integers(0, 5 + 5 * place, units))
    X = X.mask(rng.uniform(size=X.shape) < 0.05)
    y = (rng.logistic(size=units) < X["n0"].fillna(0) + (X["n1"] > 1) - 3).astype(int)
    few = X.head(300)
    for name in LEARNERS:
        begun = time.process_time()
        model = RiskModel(name, 0).fit(X, y)
        spent = time.process_time() - begun
        begun = time.process_time()
        model.moves(few)
        reasons = time.process_time() - begun
        print(
            f"{name}: fit {spent:.1f} CPU s on {units:,} × {columns}, moves of 300 units {reasons:.1f} s, "
            f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB",
            flush=True,
        )


def main() -> None:
    if not FILE.is_file():
        print(f"no real data at {FILE}: left out")
        return
    parts = {"speed": speed, "random": random, "time": by_time, "next": following}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
