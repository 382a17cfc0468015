"""From a table with categories, codes and gaps to the numbers that the two learners of a risk model take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.errors import TableError, UsageError

Array = NDArray[np.float64]

LEAST = 20
"""Units that a value must have in training to count by itself (at least a two-hundredth of all); rarer values are
told apart by the trees only."""
CODES = 50
"""Most different values of a column of whole numbers for which it is read as codes too, and most values of a category
that count by themselves."""
NUMBERS = ("integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty")


@dataclass(frozen=True)
class Column:
    """What training taught about one column.

    Parameters
    ----------
    name
        Its name.
    labels
        Every value seen, in order; empty for numbers.
    common
        Values of categories and codes, the most common first; empty for other numbers.
    levels
        Those of them that become a column of their own for the line.
    typical
        Median that occurs, or most common value.
    centre, spread, low, high
        Mean, standard deviation, least and greatest number.
    knots
        Quartiles at which the slope of the line may change.
    gaps
        Whether values were missing.
    """

    name: str
    labels: tuple[str, ...]
    common: tuple[str | float, ...]
    levels: tuple[str | float, ...]
    typical: str | float
    centre: float
    spread: float
    low: float
    high: float
    knots: tuple[float, ...]
    gaps: bool

    @property
    def is_number(self) -> bool:
        """Whether it holds quantities or codes; else categories."""
        return not self.labels

    def marks(self, values: Array | NDArray[np.object_]) -> Array:
        """One column of 0 and 1 for each common value, shape (n, levels)."""
        found = pd.Index(self.levels).get_indexer(pd.Index(values)) if self.levels else np.full(len(values), -1)
        return np.asarray(found[:, None] == np.arange(len(self.levels)), float)

    def line(self, values: Array | NDArray[np.object_]) -> Array:
        """What the line takes, shape (n, columns): no gaps, all on one scale."""
        parts = [pd.isna(values)[:, None].astype(float)] if self.gaps else []
        quantities = self._quantities(values)
        if quantities is not None:
            # A line would run off with values that it never saw.
            held = np.clip(np.where(np.isnan(quantities), self.centre, quantities), self.low, self.high)
            parts.append(((held - self.centre) / self.spread)[:, None])
            parts.append(np.maximum(held[:, None] - np.asarray(self.knots), 0) / self.spread)
        return np.hstack([*parts, self.marks(values)])

    def _quantities(self, values: Array | NDArray[np.object_]) -> Array | None:
        if self.is_number:
            return np.asarray(values, float)
        numbers = _numbers(self.labels)
        return None if numbers is None else np.append(numbers, np.nan)[pd.Index(self.labels).get_indexer(values)]

    def trees(self, values: Array | NDArray[np.object_]) -> Array:
        """What the trees take, shape (n, columns): numbers or places in order, and for codes how common they are."""
        own = np.asarray(values, float) if self.is_number else _places(self.labels, values)
        return np.column_stack([own, _places(self.common, values)] if self.common else [own])


def _places(known: tuple[str | float, ...], values: Array | NDArray[np.object_]) -> Array:
    place = pd.Index(known).get_indexer(pd.Index(values)).astype(float)
    return np.where(place < 0, np.nan, place)


def plain(X: Any) -> pd.DataFrame:
    """The table with numbers as float64 and everything else as text, gaps as NaN and None.

    Parameters
    ----------
    X
        DataFrame of numbers, truth values, text and categories, of pandas' own and nullable types; or an array of two
        dimensions. Columns of an array, and those that are only numbered, are called x0, x1 and so on.

    Raises
    ------
    TableError
        No rows or columns, a name that is not text or stands twice, an infinite number, a column of dates.

    Examples
    --------
    >>> plain(pd.DataFrame({"code": pd.Categorical([1, 2, None]), "age": [15, 16, 17]})).to_dict("list")
    {'code': ['1', '2', None], 'age': [15.0, 16.0, 17.0]}
    """
    if not isinstance(X, pd.DataFrame):
        values = np.asarray(X)
        if values.ndim != 2:
            raise UsageError(
                "A risk model takes a DataFrame or an array with one row for each unit and one column for each "
                "feature, not {kind} with {dimensions} dimension(s). Make a sparse matrix dense first.",
                kind=type(X).__name__,
                dimensions=values.ndim,
            )
        X = pd.DataFrame(values)
    if list(X.columns) == list(range(X.shape[1])):
        X = X.set_axis([f"x{place}" for place in range(X.shape[1])], axis=1)
    if 0 in X.shape:
        raise TableError(
            "The table has {rows} rows and {columns} columns: there is nothing to learn from or to assess. See "
            "task.enough(tables).",
            rows=X.shape[0],
            columns=X.shape[1],
        )
    if not X.columns.is_unique or not all(isinstance(name, str) for name in X.columns):
        raise TableError("Each column needs a name of its own, as text. Rename those that repeat or are numbers.")
    return pd.DataFrame({name: _plain(X.iloc[:, place]) for place, name in enumerate(X.columns)}, index=X.index)


def _plain(column: pd.Series) -> pd.Series:
    kind, name = column.dtype, column.name
    if pd.api.types.is_datetime64_any_dtype(kind) or isinstance(kind, pd.PeriodDtype) or kind.kind in "mc":
        raise TableError(
            "Column {name} holds dates, durations or complex numbers, which no model can use as they are. Turn it into "
            "a number first, such as days before the as-of day.",
            name=name,
        )
    if _is_number(column):
        values = pd.to_numeric(column).astype("Float64")
        numbers = values.to_numpy(float, na_value=np.nan)
        if np.isinf(numbers).any():
            raise TableError(
                "Column {name} holds infinite values. Replace them by missing values (NaN) or by numbers.", name=name
            )
        return pd.Series(numbers, index=column.index, dtype=float)
    try:
        codes, found = pd.factorize(np.asarray(column, dtype=object), use_na_sentinel=True)
    except TypeError:
        raise TableError("Column {name} holds lists or other things that no model can use.", name=name) from None
    texts = np.array([*(label(one) for one in found), None], dtype=object)
    return pd.Series(texts[codes], index=column.index, dtype=object)


def _is_number(column: pd.Series) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column.dtype):
        return column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in NUMBERS
    return pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.infer_dtype(column, skipna=True) in NUMBERS


def label(value: object) -> str:
    """A category as text, the same whether its code came as a whole number, a decimal number or text.

    Examples
    --------
    >>> label(1), label(1.0), label("1"), label("a")
    ('1', '1', '1', 'a')
    """
    return str(int(value)) if isinstance(value, float | np.floating) and value.is_integer() else str(value)


def _numbers(labels: Sequence[str]) -> Array | None:
    """The labels as numbers, None where one of them is none."""
    numbers = np.array([_rank(text)[0] for text in labels])
    return numbers if np.isfinite(numbers).all() else None


def _rank(text: str) -> tuple[float, str]:
    try:
        number = float(text)
    except ValueError:
        return (np.inf, text)
    return (number if np.isfinite(number) else np.inf, text)


def learn(table: pd.DataFrame) -> tuple[Column, ...]:
    """What a training table teaches about each of its columns.

    Notes
    -----
    A column of whole numbers with 3 to 50 different values may hold quantities or codes; the line reads it as both (one
    slope, and one level for each common value), so that codes which nobody declared as categories do no harm. So it
    does with a declared category whose values are all numbers, since codes often follow an order. Trees
    take codes and categories in two orders, by value and by how common they are, between which they can part most
    groups of values; other numbers as they are. No column is turned into the outcome's mean by value: such means
    did worse on later cohorts.

    Examples
    --------
    >>> learn(pd.DataFrame({"marks": [1.5, 2.0, 4.0, np.nan]}))[0].typical
    2.0
    """
    least = max(LEAST, len(table) // 200)
    return tuple(
        _number(name, table[name].to_numpy(), least)
        if table[name].dtype == float
        else _category(name, table[name], least)
        for name in table.columns
    )


def _number(name: str, values: Array, least: int) -> Column:
    known = values[~np.isnan(values)]
    if not len(known):
        return Column(name, (), (), (), 0.0, 0.0, 1.0, 0.0, 0.0, (), True)
    found, counts = np.unique(known, return_counts=True)
    codes = 3 <= len(found) <= CODES and bool((found == np.round(found)).all())
    order = tuple(float(found[place]) for place in np.argsort(-counts, kind="stable")) if codes else ()
    levels = order[: int((counts >= least).sum())]
    low, high = float(found[0]), float(found[-1])
    quartiles = np.unique(np.quantile(known, (0.25, 0.5, 0.75), method="lower"))
    knots = () if codes else tuple(float(knot) for knot in quartiles if low < knot < high)
    typical = float(np.quantile(known, 0.5, method="lower"))
    centre, spread = float(known.mean()), float(known.std()) or 1.0
    return Column(name, (), order, levels, typical, centre, spread, low, high, knots, len(known) < len(values))


def _category(name: str, values: pd.Series, least: int) -> Column:
    counts = values.value_counts()
    order = tuple(sorted(counts.index, key=lambda text: (-counts[text], _rank(text))))
    levels = tuple(text for text in order[:CODES] if counts[text] >= least)
    labels, typical = tuple(sorted(order, key=_rank)) or ("",), order[0] if order else ""
    numbers = _numbers(order)
    if numbers is None or not order:
        return Column(name, labels, order, levels, typical, 0.0, 1.0, 0.0, 0.0, (), bool(values.isna().any()))
    of_units = np.repeat(numbers, counts[list(order)])
    centre, spread = float(of_units.mean()), float(of_units.std()) or 1.0
    low, high = float(numbers.min()), float(numbers.max())
    return Column(name, labels, order, levels, typical, centre, spread, low, high, (), bool(values.isna().any()))


def fit_to(table: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The table of `plain` with the columns of training in their order, each of its kind.

    Examples
    --------
    >>> columns = learn(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}))
    >>> fit_to(pd.DataFrame({"b": ["x"], "a": [1.0]}), columns).columns.tolist()
    ['a', 'b']
    """
    names = [column.name for column in columns]
    missing, new = [name for name in names if name not in table], [name for name in table if name not in names]
    if missing or new:
        raise UsageError(
            "The columns are not those that the model was trained on. Missing: {missing}. Not known to it: {new}. "
            "Build both tables with the same task, or train the model again.",
            missing=", ".join(missing) or "–",
            new=", ".join(map(str, new)) or "–",
        )
    return pd.DataFrame({column.name: _of_kind(table[column.name], column) for column in columns}, index=table.index)


def _of_kind(values: pd.Series, column: Column) -> pd.Series:
    if column.is_number == (values.dtype == float):
        return values
    if not column.is_number:
        return pd.Series([None if value != value else label(value) for value in values], values.index, dtype=object)
    if values.isna().all():
        return values.astype(float)
    numbers = pd.to_numeric(values, errors="coerce")
    if (numbers.isna() & values.notna()).any():
        raise TableError(
            "Column {name} held numbers when the model was trained and holds text now. Give it as numbers, or train "
            "the model again with it as a category.",
            name=column.name,
        )
    return numbers.astype(float)


def unseen(table: pd.DataFrame, columns: Sequence[Column]) -> pd.Series:
    """How many units have a category that training never saw, by column [persons].

    Examples
    --------
    >>> columns = learn(pd.DataFrame({"b": ["x", "y"]}))
    >>> unseen(pd.DataFrame({"b": ["x", "z", None]}), columns).to_dict()
    {'b': 1}
    """
    counts = {
        column.name: int((table[column.name].notna() & ~table[column.name].isin(column.labels)).sum())
        for column in columns
        if not column.is_number
    }
    return pd.Series(counts, dtype=int, name="unseen")
