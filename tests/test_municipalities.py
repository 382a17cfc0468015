"""Municipalities: the table of facts against its sources, and what `find` understands."""

import csv
import gzip
import json
import unicodedata
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from kommunanalys import municipalities as room
from kommunanalys.errors import MergerError, UnknownMunicipality, UsageError
from kommunanalys.municipalities import find, known, municipalities, successors
from kommunanalys.paths import data_dir

LANGUAGES = {"0": "fi", "1": "fi-sv", "2": "sv", "3": "sv-fi"}
# Statistics Finland's numbers of municipalities on 1 January; 2013 onwards also in the yearly key.
NUMBERS = {2006: 431, 2007: 416, 2008: 415, 2009: 348, 2010: 342, 2011: 336, 2012: 336, 2013: 320, 2014: 320}
NUMBERS |= {2015: 317, 2016: 313, 2017: 311, 2018: 311, 2020: 310, 2021: 309, 2024: 309, 2025: 308, 2026: 308}


def rows(path: Path) -> list[dict[str, str]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = raw.decode("utf-8").splitlines()
    return [{key: " ".join(value.split()) for key, value in row.items()} for row in csv.DictReader(lines)]


def real() -> list[room.Municipality]:
    return [item for item in known().values() if not item.fictive]


@pytest.mark.shared
def test_finland_of_today_equals_statistics_finland(shared: Path) -> None:
    key = [
        row
        for row in rows(shared / "data/finland_municipalities/municipality_key_by_year.csv.gz")
        if row["year"] == "2026"
    ]
    ours = municipalities("FI")
    assert len(key) == 308
    assert list(ours.index) == sorted(row["kunta"] for row in key)
    for row in key:
        mine = ours.loc[row["kunta"]]
        assert mine["name_fi"] == row["municipality_name_fi"]
        assert mine["name_sv"] == row["municipality_name_sv"]
        assert mine["language"] == LANGUAGES[row["kielisuhde_code"]]
        assert mine["region"] == row["maakunta_code"].zfill(2)
        assert (mine["region_fi"], mine["region_sv"]) == (row["maakunta_name_fi"], row["maakunta_name_sv"])
        county = ("", "", "")
        if row["hyvinvointialue_code"] not in ("90", "91"):  # Helsinki and Åland belong to none
            names = row["hyvinvointialue_name_sv"], row["hyvinvointialue_name_fi"]
            county = (row["hyvinvointialue_code"].zfill(2), *names)
        assert tuple(mine[["county_code", "county_sv", "county_fi"]]) == county


@pytest.mark.shared
def test_english_names_equal_statistics_finland(shared: Path) -> None:
    key = rows(shared / "data/finland_municipalities/municipality_key_by_year.csv.gz")
    theirs = {row["kunta"]: row["municipality_name_en"] for row in key if row["year"] == "2026"}
    assert {code: find(code).name("en") for code in theirs} == theirs


@pytest.mark.shared
def test_mergers_equal_statistics_finland(shared: Path) -> None:
    into: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in rows(shared / "data/finland_municipalities/abolished_municipalities_1922_2022.csv"):
        if row["date"] >= "2007":
            into[row["abolished_code"], int(row["date"][:4])].add(row["into_codes"])
    ours = {(item.code, item.until): set(item.into) for item in real() if item.country == "FI" and item.until}
    assert ours.pop(("588", 2025)) == {"507"}  # later than the list; see data/README.md
    assert len(ours) == 131
    assert ours == into


@pytest.mark.shared
def test_every_year_has_the_municipalities_of_the_yearly_key(shared: Path) -> None:
    codes: dict[str, set[str]] = defaultdict(set)
    for row in rows(shared / "data/finland_municipalities/municipality_key_by_year.csv.gz"):
        codes[row["year"]].add(row["kunta"])
    assert len(codes) == 14
    for year, expected in codes.items():
        assert set(municipalities("FI", year=int(year)).index) == expected


@pytest.mark.shared
def test_sweden_equals_kolada(shared: Path) -> None:
    ours = municipalities("SE")
    theirs = rows(shared / "data/kolada/kolada_municipalities.csv")
    assert len(theirs) == 290
    assert ours["name_sv"].to_dict() == {row["kommun"]: row["name"] for row in theirs}
    assert ours["region"].to_dict() == {row["kommun"]: row["region"] for row in theirs}
    recorded = json.loads((shared / "data/api-recordings/kolada/v3_municipality.json").read_text(encoding="utf-8"))
    assert {row["id"]: row["title"] for row in recorded["values"] if row["type"] == "K"} == ours["name_sv"].to_dict()


@pytest.mark.parametrize(("year", "number"), NUMBERS.items())
def test_number_of_finnish_municipalities(year: int, number: int) -> None:
    assert len(municipalities("FI", year=year)) == number


def test_table_is_clean() -> None:
    raw = (data_dir() / "municipalities.csv").read_bytes()
    assert b"\r" not in raw
    for item in real():
        texts = (item.name_sv, item.name_fi, item.region_sv, item.region_fi, item.county_sv, item.county_fi, *item.also)
        assert all(text == " ".join(text.split()) == unicodedata.normalize("NFC", text) for text in texts), item
        assert item.name_sv
        assert len(item.code) == {"FI": 3, "SE": 4}[item.country]
        assert (item.until is None) == (item.into == ()), item
        assert all(known()[code].exists(item.until or 0) for code in item.into), item
    assert len(set(municipalities("SE")["region"])) == 21
    assert len(set(municipalities("FI")["region"])) == 19
    assert len(set(municipalities("FI")["county_code"]) - {""}) == 21


def test_other_names_hide_nobody() -> None:
    names = {name: item.code for item in real() for name in (item.name_sv, item.name_fi) if name}
    for item in real():
        for name in item.also:
            assert name not in names or names[name] == item.code
            assert find(name) is item


def test_every_spelling_finds_the_same() -> None:
    for item in known().values():
        codes = [item.code, f"KU{item.code}"] if item.country == "FI" and not item.fictive else [item.code]
        names = [item.name_sv, item.name_fi or item.name_sv] if item.until is None else []
        for text in [*codes, *names]:
            assert find(text, country=item.country) is item
            assert find(f"  {text.upper()} ", country=item.country) is item


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Jakobstads stad", "598"),
        ("Pietarsaari", "598"),
        ("ku598", "598"),
        ("Ale kommun", "1440"),
        ("Borås Stad", "1490"),
        ("Helsinki kaupunki", "091"),
        ("Pedersören kunta", "599"),
        ("Pedersöre kommun", "599"),
        ("Upplands-Bro  kommun", "0139"),
        (unicodedata.normalize("NFD", "Malmö"), "1280"),
        ("Heby", "0331"),
        ("Vörå", "946"),
        ("Parainen", "445"),
    ],
)
def test_find_understands(text: str, code: str) -> None:
    assert find(text).code == code


