"""Makes the example registers: invented pupils and clients in two fictive municipalities, whose true risk is known.

Run `python data/example/make_registers.py`; the files in `registers` come out the same to the byte on every machine.
Nobody in them exists, and no code can be anybody's: individual numbers from 900 are never given to a person for good.
The model is told in the README of that folder.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

SEED = 6907
FOLDER = Path(__file__).parent / "registers"
SIGNS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
YEARS = range(2019, 2025)
"""School years by the year in which they begin."""
GRADES = (7, 8, 9)
SCHOOLS = {"X07": ("Tärnsund",), "X10": ("Dimfors norra", "Dimfors södra")}
COHORT = {"X07": 66, "X10": 136}
"""Pupils of one birth year."""
INVALID, PROTECTED, TWICE = 0.004, 0.008, 0.15
"""Shares of codes with a wrong sign, of people with protected identity, of clients with a second measure."""
REGISTER = ("personal_identity_code", "municipality", "school", "school_year", "grade", "absence", "mark",
            "special_support", "protected")  # fmt: skip
MEASURES = ("advice", "family_work", "support_person", "placement")

# Log-odds of not going on to upper secondary school, by need (standard deviations), absence (tenths) and support.
RISK = {"constant": -3.6, "need": 0.8, "absence": 0.6, "special_support": 0.3, "client": 0.5}


@dataclass(frozen=True)
class Person:
    """Somebody invented.

    Parameters
    ----------
    code
        A Finnish personal identity code that nobody can have.
    municipality, school
        Where they live and go to school.
    born
        Birth year.
    need
        How much help they need [standard deviations]; nobody sees it.
    protected
        Whether their identity is protected.
    support
        "none", "intensified" or "special".
    client
        Whether social services know them.
    """

    code: str
    municipality: str
    school: str
    born: int
    need: float
    protected: bool
    support: str
    client: bool


def expit(x: float) -> float:
    """Log-odds → probability."""
    return 1 / (1 + math.exp(-x))


def code(day: date, number: int) -> str:
    """A personal identity code with the right check sign."""
    digits = f"{day:%d%m%y}{number}"
    return f"{day:%d%m%y}A{number}{SIGNS[int(digits) % 31]}"


def people(municipality: str, born: int, grown: bool) -> Iterable[Person]:
    """One cohort; each has chance of its own, so that a change in one place moves nothing elsewhere."""
    rng = Random(f"{SEED} {municipality} {born}")
    count = round(COHORT[municipality] * (1 + rng.uniform(-0.08, 0.08)))
    # Even numbers live in one municipality and odd ones in the other: nobody gets another's code.
    first = 900 + list(SCHOOLS).index(municipality)
    for place in range(count):
        day = date(born, 1, 1) + timedelta(days=place * 365 // count)
        need = rng.gauss(0, 1)
        support = rng.random()
        yield Person(
            code(day, first + 2 * rng.randrange(50)),
            municipality,
            rng.choice(SCHOOLS[municipality]),
            born,
            need,
            rng.random() < PROTECTED,
            ("special" if support < expit(-3.2 + need) else "intensified" if support < expit(-1.9 + need) else "none")
            if grown
            else "none",
            rng.random() < expit(-2.9 + 0.9 * need),
        )


def spelled(text: str, rng: Random) -> str:
    """A code as clerks write it: mostly so, sometimes in small letters or with spaces; now and then wrong."""
    chance = rng.random()
    if chance < INVALID:
        return text[:-1] + SIGNS[(SIGNS.index(text[-1]) + 7) % 31]
    if chance < 0.05:
        return text.lower()
    return f"{text[:6]} {text[6:]}" if chance < 0.08 else text


def pupils() -> list[Person]:
    """All who are in grades 7 to 9 in some of the years."""
    born = range(YEARS[0] - 9 - 6, YEARS[-1] - 7 - 6 + 1)
    return [one for name in SCHOOLS for year in born for one in people(name, year, grown=True)]


def small_children() -> list[Person]:
    """Those who are too young for grade 7 but may be known to social services."""
    born = range(YEARS[-1] - 7 - 6 + 1, YEARS[-1] - 7)
    return [one for name in SCHOOLS for year in born for one in people(name, year, grown=False)]


def school_years(person: Person) -> Iterable[tuple[int, int, int, float]]:
    """Year, grade, absence without leave [lessons of a thousand] and average mark (4 to 10) of one pupil."""
    rng = Random(f"{SEED} {person.code} school")
    for grade in GRADES:
        year = person.born + 6 + grade
        absent = expit(-3.7 + 0.8 * person.need + 0.25 * (grade - 7) + rng.gauss(0, 0.5))
        mark = min(10.0, max(4.0, 7.9 - 0.55 * person.need - 0.05 * (grade - 7) + rng.gauss(0, 0.45)))
        if year in YEARS:
            yield year, grade, round(1000 * absent), round(mark, 1)


def risk(person: Person, absence: float) -> float:
    """The true probability of not going on, given all that the model knows at the end of grade 9."""
    return expit(
        RISK["constant"]
        + RISK["need"] * person.need
        + RISK["absence"] * absence / 100
        + RISK["special_support"] * (person.support == "special")
        + RISK["client"] * person.client
    )


def register_rows(everybody: list[Person]) -> Iterable[list[object]]:
    """The school's register: one row for each pupil and school year."""
    for person in everybody:
        rng = Random(f"{SEED} {person.code} spelling")
        for year, grade, absence, mark in school_years(person):
            yield [
                spelled(person.code, rng),
                person.municipality,
                person.school,
                year,
                grade,
                absence,
                mark,
                person.support,
                "yes" if person.protected else "",
            ]


