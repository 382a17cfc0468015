"""The journal tells what happened, and tells when somebody touched it."""

import json
import os
import subprocess
import sys
import time

import pytest

from kommunanalys import journal
from kommunanalys.errors import KommunanalysError, UsageError
from kommunanalys.paths import state_dir

CHECK = "from kommunanalys import journal\nprint(flush=True)\nprint(journal.verify())"


def place():
    return state_dir() / "journal" / "journal.jsonl"


def written(count=4):
    for number in range(count):
        journal.append("reading", {"domain": "school", "rows": number})
    return place().read_bytes().splitlines(keepends=True)


def faults(**options):
    return [fault for _, fault in journal.verify(**options).faults]


def test_lines_are_chained_and_headed():
    lines = [json.loads(line) for line in written(3)]
    assert [line["n"] for line in lines] == [1, 2, 3]
    assert lines[0]["previous"] == journal.FIRST
    assert [line["previous"] for line in lines[1:]] == [line["hash"] for line in lines[:-1]]
    assert journal.head() == (3, lines[-1]["hash"])
    assert journal.verify() == journal.Report(3)
    assert {"n", "when", "who", "run", "kind", "facts", "previous", "hash"} == lines[0].keys()


def test_an_empty_journal_is_well():
    assert journal.verify() == journal.Report(0)
    assert journal.head() == (0, journal.FIRST)


def test_a_changed_line_is_found():
    lines = written()
    lines[1] = lines[1].replace(b'"rows": 1', b'"rows": 9')
    place().write_bytes(b"".join(lines))
    assert journal.verify().faults == ((2, "changed"),)


def test_a_line_changed_with_its_hash_breaks_the_chain():
    lines = written()
    line = json.loads(lines[1])
    line["facts"]["rows"] = 9
    line["hash"] = journal._hash(line)
    lines[1] = json.dumps(line, ensure_ascii=False).encode() + b"\n"
    place().write_bytes(b"".join(lines))
    assert journal.verify().faults == ((3, "chain"),)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_line_taken_out_is_found(missing):
    lines = written()
    place().write_bytes(b"".join(line for number, line in enumerate(lines) if number != missing))
    assert "chain" in faults()


def test_lines_cut_off_at_the_end_are_found_also_after_the_next_line():
    lines = written()
    place().write_bytes(b"".join(lines[:2]))
    assert faults() == ["cut"]
    journal.append("reading", {})
    assert faults() == ["broken"]


def test_a_file_that_is_gone_is_found():
    written()
    place().unlink()
    assert faults() == ["cut"]
    journal.append("reading", {})
    assert faults() == ["broken"]


def test_lost_head_is_found():
    written()
    (place().parent / "head.json").write_text("{", encoding="utf-8")
    assert faults() == ["head"]


def test_a_journal_made_anew_is_found_by_a_hash_kept_elsewhere():
    written()
    _, seen = journal.head()
    assert journal.verify(seen=seen).well
    for file in place().parent.iterdir():
        file.unlink()
    journal.append("reading", {"domain": "school", "rows": 77})
    assert journal.verify().well
    assert faults(seen=seen) == ["unseen"]


def test_a_torn_last_line_is_told_and_not_dropped():
    lines = written()
    place().write_bytes(b"".join(lines) + b'{"n": 5, "whe')
    assert journal.verify().unfinished
    assert journal.verify().well
    journal.append("reading", {"domain": "school"})
    report = journal.verify()
    assert (report.lines, report.well, report.torn, report.unfinished) == (6, True, 1, False)
    assert b'{"n": 5, "whe' in place().read_bytes()
    assert [line["kind"] for line in journal.read()][-2:] == ["torn", "reading"]


def test_rubbish_that_no_line_tells_of_is_a_fault():
    lines = written()
    place().write_bytes(b"".join([*lines[:2], b"rubbish\n", *lines[2:]]))
    assert faults() == ["unread"]


@pytest.mark.parametrize("lost", [1, 0])
def test_a_crash_before_the_head_was_written_is_no_fault(lost):
    written(3)
    before = (place().parent / "head.json").read_bytes()
    journal.append("reading", {})
    (place().parent / "head.json").write_bytes(before)
    raw = place().read_bytes()
    place().write_bytes(raw[: len(raw) - lost])  # with or without its line break
    report = journal.verify()
    assert report.well
    assert report.unfinished
    journal.append("reading", {})
    assert journal.verify() == journal.Report(5)


def test_two_processes_do_not_lose_a_line():
    code = "from kommunanalys import journal\nfor n in range(20): journal.append('reading', {'rows': n})"
    running = [
        subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
        for _ in range(2)
    ]
    assert [one.wait() for one in running] == [0, 0]
    assert journal.verify() == journal.Report(40)


