"""The record: the same id for the same report, and whether what lies there is still what was recorded."""

import json

import pytest

from kommunanalys.origin import hash_bytes
from kommunanalys.reporting import record as records

ASKED = {"notebook_sha256": "ab", "parameters": {"year": 2021}, "versions": {"numpy": "2.2"}, "language": "sv"}


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
    outputs = {name: hash_bytes(b"x") for name in (records.PAGE, records.EXECUTED)}
    for name in outputs:
        (tmp_path / name).write_bytes(b"x")
    told = {"status": "ok", "request": "r", "outputs": outputs}
    (tmp_path / records.RECORD).write_text(json.dumps(told), encoding="utf-8")
    return tmp_path


def test_a_whole_report_of_the_same_request_stands(folder):
    assert records.stands(folder, "r")
    assert not records.stands(folder, "another")
    assert not records.stands(folder, "r", frozenset({records.DOCUMENT}))


def test_a_changed_or_missing_page_does_not_stand(folder):
    (folder / records.PAGE).write_bytes(b"y")
    assert not records.stands(folder, "r")
    (folder / records.PAGE).unlink()
    assert not records.stands(folder, "r")


def test_the_private_notebook_may_be_forgotten_but_not_changed(folder):
    (folder / records.EXECUTED).unlink()
    assert records.stands(folder, "r")
    (folder / records.EXECUTED).write_bytes(b"y")
    assert not records.stands(folder, "r")


def test_a_later_failure_or_a_damaged_record_does_not_stand(folder):
    (folder / records.FAILED).write_text("{}", encoding="utf-8")
    assert not records.stands(folder, "r")
    (folder / records.FAILED).unlink()
    for damaged in ("", "[]", '{"status": "ok"', '{"status": "failed", "request": "r", "outputs": {}}'):
        (folder / records.RECORD).write_text(damaged, encoding="utf-8")
        assert not records.stands(folder, "r")
