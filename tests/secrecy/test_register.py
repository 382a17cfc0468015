"""The only door for individuals: what comes in, what is left out, and what never shows."""

import io
import logging
import os
import pickle
import traceback
import zipfile
from datetime import date

import pandas as pd
import pytest

from kommunanalys import journal, origin
from kommunanalys.errors import KommunanalysError, UsageError
from kommunanalys.paths import cache_dir, state_dir
from kommunanalys.secrecy.keys import rotate
from kommunanalys.secrecy.opening import plain
from kommunanalys.secrecy.register import read_register
from tests.secrecy.people import DAY, finn, many, swede


def read(folder, text, identity="hetu", encoding="utf-8", name="r.csv", **options):
    (folder / name).write_bytes(text.encode(encoding))
    return read_register(folder / name, domain="school", identity=identity, today=DAY, **options)


def rows(people, more=";7"):
    return "".join(f"{one}{more}\n" for one in people)


def test_the_identity_becomes_a_pseudonym_in_the_same_column(tmp_path, capsys):
    people = many(10)
    table = read(tmp_path, "school;hetu;grade\n" + "".join(f"A;{one};7\n" for one in people))
    assert list(table.columns) == ["school", "hetu", "grade"]
    assert table["hetu"].str.fullmatch("school:[0-9a-f]{32}").all()
    assert table["hetu"].nunique() == 10
    assert "Rows: 10; persons: 10" in capsys.readouterr().out


def test_reading_again_gives_the_same_and_a_new_key_others(tmp_path):
    text = "hetu;grade\n" + rows(many(6))
    first, second = read(tmp_path, text), read(tmp_path, text)
    assert first["hetu"].tolist() == second["hetu"].tolist()
    rotate("school")
    assert not set(read(tmp_path, text)["hetu"]) & set(first["hetu"])


def test_seven_spellings_are_one_person(tmp_path):
    ten = swede(1)
    tail = ten[6:]
    sweden = [f"300101+{tail}", f"18300101-{tail}", f"18{ten}", f" 18300101 {tail}", f"1830\u00a00101{tail}"]
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in "18" + ten)
    found = finn(999, "Y")
    finland = [
        found,
        found.lower(),
        f" {found}",
        f"{found}\u00a0",
        found[:6] + " " + found[6:],
        found + " ",
        found.title(),
    ]
    spelled = [*(f"{one};1\n" for one in [*sweden, wide, f"18300101\u2212{tail}"]), *(f"{one};2\n" for one in finland)]
    table = read(tmp_path, "hetu;person\n" + "".join(spelled))
    assert table["hetu"].nunique() == 2
    assert table.groupby("person")["hetu"].nunique().tolist() == [1, 1]


def test_rejects_are_counted_kept_without_a_pseudonym_and_not_shown(tmp_path, capsys):
    table = read(tmp_path, "hetu;grade\n" + rows([*many(10), *["010190-900Y"] * 6, ""]))
    told = capsys.readouterr().out
    assert "rows without a valid identity: 7" in told
    assert "010190" not in told
    assert (len(table), table["hetu"].isna().sum()) == (17, 7)
    assert journal.read()[-1]["facts"]["rejected"] == 7


def test_people_with_protected_identity_are_left_out_with_all_their_rows(tmp_path, capsys):
    people = many(8)
    marks = ["", "0", "nej", "Ei", "ja", "x", "Skyddad folkbokföring", ""]
    text = "hetu;mark\n" + "".join(f"{one};{mark}\n" for one, mark in zip(people, marks, strict=True))
    text += f"{people[4]};\n010190-900Y;ja\n"
    table = read(tmp_path, text, protected="mark")
    assert (len(table), list(table.columns)) == (5, ["hetu"])
    assert "left out for protected identity: fewer than 5" in capsys.readouterr().out
    assert journal.read()[-1]["facts"]["protected"] == "<5"
    assert len(read(tmp_path, text, protected="mark", keep_protected=True)) == 10
    assert len(read(tmp_path, text.replace("mark", "Turvakielto"))) == 5


def test_own_identities_may_be_any_text(tmp_path):
    table = read(tmp_path, "customer_number;grade\nAb 1;7\nAB1 ;8\n007;9\n7;9\n", identity="customer_number")
    assert table["customer_number"].nunique() == 3
    assert table.border.kind == "own"


