"""Sheets read back: what was done, for whom by pseudonym, and strictly."""

import shutil
from datetime import date

import pandas as pd
import pytest
from openpyxl import load_workbook

from kommunanalys import journal
from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.early_warning.treatment import read_treatments
from kommunanalys.early_warning.watchlist import watchlist
from kommunanalys.errors import NoData, TableError, UsageError
from kommunanalys.secrecy.frame import RegisterFrame
from kommunanalys.secrecy.keys import rotate
from tests.early_warning.lists import LATER, TASK, fill, found, frames, heads, pseudonyms, write


def read(*files, **options):
    return read_treatments(*files, today=LATER, **options)


def test_what_was_filled_in_comes_back_by_pseudonym(tmp_path, capsys):
    first, second = write(tmp_path)
    fill(first, F1="talk", G1="Anna", H1=pd.Timestamp("2026-08-20").to_pydatetime(), F2="no action")
    fill(second, F2="something else", H2="21.8.2026")
    table = read(tmp_path, task=TASK)
    assert isinstance(table, RegisterFrame)
    assert table.domains == {"school"}
    names = pseudonyms(12)
    assert table["person"].tolist() == table["unit"].tolist() == [names[0], names[1], names[6], names[7]]
    assert table["place"].tolist() == ["Ekö", "Ekö", "Åsträsk/norra", "Åsträsk/norra"]
    assert table["treated"].tolist() == [True, False, False, True]
    assert table["action"].fillna("").tolist() == ["talk", "no action", "", "something else"]
    assert table["by"].dropna().tolist() == ["Anna"]
    assert table["date"].dropna().tolist() == [pd.Timestamp("2026-08-20"), pd.Timestamp("2026-08-21")]
    assert table[["place", "action", "by"]].dtypes.eq("str").all()
    assert set(table["as_of"]) == {"2026-06-15"}
    assert set(table["listed"]) == {pd.Timestamp("2026-06-20")}
    assert table["list"].nunique() == 1
    assert "with an action: fewer than 5; nothing filled in: fewer than 5" in capsys.readouterr().out


def test_a_reading_is_journalled_as_one_of_persons(tmp_path):
    write(tmp_path)
    table = read(tmp_path)
    line = journal.read()[-1]
    assert line["kind"] == "reading"
    assert line["facts"] == {"what": "treatments", "lists": [table["list"].iloc[0]], "persons": "<5", "treated": 0}


def test_identities_are_compared_and_forgotten(tmp_path):
    named = {name: f"Person {place}" for place, name in enumerate(pseudonyms(12))}
    fill(write(tmp_path, identities=named)[0], F1="talk", H1=date(2026, 8, 20))
    table = read(tmp_path)
    assert "Person" not in table.to_csv()
    assert table["person"].iloc[0] == pseudonyms(1)[0]


def test_a_sorted_sheet_is_the_same_list(tmp_path):
    first, _ = write(tmp_path)
    fill(first, F1="talk", H1=date(2026, 8, 20))
    book = load_workbook(first)
    sheet = book.worksheets[0]
    top = heads(sheet) + 1
    for column in range(1, 9):
        one, other = sheet.cell(top, column), sheet.cell(top + 1, column)
        one.value, other.value = other.value, one.value
    sheet.insert_rows(1)
    book.save(first)
    assert read(first)["treated"].tolist() == [True, False]


def test_the_default_is_the_folder_of_the_state_and_other_files_beside_are_left():
    file = write()[0]
    file.with_name("~$open.xlsx").write_bytes(b"")
    pd.DataFrame({"a": [1]}).to_excel(file.with_name("other.xlsx"))
    assert len(read()) == 4
    with pytest.raises(TableError, match=r"other.xlsx is no list"):
        read([file.with_name("other.xlsx")])


