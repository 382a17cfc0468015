"""The simplest within one standard error, by losses that can be worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.choice import (
    FlagCurve,
    Sharing,
    choose,
    flag_score,
    in_order,
    log_losses,
    standard_error,
)
from kommunanalys.early_warning.declaration import Flag
from kommunanalys.early_warning.model import RiskModel
from kommunanalys.errors import UsageError


def outcomes(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    z = rng.normal(size=n)
    return (rng.random(n) < 1 / (1 + np.exp(-z))).astype(float), 1 / (1 + np.exp(-z))


def test_a_clearly_better_candidate_is_chosen() -> None:
    y, risk = outcomes()
    found = choose(y, {"flag": np.full(400, 0.5), "line": risk}, range(400), np.zeros(400))
    assert found.chosen == "line"
    table = found.candidates.set_index("candidate")
    assert table.loc["flag", "log_loss"] == pytest.approx(np.log(2))
    assert table.loc["line", "more_than_best"] == 0
    assert table["chosen"].tolist() == [False, True]


def test_the_simplest_wins_where_the_best_is_hardly_better() -> None:
    y, risk = outcomes()
    rng = np.random.default_rng(1)
    wobble = np.clip(risk + rng.normal(scale=0.02, size=400), 0.01, 0.99)
    losses = {"line": log_losses(y, wobble).mean(), "trees": log_losses(y, risk).mean()}
    assert losses["trees"] < losses["line"]
    assert choose(y, {"line": wobble, "trees": risk}, range(400), np.zeros(400)).chosen == "line"


def test_standard_errors_by_hand() -> None:
    gap = np.array([0.3, -0.1, 0.2, 0.0])
    assert standard_error(gap, range(4), np.zeros(4)) == pytest.approx(gap.std(ddof=1) / 2)
    sums = np.array([0.2, 0.2]) - 0.2
    assert standard_error(gap, [1, 1, 2, 2], np.zeros(4)) == pytest.approx(np.sqrt((sums**2).sum() * 2) / 4)


def test_dates_count_from_three_on() -> None:
    gap = np.repeat([0.3, 0.0, -0.1], 100)
    by_date = np.sqrt(((np.array([0.3, 0.0, -0.1]) * 100 - 100 * gap.mean()) ** 2).sum() * 3 / 2) / 300
    assert standard_error(gap, range(300), np.repeat([1, 2, 3], 100)) == pytest.approx(by_date)
    assert standard_error(gap, range(300), np.repeat([1, 2, 2], 100)) < by_date


def test_certain_and_wrong_is_bad_but_finite() -> None:
    assert np.isfinite(log_losses(np.array([1.0]), np.array([0.0]))).all()


@pytest.mark.parametrize("names", [["forest"], [], ["line", "line"]])
def test_learners_are_checked(names: list[str]) -> None:
    with pytest.raises(UsageError, match="flag, line, trees, blend"):
        in_order(names)


def test_flag_scores() -> None:
    X = pd.DataFrame({"support": pd.Categorical(["yes", "no", None])})
    assert flag_score(X, Flag("support", value="yes")).tolist()[:2] == [1.0, 0.0]
    assert np.isnan(flag_score(X, Flag("support", value="yes"))[2])
    assert np.isnan(flag_score(X, Flag("absence"))).all()


def test_the_flag_curve_gives_shares_and_knows_the_unknown() -> None:
    X = pd.DataFrame({"sign": np.repeat([0.0, 1.0, np.nan], 100)})
    y = np.concatenate([np.arange(100) < share for share in (10, 60, 30)]).astype(float)
    curve = FlagCurve("sign").fit(X, y)
    risk = curve.predict_proba(pd.DataFrame({"sign": [0.0, 1.0, np.nan]}))[:, 1]
    assert risk == pytest.approx([0.1, 0.6, 0.3], abs=0.02)
    assert curve.moves(X)["sign"].iloc[[0, 100]].round(6).nunique() == 2
    curve.recalibrate(X, np.roll(y, 1) * 0 + (np.arange(300) % 2))
    assert curve.predict_proba(X)[:, 1].mean() == pytest.approx(0.5, abs=1e-6)


def test_a_flag_that_is_not_known_yet_gives_the_common_share() -> None:
    curve = FlagCurve("absence").fit(pd.DataFrame({"mark": np.arange(40.0)}), np.repeat([0.0, 1.0, 0.0, 0.0], 10))
    assert curve.predict_proba(pd.DataFrame({"mark": [1.0]}))[0, 1] == pytest.approx(0.25, abs=0.01)
    assert curve.moves(pd.DataFrame({"mark": [1.0]})).shape == (1, 0)


def test_sharing_gives_the_same_blend() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=150), "b": rng.choice(["x", "y"], 150)})
    y = (rng.random(150) < 1 / (1 + np.exp(-X["a"]))).astype(float)
    fits: dict[str, list[object]] = {}
    shared = [Sharing(name, 0).share(fits).fit(X, y) for name in ("line", "trees", "blend")]
    assert np.array_equal(shared[2].predict_proba(X), RiskModel("blend", 0).fit(X, y).predict_proba(X))
    assert np.array_equal(shared[0].predict_proba(X), RiskModel("line", 0).fit(X, y).predict_proba(X))


def test_a_flag_needs_its_own_column_only():
    X = pd.DataFrame({"absence": np.arange(40.0), "track": "a"})
    curve = FlagCurve("absence").fit(X, np.arange(40) % 2)
    assert list(curve.feature_names_in_) == ["absence"]
    assert curve.predict_proba(X[["absence"]]).shape == (40, 2)
