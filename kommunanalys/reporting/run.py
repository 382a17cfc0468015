"""A run: parameters checked, the notebook executed, the report published whole, the record truthful."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat

from kommunanalys.errors import KommunanalysError, Timeout, UsageError
from kommunanalys.language import Speaker, check_language
from kommunanalys.origin import now
from kommunanalys.reporting.execute import KernelKilled, execute, handed_over
from kommunanalys.reporting.folder import check_output, slug, whole_or_not
from kommunanalys.reporting.parameters import declared, find_notebook, read_notebook, validate

PAGE, SHEETS, EXECUTED, RECORD = "report.html", "report.xlsx", "executed.ipynb", "run.json"
LIBRARIES = ("kommunanalys", "pandas", "numpy", "scipy", "highspy", "matplotlib", "papermill")


@dataclass(frozen=True)
class Report:
    """A published report.

    Parameters
    ----------
    folder
        Holds `report.html`, `report.xlsx`, `run.json` and the executed notebook (private: it shows code).
    language
        "sv", "fi" or "en".
    record
        What stands in `run.json`.
    """

    folder: Path
    language: str
    record: dict[str, Any]

    @property
    def page(self) -> Path:
        """The page itself."""
        return self.folder / PAGE


def run(
    notebook: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    language: str = "sv",
    output: str | Path = "reports",
    timeout: float | None = None,
) -> Report:
    """Run a notebook and publish its report.

    Parameters
    ----------
    notebook
        Name of a notebook that comes with the library, or path of a file.
    parameters
        By name; text is read in the declared type, codes stay text.
    language
        "sv", "fi" or "en".
    output
        Folder for `<notebook>/<parameters>_<language>/report.html`.
    timeout
        Longest time for a single cell [s].

    Returns
    -------
    Report

    Raises
    ------
    UsageError
        Unknown notebook, parameter, language, or an output with `..`; nothing was run.
    NotebookError
        A cell stopped; its own message. `run.json` says so and no half report stays.
    OutputError
        The report could not be written; what stood there stands there still.
    Timeout
        A cell took longer than `timeout`.
    """
    say = Speaker(check_language(language))
    path = find_notebook(notebook)
    folder = check_output(Path(output)) / path.stem
    source = read_notebook(path)
    known = declared(source)
    given = dict(parameters or {})
    if "language" in given:
        raise UsageError("The language is chosen by --language (in Python: language=...), not as a parameter.")
    values = validate(known, {**given, "language": language} if "language" in known else given)
    target = folder / slug(values, {name: item.default for name, item in known.items()}, language)
    record = _begin(path, source, values, language)
    try:
        with whole_or_not(target) as work:
            executed = execute(source, values, say, timeout=timeout)
            _publish(work, executed, say, record, known)
    except BaseException as error:
        _note_failure(target, record, error)
        raise
    return Report(target, language, record)


def _begin(path: Path, source: nbformat.NotebookNode, values: dict[str, Any], language: str) -> dict[str, Any]:
    code = nbformat.writes(source)
    return {
        "notebook": path.name,
        "notebook_sha256": hashlib.sha256(code.encode()).hexdigest(),
        "parameters": values,
        "language": language,
        "versions": {**{name: version(name) for name in LIBRARIES}, "python": platform.python_version()},
        "started": now(),
        "_clock": time.monotonic(),
    }


def _end(record: dict[str, Any], status: str, **more: object) -> dict[str, Any]:
    seconds = round(time.monotonic() - record.pop("_clock"), 2)
    record.update(status=status, finished=now(), seconds=seconds, **more)
    return record


def _publish(
    work: Path, executed: nbformat.NotebookNode, say: Speaker, record: dict[str, Any], known: dict[str, Any]
) -> None:
    from kommunanalys.reporting.html import Facts, render
    from kommunanalys.reporting.spreadsheet import write_spreadsheet

    facts = Facts(record["parameters"], known, handed_over(executed), record["versions"], record["started"])
    say = Speaker(say.language, facts.country)
    (work / PAGE).write_text(render(executed, say, facts), encoding="utf-8")
    write_spreadsheet(work / SHEETS, executed, say, facts)
    nbformat.write(executed, work / EXECUTED)
    outputs = {name: hashlib.sha256((work / name).read_bytes()).hexdigest() for name in (PAGE, SHEETS, EXECUTED)}
    _end(record, "ok", origins=facts.origins, outputs=outputs)
    record["id"] = _identity(record)
    _write(work / RECORD, record)


def _identity(record: dict[str, Any]) -> str:
    """The same for the same notebook, parameters, data, versions and language."""
    hashes = sorted(str(item["sha256"]) for item in record["origins"])
    parts = [record["notebook_sha256"], record["parameters"], hashes, record["versions"], record["language"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _write(path: Path, record: dict[str, Any]) -> None:
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _note_failure(target: Path, record: dict[str, Any], error: BaseException) -> None:
    """Leave a truthful record; a report that stood there before stays, with its own record."""
    if "_clock" not in record:
        return  # the run itself was well and its record written; only the last step to the folder failed
    _end(record, _status(error), error={"type": type(error).__name__, "message": str(error)})
    try:
        if target.exists():
            _write(target / "run-failed.json", record)
        else:
            with whole_or_not(target) as work:
                _write(work / RECORD, record)
    except (OSError, KommunanalysError):
        return  # a full or closed disk: the error that is on its way says so


def _status(error: BaseException) -> str:
    if isinstance(error, Timeout):
        return "timeout"
    return "killed" if isinstance(error, KernelKilled | KeyboardInterrupt | SystemExit) else "failed"
