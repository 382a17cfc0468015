"""Skolverket: files of its school statistics by municipality, and its open interfaces for school units.

`COLUMNS` turns a report's columns into our names, by provider; a column outside it keeps Skolverket's own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from kommunanalys import names, origin, tables
from kommunanalys.errors import SourceError
from kommunanalys.language import Speaker, current
from kommunanalys.municipalities import known
from kommunanalys.sources import files
from kommunanalys.sources.skolverket_api import get_skolverket, school_units
from kommunanalys.sources.tabular import Sheet, numbers_of, open_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "get_skolverket", "read_skolverket", "school_units"]

COLUMNS: dict[tuple[str, str], dict[str, str]] = {
    ("Grundskola - Kostnader per kommun", "Totalt per elev"): {"municipal": "compulsory_cost_own"},
    ("Gymnasieskola - Kostnader per kommun", "Totalt per elev"): {"municipal": "upper_secondary_cost_own"},
    ("Grundskola - Antal elever per årskurs", "Elever, årskurs 1-9"): {"municipal": "compulsory_pupils_own"},
    (
        "Grundskola - Personalstatistik med lärarlegitimation och behörighet",
        "Heltidstjänster: Andel med lärarlegitimation och behörighet",
    ): {"all": "compulsory_certified_teachers_located", "municipal": "compulsory_certified_teachers_own"},
}
"""(report, column) → provider → our name. Results of school years are left out: Kolada dates them by the spring."""
PROVIDERS = {
    "Samtliga": "all",
    "Kommunal": "municipal",
    "Enskild": "independent",
    "Statlig": "state",
    "Region": "region",
    "Internationella skolor": "international",
}
"""A provider outside it keeps its own word."""
SEXES = {"Samtliga": "T", "Flickor": "K", "Pojkar": "M", "Kvinnor": "K", "Män": "M"}
MARKS = {"": "missing", ".": "not_applicable", "..": "secret"}
SUFFIXES = (".csv", ".csv.gz", ".xlsx")
_HEADERS = {
    "kommun": "name",
    "kommunkod": "municipality",
    "län": "county",
    "länskod": "county_code",
    "typavhuvudman": "provider",
    "kön": "sex",
}
_YEARS = re.compile(r"((?:19|20)\d\d)(?:/\d\d(?:\d\d)?)?")
_EVERY_YEAR = re.compile(r"(?<![\d/])(?:19|20)\d\d(?!\d)")
_CHOSEN = re.compile(r"Valt (?:läs)?år:\s*((?:19|20)\d\d)\b")


@dataclass(frozen=True)
class _Report:
    """An opened file: its name in Skolverket's words, its year, and its columns by what they are."""

    sheet: Sheet
    title: str
    year: int | None
    keys: dict[str, str]
    texts: list[str]
    figures: list[str]


def read_skolverket(path: str | Path) -> pd.DataFrame:
    r"""Read Skolverket's tables by municipality (database "Sök statistik", and others of that form).

    Parameters
    ----------
    path
        A file, or a folder whose files of this form are all read. Title lines above the table name the report and
        the school year.

    Returns
    -------
    pandas.DataFrame
        An observations table with the further columns `provider` ("all", "municipal", "independent", ...), and `sex`
        ("T", "K", "M") or `subject` where a file has them. The school year 2024/25 is `year` 2024; "~100" is 100
        flagged "rounded", ".." is "secret", "." is "not_applicable". Rows of joint authorities and others without a
        municipality's code are not returned: the note of the origin lists them.

    Raises
    ------
    SourceError
        No such path, no table of this form, a code that has lost its leading zero, or a cell that is no number.
    TableError
        A key occurs more than once, also over files.

    References
    ----------
    Skolverket, https://www.skolverket.se/skolutveckling/statistik (official statistics of Sweden).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> head = "Grundskola - Prov\nValt läsår: 2024/25\n\nKommun;Kommun-kod;Typ av huvudman;Andel (%);\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "a.csv")
    ...     _ = file.write_text(head + "Ale;1440;Samtliga;~100;\n", encoding="utf-8-sig")
    ...     read_skolverket(file)[["municipality", "year", "value", "flag", "provider"]].to_dict("records")
    [{'municipality': '1440', 'year': 2024, 'value': 100.0, 'flag': 'rounded', 'provider': 'all'}]
    """
    import pandas as pd

    place = files.existing(path)
    found = (
        [place] if place.is_file() else sorted(one for one in place.iterdir() if one.name.lower().endswith(SUFFIXES))
    )
    if not found:
        raise SourceError(
            "{place} holds no file of Skolverket's statistics. Looked for {suffixes}.",
            place=place.name,
            suffixes=", ".join(SUFFIXES),
        )
    parts, origins = [], []
    for one in found:
        report = _opened(open_table(one))
        rows, left_out = _municipalities_only(report)
        parts.append(_long(report, rows))
        origins.append(_origin(report, left_out))
    table = pd.concat(parts, ignore_index=True)
    for name, usual in (("sex", "T"), ("subject", "")):
        if name in table:
            table[name] = table[name].fillna(usual)
    return origin.record(tables.check_observations(table), origins)


