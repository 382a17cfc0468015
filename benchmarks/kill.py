"""What `kill -9` of a sweep at a random moment leaves behind, and whether `--resume` does exactly the rest.

python benchmarks/kill.py [times] [engine]        (default: 50 times, spawn; Linux)
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kommunanalys.origin import hash_bytes
from kommunanalys.reporting.record import OWN, RECORD, STATUSES, read

REPORTS = 8
PARAMETERS = 'code: str = ""  # a code\ncounted: str = ""  # folder in which each run leaves a mark'
CODE = """import pathlib, uuid
pathlib.Path(counted, f"{code}-{uuid.uuid4().hex}").touch()
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


def kill(arguments: list[str], after: float) -> list[psutil.Process]:
    """Start a sweep and kill it after a while [s]; returns the processes that it had."""
    sweep = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ours: dict[int, psutil.Process] = {}
    until = time.monotonic() + after
    while time.monotonic() < until and sweep.poll() is None:
        ours.update({item.pid: item for item in psutil.Process(sweep.pid).children(recursive=True)})
        time.sleep(min(0.1, max(0.0, until - time.monotonic())))
    if sweep.poll() is None:
        ours.update({item.pid: item for item in psutil.Process(sweep.pid).children(recursive=True)})
        sweep.send_signal(signal.SIGKILL)
    sweep.wait()
    return list(ours.values())


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


def once(base: Path, after: float, engine: str) -> tuple[int, list[str]]:
    """Kill one sweep and take it up again: how many reports stood, and all that went wrong."""
    notebook, output = small_notebook(base), base / "reports"
    left = alive(kill(command(notebook, base / "first", output, engine), after))
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
    return len(stood), [*wrong, *faults(output), *leftovers]


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    engine = sys.argv[2] if len(sys.argv) > 2 else "spawn"
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    random.seed(5)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "whole").mkdir()
        began = time.monotonic()
        stood, wrong = once(Path(folder) / "whole", 1e6, engine)
        longest = (time.monotonic() - began) * 0.85  # of which the resume that had nothing to do is a part
        if stood != REPORTS or wrong:
            raise SystemExit(f"the sweep itself fails: {wrong}")
        for number in range(times):
            base = Path(folder) / str(number)
            base.mkdir()
            after = random.uniform(0.5, longest)
            stood, found = once(base, after, engine)
            wrong += found
            print(f"{number + 1:3d}: killed after {after:5.2f} s, {stood} of {REPORTS} stood, {len(found)} faults")
    print(f"{times} times killed ({engine}): {len(wrong)} faults")
    for text in wrong:
        print("  " + text)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
