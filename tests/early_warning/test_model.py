"""The risk model: a classifier like others, gaps and categories, calibrated, deterministic, clear refusals."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from kommunanalys.early_warning.calibration import calibration
from kommunanalys.early_warning.model import FOLDS, RiskModel, splits
from kommunanalys.errors import TableError, TooFewUnits, UsageError
from kommunanalys.secrecy.frame import Border, mark


def register(n=500, seed=0):
    """Absence raises the risk, track b doubles the odds, noise does nothing; some values are missing."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "absence": rng.gamma(2, 5, n),
            "track": pd.Categorical(rng.choice(["a", "b", "c"], n)),
            "siblings": pd.array(rng.integers(0, 5, n), dtype="Int64"),
            "support": rng.uniform(size=n) < 0.2,
            "language": rng.choice(["sv", "fi", "other"], n),
        },
        index=pd.Index([f"u{place}" for place in range(n)], name="unit"),
    )
    odds = -2.5 + 0.12 * X["absence"] + 0.7 * (X["track"] == "b")
    y = pd.Series((rng.uniform(size=n) < 1 / (1 + np.exp(-odds))).astype(float), X.index)
    X.loc[rng.uniform(size=n) < 0.1, "absence"] = np.nan
    X.loc[rng.uniform(size=n) < 0.1, ["siblings", "language"]] = None
    return X, y


@pytest.fixture(scope="module")
def fitted():
    return RiskModel(random_state=0).fit(*register(1000))


def test_it_finds_the_risk_and_means_it(fitted):
    X, y = register(3000, seed=1)
    risk = fitted.predict_proba(X)
    assert risk.shape == (3000, 2)
    assert risk.sum(axis=1) == pytest.approx(np.ones(3000))
    assert roc_auc_score(y, risk[:, 1]) > 0.7
    assert 0.8 < calibration(y, risk[:, 1]).slope < 1.25


def test_parameters_and_attributes(fitted):
    assert RiskModel().get_params() == {"learner": "blend", "random_state": None}
    assert clone(fitted).get_params() == fitted.get_params()
    assert not hasattr(clone(fitted), "classes_")
    assert fitted.classes_.tolist() == [0, 1]
    assert fitted.feature_names_in_.tolist() == ["absence", "track", "siblings", "support", "language"]
    assert fitted.typical_["support"] == 0.0
    assert fitted.typical_["track"] in "abc"


def test_pickled_it_is_the_same(fitted):
    X, _ = register(50, seed=2)
    assert (pickle.loads(pickle.dumps(fitted)).predict_proba(X) == fitted.predict_proba(X)).all()


@pytest.mark.parametrize("learner", ["line", "blend"])
def test_order_of_rows_and_columns_does_not_matter(learner):
    X, y = register(300)
    order = np.random.default_rng(3).permutation(300)
    first = RiskModel(learner, 0).fit(X, y)
    second = RiskModel(learner, 0).fit(X.iloc[order], y.iloc[order])
    assert (first.predict_proba(X) == second.predict_proba(X[X.columns[::-1]])).all()


def test_order_does_not_matter_with_persons():
    X, y = register(300)
    persons, order = np.arange(300) // 3, np.random.default_rng(3).permutation(300)
    first = RiskModel("line", 0).fit(X, y, groups=persons)
    second = RiskModel("line", 0).fit(X.iloc[order], y.iloc[order], groups=persons[order])
    assert (first.predict_proba(X) == second.predict_proba(X)).all()


def test_persons_stay_together():
    persons = np.arange(200) // 4
    target = (persons % 5 == 0).astype(float)
    parts = list(splits(target, persons, 0))
    assert len(parts) == FOLDS
    assert sorted(np.concatenate([test for _, test in parts])) == list(range(200))
    for train, test in parts:
        assert not set(persons[train]) & set(persons[test])
        assert target[test].mean() == pytest.approx(0.2)


def test_persons_matter_for_calibration():
    # Each person five times, the outcome random: only a model that knows the person seems to know anything.
    rng = np.random.default_rng(0)
    once = pd.DataFrame(rng.normal(size=(60, 8)), columns=list("abcdefgh"))
    X, y = pd.concat([once] * 5, ignore_index=True), np.tile(np.arange(60) % 2, 5)
    together, apart = (
        RiskModel("trees", 0).fit(X, y, groups=np.tile(np.arange(60), 5)),
        RiskModel("trees", 0).fit(X, y),
    )
    assert together.slope_ < 0.5 < 1 < apart.slope_


def test_cross_validation_with_scikit_learn():
    X, y = register(200)
    risk = cross_val_predict(RiskModel("line", 0), X, y, cv=3, method="predict_proba")[:, 1]
    assert roc_auc_score(y, risk) > 0.6


@pytest.mark.parametrize("values", [(False, True), ("a stays", "b left"), (0, 1)])
def test_two_classes_however_written(values):
    X, y = register(200)
    labels = pd.Series([values[int(one)] for one in y], X.index)
    model = RiskModel("line", 0).fit(X, labels)
    assert model.classes_.tolist() == list(values)
    assert set(model.predict(X)) == set(values)
    assert model.predict_proba(X) == pytest.approx(RiskModel("line", 0).fit(X, y).predict_proba(X), abs=0.05)


