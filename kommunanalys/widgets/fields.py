"""The fields of a form: one for each declared parameter, with its label, its help and the person's own error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from kommunanalys.errors import KommunanalysError, ParameterError, UnknownMunicipality
from kommunanalys.language import Speaker
from kommunanalys.municipalities import find, known
from kommunanalys.reporting.given import PLACE
from kommunanalys.reporting.parameters import Parameter

NUMBERS = ("int", "float")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Field(anywidget.AnyWidget):  # type: ignore[misc]
    """One field; it checks its value as the person leaves it.

    Parameters
    ----------
    parameter
        What it is for.
    say
        Speaker of the language that it begins in.

    Examples
    --------
    >>> field = Field(Parameter("year", "int", None, "year to compare", optional=True), Speaker("en"))
    >>> field.value = "soon"
    >>> field.error
    "Parameter Year: 'soon' is not allowed. It takes a whole number, or nothing."
    """

    _esm = Path(__file__).with_name("fields.js")
    _css = Path(__file__).with_name("fields.css")
    kind = traitlets.Unicode().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    help = traitlets.Unicode().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    options = traitlets.List().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, parameter: Parameter, say: Speaker) -> None:
        super().__init__(kind=kind_of(parameter), value=text_of(parameter.default))
        self.parameter, self.say, self.covered = parameter, say, tuple[str, ...]()
        self.speak(say)
        self.observe(lambda _: self.check(), "value")

    def speak(self, say: Speaker) -> None:
        """Everything in another language, what is wrong too."""
        self.say = say
        self.language, self.label, self.help = say.language, label_of(self.parameter.name, say), self._help()
        self.options = self._options()
        if self.error:
            self.check()

    def cover(self, codes: tuple[str, ...]) -> None:
        """Take municipalities from these only, as the source has them; from all where there are none."""
        self.covered = codes
        self.options = self._options()
        if self.error:
            self.check()

    def read(self) -> Any:
        """The value as the notebook takes it.

        Raises
        ------
        ParameterError, UnknownMunicipality
            What is wrong with it.
        """
        # A default left alone is not read from its text: an item of a list may hold a comma, and "" may mean None.
        value = self.parameter.default if self.untouched else self.parameter.accept(self.value)
        if self.kind == "date" and value is not None:
            _check_day(self.parameter.name, value)
        if self.kind == "place" and value is not None:
            self._check_place(value)
        return value

    @property
    def untouched(self) -> bool:
        """Whether it stands at its default."""
        return bool(self.value == text_of(self.parameter.default))

    def check(self) -> bool:
        """Whether the value can be taken; says beside the field why not."""
        try:
            self.read()
        except KommunanalysError as error:
            # In the person's words: neither the name in the code nor the name of a type.
            own = {"name": self.label, "type": self._takes()} if "type" in error.values else {}
            self.error = self.say(error.message, **{**error.values, **own})
            return False
        self.error = ""
        return True

    def _takes(self) -> str:
        words = {
            "int": self.say("a whole number"),
            "float": self.say("a number, with a point before its decimals"),
            "list[str]": self.say("texts with commas between them"),
        }
        takes = words.get(self.parameter.kind, self.parameter.type)
        return self.say("{takes}, or nothing", takes=takes) if self.parameter.optional else takes

    def _check_place(self, value: str) -> None:
        place = find(value)
        if self.covered and place.until is None and place.code not in self.covered:
            raise UnknownMunicipality(
                "{value!r} is not among the municipalities of the chosen source. Choose one of its names, or another "
                "source.",
                value=value,
            )

    def _help(self) -> str:
        told = [self.say(self.parameter.help)] if self.parameter.help else []
        if self.parameter.kind == "list[str]":
            told.append(self.say("Several values: with commas between them."))
        if self.parameter.optional and self.kind != "choice":
            told.append(self.say("May be left empty."))
        return " · ".join(told)

    def _options(self) -> list[list[str]]:
        if self.kind == "place":
            places = [known()[code] for code in self.covered] or [one for one in known().values() if one.until is None]
            return [[name, ""] for name in sorted({one.name(self.say.language) for one in places})]
        if self.kind != "choice":
            return []
        words = {"true": self.say("Yes"), "false": self.say("No"), **_choices(self.say)}
        values = self.parameter.choices if self.parameter.kind == "choice" else (True, False)
        texts = [text_of(value) for value in values]
        none = [["", self.say("(none)")]] if self.parameter.optional else []
        return none + [[text, words.get(text, text)] for text in texts]


def kind_of(parameter: Parameter) -> str:
    """Which field a parameter gets: "choice", "checkbox", "number", "place", "date" or "text".

    Examples
    --------
    >>> [kind_of(Parameter("a", "str", default)) for default in ("X07", "2025-06-30", "anything")]
    ['place', 'date', 'text']
    """
    if parameter.kind == "choice" or (parameter.kind == "bool" and parameter.optional):
        return "choice"
    if parameter.kind == "bool":
        return "checkbox"
    if parameter.kind in NUMBERS:
        return "number"
    default = parameter.default if parameter.kind == "str" and isinstance(parameter.default, str) else ""
    if DAY.fullmatch(default):
        return "date"
    return "place" if parameter.kind == "str" and (parameter.name == PLACE or _is_place(default)) else "text"


def text_of(value: object) -> str:
    """A value as it stands in a field, and as `Parameter.accept` reads it back.

    Examples
    --------
    >>> [text_of(value) for value in (None, True, "0114", ["a", "b"], 7)]
    ['', 'true', '0114', 'a, b', '7']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def label_of(name: str, say: Speaker) -> str:
    """What a parameter is called; a name of somebody's own stays as it is, without underscores.

    Examples
    --------
    >>> label_of("municipality", Speaker("en")), label_of("my_own", Speaker("en"))
    ('Municipality', 'my own')
    """
    words: Mapping[str, str] = {
        "language": say("Language"),
        "municipality": say("Municipality"),
        "peers": say("Number of peers"),
        "price_index": say("Price index"),
        "service": say("Service"),
        "source": say("Source"),
        "source_id": say("What to load"),
        "words": say("Search words"),
        "year": say("Year"),
    }
    return words.get(name, name.replace("_", " "))


def _choices(say: Speaker) -> dict[str, str]:
    return {"compulsory": say("Compulsory school"), "upper_secondary": say("Upper secondary education")}


def _is_place(value: str) -> bool:
    try:
        return bool(find(value))
    except KommunanalysError:
        return False


def _check_day(name: str, value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ParameterError(
            "Parameter {name}: {value!r} is no day. Write it as 2026-11-22.", name=name, value=value
        ) from None
