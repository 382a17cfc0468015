"""The figures as a file: unrounded, with unit, sources and licence, and no formula from anybody's text."""

import json

import openpyxl
import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.errors import UsageError
from kommunanalys.widgets.choice import Choice
from kommunanalys.widgets.exports import export, free
from kommunanalys.widgets.views import data

CHOICE = Choice("ranking", "X07", indicator="compulsory_cost_home", year=2023)


def cells(sheet):
    return [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]


def test_a_workbook_has_the_figures_their_unit_and_the_sources(tmp_path):
    observations = ka.read_example()
    file, beside = export(observations, CHOICE, tmp_path / "cost.xlsx")
    book = openpyxl.load_workbook(file)
    rows = cells(book["Figures"])
    heading, unit = "Cost of compulsory school per pupil, home municipality, EUR/pupil/year", "EUR/pupil/year"
    assert "fictive" in rows[1][0]
    assert heading in rows[2]
    assert "compulsory_cost_home" in rows[3]
    assert unit in rows[4]
    expected = data(observations, CHOICE)
    written = {row[0]: row[2] for row in rows[5:] if len(row) > 2 and isinstance(row[2], float | int)}
    assert written == expected[heading].dropna().to_dict()
    sources = cells(book["Sources"])
    assert any({"CC0", "Example data: fictive municipalities, not real figures"} <= set(row) for row in sources)
    assert json.loads(beside.read_text())["origins"][0]["licence"] == "CC0"


def test_csv_keeps_codes_and_says_where_from(tmp_path):
    file, beside = export(ka.read_example(), CHOICE, tmp_path / "cost.csv")
    read = pd.read_csv(file, dtype={"Code": str})
    assert read["Code"].str.fullmatch(r"X\d\d").all()
    assert json.loads(beside.read_text())["question"]["indicator"] == "compulsory_cost_home"


def test_text_never_becomes_a_formula(tmp_path):
    index = pd.MultiIndex.from_product([["1440", "0180"], [2021]], names=["municipality", "year"])
    panel = pd.DataFrame({'=HYPERLINK("x")': [1.0, 2.0]}, index=index)
    choice = Choice("ranking", "1440", indicator='=HYPERLINK("x")')
    file, _ = export(panel, choice, tmp_path / "a.xlsx")
    kinds = {cell.data_type for sheet in openpyxl.load_workbook(file) for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    text = export(panel, choice, tmp_path / "a.csv")[0].read_text(encoding="utf-8-sig")
    assert "'=HYPERLINK" in text


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_somebodys_file_is_not_replaced_and_ones_own_is(tmp_path, ending):
    place = tmp_path / f"mine{ending}"
    place.write_text("work")
    with pytest.raises(UsageError):
        export(ka.read_example(), CHOICE, place)
    assert place.read_text() == "work"
    place.unlink()
    export(ka.read_example(), CHOICE, place)
    export(ka.read_example(), CHOICE, place)


def test_a_plain_table_has_no_sources_even_where_the_session_has_some(tmp_path):
    ka.read_example()
    index = pd.MultiIndex.from_product([["1440", "0180"], [2021]], names=["municipality", "year"])
    panel = pd.DataFrame({"buses": [1.0, 2.0]}, index=index)
    file, beside = export(panel, Choice("ranking", "1440", indicator="buses"), tmp_path / "a.xlsx")
    assert json.loads(beside.read_text())["origins"] == []
    assert "Nothing is recorded" in cells(openpyxl.load_workbook(file)["Sources"])[1][0]


def test_signs_that_excel_does_not_allow_are_left_out(tmp_path):
    index = pd.MultiIndex.from_product([["1440", "0180"], [2021]], names=["municipality", "year"])
    panel = pd.DataFrame({"buses\x07 a": [1.0, 2.0]}, index=index)
    file, _ = export(panel, Choice("ranking", "1440", indicator="buses\x07 a"), tmp_path / "a.xlsx")
    assert any("buses  a" in cell for row in cells(openpyxl.load_workbook(file)["Figures"]) for cell in map(str, row))


def test_a_free_name_is_found_beside_other_questions_and_somebodys_work(tmp_path):
    table, path = ka.read_example(), tmp_path / "a.csv"
    export(table, CHOICE, free(table, CHOICE, path))
    assert free(table, CHOICE, path) == path
    other = CHOICE.but(year=2022)
    assert free(table, other, path).name == "a_2.csv"
    path.write_text("changed")
    assert free(table, CHOICE, path).name == "a_2.csv"
