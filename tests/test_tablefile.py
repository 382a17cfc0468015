"""Tables in files: whole, with their origin, and nothing in them becomes a number or a formula that was none."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from kommunanalys import origin, paths, tablefile
from kommunanalys.errors import OutputError, UsageError
from kommunanalys.sources import read_example
from kommunanalys.tablefile import check_target, write_table

HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None
EVIL = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3+cmd|'x'", "\t=1", "-9", "+10", "=", "Åbo", "007", ""]


@pytest.fixture
def table() -> pd.DataFrame:
    found = read_example().head(len(EVIL)).reset_index(drop=True)
    found.loc[:, "municipality"] = "091"
    found["age"] = pd.array(EVIL, dtype="str")
    found.loc[3, ["value", "flag"]] = [float("nan"), "secret"]
    found.loc[4, "value"] = 0.1 + 0.2
    return found


def beside(path: Path) -> dict:
    return json.loads((path.parent / f"{path.name}.origin.json").read_text(encoding="utf-8"))


def test_csv_there_and_back(table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "Åbo data.csv"
    write_table(table, path)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfcountry,")
    text = {name: "str" for name in table if table[name].dtype == "str"}
    back = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={"value": [""]})
    harmless = ~table["age"].isin([*EVIL[:5], "="])
    assert_frame_equal(back[harmless], table[harmless], check_exact=True)
    assert back["age"][~harmless].tolist() == ["'" + text for text in [*EVIL[:5], "="]]
    assert beside(path)["sha256"] == origin.hash_bytes(raw)


def test_excel_there_and_back(table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_table(table, path)
    sheet = openpyxl.load_workbook(path).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == list(table)
    back = pd.DataFrame(rows[1:], columns=rows[0]).astype({"value": "float64"})
    for name in table:
        if name == "value":
            # Excel keeps 15 digits, openpyxl writes 16; publishers write fewer.
            assert_frame_equal(back[[name]], table[[name]], rtol=1e-15, atol=0)
        else:
            at = rows[0].index(name)
            assert [row[at] or "" for row in rows[1:]] == table[name].tolist()
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}
    assert {row[1].value for row in sheet.iter_rows(min_row=2)} == {"091"}
    assert {row[1].number_format for row in sheet.iter_rows(min_row=2)} == {"@"}


@pytest.mark.skipif(not HAS_PYARROW, reason="pyarrow is not installed (kommunanalys[parquet])")
def test_parquet_there_and_back(table: pd.DataFrame, tmp_path: Path) -> None:
    write_table(table, tmp_path / "a.parquet")
    assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), table, check_exact=True)


@pytest.mark.skipif(HAS_PYARROW, reason="pyarrow is installed")
def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.csv or \.xlsx.*pip install .*\[parquet\]"):
        check_target(tmp_path / "a.parquet")


def test_where_it_came_from_lies_beside(table: pd.DataFrame, tmp_path: Path) -> None:
    table.attrs |= {"lacking": ["tax_rate"], "labels": {"age": {"-9": "0–9 år"}}}
    files = write_table(table, tmp_path / "new" / "a.csv", {"source": "example", "years": [2021]})
    assert [file.name for file in files] == ["a.csv", "a.csv.origin.json"]
    about = beside(files[0])
    assert (about["rows"], about["columns"]) == (len(table), list(table))
    assert about["question"] == {"source": "example", "years": [2021]}
    assert about["lacking"] == ["tax_rate"]
    assert about["labels"]["age"]["-9"] == "0–9 år"
    assert [item["fictive"] for item in about["origins"]] == [True]


def test_only_what_was_written_here_is_replaced(table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_table(table, path)
    write_table(table.head(1), path)
    assert beside(path)["rows"] == 1
    path.write_bytes(path.read_bytes() + b"my own line")
    with pytest.raises(UsageError, match="not replaced"):
        write_table(table, path)
    assert path.read_bytes().endswith(b"my own line")
    (tmp_path / "budget.xlsx").write_bytes(b"years of work")
    with pytest.raises(UsageError, match="there already"):
        check_target(tmp_path / "budget.xlsx")


@pytest.mark.parametrize("name", ["a.txt", "a", "a.xls", "."])
def test_other_endings(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.csv, \.xlsx, \.parquet"):
        check_target(tmp_path / name)


def test_what_cannot_be_written_leaves_what_was_there(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    write_table(table, path)
    before = {item.name: item.read_bytes() for item in tmp_path.iterdir()}

    def full(path: Path, raw: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(paths, "write_whole", full)
    with pytest.raises(OutputError, match=r"No space left.*open in Excel"):
        write_table(table.head(2), path)
    assert {item.name: item.read_bytes() for item in tmp_path.iterdir()} == before


def test_what_excel_cannot_hold(table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table["age"] = "\x07"
    with pytest.raises(OutputError, match="does not allow"):
        write_table(table, tmp_path / "a.xlsx")
    monkeypatch.setattr(tablefile, "EXCEL_ROWS", len(table))
    with pytest.raises(OutputError, match=rf"{len(table)} rows do not fit"):
        write_table(table, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []
