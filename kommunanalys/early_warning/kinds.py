"""What may stand in a task file: each key, and the kind of value that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from kommunanalys.early_warning.declaration import Words
from kommunanalys.language import LANGUAGES

Kind = tuple[str, Callable[[Any], Any]]
"""What a value must be, as an English template, and what makes it so; None where it is not."""

TAKES = ("last", "first", "mean", "sum", "min", "max", "count", "change")
CATEGORY_TAKES = ("last", "first")


def _is(kind: type) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, kind) else None


def _each(convert: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any] | None]:
    """A table whose values are all what they must be."""

    def converted(value: Any) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            return None
        found = {key: convert(one) for key, one in value.items()}
        return found if all(found.values()) else None

    return converted


def _some(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value) else None


def _texts(value: Any) -> tuple[str, ...] | None:
    several = [value] if isinstance(value, str) else value
    whole = isinstance(several, list) and several and all(map(_some, several)) and len({*several}) == len(several)
    return tuple(several) if whole else None


def _values(value: Any) -> tuple[Any, ...] | None:
    several = value if isinstance(value, list) else [value]
    return tuple(several) if all(isinstance(one, str | int | float | bool) for one in several) else None


def _count(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None


def _tables(value: Any) -> list[dict[str, Any]] | None:
    return value if isinstance(value, list) and all(isinstance(one, dict) for one in value) else None


def _words(value: Any) -> Words | None:
    """A text in all languages; where a language is not given, the first that is stands for it."""
    given = dict.fromkeys(LANGUAGES, value) if isinstance(value, str) else value
    if not isinstance(given, dict) or not given or set(given) - {*LANGUAGES} or not all(map(_some, given.values())):
        return None
    first = next(given[one] for one in ("en", *LANGUAGES) if one in given)
    return {one: given.get(one, first) for one in LANGUAGES}


def _one_of(allowed: Sequence[str]) -> Callable[[Any], str | None]:
    return lambda value: value if value in allowed else None


def _length(value: Any) -> str | None:
    return str(value) if type(value) is int else _some(value)


TEXT: Kind = ("a text", _some)
MAYBE: Kind = ("a text", _is(str))
TEXTS: Kind = ("a text or a list of different texts", _texts)
VALUES: Kind = ("a value or a list of values", _values)
TABLE: Kind = ("a table", _is(dict))
TABLES: Kind = ("tables in double brackets", _tables)
WORDS: Kind = ("a text, or a table with sv, fi and en", _words)
LENGTH: Kind = ("a length such as '15 months', or a number", _length)

TASK: dict[str, Kind] = {
    "name": ("letters a-z, digits, - and _", _name),
    "title": WORDS,
    "unit": TEXTS,
    "person": TEXT,
    "place": MAYBE,
    "capacity": ("a whole number above 0", _count),
    "per": MAYBE,
    "as_of": MAYBE,
    "objections": TEXT,
    "cohort": TABLE,
    "outcome": TABLE,
    "feature": TABLES,
    "features": TABLES,
    "group": TABLES,
    "flag": TABLE,
    "steward": ("a table of texts, each with sv, fi and en", _each(_words)),
}
COHORT: dict[str, Kind] = {
    "table": TEXT,
    "date": TEXT,
    "start": TEXT,
    "until": TEXT,
    "where": ("a table of columns with their values", _each(_values)),
    "left": MAYBE,
}
OUTCOME: dict[str, Kind] = {
    "table": TEXT,
    "column": TEXT,
    "kind": ("'status' or 'event'", _one_of(("status", "event"))),
    "event": VALUES,
    "date": TEXT,
    "known_from": TEXT,
    "horizon": LENGTH,
}
BULK: dict[str, Kind] = {
    "table": TEXT,
    "kind": ("'number' or 'category'", _one_of(("number", "category"))),
    "take": ("one of last, first, mean, sum, min, max, count, change", _one_of(TAKES)),
    "known_from": TEXT,
    "within": LENGTH,
}
FEATURES: dict[str, Kind] = {**BULK, "columns": TEXTS}
FEATURE: dict[str, Kind] = {**BULK, "name": TEXT, "column": TEXT, "label": WORDS}
GROUP: dict[str, Kind] = {"name": TEXT, "table": TEXT, "column": TEXT, "label": WORDS}
FLAG: dict[str, Kind] = {
    "feature": TEXT,
    "high": ("true or false", _is(bool)),
    "value": MAYBE,
}

EXPECTED = tuple(
    dict.fromkeys(said for keys in (TASK, COHORT, OUTCOME, FEATURES, FEATURE, GROUP, FLAG) for said, _ in keys.values())
)
"""What values must be, for the catalogues of translations."""
