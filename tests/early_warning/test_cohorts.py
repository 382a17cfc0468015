"""Cohorts of a small register worked out by hand, and of two real data sets recounted by pandas."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.cohorts import (
    EXCLUDED,
    LEFT,
    NO_IDENTITY,
    NOT_RECORDED,
    OBJECTED,
    UNFOUND,
    build,
    candidates,
)
from kommunanalys.early_warning.features import EMPTY, NEVER, NOT_YET
from kommunanalys.early_warning.reading import parse
from kommunanalys.errors import NoData, SecrecyBorder, TableError, UsageError
from kommunanalys.secrecy import RegisterFrame, read_register
from tests.early_warning.real import (
    OULAD_TASK,
    UCI_ENROLMENT,
    UCI_SEMESTER_1,
    UCI_SEMESTER_2,
    UCI_SEMESTER_TASK,
    UCI_STATUS,
    UCI_TASK,
    oulad_tables,
    uci_tables,
)
from tests.early_warning.small import leaving, school, tables, task
from tests.secrecy.people import many

DAY = "2023-06-30"


def small(**changed):
    """The cohort whose grade 8 was the school year 2022, with some columns of its table changed."""
    return build(task(), tables() | {"school": school().assign(**changed)}, DAY)


def test_a_cohort_by_hand():
    X, y, info = build(task(), tables(), DAY)
    assert X.index.tolist() == ["a", "b", "c"]
    assert X.index.name == "id"
    np.testing.assert_array_equal(X["absence"], [50, 20, 30])
    np.testing.assert_array_equal(X["change"], [40, 0, np.nan])
    assert X["support"].tolist()[:2] == ["special", "none"]
    assert y.tolist() == [1, 0, 0]
    assert info.complete
    assert info.as_of == pd.Timestamp(DAY)
    assert info.frame.columns.tolist() == ["person", "school", "sex", "known_from"]
    assert info.frame["sex"].tolist() == ["f", "m", "f"]
    assert set(info.frame["known_from"]) == {pd.Timestamp("2024-09-20")}
    assert (info.excluded, info.dropped) == ({}, {})


def test_the_future_changes_nothing():
    later = school()
    grown = later["grade"] == 9
    later.loc[grown, ["absence", "support"]] = [1e6, "never seen"]
    X, *_ = build(task(), tables(), DAY)
    for table in (later, later[~grown]):
        changed, *_ = build(task(), tables() | {"school": table.sample(frac=1, random_state=1)}, DAY)
        pd.testing.assert_frame_equal(changed.sort_index(), X)


def test_nothing_is_said_before_the_outcome_is_known():
    for whole, day, known_by in ((False, DAY, "2024-09-19"), (True, DAY, "2024-09-20"), (False, "2024-06-30", None)):
        X, y, info = build(task(), tables(), day, known_by=known_by)
        assert info.complete is whole
        assert y.isna().all() == (not whole)
        assert len(X) == len(y) == len(info.frame) == (3 if day == DAY else 1)
        assert info.frame["known_from"].isna().all() == (not whole)


def test_who_is_left_out_is_counted(tmp_path):
    file = tmp_path / "objections.csv"
    file.write_text("id\nB\nnobody\n", encoding="utf-8")
    about = task(("grade = 8 }", 'grade = 8 }\nleft = "gone"'))
    more = school()
    extra = more[more["id"].isin(["a", "b", "c"])].replace({"id": {"a": "e", "b": "f", "c": None}})
    gone = {"c": DAY, "a": "2023-07-01"}
    table = pd.concat([more, extra]).assign(gone=lambda t: pd.to_datetime(t["id"].map(gone)))
    more_left = pd.concat([leaving(), pd.DataFrame({"id": ["e"], "year": 2023, "went_on": ["no"]})])
    given = {"school": table, "leaving": more_left}
    X, y, info = build(replace(about, objections=file), given, DAY)
    assert X.index.tolist() == ["a", "e"]
    assert y.tolist() == [1, 1]
    assert info.excluded == {NO_IDENTITY: 1, LEFT: 1, OBJECTED: 1, UNFOUND: 1, NOT_RECORDED: 1}
    assert set(info.excluded) == set(EXCLUDED)
    assert "fewer than 5 (had objected)" in info.summary("en")
    assert "excluded" not in repr(info)
    file.write_text("id\na\nb\ne\nf\n", encoding="utf-8")
    with pytest.raises(NoData, match="Nobody is left in the cohort: had objected"):
        build(replace(about, objections=file), given, DAY)


def test_a_column_that_is_all_missing_is_left_out_with_its_reason():
    X, _, info = small(support=None)
    assert "support" not in X
    assert info.dropped == {"support": EMPTY}
    assert "Columns left out: support" in info.summary("en")


@pytest.mark.parametrize(
    ("error", "said", "change", "day"),
    [
        (UsageError, "The as-of day 2999-06-30 lies in the future", {}, "2999-06-30"),
        (UsageError, "is no day", {}, "30.6.2023"),
        (NoData, "cohort of 2026-01-01. Table 'school' has cohorts from 2023-06-15 until 2025-06-15", {}, "2026-01-01"),
        (NoData, "Nobody is in the cohort of any day", {"year": None}, DAY),
        (TableError, "Column 'grade' of table 'school' holds none of the declared values", {"grade": 5}, DAY),
        (TableError, r"\(id\) twice in the cohort of 2023-06-30; rows too many: fewer", {"id": [*"aaabbbbbbddd"]}, DAY),
        (TableError, "holds something that is no day", {"year": "2022/23"}, DAY),
        (TableError, "declared a number", {"absence": "much"}, DAY),
    ],
)  # fmt: skip
def test_bad_input_is_named(error, said, change, day):
    with pytest.raises(error, match=said):
        build(task(), tables() | {"school": school().assign(**change)}, day)


def test_one_class_alone_is_no_fault_here():
    _, y, info = build(task(), tables() | {"leaving": leaving().assign(went_on="yes")}, DAY)
    assert y.tolist() == [0, 0, 0]
    assert info.complete


@pytest.fixture
def registers(tmp_path):
    """The small register with personal identity codes, read as registers are."""
    codes = dict(zip("abcd", many(4), strict=True))
    for name, table in tables().items():
        table.assign(id=table["id"].map(codes)).to_csv(tmp_path / f"{name}.csv", index=False)
    return {name: read_register(tmp_path / f"{name}.csv", domain="school", identity="id") for name in tables()}, codes


def test_registers_give_marked_cohorts_and_the_same_answers(registers, tmp_path, capsys):
    marked, codes = registers
    file = tmp_path / "objections.csv"
    file.write_text(f"id\n{codes['b']}\n", encoding="utf-8")
    X, y, info = build(replace(task(), objections=file), marked, DAY)
    assert sorted(X["absence"]) == [30, 50]
    assert y[X["absence"] == 50].tolist() == [1]
    assert info.excluded == {OBJECTED: 1}
    for one in (X, y, info.frame):
        assert one.domains == {"school"}
    assert isinstance(X, RegisterFrame)
    said = capsys.readouterr().out + info.summary("sv") + repr(info)
    assert not any(code in said for code in codes.values())


def test_tables_of_two_domains_are_refused(registers, tmp_path):
    marked, _ = registers
    other = read_register(tmp_path / "leaving.csv", domain="social_services", identity="id")
    with pytest.raises(SecrecyBorder):
        build(task(), marked | {"leaving": other}, DAY)


@pytest.mark.shared
def test_uci_at_enrolment_and_after_the_first_semester(shared):
    from kommunanalys.early_warning.task import Task

    given = uci_tables(shared)
    X, y, info = build(Task.parse(UCI_TASK), given["students"], "2010-10-15")
    own = given["students"].query("year == 2010").set_index("row")
    assert sorted(X) == sorted(UCI_ENROLMENT)
    pd.testing.assert_series_equal(y, (own["Target"] == "Dropout").astype(float), check_names=False)
    np.testing.assert_array_equal(X["Admission grade"], own["Admission grade"])
    assert X["Course"].astype(int).tolist() == own["Course"].tolist()
    assert {info.dropped[name] for name in UCI_STATUS} == {NEVER}
    assert {info.dropped[name] for name in (*UCI_SEMESTER_1, *UCI_SEMESTER_2)} == {NOT_YET}
    later, same, _ = build(Task.parse(UCI_SEMESTER_TASK), given, "2011-03-01")
    assert sorted(later) == sorted([*UCI_ENROLMENT, *UCI_SEMESTER_1])
    pd.testing.assert_series_equal(same, y)


@pytest.mark.shared
def test_uci_dates_and_their_outcomes(shared):
    from kommunanalys.early_warning.task import Task

    days = Task.parse(UCI_TASK).as_of_dates(uci_tables(shared), known_by="2016-10-15")
    assert [day.year for day in days] == list(range(2008, 2018))
    assert [day.year for day, complete in days.items() if complete] == list(range(2008, 2014))


@pytest.mark.shared
def test_oulad_against_a_recount(shared):
    from kommunanalys.early_warning.task import Task

    given, day = oulad_tables(shared), pd.Timestamp("2013-11-30")
    X, y, info = build(Task.parse(OULAD_TASK), given, day)
    key = ["code_module", "code_presentation", "id_student"]
    students = given["registration"].query("code_presentation == '2013J'").set_index(key)["date_unregistration"]
    stayed = students[~(students <= day)]
    assert info.excluded == {LEFT: len(students) - len(stayed)}
    expected = stayed.between(day, day + pd.Timedelta(days=180), inclusive="right").astype(float)
    pd.testing.assert_series_equal(y, expected, check_names=False)
    known = given["submissions"].query("date_submitted <= @day").groupby(key)["score"].mean()
    np.testing.assert_allclose(X["score_mean"], known.reindex(X.index))
    assert info.frame["sex"].tolist() == given["info"].set_index(key)["gender"].reindex(X.index).tolist()
    assert info.frame.columns.tolist() == ["person", "code_module", "sex", "disability", "known_from"]


def test_the_first_day_counts_and_the_last_does_not():
    assert build(task(), tables(), "2023-06-15")[0].index.tolist() == ["a", "b", "c"]
    assert build(task(), tables(), "2024-06-14")[0].index.tolist() == ["a", "b", "c"]
    assert build(task(), tables(), "2024-06-15")[0].index.tolist() == ["d"]
    with pytest.raises(NoData):
        build(task(), tables(), "2023-06-14")


def test_who_had_the_event_already_is_no_member_and_is_counted():
    about = parse("""
        title = "Who will leave?"
        unit = "id"
        capacity = 1
        cohort = {date = "year", start = "row", until = "+3"}
        outcome = {kind = "event", date = "gone", horizon = "2"}
        feature = [{column = "mark", known_from = "row"}]
        flag = {feature = "mark"}
        """)
    table = pd.DataFrame({"id": list("abcd"), "year": [2020, 2020, 2020, 2023], "mark": 1.0})
    table["gone"] = [2020, 2021, None, None]
    X, y, info = build(about, table, 2020)
    assert (X.index.tolist(), y.tolist(), info.excluded) == (["b", "c"], [1.0, 0.0], {LEFT: 1})
    assert build(about, table, 2021)[0].index.tolist() == ["c"]
    later = table.assign(year=2099)
    with pytest.raises(UsageError, match="The as-of day 2099 lies in the future"):
        build(about, later, 2099)
    assert candidates(about, later) == {}
