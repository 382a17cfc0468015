"""What the State Treasury's number codes mean: our names for its lines, and for which of its taxonomies.

A code means nothing without its taxonomy. Only the treasury's own modules use this one.
"""

from __future__ import annotations

import csv
import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kommunanalys.errors import SourceError, UnknownIndicator, UsageError
from kommunanalys.paths import data_dir
from kommunanalys.sources import files

COLUMNS = {
    "toimintatuotot": "operating_income",
    "toimintatulot": "operating_income",
    "toimintakulut": "operating_cost",
    "toimintamenot": "operating_cost",
    "henkilöstökulut": "personnel_cost",
    "henkilöstömenot": "personnel_cost",
    "palvelujen ostot": "purchased_services_cost",
    "aineet, tarvikkeet ja tavarat": "materials_cost",
    "avustukset": "grants_cost",
    "muut toimintakulut": "other_operating_cost",
    "muut toimintamenot": "other_operating_cost",
    "verotulot": "tax_revenue",
    "valtionosuudet": "state_transfers",
    "vuosikate": "annual_margin",
    "investointimenot": "gross_investments",
}
"""The publisher's Finnish name of a line, folded → our name."""
PREFIXES = {"KKNR": "", "KTAS": "budget_", "KTPE": "estimate_", "KKTPA": "forecast_", "KKTR": "statement_"}
PREFIXES |= {
    "KKOTR": "group_",
    "KKTPP": "services_",
    "AKKNR": "aland_",
    "AKKOTR": "aland_group_",
    "ATPT": "aland_plan_",
}
"""The packages about municipalities → how our names of their figures begin, so that actuals and plans never mix."""
TAXONOMIES = ("jhs-2018-01/2023-04-02", "jhs-2018-01/2024-03-26")
"""Taxonomies of KKNR (2024 and 2025) in which the codes of `data/treasury_codes.csv` have been proven."""
RAW = re.compile(r"(?:[A-Z]+:)?([\w-]+):([0-9]+)")
ALL_SERVICES = "kaikki palvelu- ja tehtäväluokat"
PLAN = re.compile(r"202x([+-]\d)?")
BETWEEN = re.compile(r"[\s,]*")
NUMBERED = re.compile(r"\d{4}(?!\d)")
CHUNK = 1 << 20
LONGEST = 16 * CHUNK
"""Most characters that one row of a taxonomy may have."""


@dataclass(frozen=True)
class Code:
    """What one code of one taxonomy means.

    Parameters
    ----------
    package
        Reporting package, e.g. "KKNR".
    taxonomy
        Name and date as the documents write them; "" for a code that a caller vouches for.
    part
        Part of the report, e.g. "k-t07".
    code
        The publisher's number, as text.
    indicator
        Our name.
    offset
        The year of the value is the year of the report plus this.
    labels
        Finnish, Swedish and English.
    """

    package: str
    taxonomy: str
    part: str
    code: str
    indicator: str
    offset: int = 0
    labels: tuple[str, str, str] = ("", "", "")

    @property
    def id(self) -> str:
        """Package, part and code, which name the figure where we have no name for it."""
        return f"{self.package}:{self.part}:{self.code}"


@lru_cache
def proven() -> tuple[Code, ...]:
    """The codes of KKNR that come with the library, for each taxonomy in which they are proven."""
    return tuple(
        Code("KKNR", taxonomy, row["part"], row["code"], row["indicator"], 0, _labels(row))
        for taxonomy in TAXONOMIES
        for row in _facts("treasury_codes.csv")
    )


def with_proven(codes: Iterable[Code], package: str) -> list[Code]:
    """The proven codes of a package, and those of others that are about something else."""
    ours = [code for code in proven() if code.package == package]
    held = {(code.taxonomy, code.indicator) for code in ours}
    others = [code for code in codes if code.package == package and (code.taxonomy, code.indicator) not in held]
    return ours + list(dict.fromkeys(others))


@lru_cache
def services() -> dict[str, tuple[str, tuple[str, str, str]]]:
    """Service class → our name of the service, and its labels in Finnish, Swedish and English."""
    return {row["class"]: (row["service"], _labels(row)) for row in _facts("treasury_services.csv")}


@lru_cache
def business_ids() -> dict[str, str]:
    """Code of a municipality → its business id, where that is beyond doubt."""
    return {row["code"]: row["business_id"] for row in _facts("business_ids.csv")}


