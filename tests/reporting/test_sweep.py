"""A sweep: one report each, truthful rows, resume of exactly the rest, nothing half-written however it is stopped."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import psutil
import pytest

from kommunanalys.errors import LockHeld, OutputError, ParameterError, UnknownMunicipality, UsageError
from kommunanalys.reporting import folder
from kommunanalys.reporting import sweep as sweeps
from kommunanalys.reporting.lock import folder_lock
from kommunanalys.reporting.outcome import Progress, Row, Sweep, as_csv
from kommunanalys.reporting.sweep import sweep

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
CODE = "if municipality == '0115':\n    raise ValueError('not this one')\nprint(municipality, year)"


def go(path, output, over=None, **more):
    over = over or {"municipality": ["0114", "0115"]}
    return sweep(path, over, languages=["en"], output=output, workers=2, engine="spawn", **more)


def test_a_failure_is_told_and_resume_does_exactly_the_rest(notebook, tmp_path):
    path, output, seen = notebook(CODE), tmp_path / "r", []
    done = go(path, output, {"municipality": "Upplands Väsby,0115"}, progress=seen.append)
    assert [(row.parameters, row.status, row.made) for row in done.rows] == [
        ({"municipality": "0114"}, "ok", True),
        ({"municipality": "0115"}, "failed", True),
    ]
    assert "not this one" in done.bad[0].reason
    assert [(item.done, item.total) for item in seen] == [(1, 2), (2, 2)]
    assert seen[-1].failed == 1
    told = json.loads((output / "tiny" / "sweep.json").read_text(encoding="utf-8"))
    assert told["counts"] == {"ok": 1, "failed": 1, "timeout": 0, "killed": 0, "skipped": 0}
    assert told["reports"][1]["reason"] == done.bad[0].reason
    assert str(tmp_path) not in json.dumps(told["reports"])
    table = (output / "tiny" / "sweep.csv").read_text(encoding="utf-8-sig").splitlines()
    assert table[1].startswith("0114,en,tiny/en,ok,")

    first = output / "tiny" / "en"  # what is as by default is not named
    before = (first / "run.json").read_bytes()
    again = go(path, output, {"municipality": "0114,0115,0117"}, resume=True)
    assert [(row.status, row.made) for row in again.rows] == [("ok", False), ("failed", True), ("ok", True)]
    assert (first / "run.json").read_bytes() == before

    (first / "report.html").write_text("changed", encoding="utf-8")
    third = go(path, output, {"municipality": "0114,0117"}, resume=True)
    assert [row.made for row in third.rows] == [True, False]


def test_another_request_is_made_again(notebook, tmp_path):
    path, over = notebook("print(municipality)"), {"municipality": ["0114"]}
    go(path, tmp_path / "r", over)
    path = notebook("print(municipality, 'once more')")
    assert go(path, tmp_path / "r", over, resume=True).rows[0].made


def test_several_parameters_and_languages_give_every_combination(notebook, tmp_path, monkeypatch):
    asked = []

    def none(jobs, crew):
        asked.extend((job.values["municipality"], job.values["level"], job.language) for job in jobs)
        return iter(())

    monkeypatch.setattr(sweeps.pools, "carry_out", none)
    over = {"municipality": "0114,0180", "level": "all"}
    done = sweep(notebook("x = 1"), over, {"year": "2021"}, languages=["sv", "fi"], output=tmp_path, engine="spawn")
    assert len(set(asked)) == len(done.rows) == 8
    assert {row.status for row in done.rows} == {"skipped"}
    assert len({row.folder for row in done.rows}) == 8


@pytest.mark.parametrize(
    ("over", "more", "error"),
    [
        ({}, {}, UsageError),
        ({"municpality": "0114"}, {}, ParameterError),
        ({"x=1;y": "0114"}, {}, ParameterError),
        ({"language": "sv"}, {}, UsageError),
        ({"municipality": "0114,9999,114"}, {}, UnknownMunicipality),
        ({"municipality": "{municipality.__class__}"}, {}, UnknownMunicipality),
        ({"municipality": "../../x"}, {}, UnknownMunicipality),
        ({"year": "2021,soon"}, {}, ParameterError),
        ({"municipality": []}, {}, UsageError),
        ({"municipality": "0114"}, {"parameters": {"municipality": "0180"}}, UsageError),
        ({"municipality": "0114"}, {"parameters": {"year": "soon"}}, ParameterError),
        ({"municipality": "0114"}, {"parameters": {"language": "sv"}}, UsageError),
        ({"municipality": "0114"}, {"languages": ["de"]}, UsageError),
        ({"municipality": "0114"}, {"languages": "sv"}, UsageError),
        ({"municipality": "0114"}, {"engine": "thread"}, UsageError),
        ({"municipality": "0114"}, {"workers": 0}, UsageError),
        ({"municipality": "0114"}, {"output": "a/../../b"}, UsageError),
        ({"municipality": "none.csv"}, {}, UsageError),
    ],
)
def test_wrong_calls_do_nothing(notebook, tmp_path, monkeypatch, over, more, error):
    path = notebook("x = 1")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as caught:
        sweep(path, over, **{"engine": "spawn", **more})
    assert caught.value.exit_code == 2
    assert [item.name for item in tmp_path.iterdir()] == ["tiny.ipynb"]


def test_values_that_differ_only_in_capitals_would_share_a_folder_on_some_disks(notebook, tmp_path):
    path = notebook("x = 1", parameters='word: str = ""  # any')
    with pytest.raises(UsageError, match="word-A_en"):
        go(path, tmp_path / "r", {"word": "a,A"})


def test_a_source_of_somebodys_own_does_not_stand_in_the_way(notebook, tmp_path, monkeypatch):
    monkeypatch.setattr(sweeps.pools, "carry_out", lambda *_: iter(()))
    path = notebook("x = 1", parameters='source: str = "own"  # any\nmunicipality: str = ""  # any')
    assert len(go(path, tmp_path / "r", {"municipality": "0114,Jakobstad"}).rows) == 2
    with pytest.raises(UnknownMunicipality, match="SE"):
        go(path, tmp_path / "r", {"municipality": "Jakobstad"}, parameters={"source": "kolada"})


def test_a_folder_that_is_held_is_not_touched(notebook, tmp_path):
    (tmp_path / "r" / "tiny").mkdir(parents=True)
    (tmp_path / "r" / "tiny" / "sweep.json").write_text("theirs", encoding="utf-8")
    with folder_lock(tmp_path / "r"), pytest.raises(LockHeld):
        go(notebook("x = 1"), tmp_path / "r")
    assert (tmp_path / "r" / "tiny" / "sweep.json").read_text(encoding="utf-8") == "theirs"


@pytest.mark.parametrize(("number", "stops"), [(errno.ENOSPC, True), (errno.EACCES, False)])
def test_a_full_disk_stops_the_sweep_and_a_closed_file_does_not(notebook, tmp_path, monkeypatch, number, stops):
    def refused(*_):
        raise OSError(number, "refused")

    monkeypatch.setattr(folder, "_swap", refused)
    made = sweeps.Made({"status": "ok", "seconds": 1.0}, {"report.html": b"x"})
    monkeypatch.setattr(sweeps.pools, "carry_out", lambda jobs, _: ((place, made) for place in range(len(jobs))))
    if stops:
        with pytest.raises(OutputError, match="disk is full"):
            go(notebook("x = 1"), tmp_path / "r")
    else:
        done = go(notebook("x = 1"), tmp_path / "r")
        assert [row.status for row in done.rows] == ["failed", "failed"]
        assert "Excel" in done.rows[0].reason


def test_no_text_becomes_a_formula(tmp_path):
    raw = as_csv([Row({"names": "=1+1"}, "en", "a", "failed", 1.0, "@x")]).decode("utf-8-sig")
    assert "'=1+1" in raw
    assert "'@x" in raw


def test_progress_knows_what_is_left():
    assert Progress(0, 0, 4, 0.0).remaining is None
    assert Progress(1, 0, 4, 2.0).remaining == 6.0


def test_the_summary_counts_in_words():
    rows = (
        Row({}, "sv", "a", "ok"),
        Row({}, "sv", "b", "ok", made=True),
        Row({}, "sv", "c", "killed"),
        Row({}, "sv", "d"),
    )
    text = Sweep("n", Path(), rows).summary()
    assert text == "2 of 4 reports are there: 1 made now, 1 stood there already. 1 failed, 1 were not begun."
    assert Sweep("n", Path(), rows).to_frame()["status"].tolist() == ["ok", "ok", "killed", "skipped"]


def command(path, output, *more):
    codes = ("--over", "municipality=0114,0115,0117,0120")
    options = ("-l", "en", "--workers", "2", "--engine", "spawn", "-o", str(output))
    return [sys.executable, "-m", "kommunanalys", "sweep", str(path), *codes, *options, *more]


def wait_until(true, seconds=180):
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return true()


@posix
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_stopping_ends_the_kernels_and_tells_what_was_done(notebook, tmp_path, number):
    marks = tmp_path / "marks"
    marks.mkdir()
    path = notebook(
        f"import os, pathlib, time\npathlib.Path({str(marks)!r}, str(os.getpid())).touch()\n"
        "if municipality != '0114':\n    time.sleep(600)"
    )
    process = subprocess.Popen(
        command(path, tmp_path / "r"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # The third begins while the report of the first is still being written.
    first = tmp_path / "r" / "tiny" / "en" / "run.json"
    assert wait_until(lambda: (len(list(marks.iterdir())) >= 3 and first.exists()) or process.poll() is not None)
    ours = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(getattr(signal, number))
    said, errors = process.communicate(timeout=180)
    assert process.returncode == 130, errors
    assert "1 of 4 reports are there" in said
    assert "nothing half-written" in errors
    assert "Traceback" not in errors
    assert psutil.wait_procs(ours, timeout=10)[1] == []
    told = json.loads((tmp_path / "r" / "tiny" / "sweep.json").read_text(encoding="utf-8"))
    assert told["counts"]["ok"] == 1
    assert told["counts"]["skipped"] == 3
    assert len(list((tmp_path / "r").rglob("run.json"))) == 1
    assert not list((tmp_path / "r").rglob(".part-*"))


@posix
@pytest.mark.parametrize(("engine", "after"), [("spawn", 0.1), ("spawn", 0.5), ("fork", 0.1), ("fork", 0.8)])
def test_ctrl_c_while_the_workers_begin_says_one_line(notebook, tmp_path, engine, after):
    arguments = [engine if item == "spawn" else item for item in command(notebook("x = 1"), tmp_path / "r")]
    process = subprocess.Popen(
        arguments,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    workers = psutil.Process(process.pid)
    assert wait_until(lambda: any("spawn_main" in " ".join(item.cmdline()) for item in workers.children()))
    time.sleep(after)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to all
    said, errors = process.communicate(timeout=180)
    assert process.returncode == 130, errors
    assert errors.strip().splitlines()[-1:] == ["kommunanalys: stopped; nothing half-written is left."]
    assert "Traceback" not in said + errors
    assert "Error" not in errors


@posix
def test_two_sweeps_at_once_the_second_stops_with_exit_code_3(notebook, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    path = notebook(f"import pathlib, time\npathlib.Path({str(marks)!r}, municipality).touch()\ntime.sleep(600)")
    with subprocess.Popen(command(path, tmp_path / "r"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        assert wait_until(lambda: any(marks.iterdir()))
        second = subprocess.run(command(path, tmp_path / "r"), capture_output=True, text=True, check=False)
        first.terminate()
        first.wait(timeout=180)
    assert second.returncode == 3
    assert f"process {first.pid}" in second.stderr
    assert "Traceback" not in second.stderr


def benchmark():
    spec = spec_from_file_location("kill", Path(__file__).parents[2] / "benchmarks" / "kill.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends workers with their sweep")
@pytest.mark.parametrize("engine", ["spawn", "fork"])
@pytest.mark.parametrize("after", [0.0, 0.2, 0.6])
def test_killed_while_it_publishes(tmp_path, monkeypatch, after, engine):
    kill = benchmark()
    monkeypatch.setattr(kill, "REPORTS", 4)
    done = kill.once(tmp_path, after, engine)
    assert done.stood >= 1
    assert done.wrong == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends workers with their sweep")
@pytest.mark.parametrize("engine", ["spawn", "fork"])
def test_killed_in_the_middle_of_a_notebook_it_leaves_no_process(notebook, tmp_path, engine):
    marks = tmp_path / "marks"
    marks.mkdir()
    path = notebook(
        "import os, pathlib, subprocess, sys, time\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "made = [subprocess.Popen(sleep).pid, subprocess.Popen(sleep, start_new_session=True).pid]\n"
        "child = os.fork()\nif not child:\n    os.setsid()\n    time.sleep(600)\n"
        f"mark = pathlib.Path({str(marks)!r}, municipality)\n"
        "mark.with_suffix('.part').write_text(repr([*made, child]))\n"
        "mark.with_suffix('.part').rename(mark)\ntime.sleep(600)"
    )
    arguments = [engine if item == "spawn" else item for item in command(path, tmp_path / "r")]
    sweeping = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = []
    try:
        assert wait_until(lambda: len([item for item in marks.iterdir() if not item.suffix]) == 2)
        made = [psutil.Process(pid) for item in marks.iterdir() for pid in json.loads(item.read_text())]
        assert len(made) == 6
        sweeping.kill()
        sweeping.wait()
        assert psutil.wait_procs(made, timeout=15)[1] == []
    finally:
        sweeping.kill()
        sweeping.wait()
        for item in made:
            with suppress(psutil.Error):
                item.kill()
