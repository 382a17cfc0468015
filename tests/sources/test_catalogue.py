"""One call for every source."""

from __future__ import annotations

from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys.errors import IncompleteAnswer, NoData, SourceError, UnknownIndicator, UnknownMunicipality, UsageError
from kommunanalys.sources import get_kolada, http, load, read_example, read_kolada, search
from kommunanalys.sources.catalogue import covered
from kommunanalys.sources.kolada import COLUMNS
from tests.sources.all_publishers import PUPILS, SHORT, Everybody
from tests.sources.conftest import CODES, KPIS, YEARS, made_up_rows
from tests.sources.json_server import always
from tests.sources.server import Fault, Kolada

TEXT = """kpi,municipality,year,value
n15027,0114,2020,100
n15027,0114,2021,101
n15027,1440,2021,102
n01951,0114,2021,47820
n15040,0114,2021,7
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "Kolada å"
    place.mkdir()
    (place / "a.csv").write_text(TEXT, encoding="utf-8")
    return place


def test_everything_from_a_path(folder: Path) -> None:
    whole = load(folder)
    assert_frame_equal(whole, read_kolada(folder))
    assert whole.attrs["lacking"] == []
    assert [item.address for item in ka.origins(whole)] == ["a.csv"]
    assert_frame_equal(load(str(folder / "a.csv")), whole)


def test_what_a_source_covers(folder: Path, shared: Path) -> None:
    assert covered(folder) == ["0114", "1440"]
    assert covered("kolada:N15027") == covered("scb:TAB6471") == covered(shared / "data" / "kolada")
    assert len(covered("kolada")) == 290
    assert len(covered("finland")) == len(covered("statfin:key_figures")) == 308
    assert covered("example")[-1] == "X38"  # X39 and X40 are merged into it
    with pytest.raises(SourceError, match="is no source"):
        covered("kolda")


def test_what_is_wanted_from_a_path(folder: Path) -> None:
    table = load(folder, ["compulsory_cost_home", "N15040", "tax_rate"], municipalities=["Ale", "0114"], years=[2021])
    assert table[["municipality", "indicator", "value"]].values.tolist() == [
        ["0114", "compulsory_cost_home", 101.0],
        ["1440", "compulsory_cost_home", 102.0],
        ["0114", "N15040", 7.0],
    ]
    assert table.attrs["lacking"] == ["tax_rate"]
    assert table.index.tolist() == [0, 1, 2]
    assert len(ka.origins(table)) == 1
    assert_frame_equal(
        load(folder, "n15027", years=2020), load(folder, "compulsory_cost_home", years=range(2020, 2021))
    )


def test_nothing_there(folder: Path) -> None:
    with pytest.raises(
        NoData, match=r"none of the indicators tax_rate, equity_ratio\. It has: N15040, compulsory_cost"
    ):
        load(folder, ["tax_rate", "equity_ratio"])
    with pytest.raises(NoData, match="no figures for municipality 0180"):
        load(folder, municipalities=["0114", "0180"])
    with pytest.raises(NoData, match="years 2020–2021"):
        load(folder, years=1901)
    with pytest.raises(NoData, match="together"):
        load(folder, "population", municipalities="Ale")


def test_wrong_questions(folder: Path) -> None:
    with pytest.raises(UnknownIndicator, match="compulsory_cost_home"):
        load(folder, "compulsory_cost_hom")
    with pytest.raises(UnknownMunicipality, match="Ale"):
        load(folder, municipalities="Alee")
    with pytest.raises(UsageError, match="indicators is empty"):
        load(folder, [])
    with pytest.raises(UsageError, match="whole numbers"):
        load(folder, years="2021")


def test_no_such_source(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"'kolda' is no source\. Give example, .*kolada, .* or a path\. .*'kolda'"):
        load("kolda")
    with pytest.raises(SourceError, match="Closest in the folder above: Kolada å"):
        load(folder.parent / "Kolada a")


def test_example() -> None:
    table = load("example", ["compulsory_cost_home", "tax_rate"], municipalities=["X07", "X08"], years=[2022, 2023])
    expected = read_example().query("municipality in ['X07', 'X08'] and year in [2022, 2023]")
    expected = expected[expected["indicator"].isin(["compulsory_cost_home", "tax_rate"])]
    assert_frame_equal(table, expected.reset_index(drop=True))
    assert ka.origins(table) != []


def test_kolada(kolada: Kolada) -> None:
    table = load("kolada", ["compulsory_cost_home", "N15040"], municipalities=CODES, years=YEARS)
    assert_frame_equal(table, get_kolada(["N15027", "N15040"], CODES, YEARS))
    assert len(ka.origins(table)) == 1


def test_kolada_lacks_what_it_does_not_publish(kolada: Kolada) -> None:
    kolada.rows = [row for row in made_up_rows() if row[0] != "N15507" or row[2] == 2021]
    wanted = ["compulsory_cost_home", "compulsory_merit_home", "total_cost"]
    table = load("kolada", wanted, municipalities=CODES, years=[2019, 2020])
    assert set(table["indicator"]) == {"compulsory_cost_home"}
    assert table.attrs["lacking"] == ["compulsory_merit_home", "total_cost"]
    with pytest.raises(NoData, match="Kolada publishes none of total_cost"):
        load("kolada", "total_cost")
    with pytest.raises(IncompleteAnswer, match="N15507"):
        load("kolada", "compulsory_merit_home", years=2019)


def test_kolada_asks_for_all_of_ours(kolada: Kolada) -> None:
    with pytest.raises(UnknownIndicator, match="does not know"):
        load("kolada", years=2021)
    asked = {kpi for path in kolada.requests for kpi in path.split("?")[0].split("/")[3].split(",")}
    assert asked == set(COLUMNS)
    assert {entry["id"] for entry in KPIS} & asked == {"N15027", "N15507"}


@pytest.mark.shared
def test_the_real_folder(shared: Path) -> None:
    table = load(shared / "data/kolada", "compulsory_cost_own", years=2021)
    assert len(table) == 290
    assert table["value"].mean() == pytest.approx(124_800, abs=50)


# Search

SEARCHED = ["kolada", "statfin", "scb", "sotkanet", "vipunen", "treasury", "avoindata"]


@pytest.mark.parametrize(
    ("words", "language", "found"),
    [
        ("kostnad", "sv", {"kolada:N15027"}),
        ("11ra", "sv", {"statfin:vaerak/11ra"}),
        ("TAB6471", "sv", {"scb:TAB6471"}),
        ("väestö", "fi", {"sotkanet:127"}),
        ("oppilaat", "sv", {f"vipunen:{PUPILS}"}),
        ("menot", "fi", {"avoindata:menot"}),
        ("verksamhetens kostnader", "sv", {"treasury:operating_cost"}),
    ],
)
def test_what_is_found_can_be_loaded(publishers: Everybody, words: str, language: str, found: set[str]) -> None:
    table = search(words, language=language)
    assert list(table) == ["source", "id", "title", "updated", "address"]
    assert table.attrs["unanswered"] == {}
    ids = set(table["source"] + ":" + table["id"])
    assert found <= ids
    for source in found:
        assert len(load(source, **SHORT.get(source, {"municipalities": "Esbo"} if "treasury" in source else {})))


def test_the_same_again_offline(publishers: Everybody) -> None:
    first = search("kostnad")
    asked = len(publishers.requests)
    with http.mode("offline"):
        assert_frame_equal(search("kostnad"), first)
    assert len(publishers.requests) == asked


def test_one_that_does_not_answer_is_named(publishers: Everybody) -> None:
    publishers["sotkanet"].standing = always(Fault(404, b"{}"))
    with pytest.warns(UserWarning, match=r"did not answer.*sotkanet: sotkanet answered .*404"):
        table = search("kostnad")
    assert list(table.attrs["unanswered"]) == ["sotkanet"]
    assert "kolada" in set(table["source"])


def test_nobody_answers(publishers: Everybody) -> None:
    with (
        http.mode("offline"),
        pytest.raises(SourceError, match=r"No publisher answered\. kolada: Offline.*vipunen: Off"),
    ):
        search("kostnad", sources=["kolada", "vipunen"])
    with pytest.raises(SourceError, match="statfin"), http.mode("offline"):
        search("kostnad", sources="statfin")


def test_some_publishers_in_the_order_asked(publishers: Everybody) -> None:
    table = search("a", sources=["vipunen", "kolada"])
    assert table["source"].drop_duplicates().tolist() == ["vipunen", "kolada"]
    assert set(search("a")["source"]) <= set(SEARCHED)
    with pytest.raises(UsageError, match=f"kolda. Choose among {', '.join(SEARCHED)}"):
        search("a", sources=["kolda"])
    with pytest.raises(UsageError, match="what to look for"):
        search(" ")
    with pytest.raises(UsageError, match="'de'"):
        search("a", language="de")


def test_nothing_found_is_an_empty_table(publishers: Everybody) -> None:
    table = search("finns inte alls")
    assert table.shape == (0, 5)
    assert table.attrs["unanswered"] == {}
