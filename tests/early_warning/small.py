"""A small school register whose cohorts, values and outcomes can be worked out by hand."""

import pandas as pd

from kommunanalys.early_warning.task import Task

TASK = """
name = "small"
title = "Who will not go on?"
unit = "id"
place = "school"
per = "school"
capacity = 5
as_of = "06-30"

[cohort]
table = "school"
date = "year"
start = "+1 06-15"
until = "+2 06-15"
where = { grade = 8 }

[outcome]
table = "leaving"
column = "went_on"
kind = "status"
event = "no"
date = "year"
known_from = "+1 09-20"
horizon = "15 months"

[[feature]]
column = "absence"
table = "school"
known_from = "+1 06-10"

[[feature]]
name = "change"
column = "absence"
take = "change"
known_from = "+1 06-10"

[[feature]]
column = "support"
kind = "category"
known_from = "+1 06-10"

[[group]]
name = "sex"

[flag]
feature = "absence"
"""


def school() -> pd.DataFrame:
    """Grades 7 to 9 of a, b and c, who end grade 8 in 2023, and of d, who ends it in 2024."""
    rows = [(one, 2021 + grade - 7 + (one == "d"), grade) for one in "abcd" for grade in (7, 8, 9)]
    table = pd.DataFrame(rows, columns=["id", "year", "grade"])
    table["absence"] = [10.0, 50, 99, 20, 20, 99, None, 30, 99, 40, 80, 99]
    table["support"] = ["none", "special", "x", "none", "none", "x", None, None, "x", "none", "none", "x"]
    return table.assign(sex=table["id"].map({"a": "f", "b": "m", "c": "f", "d": "m"}), school="North")


def leaving() -> pd.DataFrame:
    """What a, b and c did in September 2024; nobody knows it of d yet."""
    return pd.DataFrame({"id": ["a", "b", "c"], "year": 2023, "went_on": ["no", "yes", "yes"]})


def tables() -> dict[str, pd.DataFrame]:
    return {"school": school(), "leaving": leaving()}


def task(*changes: tuple[str, str]) -> Task:
    """The task, with some words of its file changed."""
    text = TASK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return Task.parse(text)
