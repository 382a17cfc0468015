"""A table as a file: CSV, Excel or Parquet, whole or not at all, and beside it where it came from."""

from __future__ import annotations

import importlib.util
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommunanalys import origin, paths
from kommunanalys.errors import OutputError, UsageError

if TYPE_CHECKING:
    import pandas as pd

SIDECAR = ".origin.json"
EXCEL_ROWS = 1_048_576
"""Most rows of an Excel sheet."""
FORMULA = re.compile(r"[=+\-@\t\r]")
NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?")


def check_target(path: str | Path) -> Path:
    """The path, if a table can be written there in the form that its name asks for.

    Raises
    ------
    UsageError
        Another ending than .csv, .xlsx or .parquet, a folder, Parquet without pyarrow, or a file that stands there
        and is not, or no longer, as `write_table` wrote it: somebody's work.

    Examples
    --------
    >>> check_target("pupils.CSV").name
    'pupils.CSV'
    """
    place = Path(path).expanduser()
    suffix = place.suffix.lower()
    if suffix not in WRITERS or place.is_dir():
        raise UsageError(
            "{path!r} is no file to write a table to. Its name must end in one of {suffixes}.",
            path=str(path),
            suffixes=", ".join(WRITERS),
        )
    if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise UsageError(
            "Parquet files need pyarrow, which is not installed. Let the name end in .csv or .xlsx, or write in a "
            "terminal: {command}",
            command=paths.install_command("parquet"),
        )
    if place.exists() and not _is_ours(place):
        raise UsageError(
            "{path!r} is there already, and it is not (or no longer) a table that was written here, so it is not "
            "replaced. Choose another name, or move it away.",
            path=str(path),
        )
    return place


def _is_ours(place: Path) -> bool:
    try:
        about = json.loads(place.with_name(place.name + SIDECAR).read_bytes())
        return bool(about["sha256"] == origin.hash_bytes(place.read_bytes()))
    except (OSError, ValueError, TypeError, KeyError):
        return False


def write_table(table: pd.DataFrame, path: str | Path, question: Mapping[str, Any] | None = None) -> list[Path]:
    """Write a table and, beside it, `<name>.origin.json` with where it came from and the hash of the file.

    A table that was written there before is replaced when the new one is whole, and stays otherwise.

    Parameters
    ----------
    table
        Loaded by the library.
    path
        Ending in .csv, .xlsx or .parquet. CSV is for programs: commas, decimal points, and UTF-8 with the mark by
        which Excel knows it, so that å, ä and ö are right if somebody opens it there all the same. In Excel codes are
        text and keep their noughts; open .xlsx, not .csv, there.
    question
        What was asked, for the file about the origin.

    Returns
    -------
    list of pathlib.Path
        The two files.

    Raises
    ------
    UsageError
        As `check_target`.
    OutputError
        The table does not fit into the form, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from kommunanalys.sources import read_example
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in write_table(read_example(), Path(folder, "example.csv"))]
    ['example.csv', 'example.csv.origin.json']
    """
    place = check_target(path)
    raw = WRITERS[place.suffix.lower()](table)
    about = {
        "file": place.name,
        "sha256": origin.hash_bytes(raw),
        "rows": len(table),
        "columns": list(table.columns),
        "question": dict(question or {}),
        "lacking": table.attrs.get("lacking", []),
        "origins": origin.as_records(origin.origins(table)),
        "labels": table.attrs.get("labels", {}),
        "notes": table.attrs.get("notes", []),
        "written": origin.now(),
    }
    return write_beside(place, raw, about)


def write_beside(place: Path, raw: bytes, about: Mapping[str, Any]) -> list[Path]:
    """Write a file and, beside it, `<name>.origin.json` with what is known about it; the two files.

    Raises
    ------
    OutputError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in write_beside(Path(folder, "a.csv"), b"", {})]
    ['a.csv', 'a.csv.origin.json']
    """
    beside = place.with_name(place.name + SIDECAR)
    try:
        paths.write_whole(place, raw)
        paths.write_whole(beside, json.dumps(about, indent=1, ensure_ascii=False).encode())
    except OSError as error:
        raise OutputError(
            "{path} could not be written: {reason}. Is it open in Excel, or the folder full or closed?",
            path=place,
            reason=error,
        ) from error
    return [place, beside]


def _csv(table: pd.DataFrame) -> bytes:
    safe = table.copy()
    for name in safe.columns:
        if not _is_number(safe[name]):
            safe[name] = safe[name].map({text: _unarmed(text) for text in safe[name].unique()})
    safe.columns = [_unarmed(name) for name in safe.columns]
    text: str = safe.to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def _unarmed(text: object) -> str:
    """Text that a spreadsheet will not take for a formula; codes such as "-9" are left as they are."""
    found = "" if text != text else str(text)
    return f"'{found}" if FORMULA.match(found) and not NUMBER.fullmatch(found) else found


def _is_number(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column))


def _xlsx(table: pd.DataFrame) -> bytes:
    from openpyxl import Workbook

    if len(table) >= EXCEL_ROWS:
        raise OutputError(
            "{rows} rows do not fit into an Excel sheet ({most}). Let the name end in .csv, or ask for fewer "
            "municipalities or years.",
            rows=len(table),
            most=EXCEL_ROWS - 1,
        )
    numbers = [_is_number(table[name]) for name in table.columns]
    _check_signs(table.loc[:, [not number for number in numbers]])
    book = Workbook(write_only=True)
    sheet = book.create_sheet("data")
    sheet.freeze_panes = "A2"
    # One cell for each text, written again and again: codes repeat, and a new cell is slow.
    texts = {
        text: _text(sheet, text)
        for name in table.columns[[not one for one in numbers]]
        for text in table[name].unique()
    }
    sheet.append([_text(sheet, str(name)) for name in table.columns])
    for row in table.itertuples(index=False):
        pairs = zip(row, numbers, strict=True)
        # What is not equal to itself is missing: an empty cell, beside its flag.
        sheet.append([(cell if cell == cell else None) if number else texts[cell] for cell, number in pairs])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _check_signs(texts: pd.DataFrame) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    for name in texts:
        wrong = [text for text in texts[name].unique() if ILLEGAL_CHARACTERS_RE.search(str(text))]
        if wrong:
            raise OutputError(
                "Column {column} has signs that Excel does not allow: {text!r}. Let the name end in .csv.",
                column=name,
                text=wrong[0],
            )


def _text(sheet: Any, text: object) -> Any:
    """A cell of text: neither a number, which would lose the noughts of a code, nor a formula."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, str(text) if text == text else "")
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def _parquet(table: pd.DataFrame) -> bytes:
    held = io.BytesIO()
    bare = table.copy()
    # The origin lies beside the file; pyarrow keeps only attributes that are plain JSON.
    bare.attrs = {}
    bare.to_parquet(held, index=False)
    return held.getvalue()


WRITERS = {".csv": _csv, ".xlsx": _xlsx, ".parquet": _parquet}
