"""Each sentence without a figure stands once: said in English it is its own template, and every language has it."""

import pytest

from kommunanalys.early_warning import sentences
from kommunanalys.early_warning.recommend import RECOMMENDATIONS
from kommunanalys.early_warning.splits import NO_PAST, NOT_ENDED, NOT_YET, TOO_FEW
from kommunanalys.language import Speaker
from tests.messages import in_code

ADVISED = [(name, known, False) for name in RECOMMENDATIONS if name != "pool" for known in (True, False)]
TRIED = [(name, True, True) for name in ("flag", "places", "pool")]


def all_sentences():
    plain = [sentences.advice(name, known, trial=trial) for name, known, trial in [*ADVISED, *TRIED]]
    plain += [sentences.only_tried(), sentences.without_places(), sentences.meaning(), sentences.single()]
    plain += [sentences.enough(True), sentences.enough(False)]
    with_words = [sentences.model(name) for name in ("flag", "line", "trees", "blend")]
    with_words.append(sentences.beside("Listed", "a", "b"))
    return [*((text, {}) for text in plain), *with_words, sentences.untested("2020", NO_PAST)]


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_every_sentence_is_a_template_of_the_library_and_is_translated(language):
    known, say = in_code(), Speaker(language)
    for template, words in all_sentences():
        assert template in known
        assert sentences.said((template, words), say) != sentences.said((template, words), Speaker("en"))


def test_words_in_a_sentence_are_said_in_its_language():
    told = sentences.said(sentences.model("trees"), Speaker("sv"))
    assert "many small trees" not in told
    assert "{" not in told


def test_a_list_without_known_places_is_compared_with_what_could_be_tried():
    assert "chance" in sentences.advice("list", False)
    assert "whole places" in sentences.advice("list", True)


def test_each_reason_has_words_of_its_own():
    said = {sentences.why(reason, Speaker("en")) for reason in (NOT_YET, NO_PAST, NOT_ENDED, TOO_FEW)}
    assert len(said) == 4
