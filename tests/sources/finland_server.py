"""Local servers that play the State Treasury, Vipunen and Statistics Finland, for the same made-up municipalities.

Real codes and business ids, made-up figures; the structure of the documents as recorded, Vipunen's fields as supposed.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest

from kommunanalys.municipalities import municipalities
from kommunanalys.sources import treasury_codes
from tests.sources.json_server import JsonServer
from tests.sources.pxweb_server import PxWeb, Table
from tests.sources.treasury_server import Treasury, made_up_id, service_lines

JAKOBSTAD, MARIEHAMN = "598", "478"
YEARS = (2024, 2025)
TEXTS = {
    "M411": "Folkmängd",
    "M408": "Tätortsgrad, %",
    "M404": "Andel svenskspråkiga av befolkningen, %",
    "M410": "Andel utländska medborgare av befolkningen, %",
    "M162": "Andel arbetslösa av arbetskraften, %",
    "M478": "Andel pensionärer av befolkningen, %",
}
RESOURCES = {
    "perusopetus_oppilaat_lukuvuosi_oppilaitos": ("lukuvuosi", "oppilaatLukuvuosiLkm"),
    "lukio_opiskelijat_vuosi_tutkinto": ("tilastovuosi", "opiskelijatLkm"),
}
FIELDS = ("kooditKoulutuksenJarjestaja", "kooditKoulutuksenJarjestajanKunta", "kooditOppilaitos",
          "kooditOppilaitoksenKunta")  # fmt: skip
FOUNDATION = "0999999-9"


def business_id(code: str) -> str:
    return treasury_codes.business_ids().get(code) or made_up_id(code)


class Vipunen(JsonServer):
    """Answers from `rows` by resource; understands the filters that name years."""

    def __init__(self) -> None:
        super().__init__()
        self.fields = {
            name: {year: "string", **dict.fromkeys(FIELDS, "string"), count: "number"}
            for name, (year, count) in RESOURCES.items()
        }
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in RESOURCES}

    def add(self, resource: str, year: int, organiser: str, code: str, school: int, pupils: float) -> None:
        field, count = RESOURCES[resource]
        spelt: Any = f"{year}/{year + 1}" if field == "lukuvuosi" else year
        values = dict(zip(FIELDS, (organiser, code, f"{school:05d}", code), strict=True))
        self.rows[resource].append({field: spelt, **values, count: pupils})

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(path)
        words = [unquote(word) for word in parts.path.split("/")[3:]]
        query = {name: given[0] for name, given in parse_qs(parts.query).items()}
        if not words:
            return 200, list(self.rows)
        if len(words) == 1:
            return 200, [{"name": name, "type": kind} for name, kind in self.fields[words[0]].items()]
        wanted = re.fullmatch(r"(\w+)=in=\((.*)\)", query.get("filter", ""))
        rows = self.rows[words[0]]
        if wanted:
            rows = [row for row in rows if str(row[wanted[1]]) in wanted[2].replace("'", "").split(",")]
        if words[-1] == "count":
            return 200, len(rows)
        start = int(query.get("offset", 0))
        return 200, rows[start : start + int(query["limit"])]


class Finland:
    """All three, about Jakobstad, Mäntyharju and Pertunmaa (one municipality from 2025) and 40 more."""

    def __init__(self, folder: Path) -> None:
        mainland = municipalities("FI", year=2024).query("region != '21'").index
        ours = [JAKOBSTAD, "507", "588"]
        self.codes = [*ours, *[code for code in mainland if code not in ours][:40]]
        self.taxonomy = folder / "KKNR.json"
        self.taxonomy.write_text(json.dumps(service_lines(["3051", "3101"])), encoding="utf-8")
        self.figures: dict[tuple[str, int], dict[str, float]] = {}
        self.treasury, self.vipunen, self.statfin = Treasury(), Vipunen(), PxWeb({})
        self.treasury.directory = {
            code: made_up_id(code) for code in mainland if code not in treasury_codes.business_ids()
        }
        self._invent(np.random.default_rng(598))
        self.open = ExitStack()

    def _invent(self, random: np.random.Generator) -> None:
        for code in self.codes:
            needs = {"M408": random.uniform(40, 98), "M404": random.uniform(0, 60), "M410": random.uniform(1, 9)}
            needs |= {"M411": float(random.integers(1_500, 90_000)), "M162": random.uniform(4, 15), "M478": 25.0}
            for year in YEARS[: 1 if code == "588" else 2]:
                pupils = round(needs["M411"] * random.uniform(0.09, 0.13))
                each = 11_500 - 30 * needs["M408"] + 25 * needs["M404"] + random.normal(0, 500) + 200 * (year - 2024)
                cost = round(pupils * each, 2)
                self.figures[code, year] = {**needs, "pupils": float(pupils), "cost": cost}
                self._publish(code, year, pupils, cost)
        areas = {f"KU{code}": code for code in [*self.codes, MARIEHAMN] if code != "588"}
        texts = {"SSS": "HELA LANDET", **areas}
        years = {str(year): str(year) for year in (2023, *YEARS)}
        axes = {
            "alue": ("Område", texts, False),
            "tiedot": ("Uppgifter", dict(TEXTS), False),
            "vuosi": ("År", years, False),
        }
        table = Table(axes, "vuosi", "tiedot")
        for at, area in enumerate(texts):
            known = self.figures.get((area[2:], 2025), self.figures[JAKOBSTAD, 2025])
            table.values[at] = np.array([[round(known[what], 1)] * len(years) for what in TEXTS])
        self.statfin.tables["Kuntien_avainluvut/uusin/147x"] = table

    def _publish(self, code: str, year: int, pupils: int, cost: float) -> None:
        figures = [("30511", cost), ("30512", cost / 20), ("31011", cost / 4), ("31012", 0.0)]
        key = ("Lopullinen", "KKNR", business_id(code), f"{year}C12")
        self.treasury.add(key, [("k-t07", number, f"{value:.2f}") for number, value in figures])
        compulsory, upper = RESOURCES
        self.vipunen.add(compulsory, year, business_id(code), code, 1, pupils // 2)
        self.vipunen.add(compulsory, year, business_id(code), code, 2, pupils - pupils // 2)
        self.vipunen.add(compulsory, year, FOUNDATION, code, 3, 77.0)
        self.vipunen.add(upper, year, business_id(code), code, 4, pupils // 4)

    def point(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lead the library here."""
        self.treasury.point(monkeypatch)
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_VIPUNEN", self.vipunen.address("api"))
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_STATFIN", self.statfin.address("v1"))
        monkeypatch.setenv("KOMMUNANALYS_TREASURY_CODES", str(self.taxonomy))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")

    def each(self, code: str, year: int) -> float:
        """Cost for each pupil."""
        found = self.figures[code, year]
        return found["cost"] / found["pupils"]

    def __enter__(self) -> Finland:
        for server in (self.treasury, self.vipunen, self.statfin):
            self.open.enter_context(server)
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()
