"""avoindata.fi, Finland's portal of open data (CKAN): search, list and read its data sets."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from kommunanalys import origin
from kommunanalys.errors import IncompleteAnswer, NoData, OfflineMiss, SourceError, TooLarge, UsageError
from kommunanalys.language import check_language
from kommunanalys.sources import http
from kommunanalys.sources.tabular import Sheet, as_numbers, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from kommunanalys.sources.numbers import Decimal

ADDRESS = "https://www.avoindata.fi/data"
LIMITS = http.Limits(5, 1.0)
PAGE = 1000
"""Data sets in one answer; CKAN gives no more, and a portal may give fewer."""
FALLBACK = ("sv", "fi", "en")
"""Languages in which a text is sought where the language asked for is empty."""


def search_avoindata(words: str = "", language: str = "sv", *, organisation: str | None = None) -> pd.DataFrame:
    """Search the portal's data sets, or list them all.

    Parameters
    ----------
    words
        What to look for, in any of the portal's languages; "" for every data set.
    language
        "sv", "fi" or "en": of titles and descriptions. What is empty there is given in Swedish, Finnish or English.
    organisation
        The portal's short name of an organisation ("helsinki"); None for all.

    Returns
    -------
    pandas.DataFrame
        Columns `source`, `id`, `title`, `updated`, `address`, `description`, `organisation`, `licence` and `formats`;
        as many rows as the portal says there are, best first. Empty where nothing was found.

    Raises
    ------
    UsageError
        An unknown language or organisation (names the closest).
    IncompleteAnswer
        The portal gave fewer data sets than it counts, or the same one twice.
    SourceError
        The portal cannot be reached, or says that the search went wrong.

    References
    ----------
    CKAN, API guide, action `package_search`.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     search_avoindata("ostolaskut", "fi")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    check_language(language)
    query = {"q": words, "sort": "score desc, name asc"}
    if organisation is not None:
        query["fq"] = f"organization:{_organisation(organisation)}"
    found, answers = _pages(query)
    rows = [_row(entry, language) for entry in found]
    columns = ["source", "id", "title", "updated", "address", "description", "organisation", "licence", "formats"]
    items = [_origin(answer, "", "", "") for answer in answers]
    return origin.record(pd.DataFrame(rows, columns=columns, dtype="str"), items)


def get_avoindata(
    id_or_resource: str,
    *,
    sheet: str | None = None,
    numbers: Iterable[str] = (),
    decimal: Decimal | None = None,
) -> pd.DataFrame:
    """Fetch one table of the portal.

    Parameters
    ----------
    id_or_resource
        Name or id of a data set that has one table, or the id of a resource.
    sheet
        Which sheet of an XLSX file.
    numbers
        Columns that hold numbers; the others stay text, as the publisher wrote them.
    decimal
        "," or "." where a column of numbers leaves it open.

    Returns
    -------
    pandas.DataFrame
        The table as it lies in the file; its index holds the lines of the file. The origin carries the data set's
        title, organisation, licence and hash.

    Raises
    ------
    NoData
        No such data set or resource, or one without files.
    UsageError
        The data set has several files (lists their ids).
    SourceError
        The portal cannot be reached, the file differs from the checksum that the portal states, or it holds no table.

    References
    ----------
    CKAN, API guide, actions `package_show` and `resource_show`.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_avoindata("tutkihankintoja-data")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    opened, item = fetch_table(id_or_resource, sheet)
    return origin.record(as_numbers(opened, numbers, decimal=decimal), [item])


def fetch_table(id_or_resource: str, sheet: str | None = None) -> tuple[Sheet, origin.Origin]:
    """The opened file of a data set or resource, and where it came from; as `get_avoindata`, all as text.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     fetch_table("tutkihankintoja-data")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    package, resource = _found(id_or_resource)
    licence = _licence(package)
    address = str(resource.get("url") or "")
    answer = http.get_bytes(address, publisher="avoindata", limits=LIMITS, licence=licence)
    stated = str(resource.get("sha256") or "").strip().lower()
    if stated and stated != answer.sha256:
        raise SourceError(
            "{address} is not the file that avoindata.fi describes: its SHA-256 is {found}, stated is {stated}. It has "
            "been changed or damaged; tell the publisher, or fetch it again.",
            address=address,
            found=answer.sha256,
            stated=stated,
        )
    opened = parse(answer.raw, urlsplit(address).path.rpartition("/")[2] or address, sheet=sheet)
    updated = opened.updated or str(resource.get("last_modified") or package.get("metadata_modified") or "")
    return opened, _origin(answer, _producer(package), licence, updated)


def spoken(texts: object, language: str) -> str:
    """A field that the portal keeps in three languages, in one of them; what is empty is sought in the others.

    Examples
    --------
    >>> spoken({"fi": "Ostolaskut", "sv": ""}, "sv"), spoken("Ostolaskut", "en")
    ('Ostolaskut', 'Ostolaskut')
    """
    if not isinstance(texts, dict):
        return str(texts or "")
    return next((str(texts[key]) for key in (language, *FALLBACK) if texts.get(key)), "")


