"""The distance of one unit: by hand, against fits without each peer, and where there is nothing to say."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import DEA
from kommunanalys.compare.requirements import requirements

UNITS = pd.Index(["A", "B", "C", "D", "E"])
COST = pd.DataFrame({"cost": [2.0, 4.0, 6.0, 6.0, 6.0]}, UNITS)
PUPILS = pd.DataFrame({"pupils": [1.0, 3.0, 4.0, 2.0, 3.8]}, UNITS)
"""A, B and C span the frontier; D (6, 2) and E (6, 3.8) are inside."""


def table(unit, dea=None, *, closest=True):
    dea = DEA().fit(COST, PUPILS) if dea is None else dea
    return requirements(dea, dea.efficiency_.index.get_loc(unit), closest=closest).set_index("column")


def test_the_nearest_is_not_the_radial_target():
    found = table("E")
    # Radially: 3.8 is four fifths of the way from B to C, which takes 5.6. Nearest: C makes .2 of 3.8 (5.3 %) more with
    # the same cost, while .4 of 6 is 6.7 %.
    assert found["target"].to_numpy() == pytest.approx([5.6, 3.8])
    assert found["nearest"].to_numpy() == pytest.approx([6.0, 4.0])
    assert found["nearest_difference"].to_numpy() == pytest.approx([0.0, 0.2])
    assert found.loc["cost", ["difference", "difference_percent"]].tolist() == pytest.approx([-0.4, -100 / 15])
    # Without B the line from A to C takes 2 + 2.8 · 4/3 = 86/15 of 6; without C nobody else reaches 3.8.
    assert found["includes_none"].all()
    assert found.loc["cost", ["low", "high"]].tolist() == pytest.approx([0.0, -0.4])


def test_without_looking_for_the_nearest():
    found = table("E", closest=False)
    assert found[["nearest", "nearest_difference"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(found.drop(columns=["nearest", "nearest_difference"]), table("E").iloc[:, :-2])


def test_on_the_frontier_there_is_no_distance():
    found = table("B")
    assert found["difference"].tolist() == [0.0, 0.0]
    assert found["nearest_difference"].tolist() == [0.0, 0.0]
    assert found.loc["cost", ["low", "high"]].tolist() == [0.0, 0.0]


def test_single_units_are_the_nearest_of_free_disposal():
    found = table("D", DEA(returns="fdh").fit(COST, PUPILS))
    # B: 2 of 6 less and 1 of 2 more, 83 %; C: 2 of 2 more, 100 %; E: 1.8 of 2 more, 90 % but C surpasses it.
    assert found["nearest"].tolist() == [4.0, 3.0]


def test_where_the_nearest_is_not_looked_for_the_reader_is_told():
    rooms = COST.assign(rooms=[1.0, 1.0, 1.0, 1.0, 2.0])
    dea = DEA(fixed=("rooms",)).fit(rooms, PUPILS)
    found = requirements(dea, 3, closest=True)
    assert found["nearest"].isna().all()
    assert len(found.attrs["cautions"]) == 1
    assert found.set_index("column").loc["rooms", ["low", "high"]].isna().all()
    assert requirements(DEA().fit(COST, PUPILS), 3, closest=True).attrs["cautions"] == ()


def test_nothing_to_divide_by_gives_no_per_cent():
    found = table("B", DEA().fit(COST.iloc[:2], pd.DataFrame({"pupils": [1.0, 1.0], "grants": [1.0, 0.0]}, UNITS[:2])))
    assert found.loc["grants", "difference"] == 1.0
    assert np.isnan(found.loc["grants", "difference_percent"])


@pytest.mark.filterwarnings("ignore:No output at all:RuntimeWarning")
def test_an_unbounded_score_has_no_distance():
    found = table("B", DEA(orientation="output").fit(COST.iloc[:2], pd.DataFrame({"pupils": [1.0, 0.0]}, UNITS[:2])))
    assert found[["target", "low", "high", "nearest"]].isna().all(axis=None)
    assert not found["includes_none"].any()


@pytest.mark.parametrize("orientation", ["input", "output"])
@pytest.mark.parametrize("returns", ["vrs", "crs"])
def test_low_is_the_least_of_fits_without_each_peer(returns, orientation):
    rng = np.random.default_rng(12)
    inputs, outputs = pd.DataFrame(rng.uniform(1, 9, (25, 2))), pd.DataFrame(rng.uniform(1, 9, (25, 2)))
    inputs.columns, outputs.columns = ["a", "b"], ["c", "d"]
    dea = DEA(returns=returns, orientation=orientation).fit(inputs, outputs)
    unit = dea.efficiency_.idxmin() if orientation == "input" else dea.efficiency_.idxmax()
    found = table(unit, dea, closest=False)
    moving = inputs.columns if orientation == "input" else outputs.columns
    own = pd.concat([inputs, outputs], axis=1).loc[unit, moving]
    differences = [dea.targets_.loc[unit, moving] - own]
    for peer in dea.peers_.loc[dea.peers_["unit"] == unit, "peer"]:
        rest = DEA(returns=returns, orientation=orientation).fit(inputs.drop(peer), outputs.drop(peer))
        differences.append(rest.targets_.loc[unit, moving] - own)
    expected = pd.DataFrame(differences)
    assert len(expected) > 2
    least = [expected[column].iloc[expected[column].abs().argmin()] for column in moving]
    assert found.loc[moving, "low"].tolist() == pytest.approx(least)
    assert found.loc[moving, "high"].tolist() == pytest.approx(expected.iloc[0].tolist())


def test_the_columns_units_only_change_the_units_of_the_distance():
    columns = ["target", "difference", "low", "high", "nearest", "nearest_difference"]
    plain, larger = table("D"), table("D", DEA().fit(COST * 1e6, PUPILS))
    assert larger.loc["cost", columns].tolist() == pytest.approx((1e6 * plain.loc["cost", columns]).tolist(), rel=1e-8)
    assert larger.loc["pupils", "nearest"] == pytest.approx(plain.loc["pupils", "nearest"], rel=1e-8)
    assert larger["difference_percent"].tolist() == pytest.approx(plain["difference_percent"].tolist(), abs=1e-6)
