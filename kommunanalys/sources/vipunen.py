"""Vipunen, the statistics service of Finland's education administration: rows as published, or by municipality."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import kommunanalys.municipalities as places
from kommunanalys import origin, tables
from kommunanalys.errors import IncompleteAnswer, NoData, SourceError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.sources import http

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: dict[str, str] = {}
"""Resource and field → our name; none of ours is published ready-made. Others are called "resource.field"."""
ADDRESS = "https://api.vipunen.fi/api"
LICENCE = "CC BY 4.0"
LIMITS = http.Limits(calls=4, per_seconds=1.0)
"""None is published; a careful pace."""
PAGE = 5000
UPDATED = "tietojoukkoPaivitettyPvm"
MUNICIPALITY = re.compile(r"koodit?(?!.*(?:maakunta|seutukunta)).*kunta(?:nro)?", re.IGNORECASE)
"""Fields with a municipality's code; regions are `...maakunta`."""
CODE = re.compile(r"koodit?", re.IGNORECASE)
YEARS = ("tilastovuosi", "lukuvuosi", "vuosi")
_from_vipunen = partial(
    origin.Origin,
    producer="Vipunen, opetushallinnon tilastopalvelu",
    licence=LICENCE,
    credit="Källa: Vipunen – utbildningsförvaltningens statistiktjänst",
    country="FI",
)


@dataclass(frozen=True)
class _Fetched:
    """All rows of a question, their fields with types, and where they came from."""

    rows: list[dict[str, Any]]
    fields: dict[str, str]
    origin: origin.Origin


def get_vipunen(
    resource: str,
    where: str = "",
    *,
    values: str | Iterable[str] | None = None,
    by: Iterable[str] | None = None,
    municipality: str = "",
) -> pd.DataFrame:
    """Fetch a resource of Vipunen by municipality.

    Parameters
    ----------
    resource
        Its name, such as "perusopetus_oppilaat_lukuvuosi_oppilaitos".
    where
        RSQL, such as "tilastovuosi>=2020;kooditSukupuoli==1"; "" for all rows.
    values
        Fields of the figures; None for every number that is no code and no year.
    by
        Fields that stay as dimensions, rows being summed over all others; None for every field of codes, unsummed.
    municipality
        Field with the municipality's code, where there are several.

    Returns
    -------
    pandas.DataFrame
        An observations table with the further column `kpi` (the field) and one for each dimension. A sum with a
        missing part is missing. A school year 2024/2025 is 2024. Rows without a municipality are counted in the
        origin's note.

    Raises
    ------
    UsageError
        No such resource or field, or no single field of municipalities (then `get_vipunen_rows` has the rows).
    TableError
        Several rows have the same codes: say by which fields they are to be summed.
    NoData, IncompleteAnswer, SourceError
        As `get_vipunen_rows`.

    References
    ----------
    Vipunen API, https://vipunen.fi/fi-fi/vipunen-rajapinta. CC BY 4.0.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_vipunen("koulutuksenkustannukset", "tilastovuosi==2023")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    base = http.address("vipunen", ADDRESS)
    fields = _fields(base, resource)
    area, year, measured, kept = _roles(resource, fields, municipality, values, by)
    found = _fetch(base, resource, fields, where, "")
    table = pd.DataFrame(found.rows, columns=list(found.fields))
    table["municipality"] = [_municipality(code) for code in table[area]]
    table["year"] = [_year(value, year) for value in table[year]]
    whole = table[table["municipality"] != ""].astype({"municipality": "str"})
    for column in kept:
        whole[column] = [_text(value) for value in whole[column]]
    parts = [_observed(whole, resource, field, kept, summed=by is not None) for field in measured]
    observed = tables.check_observations(pd.concat(parts, ignore_index=True))
    without = len(table) - len(whole)
    note = Speaker(current())("{count} rows without a municipality of today are left out.", count=without)
    said = replace(found.origin, note=note) if without else found.origin
    return origin.record(observed, [said])


def get_vipunen_rows(resource: str, where: str = "", *, sort: str = "") -> pd.DataFrame:
    """Fetch the rows of a resource of Vipunen as they are published.

    Parameters
    ----------
    resource
        Its name.
    where
        RSQL, such as "tilastovuosi>=2020"; "" for all rows.
    sort
        Order of the rows, such as "(+tilastovuosi)".

    Returns
    -------
    pandas.DataFrame
        One column for each field, in the publisher's names; no observations table.

    Raises
    ------
    UsageError
        No such resource.
    NoData
        No row passes the filter.
    IncompleteAnswer
        There are fewer or more rows than Vipunen counts, or its pages overlap.
    SourceError
        The publisher cannot be reached or answers something else.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_vipunen_rows("julkaisut", "tilastovuosi==2023")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    base = http.address("vipunen", ADDRESS)
    found = _fetch(base, resource, _fields(base, resource), where, sort)
    return origin.record(pd.DataFrame(found.rows, columns=list(found.fields)), [found.origin])


