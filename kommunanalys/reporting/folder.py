"""A report's folder: its name, and writing it whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kommunanalys.errors import OutputError, UsageError

LONGEST = 80
"""Signs of a folder's name, so that paths stay below the 260 that Windows allows by default."""

DAY = 24 * 3600
REPLACED = frozenset({"run-failed.json"})
"""What a new report makes untrue, besides the files that it writes itself."""


def slug(values: Mapping[str, Any], defaults: Mapping[str, Any], language: str) -> str:
    """The folder's name: what differs from the defaults, and the language.

    Examples
    --------
    >>> slug({"municipality": "1440", "year": 2021}, {"municipality": "X07", "year": None}, "sv")
    'municipality-1440_year-2021_sv'
    >>> slug({"year": None}, {"year": None}, "fi")
    'fi'
    """
    changed = {name: value for name, value in values.items() if name != "language" and value != defaults.get(name)}
    plain = "_".join(f"{name}-{_plain(value)}" for name, value in changed.items())
    if len(plain) > LONGEST or any(_plain(value) != str(value) for value in changed.values()):
        # Two different values must not share a folder because their signs were simplified.
        mark = hashlib.sha256(json.dumps(changed, sort_keys=True, default=str).encode()).hexdigest()[:6]
        plain = f"{plain[:LONGEST].rstrip('-_')}-{mark}"
    return f"{plain}_{language}" if plain else language


def _plain(value: object) -> str:
    last = Path(str(value)).name if isinstance(value, str) else str(value)
    return re.sub(r"[^0-9A-Za-zåäöÅÄÖ-]+", "-", last).strip("-") or "none"


def check_output(output: Path) -> Path:
    """The output folder itself, refused where it climbs out of the folder it names.

    Raises
    ------
    UsageError
        A `..` in the path.

    Examples
    --------
    >>> check_output(Path("reports")).name
    'reports'
    """
    if ".." in output.parts:
        raise UsageError(
            "The output folder {output!r} holds '..'. Give the folder itself, for example its full path.",
            output=str(output),
        )
    return output


@contextmanager
def whole_or_not(target: Path) -> Iterator[Path]:
    """A folder to write into; when the block ends well it takes the place of `target`, else it vanishes.

    Parameters
    ----------
    target
        The folder to replace. What stood there stays until the new one is complete.

    Raises
    ------
    OutputError
        The disk is full, the folder cannot be written, or a file in it is open in another program.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as base:
    ...     with whole_or_not(Path(base) / "report") as work:
    ...         _ = (work / "page.html").write_text("whole")
    ...     (Path(base) / "report" / "page.html").read_text()
    'whole'
    """
    work = target.parent / f".part-{uuid.uuid4().hex[:12]}"
    try:
        try:
            work.mkdir(parents=True)
            _clear_leftovers(target.parent)
            yield work
            _swap(work, target)
        except OSError as error:
            raise _explained(error, target) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _swap(work: Path, target: Path) -> None:
    aside = target.parent / f".old-{uuid.uuid4().hex[:12]}"
    if target.is_file():
        raise NotADirectoryError(errno.ENOTDIR, "a file of that name is in the way", str(target))
    if target.exists():
        target.rename(aside)
    try:
        work.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise
    if aside.exists():
        _keep_others(aside, target)
        shutil.rmtree(aside, ignore_errors=True)


def _keep_others(old: Path, new: Path) -> None:
    """What somebody has put beside a report (notes, attachments) stays when the report is made again."""
    for item in old.iterdir():
        if not (new / item.name).exists() and item.name not in REPLACED:
            item.rename(new / item.name)


def _clear_leftovers(folder: Path) -> None:
    """Remove what a run left that was killed in the middle (older than a day: it may still be running)."""
    for old in [*folder.glob(".part-*"), *folder.glob(".old-*")]:
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > DAY:
                shutil.rmtree(old, ignore_errors=True)


def _explained(error: OSError, target: Path) -> OutputError:
    place = str(target)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(
            "The disk is full: nothing was written to {place}. Free some space, or choose another folder with "
            "--output.",
            place=place,
        )
    if isinstance(error, PermissionError):
        return OutputError(
            "{place} cannot be written: it is write-protected, or report.xlsx is open in Excel. Close it, or choose "
            "another folder with --output.",
            place=place,
        )
    return OutputError(
        "{place} cannot be written ({reason}). Choose another folder with --output.",
        place=place,
        reason=error.strerror or type(error).__name__,
    )
