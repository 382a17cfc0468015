"""What StatFin's API v1 and SCB's API v2 share: a selection from today's metadata, in parts that the server takes.

Only `statfin.py`, `scb.py` and `pxweb_fetch.py` use this module.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

import kommunanalys.municipalities as places
from kommunanalys.errors import NoData, UsageError
from kommunanalys.sources.cubes import area_codes
from kommunanalys.sources.kolada import whole_years

CONTENTS = "contents"
"""Stands for the variable of the indicators in every table, whatever its code is today."""
EXPRESSION = re.compile(r"(TOP|BOTTOM|RANGE|FROM|TO)\(([^()]*)\)", re.IGNORECASE)
Wanted = str | Iterable[str]


@dataclass(frozen=True)
class Variable:
    """A variable of a table, as its metadata of today describe it.

    Parameters
    ----------
    code, text
        As the publisher writes them.
    codes, texts
        Of its values, equally many.
    eliminable
        Whether it may be left out, and is summed then.
    time, contents
        Whether it holds the periods, or the indicators.
    """

    code: str
    text: str
    codes: tuple[str, ...]
    texts: tuple[str, ...]
    eliminable: bool = False
    time: bool = False
    contents: bool = False

    @cached_property
    def municipal(self) -> dict[str, str]:
        """Codes of its values that are municipalities → the municipality's code."""
        return area_codes(self.codes, self.texts)

    def resolve(self, wanted: Wanted) -> tuple[str, ...]:
        """Today's codes of what is wanted, in the order of the metadata.

        Raises
        ------
        UsageError
            Names the value that the variable does not have, and today's codes.
        """
        given = [wanted] if isinstance(wanted, str) else list(wanted)
        found = {code for item in given for code in self._matching(str(item))}
        return tuple(code for code in self.codes if code in found)

    def _matching(self, wanted: str) -> Sequence[str]:
        if wanted in self.codes:
            return [wanted]
        expression = EXPRESSION.fullmatch(wanted.strip())
        found: Sequence[str] = self._expressed(expression[1].upper(), expression[2]) if expression else ()
        found = found or [code for code, text in zip(self.codes, self.texts, strict=True) if _same(text, wanted)]
        if not found and set(wanted) & set("*?"):
            found = [code for code in self.codes if fnmatchcase(code, wanted.replace("[", "[[]"))]
        if found:
            return found
        shown = [f"{code} ({text})" for code, text in zip(self.codes, self.texts, strict=True)]
        raise UsageError(
            "{variable} has no value {value!r} today. Closest: {closest}. It has: {values}. Codes change: take them "
            "from this list.",
            variable=f"{self.code} ({self.text})",
            value=wanted,
            closest=", ".join(_closest(wanted, (*self.codes, *self.texts))) or "–",
            values=", ".join(shown[:30]) + (f" … ({len(shown)})" if len(shown) > 30 else ""),
        )

    def _expressed(self, word: str, inside: str) -> Sequence[str]:
        """The API's own expressions; `TOP` of periods are the newest, of anything else the first."""
        given = [item.strip() for item in inside.split(",")]
        if len(given) != (2 if word == "RANGE" else 1):
            return ()
        if word in ("TOP", "BOTTOM"):
            if not given[0].isdigit():
                return ()
            newest_last = list(self.codes if self.time else reversed(self.codes))
            count = int(given[0])
            return newest_last[-count:] if word == "TOP" and count else newest_last[:count]
        if not all(item in self.codes for item in given):
            return ()
        at = [self.codes.index(item) for item in given]
        if word == "RANGE":
            return self.codes[at[0] : at[-1] + 1]
        return self.codes[at[0] :] if word == "FROM" else self.codes[: at[0] + 1]


def _same(one: str, other: str) -> bool:
    return one.strip().rstrip("*").casefold() == other.strip().rstrip("*").casefold()


def _closest(wanted: str, known: Iterable[str]) -> list[str]:
    known = list(known)
    inside = [item for item in known if wanted and wanted.casefold() in item.casefold()]
    return list(dict.fromkeys([*inside, *difflib.get_close_matches(wanted, known, 3, 0.4)]))[:3]


