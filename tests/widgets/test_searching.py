"""What a person types: names in both languages, beginnings, codes, words of indicators in three languages."""

import pytest

from kommunanalys.errors import UnknownMunicipality
from kommunanalys.language import Speaker
from kommunanalys.widgets.searching import called, matching, offered, recognised

FINNISH = ["091", "598", "049", "478"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Jakobstad", "598"),
        ("pietarsaari", "598"),
        ("598", "598"),
        ("KU598", "598"),
        ("Pietarsaari (598)", "598"),
        ("Esbo stad", "049"),
        ("  helsi ", "091"),
        ("Marieh", "478"),
    ],
)
def test_a_municipality_is_recognised(text, code):
    assert recognised(text, FINNISH) == code


def test_units_that_are_no_municipalities_are_recognised_by_their_name():
    assert recognised("School A", ["School A", "School B"]) == "School A"


@pytest.mark.parametrize("text", ["", "   ", "x", "Jakobstadt", "Stockholm", "Vasa"])
def test_what_is_not_there_is_refused(text):
    with pytest.raises(UnknownMunicipality):
        recognised(text, FINNISH)


def test_the_closest_are_only_those_with_figures():
    with pytest.raises(UnknownMunicipality, match=r"Closest: Härryda \(1401\)"):
        recognised("Hrryda", ["1401", "1440"])


def test_a_beginning_that_two_share_is_not_guessed():
    assert recognised("Lin", ["0580", "0781"]) == "0580"  # Linköping, Ljungby
    with pytest.raises(UnknownMunicipality):
        recognised("L", ["0580", "0781"])


def test_both_names_are_offered_once_each():
    assert offered(["598", "091"]) == (
        "Helsingfors (091)",
        "Helsinki (091)",
        "Jakobstad (598)",
        "Pietarsaari (598)",
    )
    assert len(offered(["1440"])) == 1


COLUMNS = ["N15033", "population", "tax_rate", "compulsory_cost_home"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("invånare", ["population"]),
        ("INVANARE", ["population"]),
        ("asukasluku", ["population"]),
        ("kostnad hemkommun", ["compulsory_cost_home"]),
        ("home cost", ["compulsory_cost_home"]),
        ("compulsory_cost", ["compulsory_cost_home"]),
        ("n15", ["N15033"]),
        ("gymnasium", ["N15033"]),
        ("nothing of the kind", []),
    ],
)
def test_indicators_are_found_by_words_of_three_languages(words, found):
    for language in ("sv", "fi", "en"):
        assert matching(words, COLUMNS, Speaker(language, "SE"), {"N15033": "Elever i gymnasium"}) == found


def test_no_word_finds_all_the_glossary_first():
    found = matching("", COLUMNS, Speaker("sv", "SE"))
    assert found == ["population", "tax_rate", "compulsory_cost_home", "N15033"]


def test_a_publishers_label_stands_after_its_name():
    assert called("N15033", Speaker("fi"), {"N15033": "Elever"}) == "N15033 Elever"
    assert called("N15033", Speaker("fi"), {}) == "N15033"
    assert called("population", Speaker("fi"), {"population": "Something else"}) == "Asukasluku"
