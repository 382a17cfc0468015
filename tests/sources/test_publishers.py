"""Short names: every publisher through one door, offline again bit for bit, and the right question to each."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys.errors import NoData, OfflineMiss, UnknownIndicator, UsageError
from kommunanalys.sources import get_kolada, get_scb, get_sotkanet, get_statfin, get_treasury, get_vipunen, http, load
from kommunanalys.sources.publishers import PUBLISHERS, split
from kommunanalys.tables import check_observations
from tests.sources.all_publishers import PUPILS, SHORT, Everybody
from tests.sources.pxweb_server import Table
from tests.sources.test_statfin import AREA, WHAT


@pytest.mark.parametrize("source", SHORT)
def test_again_without_a_network_it_is_the_same_bit_for_bit(publishers: Everybody, source: str) -> None:
    first = check_observations(load(source, **SHORT[source]))
    asked = len(publishers.requests)
    assert asked > 0
    with http.mode("offline"):
        again = load(source, **SHORT[source])
    assert len(publishers.requests) == asked
    assert again.to_csv() == first.to_csv()
    assert_frame_equal(again, first, check_exact=True)
    assert again.attrs["lacking"] == first.attrs["lacking"] == []
    hashes = [[item.sha256 for item in ka.origins(table)] for table in (first, again)]
    assert hashes[0] == hashes[1] != []
    assert all(item.licence and item.credit for item in ka.origins(first))


@pytest.mark.parametrize("source", SHORT)
def test_without_network_and_cache_nothing_is_made_up(publishers: Everybody, source: str) -> None:
    with http.mode("offline"), pytest.raises(OfflineMiss):
        load(source, **SHORT[source])
    assert publishers.requests == []


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert_frame_equal(one, other, check_exact=True)
    assert one.attrs["origin"] == other.attrs["origin"]


def test_the_short_name_asks_what_the_long_one_does(publishers: Everybody) -> None:
    same(load("kolada:n15027", years=2021), get_kolada("N15027", None, 2021))
    same(
        load("statfin:11ra", municipalities="Jakobstad"), get_statfin("11ra", municipalities="Jakobstad", language="en")
    )
    same(load("scb:TAB6471"), get_scb("TAB6471", {"Alder": "TotSA"}))
    same(load("sotkanet:127", years=2020), get_sotkanet(127, 2020))
    same(load("sotkanet:127"), get_sotkanet("population", range(2018, 2025)))
    same(load(f"vipunen:{PUPILS}"), get_vipunen(PUPILS))
    same(load("treasury", municipalities="Esbo", years=[2024, 2025]), get_treasury(None, "Esbo", [2024, 2025]))
    same(load("treasury:KTAS", municipalities="Esbo", years=2023), get_treasury(None, "Esbo", 2023, package="KTAS"))


def test_figures_by_our_name_the_publishers_code_or_its_words(publishers: Everybody) -> None:
    for name in ("key_figures.M999", "M999", "Andel röda stugor, %"):
        table = load("statfin:key_figures", name)
        assert set(table["indicator"]) == {"key_figures.M999"}
    posts = publishers["pxweb"].posts
    assert {tuple(item["selection"]["values"]) for post in posts for item in post["query"] if item["code"] == WHAT} == {
        ("M999",)
    }
    table = load("statfin:11ra", ["population", "tax_rate"])
    assert set(table["indicator"]) == {"population"}
    assert table.attrs["lacking"] == ["tax_rate"]
    with pytest.raises(NoData, match="Statistics Finland publishes none of tax_rate"):
        load("statfin:11ra", "tax_rate")
    with pytest.raises(UsageError, match="M999"):
        load("statfin:key_figures", "M000")


def test_a_figure_that_is_neither_ours_nor_the_sources(publishers: Everybody) -> None:
    with pytest.raises(UnknownIndicator, match=rf"The source itself has: {PUPILS}\.oppilaat"):
        load(f"vipunen:{PUPILS}", "oppilaita")
    table = load(f"vipunen:{PUPILS}", "oppilaatLukuvuosiLkm", municipalities="Jakobstad")
    assert table["value"].sum() == sum(10.0 + school for school in range(5))


def test_a_variable_without_one_total_must_be_named(publishers: Everybody) -> None:
    axes = {
        AREA: ("Område", {"KU598": "Jakobstad"}, False),
        "ika": ("Ålder", {"0-14": "0-14", "15-": "15-"}, False),
        WHAT: ("Uppgifter", {"vaerak-vaesto": "Folkmängd"}, False),
        "y": ("År", {"2023": "2023"}, False),
    }
    publishers["pxweb"].tables["StatFin/vaerak/99zz"] = Table(axes, "y", WHAT)
    with pytest.raises(UsageError, match="Ålder, which cannot be left out"):
        load("statfin:vaerak/99zz")


@pytest.mark.parametrize("name", ["statfin", "scb", "vipunen", "avoindata"])
def test_a_publisher_with_many_tables_says_so(publishers: Everybody, name: str) -> None:
    with pytest.raises(UsageError, match=rf"many tables.*{name}:\w"):
        load(name)
    assert publishers.requests == []


def test_school_units_of_one_municipality(publishers: Everybody) -> None:
    table = load("skolverket:gr", municipalities=["Ale"], years=2024)
    assert table[["municipality", "school_unit", "value"]].values.tolist() == [["1440", "10000001", 12.5]]
    for wrong in (None, ["Ale", "Stockholm"]):
        with pytest.raises(UsageError, match="one municipality at a time"):
            load("skolverket:gr", municipalities=wrong)


def test_years_are_those_of_the_values(publishers: Everybody) -> None:
    assert load("treasury", municipalities="Esbo")["year"].unique().tolist() == [2025]
    costs = load("treasury", "operating_cost", municipalities="Esbo", years=[2024, 2025])
    assert costs["value"].tolist() == [2024.5, 2025.5]
    assert load(f"vipunen:{PUPILS}", years=2024)["year"].unique().tolist() == [2024]
    with pytest.raises(NoData, match="years 2024–2024"):
        load(f"vipunen:{PUPILS}", years=1999)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("kolada", ("kolada", "")),
        ("kolada:N15027", ("kolada", "N15027")),
        ("vipunen:a:b", ("vipunen", "a:b")),
        ("C:\\data\\a.csv", None),
        ("./kolada", None),
        ("kolda:N15027", None),
        ("Kolada", None),
    ],
)
def test_what_is_a_short_name(text: str, parts: Any) -> None:
    assert split(text) == parts


def test_hosts_follow_the_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PUBLISHERS["treasury"].hosts()[1:3] == ["api.tutkihallintoa.fi", "rajapinnat.ymparisto.fi"]
    monkeypatch.setenv("KOMMUNANALYS_ADDRESS_TREASURY_TAXONOMY", "https://mirror.example:8443/x")
    assert PUBLISHERS["treasury"].hosts()[1] == "mirror.example:8443"


@pytest.mark.parametrize("name", [name for name, item in PUBLISHERS.items() if item.check])
def test_every_address_that_a_publisher_uses_is_declared(publishers: Everybody, name: str) -> None:
    hosts = PUBLISHERS[name].hosts()
    ask = PUBLISHERS[name].check
    assert ask is not None
    before = len(publishers.requests)
    seen = ask()
    assert seen.rows > 0
    assert seen.example
    assert len(publishers.requests) > before
    assert all(host.startswith("127.0.0.1:") or "blob" in host for host in hosts)
