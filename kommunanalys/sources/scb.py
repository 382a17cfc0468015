"""SCB's statistics database of Sweden, asked through PxWebApi 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from kommunanalys import origin
from kommunanalys.errors import IncompleteAnswer, SourceError, TooLarge, UsageError
from kommunanalys.sources import http, pxweb, pxweb_fetch
from kommunanalys.sources.cubes import observations
from kommunanalys.sources.jsonstat import Cube, Dimension, describe
from kommunanalys.sources.pxweb import Selection, Variable, Wanted

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {"BE0101N1": "population"}
"""SCB's code of the figure → our name; another keeps its code. Monthly population is no `population`."""
ADDRESS = "https://statistikdatabasen.scb.se/api/v2"
LICENCE = "CC0"
LIMITS = http.Limits(calls=30, per_seconds=10.0)
"""Until the publisher's own configuration is read."""
MUNICIPAL_CODELIST = "vs_RegionKommun07"
PAGE_SIZE = 1000
Language = Literal["sv", "en"]


@dataclass(frozen=True)
class _Table:
    """A table as it is today.

    `described` are its variables with all their values; where a codelist stands in `codelists`, `variables` have the
    values of that list instead.
    """

    name: str
    address: str
    described: tuple[Variable, ...]
    variables: tuple[Variable, ...]
    codelists: Mapping[str, str]


def get_scb(
    table: str,
    select: Mapping[str, Wanted] | None = None,
    *,
    municipalities: str | Iterable[str] | None = None,
    years: int | Iterable[int] | None = None,
    codelists: Mapping[str, str] | None = None,
    language: Language = "sv",
) -> pd.DataFrame:
    """Fetch a table of SCB, by municipality.

    Parameters
    ----------
    table
        Its id, such as "TAB6471".
    select
        Variable → value or values, each by code, by its text in `language`, or by an expression of the API: `*`, `??`,
        `TOP(n)`, `BOTTOM(n)`, `RANGE(a,b)`, `FROM(a)`, `TO(b)`; `TOP` of periods are the newest. "contents" stands for
        the variable of the indicators. A variable that is not named gives its total; one without must be named.
    municipalities
        Codes or names; None for all that the table has.
    years
        One year or several; None for all.
    codelists
        Variable → id of a list of other values for it, such as {"Alder": "agg_Ålder10årJ"}.
    language
        Language of the texts: "sv" or "en".

    Returns
    -------
    pandas.DataFrame
        An observations table with the further column `kpi` (SCB's code of the figure), one column of codes for each
        variable named, `period` where periods are no years, and `status` where SCB marks a value. Population figures
        from 2025 on carry the Cell Key Method's noise and the flag "noisy": totals are not the sums of their parts.
        `attrs["labels"]` holds the texts of the codes, `attrs["notes"]` the publisher's notes.

    Raises
    ------
    UsageError
        No such table, variable, value or codelist today (lists those that there are).
    UnknownMunicipality, NoData
        No such municipality; none in the table; not these years.
    IncompleteAnswer
        A part failed or is of another edition; nothing is returned.
    SourceError
        The publisher cannot be reached or answers something else.

    References
    ----------
    SCB, PxWebApi 2, https://www.scb.se/vara-tjanster/oppna-data/pxwebapi/. CC0.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_scb("TAB6471", {"Alder": "TotSA"}, municipalities="Ale", years=2026)
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    if language not in ("sv", "en"):
        raise UsageError("SCB answers in sv and en, not in {language!r}.", language=language)
    base = http.address("scb", ADDRESS)
    limits, most = _limits(base)

    def load() -> tuple[_Table, Selection, Cube, list[http.Answer]]:
        found = _open(base, table, language, codelists or {}, limits)
        asked = pxweb.choose(found.variables, select, municipalities, years, found.name)
        return found, asked, *pxweb_fetch.fetch(asked, most, lambda part: _ask(found, part, language, limits), "SCB")

    found, asked, cube, answers = pxweb_fetch.with_todays_codes(load)
    time = next((item.code for item in found.variables if item.time), "")
    contents = next((item.code for item in found.variables if item.contents), "")
    observed, _ = observations(cube, lambda code: COLUMNS.get(code, code), indicator=contents, time=time)
    return origin.record(observed, [pxweb_fetch.fetched("SE", found.address, found.described, asked, cube, answers)])


def search_scb(words: str, language: Language = "sv") -> pd.DataFrame:
    """Tables whose texts hold some words.

    Parameters
    ----------
    words
        What to look for, in `language`.

    Returns
    -------
    pandas.DataFrame
        `source`, `id` (for `get_scb`), `title`, `updated`, `address`; empty where nothing is found.

    Raises
    ------
    IncompleteAnswer
        SCB says that there are more tables than it sent.
    SourceError
        The publisher cannot be reached or answers something else.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     search_scb("folkmängd")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    base = http.address("scb", ADDRESS)
    found: list[dict[str, Any]] = []
    page, pages = 0, 1
    while page < pages:
        page += 1
        asked = f"{base}/tables?lang={language}&query={quote(words)}&pageSize={PAGE_SIZE}&pageNumber={page}"
        answer = _get(asked, LIMITS)
        try:
            found += answer.data["tables"]
            pages, total = int(answer.data["page"]["totalPages"]), int(answer.data["page"]["totalElements"])
        except (KeyError, TypeError, ValueError) as error:
            raise _changed(answer) from error
    if len(found) != total:
        raise IncompleteAnswer(
            "SCB says that {total} tables hold {words!r}, but sent {held}. Try again with KOMMUNANALYS_MODE=refresh.",
            total=total,
            words=words,
            held=len(found),
        )
    rows = [["scb", hit["id"], hit["label"], hit.get("updated") or "", f"{base}/tables/{hit['id']}"] for hit in found]
    return pd.DataFrame(rows, columns=["source", "id", "title", "updated", "address"], dtype="str")


