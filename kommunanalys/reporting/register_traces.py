"""Traces of registers in what a report leaves behind: pseudonyms, tables of single persons, and small numbers.

Where they stand is told, never what they say. Small numbers and unique keys are ordinary in tables of municipalities,
and are looked for only in notebooks that have read a register.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from bs4 import BeautifulSoup, Tag

from kommunanalys.journal import PSEUDONYM, SMALL
from kommunanalys.mime import DATA, RELEASE, RUN
from kommunanalys.reporting.execute import REGISTERS
from kommunanalys.reporting.fault import Flaw, flaw
from kommunanalys.reporting.page_safety import vector_text
from kommunanalys.reporting.readings import OWN

MANY = 20
"""Rows from which on a table with a column of its own for each row is one of single persons."""
HASHES = frozenset({"md5"})
"""What stands before 128 bits that are no pseudonym."""
READERS = re.compile(r"\b(read_register|read_parcel)\s*\(")
NUMBER = re.compile(r"\d+([.,]\d+)?")
ENDS = re.compile(r"</(si|is|v|w:p|a:p)>")
"""Where a paragraph or a cell ends."""
Row = list[Any]


def pseudonyms(path: Path) -> Iterator[Flaw]:
    """One flaw for a file that holds a pseudonym, in its text, its vector pictures or its parts.

    Raises
    ------
    OSError, ValueError, zipfile.BadZipFile
        The file cannot be read.
    """
    if any(_holds(text) for text in _texts(path)):
        yield flaw("{file} holds a pseudonym from a register.", file=path.name)


def _texts(path: Path) -> Iterator[str]:
    if path.suffix in (".xlsx", ".docx"):
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                if name.endswith(".xml"):
                    text = parts.read(name).decode("utf-8")
                    yield text
                    # Word and Excel cut the text of a paragraph or cell into runs.
                    yield re.sub(r"<[^>]*>", "", ENDS.sub(" ", text))
        return
    text = path.read_text(encoding="utf-8")
    yield text
    for picture in re.findall(r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+", text):
        yield vector_text(picture) or ""


def _holds(text: str) -> bool:
    return any(match.group(1) not in HASHES for match in PSEUDONYM.finditer(text))


def in_notebook(text: str) -> Iterator[Flaw]:
    """Tables of single persons, and what a notebook that has read a register shows beside its releases.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        The text is no notebook.
    """
    book = nbformat.reads(text, as_version=4)
    watched = _has_read(book)
    for number, cell in enumerate(book.cells, 1):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for rows in _tables(data):
                yield from _in_table(rows, number, watched=watched and RELEASE not in data)


def _has_read(book: Any) -> bool:
    """Whether a notebook has read a register, by its properties, its origins or its code."""
    outputs = [output.get("data", {}) for cell in book.cells for output in cell.get("outputs", [])]
    origins = [item for data in outputs for item in data.get(RUN, {}).get("origins", [])]
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    return bool(
        book.metadata.get(REGISTERS) or any(item.get("credit") == OWN for item in origins) or READERS.search(code)
    )


def _tables(data: Any) -> Iterable[list[Row]]:
    """The rows of the tables of one output, headings left out."""
    if DATA in data:
        yield data[DATA]["rows"]
        return
    for table in BeautifulSoup(str(data.get("text/html", "")), "html.parser").find_all("table"):
        lines = [line for line in table.find_all("tr") if line.find("td") and not line.find_parent("thead")]
        yield [[_value(cell) for cell in line.find_all(["th", "td"])] for line in lines]


def _value(cell: Tag) -> Any:
    text = cell.get_text().strip()
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else text


def _in_table(rows: list[Row], cell: int, *, watched: bool) -> Iterator[Flaw]:
    columns = list(zip(*rows, strict=False))
    if any(sum(_is_pseudonym(value) for value in column) > 1 for column in columns) or (
        watched and len(rows) >= MANY and any(len(set(map(str, column))) == len(rows) for column in columns)
    ):
        yield flaw("Cell {number} of the executed notebook shows a table of single persons.", number=cell)
    elif watched and any(_is_small(value) for row in rows for value in row[1:]):
        yield flaw(
            "Cell {number} of the executed notebook shows numbers below {limit} without a release id, and the notebook "
            "has read a register.",
            number=cell,
            limit=SMALL,
        )


def _is_pseudonym(value: Any) -> bool:
    return isinstance(value, str) and PSEUDONYM.fullmatch(value) is not None


def _is_small(value: Any) -> bool:
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    return bool(whole and 0 < value < SMALL)
