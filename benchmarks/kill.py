"""What `kill -9` of a sweep leaves behind, and whether `--resume` does exactly the rest.

It is killed at a random moment between its first published report and its end; each notebook has started a process.

python benchmarks/kill.py [times] [engine]        (default: 50 times, spawn; Linux)
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kommunanalys.origin import hash_bytes
from kommunanalys.reporting.record import OWN, RECORD, STATUSES, read

REPORTS = 8
PARAMETERS = 'code: str = ""  # a code\ncounted: str = ""  # folder in which each run leaves a mark'
CODE = """import pathlib, subprocess, sys, uuid
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)  # helper of a notebook"])
pathlib.Path(counted, f"{code}-{uuid.uuid4().hex}").write_text(str(helper.pid))
print(code)"""
HIDDEN = (".kommunanalys.lock", ".kommunanalys.holder.json")
GRACE = 15
"""How long orphans may take to end [s]."""


def small_notebook(folder: Path) -> Path:
    """A notebook that does next to nothing, and leaves a mark of each run."""
    cells = [
        new_markdown_cell("# Killed?"),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        new_code_cell(CODE),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / "small.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata=kernel), path)
    return path


def command(notebook: Path, counted: Path, output: Path, engine: str, *more: str) -> list[str]:
    """The sweep of eight codes on two workers."""
    counted.mkdir(exist_ok=True)
    codes = ",".join(f"{number:03d}" for number in range(1, REPORTS + 1))
    options = ("--over", f"code={codes}", "-p", f"counted={counted}", "--workers", "2", "--engine", engine)
    return [
        sys.executable,
        "-m",
        "kommunanalys",
        "sweep",
        str(notebook),
        *options,
        "-o",
        str(output),
        "-l",
        "en",
        *more,
    ]


def kill(arguments: list[str], output: Path, after: float) -> tuple[list[psutil.Process], float]:
    """Start a sweep and kill it a while after its first report [s]; its processes, and how long it published [s]."""
    sweep = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ours: dict[int, psutil.Process] = {}
    first, until = 0.0, float("inf")
    while sweep.poll() is None and time.monotonic() < until:
        ours.update({item.pid: item for item in psutil.Process(sweep.pid).children(recursive=True)})
        if not first and reports(output):
            first = time.monotonic()
            until = first + after
        time.sleep(max(0.0, min(0.05, until - time.monotonic())))
    if sweep.poll() is None:
        ours.update({item.pid: item for item in psutil.Process(sweep.pid).children(recursive=True)})
        sweep.send_signal(signal.SIGKILL)
    sweep.wait()
    return list(ours.values()), time.monotonic() - first


def helpers(counted: Path) -> list[psutil.Process]:
    """The processes that notebooks have started, as far as they live."""
    found = []
    for mark in counted.iterdir():
        with suppress(ValueError, psutil.Error):
            item = psutil.Process(int(mark.read_text()))
            if "helper of a notebook" in " ".join(item.cmdline()):
                found.append(item)
    return found


def faults(output: Path) -> list[str]:
    """What is half, wrong or does not match its record."""
    found = []
    for record in output.glob(f"small/[!.]*/{RECORD}"):
        told = read(record)
        if told.get("status") not in STATUSES:
            found.append(f"{record}: no status")
        for name, digest in told.get("outputs", {}).items():
            if hash_bytes((record.parent / name).read_bytes()) != digest:
                found.append(f"{record}: {name} is not what the record says")
        if told.get("status") != "ok":
            found.append(f"{record}: {told.get('status')}, though nothing of it failed")
        if {item.name for item in record.parent.iterdir()} - OWN:
            found.append(f"{record.parent}: something else lies there")
    whole = {record.parent for record in output.glob(f"small/[!.]*/{RECORD}")}
    found += [f"{item}: no record" for item in output.glob("small/[!.]*") if item.is_dir() and item not in whole]
    return found


def reports(output: Path) -> set[str]:
    """Folders of the reports that are there."""
    return {record.parent.name for record in output.glob(f"small/[!.]*/{RECORD}")}


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run after the time that they have to end."""
    return psutil.wait_procs(processes, timeout=GRACE)[1]


@dataclass(frozen=True)
class Killed:
    """What one kill left: reports that stood, whether one was half-way into its place, time of publishing [s]."""

    stood: int
    halfway: bool
    seconds: float
    wrong: list[str]


def once(base: Path, after: float, engine: str) -> Killed:
    """Kill one sweep and take it up again: how many reports stood, and all that went wrong."""
    notebook, output = small_notebook(base), base / "reports"
    ours, seconds = kill(command(notebook, base / "first", output, engine), output, after)
    halfway = any(output.glob("small/.part-*")) or any(output.glob("small/.old-*"))
    left = alive(ours) + alive(helpers(base / "first"))
    # What was moved aside when the sweep was killed comes back only with the next one: looked at after it too.
    wrong = [*faults(output), *(f"{item.pid} lives: {item.cmdline()}" for item in left)]
    for item in left:
        item.kill()
    stood = reports(output)
    # The marks of both go into one folder, which is a parameter: another folder would be another request.
    marks = len(list((base / "first").iterdir()))
    done = subprocess.run(
        command(notebook, base / "first", output, engine, "--resume"), capture_output=True, text=True, check=False
    )
    again = len(list((base / "first").iterdir())) - marks
    if done.returncode or again != REPORTS - len(stood) or len(reports(output)) != REPORTS:
        wrong.append(f"resume: exit {done.returncode}, {len(stood)} stood, {again} runs. {done.stderr}")
    leftovers = [item.name for item in output.rglob(".*") if item.name not in HIDDEN]
    return Killed(len(stood), halfway, seconds, [*wrong, *faults(output), *leftovers])


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    engine = sys.argv[2] if len(sys.argv) > 2 else "spawn"
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    random.seed(5)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "whole").mkdir()
        whole = once(Path(folder) / "whole", 1e6, engine)
        if whole.stood != REPORTS or whole.wrong:
            raise SystemExit(f"the sweep itself fails: {whole.wrong}")
        between = halfway = 0
        wrong: list[str] = []
        for number in range(times):
            base = Path(folder) / str(number)
            base.mkdir()
            after = random.uniform(0, whole.seconds)
            done = once(base, after, engine)
            wrong += done.wrong
            between, halfway = between + (done.stood < REPORTS), halfway + done.halfway
            print(
                f"{number + 1:3d}: killed {after:5.2f} s after the first report, {done.stood} of {REPORTS} stood"
                f"{', one half-way' if done.halfway else ''}, {len(done.wrong)} faults"
            )
    print(
        f"{times} times killed ({engine}): {between} between the first and the last report, {halfway} while one was "
        f"being put into its place; {len(wrong)} faults"
    )
    for text in wrong:
        print("  " + text)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
