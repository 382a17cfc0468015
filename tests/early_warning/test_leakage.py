import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.leakage import check_columns, leakage_report
from kommunanalys.early_warning.task import Task
from kommunanalys.errors import NoData, TableError, TooFewUnits
from tests.early_warning import real

RNG = np.random.default_rng(0)
Y = pd.Series((RNG.uniform(size=500) < 0.2).astype(float))
X = pd.DataFrame({"marks": RNG.normal(size=500) - 0.4 * Y, "area": RNG.choice(list("abc"), 500)})

TASK = """
name = "small"
unit = "id"
capacity = 5
as_of = "06-30"
title = "Who?"
cohort = {table = "people", date = "year", start = "06-15", until = "+1 06-15"}
feature = [
  {table = "people", column = "mark", known_from = "06-10"},
  {table = "visits", column = "hours", take = "sum", known_from = "column:day"},
]
flag = {feature = "mark", high = false}

[outcome]
table = "people"
column = "left"
kind = "status"
event = "yes"
known_from = "+1 09-20"
horizon = "15 months"
"""


def tables(seed=0, n=400):
    rng = np.random.default_rng(seed)
    left = rng.uniform(size=n) < 0.2
    people = pd.DataFrame({"id": [f"p{one}" for one in rng.permutation(n)], "year": np.repeat([2020, 2021], n // 2)})
    people["mark"] = rng.normal(6, 1, n) - 0.4 * left
    people["street"] = rng.choice(["North", "South", "East"], n)
    people["left"] = np.where(left, "yes", "no")
    visits = people.loc[rng.integers(0, n, 3 * n), ["id", "year"]].reset_index(drop=True)
    visits["day"] = pd.to_datetime(visits["year"].astype(str) + "-04-01")
    visits["hours"] = rng.poisson(2, len(visits))
    return {"people": people, "visits": visits[["id", "day", "hours"]]}


def kinds(report, column):
    return [flag.kind for flag in report.flags if flag.column == column]


def test_days_decide_first():
    known = {"marks": "2024-06-10", "area": "2024-06-20"}
    assert check_columns(X, Y, known_from=known, as_of="2024-06-15").flagged == ("area",)
    assert check_columns(X, Y, known_from=known, as_of="2024-06-25").flagged == ()
    assert check_columns(X, Y, known_from={"marks": "2024-06-10"}, as_of="2024-06-15").flagged == ("area",)
    assert check_columns(X, Y, known_from={"marks": "unknown", "area": "5"}, as_of=10).flagged == ("marks",)
    assert check_columns(X, Y).flagged == ()


def test_a_day_and_a_number_are_not_compared():
    with pytest.raises(TableError, match="cannot be compared"):
        check_columns(X, Y, known_from={"marks": "2024-06-10", "area": "5"}, as_of=10)


def test_the_same_person_in_several_rows():
    persons = [f"p{one % 490}" for one in range(500)]
    (flag,) = check_columns(X, Y, groups=persons).flags
    assert (flag.kind, flag.figures["several"]) == ("identifier", 10)


def test_no_number_of_persons_in_the_repr():
    found = check_columns(
        pd.DataFrame({"mark": [1.0, 2.0, 3.0]}), pd.Series([0.0, 1.0, 0.0]), known_from={"mark": "2020-01-01"}
    )
    assert (found.units, found.events) == (3, 1)
    assert repr(found) == "LeakageReport(flags=(), columns=1)"


def test_rows_without_outcome_are_left_out():
    gaps = Y.copy()
    gaps[:100] = np.nan
    assert check_columns(X, gaps).units == 400


def test_noise_is_not_flagged():
    rng = np.random.default_rng(1)
    noise = pd.DataFrame({f"n{one}": rng.normal(size=500) for one in range(25)})
    assert check_columns(noise, Y).flagged == ()


def pupils_of_one_year(seed):
    """65 pupils of whom about 30 % leave, and 40 columns that know nothing of it."""
    rng = np.random.default_rng(seed)
    y = pd.Series((rng.uniform(size=65) < 0.3).astype(float))
    noise = {f"n{one}": rng.normal(size=65) for one in range(20)}
    noise |= {f"c{one}": rng.choice([f"level {two}" for two in range(2 + one)], 65) for one in range(10)}
    noise |= {f"h{one}": np.where(rng.uniform(size=65) < 0.5, np.nan, rng.normal(size=65)) for one in range(10)}
    return pd.DataFrame(noise), y


def test_noise_of_65_pupils_is_seldom_flagged():
    assert sum(bool(check_columns(*pupils_of_one_year(seed)).flags) for seed in range(20)) <= 1


LEAKS = {
    "equal": lambda left, _: left.astype(float),
    "missing for leavers": lambda left, rng: np.where(left, np.nan, rng.normal(size=65)),
    "level missing for leavers": lambda left, rng: pd.Series(rng.choice([f"c{n}" for n in range(20)], 65)).where(~left),
    "day of leaving": lambda left, _: pd.Series(pd.date_range("2024-01-01", periods=65)).where(left),
    "reason of leaving": lambda left, rng: pd.Series(rng.choice(list("abcde"), 65)).where(left),
}


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("dated", [True, False])
def test_leaks_are_flagged_among_65_pupils(leak, dated):
    noise, y = pupils_of_one_year(3)
    given = noise.assign(leak=LEAKS[leak](y == 1, np.random.default_rng(0)))
    known = dict.fromkeys(given, "2024-06-10") if dated else None
    assert check_columns(given, y, known_from=known).flagged == ("leak",)


def test_bad_input_is_refused():
    with pytest.raises(TableError, match="same rows"):
        check_columns(X, Y[:10])
    with pytest.raises(TableError, match="0 or 1"):
        check_columns(X, Y + 1)
    with pytest.raises(TooFewUnits):
        check_columns(X, Y * 0)


def test_an_honest_task_has_only_its_outcome_flagged():
    report = leakage_report(Task.parse(TASK), tables())
    assert report.flagged == ("left",)
    assert report.units == 400


def test_an_undeclared_column_that_knows_is_flagged():
    given = tables()
    given["people"]["certificate"] = np.where(given["people"]["left"] == "yes", "none", "passed")
    assert kinds(leakage_report(Task.parse(TASK), given), "certificate") == ["explains too much"]


def test_rows_that_only_those_who_stay_have_are_flagged():
    given = tables()
    stay = given["people"].loc[given["people"]["left"] == "no", "id"]
    given["visits"] = given["visits"][given["visits"]["id"].isin(stay)]
    more = pd.DataFrame({"id": stay, "day": pd.Timestamp("2020-01-01"), "hours": 1})
    given["visits"] = pd.concat([given["visits"], more], ignore_index=True)
    assert "membership" in kinds(leakage_report(Task.parse(TASK), given), "visits: rows")


def test_a_rule_that_is_decided_later_is_flagged():
    given = tables()
    gone = (given["people"]["left"] == "yes") & (np.arange(400) % 3 > 0)
    given["people"]["status"] = np.where(gone, "closed", "open")
    task = TASK.replace('until = "+1 06-15"}', 'until = "+1 06-15", where = {status = "open"}}')
    assert kinds(leakage_report(Task.parse(task), given), "status") == ["membership"]


def test_a_forgotten_day_of_leaving_is_flagged():
    given = tables()
    gone = given["people"]["left"] == "yes"
    day = pd.to_datetime(given["people"]["year"].astype(str) + "-05-01")
    given["people"]["ended"] = day.where(gone)
    report = leakage_report(Task.parse(TASK), given)
    assert kinds(report, "ended") == ["explains too much", "membership"]
    declared = TASK.replace('until = "+1 06-15"}', 'until = "+1 06-15", left = "ended"}')
    given["people"]["ended"] = (day + pd.Timedelta(days=200)).where(gone)
    assert kinds(leakage_report(Task.parse(declared), given), "ended") == ["known too late"]


def test_unknown_and_late_features_are_flagged_with_the_reason():
    task = TASK.replace('known_from = "06-10"', 'known_from = "unknown"').replace(
        'feature = "mark"', 'feature = "hours"'
    )
    report = leakage_report(Task.parse(task), tables())
    assert kinds(report, "mark") == ["known too late"]
    late = TASK.replace('known_from = "06-10"', 'known_from = "08-10"').replace('feature = "mark"', 'feature = "hours"')
    report = leakage_report(Task.parse(late), tables())
    assert "not known yet" in report.summary("en")


def test_no_complete_cohort():
    task = Task.parse(TASK)
    given = tables()
    given["people"]["year"] += 20
    with pytest.raises(NoData, match="complete"):
        leakage_report(task, given)


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_words_and_table(language):
    report = leakage_report(Task.parse(TASK), tables())
    assert "left" in report.summary(language)
    assert report.to_frame()[["column", "kind"]].to_numpy().tolist() == [["left", "known too late"]]
    assert list(check_columns(X, Y).to_frame()) == ["column", "kind", "reason"]


@pytest.mark.shared
def test_uci_flags_the_fees_and_not_the_semester(shared):
    report = leakage_report(
        Task.parse(real.UCI_SEMESTER_TASK), real.uci_tables(shared), as_of_dates=["2013-03-01", "2014-03-01"]
    )
    assert kinds(report, "Tuition fees up to date") == ["known too late", "explains too much"]
    assert not set(report.flagged) & set(real.UCI_SEMESTER_1)
    # The other two status fields have no day either; the second semester is not over on 1 March.
    assert set(report.flagged) == {"Target", *real.UCI_STATUS, *real.UCI_SEMESTER_2}


@pytest.mark.shared
def test_uci_fees_are_flagged_though_nobody_declares_anything(shared):
    students = real.uci_tables(shared)["students"]
    y = (students["Target"] == "Dropout").astype(float)
    columns = [*real.UCI_ENROLMENT, *real.UCI_STATUS]
    assert check_columns(students[columns], y).flagged == ("Tuition fees up to date",)


@pytest.mark.shared
def test_oulad_flags_the_outcome_and_what_tells_it(shared):
    report = leakage_report(Task.parse(real.OULAD_TASK), real.oulad_tables(shared))
    assert set(report.flagged) == {"date_unregistration", "final_result", "id_student"}
    assert kinds(report, "final_result") == ["explains too much"]
    assert kinds(report, "id_student") == ["identifier"]


def test_one_date_as_text_and_columns_that_are_numbers():
    given = tables()
    given["people"][7] = 1.0
    report = leakage_report(Task.parse(TASK), given, as_of_dates="2020-06-30")
    assert report.units == 200
    assert report.columns == leakage_report(Task.parse(TASK), tables(), as_of_dates="2020-06-30").columns + 1
