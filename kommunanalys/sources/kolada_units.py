"""Kolada beside the key figures of municipalities: search, groups of municipalities, schools and other units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import kommunanalys.municipalities as places
from kommunanalys import origin, tables
from kommunanalys.errors import IncompleteAnswer, NoData, SourceError, UsageError
from kommunanalys.sources import http
from kommunanalys.sources.kolada import COLUMNS, indicator_unit, kpi_id, whole_years
from kommunanalys.sources.kolada_api import ADDRESS, IDS_PER_PART, LICENCE, PAGE, cells, pages

if TYPE_CHECKING:
    import pandas as pd


def search_kolada(words: str) -> pd.DataFrame:
    """KPIs whose title holds the words.

    Parameters
    ----------
    words
        Swedish words, as Kolada searches them.

    Returns
    -------
    pandas.DataFrame
        `source`, `id`, `title`, `updated` (publication date, "" where not stated), `address`.

    Raises
    ------
    SourceError
        The publisher cannot be reached or answers something else.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     search_kolada("grundskola")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    base = http.address("kolada", ADDRESS)
    found = [entry for answer in pages(f"{base}/kpi{PAGE}&title={quote(words)}") for entry in answer.data["values"]]
    rows = [
        (
            "kolada",
            str(entry["id"]),
            str(entry["title"]),
            str(entry.get("publication_date") or ""),
            f"{base}/kpi/{entry['id']}",
        )
        for entry in found
    ]
    return pd.DataFrame(rows, columns=["source", "id", "title", "updated", "address"], dtype="str")


def kolada_groups(words: str = "Liknande kommuner") -> pd.DataFrame:
    """Groups of municipalities that Kolada has made, with their members.

    Parameters
    ----------
    words
        Part of the title, such as "Liknande kommuner grundskola, Ale". Ids change when Kolada makes groups anew, so
        that titles are what lasts.

    Returns
    -------
    pandas.DataFrame
        `group`, `title`, `municipality` (a member's code), one row for each member, in Kolada's order.

    Raises
    ------
    NoData
        No group has such a title.
    SourceError
        A group that is not of the form of API v3.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     kolada_groups("Liknande kommuner grundskola, Ale")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    base = http.address("kolada", ADDRESS)
    answers = pages(f"{base}/municipality_groups{PAGE}&title={quote(words)}")
    groups = [group for answer in answers for group in answer.data["values"]]
    if not groups:
        raise NoData("Kolada has no group with {words!r} in its title.", words=words)
    try:
        rows = [(group["id"], group["title"], member["member_id"]) for group in groups for member in group["members"]]
    except (KeyError, TypeError) as error:
        raise _strange(answers[0].address, groups[0]) from error
    table = pd.DataFrame(rows, columns=["group", "title", "municipality"], dtype="str")
    return origin.record(table, [_origin(answers, base, "municipality_groups")])


def kolada_units(municipalities: str | Iterable[str]) -> pd.DataFrame:
    """Schools and other units of some municipalities.

    Returns
    -------
    pandas.DataFrame
        `id`, `title`, `municipality`.

    Raises
    ------
    NoData
        A municipality of which Kolada knows no unit.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     kolada_units("Ale")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    base = http.address("kolada", ADDRESS)
    given = [municipalities] if isinstance(municipalities, str) else list(municipalities)
    rows, answers = [], list[http.Answer]()
    for code in dict.fromkeys(places.find(value, country="SE").code for value in given):
        answers += (found := pages(f"{base}/ou{PAGE}&municipality={code}"))
        own = [entry for answer in found for entry in answer.data["values"]]
        if not own:
            raise NoData("Kolada knows no unit of municipality {code}.", code=code)
        if any(entry.get("municipality") != code for entry in own):
            raise _strange(found[0].address, own[0])
        rows += [(entry["id"], entry["title"], code) for entry in own]
    table = pd.DataFrame(rows, columns=["id", "title", "municipality"], dtype="str")
    return origin.record(table, [_origin(answers, base, "ou")])


