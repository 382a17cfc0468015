"""Stochastic frontiers: printed results, known truth, mirrored data, and no inefficiency where none can be told."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare.sfa import SFA
from kommunanalys.compare.sfa_likelihood import Maximum, Sample, conditional_efficiency, loglike
from kommunanalys.errors import TableError, TooFewUnits, UsageError
from kommunanalys.language import Speaker

PRINTED = 1e-4
"""FRONTIER 4.1 stops when nothing changes by more than 1e-5, so that its last digits are not those of the maximum."""
LOGLIKE = 1e-3
"""Of R frontier's log-likelihoods, for the same reason."""


def make(n=400, seed=5, u=0.3, v=0.1, kind="production"):
    """Columns a and b, y = 1 + 0.5 a + 0.3 b, noise v, inefficiency u; and the true exp(−u)."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"m{number:03}" for number in range(n)], name="municipality")
    X = pd.DataFrame(rng.normal(3, 1, (n, 2)), index, ["a", "b"])
    waste = np.abs(rng.normal(scale=u, size=n))
    lean = -waste if kind == "production" else waste
    y = 1 + 0.5 * X["a"] + 0.3 * X["b"] + rng.normal(scale=v, size=n) + lean
    return X, y.rename("y"), pd.Series(np.exp(-waste), index)


@pytest.fixture
def firms(shared):
    """FRONTIER 4.1's first example: X, y, printed efficiencies."""
    folder = shared / "data" / "efficiency-cases"
    table = pd.read_csv(folder / "frontier41_eg1.csv", index_col="firm")
    printed = pd.read_csv(folder / "frontier41_eg1.expected.csv", index_col="firm")["te_battese_coelli"]
    return np.log(table[["capital", "labour"]]), np.log(table["output"]), printed


@pytest.fixture
def rice(shared):
    """The rice panel: X, y, the table, R frontier's efficiencies."""
    folder = shared / "data" / "efficiency-cases"
    table = pd.read_csv(folder / "rice_philippines_panel.csv")
    scores = pd.read_csv(folder / "rice_philippines_panel.expected.csv")
    return np.log(table[["AREA", "LABOR", "NPK"]]), np.log(table["PROD"]), table, scores


@pytest.mark.shared
def test_the_printed_output_of_frontier_41(firms):
    X, y, printed = firms
    sfa = SFA(kind="production", distribution="half-normal").fit(X, y)
    assert sfa.params_.index.tolist() == ["const", "capital", "labour", "sigma2", "gamma"]
    wanted = [0.56161963, 0.28110205, 0.53647981, 0.21700046, 0.79720730]
    assert sfa.params_.to_numpy() == pytest.approx(wanted, abs=PRINTED)
    assert (sfa.sigma2_, sfa.gamma_) == (sfa.params_["sigma2"], sfa.params_["gamma"])
    assert sfa.loglike_ == pytest.approx(-17.027229, abs=PRINTED)
    assert sfa.ols_loglike_ == pytest.approx(-18.446849, abs=PRINTED)
    assert sfa.lr_ == pytest.approx(2.8392402, abs=PRINTED)
    assert sfa.efficiency_.mean() == pytest.approx(0.74056772, abs=PRINTED)
    assert sfa.efficiency_.index.equals(X.index)
    assert sfa.efficiency_.to_numpy() == pytest.approx(printed.to_numpy(), abs=PRINTED)


@pytest.mark.shared
def test_the_one_sided_test_is_half_of_the_two_sided(firms):
    stats = pytest.importorskip("scipy.stats")
    X, y, _ = firms
    half, truncated = SFA().fit(X, y), SFA(distribution="truncated-normal").fit(X, y)
    assert half.lr_p_value_ == pytest.approx(stats.chi2.sf(half.lr_, 1) / 2)
    both = (stats.chi2.sf(truncated.lr_, 1) + stats.chi2.sf(truncated.lr_, 2)) / 2
    assert truncated.lr_p_value_ == pytest.approx(both)


