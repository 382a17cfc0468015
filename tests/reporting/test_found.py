"""Records found in a folder: whole, broken, foreign, hidden; and what has changed between two looks."""

import json
import os

import pytest

from kommunanalys.reporting.found import changes, find_reports, memory

RECORD = {
    "notebook": "cost_efficiency.ipynb", "parameters": {"municipality": "0114", "year": None}, "language": "sv",
    "started": "2026-11-22T05:30:00+00:00", "finished": "2026-11-22T07:31:00+02:00", "status": "ok", "id": "abc",
    "outputs": {"report.html": "1f"},
}  # fmt: skip


@pytest.fixture
def place(tmp_path):
    """Put a record (and a page where all is well) into a folder below the output folder."""

    def put(folder="cost_efficiency/sv", name="run.json", **change):
        target = tmp_path / folder
        target.mkdir(parents=True, exist_ok=True)
        record = {**RECORD, **change}
        (target / name).write_text(json.dumps(record), encoding="utf-8")
        if record["status"] == "ok":
            (target / "report.html").write_text("<h1>Q</h1>", encoding="utf-8")
        return target

    return put


def test_a_report_is_read_from_its_record(place, tmp_path):
    (place("a/b/c") / "report.xlsx").write_bytes(b"")
    [entry] = find_reports(tmp_path).entries
    assert (entry.folder, entry.notebook, entry.municipality, entry.year) == ("a/b/c", "cost_efficiency", "0114", "")
    assert entry.files == ("report.html", "report.xlsx")
    assert f"{entry.made:%H:%M}" == "05:31"


def test_a_later_failure_stands_beside_the_report(place, tmp_path):
    place()
    place(name="run-failed.json", status="timeout", error={"type": "Timeout", "message": "too long"})
    [entry] = find_reports(tmp_path).entries
    assert entry.statuses == ("ok", "timeout")
    assert entry.reason == "too long"


def test_a_failure_without_report(place, tmp_path):
    place(name="run-failed.json", status="killed", error={"message": "gone"})
    [entry] = find_reports(tmp_path).entries
    assert (entry.statuses, entry.files) == (("killed",), ())


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b"7", b"null", b'"text"', b"\xff\xfe", b"{}", b"[" * 100_000, b'{"finished": 7}',
        json.dumps({**RECORD, "status": "well"}).encode(), json.dumps({**RECORD, "language": "de"}).encode(),
        json.dumps({**RECORD, "parameters": []}).encode(), json.dumps({**RECORD, "outputs": []}).encode(),
        json.dumps({**RECORD, "finished": "0001-01-01T00:00:00+05:00"}).encode(),
        json.dumps({**RECORD, "finished": "9999-12-31T23:59:00-05:00"}).encode(),
        json.dumps({**RECORD, "notebook": "x" * 5000}).encode(),
        json.dumps({**RECORD, "error": "x"}).encode(), json.dumps({**RECORD, "finished": "soon"}).encode(),
    ],
)  # fmt: skip
def test_broken_and_foreign_records_are_told_of(raw, place, tmp_path):
    place("good")
    (tmp_path / "å ä").mkdir()
    (tmp_path / "å ä" / "run.json").write_bytes(raw)
    found = find_reports(tmp_path)
    assert [entry.folder for entry in found.entries] == ["good"]
    assert list(found.unreadable) == ["å ä/run.json"]


def test_a_record_without_its_page_is_told_of(place, tmp_path):
    (place() / "report.html").unlink()
    assert find_reports(tmp_path).entries == ()
    assert list(find_reports(tmp_path).unreadable) == ["cost_efficiency/sv/report.html"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="every file can be read here")
def test_a_record_that_may_not_be_read_is_told_of(place, tmp_path):
    (place() / "run.json").chmod(0)
    assert list(find_reports(tmp_path).unreadable.values()) == ["PermissionError"]


def test_what_a_run_is_writing_is_no_report(place, tmp_path):
    place("cost_efficiency/.part-1")
    place(".old-2")
    assert find_reports(tmp_path).entries == ()


def test_changes_tell_each_kind(place, tmp_path):
    for name in ("same", "other", "again", "fails", "mends", "goes"):
        place(name, **({"status": "failed"} if name == "mends" else {}))
    before = memory(find_reports(tmp_path).entries)
    assert changes(before, before) == {}
    place("other", id="def")
    place("again", outputs={"report.html": "2e"})
    place("fails", name="run-failed.json", status="failed")
    place("mends")
    place("new")
    place("new-bad", status="timeout")
    (tmp_path / "goes" / "run.json").unlink()
    assert changes(before, memory(find_reports(tmp_path).entries)) == {
        "new": ["new"], "changed": ["other"], "failed": ["fails", "new-bad"], "mended": ["mends"], "again": ["again"],
        "gone": ["goes"],
    }  # fmt: skip


def test_the_memory_holds_no_path_of_a_machine(place, tmp_path):
    place(parameters={"municipality": "/home/anna b/0114", "year": "/home/anna/2021", "source": "/home/anna/kolada"})
    assert "anna" not in json.dumps(memory(find_reports(tmp_path).entries))


def test_a_long_reason_is_cut_and_names_no_folder(place, tmp_path):
    place(name="run-failed.json", status="failed", error={"message": "No '/home/anna/x.csv': " + "long " * 200})
    [entry] = find_reports(tmp_path).entries
    assert entry.reason.startswith("No '…/x.csv': long")
    assert len(entry.reason) == 401
