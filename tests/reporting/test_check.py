"""The lint: silent on every page that we publish, and loud on each planted fault."""

import base64
import hashlib
import json
import shutil
import zipfile

import nbformat
import pytest
from openpyxl import load_workbook

from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker
from kommunanalys.reporting.check import check
from tests.reporting.planted import FINNISH, PLANTED, SWEDISH
from tests.shipped import NOTEBOOKS, shipped


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return shipped(tmp_path_factory, "sv")["municipality_profile"]


@pytest.fixture
def report(good, tmp_path):
    """A copy of a good report's folder, to be spoiled."""
    return shutil.copytree(good.parent, tmp_path / "report")


def rules(path):
    return {fault.rule for fault in check(path)}


def told(path):
    return [fault.tell(Speaker("en")) for fault in check(path)]


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_every_shipped_notebook_is_clean(tmp_path_factory, language):
    pages = shipped(tmp_path_factory, language)
    assert len(pages) == len(NOTEBOOKS)
    assert told(pages["open_data"].parents[2]) == []


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_fault_is_found_and_told_in_every_language(report, name):
    page = report / "report.html"
    page.write_text(PLANTED[name].plant(page.read_text(encoding="utf-8")), encoding="utf-8")
    (report / "run.json").unlink()  # it would say, rightly, that the page has been changed
    faults = [fault for fault in check(report) if fault.rule == PLANTED[name].rule]
    assert faults
    for language in ("sv", "fi", "en"):
        text = faults[0].tell(Speaker(language))
        assert "{" not in text
        assert not any(code in text for code in (FINNISH, SWEDISH))


def test_the_same_alternative_text_twice_is_found(report):
    page = report / "report.html"
    text = page.read_text(encoding="utf-8")
    alternative = text.split(' alt="')[1].split('"')[0]
    other = text.split(' alt="')[2].split('"')[0]
    page.write_text(text.replace(other, alternative), encoding="utf-8")
    assert "alternative-text" in rules(page)


def test_a_page_changed_after_the_run_is_found(report):
    with (report / "report.html").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert told(report) == ["report.html is not the file that the run wrote: it has been changed since."]


def test_a_missing_file_is_found_but_private_ones_may_be_gone(report):
    (report / "executed.ipynb").unlink()
    assert told(report) == []
    (report / "report.xlsx").unlink()
    assert told(report) == ["The record names report.xlsx, which is not there."]
    (report / "report.html").unlink()
    assert "unreadable" in rules(report)


def test_a_page_beside_a_record_of_failure_is_found(report):
    (report / "run.json").write_text('{"status": "failed"}', encoding="utf-8")
    assert told(report) == ["The page stands there, and its record says failed."]


def spoil_notebook(folder):
    book = nbformat.read(folder / "executed.ipynb", as_version=4)
    book.cells[3].metadata["note"] = f"see {SWEDISH}"
    nbformat.write(book, folder / "executed.ipynb")


def spoil_spreadsheet(folder):
    book = load_workbook(folder / "report.xlsx")
    book.worksheets[1].append([None, int(SWEDISH)])
    book.save(folder / "report.xlsx")


def spoil_document(folder):
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    halves = "".join(f"<w:r><w:t>{part}</w:t></w:r>" for part in (FINNISH[:7], FINNISH[7:]))
    with zipfile.ZipFile(folder / "report.docx", "w") as parts:
        parts.writestr("word/document.xml", f'<w:body xmlns:w="{space}"><w:p>{halves}</w:p></w:body>')


def spoil_record(folder):
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["parameters"]["person"] = FINNISH
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize("spoil", [spoil_notebook, spoil_spreadsheet, spoil_document, spoil_record])
def test_an_identity_code_in_any_file_is_found_and_never_repeated(report, spoil):
    spoil(report)
    faults = [fault for fault in check(report) if fault.rule == "identity-code"]
    assert len(faults) == 1
    assert not any(code in faults[0].tell(Speaker("en")) for code in (FINNISH, SWEDISH))


def test_a_message_never_repeats_a_code_that_stands_in_what_it_tells_of(report):
    page = report / "report.html"
    text = page.read_text(encoding="utf-8").replace("</main>", f"<h5>{'pupil ' * 9}{FINNISH}</h5></main>")
    page.write_text(text, encoding="utf-8")
    messages = [fault.tell(Speaker("en")) for fault in check(page) if fault.rule == "heading-levels"]
    assert len(messages) == 1
    assert FINNISH[:4] not in messages[0]


def test_a_sheet_lost_from_the_spreadsheet_is_found(report):
    book = load_workbook(report / "report.xlsx")
    book.remove(book.worksheets[1])
    book.save(report / "report.xlsx")
    assert "outputs" in rules(report)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x00\xff", b"just text", b"<?xml version='1.0'?><a/>", b"C:\\a.html"]
)
def test_a_broken_page_is_a_fault_and_no_crash(tmp_path, content):
    (tmp_path / "report.html").write_bytes(content)
    assert told(tmp_path) == ["The page cannot be read as HTML."]


@pytest.mark.parametrize("name", ["report.xlsx", "executed.ipynb", "run.json", "report.docx"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half", b"[]", b"null", b'{"cells": [1]}'])
def test_a_broken_file_beside_it_is_a_fault_and_no_crash(report, name, content):
    (report / name).write_bytes(content)
    assert {fault.rule for fault in check(report)} & {"unreadable", "record"}


def test_nothing_to_check_is_no_green_light(tmp_path):
    with pytest.raises(UsageError, match="holds no report"):
        check(tmp_path)
    with pytest.raises(UsageError, match="nothing to check"):
        check(tmp_path / "nowhere")


def test_half_reports_of_a_run_that_goes_on_are_passed_over(report):
    half = report / ".part-1"
    half.mkdir()
    (half / "report.html").write_text("half", encoding="utf-8")
    assert told(report) == []


def test_a_report_whose_page_is_gone_is_found(report):
    (report / "report.html").unlink()
    assert [fault.rule for fault in check(report.parent)] == ["unreadable", "record"]


def test_a_start_page_may_run_what_its_policy_names(tmp_path, good):
    code = "document.title"
    mark = "sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    text = good.read_text(encoding="utf-8").replace("</main>", f"</main><script>{code}</script>")
    start = tmp_path / "index.sv.html"
    start.write_text(text.replace("default-src 'none';", f"default-src 'none'; script-src '{mark}';"), encoding="utf-8")
    assert told(tmp_path) == []
    start.write_text(text, encoding="utf-8")
    assert rules(tmp_path) == {"script"}
    start.rename(tmp_path / "report.html")
    assert rules(tmp_path) == {"script"}


def failed(folder, **change):
    """A report that failed, beside a good one."""
    record = {"notebook": "a.ipynb", "parameters": {}, "status": "failed", "error": {"message": "no"}, **change}
    folder.mkdir()
    for name in ("run.json", "run-failed.json"):
        (folder / name).write_text(json.dumps(record), encoding="utf-8")


def test_records_and_summaries_without_codes_are_clean(report):
    failed(report.parent / "failed")
    (report.parent / "sweep.csv").write_text("code,status\n0114,ok\n", encoding="utf-8-sig")
    for name in ("sweep.json", "index.json"):
        (report.parent / name).write_text("{}", encoding="utf-8")
    assert told(report.parent) == []


def test_a_code_in_the_record_of_a_failed_report_is_found(report):
    failed(report.parent / "failed", parameters={"person": FINNISH})
    faults = check(report.parent)
    assert [(fault.page.name, fault.rule) for fault in faults] == [
        ("run-failed.json", "identity-code"),
        ("run.json", "identity-code"),
    ]
    assert not any(FINNISH in text for text in told(report.parent))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sweep.csv", f"code,who,status\n0114,{FINNISH},ok\n"),
        ("sweep.csv", f'code,reason\n0114,"not 7,{SWEDISH}, at all"\n'),
        ("sweep.csv", f"code;who\n0114;{FINNISH}\n"),
        ("sweep.json", json.dumps({"reports": [{"parameters": {"person": SWEDISH}}]})),
        ("index.json", json.dumps({"reports": {FINNISH: {}}})),
    ],
)
def test_a_code_in_a_summary_is_found(report, name, content):
    (report.parent / name).write_text(content, encoding="utf-8-sig" if name.endswith("csv") else "utf-8")
    assert [(fault.page.name, fault.rule) for fault in check(report.parent)] == [(name, "identity-code")]


@pytest.mark.parametrize("name", ["sweep.csv", "sweep.json", "index.json", "failed/run-failed.json"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\0", b"[" * 100_000])
def test_a_damaged_summary_is_a_fault(report, name, content):
    if (name, content) == ("sweep.csv", b"[" * 100_000):
        content = b"\x80"
    (report.parent / name).parent.mkdir(exist_ok=True)
    (report.parent / name).write_bytes(content)
    assert ("unreadable", name.split("/")[-1]) in {(fault.rule, fault.page.name) for fault in check(report.parent)}


def test_a_folder_with_nothing_but_a_failed_report_is_no_green_light(tmp_path):
    failed(tmp_path / "failed")
    with pytest.raises(UsageError, match="holds no report"):
        check(tmp_path)
    failed(tmp_path / "other", parameters={"person": FINNISH})
    assert {fault.rule for fault in check(tmp_path)} == {"identity-code"}