def _get(address: str, limits: http.Limits) -> http.Answer:
    return http.get_json(address, publisher="scb", limits=limits, licence=LICENCE)


def _changed(answer: http.Answer) -> SourceError:
    return SourceError(
        "{address} did not answer in the form of {api}. It may have changed: look for a newer version of kommunanalys.",
        address=answer.address,
        api="PxWebApi 2",
    )


def _limits(base: str) -> tuple[http.Limits, int]:
    """The publisher's pace, and the most cells of one answer."""
    answer = _get(f"{base}/config", LIMITS)
    names = ("maxCallsPerTimeWindow", "timeWindow", "maxDataCells")
    calls, seconds, cells = (pxweb_fetch.limit(answer.data, name, answer.address) for name in names)
    return http.Limits(calls=calls, per_seconds=float(seconds)), cells


def _open(base: str, table: str, language: str, codelists: Mapping[str, str], limits: http.Limits) -> _Table:
    """The table with its metadata of today, and the values of the codelists chosen."""
    address = f"{base}/tables/{quote(table)}"
    try:
        answer = _get(f"{address}/metadata?lang={language}", limits)
    except SourceError as error:
        if error.values.get("status") in (400, 404):
            raise UsageError(
                "SCB has no table {table!r} today. Look for it with search_scb('words'); ids look like TAB6471.",
                table=table,
            ) from error
        raise
    # Metadata have the shape of an answer without its values.
    data, cube = answer.data, describe(answer.data, answer.address)
    variables = {item.code: _variable(item, data, cube) for item in cube.dimensions}
    described = tuple(variables.values())
    chosen = _codelists(described, codelists, data, table)
    for code, codelist in chosen.items():
        variables[code] = _with_values(variables[code], _values(base, codelist, language, limits))
    return _Table(table, address, described, tuple(variables.values()), chosen)


def _variable(item: Dimension, data: Mapping[str, Any], cube: Cube) -> Variable:
    extension = data["dimension"][item.code].get("extension") or {}
    return Variable(
        code=item.code,
        text=item.label,
        codes=item.codes,
        texts=item.labels,
        eliminable=bool(extension.get("elimination")),
        time=item.code == cube.time,
        contents=item.code == cube.metric,
    )


def _codelists(
    variables: Sequence[Variable], wanted: Mapping[str, str], data: Mapping[str, Any], table: str
) -> dict[str, str]:
    """The codelists to ask by: those wanted, and that of the municipalities where the table offers it."""
    offered = {
        code: [str(item["id"]) for item in (entry.get("extension") or {}).get("codelists") or []]
        for code, entry in data["dimension"].items()
    }
    for code, codelist in wanted.items():
        if codelist not in offered.get(code, []):
            raise UsageError(
                "{table} has no codelist {codelist!r} for {code!r} today. It has: {offered}.",
                table=table,
                codelist=codelist,
                code=code,
                offered="; ".join(f"{one}: {', '.join(ids)}" for one, ids in offered.items() if ids) or "–",
            )
    own = {item.code: MUNICIPAL_CODELIST for item in variables if MUNICIPAL_CODELIST in offered.get(item.code, [])}
    return {**own, **wanted}


def _values(base: str, codelist: str, language: str, limits: http.Limits) -> list[tuple[str, str]]:
    answer = _get(f"{base}/codelists/{quote(codelist)}?lang={language}", limits)
    try:
        return [(str(item["code"]), str(item["label"])) for item in answer.data["values"]]
    except (KeyError, TypeError) as error:
        raise _changed(answer) from error


def _with_values(variable: Variable, values: list[tuple[str, str]]) -> Variable:
    codes, texts = zip(*values, strict=True) if values else ((), ())
    return replace(variable, codes=codes, texts=texts)


def _ask(table: _Table, part: Selection, language: str, limits: http.Limits) -> http.Answer:
    selection = [
        {"variableCode": code, "valueCodes": codes}
        | ({"codelist": table.codelists[code]} if code in table.codelists else {})
        for code, codes in part.chosen.items()
    ]
    address = f"{table.address}/data?lang={language}&outputFormat=json-stat2"
    try:
        return http.get_json(address, publisher="scb", limits=limits, licence=LICENCE, body={"selection": selection})
    except SourceError as error:
        # SCB refuses too many cells with 400, like every other fault in a request.
        if error.values.get("status") == 400 and "Too many cells" in str(error.values.get("words")):
            raise TooLarge(error.message, **error.values) from error
        raise
