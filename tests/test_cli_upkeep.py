"""The commands around many reports, as a person types them."""

import json
import os
import time

import pytest
from typer.testing import CliRunner

from kommunanalys.cli import app
from kommunanalys.errors import CheckFailed, LockHeld, ParameterError, UnknownMunicipality, UsageError
from kommunanalys.reporting.lock import folder_lock
from kommunanalys.reporting.run import run
from tests.reporting.conftest import notebook

__all__ = ["notebook"]


def called(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def reports(notebook, tmp_path):
    run(notebook("print('six')"), language="en", output=tmp_path / "reports")
    return tmp_path / "reports"


def test_index_tells_where_the_start_page_lies(reports):
    done = called("index", reports)
    assert done.exit_code == 0
    assert f"Start page: {reports / 'index.html'}" in done.output
    assert "What happens?" in (reports / "index.en.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["index", "retention"])
def test_a_folder_that_is_not_there_is_not_made(tmp_path, command):
    assert isinstance(called(command, tmp_path / "reprots").exception, UsageError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["index", "retention"])
def test_nothing_is_written_while_a_sweep_holds_the_folder(reports, command):
    with folder_lock(reports):
        done = called(command, reports)
    assert isinstance(done.exception, LockHeld)
    assert done.exception.exit_code == 3
    assert not (reports / "index.html").exists()


def test_check_is_content_with_a_good_report_and_names_the_fault_of_a_bad_one(reports):
    assert called("check", reports).output == f"No faults in {reports}.\n"
    page = next(reports.rglob("report.html"))
    page.write_text(page.read_text(encoding="utf-8").replace('<html lang="en">', "<html>"), encoding="utf-8")
    done = called("check", reports)
    assert "[language]" in done.output
    assert isinstance(done.exception, CheckFailed)
    assert done.exception.exit_code == 4


def test_check_speaks_the_language_asked_for(reports):
    assert "Ei virheitä" in called("check", reports, "--language", "fi").output


@pytest.mark.parametrize(("emit", "words"), [("systemd", "Persistent=true"), ("cron", "anacron"), ("windows", "<Task")])
def test_schedule_prints_what_to_install(emit, words):
    done = called("schedule", "cost_efficiency", "--every", "week", "--emit", emit, "-p", "municipality=X02")
    assert done.exit_code == 0, done.output
    assert words in done.output
    assert "municipality=X02" in done.output


def test_a_scheduled_sweep_has_all_that_was_asked(tmp_path):
    words = ["--every", "month", "--over", "municipality=X01,X02", "--output", tmp_path / "r", "--language", "sv,fi"]
    line = next(
        line for line in called("schedule", "open_data", *words).output.splitlines() if line.startswith("ExecStart=")
    )
    for word in ("sweep", "open_data", "--over=municipality=X01,X02", "--language=sv,fi", f"--output={tmp_path / 'r'}"):
        assert word in line


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["-p", "municpality=X02"], ParameterError),
        (["--over", "municipality=X02,Nowhere"], UnknownMunicipality),
        (["--over", "municipality=X02", "-p", "year=soon"], ParameterError),
    ],
)
def test_a_schedule_of_something_wrong_is_refused_now_rather_than_every_night(words, error):
    done = called("schedule", "cost_efficiency", "--every", "day", *words)
    assert isinstance(done.exception, error), done.exception
    assert "ExecStart" not in done.output


def test_retention_deletes_old_private_notebooks_and_says_how_many(reports):
    assert "0 executed notebooks deleted." in called("retention", reports, "--days", "90").output
    path = next(reports.rglob("run.json"))
    record = {**json.loads(path.read_text(encoding="utf-8")), "finished": "2020-01-01T00:00:00+00:00"}
    path.write_text(json.dumps(record), encoding="utf-8")
    os.utime(path.parent / "executed.ipynb", (time.time() - 1e8,) * 2)
    assert "1 executed notebooks deleted." in called("retention", reports, "--days", "90").output
    assert not list(reports.rglob("executed.ipynb"))
    assert list(reports.rglob("report.html"))


@pytest.mark.parametrize("emit", ["systemd", "cron", "windows"])
def test_secrets_that_a_file_of_parameters_names_are_told(tmp_path, emit):
    file = tmp_path / "p.yaml"
    file.write_text("source: env:SOURCE_KEY\n", encoding="utf-8")
    words = ["--every", "week", "--emit", emit, "--parameters", file, "--notify", "a@example.org"]
    done = called("schedule", "municipality_profile", *words)
    assert done.exit_code == 0, done.exception
    assert "(SOURCE_KEY, KOMMUNANALYS_SMTP, KOMMUNANALYS_SMTP_FROM, " in done.output


def test_retention_deletes_lists_whose_day_has_come(reports):
    from tests.early_warning.lists import write

    assert len(write()) == 2
    assert "2 expired lists deleted." in called("retention", reports).output
    assert "0 expired lists deleted." in called("retention", reports).output


def test_retention_deletes_what_was_made_under_ended_permits(reports, tmp_path):
    from tests.reporting.test_retention import parcel
    from tests.secrecy.people import permit

    (tmp_path / "permits").mkdir()
    permit(tmp_path / "permits", valid_from="2020-01-01", valid_until="2020-12-31")
    place, other = parcel("a.parcel", "free_zone", 1), parcel("b.parcel", "other", 1)
    assert "0 parcels deleted." in called("retention", reports).output
    done = called("retention", reports, "--permits", tmp_path / "permits")
    assert "1 parcels deleted." in done.output
    assert not place.exists()
    assert other.exists()
    assert isinstance(called("retention", reports, "--permits", tmp_path / "none").exception, UsageError)
