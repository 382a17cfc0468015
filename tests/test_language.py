"""Numbers, lists and texts as each language writes them."""

import pytest

from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker


def test_unknown_language_is_refused():
    with pytest.raises(UsageError, match="sv, fi, en"):
        Speaker("de")


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
