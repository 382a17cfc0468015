"""avoindata.fi: every data set that the portal counts, and files that are what the portal says they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import kommunanalys as ka
from kommunanalys.errors import IncompleteAnswer, KommunanalysError, NoData, OfflineMiss, SourceError, UsageError
from kommunanalys.origin import hash_bytes
from kommunanalys.sources import http
from kommunanalys.sources.avoindata import get_avoindata, search_avoindata, spoken
from kommunanalys.sources.purchases import get_purchases
from tests.sources.open_server import LASTING, PASSING, Portal
from tests.sources.server import Fault

TABLE = "Kuntanro;Summa\n049;1 200,50\n091;..\n".encode("cp1252")


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    with Portal() as server:
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_AVOINDATA", f"{server.address}/data")
        for number in range(23):
            server.add(f"aineisto-{number:02}", {f"taulu-{number}.csv": TABLE})
        yield server


@pytest.mark.parametrize("largest", [1000, 23, 22, 5, 1])
def test_every_page_is_asked_for(portal: Portal, largest: int) -> None:
    portal.largest = largest
    found = search_avoindata("", "fi")
    assert found["id"].tolist() == [f"aineisto-{number:02}" for number in range(23)]
    assert len(portal.requests) == -(-23 // largest)
    assert list(found)[:5] == ["source", "id", "title", "updated", "address"]


def test_one_row(portal: Portal) -> None:
    row = search_avoindata("aineisto-07", "sv").iloc[0].to_dict()
    assert row == {
        "source": "avoindata",
        "id": "aineisto-07",
        "title": "aineisto-07 suomeksi",
        "updated": "2026-11-01T00:00:00",
        "address": f"{portal.address}/data/sv/dataset/aineisto-07",
        "description": "Beskrivning",
        "organisation": "Staden",
        "licence": "Creative Commons Attribution 4.0",
        "formats": "CSV",
    }
    english = search_avoindata("aineisto-07", "en").iloc[0]
    assert (english["title"], english["organisation"]) == ("aineisto-07 in English", "Staden")
    assert "/en_GB/dataset/" in english["address"]


def test_nothing_found_is_an_empty_table(portal: Portal) -> None:
    assert search_avoindata("finns inte").shape == (0, 9)


def test_organisations(portal: Portal) -> None:
    portal.add("toinen", {"t.csv": TABLE}, organization={"name": "espoo", "title": "Espoo"})
    assert search_avoindata(organisation="espoo")["organisation"].tolist() == ["Espoo"]
    with pytest.raises(UsageError, match="Closest: espoo"):
        search_avoindata(organisation="esboo")


@pytest.mark.parametrize("more", [1, -1])
def test_a_count_that_disagrees(portal: Portal, more: int) -> None:
    portal.miscount = more
    with pytest.raises(IncompleteAnswer, match=f"counts {23 + more} data sets"):
        search_avoindata()


def test_the_same_data_set_twice_is_no_second_one(portal: Portal) -> None:
    portal.packages[5] = portal.packages[4]
    portal.largest = 5
    with pytest.raises(IncompleteAnswer, match="gave 22 different ones"):
        search_avoindata()


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize("first", range(3))
def test_passing_faults_leave_the_whole_table(portal: Portal, fault: Fault, first: int) -> None:
    portal.largest = 10
    seen: list[str] = []

    def once(path: str) -> Fault | None:
        seen.append(path)
        return fault if len(seen) == first + 1 else None

    portal.standing = once
    assert len(search_avoindata()) == 23


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
def test_lasting_faults_give_one_error(portal: Portal, fault: Fault) -> None:
    portal.standing = lambda _: fault
    with pytest.raises(SourceError) as caught:
        search_avoindata()
    assert "package_search" in str(caught.value)
    with pytest.raises(KommunanalysError) as caught_again:
        get_avoindata("aineisto-01")
    assert "aineisto-01" in str(caught_again.value)


def test_a_file_by_data_set_and_by_resource(portal: Portal) -> None:
    by_name = get_avoindata("aineisto-01", numbers=["Summa"])
    assert by_name.fillna(-1).to_dict("list") == {
        "Kuntanro": ["049", "091"],
        "Summa": [1200.5, -1],
        "Summa flag": ["", "missing"],
    }
    assert get_avoindata("aineisto-01-1")["Summa"].tolist() == ["1 200,50", ".."]
    (origin,) = ka.origins(by_name)
    assert (origin.producer, origin.licence) == ("Staden", "Creative Commons Attribution 4.0")
    assert (origin.sha256, origin.country) == (hash_bytes(TABLE), "FI")
    assert origin.published == "2026-11-01T00:00:00"
    with http.mode("offline"):
        assert get_avoindata("aineisto-01").to_dict("list") == get_avoindata("aineisto-01-1").to_dict("list")
        with pytest.raises(OfflineMiss):
            get_avoindata("aineisto-02")


def test_a_ledger_of_the_portal(portal: Portal) -> None:
    ledger = "Kuntanro;Toimittaja;Summa\n049;Virtanen Maija;1 200,50\n091;A Oy;1\n"
    portal.add("ostot", {"ostot.csv": ledger.encode("cp1252")})
    table = get_purchases("ostot")
    assert table[["municipality", "supplier", "amount"]].values.tolist() == [
        ["049", "sole trader 1", 1200.5],
        ["091", "A Oy", 1.0],
    ]
    (origin,) = ka.origins(table)
    assert (origin.producer, origin.sha256) == ("Staden", hash_bytes(ledger.encode("cp1252")))
    assert "1 rows of suppliers that may be private persons are masked." in origin.note


def test_the_stated_checksum(portal: Portal) -> None:
    resource = portal.packages[3]["resources"][0]
    resource["sha256"] = hash_bytes(TABLE).upper()
    assert len(get_avoindata("aineisto-03")) == 2
    portal.files["taulu-3.csv"] = TABLE.replace(b"1 200", b"1 300")
    with http.mode("refresh"), pytest.raises(SourceError, match="is not the file that"):
        get_avoindata("aineisto-03")


def test_several_files_none_and_no_such_data_set(portal: Portal) -> None:
    portal.add("monta", {"yksi.csv": TABLE, "kaksi.csv": TABLE})
    portal.add("tyhja", {})
    with pytest.raises(UsageError, match=r"monta-1 \(yksi.csv, csv\); monta-2"):
        get_avoindata("monta")
    assert len(get_avoindata("monta-2")) == 2
    with pytest.raises(NoData, match="no files"):
        get_avoindata("tyhja")
    with pytest.raises(NoData, match="no data set and no resource 'finns-inte'"):
        get_avoindata("finns-inte")


def test_a_web_page_for_a_file(portal: Portal) -> None:
    portal.standing = lambda path: LASTING["web page"] if "/files/" in path else None
    with pytest.raises(SourceError, match="web page"):
        get_avoindata("aineisto-01")


def test_texts_fall_back() -> None:
    assert spoken({"fi": "f", "sv": "", "en": "e"}, "sv") == "f"
    assert spoken({"sv": "s", "en": "e"}, "fi") == "s"
    assert spoken({"en": "e"}, "fi") == "e"
    assert spoken({}, "fi") == spoken(None, "sv") == ""


@pytest.mark.shared
def test_the_field_names_are_those_of_the_portals_schema(shared: Path) -> None:
    schema = json.loads((shared / "data" / "api-recordings" / "avoindata" / "ytp_dataset_schema.json").read_bytes())
    fields = {field["field_name"] for field in schema["dataset_fields"]}
    assert {"title_translated", "notes_translated", "license_id", "name"} <= fields
    assert {"name_translated", "url", "format", "sha256"} <= {
        field["field_name"] for field in schema["resource_fields"]
    }
