"""Every table of a report, unrounded, as a spreadsheet: indicator, unit and source beside the figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

from kommunanalys.language import Speaker
from kommunanalys.mime import DATA
from kommunanalys.reporting.html import FICTIVE, Facts, shown_value

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def tables(executed: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """The shown tables and figure data of an executed notebook, in their order."""
    return [
        output.data[DATA]
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if DATA in output.get("data", {})
    ]


def write_spreadsheet(path: Path, executed: nbformat.NotebookNode, say: Speaker, facts: Facts) -> None:
    """Write `report.xlsx`: a sheet for each table, and one for sources and parameters.

    Parameters
    ----------
    path
        File to write.
    executed
        The executed notebook.
    say
        Speaker of the reader's language.
    facts
        Origins, parameters and versions.
    """
    from openpyxl import Workbook

    book = Workbook()
    contents: Any = book.active
    contents.title = say("Contents")[:31]
    if facts.fictive:
        _line(contents, ["", say(FICTIVE)], bold=True)
    _line(contents, [say("Sheet"), say("Contents")], bold=True)
    for number, table in enumerate(tables(executed), 1):
        sheet = book.create_sheet(str(number))
        _line(contents, [number, table["caption"]])
        _table(sheet, table, say)
    _about(book.create_sheet(say("Sources")[:31]), say, facts)
    contents.column_dimensions["B"].width = 90
    book.save(path)


def _table(sheet: Any, table: dict[str, Any], say: Speaker) -> None:
    columns = table["columns"]
    _line(sheet, [table["caption"]], bold=True)
    _line(sheet, [table["index"], *(column["label"] for column in columns)], bold=True)
    _line(sheet, [say("Indicator"), *(column["key"] for column in columns)])
    _line(sheet, [say("Unit"), *(column["unit"] for column in columns)])
    for row in table["rows"]:
        _line(sheet, row)
    if table.get("note"):
        _line(sheet, [])
        _line(sheet, [table["note"]])
    sheet.freeze_panes = "B5"
    for letter in "ABCDEFGHIJ"[: len(columns) + 1]:
        sheet.column_dimensions[letter].width = 24


def _about(sheet: Any, say: Speaker, facts: Facts) -> None:
    _line(sheet, [say("Publisher"), say("Address"), say("Loaded"), say("Licence"), "SHA-256", say("Note")], bold=True)
    for item in facts.origins:
        told = [say(str(item["producer"])), item["address"], item["fetched"], say(str(item["licence"])), item["sha256"]]
        _line(sheet, [*told, item["note"]])
    _line(sheet, [])
    _line(sheet, [say("Parameters")], bold=True)
    for name, value in facts.values.items():
        _line(sheet, [name, shown_value(value, say)])
    for name, version in facts.versions.items():
        _line(sheet, [name, version])


def _line(sheet: Any, values: list[Any], *, bold: bool = False) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    # Made before they are in the sheet: to look a row up there takes longer the longer the sheet is.
    cells = [WriteOnlyCell(sheet, _plain(value)) for value in values]
    for cell in cells:
        # Text from a source must never become a formula in somebody's spreadsheet.
        if isinstance(cell.value, str) and cell.value.startswith(FORMULA_SIGNS):
            cell.data_type = "s"
        if bold:
            cell.font = Font(bold=True)
    sheet.append(cells)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | bool) else str(value)
