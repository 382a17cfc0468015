"""The free disposal hull: dominance by single units, no mixes."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import DEA

# B does with 4 what A does with 2; a mix of A and C would do with 3 what D does with 4, but no single unit does.
COST = pd.DataFrame({"cost": [2.0, 4.0, 6.0, 5.0]}, index=list("ABCD"))
PUPILS = pd.DataFrame({"pupils": [1.0, 1.0, 3.0, 2.0]}, index=list("ABCD"))


def test_scores_by_hand():
    dea = DEA(returns="fdh").fit(COST, PUPILS)
    assert dea.efficiency_.tolist() == [1.0, 0.5, 1.0, 1.0]
    assert DEA(returns="vrs").fit(COST, PUPILS).efficiency_["D"] == pytest.approx(0.8)


def test_each_peer_is_one_unit_of_weight_one():
    peers = DEA(returns="fdh").fit(COST, PUPILS).peers_
    assert peers.set_index("unit")["peer"].to_dict() == {"A": "A", "B": "A", "C": "C", "D": "D"}
    assert (peers["weight"] == 1).all()


def test_output_oriented_by_hand():
    dea = DEA(returns="fdh", orientation="output").fit(COST, PUPILS)
    assert dea.efficiency_.tolist() == [1.0, 1.0, 1.0, 1.0]
    richer = DEA(returns="fdh", orientation="output").fit(COST.assign(cost=6.0), PUPILS)
    assert richer.efficiency_.tolist() == [3.0, 3.0, 1.0, 1.5]


def test_never_stricter_than_mixes():
    rng = np.random.default_rng(2)
    inputs, outputs = rng.lognormal(size=(60, 2)), rng.lognormal(size=(60, 2))
    hull = DEA(returns="fdh").fit(inputs, outputs).efficiency_
    assert (hull >= DEA(returns="vrs").fit(inputs, outputs).efficiency_ - 1e-9).all()
