"""Skolverket's open interfaces: the school unit register (v2) and the statistics of planned educations (v4).

Only `skolverket.py` uses this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import kommunanalys.municipalities as places
from kommunanalys import origin, tables
from kommunanalys.errors import IncompleteAnswer, NoData, SourceError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.sources import http
from kommunanalys.sources.numbers import read_numbers

if TYPE_CHECKING:
    import pandas as pd

ADDRESS = "https://api.skolverket.se"
ACCEPT = "application/vnd.skolverket.plannededucations.api.v4.hal+json"
LICENCE = "CC0"
LIMITS = http.Limits(10, 1.0)
FORMS = ("fsk", "gr", "gran", "gy", "gyan")
STATUSES = ("AKTIV", "VILANDE", "UPPHORT", "PLANERAD")
PAGE = 100
VALUE_FIELDS = frozenset({"value", "valueType", "timePeriod"})
MARKS = {
    "MISSING": "missing",
    "OMITTED_DUE_TO_BASED_ON_FEW_PUPILS": "secret",
    "TEACHERS_EXCLUDED_DUE_TO_NO_REQUIRED_LEGITIMATION": "not_applicable",
}
"""`valueType` of an absent value → flag."""
VALUES = {"EXISTS": "", "ROUNDED_OFF_DUE_TO_FEW_PUPILS_NOT_ELIGIBLE": "rounded"}
"""`valueType` of a value that is there → flag; "cirka 370" is rounded whatever its type."""
_PERIOD = re.compile(r"((?:19|20)\d\d)(?:/\d\d(?:\d\d)?)?")
Point = tuple[str, str, str, int, float, str]
"""School unit, programme, series, year, value, flag."""


def school_units(municipality: str, *, status: str = "AKTIV") -> pd.DataFrame:
    """School units of a municipality, from the school unit register v2.

    Parameters
    ----------
    municipality
        Code or name.
    status
        "AKTIV", "VILANDE", "UPPHORT" or "PLANERAD".

    Returns
    -------
    pandas.DataFrame
        Columns `code`, `name`, `municipality`, `status`; sorted by code.

    Raises
    ------
    UnknownMunicipality, UsageError
        Something asked for does not exist.
    NoData
        The register has no such unit there.
    SourceError
        The publisher cannot be reached or answers something else.

    References
    ----------
    Skolverket, Skolenhetsregistret v2, https://api.skolverket.se/skolenhetsregistret/swagger-ui/index.html.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     school_units("Ale")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    if status not in STATUSES:
        raise UsageError("Unknown status {status!r}. Choose one of {all}.", status=status, all=", ".join(STATUSES))
    code = places.find(municipality, country="SE").code
    query = urlencode({"municipality_code": code, "status": status})
    answer = _ask(f"/skolenhetsregistret/v2/school-units?{query}", accept="application/json")
    rows = _within(answer, "data", "attributes")
    table = pd.DataFrame(
        {
            "code": [_text(row, "schoolUnitCode", answer) for row in rows],
            "name": [str(row.get("name", "")) for row in rows],
            "municipality": [_text(row, "municipalityCode", answer) for row in rows],
            "status": [_text(row, "status", answer) for row in rows],
        },
        dtype="str",
    )
    # The register has been seen to pass over a filter that it does not know.
    table = table[(table["municipality"] == code) & (table["status"] == status)]
    if table.empty:
        raise NoData("The school unit register has no unit with status {status} in {code}.", status=status, code=code)
    return origin.record(table.sort_values("code", ignore_index=True), [_origin([answer], "")])


