"""Statistics Finland's databases (StatFin, municipal key figures), asked through PxWeb's API v1.

Codes of tables and variables are read from the metadata of today: they changed in June 2026, and will again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from kommunanalys import origin
from kommunanalys.errors import SourceError, UsageError
from kommunanalys.language import check_language
from kommunanalys.sources import http, pxweb, pxweb_fetch
from kommunanalys.sources.cubes import observations
from kommunanalys.sources.pxweb import Selection, Variable, Wanted

if TYPE_CHECKING:
    import pandas as pd

    from kommunanalys.sources.jsonstat import Cube

COLUMNS = {
    "11ra.vaesto": "population",
    "key_figures.M411": "population",
    "key_figures.M408": "urban_share",
    "key_figures.M476": "population_change",
    "key_figures.M404": "swedish_speakers",
    "key_figures.M410": "foreign_citizens",
    "key_figures.M140": "employment_rate",
    "key_figures.M162": "unemployed_of_labour_force",
}
"""Table and code of the figure, without the prefix that it got in 2026 → our name."""
ADDRESS = "https://pxdata.stat.fi/PxWeb/api/v1"
LICENCE = "CC BY 4.0"
LIMITS = http.Limits(calls=40, per_seconds=60.0)
"""Until the publisher's own configuration is read."""
KEY_FIGURES = "key_figures"
KEY_FIGURES_FOLDER = "Kuntien_avainluvut/uusin"
OLD_NAME = re.compile(r"[a-z]+_([a-z0-9]+)_pxt_([a-z0-9]+)")
"""What tables were called before June 2026."""
CONTENTS = frozenset({"contentscode", "tiedot", "uppgifter", "information"})
Language = Literal["sv", "fi", "en"]


@dataclass(frozen=True)
class _Table:
    """A table as it is today."""

    name: str
    address: str
    variables: tuple[Variable, ...]


def get_statfin(
    table: str,
    select: Mapping[str, Wanted] | None = None,
    *,
    municipalities: str | Iterable[str] | None = None,
    years: int | Iterable[int] | None = None,
    language: Language = "sv",
    database: str = "StatFin",
) -> pd.DataFrame:
    """Fetch a table of Statistics Finland, by municipality.

    Parameters
    ----------
    table
        Its id ("11ra"), with or without its folder ("vaerak/11ra"); or "key_figures", the municipal key figures.
    select
        Variable → value or values, each by code or by its text in `language`; "*" for all. "contents" stands for the
        variable of the indicators. A variable that is not named gives its total; one that has none must be named.
    municipalities
        Codes or names; None for all that the table has.
    years
        One year or several; None for all.
    language
        Language of the texts: "sv", "fi" or "en".
    database
        Name of the database.

    Returns
    -------
    pandas.DataFrame
        An observations table with the further column `kpi` (the publisher's code of the figure), one column of codes
        for each variable named, `period` where periods are no years, and `status` where the publisher marks a value.
        `attrs["labels"]` holds the texts of the codes, `attrs["notes"]` the publisher's notes. An indicator outside
        `COLUMNS` is called "11ra.code".

    Raises
    ------
    UsageError
        No such table, variable or value today (lists those that there are).
    UnknownMunicipality, NoData
        No such municipality; none in the table; not these years.
    IncompleteAnswer
        A part failed or is of another edition; nothing is returned.
    SourceError
        The publisher cannot be reached or answers something else.

    References
    ----------
    Statistics Finland, PxWeb API v1, https://pxdata.stat.fi/api1.html. CC BY 4.0.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_statfin("vaerak/11ra", municipalities="Jakobstad", years=2024)
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    check_language(language)
    base = f"{http.address('statfin', ADDRESS)}/{language}"
    limits, most = _limits(base)

    def load() -> tuple[_Table, Selection, Cube, list[http.Answer]]:
        found = _open(base, table, database, limits)
        asked = pxweb.choose(found.variables, _in_our_names(found, select), municipalities, years, found.name)
        return found, asked, *pxweb_fetch.fetch(asked, most, lambda part: _ask(found, part, limits), "StatFin")

    found, asked, cube, answers = pxweb_fetch.with_todays_codes(load)
    time = next((item.code for item in found.variables if item.time), "")
    contents = next((item.code for item in found.variables if item.contents), "")
    observed, _ = observations(cube, lambda code: _name(found.name, code), indicator=contents, time=time)
    return origin.record(observed, [pxweb_fetch.fetched("FI", found.address, found.variables, asked, cube, answers)])


def get_key_figures(
    indicators: Wanted | None = None,
    *,
    municipalities: str | Iterable[str] | None = None,
    years: int | Iterable[int] | None = None,
    language: Language = "sv",
) -> pd.DataFrame:
    """Fetch the municipal key figures, from the newest table of their folder.

    Parameters
    ----------
    indicators
        Our names, the publisher's codes ("M411") or texts; None for all.
    municipalities, years, language
        As `get_statfin`.

    Returns
    -------
    pandas.DataFrame
        As `get_statfin`; an indicator outside `COLUMNS` is called "key_figures.code".

    Raises
    ------
    UsageError, UnknownMunicipality, NoData, IncompleteAnswer, SourceError
        As `get_statfin`.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_key_figures("population")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    select = None if indicators is None else {pxweb.CONTENTS: indicators}
    return get_statfin(KEY_FIGURES, select, municipalities=municipalities, years=years, language=language)


