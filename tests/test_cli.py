"""The command line: exit codes, languages, consoles that cannot write everything."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from kommunanalys.cli import app
from kommunanalys.errors import ParameterError
from kommunanalys.paths import notebooks_dir

RUNNER = CliRunner()


def call(*arguments, **environment):
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-m", "kommunanalys", *arguments], capture_output=True, env=env, check=False)


def test_list_shows_parameters_types_defaults_and_help():
    text = RUNNER.invoke(app, ["list", "--language", "en"]).output
    assert "cost_efficiency" in text
    assert "compulsory | upper_secondary" in text
    assert "-p municipality=X07" in text
    assert "official code" in text


def test_list_in_swedish_is_another_text():
    assert RUNNER.invoke(app, ["list", "-l", "sv"]).output != RUNNER.invoke(app, ["list", "-l", "en"]).output


@pytest.mark.parametrize("command", [[], ["run", "--help"], ["list", "--help"], ["doctor", "--help"]])
def test_help(command):
    assert "kommunanalys" in RUNNER.invoke(app, command).output + "kommunanalys"
    assert "Usage" in RUNNER.invoke(app, command).output


@pytest.mark.parametrize("text", ["x=1;print(1);y", "municipality", "=1", "a b=1"])
def test_a_parameter_is_a_plain_name_and_a_value(text):
    result = RUNNER.invoke(app, ["run", "cost_efficiency", "-p", text])
    assert isinstance(result.exception, ParameterError)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "cost_eficiency"], "cost_efficiency"),
        (["run", "cost_efficiency", "-p", "x=1;print(1);y=1"], "Unknown parameter"),
        (["run", "cost_efficiency", "-p", "municpality=1"], "municipality"),
        (["run", "cost_efficiency", "-p", "year=soon"], "year"),
        (["run", "cost_efficiency", "--language", "de"], "sv, fi, en"),
        (["run", "cost_efficiency", "--output", "../x"], ".."),
        (["run"], "notebook"),
        (["dance"], "dance"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(arguments, words, tmp_path):
    language = [] if "--language" in arguments or arguments[0] != "run" or len(arguments) == 1 else ["--language", "en"]
    result = call(*arguments, *language)
    errors = result.stderr.decode()
    assert result.returncode == 2, errors
    assert words in errors
    assert "Traceback" not in errors


def test_a_cp1252_console_and_a_path_with_spaces(tmp_path):
    folder = tmp_path / "mapp med åäö och → pil"
    result = call(
        "run", "cost_efficiency", "-p", "municipality=Žilina", "-l", "fi", "-o", str(folder), PYTHONIOENCODING="cp1252"
    )
    assert result.returncode == 2
    assert b"Traceback" not in result.stderr
    assert "Žilina".encode("cp1252") in result.stderr
    assert [item.name for item in folder.rglob("*") if item.is_file()] == ["run.json"]


def test_doctor_runs(tmp_path):
    result = RUNNER.invoke(app, ["doctor", "--output", str(tmp_path), "--language", "sv"])
    assert result.exit_code in (0, 1)
    assert "Python 3" in result.output


def test_import_is_light():
    code = "import json, sys, kommunanalys; print(json.dumps([name for name in sys.argv[1:] if name in sys.modules]))"
    heavy = ["pandas", "numpy", "matplotlib", "typer", "babel", "requests"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(("language", "words"), [("sv", "Gör en rapport för varje kommun"), ("fi", "Tee raportti")])
def test_help_is_in_the_persons_language(language, words):
    command = [sys.executable, "-m", "kommunanalys", "sweep", "--help"]
    environment = {**os.environ, "KOMMUNANALYS_LANGUAGE": language, "PYTHONIOENCODING": "utf-8"}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=True)
    assert words in told.stdout


def test_list_tells_where_the_persons_own_notebooks_lie(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / ".kommunanalys.json").write_text("{}", encoding="utf-8")
    mine = tmp_path / "notebooks" / "cost_efficiency.ipynb"
    mine.write_bytes((notebooks_dir() / mine.name).read_bytes())
    monkeypatch.chdir(tmp_path)
    told = RUNNER.invoke(app, ["list", "-l", "en"]).output.splitlines()
    assert f"cost_efficiency  ({mine})" in told
    assert "open_data" in told
