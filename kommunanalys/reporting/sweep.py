"""A sweep: one notebook, one report for each of many values, some at a time, and a summary that can be trusted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import nbformat

from kommunanalys.errors import KommunanalysError, OutputError, UsageError
from kommunanalys.language import check_language
from kommunanalys.origin import now
from kommunanalys.reporting import given, pools
from kommunanalys.reporting.folder import check_output, check_writable, explained, is_full, recover, write_beside
from kommunanalys.reporting.index import build_index
from kommunanalys.reporting.limits import Limits
from kommunanalys.reporting.lock import folder_lock
from kommunanalys.reporting.outcome import Progress, Row, Stopped, Sweep, Unwritten, as_csv
from kommunanalys.reporting.parameters import Parameter, declared, find_notebook, read_notebook
from kommunanalys.reporting.record import (
    DOCUMENT,
    STATUSES,
    SUMMARY,
    TABLE,
    as_bytes,
    public,
    stands,
    without_paths,
)
from kommunanalys.reporting.run import Job, Made, check_here, checked, publish

MOST_WORKERS = 8
SHARE = 0.8
"""Part of the machine's memory that all notebooks together may use."""


def default_engine() -> str:
    """The quickest engine of this system: "fork" where it has one.

    Examples
    --------
    >>> default_engine() in ("fork", "spawn")
    True
    """
    return "fork" if hasattr(os, "fork") else "spawn"


def default_workers() -> int:
    """As many workers as this process may use processors, at most eight.

    Examples
    --------
    >>> 1 <= default_workers() <= MOST_WORKERS
    True
    """
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(mine, MOST_WORKERS))


