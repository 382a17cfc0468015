"""Secrets are never parameters: `env:NAME` stands for them, and their values are masked wherever they turn up."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from kommunanalys.errors import UsageError

REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
SHORTEST = 8
MASK = "[secret]"


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
    """Replaces secrets in text, in every form in which they come out of a notebook.

    Found are the text itself and its JSON, `repr`, URL and base64 forms. Not found: a picture of the text, a secret cut
    in pieces, a hash.

    Parameters
    ----------
    secrets
        The values.

    Examples
    --------
    >>> Masker(["hemligt-ord"]).text("token=hemligt-ord")
    'token=[secret]'
    """

    def __init__(self, secrets: list[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        # The longest first: a form may hold another.
        self.pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)) or r"(?!)")

    def text(self, text: str) -> str:
        """A text without the secrets.

        Examples
        --------
        >>> Masker(["hemligt-ord"]).text("inget")
        'inget'
        """
        return self.pattern.sub(MASK, text)

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