def test_codes_keep_their_noughts_and_numbers_are_numbers(tmp_path):
    text = "hetu;municipality;post;grade;share;born;note;school_code\n" + rows(
        many(2), ";598;00100;7;1,5;2010-01-31;x;123"
    )
    text = text.replace(";00100;7;1,5;2010-01-31", ";10100;;-2;2010-02-28", 1)
    table = read(tmp_path, text).sort_values("post", ascending=False)
    assert table["municipality"].tolist() == ["598", "598"]
    assert table["post"].tolist() == ["10100", "00100"]
    assert table["school_code"].tolist() == ["123", "123"]
    assert table["share"].tolist() == [-2.0, 1.5]
    assert table["grade"].isna().tolist() == [True, False]
    assert table["born"].dtype.kind == "M"
    assert table["note"].tolist() == ["x", "x"]


def test_dates_of_other_forms_are_named(tmp_path):
    text = "hetu;born\n" + rows(many(2), ";31.1.2010")
    assert read(tmp_path, text)["born"].tolist() == ["31.1.2010"] * 2
    assert read(tmp_path, text, dates=["born"])["born"].tolist() == [pd.Timestamp(2010, 1, 31)] * 2
    with pytest.raises(UsageError, match="'born' holds something that is no date"):
        read(tmp_path, text.replace("31.1.2010", "in May"), dates=["born"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_files_of_any_make(tmp_path, encoding, separator):
    text = ("hetu;skola\n" + rows(many(2), ";Åäö")).replace(";", separator)
    assert read(tmp_path, text, encoding=encoding)["skola"].tolist() == ["Åäö"] * 2


def test_excel(tmp_path):
    frame = pd.DataFrame({"hetu": many(3), "grade": [7, 8, 9], "municipality": ["049", "091", "598"]})
    frame.to_excel(tmp_path / "r.xlsx", index=False)
    table = read_register(tmp_path / "r.xlsx", domain="school", identity="hetu")
    assert sorted(zip(table["grade"], table["municipality"], strict=True)) == [(7, "049"), (8, "091"), (9, "598")]


def test_excel_with_two_filled_sheets_is_refused(tmp_path):
    with pd.ExcelWriter(tmp_path / "r.xlsx") as book:
        for name in ("a", "b"):
            pd.DataFrame({"hetu": many(3)}).to_excel(book, sheet_name=name, index=False)
    with pytest.raises(UsageError, match="2 sheets"):
        read_register(tmp_path / "r.xlsx", domain="school", identity="hetu")


def test_codes_in_other_columns_become_pseudonyms_too(tmp_path, capsys):
    guardians = [f"18{swede(one)}" for one in range(1, 9)]
    pairs = zip([*many(8), *many(2, 8)], [*guardians, "", "unknown"], strict=True)
    text = "".join(f"{one};{two};{place}\n" for place, (one, two) in enumerate(pairs))
    table = read(tmp_path, "hetu;guardian;row\n" + text).sort_values("row")
    assert table["guardian"][table["row"] < 8].str.fullmatch("school:[0-9a-f]{32}").all()
    assert table["guardian"].isna().tolist() == [False] * 8 + [True] * 2
    assert "became pseudonyms too: guardian" in capsys.readouterr().out
    assert all(one not in table.to_csv() for one in guardians)


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"hetu": many(3), "grade": [7, 8, 9]}).to_parquet(tmp_path / "r.parquet")
    table = read_register(tmp_path / "r.parquet", domain="school", identity="hetu")
    assert sorted(table["grade"]) == [7, 8, 9]


def people_of(table):
    """Which pseudonym each name has."""
    return dict(zip(table["name"], table["hetu"], strict=True))


def test_a_parquet_index_gives_nobody_anothers_pseudonym(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"hetu": many(6), "name": list("abcdef")})
    known = people_of(read(tmp_path, frame.to_csv(index=False)))
    mixed = [frame[::-1], frame[frame.index > 2], frame.set_index("hetu"), frame.set_index(["name", "hetu"])[[]]]
    for place, one in enumerate(mixed):
        one.to_parquet(tmp_path / f"{place}.parquet")
        table = read_register(tmp_path / f"{place}.parquet", domain="school", identity="hetu")
        assert people_of(table) == {name: known[name] for name in one.reset_index()["name"]}


