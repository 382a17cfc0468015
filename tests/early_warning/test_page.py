"""The hidden sheet: sealed, long lists too, and nothing told of a damaged one."""

import traceback
from dataclasses import replace

import pytest
from openpyxl import Workbook, load_workbook

from kommunanalys.early_warning.page import Line, Page, hide, read_page
from kommunanalys.errors import OutputError

PAGE = Page("0123456789ab", "dropout", "2026-06-15", "Ekö", "2026-06-20", "2026-09-18", "No action", "No.")


def saved(path, page):
    book = Workbook()
    hide(book, page, ["talk", "=1+1"])
    book.save(path)
    return path


def test_what_is_written_is_read(tmp_path):
    lines = tuple(Line(number, ["p", number], f"school:{number:032x}", 32 * "a") for number in range(1500))
    page, whole, sheet = read_page(saved(tmp_path / "a.xlsx", replace(PAGE, lines=lines)))
    assert whole
    assert page == replace(PAGE, lines=lines)
    assert sheet.title == "Sheet"
    assert load_workbook(tmp_path / "a.xlsx")["_list"]["A2"].value


def test_a_seal_of_a_line_holds_for_its_number_person_and_name_only():
    seal = PAGE.line_seal(1, "p", "Anna")
    others = {PAGE.line_seal(2, "p", "Anna"), PAGE.line_seal(1, "q", "Anna"), PAGE.line_seal(1, "p", "Anni")}
    assert seal not in others | {replace(PAGE, list_id="other").line_seal(1, "p", "Anna")}
    assert seal == PAGE.line_seal(1, "p", "Anna")


def test_any_change_breaks_the_seal(tmp_path):
    file = saved(tmp_path / "a.xlsx", PAGE)
    for name in ("list_id", "task", "as_of", "expires", "made", "no_action", "head"):
        book = load_workbook(file)
        cell = book["_list"]["A1"]
        cell.value = cell.value.replace(f'"{name}": "', f'"{name}": "9')
        book.save(tmp_path / "b.xlsx")
        assert not read_page(tmp_path / "b.xlsx")[1]


def test_other_spreadsheets_are_no_list(tmp_path):
    Workbook().save(tmp_path / "a.xlsx")
    assert read_page(tmp_path / "a.xlsx") is None


@pytest.mark.parametrize("text", ["{", "[]", '{"seal": "a"}', '{"seal": "a", "lines": [["Anna"]]}', ""])
def test_a_damaged_one_tells_nothing(tmp_path, text):
    book = Workbook()
    book.create_sheet("_list")["A1"] = text
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(OutputError, match="no whole spreadsheet") as failure:
        read_page(tmp_path / "a.xlsx")
    assert "Anna" not in "".join(traceback.format_exception(failure.value))


def test_no_spreadsheet_and_no_file(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(OutputError, match="no whole spreadsheet"):
        read_page(tmp_path / "a.xlsx")
    with pytest.raises(OutputError, match="cannot be read"):
        read_page(tmp_path / "b.xlsx")


def test_a_repr_shows_nobody():
    assert "school:" not in repr(replace(PAGE, lines=(Line(1, "school:1", "school:1", "b"),)))
