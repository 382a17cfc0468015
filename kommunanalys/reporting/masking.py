"""Secrets are never parameters: `env:NAME` stands for them, and their values are masked wherever they turn up."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from kommunanalys.errors import UsageError

REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
SHORTEST = 8
MASK = "[secret]"
ELLIPSIS = r"(?:\.\.\.|…|&hellip;|&#8230;|\\u2026)"
"""What stands for the rest of a long text."""
CASES = (None, str.upper, str.lower, str.swapcase, str.casefold, str.capitalize, str.title)
"""Not all the same in small letters: an ß becomes two signs."""
WIDEST = 10
"""Signs of an ellipsis with what may stand around it."""
AFTER, BEFORE = re.compile(rf"[\"' ]?\[?{ELLIPSIS}"), re.compile(rf"{ELLIPSIS}\]?[\"' ]?\Z")


def references(values: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that stand for a secret, with the variable of the environment that holds it.

    Raises
    ------
    UsageError
        A variable that is not set, or so short a value that masking it would mask other text.

    Examples
    --------
    >>> references({"municipality": "0114", "key": "environment"})
    {}
    """
    found = {
        name: match.group(1)
        for name, value in values.items()
        if isinstance(value, str) and (match := REFERENCE.fullmatch(value))
    }
    for name, variable in found.items():
        value = os.environ.get(variable)
        if value is None:
            raise UsageError(
                "The parameter {name} refers to the environment variable {variable}, which is not set.",
                name=name,
                variable=variable,
            )
        if len(value) < SHORTEST:
            raise UsageError(
                "The value of the environment variable {variable} has fewer than {count} signs: so short a secret "
                "cannot be masked in a report.",
                variable=variable,
                count=SHORTEST,
            )
    return found


class Masker:
    """Replaces secrets in text, in the forms in which they usually come out of a notebook.

    Found are the text itself and its JSON, `repr`, URL, hex and base64 forms, in capitals or not; and of each the
    beginning or the end, of 8 signs or more, beside an ellipsis, as tables and `repr` shorten long text. Not found: a
    picture of the text, a secret cut in other pieces or shortened without an ellipsis, a hash, another encoding.

    Parameters
    ----------
    secrets
        The values.

    Examples
    --------
    >>> Masker(["hemligt-ord"]).text("token=hemligt-ord, token=HEMLIGT-O...")
    'token=[secret], token=[secret]...'
    """

    def __init__(self, secrets: list[str]) -> None:
        cased = {secret if change is None else change(secret) for secret in secrets for change in CASES}
        self.forms = sorted({_lowered(form) for item in cased for form in _forms(item)})
        self.heads, self.tails = dict[str, list[str]](), dict[str, list[str]]()
        for form in self.forms:
            self.heads.setdefault(form[:SHORTEST], []).append(form)
            self.tails.setdefault(form[-SHORTEST:], []).append(form)

    def text(self, text: str) -> str:
        """A text without the secrets.

        Examples
        --------
        >>> Masker(["hemligt-ord"]).text("inget")
        'inget'
        """
        done, end = [], 0
        for start, stop in _joined(self._found(_lowered(text))):
            done += [text[end:start], MASK]
            end = stop
        return "".join([*done, text[end:]])

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where secrets stand, whole or shortened; a text is searched once for each beginning and each end."""
        for head, forms in self.heads.items():
            for start in _places(text, head):
                known = max(_common(text[start : start + len(form)], form) for form in forms)
                for form in forms:
                    if text.startswith(form, start):
                        yield start, start + len(form)
                for count in _lengths(known):
                    if AFTER.match(text, start + count):
                        yield start, start + count
        for tail, forms in self.tails.items():
            for start in _places(text, tail):
                end = start + len(tail)
                known = max(_common(text[max(0, end - len(form)) : end][::-1], form[::-1]) for form in forms)
                for count in _lengths(known):
                    if BEFORE.search(text, max(0, end - count - WIDEST), end - count):
                        yield end - count, end

    def anything(self, value: Any) -> Any:
        """Any structure of dictionaries, lists and texts, masked inside (dictionaries and lists in place).

        Examples
        --------
        >>> Masker(["hemligt-ord"]).anything({"a": ["hemligt-ord", 1]})
        {'a': ['[secret]', 1]}
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            value[:] = [self.anything(item) for item in value]
        elif isinstance(value, dict):
            for key in list(value):
                item = self.anything(value.pop(key))
                value[self.text(key) if isinstance(key, str) else key] = item
        return value


def masker(found: Mapping[str, str]) -> Masker:
    """The masker of what `references` has found.

    Examples
    --------
    >>> masker({}).text("as it is")
    'as it is'
    """
    return Masker([os.environ[variable] for variable in found.values()])


def _lowered(text: str) -> str:
    """In small letters, each sign at its own place (the dotted capital I would become two)."""
    return text.replace("\u0130", "i").lower()


def _places(text: str, piece: str) -> Iterator[int]:
    place = text.find(piece)
    while place >= 0:
        yield place
        place = text.find(piece, place + 1)


def _common(left: str, right: str) -> int:
    """How many signs two texts have in common from their beginning."""
    return next(
        (number for number, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )


def _lengths(known: int) -> range:
    """How many signs may be the secret's: its next ones may look like the ellipsis."""
    return range(known, max(SHORTEST, known - WIDEST) - 1, -1)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that overlap as one."""
    done: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if done and start < done[-1][1]:
            done[-1] = done[-1][0], max(end, done[-1][1])
        else:
            done.append((start, end))
    return done


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogateescape")
    html = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    quoted = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
    spelled = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
        repr(raw)[2:-1],
        html,
        html.replace('"', "&quot;").replace("'", "&#x27;"),
        html.replace('"', "&#34;").replace("'", "&#39;"),
        raw.hex(),
    }
    # Text around a secret shifts its base64: the three shifts, without the signs that depend on the neighbours.
    shifted = {
        code[start:end]
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
        for shift, start in ((0, 0), (1, 2), (2, 3))
        for code in [encode(b"\0" * shift + raw).decode().rstrip("=")]
        for end in [len(code) if (len(raw) + shift) % 3 == 0 else len(code) - 1]
    }
    return {
        form for form in spelled | quoted | {item.lower() for item in quoted} | shifted if len(form) >= SHORTEST - 1
    }
