"""The figures of a picture as a file, with what they are, where they came from and under which licence."""

from __future__ import annotations

import io
import json
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommunanalys import origin
from kommunanalys.errors import UsageError
from kommunanalys.tablefile import SIDECAR, check_target, write_beside, write_table
from kommunanalys.widgets import telling
from kommunanalys.widgets.prepared import Prepared, prepare
from kommunanalys.widgets.scene import Scene
from kommunanalys.widgets.views import check_figures

if TYPE_CHECKING:
    import pandas as pd

    from kommunanalys.language import Speaker
    from kommunanalys.widgets.choice import Choice


def export(panel: pd.DataFrame | Prepared, choice: Choice, path: str | Path) -> list[Path]:
    """Write the figures of a choice, and beside them `<name>.origin.json` with where they came from.

    Parameters
    ----------
    panel
        Panel or observations table.
    choice
        What is looked at.
    path
        Ending in .csv or .parquet, written as `tablefile.write_table` does; or in .xlsx: a workbook with the figures
        unrounded under their indicator and unit, and a sheet of sources with their licences.

    Returns
    -------
    list of pathlib.Path
        The two files.

    Raises
    ------
    UsageError
        As `tablefile.check_target`: what somebody else wrote is not replaced.
    OutputError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from kommunanalys.sources import read_example
    >>> from kommunanalys.widgets.choice import Choice
    >>> choice = Choice("ranking", "X07", indicator="population", year=2023)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in export(read_example(), choice, Path(folder, "a.xlsx"))]
    ['a.xlsx', 'a.xlsx.origin.json']
    """
    scene, place = Scene(prepare(panel), choice), check_target(path)
    check_figures(scene)
    told = telling.described(scene)
    if place.suffix.lower() != ".xlsx":
        return write_table(told.data.reset_index(), place, choice.used())
    sources = origin.origins(told.data)
    raw = _workbook(scene, sources)
    about: dict[str, Any] = {"file": place.name, "sha256": origin.hash_bytes(raw), "question": choice.used()}
    about["origins"] = origin.as_records(sources)
    return write_beside(place, raw, about)


def free(panel: pd.DataFrame | Prepared, choice: Choice, path: Path) -> Path:
    """The path, or the same with a number where another question, another table or somebody's work lies there.

    Parameters
    ----------
    panel, choice
        As `export`.
    path
        Wished for.

    Examples
    --------
    >>> from kommunanalys.sources import read_example
    >>> from kommunanalys.widgets.choice import Choice
    >>> free(read_example(), Choice("ranking", "X07", indicator="population"), Path("none.csv")).name
    'none.csv'
    """
    sources = origin.as_records(origin.origins(prepare(panel).panel))
    asked = json.loads(json.dumps([choice.used(), sources]))
    others = (path.with_stem(f"{path.stem}_{number}") for number in count(2))
    # Two tables that nothing is known about may well be two different ones.
    return next(one for one in chain([path], others) if not one.exists() or (sources and _asked(one) == asked))


def _asked(place: Path) -> object:
    """The question and the sources of a file that was written here and not changed since; None for any other."""
    try:
        about = json.loads(place.with_name(place.name + SIDECAR).read_bytes())
        return [about["question"], about["origins"]] if check_target(place) else None
    except (OSError, ValueError, TypeError, KeyError, UsageError):
        return None


def _workbook(scene: Scene, sources: list[origin.Origin]) -> bytes:
    """Two sheets: the figures under what they are, and the sources. A report's own writer takes seconds to load."""
    from openpyxl import Workbook

    say, told = scene.say, telling.described(scene)
    book = Workbook()
    figures: Any = book.active
    figures.title = say("Figures")[:31]
    _row(figures, [told.caption], bold=True)
    if scene.fictive or any(item.fictive for item in sources):
        _row(figures, [say("Example data: fictive municipalities, not real figures")], bold=True)
    heads = [str(told.data.index.name), *map(str, told.data.columns)]
    _row(figures, heads, bold=True)
    _row(figures, [say("Indicator"), *(told.indicators.get(head, "") for head in heads[1:])])
    units = {head: scene.unit(name) for head, name in told.indicators.items()}
    _row(figures, [say("Unit"), *(units.get(head, "") for head in heads[1:])])
    for values in told.data.itertuples():
        _row(figures, list(values))
    figures.freeze_panes = f"B{figures.max_row - len(told.data) + 1}"
    for letter in "ABCDEFG"[: len(heads)]:
        figures.column_dimensions[letter].width = 24
    _sources(book.create_sheet(say("Sources")[:31]), say, sources)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _sources(sheet: Any, say: Speaker, sources: list[origin.Origin]) -> None:
    heads = [say("Source"), say("Publisher"), say("Address"), say("Loaded"), say("Licence"), "SHA-256", say("Note")]
    _row(sheet, heads, bold=True)
    for one in sources:
        told = [say(one.credit), say(one.producer), one.address, one.fetched, say(one.licence), one.sha256, one.note]
        _row(sheet, told)
    if not sources:
        _row(sheet, [say("Nothing is recorded about where the table came from.")])


def _row(sheet: Any, values: list[Any], *, bold: bool = False) -> None:
    from openpyxl.styles import Font

    sheet.append([_cell(value) for value in values])
    for cell in sheet[sheet.max_row]:
        # Text from a source must never become a formula in somebody's spreadsheet.
        if isinstance(cell.value, str):
            cell.data_type = "s"
        if bold:
            cell.font = Font(bold=True)


def _cell(value: Any) -> Any:
    """A value as openpyxl takes it: what is not equal to itself is missing, an empty cell, never 0."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if value != value:
        return None
    plain = value.item() if hasattr(value, "item") else value
    return ILLEGAL_CHARACTERS_RE.sub(" ", plain) if isinstance(plain, str) else plain
