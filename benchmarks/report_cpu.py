"""CPU seconds of one more report in a sweep: forked, with a kernel of its own, by papermill, its analysis alone.

python benchmarks/report_cpu.py [FIRST LAST [NOTEBOOK ...]]      (default 10 40, both real notebooks)

Each way runs in a fresh process; the figure is the slope between its FIRST and its LAST report, so that what is paid
once does not count. Every report is of another municipality of the collected Kolada data (KOMMUNANALYS_SHARED, default
../shared). "analysis" executes the notebook's code over and over in one warm process and renders nothing; "papermill"
executes to a file and renders nothing; "fork" and "spawn" render the page and the spreadsheet.
"""

import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from kommunanalys.reporting.limits import THREADS

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "kolada"
NOTEBOOKS = ("municipality_profile", "cost_efficiency")
WAYS = ("analysis", "fork", "spawn", "papermill")
YEAR = 2021


def spent() -> float:
    """CPU seconds of this process and of all that it has waited for."""
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)


def municipalities(count: int) -> list[str]:
    from kommunanalys.municipalities import municipalities as known

    found = known("SE", year=YEAR)
    return list(islice(map(str, found.index), count))


def slope(way: str, name: str, first: int, last: int) -> float:
    report = MAKERS[way](name)
    seen = []
    for code in municipalities(last):
        report({"source": str(SHARED), "municipality": code, "year": YEAR, "language": "sv"})
        seen.append(spent())
    return (seen[-1] - seen[first - 1]) / (last - first)


def engine(kind: str) -> Callable[[str], Callable[[dict[str, object]], None]]:
    """Makes reports whole: executed, rendered, with their spreadsheet."""

    def prepare(name: str) -> Callable[[dict[str, object]], None]:
        from kommunanalys.language import Speaker
        from kommunanalys.reporting.engines import warm
        from kommunanalys.reporting.execute import execute, handed_over
        from kommunanalys.reporting.html import Facts, render
        from kommunanalys.reporting.parameters import declared, find_notebook, read_notebook, validate
        from kommunanalys.reporting.spreadsheet import write_spreadsheet

        warm()
        notebook = read_notebook(find_notebook(name))
        known, say = declared(notebook), Speaker("sv")

        def report(given: dict[str, object]) -> None:
            values = validate(known, given)
            executed = execute(notebook, values, say, engine=kind)
            facts = Facts(values, known, handed_over(executed), {}, "2026-01-01")
            render(executed, Speaker("sv", facts.country), facts)
            with tempfile.TemporaryDirectory() as folder:
                write_spreadsheet(Path(folder) / "report.xlsx", executed, say, facts)

        return report

    return prepare


def plain(name: str) -> Callable[[dict[str, object]], None]:
    from papermill import execute_notebook

    from kommunanalys.reporting.parameters import find_notebook

    def report(given: dict[str, object]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.ipynb"
            execute_notebook(find_notebook(name), out, parameters=given, kernel_name="python3", progress_bar=False)

    return report


def analysis(name: str) -> Callable[[dict[str, object]], None]:
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    from kommunanalys.reporting.parameters import find_notebook, read_notebook

    mpl.use("Agg")
    cells = [cell for cell in read_notebook(find_notebook(name)).cells if cell.cell_type == "code"]
    codes = [compile(cell.source, name, "exec") for cell in cells]

    def report(given: dict[str, object]) -> None:
        names: dict[str, object] = {}
        with contextlib.redirect_stdout(io.StringIO()):
            for number, code in enumerate(codes):
                exec(code, names)
                if number == 0:
                    names.update(given)
        plt.close("all")

    return report


MAKERS = {"analysis": analysis, "fork": engine("fork"), "spawn": engine("spawn"), "papermill": plain}


def measured(way: str, name: str, first: int, last: int) -> float:
    command = [sys.executable, __file__, "--one", way, name, str(first), str(last)]
    environment = os.environ | THREADS
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(json.loads(done.stdout.splitlines()[-1]))


def main(first: int = 10, last: int = 40, notebooks: tuple[str, ...] = NOTEBOOKS) -> None:
    if not SHARED.is_dir():
        print(f"no real data at {SHARED}")
        return
    print(f"CPU s per report, slope between {first} and {last} reports\n")
    print(f"{'notebook':<24}" + "".join(f"{way:>12}" for way in WAYS) + f"{'fork − analysis':>18}")
    for name in notebooks:
        found = {way: measured(way, name, first, last) for way in WAYS}
        more = found["fork"] - found["analysis"]
        print(f"{name:<24}" + "".join(f"{found[way]:>12.2f}" for way in WAYS) + f"{more:>18.2f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(slope(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))))
    elif len(sys.argv) > 2:
        main(int(sys.argv[1]), int(sys.argv[2]), tuple(sys.argv[3:]) or NOTEBOOKS)
    else:
        main()