@pytest.mark.shared
def test_rice_half_normal(rice):
    X, y, _, scores = rice
    sfa = SFA(distribution="half-normal").fit(X, y)
    assert sfa.loglike_ == pytest.approx(-86.20268, abs=LOGLIKE)
    wanted = [-1.043244, 0.355512, 0.333298, 0.271278, 0.238628, 0.885382]
    assert sfa.params_.to_numpy() == pytest.approx(wanted, abs=1e-5)
    assert sfa.efficiency_.mean() == pytest.approx(0.7229769, abs=1e-5)
    assert sfa.efficiency_.to_numpy() == pytest.approx(scores["te_hn"].to_numpy(), abs=1e-5)
    assert not sfa.cautions


@pytest.mark.shared
def test_rice_inefficiency_that_depends_on_z(rice):
    X, y, table, _ = rice
    sfa = SFA(distribution="truncated-normal").fit(X, y, z=table[["EDYRS", "BANRAT"]])
    assert sfa.loglike_ == pytest.approx(-77.84954, abs=LOGLIKE)
    wanted = [-1.008574, 0.384100, 0.318984, 0.260353, 0.597449, 0.944928, -0.058064, -1.405594]
    assert sfa.params_.to_numpy() == pytest.approx(wanted, abs=PRINTED)
    assert sfa.params_.index[-2:].tolist() == ["EDYRS", "BANRAT"]
    panel = {"unit": table["FMERCODE"], "period": table["YEARDUM"]}
    same = SFA().fit(X, y, z=table[["EDYRS", "BANRAT"]], **panel)
    pd.testing.assert_series_equal(same.params_, sfa.params_)


@pytest.mark.shared
def test_rice_panel_without_change_over_time(rice):
    X, y, table, _ = rice
    sfa = SFA().fit(X, y, unit=table["FMERCODE"], period=table["YEARDUM"])
    assert sfa.loglike_ == pytest.approx(-86.43042, abs=LOGLIKE)
    wanted = [-0.832169, 0.453897, 0.288924, 0.227544, 0.155377, 0.464312]
    assert sfa.params_.to_numpy() == pytest.approx(wanted, abs=1e-5)
    assert sfa.efficiency_.mean() == pytest.approx(0.8187968, abs=1e-5)
    assert sfa.efficiency_.groupby(table["FMERCODE"]).nunique().eq(1).all()
    mean = SFA(distribution="truncated-normal").fit(X, y, unit=table["FMERCODE"])
    assert mean.loglike_ > sfa.loglike_
    assert abs(mean.params_["mu"]) < 2 * np.sqrt(mean.sigma2_ * mean.gamma_)


@pytest.mark.shared
def test_rice_truncated_normal_is_above_where_frontier_stopped(rice):
    """R frontier prints −82.2298 with mu on its bound of 2 standard deviations, where its search was stuck.

    Our likelihood gives its number, and its scores, at its parameters; but the gradient there is far from 0 also
    along the bound, and the maximum on the bound is 0.036 higher.
    """
    X, y, _, scores = rice
    n = len(y)
    sample = Sample(y.to_numpy(), np.column_stack([np.ones(n), X]), np.arange(n), np.ones((n, 1)))
    beta, mu, sigma2, gamma = np.array([-1.132357, 0.354183, 0.334861, 0.274396]), -1.586656, 0.662678, 0.949736
    value, gradient = loglike(sample, beta, np.array([mu]), sigma2, gamma)
    assert value == pytest.approx(-82.2298, abs=LOGLIKE)
    at = Maximum(value, beta, np.array([mu]), sigma2, gamma, np.empty(0))
    assert conditional_efficiency(sample, at) == pytest.approx(scores["te_tn"].to_numpy(), abs=1e-5)
    assert np.abs(gradient[:4]).max() > 10
    assert abs(mu) == pytest.approx(2 * np.sqrt(sigma2 * gamma), abs=1e-5)

    sfa = SFA(distribution="truncated-normal").fit(X, y)
    assert sfa.loglike_ == pytest.approx(-82.19369, abs=LOGLIKE)
    assert sfa.params_["mu"] == pytest.approx(-2 * np.sqrt(sfa.sigma2_ * sfa.gamma_))
    assert np.isnan(sfa.std_errors_["mu"])
    assert sfa.std_errors_.drop("mu").gt(0).all()
    assert sfa.efficiency_.to_numpy() == pytest.approx(scores["te_tn"].to_numpy(), abs=0.01)
    assert "hardly determine" in sfa.cautions[0].say(Speaker("en"))


