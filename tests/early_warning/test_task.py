"""The task as users have it, and the example task."""

import tomllib

import pandas as pd
import pytest

from kommunanalys.early_warning.task import Task
from kommunanalys.errors import UsageError
from kommunanalys.paths import data_dir
from kommunanalys.secrecy import read_register
from tests.early_warning.small import TASK, tables, task

EXAMPLE = data_dir() / "example" / "tasks" / "dropout.toml"


def test_a_file_becomes_a_task(tmp_path):
    (tmp_path / "small.toml").write_text(TASK, encoding="utf-8")
    read = Task.read(tmp_path / "small.toml")
    assert read == Task(**{**vars(task()), "path": tmp_path / "small.toml"})
    assert read.declaration is read
    X, y, info = read.build(tables(), as_of="2023-06-30")
    assert len(X) == len(y) == len(info.frame) == 3


def test_days_with_a_cohort():
    days = task().as_of_dates(tables())
    assert days == {pd.Timestamp("2023-06-30"): True, pd.Timestamp("2024-06-30"): False}
    assert list(task().as_of_dates(tables(), known_by="2024-01-01").values()) == [False, False]
    assert list(task(("06-30", "07-31, 06-30")).as_of_dates(tables()))[:2] == [
        pd.Timestamp("2023-06-30"),
        pd.Timestamp("2023-07-31"),
    ]


def test_a_day_that_all_have_left_is_none():
    gone = tables()["school"].assign(gone=pd.to_datetime("2024-01-01"))
    left = task(("grade = 8 }", 'grade = 8 }\nleft = "gone"'))
    assert list(left.as_of_dates(tables() | {"school": gone})) == [pd.Timestamp("2023-06-30")]


def test_a_task_that_counts_in_numbers():
    numbers = Task.parse("""
title = "Who will be gone?"
unit = "id"
capacity = 1
cohort = {date = "year", start = "row", until = "+2"}
outcome = {kind = "event", date = "gone", horizon = "2"}
feature = [{column = "mark", known_from = "row"}]
flag = {feature = "mark", high = false}
""")
    table = pd.DataFrame({"id": ["a", "b"], "year": [2020, 2021], "mark": [6, 9], "gone": [2022, 2023]})
    assert numbers.as_of_dates(table) == {2020: True, 2021: True}
    X, y, info = numbers.build(table, as_of=2021)
    assert (X["mark"].tolist(), y.tolist(), info.as_of) == ([6, 9], [1, 1], 2021)
    assert info.frame["known_from"].tolist() == [2023, 2023]
    with pytest.raises(UsageError, match="counts time in numbers"):
        numbers.build(table, as_of="2021-01-01")


def test_the_example_task_is_whole_and_speaks_three_languages():
    example = Task.read(EXAMPLE)
    assert (example.place, example.per, example.capacity, example.as_of) == ("school", "school", 5, "06-30")
    assert {one.name for one in example.groups} == {"sex", "mother_tongue", "special_support"}
    about = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for words in (about["title"], *about["steward"].values(), *(one["label"] for one in about["feature"])):
        assert sorted(words) == ["en", "fi", "sv"]


def test_the_example_task_on_a_few_pupils():
    rows = [(one, "South", 2020 + grade - 7, grade) for one in ("p", "q") for grade in (7, 8, 9)]
    school = pd.DataFrame(rows, columns=["personal_identity_code", "school", "school_year", "grade"])
    school = school.assign(absence=range(6), mark=8.0, special_support="none", sex="x", mother_tongue="fi")
    leaving = pd.DataFrame({"personal_identity_code": ["p", "q"], "school_year": 2022, "went_on": ["no", "yes"]})
    X, y, info = Task.read(EXAMPLE).build({"school": school, "leaving": leaving}, as_of="2022-06-30")
    assert X["absence"].tolist() == [1, 4]
    assert X["absence_change"].tolist() == [1, 1]
    assert y.tolist() == [1, 0]
    assert info.complete


def test_the_example_registers_against_a_recount(capsys):
    folder, person = data_dir() / "example" / "pupils", "personal_identity_code"
    given = {name: read_register(folder / f"{name}.csv", domain="school", identity=person) for name in tables()}
    example = Task.read(EXAMPLE)
    assert [day.year for day, complete in example.as_of_dates(given).items() if complete] == list(range(2019, 2025))
    X, y, info = example.build(given, as_of="2023-06-30")
    left = given["leaving"].query("school_year == 2023")
    both = given["school"].query("school_year == 2022 and grade == 8").merge(left, on=person)
    against = pd.read_csv(folder / "objections.csv", dtype="str")
    assert 0 <= len(both) - len(X) <= len(against)
    both = both.set_index(person).reindex(X.index)
    assert y.tolist() == (both["went_on"] == "no").astype(float).tolist()
    assert X["absence"].tolist() == both["absence"].tolist()
    assert info.frame["sex"].tolist() == both["sex"].tolist()
    said = capsys.readouterr().out + info.summary("fi")
    codes = pd.read_csv(folder / "school.csv", sep=";", dtype="str")[person]
    assert not any(code in said for code in codes.unique())
