"""A spreadsheet to fill in by hand where no open source has the figures, and the reading of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kommunanalys.municipalities as areas
from kommunanalys import names, origin, tables
from kommunanalys.errors import KommunanalysError, NoData, SourceError, UsageError
from kommunanalys.language import LANGUAGES, Speaker, check_language, current
from kommunanalys.paths import write_whole
from kommunanalys.sources import files
from kommunanalys.sources.kolada import whole_years
from kommunanalys.sources.numbers import MARKS, decimal_sign, read_numbers

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("municipality", "name", "year")
"""The first columns, by which a template is known again."""
SHEET = "figures"
FIRST = 4
"""The first row of figures; above it stand technical names, labels and units."""
YEARS = range(1900, 2101)
LICENCE = "own figures"
PRODUCER = "Own figures"
SECRET = {**MARKS, "..": "secret"}


def write_template(
    path: str | Path,
    indicators: str | Iterable[str],
    municipalities: str | Iterable[str],
    years: int | Iterable[int],
    language: str = "sv",
) -> None:
    """Write a spreadsheet to fill in: a row for each municipality and year, a column for each indicator.

    Parameters
    ----------
    path
        XLSX to write; it is written whole or not at all.
    indicators
        Names of the glossary.
    municipalities
        Codes or names, of one country.
    years
        One or several. A municipality has no row for a year in which it did not exist.
    language
        Of labels and help: "sv", "fi" or "en".

    Raises
    ------
    UnknownIndicator, UnknownMunicipality
        A name that does not exist.
    UsageError
        Nothing to ask for, municipalities of two countries, or a path that does not end in .xlsx.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_template(f"{folder}/costs.xlsx", "population", ["Jakobstad", "Esbo"], 2024, "en")
    ...     is_template(f"{folder}/costs.xlsx")
    True
    """
    from openpyxl import Workbook

    columns = [names.get(name) for name in dict.fromkeys([indicators] if isinstance(indicators, str) else indicators)]
    given = [municipalities] if isinstance(municipalities, str) else list(municipalities)
    places = list(dict.fromkeys(areas.find(value) for value in given))
    rows = [(place, year) for place in places for year in whole_years(years) if place.exists(year)]
    countries = {place.country for place in places}
    if not columns or not rows or len(countries) != 1 or Path(path).suffix.lower() != ".xlsx":
        raise UsageError(
            "A template has at least one indicator, municipality and year, municipalities of one country, and a name "
            "that ends in .xlsx; not {count} indicators, {rows} rows, countries {countries}, {path!r}.",
            count=len(columns),
            rows=len(rows),
            countries=", ".join(sorted(countries)) or "–",
            path=Path(path).name,
        )
    say, book = Speaker(check_language(language), next(iter(countries))), Workbook()
    _fill(book.active, columns, rows, say)
    _explain(book.create_sheet(say("Help")[:31]), columns, say)
    raw = io.BytesIO()
    book.save(raw)
    write_whole(Path(path), raw.getvalue())


def _fill(
    sheet: Any, columns: Sequence[names.Indicator], rows: Iterable[tuple[areas.Municipality, int]], say: Speaker
) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    country = say.country or "FI"
    sheet.title = SHEET
    sheet.append([*KEYS, *(item.name for item in columns)])
    sheet.append(
        [say("Code"), say("Municipality"), say("Year"), *(item.words(say.language, country) for item in columns)]
    )
    sheet.append(["", "", "", *(item.unit_in(country) for item in columns)])
    for place, year in rows:
        sheet.append([place.code, place.name(say.language), year])
    for row in sheet.iter_rows(max_row=FIRST - 1):
        for cell in row:
            cell.font = Font(bold=True)
    for (cell,) in sheet.iter_rows(min_row=FIRST, max_col=1):
        # As text, or a spreadsheet makes 49 of 049.
        cell.number_format = "@"
    for number in range(1, len(KEYS) + len(columns) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 22 if number > len(KEYS) or number == 2 else 12
    sheet.freeze_panes = f"D{FIRST}"


def _explain(sheet: Any, columns: Sequence[names.Indicator], say: Speaker) -> None:
    """The sheet of help in the reader's language, with what each column means."""
    lines = [
        say("Fill in the sheet {sheet}: one row for each municipality and year.", sheet=SHEET),
        say("Leave the first row as it is: by its names the columns are known again. Rows 2 and 3 explain them."),
        say("A figure that is missing: leave the cell empty. It is never read as 0. Write 0 only for what is 0."),
        say("A figure that is secret: write two points (..)."),
        say("A column without any figure is as if it were not there; columns may be removed, rows added or removed."),
        say("Official codes stand as text, with their zeros in front (049). The names are for the reader alone."),
        say("Decimals may be written with comma or point, the same way throughout a column."),
        say("Amounts are whole euros or kronor, not thousands, unless the unit says otherwise."),
    ]
    for line in lines:
        sheet.append([line])
    sheet.append([])
    for item in columns:
        sheet.append([item.name, item.words(say.language, say.country), item.explained(say.language, say.country)])
    sheet.column_dimensions["A"].width = 40
    sheet.column_dimensions["B"].width = 60


