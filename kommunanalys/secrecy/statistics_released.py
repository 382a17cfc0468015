"""Statistics that have been let out: printed figures, sentences of them, and the paragraph to print below."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kommunanalys.errors import UsageError
from kommunanalys.language import LANGUAGES, Speaker
from kommunanalys.secrecy import coarse
from kommunanalys.secrecy.released import HIDDEN

FORMS = ("of 10", "low", "high", "low of 10", "high of 10")
"""What may stand after a figure's name and a colon."""
PERCENT = " (%)"
PARTS = ("value", "low", "high")
DAY = re.compile(r"(19|20)\d\d-\d\d-\d\d")


@dataclass(frozen=True, eq=False)
class StatisticsRelease:
    """Statistics that may be let out.

    Parameters
    ----------
    told
        What outsiders see, as it stands in the memory of releases: figures, captions, texts.
    id
        Release id: a hash of what is printed.
    reasons
        Why a figure is hidden, by its name. For the municipality itself.
    """

    told: Mapping[str, Any]
    id: str
    reasons: tuple[tuple[str, str], ...] = ()

    @property
    def language(self) -> str:
        """Language of the headings."""
        return str(self.told["language"])

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its tables."""
        return tuple(dict.fromkeys(one["table"] for one in self.told["figures"]))

    @property
    def texts(self) -> tuple[str, ...]:
        """All sentences but those of which a figure is hidden."""
        found = [self._said(one, self._voice()) for one in self.told["texts"]]
        return tuple(text for text in found if text is not None)

    @property
    def templates(self) -> tuple[str, ...]:
        """The English templates of its texts and captions."""
        return (*(one["template"] for one in self.told["texts"]), *self.told["captions"].values())

    @property
    def protocol(self) -> pd.DataFrame:
        """What was hidden and why; never how many. For the municipality itself."""
        return pd.DataFrame(self.reasons, columns=["figure", "reason"])

    def table(self, name: str) -> pd.DataFrame:
        """The printed figures of one table, shares as percentages, NaN where hidden.

        Raises
        ------
        UsageError
            There is none of that name.
        """
        mine = [one for one in self.told["figures"] if one["table"] == name]
        if not mine:
            raise UsageError("No table {name!r}. Choose one of {names}.", name=name, names=", ".join(self.tables))
        say, rows, columns = self._voice(), _heads(mine, "row"), _heads(mine, "column")
        if columns == {one["column"]: one["column"] + PERCENT for one in mine}:
            rows = {row: row for row in rows}
        made = pd.DataFrame(
            [
                (
                    rows[one["row"]],
                    _heading(columns[one["column"]], part, say),
                    one[part] * (100 if one["kind"] == "share" else 1),
                )
                for one in mine
                for part in PARTS
                if one.get(part) is not None
            ],
            columns=["row", "column", "value"],
        )
        with_ends = {one["column"] for one in mine if "low" in one}
        heads = [_heading(head, part, say) for name, head in columns.items()
                 for part in PARTS if part == "value" or name in with_ends]  # fmt: skip
        table = made.pivot(index="row", columns="column", values="value").reindex(
            index=list(rows.values()), columns=heads
        )
        table = table.astype(float).round(6).rename_axis(index=None, columns=None)
        table.attrs["release"] = self.id
        return table

    def shown(self, name: str) -> pd.DataFrame:
        """The same with ".." for hidden figures; what is still missing is not there."""
        table, say = self.table(name).astype(object), self._voice()
        mine = [one for one in self.told["figures"] if one["table"] == name]
        rows, columns = dict(zip(_heads(mine, "row"), table.index, strict=True)), _heads(mine, "column")
        for one in (one for one in mine if one["hidden"]):
            for part in PARTS if "low" in one else PARTS[:1]:
                table.loc[rows[one["row"]], _heading(columns[one["column"]], part, say)] = HIDDEN
        table.attrs["release"] = self.id
        return table

    def decimals(self, name: str) -> tuple[dict[str, int], dict[str, int]]:
        """The decimals of a table's figures, by column where all of a column have the same, and by row."""
        frame = self.table(name)
        mine = [one for one in self.told["figures"] if one["table"] == name]
        places = pd.DataFrame(mine).pivot(index="row", columns="column", values="decimals")
        rows = dict(zip(frame.index, places.reindex(list(dict.fromkeys(one["row"] for one in mine))).max(axis=1),
                        strict=True))  # fmt: skip
        alike = {column: int(places[column].max()) for column in places if places[column].nunique() == 1}
        headings = {_heading(_heads(mine, "column")[column], part, self._voice()): places
                    for column, places in alike.items() for part in PARTS}  # fmt: skip
        return headings, {row: int(value) for row, value in rows.items()}

    def caption(self, name: str) -> str:
        """What a table shows; its name where nobody has said."""
        given = self.told["captions"].get(name)
        return self._voice()(given) if given else name

    def printed(self, name: str) -> pd.DataFrame:
        """One table as text, hidden figures as "..", as it stands on the page."""
        say, table = self._voice(), self.shown(name)
        columns, rows = self.decimals(name)
        texts = {
            column: [
                value if value == HIDDEN else say.number(value, columns.get(column, rows[row]))
                for row, value in table[column].items()
            ]
            for column in table
        }
        return pd.DataFrame(texts, index=table.index)

    def text(self, key: str | int | None = None, language: str | None = None) -> str:
        """One sentence by its key or number, or all of them as paragraphs; "too few" where a figure is hidden.

        Raises
        ------
        UsageError
            There is none of that name or number.
        """
        say = self._voice(language)
        if key is None:
            return "\n\n".join(text for one in self.told["texts"] if (text := self._said(one, say)))
        names = [one["key"] for one in self.told["texts"]]
        if str(key) not in names:
            raise UsageError("No text {name!r}. Choose one of {names}.", name=key, names=", ".join(names))
        said = self._said(self.told["texts"][names.index(str(key))], say)
        return say("There are too few persons to say this.") if said is None else said

    def paragraph(self, language: str | None = None) -> str:
        """What to print under the figures: how they are protected."""
        say = self._voice(language)
        text = say(
            "Figures are rounded so that no single person can be seen in them: a count stands for six numbers (3 for 0 "
            "to 6, 9 for 7 to 12, and so on), a percentage is worked out from such a rounded count, and intervals are "
            "widened as much. Figures about fewer than {threshold} persons, and percentages of fewer than {share}, "
            "are hidden.",
            threshold=self.told["threshold"],
            share=max(coarse.SHARE, self.told["threshold"]),
        )
        if any(one["hidden"] for one in self.told["figures"]):
            text += " " + say('Hidden figures are marked "{mark}".', mark=HIDDEN)
        return text + " " + say("Release {id}.", id=self.id)

    def said(self, templates: Iterable[str]) -> set[str]:
        """All that may stand on a page as a text of this release, in every language; texts of known templates only."""
        known = set(templates)
        found: set[str] = set()
        for language in LANGUAGES:
            keys = [one["key"] for one in self.told["texts"] if one["template"] in known]
            found |= {self.text(key, language) for key in keys} | {self.paragraph(language)}
            if len(keys) == len(self.told["texts"]):
                found.add(self.text(language=language))
            found |= {self._voice(language)(text) for text in self.told["captions"].values() if text in known}
        return found

    def _voice(self, language: str | None = None) -> Speaker:
        return Speaker(language or self.language, self.told["country"])

    def _said(self, one: Mapping[str, Any], say: Speaker) -> str | None:
        values = {name: self._word(word, say) for name, word in one["fields"].items()}
        return None if None in values.values() else say(one["template"], **values)

    def _word(self, word: str, say: Speaker) -> str | None:
        """What stands in a field of a text: a printed figure, a day, or the word itself in the language."""
        name, form = split(word)
        figure = next((one for one in self.told["figures"] if name_of(one) == name), None)
        if figure is None:
            return say.date(word) if DAY.fullmatch(word) else say(word)
        end = form.split(" ")[0]
        value = figure.get(end if end in ("low", "high") else "value")
        if value is None:
            return None
        if form == "of 10":
            return _of_ten(value, say)
        if form.endswith("of 10"):  # the ends of an interval are rounded outwards
            return say.number((math.floor if end == "low" else math.ceil)(round(10 * value, 6)))
        return say.percent(100 * value) if figure["kind"] == "share" else say.number(value, figure["decimals"])


