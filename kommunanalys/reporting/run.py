"""A run: parameters checked, the notebook executed, the report published whole, the record truthful.

A run is split in two: `make` (or `attempt`) executes and renders and may happen in any process on any machine;
`publish` writes into the output folder, and only the process that was asked for the reports does that.
"""

from __future__ import annotations

import io
import re
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat

from kommunanalys.errors import OutputError, UsageError
from kommunanalys.journal import keep_private
from kommunanalys.language import Speaker, check_language
from kommunanalys.origin import hash_bytes, now
from kommunanalys.reporting import record as records
from kommunanalys.reporting.execute import execute, handed_over, session_of
from kommunanalys.reporting.folder import check_output, check_writable, slug, whole_or_not, write_beside
from kommunanalys.reporting.limits import Limits
from kommunanalys.reporting.masking import references
from kommunanalys.reporting.parameters import Parameter, declared, find_notebook, read_notebook, validate
from kommunanalys.reporting.record import DOCUMENT, EXECUTED, FAILED, PAGE, RECORD, SHEETS

SHOWN = ("kommunanalys", "pandas", "numpy", "scipy", "highspy", "matplotlib", "papermill")
"""Libraries whose versions a page prints; the record holds all."""
OFFICE_TIME = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


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


@dataclass(frozen=True)
class Job:
    """One report to make: all that a process on another machine needs to know.

    Parameters
    ----------
    notebook
        Name of the notebook's file.
    source
        The notebook itself, as text.
    values
        Checked parameters.
    language
        "sv", "fi" or "en".
    engine
        "spawn" or "fork".
    limits
        What the notebook may use up.
    docx
        Whether to make `report.docx` too.
    """

    notebook: str
    source: str
    values: dict[str, Any]
    language: str
    engine: str = "spawn"
    limits: Limits = field(default_factory=Limits)
    docx: bool = False

    def read(self) -> nbformat.NotebookNode:
        """The notebook."""
        return nbformat.reads(self.source, as_version=4)

    def folder(self, output: Path) -> Path:
        """Where its report belongs."""
        defaults = {name: item.default for name, item in declared(self.read()).items()}
        return output / Path(self.notebook).stem / slug(self.values, defaults, self.language)

    def begin(self) -> dict[str, Any]:
        """The record as far as it is known before the run."""
        begun = {
            "notebook": self.notebook,
            "notebook_sha256": hash_bytes(self.source.encode()),
            "parameters": self.values,
            "language": self.language,
            "versions": records.versions(),
        }
        return {**begun, "request": records.request(begun), "started": now(), "_clock": time.monotonic()}


@dataclass(frozen=True)
class Made:
    """What a run has made, before it is published.

    Parameters
    ----------
    record
        What will stand in `run.json`.
    files
        Contents by file name; empty unless the status is "ok".
    """

    record: dict[str, Any]
    files: dict[str, bytes]


def prepare(
    notebook: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    language: str = "sv",
    engine: str = "spawn",
    limits: Limits | None = None,
    docx: bool = False,
) -> Job:
    """A job, its parameters checked; nothing is run.

    Raises
    ------
    UsageError
        Unknown notebook, parameter or language; a secret that is not set; a library that is missing.

    Examples
    --------
    >>> prepare("cost_efficiency", {"municipality": "0114"}).values["municipality"]
    '0114'
    """
    path = find_notebook(notebook)
    source = read_notebook(path)
    values = checked(declared(source), parameters or {}, check_language(language))
    check_here(values, docx=docx)
    return Job(path.name, nbformat.writes(source), values, language, engine, limits or Limits(), docx)


def check_here(values: Mapping[str, Any], *, docx: bool) -> None:
    """Refuse what this machine lacks for a report, before the work of making it: secrets, libraries.

    Raises
    ------
    UsageError
        An environment variable that is not set, or too short for a secret; the extra `[documents]` is missing.

    Examples
    --------
    >>> check_here({"municipality": "0114"}, docx=False)
    """
    references(values)
    if docx:
        from kommunanalys.reporting.document import check_installed

        check_installed()


def checked(known: Mapping[str, Parameter], parameters: Mapping[str, object], language: str) -> dict[str, Any]:
    """All declared parameters, with the language of the report where the notebook declares it."""
    if "language" in parameters:
        raise UsageError("The language is chosen by --language (in Python: language=...), not as a parameter.")
    return validate(known, {**parameters, "language": language} if "language" in known else parameters)