def search_vipunen(words: str = "") -> pd.DataFrame:
    """Resources whose names hold all of some words; the names are Finnish.

    Parameters
    ----------
    words
        What to look for; "" for all resources.

    Returns
    -------
    pandas.DataFrame
        `source`, `id`, `title`, `updated` (not stated), `address`; empty where nothing is found.

    Raises
    ------
    SourceError
        The publisher cannot be reached or answers something else.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     search_vipunen("oppilaat")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    base = http.address("vipunen", ADDRESS)
    rows = [
        ["vipunen", name, name.replace("_", " "), "", f"{base}/resources/{quote(name)}"]
        for name in _resources(base)
        if all(word in name.casefold() for word in words.casefold().split())
    ]
    return pd.DataFrame(rows, columns=["source", "id", "title", "updated", "address"], dtype="str")


def resource_fields(resource: str) -> dict[str, str]:
    """The fields of a resource as they are called today, with their types ("string", "number").

    Raises
    ------
    UsageError
        No such resource.
    SourceError
        The publisher cannot be reached or answers something else.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     resource_fields("julkaisut")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    return _fields(http.address("vipunen", ADDRESS), resource)


def _get(address: str) -> http.Answer:
    return http.get_json(address, publisher="vipunen", limits=LIMITS, licence=LICENCE)


def _changed(where: str) -> SourceError:
    return SourceError(
        "{address} did not answer in the form of {api}. It may have changed: look for a newer version of kommunanalys.",
        address=where,
        api="Vipunen API",
    )


def _resources(base: str) -> list[str]:
    answer = _get(f"{base}/resources")
    if not isinstance(answer.data, list) or not all(isinstance(name, str) for name in answer.data):
        raise _changed(answer.address)
    return answer.data


def _fields(base: str, resource: str) -> dict[str, str]:
    """The fields of a resource with their types."""
    known = _resources(base)
    if resource not in known:
        raise UsageError(
            "Vipunen has no resource {name!r} today. It has: {all}.", name=resource, all=", ".join(sorted(known))
        )
    answer = _get(f"{base}/resources/{quote(resource)}")
    try:
        return {str(item["name"]): str(item["type"]) for item in answer.data}
    except (KeyError, TypeError) as error:
        raise _changed(answer.address) from error


def _fetch(base: str, resource: str, fields: Mapping[str, str], where: str, sort: str) -> _Fetched:
    address = f"{base}/resources/{quote(resource)}/data"
    query = {name: text for name, text in (("filter", where), ("sort", sort)) if text}
    count, answers = _pages(address, query)
    if len({answer.from_cache for answer in answers}) > 1:
        # Old pages beside new ones: a row that moved over the edge of a page would be lost or come twice.
        with http.mode("refresh"):
            count, answers = _pages(address, query)
    rows = [row for answer in answers[1:] for row in answer.data]
    _check_rows(address, rows, count, [answer.data for answer in answers[1:]])
    strange = sorted({name for row in rows for name in row} - set(fields))
    record = _from_vipunen(
        address=address,
        body=urlencode(query),
        sha256=origin.hash_bytes("\n".join(sorted(answer.sha256 for answer in answers)).encode()),
        fetched=min(answer.fetched for answer in answers),
        from_cache=all(answer.from_cache for answer in answers),
        published=max((str(row.get(UPDATED) or "") for row in rows), default=""),
    )
    return _Fetched(rows, {**fields, **dict.fromkeys(strange, "string")}, record)


def _pages(address: str, query: Mapping[str, str]) -> tuple[int, list[http.Answer]]:
    """How many rows there are, and the answers that said so and that hold them."""
    counted = _get(
        f"{address}/count?{urlencode({'filter': query['filter']})}" if "filter" in query else f"{address}/count"
    )
    if isinstance(counted.data, bool) or not isinstance(counted.data, int):
        raise _changed(counted.address)
    answers = [counted]
    for offset in range(0, counted.data, PAGE):
        answer = _get(f"{address}?{urlencode({**query, 'limit': PAGE, 'offset': offset})}")
        if not isinstance(answer.data, list) or not all(isinstance(row, dict) for row in answer.data):
            raise _changed(answer.address)
        answers.append(answer)
        http.progress("Vipunen", min(offset + PAGE, counted.data), counted.data)
    return counted.data, answers


