"""Tables of avoindata.fi as observations, where they have a column of municipalities and one of years."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import kommunanalys.municipalities as places
from kommunanalys import origin, tables
from kommunanalys.errors import SourceError, TableError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.sources.avoindata import fetch_table
from kommunanalys.sources.tabular import Sheet, numbers_of

if TYPE_CHECKING:
    import pandas as pd

YEARS = frozenset({"vuosi", "year", "år", "tilastovuosi", "statistikår"})
"""Headers of a column of years, in small letters."""
YEAR = re.compile(r"(?:19|20)\d\d")


def load_avoindata(name: str) -> pd.DataFrame:
    """A table of avoindata.fi as observations.

    Parameters
    ----------
    name
        Of a data set with one file, or of a resource, as for `get_avoindata`.

    Returns
    -------
    pandas.DataFrame
        An observations table: each column of numbers is an indicator "name.header", each other column a dimension.
        Rows without a municipality of today or a year are counted in the note of the origin.

    Raises
    ------
    UsageError
        No single column of municipalities or of years, no column of numbers, or rows that nothing tells apart:
        `get_avoindata` has the table as it is.
    NoData, SourceError
        As `get_avoindata`.

    Examples
    --------
    >>> from kommunanalys.sources import http
    >>> with http.mode("offline"):
    ...     load_avoindata("tutkihankintoja-data")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    sheet, item = fetch_table(name)
    codes = {str(header): _municipalities(sheet.frame[header]) for header in sheet.frame}
    areas = [header for header, found in codes.items() if _mostly(found)]
    years = [str(header) for header in sheet.frame if str(header).strip().casefold() in YEARS]
    if not areas or len(years) != 1:
        raise _unfit(name, sheet)
    # Where a code and a name stand side by side, the first column is taken and the others stay as dimensions.
    area, year = codes[areas[0]], sheet.frame[years[0]].map(_year)
    kept = (area != "") & (year > 0)
    table = _long(name, sheet, area, year, kept, {areas[0], years[0]})
    lost = int((~kept).sum())
    note = Speaker(current())("{count} rows without a municipality of today or a year are left out.", count=lost)
    try:
        return origin.record(tables.check_observations(table), [replace(item, note=note) if lost else item])
    except TableError as error:
        raise _unfit(name, sheet) from error


def _long(
    name: str, sheet: Sheet, area: pd.Series[str], year: pd.Series[int], kept: pd.Series[bool], taken: set[str]
) -> pd.DataFrame:
    import pandas as pd

    measured, kinds = {}, {}
    for header in (str(one) for one in sheet.frame if str(one) not in taken):
        found = _numbers(sheet, sheet.frame[header])
        if found is None:
            kinds[header if header not in tables.COLUMNS else f"{header}_"] = sheet.frame[header][kept]
        else:
            measured[header] = found[kept]
    if not measured:
        raise _unfit(name, sheet)
    base = {"country": "FI", "municipality": area[kept], "year": year[kept]}
    parts = [
        pd.DataFrame(
            {**base, "indicator": f"{name}.{header}", "value": found["value"], "unit": "", "flag": found["flag"]}
            | kinds
        ).assign(kpi=header)
        for header, found in measured.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    texts = dict.fromkeys(["country", "municipality", "indicator", "unit", "flag", "kpi", *kinds], "str")
    return table.astype({**texts, "year": "int64"})


def _municipalities(cells: pd.Series[str]) -> pd.Series[str]:
    """The code of the municipality that each cell names, "" where it names none."""
    found = {cell: _municipality(str(cell)) for cell in cells.unique()}
    return cells.map(found).astype("str")


def _municipality(cell: str) -> str:
    return _called().get(cell.strip().removeprefix("KU").casefold(), "")


@lru_cache
def _called() -> dict[str, str]:
    """Codes and names of Finland's municipalities → code."""
    found = [item for item in places.known().values() if item.country == "FI" and not item.fictive]
    return {text.casefold(): item.code for item in found for text in (item.code, item.name_fi, item.name_sv) if text}


def _mostly(codes: pd.Series[str]) -> bool:
    return bool(len(codes)) and float((codes != "").mean()) >= 0.5


def _year(cell: str) -> int:
    match = YEAR.fullmatch(str(cell).strip())
    return int(match[0]) if match else 0


def _numbers(sheet: Sheet, cells: pd.Series[str]) -> pd.DataFrame | None:
    """The numbers of a column; None where it holds text, or codes, which have leading noughts."""
    if cells.str.fullmatch(r"0\d+").any():
        return None
    try:
        found = numbers_of(sheet, cells)
    except SourceError as error:
        reason = error.values.get("reason")
        if isinstance(reason, SourceError) and "decimal" in reason.values and not _mostly_numbers(cells):
            # A cell that is no number, among others that are none: this column holds words.
            return None
        raise UsageError(
            "{reason} get_avoindata takes such a table with numbers= and decimal=.", reason=error
        ) from error
    return found if found["value"].notna().any() else None


def _mostly_numbers(cells: pd.Series[str]) -> bool:
    written = cells[cells != ""]
    return bool(len(written)) and float(written.str.fullmatch(r"[-+−]?[\d\s.,]*\d\s*%?").mean()) >= 0.5


def _unfit(name: str, sheet: Sheet) -> UsageError:
    return UsageError(
        "The table {name!r} of avoindata.fi cannot be put by municipality and year: it needs one column of "
        "municipalities, one of years (vuosi, year, år), columns of numbers, and rows that the other columns tell "
        "apart. It has: {columns}. sources.get_avoindata({name!r}) gives it as it is.",
        name=name,
        columns=", ".join(map(str, sheet.frame.columns)),
    )
