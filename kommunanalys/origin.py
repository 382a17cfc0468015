"""Where every figure came from: one record for each load, and the session's list of them.

`table.attrs["origin"]` carries the ids only, since parquet and merges lose attributes; the session's
list survives, and it is that list which a report prints.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Origin:
    """One load: who published it, where, when, under which licence, and the hash of its bytes.

    Parameters
    ----------
    producer
        Who answers for the figures.
    address
        Web address or file name (never a folder of this machine).
    sha256
        Hash of the raw bytes, as they came.
    licence
        Licence or terms of use.
    credit
        The line to print, e.g. "Källa: Kolada".
    fetched
        When it was loaded [ISO 8601, UTC].
    published
        When the publisher last updated it [ISO 8601], "" where not stated.
    body
        What was sent with the request, "" for none.
    from_cache
        Whether the bytes came from the cache.
    note
        What a reader must know, e.g. what was left out.
    country
        "FI" or "SE": whose municipalities it is about.
    fictive
        Whether the figures are invented; every report on them says so.
    """

    producer: str
    address: str
    sha256: str
    licence: str
    credit: str
    fetched: str
    published: str = ""
    body: str = ""
    from_cache: bool = False
    note: str = ""
    country: str = ""
    fictive: bool = False

    @property
    def id(self) -> str:
        """The first twelve signs of the hash of address, body and content."""
        return hash_bytes(f"{self.address}\n{self.body}\n{self.sha256}".encode())[:12]


_session: dict[str, Origin] = {}


def hash_bytes(raw: bytes) -> str:
    """SHA-256 of some bytes, as hexadecimal text.

    Examples
    --------
    >>> hash_bytes(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(raw).hexdigest()


def now() -> str:
    """The present moment in UTC, to the second [ISO 8601].

    Examples
    --------
    >>> len(now())
    25
    """
    return datetime.now(UTC).isoformat(timespec="seconds")


def record(table: pd.DataFrame, origins: list[Origin]) -> pd.DataFrame:
    """Note where a table came from, in the session's list and as ids on the table; returns the table.

    Examples
    --------
    >>> import pandas as pd
    >>> one = Origin("RKA", "a.csv", "ab", "free", "Källa: Kolada", now())
    >>> record(pd.DataFrame(), [one]).attrs["origin"] == [one.id]
    True
    """
    _session.update({origin.id: origin for origin in origins})
    table.attrs["origin"] = sorted({*table.attrs.get("origin", []), *(origin.id for origin in origins)})
    return table


def origins(table: pd.DataFrame | None = None) -> list[Origin]:
    """The origins of this session, or of one table, in the order of loading.

    Parameters
    ----------
    table
        A loaded table; None for all that this session has loaded.

    Examples
    --------
    >>> isinstance(origins(), list)
    True
    """
    if table is None:
        return list(_session.values())
    return [_session[key] for key in table.attrs.get("origin", []) if key in _session]


def forget() -> None:
    """Empty the session's list (a new report begins).

    Examples
    --------
    >>> forget()
    >>> origins()
    []
    """
    _session.clear()


def as_records(items: list[Origin]) -> list[dict[str, object]]:
    """The origins as plain dictionaries with their ids, for run records.

    Examples
    --------
    >>> as_records([Origin("RKA", "a.csv", "ab", "free", "Källa: Kolada", now())])[0]["producer"]
    'RKA'
    """
    return [{"id": item.id, **asdict(item)} for item in items]
