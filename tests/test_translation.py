"""The catalogues are complete, and nothing in them is stale."""

import re

import pytest
from babel.messages.pofile import read_po

from kommunanalys.translation import CATALOGUES, current, translate
from tests.messages import all_messages

FIELDS = re.compile(r"\{(\w+)")


def catalogue(name):
    with (CATALOGUES / f"{name}.po").open("rb") as file:
        return read_po(file, locale=name)


@pytest.mark.parametrize("name", ["sv", "fi"])
def test_every_message_is_translated(name):
    entries = catalogue(name)
    absent = sorted(text for text in all_messages() if not entries.get(text) or not entries.get(text).string)
    assert not absent, f"{len(absent)} texts lack {name}: {absent[:3]}"


@pytest.mark.parametrize("name", ["sv", "fi", "sv_FI"])
def test_no_entry_is_fuzzy_stale_or_has_other_fields(name):
    known = all_messages()
    for entry in catalogue(name):
        if entry.id:
            assert not entry.fuzzy
            assert entry.id in known, f"no text of the code is {entry.id!r}"
            assert set(FIELDS.findall(entry.id)) >= set(FIELDS.findall(entry.string)), entry.id


def test_swedish_of_finland_differs_only_where_it_must():
    assert translate("Compulsory school", "sv", "SE") == "Grundskola"
    assert translate("Compulsory school", "sv", "FI") == "Grundläggande utbildning"
    assert translate("Sources", "sv", "FI") == translate("Sources", "sv")


def test_current_ignores_what_it_does_not_know(monkeypatch):
    monkeypatch.setenv("KOMMUNANALYS_LANGUAGE", "xx")
    assert current() == "en"
