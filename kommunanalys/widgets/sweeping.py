"""The form of a sweep: one report for each of many values; what is done, what failed and why, as the records say."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from csv import QUOTE_ALL, writer
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ipywidgets as widgets

from kommunanalys.errors import KommunanalysError
from kommunanalys.language import Speaker
from kommunanalys.municipalities import find
from kommunanalys.origin import now
from kommunanalys.reporting import given
from kommunanalys.reporting import record as records
from kommunanalys.reporting.folder import slug
from kommunanalys.reporting.outcome import status_words
from kommunanalys.reporting.parameters import declared, find_notebook, read_notebook
from kommunanalys.reporting.run import check_here, checked
from kommunanalys.reporting.sweep import choose
from kommunanalys.widgets.fields import label_of
from kommunanalys.widgets.report_form import Form, button, link
from kommunanalys.widgets.running import Ended

Over = str | Sequence[str] | Mapping[str, str | Sequence[object]]


@dataclass(frozen=True)
class Line:
    """One report of the sweep as it stands on the disk.

    Parameters
    ----------
    values
        What distinguishes it.
    folder
        Where it belongs.
    status
        As in its record; "" where it has none (yet).
    reason
        Why it failed.
    """

    values: Mapping[str, Any]
    folder: Path
    status: str
    reason: str


class SweepForm(Form):
    """A form with a table of all its reports, which can be begun, stopped and resumed.

    Parameters
    ----------
    notebook
        Name of a notebook that comes with the library, or path of a file.
    over
        Parameter → its values, as `form` takes it.
    language
        "sv", "fi" or "en".
    output
        Folder of the reports.
    """

    def __init__(self, notebook: str | Path, over: Over, language: str, output: str | Path) -> None:
        self.over, self.since, self.listed = _over(over), "", False
        known = declared(read_notebook(find_notebook(notebook)))
        # Names only: whether the values are right depends on the fields (a municipality on the source).
        checked(known, {name: "" for name in self.over if name == "language" or name not in known}, language)
        self.problem = ""
        self.resume_button = button()
        self.held: TemporaryDirectory[str] | None = None
        super().__init__(notebook, language, output, tuple(self.over))

    def resume(self) -> None:
        """Make only what is missing, has failed or was asked for in another way."""
        self._begin([*self._words(), "--resume"])

    def lines(self) -> list[Line]:
        """Every report that is asked for, as it stands; none while a field or the values are wrong."""
        self.problem = ""
        try:
            values = {name: field.read() for name, field in self.fields.items()}
            rows = given.product(choose(self.known, self.over, values))
            language = self.speaker.language
            all_values = [checked(self.known, {**values, **row}, language) for row in rows]
        except KommunanalysError as error:
            self.problem = error.said(self.speaker.language)
            return []
        defaults = {name: one.default for name, one in self.known.items()}
        room = self.output / self.path.stem
        told = self._told_by_summary(room)
        return [
            _line(row, room / slug(each, defaults, language), self.since, told)
            for row, each in zip(rows, all_values, strict=True)
        ]

    def speak(self) -> None:
        """Everything in the chosen language, where it stands."""
        say = self.speaker
        self.resume_button.description = say("Make what is missing")
        super().speak()
        self.start.description = say("Make all reports")

    def _buttons(self) -> list[widgets.Button]:
        return [self.start, self.resume_button, self.halt]

    def _listen(self) -> None:
        super()._listen()
        self.resume_button.on_click(lambda _: self.resume())

    def _words(self) -> list[str]:
        over = [
            word for name, values in self.over.items() for word in ("--over", f"{name}={self._handed(name, values)}")
        ]
        return ["sweep", *super()._words()[1:], *over]

    def _handed(self, name: str, values: str | Sequence[object]) -> str:
        """Values as text, or a file of them: a comma inside a value would else make two of it."""
        if isinstance(values, str):
            return values
        self.held = self.held or TemporaryDirectory(prefix="kommunanalys-")
        path = Path(self.held.name, f"{name}.csv")
        with path.open("w", encoding="utf-8", newline="") as file:
            writer(file, quoting=QUOTE_ALL).writerows([[name], *[[value] for value in values]])
        return str(path)

    def _prepare(self, values: Mapping[str, Any]) -> None:
        chosen = choose(self.known, self.over, values)
        first = {name: items[0] for name, items in chosen.items()}
        check_here(checked(self.known, {**values, **first}, self.speaker.language), docx=False)
        self.since = now()

    def _ended(self, ended: Ended) -> None:
        self.since = ""
        # What it said of the reports that failed stands in the table.
        self.listed = ended.code == 1 and any(line.status not in ("", "ok") for line in self.lines())
        super()._ended(Ended(ended.code, "" if self.listed else ended.words, 0))

    def _states(self, say: Speaker) -> dict[str, str]:
        failed = say("Some reports failed; the table says why.") if self.listed else say("The reports were not made.")
        return {
            **super()._states(say),
            "running": say("The reports are being made."),
            "ready": say("All reports are ready."),
            "failed": failed,
        }

    def _told(self, *_: int) -> None:
        lines = self.lines()
        super()._told(sum(line.status != "" for line in lines), len(lines))

    def _counted(self, done: int, total: int) -> str:
        say = self.speaker
        return say("{done} of {total} reports.", done=say.number(done), total=say.number(total))

    def _told_by_summary(self, room: Path) -> dict[str, dict[str, Any]]:
        """Rows of the last sweep's own record by folder; none while another is running."""
        rows = [] if self.running else records.read(room / records.SUMMARY).get("reports", [])
        return {Path(row["folder"]).name: row for row in rows if isinstance(row, dict) and "folder" in row}

    def _link(self) -> str:
        lines = self.lines()
        if lines:
            return _table(lines, self.speaker)
        return f'<p role="alert" lang="{self.speaker.language}">{html.escape(self.problem)}</p>'

    def _show(self) -> None:
        self.show_page(self._link())