def test_unknown_categories_count_as_unknown(fitted):
    X, _ = register(20, seed=4)
    new, none = X.copy(), X.copy()
    new["language"], none["language"] = "new", None
    assert fitted.unseen(new)["language"] == 20
    assert fitted.unseen(none)["language"] == 0
    # The line knows that a gap is a gap; the trees take both alike.
    assert np.isfinite(fitted.predict_proba(new)).all()
    trees = RiskModel("trees", 0).fit(*register(200))
    assert (trees.predict_proba(new) == trees.predict_proba(none)).all()


def test_codes_as_numbers_or_categories():
    X, y = register(400)
    codes = X["track"].cat.codes + 7
    declared = RiskModel("line", 0).fit(X.assign(track=codes.astype("category")), y)
    risks = [declared.predict_proba(X.assign(track=codes.astype(kind)))[:, 1] for kind in (int, float, str, "category")]
    assert all((risk == risks[0]).all() for risk in risks)


def test_marked_tables(fitted):
    X, y = register(200)
    marked = mark(X.reset_index(drop=True), Border(frozenset({"school"}), "person", "personal"))
    risk = RiskModel("line", 0).fit(marked, y.to_numpy()).predict_proba(marked)
    assert (risk == RiskModel("line", 0).fit(X, y).predict_proba(X)).all()


def test_recalibration_sets_the_level_right_and_returns_itself():
    model, (X, _) = RiskModel("line", 0).fit(*register(800)), register(800, seed=5)
    rng = np.random.default_rng(0)
    odds = model.decision_function(X)
    later = (rng.uniform(size=800) < 1 / (1 + np.exp(-(odds + 1)))).astype(int)
    slope = model.slope_
    assert model.recalibrate(X, later) is model
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(later.mean(), abs=1e-3)
    assert np.polyfit(odds, model.decision_function(X), 1) == pytest.approx([1, 1], abs=0.35)
    few = np.zeros(800, int)
    few[np.argsort(-odds)[:20]] = 1
    slope = model.slope_
    assert model.recalibrate(X, few).slope_ == slope
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(0.025, abs=1e-4)


def test_moves_by_hand(fitted):
    X, _ = register(30, seed=6)
    moves = fitted.moves(X)
    assert moves.index.equals(X.index)
    assert list(moves) == list(X)
    replaced = X.assign(absence=float(fitted.typical_["absence"]))
    expected = fitted.decision_function(X) - fitted.decision_function(replaced)
    assert moves["absence"].to_numpy() == pytest.approx(expected)
    at_typical = (X["track"] == fitted.typical_["track"]).to_numpy()
    assert moves["track"].to_numpy()[at_typical] == pytest.approx(np.zeros(at_typical.sum()))
    assert moves["absence"].abs().mean() > 3 * moves["language"].abs().mean()


def test_wrong_calls():
    X, y = register(100)
    with pytest.raises(UsageError, match="Unknown learner 'forest'"):
        RiskModel("forest").fit(X, y)
    with pytest.raises(UsageError, match="2 outcomes for 100 units"):
        RiskModel().fit(X, [0, 1])
    with pytest.raises(UsageError, match="outcomes are missing"):
        RiskModel().fit(X, y.where(y == 1))
    with pytest.raises(UsageError, match="1 different values"):
        RiskModel().fit(X, y * 0)
    with pytest.raises(UsageError, match="one person for each unit: 2"):
        RiskModel().fit(X, y, groups=[1, 2])
    with pytest.raises(TableError, match="0 rows"):
        RiskModel().fit(X.head(0), y.head(0))
    with pytest.raises(TableError, match="No value at all in absence"):
        RiskModel().fit(X.assign(absence=np.nan), y)


def test_too_few():
    X, _ = register(100)
    few = (np.arange(100) < 9).astype(int)
    with pytest.raises(TooFewUnits, match="Fewer than 10 persons"):
        RiskModel().fit(X, few)
    with pytest.raises(TooFewUnits, match="Fewer than 10 persons"):
        RiskModel().fit(X, np.arange(100) % 2, groups=np.arange(100) // 12)


def test_wrong_predictions(fitted):
    X, y = register(30, seed=7)
    with pytest.raises(UsageError, match="Missing: track"):
        fitted.predict_proba(X.drop(columns="track"))
    with pytest.raises(UsageError, match="Not known to it: left"):
        fitted.predict_proba(X.assign(left=1))
    with pytest.raises(UsageError, match="Write them in the same way"):
        fitted.recalibrate(X, y.map({0.0: "no", 1.0: "yes"}))
    assert np.isfinite(fitted.predict_proba(X.assign(absence=np.nan))).all()


def test_a_random_state_may_be_a_generator_of_numpy():
    X, y = pd.DataFrame({"a": np.arange(60.0)}), np.arange(60) % 2
    models = [RiskModel("line", np.random.RandomState(3)).fit(X, y) for _ in range(2)]
    assert models[0].intercept_ == models[1].intercept_


@pytest.mark.parametrize("learner", ["line", "trees"])
def test_a_constant_column_gives_everybody_the_share_with_the_event(learner):
    X, y = pd.DataFrame({"a": np.ones(203)}), np.r_[np.ones(41), np.zeros(162)]
    model = RiskModel(learner, random_state=0).fit(X, y).recalibrate(X, y)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], 41 / 203, atol=0.01)


def test_noise_never_turns_the_order_of_risks_around():
    rng = np.random.default_rng(0)
    slopes = [
        RiskModel("line", random_state=0).fit(pd.DataFrame(rng.normal(size=(120, 5))), np.arange(120) % 8 == 0).slope_
        for _ in range(5)
    ]
    assert min(slopes) >= 0
