"""Shrinkage: by hand, against the truth in a simulation, against next year on real data, what is refused and said."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import beta, betabinom

from kommunanalys.compare.shrinkage import _likelihood, shrink
from kommunanalys.errors import TableError, TooFewUnits, UsageError
from kommunanalys.figures import description


def draw(rng, units=100, mean=0.75, spread=0.06):
    size = mean * (1 - mean) / spread**2 - 1
    true = rng.beta(mean * size, (1 - mean) * size, units)
    n = np.round(np.exp(rng.uniform(np.log(20), np.log(2000), units)))
    return pd.Series(rng.binomial(n.astype(int), true) / n), pd.Series(n), true


def test_each_number_follows_from_mean_and_spread():
    rate, n, _ = draw(np.random.default_rng(1))
    result = shrink(rate, n)
    units = result.to_frame()
    assert units["shrunk"].to_numpy() == pytest.approx(units["weight"] * rate + (1 - units["weight"]) * result.mean)
    # The beta distribution of the true rates has a + b = mean (1 - mean) / spread² - 1.
    size = result.mean * (1 - result.mean) / result.spread**2 - 1
    assert units["weight"].to_numpy() == pytest.approx(n / (n + size))
    assert units["shrunk"].to_numpy() == pytest.approx((size * result.mean + n * rate) / (size + n))
    exact = beta(size * result.mean + n * rate, size * (1 - result.mean) + n * (1 - rate))
    # The interval also holds that mean and spread are estimated: a little wider than the posterior at the estimates.
    width = (units["upper"] - units["lower"]).to_numpy() / (exact.ppf(0.975) - exact.ppf(0.025))
    assert width.min() > 0.999
    assert width.max() < 1.1


def test_likelihood_is_that_of_the_beta_binomial():
    rate, n, _ = draw(np.random.default_rng(2), 8)
    counts = (rate * n).round().astype(int)

    def log_likelihood(spread):
        size = 1 / spread**2 - 1

        def total(mean):
            return betabinom.logpmf(counts, n.astype(int), mean * size, (1 - mean) * size).sum()

        top = max(total(mean) for mean in np.linspace(0.6, 0.9, 61))
        return top + np.log(quad(lambda mean: np.exp(total(mean) - top), 0.4, 0.99, points=[0.7, 0.8])[0])

    ours = [_likelihood(rate.to_numpy(), n.to_numpy(), spread) for spread in (0.1, 0.2, 0.3)]
    exact = [log_likelihood(spread) for spread in (0.1, 0.2, 0.3)]
    assert np.diff(ours) == pytest.approx(np.diff(exact), abs=0.1)


@pytest.mark.parametrize(("units", "mean", "spread"), [(30, 0.75, 0.06), (100, 0.05, 0.02), (290, 0.75, 0.02)])
def test_intervals_hold_the_truth_and_the_error_falls(units, mean, spread):
    rng = np.random.default_rng(6)
    inside, raw, shrunk = [], [], []
    for _ in range(6000 // units):
        rate, n, true = draw(rng, units, mean, spread)
        found = shrink(rate, n).units
        inside += [*(found["lower"] <= true) & (true <= found["upper"])]
        raw += [*(found["rate"] - true) ** 2]
        shrunk += [*(found["shrunk"] - true) ** 2]
    assert 0.93 < np.mean(inside) < 0.97
    assert np.mean(shrunk) < 0.6 * np.mean(raw)


def test_without_differences_all_are_the_rate_of_all_and_the_interval_is_no_point():
    rng = np.random.default_rng(4)
    n = pd.Series(rng.integers(20, 500, 200))
    found = [shrink(pd.Series(rng.binomial(n, 0.8) / n), n) for _ in range(20)]
    none = [result for result in found if result.spread == 0]
    assert len(none) >= 5
    result = none[0]
    assert result.units["weight"].eq(0).all()
    assert result.units["shrunk"].to_numpy() == pytest.approx(np.full(200, result.mean))
    assert (result.units["upper"] - result.units["lower"]).min() > 0.001
    assert result.mean == pytest.approx((result.units["rate"] * n).sum() / n.sum())
    assert "Chance alone explains" in result.summary()


def test_small_groups_are_moved_most_and_order_and_missing_do_not_matter():
    rate = pd.Series({"a": 0.9, "b": 0.9, "c": 0.5, "d": 0.6, "e": np.nan, "f": 0.8})
    n = pd.Series({"f": 900, "e": 10, "d": 800, "c": 700, "b": 2000, "a": 10})
    result = shrink(rate, n)
    units = result.units
    assert result.left_out == ("e",)
    assert units.at["a", "shrunk"] < units.at["b", "shrunk"] < 0.9
    assert units.at["a", "weight"] < 0.7 < 0.98 < units.at["b", "weight"]
    turned = shrink(rate[::-1], n).units.reindex(units.index)
    assert turned.to_numpy() == pytest.approx(units.to_numpy(), abs=1e-6)
    assert {item.values.get("units") for item in result.cautions} == {("a",), ("e",)}
    opposite = shrink(1 - rate, n).units
    assert (1 - opposite["shrunk"]).to_numpy() == pytest.approx(units["shrunk"].to_numpy(), abs=1e-6)
    assert (1 - opposite["upper"]).to_numpy() == pytest.approx(units["lower"].to_numpy(), abs=1e-5)


def test_refusals():
    rate, n = pd.Series({"a": 0.5, "b": 0.6}), pd.Series({"a": 10, "b": 20})
    with pytest.raises(TableError, match="Divide percentages by 100"):
        shrink(100 * rate, n)
    with pytest.raises(UsageError, match="same units"):
        shrink(rate, n.iloc[:1])
    with pytest.raises(TooFewUnits, match="there are 1"):
        shrink(pd.Series({"a": 0.5, "b": np.nan}), n)
    with pytest.raises(UsageError, match=r"such as 0.95; got 95"):
        shrink(rate, n, level=95)
    with pytest.raises(TableError, match=r"All 2 rates are 0\.0"):
        shrink(0 * rate, n)


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_the_summary_recomputes(language):
    rate = pd.Series({"1440": 1.0, "0180": 0.6, "0114": 0.7, "0115": 0.8})
    result = shrink(rate, pd.Series({"1440": 5, "0180": 9000, "0114": 500, "0115": 400}))
    text = result.summary(language).replace(",", ".")
    row = result.units.loc["1440"]
    shown = [100 * row["shrunk"], 100 * result.mean, *(100 * result.units["shrunk"].agg(["min", "max"]))]
    assert all(f"{value:.1f}" in text for value in shown)
    assert f"{100 * row['weight']:.0f}" in text
    assert "Ale" in text


def test_plot_is_described_and_marks_the_unit():
    rate = pd.Series({"1440": 1.0, "0180": 0.6, "0114": 0.7, "0115": 0.8})
    result = shrink(rate, pd.Series({"1440": 5, "0180": 9000, "0114": 500, "0115": 400}))
    found, row = description(result.plot("Ale")), result.units.loc["1440"]
    assert found.alternative.startswith(
        f"Ale: 100.0% as published, {100 * row['shrunk']:.1f}% without what chance does to small numbers, 95% interval "
        f"{100 * row['lower']:.1f}% to {100 * row['upper']:.1f}%."
    )
    assert found.data.loc["Stockholm", "Shrunk rate, %"] == pytest.approx(100 * result.units.at["0180", "shrunk"])
    assert description(result.plot()).alternative == result.summary()


@pytest.mark.shared
@pytest.mark.parametrize("kpi", ["n15508", "n15428"])
@pytest.mark.parametrize("now", [2019, 2020])
def test_next_year_is_predicted_better_than_by_the_raw_rate(shared, kpi, now):
    path = shared / "data" / "kolada" / "kolada_education_long.csv.gz"
    long = pd.read_csv(path, dtype={"municipality": "str"}).query(
        "kpi in [@kpi, 'n15829'] and year in [@now, @now + 1]"
    )
    table = long.pivot(index="municipality", columns=["kpi", "year"], values="value").dropna()
    n, rate, following = (table["n15829", now] / 9).round(), table[kpi, now] / 100, table[kpi, now + 1] / 100
    guess = shrink(rate, n).units["shrunk"]
    raw, shrunk = (rate - following) ** 2, (guess - following) ** 2
    assert shrunk.mean() < 0.9 * raw.mean()
    assert np.average(shrunk, weights=n) < 0.95 * np.average(raw, weights=n)
