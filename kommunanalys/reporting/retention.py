"""Private executed notebooks are forgotten after a time: they show code and whatever a cell has printed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kommunanalys.errors import OutputError, UsageError
from kommunanalys.origin import now
from kommunanalys.paths import write_whole
from kommunanalys.reporting.folder import reports_folder
from kommunanalys.reporting.record import EXECUTED, RECORD

DELETED = "private_deleted"


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
    if days < 0:
        raise UsageError("{days} days is no time to keep something. Give 0 or more.", days=days)
    reports_folder(output)
    try:
        oldest = datetime.now(UTC) - timedelta(days=days)
    except OverflowError as error:
        raise UsageError("{days} days reach back before the first year. Give fewer.", days=days) from error
    return [path for path in sorted(output.rglob(EXECUTED)) if _forget(path, oldest)]


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
            path.unlink()
        except OSError:
            _write(place, record)
            raise
    except OSError as error:
        raise OutputError(
            "{place} cannot be deleted ({reason}). Close it where it is open, and try again.",
            place=str(path),
            reason=error.strerror or type(error).__name__,
        ) from error
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