@pytest.mark.parametrize("index", [[3, 2, 1, 0], [7, 8, 9, 10], ["w", "x", "y", "z"], [0, 0, 1, 1]])
def test_no_index_of_a_file_gives_anybody_anothers_pseudonym(tmp_path, monkeypatch, index):
    frame = pd.DataFrame({"hetu": many(4), "name": list("abcd"), "guardian": many(4, 20)})
    known = read(tmp_path, frame.to_csv(index=False))
    # What the reader of Parquet gives back, whether or not it is installed here.
    monkeypatch.setattr("pandas.read_parquet", lambda _: frame.set_axis(index))
    (tmp_path / "r.parquet").write_bytes(b"PAR1")
    table = read_register(tmp_path / "r.parquet", domain="school", identity="hetu", today=DAY)
    assert plain(frame.set_axis(index)).index.tolist() == [0, 1, 2, 3]
    assert people_of(table) == people_of(known)
    assert table.set_index("name")["guardian"].to_dict() == known.set_index("name")["guardian"].to_dict()


def test_named_indexes_become_columns_and_hold_no_codes(tmp_path, monkeypatch):
    frame = pd.DataFrame({"hetu": many(4), "guardian": many(4, 20), "grade": [7, 8, 9, 9]})
    monkeypatch.setattr("pandas.read_parquet", lambda _: frame.set_index("guardian"))
    (tmp_path / "r.parquet").write_bytes(b"PAR1")
    table = read_register(tmp_path / "r.parquet", domain="school", identity="hetu", today=DAY)
    assert table["guardian"].str.fullmatch("school:[0-9a-f]{32}").all()
    assert table.index.tolist() == [0, 1, 2, 3]
    monkeypatch.setattr("pandas.read_parquet", lambda _: frame.set_index("hetu", drop=False))
    with pytest.raises(UsageError, match="no whole table"):
        read_register(tmp_path / "r.parquet", domain="school", identity="hetu", today=DAY)


def test_each_domain_has_an_order_of_its_own_and_keeps_it(tmp_path):
    people = many(200)
    text = "hetu;row\n" + "".join(f"{one};{place}\n" for place, one in enumerate(people))
    (tmp_path / "b.csv").write_text(text, encoding="utf-8")
    school, again = read(tmp_path, text), read(tmp_path, text)
    social = read_register(tmp_path / "b.csv", domain="social_services", identity="hetu", today=DAY)
    assert school["row"].tolist() == again["row"].tolist()
    assert sorted(school["row"]) == sorted(social["row"]) == list(range(200))
    assert school.index.tolist() == list(range(200))
    # Strangers meet, but for the one person who by chance does on average; twelve are beyond chance.
    orders = [list(range(200)), school["row"].tolist(), social["row"].tolist()]
    for one, two in [(0, 1), (0, 2), (1, 2)]:
        assert sum(a == b for a, b in zip(orders[one], orders[two], strict=True)) < 12


def test_every_mark_of_protection_counts(tmp_path, capsys):
    text = "hetu;sekretessmarkering;Skyddad identitet;spa\u0308rr;own\n" + "".join(
        f"{one};{marks}\n"
        for one, marks in zip(many(6), [";;;", "J;;;", ";Ja;;", ";;x;", ";;;1", "0;nej;;0"], strict=True)
    )
    assert len(read(tmp_path, text)) == 3
    table = read(tmp_path, text, protected="own")
    assert (len(table), list(table.columns)) == (2, ["hetu"])
    assert len(read(tmp_path, text, keep_protected=True).columns) == 5


@pytest.mark.parametrize(
    "name",
    ["Skyddad identitet", "skyddade_personuppgifter", "SEKRETESS", "spärrad", "Turvakielto", "protected identity"],
)
def test_names_of_marks_of_protection(tmp_path, name):
    assert len(read(tmp_path, f"hetu;{name}\n" + rows(many(2), ";") + rows(many(1, 2), ";ja"))) == 2


def test_codes_anywhere_are_replaced_or_covered(tmp_path, capsys):
    first, second = many(12), [f"18{swede(1)}", f"300101+{swede(2)[6:]}"]
    cells = {
        "few": [first[6], "a", "b", "c", "d", "e"],
        "pairs": [f"{one}, {two}" for one, two in zip(first[:6], first[6:], strict=True)],
        "note": [f"ring {first[7].lower()}!", f"({second[0]}) and {second[1]}", "x", "1234567890", "", "556036-0793"],
    }
    lines = zip(first[:6], *cells.values(), strict=True)
    table = read(tmp_path, ";".join(["hetu", *cells]) + "\n" + "".join(";".join(line) + "\n" for line in lines))
    held = table.to_csv().lower()
    assert all(one.lower() not in held for one in [*first, *second])
    assert sorted(table["few"].dropna())[:5] == ["a", "b", "c", "d", "e"]
    assert table["few"].str.startswith("school:").sum() == 1
    assert set(table["pairs"]) == {"***, ***"}
    notes = {"ring ***!", "(***) and ***", "x", "1234567890", "556036-0793"}
    assert set(table["note"].dropna()) == notes
    told = capsys.readouterr().out
    assert "became pseudonyms too: few" in told
    assert "covered in pairs and note; cells: 8" in told
    pupil = read(tmp_path, "hetu;few\n" + rows([first[6]], ";x"), name="p.csv")["hetu"][0]
    assert pupil in set(table["few"])


