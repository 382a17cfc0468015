"""The only door to the network: a cache on disk, the publisher's pace, retries, and an offline mode.

Every answer keeps its raw bytes, so that its hash can be printed beside the figures and the load can be repeated.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kommunanalys.errors import OfflineMiss, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.origin import hash_bytes, now
from kommunanalys.sources.session import Request, door, keep
from kommunanalys.sources.transport import Limits, ask, next_address

__all__ = [
    "MODES",
    "Answer",
    "Limits",
    "address",
    "current_mode",
    "get_bytes",
    "get_json",
    "mode",
    "next_address",
    "progress",
    "snapshot",
]

MODES = ("online", "refresh", "offline")
_mode: ContextVar[str | None] = ContextVar("mode", default=None)
_snapshot: ContextVar[Path | None] = ContextVar("snapshot", default=None)


@dataclass(frozen=True)
class Answer:
    """One whole and good answer.

    Parameters
    ----------
    data
        The JSON as Python objects; None where bytes were asked for.
    raw
        The bytes of the body, after the transport's compression is undone.
    address, body
        What was asked, and what was sent with it ("" for nothing).
    from_cache
        Whether the bytes came from the cache.
    fetched
        When the publisher gave them [ISO 8601, UTC].
    """

    data: Any
    raw: bytes
    address: str
    from_cache: bool
    fetched: str
    body: str = ""

    @property
    def sha256(self) -> str:
        """Hash of the raw bytes."""
        return hash_bytes(self.raw)


def current_mode() -> str:
    """The mode of this moment: of the innermost `mode(...)`, else of `KOMMUNANALYS_MODE`, else "online".

    Examples
    --------
    >>> with mode("offline"):
    ...     current_mode()
    'offline'
    """
    return _check_mode(_mode.get() or os.environ.get("KOMMUNANALYS_MODE") or "online")


def _check_mode(name: str) -> str:
    if name not in MODES:
        raise UsageError("Unknown network mode {mode!r}. Choose one of {modes}.", mode=name, modes=", ".join(MODES))
    return name


@contextmanager
def mode(name: str) -> Iterator[None]:
    """Within the block, answers are sought in another way.

    Parameters
    ----------
    name
        "online" (answers younger than a day come from the cache), "refresh" (the publisher is asked again) or
        "offline" (the cache alone, whatever its age).

    Raises
    ------
    UsageError
        The mode is none of the three.

    Examples
    --------
    >>> with mode("refresh"):
    ...     current_mode()
    'refresh'
    """
    token = _mode.set(_check_mode(name))
    try:
        yield
    finally:
        _mode.reset(token)


@contextmanager
def snapshot(folder: str | Path) -> Iterator[Path]:
    """Within the block, every answer is also written to a folder: its raw bytes, and a sidecar about them.

    Parameters
    ----------
    folder
        Made where it is absent. An answer without its sidecar (`*.origin.json`) was not finished.

    Examples
    --------
    >>> with snapshot("recordings") as folder:
    ...     folder.name
    'recordings'
    """
    place = Path(folder)
    token = _snapshot.set(place)
    try:
        yield place
    finally:
        _snapshot.reset(token)


def address(publisher: str, default: str) -> str:
    """Base address of a publisher; `KOMMUNANALYS_ADDRESS_<PUBLISHER>` names a mirror or a test server instead.

    Examples
    --------
    >>> address("kolada", "https://api.kolada.se/v3/")
    'https://api.kolada.se/v3'
    """
    return (os.environ.get(f"KOMMUNANALYS_ADDRESS_{publisher.upper()}") or default).rstrip("/")


def get_json(
    address: str,
    *,
    publisher: str,
    limits: Limits,
    licence: str = "",
    body: Mapping[str, Any] | None = None,
    accept: str = "application/json",
) -> Answer:
    """Ask one address for JSON.

    Parameters
    ----------
    address
        The whole address.
    publisher
        Short name for messages and for the files of a snapshot, e.g. "kolada".
    limits
        The publisher's own limits; the pace is kept for each host.
    licence
        Terms of use, for the sidecar of a snapshot.
    body
        What is sent, as JSON (POST); None to ask by the address alone (GET).
    accept
        Media type that the publisher wants named.

    Returns
    -------
    Answer
        Whole and good; only such answers enter the cache.

    Raises
    ------
    OfflineMiss
        The mode is "offline" and the cache lacks the answer.
    TooLarge
        Status 403, 413 or 422: ask for less at a time.
    SourceError
        Anything else that is not a whole JSON answer, after four more attempts where the fault may pass.
    OutputError
        The cache or the snapshot cannot be written.

    Examples
    --------
    >>> with mode("offline"):
    ...     get_json("https://api.kolada.se/v3/kpi/N01951", publisher="kolada", limits=Limits(5, 1))
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to https://api.kolada.se/v3/kpi/N01951. ...
    """
    sent = "" if body is None else json.dumps(body, ensure_ascii=False)
    return _get(Request(address, sent, accept), publisher, limits, licence)


def get_bytes(address: str, *, publisher: str, limits: Limits, licence: str = "") -> Answer:
    """Ask one address for a file of any kind (CSV, XLSX, PX); otherwise as `get_json`.

    Raises
    ------
    OfflineMiss, TooLarge, SourceError, OutputError
        As `get_json`; a web page or an empty body is no file.

    Examples
    --------
    >>> with mode("offline"):
    ...     get_bytes("https://example.org/pupils.csv", publisher="avoindata", limits=Limits(5, 1))
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to https://example.org/pupils.csv. ...
    """
    return _get(Request(address, accept="*/*", json=False), publisher, limits, licence)


def _get(request: Request, publisher: str, limits: Limits, licence: str) -> Answer:
    way = current_mode()
    held = None if way == "refresh" else door().held(request)
    if held is not None and (held.fresh or way == "offline"):
        data = json.loads(held.raw) if request.json else None
        answer = Answer(data, held.raw, request.address, True, held.fetched, request.body)
    elif way == "offline":
        raise OfflineMiss(
            "Offline, and the cache has no answer to {address}. Make the same call once with a network "
            "(KOMMUNANALYS_MODE=online), or read a folder of data that you already have.",
            address=request.address,
        )
    else:
        good = ask(door().session, request, publisher, limits)
        door().store(request, good.response)
        answer = Answer(good.data, good.response.content, request.address, False, now(), request.body)
    folder = _snapshot.get()
    if folder is not None:
        about = {"producer": publisher, "address": request.address, "body": request.body}
        about |= {"fetched": answer.fetched, "licence": licence}
        keep(folder / f"{publisher}-{request.id}", answer.raw, about)
    return answer


def progress(label: str, done: int, total: int) -> None:
    """Say how far a long fetch has come, where somebody watches (a terminal, or `KOMMUNANALYS_PROGRESS=1`)."""
    if total > 1 and (sys.stderr.isatty() or os.environ.get("KOMMUNANALYS_PROGRESS") == "1"):
        line = Speaker(current())("{label}: {done} of {total}", label=label, done=done, total=total)
        print(f"\r{line}", end="\n" if done == total else "", file=sys.stderr, flush=True)
