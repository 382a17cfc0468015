"""CPU seconds of what an analyst waits for: the import, reading all of Kolada, one report.

python benchmarks/speed.py        (real data beside the checkout: KOMMUNANALYS_SHARED, default ../shared)
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "kolada"
READ = "from kommunanalys.sources import read_kolada; import sys; print(len(read_kolada(sys.argv[1])))"
PANDAS = "import pandas, babel.numbers, babel.messages.pofile"


def cpu(*command: str) -> float:
    """CPU seconds of a command and all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(measure: Callable[[], float], times: int) -> float:
    return statistics.median(measure() for _ in range(times))


def main() -> None:
    bare = median(lambda: cpu("-c", "pass"), 9)
    print(
        f"import kommunanalys: {median(lambda: cpu('-c', 'import kommunanalys'), 9) - bare:.3f} CPU s over bare Python"
    )
    with tempfile.TemporaryDirectory() as folder:
        run = ("-m", "kommunanalys", "run", "cost_efficiency", "--output", folder)
        print(f"one report, example data: {median(lambda: cpu(*run), 3):.2f} CPU s")
        if not SHARED.is_dir():
            print(f"no real data at {SHARED}: the rest is left out")
            return
        imports = median(lambda: cpu("-c", PANDAS), 3)
        reading = median(lambda: cpu("-c", READ, str(SHARED)), 3) - imports
        print(f"read all of Kolada: {reading:.2f} CPU s over the imports")
        real = (*run, "-p", f"source={SHARED}", "-p", "municipality=1440", "-p", "year=2021")
        print(f"one report, Ale 2021 from the folder: {median(lambda: cpu(*real), 3):.2f} CPU s")


if __name__ == "__main__":
    main()