def _pages(query: dict[str, str]) -> tuple[list[dict[str, Any]], list[http.Answer]]:
    """All results, page after page, until there are as many as the portal counts."""
    found: dict[str, dict[str, Any]] = {}
    answers: list[http.Answer] = []
    given, count = 0, 1
    while given < count:
        answer, result = _ask("package_search", {**query, "rows": str(PAGE), "start": str(given)})
        answers.append(answer)
        if not isinstance(result, dict) or not isinstance(result.get("results"), list):
            raise _changed(answer)
        page, count = result["results"], int(result.get("count", 0))
        if not page:
            break
        given += len(page)
        found.update({str(entry.get("id")): entry for entry in page})
        http.progress("avoindata.fi", given, count)
    if len(found) != count:
        raise IncompleteAnswer(
            "avoindata.fi counts {count} data sets and gave {found} different ones. It may be changing just now: ask "
            "again.",
            count=count,
            found=len(found),
        )
    return list(found.values()), answers


def _ask(action: str, query: dict[str, str]) -> tuple[http.Answer, Any]:
    """One action of CKAN: its answer, and what the envelope holds."""
    address = f"{http.address('avoindata', ADDRESS)}/api/3/action/{action}"
    if query:
        address = f"{address}?{urlencode(query)}"
    try:
        answer = http.get_json(address, publisher="avoindata", limits=LIMITS)
    except TooLarge as error:
        # CKAN says 403 where something is not public; less at a time would not help.
        raise SourceError(
            "avoindata.fi does not give out {address}: {reason}", address=address, reason=error
        ) from error
    envelope = answer.data
    if not isinstance(envelope, dict) or "result" not in envelope or envelope.get("success") is not True:
        fault = envelope.get("error") if isinstance(envelope, dict) else None
        if isinstance(fault, dict):
            kind = str(fault.get("__type"))
            raise SourceError(
                "avoindata.fi: {kind}: {words}. Address: {address}.",
                kind=kind,
                words=fault.get("message") or {key: text for key, text in fault.items() if key != "__type"},
                address=address,
            )
        raise _changed(answer)
    return answer, envelope["result"]


def _changed(answer: http.Answer) -> SourceError:
    return SourceError(
        "avoindata.fi answered {address} in a form that is not known here. Look for a newer version of kommunanalys.",
        address=answer.address,
    )


def _organisation(name: str) -> str:
    _, known = _ask("organization_list", {})
    if name not in known:
        raise UsageError(
            "avoindata.fi has no organisation {name!r}. Closest: {closest}.",
            name=name,
            closest=", ".join(difflib.get_close_matches(name, map(str, known), 3, 0.3)) or "–",
        )
    return name


def _found(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A data set and the one file of it that is meant."""
    try:
        package = _show("package_show", name)
    except OfflineMiss:
        # A "no" is not kept in the cache: it may be the id of a resource, which is.
        package = None
    if package is None:
        resource = _show("resource_show", name)
        if resource is None:
            raise NoData(
                "avoindata.fi has no data set and no resource {name!r}. Look for one with search_avoindata().",
                name=name,
            )
        return _show("package_show", str(resource.get("package_id"))) or {}, resource
    resources = [one for one in package.get("resources") or [] if one.get("url")]
    if not resources:
        raise NoData("The data set {name!r} of avoindata.fi has no files.", name=name)
    if len(resources) > 1:
        raise UsageError(
            "The data set {name!r} of avoindata.fi has {count} files. Give the id of one: {files}.",
            name=name,
            count=len(resources),
            files="; ".join(f"{one.get('id')} ({_title(one)}, {one.get('format') or '?'})" for one in resources),
        )
    return package, resources[0]


def _show(action: str, name: str) -> dict[str, Any] | None:
    try:
        _, result = _ask(action, {"id": name})
    except SourceError as error:
        if error.values.get("status") == 404 or error.values.get("kind") == "Not Found Error":
            return None
        raise
    return dict(result)


def _title(entry: dict[str, Any], language: str = "sv") -> str:
    kinds = ("title_translated", "name_translated", "title", "name")
    return next((text for kind in kinds if (text := spoken(entry.get(kind), language))), "")


def _licence(package: dict[str, Any]) -> str:
    return str(package.get("license_title") or package.get("license_id") or "")


def _producer(package: dict[str, Any]) -> str:
    organisation = package.get("organization") or {}
    return _title(organisation) or "avoindata.fi"


def _row(entry: dict[str, Any], language: str) -> dict[str, str]:
    resources = entry.get("resources") or []
    pages = f"{http.address('avoindata', ADDRESS)}/{'en_GB' if language == 'en' else language}/dataset"
    return {
        "source": "avoindata",
        "id": str(entry.get("name") or entry.get("id")),
        "title": _title(entry, language),
        "updated": str(entry.get("metadata_modified") or ""),
        "address": f"{pages}/{entry.get('name')}",
        "description": spoken(entry.get("notes_translated") or entry.get("notes"), language),
        "organisation": _title(entry.get("organization") or {}, language),
        "licence": _licence(entry),
        "formats": ", ".join(sorted({str(one.get("format")).upper() for one in resources if one.get("format")})),
    }


def _origin(answer: http.Answer, producer: str, licence: str, updated: str) -> origin.Origin:
    return origin.Origin(
        producer=producer or "avoindata.fi",
        address=answer.address,
        sha256=answer.sha256,
        licence=licence,
        credit=f"{producer}, avoindata.fi" if producer else "avoindata.fi",
        fetched=answer.fetched,
        published=updated,
        from_cache=answer.from_cache,
        country="FI",
    )
