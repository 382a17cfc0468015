"""A folder is written whole or not at all, and says why."""

import errno
import os
import time

import pytest

from kommunanalys.errors import OutputError, UsageError
from kommunanalys.reporting import folder
from kommunanalys.reporting.folder import check_output, slug, whole_or_not

DEFAULTS = {"municipality": "X07", "year": None, "source": "example"}


def test_slug_says_what_differs():
    assert slug(DEFAULTS, DEFAULTS, "sv") == "sv"
    assert slug({**DEFAULTS, "municipality": "0114"}, DEFAULTS, "sv") == "municipality-0114_sv"


def test_slug_never_climbs_and_never_collides():
    names = {
        slug({**DEFAULTS, "municipality": value}, DEFAULTS, "en")
        for value in ("../../x", "x", "a/x", "x y", "x-y", "X")
    }
    assert len(names) == 6
    assert all(".." not in name and "/" not in name for name in names)
    assert len(slug({**DEFAULTS, "municipality": "x" * 500}, DEFAULTS, "en")) < 100


def test_output_may_not_climb(tmp_path):
    with pytest.raises(UsageError, match=r"\.\."):
        check_output(tmp_path / ".." / "x")


def test_whole(tmp_path):
    with whole_or_not(tmp_path / "å b" / "r") as work:
        (work / "a").write_text("new", encoding="utf-8")
    assert (tmp_path / "å b" / "r" / "a").read_text(encoding="utf-8") == "new"
    assert [item.name for item in (tmp_path / "å b").iterdir()] == ["r"]


def test_not_at_all_and_the_old_one_stays(tmp_path):
    target = tmp_path / "r"
    with whole_or_not(target) as work:
        (work / "a").write_text("old", encoding="utf-8")

    def half():
        with whole_or_not(target) as work:
            (work / "a").write_text("half", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert (target / "a").read_text(encoding="utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["r"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (PermissionError(errno.EACCES, "denied"), "Excel"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
    ],
)
def test_each_fault_is_one_message_with_the_way_out(tmp_path, error, message):
    with pytest.raises(OutputError, match=message), whole_or_not(tmp_path / "r"):
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_folder_held_by_another_program_keeps_the_old_report(tmp_path, monkeypatch):
    target = tmp_path / "r"
    target.mkdir()
    (target / "a").write_text("old", encoding="utf-8")
    renamed = folder.Path.rename

    def held(self, other):
        if self.name.startswith(".part-"):
            raise PermissionError(errno.EACCES, "held")
        return renamed(self, other)

    monkeypatch.setattr(folder.Path, "rename", held)
    with pytest.raises(OutputError, match="Excel"), whole_or_not(target) as work:
        (work / "a").write_text("new", encoding="utf-8")
    assert (target / "a").read_text(encoding="utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["r"]


def test_leftovers_of_a_killed_run_go_after_a_day(tmp_path):
    old, young = tmp_path / ".part-old", tmp_path / ".part-young"
    old.mkdir()
    young.mkdir()
    os.utime(old, (time.time() - 2 * folder.DAY,) * 2)
    with whole_or_not(tmp_path / "r"):
        pass
    assert not old.exists()
    assert young.exists()


def test_notes_beside_a_report_stay(tmp_path):
    target = tmp_path / "r"
    (target / "appendix").mkdir(parents=True)
    for name in ("notes.txt", "appendix/a.txt", "report.html", "run-failed.json"):
        (target / name).write_text("old", encoding="utf-8")
    with whole_or_not(target) as work:
        (work / "report.html").write_text("new", encoding="utf-8")
    found = sorted(str(item.relative_to(target)) for item in target.rglob("*") if item.is_file())
    assert found == ["appendix/a.txt", "notes.txt", "report.html"]
    assert (target / "report.html").read_text(encoding="utf-8") == "new"


def test_a_file_in_the_way_is_not_moved(tmp_path):
    (tmp_path / "r").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="in the way"), whole_or_not(tmp_path / "r"):
        pass
    assert (tmp_path / "r").read_text(encoding="utf-8") == "mine"
