"""Two real data sets as the tables of a task, and their task files: UCI 697 and three modules of OULAD.

Neither says a calendar day; what is added here is inferred or chosen, and said where it is made. See the READMEs beside
the data: higher education in Portugal and adult distance learners in the United Kingdom, for exercising methods only.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

UCI_YEARS = {
    7.6: 2008,
    9.4: 2009,
    10.8: 2010,
    12.7: 2011,
    15.5: 2012,
    16.2: 2013,
    13.9: 2014,
    12.4: 2015,
    11.1: 2016,
    8.9: 2017,
}
"""Portugal's unemployment rate [%] → year of enrolment; the data have no other trace of the year."""

UCI_CATEGORIES = [
    "Marital status",
    "Application mode",
    "Course",
    "Previous qualification",
    "Nacionality",
    "Mother's qualification",
    "Father's qualification",
    "Mother's occupation",
    "Father's occupation",
]
UCI_NUMBERS = [
    "Application order",
    "Daytime/evening attendance",
    "Previous qualification (grade)",
    "Admission grade",
    "Displaced",
    "Educational special needs",
    "Gender",
    "Age at enrollment",
    "International",
]
UCI_MACRO = ["Unemployment rate", "Inflation rate", "GDP"]
"""The year in disguise: left out of the task."""
UCI_STATUS = ["Debtor", "Tuition fees up to date", "Scholarship holder"]
"""Known from a day that nobody has stated."""
UNITS = ["credited", "enrolled", "evaluations", "approved", "grade", "without evaluations"]
UCI_SEMESTER_1 = [f"Curricular units 1st sem ({name})" for name in UNITS]
UCI_SEMESTER_2 = [f"Curricular units 2nd sem ({name})" for name in UNITS]
UCI_ENROLMENT = [*UCI_CATEGORIES, *UCI_NUMBERS]
"""What is known when a student enrols, without the macro columns."""


def uci_tables(shared: Path) -> dict[str, pd.DataFrame]:
    """One table, `students`: the file's columns, `row` (the unit) and `year` of enrolment."""
    students = pd.read_csv(shared / "data" / "uci697_dropout" / "students.csv")
    students.insert(0, "row", range(len(students)))
    students.insert(1, "year", students["Unemployment rate"].map(UCI_YEARS))
    return {"students": students}


UCI_TASK = f"""
name = "uci697"
unit = "row"
capacity = 20
as_of = "10-15"

[title]
en = "Which students will leave without a degree?"

[cohort]
table = "students"
date = "year"
start = "10-01"
until = "+1 10-01"

[outcome]
column = "Target"
kind = "status"
event = ["Dropout"]
known_from = "+3 09-30"
horizon = "3 years"

[[features]]
kind = "category"
known_from = "10-10"
columns = {UCI_CATEGORIES!r}

[[features]]
known_from = "10-10"
columns = {UCI_NUMBERS!r}

[[features]]
known_from = "+1 02-20"
columns = {UCI_SEMESTER_1!r}

[[features]]
known_from = "+1 07-20"
columns = {UCI_SEMESTER_2!r}

[[features]]
known_from = "unknown"
columns = {UCI_STATUS!r}

[[group]]
name = "sex"
column = "Gender"

[flag]
feature = "Previous qualification (grade)"
high = false
"""
"""Lists on 15 October; for lists after the first semester build `as_of=date(year + 1, 3, 1)`."""
UCI_SEMESTER_TASK = UCI_TASK.replace('as_of = "10-15"', 'as_of = "03-01"').replace(
    'feature = "Previous qualification (grade)"', 'feature = "Curricular units 1st sem (approved)"'
)
"""Lists on 1 March, when the first semester's marks are known."""
UCI_MACRO_BLOCK = f"""
[[features]]
known_from = "10-10"
columns = {UCI_MACRO!r}
"""
"""To be added to the end of either task, for those who want the macro columns."""

OULAD_KEY = ["code_module", "code_presentation", "id_student"]
OULAD_STARTS = {"2013B": "2013-02-01", "2013J": "2013-10-01", "2014B": "2014-02-01", "2014J": "2014-10-01"}
"""First days of the presentations: the month is documented, the day is chosen."""
OULAD_BACKGROUND = [
    "gender",
    "region",
    "highest_education",
    "imd_band",
    "age_band",
    "disability",
]
OULAD_COUNTS = ["num_of_prev_attempts", "studied_credits"]


def oulad_tables(shared: Path) -> dict[str, pd.DataFrame]:
    """`registration` (start, end, registered, unregistered), `info` (background, result) and `submissions` (scores)."""
    folder = shared / "data" / "oulad_modules"
    registration = pd.read_csv(folder / "studentRegistration.csv")
    courses = pd.read_csv(folder / "courses.csv")
    start = pd.to_datetime(registration["code_presentation"].map(OULAD_STARTS))
    length = registration.merge(courses, how="left")["module_presentation_length"]
    registration["start"] = start
    registration["end"] = start + pd.to_timedelta(length, unit="D")
    for name in ("date_registration", "date_unregistration"):
        registration[name] = start + pd.to_timedelta(registration[name], unit="D")
    info = pd.read_csv(folder / "studentInfo.csv")
    info["start"] = pd.to_datetime(info["code_presentation"].map(OULAD_STARTS))
    return {"registration": registration, "info": info, "submissions": _submissions(folder)}


def _submissions(folder: Path) -> pd.DataFrame:
    rows = pd.read_csv(folder / "studentAssessment.csv.gz").merge(pd.read_csv(folder / "assessments.csv"))
    start = pd.to_datetime(rows["code_presentation"].map(OULAD_STARTS))
    rows["days_late"] = rows["date_submitted"] - rows["date"]
    rows["date_submitted"] = start + pd.to_timedelta(rows["date_submitted"], unit="D")
    return rows[[*OULAD_KEY, "date_submitted", "assessment_type", "score", "is_banked", "days_late"]]


OULAD_TASK = f"""
name = "oulad"
unit = {OULAD_KEY!r}
person = "id_student"
place = "code_module"
capacity = 50
per = "code_module"
as_of = "04-02, 11-30"

[title]
en = "Which students will unregister from their module?"

[cohort]
table = "registration"
date = "start"
start = "+30 days"
until = "+90 days"
left = "date_unregistration"

[outcome]
table = "registration"
kind = "event"
date = "date_unregistration"
horizon = "180 days"

[[features]]
table = "info"
kind = "category"
known_from = "column:start"
columns = {OULAD_BACKGROUND!r}

[[features]]
table = "info"
known_from = "column:start"
columns = {OULAD_COUNTS!r}

[[feature]]
name = "score_mean"
table = "submissions"
column = "score"
take = "mean"
known_from = "column:date_submitted"

[[feature]]
name = "score_last"
table = "submissions"
column = "score"
known_from = "column:date_submitted"

[[feature]]
name = "submissions"
table = "submissions"
column = "date_submitted"
take = "count"
known_from = "column:date_submitted"

[[feature]]
name = "days_late"
table = "submissions"
column = "days_late"
take = "max"
known_from = "column:date_submitted"

[[group]]
name = "sex"
table = "info"
column = "gender"

[[group]]
name = "disability"
table = "info"
column = "disability"

[flag]
feature = "submissions"
high = false
"""
"""Lists on the 60th day of each presentation (2 April and 30 November); 2013B, 2013J, 2014B and 2014J."""
