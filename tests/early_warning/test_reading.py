"""Task files: what may be left out, and what is said of faults."""

import pytest

from kommunanalys.early_warning.declaration import Feature
from kommunanalys.early_warning.reading import parse, read
from kommunanalys.errors import UsageError
from tests.early_warning.real import OULAD_TASK, UCI_STATUS, UCI_TASK
from tests.early_warning.small import TASK


def test_what_is_left_out_is_filled_in(tmp_path):
    (tmp_path / "Mine.toml").write_text(
        TASK.replace('name = "small"', "") + 'label = {sv = "Kön"}', encoding="utf-8-sig"
    )
    with pytest.raises(UsageError, match=r"Mine.toml is no whole task: \[flag\] 'label' is unknown; there may stand"):
        read(tmp_path / "Mine.toml")
    text = TASK.replace('name = "small"', 'objections = "objections.csv"').replace(
        '"sex"', '"sex"\nlabel = {sv = "Kön"}'
    )
    (tmp_path / "Mine.toml").write_text(text, encoding="utf-8-sig")
    task = read(tmp_path / "Mine.toml")
    assert (task.name, task.unit, task.person, task.path) == ("mine", ("id",), "id", tmp_path / "Mine.toml")
    assert task.title == dict.fromkeys(("sv", "fi", "en"), "Who will not go on?")
    assert task.groups[0].label["fi"] == "Kön"
    assert task.objections == tmp_path / "objections.csv"
    assert task.features[0] == Feature("absence", "school", "absence", known_from="+1 06-10")
    assert (task.outcome.event, task.cohort.where) == (("no",), {"grade": (8,)})


def test_one_table_needs_no_name_and_many_columns_no_block_each():
    task = parse(UCI_TASK.replace('table = "students"\n', ""))
    assert {one.table for one in task.features} == {task.cohort.table} == {"table"}
    assert len(task.features) == 33
    assert {one.known_from for one in task.features if one.name in UCI_STATUS} == {"unknown"}
    assert task.outcome.date == "year"


def test_an_event_needs_no_column_or_values():
    outcome = parse(OULAD_TASK).outcome
    assert (outcome.column, outcome.event, outcome.known_from) == ("date_unregistration", (), "row")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("capacity = 5", "capacity = 0", "capacity must be a whole number above 0"),
        ("capacity = 5", "capacity = true", "capacity must be a whole number above 0"),
        ("capacity = 5", "capasity = 5", "'capasity' is unknown; do you mean 'capacity'"),
        ("capacity = 5", "", "capacity is missing"),
        ('title = "Who will not go on?"', 'title = {de = "Wer?"}', "title must be a text, or a table with sv"),
        ('kind = "status"', 'kind = "state"', r"\[outcome\] kind must be 'status' or 'event'"),
        ('known_from = "+1 09-20"', "", r"\[outcome\] known_from is missing"),
        ('take = "change"', 'take = "median"', r"\[\[feature\]\] 2: take must be one of last, first"),
        ('horizon = "15 months"', 'horizon = "soon"', r"\[outcome\] horizon: 'soon' is no length"),
        ('start = "+1 06-15"', 'start = "june"', r"\[cohort\] start: 'june' is no date expression"),
        ('where = { grade = 8 }', "where = 8", r"\[cohort\] where must be a table of columns"),
        ('name = "small"', 'name = "../small"', "name must be letters a-z"),
        ("[flag]", "[[flag]]", "flag must be a table"),
    ],
)  # fmt: skip
def test_each_fault_is_named(old, new, said):
    assert old in TASK
    with pytest.raises(UsageError, match=said):
        parse(TASK.replace(old, new))


def test_all_faults_are_told_at_once():
    with pytest.raises(UsageError) as caught:
        parse(
            TASK.replace("capacity = 5", "capacity = 0").replace('date = "year"', "").replace('column = "absence"', "")
        )
    for part in (
        "capacity must",
        "[cohort] date is missing",
        "[[feature]] 1: column is missing",
        "2: column is missing",
    ):
        assert part in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="cannot be opened"):
        read(tmp_path)
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"bad.toml is no TOML file: UTF-8"):
        read(tmp_path / "bad.toml")
    with pytest.raises(UsageError, match="is no TOML file"):
        parse("a = ")
