"""The notebook from register to report: three languages, nobody named anywhere, and no model where there are few."""

import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from kommunanalys import journal, paths
from kommunanalys.early_warning import read_treatments
from kommunanalys.paths import data_dir
from kommunanalys.reporting.check import check
from kommunanalys.reporting.run import run
from tests.test_notebooks import tables

PUPILS = data_dir() / "example" / "pupils"
HEADINGS = {"sv": "Hur säkra är vi?", "fi": "Kuinka varmoja olemme?", "en": "How sure are we?"}


def identities() -> set[str]:
    """Every spelling of everybody in the registers."""
    found: set[str] = set()
    for file in ("school", "leaving", "objections"):
        column = pd.read_csv(PUPILS / f"{file}.csv", sep=";", dtype=str)["personal_identity_code"]
        found |= set(column) | set(column.str.upper())
    return found


def inside(path: Path) -> str:
    """All that stands in a file, and in the files inside it."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return path.read_bytes().decode("utf-8", "replace")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder, state = tmp_path_factory.mktemp("reports"), tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KOMMUNANALYS_STATE", str(state))
        asked = {"sv": {"lists": True}, "fi": {}, "en": {}}
        yield {one: run("pupils_at_risk", given, language=one, output=folder) for one, given in asked.items()}


@pytest.fixture
def state(reports, monkeypatch, tmp_path_factory):
    place = next(tmp_path_factory.getbasetemp().glob("state*"))
    monkeypatch.setenv("KOMMUNANALYS_STATE", str(place))
    return place


def test_all_languages_have_identical_numbers(reports):
    numbers = {language: tables(report.folder) for language, report in reports.items()}
    assert len(numbers["sv"]) >= 9
    assert numbers["sv"] == numbers["fi"] == numbers["en"]


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_each_page_is_in_its_language_and_says_that_it_is_invented(reports, language):
    page = reports[language].page.read_text(encoding="utf-8")
    assert [key for key, text in HEADINGS.items() if f">{text}</h2>" in page] == [language]
    assert {"sv": "påhittad", "fi": "keksitty", "en": "invented"}[language] in page
    assert "AUC" not in page.split("<h2")[1]


def test_the_council_is_told_of_ten_people(reports):
    page = reports["en"].page.read_text(encoding="utf-8")
    assert re.search(r"Of 10 on the model's list, the outcome came for about \d", page)
    assert "Recommended" in page or "Recommendation" in page


def test_nobody_is_in_a_report_a_record_or_the_journal(reports, state):
    files = [path for report in reports.values() for path in report.folder.rglob("*") if path.is_file()]
    files += [path for path in state.rglob("*") if path.is_file() and "watchlists" not in path.parts]
    assert len(files) >= 20
    known = identities()
    texts = {path: inside(path) for path in files}
    assert not [path.name for path, text in texts.items() if known & set(re.findall(r"\w{6}[A-Fa-f+-]\w{4}", text))]
    pseudonyms = [path.name for path, text in texts.items() if journal.PSEUDONYM.search(text)]
    assert not pseudonyms
    assert not [one for report in reports.values() for one in check(report.folder)]


def test_the_lists_hold_those_who_are_listed_and_come_back_as_treatment(reports, state):
    lists, known = sorted((state / "watchlists").rglob("*.xlsx")), identities()
    assert len(lists) == 8
    for path in lists:
        sheet = openpyxl.load_workbook(path).worksheets[0]
        people = [row[1].value for row in sheet.iter_rows() if row[1].value in known]
        assert len(people) == 5
        sheet.cell(10, 6, "samtal")
        sheet.cell(10, 7, "kurator")
        sheet.cell(10, 8, "2026-11-23")
    back = read_treatments(state / "watchlists")
    assert len(back) == 40
    assert not back["treated"].any()
    kinds = [line["kind"] for line in journal.read()]
    assert kinds.count("scoring") == 1


def test_one_school_is_too_small_for_a_model(tmp_path):
    (tmp_path / "registers").mkdir()
    school = pd.read_csv(PUPILS / "school.csv", sep=";", dtype=str)
    left = pd.read_csv(PUPILS / "leaving.csv", sep=";", dtype=str)
    mine = school[school["school"] == "Lyceet"]
    mine.to_csv(tmp_path / "registers" / "school.csv", sep=";", index=False)
    codes = set(mine["personal_identity_code"].str.upper())
    left[left["personal_identity_code"].isin(codes)].to_csv(
        tmp_path / "registers" / "leaving.csv", sep=";", index=False
    )
    given = {"registers": str(tmp_path / "registers"), "lists": True}
    page = run("pupils_at_risk", given, language="en", output=tmp_path / "out").page.read_text(encoding="utf-8")
    assert "That is too few" in page
    assert "Of 10" not in page
    assert not list(paths.state_dir().glob("watchlists/**/*.xlsx"))
