"""Files and folders that a person gives: what they hold is told by their content, and the reader for it is called."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kommunanalys import origin, tables
from kommunanalys.errors import SourceError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.sources.session import SIDECAR

if TYPE_CHECKING:
    import pandas as pd

HEAD = 1 << 16
"""How much of a file is looked at [bytes]."""
SUFFIXES = (".csv", ".csv.gz", ".json", ".json.gz", ".xlsx")
KINDS: dict[str, re.Pattern[str]] = {
    "treasury": re.compile(r'^\s*\[\s*\{[^}]*"raportointikokonaisuus"', re.DOTALL),
    "json-stat": re.compile(r'^\s*\{.*?"class"\s*:\s*"dataset"', re.DOTALL),
    "kolada": re.compile(r'^\s*\{.*?"(?:kpi|values)"\s*:', re.DOTALL),
    "skolverket": re.compile(r"^[^{[].*\bkommun[\W_]?kod\b", re.DOTALL | re.IGNORECASE),
}
"""Kind → what such a file looks like near its beginning; the first that fits counts."""
MUNICIPAL = re.compile(r"kommun[\W_]?kod", re.IGNORECASE)
ROWS = 40
"""Rows and columns of an Excel sheet that are looked at."""
LONG_FORM = frozenset({"kpi", "municipality", "year", "value"})


def read(place: Path) -> pd.DataFrame:
    r"""Observations from a file or folder of any kind that is known here.

    Raises
    ------
    SourceError
        Nothing that is known (says what was looked for), or a damaged file.
    UsageError
        A folder with files of several kinds (names one of each).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mine.csv")
    ...     _ = file.write_text("kpi,municipality,year,value\nn01951,0114,2021,47820\n")
    ...     read(file)["indicator"].tolist()
    ['population']
    """
    inside = [place] if place.is_file() else sorted(item for item in place.iterdir() if _may_be(item))
    kinds: dict[str, list[Path]] = {}
    for item in inside:
        kinds.setdefault(kind(item), []).append(item)
    others = kinds.pop("", [])
    if len(kinds) > 1:
        raise UsageError(
            "{place} holds data of several kinds: {kinds}. Give one file, or a folder with one kind.",
            place=place.name,
            kinds="; ".join(f"{name}: {items[0].name}" for name, items in kinds.items()),
        )
    if not kinds:
        raise SourceError(
            "{place} holds no data that are known here. Looked for Kolada's figures (CSV or JSON), Skolverket's tables "
            "by municipality (CSV or XLSX), answers in JSON-stat 2, documents of the State Treasury (JSON) and "
            "filled-in templates (XLSX). Found: {found}. Other tables are opened by sources.tabular.open_table.",
            place=place.name or str(place),
            found=", ".join(item.name for item in others[:5]) + (" ..." if len(others) > 5 else "") or "–",
        )
    (name,) = kinds
    table = READERS[name](place, kinds[name])
    return _with_others(table, others) if name in ("json-stat", "template") else table


def kind(path: Path) -> str:
    """What a file holds: a key of `READERS`, or "" for nothing that is known here.

    Examples
    --------
    >>> from kommunanalys.paths import data_dir
    >>> kind(data_dir() / "municipalities.csv")
    ''
    """
    if path.name.lower().endswith(".xlsx"):
        return _kind_of_book(path)
    head = _head(path)
    first = head.partition("\n")[0].lower().replace('"', "").split(",")
    if {name.strip() for name in first} >= LONG_FORM:
        return "kolada"
    return next((name for name, pattern in KINDS.items() if pattern.search(head)), "")


def _with_others(table: pd.DataFrame, others: list[Path]) -> pd.DataFrame:
    """Name in the note of the first origin what was passed over; the other readers do so themselves."""
    first = origin.origins(table)[:1] if others else []
    note = Speaker(current())("Not read, of another shape: {files}.", files=", ".join(item.name for item in others))
    return origin.record(table, [replace(item, note=f"{item.note} {note}".strip()) for item in first])


def _may_be(item: Path) -> bool:
    return item.is_file() and item.name.lower().endswith(SUFFIXES) and not item.name.endswith(SIDECAR)


def _head(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(HEAD)
        if raw.startswith(b"\x1f\x8b"):
            raw = zlib.decompressobj(wbits=31).decompress(raw)
    except (OSError, zlib.error) as error:
        raise SourceError("{file} cannot be opened: {reason}.", file=path.name, reason=error) from error
    # Only the letters of English words are looked for, so that any of the usual encodings will do.
    return raw.replace(b"\0", b"").decode("utf-8-sig", "replace").lstrip("\ufeff\ufffd")


def _kind_of_book(path: Path) -> str:
    import openpyxl

    from kommunanalys.sources.template import is_template

    if is_template(path):
        return "template"
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        for sheet in book.worksheets:
            sheet.reset_dimensions()
        texts = [
            str(cell)
            for sheet in book.worksheets
            for row in sheet.iter_rows(max_row=ROWS, max_col=ROWS, values_only=True)
            for cell in row
            if cell is not None
        ]
        book.close()
    except Exception as error:
        raise SourceError("{file} is not a whole XLSX file: {reason}.", file=path.name, reason=error) from error
    return "skolverket" if any(MUNICIPAL.fullmatch(text.strip()) for text in texts) else ""


def _kolada(place: Path, _: list[Path]) -> pd.DataFrame:
    from kommunanalys.sources.kolada import read_kolada

    table = read_kolada(place)
    if "sex" not in table:
        return table
    # As `get_kolada` by default: both sexes together. Who wants them apart calls `read_kolada`.
    both = table[table["sex"] == "T"].drop(columns="sex").reset_index(drop=True)
    both.attrs = table.attrs
    return both


def _skolverket(place: Path, _: list[Path]) -> pd.DataFrame:
    from kommunanalys.sources.skolverket import read_skolverket

    return read_skolverket(place)


def _treasury(place: Path, _: list[Path]) -> pd.DataFrame:
    from kommunanalys.sources.treasury import read_treasury

    return read_treasury(place)


def _template(_: Path, inside: list[Path]) -> pd.DataFrame:
    from kommunanalys.sources.template import read_template

    return _together([read_template(item) for item in inside])


def _jsonstat(_: Path, inside: list[Path]) -> pd.DataFrame:
    from kommunanalys.sources.cubes import read_jsonstat

    return _together([read_jsonstat(item) for item in inside])


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Several tables as one; a dimension that only some have is "" in the others."""
    import pandas as pd

    if len(parts) == 1:
        return parts[0]
    table = pd.concat([part.assign() for part in parts], ignore_index=True)
    further = [name for name in table if name not in tables.COLUMNS]
    table[further] = table[further].fillna("")
    table.attrs = {}
    return origin.record(tables.check_observations(table), [item for part in parts for item in origin.origins(part)])


READERS: dict[str, Callable[[Path, list[Path]], pd.DataFrame]] = {
    "kolada": _kolada,
    "skolverket": _skolverket,
    "json-stat": _jsonstat,
    "treasury": _treasury,
    "template": _template,
}
"""Kind → its reader, which takes the place and the files of the kind in it."""
