"""How a list looks: what it is and is not, one line for each person, and cells to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.early_warning.page import HIDDEN, Page, hide
from kommunanalys.early_warning.reasons import say_all
from kommunanalys.language import Speaker

ACTIONS = "actions"
"""Key of the steward's texts with the actions to choose from, parted by semicolons."""
WIDTHS = {"A": 6, "B": 40, "C": 60, "D": 18, "E": 34, "F": 30, "G": 20, "H": 14}
ACTION, DATE = "F", "H"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""What no spreadsheet can hold."""
FORMULA = ("=", "+", "-", "@")
LOOSE = 0.5
"""Below it a unit would not be listed again in most cases."""


def clean(text: object) -> str:
    r"""A text that a cell can hold.

    Examples
    --------
    >>> clean(" a\x00b ")
    'a b'
    """
    return CONTROL.sub(" ", str(text)).strip()


@dataclass(frozen=True)
class Sheet:
    """One place's spreadsheet in the making: `counts` are of the place, `shown` is what each person is called."""

    say: Speaker
    declared: Declaration
    page: Page
    rows: pd.DataFrame = field(repr=False)
    counts: pd.Series[Any] = field(repr=False)
    shown: NDArray[np.object_] = field(repr=False)
    placed: bool

    def book(self) -> bytes:
        """The whole file."""
        from openpyxl import Workbook

        book = Workbook()
        book.properties.creator, book.properties.title = "kommunanalys", self._title()
        sheet: Any = book.active
        sheet.title = "1"
        heading = self._heading()
        for row, text in enumerate(heading, 1):
            _put(sheet, row, [text], bold=row == 1)
        first = len(heading) + 2
        _put(sheet, first, self._heads(), bold=True)
        for row, cells in enumerate(self._cells(), 1):
            _put(sheet, first + row, [row, *cells])
        actions = self._actions()
        hide(book, self.page, actions)
        _finish(sheet, first, len(self.rows), len(actions))
        made = BytesIO()
        book.save(made)
        return made.getvalue()

    def _title(self) -> str:
        return str(self.declared.title.get(self.say.language) or self.declared.name)

    def _heading(self) -> list[str]:
        say, page = self.say, self.page
        purpose = self.declared.steward.get("purpose", {}).get(say.language)
        lines = [self._title(), *([say("Purpose: {purpose}", purpose=purpose)] if purpose else [])]
        if self.placed:
            lines.append(say("Place: {place}", place=page.place or say("not known")))
        known = say("Made on {made}, of what was known on {as_of}.", made=say.date(page.made), as_of=self._as_of())
        end = say("Expires on {expires}: delete the file and every copy then.", expires=say.date(page.expires))
        lines += [
            f"{known} {end}",
            say(
                "This list is not a decision; a person decides. The risk is an estimate and may be wrong about anyone."
            ),
            *self._counted(),
        ]
        return [
            *lines,
            say(
                'Fill in action, by whom and on which day. Write "{no_action}" where nothing was done: only so can it '
                "be seen whether the list helps. Keep the numbers in the first column.",
                no_action=page.no_action,
            ),
        ]

    def _as_of(self) -> str:
        try:
            return self.say.date(date.fromisoformat(self.page.as_of))
        except ValueError:
            return self.page.as_of

    def _counted(self) -> list[str]:
        say, counts = self.say, self.counts
        numbers = {name: say.number(counts[name]) for name in ("listed", "units", "tied_out")}
        told = [
            say(
                "Listed: {listed} of {units}. Who is not listed may need support too.",
                listed=numbers["listed"],
                units=numbers["units"],
            )
        ]
        if counts["everybody"]:
            told.append(say("Nearly everybody here is listed: support for all is nearly the same."))
        if counts["tied_out"]:
            told.append(
                say(
                    "Not listed by lot, though their risk is the same as that of the last one listed: {count}.",
                    count=numbers["tied_out"],
                )
            )
        return told

    def _heads(self) -> list[str]:
        say = self.say
        known = [self.page.head, say("Person"), say("Reasons"), say("Estimated risk"), say("Note")]
        return [*known, say("Action"), say("By"), say("Date")]

    def _cells(self) -> Iterator[list[str]]:
        reasons = self.rows["reasons"] if "reasons" in self.rows.columns else [""] * len(self.rows)
        rows = zip(self.shown, reasons, self.rows["risk"], self.rows["tie"], self.rows["firm"], strict=True)
        for person, given, risk, tie, firm in rows:
            told = "\n".join(say_all(given, self.say, self.declared))
            yield [person, told, in_ten(float(risk), self.say), self._note(bool(tie), float(firm))]

    def _note(self, tie: bool, firm: float) -> str:
        if tie:
            return self.say("Same risk as others who are not listed")
        return self.say("Near the cut: others could as well be listed") if firm < LOOSE else ""

    def _actions(self) -> list[str]:
        """What can be chosen; the last one is that nothing was done."""
        given = self.declared.steward.get(ACTIONS, {}).get(self.say.language, "")
        nothing = self.page.no_action
        own = (clean(one) for one in given.split(";"))
        return [*dict.fromkeys(one for one in own if one and one.casefold() != nothing.casefold()), nothing]


def in_ten(risk: float, say: Speaker) -> str:
    """A risk without false precision.

    Examples
    --------
    >>> [in_ten(risk, Speaker("en")) for risk in (0.02, 0.31, 0.98)]
    ['less than 1 of 10', 'about 3 of 10', 'more than 9 of 10']
    """
    count = round(10 * risk)
    if count == 0:
        return say("less than 1 of 10")
    return say("more than 9 of 10") if count == 10 else say("about {count} of 10", count=count)


def _put(sheet: Any, row: int, values: Sequence[str | int], *, bold: bool = False) -> None:
    from openpyxl.styles import Alignment, Font

    for column, value in enumerate(values, 1):
        cell = sheet.cell(row, column)
        if isinstance(value, str):
            # Text never becomes a formula, not even where somebody opens the cell and leaves it again.
            cell.value, cell.data_type, cell.number_format = CONTROL.sub(" ", value), "s", "@"
            cell.quotePrefix = value.startswith(FORMULA)
        else:
            cell.value = value
        cell.alignment = Alignment(vertical="top", wrap_text=len(values) > 1)
        cell.font = Font(bold=bold)


def _finish(sheet: Any, first: int, rows: int, actions: int) -> None:
    """Widths, what can be chosen, dates as dates, and how it prints."""
    from openpyxl.worksheet.datavalidation import DataValidation

    for letter, width in WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = sheet.cell(first + 1, 1)
    sheet.print_title_rows, sheet.page_setup.orientation = f"{first}:{first}", "landscape"
    # Other actions may be written: the rule offers, it does not bind. What is no day is told when it is read back.
    source = f"'{HIDDEN}'!$B$1:$B${actions}"
    choice = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
    sheet.add_data_validation(choice)
    choice.add(f"{ACTION}{first + 1}:{ACTION}{first + rows}")
    for row in range(first + 1, first + rows + 1):
        sheet[f"{DATE}{row}"].number_format = "yyyy-mm-dd"
