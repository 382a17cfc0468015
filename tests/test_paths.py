"""Notebooks and data are found; cache and state follow the environment."""

import os
import sys
from pathlib import Path

import pytest

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


@pytest.mark.skipif(sys.platform == "win32", reason="a file has no such owner there")
def test_a_folder_that_somebody_else_has_marked_is_not_the_persons_own(tmp_path, monkeypatch):
    (tmp_path / "under").mkdir()
    (tmp_path / paths.OWN).write_text("{}")
    monkeypatch.chdir(tmp_path / "under")
    assert paths.own_folder() == tmp_path
    monkeypatch.setattr(os, "getuid", lambda: (tmp_path / paths.OWN).stat().st_uid + 1)
    assert paths.own_folder() is None


def test_an_extra_is_installed_from_where_the_library_came(monkeypatch, tmp_path):
    assert paths.install_command("lab") == f'{sys.executable} -m pip install -e "{paths.PACKAGE.parent}[lab]"'
    monkeypatch.setattr(sys, "executable", "/a b/python")
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "site" / "kommunanalys")
    assert paths.install_command("lab") == '"/a b/python" -m pip install "kommunanalys[lab]"'
