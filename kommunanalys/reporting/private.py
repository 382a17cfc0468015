"""Personal identity codes in what a report leaves behind: where they stand, never what they say."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from kommunanalys.identity_codes import find_codes
from kommunanalys.reporting.fault import Flaw, flaw
from kommunanalys.reporting.page_rules import parse
from kommunanalys.reporting.page_safety import vector_text

_INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "small", "span", "strong", "sub", "sup", "tspan", "u"}
_BINARY = ("image/png", "image/jpeg", "application/pdf")
_WORD_TEXT, _WORD_PARAGRAPH = (f"{{http://schemas.openxmlformats.org/wordprocessingml/2006/main}}{tag}" for tag in "tp")


def in_page(page: BeautifulSoup) -> Iterator[Flaw]:
    """Codes in the text, the attributes and the vector pictures of a page, one flaw for each place.

    Examples
    --------
    The individual numbers 900–999 are never given to a person for good.

    >>> page = BeautifulSoup("<table><tr><td>010101-900R</td></tr></table>", "html.parser")
    >>> [dict(found.values) for found in in_page(page)]
    [{'number': 1}]
    """
    tables = {id(table): number for number, table in enumerate(page.find_all("table"), 1)}
    places = dict.fromkeys(_place(tag, tables) for tag, text in _pieces(page) if find_codes(text))
    for place in places:
        if isinstance(place, int):
            yield flaw("A personal identity code stands in table {number}.", number=place)
        else:
            yield flaw("A personal identity code stands in the page, in <{tag}>.", tag=place)


def _place(tag: Tag, tables: dict[int, int]) -> int | str:
    table = tag if tag.name == "table" else tag.find_parent("table")
    return tables.get(id(table)) or str(tag.name)


def _pieces(page: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    for tag in page.find_all(True):
        for key, value in tag.attrs.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            if not text.startswith("data:"):
                yield tag, text
            elif key in ("src", "href") and (drawn := vector_text(text)):
                yield from ((tag, piece) for _, piece in _pieces(parse(drawn)))
        if tag.name not in _INLINE:
            yield tag, _own_text(tag)


def _own_text(tag: Tag) -> str:
    """The words of a block, those of its inner blocks apart: a code may be broken up by bold or a link."""
    parts: list[str] = []
    for child in tag.children:
        if isinstance(child, Tag):
            parts.append(_own_text(child) if child.name in _INLINE else "\n")
        elif isinstance(child, NavigableString):
            parts.append(str(child))
    return "".join(parts)


def in_notebook(text: str) -> Iterator[Flaw]:
    """Codes in the cells and outputs of an executed notebook, one flaw for each cell.

    Raises
    ------
    ValueError
        The text is no notebook.
    """
    book = json.loads(text)
    if not isinstance(book, dict) or not isinstance(book.get("cells"), list):
        raise ValueError("no notebook")
    for number, cell in enumerate(book["cells"], 1):
        if any(find_codes(piece) for piece in _texts(cell)):
            yield flaw("A personal identity code stands in cell {number} of the executed notebook.", number=number)
    if any(find_codes(piece) for piece in _texts(book.get("metadata", {}))):
        yield flaw("A personal identity code stands in the properties of the executed notebook.")


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys included; the lines of a cell joined, as Jupyter splits them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, float) and value.is_integer():
        yield str(int(value))
    elif isinstance(value, list):
        yield from ("".join(value),) if value and all(isinstance(item, str) for item in value) else ()
        yield from chain.from_iterable(map(_texts, value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner) if key not in _BINARY else ()


def in_record(text: str) -> Iterator[Flaw]:
    """Codes in a run's record, parameters included.

    Raises
    ------
    ValueError
        The text is no JSON.
    """
    if any(find_codes(piece) for piece in _texts(json.loads(text))):
        yield flaw("A personal identity code stands in the run's record.")


def in_spreadsheet(path: Path) -> Iterator[Flaw]:
    """Codes in the cells of a spreadsheet, one flaw for each sheet.

    Raises
    ------
    ValueError, KeyError, OSError, zipfile.BadZipFile
        The file is no spreadsheet.
    """
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=False)
    try:
        for sheet in book.worksheets:
            cells = chain.from_iterable(sheet.iter_rows(values_only=True))
            if find_codes(sheet.title) or any(find_codes(piece) for value in cells for piece in _texts(value)):
                yield flaw(
                    "A personal identity code stands in a sheet of the spreadsheet (number {number}).",
                    number=book.worksheets.index(sheet) + 1,
                )
    finally:
        book.close()


def in_document(path: Path) -> Iterator[Flaw]:
    """Codes in the paragraphs, tables, headers and alternative texts of a Word document.

    Raises
    ------
    ElementTree.ParseError, OSError, zipfile.BadZipFile
        The file is no document.
    """
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            if name.startswith(("word/", "docProps/")) and name.endswith(".xml"):
                tree = ElementTree.fromstring(parts.read(name))
                if any(find_codes(piece) for piece in _word_texts(tree)):
                    yield flaw("A personal identity code stands in the Word document ({part}).", part=name)


def _word_texts(tree: ElementTree.Element) -> Iterator[str]:
    for paragraph in tree.iter(_WORD_PARAGRAPH):
        yield "".join(item.text or "" for item in paragraph.iter(_WORD_TEXT))
    for item in tree.iter():
        yield from (str(value) for value in item.attrib.values())
        yield item.text or ""
