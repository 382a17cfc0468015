"""Hidden figures and CPU seconds of `secrecy.release` beside the optimum of pytauargus: bar 3 of the room.

python benchmarks/suppression.py [tables] [seconds for the peer]

Both get the same tables, the same primary cells, the same width that a primary cell must keep, zeros printed, and each
hidden cell costs one. Ours asks the same width of the secondary cells too, the peer's optimum does not: that is to our
disadvantage. pytauargus goes into an environment that lasts as long as the run (it needs a network that reaches a
package index); without it only our own figures are printed.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np
import pandas as pd
from release_attacks import fresh_memory, pupils

from kommunanalys.secrecy import Release, audit, release
from kommunanalys.secrecy.cube import Cube, tabulate
from kommunanalys.secrecy.rules import primary
from kommunanalys.secrecy.suppress import width

PEER = """
import json, sys
from pytauargus._tauargus import HiTaSCtrl
control = HiTaSCtrl()
code = control.full_jj(sys.argv[1], sys.argv[2], int(sys.argv[3]))
print(json.dumps({"code": code, "text": control.error_string(code)}))
"""
LARGE = [(35, 9, 5.0), (60, 9, 30.0)]
"""Schools, grades and the CPU seconds allowed for school × grade × support."""


def ours(frame: pd.DataFrame, threshold: int) -> tuple[int, float, Release]:
    with fresh_memory():
        begun = time.process_time()
        out = release(frame, rows=["school", "grade"], columns="support", threshold=threshold)
        seconds = time.process_time() - begun
    return int(out.table.isna().to_numpy().sum()), seconds, out


def audited(out: Release, cube: Cube) -> tuple[float, int, int]:
    """CPU seconds of both ends of every hidden figure's range; how many are too narrow; how many totals are wrong."""
    begun = time.process_time()
    report = audit([out])
    seconds = time.process_time() - begun
    printed = out.table.to_numpy(float).ravel()
    wrong = int((np.abs(printed - cube.values) > 0).sum())
    return seconds, report.exact, wrong


def problem(cube: Cube, threshold: int) -> str:
    """The table in the peer's own format: cells with weight, status, bounds and width to keep; then the equations."""
    marked, need = primary(cube, threshold), width(cube.values)
    lines = ["0", str(len(cube.values))]
    for place, value in enumerate(cube.values):
        hidden = place in marked
        status = "u" if hidden else "z" if value == 0 else "s"
        # The peer asks for a little on one side, or it looks at no width: less for what is there, more for a zero.
        keep = f"{int(value > 0)} {int(value == 0)} {need[place]:g}" if hidden else "0 0 0"
        lines.append(f"{place} {value:g} 1 {status} 0 {10 * cube.values.max():g} {keep}")
    sums = cube.shape.lines()
    lines.append(str(len(sums)))
    for line in sums:
        lines.append(f"0 {len(line)} : {line[-1]} (-1) " + " ".join(f"{place} (1)" for place in line[:-1]))
    return "\n".join(lines) + "\n"


def peer(python: Path | None, cube: Cube, threshold: int, limit: int) -> tuple[int | None, float]:
    """How many figures the peer hides in all, None where it finds no optimum in time; its CPU seconds."""
    if python is None:
        return None, 0.0
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "in.jj"), Path(folder, "out.txt")
        given.write_text(problem(cube, threshold))
        begun = os.times()
        try:
            done = subprocess.run([python, "-c", PEER, given, found, str(limit)], capture_output=True, text=True,
                                  timeout=60 * limit + 60, check=False)  # fmt: skip
        except subprocess.TimeoutExpired:
            return None, float("nan")
        ended = os.times()
        seconds = ended.children_user + ended.children_system - begun.children_user - begun.children_system
        if done.returncode or json.loads(done.stdout.splitlines()[-1])["code"] != 0:
            return None, seconds
        return len(primary(cube, threshold)) + len(found.read_text().split()), seconds


def environment(folder: str) -> Path | None:
    venv.create(folder, with_pip=True)
    python = Path(folder, "Scripts" if os.name == "nt" else "bin", "python")
    done = subprocess.run([python, "-m", "pip", "install", "-q", "pytauargus"], capture_output=True, check=False)
    return python if done.returncode == 0 else None


def compare(tables: int, limit: int, python: Path | None) -> None:
    all_ours = all_theirs = compared = 0
    for seed in range(tables):
        rng = np.random.default_rng(seed)
        frame = pupils(rng, int(rng.integers(4, 9)), int(rng.integers(3, 6)), float(rng.uniform(6, 30)))
        threshold = 10 if seed % 2 else 5
        cube = tabulate(frame, ("school", "grade"), ("support",), "count", None)
        hidden, seconds, _ = ours(frame, threshold)
        theirs, their_seconds = peer(python, cube, threshold, limit)
        print(
            f"{len(cube.values):5d} figures, {len(primary(cube, threshold)):4d} primary: "
            f"ours {hidden:4d} hidden in {seconds:.1f} s, "
            f"pytauargus {theirs if theirs is not None else '–':>4} in {their_seconds:.1f} s",
            flush=True,
        )
        if theirs is not None:
            all_ours, all_theirs, compared = all_ours + hidden, all_theirs + theirs, compared + 1
    if compared:
        print(
            f"bar 3: {compared} tables, hidden figures ours / optimum of pytauargus: {all_ours} / {all_theirs} = "
            f"{all_ours / all_theirs:.3f} (bar 1.2)"
        )


def large() -> None:
    for schools, grades, bar in LARGE:
        frame = pupils(np.random.default_rng(schools), schools, grades, 20.0)
        cube = tabulate(frame, ("school", "grade"), ("support",), "count", None)
        for threshold in (5, 10):
            hidden, seconds, out = ours(frame, threshold)
            audit_seconds, exact, wrong = audited(out, cube)
            print(
                f"{schools} × {grades} × 2 = {schools * grades * 2} cells, threshold {threshold}: "
                f"{hidden} of {len(cube.values)} figures hidden ({len(primary(cube, threshold))} primary); "
                f"{seconds:.1f} + audit {audit_seconds:.1f} CPU s (bar {bar:g}); "
                f"exact {exact}; printed figures that differ from the truth {wrong}",
                flush=True,
            )


if __name__ == "__main__":
    tables, limit = ([int(item) for item in sys.argv[1:]] + [30, 10][len(sys.argv) - 1 :])[:2]
    large()
    with tempfile.TemporaryDirectory() as folder:
        compare(tables, limit, environment(folder))
