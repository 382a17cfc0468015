"""The one place that knows municipalities: codes, names in Swedish and Finnish, languages, regions, mergers.

The facts lie in `data/municipalities.csv`; the fictive municipalities of the example data lie beside them, in
`data/example/municipalities.csv`, and are marked as fictive.
"""

from __future__ import annotations

import csv
import difflib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from kommunanalys.errors import MergerError, UnknownMunicipality, UsageError
from kommunanalys.language import check_language
from kommunanalys.paths import data_dir

if TYPE_CHECKING:
    import pandas as pd

COUNTRIES = ("FI", "SE")
DIVISIONS = range(2006, 2027)
"""Years whose municipal division, as of 1 January, the table of facts covers without a gap."""
ENDINGS = (" kommun", " stad", " kunta", " kaupunki")
COLUMNS = (
    "country", "name_sv", "name_fi", "language", "region", "region_sv", "region_fi",
    "county_code", "county_sv", "county_fi",
)  # fmt: skip


@dataclass(frozen=True)
class Municipality:
    """One municipality, of today or abolished.

    Parameters
    ----------
    country
        "FI" or "SE".
    code
        Official code as text: three digits in Finland, four in Sweden.
    name_sv, name_fi
        Official names; `name_fi` is "" in Sweden.
    language
        "fi", "fi-sv", "sv-fi" or "sv", the majority's first; "" where it is not known (abolished before 2013).
    region, region_sv, region_fi
        Finland: region (landskap, maakunta); Sweden: county (län), without a Finnish name.
    county_code, county_sv, county_fi
        Finland: wellbeing services county, "" for Helsinki, for Åland and before 2023.
    until
        Year on whose 1 January it ceased to exist; None for today's.
    into
        Codes of those that its area went to.
    fictive
        Whether it belongs to the example data.
    since
        Year on whose 1 January it came into being; None where it is older than 2006.
    also
        Other names that people write.
    """

    country: str
    code: str
    name_sv: str
    name_fi: str
    language: str
    region: str
    region_sv: str
    region_fi: str
    county_code: str
    county_sv: str
    county_fi: str
    until: int | None
    into: tuple[str, ...]
    fictive: bool
    since: int | None = None
    also: tuple[str, ...] = ()

    @property
    def is_aland(self) -> bool:
        """Whether it lies in Åland, which has its own laws and is no peer of the mainland."""
        return self.country == "FI" and self.region == "21"

    def name(self, language: str) -> str:
        """The name in a language; in English the name in the majority's language.

        Examples
        --------
        >>> find("598").name("fi"), find("598").name("en"), find("0180").name("fi")
        ('Pietarsaari', 'Jakobstad', 'Stockholm')
        """
        swedish = check_language(language) == "sv" or (language == "en" and self.language.startswith("sv"))
        return self.name_sv if swedish or not self.name_fi else self.name_fi

    def exists(self, year: int) -> bool:
        """Whether it was a municipality on 1 January of a year.

        Examples
        --------
        >>> find("588").exists(2024), find("588").exists(2025)
        (True, False)
        """
        return (self.since is None or self.since <= year) and (self.until is None or year < self.until)


def _row(row: dict[str, str], fictive: bool) -> Municipality:
    texts = {name: row.get(name) or "" for name in [*COLUMNS, "code"]}
    return Municipality(
        **texts,
        until=int(row["until"]) if row.get("until") else None,
        into=tuple((row.get("into") or "").split()),
        fictive=fictive,
        since=int(row["since"]) if row.get("since") else None,
        also=tuple(name for name in (row.get("also") or "").split(";") if name),
    )


@lru_cache
def _read(folder: Path) -> MappingProxyType[str, Municipality]:
    found: dict[str, Municipality] = {}
    example = folder / "example" / "municipalities.csv"
    for path, fictive in [(folder / "municipalities.csv", False), (example, True)]:
        if not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            found.update({row["code"]: _row(row, fictive) for row in csv.DictReader(file)})
    return MappingProxyType(found)


def known() -> MappingProxyType[str, Municipality]:
    """Every municipality that the tables of facts hold, abolished and fictive ones too, by code.

    Examples
    --------
    >>> known()["091"].name_sv
    'Helsingfors'
    """
    return _read(data_dir())


def _fold(text: str) -> str:
    # Some systems write "ä" as two characters; copied text holds odd spaces.
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


@lru_cache
def _index(folder: Path) -> dict[str, dict[str, Municipality]]:
    """What people write, folded → the municipalities that it can mean, by code."""
    index: dict[str, dict[str, Municipality]] = {}
    for item in _read(folder).values():
        code = [item.code, f"KU{item.code}"] if item.country == "FI" else [item.code]
        for text in (*code, item.name_sv, item.name_fi, *item.also):
            if text:
                index.setdefault(_fold(text), {})[item.code] = item
    return index


def _spellings(text: str) -> Iterator[str]:
    """The folded text itself, then without "kommun", "stad", ..., then without a Swedish genitive."""
    folded = _fold(text)
    yield folded
    for ending in ENDINGS:
        stem = folded.removesuffix(ending)
        if stem != folded:
            yield stem
            yield stem.removesuffix("s")


