"""Tables in files of any make: CSV, Excel, JSON or PC-Axis, with encoding, separator and header found; all as text.

Nothing becomes a number here, so that codes keep their leading zeros and marks their meaning (`numbers` reads them).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommunanalys.errors import SourceError
from kommunanalys.origin import hash_bytes
from kommunanalys.sources import files, pcaxis
from kommunanalys.sources.layout import Line, lay_out
from kommunanalys.sources.numbers import MARKS, Decimal, plain, read_numbers

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = ";\t,|"
UNCOMPUTED = re.compile(rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")


@dataclass(frozen=True)
class Sheet:
    """A table as it lay in a file, every cell as text.

    Parameters
    ----------
    name
        File name without its folder.
    sha256
        Hash of the bytes as they came.
    frame
        The table; its index holds the lines of the file. Headers that occur twice are told apart.
    title
        What stood above the table, line by line.
    notes
        What stood below it.
    encoding, separator
        How the text was written; "" for Excel, JSON and PC-Axis.
    decimal
        "." where the kind of file says so; None where it is open.
    updated
        When the publisher last updated it, where the file says so.
    """

    name: str
    sha256: str
    frame: pd.DataFrame
    title: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    encoding: str = ""
    separator: str = ""
    decimal: Decimal | None = None
    updated: str = ""


def open_table(path: str | Path, *, sheet: str | None = None) -> Sheet:
    r"""Open a file with one table.

    Parameters
    ----------
    path
        CSV (separator ; , tab or |, in UTF-8, UTF-16 or Windows-1252), XLSX, JSON (a list of objects) or
        PX; also `.gz`.
    sheet
        Which sheet of an XLSX file; None where only one holds anything.

    Raises
    ------
    SourceError
        The file is missing, of another kind, or damaged; a line has too few or too many cells (names the line).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "a.csv")
    ...     _ = file.write_bytes("Förteckning\n\nKod;Värde\n049;1,5\n".encode("cp1252"))
    ...     found = open_table(file)
    >>> found.title, found.frame.to_dict("records"), found.encoding
    (['Förteckning'], [{'Kod': '049', 'Värde': '1,5'}], 'cp1252')
    """
    place = files.existing(path)
    try:
        raw = place.read_bytes()
    except OSError as error:
        raise SourceError("{file} cannot be opened: {reason}.", file=place.name, reason=error) from error
    return parse(raw, place.name, sheet=sheet)


def parse(raw: bytes, name: str, *, sheet: str | None = None) -> Sheet:
    r"""The table in a file's bytes; the kind is told by the bytes, not by the name.

    Raises
    ------
    SourceError
        As `open_table`.

    Examples
    --------
    >>> parse(b'[{"code": "049", "value": 1.50}]', "a.json").frame.to_dict("records")
    [{'code': '049', 'value': '1.50'}]
    """
    body = _unpacked(raw, name)
    hashed = hash_bytes(raw)
    if body.startswith(b"PK\x03\x04"):
        return _sheet(_rows_of_xlsx(body, name, sheet), name, hashed, decimal=".")
    if body.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"PK")):
        raise SourceError(
            "{file} is no table that can be read here (PDF, old Excel, or an empty archive). Save it as XLSX or CSV.",
            file=name,
        )
    text, encoding = decoded(body, name)
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return Sheet(name, hashed, _from_json(text, name), decimal=".")
    if pcaxis.is_px(text):
        table = pcaxis.read_px(body, name)
        return Sheet(name, hashed, table.frame, [table.title], table.notes, decimal=".", updated=table.updated)
    rows, separator = _rows_of_text(text, name)
    return _sheet(rows, name, hashed, encoding=encoding, separator=separator)


def as_numbers(sheet: Sheet, columns: Iterable[str], *, decimal: Decimal | None = None) -> pd.DataFrame:
    r"""The table with some of its columns as numbers, and beside each a column `<name> flag` where a cell has one.

    Parameters
    ----------
    sheet
        An opened table.
    columns
        Which columns hold numbers.
    decimal
        "," or "." where the column leaves it open.

    Raises
    ------
    SourceError
        No such column, or a cell that is neither number nor mark.

    Examples
    --------
    >>> as_numbers(parse(b"a;b\nx;1,5\ny;..\n", "a.csv"), ["b"]).to_dict("list")
    {'a': ['x', 'y'], 'b': [1.5, nan], 'b flag': ['', 'missing']}
    """
    table = sheet.frame.copy()
    for name in columns:
        if name not in sheet.frame:
            raise SourceError(
                "{file} has no column {column!r}. It has: {columns}.",
                file=sheet.name,
                column=name,
                columns=", ".join(map(str, sheet.frame.columns)),
            )
        found = numbers_of(sheet, sheet.frame[name], decimal=decimal)
        table[name] = found["value"]
        if (found["flag"] != "").any():
            table.insert(int(table.columns.get_loc(name)) + 1, f"{name} flag", found["flag"])
    return table


def numbers_of(
    sheet: Sheet, cells: pd.Series[str], *, marks: Mapping[str, str] = MARKS, decimal: Decimal | None = None
) -> pd.DataFrame:
    r"""`value` and `flag` of cells of a table, on their own index.

    Raises
    ------
    SourceError
        Names file and line of a cell that is neither number nor mark.

    Examples
    --------
    >>> sheet = parse(b"a;b\nx;1,5\ny;..\n", "a.csv")
    >>> numbers_of(sheet, sheet.frame["b"])["value"].tolist()
    [1.5, nan]
    """
    try:
        found = read_numbers(cells, marks=marks, decimal=decimal or sheet.decimal, name=str(cells.name))
    except SourceError as error:
        text = str(error.values.get("text") or error.values.get("comma"))
        line = int(cells.index[cells.map(plain) == plain(text)][0])
        raise SourceError("{file} line {line}: {reason}", file=sheet.name, line=line, reason=error) from error
    return found.set_index(cells.index)


def decoded(body: bytes, name: str) -> tuple[str, str]:
    """The text and its encoding: UTF-8 or UTF-16 by their marks, else UTF-8 if it is that, else Windows-1252.

    Raises
    ------
    SourceError
        None of the three.

    Examples
    --------
    >>> decoded("Närpes".encode("cp1252"), "a.csv")
    ('Närpes', 'cp1252')
    """
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif b"\0" in body[:200]:
        candidates = ["utf-16-le" if body[1:2] == b"\0" else "utf-16-be"]
    else:
        candidates = ["utf-8-sig", "cp1252"]
    for encoding in candidates:
        try:
            return body.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise SourceError("{file} is text in neither UTF-8, UTF-16 nor Windows-1252. Save it as UTF-8.", file=name)


def _unpacked(raw: bytes, name: str) -> bytes:
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(
            "{file} is not a whole gzip file: {reason}. Fetch or copy it again.", file=name, reason=error
        ) from error


def _rows_of_text(text: str, name: str) -> tuple[list[Line], str]:
    """The lines split by the separator by which most of them fall into equally many cells; in doubt by the first."""
    found: list[tuple[int, list[Line], str]] = []
    problem: csv.Error | None = None
    lines = text.count("\n")
    for separator in (one for one in SEPARATORS if text.count(one) > lines // 4):
        try:
            rows = _split(text, separator)
        except csv.Error as error:
            problem = problem or error
            continue
        widths = Counter(len(cells) for _, cells in rows if len(cells) > 1)
        found.append((max(widths.values(), default=0), rows, separator))
    most = max((alike for alike, _, _ in found), default=0)
    for alike, rows, separator in found:
        if alike and alike >= 0.9 * most:
            return rows, separator
    if problem is not None:
        raise SourceError(
            "{file} is no whole table: {reason}. Is a quotation mark left open?", file=name, reason=problem
        )
    return [(number, [line.strip()]) for number, line in enumerate(text.splitlines(), 1)], ""


def _split(text: str, separator: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Line] = []
    line = 1
    for cells in reader:
        rows.append((line, [cell.strip() for cell in cells]))
        line = reader.line_num + 1
    return rows


def _rows_of_xlsx(body: bytes, name: str, wanted: str | None) -> list[Line]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True)
        sheets = {one.title: _filled_rows(one) for one in book.worksheets}
        unsaved = _formulas_without_result(body)
    except Exception as error:
        raise SourceError("{file} is not a whole XLSX file: {reason}.", file=name, reason=error) from error
    if unsaved:
        raise SourceError(
            "{file} has formulas without their results. Open it in a spreadsheet program and save it.", file=name
        )
    filled = [title for title, rows in sheets.items() if any(any(row) for row in rows)]
    if (wanted is None and len(filled) != 1) or (wanted is not None and wanted not in filled):
        raise SourceError(
            "{file}: which sheet? Say sheet= one of {sheets}.", file=name, sheets=", ".join(map(repr, filled)) or "–"
        )
    return list(enumerate(sheets[wanted or filled[0]], 1))


def _filled_rows(sheet: Any) -> list[list[str]]:
    # Some programs write a wrong size of the sheet, and rows beyond it would be lost.
    sheet.reset_dimensions()
    rows = [[_as_text(cell.value, str(cell.number_format or "")) for cell in row] for row in sheet.iter_rows()]
    most = max(map(len, rows), default=0)
    return [row + [""] * (most - len(row)) for row in rows]


def _formulas_without_result(body: bytes) -> bool:
    """Whether a program wrote formulas that nobody has computed: they would look like empty cells."""
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(UNCOMPUTED.search(parts.read(name)) for name in sheets)


def _as_text(cell: Any, form: str) -> str:
    if cell is None:
        return ""
    if "%" in form and isinstance(cell, int | float) and not isinstance(cell, bool):
        # A spreadsheet program keeps 21.4 % as 0.214.
        return f"{round(100 * cell, 10):g} %"
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat(" ") if hasattr(cell, "hour") else cell.isoformat()).removesuffix(" 00:00:00")
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()


def _from_json(text: str, name: str) -> pd.DataFrame:
    import pandas as pd

    try:
        data = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise SourceError(
            "{file} is not whole JSON: {reason}. Fetch or copy it again.", file=name, reason=error
        ) from error
    rows = _json_rows(data, name)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_json_cell(row.get(key)) for key in columns] for row in rows]
    return pd.DataFrame(cells, columns=columns, dtype="str")


def _json_rows(data: Any, name: str) -> list[dict[str, Any]]:
    """The rows of a list of objects, of a CKAN dump (fields, records) or of PxWeb's own JSON (columns, data)."""
    try:
        if isinstance(data, dict) and {"fields", "records"} <= data.keys():
            heads = [field["id"] for field in data["fields"]]
            return [row if isinstance(row, dict) else dict(zip(heads, row, strict=True)) for row in data["records"]]
        if isinstance(data, dict) and {"columns", "data"} <= data.keys():
            heads = [column["code"] for column in data["columns"]]
            return [dict(zip(heads, [*row["key"], *row["values"]], strict=True)) for row in data["data"]]
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(
            "{file} describes its columns, but its rows do not fit: {reason}.", file=name, reason=error
        ) from error
    lists = [data] if isinstance(data, list) else [value for value in data.values() if isinstance(value, list)]
    found = [rows for rows in lists if rows and all(isinstance(row, dict) for row in rows)]
    if len(found) != 1:
        raise SourceError(
            "{file} holds {count} lists of objects, and a table is exactly one.", file=name, count=len(found)
        )
    return found[0]


def _json_cell(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _sheet(
    rows: list[Line], name: str, sha256: str, *, encoding: str = "", separator: str = "", decimal: Decimal | None = None
) -> Sheet:
    import pandas as pd

    found = lay_out(rows, name)
    lines, cells = zip(*found.rows, strict=True) if found.rows else ((), ())
    body = pd.DataFrame(list(cells), index=list(lines), columns=range(len(found.header)), dtype="str")
    used = [place for place, header in enumerate(found.header) if header or (body[place] != "").any()]
    body = body[used].set_axis([found.header[place] for place in used], axis=1)
    return Sheet(name, sha256, body, found.title, found.notes, encoding, separator, decimal)