def test_a_cost_frontier_with_known_truth():
    X, y, truth = make(2000, kind="cost")
    sfa = SFA(kind="cost").fit(X, y)
    wanted = pd.Series({"const": 1.0, "a": 0.5, "b": 0.3, "sigma2": 0.1, "gamma": 0.9})
    assert ((sfa.params_ - wanted).abs() < 4 * sfa.std_errors_).all()
    assert sfa.std_errors_.max() < 0.05
    assert sfa.efficiency_.between(0, 1).all()
    assert sfa.efficiency_.mean() == pytest.approx(truth.mean(), abs=0.01)
    assert np.corrcoef(sfa.efficiency_, truth)[0, 1] > 0.85
    frame = sfa.to_frame()
    assert (frame["frontier"] + frame["residual"]).to_numpy() == pytest.approx(y.to_numpy())
    # The costlier beside the frontier, the less efficient.
    assert (frame.sort_values("residual")["efficiency"].diff().dropna() < 0).all()


@pytest.mark.parametrize("distribution", ["half-normal", "truncated-normal"])
def test_a_cost_is_a_mirrored_production(distribution):
    X, y, _ = make(kind="cost")
    cost = SFA(kind="cost", distribution=distribution).fit(X, y)
    mirrored = SFA(kind="production", distribution=distribution).fit(-X, -y)
    sign = pd.Series(1.0, cost.params_.index)
    sign["const"] = -1.0
    assert (mirrored.params_ * sign).to_numpy() == pytest.approx(cost.params_.to_numpy(), abs=1e-6)
    assert mirrored.loglike_ == pytest.approx(cost.loglike_)
    assert mirrored.efficiency_.to_numpy() == pytest.approx(cost.efficiency_.to_numpy(), abs=1e-6)


def test_the_wrong_kind_finds_nothing():
    X, y, _ = make(kind="cost")
    for distribution in ("half-normal", "truncated-normal"):
        sfa = SFA(kind="production", distribution=distribution).fit(X, y)
        assert not sfa.skewness_ok_
        assert not sfa.inefficiency_found_
        assert sfa.efficiency_.isna().all()
        assert (sfa.gamma_, sfa.lr_, sfa.lr_p_value_) == (0.0, 0.0, 1.0)
        assert sfa.loglike_ == sfa.ols_loglike_
        assert "no inefficiency can be told from these data" in sfa.summary("en")
        assert sfa.summary("en") == sfa.cautions[0].say(Speaker("en"))
        assert sfa.to_frame()["efficiency"].isna().all()


def test_without_inefficiency_the_numbers_are_those_of_least_squares():
    sm = pytest.importorskip("statsmodels.api")
    X, y, _ = make(kind="cost")
    sfa = SFA(kind="production").fit(X, y)
    ols = sm.OLS(y, sm.add_constant(X)).fit()
    assert sfa.loglike_ == pytest.approx(ols.llf)
    assert sfa.params_[:3].to_numpy() == pytest.approx(ols.params.to_numpy())
    errors = ols.bse.to_numpy() * np.sqrt(ols.df_resid / ols.nobs)
    assert sfa.std_errors_[:3].to_numpy() == pytest.approx(errors)


@pytest.mark.parametrize("distribution", ["half-normal", "truncated-normal"])
def test_pure_noise_never_gets_scores_of_one(distribution):
    told = 0
    for seed in range(12):
        X, y, _ = make(100, seed=seed, u=0.0)
        sfa = SFA(kind="cost", distribution=distribution).fit(X, y)
        told += sfa.inefficiency_found_ and sfa.lr_p_value_ < 0.05
        assert sfa.inefficiency_found_ == sfa.skewness_ok_
        assert not (sfa.efficiency_ > 0.99).mean() > 0.1
        if sfa.inefficiency_found_ and sfa.lr_p_value_ > 0.05:
            assert "may be nothing but noise" in sfa.cautions[0].say(Speaker("en"))
            assert "may be noise" in sfa.summary("en")
    assert told <= 2


