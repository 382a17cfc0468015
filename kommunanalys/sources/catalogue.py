"""One door to every source: `load("kolada")`, `load("statfin:11ra")`, `load("a folder or file")`; `search("words")`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kommunanalys import names
from kommunanalys.errors import KommunanalysError, NoData, SourceError, UnknownIndicator, UsageError
from kommunanalys.language import Speaker, check_language, current
from kommunanalys.municipalities import find
from kommunanalys.sources import files, kolada
from kommunanalys.sources.kolada_files import KPI
from kommunanalys.sources.publishers import PUBLISHERS, Question, split
from kommunanalys.sources.recognise import read

if TYPE_CHECKING:
    import pandas as pd

FOUND = ["source", "id", "title", "updated", "address"]
SWEDISH = frozenset({"kolada", "scb", "skolverket"})
"""Publishers of Sweden; the others are Finnish."""


def load(
    source: str | Path,
    indicators: str | Iterable[str] | None = None,
    *,
    municipalities: str | Iterable[str] | None = None,
    years: int | Iterable[int] | None = None,
) -> pd.DataFrame:
    """Observations from a source, limited to what is wanted.

    Parameters
    ----------
    source
        A short name: "example" (fictive municipalities, no network), "finland" (what Finland's open data have of our
        indicators), "kolada", "sotkanet" or "treasury"; with what is meant after a colon, as `search` finds it:
        "kolada:N15027", "statfin:vaerak/11ra", "statfin:key_figures", "scb:TAB6471", "sotkanet:127",
        "vipunen:koulutuksenkustannukset", "treasury:KTAS", "avoindata:data-set", "skolverket:gr". Or the path of a
        file or folder: Kolada's or Skolverket's tables, answers in JSON-stat 2, documents of the State Treasury, a
        filled-in template; they are known by their content. A folder that is itself called so: "./kolada".
    indicators
        Names of the glossary, or the publisher's own codes; None for all that the source has.
    municipalities
        Codes or names; None for all.
    years
        One year or several; None for all, but of the State Treasury for the newest.

    Returns
    -------
    pandas.DataFrame
        An observations table. `attrs["lacking"]` lists the indicators asked for that the source does not have.

    Raises
    ------
    SourceError
        No such source or path, one that is damaged, or a publisher that does not answer as it should.
    UnknownIndicator, UnknownMunicipality
        A name that does not exist.
    UsageError
        What is asked for cannot be had in this form (says how).
    NoData
        The source has none of the indicators, none of the years, or nothing for a municipality that is named.

    Examples
    --------
    >>> table = load("example", ["compulsory_cost_home"], municipalities="X07", years=2023)
    >>> table["value"].tolist(), table.attrs["lacking"]
    ([13016.0], [])
    """
    areas = [municipalities] if isinstance(municipalities, str) else municipalities
    name, what = split(str(source)) or ("", "")
    asked = Question(
        what, _names(indicators), None if areas is None else list(areas), list(kolada.whole_years(years)) or None
    )
    table = PUBLISHERS[name].load(asked) if name else _from_path(source)
    return _select(table, str(source), asked)


def search(words: str, *, sources: str | Iterable[str] | None = None, language: str = "sv") -> pd.DataFrame:
    """Look for data in the catalogues of all publishers.

    Parameters
    ----------
    words
        What to look for, in the language asked for (Kolada knows Swedish, Vipunen Finnish).
    sources
        Short names of publishers; None for all that can be searched.
    language
        "sv", "fi" or "en": of the titles, where the publisher has them in it.

    Returns
    -------
    pandas.DataFrame
        `source`, `id`, `title`, `updated`, `address`; "source:id" can be given to `load`. `attrs["unanswered"]`
        says of each publisher that did not answer why; a warning names them.

    Raises
    ------
    UsageError
        An unknown publisher or language, or no words.
    SourceError
        No publisher answered (says why, for each).

    Examples
    --------
    >>> search("skatteinkomster", sources="treasury")[["source", "id"]].values.tolist()
    [['treasury', 'tax_revenue']]
    """
    import pandas as pd

    check_language(language)
    if not words.strip():
        raise UsageError("Say what to look for: one word or several.")
    asked, found, unanswered = _searchable(sources), list["pd.DataFrame"](), dict[str, str]()
    for name, ask in asked.items():
        try:
            found.append(ask(words, language)[FOUND])
        except KommunanalysError as error:
            unanswered[name] = str(error)
    reasons = "; ".join(f"{name}: {reason}" for name, reason in unanswered.items())
    if len(unanswered) == len(asked):
        raise SourceError("No publisher answered. {reasons}", reasons=reasons)
    if unanswered:
        warnings.warn(
            Speaker(current())(
                "Some publishers did not answer, so their data are not listed. {reasons}", reasons=reasons
            ),
            stacklevel=2,
        )
    table = pd.concat(found, ignore_index=True)
    table.attrs = {"unanswered": unanswered}
    return table


def covered(source: str | Path) -> list[str]:
    """Codes of today's municipalities that a source has figures of, in their order.

    Parameters
    ----------
    source
        As `load` takes it. A publisher on the network is not asked: it covers all municipalities of its country.

    Returns
    -------
    list of str
        Official codes.

    Raises
    ------
    SourceError
        No such source or path, or one that is damaged.
    NoData
        None of its municipalities exists today.

    Examples
    --------
    >>> covered("example")[:2], len(covered("kolada"))
    (['X01', 'X02'], 290)
    """
    from kommunanalys.municipalities import municipalities

    name, _ = split(str(source)) or ("", "")
    if name:
        country = "SE" if name in SWEDISH else "FI"
        return list(municipalities(country, fictive=name == "example").index)
    table = _from_path(source)
    there = set(table["municipality"].unique())
    today = municipalities(str(table["country"].iloc[0]))
    found = [code for code in today.index if code in there]
    if not found:
        raise NoData("{source} has figures of no municipality that exists today.", source=str(source))
    return found


def _searchable(sources: str | Iterable[str] | None) -> dict[str, Callable[[str, str], pd.DataFrame]]:
    known = {name: item.search for name, item in PUBLISHERS.items() if item.search is not None}
    if sources is None:
        return known
    given = [sources] if isinstance(sources, str) else list(sources)
    unknown = [name for name in given if name not in known]
    if unknown or not given:
        raise UsageError(
            "No publisher to search: {unknown}. Choose among {known}.",
            unknown=", ".join(unknown) or "–",
            known=", ".join(known),
        )
    return {name: known[name] for name in given}


def _names(indicators: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if indicators is None:
        return None
    given = [indicators] if isinstance(indicators, str) else list(indicators)
    if not given:
        raise UsageError("The list of indicators is empty. Give names of the glossary, or None for all of them.")
    return tuple(dict.fromkeys(_our_name(name) for name in given))


def _our_name(name: str) -> str:
    kpi = name.upper()
    return kolada.COLUMNS.get(kpi, kpi) if KPI.fullmatch(kpi) else name


def _from_path(source: str | Path) -> pd.DataFrame:
    try:
        place = files.existing(source)
    except SourceError as error:
        raise SourceError(
            "{source!r} is no source. Give {short}, or a path. {reason}",
            source=str(source),
            short=", ".join(PUBLISHERS),
            reason=error,
        ) from error
    return read(place)


def _select(table: pd.DataFrame, source: str, asked: Question) -> pd.DataFrame:
    there = [str(item) for item in table["indicator"].unique()]
    words = _publishers_words(table, there) if asked.indicators else {}
    meant = {name: _meant(name, there, words) for name in asked.indicators or ()}
    lacking = [name for name, found in meant.items() if not found]
    if meant and len(lacking) == len(meant):
        raise NoData(
            "{source} has none of the indicators {asked}. It has: {there}.",
            source=source,
            asked=", ".join(lacking),
            there=", ".join(sorted(there)[:60]),
        )
    keep = table["year"].notna()
    if asked.indicators is not None:
        keep &= table["indicator"].isin([name for found in meant.values() for name in found])
    if asked.municipalities is not None:
        keep &= table["municipality"].isin(_codes(asked.municipalities, table, source))
    if asked.years is not None:
        keep &= table["year"].isin(asked.years)
    if not keep.any():
        raise NoData(
            "{source} has no figures for these indicators, municipalities and years together. It has the years "
            "{first}–{last}.",
            source=source,
            first=table["year"].min(),
            last=table["year"].max(),
        )
    chosen = table[keep].reset_index(drop=True)
    chosen.attrs = {**table.attrs, "lacking": lacking}
    return chosen


def _publishers_words(table: pd.DataFrame, there: list[str]) -> dict[str, list[str]]:
    """Indicators of the table by what the publisher calls them: label or id, in small letters."""
    labels = table.attrs.get("labels", {}).get("indicator", {})
    pairs = [(str(labels[item]), item) for item in there if item in labels]
    if "kpi" in table:
        pairs += table[["kpi", "indicator"]].drop_duplicates().itertuples(index=False, name=None)
    found: dict[str, list[str]] = {}
    for word, item in pairs:
        found.setdefault(word.casefold(), []).append(item)
    return found


def _meant(name: str, there: list[str], words: dict[str, list[str]]) -> list[str]:
    """Indicators of the table that are called so, by us or the publisher; none for a name of ours that it lacks."""
    if name in there:
        return [name]
    called = words.get(name.casefold(), [])
    if not called and name not in names.glossary() and not KPI.fullmatch(name.upper()):
        _refuse(name, there)
    return called


def _refuse(name: str, there: list[str]) -> None:
    try:
        names.get(name)
    except UnknownIndicator as error:
        raise UnknownIndicator(
            "{reason} The source itself has: {there}.", reason=error, there=", ".join(sorted(there)[:60])
        ) from error


def _codes(municipalities: list[str], table: pd.DataFrame, source: str) -> list[str]:
    country = str(table["country"].iloc[0])
    codes = [find(value, country=country).code for value in municipalities]
    absent = sorted(set(codes) - set(table["municipality"].unique()))
    if absent:
        raise NoData("{source} has no figures for municipality {codes}.", source=source, codes=", ".join(absent))
    return codes
