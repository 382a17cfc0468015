"""A person's own folder: made whole or not at all, brought up to date without touching what the person has changed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from kommunanalys.errors import OutputError, UsageError
from kommunanalys.language import Speaker, check_language, current
from kommunanalys.paths import OWN as RECORD
from kommunanalys.workspace_files import SCHEDULE, delivered, schedule_example
from kommunanalys.workspace_git import set_filter


@dataclass
class Changes:
    """What was done to a folder; every list holds names in it.

    Parameters
    ----------
    folder
        Where it lies.
    language
        Language of its pages.
    made
        Whether it was made now.
    before, version
        Version of the library that delivered last, and now.
    new, replaced
        Files that were added, and those put in the place of an older version that nobody had changed.
    beside
        Changed by the person, and a new version exists: (their file, the new version's name beside it).
    kept
        Changed by the person, no new version.
    deleted
        Deleted by the person, not laid there again.
    dropped
        No longer delivered; they stay.
    git
        "" where git takes outputs out; else why it does not.

    Examples
    --------
    >>> print(Changes(Path("mine"), "en", False, "1.0", "1.0").summary("en"))
    Your folder: mine
    Nothing new.
    """

    folder: Path
    language: str
    made: bool
    before: str
    version: str
    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    beside: list[tuple[str, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    git: str = ""

    def summary(self, language: str) -> str:
        """What is new, changed and kept, a line each.

        Examples
        --------
        >>> "New: a.md" in Changes(Path("mine"), "en", False, "1.0", "1.1", new=["a.md"]).summary("en")
        True
        """
        say = Speaker(language)
        told = [say("Your folder: {path}", path=self.folder)]
        if self.before not in ("", self.version):
            told.append(say("Version {before} → {version}.", before=self.before, version=self.version))
        listed = {
            say("New: {files}"): self.new,
            say("Replaced by a new version, as you had not changed them: {files}"): self.replaced,
            say("Changed by you and left as they are: {files}"): self.kept,
            say("Deleted by you and left so: {files}"): self.deleted,
            say("No longer delivered; they stay as yours: {files}"): self.dropped,
        }
        told += [line.format(files=", ".join(names)) for line, names in listed.items() if names]
        told += [
            say("Changed by you: {file}. The new version lies beside it: {beside}", file=file, beside=beside)
            for file, beside in self.beside
        ]
        if not (self.made or self.new or self.replaced or self.beside or self.dropped):
            told.append(say("Nothing new."))
        if self.git:
            told.append(say("git takes nothing out of your notebooks: {reason}", reason=self.git))
        return "\n".join(told)


def workspace(folder: str | Path, *, language: str | None = None) -> Changes:
    """Make a person's own folder, or bring it up to date; what the person has changed is never written over.

    Parameters
    ----------
    folder
        New, empty, or made by this function before.
    language
        "sv", "fi" or "en", of the pages that explain; as before where none is given, at first the session's.

    Returns
    -------
    Changes
        What was done. Done again, nothing is done.

    Raises
    ------
    UsageError
        The folder holds other things; nothing was touched.
    OutputError
        It cannot be written. A folder that was to be made is not there; each file of one that was there is whole.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     first = workspace(Path(place, "mine"), language="en")
    ...     again = workspace(Path(place, "mine"))
    >>> first.made, again.made, again.new
    (True, False, [])
    """
    target = Path(folder).expanduser().resolve()
    known = _record(target)
    if not is_free(target):
        raise UsageError(
            "{path} holds other things than a folder of kommunanalys. Give a folder that is new or empty.", path=target
        )
    spoken = check_language(language or (known or {}).get("language") or current())
    try:
        files = delivered(spoken)
        if known is not None:
            return _upgraded(target, files, spoken, known)
        with _parents(target):
            return _made(target, files, spoken)
    except OSError as error:
        raise OutputError(
            "{path} cannot be written ({reason}). Close what is open in other programs, or choose another folder.",
            path=target,
            reason=error.strerror or type(error).__name__,
        ) from error


def is_free(folder: Path) -> bool:
    """Whether the folder is ours already, empty, or not there.

    Examples
    --------
    >>> is_free(Path("kommunanalys-none")), is_free(Path(__file__).parent)
    (True, False)
    """
    return not folder.exists() or (folder.is_dir() and ((folder / RECORD).is_file() or not any(folder.iterdir())))


def _record(folder: Path) -> dict[str, Any] | None:
    """What was delivered before; None where nothing was. A broken record knows no file, and so protects all of them."""
    if not (folder / RECORD).is_file():
        return None
    empty: dict[str, Any] = {"version": "", "language": "", "files": {}, "beside": {}}
    try:
        read = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        known = {name: type(value)(read[name]) for name, value in empty.items()}
    except (ValueError, TypeError, KeyError):
        return empty
    return known if known["language"] in ("", "sv", "fi", "en") else empty


def _recorded(files: Mapping[str, str], beside: Mapping[str, str], language: str) -> bytes:
    record = {"version": _version(), "language": language, "files": files, "beside": beside}
    return (json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _version() -> str:
    import kommunanalys

    return str(kommunanalys.__version__)


@contextlib.contextmanager
def _parents(folder: Path) -> Iterator[None]:
    """Folders above that are made on the way go again when the folder itself is not made."""
    missing = [one for one in folder.parents if not one.exists()]
    try:
        yield
    except BaseException:
        for one in missing:
            with contextlib.suppress(OSError):
                one.rmdir()
        raise


def _made(folder: Path, files: Mapping[str, bytes], language: str) -> Changes:
    """Fill a room beside it, or inside one that is there and empty (a shell may stand in it); then put it in place."""
    there, schedule = folder.is_dir(), schedule_example(folder, language)
    room = Path(tempfile.mkdtemp(prefix=".kommunanalys-", dir=folder if there else folder.parent))
    try:
        whole = room / "whole"  # mkdtemp's own folder is closed to everybody else
        for name, raw in files.items():
            _write(whole / name, raw)
        _write(whole / SCHEDULE, schedule)
        _write(whole / RECORD, _recorded({name: fingerprint(name, files[name]) for name in files}, {}, language))
        git = set_filter(whole, Speaker(language))
        if there:
            _move_into(whole, folder)
        else:
            whole.rename(folder)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    return Changes(folder, language, True, "", _version(), new=sorted([*files, SCHEDULE]), git=git)


def _move_into(whole: Path, folder: Path) -> None:
    """All or nothing; the record comes last, so that half a folder is never taken for a whole one."""
    moved: list[Path] = []
    try:
        for path in sorted(whole.iterdir(), key=lambda path: path.name == RECORD):
            moved.append(path.rename(folder / path.name))
    except BaseException:
        for path in moved:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def _upgraded(folder: Path, files: Mapping[str, bytes], language: str, known: dict[str, Any]) -> Changes:
    done = Changes(folder, language, False, known["version"], _version())
    laid = {name: mark for name, mark in known["beside"].items() if (folder / name).is_file()}
    for name, raw in files.items():
        _bring(done, name, raw, known["files"], laid)
    done.dropped = sorted(name for name in set(known["files"]) - set(files) if (folder / name).is_file())
    record = _recorded({name: fingerprint(name, raw) for name, raw in files.items()}, laid, language)
    if (folder / RECORD).read_bytes() != record:
        _write(folder / RECORD, record)
    done.git = set_filter(folder, Speaker(language))
    return done


def _bring(done: Changes, name: str, raw: bytes, known: Mapping[str, str], laid: dict[str, str]) -> None:
    """One delivered file: laid there, laid beside, or left out."""
    target, mark, before = done.folder / name, fingerprint(name, raw), known.get(name)
    now = fingerprint(name, target.read_bytes()) if target.is_file() else None
    if now == mark:
        return
    if now is None and before:
        done.deleted.append(name)
    elif now is None or now == before:
        _write(target, raw)
        (done.replaced if now else done.new).append(name)
    elif before == mark:
        done.kept.append(name)
    else:
        other = _free(done.folder, name, mark, laid)
        _write(done.folder / other, raw)
        laid[other] = mark
        done.beside.append((name, other))


def _free(folder: Path, name: str, mark: str, laid: Mapping[str, str]) -> str:
    """Name for a new version beside a changed file; an earlier one that the person has changed keeps its name too."""
    path = PurePosixPath(name)
    for number in count(1):
        other = str(path.with_name(f"{path.stem}.new{number if number > 1 else ''}{path.suffix}"))
        place = folder / other
        if not place.exists() or fingerprint(other, place.read_bytes()) in (mark, laid.get(other)):
            break
    return other


def _write(path: Path, raw: bytes) -> None:
    """Whole or not at all, and readable for those who share the folder (`paths.write_whole` is for the owner alone)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(raw)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def fingerprint(name: str, raw: bytes) -> str:
    r"""SHA-256 of what a person can have changed: a notebook's cells (types, texts, tags), another file's text.

    Opening and running a notebook, and other line ends, leave it as it is.

    Examples
    --------
    >>> fingerprint("a.md", b"one\r\n") == fingerprint("a.md", b"one\n")
    True
    """
    raw = raw.replace(b"\r\n", b"\n")
    if name.endswith(".ipynb"):
        try:
            cells = json.loads(raw)["cells"]
            told = [[one["cell_type"], "".join(one["source"]), one["metadata"].get("tags", [])] for one in cells]
        except (ValueError, KeyError, TypeError, AttributeError):
            return sha256(raw).hexdigest()  # broken by hand: not as it was delivered
        raw = json.dumps(told).encode()
    return sha256(raw).hexdigest()
