"""The project's one journal: append-only lines, each chained to the one before, for all that must be explained later.

It holds kinds, domains, counts, hashes, ids of permits and releases, who and when - never a pseudonym, an identity or
a hidden value, so that a person's data can be erased while the journal stays whole.

How far it sees: a changed line, a line taken out or put in, lines cut off at the end and a torn last line are found,
for the head (number of lines, last hash) lies beside. Somebody who may write in the folder can make journal and head
anew from the first line; only a head kept elsewhere shows that. So note the hash of `head()` from time to time where
others keep it, and hand it to `verify(seen=...)`.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kommunanalys import paths
from kommunanalys.errors import KommunanalysError, UsageError

RUN = "KOMMUNANALYS_JOURNAL_RUN"
"""Variable of the environment that names the run of a notebook; its processes inherit it."""
FIRST = "0" * 64
"""What the first line is chained to."""
PSEUDONYM = re.compile(r"(?<![\w-])([A-Za-z0-9_.-]+):[0-9a-f]{32}(?![0-9a-f])")
"""What stands in place of an identity: domain or permit, a colon, 128 bits."""
PARTS = {"n": int, "when": str, "who": str, "run": str, "kind": str, "facts": dict, "previous": str, "hash": str}
"""What a line has, and of what type."""
SMALL = 5
"""Counts of persons below it are not written."""
WAIT = 60.0
"""Seconds to wait for another process."""
END = 1 << 20
"""Bytes at the end of the file that hold its last two lines."""


@dataclass(frozen=True)
class Report:
    """What a check of the journal found.

    Parameters
    ----------
    lines
        Whole lines in the file.
    faults
        What is not as it was written: (line, "changed" | "chain" | "cut" | "unread" | "head" | "broken" | "unseen").
    torn
        Lines that a crash left half written, and that the next line tells of.
    unfinished
        The last line is half written, or the head lags one line behind: a crash; the next line mends and tells it.
    """

    lines: int
    faults: tuple[tuple[int, str], ...] = ()
    torn: int = 0
    unfinished: bool = False

    @property
    def well(self) -> bool:
        """Whether nothing was tampered with, as far as can be seen."""
        return not self.faults


@dataclass
class _Tail:
    """Where the chain has come to: the last whole line, and what is wrong up to it."""

    count: int = 0
    hash: str = FIRST
    previous: str = ""
    torn: bytes = b""
    open: bool = False
    faults: list[tuple[int, str]] = field(default_factory=list)

    def step(self, line: Mapping[str, Any]) -> None:
        """Go on to a line, whether or not it fits."""
        if line["hash"] != _hash(line):
            self.faults.append((line["n"], "changed"))
        if (line["n"], line["previous"]) != (self.count + 1, self.hash):
            self.faults.append((line["n"], "chain"))
        self.count, self.hash, self.previous = line["n"], line["hash"], line["previous"]


def keep_private(path: Path) -> bool:
    """Close a file (0600) or a folder (0700) to other accounts; False where modes do not protect.

    They do not on Windows, where the folder's own access list decides, and on many file shares.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     isinstance(keep_private(Path(folder)), bool)
    True
    """
    try:
        path.chmod(0o700 if path.is_dir() else 0o600)
        return os.name == "posix" and not stat.S_IMODE(path.stat().st_mode) & 0o077
    except OSError:
        return False


def private_folder(name: str) -> Path:
    """A folder of the state that only this account may open; it is made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     place = private_folder("journal")
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> place.name
    'journal'
    """
    place = paths.state_dir() / name
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    keep_private(place)
    return place


def few(count: int) -> int | str:
    """A number of persons as it may be written down: "<5" for one to four.

    Examples
    --------
    >>> few(0), few(3), few(5)
    (0, '<5', 5)
    """
    return f"<{SMALL}" if 0 < count < SMALL else int(count)


def append(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write one line; safe with several processes and after a crash.

    Parameters
    ----------
    kind
        What happened: "reading", "linking", "preparing", "refusal", "release", "rotation", ...
    facts
        Plain JSON: text, numbers, lists, dictionaries. No pseudonyms, identities or hidden values.

    Returns
    -------
    dict
        The line: `n`, `when` [ISO 8601, UTC], `who` (the account), `kind`, `facts`, `previous`, `hash`.

    Raises
    ------
    UsageError
        A pseudonym among the facts, or something that is not plain JSON.
    KommunanalysError
        The folder cannot be written, or another process holds it for more than a minute.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     line, report = append("reading", {"domain": "school", "rows": 120}), verify()
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> line["n"], line["kind"], report.well
    (1, 'reading', True)
    """
    from filelock import Timeout

    _check(kind, facts)
    try:
        folder = private_folder("journal")
        with _alone(folder):
            tail, known = _end(folder), _head(folder)
            if tail.torn:
                _add(folder, tail, "torn", {"sha256": hashlib.sha256(tail.torn).hexdigest()})
            elif tail.faults or not _follows(tail, known):
                _add(folder, tail, "broken", {"lines": tail.count, "known": known[0], "known_hash": known[1]})
            return _add(folder, tail, kind, facts)
    except (OSError, Timeout) as error:
        raise KommunanalysError(
            "The journal cannot be written ({reason}), and what must be journalled is not done without it. Is the "
            "folder of the state (KOMMUNANALYS_STATE) there, and open to you?",
            reason=type(error).__name__,
        ) from None


