"""Files of PC-Axis (.px), as Nordic statistical offices publish them: long tables of text, marks kept.

Only `tabular.py` uses this module. Format: PX file format specification, Statistics Sweden and Statistics Finland.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from kommunanalys.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd

_START = re.compile(r"\s*(CHARSET|AXIS-VERSION|CODEPAGE|LANGUAGE|MATRIX)(\[\w+\])?=")
_STATEMENT = re.compile(r'\s*([A-Z][A-Z0-9-]*)(\[\w+\])?(?:\(((?:"[^"]*"|[^")])*)\))?\s*=((?:"[^"]*"|[^";])*);')
_TEXT = re.compile(r'"([^"]*)"')
_CODEPAGES = {"iso-8859-1": "cp1252", "iso-8859-15": "iso-8859-15", "utf-8": "utf-8-sig", "windows-1252": "cp1252"}
Statements = dict[tuple[str, str], list[str]]


@dataclass(frozen=True)
class PxTable:
    """One PC-Axis file.

    Parameters
    ----------
    frame
        One column of texts for each variable, `<variable> code` beside it where the file has codes, and `value`.
    title
        What the file is about.
    notes
        The publisher's notes.
    updated
        When the publisher last updated it.
    """

    frame: pd.DataFrame
    title: str
    notes: list[str]
    updated: str


def is_px(text: str) -> bool:
    """Whether a text begins as PC-Axis files do.

    Examples
    --------
    >>> is_px('CHARSET="ANSI";'), is_px("code;value")
    (True, False)
    """
    return _START.match(text) is not None


def read_px(body: bytes, name: str) -> PxTable:
    r"""The table of a PC-Axis file.

    Raises
    ------
    SourceError
        The file breaks off, lacks a keyword, or holds fewer or more figures than its variables need.

    Examples
    --------
    >>> text = 'CHARSET="ANSI";\nSTUB="area";\nVALUES("area")="Ale","Arboga";\nDATA=\n1.5 ".."\n;'
    >>> read_px(text.encode(), "a.px").frame.to_dict("list")
    {'area': ['Ale', 'Arboga'], 'value': ['1.5', '..']}
    """
    import pandas as pd

    text = _decoded(body, name)
    head, sign, data = (
        re.split(r"(?m)^\s*(DATA=)", text, maxsplit=1) if re.search(r"(?m)^\s*DATA=", text) else (text, "", "")
    )
    statements, rest = _statements(head)
    if not sign or not data.rstrip().endswith(";") or rest.strip():
        raise SourceError("{file} is not a whole PC-Axis file: it breaks off. Fetch or copy it again.", file=name)
    if any(keyword == "KEYS" for keyword, _ in statements):
        raise SourceError("{file} holds its figures by KEYS, which is not read here. Choose CSV instead.", file=name)
    variables = statements.get(("STUB", ""), []) + statements.get(("HEADING", ""), [])
    values = [statements.get(("VALUES", variable), []) for variable in variables]
    figures = re.findall(r'"[^"]*"|[^\s,"]+', data.rstrip().removesuffix(";"))
    expected = prod(map(len, values))
    if not variables or len(figures) != expected:
        raise SourceError(
            "{file} holds {found} figures instead of the {expected} that its variables need. Is the file whole?",
            file=name,
            found=len(figures),
            expected=expected,
        )
    columns = _columns(statements, variables, values)
    columns["value"] = [figure.strip('"') for figure in figures]
    title = (statements.get(("TITLE", "")) or statements.get(("CONTENTS", "")) or [""])[0]
    notes = [note for (keyword, _), found in statements.items() if keyword.startswith("NOTE") for note in found]
    updated = next((found[0] for (keyword, _), found in statements.items() if keyword == "LAST-UPDATED"), "")
    return PxTable(pd.DataFrame(columns, dtype="str"), title, notes, updated)


def _decoded(body: bytes, name: str) -> str:
    page = re.search(rb'CODEPAGE="([^"]+)"', body[:2000])
    encoding = _CODEPAGES.get(page[1].decode("ascii", "replace").lower(), "") if page else ""
    for candidate in filter(None, [encoding, "utf-8-sig", "cp1252"]):
        try:
            return body.decode(candidate)
        except UnicodeDecodeError:
            continue
    raise SourceError("{file} is text in neither UTF-8, UTF-16 nor Windows-1252. Save it as UTF-8.", file=name)


def _statements(head: str) -> tuple[Statements, str]:
    """Keyword and first name in brackets → texts; other languages than the file's own are passed over."""
    found: Statements = {}
    place = 0
    while match := _STATEMENT.match(head, place):
        keyword, language, subject, value = match.groups()
        texts = _TEXT.findall(value) or [value.strip()]
        if keyword in ("TITLE", "CONTENTS", "NOTE", "NOTEX", "LAST-UPDATED"):
            # Long texts are written in pieces, one on each line.
            texts = ["".join(texts)]
        if language is None:
            found.setdefault((keyword, next(iter(_TEXT.findall(subject or "")), "")), texts)
        place = match.end()
    return found, head[place:]


def _columns(statements: Statements, variables: list[str], values: list[list[str]]) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for place, variable in enumerate(variables):
        codes = statements.get(("CODES", variable), [])
        cells = [combination[place] for combination in product(*(range(len(texts)) for texts in values))]
        if len(codes) == len(values[place]):
            columns[f"{variable} code"] = [codes[cell] for cell in cells]
        columns[variable] = [values[place][cell] for cell in cells]
    return columns
