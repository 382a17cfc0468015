from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.drift import against_chance, drift_report, stability
from kommunanalys.errors import TableError, TooFewUnits
from kommunanalys.figures import description


def cohort(seed, n=300):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "marks": rng.normal(6, 1, n),
            "support": pd.Categorical(rng.choice(["none", "some", "much"], n, p=[0.7, 0.2, 0.1])),
            "absence": pd.Series(rng.poisson(3, n).astype(float)).where(rng.uniform(size=n) > 0.1),
        }
    )


def test_two_draws_of_the_same_do_not_alarm():
    for seed in range(5):
        assert drift_report(cohort(seed, 65), cohort(100 + seed, 65)).flagged == ()


def test_a_shift_is_flagged_and_nothing_else():
    now = cohort(1)
    now["marks"] += 0.8
    report = drift_report(cohort(0), now)
    assert report.flagged == ("marks",)
    assert "distribution" in report.columns.at["marks", "reasons"]


def test_more_missing_values_are_flagged():
    now = cohort(1)
    now.loc[:99, "absence"] = np.nan
    report = drift_report(cohort(0), now)
    assert "missing" in report.columns.at["absence", "reasons"]


def test_categories_never_seen_are_counted_and_small_counts_hidden():
    then, now = cohort(0), cohort(1)
    now["support"] = now["support"].astype(object)
    now.loc[:19, "support"] = "new"
    assert drift_report(then, now).columns.loc["support", ["unseen"]].item() == 20
    now["support"] = cohort(1)["support"].astype(object)
    now.loc[:2, "support"] = "new"
    report = drift_report(then, now)
    assert np.isnan(report.columns.at["support", "unseen"])
    assert report.flagged == ()


def test_a_range_that_is_left_is_flagged():
    now = cohort(1)
    now.loc[:14, "marks"] = 40.0
    report = drift_report(cohort(0), now)
    assert report.columns.at["marks", "reasons"] == ("range",)
    assert report.columns.at["marks", "outside"] >= 15


def test_a_column_that_has_become_empty():
    now = cohort(1).assign(marks=np.nan)
    assert drift_report(cohort(0), now).flagged == ("marks",)
    assert drift_report(now, cohort(0)).flagged == ("marks",)


def test_stability_by_hand():
    one, other = np.array([10.5, 20.5]) / 31, np.array([20.5, 10.5]) / 31
    expected = ((other - one) * np.log(other / one)).sum()
    assert stability(np.array([10, 20]), np.array([20, 10])) == pytest.approx(expected)


def test_what_chance_gives_shrinks_with_size():
    few = against_chance(np.array([[10, 10, 10], [10, 10, 10]]), np.random.default_rng(0))[1]
    many = against_chance(np.array([[100, 100, 100], [100, 100, 100]]), np.random.default_rng(0))[1]
    # The mean under chance is about (bins - 1)(1/n + 1/m).
    assert few == pytest.approx(2 * (1 / 30 + 1 / 30), rel=0.2)
    assert many == pytest.approx(few / 10, rel=0.2)


def test_an_evaluation_gives_its_latest_cohort():
    marks = SimpleNamespace(name="marks", label={"sv": "Betyg"})
    given = SimpleNamespace(latest=cohort(0), task=SimpleNamespace(features=(marks,)))
    report = drift_report(given, cohort(1).assign(marks=9.0))
    assert report.then == 300
    assert "Betyg: " in report.summary("sv")
    assert "marks: " in report.summary("en")


def test_the_mean_risk_with_its_interval():
    report = drift_report(cohort(0), cohort(1), risk_then=np.tile([0.1, 0.2], 150), risk_now=np.tile([0.3, 0.4], 150))
    assert report.risk["difference"] == pytest.approx(0.2)
    assert 0 < report.risk["low"] < 0.2 < report.risk["high"]
    assert "35.0%" in report.summary("en")


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_words_and_figure(language):
    now = cohort(1).assign(marks=lambda table: table["marks"] + 2)
    report = drift_report(cohort(0), now, risk_then=[0.1] * 10 + [0.2], risk_now=[0.1] * 10 + [0.2])
    assert "marks" in report.summary(language)
    assert len(description(report.plot(language=language)).data) == 3


def test_bad_input_is_refused():
    with pytest.raises(TableError, match="marks"):
        drift_report(cohort(0), cohort(1).drop(columns="marks"))
    with pytest.raises(TooFewUnits):
        drift_report(cohort(0), cohort(1, 4))


def test_text_where_numbers_were_is_refused_without_a_value():
    then = pd.DataFrame({"marks": np.arange(20.0)})
    with pytest.raises(TableError, match="Column marks held numbers") as caught:
        drift_report(then, pd.DataFrame({"marks": ["1"] * 19 + ["Anna"]}))
    assert "Anna" not in str(caught.value)
    assert drift_report(then, pd.DataFrame({"marks": list(map(str, range(20)))})).flagged == ()
    with pytest.raises(TableError, match="no columns to compare"):
        drift_report(then[[]], then)
