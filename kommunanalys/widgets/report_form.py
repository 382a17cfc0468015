"""A form of a notebook's parameters, which runs it as a report from JupyterLab."""

from __future__ import annotations

import html
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import ipywidgets as widgets

from kommunanalys.errors import KommunanalysError
from kommunanalys.language import LANGUAGES, NAMES, Speaker, check_language
from kommunanalys.reporting.folder import check_output
from kommunanalys.reporting.parameters import Parameter, declared, find_notebook, read_notebook
from kommunanalys.reporting.run import prepare
from kommunanalys.widgets.fields import Field, text_of
from kommunanalys.widgets.running import STOPPED, Command, Ended, Progress, cell_of


class Form(widgets.VBox):  # type: ignore[misc]
    """The parameters of a notebook as fields, a button that makes the report, and one that stops it.

    Parameters
    ----------
    notebook
        Name of a notebook, or path of a file; see `kommunanalys list`.
    language
        "sv", "fi" or "en".
    output
        Folder of the reports.
    apart
        Parameters that have no field.
    """

    def __init__(self, notebook: str | Path, language: str, output: str | Path, apart: Sequence[str] = ()) -> None:
        self.path, self.output = find_notebook(notebook), check_output(Path(output)).resolve()
        self.notebook = read_notebook(self.path)
        self.known, self.speaker = declared(self.notebook), Speaker(check_language(language))
        shown = {name: one for name, one in self.known.items() if name not in (*apart, "language")}
        self.fields = {name: Field(one, self.speaker) for name, one in shown.items()}
        self.choice = _language(language)
        self.heading, self.result, self.progress = widgets.HTML(), widgets.Output(), Progress()
        self.start, self.halt = button("primary"), button()
        self.command: Command | None = None
        self.began, self.last = 0.0, Ended(0, "", 0)
        self.state, self.lock, self.halt.disabled = "", threading.RLock(), True
        super().__init__()
        self.add_class("ka-form")  # where running.js keeps letters from JupyterLab
        self._listen()
        self._cover()
        self.children = (
            self.heading,
            self.choice,
            *self.fields.values(),
            widgets.HBox(self._buttons()),
            self.progress,
            self.result,
        )
        self.speak()

    @property
    def running(self) -> bool:
        """Whether a report is being made."""
        return self.state in ("running", "stopping")

    def values(self) -> dict[str, Any] | None:
        """The values as the notebook takes them; None where one is wrong, which the field itself says."""
        wrong = [field for field in self.fields.values() if not field.check()]
        if wrong:
            wrong[0].send({"focus": True})
            return None
        return {name: field.read() for name, field in self.fields.items()}

    def run(self) -> None:
        """Make the report in a process of its own; nothing happens while one is being made."""
        self._begin(self._words())

    def stop(self) -> None:
        """Stop it; nothing is left half-written."""
        with self.lock:
            if self.command and self.state == "running":
                self._become("stopping")
                self.command.stop()

    def speak(self) -> None:
        """Everything in the chosen language, where it stands."""
        say = self.speaker
        self.heading.value = f'<div lang="{say.language}"><strong>{html.escape(self._title())}</strong></div>'
        self.choice.label, self.choice.language = say("Language of the form and the report"), say.language
        for field in self.fields.values():
            field.speak(say)
        self.start.description, self.halt.description = say("Make the report"), say("Stop")
        self._tell()

    def _buttons(self) -> list[widgets.Button]:
        return [self.start, self.halt]

    def _listen(self) -> None:
        self.choice.observe(self._spoken, "value")
        self.start.on_click(lambda _: self.run())
        self.halt.on_click(lambda _: self.stop())
        for field in self.fields.values():
            field.observe(lambda _: self._changed(), "value")
        if "source" in self.fields:
            self.fields["source"].observe(lambda _: self._cover(), "value")

    def _changed(self) -> None:
        """What was said is about other values than those that stand there now."""
        with self.lock:
            if not self.running:
                self._become("")

    def _spoken(self, _: object) -> None:
        if self.choice.value in LANGUAGES:
            self.speaker = Speaker(self.choice.value)
            self.speak()

    def _cover(self) -> None:
        """Offer the municipalities that the source has."""
        places = [field for field in self.fields.values() if field.kind == "place"]
        if places and "source" in self.fields:
            codes = _covered(self.fields["source"].value)
            for field in places:
                field.cover(codes)

    def _title(self) -> str:
        head = next((cell.source for cell in self.notebook.cells if cell.cell_type == "markdown"), self.path.stem)
        return self.speaker(head).splitlines()[0].lstrip("# ")

    def _words(self) -> list[str]:
        return ["run", str(self.path), "--language", self.speaker.language, "--output", str(self.output)]

    def _begin(self, words: Sequence[str]) -> None:
        with self.lock:
            if self.running:
                return
            values = self.values()
            if values is None:
                self._become("wrong")
                return
            try:
                self._prepare(values)
            except KommunanalysError as error:
                self._become("failed", Ended(error.exit_code, error.said(self.speaker.language), 0))
                return
            self.result.outputs, self.began = (), time.monotonic()
            texts = {name: _text(value) for name, value in values.items() if not self.fields[name].untouched}
            self._become("running")
            self.command = Command(words, texts, self.speaker.language, told=self._told, ended=self._ended)

    def _prepare(self, values: Mapping[str, Any]) -> None:
        """Refuse what can be refused before anything is begun, and remember where the report will lie."""
        job = prepare(self.path, values, language=self.speaker.language)
        self.page = job.folder(self.output) / "report.html"

    def _told(self, done: int, total: int) -> None:
        with self.lock:
            self._tell(done, total)

    def _ended(self, ended: Ended) -> None:
        with self.lock:
            state = {0: "ready", STOPPED: "stopped"}.get(ended.code, "failed")
            self._become("stopped" if self.state == "stopping" and ended.code < 0 else state, ended)

    def _become(self, state: str, last: Ended | None = None) -> None:
        self.state, self.last = state, last or Ended(0, "", 0)
        for field in (self.choice, *self.fields.values()):
            field.disabled = self.running
        for button in self._buttons():
            button.disabled = self.running
        self.halt.disabled = state != "running"
        self._tell()

    def _tell(self, done: int = 0, total: int = 0) -> None:
        say, state = self.speaker, self.state
        told = self._states(say)[state]
        seconds = say.number(round(time.monotonic() - self.began))
        detail = ""
        if self.running:
            detail = say("{seconds} seconds so far.", seconds=seconds)
            detail = f"{self._counted(done, total)} {detail}" if total else detail
        elif state == "failed":
            told = "\n".join(filter(None, [told, self.last.words, self._where()]))
        self.progress.tell(
            told,
            say,
            detail=detail,
            done=done,
            total=total,
            busy=self.running,
            alert=state in ("failed", "wrong"),
        )
        self._show()

    def _states(self, say: Speaker) -> dict[str, str]:
        return {
            "": "",
            "wrong": say("Something in the form must be mended first; it says so beside the field."),
            "running": say("The report is being made."),
            "stopping": say("Stopping."),
            "stopped": say("Stopped. Nothing half-written is left."),
            "ready": say("The report is ready."),
            "failed": say("The report was not made."),
        }

    def _counted(self, done: int, total: int) -> str:
        say = self.speaker
        return say("{done} of {total} cells.", done=say.number(done), total=say.number(total))

    def _where(self) -> str:
        """The cell that stopped, as far as it is known."""
        say, line = self.speaker, cell_of(self.notebook, self.last.done)
        return say("In the cell that begins: {line}", line=line) if line else ""

    def _show(self) -> None:
        """The link to the report once it is ready."""
        self.show_page(self._link() if self.state == "ready" else "")

    def show_page(self, page: str) -> None:
        """Show HTML below the form, where JupyterLab finds its way along links."""
        if page != _shown(self.result):
            self.result.outputs = _outputs(page)

    def _link(self) -> str:
        say = self.speaker
        place = html.escape(str(self.page))
        return f'<p lang="{say.language}">{link(self.page, say("Open the report"))}<br>{place}</p>'