def is_template(path: str | Path) -> bool:
    """Whether a file is a template of ours, filled in or not.

    Examples
    --------
    >>> from kommunanalys.paths import data_dir
    >>> is_template(data_dir() / "municipalities.csv")
    False
    """
    if Path(path).suffix.lower() != ".xlsx":
        return False
    try:
        sheet = _Book.open(Path(path)).sheet
    except SourceError:
        return False
    return tuple(cell.value for cell in sheet[1][: len(KEYS)]) == KEYS


def read_template(path: str | Path) -> pd.DataFrame:
    """Read a spreadsheet that `write_template` wrote and someone has filled in.

    Parameters
    ----------
    path
        The XLSX.

    Returns
    -------
    pandas.DataFrame
        An observations table. An empty cell is NaN, flagged "missing", in the columns that have a figure at all; ".."
        is flagged "secret".

    Raises
    ------
    SourceError
        No such file, no template, or a cell that cannot be read: an unknown column or municipality, a year or figure
        that is no number, a row that is there twice. Names the cell, such as D7.
    NoData
        Nothing has been filled in.

    Examples
    --------
    >>> read_template("costs.xlsx")
    Traceback (most recent call last):
    kommunanalys.errors.SourceError: There is no file or folder 'costs.xlsx'. ...
    """
    import pandas as pd

    place = files.existing(path)
    book = _Book.open(place)
    columns, rows = _columns(book), list(_rows(book))
    observed = [_observed(book, letter, item, rows) for letter, item in columns.items()]
    filled = [table for table in observed if (table["flag"] != "missing").any()]
    if not filled:
        raise NoData("{file} is a template in which no figure has been filled in yet.", file=place.name)
    table = tables.check_observations(pd.concat(filled, ignore_index=True))
    countries = set(table["country"])
    one = origin.Origin(
        producer=PRODUCER,
        address=place.name,
        sha256=origin.hash_bytes(book.raw),
        licence=LICENCE,
        credit=PRODUCER,
        fetched=origin.now(),
        note=Speaker(current())("Filled in by hand: {count} figures.", count=int(table["value"].notna().sum())),
        country=countries.pop() if len(countries) == 1 else "",
        fictive=any(areas.known()[code].fictive for code in table["municipality"].unique()),
    )
    return origin.record(table, [one])


@dataclass(frozen=True)
class _Book:
    """The sheet of figures of one file."""

    name: str
    raw: bytes
    sheet: Any
    """With the values of formulas."""

    @classmethod
    def open(cls, path: Path) -> _Book:
        try:
            raw = path.read_bytes()
            return cls(path.name, raw, _sheet(raw, values=True))
        except Exception as error:  # openpyxl fails in many ways on files that are no spreadsheets
            raise SourceError("{file} is not a whole XLSX file: {reason}.", file=path.name, reason=error) from error

    @cached_property
    def formulas(self) -> Any:
        """The same sheet with formulas instead of their values."""
        return _sheet(self.raw, values=False)

    def wrong(self, cell: str, reason: object) -> SourceError:
        return SourceError("{file}, cell {cell}: {reason}", file=self.name, cell=cell, reason=reason)

    def value(self, cell: str) -> Any:
        """The content of a cell; a formula without its result is refused, since it would look empty."""
        found = self.sheet[cell].value
        if isinstance(found, str):
            found = found.strip() or None
        if found is None and self.formulas[cell].data_type == "f":
            raise self.wrong(
                cell,
                SourceError("A formula without its result. Open the file in a spreadsheet program and save it."),
            )
        return found


def _sheet(raw: bytes, *, values: bool) -> Any:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(raw), data_only=values)
    return book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]


def _columns(book: _Book) -> dict[str, names.Indicator]:
    """Letter of a column → its indicator."""
    first = {cell.column_letter: book.value(cell.coordinate) for cell in book.sheet[1]}
    heads = {letter: str(text) for letter, text in first.items() if text is not None}
    if tuple(heads.get(letter) for letter in "ABC") != KEYS:
        raise book.wrong(
            "A1",
            SourceError(
                "No template: its first row begins with {keys}. `kommunanalys template costs` writes one.",
                keys=", ".join(KEYS),
            ),
        )
    _check_named(book, [letter for letter in first if letter not in heads])
    found: dict[str, names.Indicator] = {}
    for letter, text in list(heads.items())[len(KEYS) :]:
        try:
            item = names.get(text)
        except KommunanalysError as error:
            raise book.wrong(f"{letter}1", error) from error
        if item in found.values():
            raise book.wrong(f"{letter}1", SourceError("The column {name!r} is there twice.", name=text))
        found[letter] = item
    if any(isinstance(book.value(f"C{row}"), int | float) for row in range(2, FIRST)):
        raise book.wrong(
            "C2",
            SourceError("Figures begin in row {row}; above stand labels and units, which are not read.", row=FIRST),
        )
    return found


