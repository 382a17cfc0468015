"""The form of the file in which one authority sends another the pseudonyms and columns that a permit names."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from kommunanalys import origin
from kommunanalys.errors import KommunanalysError
from kommunanalys.secrecy.opening import attempt

PERSON = "person"
"""Column of the pseudonyms in a parcel."""
TEXTS = ("domain", "kind", "permit", "permit_sha256", "key", "sha256")
"""What a parcel tells of itself besides its form and its rows."""
FORM = 1
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time that zip files carry where none is told."""


def packed(rows: pd.DataFrame, about: dict[str, str]) -> bytes:
    """The bytes of a parcel: its rows, and what it tells of itself with the hash of the rows.

    Examples
    --------
    >>> packed(pd.DataFrame({"person": []}), {"domain": "school"})[:2]
    b'PK'
    """
    data = rows.to_csv(index=False, lineterminator="\n").encode()
    manifest = {"parcel": FORM, **about, "rows": len(rows), "sha256": origin.hash_bytes(data)}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("parcel.json", EARLIEST), json.dumps(manifest))
        archive.writestr(zipfile.ZipInfo("rows.csv", EARLIEST), data, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def opened(place: Path) -> tuple[dict[str, Any], pd.DataFrame, str]:
    """What a parcel tells of itself, its rows, and the hash of the file.

    Raises
    ------
    KommunanalysError
        It is damaged, or no parcel.

    Examples
    --------
    >>> opened(Path("none.parcel"))
    Traceback (most recent call last):
    ...
    kommunanalys.errors.KommunanalysError: none.parcel is no whole parcel. Ask for it again.
    """
    found, _ = attempt(_parcel, place)
    if found is None:
        raise KommunanalysError("{file} is no whole parcel. Ask for it again.", file=place.name)
    return found


def _parcel(place: Path) -> tuple[dict[str, Any], pd.DataFrame, str]:
    raw = place.read_bytes()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        about, data = json.loads(archive.read("parcel.json")), archive.read("rows.csv")
    rows = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False, na_values=[""])
    whole = about["parcel"] == FORM and about["sha256"] == origin.hash_bytes(data) and len(rows) > 0
    whole = whole and all(isinstance(about[name], str) for name in TEXTS) and about["kind"] in ("personal", "own")
    if not whole or not rows[PERSON].str.fullmatch(rf"permit\.{re.escape(about['permit'])}:[0-9a-f]{{32}}").all():
        raise ValueError
    return about, rows, origin.hash_bytes(raw)