def _check_rows(address: str, rows: Sequence[Any], count: int, pages: Sequence[Sequence[Any]]) -> None:
    if not count:
        raise NoData("Vipunen has no rows at {address} for this question.", address=address)
    if len(rows) != count:
        raise IncompleteAnswer(
            "Vipunen counts {count} rows at {address}, but sent {held}. Try again with KOMMUNANALYS_MODE=refresh.",
            count=count,
            address=address,
            held=len(rows),
        )
    if len(pages) > 1:
        # Without an order the database may give a row on two pages and another on none: then the count still agrees.
        seen = [{tuple(sorted((name, repr(value)) for name, value in row.items())) for row in page} for page in pages]
        if sum(map(len, seen)) > len(set().union(*seen)):
            raise IncompleteAnswer(
                "The pages of {address} overlap, so others of its rows may be lost. Give sort with columns that no two "
                "rows share, or ask for less.",
                address=address,
            )


def _roles(
    resource: str,
    fields: Mapping[str, str],
    municipality: str,
    values: str | Iterable[str] | None,
    by: Iterable[str] | None,
) -> tuple[str, str, list[str], list[str]]:
    """The fields of municipality and year, those of the figures, and those that stay as dimensions."""
    given = [values] if isinstance(values, str) else list(values or [])
    kept = list(by or [])
    unknown = [name for name in (*given, *kept, *([municipality] if municipality else [])) if name not in fields]
    areas = [municipality] if municipality else [name for name in fields if MUNICIPALITY.fullmatch(name)]
    years = [name for name in YEARS if name in fields]
    if unknown or len(areas) != 1 or not years:
        raise UsageError(
            "{resource} cannot be put by municipality and year: unknown fields {unknown}; fields of municipalities "
            "{areas}; of years {years}. Name one with municipality=, or take the rows with get_vipunen_rows. It has: "
            "{fields}.",
            resource=resource,
            unknown=", ".join(unknown) or "–",
            areas=", ".join(areas) or "–",
            years=", ".join(years) or "–",
            fields=", ".join(fields),
        )
    numbers = [name for name, kind in fields.items() if kind == "number" and not CODE.match(name) and name not in YEARS]
    codes = [name for name in fields if CODE.match(name) and name != areas[0]]
    return (
        areas[0],
        years[0],
        given or numbers,
        kept if by is not None else [code for code in codes if code not in given],
    )


def _municipality(code: object) -> str:
    """Code of a municipality that is known, "" for anything else."""
    text = str(int(code)).zfill(3) if isinstance(code, int | float) and code == code else str(code)
    item = places.known().get(text)
    return text if item is not None and item.country == "FI" else ""


def _year(value: object, field: str) -> int:
    text = str(value)[:4]
    if not text.isdigit():
        raise SourceError("Vipunen's field {field} holds {value!r}, which is no year.", field=field, value=value)
    return int(text)


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _observed(table: pd.DataFrame, resource: str, field: str, kept: list[str], *, summed: bool) -> pd.DataFrame:
    import pandas as pd

    strange = [value for value in table[field] if value is not None and not _is_number(value)]
    if strange:
        raise SourceError("Vipunen's field {field} holds {value!r}, which is no number.", field=field, value=strange[0])
    numbers = table[["municipality", "year", *kept]].assign(value=pd.to_numeric(table[field]).astype("float64"))
    if summed:
        # A sum with a part that is not published is not known.
        grouped = numbers.groupby(["municipality", "year", *kept])["value"]
        numbers = grouped.sum().where(grouped.count() == grouped.size()).reset_index()
    name = f"{resource}.{field}"
    numbers = numbers.assign(country="FI", indicator=COLUMNS.get(name, name), unit="", kpi=field)
    numbers["flag"] = numbers["value"].isna().map({True: "missing", False: ""})
    texts = dict.fromkeys(["country", "municipality", "indicator", "unit", "flag", "kpi", *kept], "str")
    return numbers[[*tables.COLUMNS, *kept, "kpi"]].astype(texts)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