def outcomes(everybody: list[Person]) -> Iterable[tuple[Person, int, float, bool]]:
    """Who has finished grade 9: the school year, the true risk, and whether they went on."""
    for person in everybody:
        for year, grade, absence, _ in school_years(person):
            if grade == GRADES[-1]:
                true = risk(person, absence)
                yield person, year, true, Random(f"{SEED} {person.code} outcome").random() >= true


def client_rows(everybody: list[Person]) -> Iterable[list[object]]:
    """The register of social services: one row for each measure, in the order of their beginning."""
    rows = []
    for person in everybody:
        rng = Random(f"{SEED} {person.code} client")
        for _ in range(1 + (rng.random() < TWICE) if person.client else 0):
            begun = date(person.born, 1, 1) + timedelta(days=rng.randrange(3 * 365, 14 * 365))
            measure = MEASURES[min(3, int(rng.random() * 3 + max(0.0, person.need) / 2))]
            begun = min(begun, date(YEARS[-1], 12, 31) - timedelta(days=rng.randrange(300)))
            mark = "yes" if person.protected else ""
            rows.append([spelled(person.code, rng), person.municipality, measure, begun.isoformat(), mark])
    return sorted(rows, key=lambda row: (row[3], row[0]))


def table(place: Path, head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """One file: UTF-8, semicolons, the same line ends everywhere."""
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def write(folder: Path) -> None:
    """Write every file."""
    everybody = pupils()
    table(
        folder / "school.csv",
        REGISTER,
        register_rows(everybody),
    )
    table(
        folder / "social_services.csv",
        ["hetu", "municipality", "measure", "begun", "protected"],
        client_rows([*everybody, *small_children()]),
    )
    finished = list(outcomes(everybody))
    table(
        folder / "leaving.csv",
        ["personal_identity_code", "school_year", "went_on", "protected"],
        ([one.code, year, "yes" if on else "no", "yes" if one.protected else ""] for one, year, _, on in finished),
    )
    truth = ([one.code, f"{true:.4f}"] for one, _, true, _ in finished)
    table(folder / "truth.csv", ["personal_identity_code", "risk"], truth)


if __name__ == "__main__":
    write(FOLDER)
