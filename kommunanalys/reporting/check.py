"""The lint of published pages: what every report and start page keeps, told page by page and rule by rule.

A machine's green light is not enough: axe accepts a filler as alternative text and does not see a table that was lost.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
from bs4 import BeautifulSoup, Tag

from kommunanalys.errors import UsageError
from kommunanalys.identity_codes import find_codes
from kommunanalys.mime import DATA
from kommunanalys.reporting import private, register_traces
from kommunanalys.reporting.contrast import low_contrast
from kommunanalys.reporting.fault import Fault, Flaw, flaw
from kommunanalys.reporting.html import shown
from kommunanalys.reporting.page_rules import RULES, parse
from kommunanalys.reporting.page_safety import rules
from kommunanalys.reporting.record import (
    DOCUMENT,
    EXECUTED,
    FAILED,
    MEMORY,
    PAGE,
    PRIVATE,
    RECORD,
    SHEETS,
    SUMMARY,
    TABLE,
)

__all__ = ["Fault", "check"]

RECORDS = (RECORD, FAILED)
BESIDE = (*RECORDS, SUMMARY, TABLE, MEMORY)
"""Files without a page of their own that lie among what is published."""

OWN_SHEETS = 2
"""Sheets of a report's spreadsheet that hold no table: contents, and sources."""

LONGEST = 60
"""Signs of a page that a message repeats."""

Reader = Callable[[Path], Iterable[Flaw]]
"""Finds flaws in a file."""
BROKEN = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    zipfile.BadZipFile,
    nbformat.ValidationError,
    ElementTree.ParseError,
)
"""What reading a damaged file can raise."""


def check(path: Path) -> list[Fault]:
    """Check a page, a report's folder, or every report and start page below a folder.

    In a folder the records of reports that failed, the summaries of sweeps and the memory of the start page are read
    for personal identity codes too.

    Parameters
    ----------
    path
        `report.html`, another page, an executed notebook, or a folder.

    Returns
    -------
    list of Fault
        Empty where all is well.

    Raises
    ------
    UsageError
        Nothing is there, or the folder holds no page: an empty answer must not pass for a good one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder, "report.html")
    ...     _ = page.write_text("<html><title>Costs</title><main><h1>Costs</h1></main></html>")
    ...     sorted(fault.rule for fault in check(page))
    ['content-policy', 'language']
    """
    path = Path(path)
    pages = _pages(path)
    # What stands beside a page is read with it.
    read = {page.parent / name for page in pages if not page.name.startswith("index") for name in RECORDS}
    alone = sorted(_visible((item for name in BESIDE for item in path.rglob(name)), path) - read)
    faults = [fault for page in pages for fault in _check_page(page)]
    faults += [fault for file in alone for fault in _check_alone(file)]
    if not pages and not faults:
        raise UsageError("{path} holds no report: give a report's page, its folder, or the output folder.", path=path)
    return faults


