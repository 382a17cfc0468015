"""Notebooks and data are found; cache and state follow the environment."""

from pathlib import Path

from kommunanalys import paths


def test_bundled_folders():
    assert (paths.notebooks_dir() / "cost_efficiency.ipynb").is_file()
    assert (paths.data_dir() / "example" / "observations.csv").is_file()


def test_a_wheel_has_them_inside_the_package(tmp_path, monkeypatch):
    (tmp_path / "pkg" / "notebooks").mkdir(parents=True)
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "pkg")
    assert paths.notebooks_dir() == tmp_path / "pkg" / "notebooks"
    assert paths.data_dir() == tmp_path / "data"


def test_environment_moves_cache_and_state(monkeypatch, tmp_path):
    monkeypatch.setenv("KOMMUNANALYS_CACHE", str(tmp_path))
    assert paths.cache_dir() == tmp_path
    monkeypatch.delenv("KOMMUNANALYS_STATE")
    assert paths.state_dir() != Path()
    assert "kommunanalys" in str(paths.state_dir())
