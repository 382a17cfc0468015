"""The list on paper: one private spreadsheet for each place, with room for what was done, and a day on which it goes.

Sheets go to the people who act and never into a report. What they fill in is read back by `treatment.read_treatments`,
for which a hidden sheet (`page`) holds the pseudonyms.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys import journal, paths
from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.early_warning.expiry import FOLDER
from kommunanalys.early_warning.layout import Sheet, clean
from kommunanalys.early_warning.page import KEY, Line, Page
from kommunanalys.early_warning.when import Axis
from kommunanalys.errors import KommunanalysError, OutputError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.frame import local_day
from kommunanalys.secrecy.keys import key
from kommunanalys.secrecy.opening import attempt
from kommunanalys.secrecy.register import in_words

if TYPE_CHECKING:
    from kommunanalys.early_warning.watchlist import Watchlist

DAYS = 90
"""How long a sheet is kept where nobody says otherwise."""
LONGEST = 40
"""Signs of a place in a file name."""
UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*\s]+')
"""What Windows has in no file name."""


def write_sheets(
    made: Watchlist,
    folder: str | Path | None = None,
    *,
    task: object,
    as_of: object,
    identities: Mapping[str, str] | None = None,
    language: str | None = None,
    expires: date | None = None,
    today: date | None = None,
) -> list[Path]:
    """Write one spreadsheet for each place, all of them or none, open to this account only; a line in the journal.

    Parameters
    ----------
    made
        The list.
    folder
        Default `watchlists/<task>` in the folder of the state. Never one of reports or a checkout.
    task
        The task or its declaration: purpose, labels, and actions to choose from (steward's text "actions").
    as_of
        The day, year or number that the list is made for.
    identities
        Pseudonym → identity (`secrecy.identities`); None writes the pseudonyms.
    language
        "sv", "fi" or "en"; None for the session's.
    expires
        The day on which the sheets go; default 90 days from today.
    today
        Default today.

    Returns
    -------
    list of Path
        In the order of the places. Each list has file names of its own: nothing that was filled in is overwritten.

    Raises
    ------
    UsageError
        A folder of reports or a checkout, an as-of day to come, an expiry that is past, identities of too few.
    OutputError
        A file cannot be written; none is left behind.

    Examples
    --------
    >>> write_sheets(None, task="dropout", as_of="2026-06-15")
    Traceback (most recent call last):
    ...
    kommunanalys.errors.UsageError: Give the task, as Task.read gives it.
    """
    declared, say = declaration_of(task), Speaker(language or current())
    blank = _blank(declared, as_of, expires, today or local_day(), say)
    people = _people(made.frame, declared)
    _check_identities(people, identities)
    target = _folder(folder, declared.name)
    key(KEY)  # a key that is closed is told here
    # Not here, so that an error of the file system shows no frame with identities.
    files, reason = attempt(_files, made, people, identities, declared, blank, say)
    if files is None:
        raise OutputError("The list could not be made ({reason}). Nothing was written.", reason=reason)
    written = _write(target, files)
    try:
        _note(blank, len(people), len(files), identities is not None)
    except KommunanalysError:
        _take_back(written)
        raise
    return written


def declaration_of(task: object) -> Declaration:
    """The declaration of a task, or the declaration itself."""
    found = getattr(task, "declaration", task)
    if not isinstance(found, Declaration):
        raise UsageError("Give the task, as Task.read gives it.")
    return found


def _blank(declared: Declaration, as_of: object, expires: date | None, today: date, say: Speaker) -> Page:
    """What is the same in all sheets of a list."""
    end = expires or today + timedelta(days=DAYS)
    if end <= today:
        raise UsageError("The list would expire on {date}: give a day to come.", date=end.isoformat())
    made_for, made = _as_of(as_of, today), today.isoformat()
    return Page(secrets.token_hex(6), declared.name, made_for, "", made, end.isoformat(), say("No action"), say("No."))


def _as_of(given: object, today: date) -> str:
    """The day [ISO 8601], or the year or number as it is."""
    if isinstance(given, int | float | np.number) and not isinstance(given, bool) and given == given:
        if Axis(numbers=True).lies_ahead(float(given), today):
            raise UsageError("The as-of day {date} is to come: a list is made of what is known.", date=given)
        return str(given)
    try:
        day = date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        day = None
    if not isinstance(day, date) or day is pd.NaT:
        raise UsageError("as_of={value!r} is no day like 2026-06-15, year or number.", value=given)
    day = day.date() if isinstance(day, datetime) else day
    if day > today:
        raise UsageError("The as-of day {date} is to come: a list is made of what is known.", date=day.isoformat())
    return day.isoformat()


def _people(listed: pd.DataFrame, declared: Declaration) -> NDArray[np.object_]:
    """The person behind each unit."""
    if "person" in listed.columns:
        found = listed["person"].tolist()
    elif declared.person in listed.index.names:
        found = listed.index.get_level_values(declared.person).tolist()
    elif listed.index.nlevels == 1:
        found = listed.index.tolist()
    else:
        raise UsageError("Whom a unit is about is not known: give the risks a column 'person', as task.build does.")
    nobody = sum(not _known(one) for one in found)
    if nobody:
        raise UsageError(
            "Whom {count} of those listed are is missing: give the risks a column 'person' without gaps.",
            count=in_words(nobody, Speaker(current())),
        )
    return np.array([str(one) for one in found], dtype=object)


def _check_identities(people: NDArray[np.object_], identities: Mapping[str, str] | None) -> None:
    lacking = 0 if identities is None else sum(person not in identities for person in people)
    if lacking:
        raise UsageError(
            "The identities of {count} listed persons are not given. Ask for all of them: secrecy.identities(register, "
            "pseudonyms, purpose='...').",
            count=in_words(lacking, Speaker(current())),
        )


def _files(
    made: Watchlist,
    people: NDArray[np.object_],
    identities: Mapping[str, str] | None,
    declared: Declaration,
    blank: Page,
    say: Speaker,
) -> dict[str, bytes]:
    """The spreadsheets by file name."""
    called = [clean(person if identities is None else identities[person]) for person in people]
    shown, files = np.array(called, dtype=object), {}
    for number, (place, counts) in enumerate(made.places.iterrows(), 1):
        rows = _at(made.frame, made.per, place)
        lines, name = made.frame.iloc[rows], str(place) if _known(place) else ""
        page = _page(blank, name, lines, people[rows], shown[rows])
        titled = [name or say("not known")] if made.per else []
        file = _file_name(declared.name, blank.as_of, *titled, f"{blank.list_id}-{number}")
        files[file] = Sheet(say, declared, page, lines, counts, shown[rows], bool(made.per)).book()
    return files


def _folder(given: str | Path | None, task: str) -> Path:
    try:
        if given is None:
            journal.private_folder(FOLDER)
            return journal.private_folder(f"{FOLDER}/{_plain(task)}")
        place = Path(given).expanduser().resolve()
        _check_private(place)
        if not place.exists():
            place.mkdir(parents=True, mode=0o700)
            journal.keep_private(place)
        return place
    except OSError as error:
        raise _unwritten(FOLDER if given is None else Path(given).name, error) from None


def _check_private(place: Path) -> None:
    above = [place, *place.parents]
    # A report has its record beside it; a folder of reports holds them two levels down.
    reports = any(one.name.casefold() == "reports" or (one / "run.json").exists() for one in above)
    held = any(next(place.glob(pattern), None) for pattern in ("*/run.json", "*/*/run.json"))
    if reports or held or any((one / ".git").exists() for one in above):
        raise UsageError(
            "A list of persons does not go into a folder of reports or a checkout, from where it would be published. "
            "Leave folder out: it is written into the private folder of the state (KOMMUNANALYS_STATE)."
        )


def _known(place: Any) -> bool:
    return isinstance(place, str) or not pd.isna(place)


def _at(listed: pd.DataFrame, per: str, place: Any) -> NDArray[np.intp]:
    """The rows of a place, in their order."""
    if not per:
        return np.arange(len(listed))
    known = [_known(one) and bool(str(one).strip()) for one in listed[per]]
    same = [
        not one if not _known(place) else one and given == place for one, given in zip(known, listed[per], strict=True)
    ]
    return np.flatnonzero(same)


def _page(
    blank: Page, place: str, lines: pd.DataFrame, people: NDArray[np.object_], shown: NDArray[np.object_]
) -> Page:
    page, numbers = replace(blank, place=place), range(1, len(lines) + 1)
    rows = zip(numbers, lines.index, people, shown, strict=True)
    found = [Line(number, _unit(unit), who, page.line_seal(number, who, called)) for number, unit, who, called in rows]
    return replace(page, lines=tuple(found))


def _unit(unit: Any) -> Any:
    """A unit as JSON has it."""
    if isinstance(unit, tuple):
        return [_unit(part) for part in unit]
    plain = unit.isoformat() if isinstance(unit, date) else unit.item() if hasattr(unit, "item") else unit
    return plain if isinstance(plain, int | float) else str(plain)


def _plain(text: str) -> str:
    """A text as part of a file name, on Windows too; å, ä and ö stay."""
    return UNSAFE.sub("-", unicodedata.normalize("NFC", text)).strip("-. ")[:LONGEST].rstrip("-. ") or "list"


def _file_name(*parts: str) -> str:
    return f"{'_'.join(map(_plain, parts))}.xlsx"


def _write(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    written: list[Path] = []
    for name, raw in files.items():
        try:
            paths.write_whole(folder / name, raw)
        except OSError as error:
            _take_back(written)
            raise _unwritten(name, error) from None
        written.append(folder / name)
        journal.keep_private(folder / name)
    return written


def _take_back(written: Iterable[Path]) -> None:
    for file in written:
        with suppress(OSError):
            file.unlink()


def _unwritten(file: str, error: OSError) -> OutputError:
    return OutputError(
        "{file} cannot be written ({reason}). If it is open somewhere, close it there. No list was written.",
        file=file,
        reason=error.strerror or type(error).__name__,
    )


def _note(page: Page, persons: int, sheets: int, named: bool) -> None:
    """The journal's line: how many, never who."""
    facts = {"task": page.task, "as_of": page.as_of, "list": page.list_id, "expires": page.expires}
    journal.append("watchlist", {**facts, "persons": journal.few(persons), "sheets": sheets, "identities": named})
