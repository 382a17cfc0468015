"""Real runs of tiny notebooks: reports, failures, records."""

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import pytest

from kommunanalys.errors import NotebookError, OutputError, ParameterError, Timeout, UsageError
from kommunanalys.language import Speaker
from kommunanalys.reporting.execute import KernelKilled
from kommunanalys.reporting.run import attempt, make, prepare, run

TABLE = """import pandas as pd
import kommunanalys as ka
from kommunanalys.figures import Table
data = pd.DataFrame({"n": [len(municipality), 7.5]}, index=["a", municipality])
ka.show(Table(data, "Caption"), say=ka.Speaker(language, "SE"))"""


def files(folder):
    return sorted(item.name for item in folder.rglob("*") if item.is_file())


def test_a_run_publishes_page_sheets_and_record(notebook, tmp_path):
    report = run(notebook(TABLE), {"municipality": "0114 åäö"}, language="fi", output=tmp_path / "ut åäö")
    assert files(report.folder) == ["executed.ipynb", "report.html", "report.xlsx", "run.json"]
    record = json.loads((report.folder / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "ok"
    assert record["parameters"]["municipality"] == "0114 åäö"
    assert record["parameters"]["language"] == "fi"
    assert record["seconds"] > 0
    assert set(record["outputs"]) == {"report.html", "report.xlsx", "executed.ipynb"}
    page = report.page.read_text(encoding="utf-8")
    assert "0114 åäö" in page
    assert "7,50" in page or "7,5" in page or ">8<" in page


def test_the_same_run_has_the_same_identity_and_another_one_another(notebook, tmp_path):
    path = notebook("x = 1")
    first, again = (run(path, output=tmp_path / "a").record["id"] for _ in range(2))
    assert first == again
    assert run(path, {"year": 2020}, output=tmp_path / "a").record["id"] != first


def test_the_same_run_at_the_same_time_gives_the_same_bytes(notebook, tmp_path, monkeypatch):
    monkeypatch.setattr("kommunanalys.reporting.run.now", lambda: "2026-01-02T03:04:05+00:00")
    job = prepare(notebook(TABLE))
    first, again = (make(job, Speaker("en")).files for _ in range(2))
    assert set(first) == {"report.html", "report.xlsx", "executed.ipynb"}
    assert all(first[name] == again[name] for name in ("report.html", "report.xlsx"))
    with zipfile.ZipFile(io.BytesIO(first["report.xlsx"])) as book:
        assert {item.date_time for item in book.infolist()} == {(2026, 1, 2, 3, 4, 4)}
        assert b"2026-01-02T03:04:05Z</dcterms:created>" in book.read("docProps/core.xml")


def test_an_attempt_never_raises_and_a_job_can_be_sent(notebook):
    job = pickle.loads(pickle.dumps(prepare(notebook("1 / 0"), {"municipality": "0114"})))
    made = attempt(job)
    assert made.files == {}
    assert made.record["status"] == "failed"
    assert made.record["request"] == job.begin()["request"]
    assert attempt(replace(job, source="{")).record["status"] == "failed"


def test_a_failure_replaces_a_failure_and_a_report_replaces_both(notebook, tmp_path):
    bad, good = notebook("1 / 0"), tmp_path / "r"
    for _ in range(2):
        with pytest.raises(NotebookError):
            run(bad, output=good)
        assert files(good) == ["run.json"]
    run(notebook("x = 1"), output=good)
    assert files(good) == ["executed.ipynb", "report.html", "report.xlsx", "run.json"]


def test_a_failing_cell_says_its_own_words_and_leaves_no_report(notebook, tmp_path):
    path = notebook("import kommunanalys as ka\nka.find('Jakobstadd')")
    with pytest.raises(NotebookError, match="Jakobstad") as caught:
        run(path, output=tmp_path / "r")
    assert caught.value.code == 2
    assert files(tmp_path / "r") == ["run.json"]
    record = json.loads(next((tmp_path / "r").rglob("run.json")).read_text(encoding="utf-8"))
    assert record["status"] == "failed"
    assert "Jakobstad" in record["error"]["message"]


def test_the_words_are_in_the_language_of_the_report(notebook, tmp_path):
    with pytest.raises(NotebookError, match="kunta"):
        run(notebook("import kommunanalys as ka\nka.find('Jakobstadd')"), language="fi", output=tmp_path / "r")


def test_a_good_report_survives_a_later_failure(notebook, tmp_path):
    report = run(notebook("x = 1"), output=tmp_path / "r")
    before = report.page.read_bytes()
    with pytest.raises(NotebookError, match="ZeroDivisionError"):
        run(notebook("1 / 0"), output=tmp_path / "r")
    assert report.page.read_bytes() == before
    assert json.loads((report.folder / "run.json").read_text(encoding="utf-8"))["status"] == "ok"
    assert json.loads((report.folder / "run-failed.json").read_text(encoding="utf-8"))["status"] == "failed"


@pytest.mark.parametrize(
    ("code", "error", "status"),
    [
        ("import os\nos._exit(0)", NotebookError, "failed"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", KernelKilled, "killed"),
    ],
)
def test_a_killed_kernel_is_killed_not_completed(notebook, tmp_path, code, error, status):
    with pytest.raises(error):
        run(notebook(code), output=tmp_path / "r")
    record = json.loads(next((tmp_path / "r").rglob("run.json")).read_text(encoding="utf-8"))
    assert record["status"] == status
    assert files(tmp_path / "r") == ["run.json"]


def test_a_timeout_is_a_timeout(notebook, tmp_path):
    with pytest.raises(Timeout, match="1"):
        run(notebook("import time\ntime.sleep(60)"), output=tmp_path / "r", timeout=1)
    assert json.loads(next((tmp_path / "r").rglob("run.json")).read_text(encoding="utf-8"))["status"] == "timeout"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ({"parameters": {"x=1;print(1);y": "1"}}, ParameterError),
        ({"parameters": {"municpality": "1"}}, ParameterError),
        ({"parameters": {"year": "soon"}}, ParameterError),
        ({"parameters": {"language": "sv"}}, UsageError),
        ({"language": "de"}, UsageError),
        ({"output": "a/../../b"}, UsageError),
    ],
)
def test_wrong_calls_do_nothing(notebook, tmp_path, monkeypatch, call, error):
    path = notebook("x = 1")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error):
        run(path, **call)
    assert files(tmp_path) == ["tiny.ipynb"]


