"""Answers in JSON-stat 2, the form in which statistics databases give their tables: whole, with marks, notes and units.

`cubes.py` makes observations tables of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kommunanalys.errors import IncompleteAnswer, SourceError


@dataclass(frozen=True)
class Dimension:
    """One dimension: its categories in the order of the values.

    Parameters
    ----------
    code, label
        The publisher's code and text.
    codes, labels
        Of the categories, equally many.
    units
        Unit of a category, where the publisher gives one.
    total
        The category that stands for all of them, "" where there is none.
    """

    code: str
    label: str
    codes: tuple[str, ...]
    labels: tuple[str, ...]
    units: Mapping[str, str] = field(default_factory=dict)
    total: str = ""


@dataclass(frozen=True)
class Cube:
    """A whole answer.

    Parameters
    ----------
    label, source, updated
        Title, producer and time of the last change, as the publisher writes them.
    notes
        Of the table and of its dimensions.
    time, metric
        Codes of the dimensions of periods and of indicators, "" where the publisher names none.
    dimensions
        In the order of the values; the last one turns fastest.
    values
        Shape (product of the dimensions' sizes,); NaN where there is no number.
    status
        The publisher's marks, same shape, "" where there is none.
    """

    label: str
    source: str
    updated: str
    notes: tuple[str, ...]
    time: str
    metric: str
    dimensions: tuple[Dimension, ...]
    values: np.ndarray
    status: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the dimensions."""
        return tuple(len(item.codes) for item in self.dimensions)


def parse(data: Any, where: str) -> Cube:
    """A JSON-stat 2 answer as a cube.

    Parameters
    ----------
    data
        The JSON as Python objects.
    where
        Address or file name, for messages.

    Raises
    ------
    SourceError
        It is not JSON-stat 2, or contradicts itself.
    IncompleteAnswer
        There are fewer or more values than its dimensions say.

    Examples
    --------
    >>> category = {"index": {"2022": 1, "2021": 0}, "label": {"2021": "2021", "2022": "2022"}}
    >>> answer = {"version": "2.0", "class": "dataset", "id": ["Year"], "size": [2], "value": [5, None],
    ...           "dimension": {"Year": {"label": "Year", "category": category}}, "status": {"1": ".."}}
    >>> cube = parse(answer, "here")
    >>> cube.dimensions[0].codes, cube.values.tolist(), cube.status.tolist()
    (('2021', '2022'), [5.0, nan], ['', '..'])
    """
    empty = describe(data, where)
    try:
        count = math.prod(empty.shape)
        return replace(empty, values=_numbers(data["value"], count, where), status=_marks(data.get("status"), count))
    except _BROKEN as error:
        raise _broken(where, error) from error


def describe(data: Any, where: str) -> Cube:
    """The dimensions, notes and times of an answer or of metadata in its form, without values.

    Raises
    ------
    SourceError
        It is not JSON-stat 2, or contradicts itself.

    Examples
    --------
    >>> describe({"id": [], "size": [], "dimension": {}, "updated": "2026-06-08"}, "here").updated
    '2026-06-08'
    """
    try:
        dimensions = tuple(
            _dimension(code, data["dimension"][code], size) for code, size in zip(data["id"], data["size"], strict=True)
        )
        role = data.get("role") or {}
        notes = [*(data.get("note") or []), *(note for code in data["id"] for note in _notes(data["dimension"][code]))]
        return Cube(
            label=str(data.get("label") or ""),
            source=str(data.get("source") or ""),
            updated=str(data.get("updated") or ""),
            notes=tuple(map(str, notes)),
            time=next(iter(role.get("time") or []), ""),
            metric=next(iter(role.get("metric") or []), ""),
            dimensions=dimensions,
            values=np.empty(0),
            status=np.empty(0, dtype=object),
        )
    except _BROKEN as error:
        raise _broken(where, error) from error


_BROKEN = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def _broken(where: str, error: Exception) -> SourceError:
    return SourceError(
        "{where} is not a whole answer in JSON-stat 2: {reason}. The database may have changed: look for a newer "
        "version of kommunanalys.",
        where=where,
        reason=f"{type(error).__name__} {error}",
    )


def _dimension(code: str, entry: dict[str, Any], size: int) -> Dimension:
    category = entry["category"]
    index, labels = category.get("index"), category.get("label") or {}
    if isinstance(index, Mapping):
        codes = sorted(index, key=lambda item: index[item])
        if [index[item] for item in codes] != list(range(len(codes))):
            raise ValueError(f"the positions of {code} are not 0 to {len(codes) - 1}")
    else:
        # The standard lets the index be a list, or be absent where there is one category.
        codes = list(labels if index is None else index)
    if len(codes) != size or len(set(codes)) != size:
        raise ValueError(f"{code} says {size} categories but lists {len(set(codes))}")
    units = {item: str(unit.get("base") or "") for item, unit in (category.get("unit") or {}).items()}
    total = str((entry.get("extension") or {}).get("eliminationValueCode") or "")
    total = total or ("EliminatedValue" if codes == ["EliminatedValue"] else "")
    texts = tuple(str(labels.get(item, item)) for item in codes)
    return Dimension(code, str(entry.get("label") or code), tuple(codes), texts, units, total)


def _notes(entry: dict[str, Any]) -> list[str]:
    of_categories = (entry["category"].get("note") or {}).values()
    return [*(entry.get("note") or []), *(note for some in of_categories for note in some)]


def _numbers(found: Any, count: int, where: str) -> np.ndarray:
    sparse = isinstance(found, Mapping)
    given = list(found.values()) if sparse else found
    strange = set(map(type, given)) - {int, float, type(None)}
    if strange:
        raise TypeError(f"values that are {', '.join(sorted(kind.__name__ for kind in strange))}")
    if not sparse and len(given) != count:
        raise IncompleteAnswer(
            "{where} should hold {count} values but holds {held}. Try again with KOMMUNANALYS_MODE=refresh.",
            where=where,
            count=count,
            held=len(given),
        )
    numbers = np.array(given, dtype=float)
    if np.isinf(numbers).any():
        raise ValueError("infinite values")
    if not sparse:
        return numbers
    values = np.full(count, np.nan)
    values[_positions(found, count)] = numbers
    return values


def _positions(found: Mapping[str, Any], count: int) -> np.ndarray:
    places = np.fromiter((int(key) for key in found), dtype=np.int64, count=len(found))
    if len(places) and (places.min() < 0 or places.max() >= count or len(np.unique(places)) < len(places)):
        raise IndexError(f"positions outside 0 to {count - 1}, or twice the same")
    return places


def _marks(found: Any, count: int) -> np.ndarray:
    marks = np.full(count, "", dtype=object)
    if isinstance(found, str):
        marks[:] = found
    elif isinstance(found, Mapping):
        marks[_positions(found, count)] = [str(mark or "") for mark in found.values()]
    elif found:
        if len(found) != count:
            raise ValueError(f"{len(found)} marks for {count} values")
        marks[:] = [str(mark or "") for mark in found]
    return marks
