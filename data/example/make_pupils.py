"""Makes a register of pupils large enough to learn from: an invented town of 52,000 with eight schools and known risk.

Run `python data/example/make_pupils.py`; the files in `pupils` come out the same to the byte on every machine. Nobody
in them exists, and no code can be anybody's: individual numbers from 900 are never given to a person for good. The
model is told in the README of that folder.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

SEED = 1301
FOLDER = Path(__file__).parent / "pupils"
SIGNS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
YEARS = range(2018, 2025)
"""School years by the year in which they begin."""
GRADES = (7, 8, 9)
MUNICIPALITY, COHORT = "X13", 540
"""Gyllenås, and its pupils of one birth year."""
SCHOOLS = {
    "Backens skola": 0.0,
    "Centrumskolan": 0.0,
    "Hamnskolan": 0.6,
    "Lyceet": -0.3,
    "Myrskolan": 0.0,
    "Norra skolan": 0.3,
    "Sjöskolan": 0.0,
    "Östra skolan": 0.6,
}
"""Schools, and how much more need their pupils have [standard deviations]; the school itself changes nothing."""
TONGUES = {"fi": 0.68, "sv": 0.2, "other": 0.12}
INVALID, PROTECTED, OBJECTED = 0.004, 0.008, 0.003
"""Shares of codes with a wrong sign, of people with protected identity and of those who object to being listed."""
LANGUAGE_MARK = -0.5
"""What the marks of those with another mother tongue are lower by, at the same need: marks tell less of their risk."""
RISK = {"constant": -3.7, "need": 1.3, "absence": 0.5, "special_support": 0.3}
"""Log-odds of not going on to upper secondary school, by need, absence in grade 9 (hundreds of a thousand), support."""
REGISTER = ("personal_identity_code", "municipality", "school", "school_year", "grade", "sex", "mother_tongue",
            "absence", "mark", "special_support", "protected")  # fmt: skip


@dataclass(frozen=True)
class Pupil:
    """Somebody invented.

    Parameters
    ----------
    code
        A Finnish personal identity code that nobody can have.
    school, sex, tongue
        School, sex (as the code tells) and mother tongue.
    born
        Birth year.
    need
        How much help they need [standard deviations]; nobody sees it.
    support
        "none", "intensified" or "special".
    protected
        Whether their identity is protected.
    """

    code: str
    school: str
    sex: str
    tongue: str
    born: int
    need: float
    support: str
    protected: bool


def expit(x: float) -> float:
    """Log-odds → probability."""
    return 1 / (1 + math.exp(-x))


def code(day: date, number: int) -> str:
    """A personal identity code with the right check sign."""
    digits = f"{day:%d%m%y}{number}"
    return f"{day:%d%m%y}A{number}{SIGNS[int(digits) % 31]}"


def pupils(born: int) -> Iterator[Pupil]:
    """One birth year; each has chance of its own."""
    rng = Random(f"{SEED} {born}")
    count, taken = round(COHORT * (1 + rng.uniform(-0.06, 0.06))), set[str]()
    for place in range(count):
        day = date(born, 1, 1) + timedelta(days=place * 365 // count)
        number = rng.randrange(900, 1000)
        while code(day, number) in taken:
            number = rng.randrange(900, 1000)
        taken.add(code(day, number))
        school = rng.choice(list(SCHOOLS))
        need, support = rng.gauss(SCHOOLS[school], 1), rng.random()
        yield Pupil(
            code(day, number),
            school,
            "male" if number % 2 else "female",
            rng.choices(list(TONGUES), list(TONGUES.values()))[0],
            born,
            need,
            "special" if support < expit(-3.2 + need) else "intensified" if support < expit(-1.9 + need) else "none",
            rng.random() < PROTECTED,
        )


def school_years(pupil: Pupil) -> Iterator[tuple[int, int, int, str]]:
    """Year, grade, absence without leave [lessons of a thousand] and average mark (4 to 10, now and then none)."""
    rng = Random(f"{SEED} {pupil.code} school")
    lower = LANGUAGE_MARK * (pupil.tongue == "other")
    for grade in GRADES:
        absent = expit(-3.7 + 0.5 * pupil.need + 0.25 * (grade - 7) + rng.gauss(0, 0.8))
        mark = min(10.0, max(4.0, 7.9 - 0.7 * pupil.need - 0.05 * (grade - 7) + lower + rng.gauss(0, 0.35)))
        told = "" if rng.random() < 0.02 else f"{mark:.1f}"
        if pupil.born + 6 + grade in YEARS:
            yield pupil.born + 6 + grade, grade, round(1000 * absent), told


def outcome(pupil: Pupil, absence: int) -> tuple[float, bool]:
    """The true probability of not going on, and whether they went on."""
    special = RISK["special_support"] * (pupil.support == "special")
    true = expit(RISK["constant"] + RISK["need"] * pupil.need + RISK["absence"] * absence / 100 + special)
    return true, Random(f"{SEED} {pupil.code} outcome").random() >= true


def spelled(text: str, rng: Random) -> str:
    """A code as clerks write it: mostly so, sometimes in small letters; now and then wrong."""
    chance = rng.random()
    if chance < INVALID:
        return text[:-1] + SIGNS[(SIGNS.index(text[-1]) + 7) % 31]
    return text.lower() if chance < 0.04 else text


def table(place: Path, head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """One file: UTF-8, semicolons, the same line ends everywhere."""
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def write(folder: Path) -> None:
    """Write every file."""
    register, left, truth = [], [], []
    for pupil in (one for born in range(YEARS[0] - 15, YEARS[-1] - 12) for one in pupils(born)):
        rng, mark = Random(f"{SEED} {pupil.code} spelling"), "yes" if pupil.protected else ""
        for year, grade, absence, average in school_years(pupil):
            known = (MUNICIPALITY, pupil.school, year, grade, pupil.sex, pupil.tongue, absence, average, pupil.support)
            register.append((spelled(pupil.code, rng), *known, mark))
            if grade == GRADES[-1]:
                true, on = outcome(pupil, absence)
                left.append((pupil.code, year, "yes" if on else "no", mark))
                truth.append((pupil.code, f"{true:.4f}"))
    table(folder / "school.csv", REGISTER, register)
    table(folder / "leaving.csv", ("personal_identity_code", "school_year", "went_on", "protected"), left)
    table(folder / "truth.csv", ("personal_identity_code", "risk"), truth)
    everybody = dict.fromkeys(row[0].upper() for row in register)
    against = ((one,) for one in everybody if Random(f"{SEED} {one} objection").random() < OBJECTED)
    table(folder / "objections.csv", ("personal_identity_code",), against)


if __name__ == "__main__":
    write(FOLDER)
