"""A report's folder: its name, and writing it whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from kommunanalys.errors import OutputError, UsageError
from kommunanalys.reporting.record import OWN

LONGEST = 80
"""Signs of a folder's name, so that paths stay below the 260 that Windows allows by default."""

DAY = 24 * 3600
MARK = re.compile(r"\.(?:part|old)-(?P<pid>\d+)-(?P<born>\d+)-(?P<place>[0-9a-f]{8})-[0-9a-f]{6}(?:-(?P<name>.+))?")
"""Name of a folder in the making or laid aside: process, when that began [s], where it runs, and whose report."""
QUIET = 15 * 60
"""How long nothing has happened in a folder whose process cannot be looked up, before it counts as abandoned [s]."""
TRIES = 20
"""How often to try again where another process publishes the same report at the same moment."""
TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST})
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
JITTER = 3
"""By how much the system may be unsure of when a process began [s]."""


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


def check_writable(target: Path) -> None:
    """Refuse a place where a report could not be published, before the work of making it.

    Raises
    ------
    OutputError
        As `whole_or_not`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as base:
    ...     check_writable(Path(base) / "new" / "report")
    """
    with _work(target):
        _check_free(target)


def reports_folder(output: Path) -> Path:
    """A folder of reports that is there, or a clear refusal.

    Raises
    ------
    UsageError
        There is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     reports_folder(Path(folder)) == Path(folder)
    True
    """
    if not check_output(output).is_dir():
        raise UsageError(
            "There is no folder {folder!r} with reports. Make one with kommunanalys run.", folder=str(output)
        )
    return output


@contextmanager
def whole_or_not(target: Path) -> Iterator[Path]:
    """A folder to write into; when the block ends well it takes the place of `target`, else it vanishes.

    Parameters
    ----------
    target
        The folder to replace. What stood there stays until the new one is complete; a process that is killed in
        between leaves it aside, and the next one that writes here puts it back.

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
    with _work(target) as work:
        recover(target.parent)
        yield work
        _swap(work, target)


def write_beside(path: Path, raw: bytes, room: Path) -> None:
    """Write a single file whole or not at all, by way of a folder in `room` that `recover` knows.

    Raises
    ------
    OutputError
        As `whole_or_not`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as base:
    ...     write_beside(Path(base, "a.json"), b"{}", Path(base))
    ...     [item.name for item in Path(base).iterdir()]
    ['a.json']
    """
    with _work(path, room) as work:
        (work / path.name).write_bytes(raw)
        (work / path.name).replace(path)


@contextmanager
def _work(target: Path, room: Path | None = None) -> Iterator[Path]:
    work = (room or target.parent) / f".part-{_mark()}"
    try:
        try:
            work.mkdir(parents=True)
            yield work
        except OSError as error:
            raise explained(error, target) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _mark() -> str:
    return f"{os.getpid()}-{int(_born(os.getpid()) or 0)}-{_place()}-{uuid.uuid4().hex[:6]}"


@cache
def _place() -> str:
    """Where a number names a process: this machine since it was started, and in it this container."""
    parts = [platform.node()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def _born(pid: int) -> float | None:
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def _swap(work: Path, target: Path) -> None:
    _check_free(target)
    laid: list[Path] = []
    try:
        for number in range(TRIES):
            laid += _lay_aside(target)
            try:
                work.rename(target)
                break
            except OSError as error:  # another has published the same report in between
                if error.errno not in TAKEN or number == TRIES - 1:
                    raise
    except OSError:
        if laid and not target.exists():
            with suppress(OSError):
                laid[-1].rename(target)
                laid.pop()
        raise
    finally:
        for aside in laid:
            _let_go(aside, target)


def _lay_aside(target: Path) -> list[Path]:
    aside = target.parent / f".old-{_mark()}-{target.name}"
    try:
        os.utime(target)  # says when it was laid aside to those who cannot look up this process
        target.rename(aside)
    except FileNotFoundError:  # there is none, or another has just laid it aside
        return []
    return [aside]


def _check_free(target: Path) -> None:
    if target.is_file():
        raise NotADirectoryError(errno.ENOTDIR, "a file of that name is in the way", str(target))


def _let_go(old: Path, new: Path) -> None:
    """Remove a replaced report; what somebody has put beside it (notes, attachments) moves to the new one."""
    for item in old.iterdir():
        for number in range(TRIES):
            if item.name in OWN or (new / item.name).exists():
                break
            try:
                item.rename(new / item.name)
                break
            except FileNotFoundError:  # another is just putting its report there
                if number == TRIES - 1:
                    raise
                time.sleep(0.01)
    shutil.rmtree(old, ignore_errors=True)


def recover(folder: Path) -> None:
    """Clear up after processes that were killed in the middle.

    A report that was laid aside goes back where nothing has taken its place. A process counts as gone when this
    machine, since it was started and seen from the same container, has none of its number and start. Where that
    cannot be seen (another machine or container, before a restart, a process that is hidden) a quarter of an hour
    must have passed in which nothing was written.

    Parameters
    ----------
    folder
        Holds the reports. What a living process has in the making is left alone.

    Examples
    --------
    >>> recover(Path("nowhere"))
    """
    for old in [*folder.glob(".part-*"), *folder.glob(".old-*")]:
        with suppress(OSError):
            mark = MARK.fullmatch(old.name)
            if not _abandoned(old, mark):
                continue
            target = folder / mark["name"] if mark and mark["name"] else None
            if target is None:
                shutil.rmtree(old, ignore_errors=True)
            elif target.exists():
                _let_go(old, target)
            else:
                old.rename(target)


def _abandoned(path: Path, mark: re.Match[str] | None) -> bool:
    """Whether its process is surely gone, or nothing is known of it and nothing has happened for long."""
    if mark is None:
        return _quiet(path) > DAY
    lives = _lives(int(mark["pid"]), int(mark["born"])) if mark["place"] == _place() else None
    return _quiet(path) > QUIET if lives is None else not lives


def _quiet(path: Path) -> float:
    """How long ago something was last written there [s]."""
    return time.time() - max(item.stat().st_mtime for item in [path, *path.rglob("*")])


def _lives(pid: int, born: int) -> bool | None:
    """Whether a process of this machine lives; None where that cannot be seen (it belongs to somebody else)."""
    import psutil

    if not _exists(pid):
        return False
    try:
        process = psutil.Process(pid)
        # A number may since have been given to another process, in a container to each one after the other.
        is_same = abs(process.create_time() - born) <= JITTER
        return bool(is_same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return None


def _exists(pid: int) -> bool:
    """Whether there is such a process, also one that `/proc` hides from us."""
    import psutil

    if os.name != "posix":
        return bool(psutil.pid_exists(pid))
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def is_full(error: OutputError) -> bool:
    """Whether the reason is a full disk, which no other report can escape either.

    Examples
    --------
    >>> is_full(OutputError("closed"))
    False
    """
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in FULL


def explained(error: OSError, target: Path) -> OutputError:
    """What an error of the file system means for the person.

    Examples
    --------
    >>> "full" in str(explained(OSError(errno.ENOSPC, ""), Path("reports")))
    True
    """
    place = str(target)
    if error.errno in FULL:
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
