"""What was done for those on a list: read back from the filled-in sheets, and told to the next evaluation.

Persons come back as the pseudonyms that the list was made of; the identities in the sheets are compared with their
seals and forgotten. The result is data about individuals, and stays out of reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys import journal
from kommunanalys.early_warning.expiry import sheets_in
from kommunanalys.early_warning.page import Page, read_page
from kommunanalys.early_warning.sense import axis_of
from kommunanalys.early_warning.sheets import declaration_of
from kommunanalys.early_warning.splits import window_end
from kommunanalys.early_warning.strategies import ALL
from kommunanalys.errors import NoData, TableError
from kommunanalys.identity_codes import find_codes
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.frame import Border, domains_of, local_day, mark
from kommunanalys.secrecy.register import in_words

WIDTH = 8
"""Columns of a sheet: number, person, reasons, risk, note, action, by, date."""
PRINTED = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
"""Day, month and year as people here write them."""
COLUMNS = ("person", "unit", "place", "as_of", "listed", "treated", "action", "by", "date", "list")


def read_treatments(
    source: str | Path | Sequence[str | Path] | None = None, *, task: object = None, today: date | None = None
) -> pd.DataFrame:
    """The filled-in lists of a folder, or some of them, as one table.

    Parameters
    ----------
    source
        Folder (with those below it), file or files; None for the lists in the folder of the state.
    task
        The task or its declaration, to take its lists only and refuse others; None for all.
    today
        Default today; no action is later.

    Returns
    -------
    pd.DataFrame
        One row for each listed person: `person`, `unit`, `place` (missing where not known), `as_of`, `listed` (day on
        which the list was made), `treated`, `action`, `by`, `date`, `list` (its id). Where "no action" or nothing was
        filled in, `treated` is False; only in the latter case `action` is missing.

    Raises
    ------
    NoData
        There is no list.
    TableError
        A list of another state or task, one that was changed, one that is there twice, lines that are gone or new,
        an action without a day, a day that cannot be read; names the file and the row, never a person.
    OutputError
        A file cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_treatments(folder)
    Traceback (most recent call last):
    ...
    kommunanalys.errors.NoData: There are no lists to read back...
    """
    wanted = declaration_of(task).name if task is not None else None
    read: dict[tuple[str, str], str] = {}
    rows: list[dict[str, Any]] = []
    for file, given in _files(source):
        found = read_page(file)
        if found is None and not given:
            continue  # a spreadsheet of another kind beside them
        page, sheet = _own(found, file, wanted)
        if (page.list_id, page.place) in read:
            raise TableError(
                "{file} and {other} are the same list. Keep the one that was filled in.",
                file=file.name,
                other=read[page.list_id, page.place],
            )
        read[page.list_id, page.place] = file.name
        rows += _filled(_Filled(file.name, page, today or local_day()), sheet)
    if not rows:
        raise NoData("There are no lists to read back. Give the folder in which the filled-in lists lie.")
    table = _table(rows)
    _note(table, {page for page, _ in read}, wanted)
    return table


def _files(source: str | Path | Sequence[str | Path] | None) -> list[tuple[Path, bool]]:
    """The files, and whether each was named."""
    named = [source] if isinstance(source, str | Path) else list(source or [])
    if source is None or (len(named) == 1 and Path(named[0]).expanduser().is_dir()):
        return [(file, False) for file in sheets_in(named[0] if named else None)]
    return [(Path(one).expanduser(), True) for one in named]


def _own(found: tuple[Page, bool, Any] | None, file: Path, wanted: str | None) -> tuple[Page, Any]:
    if found is None:
        raise TableError("{file} is no list that was written here: it has no hidden sheet.", file=file.name)
    page, whole, sheet = found
    if not whole:
        raise TableError(
            "{file} is an unknown list: it was made in another state, its key was replaced, or its hidden sheet was "
            "changed. Take the file that was handed out.",
            file=file.name,
        )
    if wanted is not None and page.task != wanted:
        raise TableError(
            "{file} is a list of task {task}, not of {wanted}.", file=file.name, task=page.task, wanted=wanted
        )
    return page, sheet


def _filled(one: _Filled, sheet: Any) -> list[dict[str, Any]]:
    """Its lines; an error leaves without the frames that held what stands in the sheet."""
    try:
        return one.rows(sheet)
    except TableError as error:
        fault = error.with_traceback(None)
    raise fault


@dataclass(frozen=True)
class _Filled:
    """One filled-in sheet."""

    file: str
    page: Page = field(repr=False)
    today: date

    def rows(self, sheet: Any) -> list[dict[str, Any]]:
        """Its lines in the order of the list, each once."""
        known = {line.number: line for line in self.page.lines}
        found: dict[int, dict[str, Any]] = {}
        for row, cells in self._lines(sheet):
            line = known.get(cells[0]) if isinstance(cells[0], int) else None
            if line is None or line.number in found or not self._is(line.number, line.person, line.seal, cells[1]):
                raise TableError(
                    "{file}, row {row}: this line is not one of the list's, or its number or person was changed. Put "
                    "it back as it was handed out; who was added by hand does not belong here.",
                    file=self.file,
                    row=row,
                )
            unit = tuple(line.unit) if isinstance(line.unit, list) else line.unit
            about = {"person": line.person, "unit": unit, "place": self.page.place or None, "as_of": self.page.as_of}
            told = {"listed": self.page.made, "list": self.page.list_id, **self._told(row, cells[5:])}
            found[line.number] = about | told
        if len(found) < len(known):
            raise TableError(
                "{file}: lines of the list are gone. Put them back; where nothing was done, write {no_action!r}.",
                file=self.file,
                no_action=self.page.no_action,
            )
        return [found[number] for number in sorted(found)]

    def _is(self, number: int, person: str, seal: str, shown: Any) -> bool:
        return self.page.line_seal(number, person, _text(shown)) == seal

    def _lines(self, sheet: Any) -> Iterator[tuple[int, list[Any]]]:
        """Row numbers and cells below the heads."""
        below = False
        for row, cells in enumerate(sheet.iter_rows(max_col=WIDTH, values_only=True), 1):
            padded = [_number(cells[0]), *cells[1:], *[None] * (WIDTH - len(cells))]
            if below and any(_text(cell) for cell in padded):
                yield row, padded
            below = below or _text(cells[0]) == self.page.head

    def _told(self, row: int, cells: Sequence[Any]) -> dict[str, Any]:
        """What was filled in."""
        action, by, when = _text(cells[0]), _text(cells[1]), cells[2]
        if any(find_codes(text) for text in (action, by)):
            raise TableError(
                "{file}, row {row}: a personal identity code stands among what was done. Take it out.",
                file=self.file,
                row=row,
            )
        nothing = action.casefold() == self.page.no_action.casefold()
        day = self._day(row, when) if _text(when) else None
        if action and not nothing and day is None:
            raise TableError("{file}, row {row}: an action has no date. Fill it in.", file=self.file, row=row)
        if not action and (by or day):
            raise TableError(
                "{file}, row {row}: who or when is filled in, but no action. Fill it in, or write {no_action!r}.",
                file=self.file,
                row=row,
                no_action=self.page.no_action,
            )
        return {"treated": bool(action) and not nothing, "action": action or None, "by": by or None, "date": day}

    def _day(self, row: int, given: Any) -> date:
        day = _date(given)
        if day is None or not date.fromisoformat(self.page.made) <= day <= self.today:
            raise TableError(
                "{file}, row {row}: the date cannot be read, or lies before the list or after today. Write the day on "
                "which it was done, like 2026-09-15.",
                file=self.file,
                row=row,
            )
        return day


def _number(cell: Any) -> Any:
    """A whole number, also where a program made it text or a decimal."""
    text = _text(cell)
    return int(text) if text.isascii() and text.isdigit() else cell


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def _date(given: Any) -> date | None:
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    text = _text(given)
    try:
        printed = PRINTED.fullmatch(text)
        return date(*map(int, printed.group(3, 2, 1))) if printed else date.fromisoformat(text[:10])
    except ValueError:
        return None


def _table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """With days as days, and the mark of the domain whose pseudonyms these are."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    for name in ("listed", "date"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    for name in ("place", "action", "by"):
        table[name] = table[name].astype("str")  # a column in which all is missing would else have no type
    domains = domains_of(table["person"])
    return mark(table, Border(domains, "person", "personal")) if domains else table


