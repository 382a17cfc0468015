"""The command `sweep`: parameters from everywhere, words for a person, exit codes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kommunanalys import cli_reports
from kommunanalys.cli import app
from kommunanalys.errors import KommunanalysError, OutputError
from kommunanalys.language import Speaker
from kommunanalys.municipalities import municipalities
from kommunanalys.reporting.outcome import Progress, Row, Stopped, Sweep, Unwritten

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


@pytest.fixture
def mailed(monkeypatch):
    """Stands in for the mail server; holds what was mailed. `mailed.refuse` makes it fail."""

    class Mailed(list):
        refuse = False

        def __call__(self, outcome, **_):
            self.append(outcome)
            if self.refuse:
                raise OutputError("The mail server is away.")

    found = Mailed()
    monkeypatch.setattr("kommunanalys.reporting.notify.notify", found)
    monkeypatch.setattr("kommunanalys.reporting.notify.check_notify", lambda *_: None)
    return found


def swept(monkeypatch, *, ends=None):
    def sweep(*_, **__):
        done = Sweep("n", Path("r"), (*ROWS, Row({}, "en", "n/municipality-0117_en")))
        if ends:
            raise ends(done)
        return done

    monkeypatch.setattr("kommunanalys.reporting.sweep.sweep", sweep)


def test_mail_that_fails_does_not_swallow_the_summary(monkeypatch, mailed):
    swept(monkeypatch)
    mailed.refuse = True
    result = call("--over", "municipality=X01", "-l", "en", "--notify", "a@example.org")
    assert str(result.exception) == "The mail server is away."
    assert "1 of 3 reports are there" in result.output
    assert "Too slow." in result.output


def test_the_mail_about_a_stopped_sweep_counts_its_reports(monkeypatch, mailed):
    swept(monkeypatch, ends=Stopped)
    mailed.refuse = True
    result = call("--over", "municipality=X01", "-l", "en", "--notify", "a@example.org")
    assert result.exit_code == 130
    assert result.output.index("1 of 3 reports are there") < result.output.index("The mail server is away.")
    assert [dict(outcome.counts) for outcome in mailed] == [{"ok": 1, "timeout": 1, "skipped": 1}]
    assert not mailed[0].well


def test_a_summary_that_could_not_be_written_is_told_on_the_screen_and_in_the_mail(monkeypatch, mailed):
    swept(monkeypatch, ends=lambda done: Unwritten(OutputError("{place} is open.", place="sweep.csv"), done))
    result = call("--over", "municipality=X01", "-l", "en", "--notify", "a@example.org")
    assert isinstance(result.exception, Unwritten)
    assert str(result.exception) == "sweep.csv is open."
    assert "1 of 3 reports are there" in result.output
    assert dict(mailed[0].counts) == {"ok": 1, "timeout": 1, "skipped": 1, "failed": 1}
