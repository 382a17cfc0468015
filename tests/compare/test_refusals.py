"""What must not be compared is refused, whichever door it comes by; what is well meant is understood."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import DEA, SFA, environment, funnel, malmquist, shrink, similar
from kommunanalys.errors import MixedPopulations, TableError, UsageError
from kommunanalys.indicators.costs import cost_per_pupil, total_cost

CODES = [f"{number:04}" for number in (114, 115, 117, 120, 123, 125)]
RNG = np.random.default_rng(5)


def named(name, values=None):
    return pd.Series(np.arange(1.0, 7.0) if values is None else values, CODES, name=name)


@pytest.mark.parametrize("divide", [cost_per_pupil, total_cost])
def test_no_ratio_of_two_populations(divide):
    with pytest.raises(MixedPopulations, match=r"home.*own"):
        divide(named("compulsory_cost_own"), named("compulsory_pupils_home"))
    divide(named("compulsory_cost_own"), named("compulsory_pupils_own"))


@pytest.mark.parametrize("method", [funnel, shrink])
def test_no_rate_of_two_populations(method):
    with pytest.raises(MixedPopulations):
        method(named("compulsory_eligible_own", np.full(6, 0.5)), named("compulsory_pupils_home", np.full(6, 20.0)))


def test_no_environment_of_other_pupils_in_sfa():
    x, y = RNG.normal(size=(6, 1)), RNG.normal(size=6)
    tables = [pd.DataFrame(x, CODES, ["compulsory_pupils_home"]), pd.Series(y, CODES, name="cost")]
    with pytest.raises(MixedPopulations):
        SFA().fit(*tables, pd.DataFrame(x, CODES, ["compulsory_pupils_per_teacher_own"]), CODES, [2020] * 6)


@pytest.mark.parametrize(
    "years",
    [
        [2018, 2019],
        [2018.0, 2019.0],
        ["2018", "2019"],
        ["2018/19", "2019/20"],
        [dt.date(2018, 1, 1), dt.date(2019, 1, 1)],
    ],
)
def test_a_break_is_seen_however_the_year_is_written(years):
    cost = pd.DataFrame({"compulsory_cost_deviation": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(UsageError, match="another way from 2019"):
        malmquist(cost, np.ones(4), period=[years[0]] * 2 + [years[1]] * 2, unit=["1440", "0180"] * 2)


def test_a_pooled_dea_does_not_cross_a_break():
    index = pd.MultiIndex.from_product([["1440", "0180"], [2018, 2019]], names=["municipality", "year"])
    cost = pd.DataFrame({"compulsory_cost_deviation": [1.0, 2.0, 3.0, 4.0]}, index)
    with pytest.raises(UsageError, match="another way from 2019"):
        DEA().fit(cost, np.ones(4))
    assert len(DEA().fit(cost.rename(index={2018: 2020}), np.ones(4)).efficiency_) == 4


def test_labels_in_another_order_are_refused():
    cost, unit = pd.DataFrame({"cost": [2.0, 2.0, 1.0, 2.0]}), pd.Series(["a", "b", "a", "b"])
    period = pd.Series([2020, 2020, 2021, 2021])
    assert len(malmquist(cost, np.ones(4), period=period, unit=unit).to_frame()) == 2
    with pytest.raises(UsageError, match="labels of other rows"):
        malmquist(cost, np.ones(4), period=period.iloc[::-1], unit=unit)
    for bad in ([2020, None, 2021, 2021], [2020, 2020, "2021", "2021"]):
        with pytest.raises(TableError, match="needs its period"):
            malmquist(cost, np.ones(4), period=bad, unit=unit)


def test_an_array_takes_the_units_of_the_table_beside_it():
    cost = pd.DataFrame({"cost": [2.0, 4.0]}, ["1440", "0180"])
    assert DEA().fit(cost, [[1.0], [1.0]]).efficiency_.to_dict() == {"1440": 1.0, "0180": 0.5}
    assert DEA().fit(pd.DataFrame([[2.0], [4.0]]), pd.DataFrame([[1.0], [1.0]])).efficiency_.tolist() == [1.0, 0.5]


def test_texts_are_no_figures():
    with pytest.raises(TableError, match="cost"):
        DEA().fit(pd.DataFrame({"cost": ["2", "many"]}), [[1.0], [1.0]])
    index = pd.MultiIndex.from_product([CODES, [2021]], names=["municipality", "year"])
    panel = pd.DataFrame({"population": np.arange(1.0, 7.0)}, index)
    with pytest.raises(TableError, match="population"):
        similar(panel.astype(object), "0114", ["population"], 2)
    with pytest.raises(TableError, match="0114 occurs twice in 2021"):
        similar(pd.concat([panel, panel.head(1)]), "0114", ["population"], 2)


def test_a_score_of_nothing_has_no_interval_and_says_so():
    cost, need = np.append(np.linspace(1, 3, 20), 2.0), np.append(np.sqrt(np.linspace(1, 2, 20)), 0.0)
    dea = DEA("crs", random_state=0).fit(cost, need)
    with pytest.raises(TableError, match="without any output"):
        dea.intervals()
    assert "no output at all" in dea.summary("en", 20)
    assert dea.requirements(20)["nearest"].isna().all()


def test_rounding_never_lifts_a_score_over_the_frontier():
    rng = np.random.default_rng(1)
    x, y = np.exp(rng.normal(0, 4, (60, 2))), rng.uniform(1, 9, (60, 3))
    assert DEA().fit(x, y).efficiency_.max() == 1.0
    assert DEA(orientation="output").fit(x, y).efficiency_.min() == 1.0


def test_the_nearest_single_unit_with_a_column_of_zeros():
    dea = DEA("fdh").fit([[1.0, 5.0], [5.0, 1.0], [5.1, 5.2]], [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    assert dea.requirements(2)["nearest"].tolist()[:2] == [5.0, 1.0]


def test_names_that_stand_twice_do_not_confuse_the_peers():
    cost = pd.DataFrame({"cost": [2.0, 2.0, 4.0, 3.0]}, ["A", "A", "B", "C"])
    found = DEA().fit(cost, [[1.0], [1.0], [1.0], [1.0]]).requirements("B")
    assert found["target"].iloc[0] == 2.0


def test_the_name_of_the_constant_is_taken():
    rng = np.random.default_rng(2)
    need = rng.uniform(1, 9, 40)
    dea = DEA(random_state=1).fit(need * np.exp(np.abs(rng.normal(0, 0.3, 40))), need)
    with pytest.raises(UsageError, match="constant"):
        environment(dea, pd.DataFrame({"constant": rng.normal(size=40)}))
