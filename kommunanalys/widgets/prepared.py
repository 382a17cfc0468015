"""A panel made ready for many pictures: where each municipality and year stands, its flags, what is behind a rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys import names, tables
from kommunanalys.compare.units import label
from kommunanalys.errors import NoData, TableError, UsageError
from kommunanalys.municipalities import known

Array = NDArray[np.float64]
Flags = Mapping[str, Mapping[tuple[str, int], str]]

KEYS = ("municipality", "year")
FEW = 100
"""Persons behind a figure below which it is marked as resting on small numbers."""
ONE_OF = {"compulsory_all_subjects": 10, "compulsory_eligible": 10, "compulsory_merit": 10, "upper_secondary_comp": 3}
"""Results of one year group, by the beginning of their names, and how many year groups the known pupils are."""
SHARES = ("compulsory_all_subjects", "compulsory_eligible", "upper_secondary_comp")
"""Those of them that are shares of persons, whose intervals chance tells."""


@dataclass(frozen=True)
class Prepared:
    """A panel, and what is known beside it.

    Parameters
    ----------
    panel
        Indexed by (`municipality`, `year`).
    flags
        Indicator → (municipality, year) → flag, for the flags that are not "".
    """

    panel: pd.DataFrame
    flags: Flags

    @cached_property
    def codes(self) -> pd.Index:
        """The municipalities."""
        return pd.Index(self.panel.index.get_level_values("municipality").unique().sort_values())

    @cached_property
    def years(self) -> NDArray[np.int64]:
        """All years from the first to the last."""
        found = self.panel.index.get_level_values("year")
        return np.arange(int(found.min()), int(found.max()) + 1)

    @cached_property
    def _rows(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        place = self.codes.get_indexer(self.panel.index.get_level_values("municipality"))
        year = self.panel.index.get_level_values("year").to_numpy(dtype=np.int64) - self.years[0]
        return place, year

    @cached_property
    def realms(self) -> NDArray[np.str_]:
        """Country and side of the sea of each municipality: only within one are they compared."""
        places = [known().get(str(code)) for code in self.codes]
        return np.array([f"{item.country}{item.is_aland}" if item else "" for item in places])

    def values(self, indicator: str) -> Array:
        """Figures by municipality and year, shape (municipalities, years); NaN where there is none.

        Raises
        ------
        UsageError
            The panel has no such column, or it holds no numbers.
        """
        grid = np.full((len(self.codes), len(self.years)), np.nan)
        grid[self._rows] = self._column(indicator)
        return grid

    def _column(self, indicator: str) -> Array:
        kinds = self.panel.dtypes
        if indicator not in kinds.index or not pd.api.types.is_numeric_dtype(kinds[indicator]):
            raise UsageError(
                "The panel has no column of numbers {column!r}. Choose one of {columns}.",
                column=indicator,
                columns=", ".join(map(str, self.panel.columns[:20])) + (" ..." if self.panel.shape[1] > 20 else ""),
            )
        if (kinds == np.float64).all():
            # Taking a column out of a frame copies all that `attrs` holds, which takes longer than the rest.
            return np.asarray(self.panel.to_numpy()[:, kinds.index.get_loc(indicator)])
        return np.asarray(self.panel[indicator].to_numpy(dtype=float, na_value=np.nan))

    def called(self, language: str) -> list[str]:
        """The name of each municipality in a language."""
        if language not in self._names:
            self._names[language] = [label(str(code), language) for code in self.codes]
        return self._names[language]

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        return {}

    def behind(self, indicator: str) -> Array | None:
        """Persons behind each figure, shape (municipalities, years); None where that is not known.

        A result of one year group rests on about that part of all pupils.
        """
        item = names.glossary().get(indicator)
        if item is None or item.kind != "rate" or not item.weight or item.weight not in self.panel:
            return None
        return self.values(item.weight) / _groups(indicator)

    def intervals(self, indicator: str) -> tuple[Array, Array] | None:
        """Lower and upper end of each figure, shape (municipalities, years) each; None where none is known.

        From the panel's own columns `<indicator>_low` and `<indicator>_high`; else, for a share of persons with a known
        number behind it, the 95 % interval of Wilson.

        References
        ----------
        Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22:209–212.
        """
        if {f"{indicator}_low", f"{indicator}_high"} <= set(self.panel.columns):
            return self.values(f"{indicator}_low"), self.values(f"{indicator}_high")
        persons = self.behind(indicator) if indicator.startswith(SHARES) else None
        return None if persons is None else wilson(self.values(indicator), persons)

    def own_interval(self, indicator: str) -> bool:
        """Whether the panel itself brings the interval."""
        return f"{indicator}_low" in self.panel.columns

    def flag(self, indicator: str, code: str, year: int) -> str:
        """The flag of a figure, "" for none."""
        return self.flags.get(indicator, {}).get((code, year), "")

    def latest(self, *indicators: str) -> int:
        """The latest year in which at least half as many have all of these figures as in the fullest year.

        Raises
        ------
        NoData
            There is no year with any.
        """
        there = np.logical_and.reduce([np.isfinite(self.values(name)) for name in indicators]).sum(axis=0)
        if not there.any():
            raise NoData("The panel holds no figure of {indicators} in any year.", indicators=", ".join(indicators))
        return int(self.years[np.flatnonzero(there >= there.max() / 2)[-1]])


def _groups(indicator: str) -> int:
    return next((groups for start, groups in ONE_OF.items() if indicator.startswith(start)), 1)


def wilson(rate: Array, persons: Array) -> tuple[Array, Array]:
    """95 % intervals of shares.

    Parameters
    ----------
    rate
        Share [%].
    persons
        Number behind it; NaN or 0 gives no interval.

    Examples
    --------
    >>> low, high = wilson(np.array([50.0]), np.array([100.0]))
    >>> round(float(low[0]), 1), round(float(high[0]), 1)
    (40.4, 59.6)
    """
    z = 1.959964
    share, n = rate / 100, np.where(persons > 0, persons, np.nan)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(np.clip(share * (1 - share), 0, None) / n + z**2 / (4 * n**2))
    return 100 * (middle - half), 100 * (middle + half)


_ready: deque[tuple[pd.DataFrame, pd.Index, Prepared]] = deque(maxlen=2)


def prepare(table: pd.DataFrame | Prepared) -> Prepared:
    """A panel or an observations table made ready; the same table is made ready once.

    Parameters
    ----------
    table
        Panel as `ka.panel` gives it, or an observations table, whose flags are then kept.

    Raises
    ------
    TableError
        Neither of them.

    Examples
    --------
    >>> from kommunanalys.sources import read_example
    >>> prepare(read_example()).flag("compulsory_cost_home", "X07", 2023)
    ''
    """
    if isinstance(table, Prepared):
        return table
    for known_table, index, ready in _ready:
        # Values are read anew for each picture; only where the rows stand is remembered, and an index cannot change.
        if known_table is table and index is table.index:
            return ready
    made = _made(table)
    _ready.append((table, table.index, made))
    return made


def _made(table: pd.DataFrame) -> Prepared:
    if not isinstance(table, pd.DataFrame):
        raise TableError("A table is needed (pandas.DataFrame); this is {kind}.", kind=type(table).__name__)
    _check_columns(table)
    if {"indicator", "value", "flag", "municipality", "year"} <= set(table.columns):
        panel = tables.panel(table)
        panel.attrs["labels"] = table.attrs.get("labels", {})
        return Prepared(panel, _flags(table[table["flag"] != ""]))
    if list(table.index.names) != list(KEYS) and set(KEYS) <= set(table.columns):
        attrs, table = table.attrs, table.set_index(list(KEYS))
        table.attrs = attrs
    if list(table.index.names) != list(KEYS):
        raise TableError(
            "This is neither a panel (indexed by municipality and year, each pair once) nor an observations table; its "
            "index is {index}. Make a panel: ka.panel(observations).",
            index=", ".join(map(str, table.index.names)),
        )
    _check_panel(table)
    return Prepared(table, {})


def _check_columns(table: pd.DataFrame) -> None:
    if table.empty:
        raise TableError("The table is empty: it has no rows or no columns of figures.")
    wrong = [name for name in table.columns if not isinstance(name, str) or not name]
    if wrong:
        raise TableError("The name of a column must be text; got {name!r}. Rename it.", name=wrong[0])
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise TableError("Two columns have the name {name!r}. Rename or drop one of them.", name=twice)


def _check_panel(table: pd.DataFrame) -> None:
    codes, years = (table.index.get_level_values(name) for name in KEYS)
    wrong = [code for code in codes.unique() if not isinstance(code, str) or not code]
    if wrong:
        raise TableError(
            "The code of a municipality is text, such as '0180'; got {code!r}. As a number it loses its first nought.",
            code=wrong[0],
        )
    if not pd.api.types.is_integer_dtype(years):
        raise TableError("A year is a whole number, such as 2024; got {year}.", year=years[0])
    if not table.index.is_unique:
        code, year = table.index[table.index.duplicated()][0]
        raise TableError("{municipality} has two rows for {year}; a panel has one.", municipality=code, year=year)
    for name, column in table.select_dtypes("number").items():
        if np.isinf(column.to_numpy(dtype=float, na_value=np.nan)).any():
            raise TableError("Column {column} holds an infinite number. Make it missing (NaN).", column=name)


def _flags(marked: pd.DataFrame) -> Flags:
    found: dict[str, dict[tuple[str, int], str]] = {}
    columns = (marked[name] for name in ("indicator", "municipality", "year", "flag"))
    for indicator, code, year, flag in zip(*columns, strict=True):
        found.setdefault(indicator, {})[code, int(year)] = flag
    return found
