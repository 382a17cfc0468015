"""The record: the same id for the same report, and whether what lies there is still what was recorded."""

import json

import pytest

from kommunanalys.origin import hash_bytes
from kommunanalys.reporting import record as records

ASKED = {"notebook_sha256": "ab", "parameters": {"year": 2021}, "versions": {"numpy": "2.2"}, "language": "sv"}
R = records.request(ASKED)


@pytest.mark.parametrize(
    "change",
    [
        {"notebook_sha256": "cd"},
        {"parameters": {"year": "2021"}},
        {"versions": {"numpy": "2.3"}},
        {"language": "fi"},
    ],
)
def test_another_notebook_value_version_or_language_is_another_request(change):
    assert records.request({**ASKED, **change}) != records.request(ASKED)


def test_other_data_is_another_report_of_the_same_request():
    first, second = ({**ASKED, "origins": [{"sha256": digest}]} for digest in ("1", "2"))
    assert records.request(first) == records.request(second)
    assert records.identity(first) != records.identity(second)


def test_every_core_dependency_is_among_the_versions():
    found = records.versions()
    assert {"babel", "matplotlib", "nbconvert", "nh3", "openpyxl", "papermill", "scipy", "typer", "python"} <= set(
        found
    )
    assert all(found.values())
    assert not {"jupyterlab", "pytest"} & set(found)


@pytest.fixture
def folder(tmp_path):
    outputs = {name: hash_bytes(b"x") for name in (records.PAGE, records.SHEETS, records.EXECUTED)}
    for name in outputs:
        (tmp_path / name).write_bytes(b"x")
    told = {**ASKED, "status": "ok", "request": R, "outputs": outputs}
    (tmp_path / records.RECORD).write_text(json.dumps(told), encoding="utf-8")
    return tmp_path


def test_a_whole_report_of_the_same_request_stands(folder):
    assert records.stands(folder, R)
    assert not records.stands(folder, "another")
    assert not records.stands(folder, R, frozenset({records.DOCUMENT}))


def test_a_changed_or_missing_page_does_not_stand(folder):
    (folder / records.PAGE).write_bytes(b"y")
    assert not records.stands(folder, R)
    (folder / records.PAGE).unlink()
    assert not records.stands(folder, R)


def test_the_private_notebook_may_be_forgotten_but_not_changed(folder):
    (folder / records.EXECUTED).unlink()
    assert records.stands(folder, R)
    (folder / records.EXECUTED).write_bytes(b"y")
    assert not records.stands(folder, R)


def test_a_later_failure_or_a_damaged_record_does_not_stand(folder):
    (folder / records.FAILED).write_text("{}", encoding="utf-8")
    assert not records.stands(folder, R)
    (folder / records.FAILED).unlink()
    for damaged in ("", "[]", '{"status": "ok"', '{"status": "failed", "request": "r", "outputs": {}}'):
        (folder / records.RECORD).write_text(damaged, encoding="utf-8")
        assert not records.stands(folder, R)


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": None}, {"outputs": []}, {"outputs": ["report.html"]}, {"outputs": {}}, {"outputs": "report.html"},
        {"outputs": {"report.html": hash_bytes(b"x")}}, {"outputs": {"report.html": None, "report.xlsx": 7}},
        {"year": 1, "parameters": {"year": 2020}}, {"parameters": None}, {"language": "fi"}, {"versions": None},
    ],
)  # fmt: skip
def test_a_record_that_was_changed_does_not_stand_and_is_no_crash(folder, change):
    told = json.loads((folder / records.RECORD).read_text(encoding="utf-8"))
    (folder / records.RECORD).write_text(json.dumps({**told, **change}), encoding="utf-8")
    assert not records.stands(folder, R)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_file_that_cannot_be_named_does_not_stand(folder, name):
    told = json.loads((folder / records.RECORD).read_text(encoding="utf-8"))
    told["outputs"][name] = ""
    (folder / records.RECORD).write_text(json.dumps(told), encoding="utf-8")
    assert not records.stands(folder, R)


def test_a_record_that_lacks_a_field_or_is_too_deep_does_not_stand(folder):
    told = json.loads((folder / records.RECORD).read_text(encoding="utf-8"))
    del told["notebook_sha256"]
    for raw in (json.dumps(told), "[" * 100_000):
        (folder / records.RECORD).write_text(raw, encoding="utf-8")
        assert not records.stands(folder, R)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("No /home/anna b/c.csv", "No …/anna b/c.csv"),
        ("No '/home/anna b/c d.csv' and \"/x\"", "No '…/c d.csv' and \"…/x\""),
        ("'/home/anna/c.csv'.", "'…/c.csv'."),
        (r"at C:\Users\anna\c.csv", "at …/c.csv"),
        (r"at 'C:\\Users\\anna b\\c.csv'", "at '…/c.csv'"),
        (r"\\server\share\c.csv", "…/c.csv"),
        ("~/c.csv", "…/c.csv"),
        ("https://a.example/b/c EUR/pupil 2014/15", "https://a.example/b/c EUR/pupil 2014/15"),
    ],
)
def test_folders_of_a_machine_are_not_told(text, told):
    assert records.without_paths(text) == told
    assert records.without_paths(told) == told


def test_a_written_record_keeps_its_parameters_and_tells_no_folder_in_its_error():
    record = {"parameters": {"file": "/home/anna/x.csv"}, "error": {"type": "E", "message": "No '/home/anna/x.csv'"}}
    told = json.loads(records.as_bytes(record))
    assert told["parameters"] == record["parameters"], "--resume compares them"
    assert told["error"] == {"type": "E", "message": "No '…/x.csv'"}
