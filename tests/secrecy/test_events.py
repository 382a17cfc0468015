"""Long registers: counted by DuckDB as pandas counts them, and no cell of theirs in a message."""

import importlib.util

import pandas as pd
import pytest

from kommunanalys import journal
from kommunanalys.errors import UsageError
from kommunanalys.paths import data_dir
from kommunanalys.secrecy.events import read_events
from kommunanalys.secrecy.register import read_register

pytestmark = pytest.mark.skipif(importlib.util.find_spec("duckdb") is None, reason="DuckDB is not installed")

CODES = ["020594X903P", "020594x903p", "010194Y902T", "0101"]


@pytest.fixture
def rows() -> pd.DataFrame:
    days = ["2026-09-01", "2026-09-30", "2026-10-01", "2026-09-05"]
    lessons = ["2", "1.5", None, "4"]
    return pd.DataFrame({"hetu": CODES, "day": days, "lessons": lessons, "turvakielto": ["", "", "", ""]})


def read(path, **more):
    return read_events(path, domain="school", identity="hetu", date="day", values=["lessons"], **more)


def test_spellings_of_one_person_are_put_together(tmp_path, rows, capsys):
    rows.to_csv(tmp_path / "a.csv", index=False)
    found = read(tmp_path / "a.csv").sort_values("period")
    first = found[found["hetu"].notna() & (found["period"] == "2026-09-01")]
    assert first[["rows", "lessons", "lessons_rows"]].values.tolist() == [[2, 3.5, 2]]
    assert found["hetu"].isna().sum() == 1
    assert "0101" not in capsys.readouterr().out


def test_missing_values_are_no_noughts(tmp_path, rows):
    rows.iloc[2:3].assign(hetu="020594X903P").to_csv(tmp_path / "a.csv", index=False)
    found = read(tmp_path / "a.csv")
    assert found["lessons"].isna().all()
    assert found["lessons_rows"].tolist() == [0]


def test_protected_people_are_left_out_with_all_rows(tmp_path, rows):
    rows.assign(turvakielto=["yes", "", "", ""]).to_csv(tmp_path / "a.csv", index=False)
    everybody = read(tmp_path / "a.csv", keep_protected=True)
    found = read(tmp_path / "a.csv")
    assert everybody["hetu"].notna().sum() == 2
    assert found["hetu"].notna().sum() == 1
    assert "turvakielto" not in found


@pytest.mark.parametrize(("column", "cell"), [("day", "010194-secret"), ("lessons", "010194-secret")])
def test_cells_that_cannot_be_read_are_counted_and_not_shown(tmp_path, rows, column, cell):
    rows.loc[1, column] = cell
    rows.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(UsageError, match=f"1 cells of column '{column}'") as caught:
        read(tmp_path / "a.csv")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("more", [{"by": "month'); DROP"}, {"protected": "none"}, {"domain": "nobody"}])
def test_wrong_arguments_are_named(tmp_path, rows, more):
    rows.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(UsageError):
        read_events(**{"path": tmp_path / "a.csv", "domain": "school", "identity": "hetu", "date": "day"} | more)


def test_damaged_files_are_told(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UsageError, match=r"a\.parquet"):
        read(tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="neither"):
        read_events(__file__, domain="school", identity="hetu", date="day")


def test_same_sums_as_pandas_and_same_pseudonyms_as_read_register():
    path = data_dir() / "example" / "registers" / "social_services.csv"
    by_us = read_events(path, domain="social_services", identity="hetu", date="begun", by="year")
    whole = read_register(path, domain="social_services", identity="hetu")
    years = pd.DataFrame(whole).assign(period=whole["begun"].dt.to_period("Y").dt.start_time)
    by_pandas = years.groupby(["hetu", "period"]).size()
    assert by_us.dropna().set_index(["hetu", "period"])["rows"].sort_index().tolist() == by_pandas.tolist()
    assert journal.read()[-1]["facts"]["domain"] == "social_services"
