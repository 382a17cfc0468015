"""Codes of persons are found, and the numbers of ordinary tables are not.

All codes here are invented: individual numbers 900–999 of Finland, which are never given for good, and Swedish codes
of people born in the nineteenth century.
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommunanalys.identity_codes import FINNISH_SIGNS, find_codes


def luhn(digits):
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str((10 - total % 10) % 10)


def finnish(day, separator, number):
    digits = f"{day:%d%m%y}", f"{number:03}"
    return digits[0] + separator + digits[1] + FINNISH_SIGNS[int("".join(digits)) % 31]


def swedish(day, number, separator="", century=True, added=0):
    tail = f"{day:%y%m}{day.day + added:02}{number:03}"
    return (str(day.year)[:2] if century else "") + tail[:6] + separator + tail[6:] + luhn(tail)


def kinds(text):
    return [code.kind for code in find_codes(text)]


old = st.dates(date(1800, 1, 1), date(1899, 12, 31))
temporary = st.integers(900, 999)


@given(st.dates(date(1800, 1, 1), date(2049, 12, 31)), temporary, st.sampled_from("-YXWVU+ABCDEF"))
def test_every_finnish_code_with_the_separator_of_its_century_is_found(day, number, separator):
    century = {"+": 18, **dict.fromkeys("-YXWVU", 19)}.get(separator, 20)
    code = finnish(day, separator, number)
    if day.year // 100 == century:
        assert kinds(code) == kinds(code.lower()) == kinds(f"({code}).") == ["fi"]


@given(old, temporary)
def test_a_wrong_finnish_check_sign_is_no_code(day, number):
    code = finnish(day, "+", number)
    others = [code[:-1] + sign for sign in FINNISH_SIGNS if sign != code[-1]]
    assert "fi" not in kinds(" ".join(others)), "the same signs may be right in Sweden"


@given(old, st.integers(1, 999), st.sampled_from(["", "-", "+"]), st.sampled_from([0, 60]))
def test_every_swedish_code_is_found_and_a_wrong_digit_is_none(day, number, separator, added):
    code = swedish(day, number, separator, added=added)
    assert kinds(code) == ["se"]
    assert "se" not in kinds(" ".join(code[:-1] + str((int(code[-1]) + shift) % 10) for shift in range(1, 10)))


@given(old, st.integers(1, 999), st.sampled_from("-+"))
def test_ten_digits_count_with_their_separator_only(day, number, separator):
    code = swedish(day, number, separator, century=False)
    # Without a century 29 February is a day in 2000, whichever year was meant; and some are right in Finland too.
    assert len(kinds(code)) == 1
    assert kinds(code.replace(separator, "")) == []


@given(old, st.integers(1, 999), st.characters(categories=["L", "Nd"]))
def test_a_code_inside_a_longer_word_or_number_is_none(day, number, sign):
    code = swedish(day, number)
    assert kinds(code + sign) == kinds(sign + code) == []
    assert kinds(f"{code}-{sign}") == kinds(f"{sign}-{code}") == []


def test_places_and_order():
    first, second = finnish(date(1901, 1, 1), "-", 900), swedish(date(1812, 12, 12), 121)
    text = f"a {first}, b\n{second}"
    assert [text[code.start : code.end] for code in find_codes(text)] == [first, second]


def test_other_dashes_are_hyphens():
    code = finnish(date(1901, 1, 1), "-", 901)
    assert kinds(code.replace("-", "\u2013")) == kinds(code.replace("-", "\u2011")) == ["fi"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0114 0180 1440 049 091", "municipality codes"),
        ("212000-0142, 556036-0793, 0201256-6, FI02012566", "organisation numbers: the month is 20 or more"),
        ("2021-01-01 20210101 2021-01-01T12:00:00+00:00", "dates"),
        ("+46 8 508 00 000, 08-508 290 00, 0701234567, 040-1234567, +358401234567", "telephone numbers"),
        ("12 345 678,90 1234567.89 -123456 123456-7890", "amounts"),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "hashes"),
        ("9f86d081884c 123456a12345 010101a900 1234567890123456", "shortened hashes"),
        ("FI21 1234 5600 0007 85, 5402-9681 1234 5678, 12345-6", "account and giro numbers"),
        ("https://api.kolada.se/v3/data/kpi/N15027,N15507/year/2019,2020", "addresses"),
        ("13.02.2024 62.2412 24.9384 1.5e-05 0.05–0.95", "decimals"),
        ("300290-9129 310299-900F 000000-9000 181213121212", "no such day, or a wrong check sign"),
        ("010101-000Y 010101-001Z", "individual numbers begin at 002"),
    ],
)
def test_ordinary_tables_hold_no_persons(text, why):
    assert kinds(text) == [], why


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: f"{value:,.2f}".replace(",", "\u00a0"))))
def test_amounts_are_never_codes(amounts):
    assert kinds(" ".join(amounts)) == []


@given(st.text())
def test_any_text_can_be_searched(text):
    assert all(0 <= code.start < code.end <= len(text) for code in find_codes(text))
