"""Every municipality of Kolada's files, two at a time: whether each report is there, and what it costs.

python benchmarks/sweep.py [notebook] [engine] [count]        (default: municipality_profile fork 290; real data beside
the checkout: KOMMUNANALYS_SHARED, default ../shared)
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from kommunanalys.reporting.outcome import Progress
from kommunanalys.reporting.sweep import default_engine, sweep
from kommunanalys.sources.catalogue import covered

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "kolada"
WORKERS = 2


def cpu() -> float:
    """CPU seconds of this process and all that it has started and that has ended."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


def told(now: Progress) -> None:
    if now.done % 20 == 0:
        print(f"  {now.done} of {now.total}, {now.failed} failed, {now.elapsed:.0f} s")


def main() -> None:
    notebook, engine, count = [*sys.argv[1:], *("municipality_profile", default_engine(), "290")[len(sys.argv) - 1 :]]
    if not SHARED.is_dir():
        print(f"no real data at {SHARED}: nothing to do")
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    codes = covered(SHARED)[: int(count)]
    with tempfile.TemporaryDirectory() as output:
        began, before = time.monotonic(), cpu()
        done = sweep(
            notebook,
            {"municipality": codes},
            {"source": str(SHARED)},
            output=output,
            workers=WORKERS,
            engine=engine,
            progress=told,
        )
        wall, spent = time.monotonic() - began, cpu() - before
        whole = sum((Path(output) / row.folder / "report.html").is_file() for row in done.rows)
    print(done.summary())
    print(f"{whole} of {len(codes)} pages there ({notebook}, {engine}, {WORKERS} workers)")
    print(f"{wall:.0f} s of wall clock, {spent:.0f} CPU s, {spent / len(codes):.2f} CPU s a report (with all start-up)")
    for row in done.bad:
        print(f"  {row.folder}: {row.status}: {row.reason}")
    raise SystemExit(1 if done.bad or whole != len(codes) else 0)


if __name__ == "__main__":
    main()
