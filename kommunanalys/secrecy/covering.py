"""Columns of a register without identities: pseudonyms in place of personal identity codes, wherever these stand."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.identity_codes import find_codes
from kommunanalys.secrecy.identities import SAMPLE, Identities, codes_of, identify, tidy
from kommunanalys.secrecy.keys import Key

CODE_LIKE = re.compile(r"\d{6}\s*[^\w\s]?[A-FU-Y]?\s*\d{3}\s*[0-9A-Y]", re.I)
"""What every personal identity code looks like; looked for first, for most texts have none."""
SHORT = 12
"""Signs of the longest code."""
COVER = "***"
"""What stands in longer text where a personal identity code stood."""


def identities_of(table: pd.DataFrame, identity: str, today: date) -> tuple[Identities, NDArray[np.intp]]:
    """The distinct identities of a column, and for each row which of them it has (-1 for none).

    Examples
    --------
    >>> identities_of(pd.DataFrame({"customer": ["a", None, "a"]}), "customer", date(2026, 11, 22))
    (Identities(1, 'own'), array([ 0, -1,  0]))
    """
    places, texts = pd.factorize(table[identity].to_numpy(dtype=object))
    return identify(texts.tolist(), today=today), places


def cover(table: pd.DataFrame, identity: str, secret: Key, today: date) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Put pseudonyms in place of the codes in other columns; which columns, where some were covered, in how many cells.

    A column of which a sample is mostly codes holds nothing else afterwards: what is no code there may be one with a
    wrong digit.

    Examples
    --------
    >>> table = pd.DataFrame({"hetu": ["school:1"], "note": ["ring 010101-900R"]})
    >>> cover(table, "hetu", Key("school", bytes(32)), date(2026, 11, 22)), table["note"].tolist()
    (((), ('note',), 1), ['ring ***'])
    """
    others, covered, cells = [], [], 0
    for name in table.columns.drop(identity):
        column = table[name]
        some = column.iloc[:: len(column) // SAMPLE + 1].dropna().unique().tolist()
        if identify(some, today=today).kind == "personal":
            table[name] = pseudonyms_of(*identities_of(table, name, today), secret)
            others.append(name)
            continue
        places, texts = pd.factorize(column.to_numpy(dtype=object))
        whole, inside = _coded(texts.tolist(), secret, today)
        if whole or inside:
            for place, text in (whole | inside).items():
                texts[place] = text
            table[name] = pd.array(np.array([*texts, None], dtype=object)[places], dtype="str")
        if whole:
            others.append(name)
        if inside:
            covered.append(name)
            cells += int(np.isin(places, [*inside]).sum())
    return tuple(others), tuple(covered), cells


def _coded(texts: list[str], secret: Key, today: date) -> tuple[dict[int, str], dict[int, str]]:
    """By place: the pseudonym of each text that is a code, and each longer text with its codes covered."""
    plain = {place: tidy(text) for place, text in enumerate(texts) if CODE_LIKE.search(text) or len(text) < 2 * SHORT}
    plain = {place: text for place, text in plain.items() if CODE_LIKE.search(text)}
    single = {place: text for place, text in plain.items() if _is_code(text)}
    # One in ten of the times written as twelve digits has the right check digit: most must have it to be codes.
    twelve = {place for place, text in plain.items() if len(text) == SHORT and text.isdigit()}
    if 2 * len(single.keys() & twelve) <= len(twelve):
        plain = {place: text for place, text in plain.items() if place not in twelve}
        single = {place: text for place, text in single.items() if place in plain}
    found = dict(zip(single, codes_of([*single.values()], today=today), strict=True))
    forms = {place: form for place, form in found.items() if form is not None}
    covers = {place: _covered(texts[place]) for place in plain if place not in forms}
    covers |= {place: COVER for place in found if place not in forms}
    whole = dict(zip(forms, secret.pseudonyms(forms.values()), strict=True))
    return whole, {place: text for place, text in covers.items() if text != texts[place]}


def _is_code(text: str) -> bool:
    return any((code.start, code.end) == (0, len(text)) for code in find_codes(text))


def _covered(text: str) -> str:
    for code in reversed(find_codes(text)):
        text = text[: code.start] + COVER + text[code.end :]
    return text


def pseudonyms_of(found: Identities, places: NDArray[np.intp], secret: Key) -> pd.api.extensions.ExtensionArray:
    """The column with pseudonyms in place of identities, missing where there is none; without an index to align on.

    Examples
    --------
    >>> found = identities_of(pd.DataFrame({"customer": ["a", None, "a"]}), "customer", date(2026, 11, 22))
    >>> made = pseudonyms_of(*found, Key("school", bytes(32)))
    >>> made[0] == made[2], made[0][:7], made.isna().tolist()
    (True, 'school:', [False, True, False])
    """
    forms = np.array([*found.forms, None], dtype=object)
    valid = pd.notna(forms)
    forms[valid] = secret.pseudonyms(forms[valid].tolist())
    # The last one is missing: the place of a row without identity is -1.
    return pd.array(forms[places], dtype="str")
