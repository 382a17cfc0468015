"""Calibration: measures by hand and against scikit-learn, chance, persons, what cannot be measured."""

from functools import cache

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from kommunanalys.early_warning.calibration import bins_of, calibration, line_through, log_odds
from kommunanalys.errors import TooFewUnits, UsageError
from kommunanalys.figures import description


def drawn(n=1200, seed=0, tilt=1.0, lift=0.0):
    """Outcomes whose true log-odds are lift + tilt × those of the risk."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1, 1, n)
    y = rng.uniform(size=n) < 1 / (1 + np.exp(-(lift + tilt * odds)))
    return y.astype(float), 1 / (1 + np.exp(-odds))


@cache
def measured(**about):
    """Calibration of what was drawn, each time the same."""
    return calibration(*drawn(**about))


def test_line_is_that_of_logistic_regression():
    y, risk = drawn(tilt=0.6, lift=0.4)
    peer = LogisticRegression(C=np.inf, tol=1e-10).fit(log_odds(risk)[:, None], y)
    assert line_through(y, log_odds(risk)) == pytest.approx((peer.intercept_[0], peer.coef_[0, 0]), abs=1e-4)
    weight = np.random.default_rng(1).integers(0, 3, len(y)).astype(float)
    peer.fit(log_odds(risk)[:, None], y, sample_weight=weight)
    assert line_through(y, log_odds(risk), weight) == pytest.approx((peer.intercept_[0], peer.coef_[0, 0]), abs=1e-4)


def test_prior_holds_the_slope_and_no_variation_gives_none():
    y, risk = drawn(n=60, tilt=0.0)
    loose, held = (line_through(y, log_odds(risk), prior=prior)[1] for prior in (0.0, 1e6))
    assert abs(loose) < 0.9
    assert held == pytest.approx(1, abs=1e-3)
    assert np.isnan(line_through(y, np.zeros(60))[1])


def test_error_by_hand():
    risk = np.repeat([0.2, 0.6], 100)
    y = np.concatenate([np.arange(100) < 30, np.arange(100) < 60]).astype(float)
    found = calibration(y, risk)
    assert found.error == pytest.approx(0.05)  # half the units lie .1 apart, the others not at all
    assert found.bins.to_numpy() == pytest.approx(np.array([[100, 0.2, 0.3], [100, 0.6, 0.6]]))
    assert found.measures.loc[["predicted", "observed"], "value"].tolist() == pytest.approx([0.4, 0.45])
    # Mean |share − p| of 100 units by the normal distribution: √(2/π) √(p q / 100).
    expected = np.sqrt(2 / np.pi) * np.mean([np.sqrt(0.2 * 0.8), np.sqrt(0.6 * 0.4)]) / 10
    assert found.by_chance == pytest.approx(expected, rel=0.08)


def test_right_risks_and_wrong_ones():
    right, steep, low = measured(), measured(tilt=0.5), measured(lift=0.7)
    assert right.error < 1.5 * right.by_chance < 0.06
    assert right.measures.loc["slope", "low"] < 1 < right.measures.loc["slope", "high"]
    assert steep.measures.loc["slope", "high"] < 0.8
    assert low.intercept == pytest.approx(0.7, abs=0.2)
    assert low.measures.loc["intercept", "low"] > 0.4
    assert (low.measures["low"] <= low.measures["value"]).all()
    assert (low.measures["value"] <= low.measures["high"]).all()


def test_intervals_draw_persons():
    y, risk = drawn(n=300)
    once = calibration(y, risk).measures
    four = calibration(np.tile(y, 4), np.tile(risk, 4), groups=np.tile(np.arange(300), 4))
    width = (four.measures["high"] - four.measures["low"]) / (once["high"] - once["low"])
    assert (four.n, four.persons) == (1200, 300)
    assert width[["slope", "observed"]].to_numpy() == pytest.approx(np.ones(2), abs=0.2)


def test_same_seed_same_answer():
    assert calibration(*drawn(tilt=1.6)).measures.equals(measured(tilt=1.6).measures)


def test_equal_risks_lie_in_one_bin():
    place = bins_of(np.r_[np.full(900, 0.1), np.linspace(0.2, 0.9, 100)])
    assert set(place[:900]) == {0}
    assert set(place[900:]) == {1}


def test_one_risk_for_all_has_no_slope():
    found = calibration(np.arange(100) < 20, np.full(100, 0.3))
    assert np.isnan(found.slope)
    assert found.error == pytest.approx(0.1)
    assert len(found.summary("en")) > 50


@pytest.mark.parametrize(
    ("y", "risk", "kind", "words"),
    [
        ([0, 1], [0.1], UsageError, "2 outcomes, 1 risks"),
        ([0, np.nan], [0.1, 0.2], UsageError, "must be 0 or 1"),
        ([0, 1], [0.1, 1.2], UsageError, "between 0 and 1"),
        ([0, 1], [0.1, np.nan], UsageError, "between 0 and 1"),
        ([0, 1], [0.1, 0.2], TooFewUnits, "Fewer than 5"),
    ],
)
def test_refusals(y, risk, kind, words):
    with pytest.raises(kind, match=words):
        calibration(y, risk)


def test_groups_must_be_as_many():
    with pytest.raises(UsageError, match="one person for each unit"):
        calibration(*drawn(n=100), groups=[1, 2])


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_words_and_picture(language):
    found = measured()
    said = description(found.plot(language=language))
    assert said.alternative == found.summary(language)
    assert len(said.data) == len(found.bins)


def test_words_say_what_is_wrong():
    assert "too far apart: high" in measured(tilt=0.5).summary()
    assert "too close together" in measured(tilt=1.6).summary()
    assert "no sign" in measured().summary()
