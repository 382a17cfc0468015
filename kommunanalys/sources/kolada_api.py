"""How Kolada's API v3 is asked: parts of at most 25 ids, page after page, halved where the publisher refuses.

Only `kolada.py` and `kolada_units.py` use this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from kommunanalys.errors import IncompleteAnswer, OfflineMiss, SourceError, TooLarge
from kommunanalys.sources import http
from kommunanalys.sources.numbers import json_number

ADDRESS = "https://api.kolada.se/v3"
LICENCE = "Free use with the source named"
LIMITS = http.Limits(calls=5, per_seconds=1.0)
IDS_PER_PART = 25
"""Most ids that the API takes in one part of an address."""
PAGE = "?per_page=5000"

Cell = tuple[str, str, int, str, float | None, str]
"""KPI, municipality, year, sex, value, status."""


@dataclass(frozen=True)
class Part:
    """What one request asks for; no codes or no years means all of them."""

    kpis: tuple[str, ...]
    codes: tuple[str, ...]
    years: tuple[int, ...]

    def address(self, base: str) -> str:
        """The address without its page."""
        municipality = f"/municipality/{','.join(self.codes)}" if self.codes else ""
        year = f"/year/{','.join(map(str, self.years))}" if self.years else ""
        return f"{base}/data/kpi/{','.join(self.kpis)}{municipality}{year}{PAGE}"

    def chunks(self) -> list[Part]:
        """Parts of at most 25 ids each."""
        return [
            Part(kpis, codes, years)
            for kpis in _chunks(self.kpis)
            for codes in _chunks(self.codes)
            for years in _chunks(self.years)
        ]

    def halves(self) -> list[Part]:
        """Two smaller parts, municipalities or years first, then KPIs; none when nothing can be halved."""
        name = max(("codes", "years"), key=lambda item: len(getattr(self, item)))
        name = name if len(getattr(self, name)) > 1 else "kpis"
        ids = getattr(self, name)
        middle = len(ids) // 2
        return [replace(self, **{name: half}) for half in (ids[:middle], ids[middle:])] if middle else []


def _chunks(ids: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    return [ids[start : start + IDS_PER_PART] for start in range(0, len(ids), IDS_PER_PART)] or [()]


def fetch(asked: Part, base: str) -> list[http.Answer]:
    """Every page of every part; all of them or an error that names the first part that failed."""
    parts, answers = asked.chunks(), list[http.Answer]()
    for done, part in enumerate(parts):
        try:
            answers += _fetch_part(part, base)
        except OfflineMiss:
            raise
        except SourceError as error:
            raise IncompleteAnswer(
                "Kolada gave {done} of {total} parts of what was asked, so nothing is returned. The first that failed: "
                "KPIs {kpis}; municipalities {codes}; years {years}. Reason: {reason}",
                done=done,
                total=len(parts),
                kpis=", ".join(part.kpis),
                codes=", ".join(part.codes) or "–",
                years=", ".join(map(str, part.years)) or "–",
                reason=error,
            ) from error
        http.progress("Kolada", done + 1, len(parts))
    return answers


def _fetch_part(part: Part, base: str) -> list[http.Answer]:
    try:
        return pages(part.address(base))
    except TooLarge:
        halves = part.halves()
        if not halves:
            raise
        return [answer for half in halves for answer in _fetch_part(half, base)]


def catalogue(kpis: tuple[str, ...], base: str) -> tuple[list[http.Answer], dict[str, dict[str, Any]]]:
    """What Kolada says of each KPI; those that it does not know are absent."""
    answers = [answer for chunk in _chunks(kpis) for answer in _ask_catalogue(chunk, base)]
    found = {str(entry.get("id")): entry for answer in answers for entry in answer.data["values"]}
    return answers, {kpi: found[kpi] for kpi in kpis if kpi in found}


def _ask_catalogue(kpis: tuple[str, ...], base: str) -> list[http.Answer]:
    try:
        return pages(f"{base}/kpi/{','.join(kpis)}{PAGE}")
    except SourceError as error:
        # One unknown id may make the whole answer a 404 or a 422: ask for fewer, until it stands alone.
        if error.values.get("status") not in (404, 422):
            raise
        middle = len(kpis) // 2
        return (
            [item for half in (kpis[:middle], kpis[middle:]) for item in _ask_catalogue(half, base)] if middle else []
        )


def pages(address: str) -> list[http.Answer]:
    """All pages of an address, their counts checked."""
    answers = _follow(address)
    if len({answer.from_cache for answer in answers}) > 1:
        # Old pages beside new ones: a figure that moved over the edge of a page would be lost or come twice.
        with http.mode("refresh"):
            answers = _follow(address)
    _check_counts(address, answers)
    return answers


def _follow(address: str) -> list[http.Answer]:
    answers: list[http.Answer] = []
    link: str | None = address
    while link is not None:
        answer = http.get_json(link, publisher="kolada", limits=LIMITS, licence=LICENCE)
        following = _envelope(answer).get("next_url")
        answers.append(answer)
        link = http.next_address(link, following) if following else None
        if link in [answer.address for answer in answers]:
            raise SourceError("Kolada's pages run in a circle at {address}. Try again later.", address=link)
    return answers


def _envelope(answer: http.Answer) -> dict[str, Any]:
    data = answer.data
    if not isinstance(data, dict) or not isinstance(data.get("values"), list) or "count" not in data:
        raise SourceError(
            "{address} did not answer in the form of Kolada's API v3 (values, count, next_url). The API may have "
            "changed: look for a newer version of kommunanalys.",
            address=answer.address,
        )
    return data


def _check_counts(address: str, answers: list[http.Answer]) -> None:
    # Whether `count` speaks of the page or of the whole answer is not documented: either must hold throughout.
    said = [answer.data["count"] for answer in answers]
    held = [len(answer.data["values"]) for answer in answers]
    if said != held and set(said) != {sum(held)}:
        raise IncompleteAnswer(
            "Kolada says that {address} has {said} rows, but sent {held}. Try again with KOMMUNANALYS_MODE=refresh.",
            address=address,
            said=" + ".join(map(str, said)),
            held=" + ".join(map(str, held)),
        )


def cells(values: list[Any], where: str) -> Iterator[Cell]:
    """The values of an answer, one for each KPI, municipality, year and sex; what Kolada has deleted is left out.

    Raises
    ------
    SourceError
        A row is not of the form of API v3; names the row.
    """
    for row in values:
        try:
            # A code that is a number has lost its zeros: adding "" to it fails, as it should.
            key = (row["kpi"].upper(), row["municipality"] + "", int(row["period"]))
            for cell in row["values"]:
                if not cell.get("isdeleted"):
                    yield (*key, str(cell["gender"]), json_number(cell["value"]), str(cell.get("status") or ""))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SourceError(
                "{where} has a row that is not of the form of Kolada's API v3: {row}.", where=where, row=str(row)[:160]
            ) from error
