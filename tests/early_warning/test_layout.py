"""How a list looks in each language, and what a cell can hold."""

import pytest
from openpyxl import load_workbook

from kommunanalys.early_warning.layout import clean, in_ten
from kommunanalys.language import Speaker
from tests.early_warning.lists import found, write


@pytest.mark.parametrize(("risk", "count"), [(0.06, 1), (0.249, 2), (0.35, 4), (0.94, 9)])
def test_a_risk_is_said_in_tenths(risk, count):
    assert in_ten(risk, Speaker("en")) == f"about {count} of 10"


def test_neither_nought_nor_certainty_is_said():
    assert in_ten(0.0, Speaker("en")) == "less than 1 of 10"
    assert in_ten(1.0, Speaker("en")) == "more than 9 of 10"


def test_signs_that_no_cell_holds_are_gone():
    assert clean("\x01a\ud800\x1fb\n") == "a  b"


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_a_sheet_in_each_language(tmp_path, language):
    (file,) = write(tmp_path, found(schools=("A",)), language=language)
    sheet = load_workbook(file).worksheets[0]
    titles = {"sv": "Vem behöver stöd?", "fi": "Kuka tarvitsee tukea?", "en": "Who needs support?"}
    assert sheet["A1"].value == titles[language]
    assert sheet.freeze_panes.startswith("A")
    assert sheet.print_title_rows


def test_a_unit_near_the_cut_is_told(tmp_path):
    made = found(schools=("A",), risk=[0.9, 0.31, 0.305, 0.304, 0.3, 0.1])
    (file,) = write(tmp_path, made)
    notes = [row[4] for row in load_workbook(file).worksheets[0].values if row[4]]
    assert notes == ["Note", "Near the cut: others could as well be listed"]