def _pages(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError("There is nothing to check at {path}.", path=path)
    found = {item for name in (PAGE, "index*.html") for item in path.rglob(name)}
    found |= {record.parent / PAGE for record in path.rglob(RECORD) if _says_ok(record)}
    return sorted(_visible(found, path))


def _visible(found: Iterable[Path], folder: Path) -> set[Path]:
    # A folder that begins with a dot is half a report of a run that goes on or was killed.
    return {item for item in found if not any(part.startswith(".") for part in item.relative_to(folder).parts)}


def _check_alone(file: Path) -> Iterator[Fault]:
    """A record or a summary: whether it can be read, and holds no personal identity code."""
    try:
        text = _text(file)
        if file.name == TABLE:
            if not text.strip() or "\0" in text:
                raise ValueError("no table")
            # Cell by cell: beside a comma and a figure no code is looked for.
            found = any(find_codes(cell) for cell in re.split(r'[,;\t\r\n"]', text))
        else:
            if not isinstance(json.loads(text), dict):
                raise ValueError("no record")
            found = any(True for _ in private.in_record(text))
    except BROKEN:
        yield _fault(file, "unreadable", flaw("{file} cannot be read.", file=file.name))
        return
    if found:
        yield _fault(file, "identity-code", flaw("A personal identity code stands in {file}.", file=file.name))


def _says_ok(record: Path) -> bool:
    try:
        return bool(json.loads(record.read_text(encoding="utf-8"))["status"] == "ok")
    except BROKEN:
        return True  # what it stands beside is looked at, and the broken record told


def _check_page(path: Path) -> Iterator[Fault]:
    if path.suffix == ".ipynb":
        yield from _check_files([path])
        return
    start = path.name.startswith("index")
    try:
        page = _read(path)
    except BROKEN:
        page = None
    if page is None:
        yield _fault(path, "unreadable", flaw("The page cannot be read as HTML."))
    else:
        every = {**RULES, **rules(scripts=start), "contrast": low_contrast, "identity-code": private.in_page}
        for rule, found in every.items():
            for one in found(page):
                yield _fault(path, rule, one)
        yield from (_fault(path, "pseudonym", one) for one in register_traces.pseudonyms(path))
    if not start:
        yield from _check_beside(path, page)


def _read(path: Path) -> BeautifulSoup | None:
    text = _text(path)
    page = parse(text)
    return page if isinstance(page.find("html"), Tag) and "\0" not in text else None


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _check_beside(path: Path, page: BeautifulSoup | None) -> Iterator[Fault]:
    """The files that stand beside a report's page."""
    folder = path.parent
    about: list[tuple[str, str, Reader]] = [
        ("record", RECORD, lambda file: _record(json.loads(_text(file)), file.parent))
    ]
    if page is not None:
        about.append(("outputs", EXECUTED, lambda file: _outputs(nbformat.read(file, as_version=4), page, folder)))
    yield from _check_files([folder / name for name in (SHEETS, DOCUMENT, EXECUTED, *RECORDS)], about, path)


def _check_files(
    files: list[Path], about: Iterable[tuple[str, str, Reader]] = (), page: Path | None = None
) -> Iterator[Fault]:
    """What stands in each file, and what files tell about the page."""
    readers = [(rule, file, file, reader) for file in files for rule, reader in _readers(file)]
    readers += [(rule, page, page.parent / name, reader) for rule, name, reader in about if page is not None]
    broken: set[Path] = set()
    for rule, blamed, file, reader in readers:
        if not file.exists() or file in broken:
            continue
        try:
            yield from [_fault(blamed, rule, one) for one in reader(file)]
        except BROKEN:
            broken.add(file)
            yield _fault(file, "unreadable", flaw("{file} cannot be read.", file=file.name))


def _readers(file: Path) -> list[tuple[str, Reader]]:
    """What looks through a file, by its kind."""
    codes: dict[str, Reader] = {
        ".xlsx": private.in_spreadsheet,
        ".docx": private.in_document,
        ".ipynb": lambda file: private.in_notebook(_text(file)),
        ".json": lambda file: private.in_record(_text(file)),
    }
    found = [("identity-code", codes[file.suffix]), ("pseudonym", register_traces.pseudonyms)]
    if file.suffix == ".ipynb":
        found.append(("single-persons", lambda file: register_traces.in_notebook(_text(file))))
    return found


def _outputs(executed: nbformat.NotebookNode, page: BeautifulSoup, folder: Path) -> Iterator[Flaw]:
    """What went into the page and the spreadsheet against what came out."""
    for tag, expected in shown(executed).items():
        found = sum(1 for item in page.find_all(tag) if item.find_parent("section", class_="about") is None)
        if found != expected:
            yield flaw(
                "The notebook shows {expected} <{tag}> and the page holds {found}.",
                expected=expected,
                tag=tag,
                found=found,
            )
    if (folder / SHEETS).exists():
        tables = sum(DATA in output.get("data", {}) for cell in executed.cells for output in cell.get("outputs", []))
        sheets = _sheets(folder / SHEETS)
        if sheets - OWN_SHEETS != tables:
            yield flaw(
                "The notebook shows {expected} tables and figures and the spreadsheet holds {found}.",
                expected=tables,
                found=sheets - OWN_SHEETS,
            )


def _sheets(path: Path) -> int:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    try:
        return len(book.sheetnames)
    finally:
        book.close()


def _record(record: dict[str, Any], folder: Path) -> Iterator[Flaw]:
    if record["status"] != "ok":
        yield flaw("The page stands there, and its record says {status}.", status=record["status"])
        return
    for name, expected in record["outputs"].items():
        file = folder / name
        if not file.exists():
            if name not in PRIVATE:
                yield flaw("The record names {file}, which is not there.", file=name)
        elif hashlib.sha256(file.read_bytes()).hexdigest() != expected:
            yield flaw("{file} is not the file that the run wrote: it has been changed since.", file=name)


def _fault(path: Path, rule: str, found: Flaw) -> Fault:
    return Fault(path, rule, found.message, {key: _fit(value) for key, value in found.values.items()})


def _fit(value: object) -> object:
    """A value as it may stand in a log: without personal identity codes, and short."""
    if not isinstance(value, str):
        return value
    for code in reversed(find_codes(value)):
        value = f"{value[: code.start]}…{value[code.end :]}"
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
