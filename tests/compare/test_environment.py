"""The second stage: effects found and not found, recomputed, what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import truncnorm

from kommunanalys.compare import DEA
from kommunanalys.compare.environment import environment
from kommunanalys.errors import MixedPopulations, TableError, TooFewUnits, UsageError
from kommunanalys.figures import description


def fitted(effect, n=100, seed=1):
    rng = np.random.default_rng(seed)
    sparse = rng.normal(size=n)
    mean = 1.2 + effect * sparse
    outcome = truncnorm.rvs((1 - mean) / 0.25, np.inf, mean, 0.25, random_state=rng)
    index = pd.Index([f"u{number}" for number in range(n)])
    need = pd.DataFrame({"need": rng.uniform(1, 9, n)}, index)
    cost = pd.DataFrame({"cost": need["need"] * outcome}, index)
    return DEA(returns="crs", random_state=seed).fit(cost, need), pd.DataFrame({"sparse": sparse}, index)


def test_an_effect_is_found_with_its_sign_and_said():
    dea, z = fitted(0.25, 200)
    result = environment(dea, z, draws=300)
    row = result.to_frame().loc["sparse"]
    assert row["significant"]
    assert row["lower"] < 0.25 < row["upper"]
    assert row["lower"] < row["coefficient"] < row["upper"]
    assert row["effect_lower"] < row["effect"] < row["effect_upper"] < 0, "what raises the reciprocal lowers efficiency"
    assert (result.corrected >= 1 / dea.efficiency_ - 1e-9).all()
    assert f"{row['effect']:.1f} points" in result.summary("en")
    assert "cause" in result.summary("en")
    assert list(description(result.plot(language="fi")).data.index) == ["sparse"]


def test_the_effect_recomputes():
    dea, z = fitted(0.25, 200)
    result = environment(dea, z, draws=50)
    table = result.to_frame()
    row, constant = table.loc["sparse"], table.loc["constant", "coefficient"]
    mean = constant + row["coefficient"] * (z["sparse"] - z["sparse"].mean())

    def expected(mean):
        return truncnorm.mean((1 - mean) / result.deviation, np.inf, mean, result.deviation)

    more = mean + row["coefficient"] * z["sparse"].std()
    assert row["effect"] == pytest.approx(100 * (1 / expected(more) - 1 / expected(mean)).mean(), abs=1e-6)


def test_nothing_is_found_where_nothing_is():
    found = [
        environment(*fitted(0.0, 80, seed), draws=200).to_frame().loc["sparse", "significant"] for seed in range(8)
    ]
    # Four of 8 at 5 % each has a probability of 1 in 2,700; the benchmark measures the rate itself.
    assert sum(found) < 4


def test_same_seed_same_answer_and_units_do_not_matter():
    dea, z = fitted(0.25)
    first, again = (environment(dea, z, draws=100).to_frame() for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    scaled = environment(dea, 1000 * z, draws=100).to_frame()
    assert scaled["effect"].iloc[1] == pytest.approx(first["effect"].iloc[1])
    assert 1000 * scaled["coefficient"].iloc[1] == pytest.approx(first["coefficient"].iloc[1])


def test_what_is_refused():
    dea, z = fitted(0.0)
    with pytest.raises(UsageError, match="other units"):
        environment(dea, z.iloc[::-1])
    with pytest.raises(TableError, match="does not vary"):
        environment(dea, z.assign(same=3.0))
    with pytest.raises(TableError, match="does not vary"):
        environment(dea, z.assign(double=2 * z["sparse"]))
    with pytest.raises(TableError, match="missing"):
        environment(dea, z.drop(index="u3").reindex(z.index))
    with pytest.raises(TooFewUnits):
        environment(dea, pd.DataFrame(np.random.default_rng(1).normal(size=(100, 10)), z.index))
    with pytest.raises(UsageError, match="no data yet"):
        environment(DEA(), z)
    home = DEA().fit(dea.inputs_.set_axis(["compulsory_cost_home"], axis=1), dea.outputs_)
    with pytest.raises(MixedPopulations):
        environment(home, z.set_axis(["compulsory_certified_teachers_located"], axis=1))
