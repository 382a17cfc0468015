"""Tables of avoindata.fi by municipality and year: every number, or an error that names the way out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import kommunanalys as ka
from kommunanalys.errors import UsageError
from kommunanalys.sources import load
from kommunanalys.tables import check_observations
from tests.sources.all_publishers import TABLE
from tests.sources.open_server import Portal


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    with Portal() as server:
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_AVOINDATA", f"{server.address}/data")
        yield server


def put(portal: Portal, text: str, encoding: str = "utf-8") -> None:
    portal.add("menot", {"menot.csv": text.encode(encoding)})


def test_columns_of_numbers_are_indicators_and_the_others_dimensions(portal: Portal) -> None:
    put(portal, TABLE, "cp1252")
    table = check_observations(load("avoindata:menot"))
    assert table[["municipality", "year", "indicator", "flag", "Luokka", "kpi"]].values.tolist() == [
        ["049", 2023, "menot.Menot", "", "A", "Menot"],
        ["091", 2023, "menot.Menot", "missing", "A", "Menot"],
        ["049", 2024, "menot.Menot", "", "A", "Menot"],
    ]
    assert table["value"].sum() == 1200.5 + 7.25
    (item,) = ka.origins(table)
    assert item.note == "1 rows without a municipality of today or a year are left out."
    assert (item.producer, item.licence) == ("Staden", "Creative Commons Attribution 4.0")


@pytest.mark.parametrize(
    "text",
    [
        "Kommun,Code,Year,A,B\nJakobstad,598,2023,1.5,2\nEsbo,049,2023,3.5,4\n",
        "KUNTA;VUOSI;A;B\nPietarsaari;2023;1,5;2\nESPOO;2023;3,5;4\n",
        "alue;år;A;B\nKU598;2023;1,5;2\nKU049;2023;3,5;4\n",
    ],
)
def test_municipalities_by_code_or_name(portal: Portal, text: str) -> None:
    put(portal, text)
    table = load("avoindata:menot", ["A", "B"])
    assert table["municipality"].tolist() == ["598", "049"] * 2
    assert table["value"].tolist() == [1.5, 3.5, 2.0, 4.0]


@pytest.mark.parametrize(
    "text",
    [
        "Kunta;Menot\nEspoo;1\nHelsinki;2\n",
        "Vuosi;Menot\n2023;1\n2024;2\n",
        "Kunta;Vuosi;Menot\nParis;2023;1\nRoma;2023;2\n",
        "Kunta;Vuosi;Laji\nEspoo;2023;a\nEspoo;2024;b\n",
        "Kunta;Vuosi;Menot\nEspoo;2023;1\nEspoo;2023;2\n",
        "Kunta;Vuosi;År;Menot\nEspoo;2023;2023;1\n",
    ],
    ids=["no year", "no municipality", "unknown places", "no numbers", "twice", "two years"],
)
def test_what_cannot_be_put_by_municipality_and_year(portal: Portal, text: str) -> None:
    put(portal, text)
    with pytest.raises(UsageError, match=r"It has: .*sources\.get_avoindata\('menot'\) gives it as it is"):
        load("avoindata:menot")


def test_a_doubtful_decimal_is_asked_about(portal: Portal) -> None:
    put(portal, "Kunta;Vuosi;Menot\nEspoo;2023;1.234\nEspoo;2024;5.678\n")
    with pytest.raises(UsageError, match=r"may be a thousand or a fraction.*get_avoindata"):
        load("avoindata:menot")


def test_codes_with_leading_noughts_are_no_numbers(portal: Portal) -> None:
    put(portal, "Kunta;Vuosi;Luokka;Menot\nEspoo;2023;0110;1\nEspoo;2023;0120;2\n")
    table = load("avoindata:menot")
    assert table["Luokka"].tolist() == ["0110", "0120"]
    assert set(table["indicator"]) == {"menot.Menot"}