def _note(table: pd.DataFrame, lists: set[str], task: str | None) -> None:
    """The journal's line, as of a reading of data about individuals."""
    facts = {"what": "treatments", "lists": sorted(lists), **({"task": task} if task else {})}
    treated = int(table["treated"].sum())
    journal.append("reading", {**facts, "persons": journal.few(len(table)), "treated": journal.few(treated)})
    say = Speaker(current())
    print(
        say(
            "Lines of lists read back: {rows}; with an action: {treated}; nothing filled in: {empty}.",
            rows=in_words(len(table), say),
            treated=in_words(treated, say),
            empty=in_words(int(table["action"].isna().sum()), say),
        )
    )


def helped(
    task: Any, predictions: pd.DataFrame, treated: pd.DataFrame | None
) -> tuple[NDArray[np.bool_], pd.DataFrame]:
    """Who of those tested was listed and helped while the outcome was looked for, and counts by date.

    Parameters
    ----------
    task
        Its units and horizon.
    predictions
        `as_of`, `unit`, `y`.
    treated
        As `read_treatments` gives it: `unit` (or the unit's own columns), `treated`, and `date` of the help or `listed`
        (which counts where the date is empty); None where nobody was listed.

    Returns
    -------
    tuple
        Shape (n,); and columns `as_of`, `listed`, `helped`.

    Raises
    ------
    TableError
        Columns are missing from `treated`.
    """
    found = np.zeros((len(predictions), 2), bool)
    if treated is not None:
        rows = _given(task, treated)
        axis = axis_of(task.outcome.horizon)
        for moment in predictions["as_of"].unique():
            within = rows[(rows["at"] >= axis.at(moment)) & (rows["at"] <= window_end(task, moment))]
            at = (predictions["as_of"] == moment).to_numpy()
            units = predictions.loc[at, "unit"].map(_as_text)
            found[at, 0] = units.isin(set(within["unit"]))
            found[at, 1] = units.isin(set(within.loc[within["helped"], "unit"]))
    counts = pd.DataFrame({"as_of": predictions["as_of"], "listed": found[:, 0], "helped": found[:, 1]})
    by_date = counts.groupby("as_of", as_index=False).sum()
    total = pd.DataFrame([{"as_of": ALL, **counts[["listed", "helped"]].sum().to_dict()}])
    return found[:, 1], pd.concat([total, by_date.astype({"as_of": object})], ignore_index=True)