def test_times_of_twelve_digits_are_no_codes(tmp_path):
    times = [f"1990{month:02}{day:02}{day + 1:02}00" for month in (1, 2) for day in range(1, 21)]
    table = read(
        tmp_path, "hetu;time\n" + "".join(f"{one};{time}\n" for one, time in zip(many(40), times, strict=True))
    )
    assert sorted(table["time"].astype(str)) == times


def test_the_origin_says_that_it_is_not_open(tmp_path):
    table = read(tmp_path, "hetu;grade\n" + rows(many(2)))
    (one,) = origin.origins(table)
    assert (one.address, one.credit, one.licence) == ("r.csv", "own register", "not open")
    assert one.sha256 == origin.hash_bytes((tmp_path / "r.csv").read_bytes())
    assert str(tmp_path) not in str(one)


def test_a_reading_is_journalled_without_names(tmp_path):
    read(tmp_path, "hetu;grade\n" + rows(many(12)))
    line = journal.read()[-1]
    assert line["kind"] == "reading"
    assert line["facts"] | {"sha256": ""} == {
        "domain": "school", "sha256": "", "rows": 12, "persons": 12, "rejected": 0, "protected": 0, "key_version": 1,
    }  # fmt: skip
    assert "r.csv" not in (state_dir() / "journal" / "journal.jsonl").read_text(encoding="utf-8")


def test_unknown_domain_and_column(tmp_path):
    (tmp_path / "r.csv").write_text("hetu;grade\n", encoding="utf-8")
    with pytest.raises(UsageError, match="Unknown secrecy domain 'skola'"):
        read_register(tmp_path / "r.csv", domain="skola", identity="hetu")
    with pytest.raises(UsageError, match=r"no column 'pnr'. Do you mean hetu\?"):
        read_register(tmp_path / "r.csv", domain="school", identity="pnr")
    with pytest.raises(UsageError, match=r"no column 'Grades'. Do you mean hetu, grade\?"):
        read_register(tmp_path / "r.csv", domain="school", identity="Grades")
    assert len(read_register(tmp_path / "r.csv", domain="school", identity="hetu")) == 0


def test_a_file_without_names_does_not_show_its_first_row(tmp_path):
    (tmp_path / "r.csv").write_text("anna.andersson;7;Secret\nbo.berg;8;x\n", encoding="utf-8")
    with pytest.raises(UsageError, match="none of a similar name") as caught:
        read_register(tmp_path / "r.csv", domain="school", identity="person")
    assert "anna" not in shown(caught.value)
    assert "Secret" not in shown(caught.value)


def damaged_book(people, cut):
    """A workbook whose sheet breaks off, or whose bytes are changed."""
    held, made = io.BytesIO(), io.BytesIO()
    pd.DataFrame({"hetu": people, "grade": 7}).to_excel(held, index=False)
    if cut is None:
        return held.getvalue()[:300] + b"\xff" * 20 + held.getvalue()[320:]
    with zipfile.ZipFile(held) as book, zipfile.ZipFile(made, "w") as other:
        for name in book.namelist():
            other.writestr(name, book.read(name)[: -cut if "sheet1" in name else None])
    return made.getvalue()


@pytest.mark.parametrize("cut", [None, 30, 400])
def test_a_damaged_workbook_shows_nobody(tmp_path, cut):
    people = many(9)
    (tmp_path / "r.xlsx").write_bytes(damaged_book(people, cut))
    with pytest.raises(UsageError, match="no whole table") as caught:
        read_register(tmp_path / "r.xlsx", domain="school", identity="hetu")
    assert caught.value.__context__ is caught.value.__cause__ is None
    assert all(one not in shown(caught.value) for one in people)


