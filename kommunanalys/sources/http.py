"""The only door to the network: a cache on disk, the publisher's pace, retries, and an offline mode.

Every answer keeps its raw bytes, so that its hash can be printed beside the figures and the load can be repeated.
"""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from kommunanalys.errors import OfflineMiss, SourceError, TooLarge, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.origin import hash_bytes, now
from kommunanalys.sources.session import Door, door, keep

if TYPE_CHECKING:
    from requests import Response, Session

MODES = ("online", "refresh", "offline")
ATTEMPTS = 5
TIMEOUT = (10.0, 60.0)  # to be connected, and for the next bytes [s]
LONGEST_PAUSE = 120.0  # a publisher that asks for a longer one is asked again after this [s]
PASSING = frozenset({429, 500, 502, 503, 504})
REFUSED_SIZE = frozenset({403, 413, 422})
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_log = logging.getLogger(__name__)
_mode: ContextVar[str | None] = ContextVar("mode", default=None)
_snapshot: ContextVar[Path | None] = ContextVar("snapshot", default=None)
_pace_lock = threading.Lock()
_sleep = time.sleep
_clock = time.monotonic


@dataclass(frozen=True)
class Limits:
    """How often a publisher lets itself be asked.

    Parameters
    ----------
    calls
        Most requests within the window.
    per_seconds
        Length of the window [s].
    """

    calls: int
    per_seconds: float


_recent: dict[tuple[str, Limits], deque[float]] = {}


