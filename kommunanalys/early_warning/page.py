"""The hidden sheet of a list: what list it is and whose lines it has, sealed, so that it can be read back and believed.

The seal is made by a key of this state: a list from elsewhere, a changed one, or a line whose number or person was
changed is told from an own one.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from xml.etree.ElementTree import ParseError

from kommunanalys.errors import OutputError
from kommunanalys.secrecy.keys import key

HIDDEN = "_list"
KEY = "watchlist"
"""Name of the key that seals."""
PIECE = 30_000
"""Signs in one cell of the hidden sheet; a cell holds 32,767."""
DAMAGED = (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, IndexError, AttributeError, ParseError)
"""What is raised at a file that is no whole spreadsheet."""


@dataclass(frozen=True)
class Line:
    """One person of a list: found again by the number, and sealed with what they are called in the sheet."""

    number: int
    unit: Any = field(repr=False)
    person: str = field(repr=False)
    seal: str = field(repr=False)


@dataclass(frozen=True)
class Page:
    """What the hidden sheet says.

    Parameters
    ----------
    list_id
        Of all sheets that were written together.
    task, as_of, place, made, expires
        Name, day or number, place ("" where not known), and days [ISO 8601].
    no_action
        What the sheet calls it when nothing was done.
    head
        What stands over the numbers.
    lines
        The persons.
    """

    list_id: str
    task: str
    as_of: str
    place: str
    made: str
    expires: str
    no_action: str
    head: str
    lines: tuple[Line, ...] = field(default=(), repr=False)

    def plain(self) -> dict[str, Any]:
        """As plain values."""
        lines = [[line.number, line.unit, line.person, line.seal] for line in self.lines]
        return {name: value for name, value in vars(self).items() if name != "lines"} | {"lines": lines}

    def line_seal(self, number: int, person: str, shown: str) -> str:
        """The seal of one line of this list."""
        return sealed(self.list_id, self.place, number, person, shown)


def sealed(*facts: Any) -> str:
    """A text that only this state's key makes of these facts."""
    return key(KEY).pseudonyms([json.dumps(facts, sort_keys=True)])[0].rpartition(":")[2]


def hide(book: Any, page: Page, actions: Sequence[str]) -> None:
    """Write the hidden sheet: the page in column A, the actions to choose from in column B."""
    sheet = book.create_sheet(HIDDEN)
    sheet.sheet_state = "veryHidden"
    text = json.dumps(page.plain() | {"seal": sealed(page.plain())})
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    for column, texts in enumerate((pieces, actions), 1):
        for row, one in enumerate(texts, 1):
            sheet.cell(row, column).value = one
            sheet.cell(row, column).data_type = "s"


def read_page(file: Path) -> tuple[Page, bool, Any] | None:
    """What the hidden sheet says, whether its seal is whole, and the sheet that people fill in; None for no list."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise OutputError(
            "{file} cannot be read ({reason}). If it is open somewhere, close it there.",
            file=file.name,
            reason=error.strerror or type(error).__name__,
        ) from None
    found = _opened(raw)
    if found is False:
        raise OutputError(
            "{file} is no whole spreadsheet, or its hidden sheet was damaged. Was it saved in another form? Save it "
            "as XLSX from the file that was handed out.",
            file=file.name,
        )
    return None if found is None else (found[0], sealed(found[0].plain()) == found[1], found[2])


def _opened(raw: bytes) -> tuple[Page, str, Any] | Literal[False] | None:
    """False where the file is damaged: no error can show then what stood in it."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what other programs added
            book = load_workbook(BytesIO(raw))
        if HIDDEN not in book.sheetnames:
            return None
        cells = (row[0] for row in book[HIDDEN].iter_rows(max_col=1, values_only=True))
        about = json.loads("".join(str(cell) for cell in cells if cell is not None))
        seal, lines = str(about.pop("seal")), tuple(Line(*line) for line in about.pop("lines"))
        return Page(**about, lines=lines), seal, next(one for one in book.worksheets if one.title != HIDDEN)
    except (*DAMAGED, StopIteration):
        return False
