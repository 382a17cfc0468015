"""How one request becomes one whole answer: the publisher's pace, retries, redirects, and what each fault means.

Only `http.py` uses this module.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from kommunanalys.errors import SourceError, TooLarge

if TYPE_CHECKING:
    from requests import Response, Session

    from kommunanalys.sources.session import Request

ATTEMPTS: Final = 5
TIMEOUT: Final = (10.0, 60.0)
"""To be connected, and for the next bytes [s]."""
LONGEST_PAUSE: Final = 120.0
"""A publisher that asks for a longer one is asked again after this [s]."""
PASSING = frozenset({429, 500, 502, 503, 504})
REFUSED_SIZE = frozenset({403, 413, 422})
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_log = logging.getLogger(__name__)
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
class _Trouble:
    """A fault that may pass: why, and how long the publisher asks us to wait [s]."""

    reason: str
    pause: float | None = None


@dataclass(frozen=True)
class Good:
    """A whole answer, and its JSON as Python objects where JSON was asked for."""

    response: Response
    data: Any


def ask(session: Session, request: Request, publisher: str, limits: Limits) -> Good:
    """Ask until there is a whole answer, at the publisher's pace.

    Raises
    ------
    TooLarge
        Status 403, 413 or 422.
    SourceError
        Anything else that is not a whole answer, after four more attempts where the fault may pass.
    """
    reason = ""
    for attempt in range(ATTEMPTS):
        _pace(urlsplit(request.address).netloc, limits)
        outcome = _once(session, request, publisher)
        if isinstance(outcome, Good):
            return outcome
        reason = outcome.reason
        if attempt < ATTEMPTS - 1:
            _sleep(_pause(attempt, outcome, publisher))
    raise SourceError(
        "{publisher} gave no whole answer in {attempts} attempts. Last: {reason}. Address: {address}. Try again later, "
        "or use what the cache holds (KOMMUNANALYS_MODE=offline).",
        publisher=publisher,
        attempts=ATTEMPTS,
        reason=reason,
        address=request.address,
    )


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


def _once(session: Session, request: Request, publisher: str) -> _Trouble | Good:
    import requests

    address = request.address
    try:
        response = _follow(session, request)
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
    return _judge(response, request, publisher)


def _follow(session: Session, request: Request) -> Response:
    place, body, headers = request.address, request.body.encode() or None, request.headers()
    for _ in range(5):
        response = session.request(
            request.method, place, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
        if response.status_code not in REDIRECTS:
            return response
        link = response.headers.get("Location", "")
        # A file often lies with another host than the catalogue that names it; figures never do.
        place = next_address(place, link) if request.json else urljoin(place, link)
    return response


def _judge(response: Response, request: Request, publisher: str) -> _Trouble | Good:
    address = request.address
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
    if words.startswith("<") if request.json else _is_page(response.content[:2000]):
        raise SourceError(
            "{address} gave a web page where data were expected: {words}. This is often the sign-in page of a network "
            "or a proxy: open any page in a browser, sign in, and try again.",
            address=address,
            words=words,
        )
    if not request.json:
        return Good(response, None) if response.content else _Trouble("200, but an empty body")
    try:
        return Good(response, json.loads(response.content))
    except ValueError:
        return _Trouble(f"200, but no whole JSON ({len(response.content)} bytes): {words}".rstrip(": "))


def _is_page(begin: bytes) -> bool:
    """Whether what should be a file is a web page, whatever it begins with."""
    return any(mark in begin.lower() for mark in (b"<!doctype html", b"<html", b"<head>"))


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
