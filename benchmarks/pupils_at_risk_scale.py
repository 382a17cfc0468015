"""The notebook pupils_at_risk on a large register: time, memory, and whether two runs list the same people.

python benchmarks/pupils_at_risk_scale.py [UNITS]

UNITS persons (by default 20,000) in each of four years, 30 columns, 100 places. The persons are invented; their
identities are no personal identity codes.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

NUMBERS, CATEGORIES, YEARS = 24, 6, range(2020, 2024)


def made(units: int, folder: Path) -> None:
    """Registers and a task: a third of the columns tell something of a risk that nobody sees."""
    rng = np.random.default_rng(7)
    rows, left = [], []
    for year in YEARS:
        need = rng.normal(size=units)
        table = pd.DataFrame({"person": [f"p{year}x{number}" for number in range(units)], "year": year})
        table["place"] = rng.integers(0, 100, units)
        for column in range(NUMBERS):
            told = need if column % 3 == 0 else 0
            table[f"n{column}"] = np.round(told + rng.normal(scale=1.5, size=units), 3)
        for column in range(CATEGORIES):
            drift = np.clip(need if column % 3 == 0 else 0 * need, -1, 1)
            table[f"c{column}"] = np.array(list("abcde"))[
                np.round(2 + drift + rng.normal(size=units)).clip(0, 4).astype(int)
            ]
        rows.append(table)
        gone = rng.random(units) < 1 / (1 + np.exp(3 - need))
        left.append(pd.DataFrame({"person": table["person"], "year": year, "gone": np.where(gone, "yes", "no")}))
    pd.concat(rows).to_csv(folder / "people.csv", index=False)
    pd.concat(left).query("year < 2023").to_csv(folder / "left.csv", index=False)
    names = ", ".join(f'"n{column}"' for column in range(NUMBERS))
    classes = ", ".join(f'"c{column}"' for column in range(CATEGORIES))
    (folder / "large.toml").write_text(TASK.format(names=names, classes=classes), encoding="utf-8")


TASK = """
name = "large"
unit = "person"
place = "place"
capacity = 10
per = "place"
as_of = "12-31"
[title]
sv = "Stort"
fi = "Suuri"
en = "Large"
[cohort]
table = "people"
date = "year"
start = "12-01"
until = "+1 12-01"
[outcome]
table = "left"
column = "gone"
kind = "status"
event = "yes"
date = "year"
known_from = "+1 06-30"
horizon = "6 months"
[[features]]
table = "people"
known_from = "12-15"
columns = [{names}]
[[features]]
table = "people"
kind = "category"
known_from = "12-15"
columns = [{classes}]
[flag]
feature = "n0"
"""


def listed(state: Path) -> list[object]:
    """Who stands on the lists, place by place."""
    files = sorted(state.rglob("watchlists/**/*.xlsx"))
    return [cell.value for file in files for cell in openpyxl.load_workbook(file).worksheets[0]["B"]]


def main() -> None:
    units = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as name:
        folder, found = Path(name), []
        made(units, folder)
        for run in range(2):
            state, start = folder / f"state{run}", time.perf_counter()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            given = ["-p", f"task={folder / 'large.toml'}", "-p", f"registers={folder}", "-p", "lists=true"]
            command = [sys.executable, "-m", "kommunanalys", "run", "pupils_at_risk", *given, "-o", str(folder / "out")]
            subprocess.run(command, check=True, env={**os.environ, "KOMMUNANALYS_STATE": str(state)})
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            wall = time.perf_counter() - start
            print(
                f"{units:,} × 4: {wall:.0f} s, {cpu:.0f} CPU s, {after.ru_maxrss / 1024:.0f} MB at most in one process"
            )
            found.append(listed(state))
        same = "the same" if found[0] == found[1] else "NOT the same"
        print(f"Two runs list {same} {len(found[0]):,} cells.")


if __name__ == "__main__":
    main()
