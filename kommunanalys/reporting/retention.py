"""What is private is forgotten after a time, and each deletion is a line of the journal.

Never deleted here: the journal, for it must explain what was done; the keys, for without them a register cannot be
read the same way again (`kommunanalys secrecy rotate` replaces one); and the memory of releases, for the printed tables
are out there for ever, and only who knows them can tell what the next table would give away.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kommunanalys import journal
from kommunanalys.errors import KommunanalysError, OutputError, UsageError
from kommunanalys.origin import hash_bytes, now
from kommunanalys.paths import state_dir, write_whole
from kommunanalys.reporting.folder import reports_folder
from kommunanalys.reporting.record import EXECUTED, RECORD

DELETED = "private_deleted"
DAYS = 90
"""How long executed notebooks are kept where nobody says otherwise."""


@dataclass(frozen=True)
class Kind:
    """A kind of private files in the state.

    Parameters
    ----------
    name
        What the journal calls it.
    pattern
        Where the files lie in the folder of the state.
    days
        How long they are kept where nobody says otherwise.
    permit
        The id of the permit under which a file was made, "" for none or unknown.
    """

    name: str
    pattern: str
    days: int
    permit: Callable[[Path], str] = lambda _: ""


def permit_of(parcel: Path) -> str:
    """The permit under which a parcel was made; "" where it cannot be told.

    Examples
    --------
    >>> permit_of(Path("nowhere.parcel"))
    ''
    """
    try:
        with zipfile.ZipFile(parcel) as parts:
            return str(json.loads(parts.read("parcel.json"))["permit"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return ""


KINDS = (Kind("parcel", "parcels/*.parcel", 90, permit_of),)
"""Whoever keeps private files in the state adds their kind here."""


def forget_private(output: Path, days: int) -> list[Path]:
    """Delete the executed notebooks of runs that ended longer ago than this, and say so in their records.

    Parameters
    ----------
    output
        Folder of reports, however deep they lie.
    days
        How long they are kept after the run [days].

    Returns
    -------
    list of Path
        What was deleted. A notebook without a readable record that tells of it is never touched.

    Raises
    ------
    UsageError
        There is no such folder, fewer than 0 days, or more than the calendar holds.
    OutputError
        A file could not be deleted; those before it are.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     forget_private(Path(folder), 30)
    []
    """
    oldest = _oldest(days)
    reports_folder(output)
    return [path for path in sorted(output.rglob(EXECUTED)) if _forget(path, oldest)]


def forget_state(days: int | None = None, ended: Collection[str] = ()) -> list[Path]:
    """Delete what lies in the state longer than it may, and what was made under permits that have ended.

    Parameters
    ----------
    days
        How long all is kept [days]; None for each kind's own time (`KINDS`).
    ended
        Ids of permits that have ended: what was made under them goes whatever its age.

    Returns
    -------
    list of Path
        What was deleted; each is a line of the journal.

    Raises
    ------
    UsageError
        Fewer than 0 days.
    OutputError
        A file could not be deleted; those before it are.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     gone = forget_state()
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> gone
    []
    """
    gone = []
    for kind in KINDS:
        oldest = _oldest(kind.days if days is None else days)
        for path in sorted(state_dir().glob(kind.pattern)):
            if path.is_symlink() or not path.is_file():
                continue
            permit = kind.permit(path)
            if permit in ended or datetime.fromtimestamp(path.stat().st_mtime, UTC) < oldest:
                _delete(path, kind.name, path.name, permit)
                gone.append(path)
    return gone


def _oldest(days: int) -> datetime:
    """What is older than this goes."""
    if days < 0:
        raise UsageError("{days} days is no time to keep something. Give 0 or more.", days=days)
    try:
        return datetime.now(UTC) - timedelta(days=days)
    except OverflowError as error:
        raise UsageError("{days} days reach back before the first year. Give fewer.", days=days) from error


def _delete(path: Path, what: str, place: str, permit: str = "") -> None:
    """One file, after its line in the journal: what must be journalled is not done without it."""
    facts = {"what": what, "place": place, "sha256": hash_bytes(path.read_bytes()), "permit": permit}
    journal.append("deletion", {name: value for name, value in facts.items() if value})
    try:
        path.unlink()
    except OSError as error:
        journal.append("deletion", {**facts, "failed": True})
        raise _not_deleted(path, error) from error


def _not_deleted(path: Path, error: OSError) -> OutputError:
    return OutputError(
        "{place} cannot be deleted ({reason}). Close it where it is open, and try again.",
        place=str(path),
        reason=error.strerror or type(error).__name__,
    )


def _forget(path: Path, oldest: datetime) -> bool:
    known = _record(path)
    if known is None or known[1] >= oldest:
        return False
    record, place = known[0], path.with_name(RECORD)
    try:
        # The record first: a notebook that is gone without a word would look like damage. Its hash stays, so that a
        # copy elsewhere can be told.
        _write(place, {**record, DELETED: now()})
        try:
            _delete(path, "executed notebook", "/".join(path.parts[-3:-1]))
        except KommunanalysError:
            _write(place, record)
            raise
    except OSError as error:
        raise _not_deleted(path, error) from error
    return True


def _write(path: Path, record: dict[str, Any]) -> None:
    write_whole(path, (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


def _record(path: Path) -> tuple[dict[str, Any], datetime] | None:
    """The record beside an executed notebook and when its run ended; None where the notebook is no run's."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        record = json.loads(path.with_name(RECORD).read_text(encoding="utf-8"))
        ended = datetime.fromisoformat(record["finished"])
        # Not compared by its hash: whoever has opened and saved it has not made it less private.
        known = EXECUTED in record["outputs"] and isinstance(record["notebook"], str) and ended.tzinfo is not None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return (record, ended) if known else None
