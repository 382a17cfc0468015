"""What a person takes along from the explorer: the code, the figures as a file, and the sources."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import ipywidgets

from kommunanalys.errors import KommunanalysError
from kommunanalys.language import Speaker
from kommunanalys.origin import Origin
from kommunanalys.paths import own_folder
from kommunanalys.widgets.choosing import heading, in_words, message
from kommunanalys.widgets.copying import Copying

KINDS = (".xlsx", ".csv")


class Taking(ipywidgets.VBox):  # type: ignore[misc]
    """The code of a picture with a button that copies it, buttons that write its figures, and its sources.

    Parameters
    ----------
    write
        Writes the figures of what is shown now into a file.
    stem
        Gives the name of the file without its ending.
    origins
        Where the figures came from.
    """

    def __init__(self, write: Callable[[Path], list[Path]], stem: Callable[[], str], origins: list[Origin]) -> None:
        self._write, self._stem, self._origins = write, stem, origins
        self.say = Speaker("en")
        self.code = Copying()
        self.hint = ipywidgets.HTML()
        self.buttons = [ipywidgets.Button(description=kind) for kind in KINDS]
        for kind, button in zip(KINDS, self.buttons, strict=True):
            button.on_click(lambda _, kind=kind: self.save(kind))
        self.said = ipywidgets.HTML()
        self.titles = [ipywidgets.HTML() for _ in range(3)]
        self.sources = ipywidgets.HTML()
        row = ipywidgets.HBox(self.buttons, layout={"flex_flow": "row wrap"})
        first, second, third = self.titles
        super().__init__([first, self.code, self.hint, second, row, self.said, third, self.sources])

    def save(self, kind: str) -> None:
        """Write the figures beside the reports of the person's own folder, else into the current one, and say where."""
        try:
            own = own_folder()
            folder = own / "reports" if own else Path.cwd()
            written, beside = self._write(folder / f"{_plain(self._stem())}{kind}")
        except KommunanalysError as error:
            self.said.value = message(in_words(error, self.say), wrong=True)
            return
        except Exception as error:  # noqa: BLE001 - a widget's errors end in a log that nobody reads
            text = self.say("The figures could not be saved: {reason}.", reason=error)
            self.said.value = message(text, wrong=True)
            return
        self.said.value = message(
            self.say(
                "Saved: {file}, and beside it {origin} with where the figures came from. The folder is {folder}.",
                file=written.name,
                origin=beside.name,
                folder=written.parent,
            )
        )

    def speak(self, say: Speaker) -> None:
        """Say everything in a language."""
        self.say = say
        texts = (say("The code of this figure"), say("The figures behind this chart"), say("Sources"))
        for title, text in zip(self.titles, texts, strict=True):
            title.value = heading(text)
        self.said.value = ""
        with self.code.hold_sync():
            self.code.label, self.code.button = texts[0], say("Copy the code")
            self.code.done = say("Copied. Paste it into a new cell.")
            self.code.failed = say("The browser did not let it be copied. It is selected: press Ctrl+C.")
        for kind, button in zip(KINDS, self.buttons, strict=True):
            button.description = say("Save as {kind}", kind={".xlsx": "Excel (XLSX)", ".csv": "CSV"}[kind])
        self.sources.value = sources(self._origins, say)


def sources(origins: list[Origin], say: Speaker) -> str:
    """The sources as an HTML list, each with the line to print, its licence and the day it was fetched.

    Examples
    --------
    >>> sources([], Speaker("en"))
    '<p class="ka-message">Nothing is recorded about where the table came from.</p>'
    """
    lines = dict.fromkeys(_line(item, say) for item in origins)
    if not lines:
        none = say("Nothing is recorded about where the table came from.")
        return f'<p class="ka-message">{html.escape(none)}</p>'
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"


def _line(item: Origin, say: Speaker) -> str:
    parts = [say(item.credit)] if item.credit else []
    parts.append(say("producer: {name}", name=item.producer))
    parts.append(say("licence: {name}", name=say(item.licence)) if item.licence else say("the licence is not stated"))
    return "; ".join([*parts, say("fetched {day}", day=say.date(item.fetched))])


def _plain(text: str) -> str:
    """A file name that every system takes."""
    return re.sub(r"[^\w.-]+", "_", text).strip("_.")[:80]
