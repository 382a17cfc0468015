"""Behind the door to the network: one session that trusts what the computer trusts, and answers kept on disk.

Only `http.py` and `transport.py` use this module.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommunanalys import paths
from kommunanalys.errors import OutputError, SourceError
from kommunanalys.origin import hash_bytes

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session
    from requests.adapters import HTTPAdapter
    from requests_cache.backends.sqlite import SQLiteCache

FRESH = timedelta(days=1)
"""How long an answer is used without asking again."""
SIDECAR = ".origin.json"


@dataclass(frozen=True)
class Request:
    """What is asked.

    Parameters
    ----------
    address
        The whole address.
    body
        JSON that is sent; "" to ask by the address alone.
    accept
        Media type asked for.
    json
        Whether the answer must be JSON.
    """

    address: str
    body: str = ""
    accept: str = "application/json"
    json: bool = True

    @property
    def id(self) -> str:
        """The first twelve signs of the hash of what is asked."""
        return hash_bytes(f"{self.address}\n{self.body}".strip().encode())[:12]

    @property
    def method(self) -> str:
        """GET, or POST where something is sent."""
        return "POST" if self.body else "GET"

    def headers(self) -> dict[str, str]:
        """Headers of its own, beside those of the session."""
        return {"Accept": self.accept} | ({"Content-Type": "application/json"} if self.body else {})

    def prepared(self) -> PreparedRequest:
        """The request as the cache knows it."""
        import requests

        try:
            return requests.Request(self.method, self.address, data=self.body.encode() or None).prepare()
        except requests.RequestException as error:
            raise SourceError("{address!r} is no web address: {reason}.", address=self.address, reason=error) from error


@dataclass(frozen=True)
class Held:
    """An answer that the cache holds.

    Parameters
    ----------
    raw
        The bytes as they came.
    fetched
        When they came [ISO 8601, UTC].
    fresh
        Whether they are younger than a day.
    """

    raw: bytes
    fetched: str
    fresh: bool


@dataclass(frozen=True)
class Door:
    """The open session and its cache."""

    session: Session
    cache: SQLiteCache

    def held(self, request: Request) -> Held | None:
        """What the cache holds for a request, however old."""
        try:
            found = self.cache.get_response(self.cache.create_key(request.prepared()))
        except sqlite3.Error as error:
            raise _unusable_cache(error) from error
        if found is None:
            return None
        return Held(found.content, found.created_at.astimezone(UTC).isoformat(timespec="seconds"), not found.is_expired)

    def store(self, request: Request, response: Response) -> None:
        """Let a good answer into the cache."""
        try:
            self.cache.save_response(response, self.cache.create_key(request.prepared()), datetime.now(UTC) + FRESH)
        except sqlite3.Error as error:
            raise _unusable_cache(error) from error


_doors: dict[tuple[Path, int], Door] = {}


def door() -> Door:
    """The door of this process and this cache folder; opened when it is first needed."""
    # A forked process opens its own: neither sockets nor database connections may be shared with the parent.
    folder = paths.cache_dir() / "http"
    key = (folder, os.getpid())
    if key not in _doors:
        _doors[key] = Door(_open_session(), _open_cache(folder))
    return _doors[key]


def close() -> None:
    """Close sessions and caches; the next request opens them again."""
    while _doors:
        _, item = _doors.popitem()
        item.session.close()
        cache: Any = item.cache
        cache.close()


def keep(stem: Path, raw: bytes, about: Mapping[str, object]) -> None:
    """Write an answer's bytes to a folder, then the sidecar that says what they are; each whole or not at all."""
    whole = {**about, "sha256": hash_bytes(raw), "bytes": len(raw)}
    try:
        paths.write_whole(stem.with_name(stem.name + ".json"), raw)
        paths.write_whole(stem.with_name(stem.name + SIDECAR), json.dumps(whole, indent=1, ensure_ascii=False).encode())
    except OSError as error:
        raise OutputError(
            "The snapshot in {folder} could not be written: {reason}. Make room, or choose another folder.",
            folder=stem.parent,
            reason=error,
        ) from error


def _open_session() -> Session:
    import requests

    import kommunanalys

    session = requests.Session()
    session.headers["User-Agent"] = f"kommunanalys/{kommunanalys.__version__}"
    session.mount("https://", _system_trust())
    return session


def _open_cache(folder: Path) -> SQLiteCache:
    from requests_cache.backends.sqlite import SQLiteCache

    try:
        folder.mkdir(parents=True, exist_ok=True)
        # JSON, not pickle: a cache in a shared folder must not be able to run code.
        # decode_content would write the body anew in the library's own JSON, and change its hash.
        return SQLiteCache(folder / "answers.sqlite", serializer="json", decode_content=False)
    except (OSError, sqlite3.Error) as error:
        raise _unusable_cache(error) from error


def _unusable_cache(error: Exception) -> OutputError:
    return OutputError(
        "The cache in {folder} cannot be used: {reason}. Delete it, make room, or set KOMMUNANALYS_CACHE to another "
        "folder on a local disk.",
        folder=paths.cache_dir() / "http",
        reason=error,
    )


def _system_trust() -> HTTPAdapter:
    """An adapter that trusts what the computer trusts, hence also a municipality's own certificates."""
    import ssl

    import truststore
    from requests.adapters import HTTPAdapter

    class SystemTrust(HTTPAdapter):
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **{**options, "ssl_context": self.context})

        def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
            return super().proxy_manager_for(proxy, **{**options, "ssl_context": self.context})

        def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
            # requests would add its own list of authorities here; only one that the user named is added.
            if verify is not True:
                parent: Any = super()
                parent.cert_verify(conn, url, verify, cert)

    return SystemTrust()
