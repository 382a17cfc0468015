"""Intervals of efficiency scores: that they hold the truth, what they say of themselves, what they refuse."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import DEA, worlds
from kommunanalys.compare.intervals import intervals
from kommunanalys.compare.ranges import COVERAGE
from kommunanalys.errors import TableError, TooFewUnits, UsageError
from kommunanalys.figures import description


def fitted(n=50, seed=1, *, spread=None, orientation="input", returns="crs"):
    """One input, one output, constant returns: true inefficiency half-normal, or whatever is given."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"u{number}" for number in range(n)])
    truth = np.abs(rng.normal(0, 0.3, n)) if spread is None else spread(rng, n)
    need = pd.DataFrame({"need": rng.uniform(1, 9, n)}, index)
    cost = pd.DataFrame({"cost": need["need"] * np.exp(truth)}, index)
    return DEA(returns=returns, orientation=orientation, random_state=seed).fit(cost, need), truth


@pytest.fixture(autouse=True)
def few_worlds(monkeypatch):
    """A third of the simulation: the benchmark measures what the whole of it gives."""
    monkeypatch.setattr(worlds, "WORLDS", 10)
    monkeypatch.setattr(worlds, "INNER", 20)


@pytest.fixture
def found(few_worlds):
    return intervals(fitted()[0])


def test_they_hold_the_truth_as_often_as_they_say():
    held, places = [], []
    for seed in range(6):
        dea, truth = fitted(40, seed)
        frame = intervals(dea).to_frame()
        true, place = np.exp(-truth), truth.argsort().argsort() + 1
        held.append(((frame["lower"] <= true) & (true <= frame["upper"])).mean())
        places.append(((frame["rank_lower"] <= place) & (place <= frame["rank_upper"])).mean())
    # In this design one gap to the frontier is common to all units of a data set, so that whole data sets miss.
    assert np.mean(held) > 0.8
    assert np.mean(places) > 0.9


def test_shape_order_and_reproducibility(found):
    dea, _ = fitted()
    frame = found.to_frame()
    assert list(frame) == ["efficiency", "corrected", "lower", "upper", "rank_lower", "rank_upper"]
    assert frame.index.equals(dea.efficiency_.index)
    assert (frame["lower"] < frame["corrected"]).all()
    assert (frame["corrected"] < frame["upper"]).all()
    assert (frame["upper"] <= frame["efficiency"] + 1e-12).all()
    assert (frame["rank_lower"] <= frame["rank_upper"]).all()
    assert frame["rank_lower"].between(1, len(frame)).all()
    pd.testing.assert_frame_equal(frame, intervals(dea).to_frame())
    assert not found.doubtful


def test_a_wider_level_is_wider(found):
    wide, narrow = found.to_frame(), intervals(fitted()[0], 0.5).to_frame()
    assert (wide["lower"] <= narrow["lower"]).all()
    assert (wide["upper"] >= narrow["upper"]).all()


def test_output_orientation_mirrors_input_orientation_under_constant_returns(found):
    inwards, outwards = found.to_frame(), intervals(fitted(orientation="output")[0]).to_frame()
    assert (outwards["lower"] >= outwards["efficiency"] - 1e-12).all()
    for one, other in (("lower", "upper"), ("upper", "lower"), ("corrected", "corrected")):
        assert (1 / outwards[one]).to_numpy() == pytest.approx(inwards[other].to_numpy())


def test_no_ranks_where_nobody_is_near_the_frontier():
    far, _ = fitted(100, 3, spread=lambda rng, n: np.append(rng.normal(0.5, 0.03, n - 1).clip(0.4), 0.0))
    found = intervals(far)
    assert found.doubtful
    assert found.to_frame()[["rank_lower", "rank_upper"]].isna().all(axis=None)
    text = found.summary("en", "u1")
    assert "no ranks are given" in text
    assert "Its place" not in text
    low, high = COVERAGE[100].far
    assert f"{low}–{high}%" in found.coverage
    assert "In simulations with data of this size" not in found.coverage


def test_the_share_of_the_simulation_is_what_is_said(found):
    low, high = COVERAGE[50].held
    said = f"{low}%" if low == high else f"{low}–{high}%"
    assert f"In simulations with data of this size, {said} of such intervals" in found.coverage
    assert f"about {COVERAGE[50].edge}%" in found.coverage
    assert "these data differ from that" in found.coverage, "constant returns were not what was simulated"
    half = replace(found, level=0.5).coverage
    assert "50% hold the true efficiency has not been simulated" in half
    assert said not in half
    assert found.coverage in found.summary("en")


def test_another_size_than_the_simulated_is_named(found):
    assert "The nearest size" not in found.coverage
    assert "The nearest size simulated is 50 units." in replace(found, units=found.units.head(20)).coverage


def test_about_one_unit_and_the_figure(found):
    row = found.to_frame().loc["u3"]
    text = found.summary("en", "u3")
    assert f"between {row['lower']:.2f} and {row['upper']:.2f}" in text
    assert f"between {row['rank_lower']:.0f} and {row['rank_upper']:.0f}" in text
    shown = description(found.plot("u3", language="sv"))
    assert len(shown.data) == 50
    assert found.cautions == ()


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_levels_are_shares(level):
    with pytest.raises(UsageError, match="share between 0 and 1"):
        intervals(fitted()[0], level)


def test_what_is_refused():
    with pytest.raises(UsageError, match="no data yet"):
        intervals(DEA())
    with pytest.raises(TooFewUnits, match="14 units"):
        intervals(fitted(14)[0])
    same = pd.DataFrame({"x": np.ones(30)})
    with pytest.raises(TooFewUnits, match="0 of them below"):
        intervals(DEA().fit(same, same.rename(columns={"x": "y"})))
    with pytest.raises(UsageError, match="convex"):
        intervals(DEA(returns="fdh").fit(np.arange(1.0, 31), np.ones(30)))
    outputs = np.arange(0.0, 30)
    with pytest.warns(RuntimeWarning):
        dea = DEA(orientation="output").fit(np.ones(30), outputs)
    with pytest.raises(TableError, match="unbounded"):
        intervals(dea)