def _given(task: Any, treated: pd.DataFrame) -> pd.DataFrame:
    """Columns `unit`, `at` (place on the axis of time), `helped`."""
    table = treated.reset_index()
    names = ["unit"] if "unit" in table.columns else list(task.unit)
    lacking = [name for name in (*names, "treated") if name not in table.columns]
    days = [name for name in ("date", "listed") if name in table.columns]
    if lacking or not days:
        raise TableError(
            "The treatments lack {columns}. Give what read_treatments gives.", columns=", ".join(lacking or ["listed"])
        )
    units = table[names[0]] if len(names) == 1 else one_by_one(pd.MultiIndex.from_frame(table[names]))
    axis = axis_of(task.outcome.horizon)
    when = table[days].bfill(axis=1).iloc[:, 0]
    said = table["treated"].astype(bool)
    at = [axis.at(one) if pd.notna(one) else np.nan for one in when]
    return pd.DataFrame({"unit": units.map(_as_text).to_numpy(object), "at": at, "helped": said.to_numpy(bool)})


def _as_text(unit: Any) -> Any:
    """A file gives numbers back as text."""
    return tuple(map(str, unit)) if isinstance(unit, tuple) else str(unit)


def one_by_one(index: pd.Index) -> pd.Series[Any]:
    """Units one by one: values, or tuples where several columns name a unit."""
    units = np.empty(len(index), dtype=object)
    units[:] = list(index)
    return pd.Series(units, dtype=object)
