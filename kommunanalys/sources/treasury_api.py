"""How the State Treasury's register is asked: its catalogue, the best document of each organisation, its taxonomies.

Only `treasury.py` uses this module.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from kommunanalys.errors import IncompleteAnswer, SourceError, UsageError
from kommunanalys.municipalities import Municipality
from kommunanalys.sources import http
from kommunanalys.sources.treasury_codes import Code, business_ids, named

REGISTER = "https://prodkuntarest.westeurope.cloudapp.azure.com"
TAXONOMY = "https://api.tutkihallintoa.fi/kuntatalous/v1/taksonomia"
DIRECTORY = "https://rajapinnat.ymparisto.fi/api/Hakemistorajapinta/1.0/odata"
LICENCE = "CC BY 4.0"
LIMITS = http.Limits(calls=5, per_seconds=1.0)
SMALL = frozenset({"KTAS", "KTPE", "KKTR", "KKOTR"})
"""Packages whose taxonomy is below 1 MB. That of KKNR has 323 MB, of KKTPP 27 GB: they are never fetched."""
STAGES = {"alustava": "preliminary", "hyväksytty": "", "lopullinen": "", "jälkikorjattu": "revised"}
"""Stages of a report, the worst first, and the flag of its figures."""
PERIOD = re.compile(r"[0-9]{4}(?:C(?:03|06|09|12))?")
BUSINESS_ID = re.compile(r"[0-9]{7}-[0-9]")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Seen(NamedTuple):
    """What is kept of an answer: a document of KKNR has tens of thousands of rows, and there are hundreds of them."""

    sha256: str
    fetched: str
    from_cache: bool


def seen(answer: http.Answer) -> Seen:
    """The answer without its contents."""
    return Seen(answer.sha256, answer.fetched, answer.from_cache)


@dataclass(frozen=True)
class Entry:
    """One document that the register offers."""

    business_id: str
    package: str
    period: str
    stage: str
    approved: str
    address: str

    @property
    def year(self) -> int:
        """Year of the report."""
        return int(self.period[:4])

    @property
    def quarter(self) -> int:
        """1 to 4, of which 4 is the whole year; 4 for reports of a year."""
        return int(self.period[5:] or 12) // 3

    @property
    def rank(self) -> tuple[int, str]:
        """What makes one document better than another: its stage, then its date."""
        return list(STAGES).index(self.stage), self.approved


def base() -> str:
    """Address of the register."""
    return http.address("treasury", REGISTER)


def ask(address: str) -> http.Answer:
    """One question, at the register's pace."""
    return http.get_json(address, publisher="treasury", limits=LIMITS, licence=LICENCE)


def catalogue() -> tuple[http.Answer, list[Any]]:
    """Every document that the register offers; about 33,000 rows in one answer.

    Raises
    ------
    SourceError
        Another form than documented, or nothing in it.
    """
    answer = ask(f"{base()}/rest/v1/json/aineistot")
    rows = answer.data.get("aineistot") if isinstance(answer.data, dict) else None
    if not isinstance(rows, list) or not rows:
        raise SourceError(
            "{address} did not answer with a catalogue (aineistot), or with an empty one. The register may have "
            "changed: look for a newer version of kommunanalys.",
            address=answer.address,
        )
    return answer, rows


def best(entries: Iterable[Entry]) -> dict[tuple[str, str], Entry]:
    """The document of highest stage, then of latest date, for each organisation and period."""
    return {(item.business_id, item.period): item for item in sorted(entries, key=lambda item: item.rank)}