def get_skolverket(municipality: str, *, form: str = "gr", units: Iterable[str] | None = None) -> pd.DataFrame:
    """Statistics of each school unit in a municipality, from planned educations v4.

    Parameters
    ----------
    municipality
        Code or name.
    form
        "fsk" preschool class, "gr" compulsory, "gran" adapted compulsory, "gy" upper secondary or "gyan" adapted
        upper secondary school.
    units
        Codes of school units; None for all that give this form of school there.

    Returns
    -------
    pandas.DataFrame
        An observations table with the further columns `school_unit` (code) and, for "gy", `programme`. The indicator
        is Skolverket's own name of the series. Units without statistics are named in the note of the origin.

    Raises
    ------
    UnknownMunicipality, UsageError
        Something asked for does not exist.
    IncompleteAnswer
        A page is missing, a named unit is not there, or no unit has any statistics.
    SourceError
        The publisher cannot be reached, or answers with a mark or a form that is not known here.

    References
    ----------
    Skolverket, Planned educations v4, https://api.skolverket.se/planned-educations/v4.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_skolverket("Ale")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    if form not in FORMS:
        raise UsageError("Unknown form of school {form!r}. Choose one of {all}.", form=form, all=", ".join(FORMS))
    code = places.find(municipality, country="SE").code
    answers, there = _listed(code, form)
    asked = sorted(there if units is None else dict.fromkeys(units))
    strange = [unit for unit in asked if unit not in there]
    if strange or not asked:
        raise IncompleteAnswer(
            "Skolverket lists no school unit {units} with {form} in {code}. It lists: {there}.",
            units=", ".join(strange) or "–",
            form=form,
            code=code,
            there=", ".join(sorted(there)) or "–",
        )
    points: list[Point] = []
    empty: list[str] = []
    for done, unit in enumerate(asked, 1):
        answer = _ask(f"/planned-educations/v4/school-units/{unit}/statistics/{form}")
        answers.append(answer)
        found = list(_points(_body(answer), unit, "", answer.address))
        points += found
        empty += [] if found else [unit]
        http.progress("Skolverket", done, len(asked))
    if not points:
        raise IncompleteAnswer(
            "Skolverket gives no statistics of {form} for any of {count} school units in {code}.",
            form=form,
            count=len(asked),
            code=code,
        )
    note = Speaker(current())("No statistics: {units}.", units=", ".join(empty)) if empty else ""
    return origin.record(tables.check_observations(_observations(points, code)), [_origin(answers, note)])


def _listed(code: str, form: str) -> tuple[list[http.Answer], set[str]]:
    """The units of a municipality that give this form, from all pages of the list."""
    answers: list[http.Answer] = []
    rows: list[dict[str, Any]] = []
    pages = 1
    while len(answers) < pages:
        query = {"geographicalAreaCode": code, "typeOfSchooling": form, "size": PAGE, "page": len(answers)}
        answers.append(_ask(f"/planned-educations/v4/school-units?{urlencode(query)}"))
        whole = _body(answers[-1])
        page = whole.get("page", {})
        if not page.get("totalElements"):
            break
        rows += _within(answers[-1], "body", "_embedded", "listedSchoolUnits")
        pages = int(page["totalPages"])
    found = {_text(row, "code", answers[-1]): row for row in rows}
    total = _body(answers[-1]).get("page", {}).get("totalElements", 0)
    if len(found) != total:
        raise IncompleteAnswer(
            "Skolverket says that there are {total} school units, and gave {found}. Ask again.",
            total=total,
            found=len(found),
        )
    ours = {unit for unit, row in found.items() if _text(row, "geographicalAreaCode", answers[-1]) == code}
    return answers, {unit for unit in ours if _gives(found[unit], form)}


def _gives(row: dict[str, Any], form: str) -> bool:
    """Whether a listed unit gives a form of school; so too where the list does not say."""
    forms = row.get("typeOfSchooling")
    return not forms or any(form == (one.get("code") if isinstance(one, dict) else one) for one in forms)


def _ask(path: str, accept: str = ACCEPT) -> http.Answer:
    base = http.address("skolverket", ADDRESS)
    return http.get_json(f"{base}{path}", publisher="skolverket", limits=LIMITS, licence=LICENCE, accept=accept)


def _body(answer: http.Answer) -> dict[str, Any]:
    """What the envelope holds; an empty text stands for nothing."""
    whole = answer.data
    body = whole.get("body") if isinstance(whole, dict) and whole.get("status") == "OK" else None
    if body == "":
        return {}
    if not isinstance(body, dict):
        raise _changed(answer)
    return body


def _within(answer: http.Answer, *keys: str) -> list[dict[str, Any]]:
    found = answer.data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise _changed(answer)
    return found


def _text(row: dict[str, Any], key: str, answer: http.Answer) -> str:
    if not isinstance(row.get(key), str):
        raise _changed(answer)
    return str(row[key])


def _changed(answer: http.Answer) -> SourceError:
    return _unknown_form(answer.address)


def _unknown_form(address: str) -> SourceError:
    return SourceError(
        "Skolverket answered {address} in a form that is not known here. Look for a newer version of kommunanalys.",
        address=address,
    )


def _points(body: dict[str, Any], unit: str, programme: str, address: str) -> Iterator[Point]:
    """Every value of every series: lists of {value, valueType, timePeriod}, for "gy" below a programme each."""
    for series, entries in body.items():
        if isinstance(entries, dict) and entries.keys() & VALUE_FIELDS:
            raise _unknown_form(address)
        for entry in entries if isinstance(entries, list) else []:
            if not isinstance(entry, dict):
                continue
            if "valueType" not in entry and "programCode" not in entry and entry.keys() & VALUE_FIELDS:
                raise _unknown_form(address)
            if "valueType" in entry:
                yield (unit, programme, series, *_point(entry, series, address))
            elif "programCode" in entry:
                yield from _points(entry, unit, str(entry["programCode"]), address)


def _point(entry: dict[str, Any], series: str, address: str) -> tuple[int, float, str]:
    period = _PERIOD.fullmatch(str(entry.get("timePeriod")))
    kind = entry["valueType"]
    if period is None or kind not in MARKS | VALUES:
        raise SourceError(
            "{address}: {series} has the mark {mark!r} and the period {period!r}, which are not known here.",
            address=address,
            series=series,
            mark=kind,
            period=entry.get("timePeriod"),
        )
    if kind in MARKS:
        return int(period[1]), float("nan"), MARKS[kind]
    found = read_numbers([str(entry.get("value"))], marks={}, decimal=",", name=series)
    return int(period[1]), float(found["value"].iloc[0]), str(found["flag"].iloc[0]) or VALUES[kind]


def _observations(points: list[Point], code: str) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(points, columns=["school_unit", "programme", "indicator", "year", "value", "flag"])
    table = table.assign(country="SE", municipality=code, unit="").astype({"value": "float64", "year": "int64"})
    order = [*tables.COLUMNS, "school_unit", *(["programme"] if (table["programme"] != "").any() else [])]
    table = table[order].sort_values(["school_unit", *order[8:], "indicator", "year"], ignore_index=True)
    return table.astype({name: "str" for name in order if name not in ("value", "year")})


def _origin(answers: list[http.Answer], note: str) -> origin.Origin:
    hashes = "\n".join(sorted(answer.sha256 for answer in answers))
    return origin.Origin(
        producer="Skolverket",
        address=answers[0].address,
        sha256=answers[0].sha256 if len(answers) == 1 else origin.hash_bytes(hashes.encode()),
        licence=LICENCE,
        credit="Källa: Skolverket",
        fetched=min(answer.fetched for answer in answers),
        from_cache=all(answer.from_cache for answer in answers),
        note=note,
        country="SE",
    )