def test_a_panel_without_differences_between_units_finds_nothing():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(5):
        unit, x, y = np.repeat(np.arange(20), 5), rng.normal(size=100), rng.normal(size=100)
        y -= np.bincount(unit, y)[unit] / 5
        sfa = SFA().fit(x, y, unit=unit)
        found.append(sfa.inefficiency_found_)
        assert sfa.efficiency_.isna().all() != sfa.inefficiency_found_
    assert not any(found)
    assert "fits as well: no inefficiency can be told from these data" in sfa.summary("en") or not sfa.skewness_ok_


def test_inefficiency_that_depends_on_z_with_known_truth():
    rng = np.random.default_rng(8)
    n, delta, deviation = 1500, np.array([0.2, 0.4]), 0.3
    z = pd.DataFrame({"ones": 1.0, "remote": rng.uniform(0, 2, n)})
    mean = z.to_numpy() @ delta
    waste = np.full(n, -1.0)
    while (waste < 0).any():
        waste = np.where(waste < 0, rng.normal(mean, deviation), waste)
    X = pd.DataFrame({"a": rng.normal(size=n)})
    y = 1 + 0.5 * X["a"] + rng.normal(scale=0.1, size=n) + waste
    sfa = SFA(kind="cost").fit(X, y, z=z)
    wanted = pd.Series({"const": 1.0, "a": 0.5, "sigma2": 0.1, "gamma": 0.9, "ones": 0.2, "remote": 0.4})
    assert ((sfa.params_ - wanted).abs() < 4 * sfa.std_errors_).all()
    assert sfa.std_errors_["remote"] < 0.06
    assert np.corrcoef(sfa.efficiency_, np.exp(-waste))[0, 1] > 0.9


def test_a_panel_pools_the_rows_of_a_unit():
    rng = np.random.default_rng(4)
    unit, years = np.repeat([f"m{number:02}" for number in range(60)], 8), np.tile(np.arange(8), 60)
    waste = np.repeat(np.abs(rng.normal(scale=0.3, size=60)), 8)
    X = rng.normal(size=480)
    y = 1 + 0.5 * X + rng.normal(scale=0.2, size=480) + waste
    together = SFA(kind="cost").fit(X, y, unit=unit, period=years)
    apart = SFA(kind="cost").fit(X, y)
    assert np.corrcoef(together.efficiency_, np.exp(-waste))[0, 1] > 0.9
    error = [np.sqrt(((item.efficiency_ - np.exp(-waste)) ** 2).mean()) for item in (together, apart)]
    assert error[0] < 0.7 * error[1]
    alone = SFA(kind="cost").fit(X, y, unit=np.arange(480))
    assert alone.loglike_ == pytest.approx(apart.loglike_)


@pytest.fixture(scope="module", params=["half-normal", "truncated-normal"])
def first(request):
    """A frontier of 150 rows, whose columns the tests below change without changing what is told."""
    X, y, _ = make(150)
    return SFA(distribution=request.param).fit(X, y)


def test_the_order_of_rows_does_not_matter(first):
    (X, y, _), distribution = make(150), first.distribution
    order = np.random.default_rng(0).permutation(len(y))
    other = SFA(distribution=distribution).fit(X.iloc[order], y.iloc[order])
    assert other.params_.to_numpy() == pytest.approx(first.params_.to_numpy(), abs=1e-6)
    assert other.efficiency_.loc[X.index].to_numpy() == pytest.approx(first.efficiency_.to_numpy(), abs=1e-6)


