"""Every table, unrounded, with indicator and unit; text stays text."""

import pandas as pd
from nbformat.v4 import new_code_cell, new_notebook, new_output
from openpyxl import load_workbook

from kommunanalys.figures.show import Table, bundle
from kommunanalys.language import Speaker
from kommunanalys.reporting.spreadsheet import tables, write_spreadsheet
from tests.reporting.test_html import FACTS

SAY = Speaker("sv", "SE")


def written(tmp_path, *shown):
    book = new_notebook(
        cells=[new_code_cell(outputs=[new_output("display_data", bundle(item, SAY)) for item in shown])]
    )
    write_spreadsheet(tmp_path / "report.xlsx", book, SAY, FACTS)
    return book, load_workbook(tmp_path / "report.xlsx")


def test_unrounded_with_indicator_unit_and_source(tmp_path):
    data = pd.DataFrame({"compulsory_cost_home": [112324.18897, None]}, index=pd.Index(["Ale", "=1+1"], name="Kommun"))
    book, sheets = written(tmp_path, Table(data, "Kostnader"), "text only")
    assert len(tables(book)) == 1
    rows = list(sheets["1"].values)
    assert rows[0][0] == "Kostnader"
    assert rows[2][1] == "compulsory_cost_home"
    assert rows[3][1] == "SEK/pupil/year"
    assert rows[4] == ("Ale", 112324.18897)
    assert rows[5] == ("=1+1", None)
    assert sheets["1"]["A6"].data_type == "s"
    about = [cell for row in sheets.worksheets[-1].values for cell in row]
    assert "RKA, Kolada" in about
    assert "ab" * 32 in about
    assert not any("somebody" in str(cell) for cell in about)
