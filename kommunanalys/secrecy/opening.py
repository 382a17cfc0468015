"""Files with identities opened so that no error, traceback or log can show what stands in them."""

from __future__ import annotations

import csv
import hashlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pandas as pd

from kommunanalys.errors import UsageError
from kommunanalys.secrecy.frame import Unshown

Made = TypeVar("Made")


def attempt(work: Callable[..., Made], *given: object) -> tuple[Made | None, str]:
    """What the work gives and "", or None and the kind of what it raised.

    The error is forgotten here with its words and with all that its frames held, so that an error raised after it can
    show neither.

    Examples
    --------
    >>> attempt(int, "7"), attempt(int, "010101-900R")
    ((7, ''), (None, 'ValueError'))
    """
    try:
        return work(*given), ""
    except Exception as error:  # noqa: BLE001 - readers of files raise errors of any kind at damaged ones
        return None, type(error).__name__


def open_table(place: Path) -> tuple[pd.DataFrame, str]:
    """The table in a file, every cell as text or missing, and the hash of the file.

    Raises
    ------
    UsageError
        The file is not there or not whole; says which kind of error, never what stands in a cell.

    Examples
    --------
    >>> open_table(Path("none.csv"))
    Traceback (most recent call last):
    ...
    kommunanalys.errors.UsageError: none.csv cannot be opened...
    """
    try:
        raw = place.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError("{file} cannot be opened: {reason}.", file=place.name, reason=reason) from None
    sha256, (found, reason) = hashlib.sha256(raw).hexdigest(), attempt(_parsed, raw)
    del raw  # a traceback that shows what functions hold must not show it
    table, reason = (None, reason) if found is None else found
    if table is None:
        raise UsageError(
            "{file} is no whole table ({reason}): CSV, XLSX or Parquet with the names of the columns in the first "
            "row, and as many cells in each row.",
            file=place.name,
            reason=reason,
        )
    return Unshown(table), sha256


def _parsed(raw: bytes) -> tuple[pd.DataFrame | None, str]:
    """The table, or why it is none."""
    if raw.startswith(b"PK\x03\x04"):
        sheets = [one for one in pd.read_excel(io.BytesIO(raw), dtype=str, sheet_name=None).values() if len(one)]
        return (plain(sheets[0]), "") if len(sheets) == 1 else (None, f"{len(sheets)} sheets")
    if raw.startswith(b"PAR1"):
        return plain(pd.read_parquet(io.BytesIO(raw))).astype("str"), ""
    return plain(_csv(raw)), ""


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The table with rows numbered from 0 and columns named by text.

    Parquet files bring their index along: its named levels become columns, the others go.

    Raises
    ------
    ValueError
        Two columns of one name.

    Examples
    --------
    >>> plain(pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="b"))).to_dict("records")
    [{'b': 'x', 'a': 1}, {'b': 'y', 'a': 2}]
    """
    unnamed = [place for place, name in enumerate(table.index.names) if name is None]
    if len(unnamed) < table.index.nlevels:
        table = (table.droplevel(unnamed) if unnamed else table).reset_index()
    table = table.reset_index(drop=True).rename(columns=lambda name: str(name).strip())
    if not table.columns.is_unique:
        raise ValueError
    return table


def _csv(raw: bytes) -> pd.DataFrame:
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text, encoding = raw.decode("cp1252"), "cp1252"
    first = text[: text.find("\n") + 1 or None]
    separator = max(";\t,|", key=first.count)
    with warnings.catch_warnings():
        # A row with more cells than there are columns is only warned of, and cut.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            io.BytesIO(raw),
            encoding=encoding,
            low_memory=False,
            sep=separator,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            index_col=False,
            skipinitialspace=True,
            quoting=csv.QUOTE_MINIMAL,
        )
