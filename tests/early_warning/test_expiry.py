"""Lists go on their day, and nothing else does."""

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from kommunanalys import journal
from kommunanalys.early_warning.expiry import remove_expired, sheets_in
from kommunanalys.errors import OutputError
from tests.early_warning.lists import write

END = date(2026, 9, 18)
BEFORE = date(2026, 9, 17)


def test_a_list_goes_on_its_day(tmp_path):
    files = write(tmp_path)
    longer = write(tmp_path, expires=date(2027, 1, 1))
    assert remove_expired(tmp_path, BEFORE) == 0
    assert sheets_in(tmp_path) == sorted([*files, *longer])
    assert remove_expired(tmp_path, END) == 2
    assert sheets_in(tmp_path) == sorted(longer)


def test_each_deletion_is_a_line(tmp_path):
    write(tmp_path)
    remove_expired(tmp_path, END)
    lines = [line for line in journal.read() if line["kind"] == "deletion"]
    assert len(lines) == 2
    assert lines[0]["facts"].keys() == {"what", "task", "list"}


def test_the_default_is_the_folder_of_the_state():
    write()
    assert remove_expired(today=END) == 2
    assert sheets_in() == []


def test_other_files_stay_and_a_damaged_one_is_told_after_the_others_went(tmp_path):
    Workbook().save(tmp_path / "other.xlsx")
    (tmp_path / "a.xlsx").write_bytes(b"broken")
    write(tmp_path)
    with pytest.raises(OutputError, match=r"a.xlsx"):
        remove_expired(tmp_path, END)
    assert [file.name for file in sheets_in(tmp_path)] == ["a.xlsx", "other.xlsx"]


def test_a_file_that_is_open_elsewhere(tmp_path, monkeypatch):
    write(tmp_path)

    unlink = Path.unlink

    def held(self, missing_ok=False):
        if self.suffix == ".xlsx":
            raise PermissionError(13, "Permission denied")
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", held)
    with pytest.raises(OutputError, match="Close it where it is open"):
        remove_expired(tmp_path, END)
    assert [line["facts"].get("failed") for line in journal.read()][-1]


def test_a_folder_that_is_not_there(tmp_path):
    assert sheets_in(tmp_path / "none") == []
