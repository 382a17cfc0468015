"""Forbidden joins of two marked registers, a permitted join of many spellings, and the time to read a register.

python benchmarks/secrecy_border.py [ROWS]

ROWS is the number of rows to read, by default 1,000,000. The codes are invented: Finnish individual numbers 900-999 are
never given to anybody, and nobody born in 1830 was alive when Sweden began to give numbers in 1947.
"""

import contextlib
import importlib.util
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from kommunanalys import journal
from kommunanalys.errors import SecrecyBorder
from kommunanalys.secrecy.frame import RegisterFrame
from kommunanalys.secrecy.identities import SIGNS, finnish, swedish
from kommunanalys.secrecy.link import link
from kommunanalys.secrecy.permit import Permit
from kommunanalys.secrecy.register import read_register

PERMIT = """
purpose = "Early support"
legal_basis = "Act on free zones"
decision = "Board 2026-06-10 § 45"
signed_by = "A. Example"
domains = ["school", "social_services"]
population = "All pupils"
valid_from = 2026-01-01
valid_until = 2026-12-31
[columns]
school = ["grade"]
social_services = ["measure"]
"""
DAY = date(2026, 11, 22)


def code(day: int, number: int, sign: str = "-", year: int = 90) -> str:
    """A Finnish code that nobody has."""
    birth = f"{day % 28 + 1:02}{day // 28 % 12 + 1:02}{year:02}"
    return f"{birth}{sign}{number}{SIGNS[int(f'{birth}{number}') % 31]}"


def swede(nine: str) -> str:
    """Ten digits: nine with their check digit."""
    products = (int(digit) * (2 - place % 2) for place, digit in enumerate(nine))
    return f"{nine}{-sum(sum(divmod(one, 10)) for one in products) % 10}"


def wide(text: str) -> str:
    """The text in full-width signs, as pasted from some programs."""
    return "".join(chr(ord(sign) + 0xFEE0) for sign in text)


def spellings() -> tuple[list[str], list[str]]:
    """Seven spellings of two identities: one Swedish of a person born in 1830, one Finnish."""
    tail = swede("300101001")[6:]
    sweden = [f"300101+{tail}", f"18300101-{tail}", f"18300101{tail}", f" 18300101 {tail} "]
    sweden += [f"18300101\u2013{tail}", f"1830\u00a00101-{tail}", wide(f"18300101{tail}")]
    found = code(0, 999, "Y")
    finland = [found, found.lower(), f" {found}", f"{found}\u00a0", f"{found[:6]} {found[6:]}", wide(found)]
    finland.append(found.lower() + "\t")
    assert {swedish(one, DAY) for one in sweden} == {f"18300101{tail}"}
    assert {finnish(one) for one in finland} == {found}
    return sweden, finland


def forbidden(folder: Path, a: RegisterFrame, b: RegisterFrame) -> dict[str, Callable[[], object]]:
    """Twelve ways to join without a permit; each gives how many rows of the same person it put together."""
    left, right = pd.DataFrame(a), b

    def through_files() -> int:
        a.to_csv(folder / "a.csv", index=False)
        b.to_csv(folder / "b.csv", index=False)
        return len(pd.read_csv(folder / "a.csv").merge(pd.read_csv(folder / "b.csv"), on="hetu"))

    def duckdb() -> int:
        import duckdb as database

        held = database.connect()
        for name, table in (("a", a), ("b", b)):
            held.register(name, pd.DataFrame(table).astype(object))
        return int(held.sql("select count(*) from a join b using (hetu)").fetchall()[0][0])

    return {
        "merge": lambda: len(a.merge(b, on="hetu")),
        "join": lambda: len(a.set_index("hetu").join(b.set_index("hetu"), how="inner")),
        "concat": lambda: len(pd.concat([a.set_index("hetu"), b.set_index("hetu")], axis=1, join="inner")),
        "map": lambda: int(a["hetu"].map(b.set_index("hetu")["measure"]).notna().sum()),
        "isin": lambda: int(a["hetu"].isin(b["hetu"]).sum()),
        "pd.merge(plain, marked)": lambda: len(pd.merge(left, right, on="hetu")),
        "CSV and back": through_files,
        "numpy": lambda: len(np.intersect1d(a["hetu"].to_numpy(), b["hetu"].to_numpy())),
        "DuckDB": duckdb,
        "combine_first": lambda: len(a.combine_first(b)),
        "update": lambda: a.assign(measure=None).update(b),
        # Both files are sorted alike; by chance one row of all has the same person.
        "row by row": lambda: int((a["grade"].to_numpy() == b["measure"].to_numpy()).sum()),
    }


