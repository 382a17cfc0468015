"""A folder is written whole or not at all, and says why."""

import errno
import os
import random
import subprocess
import sys
import time

import psutil
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


WRITE = """import sys, pathlib
from kommunanalys.reporting.folder import whole_or_not
target = pathlib.Path(sys.argv[1])
for number in range(10**9):
    with whole_or_not(target) as work:
        for name in ("a", "b", "c"):
            (work / name).write_text(str(number))
    if not number:
        print("begun", flush=True)"""


@pytest.mark.parametrize("seed", range(8))
def test_killed_at_a_random_moment_the_report_is_whole_or_comes_back_whole(tmp_path, seed):
    target = tmp_path / "r"
    with subprocess.Popen([sys.executable, "-c", WRITE, str(target)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "begun\n"
        time.sleep(random.Random(seed).uniform(0, 0.1))
        writer.kill()
    if target.exists():
        assert len({(target / name).read_text(encoding="utf-8") for name in ("a", "b", "c")}) == 1
    folder.recover(tmp_path)
    assert len({(target / name).read_text(encoding="utf-8") for name in ("a", "b", "c")}) == 1
    assert [item.name for item in tmp_path.iterdir()] == ["r"]


def gone(name):
    """What a process that has ended called a folder."""
    return name.format(mark=f"{2**22 + 1}-1000-{folder._place()}-ab12cd")


def test_a_report_laid_aside_comes_back_unless_another_took_its_place(tmp_path):
    for aside, text in ((".old-{mark}-r", "old"), (".old-{mark}-s", "older"), (".part-{mark}", "half")):
        (tmp_path / gone(aside)).mkdir()
        (tmp_path / gone(aside) / "report.html").write_text(text, encoding="utf-8")
        (tmp_path / gone(aside) / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "report.html").write_text("new", encoding="utf-8")
    folder.recover(tmp_path)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["r", "s"]
    assert (tmp_path / "r" / "report.html").read_text(encoding="utf-8") == "old"
    assert (tmp_path / "s" / "report.html").read_text(encoding="utf-8") == "new"
    assert (tmp_path / "s" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_what_a_living_process_makes_is_left_alone(tmp_path):
    with whole_or_not(tmp_path / "r") as work:
        folder.recover(tmp_path)
        assert work.exists()
        (work / "a").touch()
    assert (tmp_path / "r" / "a").exists()


def test_a_number_given_to_another_process_is_not_the_one_that_made_it(tmp_path):
    left = tmp_path / f".part-{os.getpid()}-1000-{folder._place()}-ab12cd"
    left.mkdir()
    folder.recover(tmp_path)
    assert not left.exists()


def hidden(*_):
    raise psutil.AccessDenied


@pytest.mark.parametrize("case", ["denied", "invisible", "elsewhere"])
def test_a_process_that_cannot_be_seen_is_not_taken_for_gone(tmp_path, monkeypatch, case):
    pid, place = os.getppid(), "00000000" if case == "elsewhere" else folder._place()
    if case == "elsewhere":
        pid = 2**22 + 1  # a number of another machine says nothing of this one
    if case == "denied":
        monkeypatch.setattr(psutil, "Process", hidden)
    if case == "invisible":
        monkeypatch.setattr(psutil.Process, "create_time", lambda _: (_ for _ in ()).throw(psutil.NoSuchProcess(pid)))
    mark = f"{pid}-1000-{place}-ab12cd"
    for name in (f".part-{mark}", f".old-{mark}-r"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("x", encoding="utf-8")
    long_ago = (time.time() - 2 * folder.QUIET,) * 2
    for item in tmp_path.iterdir():
        os.utime(item, long_ago)  # a file in it is young: somebody writes
    folder.recover(tmp_path)
    assert sorted(item.name for item in tmp_path.iterdir()) == [f".old-{mark}-r", f".part-{mark}"]
    for item in tmp_path.rglob("a"):
        os.utime(item, long_ago)
    for item in tmp_path.iterdir():
        os.utime(item, long_ago)
    folder.recover(tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["r"]


def test_a_zombie_writes_no_more(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as ended:
        ended.stdout.read()
        born = int(psutil.Process(ended.pid).create_time())
        until = time.monotonic() + 20
        while psutil.Process(ended.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
            time.sleep(0.01)
        (tmp_path / f".part-{ended.pid}-{born}-{folder._place()}-ab12cd").mkdir()
        folder.recover(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_laid_aside_says_when(tmp_path):
    target = tmp_path / "r"
    target.mkdir()
    os.utime(target, (1000, 1000))
    (aside,) = folder._lay_aside(target)
    assert folder._quiet(aside) < folder.QUIET


def test_another_that_publishes_at_the_same_moment_is_no_error(tmp_path, monkeypatch):
    target, renamed, others = tmp_path / "r", folder.Path.rename, []
    target.mkdir()
    (target / "notes.txt").write_text("mine", encoding="utf-8")

    def between(self, other):
        if self.name.startswith(".part-") and len(others) < 3:
            others.append(self)
            other.mkdir()  # the other one was quicker
            (other / "report.html").write_text("other", encoding="utf-8")
        return renamed(self, other)

    monkeypatch.setattr(folder.Path, "rename", between)
    with whole_or_not(target) as work:
        (work / "report.html").write_text("ours", encoding="utf-8")
    assert len(others) == 3
    assert (target / "report.html").read_text(encoding="utf-8") == "ours"
    assert (target / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert [item.name for item in tmp_path.iterdir()] == ["r"]


SHARED = """import sys, pathlib
from kommunanalys.reporting.folder import whole_or_not
sys.stdin.read(1)
for number in range(200):
    with whole_or_not(pathlib.Path(sys.argv[1])) as work:
        for name in ("a", "b", "c"):
            (work / name).write_text(sys.argv[2] + str(number))"""


def test_two_that_write_one_report_at_the_same_time(tmp_path):
    target = tmp_path / "r"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", SHARED, str(target), name], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for name in "xy"
    ]
    for writer in writers:
        writer.stdin.write(b".")
        writer.stdin.flush()
    errors = [writer.communicate(timeout=120)[1].decode() for writer in writers]
    assert errors == ["", ""]
    assert [item.name for item in tmp_path.iterdir()] == ["r"]
    assert len({(target / name).read_text(encoding="utf-8") for name in ("a", "b", "c")}) == 1


def test_a_document_of_last_time_does_not_stay_beside_a_report_without(tmp_path):
    target = tmp_path / "r"
    target.mkdir()
    (target / "report.docx").write_text("old", encoding="utf-8")
    with whole_or_not(target):
        pass
    assert list(target.iterdir()) == []


def test_a_full_disk_is_told_from_the_rest(tmp_path):
    for number, full in ((errno.ENOSPC, True), (errno.EACCES, False)):
        with pytest.raises(OutputError) as caught, whole_or_not(tmp_path / "r"):
            raise OSError(number, "")
        assert folder.is_full(caught.value) is full