def search_statfin(words: str, language: Language = "sv", *, database: str = "StatFin") -> pd.DataFrame:
    """Tables whose texts hold some words.

    Parameters
    ----------
    words
        What to look for, in `language`.

    Returns
    -------
    pandas.DataFrame
        `source`, `id` (for `get_statfin`), `title`, `updated`, `address`; empty where nothing is found.

    Raises
    ------
    SourceError
        The publisher cannot be reached or answers something else.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     search_statfin("befolkning")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    base = f"{http.address('statfin', ADDRESS)}/{check_language(language)}/{database}"
    rows = [
        {
            "source": "statfin",
            "id": _short(hit),
            "title": str(hit.get("title") or ""),
            "updated": str(hit.get("published") or ""),
            "address": f"{base}/{_short(hit)}.px",
        }
        for hit in _entries(_get(f"{base}?query={quote(words)}", LIMITS))
    ]
    return pd.DataFrame(rows, columns=["source", "id", "title", "updated", "address"], dtype="str")


def _limits(base: str) -> tuple[http.Limits, int]:
    """The publisher's pace, and the most cells of one answer."""
    answer = _get(f"{base}/?config", LIMITS)
    names = ("maxCalls", "timeWindow", "maxCells")
    calls, seconds, cells = (pxweb_fetch.limit(answer.data, name, answer.address) for name in names)
    return http.Limits(calls=calls, per_seconds=float(seconds)), cells


def _get(address: str, limits: http.Limits) -> http.Answer:
    return http.get_json(address, publisher="statfin", limits=limits, licence=LICENCE)


def _entries(answer: http.Answer) -> list[dict[str, Any]]:
    if not isinstance(answer.data, list) or not all(isinstance(item, dict) and "id" in item for item in answer.data):
        raise _changed(answer.address)
    return answer.data


def _changed(where: str) -> SourceError:
    return SourceError(
        "{address} did not answer in the form of {api}. It may have changed: look for a newer version of kommunanalys.",
        address=where,
        api="PxWeb API v1",
    )


def _short(hit: Mapping[str, Any]) -> str:
    return f"{str(hit.get('path') or '').strip('/')}/{_stem(str(hit['id']))}".lstrip("/")


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].removesuffix(".px")


