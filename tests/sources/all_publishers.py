"""Every publisher on this machine at once, and the questions that `load` and `search` can put to each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.sources.conftest import KPIS, made_up_rows
from tests.sources.open_server import Portal, Skolverket
from tests.sources.pxweb_server import PxWeb, Table
from tests.sources.server import Kolada, cell
from tests.sources.test_scb import AXES as SCB_AXES
from tests.sources.test_scb import MUNICIPALITIES
from tests.sources.test_sotkanet import Sotkanet
from tests.sources.test_statfin import AXES, TIME, WHAT, made_up
from tests.sources.test_vipunen import PUPILS, Vipunen
from tests.sources.treasury_server import Treasury, line

TABLE = "Kuntanro;Vuosi;Luokka;Menot\n049;2023;A;1 200,50\n091;2023;A;..\n049;2024;A;7,25\n999;2024;A;3,5\n"
ESPOO = "0101263-6"
SHORT: dict[str, dict[str, Any]] = {
    "kolada": {"indicators": ["compulsory_cost_home"], "municipalities": "Ale"},
    "kolada:N15027": {"years": [2019, 2021]},
    "statfin:11ra": {},
    "statfin:vaerak/11ra": {"indicators": "population"},
    "statfin:key_figures": {"indicators": ["population", "M999"]},
    "scb:TAB6471": {"municipalities": ["Ale", "0180"]},
    "sotkanet": {"indicators": "population"},
    "sotkanet:127": {},
    f"vipunen:{PUPILS}": {},
    "avoindata:menot": {},
    "treasury": {"indicators": ["operating_cost"], "municipalities": "Esbo"},
    "treasury:operating_cost": {"municipalities": "Esbo", "years": 2024},
    "treasury:KTAS": {"municipalities": "Esbo", "years": 2023},
    "skolverket:gr": {"municipalities": "Ale"},
}
"""What can be loaded by a short name, and how it is asked."""


class Everybody:
    """The servers by short name."""

    def __init__(self, **servers: Any) -> None:
        self.servers = servers

    def __getitem__(self, name: str) -> Any:
        return self.servers[name]

    @property
    def requests(self) -> list[Any]:
        return [request for server in self.servers.values() for request in server.requests]


def pxweb() -> PxWeb:
    figures = {**AXES, WHAT: ("Uppgifter", {"M411": "Folkmängd", "M999": "Andel röda stugor, %"}, False)}
    own = Table(SCB_AXES, "Tid", "ContentsCode", total={"Kon": "TotSa", "Region": "00"})
    own.codelists = {"Region": [{"id": "vs_RegionKommun07"}]}
    tables = {"StatFin/vaerak/11ra": made_up(), "Kuntien_avainluvut/uusin/147x": made_up(figures), "TAB6471": own}
    server = PxWeb(tables)
    server.codelists = {"vs_RegionKommun07": MUNICIPALITIES}
    assert TIME in AXES
    return server


def kolada() -> Kolada:
    population = {"id": "N01951", "title": "Invånare totalt, antal", "is_divided_by_gender": True}
    rows = [("N01951", "1440", year, [cell(30_000.0 + year)]) for year in (2020, 2021)]
    return Kolada([*made_up_rows(), *rows], [*KPIS, population])


def treasury() -> Treasury:
    server = Treasury()
    server.directory = {"049": ESPOO}
    for year in ("2024", "2025"):
        server.add(("Lopullinen", "KKNR", ESPOO, f"{year}C12"), [("k-t07", "3418067", f"{year}.50")])
    plan = [line("KTAS", "1", "Toimintakulut", tekninen="2022-11-02")]
    server.taxonomies = {"KTAS": plan}
    server.add(("Lopullinen", "KTAS", ESPOO, "2023"), [("k-t07", "1", "77.00")], taxonomy="jhs-2018-01/2022-11-02")
    return server


def portal() -> Portal:
    server = Portal()
    server.add("menot", {"menot.csv": TABLE.encode("cp1252")})
    server.add("ostolaskut", {"lasku.csv": b"a;b\nx;1\n"})
    return server


def school() -> Skolverket:
    server = Skolverket()
    server.units = {"10000001": "1440"}
    series = {"value": "12,5", "valueType": "EXISTS", "timePeriod": "2024/25"}
    server.series = {"10000001": {"studentsPerTeacherQuota": [series]}}
    return server


@contextmanager
def everybody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Everybody]:
    """All servers run, and the library asks them."""
    with ExitStack() as stack:
        made = {"kolada": kolada(), "pxweb": pxweb(), "sotkanet": Sotkanet(), "vipunen": Vipunen()}
        made |= {"treasury": treasury(), "avoindata": portal(), "skolverket": school()}
        servers = {name: stack.enter_context(server) for name, server in made.items()}
        addresses = {
            "KOLADA": servers["kolada"].address,
            "STATFIN": servers["pxweb"].address("v1"),
            "SCB": servers["pxweb"].address("v2"),
            "SOTKANET": servers["sotkanet"].address("rest"),
            "VIPUNEN": servers["vipunen"].address("api"),
            "AVOINDATA": f"{servers['avoindata'].address}/data",
            "SKOLVERKET": servers["skolverket"].address,
        }
        for name, address in addresses.items():
            monkeypatch.setenv(f"KOMMUNANALYS_ADDRESS_{name}", address)
        servers["treasury"].point(monkeypatch)
        yield Everybody(**servers)