def test_units_of_the_figures_do_not_matter(first):
    (X, y, _), distribution = make(150), first.distribution
    # Thousands instead of ones, where figures enter as logarithms: only the intercept moves.
    shifted = SFA(distribution=distribution).fit(X, y + np.log(1000))
    assert (shifted.params_ - first.params_).drop("const").abs().max() < 1e-6
    assert shifted.params_["const"] - first.params_["const"] == pytest.approx(np.log(1000))
    assert shifted.efficiency_.to_numpy() == pytest.approx(first.efficiency_.to_numpy(), abs=1e-6)
    # A figure that enters as it is.
    columns = SFA(distribution=distribution).fit(X * [1e6, 1e-6] + [1e4, 0], y)
    assert columns.params_["a"] == pytest.approx(first.params_["a"] / 1e6, rel=1e-5)
    assert columns.efficiency_.to_numpy() == pytest.approx(first.efficiency_.to_numpy(), abs=1e-5)
    million = SFA(distribution=distribution).fit(X, 1e6 * y)
    assert million.params_["a"] == pytest.approx(1e6 * first.params_["a"], rel=1e-6)
    assert million.sigma2_ == pytest.approx(1e12 * first.sigma2_, rel=1e-5)
    assert million.gamma_ == pytest.approx(first.gamma_, abs=1e-6)
    assert million.loglike_ == pytest.approx(first.loglike_ - 150 * np.log(1e6))


def test_arrays_and_levels_of_the_index():
    X, y, _ = make(60)
    assert SFA().fit(X.to_numpy(), y.to_numpy()).params_.index.tolist() == ["const", "x_1", "x_2", "sigma2", "gamma"]
    mixed = SFA().fit(X.to_numpy(), y)
    assert mixed.efficiency_.index.equals(y.index)
    levels = pd.MultiIndex.from_product([X.index[:20], [2019, 2020, 2021]], names=["municipality", "year"])
    sfa = SFA().fit(X.set_axis(levels), y.set_axis(levels), unit=levels.get_level_values(0))
    assert sfa.efficiency_.index.equals(levels)
    assert sfa.summary("en")


def test_parameters_stay_untouched():
    sfa = SFA(kind="cost", distribution="truncated-normal")
    assert vars(sfa) == {"kind": "cost", "distribution": "truncated-normal"}
    X, y, _ = make(60)
    assert sfa.fit(X, y) is sfa
    assert repr(sfa) == "SFA(kind='cost', distribution='truncated-normal')"


def test_the_summary_says_what_the_score_is():
    X, y, _ = make()
    sfa = SFA().fit(X, y)
    for language in ("en", "sv", "fi"):
        text, say = sfa.summary(language), Speaker(language)
        for value in (sfa.efficiency_.mean(), sfa.efficiency_.min(), sfa.efficiency_.max()):
            assert say.number(value, 2) in text
        assert "Battese" in text
    assert "output" in sfa.summary("en")
    assert "p < 0.001" in sfa.summary("en")
    X, y, _ = make(kind="cost")
    assert "cost" in SFA(kind="cost").fit(X, y).summary("en")


def test_few_rows_and_no_noise_are_cautions():
    X, y, _ = make(40, u=0.5, v=0.0)
    texts = [caution.say(Speaker("en")) for caution in SFA().fit(X, y).cautions]
    assert any("Only 40 rows carry 5 parameters" in text for text in texts)
    assert any("leaves nothing to chance" in text for text in texts)


def test_options_that_do_not_exist():
    X, y, _ = make(30)
    with pytest.raises(UsageError, match=r"kind 'costs'.*production, cost"):
        SFA(kind="costs").fit(X, y)
    with pytest.raises(UsageError, match=r"distribution 'gamma'.*half-normal"):
        SFA(distribution="gamma").fit(X, y)
    with pytest.raises(UsageError, match="call fit"):
        SFA().summary()


def test_too_few_rows():
    X, y, _ = make(5)
    with pytest.raises(TooFewUnits, match="5 rows of 5 units are too few for 5 parameters"):
        SFA().fit(X, y)
    with pytest.raises(TooFewUnits, match="5 rows"):
        SFA().fit(np.random.default_rng(0).normal(size=(5, 9)), y.to_numpy())
    X, y, _ = make(20)
    with pytest.raises(TooFewUnits, match="2 units"):
        SFA().fit(X, y, unit=np.repeat(["a", "b"], 10))


def test_a_y_without_deviations():
    X, _, _ = make(20)
    with pytest.raises(TableError, match="determines y exactly"):
        SFA().fit(X, 1 + X["a"])
    with pytest.raises(TableError, match="determines y exactly"):
        SFA().fit(X, 0 * X["a"])
