"""What was let out is remembered whole, and nothing of it is lost without a word."""

import os
from dataclasses import replace

import numpy as np
import pytest

from kommunanalys import journal, paths
from kommunanalys.errors import KommunanalysError, ReleaseRefused
from kommunanalys.secrecy import memory
from kommunanalys.secrecy.cube import Shape
from kommunanalys.secrecy.joint import Printed


def table(value=7.0):
    bare = Printed(Shape(("school",), (), (("A",),)), *np.full((2, 2), value), np.zeros(2, bool))
    return replace(bare, id=memory.identify(bare))


def files():
    return sorted((paths.state_dir() / "releases").glob("*.json"))


def test_the_same_table_is_remembered_once_and_comes_back_as_it_was():
    memory.remember(table())
    memory.remember(table())
    memory.remember(table(8.0))
    assert len(files()) == 2
    back = memory.recall("count", frozenset())
    assert [memory.identify(item) for item in back] == [memory.identify(table()), memory.identify(table(8.0))]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_only_its_owner_may_read_it():
    memory.remember(table())
    assert files()[0].stat().st_mode & 0o777 == 0o600


def test_another_figure_is_another_table():
    assert memory.identify(table()) != memory.identify(table(8.0))
    assert memory.recall("kr", frozenset()) == []


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_file_that_was_changed_stops_the_next_release(damage):
    memory.remember(table())
    text = files()[0].read_text(encoding="utf-8")
    files()[0].write_text(text[:-9] if damage == "cut" else text.replace("7.0", "8.0"), encoding="utf-8")
    with pytest.raises(KommunanalysError, match="was changed"):
        memory.recall("count", frozenset())


def test_a_release_that_only_the_journal_knows_stops_the_next_until_it_is_withdrawn():
    journal.append("release", {"release": "0123456789ab", "domains": ["school"]})
    with pytest.raises(ReleaseRefused, match="0123456789ab"):
        memory.check_whole(frozenset({"school"}))
    memory.check_whole(frozenset({"employment"}))
    journal.append("withdrawn", {"release": "0123456789ab"})
    memory.check_whole(frozenset({"school"}))


def test_it_is_held_by_one_at_a_time(monkeypatch):
    monkeypatch.setattr(memory, "WAIT", 0.1)
    with memory.alone(), pytest.raises(KommunanalysError, match="another release"), memory.alone():
        pass
