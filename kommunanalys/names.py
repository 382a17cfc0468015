"""Names with a memory: every indicator's unit, period, population, breaks and its words in three languages.

The glossary itself is data (`glossary.toml`, one entry for each indicator); this module reads it and answers for it.
"""

from __future__ import annotations

import csv
import difflib
import tomllib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from kommunanalys.errors import MixedPopulations, UnknownIndicator, UsageError
from kommunanalys.language import LANGUAGES, check_language
from kommunanalys.paths import data_dir

CURRENCIES = {"FI": "EUR", "SE": "SEK"}
SEPARATE = frozenset({"home", "located", "own"})
"""Populations of pupils that must never meet in one ratio or one comparison."""


@dataclass(frozen=True)
class Break:
    """A year from which a series no longer means what it meant before.

    Parameters
    ----------
    year
        First year of the new series.
    country
        "FI", "SE" or "" for both.
    text
        What changed, by language.
    """

    year: int
    country: str
    text: dict[str, str]


@dataclass(frozen=True)
class Indicator:
    """One indicator of the glossary.

    Parameters
    ----------
    name
        Our name, the column of a panel.
    unit
        Unit; `{currency}` stands for EUR or SEK.
    kind
        "count" and "amount" may be summed over municipalities; "rate" needs a weight.
    better
        "higher", "lower" or "neither".
    period
        "calendar_year", "school_year" (2024 is 2024/25), "15_october", "20_september" or "31_december".
    population
        "home", "located" or "own" for pupils; "residents" or "organisation" otherwise.
    weight
        Indicator to weigh a rate with when municipalities merge, "" for none.
    decimals
        How many decimals a reader needs.
    label, meaning
        By language; `sv_FI` where Finland's Swedish has another word.
    breaks
        Years at which the series changes its meaning.

    Examples
    --------
    >>> get("tax_rate").unit
    '%'
    """

    name: str
    unit: str
    kind: Literal["count", "amount", "rate"]
    better: Literal["higher", "lower", "neither"]
    period: str
    population: str
    weight: str = ""
    decimals: int = 0
    label: dict[str, str] = field(default_factory=dict)
    meaning: dict[str, str] = field(default_factory=dict)
    breaks: tuple[Break, ...] = ()

    def words(self, language: str, country: str | None = None) -> str:
        """The label in a language, with the terms of a country.

        Examples
        --------
        >>> get("compulsory_pupils_home").words("sv", "SE")
        'Elever i grundskola F–9, hemkommun'
        """
        return _spoken(self.label, language, country)

    def explained(self, language: str, country: str | None = None) -> str:
        """What the indicator measures, in a language."""
        return _spoken(self.meaning, language, country)

    def unit_in(self, country: str) -> str:
        """The unit with the currency of a country.

        Examples
        --------
        >>> get("compulsory_cost_home").unit_in("FI")
        'EUR/pupil/year'
        """
        return self.unit.format(currency=CURRENCIES[country])

    def breaks_in(self, country: str, *, fictive: bool = False) -> list[Break]:
        """The breaks that concern a country, those of the fictive example data included if asked.

        Examples
        --------
        >>> [item.year for item in get("compulsory_certified_teachers_own").breaks_in("FI", fictive=True)]
        [2019]
        """
        own = [item for item in self.breaks if item.country in ("", country)]
        return own + _example_breaks().get(self.name, []) if fictive else own


def _spoken(texts: dict[str, str], language: str, country: str | None) -> str:
    check_language(language)
    if language == "sv" and country == "FI" and "sv_FI" in texts:
        return texts["sv_FI"]
    return texts[language]


def _read(name: str, entry: dict[str, Any]) -> Indicator:
    breaks = tuple(Break(item["year"], item.get("country", ""), item["text"]) for item in entry.pop("breaks", []))
    return Indicator(name=name, breaks=breaks, **entry)


