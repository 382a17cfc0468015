"""Rows that were known on the as-of day become one value for each unit; later rows are never touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kommunanalys.early_warning.declaration import Feature
from kommunanalys.early_warning.when import UNKNOWN, Axis, Points
from kommunanalys.errors import TableError

Slots = npt.NDArray[np.intp]

NEVER = "nobody can say from when it is known"
NOT_YET = "not known yet on the as-of day"
EMPTY = "no value for anybody in the cohort"
REASONS = (NEVER, NOT_YET, EMPTY)
"""Why a declared feature is not in X; English templates."""


@dataclass(frozen=True)
class Units:
    """The units of a cohort."""

    index: pd.Index
    persons: pd.Series[Any]


@dataclass(frozen=True)
class Rows:
    """One table's rows and the units that they belong to.

    Parameters
    ----------
    table
        The rows, as plain pandas.
    date
        Column with the rows' own date, "" for none.
    slots
        Number of each row's unit, -1 for nobody in the cohort.
    size
        How many numbers there are.
    spread
        Number of each unit; several units may share the rows of one person.
    """

    table: pd.DataFrame
    date: str
    slots: Slots
    size: int
    spread: Slots
    known: dict[str, Points] = field(default_factory=dict)

    @classmethod
    def of(cls, table: pd.DataFrame, date: str, units: Units, name: str) -> Rows:
        """Find each row's unit, by the unit's columns, or by the person where the table has only that."""
        columns, person = [str(one) for one in units.index.names], str(units.persons.name)
        if set(columns) <= set(table.columns):
            slots, size, spread = numbered(table, units.index, name), len(units.index), np.arange(len(units.index))
        elif person in table.columns:
            persons = pd.Index(units.persons.unique(), name=person)
            slots, size, spread = numbered(table, persons, name), len(persons), persons.get_indexer(units.persons)
        else:
            raise TableError(
                "Table {table!r} has neither the unit's columns ({unit}) nor {person!r}: its rows belong to nobody.",
                table=name,
                unit=", ".join(columns),
                person=person,
            )
        return cls(pd.DataFrame(table), date, slots, size, spread)

    def known_from(self, text: str, axis: Axis) -> Points:
        """When each row is known, worked out once for each expression."""
        if text not in self.known:
            self.known[text] = axis.points(text, self.table, self.date)
        return self.known[text]


def numbered(table: pd.DataFrame, index: pd.Index, name: str) -> Slots:
    """Place in the index of the unit that each row of a table names, -1 for another.

    Examples
    --------
    >>> numbered(pd.DataFrame({"a": ["x", "z"]}), pd.Index(["z"], name="a"), "t").tolist()
    [-1, 0]
    """
    mine = np.zeros(len(index), dtype="int64")
    theirs, found = np.zeros(len(table), dtype="int64"), np.ones(len(table), dtype=bool)
    for level in map(str, index.names):
        values = index.get_level_values(level)
        _check_kinds(values, table[level], level, name)
        codes, known = pd.factorize(values)
        places = known.get_indexer(pd.Index(table[level]))
        mine = mine * len(known) + codes
        theirs = theirs * len(known) + places
        found &= places >= 0
    slots: Slots = pd.Index(mine).get_indexer(pd.Index(theirs))
    slots[~found] = -1
    return slots


def values(
    features: Iterable[Feature], rows: Mapping[str, Rows], units: Units, axis: Axis, as_of: float
) -> tuple[pd.DataFrame, dict[str, str]]:
    """What was known of each unit on the as-of day, and of each feature left out why (one of `REASONS`).

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["a", "a"], "year": [2023, 2024], "mark": [7.0, 9.0]})
    >>> units = Units(pd.Index(["a"], name="id"), pd.Series(["a"], name="id"))
    >>> mark = Feature("mark", "t", "mark", known_from="+1 06-10")
    >>> rows = {"t": Rows.of(table, "year", units, "t")}
    >>> values([mark], rows, units, Axis(), Axis().at("2024-06-30"))[0]["mark"].tolist()
    [7.0]
    """
    columns, dropped = {}, {}
    for feature in features:
        found = _value(feature, rows[feature.table], axis, as_of)
        if isinstance(found, str):
            dropped[feature.name] = found
        else:
            columns[feature.name] = found
    return pd.DataFrame(columns, index=units.index), dropped


def _value(feature: Feature, rows: Rows, axis: Axis, as_of: float) -> Any:
    """The feature's values, or why there are none."""
    if feature.known_from == UNKNOWN:
        return NEVER
    known, mine = rows.known_from(feature.known_from, axis), rows.slots >= 0
    usable = mine & (known <= as_of)
    if not usable.any():
        return NOT_YET if mine.any() else EMPTY
    if feature.within:
        usable &= known > axis.later(as_of, feature.within, -1)
    if feature.kind == "category":
        found = categories(rows, feature.column, feature.take, usable, known)
        return EMPTY if found.isna().all() else found
    held = rows.table.loc[usable, feature.column]
    numbers = np.where(held.notna(), 1.0, np.nan) if feature.take == "count" else _numbers(held, feature, as_of)
    one = taken(feature.take, rows.slots[usable], numbers, known[usable], rows.size)[rows.spread]
    return EMPTY if np.isnan(one).all() else one