def tried(attempt: Callable[[], object]) -> str:
    """What became of an attempt."""
    try:
        return f"matched {attempt()}"
    except SecrecyBorder:
        return "refused"
    except ImportError as error:
        return f"not tried: {error}"


def registers(folder: Path, first: list[str], second: list[str]) -> tuple[RegisterFrame, RegisterFrame]:
    """Two registers in files, read as two domains."""
    pd.DataFrame({"hetu": first, "grade": range(len(first))}).to_csv(folder / "pupils.csv", index=False)
    pd.DataFrame({"hetu": second, "measure": range(len(second))}).to_csv(folder / "clients.csv", index=False)
    with contextlib.redirect_stdout(io.StringIO()):
        return (
            read_register(folder / "pupils.csv", domain="school", identity="hetu", today=DAY),
            read_register(folder / "clients.csv", domain="social_services", identity="hetu", today=DAY),
        )


def invented(people: int, kind: str) -> list[str]:
    """Identities of so many different people whom nobody is."""
    if kind == "own identities":
        return [f"K{one:09}" for one in range(people)]
    if kind == "Swedish codes":  # 80 years × 336 days × up to 100 numbers, all of people born before 1880
        births = (f"{one % 80:02}{one // 80 % 12 + 1:02}{one // 960 % 28 + 1:02}" for one in range(people))
        return ["18" + swede(f"{birth}{one // 26880 % 900 + 100}") for one, birth in enumerate(births)]
    return [code(one % 336, 900 + one // 336 % 100, "-", one // 33600 % 100) for one in range(people)]


def timed(folder: Path, rows: int, people: int, kind: str) -> None:
    """Print the time of reading so many rows about so many people."""
    name, numbers = "customer" if kind == "own identities" else "hetu", np.arange(rows)
    table = pd.DataFrame(
        {name: np.array(invented(people, kind))[numbers % people], "grade": numbers % 9, "school": "A"}
    )
    table.to_csv(folder / "large.csv", index=False)
    del table
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        read = read_register(folder / "large.csv", domain="school", identity=name, today=DAY)
    spent = time.process_time() - start
    found = read[name].nunique()
    print(f"{kind}: {len(read):,} rows, {found:,} persons: {spent:.1f} s CPU")


def main() -> None:
    """Print what each attempt matched, then the times."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["KOMMUNANALYS_STATE"] = str(folder / "state")
        people = [code(one % 336, 900 + one // 336) for one in range(500)]
        a, b = registers(folder, people, people)
        before = len(journal.read())
        for what, attempt in forbidden(folder, a, b).items():
            print(f"{what}: {tried(attempt)}")
        print(f"refusals in the journal: {len(journal.read()) - before}")
        (folder / "permit.toml").write_text(PERMIT, encoding="utf-8")
        sweden, finland = spellings()
        permit = Permit.read(folder / "permit.toml")
        for spelling in range(7):
            a, b = registers(folder, [sweden[0], finland[0]], [sweden[spelling], finland[spelling]])
            with contextlib.redirect_stdout(io.StringIO()):
                linked = link(a, b, permit=permit, today=DAY)
            print(f"permitted, spelling {spelling + 1}: {len(linked)} of 2 persons")
        for kind in ("Finnish codes", "Swedish codes", "own identities"):
            for people in (rows, rows // 4):
                timed(folder, rows, people, kind)
    if importlib.util.find_spec("duckdb") is None:
        print("DuckDB is not installed: that attempt was not tried.")


if __name__ == "__main__":
    main()
