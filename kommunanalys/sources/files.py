"""Opening a publisher's files: plain or gzip, UTF-8, whole; what is wrong is said with file and line."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kommunanalys.errors import SourceError
from kommunanalys.origin import hash_bytes

if TYPE_CHECKING:
    import pandas as pd

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class RawFile:
    """A file as it lay on the disk.

    Parameters
    ----------
    name
        File name without its folder.
    sha256
        Hash of the bytes on the disk.
    body
        The text's bytes: unpacked, valid UTF-8, without a byte order mark.
    """

    name: str
    sha256: str
    body: bytes

    def columns(self) -> list[str]:
        r"""Names in the first line of a comma-separated file, in small letters.

        Examples
        --------
        >>> RawFile("a.csv", "", b"KPI,Year\nn15008,2021\n").columns()
        ['kpi', 'year']
        """
        first = self.body.split(b"\n", 1)[0].decode()
        return [name.strip().lower() for name in next(csv.reader([first.rstrip("\r")]), [])]


def existing(path: str | Path) -> Path:
    """The path of a file or folder that is there.

    Raises
    ------
    SourceError
        Names the closest names in the folder above.

    Examples
    --------
    >>> existing(".").is_dir()
    True
    """
    place = Path(path).expanduser()
    if place.exists():
        return place
    above = place.parent
    names = sorted(item.name for item in above.iterdir()) if above.is_dir() else []
    raise SourceError(
        "There is no file or folder {path!r}. Closest in the folder above: {closest}. Give the path of a file or "
        "folder with data.",
        path=str(path),
        closest=", ".join(difflib.get_close_matches(place.name, names, 3, 0.4)) or "–",
    )


def read(path: Path) -> RawFile:
    """Read one file, unpack it where its name ends in `.gz`, and check that it is whole UTF-8.

    Raises
    ------
    SourceError
        The file cannot be opened, its gzip breaks off or is damaged, or its text is not UTF-8 (names the line).

    Examples
    --------
    >>> from kommunanalys.paths import data_dir
    >>> read(data_dir() / "municipalities.csv").columns()[:2]
    ['country', 'code']
    """
    try:
        raw = path.read_bytes()
        body = gzip.decompress(raw) if path.suffix.lower() == ".gz" else raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(
            "{file} is not a whole gzip file: {reason}. Fetch or copy it again.", file=path.name, reason=error
        ) from error
    except OSError as error:
        raise SourceError("{file} cannot be opened: {reason}.", file=path.name, reason=error) from error
    body = body.removeprefix(BOM)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            "{file} line {line} is not UTF-8. Save the file as UTF-8 (in Excel: CSV UTF-8) and try again.",
            file=path.name,
            line=body.count(b"\n", 0, error.start) + 1,
        ) from error
    return RawFile(path.name, hash_bytes(raw), body)


def table(file: RawFile, *, text: Sequence[str], whole: Sequence[str], number: Sequence[str]) -> pd.DataFrame:
    r"""A comma-separated file as a table, every cell accounted for.

    Parameters
    ----------
    file
        With one line of column names.
    text
        Columns of text.
    whole
        Columns of whole numbers.
    number
        Columns of numbers; an empty cell is NaN, nothing else is.

    Raises
    ------
    SourceError
        Names file, line and text of the first cell that is no number, or of a line with too few or too many cells.

    Examples
    --------
    >>> file = RawFile("a.csv", "", b"kpi,year,value\nn15008,2021,\n")
    >>> table(file, text=["kpi"], whole=["year"], number=["value"])["value"].isna().tolist()
    [True]
    """
    import pandas as pd

    names = file.columns()
    # Not "category" for text: pandas would make numbers of the codes, and 0114 would be 114.
    kinds = {**dict.fromkeys(whole, "int64"), **dict.fromkeys(number, "float64")}
    try:
        found = pd.read_csv(
            io.BytesIO(file.body),
            names=names,
            header=0,
            dtype={name: kinds.get(name, "str") for name in names},
            keep_default_na=False,
            na_values={name: [""] for name in number},
        )
    except ValueError as error:
        _refuse(file, names, whole, number)
        raise SourceError("{file} cannot be read: {reason}.", file=file.name, reason=error) from error
    # pandas fills short lines with nothing and takes a first surplus cell for an index: count the commas instead.
    ragged = file.body.count(b",") != (len(found) + 1) * (len(names) - 1)
    if ragged or any(found[name].abs().eq(math.inf).any() for name in number):
        _refuse(file, names, whole, number)
    return found[[*text, *whole, *number]]


def _refuse(file: RawFile, names: list[str], whole: Sequence[str], number: Sequence[str]) -> None:
    """Raise for the first line that is not as it should be; silent where none is (commas within quotes)."""
    reader = csv.reader(io.StringIO(file.body.decode(), newline=""))
    next(reader)
    for cells in reader:
        if cells and len(cells) != len(names):
            raise SourceError(
                "{file} line {line} has {found} cells instead of {expected}: {text!r}. Is the file whole?",
                file=file.name,
                line=reader.line_num,
                found=len(cells),
                expected=len(names),
                text=",".join(cells)[:80],
            )
        row = dict(zip(names, cells, strict=False))
        for name in [name for name in (*whole, *number) if cells and not _fits(row[name], name in whole)]:
            raise SourceError(
                "{file} line {line}: {column} is {text!r}, which is no number. Write decimals with a point, and leave "
                "a missing value empty.",
                file=file.name,
                line=reader.line_num,
                column=name,
                text=row[name],
            )


def _fits(text: str, whole: bool) -> bool:
    if whole:
        return text.strip().isdigit()
    try:
        return not text or math.isfinite(float(text))
    except ValueError:
        return False