def categories(rows: Rows, column: str, take: str, usable: npt.NDArray[np.bool_], known: Points) -> pd.Categorical:
    """A category for each unit, from those of its rows that may be used."""
    codes, names = pd.factorize(as_text(rows.table.loc[usable, column]), sort=True)
    numbers = np.where(codes < 0, np.nan, codes)
    found = taken(take, rows.slots[usable], numbers, known[usable], rows.size)[rows.spread]
    return pd.Categorical.from_codes(np.nan_to_num(found, nan=-1).astype(int), pd.Index(names, dtype="str"))


def as_text(column: pd.Series[Any]) -> pd.Series[Any]:
    """Values as text, 1 also where a missing value has made it 1.0; empty text is missing.

    Examples
    --------
    >>> as_text(pd.Series([1.0, None, 2.5])).tolist()
    ['1', nan, '2.5']
    """
    places, found = coded(column)
    texts = [f"{one:.15g}" if isinstance(one, float | np.floating) else str(one).strip() for one in found]
    named = pd.Series(texts, dtype="str").replace("", np.nan)
    return named.reindex(places).set_axis(column.index)


def coded(column: pd.Series[Any]) -> tuple[Slots, Any]:
    """The place of each value among the different ones, -1 where it is missing, and those.

    Raises
    ------
    TableError
        Lists or other things in the cells.

    Examples
    --------
    >>> coded(pd.Series(["a", None, "a"]))[0].tolist()
    [0, -1, 0]
    """
    try:
        places, found = pd.factorize(column)
    except TypeError:
        raise TableError(
            "Column {column!r} holds lists or other things that are neither text, numbers nor days. Mend it.",
            column=str(column.name),
        ) from None
    return places, found


def _numbers(held: pd.Series[Any], feature: Feature, as_of: float) -> Points:
    """The values as numbers; dates as days from the as-of day."""
    numbers: Points
    if pd.api.types.is_datetime64_any_dtype(held):
        return Axis().dates(pd.DataFrame({feature.column: held}), feature.column) - as_of
    try:
        numbers = pd.to_numeric(held).to_numpy(dtype="float64", na_value=np.nan)
    except (ValueError, TypeError):
        raise TableError(
            "Column {column!r} of table {table!r} is declared a number and holds something else. Declare it "
            'kind = "category", or mend it.',
            column=feature.column,
            table=feature.table,
        ) from None
    if np.isinf(numbers).any():
        raise TableError(
            "Column {column!r} of table {table!r} holds infinity. Mend it, or leave the cell empty.",
            column=feature.column,
            table=feature.table,
        )
    return numbers


def taken(take: str, slots: Slots, numbers: Points, known: Points, size: int) -> Points:
    """One number for each unit from its rows; rows without a value do not count.

    Examples
    --------
    >>> taken("change", np.array([0, 0]), np.array([6.0, 9.0]), np.array([2.0, 1.0]), 2).tolist()
    [-3.0, nan]
    """
    whole = ~np.isnan(numbers)
    slots, numbers, known = slots[whole], numbers[whole], known[whole]
    if take in ("last", "first"):
        return _edge(slots, numbers, known, size, take == "last")
    if take == "change":
        return _change(slots, numbers, known, size)
    if take in ("min", "max"):
        return _extreme(slots, numbers, size, take == "max")
    total: Points = np.bincount(slots, numbers, size).astype("float64")
    if take == "count":
        return total
    counted = np.bincount(slots, minlength=size)
    with np.errstate(invalid="ignore"):
        return total / counted if take == "mean" else np.where(counted > 0, total, np.nan)


def _extreme(slots: Slots, numbers: Points, size: int, highest: bool) -> Points:
    found = np.full(size, -np.inf if highest else np.inf)
    (np.maximum if highest else np.minimum).at(found, slots, numbers)
    found[np.isinf(found)] = np.nan
    return found


def _edge(slots: Slots, numbers: Points, known: Points, size: int, last: bool) -> Points:
    """Value of the last (first) day; of several that day the highest (lowest), so that the rows' order is nothing."""
    on = known == _extreme(slots, known, size, last)[slots]
    return _extreme(slots[on], numbers[on], size, last)


def _change(slots: Slots, numbers: Points, known: Points, size: int) -> Points:
    """Last less first; missing where there is one day only."""
    change = _edge(slots, numbers, known, size, True) - _edge(slots, numbers, known, size, False)
    change[_extreme(slots, known, size, True) == _extreme(slots, known, size, False)] = np.nan
    return change


def _check_kinds(index: pd.Index, column: pd.Series[Any], level: str, name: str) -> None:
    number = pd.api.types.is_numeric_dtype
    if len(column) and number(index.dtype) != number(column.dtype) and column.notna().any():
        raise TableError(
            "Column {column!r} holds numbers in one table and text in table {table!r}, so that nobody would be found. "
            "Read it alike in both.",
            column=level,
            table=name,
        )
