"""What `sfa` is given, put on one index and checked: rows, names, values, units and periods, columns of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.compare.units import as_table, check_index_years, check_years
from kommunanalys.errors import TableError, UsageError
from kommunanalys.names import check_population

SAME = 1e-7
"""Share of a column's length that must be its own: below it the column is a sum of the others, but for rounding."""


@dataclass(frozen=True)
class Rows:
    """What a frontier is fitted to, on one index of n rows.

    Parameters
    ----------
    X
        Without the intercept, shape (n, columns).
    y
        Shape (n,).
    z
        What inefficiency depends on, shape (n, columns); None if nothing.
    unit
        Number of each row's unit, shape (n,); None if each row is one of its own.
    """

    X: pd.DataFrame
    y: pd.Series
    z: pd.DataFrame | None
    unit: NDArray[np.intp] | None


def checked(X: Any, y: Any, z: Any, unit: Any, period: Any) -> Rows:
    """The arguments of `SFA.fit`, checked but for their number and for columns that determine each other.

    Raises
    ------
    UsageError, TableError, MixedPopulations
        As `SFA.fit`.

    Examples
    --------
    >>> rows = checked([[1.0], [2.0], [4.0]], [3.0, 1.0, 2.0], None, ["b", "a", "b"], [1, 1, 2])
    >>> rows.X.columns.tolist(), rows.unit.tolist()
    (['x_1'], [0, 1, 0])
    """
    tables = _tables(X, y, z)
    codes = _units(tables[0].index, unit, period)
    for table in tables:
        _check_finite(table)
    columns, index = [name for table in tables for name in table], tables[0].index
    if period is not None:
        check_years(columns, np.asarray(period), np.asarray(unit))
    elif "year" in index.names:
        check_index_years(columns, index)
    return Rows(tables[0], tables[1].iloc[:, 0], tables[2] if z is not None else None, codes)


def _tables(X: Any, y: Any, z: Any) -> list[pd.DataFrame]:
    """X, y and z (if it is given) on one index, their columns named apart."""
    known = [item for item in (X, y, z) if isinstance(item, pd.DataFrame | pd.Series)]
    tables = [as_table(item, kind) for item, kind in ((X, "x"), (y, "y"), (z, "z")) if item is not None]
    index = known[0].index if known else tables[0].index
    for item, table in zip((X, y, z), tables, strict=False):
        if len(table) != len(index) or (isinstance(item, pd.DataFrame | pd.Series) and not table.index.equals(index)):
            raise UsageError(
                "X, y and z are about different rows ({rows}): give all the same index.",
                rows=", ".join(str(len(other)) for other in tables),
            )
    tables = [table.set_axis(index, axis=0) for table in tables]
    if tables[1].shape[1] != 1:
        raise UsageError("y must be one column; got {count}.", count=tables[1].shape[1])
    names = [str(name) for table in (tables[0], *tables[2:]) for name in table]
    if len({*names, "const", "sigma2", "gamma", "mu"}) < len(names) + 4:
        raise UsageError(
            "Each column of X and z needs a name of its own, other than const, sigma2, gamma and mu; got {names}.",
            names=", ".join(names),
        )
    check_population([name for table in tables for name in table])
    return tables


def _units(index: pd.Index, unit: Any, period: Any) -> NDArray[np.intp] | None:
    """Number of each row's unit, None without units."""
    if unit is None:
        if period is not None:
            raise UsageError("A period without a unit says nothing: give unit as well.")
        return None
    columns = {"unit": unit} if period is None else {"unit": unit, "period": period}
    for name, values in columns.items():
        if len(values) != len(index) or (isinstance(values, pd.Series) and not values.index.equals(index)):
            raise UsageError(
                "{name} is about other rows than X ({rows} and {wanted}): give both the same index.",
                name=name,
                rows=len(values),
                wanted=len(index),
            )
    table = pd.DataFrame({name: np.asarray(values) for name, values in columns.items()}, index=index)
    if table.isna().to_numpy().any():
        raise TableError("A unit or a period is missing: every row needs both.")
    twice = table.duplicated() if period is not None else pd.Series(False, index=index)
    if twice.any():
        unit, period = table[twice].iloc[0]
        raise TableError(
            "{count} rows occur twice. First: {unit} in {period}. Keep one row for each unit and period.",
            count=int(twice.sum()),
            unit=unit,
            period=period,
        )
    return np.asarray(pd.factorize(table["unit"])[0], dtype=np.intp)


def _check_finite(table: pd.DataFrame) -> None:
    values = table.to_numpy()
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = wrong[0]
        raise TableError(
            "{count} values are missing or infinite. First: {column} of {unit} is {value}. Leave the row out, or find "
            "the figure: a missing figure is not 0, and 0 has no logarithm.",
            count=len(wrong),
            column=table.columns[column],
            unit=table.index[row],
            value=values[row, column],
        )


def check_columns(rows: Rows) -> None:
    """Refuse a column that is constant or that those before it determine, in X beside the intercept, and in z.

    Raises
    ------
    TableError
        Names the column.

    Examples
    --------
    >>> check_columns(checked([[1.0], [2.0], [4.0]], [3.0, 1.0, 2.0], None, None, None))
    """
    _check_columns(rows.X - rows.X.mean(), rows.X)
    if rows.z is not None:
        _check_columns(rows.z, rows.z)


def _check_columns(values: pd.DataFrame, table: pd.DataFrame) -> None:
    """Refuse a column that those before it determine; `values` are centred where there is an intercept."""
    size = np.sqrt((table.to_numpy() ** 2).sum(axis=0))
    length = np.sqrt((values.to_numpy() ** 2).sum(axis=0))
    unit = values.to_numpy() / np.where(length > 0, length, 1.0)
    own = np.abs(np.diag(np.linalg.qr(unit)[1]))
    for name, share, constant in zip(table.columns, own, length <= 1e-12 * size, strict=True):
        if constant or share < SAME:
            raise TableError(
                "{column} says nothing of its own: it is constant beside the intercept, or the other columns "
                "determine it. Leave it out.",
                column=name,
            )