def get_kolada_units(
    kpis: str | Iterable[str], municipalities: str | Iterable[str], years: int | Iterable[int] | None = None
) -> pd.DataFrame:
    """Key figures of schools and other units, everybody together.

    Parameters
    ----------
    kpis
        Our names or Kolada's ids; only some KPIs have figures for units.
    municipalities
        Codes or names: all their units are asked for.
    years
        One year or several; None for all that are published.

    Returns
    -------
    pandas.DataFrame
        An observations table with the further columns `ou` (the unit's id) and `kpi`; what Kolada does not publish is
        absent. `attrs["titles"]` names the units.

    Raises
    ------
    IncompleteAnswer
        A KPI has no figure for any of the units.
    SourceError
        Figures that were not asked for.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_kolada_units("N17448", "Ale", 2021)
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    given = [kpis] if isinstance(kpis, str) else list(kpis)
    ids, base = list(dict.fromkeys(kpi_id(name) for name in given)), http.address("kolada", ADDRESS)
    if not ids:
        raise UsageError("No indicator was asked for. Give names of the glossary, or KPI ids such as N15008.")
    units = kolada_units(municipalities).set_index("id")
    asked = whole_years(years)
    when = f"/year/{','.join(map(str, asked))}" if asked else ""
    parts = [units.index[start : start + IDS_PER_PART] for start in range(0, len(units), IDS_PER_PART)]
    answers = []
    for done, part in enumerate(parts):
        answers += pages(f"{base}/oudata/kpi/{','.join(ids)}/ou/{','.join(part)}{when}{PAGE}")
        http.progress("Kolada", done + 1, len(parts))
    rows = [
        row
        for answer in answers
        for row in cells([_as_municipality(entry) for entry in answer.data["values"]], answer.address)
        if row[3] == "T"
    ]
    lacking = [kpi for kpi in ids if kpi not in {row[0] for row in rows}]
    if lacking:
        raise IncompleteAnswer(
            "Kolada has no figure of these units for {missing}. Not every KPI is published for units.",
            missing=", ".join(lacking),
        )
    table = _observations(rows, units)
    table.attrs["titles"] = units["title"].to_dict()
    return origin.record(table, [_origin(answers, base, "oudata")])


def _as_municipality(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "municipality": entry.get("ou")}


def _observations(rows: list[Any], units: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows, columns=["kpi", "ou", "year", "sex", "value", "status"])
    strange = sorted(set(table["ou"]) - set(units.index))
    if strange:
        raise SourceError("Kolada sent figures of units that were not asked for: {units}.", units=", ".join(strange))
    value = table["value"].astype("float64")
    whole = pd.DataFrame(
        {
            "country": "SE",
            "municipality": units["municipality"].reindex(table["ou"]).to_numpy(),
            "year": table["year"].astype("int64"),
            "indicator": [COLUMNS.get(kpi, kpi) for kpi in table["kpi"]],
            "value": value,
            "unit": [indicator_unit(kpi) for kpi in table["kpi"]],
            "flag": value.isna().map({True: "missing", False: ""}),
            "ou": table["ou"],
            "kpi": table["kpi"],
        }
    )
    text = ["country", "municipality", "indicator", "unit", "flag", "ou", "kpi"]
    return tables.check_observations(whole.astype(dict.fromkeys(text, "str")))


def _strange(address: str, row: object) -> SourceError:
    return SourceError(
        "{where} has a row that is not of the form of Kolada's API v3: {row}.", where=address, row=str(row)[:160]
    )


def _origin(answers: list[http.Answer], base: str, what: str) -> origin.Origin:
    whole = "".join(answer.sha256 for answer in answers)
    return origin.Origin(
        producer="RKA, Kolada",
        address=f"{base}/{what}",
        sha256=answers[0].sha256 if len(answers) == 1 else origin.hash_bytes(whole.encode()),
        licence=LICENCE,
        credit="Källa: Kolada",
        fetched=answers[-1].fetched,
        from_cache=all(answer.from_cache for answer in answers),
        country="SE",
    )
