"""The command `sweep`: parameters from everywhere, words for a person, exit codes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kommunanalys import cli_reports
from kommunanalys.cli import app
from kommunanalys.errors import KommunanalysError
from kommunanalys.language import Speaker
from kommunanalys.municipalities import municipalities
from kommunanalys.reporting.outcome import Progress, Row, Stopped, Sweep

RUNNER = CliRunner()
CODES = [f"{number:03d}" for number in range(1, 1000)] + list(municipalities("SE").index)


@pytest.fixture
def asked(monkeypatch):
    """Stands in for the sweep itself; holds what it was asked."""
    calls = []

    def sweep(notebook, over, parameters, **more):
        calls.append({"over": over, "parameters": parameters, **more})
        return Sweep("n", Path("r"), tuple(calls[0].pop("rows", ())))

    monkeypatch.setattr("kommunanalys.reporting.sweep.sweep", sweep)
    return calls


def call(*arguments):
    return RUNNER.invoke(app, ["sweep", "municipality_profile", *arguments])


def test_everything_is_passed_on(asked, tmp_path, monkeypatch):
    file = tmp_path / "p.yaml"
    file.write_text("source: kolada\nyear: 2020\n", encoding="utf-8")
    monkeypatch.setenv("KOMMUNANALYS_PARAMETER_YEAR", "2021")
    monkeypatch.setenv("KOMMUNANALYS_PARAMETER_MUNICIPALITY", "swept over, so not taken")
    options = ("--language", "sv, fi", "--workers", "3", "--engine", "spawn", "--resume", "--timeout", "9", "--docx")
    result = call("--over", "municipality=0114,0180", "--parameters", str(file), *options, "-o", str(tmp_path))
    assert result.exit_code == 0, result.output
    (got,) = asked
    assert got.pop("progress")
    assert got == {
        "over": {"municipality": "0114,0180"},
        "parameters": {"source": "kolada", "year": "2021"},
        "languages": ["sv", "fi"],
        "output": tmp_path,
        "workers": 3,
        "engine": "spawn",
        "scheduler": None,
        "resume": True,
        "timeout": 9.0,
        "docx": True,
    }


def test_every_code_survives_the_command_line(asked):
    for code in CODES[:: len(CODES) // 40]:
        assert call("--over", f"year={code}", "-p", f"municipality={code}").exit_code == 0
        assert asked[-1]["parameters"]["municipality"] == code
        assert asked[-1]["over"] == {"year": code}
    call("--over", f"municipality={','.join(CODES)}")
    assert asked[-1]["over"]["municipality"].split(",") == CODES


def test_dask_comes_with_a_caution(asked):
    assert "can run code" in call("--over", "municipality=X01", "--engine", "dask", "-l", "en").output
    assert "can run code" not in call("--over", "municipality=X01", "-l", "en").output


ROWS = (
    Row({}, "en", "n/municipality-0114_en", "ok", 1.0, "", True),
    Row({}, "en", "n/municipality-0115_en", "timeout", 1.0, "Too slow.", True),
)


def test_what_failed_and_why(monkeypatch):
    monkeypatch.setattr("kommunanalys.reporting.sweep.sweep", lambda *_, **__: Sweep("n", Path("r"), ROWS))
    result = call("--over", "municipality=X01", "-l", "en")
    assert result.exit_code == 1
    assert "municipality-0115_en  took too long: Too slow." in result.output
    assert "municipality-0114_en" not in result.output
    assert "1 of 2 reports are there" in result.output


def test_stopped_tells_what_was_done(monkeypatch):
    def stopped(*_, **__):
        raise Stopped(Sweep("n", Path("r"), ROWS))

    monkeypatch.setattr("kommunanalys.reporting.sweep.sweep", stopped)
    result = call("--over", "municipality=X01", "-l", "en")
    assert result.exit_code == 130
    assert "1 of 2 reports are there" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--over", "municipality"],
        ["--over", "x=1;print(1);y=1"],
        ["--over", "municpality=X01"],
        ["--over", "municipality=X01", "-p", "municipality=X02"],
        ["--over", "municipality=0114"],
        ["--over", "municipality=none.csv"],
        ["--over", "municipality={municipality.__class__}"],
        ["--over", "municipality=%s"],
        ["--over", "year=all"],
        ["--over", "municipality=X01", "--over", "municipality=X02"],
        ["--over", "municipality=X01", "--engine", "thread"],
        ["--over", "municipality=X01", "--engine", "spawn", "--scheduler", "tcp://127.0.0.1:1"],
        ["--over", "municipality=X01", "-o", "../x"],
        ["--over", "municipality=X01", "-l", "de"],
        ["--over", "municipality=X01", "--parameters", "none.yaml"],
        ["--over", "municipality=X01", "--workers", "0"],
    ],
)
def test_wrong_usage_does_nothing_and_exits_with_2(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        assert isinstance(result.exception, KommunanalysError)
        assert result.exception.exit_code == 2
        assert str(result.exception)
    else:
        assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_now_and_then_and_at_the_end(capsys, monkeypatch):
    told = cli_reports.teller(Speaker("en"))
    told(Progress(1, 0, 3, 10.0))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(cli_reports, "EVERY", 0)
    told(Progress(2, 1, 3, 400.0))
    told(Progress(3, 1, 3, 600.0))
    assert capsys.readouterr().err.splitlines() == [
        "2 of 3 reports, 1 failed, 3 min left.",
        "3 of 3 reports, 1 failed, 0 s left.",
    ]


def test_a_terminal_has_a_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    told = cli_reports.teller(Speaker("en"))
    told(Progress(1, 0, 2, 10.0))
    told(Progress(2, 0, 2, 20.0))
    assert "2/2" in capsys.readouterr().err