def test_parameters_cannot_be_code(notebook, tmp_path):
    hostile = "'; import pathlib; pathlib.Path('planted').touch(); '"
    report = run(
        notebook('assert municipality.startswith("\'; import")'), {"municipality": hostile}, output=tmp_path / "r"
    )
    assert report.record["parameters"]["municipality"] == hostile
    assert not list(tmp_path.rglob("planted"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere; Windows has no modes")
def test_a_folder_that_cannot_be_written(notebook, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        run(notebook("x = 1"), output=closed)


def test_a_file_where_the_folder_should_be(notebook, tmp_path):
    (tmp_path / "r").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="--output"):
        run(notebook("x = 1"), output=tmp_path / "r")


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent in another way on Windows")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_stopping_in_the_middle_leaves_nothing_half_written(notebook, tmp_path, number, code):
    started = tmp_path / "started"
    path = notebook(
        f"import pathlib, os, time\npathlib.Path({str(started)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    )
    command = [
        sys.executable,
        "-m",
        "kommunanalys",
        "run",
        str(path),
        "--output",
        str(tmp_path / "r"),
        "--language",
        "en",
    ]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        # A shell that runs the tests in the background lets its children ignore Ctrl-C; a person's does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (started.exists() and started.read_text(encoding="utf-8")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=180)
    assert process.returncode == code, errors
    assert "nothing half-written" in errors
    assert "Traceback" not in errors
    assert files(tmp_path / "r") == ["run.json"]
    assert json.loads(next((tmp_path / "r").rglob("run.json")).read_text(encoding="utf-8"))["status"] == "killed"
    kernel = int(started.read_text(encoding="utf-8"))
    for _ in range(100):
        if not _alive(kernel):
            break
        time.sleep(0.1)
    assert not _alive(kernel)


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_is_missing_is_refused_before_anything_runs_or_is_written(notebook, tmp_path, monkeypatch):
    from kommunanalys.reporting.sweep import sweep

    path, output = notebook("x = 1"), tmp_path / "r"
    monkeypatch.delenv("HIDDEN", raising=False)
    over = {"level": "low,high"}
    with pytest.raises(UsageError, match="HIDDEN"):
        run(path, {"municipality": "env:HIDDEN"}, output=output)
    with pytest.raises(UsageError, match="HIDDEN"):
        sweep(path, over, {"names": "[]", "municipality": "env:HIDDEN"}, output=output, engine="spawn")
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(UsageError, match="documents"):
        run(path, output=output, docx=True)
    with pytest.raises(UsageError, match="documents"):
        sweep(path, over, output=output, docx=True, engine="spawn")
    assert not output.exists()