def entries(rows: Iterable[Any], package: str, where: str, years: tuple[int, ...] = ()) -> list[Entry]:
    """The catalogue's rows about one package, and about these years where some are named.

    Raises
    ------
    SourceError
        A row is not of the register's form, or its stage or period is unknown.
    """
    found = []
    for row in rows:
        try:
            period = row["raportointikausi"]
            if row["raportointikokonaisuus"] != package or (years and str(period)[:4] not in map(str, years)):
                continue
            stage, approved = str(row["hyvaksymisvaihe"]).casefold(), str(row["hyvaksymispvm"] or "")
            # A name that is no text fails here, as it should.
            entry = Entry(row["ytunnus"] + "", package, period, stage, approved, row["tunnusluvut"] + "")
            if stage not in STAGES or not PERIOD.fullmatch(period):
                raise ValueError(stage)
        except (KeyError, TypeError, ValueError) as error:
            raise SourceError(
                "{where} has a row that is not of the form of the State Treasury's catalogue, or of an unknown stage "
                "or period: {row}.",
                where=where,
                row=str(row)[:200],
            ) from error
        found.append(entry)
    return found


def resolve(
    places: Iterable[Municipality], listed: Set[str] | None
) -> tuple[list[http.Answer], dict[str, Municipality]]:
    """Business id → municipality.

    What comes with the library is taken first. An id that is in doubt, or that is not among those `listed` in the
    register, is looked up in the directory of the environment administration.
    """
    answers, found = list[http.Answer](), dict[str, Municipality]()
    for place in places:
        known = business_ids().get(place.code)
        if known is None or (listed is not None and known not in listed):
            answer = ask(f"{http.address('treasury_directory', DIRECTORY)}/Kunta({int(place.code)})")
            answers.append(answer)
            code, known = directory_id(answer.data, answer.address)
            _check_same(place.code, code, answer.address)
        _check_same(place.code, found.setdefault(known, place).code, known)
    return answers, found


def _check_same(expected: str, found: str, where: str) -> None:
    if found != expected:
        raise SourceError(
            "{where} belongs to municipality {found}, where {expected} was expected. Ask for the others alone, and "
            "report it to the publisher.",
            where=where,
            found=found,
            expected=expected,
        )


def directory_id(data: Any, where: str) -> tuple[str, str]:
    """Code and business id of the municipality in one answer of the directory.

    Raises
    ------
    SourceError
        Another form than that of the directory.
    """
    if isinstance(data, dict) and isinstance(data.get("Kunta_Id"), int):
        known = str(data.get("YTunnus"))
        if BUSINESS_ID.fullmatch(known):
            return f"{data['Kunta_Id']:03d}", known
    raise SourceError("{where} gave no business id of a municipality. Try again later.", where=where)


def document(entry: Entry, catalogue_address: str) -> tuple[http.Answer, list[Any]]:
    """The facts of one document, checked to be those that the catalogue speaks of.

    Raises
    ------
    IncompleteAnswer
        The document is empty.
    SourceError
        It cannot be had, or it is another than the catalogue says.
    """
    answer = ask(http.next_address(catalogue_address, entry.address))
    facts = check_document(answer.data, answer.address)
    head = header(facts[0])
    if head != (entry.business_id, entry.package, entry.period, entry.stage):
        raise SourceError(
            "{address} holds {found}, where the catalogue says {expected}. Try again with KOMMUNANALYS_MODE=refresh.",
            address=answer.address,
            found=" ".join(head),
            expected=f"{entry.business_id} {entry.package} {entry.period} {entry.stage}",
        )
    return answer, facts


def check_document(data: Any, where: str) -> list[Any]:
    """The rows of a document that is whole and speaks of one report only.

    Raises
    ------
    IncompleteAnswer, SourceError
        The document is empty; a row lacks something, or speaks of another report than the first.
    """
    if isinstance(data, list) and not data:
        raise IncompleteAnswer("{where} is an empty document, though the catalogue lists it.", where=where)
    try:
        heads = {header(row) for row in data}
        if len(heads) == 1 and all(
            {"osakokonaisuus", "taksonomia", "tunnusluku", "arvo"} <= row.keys() for row in data
        ):
            return list(data)
    except (KeyError, TypeError, AttributeError):
        heads = set()
    raise SourceError(
        "{where} is not of the form of the State Treasury's documents, or mixes {count} reports.",
        where=where,
        count=len(heads),
    )