def test_abolished_is_found_with_its_successor() -> None:
    item = find("Maxmo")
    assert (item.code, item.until, item.into) == ("479", 2007, ("945",))
    assert find("1917").into == ("0331",)


def test_name_in_both_countries_needs_a_country() -> None:
    with pytest.raises(UnknownMunicipality, match=r"976 \(FI\), 2518 \(SE\)"):
        find("Övertorneå")
    assert find("Övertorneå", country="SE").code == "2518"
    assert find("Övertorneå", country="FI").name("fi") == "Ylitornio"


@pytest.mark.parametrize(
    ("text", "closest"),
    [
        ("Pedersør", "Pedersöre (599, FI)"),
        ("Jakobstda", "Jakobstad (598, FI)"),
        ("Stokholm", "Stockholm (0180, SE)"),
        ("91", "Helsinki (091, FI)"),
    ],
)
def test_unknown_names_the_closest(text: str, closest: str) -> None:
    with pytest.raises(UnknownMunicipality) as caught:
        find(text)
    assert repr(text) in str(caught.value)
    assert closest in str(caught.value)


def test_a_name_of_the_other_country_is_not_found_but_named() -> None:
    with pytest.raises(UnknownMunicipality, match="is a municipality of SE, and this is about FI"):
        find("Stockholm", country="FI")
    with pytest.raises(UnknownMunicipality, match=r"'180'.*Stockholm \(0180, SE\)"):
        find("180", country="SE")


@pytest.mark.parametrize("text", ["", " ", "qqqqqq", "12345", "kommun"])
def test_nothing_close(text: str) -> None:
    with pytest.raises(UnknownMunicipality, match="Closest: –"):
        find(text)


@pytest.mark.parametrize("value", [91, 114.0, None, np.int64(91), True])
def test_numbers_are_refused(value: object) -> None:
    with pytest.raises(UnknownMunicipality, match="leading zeros"):
        find(value)


def test_bad_country_and_year() -> None:
    with pytest.raises(UsageError, match="'NO'"):
        find("Ale", country="NO")
    with pytest.raises(UsageError, match="Choose a year from 2006 to 2026"):
        municipalities(year=1999)


def test_names_and_aland() -> None:
    assert [find("478").name(language) for language in ("sv", "fi", "en")] == [
        "Mariehamn",
        "Maarianhamina",
        "Mariehamn",
    ]
    assert find("091").name("en") == "Helsinki"
    assert find("1440").name("fi") == "Ale"
    assert find("478").is_aland
    assert sum(item.is_aland for item in real()) == 16
    assert not find("2180").is_aland


def test_chains() -> None:
    assert successors("944", 2006) == ("944",)
    assert successors("479", 2007) == ("945",)
    assert successors("479", 2026) == ("946",)
    assert successors("772", 2008) == ("912",)
    assert successors("772", 2009) == ("790",)
    assert successors("443", 2007) == ("182", "562")
    assert successors("1917", 2007) == ("0331",)
    with pytest.raises(MergerError, match=r"Raseborg \(710\) did not exist in 2008"):
        successors("710", 2008)


def test_all_areas_lie_in_today() -> None:
    today = set(municipalities().index)
    for item in real():
        assert set(successors(item.code, 2026)) <= today


def test_fictive_ones_stand_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "municipalities.csv").write_bytes((data_dir() / "municipalities.csv").read_bytes())
    monkeypatch.setattr(room, "data_dir", lambda: tmp_path)
    assert municipalities(fictive=True).empty
    example = tmp_path / "with"
    (example / "example").mkdir(parents=True)
    (example / "municipalities.csv").write_bytes((tmp_path / "municipalities.csv").read_bytes())
    text = "country,code,name_sv,name_fi,until,into\nFI,X01,Dimby,Usvala,,\nFI,X02,Molnvik,Pilvilahti,2020,X01\n"
    (example / "example" / "municipalities.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(room, "data_dir", lambda: example)
    assert find("Usvala").code == find("X01").code == "X01"
    assert find("x01").fictive
    assert find("X01").name("en") == "Usvala"
    assert successors("Molnvik", 2020) == ("X01",)
    assert list(municipalities("FI", year=2019, fictive=True).index) == ["X01", "X02"]
    assert "X01" not in municipalities().index
