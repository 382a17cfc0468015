"""The closest point of the frontier: on it, reachable, and never farther than straight ahead."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import DEA


@pytest.fixture
def dea():
    rng = np.random.default_rng(4)
    inputs = pd.DataFrame(rng.lognormal(sigma=0.5, size=(40, 2)), columns=["cost", "staff"])
    outputs = pd.DataFrame(rng.lognormal(sigma=0.5, size=(40, 2)), columns=["pupils", "passed"])
    return DEA().fit(inputs, outputs)


def test_nearest_is_no_farther_than_the_radial_target(dea):
    for unit in dea.efficiency_.index[dea.efficiency_ < 0.9][:6]:
        row = dea.requirements(unit).set_index("column")
        assert row["nearest"].notna().all()
        change = (row["nearest_difference"].abs() / row["value"]).sum()
        assert change <= (row["difference"].abs() / row["value"]).sum() + 1e-6


def test_nearest_uses_no_more_and_makes_no_less(dea):
    unit = dea.efficiency_.idxmin()
    row = dea.requirements(unit).set_index("column")
    assert (row["nearest_difference"][["cost", "staff"]] <= 1e-9).all()
    assert (row["nearest_difference"][["pupils", "passed"]] >= -1e-9).all()


def test_nearest_lies_on_the_frontier(dea):
    unit = dea.efficiency_.idxmin()
    target = dea.requirements(unit).set_index("column")["nearest"]
    inputs = pd.concat([dea.inputs_, target[["cost", "staff"]].to_frame().T], ignore_index=True).astype(float)
    outputs = pd.concat([dea.outputs_, target[["pupils", "passed"]].to_frame().T], ignore_index=True).astype(float)
    assert DEA().fit(inputs, outputs).efficiency_.iloc[-1] == pytest.approx(1, abs=1e-6)
