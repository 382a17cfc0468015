"""The funnel: false alarms under pure chance, limits by hand, what is refused and what it says."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from kommunanalys.compare import funnel
from kommunanalys.compare.small import limits
from kommunanalys.errors import TableError, TooFewUnits, UsageError
from kommunanalys.figures import description


def draw(rng, units=290, rate=0.7, true=None):
    n = rng.integers(20, 1001, units)
    index = pd.Index([f"u{number}" for number in range(units)])
    counts = rng.binomial(n, rate if true is None else true)
    return pd.Series(counts / n, index), pd.Series(n, index)


def test_false_alarms_under_pure_chance():
    rng = np.random.default_rng(5)
    results = [funnel(*draw(rng, rate=rate)) for rate in (0.05, 0.3, 0.7, 0.9) for _ in range(40)]
    units = pd.concat([result.units for result in results])
    # 46,400 draws: the standard error of 5 % is 0.1 percentage points.
    assert 0.04 < units["outside"].mean() < 0.06
    assert 0.0015 < units["outside99.8"].mean() < 0.0025
    below, above = (units["rate"] < units["lower95"]).mean(), (units["rate"] > units["upper95"]).mean()
    assert below == pytest.approx(above, abs=0.005), "as many false alarms below as above"
    expected = np.mean([result.expected_outside for result in results])
    found = np.mean([result.units["outside"].sum() for result in results])
    assert expected == pytest.approx(found, rel=0.05)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5, 0.9])
def test_the_exact_false_alarm_rate_over_sizes(rate):
    n = np.arange(20.0, 1001)
    lower, upper = limits(n, rate, 0.95)
    outside = binom.cdf(np.ceil(lower * n) - 1, n, rate) + binom.sf(np.floor(upper * n), n, rate)
    assert 0.04 < outside.mean() < 0.06


def test_limits_by_hand():
    # Two pupils, rate .5: P(0) = .25, P(1) = .5, P(2) = .25; mid-distribution .125, .5, .875. A tail of .25 lies a
    # third of the way from 0 to 1, at count 1/3; by symmetry the upper one at 5/3.
    lower, upper = limits(np.array([2.0]), 0.5, 0.5)
    assert [lower[0], upper[0]] == pytest.approx([1 / 6, 5 / 6])


def test_limits_are_smooth_symmetric_and_narrow_with_size():
    n = np.arange(50.0, 1000)
    lower, upper = limits(n, 0.5, 0.95)
    assert lower == pytest.approx(1 - upper)
    assert np.abs(np.diff(upper)).max() < 0.0025
    assert upper[-1] == pytest.approx(0.5 + 1.96 * 0.5 / np.sqrt(999), abs=0.001)


def test_chance_is_the_exact_probability_of_lying_outside():
    units = funnel(*draw(np.random.default_rng(1), 30)).to_frame()
    overall = (units["rate"] * units["n"]).sum() / units["n"].sum()
    for _, row in units.head(10).iterrows():
        counts = np.arange(row["n"] + 1)
        inside = (counts / row["n"] >= row["lower95"]) & (counts / row["n"] <= row["upper95"])
        assert row["chance95"] == pytest.approx(binom.pmf(counts[~inside], row["n"], overall).sum())


def test_real_differences_show_and_are_not_called_good_or_bad():
    rng = np.random.default_rng(2)
    rate, n = draw(rng, true=np.repeat([0.6, 0.8], 145))
    result = funnel(rate, n)
    found, expected = int(result.to_frame()["outside"].sum()), result.to_frame()["chance95"].sum()
    assert found > 5 * expected
    assert result.caption() == (
        f"{found} of 290 lie outside the 95% limits; by chance alone about {expected:.0f} would."
    )
    assert "really differ" in result.summary()
    assert "does not make each one outside good or bad" in result.summary()


def test_a_few_more_than_chance_is_still_chance():
    # 20 units: about 1 outside by chance, give or take 1. Two allow no conclusion, four do.
    index = [f"u{number}" for number in range(20)]
    result = funnel(pd.Series([0.4, 0.6, 0.4, 0.6, *[0.5] * 16], index), pd.Series(100, index))
    assert result.to_frame()["outside"].sum() == 4
    few = funnel(pd.Series([0.4, 0.6, *[0.5] * 18], index), pd.Series(100, index))
    assert few.to_frame()["outside"].sum() > few.expected_outside
    assert "no differences beyond chance" in few.summary()
    assert "really differ" in result.summary()


def test_few_outside_shows_no_difference_beyond_chance():
    index = ["a", "b", "c"]
    result = funnel(pd.Series(0.5, index), pd.Series(100, index))
    assert "no differences beyond chance" in result.summary()


def test_missing_is_left_out_and_listed_and_extremes_hold():
    rate, n = pd.Series({"a": 1.0, "b": 1.0, "c": np.nan}), pd.Series({"c": 50, "b": 30, "a": 40})
    result = funnel(rate, n)
    assert result.left_out == ("c",)
    assert result.units["outside"].sum() == 0
    assert result.units["n"].tolist() == [40, 30]
    assert {item.values.get("units") for item in result.cautions} == {("a", "b"), ("c",)}
    none = funnel(pd.Series({"a": 0.0, "b": 0.0}), pd.Series({"a": 40, "b": 30})).units
    assert none["outside"].sum() == 0
    assert np.isfinite(none[["lower95", "upper95", "chance95"]].to_numpy(float)).all()


def test_refusals():
    rate, n = pd.Series({"a": 0.5, "b": 0.6}), pd.Series({"a": 10, "b": 20})
    with pytest.raises(TableError, match=r"First: b, rate 60.0.*Divide percentages by 100"):
        funnel(pd.Series({"a": 0.5, "b": 60.0}), n)
    with pytest.raises(TableError, match="no whole number above 0"):
        funnel(rate, pd.Series({"a": 0, "b": 20}))
    with pytest.raises(TableError, match="no whole number above 0"):
        funnel(rate, pd.Series({"a": 10.5, "b": 20}))
    with pytest.raises(UsageError, match="same units"):
        funnel(rate, pd.Series({"a": 10, "c": 20}))
    with pytest.raises(TooFewUnits, match="there are 1"):
        funnel(pd.Series({"a": 0.5, "b": np.nan}), n)
    with pytest.raises(UsageError, match="between 0 and 1"):
        funnel(rate, n, levels=(95,))


def test_plot_is_described_and_marks_the_unit():
    result = funnel(pd.Series({"1440": 0.5, "0180": 0.9}), pd.Series({"1440": 100, "0180": 900}))
    found = description(result.plot("Ale"))
    assert found.caption == result.caption()
    assert found.alternative.startswith("Ale: 50.0%, outside the limits.")
    assert found.data.loc["Stockholm", "Rate, %"] == pytest.approx(90)
    assert description(result.plot()).alternative == result.summary()