def sweep(
    notebook: str | Path,
    over: Mapping[str, str | Sequence[object]],
    parameters: Mapping[str, object] | None = None,
    *,
    languages: Sequence[str] = ("sv",),
    output: str | Path = "reports",
    workers: int | None = None,
    engine: str | None = None,
    scheduler: str | None = None,
    resume: bool = False,
    timeout: float | None = None,
    docx: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Sweep:
    """Make one report for each combination of values and language.

    In a script, call it below `if __name__ == "__main__":`, since its workers are new processes.

    Parameters
    ----------
    notebook
        Name of a notebook that comes with the library, or path of a file.
    over
        Parameter name → its values: a list, or text as on the command line ("all", a file, "0114,0180").
    parameters
        What is the same for all.
    languages
        One report for each.
    output
        Folder for `<notebook>/<parameters>_<language>/`; locked for as long as the sweep lasts.
    workers
        How many reports at a time; None for as many as there are processors, at most eight.
    engine
        "fork", "spawn" or "dask"; None for the quickest that this system has.
    scheduler
        Address of a dask scheduler; None for workers of this machine.
    resume
        Make only what is missing, has failed, was asked for in another way, or is no longer as its record says.
    timeout
        Longest time for a single cell [s].
    docx
        Whether to make `report.docx` too.
    progress
        Called after each report.

    Returns
    -------
    Sweep

    Raises
    ------
    UsageError
        A wrong call; nothing was run.
    LockHeld
        Another sweep is writing into the folder.
    OutputError
        The disk is full, or the folder cannot be written.
    Unwritten
        An OutputError: all reports are made, but not the summary or the start page (a file is open in Excel).
    Stopped
        Ctrl-C; the summary of what was done is written.
    """
    engine = engine or default_engine()
    pools.check_engine(engine, scheduler)
    workers = check_workers(default_workers() if workers is None else workers)
    place, path = check_output(Path(output)), find_notebook(notebook)
    source = read_notebook(path)
    chosen = choose(declared(source), over, parameters or {})
    limits = Limits(timeout=timeout, memory=memory_each(workers))
    blank = Job(path.name, nbformat.writes(source), {}, "en", "fork" if engine == "fork" else "spawn", limits, docx)
    rows = given.product(chosen)
    jobs = [_job(blank, {**(parameters or {}), **row}, language) for row in rows for language in _known(languages)]
    if engine != "dask":  # a cluster's workers have an environment of their own
        for job in jobs:
            check_here(job.values, docx=docx)
    ledger = _Ledger(place, path.stem, jobs, list(chosen))
    about = {"engine": engine, "workers": workers, "parameters": dict(parameters or {}), "started": now()}
    with folder_lock(place):
        todo = ledger.begin(resume)
        try:
            if todo:
                _carry_out(ledger, todo, pools.crew(engine, min(workers, len(todo)), scheduler), progress)
        except BaseException as error:
            _conclude(ledger, about, place)  # on a full disk in vain: the error that is on its way says so
            if isinstance(error, KeyboardInterrupt):
                raise Stopped(ledger.result()) from None
            raise
        unwritten = _conclude(ledger, about, place)
    if unwritten:
        raise Unwritten(unwritten, ledger.result()) from unwritten
    return ledger.result()


def _conclude(ledger: _Ledger, about: Mapping[str, object], place: Path) -> OutputError | None:
    """Write all that tells of the sweep, each whatever becomes of the others; the first error of them."""
    errors: list[OutputError] = []
    for write in (ledger.write_table, lambda: ledger.write_summary(about), lambda: build_index(place)):
        try:
            write()
        except OutputError as error:
            errors.append(error)
    return errors[0] if errors else None


class _Ledger:
    """What is asked for, where it belongs, and what has become of it."""

    def __init__(self, output: Path, name: str, jobs: Sequence[Job], over: Sequence[str]) -> None:
        self.room, self.jobs, self.targets = output / name, jobs, _targets(jobs, output)
        self.rows = [
            Row({key: job.values[key] for key in over}, job.language, target.relative_to(output).as_posix())
            for job, target in zip(jobs, self.targets, strict=True)
        ]

    def begin(self, resume: bool) -> list[int]:
        """Clear up, remove the summary of last time, and say which reports are to be made."""
        check_writable(self.room / ".any")
        recover(self.room)
        for file in (self.room / SUMMARY, self.room / TABLE):
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise explained(error, file) from error
        for number, (job, target) in enumerate(zip(self.jobs, self.targets, strict=True)):
            wanted = frozenset({DOCUMENT} if job.docx else ())
            if resume and stands(target, job.begin()["request"], wanted):
                self.rows[number] = replace(self.rows[number], status="ok")
        return [number for number, row in enumerate(self.rows) if row.status != "ok"]

    def settle(self, number: int, made: Made) -> None:
        """Publish one report and note how it went."""
        try:
            publish(made, self.targets[number])
        except OutputError as error:
            if is_full(error):
                raise
            made = Made({**made.record, "status": "failed", "error": {"message": str(error)}}, {})
        told = made.record
        reason = without_paths(str(told.get("error", {}).get("message", "")))
        self.rows[number] = replace(
            self.rows[number], status=told["status"], seconds=told["seconds"], reason=reason, made=True
        )

    def result(self) -> Sweep:
        """The rows as they stand."""
        return Sweep(self.room.name, self.room, tuple(self.rows))

    def write_table(self) -> None:
        """Write the summary as a table."""
        write_beside(self.room / TABLE, as_csv(self.rows), self.room)

    def write_summary(self, about: Mapping[str, object]) -> None:
        """Write the summary as a record; of a path only the last part."""
        counts = {name: sum(row.status == name for row in self.rows) for name in STATUSES}
        rows = [asdict(row) for row in self.rows]
        summary = {"notebook": self.room.name, **about, "finished": now(), "counts": counts, "reports": rows}
        write_beside(self.room / SUMMARY, as_bytes(public(summary)), self.room)


def _carry_out(
    ledger: _Ledger, todo: Sequence[int], crew: pools.Crew, progress: Callable[[Progress], None] | None
) -> None:
    began, at_once, bad = time.monotonic(), True, 0
    try:
        for done, (position, made) in enumerate(pools.carry_out([ledger.jobs[number] for number in todo], crew), 1):
            ledger.settle(todo[position], made)
            bad += ledger.rows[todo[position]].status != "ok"
            if progress:
                progress(Progress(done, bad, len(todo), time.monotonic() - began))
        at_once = False
    finally:
        crew.close(at_once=at_once)


def check_workers(workers: int) -> int:
    """The number itself, refused where it is none.

    Examples
    --------
    >>> check_workers(2)
    2
    """
    if workers < 1:
        raise UsageError("There must be at least one worker, not {workers}.", workers=workers)
    return workers


def memory_each(workers: int) -> int:
    """Memory that each of several notebooks may use [bytes]; in a container, of what the container has.

    Examples
    --------
    >>> memory_each(2) < memory_each(1)
    True
    """
    import psutil

    there = int(psutil.virtual_memory().total)
    with suppress(OSError, ValueError):
        there = min(there, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return int(there * SHARE / workers)


def _known(languages: Sequence[str]) -> list[str]:
    if isinstance(languages, str) or not languages:
        raise UsageError("Give the languages as a list: ['sv', 'fi'].")
    return list(dict.fromkeys(check_language(item) for item in languages))


def _job(blank: Job, parameters: Mapping[str, object], language: str) -> Job:
    return replace(blank, values=checked(declared(blank.read()), parameters, language), language=language)


def choose(
    known: Mapping[str, Parameter], over: Mapping[str, str | Sequence[object]], parameters: Mapping[str, object]
) -> dict[str, list[object]]:
    """The values to sweep over, each as the notebook takes it; refuses what is wrong among all parameters."""
    if not over:
        raise UsageError("Say what to sweep over: --over municipality=all, or a FILE, or values with commas.")
    both = set(over) & set(parameters)
    if both:
        raise UsageError("{names} is given twice: swept over and as a parameter.", names=", ".join(sorted(both)))
    checked(known, {name: "" for name in over if name == "language" or name not in known}, "en")
    values = checked(known, parameters, "en")
    source = None if "source" in over or "source" not in known else str(values["source"])
    chosen = {name: _distinct(_values(items, known[name], source)) for name, items in over.items()}
    for name, items in chosen.items():
        if not items:
            raise UsageError("There are no values of {name} in {text!r}.", name=name, text=str(over[name]))
    return chosen


def _values(items: str | Sequence[object], parameter: Parameter, source: str | None) -> list[object]:
    texts = given.over(items, parameter, source) if isinstance(items, str) else list(items)
    accepted = [parameter.accept(item) for item in texts]
    is_place = parameter.name == given.PLACE and parameter.kind == "str"
    return list(given.places(accepted, _country(source))) if is_place else accepted


def _distinct(items: Sequence[object]) -> list[object]:
    return [item for number, item in enumerate(items) if item not in items[:number]]


def _country(source: str | None) -> str | None:
    """Whose municipalities a source covers; None where it is none of ours (a notebook of somebody's own)."""
    from kommunanalys.municipalities import find
    from kommunanalys.sources.catalogue import covered

    if source is None:
        return None
    try:
        return find(covered(source)[0]).country
    except KommunanalysError:
        return None


def _targets(jobs: Sequence[Job], output: Path) -> list[Path]:
    """The folder of each report; two that differ only in capitals are one on many disks."""
    targets = [job.folder(output) for job in jobs]
    seen: dict[str, Path] = {}
    for target in targets:
        other = seen.setdefault(target.name.casefold(), target)
        if other is not target:
            raise UsageError(
                "Two reports would share the folder {folder}. Leave out one of the values.", folder=target.name
            )
    return targets
