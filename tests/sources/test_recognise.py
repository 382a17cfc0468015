"""Paths: what a file or folder holds is told by its content."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys.errors import SourceError, UsageError
from kommunanalys.sources import http, load, read_jsonstat, read_kolada, read_skolverket, read_treasury
from kommunanalys.sources.recognise import kind
from kommunanalys.sources.template import write_template
from tests.sources.all_publishers import Everybody
from tests.sources.pxweb_server import Table
from tests.sources.test_statfin import AREA, SEX, TIME, WHAT, made_up

LONG = "kpi,municipality,year,value\nn15027,0114,2020,100\n"
SCHOOL = (
    "Grundskola - Prov\nValt läsår: 2024/25\n\nKommun;Kommun-kod;Typ av huvudman;Andel (%);\nAle;1440;Samtliga;7;\n"
)


def cube(table: Table, **chosen: list[str]) -> dict[str, Any]:
    return table.jsonstat({code: list(values) for code, (_, values, _) in table.axes.items()} | chosen)


def save(path: Path, data: object) -> Path:
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def book(path: Path, text: str) -> Path:
    made = openpyxl.Workbook()
    for line in text.splitlines():
        made.active.append(line.split(";"))
    made.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_skolverket_in_any_encoding_and_excel(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(SCHOOL, encoding=encoding)
    assert_frame_equal(load(path), read_skolverket(path))
    other = tmp_path / "a.csv.gz"
    other.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert load(tmp_path)["value"].tolist() == [7.0]
    assert load(book(tmp_path / "a.xlsx", SCHOOL))["municipality"].tolist() == ["1440"]


def test_kolada_in_csv_and_recorded(tmp_path: Path, publishers: Everybody) -> None:
    with http.snapshot(tmp_path):
        fetched = load("kolada:N15027")
    found = load(tmp_path)[list(fetched)].sort_values(["municipality", "year"], ignore_index=True)
    assert_frame_equal(found, fetched)
    (tmp_path / "b.csv").write_text('"KPI","Municipality","Year","Value"\nN15040,0114,2020,7\n', encoding="utf-8-sig")
    assert len(load(tmp_path)) == len(fetched) + 1
    assert_frame_equal(load(tmp_path), read_kolada(tmp_path))


def test_recorded_documents_of_the_treasury(tmp_path: Path, publishers: Everybody) -> None:
    with http.snapshot(tmp_path):
        fetched = load("treasury:operating_cost", municipalities="Esbo", years=2024)
    table = load(tmp_path, "operating_cost")
    assert table["value"].tolist() == fetched["value"].tolist() == [2024.5]
    assert_frame_equal(load(tmp_path), read_treasury(tmp_path))


def test_answers_in_json_stat(tmp_path: Path) -> None:
    first = save(tmp_path / "fi.json", cube(made_up(), **{SEX: ["SSS"]}))
    assert_frame_equal(load(first), read_jsonstat(first))
    kept = {code: axis for code, axis in made_up().axes.items() if code not in (AREA, SEX)}
    other = Table({AREA: ("Område", {"KU091": "Helsingfors"}, False), **kept}, TIME, WHAT)
    other.axes[WHAT] = ("Uppgifter", {"other": "Annat"}, False)
    other.units = {"other": ""}
    save(tmp_path / "more.json", cube(other))
    (tmp_path / "notes.json").write_text('{"a": 1}')
    table = load(tmp_path)
    assert len(ka.origins(table)) == 2
    assert "notes.json" in ka.origins(table)[0].note
    assert len(table) == len(read_jsonstat(first)) + 3
    assert table["value"].sum() == read_jsonstat(first)["value"].sum() + 0.0 + 0.5 + 1.0


def test_a_template_that_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "costs.xlsx"
    write_template(path, "population", ["Esbo", "Jakobstad"], 2024, "en")
    made = openpyxl.load_workbook(path)
    row = next(cells for cells in made.worksheets[0].iter_rows() if cells[0].value == "598")
    row[-1].value = 19_000
    made.save(path)
    table = load(path, municipalities="Jakobstad")
    assert table[["municipality", "year", "value"]].values.tolist() == [["598", 2024, 19_000.0]]


def test_a_damaged_file_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(LONG + "n15027,0114,2021,many\n")
    with pytest.raises(SourceError, match=r"a\.csv line 3: value is 'many'"):
        load(path)
    cut = save(tmp_path / "b.json", cube(made_up()))
    cut.write_text(cut.read_text()[:-20])
    with pytest.raises(SourceError, match=r"b\.json is not whole JSON"):
        load(cut)
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(LONG.encode())[:-12])
    with pytest.raises(SourceError, match=r"c\.csv\.gz is not a whole gzip file"):
        load(tmp_path / "c.csv.gz")
    (tmp_path / "d.xlsx").write_bytes(b"PK\x03\x04 no book")
    with pytest.raises(SourceError, match=r"d\.xlsx is not a whole XLSX file"):
        load(tmp_path / "d.xlsx")


def test_what_is_not_known_is_one_error_with_all_that_was_tried(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"Kolada's.*Skolverket's.*JSON-stat 2.*State Treasury.*template.*Found: –"):
        load(tmp_path)
    (tmp_path / "list.csv").write_text("a;b\n1;2\n")
    book(tmp_path / "other.xlsx", "a;b\n1;2")
    (tmp_path / "readme.md").write_text("kommunkod")
    with pytest.raises(SourceError, match=r"Found: list\.csv, other\.xlsx\."):
        load(tmp_path)


def test_several_kinds_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LONG)
    (tmp_path / "b.csv").write_text(SCHOOL, encoding="utf-8")
    with pytest.raises(UsageError, match=r"several kinds: kolada: a\.csv; skolverket: b\.csv"):
        load(tmp_path)
    assert len(load(tmp_path / "a.csv")) == len(load(tmp_path / "b.csv")) == 1


@pytest.mark.shared
def test_real_files(shared: Path) -> None:
    recordings = shared / "data/api-recordings"
    assert kind(recordings / "scb/v2_TAB6471_data.json") == "json-stat"
    assert kind(recordings / "tutkihallintoa/dokumentti_lopullinen_KTAS_0101263-6_2023.json") == "treasury"
    assert kind(recordings / "kolada/v3_data_N00945_3mun_2000-2020.json") == "kolada"
    assert {kind(path) for path in (shared / "data/skolverket").glob("*.csv*")} == {"skolverket"}
    assert len(load(shared / "data/skolverket")) == len(read_skolverket(shared / "data/skolverket"))
