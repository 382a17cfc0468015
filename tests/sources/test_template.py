"""The spreadsheet to fill in: written whole, read back cell by cell, each fault named by its cell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys.errors import NoData, SourceError, UnknownIndicator, UnknownMunicipality, UsageError
from kommunanalys.origin import hash_bytes
from kommunanalys.sources.template import is_template, read_template, write_template

NAMES = ["basic_education_cost_own", "basic_education_pupils_own", "urban_share"]
PLACES = ["Jakobstad", "049", "Pertunmaa"]
YEARS = [2024, 2025]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own figures åäö.xlsx"
    write_template(path, NAMES, PLACES, YEARS, "sv")
    return path


def change(path: Path, cells: dict[str, Any], sheet: str = "figures") -> Path:
    book = openpyxl.load_workbook(path)
    for cell, value in cells.items():
        book[sheet][cell].value = value
    book.save(path)
    return path


# What is written


def test_the_sheet(file: Path) -> None:
    book = openpyxl.load_workbook(file)
    assert book.sheetnames[0] == "figures"
    sheet = book["figures"]
    assert [cell.value for cell in sheet[1]] == ["municipality", "name", "year", *NAMES]
    assert sheet["F2"].value == "Tätortsgrad"
    assert [sheet[f"{letter}3"].value for letter in "DEF"] == ["EUR/pupil/year", "persons", "%"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_col=3)]
    # Pertunmaa is part of Mäntyharju from 2025.
    assert rows == [
        ["598", "Jakobstad", 2024],
        ["598", "Jakobstad", 2025],
        ["049", "Esbo", 2024],
        ["049", "Esbo", 2025],
        ["588", "Pertunmaa", 2024],
    ]
    assert (sheet.freeze_panes, sheet["A6"].number_format, sheet["A6"].data_type) == ("D4", "@", "s")


@pytest.mark.parametrize(("language", "name"), [("sv", "Jakobstad"), ("fi", "Pietarsaari"), ("en", "Jakobstad")])
def test_each_language(tmp_path: Path, language: str, name: str) -> None:
    path = tmp_path / "a.xlsx"
    write_template(path, NAMES, "598", 2024, language)
    book = openpyxl.load_workbook(path)
    assert book["figures"]["B4"].value == name
    help_sheet = book.worksheets[1]
    texts = [str(cell.value) for row in help_sheet.iter_rows() for cell in row if cell.value]
    assert "figures" in texts[0]
    assert [text for text in texts if text in NAMES] == NAMES


def test_a_failed_write_leaves_what_stood_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def fail(*_: Any) -> None:
        raise OSError("full")

    monkeypatch.setattr("kommunanalys.sources.template.write_whole", fail)
    with pytest.raises(OSError, match="full"):
        write_template(file, NAMES, PLACES, 2024)
    assert file.read_bytes() == before
    assert [item.name for item in file.parent.iterdir()] == [file.name]


def test_wrong_questions(tmp_path: Path) -> None:
    with pytest.raises(UnknownIndicator):
        write_template(tmp_path / "a.xlsx", "kostnad", "598", 2024)
    with pytest.raises(UnknownMunicipality):
        write_template(tmp_path / "a.xlsx", NAMES, "Jakobstan", 2024)
    for path, names, places in [("a.csv", NAMES, "598"), ("a.xlsx", [], "598"), ("a.xlsx", NAMES, ["598", "1440"])]:
        with pytest.raises(UsageError, match=r"at least one indicator"):
            write_template(tmp_path / path, names, places, 2024)
    assert not list(tmp_path.iterdir())


# What is read


def test_every_kind_of_cell(file: Path) -> None:
    change(file, {"D4": "10 025,66", "D5": "9911.5", "D6": "..", "E4": 606, "E5": 612.0, "E8": 0})
    change(file, {"D5": "9 911,5"})
    table = read_template(file)
    rows = [
        ("FI", code, year, name, value, unit, flag)
        for name, unit, column in (
            (NAMES[0], "EUR/pupil/year", [10025.66, 9911.5, None, None, None]),
            (NAMES[1], "persons", [606.0, 612.0, None, None, 0.0]),
        )
        for (code, year), value in zip(
            [("598", 2024), ("598", 2025), ("049", 2024), ("049", 2025), ("588", 2024)], column, strict=True
        )
        for flag in [
            "" if value is not None else "secret" if (name, code, year) == (NAMES[0], "049", 2024) else "missing"
        ]
    ]
    columns = ["country", "municipality", "year", "indicator", "value", "unit", "flag"]
    assert_frame_equal(table, pd.DataFrame(rows, columns=columns))
    (origin,) = ka.origins(table)
    assert (origin.licence, origin.address, origin.country) == ("own figures", file.name, "FI")
    assert origin.sha256 == hash_bytes(file.read_bytes())
    assert origin.note == "Filled in by hand: 5 figures."


def test_a_code_that_became_a_number(file: Path) -> None:
    change(file, {"A6": 49, "A7": 49, "D6": 5})
    assert set(read_template(file)["municipality"]) == {"598", "049", "588"}


def test_swedish_municipalities(tmp_path: Path) -> None:
    path = tmp_path / "se.xlsx"
    write_template(path, "compulsory_cost_own", ["Ale", "0114"], 2024)
    table = read_template(change(path, {"D4": 1, "D5": "~2"}))
    assert table[["country", "municipality", "unit", "flag"]].values.tolist() == [
        ["SE", "1440", "SEK/pupil/year", ""],
        ["SE", "0114", "SEK/pupil/year", "rounded"],
    ]


def test_rows_added_and_left_empty(file: Path) -> None:
    change(file, {"A10": "Esbo", "C10": "2023", "D10": 7, "D4": 8})
    table = read_template(file)
    assert table.dropna()[["municipality", "year", "value"]].values.tolist() == [["598", 2024, 8.0], ["049", 2023, 7.0]]


FAULTS = [
    ({"D1": "kostnad"}, "D1", "Unknown indicator 'kostnad'"),
    ({"D1": NAMES[1]}, "E1", "there twice"),
    ({"D1": None, "D5": 1}, "D1", "no name"),
    ({"A5": "Jakobstan"}, "A5", "Unknown municipality"),
    ({"A5": None}, "A5", "Unknown municipality"),
    ({"A5": True}, "A5", "True"),
    ({"C7": "2024/25"}, "C7", "no year"),
    ({"C7": None}, "C7", "no year"),
    ({"C7": 24}, "C7", "no year"),
    ({"C7": True}, "C7", "no year"),
    ({"C5": 2024}, "A5", "there already, in row 4"),
    ({"D7": "many"}, "D7", "no number"),
    ({"D7": "#DIV/0!"}, "D7", "no number"),
    ({"D7": True}, "D7", "no number"),
    ({"D7": pd.Timestamp("2024-01-01")}, "D7", "no number"),
    ({"D7": "1.234"}, "D7", "thousand or a fraction"),
    ({"D6": "1,5", "D7": "1.5"}, "D4–D8", "comma and with point"),
    ({"D7": "=1+1"}, "D7", "formula without its result"),
    ({"C2": 2024}, "C2", "begin in row 4"),
    ({"A1": "kommun"}, "A1", "No template"),
]


@pytest.mark.parametrize(("cells", "cell", "reason"), FAULTS)
def test_each_fault_is_named_by_its_cell(file: Path, cells: dict[str, Any], cell: str, reason: str) -> None:
    change(file, {"E4": 1, **cells})
    with pytest.raises(SourceError, match=rf"^own figures åäö\.xlsx, cell {cell}: .*{re.escape(reason)}"):
        read_template(file)


def test_nothing_filled_in_and_no_spreadsheet(file: Path, tmp_path: Path) -> None:
    with pytest.raises(NoData, match="no figure has been filled in"):
        read_template(file)
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(file.read_bytes()[:500])
    with pytest.raises(SourceError, match=r"broken\.xlsx is not a whole XLSX"):
        read_template(broken)
    assert (is_template(file), is_template(broken)) == (True, False)


def test_by_the_one_door(file: Path) -> None:
    change(file, {"D4": 8, "E4": 7})
    table = ka.load(file, NAMES, municipalities="Pietarsaari", years=2024)
    assert table["value"].tolist() == [8.0, 7.0]
    assert table.attrs["lacking"] == ["urban_share"]


@settings(max_examples=10, deadline=None)
@given(value=st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-6))
def test_any_number_comes_back(tmp_path_factory: pytest.TempPathFactory, value: float) -> None:
    path = tmp_path_factory.mktemp("template") / "a.xlsx"
    write_template(path, "population", "598", 2024)
    assert read_template(change(path, {"D4": value}))["value"].tolist() == [pytest.approx(value, rel=1e-15)]
    spelt = f"{value:.4f}".replace(".", ",")
    assert read_template(change(path, {"D4": spelt}))["value"].tolist() == [float(spelt.replace(",", ".")) + 0.0]


def test_a_code_that_became_a_number_is_settled_by_the_name(tmp_path):
    path = tmp_path / "a.xlsx"
    write_template(path, ["population"], ["0182", "0186"], [2024], "sv")
    sheet = openpyxl.load_workbook(path)
    rows = [row for row in sheet.active.iter_rows() if row[0].value in ("0182", "0186")]
    for row in rows:
        row[0].value, row[3].value = int(row[0].value), 1000.0
    sheet.save(path)
    assert set(read_template(path)["municipality"]) == {"0182", "0186"}
    rows[0][1].value = None
    sheet.save(path)
    with pytest.raises(SourceError, match="Nacka"):
        read_template(path)