def header(row: dict[str, Any]) -> tuple[str, str, str, str]:
    """Business id, package, period and stage, as one row of a document says."""
    stage = str(row["hyväksymisvaihe"]).casefold()
    return row["ytunnus"], row["raportointikokonaisuus"], row["raportointikausi"], stage


def amounts(facts: list[Any], codes: Iterable[Code], where: str) -> dict[Code, float | None]:
    """The value of each code that the document holds; None where it is empty.

    Raises
    ------
    SourceError
        A taxonomy in which a code is not known, a value that is no number, or a code that comes twice.
    """
    codes, taxonomies = list(codes), {str(row["taksonomia"]) for row in facts}
    here = [code for code in codes if code.taxonomy in taxonomies | {""}]
    unknown = {code.indicator for code in codes} - {code.indicator for code in here}
    if unknown or taxonomies - {code.taxonomy or one for code in codes for one in taxonomies}:
        raise SourceError(
            "{where} is written in taxonomy {found}, in which the codes of {unknown} are not known: they may mean "
            "something else. Known: {known}. Ask for another year, or give the taxonomy as a file: codes=FILE.",
            where=where,
            found=", ".join(sorted(taxonomies)),
            unknown=", ".join(sorted(unknown)) or "–",
            known=", ".join(sorted({code.taxonomy for code in codes} - {""})),
        )
    cells: dict[tuple[str, str, str], list[Any]] = {}
    numbers = {code.code for code in here}
    for row in facts:
        if str(row["tunnusluku"]) not in numbers:
            continue
        key = (str(row["taksonomia"]), str(row["osakokonaisuus"]), str(row["tunnusluku"]))
        cells.setdefault(key, []).append(row["arvo"])
    held = {
        code: [
            value
            for one in taxonomies
            if code.taxonomy in ("", one)
            for value in cells.get((one, code.part, code.code), [])
        ]
        for code in here
    }
    return {code: _one(values, code, where) for code, values in held.items() if values}


def _one(values: list[Any], code: Code, where: str) -> float | None:
    if len(values) > 1:
        raise SourceError(
            "{where} gives the code {code} {count} times. They are not added up: name what tells them apart.",
            where=where,
            code=code.id,
            count=len(values),
        )
    value = values[0]
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not NUMBER.fullmatch(value) or not math.isfinite(float(value)):
        raise SourceError(
            "{where}: the value of {code} is {value!r}, which is no number.", where=where, code=code.id, value=value
        )
    return float(value)


def taxonomy(package: str) -> tuple[list[http.Answer], list[Code]]:
    """The codes of a small package, from the publisher's taxonomy of today.

    Raises
    ------
    UsageError
        A taxonomy that is too large to fetch.
    SourceError
        The publisher's list lacks it, or it names no line of ours.
    """
    answers, rows = taxonomy_rows(package)
    codes = [code for code in named(rows, answers[-1].address) if code.package == package]
    if not codes:
        raise SourceError("{address} names no line that is known here.", address=answers[-1].address)
    return answers, codes


def taxonomy_rows(package: str) -> tuple[list[http.Answer], list[Any]]:
    """The publisher's list of taxonomies and the rows of one; only small ones are fetched."""
    if package not in SMALL:
        raise UsageError(
            "The taxonomy of {package} is too large to fetch (KKNR 323 MB, KKTPP 27 GB). Fetched are those of {small}; "
            "for others save it as a file and give codes=FILE.",
            package=package,
            small=", ".join(sorted(SMALL)),
        )
    index = ask(http.address("treasury_taxonomy", TAXONOMY))
    found = [str(link) for link in index.data if str(link).endswith(f"/{package}.json")]
    if len(found) != 1:
        raise SourceError("{address} does not list the taxonomy of {package}.", address=index.address, package=package)
    answer = ask(found[0])
    if not isinstance(answer.data, list) or not answer.data:
        raise IncompleteAnswer("{where} is an empty taxonomy.", where=answer.address)
    return [index, answer], answer.data
