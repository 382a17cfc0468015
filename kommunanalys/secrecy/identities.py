"""Personal identity codes in one spelling each: Swedish and Finnish ones checked, own identities only tidied.

A code that does not pass its check is no code: a wrong digit would else join one person's data to another's.

References
----------
Sweden: the Tax Agency (Skatteverket), SKV 704 and 707: year, month, day (coordination numbers: day + 60), three digits
and a check digit by the Luhn algorithm over the nine digits before it; "+" in place of "-" from the year in which the
person turns 100.
Finland: government decree 128/2010 with its change in force from 2023-01-01: day, month, year, a sign for the century
(1800s +, 1900s - Y X W V U, 2000s A B C D E F), an individual number from 002, and a check sign: the nine digits
modulo 31. Since 2023 the sign tells people apart (010594-9032 and 010594Y9032 are two persons), so it stays in the
identity. Individual numbers 900-999 are used for temporary and invented codes only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NoReturn

from kommunanalys.errors import UsageError
from kommunanalys.identity_codes import CENTURIES, FINNISH_SIGNS, is_date

Kind = Literal["personal", "own"]
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\u00ad"), "-")
SIGNS = FINNISH_SIGNS
SWEDISH_HEAD = re.compile(r"(18|19|20)?(\d{6})([-+]?)", re.ASCII)
SWEDISH_TAIL = re.compile(r"(?!000)\d{4}", re.ASCII)
FINNISH_HEAD = re.compile(r"(\d\d)(\d\d)(\d\d)([-+A-FU-Y])", re.ASCII)
FINNISH_TAIL = re.compile(rf"(?!00[01])(\d{{3}})([{SIGNS}])", re.ASCII)
DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Twice a digit, its own digits added."""
SAMPLE = 2000
"""How many texts, at most twice, decide what a column is."""
PERSONAL_NAMES = frozenset(
    {
        *("personal_identity_code", "personal_identity_number", "ssn"),
        *("personnummer", "personbeteckning", "samordningsnummer", "pnr"),
        *("henkilötunnus", "henkilotunnus", "hetu", "sotu"),
    }
)
"""Names of columns that can hold nothing but personal identity codes."""