def find(value: str, *, country: str | None = None) -> Municipality:
    """The municipality that a name or a code stands for.

    Parameters
    ----------
    value
        Name in Swedish or Finnish, with or without "kommun", "stad", "kunta", "kaupunki"; or the code ("598", "KU598").
    country
        "FI" or "SE" where a name is found in both; None for either.

    Returns
    -------
    Municipality
        One of today's before an abolished one of the same name. An abolished one says `until` when and `into` which.

    Raises
    ------
    UnknownMunicipality
        A number instead of text, no such municipality (names the closest), or several of that name (lists their codes).
    UsageError
        An unknown country.

    Examples
    --------
    >>> {find(text).code for text in ["Jakobstad", "Pietarsaari", "598", "KU598", "jakobstads stad"]}
    {'598'}
    >>> find("Pertunmaa").into
    ('507',)
    """
    text = _as_text(value)
    _check_country(country)
    index = _index(data_dir())
    for spelling in _spellings(text):
        hits = [item for item in index.get(spelling, {}).values() if country in (None, item.country)]
        hits = [item for item in hits if item.until is None] or hits
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise UnknownMunicipality(
                "{value!r} is the name of several municipalities: {choices}. Give the code, or say in which country.",
                value=value,
                choices=", ".join(f"{item.code} ({item.country})" for item in hits),
            )
    _check_elsewhere(text, country)
    raise UnknownMunicipality(
        "Unknown municipality {value!r}. Closest: {closest}. Give the name in Swedish or Finnish, or the official "
        "code as text ('091', '0114').",
        value=value,
        closest=", ".join(_closest(text)) or "–",
    )


def _check_elsewhere(text: str, country: str | None) -> None:
    found = [item for spelling in _spellings(text) for item in _index(data_dir()).get(spelling, {}).values()]
    if country is not None and found and not text.isdigit():
        raise UnknownMunicipality(
            "{value!r} is a municipality of {there}, and this is about {country}. Choose a municipality there, or "
            "another source; `kommunanalys list` tells which there are.",
            value=text,
            there=found[0].country,
            country=country,
        )


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise UnknownMunicipality(
        "{value!r} is not text. Numbers lose their leading zeros: give the code as text ('091', '0114'), or the name.",
        value=value,
    )


def _check_country(country: str | None) -> None:
    if country is not None and country not in COUNTRIES:
        raise UsageError("Unknown country {country!r}. Choose FI or SE.", country=country)


def _closest(text: str) -> list[str]:
    """Up to three names with codes; for digits, the codes that lost a leading zero."""
    index = _index(data_dir())
    folded = list(_spellings(text))[-1]
    if folded.isdigit():
        keys = [key for key in dict.fromkeys((folded.zfill(3), folded.zfill(4))) if key in index]
    else:
        keys = difflib.get_close_matches(folded, [key for key in index if not key[-1:].isdigit()], 3, 0.6)
    return [f"{_spelt(item, key)} ({item.code}, {item.country})" for key in keys for item in index[key].values()]


def _spelt(item: Municipality, key: str) -> str:
    names = (item.name_sv, item.name_fi, *item.also)
    return next((name for name in names if _fold(name) == key), item.name("en"))


def check_division(year: int) -> int:
    """The year itself if its municipal division is known here, else a clear refusal.

    Raises
    ------
    UsageError
        Names the years that are known.

    Examples
    --------
    >>> check_division(2021)
    2021
    """
    if year not in DIVISIONS:
        raise UsageError(
            "The municipal division of {year} is not known here. Choose a year from {first} to {last}.",
            year=year,
            first=DIVISIONS[0],
            last=DIVISIONS[-1],
        )
    return year


def municipalities(country: str | None = None, *, year: int | None = None, fictive: bool = False) -> pd.DataFrame:
    """The municipalities that exist in a year, as a table.

    Parameters
    ----------
    country
        "FI" or "SE"; None for both.
    year
        Division of 1 January of this year; None for the newest that is known.
    fictive
        True gives those of the example data instead of the real ones.

    Returns
    -------
    pandas.DataFrame
        Index `code`; `country`, `name_sv`, `name_fi`, `language`, `region`, `region_sv`, `region_fi`, `county_code`,
        `county_sv`, `county_fi`, all text.

    Raises
    ------
    UsageError
        An unknown country, or a year whose division is not known.

    References
    ----------
    Statistics Finland, municipal keys 2013–2026 and abolished municipalities; Kolada (RKA); SCB. See `data/README.md`.

    Examples
    --------
    >>> len(municipalities("FI")), len(municipalities("FI", year=2008)), len(municipalities("SE"))
    (308, 415, 290)
    """
    import pandas as pd

    _check_country(country)
    at = check_division(DIVISIONS[-1] if year is None else year)
    rows = [
        {name: getattr(item, name) for name in ["code", *COLUMNS]}
        for item in known().values()
        if item.fictive == fictive and item.exists(at) and country in (None, item.country)
    ]
    return pd.DataFrame(rows, columns=["code", *COLUMNS], dtype="str").set_index("code")


def successors(code: str, year: int) -> tuple[str, ...]:
    """Where a municipality's area lies in the division of 1 January of a later year.

    Parameters
    ----------
    code
        Code (or name) of a municipality of today or an abolished one.
    year
        Year of the division.

    Returns
    -------
    tuple of str
        One code; several where the municipality was split; the code itself where it still exists.

    Raises
    ------
    MergerError
        The municipality came into being after that year.
    UnknownMunicipality, UsageError
        As `find` and `check_division`.

    Examples
    --------
    >>> successors("944", 2006), successors("944", 2007), successors("944", 2011)
    (('944',), ('945',), ('946',))
    >>> successors("443", 2026)
    ('182', '562')
    """
    item = find(code)
    check_division(year)
    if item.since is not None and item.since > year:
        raise MergerError(
            "{name} ({code}) did not exist in {year}. Choose {since} or later.",
            name=item.name("en"),
            code=item.code,
            year=year,
            since=item.since,
        )
    return _follow(item, year)


def _follow(item: Municipality, year: int) -> tuple[str, ...]:
    if item.until is None or item.until > year:
        return (item.code,)
    return tuple(sorted({code for into in item.into for code in _follow(known()[into], year)}))