def _open(base: str, table: str, database: str, limits: http.Limits) -> _Table:
    """The table with its metadata of today."""
    if table == KEY_FIGURES:
        folder = f"{base}/{KEY_FIGURES_FOLDER}"
        ids = [str(item["id"]) for item in _entries(_get(f"{folder}/", limits)) if item.get("type") == "t"]
        found = [_metadata(KEY_FIGURES, f"{folder}/{name}", limits) for name in ids]
        # Beside the whole series there may lie a table of the newest year alone.
        longest = max(found, key=lambda item: max(len(one.codes) for one in item.variables if one.time), default=None)
        if longest is None:
            raise SourceError("{address} lists no table of key figures.", address=folder)
        return longest
    path = _path(base, table, database, limits)
    return _metadata(_stem(path), f"{base}/{database}/{quote(path)}.px", limits)


def _path(base: str, table: str, database: str, limits: http.Limits) -> str:
    """Folder and id, without ".px", of a table however it is written."""
    given = table.strip().strip("/").removeprefix(f"{database}/").removesuffix(".px")
    old = OLD_NAME.fullmatch(_stem(given).casefold())
    if old and database == "StatFin":
        return f"{old[1]}/{old[2]}"
    if "/" in given:
        return given
    listed = [_short(hit) for hit in _entries(_get(f"{base}/{database}?query={quote(given)}", limits))]
    found = [path for path in listed if _stem(path).casefold() == given.casefold()]
    if not found:
        listed = [_short(hit) for hit in _entries(_get(f"{base}/{database}?query=*&filter=*", limits))]
        found = [path for path in listed if _stem(path).casefold() == given.casefold()]
    if not found:
        raise _unknown_table(table, database)
    return found[0]


def _unknown_table(table: str, database: str) -> UsageError:
    return UsageError(
        "{database} has no table {table!r} today. Look for it with search_statfin('words'); give its folder and id, "
        "such as 'vaerak/11ra'.",
        database=database,
        table=table,
    )


def _metadata(name: str, address: str, limits: http.Limits) -> _Table:
    try:
        answer = _get(address, limits)
    except SourceError as error:
        # Names of before June 2026 get 400, not 404.
        if error.values.get("status") in (400, 404):
            raise _unknown_table(_stem(address), address.rsplit("/", 1)[0]) from error
        raise
    try:
        variables = tuple(_read_variable(entry) for entry in answer.data["variables"])
    except (KeyError, TypeError, AttributeError) as error:
        raise _changed(address) from error
    return _Table(name, address, variables)


def _read_variable(entry: Mapping[str, Any]) -> Variable:
    code, text = entry["code"], str(entry.get("text") or entry["code"])
    return Variable(
        code=code,
        text=text,
        codes=tuple(entry["values"]),
        texts=tuple(entry.get("valueTexts") or entry["values"]),
        eliminable=bool(entry.get("elimination")),
        time=bool(entry.get("time")),
        contents=bool({code.casefold(), text.casefold()} & CONTENTS),
    )


def _in_our_names(table: _Table, select: Mapping[str, Wanted] | None) -> dict[str, Wanted]:
    """The selection with our names of indicators turned into today's codes."""
    contents = next((item for item in table.variables if item.contents), None)
    codes = {_name(table.name, code): code for code in contents.codes} if contents else {}
    chosen = dict(select or {})
    for key in {pxweb.CONTENTS, contents.code if contents else ""} & set(chosen):
        given = chosen[key]
        chosen[key] = [codes.get(item, item) for item in ([given] if isinstance(given, str) else given)]
    return chosen


def _ask(table: _Table, part: Selection, limits: http.Limits) -> http.Answer:
    query = [{"code": code, "selection": {"filter": "item", "values": codes}} for code, codes in part.chosen.items()]
    body = {"query": query, "response": {"format": "json-stat2"}}
    return http.get_json(table.address, publisher="statfin", limits=limits, licence=LICENCE, body=body)


def _name(table: str, code: str) -> str:
    own = f"{table}.{code.rpartition('-')[2]}"
    return COLUMNS.get(own, f"{table}.{code}")
