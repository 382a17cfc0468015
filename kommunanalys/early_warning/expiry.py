"""Lists go on the day that stands on them; each deletion is a line of the journal."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from kommunanalys import journal, paths
from kommunanalys.early_warning.page import Page, read_page
from kommunanalys.errors import OutputError
from kommunanalys.secrecy.frame import local_day

FOLDER = "watchlists"
"""Folder of the state with a folder for each task."""


def sheets_in(folder: str | Path | None = None) -> list[Path]:
    """The spreadsheets of a folder and those below it, default that of the state; no traces of those that are open."""
    place = Path(folder).expanduser() if folder else paths.state_dir() / FOLDER
    found = sorted(place.rglob("*.xlsx")) if place.is_dir() else []
    return [file for file in found if not file.name.startswith(("~$", ".")) and file.is_file()]


def remove_expired(folder: str | Path | None = None, today: date | None = None) -> int:
    """Delete the lists whose day has come; read back first what is needed of them (`read_treatments`).

    Parameters
    ----------
    folder
        Default the lists of the state.
    today
        Default today.

    Returns
    -------
    int
        How many files were deleted.

    Raises
    ------
    OutputError
        A file cannot be opened or deleted; the others are gone then.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     remove_expired(folder)
    0
    """
    gone, failed = 0, None
    for file in sheets_in(folder):
        try:
            found = read_page(file)
            # Text of this form is in the order of the days; it is not trusted to be a day.
            if found is not None and str(found[0].expires) <= (today or local_day()).isoformat():
                _delete(file, found[0] if found[1] else None)
                gone += 1
        except OutputError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return gone


def _delete(file: Path, page: Page | None) -> None:
    """After its line in the journal: what must be journalled is not done without it; of an own list with its name."""
    facts = {"what": "watchlist"} | ({"task": page.task, "list": page.list_id} if page else {})
    journal.append("deletion", facts)
    try:
        file.unlink()
    except OSError as error:
        journal.append("deletion", {**facts, "failed": True})
        raise OutputError(
            "{place} cannot be deleted ({reason}). Close it where it is open, and try again.",
            place=file.name,
            reason=error.strerror or type(error).__name__,
        ) from None