@lru_cache
def _example_breaks() -> dict[str, list[Break]]:
    found: dict[str, list[Break]] = {}
    with (data_dir() / "example" / "breaks.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            texts = {language: row[f"text_{language}"] for language in LANGUAGES}
            found.setdefault(row["indicator"], []).append(Break(int(row["year"]), "FI", texts))
    return found


@lru_cache
def glossary() -> dict[str, Indicator]:
    """All indicators by name, in the order of the glossary.

    Examples
    --------
    >>> "compulsory_cost_home" in glossary()
    True
    """
    text = (Path(__file__).parent / "glossary.toml").read_text(encoding="utf-8")
    return {name: _read(name, entry) for name, entry in tomllib.loads(text).items()}


def get(name: str) -> Indicator:
    """One indicator by its name.

    Raises
    ------
    UnknownIndicator
        Names the closest ones.

    Examples
    --------
    >>> get("population").unit
    'persons'
    """
    known = glossary()
    if name not in known:
        raise UnknownIndicator(
            "Unknown indicator {name!r}. Closest: {closest}. All names: kommunanalys.names.glossary().",
            name=name,
            closest=", ".join(difflib.get_close_matches(name, known, 3, 0.3)) or "–",
        )
    return known[name]


def breaks(columns: Iterable[Hashable], *countries: str, fictive: bool = False) -> list[tuple[str, Break]]:
    """The breaks of some columns that concern some countries (none named: any), each with its column.

    Parameters
    ----------
    columns
        Indicator names; names outside the glossary have no breaks, since nothing is known of them.
    fictive
        Whether those of the example data are included.

    Examples
    --------
    >>> [(name, gap.year) for name, gap in breaks(["compulsory_cost_deviation", "population"], "SE")]
    [('compulsory_cost_deviation', 2019)]
    """
    found = []
    for item in (glossary()[str(name)] for name in columns if str(name) in glossary()):
        gaps = [*item.breaks, *(_example_breaks().get(item.name, []) if fictive else [])]
        found += [(item.name, gap) for gap in gaps if not (gap.country and countries) or gap.country in countries]
    return found


def check_breaks(columns: Iterable[Hashable], years: Iterable[int], *countries: str) -> None:
    """Refuse years on both sides of a break of one of the columns.

    Parameters
    ----------
    columns
        Indicator names; names outside the glossary pass.
    years
        Years that are compared with each other.
    *countries
        "FI" or "SE"; none named: breaks of any country count.

    Raises
    ------
    UsageError
        Names the column, the year, what changed there, and the way out.

    Examples
    --------
    >>> check_breaks(["compulsory_cost_deviation"], [2019, 2020, 2021], "SE")
    """
    compared = list(years)
    for name, gap in breaks(columns, *countries):
        if min(compared) < gap.year <= max(compared):
            raise UsageError(
                "{column} is counted in another way from {year}: {what} Figures of years before and after do not "
                "compare. Take the years before {year} and those from {year} separately, or leave the column out.",
                column=name,
                year=gap.year,
                what=gap.text["en"],
            )


def check_population(columns: Iterable[str]) -> None:
    """Refuse columns about different populations of pupils in one ratio or comparison.

    Parameters
    ----------
    columns
        Indicator names; names outside the glossary pass, since nothing is known of them.

    Raises
    ------
    MixedPopulations
        Names the columns of each population and the way out.

    Examples
    --------
    >>> check_population(["compulsory_cost_home", "compulsory_pupils_home", "population"])
    """
    groups: dict[str, list[str]] = {}
    for name in columns:
        item = glossary().get(str(name))
        if item and item.population in SEPARATE:
            groups.setdefault(item.population, []).append(item.name)
    if len(groups) > 1:
        raise MixedPopulations(
            "These columns are about different pupils and must not be compared with each other: {groups}. "
            "Take the same population for all of them: names that end alike (_home, _located, _own).",
            groups="; ".join(f"{key}: {', '.join(names)}" for key, names in sorted(groups.items())),
        )
