"""Opening files of Kolada's figures: long form in CSV, or recorded answers of API v3, plain or gzip.

Only `kolada.py` uses this module.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kommunanalys.errors import SourceError
from kommunanalys.municipalities import municipalities
from kommunanalys.sources import files
from kommunanalys.sources.kolada_api import Cell, cells
from kommunanalys.sources.session import SIDECAR

if TYPE_CHECKING:
    import pandas as pd

KPI = re.compile(r"[A-Z]\d{5}")
AREA = re.compile(r"00\d\d|G\d+")
"""The country (0000), regions (0001–0025) and groups (G...): no municipalities."""
LONG_FORM = ["kpi", "municipality", "year", "value"]
SUFFIXES = (".csv", ".csv.gz", ".json", ".json.gz")
SEXES = frozenset({"T", "K", "M"})
FIRST_YEAR, LAST_YEAR = 1900, 2100


def candidates(place: Path) -> list[Path]:
    """The file itself, or the files of a folder that may hold figures, in the order of their names."""
    if place.is_file():
        return [place]
    found = (item for item in place.iterdir() if item.is_file() and item.name.lower().endswith(SUFFIXES))
    return sorted(item for item in found if not item.name.endswith(SIDECAR))


def open_file(path: Path) -> tuple[files.RawFile, pd.DataFrame | None, dict[str, str]]:
    """One file: what it is, its rows (None where it has another shape), and the KPIs' names where it lists them."""
    file = files.read(path)
    rows, titles = _from_json(file) if ".json" in path.name.lower() else _from_csv(file)
    return file, rows, titles


def frame(rows: list[Cell]) -> pd.DataFrame:
    """The cells of recorded or fetched answers as a table."""
    import pandas as pd

    table = pd.DataFrame(rows, columns=["kpi", "municipality", "year", "sex", "value", "status"])
    return table.astype({"year": "int64", "value": "float64"})


def municipalities_only(rows: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[str]]:
    """The rows of municipalities, and the other areas that were left out.

    Raises
    ------
    SourceError
        Codes that no municipality has, among them those that lost their leading zero.
    """
    known = set(municipalities("SE").index)
    found = [str(code) for code in rows["municipality"].unique()]
    areas = sorted(code for code in found if AREA.fullmatch(code))
    strange = [code for code in found if code not in known and not AREA.fullmatch(code)]
    if not strange:
        return (rows[~rows["municipality"].isin(areas)] if areas else rows), areas
    if all(code.zfill(4) in known for code in strange):
        raise SourceError(
            "{file} line {line}: the municipality code {code!r} has lost its leading zero ({full}). Save the column as "
            "text: in Excel, import the file by Data > From Text and choose Text for the column.",
            file=name,
            line=_line(rows, rows["municipality"] == strange[0]),
            code=strange[0],
            full=strange[0].zfill(4),
        )
    raise SourceError(
        "{file}: {codes} are no codes of Swedish municipalities (four digits, such as 0114).",
        file=name,
        codes=", ".join(map(repr, strange[:5])),
    )


def nothing_found(place: Path, others: list[str]) -> SourceError:
    """What was looked for, and what is there instead."""
    there = others or sorted(item.name for item in place.iterdir()) if place.is_dir() else [place.name]
    return SourceError(
        "{place} holds no Kolada data. Looked for rows under the columns kpi, municipality, year, value in "
        "comma-separated files, and for recorded answers of API v3 in JSON (plain or .gz). Found: {found}.",
        place=place.name or str(place),
        found=", ".join(there[:5]) + (" ..." if len(there) > 5 else "") or "–",
    )


def _from_csv(file: files.RawFile) -> tuple[pd.DataFrame | None, dict[str, str]]:
    columns = file.columns()
    if not set(LONG_FORM) <= set(columns):
        return None, _titles_in_csv(file, columns)
    sex = [name for name in ("sex", "gender") if name in columns][:1]
    rows = files.table(file, text=["kpi", "municipality", *sex], whole=["year"], number=["value"])
    rows = rows.rename(columns=dict.fromkeys(sex, "sex"))
    kpis = [kpi for kpi in rows["kpi"].unique() if not KPI.fullmatch(str(kpi).upper())]
    _refuse(rows, rows["kpi"].isin(kpis), "kpi", file.name)
    _refuse(rows, ~rows["year"].between(FIRST_YEAR, LAST_YEAR), "year", file.name)
    if sex:
        _refuse(rows, ~rows["sex"].isin(SEXES), "sex", file.name)
    return rows, {}


def _refuse(rows: pd.DataFrame, bad: pd.Series[bool], column: str, name: str) -> None:
    if bad.any():
        raise SourceError(
            "{file} line {line}: {column} is {text!r}. A KPI is a letter and five digits (N15008), a year has four "
            "digits, and a sex is T, K or M.",
            file=name,
            line=_line(rows, bad),
            column=column,
            text=str(rows.loc[bad, column].iloc[0]),
        )


def _line(rows: pd.DataFrame, bad: pd.Series[bool]) -> int:
    """Line of the first row in question; the first line of a file holds the names."""
    return int(rows.index[bad][0]) + 2


def _titles_in_csv(file: files.RawFile, columns: list[str]) -> dict[str, str]:
    id_, title = ("kpi", "name") if "kpi" in columns else ("id", "title")
    if not {id_, title} <= set(columns):
        return {}
    reader = csv.DictReader(io.StringIO(file.body.decode(), newline=""), fieldnames=columns)
    return _titles((row[id_] or "", row[title] or "") for row in reader)


def _titles(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {kpi.upper(): title for kpi, title in pairs if KPI.fullmatch(kpi.upper())}


def _from_json(file: files.RawFile) -> tuple[pd.DataFrame | None, dict[str, str]]:
    try:
        data = json.loads(file.body)
    except ValueError as error:
        raise SourceError(
            "{file} is not whole JSON: {reason}. Fetch or copy it again.", file=file.name, reason=error
        ) from error
    values = data.get("values") if isinstance(data, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    if not isinstance(values, list) or not isinstance(first, dict):
        return None, {}
    if {"kpi", "municipality", "period", "values"} <= first.keys():
        return frame(list(cells(values, file.name))), {}
    return None, _titles((str(entry.get("id")), str(entry.get("title"))) for entry in values)
