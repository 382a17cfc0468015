"""Invented people: codes that nobody has, or can have."""

from datetime import date

from kommunanalys.secrecy.identities import SIGNS
from kommunanalys.secrecy.permit import Permit
from kommunanalys.secrecy.register import read_register

DAY = date(2026, 11, 22)
PERMIT = """
purpose = "Early support"
legal_basis = "Act on free zones"
decision = "Board 2026-06-10 § 45"
signed_by = "A. Example"
domains = ["school", "social_services"]
population = "All pupils"
valid_from = 2026-08-01
valid_until = 2027-07-31
[columns]
school = ["grade"]
social_services = ["measure"]
"""


def finn(number, sign="-", birth="010190"):
    """A Finnish code: individual numbers from 900 are given to nobody."""
    return f"{birth}{sign}{number}{SIGNS[int(f'{birth}{number}') % 31]}"


def swede(number, birth="300101"):
    """Ten digits of somebody born in 1830, dead long before numbers were given from 1947 on."""
    nine = f"{birth}{number:03}"
    products = (int(digit) * (2 - place % 2) for place, digit in enumerate(nine))
    return f"{nine}{-sum(sum(divmod(one, 10)) for one in products) % 10}"


def many(count, start=0):
    """So many Finnish codes, twenty to each day."""
    return [finn(900 + one % 20, birth=f"{one // 20 % 28 + 1:02}0190") for one in range(start, start + count)]


def register(folder, name, people, domain, column="hetu", **columns):
    """A register in a file, read."""
    heads = [column, *columns]
    rows = [
        ";".join([person, *(str(values[place]) for values in columns.values())]) for place, person in enumerate(people)
    ]
    (folder / name).write_text("\n".join([";".join(heads), *rows]) + "\n", encoding="utf-8")
    return read_register(folder / name, domain=domain, identity=column, today=DAY)


def two(folder, first=None, second=None):
    """Sixty pupils and forty clients, thirty of whom are the same."""
    first, second = first or many(60), second or many(40, start=30)
    school = register(folder, "pupils.csv", first, "school", grade=[7 + one % 3 for one in range(len(first))])
    measures = ["support" if one % 2 else "none" for one in range(len(second))]
    return school, register(folder, "clients.csv", second, "social_services", measure=measures)


def permit(folder, text=PERMIT, **changed):
    """The permit, with some of its lines changed or (None) left out."""
    lines = text.splitlines()
    for name, value in changed.items():
        lines = [line for line in lines if not line.startswith(f"{name} =")]
        if value is not None:
            lines.insert(0, f"{name} = {value}")
    (folder / "free_zone.toml").write_text("\n".join(lines), encoding="utf-8")
    return Permit.read(folder / "free_zone.toml")