@pytest.mark.parametrize("kind", [AttributeError, EOFError, NotImplementedError, RecursionError, RuntimeError])
def test_whatever_a_reader_raises_shows_nobody(tmp_path, monkeypatch, kind):
    def fail(raw):
        raise kind(raw)

    monkeypatch.setattr("kommunanalys.secrecy.opening._csv", fail)
    person = many(1)[0]
    with pytest.raises(UsageError, match=kind.__name__) as caught:
        read(tmp_path, f"hetu;grade\n{person};7\n")
    assert caught.value.__context__ is caught.value.__cause__ is None
    assert person not in shown(caught.value)


def shown(error):
    """All that a traceback can show, with what every function of ours held."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in told.stack if "kommunanalys" in frame.filename and "tests" not in frame.filename]
    return "".join(traceback.format_exception(error)) + str([frame.locals for frame in frames])


BROKEN = {
    "no header": ("{0};7\n{1};8\n", {}),
    "two of one name": ("hetu;grade ;grade\n{0};7;8\n", {}),
    "ragged": ("hetu;grade\n{0};7\n{1};8;9;10\n", {}),
    "quotation mark": ('hetu;grade\n"{0};7\n{1};8\n', {}),
    "no codes": ("hetu;grade\n{0};7\nx;8\ny;9\nz;9\n", {}),
    "no dates": ("hetu;grade\n{0};7\n{1};x\n", {"dates": ["grade"]}),
    "not there": ("hetu;grade\n{0};7\n{1};x\n", {"protected": "none"}),
    "no text": ("hetu;grade\n{0};\x81\n{1};x\n", {}),
    "no archive": ("PK\x03\x04{0}{1}", {}),
    "no parquet": ("PAR1{0}{1}", {}),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_no_error_shows_an_identity(tmp_path, kind, caplog, capfd):
    text, options = BROKEN[kind]
    people = many(2)
    (tmp_path / "r.csv").write_bytes(text.format(*people).encode("latin-1"))
    caplog.set_level(logging.DEBUG)
    with pytest.raises(KommunanalysError) as caught:
        read_register(tmp_path / "r.csv", domain="school", identity="hetu", **options)
    told = shown(caught.value) + caplog.text + "".join(capfd.readouterr())
    assert all(person not in told for person in people)
    assert all(person[7:] not in told for person in people)


def secrets_of(folder):
    """Every secret in the files of the keys."""
    return [text for file in folder.rglob("*.json") for text in file.read_text().split('"') if len(text) == 64]


def test_identities_and_keys_are_in_no_file_record_pickle_or_print(tmp_path, caplog, capfd):
    people = many(20)
    caplog.set_level(logging.DEBUG)
    table = read(tmp_path, "hetu;grade\n" + rows([*people, "010190-900Y"]))
    with pytest.raises(KommunanalysError):
        table.merge(table.assign(hetu=0).pipe(lambda _: read(tmp_path, "x", identity="y")))
    state = [file for file in [*state_dir().rglob("*"), *cache_dir().rglob("*")] if file.is_file()]
    held = b"".join(file.read_bytes() for file in state if file.parent.name != "keys" or file.suffix != ".json")
    held += pickle.dumps(table) + pickle.dumps(table["hetu"]) + str(origin.as_records(origin.origins())).encode()
    held += (caplog.text + "".join(capfd.readouterr()) + repr(table) + str(table.border) + str(table.attrs)).encode()
    keys = secrets_of(state_dir() / "keys")
    assert len(keys) == 1
    for hidden in [*people, "010190-900Y", *keys, *(bytes.fromhex(one).decode("latin-1") for one in keys)]:
        assert hidden.encode("latin-1") not in held
        assert hidden.lower().encode("latin-1") not in held
    assert table["hetu"].dropna().iloc[0].encode() not in (state_dir() / "journal" / "journal.jsonl").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="file modes protect on POSIX only")
def test_nothing_in_the_state_is_open_to_others(tmp_path):
    read(tmp_path, "hetu;grade\n" + rows(many(2)))
    assert [file for file in state_dir().rglob("*") if file.stat().st_mode & 0o077] == []


def test_the_century_follows_the_registers_date(tmp_path):
    ten = swede(1, "261201")
    (tmp_path / "a.csv").write_text(f"pnr;a\n{ten};1\n19{ten};2\n", encoding="utf-8")
    assert read_register(tmp_path / "a.csv", domain="school", identity="pnr", today=DAY)["pnr"].nunique() == 1
    later = read_register(tmp_path / "a.csv", domain="school", identity="pnr", today=date(2026, 12, 2))
    assert later["pnr"].nunique() == 2