def make(job: Job, say: Speaker) -> Made:
    """Execute and render a report; nothing is written into the output folder.

    Raises
    ------
    NotebookError, Timeout
        As `execute`, and what the page refuses.
    """
    return _made(job, say, job.begin())


def attempt(job: Job) -> Made:
    """As `make`, but whatever a notebook does is told by the record's status."""
    begun = job.begin()
    try:
        return _made(job, Speaker(job.language), begun)
    except Exception as error:  # noqa: BLE001 - a sweep must outlive any error of a single report
        return failed(begun, error)


def failed(begun: dict[str, Any], error: BaseException) -> Made:
    """A run that ended with an error."""
    told = {"type": type(error).__name__, "message": str(error)}
    return Made(_end(begun, records.status_of(error), error=told), {})


def _made(job: Job, say: Speaker, begun: dict[str, Any]) -> Made:
    from kommunanalys.reporting.html import Facts

    source = job.read()
    executed = execute(source, job.values, say, limits=job.limits, engine=job.engine)
    origins = shown_origins = handed_over(executed)
    session = session_of(executed)
    if session.readings:
        from kommunanalys.reporting.released_only import public_origins, released_only

        executed, shown_origins = released_only(executed, session.releases), public_origins(origins)
    shown = {name: begun["versions"].get(name, "") for name in SHOWN}
    facts = Facts(job.values, declared(source), shown_origins, shown, begun["started"])
    files = _files(job, executed, Speaker(say.language, facts.country), facts)
    outputs = {name: hash_bytes(raw) for name, raw in files.items()}
    let_out = {"releases": list(session.releases)} if session.readings else {}
    done = _end(begun, "ok", origins=origins, outputs=outputs, **let_out)
    return Made({**done, "id": records.identity(done)}, files)


def _files(job: Job, executed: nbformat.NotebookNode, say: Speaker, facts: Any) -> dict[str, bytes]:
    from kommunanalys.reporting.html import render
    from kommunanalys.reporting.spreadsheet import write_spreadsheet

    files = {
        PAGE: render(executed, say, facts).encode(),
        SHEETS: _office(lambda path: write_spreadsheet(path, executed, say, facts), facts.made),
        EXECUTED: nbformat.writes(executed).encode(),
    }
    if job.docx:
        from kommunanalys.reporting.document import write_document

        files[DOCUMENT] = _office(lambda path: write_document(path, executed, say, facts), facts.made)
    return files


def _office(write: Callable[[Path], None], made: str) -> bytes:
    """An office document whose bytes depend on its content and on when the run began, not on when it was saved."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "document")
        raw = (Path(folder) / "document").read_bytes()
    moment = datetime.fromisoformat(made)
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = (
                OFFICE_TIME.sub(rb"\g<1>" + stamp, old.read(item)) if "core.xml" in item.filename else old.read(item)
            )
            new.writestr(zipfile.ZipInfo(item.filename, moment.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _end(begun: dict[str, Any], status: str, **more: object) -> dict[str, Any]:
    known = {name: value for name, value in begun.items() if name != "_clock"}
    seconds = round(time.monotonic() - begun["_clock"], 2)
    return {**known, "status": status, "finished": now(), "seconds": seconds, **more}


def publish(made: Made, target: Path) -> None:
    """Write a report's folder whole; what failed leaves its record beside a good report, or alone.

    Parameters
    ----------
    made
        From `make` or `attempt`.
    target
        The report's folder.

    Raises
    ------
    OutputError
        It could not be written; what stood there stands there still.
    """
    raw = records.as_bytes(made.record)
    if made.record["status"] != "ok" and records.read(target / RECORD).get("status") == "ok":
        write_beside(target / FAILED, raw, target.parent)
        return
    with whole_or_not(target) as work:
        for name, content in made.files.items():
            (work / name).write_bytes(content)
        (work / RECORD).write_bytes(raw)
        if EXECUTED in made.files:
            keep_private(work / EXECUTED)


def run(
    notebook: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    language: str = "sv",
    output: str | Path = "reports",
    timeout: float | None = None,
    docx: bool = False,
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
    docx
        Whether to make `report.docx` too (needs the extra `documents`).

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
    job = prepare(notebook, parameters, language=language, limits=Limits(timeout=timeout), docx=docx)
    target = job.folder(check_output(Path(output)))
    check_writable(target)
    begun = job.begin()
    try:
        made = _made(job, say, begun)
    except BaseException as error:
        with suppress(OutputError):  # a full or closed disk: the error that is on its way is the one to tell
            publish(failed(begun, error), target)
        raise
    publish(made, target)
    return Report(target, language, made.record)