def _over(over: Over) -> dict[str, str | Sequence[object]]:
    if isinstance(over, Mapping):
        return dict(over)
    return dict(given.pairs([over] if isinstance(over, str) else over))


def _line(values: Mapping[str, Any], folder: Path, since: str, told: Mapping[str, Mapping[str, Any]]) -> Line:
    """From the report's own records; from the summary of the sweep where it has none."""
    found = [records.read(folder / name) for name in (records.FAILED, records.RECORD)]
    last = next((one for one in found if one and str(one.get("started", "")) >= since), {})
    if not last:
        row = told.get(folder.name, {})
        status = str(row.get("status", "")) if row.get("status") not in ("ok", "skipped") else ""
        return Line(values, folder, status, str(row.get("reason", "")) if status else "")
    reason = str(last.get("error", {}).get("message", ""))
    return Line(values, folder, str(last.get("status", "")), reason)


def _table(lines: Sequence[Line], say: Speaker) -> str:
    words = {**status_words(say), "": say("Not made yet")}
    counts = {name: sum(line.status == name for line in lines) for name in words}
    failed = len(lines) - counts["ok"] - counts[""]
    caption = say(
        "{well} of {total} reports are ready, {failed} failed, {left} are not made yet.",
        well=say.number(counts["ok"]),
        total=say.number(len(lines)),
        failed=say.number(failed),
        left=say.number(counts[""]),
    )
    names = [label_of(name, say) for name in lines[0].values]
    heads = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in [*names, say("Status"), say("Reason")])
    rows = "".join(_row(line, words, say) for line in lines)
    return (
        f'<table class="ka-reports" lang="{say.language}"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(line: Line, words: Mapping[str, str], say: Speaker) -> str:
    cells = [_called(name, value, say) for name, value in line.values.items()]
    status = html.escape(words.get(line.status, line.status))
    if line.status == "ok":
        status += " · " + link(line.folder / records.PAGE, say("Open the report of {name}", name=", ".join(cells)))
    first, *others = map(html.escape, cells)
    told = "".join(f"<td>{text}</td>" for text in [*others, status, html.escape(line.reason)])
    return f'<tr><th scope="row">{first}</th>{told}</tr>'


def _called(name: str, value: Any, say: Speaker) -> str:
    """A value for a reader: a municipality by its name and code."""
    if name != given.PLACE or not isinstance(value, str):
        return str(value)
    try:
        return f"{find(value).name(say.language)} ({value})"
    except KommunanalysError:
        return value
