"""Workers that die, and a cluster whose worker dies, cost no report."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec

import psutil
import pytest

from kommunanalys.errors import KommunanalysError, UsageError
from kommunanalys.reporting import pools
from kommunanalys.reporting.run import Made, prepare
from kommunanalys.reporting.sweep import sweep

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


class Fake:
    """Workers without processes: `does(name, try)` says what becomes of a job; a break takes down all handed out."""

    window = 4

    def __init__(self, does):
        self.does, self.tries, self.renewed, self.open = does, {}, 0, []

    def submit(self, job):
        name, future = job.notebook, Future()
        self.tries[name] = self.tries.get(name, 0) + 1
        what = self.does(name, self.tries[name])
        if what == "breaks":
            for item in [*self.open, future]:
                item.set_exception(BrokenProcessPool())
            self.open = []
        elif what == "waits":
            self.open.append(future)
        elif isinstance(what, Exception):
            future.set_exception(what)
        else:
            future.set_result(Made({"status": "ok", "notebook": name}, {}))
        return future

    def renew(self):
        self.renewed += 1

    def close(self, *, at_once):
        pass


@pytest.fixture
def jobs(notebook):
    return [prepare(notebook("x = 1", name=name)) for name in "abcdef"]


def outcome(jobs, crew):
    done = dict(pools.carry_out(jobs, crew))
    assert sorted(done) == list(range(len(jobs)))
    return [done[number].record["status"] for number in range(len(jobs))]


def test_all_are_made_once(jobs):
    crew = Fake(lambda *_: "ok")
    assert outcome(jobs, crew) == ["ok"] * 6
    assert set(crew.tries.values()) == {1}


def test_one_break_costs_nothing_but_a_second_try(jobs):
    crew = Fake(lambda name, tried: "waits" if tried == 1 and name < "c.ipynb" else "breaks" if tried == 1 else "ok")
    assert outcome(jobs, crew) == ["ok"] * 6
    assert crew.renewed >= 1


def test_one_that_always_breaks_is_killed_and_the_others_are_made(jobs):
    crew = Fake(lambda name, tried: "breaks" if name == "c.ipynb" else "waits" if tried == 1 and name < "c" else "ok")
    assert outcome(jobs, crew) == ["ok", "ok", "killed", "ok", "ok", "ok"]
    assert crew.tries["c.ipynb"] == 2


def test_an_error_on_the_way_is_a_failure_of_that_report(jobs):
    crew = Fake(lambda name, _: TypeError("cannot be pickled") if name == "b.ipynb" else "ok")
    assert outcome(jobs, crew) == ["ok", "failed", "ok", "ok", "ok", "ok"]


def test_a_scheduler_that_is_gone_stops_the_sweep(jobs):
    class Gone(Fake):
        def submit(self, job):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(KommunanalysError, match="--resume"):
        outcome(jobs, Gone(None))


@posix
def test_a_notebook_that_kills_its_worker_is_killed_and_the_sweep_goes_on(notebook, tmp_path):
    over = {"municipality": ["0114", "0115", "0117"]}
    # Only a worker: a kernel whose worker has just died has another parent.
    path = notebook(
        "import psutil\nparent = psutil.Process().parent()\n"
        "if municipality == '0115' and 'spawn_main' in ' '.join(parent.cmdline()):\n    parent.kill()\n    input()"
    )
    done = sweep(path, over, languages=["en"], output=tmp_path / "r", workers=2, engine="spawn")
    assert [row.status for row in done.rows] == ["ok", "killed", "ok"]
    children = [" ".join(item.cmdline()) for item in psutil.Process().children(recursive=True)]
    assert not [text for text in children if "ipykernel" in text]


@pytest.mark.parametrize(
    ("engine", "scheduler", "words"),
    [("thread", None, "spawn, fork, dask"), ("spawn", "tcp://127.0.0.1:1", "--engine dask")],
)
def test_wrong_engines(engine, scheduler, words):
    with pytest.raises(UsageError, match=words):
        pools.crew(engine, 1, scheduler)


def test_fork_is_refused_where_there_is_none(monkeypatch):
    monkeypatch.delattr(os, "fork", raising=False)
    with pytest.raises(UsageError, match="spawn"):
        pools.check_engine("fork")


def test_without_dask_the_way_to_install_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install .*\[dask\]"):
        pools.crew("dask", 1)


def test_other_versions_on_a_worker_are_refused():
    ours = pools.versions()
    pools._same_versions({"tcp://a": ours})
    with pytest.raises(UsageError, match=r"tcp://b.*numpy 1\.0 / "):
        pools._same_versions({"tcp://a": ours, "tcp://b": {**ours, "numpy": "1.0"}})


dask = pytest.mark.skipif(not find_spec("distributed"), reason="the extra dask is not installed")


@contextmanager
def process(*arguments):
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.kill()


@dask
def test_nobody_at_the_address(monkeypatch):
    monkeypatch.setattr(pools, "PATIENCE", 1)
    with pytest.raises(UsageError, match="dask scheduler"):
        pools.crew("dask", 1, "tcp://127.0.0.1:9")


@dask
@posix
def test_a_cluster_whose_worker_is_killed_in_the_middle_gives_every_report(notebook, tmp_path):
    path = notebook("import time\ntime.sleep(0.3)\nprint('I am', municipality)")
    codes = ["0114", "0115", "0117", "0120", "0123", "0125"]
    file = tmp_path / "scheduler.json"
    place = ("--scheduler-file", str(file))
    worker = ("distributed.cli.dask_worker", *place, "--nthreads", "1", "--no-dashboard", "--no-nanny")
    with ExitStack() as held:
        held.enter_context(
            process("distributed.cli.dask_scheduler", *place, "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        )
        first, _ = (held.enter_context(process(*worker, "--host", "127.0.0.1", "--name", name)) for name in "ab")
        until = time.monotonic() + 30
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.1)
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        killed = []

        def kill(now):
            if not killed:
                killed.append(now.done)
                first.send_signal(signal.SIGKILL)

        done = sweep(
            path,
            {"municipality": codes},
            languages=["en"],
            output=tmp_path / "r",
            engine="dask",
            scheduler=address,
            progress=kill,
        )
    assert killed == [1]
    assert [row.status for row in done.rows] == ["ok"] * 6
    for code, row in zip(codes, done.rows, strict=True):
        assert f"I am {code}" in (tmp_path / "r" / row.folder / "report.html").read_text(encoding="utf-8")
