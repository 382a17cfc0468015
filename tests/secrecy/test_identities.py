"""Codes are one form each, and what is no code is none."""

import pickle
from datetime import date

import pytest

from kommunanalys.errors import UsageError
from kommunanalys.secrecy.identities import finnish, identify, swedish, tidy
from tests.secrecy.people import DAY, finn, many, swede

# Invented people of the Digital and Population Data Services Agency (dvv.fi/hetu-uudistus).
PUBLISHED = [
    *("010594Y9032", "010594Y9021", "020594X903P", "020594X902N", "030594W903B", "030694W9024", "040594V9030"),
    *("040594V902Y", "050594U903M", "050594U902L", "010516B903X", "010516B902W", "020516C903K", "020516C902J"),
    *("030516D9037", "030516D9026", "010501E9032", "020502E902X", "020503F9037", "020504A902E", "020504B904H"),
]


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_finnish_codes(code):
    assert finnish(code) == finnish(f" {code.lower()}\u00a0") == code


@pytest.mark.parametrize("place", [0, 1, 4, 7, 8, 9, 10])
def test_a_wrong_sign_is_no_finnish_code(place):
    for code in PUBLISHED:
        other = "1" if code[place] != "1" else "2"
        assert finnish(code[:place] + other + code[place + 1 :]) is None


def test_the_sign_of_the_century_tells_people_apart():
    assert finnish("010594Y9032") != finnish("010594-9032")
    assert finnish(finn(900, "A", "290200")) is not None  # 2000 was a leap year
    assert finnish(finn(900, "-", "290200")) is None  # 1900 was not
    assert finnish(finn(900, "+", "010190")) is not None


@pytest.mark.parametrize(
    "text", ["", "010594Y903", "010594G9032", "010594Y90322", "0105940Y9032", "٠١٠٥٩٤Y9032", "010594Y001X"]
)
def test_no_finnish_code(text):
    assert finnish(text) is None


def test_a_swedish_code_in_all_its_spellings():
    ten = swede(1)
    tail = ten[6:]
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in "18" + ten)
    spelled = [f"300101+{tail}", f"18300101-{tail}", f"18300101{tail}", f" 18300101 {tail} ", f"1830 01 01\u2013{tail}"]
    assert {swedish(text, DAY) for text in [*spelled, wide]} == {"18" + ten}


@pytest.mark.parametrize(
    ("birth", "sign", "today", "year"),
    [
        ("300101", "+", date(2026, 11, 22), "18300101"),  # one turns 100 in 1930 and not yet in 2026
        ("260101", "+", date(2026, 11, 22), "19260101"),
        ("270101", "+", date(2026, 11, 22), "18270101"),
        ("261123", "-", date(2026, 11, 22), "19261123"),  # tomorrow is not born yet
        ("261122", "", date(2026, 11, 22), "20261122"),
    ],
)
def test_the_century_of_ten_digits(birth, sign, today, year):
    ten = swede(998, birth)
    assert swedish(f"{ten[:6]}{sign}{ten[6:]}", today) == year + ten[6:]


def test_coordination_numbers():
    ten = swede(1, "300161")
    assert swedish(f"18{ten}", DAY) == f"18{ten}"
    unknown = swede(1, "300160")
    assert swedish(f"18{unknown}", DAY) == f"18{unknown}"
    assert swedish(f"18{swede(1, '300190')}", DAY) == f"18{swede(1, '300190')}"  # 30 January
    assert swedish(f"18{swede(1, '300192')}", DAY) is None
    assert swedish(f"18{swede(1, '300150')}", DAY) is None


def test_no_swedish_code():
    ten = swede(1)
    wrong = ten[:9] + str((int(ten[9]) + 1) % 10)
    texts = [
        f"18{wrong}",
        f"17{ten}",
        f"16{ten}",
        f"18{swede(0)}",
        f"18{swede(1, '300230')}",
        "",
        "18",
        ten + "0",
        f"20{swede(1, '991231')}",
    ]
    assert [swedish(text, DAY) for text in texts] == [None] * len(texts)


def test_tidy():
    assert tidy("\t010594\u2011\u2060y".replace("\u2060", "")) == "010594-Y"
    assert tidy("\u202f１２\u2009ａ") == "12A"


def test_most_decide_what_a_column_is():
    codes = many(20)
    found = identify([*codes, "rubbish", "010190-900Y"], today=DAY)
    assert found.kind == "personal"
    assert found.forms == [*(f"FI:{code}" for code in codes), None, None]
    own = identify(["a 1", " A1", "b", " "], today=DAY)
    assert (own.kind, own.forms) == ("own", ["own:A1", "own:A1", "own:B", None])


def test_a_column_called_personal_identity_code_must_hold_them():
    found = identify([finn(900), "12345", "X-1"], today=DAY)
    assert found.kind == "own"
    found.expect_codes("customer")
    with pytest.raises(UsageError, match="33 % of them are valid") as caught:
        found.expect_codes("Personnummer")
    assert finn(900) not in str(caught.value)
    empty = identify([], today=DAY)
    empty.expect_codes("hetu")
    assert empty.forms == []


def test_a_code_of_both_countries_is_of_the_columns_own():
    both = next(
        text
        for year in range(10, 29)
        for number in range(1, 999)
        for text in [f"{swede(number, f'{year}0101')[:6]}-{swede(number, f'{year}0101')[6:]}"]
        if finnish(text)
    )
    today = date(2029, 1, 1)
    assert swedish(both, today)
    swedes = [f"18{swede(number)}" for number in range(1, 9)]
    assert identify([both, *swedes], today=today).forms[0] == f"SE:{swedish(both, today)}"
    assert identify([both, *many(8)], today=today).forms[0] == f"FI:{both}"


def test_identities_do_not_show_themselves():
    found = identify(many(3), today=DAY)
    assert many(1)[0] not in repr(found)
    with pytest.raises(UsageError, match="not saved"):
        pickle.dumps(found)