def head() -> tuple[int, str]:
    """Number of lines and the last line's hash, to be noted where others keep it.

    Examples
    --------
    >>> isinstance(head()[1], str)
    True
    """
    tail = _end(paths.state_dir() / "journal")
    return tail.count, tail.hash


def read() -> list[dict[str, Any]]:
    """All lines that can be read, oldest first; `verify` says whether they are as they were written.

    Examples
    --------
    >>> isinstance(read(), list)
    True
    """
    return [line for raw in _raw_lines(paths.state_dir() / "journal") if (line := _parse(raw)) is not None]


def verify(*, seen: str | None = None) -> Report:
    """Check the chain from the first line to the head, while nobody writes.

    Parameters
    ----------
    seen
        The hash of a line that was noted elsewhere; it must still be there.

    Raises
    ------
    KommunanalysError
        Another process holds the journal for more than a minute.

    Examples
    --------
    >>> verify().lines >= 0
    True
    """
    folder = paths.state_dir() / "journal"
    with _unwritten(folder):
        tail, known, lines = _walk(folder), _head(folder), read()
    faults = list(tail.faults)
    faults += [(line["n"], "broken") for line in lines if line["kind"] == "broken"]
    if not _follows(tail, known):
        faults.append((tail.count, "cut" if tail.count < known[0] else "head"))
    if seen is not None and all(line["hash"] != seen for line in lines):
        faults.append((tail.count, "unseen"))
    torn = sum(line["kind"] == "torn" for line in lines)
    return Report(tail.count, tuple(faults), torn, tail.open or (tail.count, tail.hash) != known)


def _alone(folder: Path) -> Any:
    """The lock under which lines are written."""
    from filelock import FileLock

    return FileLock(folder / "journal.lock", timeout=WAIT, mode=0o600)


@contextmanager
def _unwritten(folder: Path) -> Iterator[None]:
    """Hold the lock, where there is a journal and this account may: others only read it, and hope."""
    from filelock import Timeout

    lock = _alone(folder)
    try:
        if folder.is_dir():
            lock.acquire()
    except Timeout:
        raise KommunanalysError("Another process holds the journal: try again later.") from None
    except OSError:
        pass  # an account that may only read
    try:
        yield
    finally:
        lock.release()