def _check_named(book: _Book, nameless: Iterable[str]) -> None:
    for letter in nameless:
        if any(book.value(f"{letter}{row}") is not None for row in range(FIRST, book.sheet.max_row + 1)):
            raise book.wrong(f"{letter}1", SourceError("The column has figures but no name."))


def _rows(book: _Book) -> Iterator[tuple[int, areas.Municipality, int]]:
    """Number, municipality and year of each row that is not empty."""
    seen: dict[tuple[str, int], int] = {}
    first: areas.Municipality | None = None
    for number in range(FIRST, book.sheet.max_row + 1):
        if all(book.value(cell.coordinate) is None for cell in book.sheet[number]):
            continue
        place, year = _place(book, f"A{number}"), _year(book, f"C{number}")
        first = first or place
        if place.country != first.country:
            raise book.wrong(
                f"A{number}",
                SourceError(
                    "{name} is in another country than {first}: use a template for each.",
                    name=place.name("sv"),
                    first=first.name("sv"),
                ),
            )
        before = seen.setdefault((place.code, year), number)
        if before != number:
            raise book.wrong(
                f"A{number}",
                SourceError(
                    "{name} ({code}) {year} is there already, in row {row}.",
                    name=place.name("sv"),
                    code=place.code,
                    year=year,
                    row=before,
                ),
            )
        yield number, place, year


def _place(book: _Book, cell: str) -> areas.Municipality:
    text = book.value(cell)
    number = isinstance(text, int) and not isinstance(text, bool)
    code = _code_of(book, cell, text) if number else str(text or "")
    try:
        return areas.find(code)
    except KommunanalysError as error:
        raise book.wrong(cell, error) from error


def _code_of(book: _Book, cell: str, number: int) -> str:
    """The code that a spreadsheet program made a number of: its zeros are lost, so the name beside it decides."""
    found = [place for code in (f"{number:03d}", f"{number:04d}") if (place := areas.known().get(code))]
    name = str(book.value(f"B{cell[1:]}") or "").casefold()
    meant = [place for place in found if name in {place.name(language).casefold() for language in LANGUAGES}]
    if len(found) > 1 and len(meant) != 1:
        raise book.wrong(
            cell,
            SourceError(
                "{number} is {names}, without the zeros of its code. Write the code as text, or the name in column B.",
                number=number,
                names=" / ".join(f"{place.name('sv')} ({place.code})" for place in found),
            ),
        )
    return (meant or found)[0].code if found else f"{number:03d}"


def _year(book: _Book, cell: str) -> int:
    found = book.value(cell)
    text = str(int(found)) if isinstance(found, float) and found.is_integer() else str(found)
    if isinstance(found, bool) or not text.isascii() or not text.isdigit() or int(text) not in YEARS:
        raise book.wrong(cell, SourceError("{value!r} is no year. Write it with four digits.", value=found))
    return int(text)


def _observed(
    book: _Book, letter: str, item: names.Indicator, rows: Sequence[tuple[int, areas.Municipality, int]]
) -> pd.DataFrame:
    import pandas as pd

    cells = [f"{letter}{number}" for number, _, _ in rows]
    texts = [found for cell in cells if isinstance(found := book.value(cell), str) and found not in SECRET]
    try:
        decimal = decimal_sign(texts)
    except SourceError as error:
        raise book.wrong(f"{letter}{FIRST}–{letter}{book.sheet.max_row}", error) from error
    figures = [_figure(book, cell, decimal, item.unit) for cell in cells]
    table = pd.DataFrame(
        {
            "country": [place.country for _, place, _ in rows],
            "municipality": [place.code for _, place, _ in rows],
            "year": [year for _, _, year in rows],
            "indicator": item.name,
            "value": [value for value, _ in figures],
            "unit": [item.unit_in(place.country) for _, place, _ in rows],
            "flag": [flag for _, flag in figures],
        }
    )
    return table.astype(
        dict.fromkeys(["country", "municipality", "indicator", "unit", "flag"], "str") | {"value": float}
    )


def _figure(book: _Book, cell: str, decimal: Any, unit: str) -> tuple[float, str]:
    found = book.value(cell)
    if isinstance(found, int | float) and not isinstance(found, bool):
        percent = "%" in str(book.sheet[cell].number_format)
        if percent and unit != "%":
            raise book.wrong(cell, SourceError("A percentage, where the unit is {unit}.", unit=unit))
        # A spreadsheet program keeps 21.4 % as 0.214.
        return round(100 * float(found), 10) if percent else float(found), ""
    if found is not None and not isinstance(found, str):
        raise book.wrong(cell, SourceError("{value!r} is no number.", value=str(found)))
    try:
        read = read_numbers([found or ""], marks=SECRET, decimal=decimal, name=cell)
    except SourceError as error:
        raise book.wrong(cell, error) from error
    return float(read["value"].iloc[0]), str(read["flag"].iloc[0])
