"""A table with all its margins as one array: the last place of every axis is the total over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, kron

from kommunanalys.errors import TableError, UsageError
from kommunanalys.journal import PSEUDONYM

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Key = tuple[tuple[str, str], ...]
"""What an entry counts: pairs of dimension and category in the order of the dimensions' names; () is everybody."""

UNKNOWN = "(missing)"
"""Category of rows in which a dimension is missing: they are shown, never dropped."""
TOTALS = ("Total", "Totalt", "Yhteensä")
"""What the totals are called in tables."""
LARGEST = 20_000
"""Entries of the largest table that is built."""


@dataclass(frozen=True)
class Shape:
    """Dimensions of a table and the categories of each, in order.

    Parameters
    ----------
    rows, columns
        Names of the dimensions.
    categories
        For each dimension, rows first: its categories.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All dimensions, rows first."""
        return self.rows + self.columns

    @property
    def size(self) -> tuple[int, ...]:
        """Entries along each axis, the total included."""
        return tuple(len(items) + 1 for items in self.categories)

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """Key of every entry, in the order of the flattened array."""
        axes = [
            [*((name, item) for item in items), None] for name, items in zip(self.names, self.categories, strict=True)
        ]
        return tuple(tuple(sorted(pair for pair in place if pair is not None)) for place in product(*axes))

    @cached_property
    def sums(self) -> csr_array:
        """Which interior cells every entry adds up: shape (entries, interior cells), zeros and ones."""
        whole = csr_array(np.ones((1, 1)))
        for items in self.categories:
            axis = np.vstack([np.eye(len(items)), np.ones((1, len(items)))])
            whole = csr_array(kron(whole, csr_array(axis), format="csr"))
        return whole

    @cached_property
    def depth(self) -> Places:
        """Over how many dimensions every entry is a total."""
        return np.array([len(self.names) - len(key) for key in self.keys])

    @cached_property
    def interior(self) -> Places:
        """Places of the interior cells in the flattened array."""
        inside = np.zeros(self.size, bool)
        inside[tuple(slice(0, -1) for _ in self.size)] = True
        return np.flatnonzero(inside)

    def lines(self, names: tuple[str, ...] | None = None) -> list[Places]:
        """Places of every sum along one axis (all axes, or the named ones): what is added up, and the total last."""
        places = np.arange(np.prod(self.size)).reshape(self.size)
        axes = [axis for axis, name in enumerate(self.names) if names is None or name in names]
        return [line for axis in axes for line in np.moveaxis(places, axis, -1).reshape(-1, self.size[axis])]


@dataclass(frozen=True, repr=False)
class Cube:
    """A table with all its margins, as it is in truth. Never printed, stored or put into a message.

    Parameters
    ----------
    shape
        Dimensions and categories.
    values
        Number of persons, or sum of money, of every entry.
    people
        How many different persons contribute to every entry.
    rest
        What the entry holds beside its two largest contributions, as a share of the largest; inf for counts.
    most
        In how many interior cells the same person counts at most.
    """

    shape: Shape
    values: Array
    people: Array
    rest: Array
    most: int = 1


def tabulate(
    frame: pd.DataFrame, rows: tuple[str, ...], columns: tuple[str, ...], value: str, contributor: str | None
) -> Cube:
    """Count persons, or add up a column, in every combination of categories and in all margins.

    With a contributor a count takes each person once in each interior cell, and a total adds these up; rows without
    one are somebody each of their own.

    Parameters
    ----------
    frame
        One row for each person or payment.
    rows, columns
        Columns of the frame that span the table.
    value
        "count", or a column of money, not negative.
    contributor
        Column that tells whose payment it is; None where every row is somebody of their own.

    Raises
    ------
    UsageError
        Unknown or repeated columns, nothing to tabulate by.
    TableError
        An empty frame, too many cells, a category called as the totals are, missing or negative money.

    Examples
    --------
    >>> cube = tabulate(pd.DataFrame({"school": ["A", "A", "B"]}), ("school",), (), "count", None)
    >>> cube.values.tolist(), cube.shape.keys[0]
    ([2.0, 1.0, 3.0], (('school', 'A'),))
    """
    _check(frame, rows, columns, value, contributor)
    codes, categories = zip(*(categories_of(frame[name]) for name in rows + columns), strict=True)
    shape = Shape(rows, columns, tuple(categories))
    if np.prod([float(size) for size in shape.size]) > LARGEST:
        raise TableError("The table would have more than {limit} cells. Take fewer dimensions.", limit=LARGEST)
    place = np.ravel_multi_index(codes, tuple(len(items) for items in categories))
    cells = int(np.prod([len(items) for items in categories]))
    owner = _owners(frame, contributor)
    if value == "count":
        pairs = np.unique(np.column_stack([place, owner]), axis=0)
        values = shape.sums @ np.bincount(pairs[:, 0], minlength=cells).astype(float)
        most = int(np.bincount(pairs[:, 1]).max())
        people = values if most == 1 else _persons(shape, pairs)
        return Cube(shape, values, people, np.full(len(values), np.inf), most)
    return _money(shape, place, owner, frame[value].to_numpy(float))