def _facts(name: str) -> list[dict[str, str]]:
    with (data_dir() / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _labels(row: dict[str, str]) -> tuple[str, str, str]:
    return row["label_fi"], row["label_sv"], row["label_en"]


def named(rows: Iterable[Any], where: str) -> list[Code]:
    """The rows of a taxonomy that are lines or services of ours; the others are left out.

    Raises
    ------
    SourceError
        A row is not of a taxonomy's form, or a code would mean two things.
    """
    found: dict[tuple[str, str, str, str], Code] = {}
    for row in rows:
        try:
            code = _named(row)
        except (KeyError, TypeError, AttributeError) as error:
            raise SourceError(
                "{where} has a row that is not of the form of the State Treasury's taxonomies: {row}.",
                where=where,
                row=str(row)[:160],
            ) from error
        if code is not None and code != found.setdefault(_key(code), code):
            raise SourceError(
                "{where} gives code {code} of taxonomy {taxonomy} two meanings: {one} and {two}.",
                where=where,
                code=code.id,
                taxonomy=code.taxonomy,
                one=found[_key(code)].indicator,
                two=code.indicator,
            )
    return list(found.values())


def _key(code: Code) -> tuple[str, str, str, str]:
    return code.package, code.taxonomy, code.part, code.code


def _named(row: dict[str, Any]) -> Code | None:
    package, line = str(row["entrypoint"]), COLUMNS.get(_fold(row["tunnusluku"]))
    service = _service(row["palvelu"])
    if line is None or service is None or package not in PREFIXES:
        return None
    plan = PLAN.search(row["tehtava"] or "")
    labels = (row["tunnusluku"], row["tunnusluku_sv"] or "", row["tunnusluku_en"] or "")
    return Code(
        package,
        f"{row['versio']}/{row['tekninen_versio']}",
        str(row["osakokonaisuus"]),
        str(row["solutunniste"]),
        f"{PREFIXES[package]}{service}{line}",
        int(plan[1]) if plan and plan[1] else 0,
        labels,
    )


def _fold(text: str) -> str:
    """Lower case, single spaces, without the range of accounts that stands before a name ("4000-4299 ...")."""
    return re.sub(r"^\d{4} ?- ?\d{4} ", "", " ".join(text.split())).casefold()


def _service(text: str | None) -> str | None:
    """How our name of a service begins: "" for all of them together, None for one that we have no name for."""
    folded = _fold(text or ALL_SERVICES)
    if folded == ALL_SERVICES:
        return ""
    number = NUMBERED.match(folded)
    for class_, (service, labels) in services().items():
        if class_ == number[0] if number else labels[0].casefold() == folded:
            return f"{service}_"
    return None


def taxonomy_file(path: str | Path) -> list[Code]:
    """The codes that a file of one of the publisher's taxonomies names, whole or cut, however large.

    Raises
    ------
    SourceError
        No such file, no JSON list of a taxonomy's rows, or none of the rows is a line of ours.
    """
    place = files.existing(path)
    codes = named(stream(place), place.name)
    if not codes:
        raise SourceError(
            "{file} names no line that is known here. It should be a taxonomy of api.tutkihallintoa.fi, whole or cut.",
            file=place.name,
        )
    return codes


def stream(path: Path) -> Iterator[Any]:
    """The rows of a JSON list one by one: the taxonomy of KKNR is 323 MB and need not fit into memory.

    Raises
    ------
    SourceError
        The file is no whole JSON list.
    """
    decoder = json.JSONDecoder()
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        held = file.read(CHUNK).lstrip()
        piece, place = held[:1] == "[", 1
        while piece:
            between = BETWEEN.match(held, place)
            place = between.end() if between else place
            if held.startswith("]", place):
                return
            try:
                row, place = decoder.raw_decode(held, place)
            except ValueError:
                more = file.read(CHUNK) if len(held) - place < LONGEST else ""
                held, place, piece = held[place:] + more, 0, more != ""
            else:
                yield row
    raise SourceError("{file} is no whole JSON list. Fetch or copy it again.", file=path.name)


def choose(indicators: str | Iterable[str] | None, known: list[Code], package: str) -> list[Code]:
    """The codes of what was asked for; of everything that is known where nothing is named.

    Raises
    ------
    UnknownIndicator
        A name that no code is known for.
    UsageError
        Nothing is known of the package, or one name stands for several codes.
    """
    names = [indicators] if isinstance(indicators, str) else list(indicators or (code.indicator for code in known))
    if not names:
        raise UsageError(
            "No names are known for the figures of {package}. Give the publisher's part and code, such as "
            "k-t07:3418067, or one of its taxonomies: codes=FILE.",
            package=package,
        )
    found = [code for name in dict.fromkeys(names) for code in _meant(name, known, package)]
    lines = [(code.taxonomy, code.indicator, code.offset) for code in found]
    double = [code for code in found if lines.count((code.taxonomy, code.indicator, code.offset)) > 1]
    if double:
        raise UsageError(
            "{package} has several codes of one name, which are not added up: {codes}. Give the part and code that "
            "you mean.",
            package=package,
            codes=", ".join(f"{code.id} ({code.indicator})" for code in double[:8]),
        )
    return found


def _meant(name: str, known: list[Code], package: str) -> list[Code]:
    codes = [code for code in known if code.indicator == name]
    raw = RAW.fullmatch(name)
    if raw:
        return [Code(package, "", raw[1], raw[2], f"{package}:{raw[1]}:{raw[2]}")]
    if codes:
        return codes
    there = dict.fromkeys(code.indicator for code in known)
    raise UnknownIndicator(
        "{package} has no {name!r} here. Closest: {closest}. Figures by service class need the publisher's taxonomy as "
        "a file: codes=FILE; or give part and code, such as k-t07:3418067.",
        package=package,
        name=name,
        closest=", ".join(difflib.get_close_matches(name, there, 3, 0.3)) or "–",
    )
