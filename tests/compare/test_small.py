"""The funnel: false alarms under pure chance, limits by hand, what is refused and what it says."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from kommunanalys.compare.chance import limits
from kommunanalys.compare.small import funnel
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


@pytest.mark.parametrize("overdispersion", ["none", "additive"])
@pytest.mark.parametrize("band", [(1, 2), (2, 5), (5, 20), (20, 100), (100, 1000), (1, 1000)])
def test_false_alarms_hold_also_where_few_events_are_expected(band, overdispersion):
    rng = np.random.default_rng(11)
    outside = []
    for rate in (0.01, 0.05, 0.1) * 20:
        n = np.round(np.exp(rng.uniform(*np.log(band), 290)) / rate)
        events = rng.binomial(n.astype(int), rate)
        outside.append(funnel(pd.Series(events / n), pd.Series(n), overdispersion=overdispersion).units["outside"])
    # 17,400 draws: the standard error of 5 % is 0.17 percentage points.
    assert 0.04 < np.mean(outside) < 0.06


def differing(rng, units=290, mean=0.75, spread=0.07):
    size = mean * (1 - mean) / spread**2 - 1
    return draw(rng, units, true=rng.beta(mean * size, (1 - mean) * size, units))


def test_limits_allow_for_usual_differences_and_not_for_an_exceptional_unit():
    rng = np.random.default_rng(3)
    results = [funnel(*differing(rng)) for _ in range(20)]
    assert np.mean([result.spread for result in results]) == pytest.approx(0.07, abs=0.004)
    assert 0.03 < np.mean([result.units["outside"] for result in results]) < 0.06
    assert np.mean([result.units["beyond_chance"] for result in results]) > 0.4
    rate, n = differing(rng)
    rate.iloc[:12] = 0.2
    strange = funnel(rate, n)
    assert strange.units["outside"].iloc[:12].all(), "a few exceptional ones do not hide behind the limits"
    assert strange.spread < 0.1


def test_caption_and_summary_count_both_ways():
    result = funnel(*differing(np.random.default_rng(4)))
    units, plain = result.units, funnel(result.units["rate"], result.units["n"], overdispersion="none")
    assert units["beyond_chance"].sum() == plain.units["outside"].sum() > units["outside"].sum()
    assert units["chance95"].tolist() == plain.units["chance95"].tolist()
    assert (units["lower95"] <= plain.units["lower95"]).all()
    assert (units["upper95"] >= plain.units["upper95"]).all()
    assert result.caption() == (
        f"{units['beyond_chance'].sum()} of 290 lie outside the 95% limits of chance alone; by chance alone about "
        f"{units['chance95'].sum():.0f} would. The limits shown also allow for the usual differences beyond chance "
        f"(standard deviation {100 * result.spread:.1f} percentage points): {units['outside'].sum()} lie outside them, "
        f"and about {result.expected_outside:.0f} would if none were exceptional."
    )
    assert "really differ" in result.summary()
    assert description(result.plot()).caption == result.caption()


def test_widened_limits_by_hand():
    # 10 units of 100 at .5: the variance by chance is .0025; distances of ±.1 are 2 of its standard deviations.
    rate = pd.Series([0.4, 0.6] * 6)
    result = funnel(rate, pd.Series(100, rate.index))
    # Nothing is cut off, so that .0025 + spread² times .6787, the winsorised mean square of a normal, is .01.
    assert result.spread == pytest.approx(np.sqrt(0.01 / 0.6787 - 0.0025), abs=1e-4)
    plain, upper = limits(np.array([100.0]), 0.5, 0.95)[1][0], result.units["upper95"].iloc[0]
    assert upper == pytest.approx(0.5 + (plain - 0.5) * np.sqrt(1 + result.spread**2 / 0.0025))


def test_chance_is_the_exact_probability_of_lying_outside():
    units = funnel(*draw(np.random.default_rng(1), 30), overdispersion="none").to_frame()
    overall = (units["rate"] * units["n"]).sum() / units["n"].sum()
    for _, row in units.head(10).iterrows():
        counts = np.arange(row["n"] + 1)
        inside = (counts / row["n"] >= row["lower95"]) & (counts / row["n"] <= row["upper95"])
        assert row["chance95"] == pytest.approx(binom.pmf(counts[~inside], row["n"], overall).sum())


def test_real_differences_show_and_are_not_called_good_or_bad():
    rng = np.random.default_rng(2)
    rate, n = draw(rng, true=np.repeat([0.6, 0.8], 145))
    result = funnel(rate, n, overdispersion="none")
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
    with pytest.raises(UsageError, match="Choose one of none, additive"):
        funnel(rate, n, overdispersion="some")


def test_plot_is_described_and_marks_the_unit():
    result = funnel(pd.Series({"1440": 0.5, "0180": 0.9}), pd.Series({"1440": 100, "0180": 900}))
    found = description(result.plot("Ale"))
    assert found.caption == result.caption()
    assert found.alternative.startswith("Ale: 50.0%, outside the limits.")
    assert found.data.loc["Stockholm", "Rate, %"] == pytest.approx(90)
    assert description(result.plot()).alternative == result.summary()