def _check(kind: str, facts: Mapping[str, Any]) -> None:
    try:
        text = json.dumps(dict(facts), allow_nan=False, sort_keys=True, ensure_ascii=False)
        text.encode()  # half a surrogate pair is no text
    except (TypeError, ValueError, RecursionError):
        raise UsageError("The journal takes plain text, numbers, lists and dictionaries ({kind}).", kind=kind) from None
    if PSEUDONYM.search(text):
        raise UsageError("The journal takes no pseudonyms ({kind}): nobody could be erased any more.", kind=kind)


def _add(folder: Path, tail: _Tail, kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {
        "n": tail.count + 1,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": _account(),
        "run": os.environ.get(RUN, ""),
        "kind": kind,
        "facts": dict(facts),
        "previous": tail.hash,
    }
    line["hash"] = _hash(line)
    mend = b"\n" if tail.open else b""
    _write(folder, mend + json.dumps(line, ensure_ascii=False).encode() + b"\n")
    tail.count, tail.hash, tail.open = line["n"], line["hash"], False
    # After the line, so that a crash between the two leaves a head that lags, never one that knows too much.
    paths.write_whole(folder / "head.json", json.dumps({"lines": tail.count, "hash": tail.hash}).encode())
    return line


def _write(folder: Path, raw: bytes) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(folder / "journal.jsonl", flags, 0o600), "ab") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no account name, e.g. in a container or a Windows service
        return "unknown"


def _hash(line: Mapping[str, Any]) -> str:
    bare = {name: value for name, value in line.items() if name != "hash"}
    text = json.dumps(bare, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _raw_lines(folder: Path, last: int | None = None) -> list[bytes]:
    """The file split at its line breaks: all of it, or its last bytes."""
    try:
        with (folder / "journal.jsonl").open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - last) if last else 0)
            return file.read().split(b"\n")
    except FileNotFoundError:
        return [b""]


def _parse(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(line, dict) and all(type(line.get(name)) is kind for name, kind in PARTS.items())
    return line if whole else None


def _walk(folder: Path) -> _Tail:
    """The whole chain; what does not fit is a fault at its line, and the walk goes on from there."""
    found, lost = _Tail(), b""
    *raws, rest = _raw_lines(folder)
    for raw in [*raws, rest] if _parse(rest) else raws:
        line = _parse(raw)
        told = line is not None and line["kind"] == "torn"
        if lost and not (told and line and line["facts"].get("sha256") == hashlib.sha256(lost).hexdigest()):
            found.faults.append((found.count + 1, "unread"))
        lost = raw or b"\n" if line is None else b""
        if line is not None:
            found.step(line)
    if lost:
        found.faults.append((found.count + 1, "unread"))
    found.open = bool(rest)
    return found


def _end(folder: Path) -> _Tail:
    """The last whole line and what stands after it; reads no more of the file than that."""
    *raws, rest = _raw_lines(folder, last=END)
    lines = [line for raw in raws[-2:] if (line := _parse(raw)) is not None]
    found = _Tail(open=bool(rest))
    if lines:
        found.count, found.hash, found.previous = lines[-1]["n"], lines[-1]["hash"], lines[-1]["previous"]
    if raws and _parse(raws[-1]) is None:
        found.faults.append((found.count + 1, "unread"))
    whole = _parse(rest)
    if whole is not None:  # a crash that lost no more than the line break
        found.step(whole)
    elif rest:
        found.torn = rest
    return found


def _head(folder: Path) -> tuple[int, str]:
    try:
        known = json.loads((folder / "head.json").read_bytes())
        return int(known["lines"]), str(known["hash"])
    except FileNotFoundError:
        return 0, FIRST
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return -1, ""


def _follows(tail: _Tail, known: tuple[int, str]) -> bool:
    """Whether the file ends where the head says, or one whole line later (a crash before the head was written)."""
    return (tail.count, tail.hash) == known or (tail.count, tail.previous) == (known[0] + 1, known[1])
