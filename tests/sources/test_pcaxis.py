"""PC-Axis: every figure arrives with its mark, in the publisher's order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kommunanalys.errors import SourceError
from kommunanalys.sources import pcaxis
from kommunanalys.sources.numbers import read_numbers
from kommunanalys.sources.tabular import parse

HEAD = """CHARSET="ANSI";
AXIS-VERSION="2013";
CODEPAGE="iso-8859-1";
LANGUAGE="sv";
LANGUAGES="sv","fi";
CONTENTS="Elever";
TITLE="Elever efter område och år; "
"påhittade tal";
TITLE[fi]="Oppilaat";
STUB="område";
STUB[fi]="alue";
HEADING="år","kön";
VALUES("område")="Närpes","Åbo = Turku",
"Korsholm; ny";
VALUES[fi]("alue")="Närpiö","Turku","Mustasaari";
VALUES("år")="2023","2024";
VALUES("kön")="Män","Kvinnor";
CODES("område")="545","853","499";
LAST-UPDATED("Elever")="20261101 08:00";
NOTE="Första. "
"Andra.";
DATA=
"""


def px(data: str) -> bytes:
    return (HEAD + data + ";\n").encode("cp1252")


def test_long_form_with_codes_notes_and_marks() -> None:
    sheet = parse(px('1 2 3 4\n".." "." 7 8\n-1.5 "-" "..." 12\n'), "a.px")
    assert list(sheet.frame) == ["område code", "område", "år", "kön", "value"]
    keys = list(itertools.product(["Närpes", "Åbo = Turku", "Korsholm; ny"], ["2023", "2024"], ["Män", "Kvinnor"]))
    assert list(sheet.frame[["område", "år", "kön"]].itertuples(index=False, name=None)) == keys
    assert sheet.frame["value"].tolist() == ["1", "2", "3", "4", "..", ".", "7", "8", "-1.5", "-", "...", "12"]
    assert sheet.frame["område code"].unique().tolist() == ["545", "853", "499"]
    assert sheet.title == ["Elever efter område och år; påhittade tal"]
    assert (sheet.notes, sheet.updated, sheet.decimal) == (["Första. Andra."], "20261101 08:00", ".")
    flags = read_numbers(sheet.frame["value"], decimal=sheet.decimal)["flag"].tolist()
    assert flags[4:6] == ["missing", "not_applicable"]
    assert flags[10] == "secret"


@pytest.mark.parametrize("data", ["1 2 3 4 5 6 7 8 9 10 11", "1 2 3 4 5 6 7 8 9 10 11 12 13", ""])
def test_fewer_or_more_figures(data: str) -> None:
    with pytest.raises(SourceError, match="instead of the 12"):
        parse(px(data), "a.px")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_cut_off(share: float) -> None:
    whole = px("1 2 3 4 5 6 7 8 9 10 11 12")
    with pytest.raises(SourceError, match=r"breaks off|instead of"):
        parse(whole[: int(len(whole) * share)], "a.px")


def test_figures_by_keys_are_refused() -> None:
    text = HEAD.replace("DATA=", 'KEYS("område")=CODES;\nDATA=') + '"545",1;'
    with pytest.raises(SourceError, match="KEYS"):
        parse(text.encode("cp1252"), "a.px")


def test_utf_8() -> None:
    text = HEAD.replace("iso-8859-1", "utf-8") + " ".join("1" * 12) + ";"
    assert "Närpes" in parse(text.encode(), "a.px").frame["område"].tolist()


def is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


words = st.text(
    st.characters(codec="cp1252", exclude_characters='"\r\n\x00', categories=["L", "N", "Zs", "P"]),
    min_size=1,
    max_size=8,
)
figures = st.one_of(st.integers(-(10**6), 10**6).map(str), st.sampled_from(['"."', '".."', '"-"', "1.25"]))


@given(st.lists(st.lists(words, min_size=1, max_size=4, unique=True), min_size=1, max_size=3), st.data())
def test_any_table_comes_back(values: list[list[str]], data: st.DataObject) -> None:
    size = len(list(itertools.product(*values)))
    cells = data.draw(st.lists(figures, min_size=size, max_size=size))
    names = [f"v{number}" for number in range(len(values))]
    lines = ['CHARSET="ANSI";', 'STUB="v0";']
    lines += [f"HEADING={','.join(map(repr, names[1:]))};".replace("'", '"')] if names[1:] else []
    lines += [
        'VALUES("{}")={};'.format(name, ",".join(f'"{text}"' for text in texts))
        for name, texts in zip(names, values, strict=True)
    ]
    raw = "\n".join([*lines, "DATA=", "\n".join(cells), ";"]).encode("cp1252")
    # Bytes that are UTF-8 too cannot be told apart from it, and are read as such.
    assume(raw.isascii() or not is_utf8(raw))
    found = pcaxis.read_px(raw, "a.px").frame
    assert found["value"].tolist() == [cell.strip('"') for cell in cells]
    assert list(found[names].itertuples(index=False, name=None)) == list(itertools.product(*values))