def test_checking_while_others_write_finds_nothing(monkeypatch):
    written(2)
    during = []

    def slow(folder, raw):
        append(folder, raw)
        if not during:
            during.append(
                subprocess.Popen(
                    [sys.executable, "-c", CHECK],
                    stdout=subprocess.PIPE,
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                )
            )
            during[0].stdout.readline()  # it begins to check now, between line and head
            append(folder, b"")
            time.sleep(0.5)

    append = journal._write
    monkeypatch.setattr(journal, "_write", lambda folder, raw: (slow(folder, raw[:9]), append(folder, raw[9:])))
    journal.append("reading", {"rows": 3})
    assert during[0].communicate()[0].split() == [b"Report(lines=3,", b"faults=(),", b"torn=0,", b"unfinished=False)"]


def test_a_held_journal_is_told(monkeypatch):
    from filelock import FileLock

    written(1)
    monkeypatch.setattr(journal, "WAIT", 0.01)
    with (
        FileLock(place().parent / "journal.lock"),
        pytest.raises(KommunanalysError, match="Another process holds the journal"),
    ):
        journal.verify()


def test_an_account_that_may_only_read_checks_too(monkeypatch):
    written(3)

    def refuse(self, *args, **options):
        raise PermissionError

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    assert journal.verify() == journal.Report(3)


ODD = {"n": 4, "when": "", "who": "", "kind": "x", "facts": {}, "previous": "", "hash": ""}


@pytest.mark.parametrize(
    "changed",
    [
        {"n": "x"},
        {"n": True},
        {"kind": []},
        {"facts": 1},
        {"previous": 2},
        {"hash": 3},
        {"when": None},
        {"who": "\ud800"},
    ],
)
def test_lines_of_odd_types_are_faults_and_stop_nobody(changed):
    lines = written(3)
    place().write_bytes(b"".join(lines) + json.dumps(ODD | changed).encode() + b"\n")
    assert not journal.verify().well
    journal.append("reading", {})
    assert not journal.verify().well
    assert [line["kind"] for line in journal.read()][-1] == "reading"


@pytest.mark.parametrize(
    "raw", ["[]", "5", '{"lines": 1e999, "hash": ""}', '{"lines": null, "hash": ""}', "[" * 100_000]
)
def test_an_odd_head_is_a_fault(raw):
    written(1)
    (place().parent / "head.json").write_text(raw, encoding="utf-8")
    assert faults() == ["head"]


@pytest.mark.parametrize(
    "facts",
    [{"who": "school:" + 32 * "a"}, {"list": ["x", "linked.fz:" + 32 * "0"]}, {"social_services:" + 32 * "1": 1}],
)
def test_pseudonyms_are_refused(facts):
    with pytest.raises(UsageError, match="no pseudonyms"):
        journal.append("reading", facts)
    assert not place().exists()


def test_only_plain_facts():
    with pytest.raises(UsageError, match="plain text"):
        journal.append("reading", {"table": object()})
    with pytest.raises(UsageError, match="plain text"):
        journal.append("reading", {"share": float("nan")})
    with pytest.raises(UsageError, match="plain text"):
        journal.append("reading", {"name": "\ud800"})
    with pytest.raises(UsageError, match="plain text"):
        journal.append("reading", {"a": 1, 2: 3})


def test_hashes_are_no_pseudonyms():
    journal.append("reading", {"sha256": "sha256:" + 64 * "a"})


def test_no_journal_no_deed(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("KOMMUNANALYS_STATE", str(tmp_path / "file"))
    with pytest.raises(KommunanalysError, match="cannot be written"):
        journal.append("reading", {})


@pytest.mark.skipif(os.name != "posix", reason="file modes protect on POSIX only")
def test_only_this_account_can_open_it():
    written(1)
    assert place().parent.stat().st_mode & 0o777 == 0o700
    assert place().stat().st_mode & 0o777 == 0o600
    assert (place().parent / "head.json").stat().st_mode & 0o777 == 0o600


def test_modes_that_do_not_protect_are_seen(tmp_path, monkeypatch):
    file = tmp_path / "a"
    file.write_bytes(b"")
    assert journal.keep_private(file) == (os.name == "posix")
    monkeypatch.setattr("pathlib.Path.chmod", lambda *_: None)  # as on a file share
    file2 = tmp_path / "b"
    os.close(os.open(file2, os.O_CREAT, 0o644))
    assert not journal.keep_private(file2)
    assert not journal.keep_private(tmp_path / "none")


def test_small_counts():
    assert [journal.few(count) for count in (0, 1, 4, 5, 120)] == [0, "<5", "<5", 5, 120]


def test_who_may_be_unknown(monkeypatch):
    def nobody():
        raise KeyError("uid")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert journal.append("reading", {})["who"] == "unknown"
