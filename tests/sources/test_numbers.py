"""Numbers as people write them: whatever was written comes back, and nothing else does."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kommunanalys.errors import SourceError
from kommunanalys.sources.numbers import MARKS, MINUS, SPACES, decimal_sign, read_numbers

FLAGS = {".": "not_applicable", "..": "secret", "": "missing"}


def read_one(text: str, decimal: str | None = None) -> tuple[float, str]:
    found = read_numbers([text], marks=FLAGS, decimal=decimal)  # type: ignore[arg-type]
    return found["value"][0], found["flag"][0]


@pytest.mark.parametrize(
    ("text", "value", "flag"),
    [
        ("12,5", 12.5, ""),
        ("12.5", 12.5, ""),
        ("1 234", 1234.0, ""),
        ("1\u00a0234\u00a0567,8", 1234567.8, ""),
        ("1\u202f234", 1234.0, ""),
        ("−3", -3.0, ""),
        ("–3,25", -3.25, ""),
        ("- 3", -3.0, ""),
        ("3-", -3.0, ""),
        ("1 200,50 -", -1200.5, ""),
        ("+7", 7.0, ""),
        ("12,5 %", 12.5, ""),
        ("12%", 12.0, ""),
        ("~100", 100.0, "rounded"),
        ("~ 0", 0.0, "rounded"),
        ("cirka 370", 370.0, "rounded"),
        ("Ca. 1 100", 1100.0, "rounded"),
        ("noin 12,5", 12.5, "rounded"),
        ("1.234.567", 1234567.0, ""),
        ("1,234,567.8", 1234567.8, ""),
        ("1.234.567,8", 1234567.8, ""),
        ("0.123", 0.123, ""),
        ("0,123", 0.123, ""),
        (",5", 0.5, ""),
        ("1E+05", 100_000.0, ""),
        ("2.5e-05", 2.5e-05, ""),
        ("1234,567", 1234.567, ""),
        ("-0", 0.0, ""),
    ],
)
def test_one_number(text: str, value: float, flag: str) -> None:
    assert read_one(text) == (value, flag)


@pytest.mark.parametrize(("text", "flag"), FLAGS.items())
def test_marks_are_never_nought(text: str, flag: str) -> None:
    value, found = read_one(text)
    assert math.isnan(value)
    assert found == flag


@pytest.mark.parametrize(
    "text",
    ["abc", "12a", "1 23", "1 2345", "12 345 6", "--3", "-3-", "1,2,3", "5,", "<5", "1..2", "...", "*", "~", "cirka",
     "£5", "nan", "inf", "1_000", "٣", "½", "12:30", "1.234,56,7", "#N/A", "e5", "~~5"],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match=r"no number|decimals with comma"):
        read_one(text)


def test_a_doubtful_column_is_decided_by_its_other_cells() -> None:
    assert read_numbers(["1.234", "0,5"])["value"].tolist() == [1234.0, 0.5]
    assert read_numbers(["1.234", "0.5"])["value"].tolist() == [1.234, 0.5]
    assert read_numbers(["1,234", "12"], decimal=",")["value"].tolist() == [1.234, 12.0]
    with pytest.raises(SourceError, match=r"'1\.234' may be a thousand or a fraction"):
        read_numbers(["12", "1.234"], name="Summa")
    with pytest.raises(SourceError, match=r"comma and with point: '0,5' and '0\.7'"):
        read_numbers(["0,5", "0.7"])
    with pytest.raises(SourceError, match=r"'0\.7' is no number"):
        read_numbers(["0,5", "0.7"], decimal=",")


def test_other_marks_by_publisher() -> None:
    assert read_numbers(["..", "...", "*", "-"])["flag"].tolist() == [MARKS[text] for text in ("..", "...", "*", "-")]
    with pytest.raises(SourceError):
        read_numbers(["..."], marks=FLAGS)


def test_an_empty_column() -> None:
    assert read_numbers([]).shape == (0, 2)
    assert read_numbers(["", None])["flag"].tolist() == ["missing", "missing"]  # type: ignore[list-item]


styles = st.fixed_dictionaries(
    {
        "decimal": st.sampled_from([",", "."]),
        "thousand": st.sampled_from(["", *SPACES, "other"]),
        "minus": st.sampled_from([*MINUS, "behind"]),
        "percent": st.sampled_from(["", "%", " %", "\u00a0%"]),
        "rounded": st.sampled_from(["", "~", "cirka ", "ca "]),
        "places": st.integers(0, 4),
    }
)


def write(number: int, style: dict[str, object]) -> str:
    """A number of ten-thousandths in somebody's hand."""
    decimal, places = str(style["decimal"]), int(str(style["places"]))
    thousand = {"other": "." if decimal == "," else ","}.get(str(style["thousand"]), str(style["thousand"]))
    text = f"{abs(number) / 10**places:,.{places}f}".replace(",", "T").replace(".", decimal).replace("T", thousand)
    sign = str(style["minus"])
    if number < 0:
        text = f"{text}-" if sign == "behind" else f"{sign}{text}"
    return f"{style['rounded']}{text}{style['percent']}"


@given(st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=20), styles)
@example([1234567], {"decimal": ",", "thousand": "other", "minus": "-", "percent": "", "rounded": "", "places": 0})
def test_whatever_was_written_comes_back(numbers: list[int], style: dict[str, object]) -> None:
    texts = [write(number, style) for number in numbers]
    places = int(str(style["places"]))
    found = read_numbers(texts, decimal=style["decimal"])  # type: ignore[arg-type]
    assert found["value"].tolist() == pytest.approx([number / 10**places for number in numbers], rel=1e-12, abs=0)
    assert set(found["flag"]) == {"rounded" if style["rounded"] else ""}


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20), styles)
def test_untold_it_is_right_or_says_that_it_cannot_tell(numbers: list[int], style: dict[str, object]) -> None:
    texts, places = [write(number, style) for number in numbers], int(str(style["places"]))
    if decimal_sign(texts) is None and any(re.search(r"[.,]", text) for text in texts):
        with pytest.raises(SourceError, match=r"may be a thousand or a fraction"):
            read_numbers(texts)
    else:
        found = read_numbers(texts)
        assert found["value"].tolist() == pytest.approx([number / 10**places for number in numbers], rel=1e-12, abs=0)


@given(st.text(max_size=12))
def test_any_text_is_a_number_a_mark_or_refused(text: str) -> None:
    try:
        found = read_numbers([text], decimal=",")
    except SourceError:
        return
    assert found["value"].isna()[0] == (found["flag"][0] in {"missing", "secret", "not_applicable"})
