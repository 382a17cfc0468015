"""Personal identity codes of Sweden and Finland in any text: found where the check sign and the date are right.

Sources: Skatteverket SKV 704 and SKV 707 (personnummer, samordningsnummer); the Finnish Digital and Population Data
Services Agency, "The personal identity code", with the separators of the decree that came into force in 2023.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

FINNISH_SIGNS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
CENTURIES = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}
OLDEST = 1800
COORDINATION = 60
"""What a Swedish coordination number adds to the day."""

# Dashes that word processors and web pages put in place of the hyphen.
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
# Not inside longer runs: a hash, a decimal number, a telephone number, an address or a longer code holds no person.
_BEFORE, _AFTER = r"(?<!\w)(?<!\w[-+])(?<!\d[.,:/])", r"(?!\w)(?![-+]\w)(?![.,:/]\d)"
_FINNISH = re.compile(_BEFORE + r"(\d\d)(\d\d)(\d\d)([-+A-FU-Y])(\d{3})([0-9A-FHJ-NPR-Y])" + _AFTER, re.I)
_SWEDISH = re.compile(_BEFORE + r"(\d\d)?(\d\d)(\d\d)(\d\d)([-+])(\d{3})(\d)" + _AFTER)
_UNBROKEN = re.compile(_BEFORE + r"(1[89]|20)(\d\d)(\d\d)(\d\d)()(\d{3})(\d)" + _AFTER)


@dataclass(frozen=True)
class Code:
    """Where a personal identity code stands; never the code itself, which must not reach a log.

    Parameters
    ----------
    start, end
        Positions in the text.
    kind
        "se" or "fi".
    """

    start: int
    end: int
    kind: Literal["se", "fi"]


def find_codes(text: str) -> list[Code]:
    """The personal identity codes in a text, in their order.

    Swedish codes of ten digits count only with their separator, and those of twelve with or without it: ten bare
    digits are an ordinary number in a municipality's tables. Organisation numbers are nobody's.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    list of Code

    Examples
    --------
    The individual numbers 900–999 are never given to a person for good.

    >>> find_codes("the pupil 010101-900R")
    [Code(start=10, end=21, kind='fi')]
    >>> find_codes("0114, 556036-0793, 2021-01-01, 1234567890")
    []
    """
    plain = text.translate(_DASHES)
    # The same signs may be right in both countries: one place is one code.
    found = {code.start: code for code in [*_swedish(plain), *_finnish(plain)]}
    return [found[start] for start in sorted(found)]


def _finnish(text: str) -> Iterator[Code]:
    for match in _FINNISH.finditer(text):
        day, month, year, separator, number, sign = match.groups()
        right = FINNISH_SIGNS[int(day + month + year + number) % 31] == sign.upper()
        if right and int(number) >= 2 and is_date(CENTURIES[separator.upper()] + int(year), int(month), int(day)):
            yield Code(match.start(), match.end(), "fi")


def _swedish(text: str) -> Iterator[Code]:
    for match in [*_SWEDISH.finditer(text), *_UNBROKEN.finditer(text)]:
        century, year, month, day, _, number, sign = match.groups()
        born = int(day) - COORDINATION if int(day) > COORDINATION else int(day)
        # Without a century any will do: 29 February is a day in at least one of them.
        years = [int(century + year)] if century else [1900 + int(year), 2000 + int(year)]
        dated = any(year >= OLDEST and is_date(year, int(month), born) for year in years)
        if dated and number != "000" and _luhn(year + month + day + number) == int(sign):
            yield Code(match.start(), match.end(), "se")


def _luhn(digits: str) -> int:
    """The check digit of nine digits, doubled from the first."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return -sum(value // 10 + value % 10 for value in doubled) % 10


def is_date(year: int, month: int, day: int) -> bool:
    """Whether there is such a day.

    Examples
    --------
    >>> is_date(2023, 2, 29)
    False
    """
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