def tidy(text: str) -> str:
    """Text without spaces of any kind, in capitals, with plain digits and dashes.

    Examples
    --------
    >>> tidy(" 010190\u2013９００\u00a0x ")
    '010190-900X'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(DASHES)
    return "".join(text.split()).upper()


def swedish(text: str, today: date) -> str | None:
    """A Swedish personal identity or coordination number with twelve digits, or None where it is none.

    Parameters
    ----------
    text
        Ten or twelve digits, with or without "-" or "+".
    today
        Date of the register: it says which century ten digits mean.

    Examples
    --------
    >>> swedish("300101+0010", date(2026, 11, 22))  # of 1830: nobody got a number before 1947
    '183001010010'
    >>> swedish("300101+0017", date(2026, 11, 22)) is None  # the check digit is wrong
    True
    """
    return _one(text, _sweden(today))


def finnish(text: str) -> str | None:
    """A Finnish personal identity code in capitals, or None where it is none.

    Examples
    --------
    >>> finnish("010190-900x"), finnish("010190-900Y")
    (None, None)
    >>> finnish("020594x903p")
    '020594X903P'
    """
    return _one(text, _finland())


def _one(text: str, rules: _Rules) -> str | None:
    found = rules.read([tidy(text)])[0]
    return None if found is None else found[3:]


@dataclass(frozen=True)
class _Rules:
    """A country's rules in two pieces, which repeat from person to person: a date with its century, and four signs.

    Parameters
    ----------
    head
        All but the last four signs → the remainder that fits, and how the identity begins; None where they are no date.
    tail
        The last four signs → their remainder, None where they cannot be.
    """

    head: Callable[[str], tuple[int, str] | None]
    tail: Callable[[str], int | None]

    def read(self, texts: Sequence[str]) -> list[str | None]:
        """The identity that each text is, None where it is none."""
        firsts, lasts = [text[:-4] for text in texts], [text[-4:] for text in texts]
        # Each piece is looked at once, however many people have it.
        heads = {piece: self.head(piece) or NO_DATE for piece in set(firsts)}
        tails = {piece: self.tail(piece) for piece in set(lasts)}
        return [
            head[1] + last if (head := heads[first])[0] == tails[last] else None
            for first, last in zip(firsts, lasts, strict=True)
        ]


NO_DATE = (-1, "")
"""A remainder that no tail has."""


def _finland() -> _Rules:
    return _Rules(_finnish_head, _finnish_tail)


def _finnish_head(head: str) -> tuple[int, str] | None:
    match = FINNISH_HEAD.fullmatch(head)
    if match is None:
        return None
    day, month, year, sign = match.groups()
    if not is_date(CENTURIES[sign] + int(year), int(month), int(day)):
        return None
    return -1000 * int(head[:6]) % 31, f"FI:{head}"


def _finnish_tail(tail: str) -> int | None:
    match = FINNISH_TAIL.fullmatch(tail)
    return None if match is None else (int(match[1]) - SIGNS.index(match[2])) % 31


def _sweden(today: date) -> _Rules:
    return _Rules(lambda head: _swedish_head(head, today), _swedish_tail)


def _swedish_head(head: str, today: date) -> tuple[int, str] | None:
    match = SWEDISH_HEAD.fullmatch(head)
    if match is None:
        return None
    century, birth, sign = match.groups()
    year = int(birth[:2]) + (100 * int(century) if century else today.year // 100 * 100)
    # Sixty is added to the day in coordination numbers, also to 0 where the day is not known.
    day = int(birth[4:]) - (60 if birth[4:] >= "60" else 0)
    born = (year, int(birth[2:4]), max(day, int(birth[4:] == "60")))
    if century is None:
        # Ten digits mean the latest date that has come; "+" the latest year in which one has turned 100 by now.
        late = year > today.year - 100 if sign == "+" else born > (today.year, today.month, today.day)
        while late:
            year -= 100
            late = sign == "+" and year > today.year - 100
        born = (year, *born[1:])
    if not is_date(*born) or born > (today.year, today.month, today.day):
        return None
    return -_luhn(birth) % 10, f"SE:{year:04}{birth[2:]}"


def _swedish_tail(tail: str) -> int | None:
    return _luhn(tail) % 10 if SWEDISH_TAIL.fullmatch(tail) else None


def _luhn(digits: str) -> int:
    # The pieces have six and four digits, so the first, third, ... of each are doubled in the whole code too.
    return sum(map(DOUBLED.__getitem__, map(int, digits[::2]))) + sum(map(int, digits[1::2]))


@dataclass(frozen=True)
class Identities:
    """What a column's distinct texts were found to be.

    Parameters
    ----------
    forms
        For each text the identity in its one form ("SE:…", "FI:…", "own:…"); None where it is none.
    kind
        "personal" or "own".
    valid
        How many of them are valid personal identity codes [%].
    """

    forms: list[str | None]
    kind: Kind
    valid: int

    def expect_codes(self, name: str) -> None:
        """Nothing, unless the column's name says that it holds personal identity codes and most are none.

        It is asked where nothing else is at hand, so that no traceback can show an identity.

        Raises
        ------
        UsageError
            Names the column and the share of valid codes.
        """
        if self.forms and self.kind == "own" and name.casefold().replace(" ", "_") in PERSONAL_NAMES:
            raise UsageError(
                "Column {column!r} should hold personal identity codes, but {share} % of them are valid. Are leading "
                "noughts lost, or is it another column?",
                column=name,
                share=self.valid,
            )

    def __repr__(self) -> str:
        return f"Identities({len(self.forms)}, {self.kind!r})"

    def __reduce__(self) -> NoReturn:
        raise UsageError("Identities are not saved.")


def identify(texts: Sequence[str], *, today: date) -> Identities:
    """Bring the distinct texts of a column into one form each.

    They are personal identity codes if most of some two thousand, taken from all over the column, are valid codes;
    otherwise own identities, of which only spaces and case are tidied. A text that both countries' rules accept is a
    code of the country of which the column has more.

    Examples
    --------
    >>> identify(["020594X903P", " 020594x903p"], today=date(2026, 11, 22))
    Identities(2, 'personal')
    """
    sample = texts[:: len(texts) // SAMPLE + 1]
    order = _order(sample, today)
    valid = len(sample) - _codes(sample, order).count(None)
    share = 100 * valid // max(len(sample), 1)
    if 2 * valid > len(sample):
        return Identities(_codes(texts, order), "personal", share)
    return Identities([f"own:{plain}" if (plain := tidy(text)) else None for text in texts], "own", share)


def codes_of(texts: Sequence[str], *, today: date) -> list[str | None]:
    """The personal identity code that each text is in its one form, None where it is none.

    Examples
    --------
    >>> codes_of(["020594x903p", "7"], today=date(2026, 11, 22))
    ['FI:020594X903P', None]
    """
    return _codes(texts, _order(texts, today))


def _order(texts: Sequence[str], today: date) -> list[_Rules]:
    """Both countries' rules, first those of the country of which the texts hold more codes."""
    finland, sweden = _finland(), _sweden(today)
    of_finland, of_sweden = (sum(one is not None for one in _codes(texts, [rules])) for rules in (finland, sweden))
    return [finland, sweden] if of_finland >= of_sweden else [sweden, finland]


def _codes(texts: Sequence[str], order: Sequence[_Rules]) -> list[str | None]:
    """The code that each text is by the first country whose rules accept it; what is not plain is tidied first."""
    found = order[0].read(texts)
    missed = [place for place, one in enumerate(found) if one is None]
    plain = [tidy(texts[place]) for place in missed]
    for rules in order[::-1] if missed else ():
        for place, code in zip(missed, rules.read(plain), strict=True):
            found[place] = code or found[place]
    return found
