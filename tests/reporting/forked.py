"""Notebooks executed in a process of one thread, as a sweep's worker is; what went wrong comes back as plain text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kommunanalys.errors import KommunanalysError
from kommunanalys.language import Speaker
from kommunanalys.reporting.limits import THREADS, USUAL, Limits

DECLARED = 'text: str = "-"  # any\n'


@dataclass(frozen=True)
class Outcome:
    """What came of a notebook: its cells' outputs, or the kind of error and its words; and who is left alive."""

    outputs: list[list[Any]] = field(default_factory=list)
    executed: Any = None
    error: str = ""
    message: str = ""
    left: list[int] = field(default_factory=list)


def book(*code: str, declared: str = DECLARED) -> nbformat.NotebookNode:
    cells = [new_markdown_cell("# What happens?"), new_code_cell(declared, metadata={"tags": ["parameters"]})]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=[*cells, *map(new_code_cell, code)], metadata=kernel)


def attempt(code: tuple[str, ...], engine: str, limits: Limits, values: dict[str, Any], declared: str) -> Outcome:
    from kommunanalys.reporting.execute import execute

    # A kernel that finds pytest's variable does not read what subprocesses print.
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    before = {item.pid for item in psutil.Process().children(recursive=True)}
    try:
        done = execute(book(*code, declared=declared), values, Speaker("en"), limits=limits, engine=engine)
        outcome = {"outputs": [cell.get("outputs", []) for cell in done.cells if cell.cell_type == "code"]}
        outcome["executed"] = done
    except KommunanalysError as error:
        outcome = {"error": type(error).__name__, "message": str(error)}
    left = [item.pid for item in psutil.Process().children(recursive=True) if item.pid not in before]
    return Outcome(**outcome, left=left)


class Worker:
    """One warm process, for one notebook after the other."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self.pool = pool

    def call(self, function: Any, *given: Any) -> Any:
        return self.pool.submit(function, *given).result(timeout=120)

    def run(
        self,
        *code: str,
        engine: str = "fork",
        limits: Limits = USUAL,
        values: dict[str, Any] | None = None,
        declared: str = DECLARED,
    ) -> Outcome:
        return self.call(attempt, code, engine, limits, values or {}, declared)


def begin() -> None:
    """As a sweep's worker begins: the variables first, for libraries read them while they are imported."""
    os.environ.update(THREADS)
    from kommunanalys.reporting.engines import warm

    warm()


@contextmanager
def worker() -> Iterator[Worker]:
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=begin)
    try:
        yield Worker(pool)
    finally:
        pool.shutdown(cancel_futures=True)
