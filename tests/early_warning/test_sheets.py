"""The list on paper: private, whole or not at all, never where it could be published."""

import os
import stat
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from kommunanalys import journal, paths
from kommunanalys.early_warning.watchlist import watchlist
from kommunanalys.errors import KommunanalysError, OutputError, UsageError
from kommunanalys.paths import data_dir, state_dir
from kommunanalys.secrecy.register import read_register
from kommunanalys.secrecy.reidentify import Revealed, identities
from tests.early_warning.lists import DAY, TASK, found, frames, heads, pseudonyms, write


def texts(file):
    return [str(cell) for row in load_workbook(file).worksheets[0].iter_rows(values_only=True) for cell in row if cell]


def test_one_private_file_for_each_place_in_the_folder_of_the_state():
    files = write()
    assert [file.parent for file in files] == [state_dir() / "watchlists" / "dropout"] * 2
    assert files[0].name.startswith("dropout_2026-06-15_Ekö_")
    assert files[1].name.startswith("dropout_2026-06-15_Åsträsk-norra_")
    if os.name == "posix":
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        folders = [files[0].parent, files[0].parent.parent]
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert not list(files[0].parent.glob(".*"))


def test_what_the_sheet_says():
    first = "\n".join(texts(write()[0]))
    for text in (
        "Who needs support?",
        "Purpose: Early support",
        "Place: Ekö",
        "of what was known on 15 June 2026",
        "Made on 20 June 2026",
        "Expires on 18 September 2026",
        "not a decision; a person decides",
        "Listed: 2 of 6",
        "Absence: 120 (usually 25 in the cohort)",
        "about 6 of 10",
        pseudonyms(1)[0],
    ):
        assert text in first
    assert pseudonyms(8)[6] not in first
    assert "0.62" not in first


def test_nobody_of_another_place_is_in_a_file():
    for file, own in zip(write(), ([0, 1], [6, 7]), strict=True):
        raw = "".join(str(cell) for sheet in load_workbook(file) for row in sheet.values for cell in row)
        assert [place for place, name in enumerate(pseudonyms(12)) if name in raw] == own


def test_the_hidden_sheet_is_hidden_and_offers_actions():
    book = load_workbook(write()[0])
    assert [sheet.sheet_state for sheet in book] == ["visible", "veryHidden"]
    assert [book["_list"][f"B{row}"].value for row in (1, 2, 3)] == ["talk", "meeting", "No action"]
    rule = book.worksheets[0].data_validations.dataValidation[0]
    first = heads(book.worksheets[0])
    assert (rule.formula1, str(rule.sqref)) == ("'_list'!$B$1:$B$3", f"F{first + 1}:F{first + 2}")


def test_text_never_becomes_a_formula(tmp_path):
    evil = '=HYPERLINK("http://127.0.0.1";"a")'
    made = found(schools=("@SUM(A1)", evil), reasons=[(evil, "+1\x07", "-1")] * 12)
    named = {name: f"={name[-2:]}" for name in pseudonyms(12)}
    for file in write(tmp_path, made, identities=named):
        book = load_workbook(file)
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
        assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith(("=", "+", "-", "@")))
        assert any(str(cell.value).startswith("=") for cell in cells)


def test_identities_stand_in_the_sheet_and_nowhere_else(capsys):
    path = data_dir() / "example" / "registers" / "school.csv"
    school = read_register(path, domain="school", identity="personal_identity_code", protected="protected")
    last = school[(school["grade"] == 9) & (school["school_year"] == 2023)].dropna(subset="personal_identity_code")
    risk = last.set_index("personal_identity_code")[["school"]].assign(risk=(last["absence"] / 1000).to_numpy())
    made = watchlist(risk, 5)
    people = identities(school, made.to_frame().index, purpose="Support teams")
    files = write(None, made, identities=people)
    assert len(files) == risk["school"].nunique() == 3
    shown = [text for file in files for text in texts(file)]
    assert all(code in shown for code in people.values())
    assert not any(journal.PSEUDONYM.search(text) for text in shown)
    line = journal.read()[-1]
    assert (line["kind"], line["facts"]["persons"], line["facts"]["identities"]) == ("watchlist", 15, True)
    elsewhere = (state_dir() / "journal" / "journal.jsonl").read_text("utf-8") + capsys.readouterr().out + repr(made)
    elsewhere += "".join(made.summary(language) for language in ("sv", "fi", "en"))
    assert not any(code in elsewhere for code in people.values())


def test_the_journal_holds_counts_only():
    write()
    line = journal.read()[-1]
    list_id = line["facts"].pop("list")
    assert len(list_id) == 12
    assert line["facts"] == {
        "task": "dropout",
        "as_of": "2026-06-15",
        "expires": "2026-09-18",
        "persons": "<5",
        "sheets": 2,
        "identities": False,
    }


