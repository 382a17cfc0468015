"""Texts, numbers and lists in three languages; the catalogues are complete."""

import re

import pytest
from babel.messages.pofile import read_po

from kommunanalys.errors import UsageError
from kommunanalys.language import CATALOGUES, Speaker, current, translate
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


def test_unknown_language_is_refused():
    with pytest.raises(UsageError, match="sv, fi, en"):
        Speaker("de")


def test_current_ignores_what_it_does_not_know(monkeypatch):
    monkeypatch.setenv("KOMMUNANALYS_LANGUAGE", "xx")
    assert current() == "en"


@pytest.mark.parametrize(
    ("language", "number", "percent"),
    [("sv", "−1\xa0234,5", "12,0\xa0%"), ("fi", "−1\xa0234,5", "12,0\xa0%"), ("en", "-1,234.5", "12.0%")],
)
def test_numbers_as_the_language_writes_them(language, number, percent):
    say = Speaker(language)
    assert say.number(-1234.5, 1) == number
    assert say.percent(12, 1) == percent
    assert say.number(None) == say.percent(float("nan")) == "–"


def test_lists_in_words():
    assert Speaker("sv").names(["a", "b", "c"]) == "a, b och c"
    assert Speaker("fi").names(["a", "b"]) == "a ja b"
