"""Every statement of law is whole in three languages, dated or said not to be, and cited by some paper."""

import tomllib
from datetime import date

import pytest

from kommunanalys.early_warning.law import LAW, law, looked_up
from kommunanalys.early_warning.papers import CARD, FOLDER, KINDS

LANGUAGES = ("sv", "fi", "en")
RAW = tomllib.loads(LAW.read_text(encoding="utf-8"))


def test_every_statement_is_cited():
    texts = [(FOLDER / f"{kind}.en.md").read_text(encoding="utf-8") for kind in [*KINDS, CARD]]
    assert not [name for name in law() if not any(f"{{law[{name}]}}" in text for text in texts)]


@pytest.mark.parametrize("name", RAW["statements"])
def test_a_statement_is_whole(name):
    one = RAW["statements"][name]
    assert set(one) == {"act", "where", "sv", "fi", "en", "found", "checked"}
    assert set(one["where"]) == set(RAW["acts"][one["act"]]) == set(LANGUAGES)
    assert all(one[language].endswith(".") and len(one[language]) > 30 for language in LANGUAGES)
    if one["checked"]:
        assert isinstance(one["checked"], date)
        assert set(RAW["found"][one["found"]]) == set(LANGUAGES)
    else:
        assert one["found"] == ""


def test_the_day_or_its_absence_stands_beside():
    assert law()["ai_explain"].say("en").endswith("*(AI Act art. 86; looked up 22 November 2026)*")
    assert law()["gdpr_special"].say("en").endswith("*(GDPR art. 9; not looked up yet)*")
    assert law()["gdpr_object"].checked == "2026-11-22"


@pytest.mark.parametrize("language", LANGUAGES)
def test_kinds_of_sources_are_told(language):
    told = looked_up([law()["ai_explain"], law()["ai_use"], law()["gdpr_special"]], language)
    assert len(told) == 2
    assert law()["ai_use"].where[language] in told[0]