@dataclass(frozen=True)
class Selection:
    """The codes asked for of each variable that is not left out."""

    chosen: Mapping[str, tuple[str, ...]]

    @property
    def cells(self) -> int:
        """How many values the answer has."""
        return math.prod(len(codes) for codes in self.chosen.values())

    def halves(self) -> list[Selection]:
        """Two smaller selections, cut along the longest variable; none where there is but one value."""
        longest = max(self.chosen, key=lambda code: len(self.chosen[code]))
        codes = self.chosen[longest]
        middle = len(codes) // 2
        return [replace(self, chosen={**self.chosen, longest: half}) for half in (codes[:middle], codes[middle:])][
            : 2 if middle else 0
        ]

    def parts(self, most: int) -> list[Selection]:
        """Selections of at most so many cells, which together are the whole."""
        halves = self.halves() if self.cells > most else []
        return [part for half in halves for part in half.parts(most)] or [self]

    def words(self) -> str:
        """The selection for a message or an origin."""
        return "; ".join(f"{code}={','.join(codes)}" for code, codes in self.chosen.items())


def choose(
    variables: Sequence[Variable],
    select: Mapping[str, Wanted] | None,
    municipalities: str | Iterable[str] | None,
    years: int | Iterable[int] | None,
    table: str,
) -> Selection:
    """What is asked of a table: of its municipalities and periods those named or all, all indicators, totals else.

    Raises
    ------
    UsageError
        A variable or value that the table does not have today, or a variable that cannot be left out (with its values).
    NoData
        No municipalities in the table, or not these; not these years.
    """
    wanted = {_variable(name, variables, table).code: given for name, given in (select or {}).items()}
    area = max(variables, key=lambda item: len(item.municipal), default=None)
    if area is None or not area.municipal:
        raise NoData(
            "{table} has no municipalities; it is divided by {variables}. Choose a table by municipality.",
            table=table,
            variables=", ".join(item.text for item in variables) or "–",
        )
    _check_once(wanted, [(area, municipalities), *((item, years) for item in variables if item.time)])
    chosen: dict[str, tuple[str, ...]] = {}
    for item in variables:
        if item.code in wanted:
            chosen[item.code] = item.resolve(wanted[item.code])
        elif item is area:
            chosen[item.code] = _municipal(item, municipalities, table)
        elif item.time:
            chosen[item.code] = _periods(item, years, table)
        elif item.contents or len(item.codes) == 1:
            chosen[item.code] = item.codes
        elif not item.eliminable:
            item_values = [f"{code} ({text})" for code, text in zip(item.codes, item.texts, strict=True)]
            raise UsageError(
                "{table} is divided by {variable}, which cannot be left out: name values of {code!r} in select. It "
                "has: {values}.",
                table=table,
                variable=item.text,
                code=item.code,
                values=", ".join(item_values[:30]) + (" …" if len(item_values) > 30 else ""),
                offered=item.codes,
            )
    return Selection(chosen)


def _check_once(wanted: Mapping[str, Wanted], arguments: Iterable[tuple[Variable, object]]) -> None:
    for item, given in arguments:
        if item.code in wanted and given is not None:
            raise UsageError(
                "{variable} is named twice: in select, and by municipalities or years. Name it once.",
                variable=item.text,
            )


def _variable(name: str, variables: Sequence[Variable], table: str) -> Variable:
    for item in variables:
        if name == item.code or _same(item.text, name) or (item.contents and name == CONTENTS):
            return item
    raise UsageError(
        "{table} has no variable {name!r} today. It has: {variables}. Codes change: take them from this list.",
        table=table,
        name=name,
        variables=", ".join(f"{item.code} ({item.text})" for item in variables),
    )


def _municipal(area: Variable, asked: str | Iterable[str] | None, table: str) -> tuple[str, ...]:
    municipal = area.municipal
    if asked is None:
        return tuple(municipal)
    given = [asked] if isinstance(asked, str) else list(asked)
    country = places.known()[next(iter(municipal.values()))].country
    wanted = {places.find(value, country=country).code for value in given}
    absent = sorted(wanted - set(municipal.values()))
    if absent or not given:
        raise NoData(
            "{table} has no figures for municipality {codes}. It follows the division of another year, or none was "
            "asked for: leave municipalities out to see which it has.",
            table=table,
            codes=", ".join(absent) or "–",
        )
    return tuple(code for code, municipality in municipal.items() if municipality in wanted)


def _periods(time: Variable, asked: int | Iterable[int] | None, table: str) -> tuple[str, ...]:
    wanted = whole_years(asked)
    found = tuple(code for code in time.codes if not wanted or code[:4] in map(str, wanted))
    absent = [str(year) for year in wanted if str(year) not in {code[:4] for code in found}]
    if absent or not found:
        raise NoData(
            "{table} has no figures for {years}. It has {first}–{last}.",
            table=table,
            years=", ".join(absent) or "–",
            first=time.codes[0] if time.codes else "–",
            last=time.codes[-1] if time.codes else "–",
        )
    return found
