"""A Kolada of our own on this machine, and a clock that does not wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from kommunanalys.sources import session, transport
from tests.sources.server import Kolada, cell

if TYPE_CHECKING:
    from tests.sources.all_publishers import Everybody

# Made-up figures: two KPIs of the glossary and one outside it, four municipalities, three years.
CODES = ["0114", "0180", "1440", "2584"]
YEARS = [2019, 2020, 2021]
KPIS = [
    {"id": "N15027", "title": "Kostnad grundskola F-9, hemkommun, kr/elev", "is_divided_by_gender": False},
    {"id": "N15507", "title": "Elever i åk 9, meritvärde, hemkommun, genomsnitt", "is_divided_by_gender": True},
    {"id": "N15040", "title": "Kommunens köp av grundskola F-9 totalt, andel (%)", "is_divided_by_gender": False},
]


def made_up_value(kpi: str, code: str, year: int) -> float:
    return {"N15027": 100_000.0, "N15507": 200.0, "N15040": 10.0}[kpi] + int(code) / 100 + (year - 2019)


def made_up_rows() -> list[tuple[str, str, int, list[dict[str, object]]]]:
    return [
        (str(entry["id"]), code, year, [cell(made_up_value(str(entry["id"]), code, year))])
        for entry in KPIS
        for code in CODES
        for year in YEARS
    ]


class Clock:
    """Time passes by sleeping, and a second at each look, so that the pace alone never makes a test wait."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tick = 1.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(transport, "_sleep", clock.sleep)
    monkeypatch.setattr(transport, "_clock", clock)
    monkeypatch.setattr(transport, "_recent", {})
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.delenv("KOMMUNANALYS_MODE", raising=False)
    yield clock
    session.close()


@pytest.fixture
def kolada(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kolada]:
    with Kolada(made_up_rows(), KPIS) as server:
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_KOLADA", server.address)
        yield server


@pytest.fixture
def publishers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Everybody]:
    from tests.sources.all_publishers import everybody

    with everybody(monkeypatch) as servers:
        yield servers
