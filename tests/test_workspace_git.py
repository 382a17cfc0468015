"""What cells have shown never gets into git."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from kommunanalys import workspace_files, workspace_git
from kommunanalys.language import Speaker
from kommunanalys.paths import notebooks_dir
from kommunanalys.workspace import workspace
from kommunanalys.workspace_git import set_filter, stripped

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
NAME = "notebooks/mine å.IPynb"


@pytest.fixture(autouse=True)
def one_notebook(tmp_path_factory, monkeypatch):
    """The library has one small notebook: git runs the filter for each."""
    place = tmp_path_factory.mktemp("notebooks")
    (place / "one.ipynb").write_bytes(stripped(json.dumps(notebook()).encode()))
    monkeypatch.setattr(workspace_files, "notebooks_dir", lambda: place)


def notebook(**metadata):
    code = {"cell_type": "code", "execution_count": 3, "id": "a", "metadata": metadata, "source": ["1 + 1"]}
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["SHOWN å"]}]
    text = {"cell_type": "markdown", "id": "b", "metadata": {}, "source": ["# Å"]}
    return {
        "cells": [code, text],
        "metadata": {"kernelspec": {"name": "python3"}, "widgets": {"application/vnd": {"state": "STATE"}}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def git(folder, *words):
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    own = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(folder), *own, *words], env=env, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_outputs_numbers_of_runs_and_widgets_go_the_rest_stays():
    before = notebook(tags=["parameters"], execution={"started": "12:00"}, scrolled=True)
    after = json.loads(stripped(json.dumps(before).encode()))
    assert after["cells"][0] == {
        "cell_type": "code",
        "execution_count": None,
        "id": "a",
        "metadata": {"tags": ["parameters"]},
        "outputs": [],
        "source": ["1 + 1"],
    }
    assert after["cells"][1] == before["cells"][1]
    assert after["metadata"] == {"kernelspec": {"name": "python3"}}


def test_what_holds_no_output_stays_byte_for_byte():
    for path in notebooks_dir().glob("*.ipynb"):
        raw = path.read_bytes().replace(b"\r\n", b"\n")
        assert stripped(raw) == raw, path.name


def test_an_empty_file_goes_through():
    assert stripped(b"") == b""


@pytest.mark.parametrize(
    "raw",
    [
        b"<<<<<<< HEAD",
        b"[]",
        b'{"worksheets": [], "nbformat": 3}',
        b'{"cells": null, "nbformat": 4}',
        b'{"cells": [null], "nbformat": 4}',
        b'{"cells": [], "metadata": null, "nbformat": 4}',
        b'{"cells": [{"cell_type": "code", "metadata": null}], "nbformat": 4}',
    ],
)
def test_what_is_no_notebook_of_today_is_refused(raw):
    with pytest.raises(ValueError, match=r"Expecting value|no notebook"):
        stripped(raw)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "kommunanalys.workspace_git"], input=raw, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"git does not take it" in done.stderr


@needs_git
def test_a_commit_holds_no_output_and_the_file_keeps_it(tmp_path):
    folder = workspace(tmp_path / "min mapp åäö", language="en").folder
    (folder / NAME).write_text(json.dumps(notebook()), encoding="utf-8")
    # A file of the person's own is not taken for a module of the filter.
    (folder / "json.py").write_text("raise SystemExit('taken')")
    assert git(folder, "add", ".").returncode == 0
    done = git(folder, "commit", "-m", "first")
    assert done.returncode == 0, done.stderr
    kept = git(folder, "show", f"HEAD:{NAME}").stdout
    assert json.loads(kept)["cells"][1]["source"] == ["# Å"]
    assert "SHOWN" not in kept
    assert "STATE" not in kept
    assert "SHOWN" in (folder / NAME).read_text(encoding="utf-8")
    assert git(folder, "status", "--short").stdout == ""


@needs_git
def test_data_reports_state_and_the_machines_own_are_left_out(tmp_path):
    folder = workspace(tmp_path / "mine", language="en").folder
    for name in (
        "data/costs.xlsx",
        "reports/a/report.html",
        "notebooks/reports/b/x.html",
        "state/keys",
        "notebooks/.ipynb_checkpoints/a.ipynb",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    git(folder, "add", ".")
    taken = git(folder, "ls-files").stdout.split()
    assert {"data/README.md", "reports/README.md", ".kommunanalys.json"} <= set(taken)
    assert not {
        "data/costs.xlsx",
        "reports/a/report.html",
        "notebooks/reports/b/x.html",
        "state/keys",
        "schedule.txt",
    } & set(taken)
    assert not [name for name in taken if "checkpoints" in name]


@needs_git
def test_a_broken_notebook_is_not_taken(tmp_path):
    folder = workspace(tmp_path / "mine", language="en").folder
    (folder / "notebooks" / "broken.ipynb").write_text('<<<<<<< HEAD\n"SHOWN"')
    done = git(folder, "add", ".")
    assert done.returncode != 0
    assert "git does not take it" in done.stderr


@needs_git
def test_a_clone_strips_after_init_and_has_nothing_to_renew(tmp_path):
    folder = workspace(tmp_path / "mine", language="en").folder
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    git(tmp_path, "clone", "--quiet", str(folder), str(tmp_path / "clone"))
    done = workspace(tmp_path / "clone")
    assert done.summary("en").endswith("Nothing new.")
    (tmp_path / "clone" / NAME).write_text(json.dumps(notebook()), encoding="utf-8")
    git(tmp_path / "clone", "add", ".")
    assert "SHOWN" not in git(tmp_path / "clone", "show", f":{NAME}").stdout


@needs_git
def test_a_repository_that_is_there_stays(tmp_path):
    folder = workspace(tmp_path / "mine", language="en").folder
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    before = git(folder, "rev-parse", "HEAD").stdout
    git(folder, "config", "--unset", "filter.kommunanalys.clean")
    assert workspace(folder).git == ""
    assert git(folder, "rev-parse", "HEAD").stdout == before
    assert "workspace_git" in git(folder, "config", "filter.kommunanalys.clean").stdout


def test_without_git_the_folder_is_made_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(workspace_git.shutil, "which", lambda _: None)
    done = workspace(tmp_path / "mine", language="en")
    assert done.made
    assert not (done.folder / ".git").exists()
    assert "git is not installed" in done.summary("en")


@needs_git
def test_gits_own_refusal_is_told(tmp_path):
    assert "none" in set_filter(tmp_path / "none", Speaker("en"))
