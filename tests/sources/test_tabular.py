"""Tables in any file: encoding, separator and header found, every cell as text, nothing lost without a word."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommunanalys.errors import SourceError
from kommunanalys.origin import hash_bytes
from kommunanalys.sources.tabular import as_numbers, open_table, parse

ROWS = [["Kod", "Namn", "Värde"], ["049", "Esbo", "1,5"], ["091", "Helsingfors; Åland", ".."]]


def written(rows: list[list[str]], separator: str = ";") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_encodings_and_separators(encoding: str, separator: str) -> None:
    raw = written(ROWS, separator).encode(encoding)
    sheet = parse(raw, "a.csv")
    assert [list(sheet.frame), *sheet.frame.values.tolist()] == ROWS
    assert (sheet.separator, sheet.sha256, sheet.decimal) == (separator, hash_bytes(raw), None)


def test_titles_notes_blank_lines_and_an_empty_last_column() -> None:
    text = "Statistik; från oss\n\nValt år: 2024\n\nKod;Namn;Värde;\n049;Esbo;1;\n\n091;;2;\n\n"
    text += "Fotnot, lång\nVärde;Det som mäts;\n"
    sheet = parse(text.encode(), "a.csv")
    assert sheet.frame.to_dict("records") == [
        {"Kod": "049", "Namn": "Esbo", "Värde": "1"},
        {"Kod": "091", "Namn": "", "Värde": "2"},
    ]
    assert sheet.frame.index.tolist() == [6, 8]
    assert sheet.title == ["Statistik från oss", "Valt år: 2024"]
    assert sheet.notes == ["Fotnot, lång", "Värde Det som mäts"]


def test_headers_that_occur_twice_are_told_apart() -> None:
    blocks = ";;#Heltid;#Heltid;#Personer;#Personer;\nKommun;Kod;Antal;Andel;Antal;Andel;\nAle;1440;1;2;3;4;\n"
    names = ["Kommun", "Kod", "Heltid: Antal", "Heltid: Andel", "Personer: Antal", "Personer: Andel"]
    assert list(parse(blocks.encode(), "a.csv").frame) == names
    assert list(parse(b"a;b;b;b\n1;2;3;4\n", "a.csv").frame) == ["a", "b", "b (2)", "b (3)"]


def test_a_line_too_long_or_too_short_is_named() -> None:
    for middle in (b"3;4;5", b"3"):
        with pytest.raises(SourceError, match="line 3 has"):
            parse(b"a;b\n1;2\n" + middle + b"\n5;6\n", "a.csv")


def test_a_title_with_a_comma_and_a_row_with_one_cell() -> None:
    sheet = parse(b"Title, 2024\n\ncode,v\n049,1\n091,2\n", "a.csv")
    assert (sheet.title, sheet.frame.to_dict("list")) == (["Title 2024"], {"code": ["049", "091"], "v": ["1", "2"]})
    apart = parse(b"code,v\n\n049,1\n091,2\n", "a.csv")
    assert apart.frame.to_dict("list") == sheet.frame.to_dict("list")
    assert parse(b"a;b;c\n1;;\n2;;\n", "a.csv").frame["a"].tolist() == ["1", "2"]
    assert parse(b"a;b;c\n", "a.csv").frame.shape == (0, 3)


def test_a_table_that_breaks_off_is_not_taken_for_a_footnote() -> None:
    with pytest.raises(SourceError, match="line 4 has 2 cells instead of 3"):
        parse(b"a;b;c\n1;2;3\n4;5;6\n7;8", "a.csv")
    assert parse(b"a;b;c\n1;2;3\n4;5;6\nA note\n\nb;what it is\n", "a.csv").notes == ["A note", "b what it is"]


def test_an_open_quotation_mark_is_not_passed_over() -> None:
    with pytest.raises(SourceError, match="quotation mark"):
        parse(b'a;b\n1;"2\n3;4\n5;6\n', "a.csv")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"%PDF-1.7", "no table"),
        (b"\xd0\xcf\x11\xe0old", "no table"),
        (b"PK\x03\x04broken", "not a whole XLSX"),
        (b'{"a": 1}', "0 lists of objects"),
        (b'[{"a": 1}', "not whole JSON"),
        (b"\x1f\x8bbroken", "not a whole gzip"),
        (b"a;\x81\x8d\n", "neither UTF-8"),
    ],
)
def test_what_is_no_table(raw: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        parse(raw, "a")


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_excel() -> None:
    rows = [
        ["Rubrik", None, None],
        [],
        ["Kod", "Dag", "Värde"],
        ["049", date(2024, 3, 5), 1234.5],
        ["091", datetime(2024, 3, 5, 12, 30), 7],  # noqa: DTZ001
        ["092", None, None],
        ["093", None, "~100"],
        [],
        ["En fotnot", None, None],
    ]
    sheet = parse(workbook(Data=rows, Tom=[]), "a.xlsx")
    assert sheet.frame.values.tolist() == [
        ["049", "2024-03-05", "1234.5"],
        ["091", "2024-03-05 12:30:00", "7"],
        ["092", "", ""],
        ["093", "", "~100"],
    ]
    assert (sheet.title, sheet.notes, sheet.decimal) == (["Rubrik"], ["En fotnot"], ".")
    found = as_numbers(sheet, ["Värde"])
    assert found["Värde flag"].tolist() == ["", "", "missing", "rounded"]


def test_which_sheet_of_several() -> None:
    raw = workbook(Ett=[["a", "b"], ["1", "2"]], Två=[["c", "d"], ["3", "4"]])
    with pytest.raises(SourceError, match="'Ett', 'Två'"):
        parse(raw, "a.xlsx")
    assert parse(raw, "a.xlsx", sheet="Två").frame.to_dict("records") == [{"c": "3", "d": "4"}]


def test_json_keeps_numbers_as_they_were_written() -> None:
    raw = b'{"total": 2, "rows": [{"code": "049", "value": 1.50}, {"value": null, "more": {"x": [1]}, "code": "091"}]}'
    assert parse(raw, "a.json").frame.to_dict("records") == [
        {"code": "049", "value": "1.50", "more": ""},
        {"code": "091", "value": "", "more": '{"x": ["1"]}'},
    ]


def test_as_numbers_names_the_columns_that_there_are() -> None:
    with pytest.raises(SourceError, match="It has: a, b"):
        as_numbers(parse(b"a;b\n1;2\n", "a.csv"), ["c"])


def test_a_file_of_one_column() -> None:
    assert parse(b"kod\n049\n091\n", "a.csv").frame.to_dict("list") == {"kod": ["049", "091"]}


def test_gzip_and_names(tmp_path: Path) -> None:
    raw = gzip.compress(written(ROWS).encode())
    (tmp_path / "å ä.csv.gz").write_bytes(raw)
    sheet = open_table(tmp_path / "å ä.csv.gz")
    assert (sheet.name, sheet.sha256, len(sheet.frame)) == ("å ä.csv.gz", hash_bytes(raw), 2)
    with pytest.raises(SourceError, match="Closest"):
        open_table(tmp_path / "a.csv.gz")


cells = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=8).map(
    lambda text: " ".join(text.split())
)


@given(st.integers(2, 5), st.integers(1, 6), st.sampled_from(";,\t|"), st.data())
def test_any_table_comes_back(width: int, height: int, separator: str, data: st.DataObject) -> None:
    plain = st.integers(0, 10**6).map(lambda number: f"c{number}")
    rows = [
        [*data.draw(st.lists(cells, min_size=width - 2, max_size=width - 2)), *data.draw(st.tuples(plain, plain))]
        for _ in range(height)
    ]
    header = [f"h{place}" for place in range(width)]
    sheet = parse(written([header, *rows], separator).encode(), "a.csv")
    if sheet.separator == separator:
        assert list(sheet.frame) == header
        assert sheet.frame.values.tolist() == rows


@pytest.mark.shared
def test_key_figures_of_statistics_finland(shared: Path) -> None:
    path = shared / "data" / "finland_keyfigures" / "municipal_key_figures_2018.tsv"
    sheet = open_table(path)
    assert (sheet.frame.shape, sheet.separator) == ((490, 7), "\t")
    numbers = as_numbers(sheet, list(sheet.frame)[1:])
    lines = [line.split("\t") for line in path.read_text("utf-8").splitlines()[1:]]
    for place, name in enumerate(list(sheet.frame)[1:], 1):
        values = [float(line[place]) for line in lines if line[place].strip('"') not in ("", ".", "..")]
        assert numbers[name].count() == len(values)
        assert numbers[name].sum() == pytest.approx(sum(values), rel=1e-12)


@pytest.mark.shared
def test_real_json_of_the_portal(shared: Path) -> None:
    path = shared / "data" / "api-recordings" / "avoindata" / "license_list.json"
    assert open_table(path).frame["id"].tolist() == [entry["id"] for entry in json.loads(path.read_bytes())]


def book(change=None) -> bytes:
    """A workbook of ten rows; `change` edits the XML of its sheet."""
    made = openpyxl.Workbook()
    for row in [["Kommun", "Andel"], *([f"Ort {number}", number] for number in range(1, 11))]:
        made.active.append(row)
    made.active["B3"].number_format, made.active["B3"].value = "0.0%", 0.214
    raw = io.BytesIO()
    made.save(raw)
    if change is None:
        return raw.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == "xl/worksheets/sheet1.xml" else data)
    return changed.getvalue()


def test_a_wrong_size_of_the_sheet_loses_no_row():
    wrong = book(lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B3"', xml))
    assert len(parse(wrong, "a.xlsx").frame) == len(parse(book(), "a.xlsx").frame) == 10


def test_a_cell_of_percent_is_read_as_it_is_shown():
    assert parse(book(), "a.xlsx").frame["Andel"].tolist()[:3] == ["1", "21.4 %", "3"]


def test_a_formula_that_nobody_computed_is_no_empty_cell():
    raw = book(lambda xml: re.sub(rb"<v>5</v>", b"<f>2+3</f><v></v>", xml))
    with pytest.raises(SourceError, match="formulas without their results"):
        parse(raw, "a.xlsx")


@pytest.mark.parametrize(
    "text",
    [
        '{"fields": [{"id": "a"}, {"id": "b"}], "records": [[1, 2], [3, 4]]}',
        (
            '{"columns": [{"code": "a"}, {"code": "b"}], '
            '"data": [{"key": ["1"], "values": ["2"]}, {"key": ["3"], "values": ["4"]}]}'
        ),
    ],
)
def test_tables_that_describe_their_columns(text):
    assert parse(text.encode(), "a.json").frame.to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"]}
