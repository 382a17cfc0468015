"""One's own folder on the command line, and JupyterLab in it: here a module that only notes how it was called."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kommunanalys import cli_lab
from kommunanalys.cli import app
from kommunanalys.errors import KommunanalysError, UsageError
from kommunanalys.workspace import RECORD

FAKE = """
import json, os, pathlib, sys, time
note = pathlib.Path(os.environ["NOTE"])
told = {"words": sys.argv[1:], "cwd": os.getcwd(), "language": os.environ["KOMMUNANALYS_LANGUAGE"], "pid": os.getpid()}
place = pathlib.Path(os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0], "labconfig")
told["settings"] = json.loads((place / "default_setting_overrides.json").read_text())
note.with_suffix(".part").write_text(json.dumps(told | {"path": os.environ["PATH"]}))
note.with_suffix(".part").replace(note)
time.sleep(float(os.environ.get("LASTS", "0")))
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A home folder and a JupyterLab that notes its call in the file."""
    package = tmp_path / "site" / "jupyterlab"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(FAKE)
    home = tmp_path / "hem å"
    home.mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), *sys.path]))
    monkeypatch.setenv("NOTE", str(tmp_path / "note.json"))
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    return tmp_path


def called(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def noted(folder):
    return json.loads((folder / "note.json").read_text())


def test_init_makes_the_folder_and_says_how_to_go_on(tmp_path):
    done = called("init", tmp_path / "min mapp", "--language", "sv")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "min mapp" / RECORD).is_file()
    assert str(tmp_path / "min mapp" / "README.md") in done.output
    assert f'kommunanalys lab "{tmp_path / "min mapp"}"' in done.output


def test_init_refuses_what_holds_other_things(tmp_path):
    (tmp_path / "letter.txt").write_text("")
    assert isinstance(called("init", tmp_path).exception, UsageError)


def test_lab_makes_a_folder_in_the_home_and_opens_there(lab):
    done = called("lab")
    assert done.exit_code == 0, done.output
    home = lab / "hem å" / "kommunanalys"
    assert f"Your folder: {home}" in done.output
    assert noted(lab)["cwd"] == str(home)
    assert f"--ServerApp.root_dir={home}" in noted(lab)["words"]
    assert noted(lab)["path"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert "--no-browser" not in noted(lab)["words"]
    assert noted(lab)["settings"] == cli_lab.QUIET
    assert "JupyterLab has ended" in done.output


def test_a_home_that_holds_a_checkout_of_that_name_is_left_alone(lab):
    checkout = lab / "hem å" / "kommunanalys"
    checkout.mkdir()
    (checkout / "pyproject.toml").write_text("")
    assert called("lab").exit_code == 0
    assert noted(lab)["cwd"] == str(checkout.with_name("kommunanalys-lab"))
    assert [path.name for path in checkout.iterdir()] == ["pyproject.toml"]


def test_options_go_on_to_jupyterlab(lab):
    assert called("lab", lab / "mine", "--no-browser", "--port", 8123, "-l", "fi").exit_code == 0
    told = noted(lab)
    assert {"--no-browser", "--ServerApp.port=8123", "--ServerApp.port_retries=0"} <= set(told["words"])
    assert told["language"] == "fi"
    assert called("lab", lab / "mine").exit_code == 0
    assert noted(lab)["language"] == "fi"  # the folder remembers


def test_it_opens_with_the_notebook_that_explores_if_it_is_there(lab):
    called("init", lab / "mine", "--language", "en")
    (lab / "mine" / cli_lab.FIRST).unlink(missing_ok=True)
    called("lab", lab / "mine")
    assert not [word for word in noted(lab)["words"] if "default_url" in word]
    (lab / "mine" / cli_lab.FIRST).write_text("{}")
    called("lab", lab / "mine")
    assert f"--LabApp.default_url=/lab/tree/{cli_lab.FIRST}" in noted(lab)["words"]


def test_without_jupyterlab_it_says_what_to_install_and_makes_nothing(lab, monkeypatch):
    monkeypatch.setattr(cli_lab, "find_spec", lambda _: None)
    done = called("lab", lab / "mine")
    assert isinstance(done.exception, KommunanalysError)
    assert '-m pip install -e "' in str(done.exception)
    assert not (lab / "mine").exists()


def test_an_error_of_jupyterlab_is_one(lab, monkeypatch):
    monkeypatch.setenv("CODE", "3")
    done = called("lab", lab / "mine")
    assert isinstance(done.exception, KommunanalysError)
    assert "(3)" in str(done.exception)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise on Windows")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_and_what_it_started(lab, sign, monkeypatch):
    monkeypatch.setenv("LASTS", "600")
    process = subprocess.Popen(
        [sys.executable, "-m", "kommunanalys", "lab", str(lab / "mine")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 180
    while not (lab / "note.json").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(sign)
    output, error = process.communicate(timeout=180)
    assert process.returncode == 0, error
    assert b"JupyterLab has ended." in output
    assert error == b""
    with pytest.raises(ProcessLookupError):
        os.kill(noted(lab)["pid"], 0)
