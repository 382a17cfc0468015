"""What has been let out before: the printed tables, each in a file of the state that only its owner may read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kommunanalys import journal, paths
from kommunanalys.errors import KommunanalysError, ReleaseRefused
from kommunanalys.journal import keep_private, private_folder
from kommunanalys.secrecy.cube import Shape
from kommunanalys.secrecy.joint import Printed

FORMAT = 1
WAIT = 900.0
"""Seconds to wait for the release that another process is making."""


def identify(table: Printed) -> str:
    """The release id: the first twelve signs of the hash of what is printed.

    Examples
    --------
    >>> one = Printed(Shape(("school",), (), (("A",),)), *np.full((2, 2), 7.0), np.zeros(2, bool))
    >>> len(identify(one))
    12
    """
    return hashlib.sha256(_encode(table)).hexdigest()[:12]


@contextmanager
def alone() -> Iterator[None]:
    """Hold the memory from the look back until the new table is in it: two releases at once would not see each other.

    Raises
    ------
    KommunanalysError
        The folder cannot be written, or another process holds it for a quarter of an hour.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     with alone():
    ...         held = recall("count", frozenset())
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> held
    []
    """
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(private_folder("releases") / "releases.lock", timeout=WAIT, mode=0o600)
        lock.acquire()
    except (OSError, Timeout) as error:
        raise KommunanalysError(
            "The memory of earlier releases cannot be held ({reason}). Is the folder of the state "
            "(KOMMUNANALYS_STATE) open to you, and does another release still run?",
            reason=type(error).__name__,
        ) from None
    try:
        yield
    finally:
        lock.release()


def check_whole(domains: frozenset[str]) -> None:
    """Nothing, or an error where the journal tells of a release about these domains that the memory lacks.

    Raises
    ------
    ReleaseRefused
        Names the releases and the way out.

    Examples
    --------
    >>> check_whole(frozenset({"school"}))
    """
    folder = paths.state_dir() / "releases"
    there = {_id(path) for path in folder.glob("*.json")} if folder.is_dir() else set()
    lines = [(line["kind"], line["facts"]) for line in journal.read() if isinstance(line["facts"], dict)]
    there |= {str(facts.get("release")) for kind, facts in lines if kind == "withdrawn"}
    gone = [
        str(facts["release"])
        for kind, facts in lines
        if kind == "release" and facts.get("release") not in there and _belongs(domains, facts.get("domains") or ())
    ]
    if gone:
        raise ReleaseRefused(
            "The memory lacks releases that the journal tells of ({ids}); without them nobody can tell what a new "
            "table gives away. Restore the folder releases of the state from a backup. A table that nobody outside has "
            'seen can be withdrawn: journal.append("withdrawn", dict(release="{first}")).',
            ids=", ".join(dict.fromkeys(gone)),
            first=gone[0],
        )


def remember(table: Printed) -> None:
    """Keep a printed table; the same release again changes nothing."""
    keep(table.id, _encode(table))


def keep(name: str, raw: bytes) -> None:
    """Keep what a release of some id prints; the same release again changes nothing."""
    folder = private_folder("releases")
    files = sorted(folder.glob("*.json"))
    if all(_id(path) != name for path in files):
        number = int(files[-1].stem.split("-")[0]) + 1 if files else 1
        path = folder / f"{number:06d}-{name}.json"
        paths.write_whole(path, raw)
        keep_private(path)


def recall(value: str, domains: frozenset[str]) -> list[Printed]:
    """All tables of the same value that have been let out and may be about the same persons, oldest first.

    Raises
    ------
    KommunanalysError
        A file that cannot be read or was changed: what it printed would be unknown.

    Examples
    --------
    >>> isinstance(recall("count", frozenset()), list)
    True
    """
    folder = paths.state_dir() / "releases"
    tables = [_decode(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
    return [table for table in tables if table and table.value == value and _belongs(domains, table.domains)]


def recall_statistics(name: str) -> dict[str, Any] | None:
    """What a release of statistics prints; None where there is none of that id.

    Raises
    ------
    KommunanalysError
        Its file was changed.

    Examples
    --------
    >>> recall_statistics("0" * 12) is None
    True
    """
    for path in (paths.state_dir() / "releases").glob(f"*-{name}.json"):
        if _decode(path) is None:
            held: dict[str, Any] = json.loads(path.read_bytes())
            return held
    return None


def _belongs(domains: frozenset[str], others: Collection[str]) -> bool:
    """Whether data of some domains may be about the persons of others; of unmarked data nobody knows."""
    return not domains or not others or not domains.isdisjoint(others)


def _encode(table: Printed) -> bytes:
    held: dict[str, Any] = {
        "format": FORMAT,
        "value": table.value,
        "domains": list(table.domains),
        "series": table.series,
        "rows": list(table.shape.rows),
        "columns": list(table.shape.columns),
        "categories": [list(items) for items in table.shape.categories],
        "hidden": table.hidden.tolist(),
        "low": table.low.tolist(),
        "high": [high if np.isfinite(high) else None for high in table.high.tolist()],
    }
    if table.once:
        held["once"] = True
    return json.dumps(held, ensure_ascii=False, sort_keys=True).encode()


def _decode(path: Path) -> Printed | None:
    """A printed table; None for a release of statistics, which is whole but no table that others are compared with."""
    try:
        raw = path.read_bytes()
        held = json.loads(raw)
        if held["format"] != FORMAT:
            raise KeyError("format")
        if held.get("kind") == "statistics":
            if hashlib.sha256(raw).hexdigest()[:12] != _id(path):
                raise ValueError("id")
            return None
        shape = Shape(tuple(held["rows"]), tuple(held["columns"]), tuple(tuple(items) for items in held["categories"]))
        high = np.array([np.inf if high is None else high for high in held["high"]], float)
        low, hidden = np.array(held["low"], float), np.array(held["hidden"], bool)
        if not len(low) == len(high) == len(hidden) == len(shape.keys):
            raise KeyError("low")
        once = held.get("once") is True
        table = Printed(
            shape, low, high, hidden, held["value"], tuple(held["domains"]), held["series"], _id(path), once
        )
        if identify(table) != table.id:
            raise ValueError("id")
        return table
    except (OSError, ValueError, KeyError, TypeError):
        raise KommunanalysError(
            "The memory of earlier releases cannot be read, or was changed ({file}). Without it nobody can tell "
            "what a new table gives away. Restore the file from a backup.",
            file=path.name,
        ) from None


def _id(path: Path) -> str:
    return path.stem.partition("-")[2]
