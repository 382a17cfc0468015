"""What a run has read of registers: its own lines in the journal, whoever wrote them, and nobody else's."""

import os

import pytest

from kommunanalys import journal
from kommunanalys.errors import KommunanalysError
from kommunanalys.reporting import readings
from kommunanalys.reporting.readings import RUN, Session, Watch, watched
from kommunanalys.secrecy.register import CREDIT


def test_the_credit_is_the_one_that_registers_get():
    assert readings.OWN == CREDIT


def test_readings_and_releases_since_the_start_are_counted():
    journal.append("reading", {"domain": "school"})
    with watched() as run:
        assert run.session() == Session()
        journal.append("reading", {"domain": "school"})
        journal.append("linking", {"permit": "a"})
        journal.append("release", {"release": "ab12"})
        journal.append("release", {"release": "ab12"})
        journal.append("deletion", {"what": "x"})
        assert run.session() == Session(2, ("ab12",))


def test_a_line_of_another_run_is_not_counted():
    watch = Watch("mine", 0)
    assert watch.is_mine({"run": "mine"})
    assert not watch.is_mine({"run": "other"})
    assert not watch.is_mine({"run": ""})
    assert watch.is_mine({}), "a line that does not say is taken for ours"


def test_a_journal_that_has_lost_lines_counts_as_a_reading():
    journal.append("reading", {"domain": "school"})
    with watched() as run:
        for path in (readings.journal.private_folder("journal")).glob("*.json*"):
            path.unlink()
        assert run.session().readings == 1


def test_what_the_notebook_hands_over_counts_too():
    assert Session().with_origins([{"credit": CREDIT}, {"credit": "Kolada"}]).readings == 1
    assert Session(3, ("a",)).with_origins([]) == Session(3, ("a",))


def test_the_environment_is_as_before(monkeypatch):
    monkeypatch.setenv(RUN, "outer")
    with watched() as run:
        assert os.environ[RUN] == run.name != "outer"
    assert os.environ[RUN] == "outer"
    monkeypatch.delenv(RUN)
    with watched():
        pass
    assert RUN not in os.environ


def test_a_journal_that_cannot_be_read_stops_a_run_before_it_begins(monkeypatch):
    def closed():
        raise OSError(5, "the disk is broken")

    monkeypatch.setattr(journal, "head", closed)
    with pytest.raises(KommunanalysError, match="the disk is broken"), watched():
        pass
    assert RUN not in os.environ


def test_who_may_not_open_the_journal_reads_no_register_and_is_not_stopped(monkeypatch):
    def closed():
        raise PermissionError(13, "not yours")

    monkeypatch.setattr(journal, "head", closed)
    with watched() as run:
        assert run.session() == Session()


def test_two_runs_in_threads_of_one_process_do_not_mix():
    from threading import Thread

    seen = {}

    def one(name):
        with watched() as run:
            journal.append("reading", {"what": name})
            seen[name] = (run.session().readings, os.environ[RUN] == run.name)

    threads = [Thread(target=one, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == dict.fromkeys("abcd", (1, True))
