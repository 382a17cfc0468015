"""Numbers, lists and texts as each language writes them."""

from datetime import UTC, date, datetime

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


@pytest.mark.parametrize(
    ("language", "told"), [("sv", "3 mars 2026"), ("fi", "3. maaliskuuta 2026"), ("en", "3 March 2026")]
)
def test_dates_with_the_month_in_words(language, told):
    say = Speaker(language, "FI")
    moments = ["2026-03-03", "2026-03-03T23:30:00+00:00", date(2026, 3, 3), datetime(2026, 3, 3, 23, 30, tzinfo=UTC)]
    assert {say.date(moment) for moment in moments} == {told}


@pytest.mark.parametrize("text", ["", "yesterday", "03/03/2026", "2026-13-01"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"Invalid isoformat|month must be"):
        Speaker("en").date(text)


def test_a_field_may_be_called_text():
    assert Speaker("en")("No {text}.", text="figures") == "No figures."
