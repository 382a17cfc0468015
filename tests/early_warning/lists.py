"""A task and risks of invented persons, and what people write into a sheet."""

from datetime import date

import numpy as np
import pandas as pd
from openpyxl import load_workbook

from kommunanalys.early_warning.declaration import Cohort, Declaration, Feature, Flag, Outcome
from kommunanalys.early_warning.reasons import Reason
from kommunanalys.early_warning.watchlist import watchlist

DAY = date(2026, 6, 20)
LATER = date(2026, 8, 30)
TASK = Declaration(
    name="dropout",
    title={"sv": "Vem behöver stöd?", "fi": "Kuka tarvitsee tukea?", "en": "Who needs support?"},
    unit=("person",),
    person="person",
    place="school",
    cohort=Cohort("school", "year", "row", "+1"),
    outcome=Outcome("leaving", "left", "status", ("yes",), "year", "+1", "1"),
    features=(Feature("absence", "school", "absence", known_from="row", label={"en": "Absence"}),),
    groups=(),
    flag=Flag("absence"),
    capacity=2,
    per="school",
    as_of="06-15",
    steward={
        "purpose": {"sv": "Tidigt stöd", "en": "Early support"},
        "actions": {"sv": "samtal; möte", "en": "talk; meeting; talk"},
    },
)


def pseudonyms(count):
    return [f"school:{place:032x}" for place in range(count)]


def found(schools=("Ekö", "Åsträsk/norra"), each=6, **columns):
    """A list of two at each school."""
    count = len(schools) * each
    risk = pd.DataFrame(
        {
            "risk": np.linspace(0.62, 0.05, count),
            "school": [school for school in schools for _ in range(each)],
            "reasons": [(Reason("absence", 120.0, 25.0, "raises", 0.9),)] * count,
            **columns,
        },
        index=pd.Index(pseudonyms(count), name="person"),
    )
    return watchlist(risk, 2)


def write(tmp_path=None, made=None, **options):
    options = {"task": TASK, "as_of": "2026-06-15", "language": "en", "today": DAY} | options
    return (made or found()).write(tmp_path, **options)


def heads(sheet):
    """Row of the heads of the columns."""
    return next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 2).value in ("Person",))


def fill(file, **cells):
    """Write into cells: fill(file, F1="talk") is the action of the first line."""
    book = load_workbook(file)
    sheet = book.worksheets[0]
    first = heads(sheet)
    for name, value in cells.items():
        sheet[f"{name[0]}{first + int(name[1:])}"] = value
    book.save(file)


def frames(error):
    """What the library's own frames of an error hold, as a traceback that shows locals would print it."""
    step, held = error.__traceback__, []
    while step is not None:
        if "kommunanalys" in step.tb_frame.f_code.co_filename and "tests" not in step.tb_frame.f_code.co_filename:
            held.append(repr(step.tb_frame.f_locals))
        step = step.tb_next
    assert held
    assert error.__context__ is None or error.__suppress_context__
    return "".join(held)
