"""A notebook that misbehaves is stopped, told of truthfully, and leaves nothing behind, under both engines."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from kommunanalys.reporting.limits import Limits, size
from kommunanalys.reporting.offspring import end, end_marked, marked, new_mark
from tests.reporting.forked import Worker, worker

ENGINES = ["spawn", *(["fork"] if hasattr(os, "fork") else [])]
TIGHT = Limits(timeout=30, memory=1_500_000_000, output=5_000_000)
STAYING = {
    "plain": "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)",
    "session": "import subprocess\nprint(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)",
    "twice": (
        "import os, time\nread, write = os.pipe()\nif os.fork() == 0:\n    os.setsid()\n    if os.fork():\n"
        "        os._exit(0)\n    os.write(write, str(os.getpid()).encode())\n    time.sleep(600)\n"
        "print(os.read(read, 99).decode())"
    ),
}
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX processes")


@pytest.fixture(scope="module")
def one() -> Iterator[Worker]:
    """Both engines run in it: one after the other, so that each must leave the process as it was."""
    with worker() as made:
        yield made


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.exit(0)",
        "import sys; sys.exit()",
        "exit()",
        "quit()",
        "import os; os._exit(0)",
        "import os; os._exit(3)",
    ],
)
def test_a_notebook_that_ends_itself_never_looks_well(one: Worker, engine: str, code: str):
    outcome = one.run("print(1)", code, "print(2)", engine=engine)
    assert (outcome.error, outcome.left) == ("NotebookStopped", [])
    assert "ended itself" in outcome.message


@pytest.mark.parametrize("engine", ENGINES)
def test_another_exit_code_is_told(one: Worker, engine: str):
    assert one.run("import sys; sys.exit(3)", engine=engine).message == "SystemExit: 3"


@posix
@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_process_is_told_as_killed(one: Worker, engine: str):
    outcome = one.run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", engine=engine)
    assert (outcome.error, outcome.left) == ("KernelKilled", [])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(600)",
        "while True:\n    try:\n        pass\n    except BaseException:\n        pass",
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)",
    ],
)
def test_a_cell_that_never_ends_is_stopped(one: Worker, engine: str, code: str):
    outcome = one.run(code, engine=engine, limits=Limits(timeout=2))
    assert (outcome.error, outcome.left) == ("Timeout", [])
    assert "2 s" in outcome.message


@posix
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds the limit")
@pytest.mark.parametrize("engine", ENGINES)
def test_memory_is_bounded(one: Worker, engine: str):
    outcome = one.run("kept = []\nwhile True:\n    kept.append(bytearray(20_000_000))", engine=engine, limits=TIGHT)
    assert (outcome.error, outcome.left) == ("NotebookStopped", [])
    assert "MemoryError" in outcome.message
    assert not one.run("print(len(bytearray(20_000_000)))", engine=engine, limits=TIGHT).error


@posix
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "code",
    [
        "print('x' * 200_000_000)",
        "for _ in range(200_000):\n    print('x' * 1000)",
        "import os\nos.system('yes | head -c 200000000')",
        "from IPython.display import HTML\nfor _ in range(100):\n    display(HTML('x' * 2_000_000))",
        "raise ValueError('x' * 200_000_000)",
    ],
)
def test_a_flood_is_stopped_and_does_not_fill_the_one_who_listens(one: Worker, engine: str, code: str):
    before = one.call(peak)
    outcome = one.run(code, engine=engine, limits=TIGHT)
    assert (outcome.error, outcome.left) == ("TooMuchOutput", [])
    assert "5.0 MB" in outcome.message
    assert one.call(peak) - before < 100_000_000


def peak() -> int:
    """The most memory that the worker has had [bytes]."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("engine", ENGINES)
def test_as_much_output_as_is_allowed_comes_through(one: Worker, engine: str):
    outcome = one.run("print('x' * 4_000_000)", engine=engine, limits=TIGHT)
    assert not outcome.error, outcome.message
    assert len(outcome.outputs[1][0].text) == 4_000_001


@posix
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("how", STAYING)
def test_no_process_of_a_notebook_outlives_it(one: Worker, engine: str, how: str):
    outcome = one.run(STAYING[how], engine=engine)
    assert not outcome.error, outcome.message
    pid = int(next(item.text for item in outcome.outputs[1] if item.get("name") == "stdout"))
    try:
        assert gone(pid)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert outcome.left == []


def gone(pid: int) -> bool:
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_killed_worker_takes_its_notebook_with_it(tmp_path):
    place = tmp_path / "pid"
    code = f"import os, pathlib, time\npathlib.Path({str(place)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    program = (
        "from kommunanalys.reporting.engines import warm; warm()\n"
        "from tests.reporting.forked import attempt, DECLARED; from kommunanalys.reporting.limits import Limits\n"
        f"attempt(({code!r},), 'fork', Limits(), {{}}, DECLARED)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    try:
        for _ in range(1800):
            if place.exists() and place.read_text():
                break
            time.sleep(0.1)
        pid = int(place.read_text())
        parent.kill()
        parent.wait()
        assert gone(pid)
    finally:
        parent.kill()
        parent.wait()


@posix
@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupted_run_ends_its_notebook(tmp_path, engine: str):
    place = tmp_path / "pid"
    code = f"import os, pathlib, time\npathlib.Path({str(place)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    program = (
        "from kommunanalys.reporting.engines import warm; warm()\n"
        "from tests.reporting.forked import attempt, DECLARED; from kommunanalys.reporting.limits import Limits\n"
        f"attempt(({code!r},), {engine!r}, Limits(), {{}}, DECLARED)"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    parent = subprocess.Popen([sys.executable, "-c", program], env=environment, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1800):
            if place.exists() and place.read_text():
                break
            time.sleep(0.1)
        pid = int(place.read_text())
        parent.send_signal(signal.SIGINT)
        parent.wait(180)
        assert gone(pid)
    finally:
        parent.kill()
        parent.wait()


def test_processes_are_known_by_their_mark():
    mark = new_mark()
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env={**os.environ, "KOMMUNANALYS_RUN": mark}
    )
    try:
        for _ in range(100):
            if marked(mark):
                break
            time.sleep(0.05)
        assert [item.pid for item in marked(mark)] == [child.pid]
        end_marked(mark)
        assert gone(child.pid)
    finally:
        end([psutil.Process(child.pid)] if child.poll() is None else [])
        child.wait()


def test_the_size_of_a_message():
    assert size({"name": "stdout", "text": "four"}) == 4
    assert size({"ename": "E", "evalue": "", "traceback": ["ab", "c"]}) == 3
    assert size({"data": {"a": {"b": 1}}}) == len('{"b": 1}')
    assert size({"execution_state": "idle"}) == 0