def test_units_of_several_columns_and_places_not_known(tmp_path):
    index = pd.MultiIndex.from_product([["p", "q"], [2025]], names=["person", "year"])
    made = watchlist(pd.DataFrame({"risk": [0.2, 0.1], "school": [None, None]}, index), 2)
    write(tmp_path, made)
    table = read(tmp_path)
    assert table["unit"].tolist() == [("p", 2025), ("q", 2025)]
    assert table["person"].tolist() == ["p", "q"]
    assert table["place"].isna().all()
    assert not isinstance(table, RegisterFrame)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"F1": "talk"}, "an action has no date"),
        ({"F1": "talk", "H1": "in August"}, "the date cannot be read"),
        ({"F1": "talk", "H1": date(2026, 6, 19)}, "before the list"),
        ({"F1": "talk", "H1": date(2026, 8, 31)}, "after today"),
        ({"F1": "talk", "H1": "31.2.2026"}, "cannot be read"),
        ({"H1": date(2026, 8, 20)}, "but no action"),
        ({"G1": "Anna"}, "but no action"),
        ({"F1": "called 010101-900R", "H1": date(2026, 8, 20)}, "personal identity code"),
        ({"B1": "somebody else"}, "not one of the list's"),
        ({"A1": 2}, "not one of the list's"),
        ({"A1": None}, "not one of the list's"),
        ({"B3": "Nils"}, "not one of the list's"),
    ],
)
def test_what_cannot_be_read_is_named_by_file_and_row_only(tmp_path, cells, message):
    first, _ = write(tmp_path)
    fill(first, **cells)
    row = heads(load_workbook(first).worksheets[0]) + int(next(iter(cells))[1])
    with pytest.raises(TableError, match=message) as failure:
        read(tmp_path)
    told = str(failure.value)
    assert f"{first.name}, row {row}:" in told
    assert not any(text in told for text in ("school:", "somebody", "Nils", "900R", "Anna"))


def test_no_frame_of_an_error_holds_who_it_was(tmp_path):
    named = {name: f"Somebody {place}" for place, name in enumerate(pseudonyms(12))}
    first, _ = write(tmp_path, identities=named)
    fill(first, F2="talk", G2="Anna")
    with pytest.raises(TableError, match="no date") as failure:
        read(tmp_path)
    assert not {"Somebody", "Anna"} & set(frames(failure.value).replace("'", " ").split())


def test_lines_that_are_gone(tmp_path):
    first, _ = write(tmp_path)
    book = load_workbook(first)
    book.worksheets[0].delete_rows(heads(book.worksheets[0]) + 1)
    book.save(first)
    with pytest.raises(TableError, match="are gone"):
        read(tmp_path)


def test_a_list_twice(tmp_path):
    first, _ = write(tmp_path)
    shutil.copy(first, tmp_path / "copy.xlsx")
    with pytest.raises(TableError, match="the same list"):
        read(tmp_path)


def test_an_unknown_or_changed_list(tmp_path):
    first, _ = write(tmp_path)
    book = load_workbook(first)
    book["_list"]["A1"] = book["_list"]["A1"].value.replace('"dropout"', '"other"')
    book.save(tmp_path / "changed.xlsx")
    with pytest.raises(TableError, match="unknown list"):
        read(tmp_path / "changed.xlsx")
    rotate("watchlist")
    with pytest.raises(TableError, match="unknown list"):
        read(first)


def test_a_list_of_another_task(tmp_path):
    write(tmp_path)
    other = Declaration(**{**vars(TASK), "name": "absence"})
    with pytest.raises(TableError, match="of task dropout, not of absence"):
        read(tmp_path, task=other)
    with pytest.raises(UsageError, match=r"Task.read"):
        read(tmp_path, task="dropout")


def test_no_lists_at_all(tmp_path):
    with pytest.raises(NoData, match="no lists"):
        read(tmp_path)
    with pytest.raises(NoData, match="no lists"):
        read([])


def test_a_list_in_each_language_is_read(tmp_path):
    for language in ("sv", "fi", "en"):
        write(tmp_path / language, found(schools=("A",)), language=language)
    assert len(read(tmp_path)) == 6