def _opened(sheet: Sheet) -> _Report:
    keys = {
        _HEADERS[folded]: name for name in sheet.frame if (folded := re.sub(r"[\W_]", "", name.lower())) in _HEADERS
    }
    rest = [name for name in sheet.frame if name not in keys.values()]
    years = [name for name in rest if _YEARS.fullmatch(name)]
    chosen = [match for line in sheet.title if (match := _CHOSEN.search(line))]
    lines = [line for line in sheet.title if " - " in line]
    if "municipality" not in keys or not lines or not (chosen or years):
        raise SourceError(
            "{file} is no table of Skolverket's by municipality. Looked for a column 'Kommun-kod', a title such as "
            "'Grundskola - Kostnader per kommun', and 'Valt läsår: 2024/25' or 'Valt år: 2024' above the table. Found "
            "the columns {columns}.",
            file=sheet.name,
            columns=", ".join(map(repr, list(sheet.frame)[:6])),
        )
    if (
        len({*chain.from_iterable(_EVERY_YEAR.findall(line) for line in sheet.title if _CHOSEN.search(line))})
        > 1
        > len(years)
    ):
        raise SourceError(
            "{file} is about several years ({title}) but has no column for each. Fetch one year at a time.",
            file=sheet.name,
            title=next(line for line in sheet.title if _CHOSEN.search(line)),
        )
    texts = [name for name in rest if name not in years] if years else []
    year = int(chosen[0][1]) if chosen else None
    return _Report(sheet, lines[0], year, keys, texts, years or rest)


def _municipalities_only(report: _Report) -> tuple[pd.DataFrame, list[str]]:
    """The rows of municipalities, and who the others are."""
    rows = report.sheet.frame
    codes = {item.code for item in known().values() if item.country == "SE"}
    column = rows[report.keys["municipality"]]
    lost = [code for code in column.unique() if code and len(code) < 4 and code.zfill(4) in codes]
    if lost:
        raise SourceError(
            "{file} line {line}: the municipality code {code!r} has lost its leading zero ({full}). Save the column as "
            "text: in Excel, import the file by Data > From Text and choose Text for the column.",
            file=report.sheet.name,
            line=int(rows.index[column == lost[0]][0]),
            code=lost[0],
            full=lost[0].zfill(4),
        )
    ours = column.isin(codes)
    if not ours.any():
        raise SourceError("{file} has no row with the code of a Swedish municipality.", file=report.sheet.name)
    others = rows[~ours]
    labels = [others[report.keys[name]] for name in ("name", "municipality") if name in report.keys]
    return rows[ours], [" ".join(filter(None, cells)) for cells in zip(*labels, strict=True)]


def _long(report: _Report, rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    shared = {"country": "SE", "municipality": rows[report.keys["municipality"]]}
    further = {"provider": _translated(report, rows, "provider", PROVIDERS, "all")}
    if "sex" in report.keys:
        further["sex"] = _translated(report, rows, "sex", SEXES, "T")
    if report.texts:
        further["subject"] = rows[report.texts].agg(", ".join, axis=1)
    parts = []
    for column in report.figures:
        found = numbers_of(report.sheet, rows[column], marks=MARKS, decimal=report.sheet.decimal or ",")
        match = _YEARS.fullmatch(column)
        title = ", ".join(report.texts) if match else column
        ours = COLUMNS.get((report.title, title), {})
        indicator = further["provider"].map(
            lambda one, title=title, ours=ours: ours.get(one, f"{report.title}: {title}")
        )
        unit = indicator.map(lambda name, title=title: _unit(name, report.title, title))
        year = int(match[1]) if match else report.year
        head = {**shared, "year": year, "indicator": indicator, "value": found["value"], "unit": unit}
        parts.append(pd.DataFrame({**head, "flag": found["flag"], **further}))
    table = pd.concat(parts, ignore_index=True)
    return table.astype(dict.fromkeys(("municipality", "indicator", "unit", "flag", *further), "str"))


def _translated(report: _Report, rows: pd.DataFrame, key: str, words: dict[str, str], usual: str) -> pd.Series[str]:
    import pandas as pd

    if key not in report.keys:
        return pd.Series(usual, index=rows.index, dtype="str")
    return rows[report.keys[key]].map(lambda word: words.get(word, word)).astype("str")


def _unit(indicator: str, report: str, column: str) -> str:
    if indicator in names.glossary():
        return names.get(indicator).unit_in("SE")
    if "%" in column or column.rpartition(": ")[2].startswith("Andel"):
        return "%"
    if "Kostnader per kommun" in report:
        return "SEK/pupil/year" if "per elev" in column else "persons" if "elevantal" in column else "1000 SEK"
    if column.startswith("Heltidstjänster"):
        return "full-time posts"
    return "" if "genomsnitt" in column else "persons"


def _origin(report: _Report, left_out: list[str]) -> origin.Origin:
    note = ""
    if left_out:
        unique = list(dict.fromkeys(left_out))
        note = Speaker(current())(
            "{count} rows without a municipality's code were left out: {names}.",
            count=len(left_out),
            names=", ".join(unique),
        )
    return origin.Origin(
        producer="Skolverket",
        address=report.sheet.name,
        sha256=report.sheet.sha256,
        licence="Official statistics, free to use with the source named",
        credit="Källa: Skolverket",
        fetched=origin.now(),
        note=note,
        country="SE",
    )
