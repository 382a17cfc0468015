"""What is remembered is what would be computed, and a broken memory is no memory."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import DEA, environment
from kommunanalys.compare.remembered import remembered_environment, remembered_intervals
from kommunanalys.errors import TooFewUnits


@pytest.fixture
def dea(monkeypatch, tmp_path):
    monkeypatch.setenv("KOMMUNANALYS_CACHE", str(tmp_path))
    rng = np.random.default_rng(3)
    need = rng.uniform(1, 9, 40)
    names = [f"School {number}" for number in range(40)]
    cost = pd.DataFrame({"cost": need * np.exp(np.abs(rng.normal(0, 0.3, 40)))}, names)
    return DEA(random_state=1).fit(cost, pd.DataFrame({"pupils": need}, names))


def files(tmp_path):
    return sorted((tmp_path / "simulations").glob("*"))


def test_the_same_as_computed_without_names(dea, tmp_path):
    first = remembered_intervals(dea)
    (kept,) = files(tmp_path)
    assert "School" not in kept.read_text()
    again = remembered_intervals(dea)
    pd.testing.assert_frame_equal(again.units, first.units)
    pd.testing.assert_frame_equal(again.units, dea.intervals().units)
    assert (again.doubtful, again.level, again.outputs) == (first.doubtful, first.level, first.outputs)


def test_the_memory_is_asked(dea, tmp_path, monkeypatch):
    first = remembered_intervals(dea)
    monkeypatch.setattr(DEA, "intervals", lambda *_: pytest.fail("computed again"))
    pd.testing.assert_frame_equal(remembered_intervals(dea).units, first.units)


def test_other_figures_or_options_are_another_question(dea, tmp_path):
    remembered_intervals(dea)
    remembered_intervals(DEA(random_state=2).fit(dea.inputs_, dea.outputs_))
    remembered_intervals(DEA(random_state=1).fit(dea.inputs_ * 1.5 + 0.1, dea.outputs_))
    assert len(files(tmp_path)) == 3


def test_without_a_seed_nothing_is_kept(dea, tmp_path):
    remembered_intervals(DEA().fit(dea.inputs_, dea.outputs_))
    assert not files(tmp_path)


@pytest.mark.parametrize("damage", ["", "{}", "[1]", '{"units": 1, "doubtful": true}'])
def test_a_broken_memory_is_computed_anew(dea, tmp_path, damage):
    first = remembered_intervals(dea)
    (kept,) = files(tmp_path)
    kept.write_text(damage)
    pd.testing.assert_frame_equal(remembered_intervals(dea).units, first.units)


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(dea, tmp_path, monkeypatch):
    (tmp_path / "simulations").write_text("a file where the folder should be")
    assert len(remembered_intervals(dea).units) == 40


def test_effects_of_the_environment(dea, tmp_path):
    z = pd.DataFrame({"distance": np.arange(40) % 5.0}, dea.efficiency_.index)
    remembered_environment(dea, z)
    again, plain = remembered_environment(dea, z), environment(dea, z)
    pd.testing.assert_frame_equal(again.coefficients, plain.coefficients)
    pd.testing.assert_series_equal(again.corrected, plain.corrected)
    assert again.summary() == plain.summary()


def test_an_error_is_not_remembered(monkeypatch, tmp_path):
    monkeypatch.setenv("KOMMUNANALYS_CACHE", str(tmp_path))
    few = DEA(random_state=1).fit([[2.0], [4.0]], [[1.0], [1.0]])
    with pytest.raises(TooFewUnits):
        remembered_intervals(few)
    assert not files(tmp_path)