def link(page: Path, text: str) -> str:
    """A link that JupyterLab opens in a tab: told from the folder of the notebook, which is the kernel's own.

    Examples
    --------
    >>> link(Path.cwd() / "reports" / "a b.html", "Open")
    '<a href="reports/a%20b.html">Open</a>'
    """
    try:
        near = Path(os.path.relpath(page)).as_posix()
    except ValueError:  # another drive of Windows: JupyterLab cannot open it
        return html.escape(text)
    return f'<a href="{quote(near)}">{html.escape(text)}</a>'


def button(style: str = "") -> widgets.Button:
    """A button as wide as its words, which another language may make longer."""
    return widgets.Button(button_style=style, layout=widgets.Layout(width="auto"))


def _language(language: str) -> Field:
    field = Field(Parameter("language", "choice", language, choices=LANGUAGES), Speaker(language))
    field.options = [list(one) for one in NAMES.items()]
    return field


def _covered(source: str) -> tuple[str, ...]:
    """Municipalities of a source; none where it is one that cannot be asked (yet)."""
    from kommunanalys.sources.catalogue import covered

    try:
        return tuple(covered(source))
    except (KommunanalysError, OSError):
        return ()


def _text(value: Any) -> str | list[str]:
    return [str(item) for item in value] if isinstance(value, list) else text_of(value)


def _outputs(page: str) -> tuple[dict[str, Any], ...]:
    # By way of an output, since JupyterLab finds its way along links there and nowhere else in a widget.
    return ({"output_type": "display_data", "data": {"text/html": page}, "metadata": {}},) if page else ()


def _shown(result: widgets.Output) -> str:
    return str(result.outputs[0]["data"]["text/html"]) if result.outputs else ""
