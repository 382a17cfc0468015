"""The reports of the notebooks that come with the library, each made once for all tests and all workers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from kommunanalys.reporting.run import run

NOTEBOOKS = ("cost_efficiency", "municipality_profile", "open_data")


def report(factory: pytest.TempPathFactory, name: str, language: str) -> Path:
    """The folder of one notebook's report, on the example data; to be read only."""
    base = factory.getbasetemp()
    # A worker of pytest-xdist has a folder of its own within that of all.
    output = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"shipped-{language}"
    output.mkdir(exist_ok=True)
    with FileLock(output.with_name(f"{output.name}-{name}.lock")):
        if not (output / name / language / "run.json").exists():
            run(name, language=language, output=output)
    return output / name / language


def shipped(factory: pytest.TempPathFactory, language: str) -> dict[str, Path]:
    """The page of every notebook's report; they lie in one folder, and nothing else does."""
    return {name: report(factory, name, language) / "report.html" for name in NOTEBOOKS}