def _check(
    frame: pd.DataFrame, rows: tuple[str, ...], columns: tuple[str, ...], value: str, contributor: str | None
) -> None:
    wanted = [*rows, *columns, *([] if value == "count" else [value]), *([contributor] if contributor else [])]
    unknown = [name for name in wanted if name not in frame.columns]
    if unknown:
        raise UsageError(
            "Unknown columns: {unknown}. The table has {columns}.",
            unknown=", ".join(unknown),
            columns=", ".join(map(str, frame.columns)),
        )
    if len(set(wanted)) < len(wanted) or not rows:
        raise UsageError("Name at least one column for the rows, and none of them twice.")
    if frame.empty:
        raise TableError("The table to release is empty: there is nothing to let out.")
    if value == "count":
        return
    money = pd.to_numeric(frame[value], errors="coerce").to_numpy(float)
    if not np.isfinite(money).all() or (money < 0).any():
        raise TableError(
            "The column {column!r} holds missing, negative or other amounts that no rule protects. "
            "Correct them, or release payments and repayments as two tables.",
            column=value,
        )


def categories_of(column: pd.Series) -> tuple[Places, tuple[str, ...]]:
    """Codes and names of the categories in order; missing ones become a category of their own, the last.

    Raises
    ------
    UsageError
        Pseudonyms.
    TableError
        Two categories with the same name, or one called as the totals are.

    Examples
    --------
    >>> codes, names = categories_of(pd.Series(["B", None, "A"]))
    >>> codes.tolist(), names
    ([1, 2, 0], ('A', 'B', '(missing)'))
    """
    if column.dtype == bool:
        found = pd.Index([False, True])
    elif isinstance(column.dtype, pd.CategoricalDtype):
        found = column.cat.categories
    else:
        found = pd.Index(column.dropna().unique())
        found = found.sort_values() if found.inferred_type != "mixed" else pd.Index(sorted(found, key=str))
    codes = found.get_indexer(column)
    names = [_text(item) for item in found]
    if any(PSEUDONYM.fullmatch(name) for name in names):
        raise UsageError(
            "The column {column!r} holds pseudonyms: a table of single persons cannot be let out.", column=column.name
        )
    if (codes < 0).any():
        codes = np.where(codes < 0, len(names), codes)
        names.append(UNKNOWN)
    if len(set(names)) < len(names) or set(names) & set(TOTALS):
        raise TableError(
            "Two categories of {column!r} have the same name, or one is called as the totals are. Rename it.",
            column=column.name,
        )
    return codes, tuple(names)


def _owners(frame: pd.DataFrame, contributor: str | None) -> Places:
    """A number for each person; rows without a contributor are somebody each of their own."""
    if contributor is None:
        return np.arange(len(frame))
    codes = pd.factorize(frame[contributor])[0].astype(np.int64)
    return np.where(codes < 0, len(frame) + np.arange(len(frame)), codes)


def _persons(shape: Shape, pairs: Places) -> Array:
    """Different persons in every entry, of pairs of interior cell and person."""
    cells = shape.sums.tocsc()
    entries = [cells.indices[start:end] for start, end in pairwise(cells.indptr)]
    rows = [(entry, owner) for place, owner in pairs.tolist() for entry in entries[place].tolist()]
    distinct = np.unique(np.array(rows), axis=0)
    return np.bincount(distinct[:, 0], minlength=shape.sums.shape[0]).astype(float)


def _text(item: object) -> str:
    return str(int(item)) if isinstance(item, float) and item.is_integer() else str(item)


def _money(shape: Shape, place: Places, owner: Places, money: Array) -> Cube:
    """Sums of money in every entry, with how many contribute and how much the largest two."""
    # To the cent, so that the same sum in two tables is the same number.
    values = np.round(shape.sums @ np.round(np.bincount(place, money, minlength=shape.sums.shape[1]), 2), 2)
    people, rest = np.zeros((2, len(values)))
    entries = pd.DataFrame({"place": place, "owner": owner, "money": money}).groupby(["place", "owner"]).sum()
    entries = entries.reset_index()
    for entry, cells in enumerate(np.split(shape.sums.indices, shape.sums.indptr[1:-1])):
        mine = entries[np.isin(entries["place"], cells)].groupby("owner")["money"].sum().sort_values().to_numpy()
        people[entry] = len(mine)
        rest[entry] = mine[:-2].sum() / mine[-1] if len(mine) and mine[-1] > 0 else np.inf
    return Cube(shape, values, people, rest)
