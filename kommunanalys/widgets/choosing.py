"""The fields of the explorer: one municipality, several, an indicator. Each says what is wrong beside itself."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets

from kommunanalys.errors import KommunanalysError
from kommunanalys.language import Speaker
from kommunanalys.widgets.searching import called, matching, offer, offered, recognised


def heading(text: str) -> str:
    """A heading within the room.

    Examples
    --------
    >>> heading("Peers")
    '<div class="ka-heading" role="heading" aria-level="3">Peers</div>'
    """
    return f'<div class="ka-heading" role="heading" aria-level="3">{html.escape(text)}</div>'


def message(text: str, *, wrong: bool = False) -> str:
    """A line that is read out when it appears; "" where there is nothing to say.

    Examples
    --------
    >>> message("Saved", wrong=False)
    '<p class="ka-message" role="status">Saved</p>'
    """
    kind = 'ka-message ka-wrong" role="alert' if wrong else 'ka-message" role="status'
    return f'<p class="{kind}">{html.escape(text)}</p>' if text else ""


def in_words(error: KommunanalysError, say: Speaker) -> str:
    """An error in the language of the page, which need not be that of the session.

    Examples
    --------
    >>> in_words(KommunanalysError("No {what}.", what="figures"), Speaker("en"))
    'No figures.'
    """
    return error.said(say.language, say.country)


class Place(ipywidgets.VBox):  # type: ignore[misc]
    """A field for one municipality: a typed name completes, in both languages and by code.

    Parameters
    ----------
    codes
        Those that there are figures of.
    chosen
        Called with the code when one has been chosen.
    stays
        Whether the field keeps showing what was chosen, or is emptied for the next.
    """

    def __init__(self, codes: Iterable[str], chosen: Callable[[str], None], *, stays: bool) -> None:
        self._codes, self._chosen, self._stays = list(codes), chosen, stays
        self.say = Speaker("en")
        self._code = ""
        self.field = ipywidgets.Combobox(options=offered(self._codes), continuous_update=False)
        self.said = ipywidgets.HTML()
        self.field.observe(self._typed, "value")
        super().__init__([self.field, self.said])

    def _typed(self, change: Mapping[str, Any]) -> None:
        text = change["new"].strip()
        if not text or text == offer(self._code, self.say.language):
            return
        try:
            code = recognised(text, self._codes)
        except KommunanalysError as error:
            self.said.value = message(in_words(error, self.say), wrong=True)
            return
        self.put(code if self._stays else "")
        self._chosen(code)

    def put(self, code: str) -> None:
        """Show a municipality, without telling anybody."""
        self._code = code
        self.said.value = ""
        self.field.value = offer(code, self.say.language) if code else ""

    def speak(self, say: Speaker, title: str) -> None:
        """Say everything in a language."""
        self.say = say
        self.field.description = title
        self.field.placeholder = say("Name or code")
        self.put(self._code)


class Several(ipywidgets.VBox):  # type: ignore[misc]
    """A list of municipalities: add by typing, take away those that are selected.

    Parameters
    ----------
    codes
        Those that there are figures of.
    changed
        Called with the codes when the list has been changed.
    """

    def __init__(self, codes: Iterable[str], changed: Callable[[tuple[str, ...]], None]) -> None:
        self._changed = changed
        self.say = Speaker("en")
        self.chosen: tuple[str, ...] = ()
        self.adding = Place(codes, lambda code: self._become((*self.chosen, code)), stays=False)
        self.list = ipywidgets.SelectMultiple(rows=3)
        self.away = ipywidgets.Button()
        self.said = ipywidgets.HTML()
        self.buttons = ipywidgets.HBox([self.away], layout={"flex_flow": "row wrap"})
        self.away.on_click(self._take_away)
        super().__init__([self.adding, self.list, self.buttons, self.said])

    def _take_away(self, _: object) -> None:
        self._become(tuple(one for one in self.chosen if one not in self.list.value))

    def _become(self, codes: tuple[str, ...]) -> None:
        self.said.value = "" if codes != self.chosen else message(self.say("Select in the list what to take away."))
        self.put(codes)
        self._changed(self.chosen)

    def put(self, codes: Iterable[str]) -> None:
        """Show these municipalities, without telling anybody."""
        self.chosen = tuple(dict.fromkeys(codes))
        self.list.options = [(offer(code, self.say.language), code) for code in self.chosen]
        self.list.rows = min(max(len(self.chosen), 2), 7)

    def speak(self, say: Speaker, title: str, adding: str, away: str) -> None:
        """Say everything in a language."""
        self.say = say
        self.adding.speak(say, adding)
        self.list.description, self.away.description = title, away
        self.said.value = ""
        self.put(self.chosen)


class Finder(ipywidgets.VBox):  # type: ignore[misc]
    """A list of indicators that a typed word of any of the three languages makes shorter.

    Parameters
    ----------
    columns
        Indicators to choose among.
    labels
        What the publisher calls them.
    chosen
        Called with the indicator when one has been chosen.
    """

    def __init__(self, columns: Iterable[str], labels: Mapping[str, str], chosen: Callable[[str], None]) -> None:
        self._columns, self._labels, self._chosen = list(columns), labels, chosen
        self.say, self._quiet = Speaker("en"), False
        self.name = ""
        self.words = ipywidgets.Text(continuous_update=True)
        self.list = ipywidgets.Select(rows=6)
        self.said = ipywidgets.HTML()
        self.words.observe(lambda _: self._fill(), "value")
        self.list.observe(self._picked, "value")
        super().__init__([self.words, self.list, self.said])

    def _picked(self, change: Mapping[str, Any]) -> None:
        if not self._quiet and change["new"]:
            self.name = change["new"]
            self._chosen(self.name)

    def _fill(self) -> None:
        found = matching(self.words.value, self._columns, self.say, self._labels)
        # The chosen one comes first: a list does not scroll to it while it is hidden.
        found.sort(key=lambda name: name != self.name)
        # ipywidgets hardens the spaces of a line, so that a long one could not be folded and would be cut off.
        lines = [called(name, self.say, self._labels).replace(" ", " \u200b") for name in found]
        self._quiet = True
        try:
            self.list.options = list(zip(lines, found, strict=True))
            # Searching chooses nothing by itself: what is shown stays until a line is picked.
            self.list.value = self.name if self.name in found else None
        finally:
            self._quiet = False
        none = self.say("No indicator has {words} in its name.", words=self.words.value)
        self.said.value = message("" if found else none)

    def put(self, name: str) -> None:
        """Show an indicator, without telling anybody."""
        self.name = name
        self._fill()

    def speak(self, say: Speaker, title: str, search: str) -> None:
        """Say everything in a language."""
        self.say = say
        self.words.description = search
        self.words.placeholder = say("A word in Swedish, Finnish or English")
        self.list.description = title
        self._fill()
