"""A register over several years with known truth, small enough for a test: absence tells, the mark tells a little."""

import numpy as np
import pandas as pd

from kommunanalys.early_warning.task import Task

TASK = """
name = "years"
unit = "id"
place = "school"
per = "school"
capacity = 5
as_of = "06-30"

[title]
en = "Who will leave early?"
sv = "Vem slutar i förtid?"
fi = "Kuka lähtee kesken?"

[cohort]
date = "year"
start = "06-15"
until = "+1 06-15"

[outcome]
column = "left"
kind = "status"
event = "yes"
known_from = "+1 05-20"
horizon = "1 year"

[[feature]]
column = "absence"
known_from = "06-10"

[[feature]]
column = "mark"
known_from = "06-10"

[[feature]]
column = "track"
kind = "category"
known_from = "06-10"

[[group]]
name = "sex"

[flag]
feature = "mark"
high = false
"""


def years(n: int = 160, first: int = 2019, last: int = 2023, *, seed: int = 0, signal: float = 1.5) -> pd.DataFrame:
    """`n` persons a year; nobody stands in two years."""
    rng = np.random.default_rng(seed)
    tables = []
    for year in range(first, last + 1):
        absence, mark = rng.normal(size=n), rng.normal(size=n)
        came = rng.random(n) < 1 / (1 + np.exp(1.5 - signal * absence + 0.4 * mark))
        table = pd.DataFrame(
            {"id": [f"p{year}x{unit}" for unit in range(n)], "year": year, "absence": absence, "mark": mark}
        )
        table["track"] = rng.choice(["a", "b"], n)
        table["school"] = rng.choice(["North", "South", "East"], n)
        table["sex"] = rng.choice(["f", "m"], n)
        tables.append(table.assign(left=np.where(came, "yes", "no")))
    return pd.concat(tables, ignore_index=True)


def task(*changes: tuple[str, str]) -> Task:
    """The task, with some words of its file changed."""
    text = TASK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return Task.parse(text)
