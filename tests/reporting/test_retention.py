"""Private notebooks go when their time is over, the record says so, and nothing else is touched."""

import io
import json
import os
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kommunanalys import journal
from kommunanalys.errors import OutputError, UsageError
from kommunanalys.reporting.retention import KINDS, forget_private, forget_state, permit_of


@pytest.fixture
def report(tmp_path):
    """A report that was made some days ago."""

    def make(folder="a/sv", days=40.0, **change):
        target = tmp_path / folder
        target.mkdir(parents=True)
        finished = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
        outputs = {"report.html": "1f", "executed.ipynb": "2e"}
        record = {"notebook": "a.ipynb", "finished": finished, "outputs": outputs, "å": "ö", **change}
        (target / "run.json").write_text(json.dumps(record), encoding="utf-8")
        for name in ("report.html", "executed.ipynb", "own.ipynb"):
            (target / name).write_text("x")
        return target

    return make


def test_old_ones_go_and_the_record_says_so(report, tmp_path):
    old, young = report(), report("a/fi", days=20)
    before = json.loads((old / "run.json").read_text(encoding="utf-8"))
    assert forget_private(tmp_path, 30) == [old / "executed.ipynb"]
    assert sorted(path.name for path in old.iterdir()) == ["own.ipynb", "report.html", "run.json"]
    after = json.loads((old / "run.json").read_text(encoding="utf-8"))
    assert datetime.now(UTC) - datetime.fromisoformat(after.pop("private_deleted")) < timedelta(minutes=5)
    assert after == before, "the hash stays: the record tells what was made"
    (line,) = journal.read()
    assert line["kind"] == "deletion"
    assert line["facts"]["what"] == "executed notebook"
    assert line["facts"]["place"] == "a/sv"
    assert (young / "executed.ipynb").exists()
    assert "private_deleted" not in (young / "run.json").read_text()
    assert forget_private(tmp_path, 30) == []


@pytest.mark.parametrize(
    "change",
    [{"outputs": {}}, {"outputs": None}, {"finished": None}, {"finished": "soon"}, {"finished": "2020-01-01T00:00:00"},
     {"notebook": 7}],
)  # fmt: skip
def test_what_is_not_known_is_not_touched(change, report, tmp_path):
    target = report(**change)
    raw = (target / "run.json").read_bytes()
    assert forget_private(tmp_path, 0) == []
    assert (target / "executed.ipynb").exists()
    assert (target / "run.json").read_bytes() == raw


@pytest.mark.parametrize("raw", [b"", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_a_broken_record_is_no_leave_to_delete(raw, report, tmp_path):
    target = report()
    (target / "run.json").write_bytes(raw)
    assert forget_private(tmp_path, 0) == []
    (target / "run.json").unlink()
    assert forget_private(tmp_path, 0) == []
    assert (target / "executed.ipynb").exists()


def test_a_link_is_not_followed(report, tmp_path):
    target = report("out/a")
    (target / "executed.ipynb").unlink()
    precious = tmp_path / "precious.ipynb"
    precious.write_text("x")
    try:
        (target / "executed.ipynb").symlink_to(precious)
    except OSError:
        pytest.skip("links are not allowed here")
    assert forget_private(tmp_path / "out", 0) == []
    assert precious.exists()


def test_one_that_cannot_be_deleted_is_told_and_the_record_stays_true(report, tmp_path, monkeypatch):
    target = report()
    raw = json.loads((target / "run.json").read_text(encoding="utf-8"))
    unlink = Path.unlink

    def refuse(self, missing_ok=False):
        if self.name == "executed.ipynb":
            raise PermissionError(13, "open elsewhere")
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputError, match="open elsewhere"):
        forget_private(tmp_path, 30)
    assert json.loads((target / "run.json").read_text(encoding="utf-8")) == raw
    assert (target / "executed.ipynb").exists()


def test_wrong_calls(tmp_path):
    with pytest.raises(UsageError, match="-1 days"):
        forget_private(tmp_path, -1)
    with pytest.raises(UsageError, match="no folder"):
        forget_private(tmp_path / "nowhere", 30)
    with pytest.raises(UsageError, match=r"\.\."):
        forget_private(tmp_path / ".." / tmp_path.name, 30)


@pytest.mark.parametrize("days", [1_000_000, 10**12])
def test_more_days_than_the_calendar_has(tmp_path, days):
    with pytest.raises(UsageError, match=f"{days} days"):
        forget_private(tmp_path, days)


def parcel(name, permit, days):
    """A parcel that was made some days ago."""
    place = journal.private_folder("parcels") / name
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("parcel.json", json.dumps({"permit": permit}))
    place.write_bytes(held.getvalue())
    os.utime(place, (time.time() - days * 86400,) * 2)
    return place


def test_parcels_go_when_their_time_is_over_or_their_permit_has_ended():
    old, young, ended = parcel("old.parcel", "a", 100), parcel("young.parcel", "a", 80), parcel("ended.parcel", "b", 1)
    assert permit_of(ended) == "b"
    assert forget_state(ended=["b"]) == [ended, old]
    assert young.exists()
    facts = [line["facts"] for line in journal.read()]
    assert [fact["place"] for fact in facts] == ["ended.parcel", "old.parcel"]
    assert facts[0]["permit"] == "b"
    assert len(facts[0]["sha256"]) == 64
    assert forget_state(79) == [young]
    assert forget_state(0) == []


def test_a_damaged_parcel_and_one_without_a_known_permit_go_by_their_age_only():
    place = parcel("damaged.parcel", "b", 10)
    place.write_bytes(b"x")
    assert permit_of(place) == ""
    assert forget_state(20, ended=["b"]) == []
    os.utime(place, (0, 0))
    assert forget_state(20) == [place]


def test_the_memory_of_releases_the_journal_and_the_keys_are_never_deleted():
    for name in ("releases/000000-abc.json", "keys/school.json", "journal/journal.jsonl"):
        path = journal.private_folder(name.split("/")[0]) / name.split("/")[1]
        path.write_bytes(b"")
        os.utime(path, (0, 0))
    assert forget_state(0) == []
    assert not {kind.pattern.split("/")[0] for kind in KINDS} & {"releases", "keys", "journal"}


def test_nothing_is_deleted_where_the_journal_cannot_be_written(monkeypatch):
    from kommunanalys.errors import KommunanalysError

    place = parcel("old.parcel", "a", 100)

    def closed(*_):
        raise KommunanalysError("closed")

    monkeypatch.setattr(journal, "append", closed)
    with pytest.raises(KommunanalysError, match="closed"):
        forget_state()
    assert place.exists()


def test_a_link_in_the_state_is_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"x")
    os.utime(precious, (0, 0))
    link = journal.private_folder("parcels") / "a.parcel"
    try:
        link.symlink_to(precious)
    except OSError:
        pytest.skip("links are not allowed here")
    assert forget_state(0) == []
    assert link.is_symlink()