@dataclass(frozen=True)
class Answer:
    """One whole and good answer.

    Parameters
    ----------
    data
        The JSON as Python objects.
    raw
        The bytes of the body, after the transport's compression is undone.
    address
        What was asked.
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

    @property
    def sha256(self) -> str:
        """Hash of the raw bytes."""
        return hash_bytes(self.raw)


@dataclass(frozen=True)
class _Trouble:
    """A fault that may pass: why, and how long the publisher asks us to wait [s]."""

    reason: str
    pause: float | None = None


@dataclass(frozen=True)
class _Good:
    response: Response
    data: Any


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


def get_json(address: str, *, publisher: str, limits: Limits, licence: str = "") -> Answer:
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
    way = current_mode()
    held = None if way == "refresh" else door().held(address)
    if held is not None and (held.fresh or way == "offline"):
        answer = Answer(json.loads(held.raw), held.raw, address, True, held.fetched)
    elif way == "offline":
        raise OfflineMiss(
            "Offline, and the cache has no answer to {address}. Make the same call once with a network "
            "(KOMMUNANALYS_MODE=online), or read a folder of data that you already have.",
            address=address,
        )
    else:
        answer = _ask(door(), address, publisher, limits)
    folder = _snapshot.get()
    if folder is not None:
        about = {"producer": publisher, "address": address, "fetched": answer.fetched, "licence": licence}
        keep(folder / f"{publisher}-{hash_bytes(address.encode())[:12]}", answer.raw, about)
    return answer


def progress(label: str, done: int, total: int) -> None:
    """Say how far a long fetch has come, where somebody watches (a terminal, or `KOMMUNANALYS_PROGRESS=1`)."""
    if total > 1 and (sys.stderr.isatty() or os.environ.get("KOMMUNANALYS_PROGRESS") == "1"):
        line = Speaker(current())("{label}: {done} of {total}", label=label, done=done, total=total)
        print(f"\r{line}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def next_address(asked: str, link: str) -> str:
    """The address of the next page or of a redirect, which must lie on the host that was asked.

    A server behind a gateway often writes `http://` or an inner port into its own links: scheme and port of the
    first request are kept.

    Raises
    ------
    SourceError
        The link leads to another host.

    Examples
    --------
    >>> next_address("https://api.kolada.se/v3/kpi", "http://api.kolada.se/v3/kpi?page=2")
    'https://api.kolada.se/v3/kpi?page=2'
    """
    here, there = urlsplit(asked), urlsplit(urljoin(asked, link))
    if there.hostname != here.hostname:
        raise SourceError(
            "{address} sends us on to another host, {host}. That is not followed: it may be the sign-in page of a "
            "network or a proxy. Open the address in a browser to see what it says.",
            address=asked,
            host=there.hostname,
        )
    return there._replace(scheme=here.scheme, netloc=here.netloc).geturl()


def _ask(way: Door, address: str, publisher: str, limits: Limits) -> Answer:
    reason = ""
    for attempt in range(ATTEMPTS):
        _pace(urlsplit(address).netloc, limits)
        outcome = _once(way.session, address, publisher)
        if isinstance(outcome, _Good):
            way.store(address, outcome.response)
            return Answer(outcome.data, outcome.response.content, address, False, now())
        reason = outcome.reason
        if attempt < ATTEMPTS - 1:
            _sleep(_pause(attempt, outcome, publisher))
    raise SourceError(
        "{publisher} gave no whole answer in {attempts} attempts. Last: {reason}. Address: {address}. Try again later, "
        "or use what the cache holds (KOMMUNANALYS_MODE=offline).",
        publisher=publisher,
        attempts=ATTEMPTS,
        reason=reason,
        address=address,
    )


def _pace(host: str, limits: Limits) -> None:
    with _pace_lock:
        recent = _recent.setdefault((host, limits), deque(maxlen=limits.calls))
        wait = recent[0] + limits.per_seconds - _clock() if len(recent) == limits.calls else 0.0
        if wait > 0:
            _sleep(wait)
        recent.append(_clock())


def _pause(attempt: int, trouble: _Trouble, publisher: str) -> float:
    if trouble.pause is None:
        return 2.0**attempt * random.uniform(0.5, 1.5)
    if trouble.pause > LONGEST_PAUSE:
        _log.warning("%s asks for a pause of %d s; asking again after %d s", publisher, trouble.pause, LONGEST_PAUSE)
    return min(trouble.pause, LONGEST_PAUSE)


def _once(session: Session, address: str, publisher: str) -> _Trouble | _Good:
    import requests

    try:
        response = _follow(session, address)
    except requests.exceptions.SSLError as error:
        raise SourceError(
            "The certificate of {address} is not trusted by this computer: {reason}. Where a proxy opens the traffic, "
            "its certificate must be in the system's own store; `kommunanalys doctor` says more.",
            address=address,
            reason=_cause(error),
        ) from error
    except requests.exceptions.ProxyError as error:
        raise SourceError(
            "The proxy did not let {address} through. Check HTTPS_PROXY and NO_PROXY; `kommunanalys doctor` says more.",
            address=address,
        ) from error
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        return _Trouble(f"{type(error).__name__}: {_cause(error)}")
    except requests.RequestException as error:
        raise SourceError("{address} could not be asked: {reason}.", address=address, reason=error) from error
    return _judge(response, address, publisher)


def _follow(session: Session, address: str) -> Response:
    place = address
    for _ in range(5):
        response = session.get(place, timeout=TIMEOUT, allow_redirects=False)
        if response.status_code not in REDIRECTS:
            return response
        place = next_address(place, response.headers.get("Location", ""))
    return response


def _judge(response: Response, address: str, publisher: str) -> _Trouble | _Good:
    status, words = response.status_code, _first_words(response.content[:2000].decode("utf-8", "replace"))
    if status in PASSING:
        return _Trouble(f"{status} {words}".strip(), _asked_pause(response.headers.get("Retry-After")))
    facts = {"publisher": publisher, "address": address, "status": status, "words": words or "–"}
    if status in REFUSED_SIZE:
        raise TooLarge(
            "{publisher} refuses {address} with status {status}: {words}. Ask for fewer codes or years at a time.",
            **facts,
        )
    if status != 200:
        raise SourceError(
            "{publisher} answered {address} with status {status}: {words}. Check the codes in the request.", **facts
        )
    if words.startswith("<"):
        raise SourceError(
            "{address} gave a web page where data were expected: {words}. This is often the sign-in page of a network "
            "or a proxy: open any page in a browser, sign in, and try again.",
            address=address,
            words=words,
        )
    try:
        return _Good(response, json.loads(response.content))
    except ValueError:
        return _Trouble(f"200, but no whole JSON ({len(response.content)} bytes): {words}".rstrip(": "))


def _asked_pause(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for; None where it is absent or makes no sense."""
    if value is None or value.strip().isdigit():
        return value if value is None else float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _cause(error: Exception) -> str:
    # urllib3 wraps the reason into a long sentence about its pool.
    return _first_words(str(error).rpartition("Caused by ")[2])


def _first_words(text: str) -> str:
    return " ".join(text.split())[:160]
