"""Published cases: every technology and orientation, non-controllable columns, super-efficiency, invariances."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import DEA

SCORE = 1e-6
SLACKS = 1e-4

pytestmark = pytest.mark.shared


@pytest.fixture
def case(shared):
    def read(name):
        folder = shared / "data" / "efficiency-cases"
        return pd.read_csv(folder / f"{name}.csv"), pd.read_csv(folder / f"{name}.expected.csv")

    return read


MILK = (["energy", "vet", "cows"], ["milk"])
SITES = (["education", "occupation", "parental", "counseling", "teachers"], ["reading", "math", "coopersmith"])


@pytest.mark.parametrize(("name", "columns"), [("milk_108", MILK), ("follow_through_1981", SITES)])
@pytest.mark.parametrize("returns", ["crs", "vrs", "drs", "irs", "fdh"])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_technologies(case, name, columns, returns, orientation):
    data, expected = case(name)
    dea = DEA(returns=returns, orientation=orientation).fit(data[columns[0]], data[columns[1]])
    published = expected[f"{returns}_{'in' if orientation == 'input' else 'out'}"]
    np.testing.assert_allclose(dea.efficiency_, published, atol=SCORE)


@pytest.mark.parametrize(("name", "columns"), [("milk_108", MILK), ("follow_through_1981", SITES)])
@pytest.mark.parametrize("returns", ["crs", "vrs"])
@pytest.mark.filterwarnings("ignore:No mix of the others:RuntimeWarning")
def test_super_efficiency(case, name, columns, returns):
    data, expected = case(name)
    found = DEA(returns=returns).fit(data[columns[0]], data[columns[1]]).super_efficiency()
    published = pd.to_numeric(expected[f"super_{returns}_in"], errors="coerce").to_numpy(float)
    solvable = np.isfinite(published)
    np.testing.assert_allclose(found[solvable], published[solvable], atol=SCORE)
    assert np.isinf(found[~solvable]).all()


def test_sums_of_slacks(case):
    data, expected = case("follow_through_1981")
    dea = DEA().fit(data[SITES[0]], data[SITES[1]])
    inefficient = dea.efficiency_ < 1 - SCORE
    assert dea.slacks_[inefficient].shape[0] > 20
    assert (dea.slacks_.sum(axis=1)[inefficient] <= expected["sum_slacks_vrs_in"][inefficient] + SLACKS).all()


@pytest.mark.parametrize(
    ("column", "option"),
    [("crs_in_noncontrollable", "noncontrollable"), ("crs_in_nondiscretionary", "fixed"), ("crs_in", None)],
)
def test_tokyo_libraries_tell_fixed_and_noncontrollable_apart(case, column, option):
    data, expected = case("tokyo_libraries_1986")
    options = {option: ("POPULATION",)} if option else {}
    dea = DEA(returns="crs", **options).fit(
        data[["AREA", "BOOKS", "STAFF", "POPULATION"]], data[["REGISTERED", "BORROWED"]]
    )
    np.testing.assert_allclose(dea.efficiency_, expected[column], atol=SCORE)


def test_power_plants(case):
    data, expected = case("power_plants_super")
    found = DEA(returns="crs").fit(data[["X1", "X2", "X3", "X4"]], data[["Y1", "Y2"]]).super_efficiency()
    np.testing.assert_allclose(found, expected["super_crs_in"], atol=SCORE)


@pytest.mark.parametrize("returns", ["crs", "vrs", "fdh"])
def test_invariances(case, returns):
    data, _ = case("milk_108")
    inputs, outputs = data[MILK[0]].astype(float), data[MILK[1]].astype(float)
    plain = DEA(returns=returns).fit(inputs, outputs).efficiency_
    np.testing.assert_allclose(DEA(returns=returns).fit(inputs * 1e6, outputs).efficiency_, plain, atol=1e-8)
    order = np.random.default_rng(1).permutation(len(data))
    shuffled = DEA(returns=returns).fit(inputs.iloc[order], outputs.iloc[order]).efficiency_
    np.testing.assert_allclose(shuffled.sort_index(), plain, atol=1e-8)
    twice = DEA(returns=returns).fit(
        pd.concat([inputs] * 2, ignore_index=True), pd.concat([outputs] * 2, ignore_index=True)
    )
    np.testing.assert_allclose(twice.efficiency_[: len(data)], plain, atol=1e-8)
