"""A task file (TOML) becomes a `Declaration`; whatever is wrong in the file is told at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from kommunanalys.early_warning.declaration import Cohort, Declaration, Feature, Flag, Group, Outcome
from kommunanalys.early_warning.kinds import COHORT, FEATURE, FEATURES, FLAG, GROUP, OUTCOME, TASK, Kind
from kommunanalys.early_warning.sense import faults_of
from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker, current

ONLY_TABLE = "table"
"""Name of the table where the file names none."""


def read(path: str | Path) -> Declaration:
    """The declaration of a task file."""
    place = Path(path).expanduser()
    try:
        text = place.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError("{file} cannot be opened: {reason}.", file=place.name, reason=error.strerror) from None
    except UnicodeDecodeError:
        raise UsageError("{file} is no TOML file: {reason}.", file=place.name, reason="UTF-8") from None
    return parse(text, path=place)


def parse(text: str, *, path: Path | None = None) -> Declaration:
    """The declaration that a TOML text makes.

    Parameters
    ----------
    text
        Contents of a task file.
    path
        The file itself, if it is one: by its name the task is called where it has none of its own, and from its
        folder the file with objections is looked for.

    Examples
    --------
    >>> parse("unit = 3")
    Traceback (most recent call last):
    ...
    kommunanalys.errors.UsageError: task.toml is no whole task: ...
    """
    place = path or Path("task.toml")
    try:
        about = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError("{file} is no TOML file: {reason}.", file=place.name, reason=error) from None
    say = Speaker(current())
    reader = _Reader(say)
    declaration = reader.task(about, place, path)
    faults = reader.faults if declaration is None else faults_of(declaration, say)
    if faults or declaration is None:
        raise UsageError("{file} is no whole task: {faults}.", file=place.name, faults="; ".join(faults))
    return declaration


class _Reader:
    """Takes the parts of a file one by one, and notes what is wrong with them."""

    def __init__(self, say: Speaker) -> None:
        self.say = say
        self.faults: list[str] = []

    def task(self, about: dict[str, Any], place: Path, path: Path | None) -> Declaration | None:
        """The whole, or None where something is wrong."""
        top = self.part(about, "", TASK, ("title", "unit", "cohort", "outcome", "flag", "capacity"))
        cohort = self.part(top.get("cohort", {}), "[cohort]", COHORT, ("date", "start", "until"))
        cohort = {"table": ONLY_TABLE, **cohort}
        outcome = top.get("outcome", {})
        outcome = self.part(outcome, "[outcome]", OUTCOME, _needed(outcome))
        flag = self.part(top.get("flag", {}), "[flag]", FLAG, ("feature",))
        features = self.features(top, cohort["table"])
        groups = [
            Group(**{"table": cohort["table"], "column": one["name"], **one})
            for one in self.blocks(top, "group", GROUP, ("name",))
        ]
        if self.faults:
            return None
        given = {one.name: top[one.name] for one in fields(Declaration) if one.name in top}
        made = {
            "name": place.stem.lower(),
            "person": top["unit"][0] if len(top["unit"]) == 1 else "",
            "place": "",
            "per": "",
            "as_of": "",
            **given,
            "cohort": Cohort(**cohort),
            "outcome": Outcome(**_filled(outcome, cohort)),
            "features": features,
            "groups": tuple(groups),
            "flag": Flag(**flag),
            "objections": place.parent / top["objections"] if "objections" in top else None,
            "path": path,
        }
        return Declaration(**made)

    def part(
        self, given: Mapping[str, Any], where: str, known: Mapping[str, Kind], needed: Sequence[str]
    ) -> dict[str, Any]:
        """The values of one table of the file that are right; unknown, wrong and missing ones are noted."""
        found = {}
        for key, value in given.items():
            if key not in known:
                self.note(where, self.unknown(key, known))
                continue
            expected, convert = known[key]
            found[key] = convert(value)
            if found[key] is None:
                self.note(where, self.say("{key} must be {expected}", key=key, expected=self.say(expected)))
        for key in needed:
            if key not in given:
                self.note(where, self.say("{key} is missing", key=key))
        return {key: value for key, value in found.items() if value is not None}

    def unknown(self, key: str, known: Mapping[str, Kind]) -> str:
        """What is said of a key that may not stand there."""
        close = difflib.get_close_matches(key, known, 1, 0.5)
        if close:
            return self.say("{key!r} is unknown; do you mean {close!r}?", key=key, close=close[0])
        return self.say("{key!r} is unknown; there may stand {known}", key=key, known=", ".join(known))

    def note(self, where: str, fault: str) -> None:
        """Remember what is wrong, and where."""
        self.faults.append(f"{where} {fault}".strip())

    def blocks(
        self, top: Mapping[str, Any], name: str, known: Mapping[str, Kind], needed: Sequence[str]
    ) -> list[dict[str, Any]]:
        """All [[name]] tables that hold what they must."""
        made = [
            self.part(one, f"[[{name}]] {number}:", known, needed) for number, one in enumerate(top.get(name, ()), 1)
        ]
        return [one for one in made if all(key in one for key in needed)]

    def features(self, top: Mapping[str, Any], table: str) -> tuple[Feature, ...]:
        """Single features, then those written in bulk."""
        made = []
        for one in self.blocks(top, "feature", FEATURE, ("column", "known_from")):
            made.append(Feature(**{"table": table, "name": one["column"], **one}))
        for one in self.blocks(top, "features", FEATURES, ("columns", "known_from")):
            columns = one.pop("columns")
            made += [Feature(**{"table": table, **one, "name": column, "column": column}) for column in columns]
        return tuple(made)


def _needed(outcome: Mapping[str, Any]) -> tuple[str, ...]:
    if outcome.get("kind") == "event":
        return ("date", "horizon")
    return ("column", "kind", "event", "known_from", "horizon")


def _filled(outcome: Mapping[str, Any], cohort: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome with what may be left out: the cohort's table and its date, the event's day as its column."""
    own = {"table": cohort["table"], "event": (), "known_from": "row", **outcome}
    own.setdefault("date", cohort["date"] if own["table"] == cohort["table"] else "")
    own.setdefault("column", own["date"])
    return own
