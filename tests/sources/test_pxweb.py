"""A selection from metadata: by code, text or expression; its parts are the whole."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommunanalys.errors import NoData, UnknownMunicipality, UsageError
from kommunanalys.sources.pxweb import Selection, Variable, choose

YEARS = tuple(str(year) for year in range(2015, 2025))
TIME = Variable("timeperiod_y", "År", YEARS, YEARS, time=True)
AGE = Variable("ika", "Ålder", ("SSS", "000", "001", "010"), ("Totalt", "0", "1", "10"))
SEX = Variable("kon", "Kön", ("1", "2"), ("Män", "Kvinnor"), eliminable=True)
AREA = Variable("alue", "Område", ("SSS", "KU091", "KU598"), ("HELA LANDET", "Helsingfors", "Jakobstad"))
WHAT = Variable("contentscode", "Uppgifter", ("vaerak-vaesto",), ("Folkmängd",), contents=True)
TABLE = [AREA, AGE, SEX, WHAT, TIME]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(1, 50))
@settings(max_examples=60, deadline=None)
def test_parts_are_the_whole_and_none_is_too_large(sizes: list[int], most: int) -> None:
    whole = Selection({f"v{at}": tuple(map(str, range(size))) for at, size in enumerate(sizes)})
    parts = whole.parts(most)
    assert all(part.cells <= most for part in parts)
    cells = [cell for part in parts for cell in itertools.product(*part.chosen.values())]
    assert sorted(cells) == sorted(itertools.product(*whole.chosen.values()))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("2020", ["2020"]),
        (["2024", "2015", "2024"], ["2015", "2024"]),
        ([2016], ["2016"]),
        ("*", list(YEARS)),
        ("202?", ["2020", "2021", "2022", "2023", "2024"]),
        ("TOP(2)", ["2023", "2024"]),
        ("BOTTOM(1)", ["2015"]),
        ("RANGE(2016,2018)", ["2016", "2017", "2018"]),
        ("FROM(2023)", ["2023", "2024"]),
        ("to(2016)", ["2015", "2016"]),
    ],
)
def test_values_by_code_text_and_expression(wanted: object, found: list[str]) -> None:
    assert list(TIME.resolve(wanted)) == found


def test_top_of_what_is_no_time_are_the_first() -> None:
    assert AGE.resolve("TOP(2)") == ("SSS", "000")
    assert AGE.resolve("BOTTOM(1)") == ("010",)
    assert AGE.resolve(["totalt", "10"]) == ("SSS", "010")


@pytest.mark.parametrize("wrong", ["TOP(x)", "TOP(2,1)", "RANGE(2016)", "FROM(1999)", "199?", "vaesto", ""])
def test_values_that_are_not_there(wrong: str) -> None:
    with pytest.raises(UsageError, match=r"timeperiod_y \(År\) has no value .* today.*2015 \(2015\)"):
        TIME.resolve(wrong)


def test_what_is_not_named() -> None:
    chosen = choose(TABLE, {"ika": "SSS"}, None, None, "11ra").chosen
    assert chosen["alue"] == ("KU091", "KU598")
    assert "kon" not in chosen
    assert chosen["contentscode"] == ("vaerak-vaesto",)
    assert chosen["timeperiod_y"] == YEARS
    chosen = choose(TABLE, {"Ålder": "Totalt", "contents": "folkmängd"}, "Pietarsaari", [2020, 2015], "11ra").chosen
    assert (chosen["alue"], chosen["timeperiod_y"]) == (("KU598",), ("2015", "2020"))


def test_yesterdays_codes_are_answered_with_todays() -> None:
    with pytest.raises(UsageError, match=r"no variable 'Alue' today.*alue \(Område\), ika"):
        choose(TABLE, {"Alue": "KU091"}, None, None, "11ra")
    with pytest.raises(UsageError, match=r"no value 'vaesto' today. Closest: vaerak-vaesto.*\(Folkmängd\)"):
        choose(TABLE, {"contents": "vaesto", "ika": "SSS"}, None, None, "11ra")


def test_what_is_named_twice() -> None:
    with pytest.raises(UsageError, match="År is named twice"):
        choose(TABLE, {"ika": "SSS", "timeperiod_y": "2020"}, None, 2021, "11ra")
    with pytest.raises(UsageError, match="Område is named twice"):
        choose(TABLE, {"ika": "SSS", "alue": "KU598"}, "598", None, "11ra")


def test_what_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match=r"Ålder, which cannot be left out.*'ika'.*SSS \(Totalt\)"):
        choose(TABLE, {}, None, None, "11ra")
    with pytest.raises(NoData, match=r"no figures for 1999\. It has 2015–2024"):
        choose(TABLE, {"ika": "SSS"}, None, [1999, 2020], "11ra")
    with pytest.raises(NoData, match="no figures for municipality 049"):
        choose(TABLE, {"ika": "SSS"}, ["Esbo", "598"], None, "11ra")
    with pytest.raises(UnknownMunicipality):
        choose(TABLE, {"ika": "SSS"}, "Stockholm", None, "11ra")
    with pytest.raises(NoData, match="has no municipalities; it is divided by Ålder"):
        choose(TABLE[1:], {"ika": "SSS"}, None, None, "11ra")