@pytest.mark.parametrize("place", ["repo/deep", "out/Reports/a", "run/a", "held"])
def test_no_list_where_it_could_be_published(tmp_path, place):
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    for folder in ("run", "held/notebook/slug"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="does not go into"):
        write(tmp_path / place)
    assert not list(tmp_path.rglob("*.xlsx"))


def test_all_sheets_or_none(tmp_path, monkeypatch):
    whole, calls = paths.write_whole, []

    def failing(path, raw):
        calls.append(path)
        if len(calls) == 2:
            raise PermissionError(13, "Permission denied")
        whole(path, raw)

    monkeypatch.setattr(paths, "write_whole", failing)
    with pytest.raises(OutputError, match=r"close it there. No list was written"):
        write(tmp_path / "lists")
    assert not list((tmp_path / "lists").iterdir())
    assert not any(line["kind"] == "watchlist" for line in journal.read())


def test_no_frame_of_an_error_holds_who_it_was(tmp_path, monkeypatch):
    people = Revealed("school", {name: f"Somebody{place}" for place, name in enumerate(pseudonyms(12))})

    whole = paths.write_whole

    def failing(path, raw=b""):
        if raw[:2] == b"PK" or not raw:
            raise PermissionError(13, "Permission denied")
        whole(path, raw)

    monkeypatch.setattr(paths, "write_whole", failing)
    with pytest.raises(OutputError, match="cannot be written") as failure:
        write(tmp_path / "lists", identities=people)
    assert "Somebody" not in frames(failure.value)
    monkeypatch.setattr("kommunanalys.early_warning.sheets.Sheet.book", failing)
    with pytest.raises(OutputError, match="could not be made") as failure:
        write(tmp_path / "lists", identities=people)
    assert "Somebody" not in frames(failure.value)


def test_no_list_without_its_line_in_the_journal(tmp_path, monkeypatch):
    def closed(*_):
        raise KommunanalysError("The journal cannot be written.")

    monkeypatch.setattr(journal, "append", closed)
    with pytest.raises(KommunanalysError, match="journal"):
        write(tmp_path / "lists")
    assert not list((tmp_path / "lists").iterdir())


def test_nothing_filled_in_is_overwritten(tmp_path):
    assert len({*write(tmp_path), *write(tmp_path)}) == 4


def test_tied_small_and_unknown_places_are_told(tmp_path):
    table = pd.DataFrame(
        {"risk": [0.5] * 9 + [0.4, 0.3], "school": ["A"] * 8 + ["B", None, None]},
        pd.Index(pseudonyms(11), name="person"),
    )
    first, second, third = (texts(file) for file in write(tmp_path, watchlist(table, 3)))
    assert any("Not listed by lot" in text and text.endswith(": 5.") for text in first)
    assert first.count("Same risk as others who are not listed") == 3
    assert any("Nearly everybody" in text for text in second)
    assert "Place: not known" in third
    assert pseudonyms(11)[10] in third


def test_numbers_and_keys_of_several_columns(tmp_path):
    index = pd.MultiIndex.from_product([[7, 8], pd.to_datetime(["2026-01-01", "2026-02-01"])], names=["person", "day"])
    made = watchlist(pd.Series(np.linspace(0.1, 0.4, 4), index), 2, per="")
    (file,) = write(tmp_path, made, as_of=2026)
    assert file.name.startswith("dropout_2026_")
    assert texts(file).count("8") == 2
    with pytest.raises(UsageError, match="column 'person'"):
        write(tmp_path, watchlist(pd.Series(0.1, index.rename(["a", "b"])), 2, per=""))


def test_a_year_a_stamp_and_words_for_the_risk(tmp_path):
    assert "_2026-06-15_" in write(tmp_path, as_of=pd.Timestamp("2026-06-15"))[0].name
    for wrong in ("soon", None, True, np.nan, pd.NaT):
        with pytest.raises(UsageError, match="no day"):
            write(tmp_path, as_of=wrong)
    with pytest.raises(UsageError, match="is to come"):
        write(tmp_path, as_of=date(2026, 6, 21))
    with pytest.raises(UsageError, match="2030 is to come"):
        write(tmp_path, as_of=2030)
    with pytest.raises(UsageError, match="fewer than 5 of those listed are is missing"):
        write(tmp_path, found(person=[None, *pseudonyms(11)]))
    with pytest.raises(UsageError, match="to come"):
        write(tmp_path, expires=DAY)
    with pytest.raises(UsageError, match=r"Task.read"):
        write(tmp_path, task="dropout")
    with pytest.raises(UsageError, match="fewer than 5 listed") as failure:
        write(tmp_path, identities={})
    assert "school:" not in str(failure.value)


def test_a_task_is_as_good_as_its_declaration(tmp_path):
    class Task:
        declaration = TASK

    assert write(tmp_path, task=Task())[0].name.startswith("dropout")


def test_a_place_that_cannot_be_written_to(tmp_path):
    Path(tmp_path, "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "file" / "below")