def name_of(one: Mapping[str, Any]) -> str:
    """What a figure is called in texts: table, row and column."""
    return f"{one['table']}/{one['row']}/{one['column']}"


def split(word: str) -> tuple[str, str]:
    """The name of a figure and the form in which a text says it.

    Examples
    --------
    >>> split("reach/List/Left:of 10"), split("Whole places")
    (('reach/List/Left', 'of 10'), ('Whole places', ''))
    """
    name, _, form = word.rpartition(":")
    return (name, form) if form in FORMS and name else (word, "")


def _of_ten(value: float, say: Speaker) -> str:
    """Of ten, as whole numbers: "3", and "2–3" where the printed share lies between."""
    ten = round(10 * value, 6)
    between = ten % 1 == 0.5 or 0 <= ten < 1 or 9 < ten <= 10
    if not between:
        return say.number(round(ten))
    low = min(int(ten), 9)
    return f"{say.number(low)}–{say.number(low + 1)}"


def _heads(mine: Sequence[Mapping[str, Any]], side: str) -> dict[str, str]:
    """Headings, with a mark where all figures below or beside are percentages."""
    kinds: dict[str, set[str]] = {}
    for one in mine:
        kinds.setdefault(one[side], set()).add(one["kind"])
    return {name: name + (PERCENT if found == {"share"} else "") for name, found in kinds.items()}


def _heading(column: str, part: str, say: Speaker) -> str:
    ends = {"low": say("{name}, from", name=column), "high": say("{name}, to", name=column)}
    return ends.get(part, column)
