"""Similar municipalities: the nearest neighbours on standardised figures, and what makes up the distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.answer import Answer
from kommunanalys.compare.cautions import Caution, incomplete
from kommunanalys.compare.units import label, municipality_of, resolve, speaker, variable
from kommunanalys.errors import NoData, TableError, TooFewUnits, UsageError
from kommunanalys.names import check_population

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Similar(Answer):
    """The municipalities most similar to one of them.

    Parameters
    ----------
    municipality
        Code.
    year
        Year compared.
    on
        Columns that the distance rests on.
    peers
        Index `municipality`, the nearest first; `distance` (standard deviations) and for each column `share_<column>`,
        its share of the squared distance [0–1], summing to 1 (equal shares where the distance is 0).
    candidates
        How many municipalities were compared with it.
    left_out
        Codes of those that lack a figure.
    """

    municipality: str
    year: int
    on: tuple[str, ...]
    peers: pd.DataFrame
    candidates: int
    left_out: tuple[str, ...]

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Who was left out."""
        return incomplete(self.left_out)

    def to_frame(self) -> pd.DataFrame:
        """The peers with their distances and shares."""
        return self.peers.copy()

    def summary(self, language: str = "en") -> str:
        """Who is most similar, and what the distance to the nearest one comes from."""
        say = speaker(self.municipality, language)
        nearest = self.peers.iloc[0]
        first = label(self.peers.index[0], language)
        text = say(
            "The most similar to {name} in {year} are {peers}.",
            name=label(self.municipality, language),
            year=self.year,
            peers=say.names(label(code, language) for code in self.peers.index),
        )
        if nearest["distance"] == 0:
            return text + " " + say("{first} does not differ from it in any of these figures.", first=first)
        shares = nearest.filter(regex="^share_")
        largest = str(shares.astype(float).idxmax())
        return (
            text
            + " "
            + say(
                "The largest part of the distance to {first} comes from one figure: {variable} "
                "({share} of the squared distance).",
                first=first,
                variable=variable(largest.removeprefix("share_"), say),
                share=say.percent(100 * shares[largest]),
            )
        )

    def plot(self, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """The distances, the nearest municipality on top."""
        from kommunanalys.figures import PALETTE, describe, new_axes

        say = speaker(self.municipality, language)
        called = [label(code, language) for code in self.peers.index]
        ax = new_axes(ax, height=1.0 + 0.35 * len(called))
        ax.barh(called, self.peers["distance"], color=PALETTE["peers"], height=0.6)
        ax.invert_yaxis()
        ax.xaxis.set_major_formatter(lambda value, _: say.number(value, 1))
        ax.set_xlabel(say("Distance in standard deviations; 0 is alike"))
        data = self.peers.set_axis(pd.Index(called, name=say("Municipality")), axis=0)
        heads = {f"share_{name}": say("Share: {variable}", variable=variable(name, say)) for name in self.on}
        caption = say(
            "The municipalities most similar to {name}, {year}. Similar on: {variables}.",
            name=label(self.municipality, language),
            year=self.year,
            variables=say.names(variable(name, say) for name in self.on),
        )
        data = data.rename(columns={"distance": say("Distance"), **heads})
        return describe(ax, caption=caption, alternative=self.summary(language), data=data)


def similar(
    panel: pd.DataFrame, municipality: str, on: Sequence[str], k: int = 7, *, year: int | None = None
) -> Similar:
    """The k municipalities most similar to one of them.

    Parameters
    ----------
    panel
        Index (`municipality`, `year`), one column for each indicator.
    municipality
        Code or name.
    on
        Columns that shall be alike.
    k
        How many neighbours.
    year
        Year compared; None for the latest in which the municipality has all the columns.

    Returns
    -------
    Similar
        Neighbours in ascending distance, equal distances in the order of the codes.

    Raises
    ------
    NoData
        The municipality lacks a figure, in this year or ever; names the years that it has.
    TooFewUnits
        Fewer than k candidates.
    TableError
        A column that does not vary, or an infinite value of any municipality that could be compared.
    UsageError, MixedPopulations
        Unknown or repeated columns; columns about different populations.

    Notes
    -----
    Euclidean distance of z-scores, standardised over the municipality and its candidates. Candidates have all the
    columns that year and lie in the same country; Åland and the mainland are never peers of each other.

    Examples
    --------
    >>> index = pd.MultiIndex.from_product([["0114", "0180", "1440"], [2021]], names=["municipality", "year"])
    >>> panel = pd.DataFrame({"population": [48000.0, 979000.0, 32000.0], "urban_share": [99.0, 100.0, 90.0]}, index)
    >>> similar(panel, "Ale", on=["population"], k=1).peers.index.tolist()
    ['0114']
    """
    columns = check_columns(panel, on)
    code = str(resolve(municipality, panel.index.unique("municipality")))
    year = _year(panel[columns], code, year)
    own = realm(code)
    rows = panel.loc[panel.index.get_level_values("year") == year, columns].droplevel("year").sort_index()
    rows = rows[[realm(unit) == own for unit in rows.index]]
    _check_finite(rows)
    complete = rows.dropna()
    others = complete.drop(index=code)
    if not 1 <= k <= len(others):
        raise TooFewUnits(
            "{k} similar municipalities were asked for, and {count} can be compared in {year}. "
            "Ask for a number from 1 to {count}.",
            k=k,
            count=len(others),
            year=year,
        )
    _check_variation(complete)
    distance, shares = distances(
        complete.loc[code].to_numpy(float), others.to_numpy(float), complete.std(ddof=0).to_numpy()
    )
    peers = pd.DataFrame(shares, index=others.index, columns=[f"share_{name}" for name in columns])
    peers.insert(0, "distance", distance)
    # A stable sort keeps equal distances in the order of the codes.
    peers = peers.sort_values("distance", kind="stable").head(k)
    left_out = tuple(rows.index.difference(complete.index))
    return Similar(code, year, tuple(columns), peers, len(others), left_out)


def distances(own: Array, others: Array, spread: Array) -> tuple[Array, Array]:
    """Distance to each row in standard deviations, and each column's share of its square.

    Parameters
    ----------
    own
        Shape (columns,).
    others
        Shape (n, columns).
    spread
        Standard deviations, shape (columns,).

    Returns
    -------
    tuple of arrays
        Shapes (n,) and (n, columns); the shares sum to 1, and are equal where the distance is 0.

    Examples
    --------
    >>> distance, shares = distances(np.array([0.0, 0.0]), np.array([[3.0, 4.0]]), np.array([1.0, 1.0]))
    >>> float(distance[0]), [round(float(share), 2) for share in shares[0]]
    (5.0, [0.36, 0.64])
    """
    squares = ((others - own) / spread) ** 2
    total = squares.sum(axis=1)
    equal = np.full(squares.shape, 1 / squares.shape[1])
    return np.sqrt(total), np.divide(squares, total[:, None], out=equal, where=total[:, None] > 0)


def check_columns(panel: pd.DataFrame, asked: Sequence[str]) -> list[str]:
    """The columns asked for as a list, if the panel has them and they may be compared.

    Raises
    ------
    UsageError
        None asked for, unknown, or twice the same; or the table is no panel.
    MixedPopulations
        About different populations.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("1440", 2021)], names=["municipality", "year"])
    >>> check_columns(pd.DataFrame({"population": [1.0]}, index), ["population"])
    ['population']
    """
    if list(panel.index.names) != ["municipality", "year"]:
        raise UsageError(
            "A panel is indexed by municipality and year, not by {names}: "
            "make it with kommunanalys.panel(observations).",
            names=list(panel.index.names),
        )
    columns = [asked] if isinstance(asked, str) else list(asked)
    unknown = [name for name in columns if name not in panel.columns]
    if unknown or not columns or len(set(columns)) < len(columns):
        raise UsageError(
            "Name at least one column of the panel, each once. Asked for: {columns}. Not in the panel: {unknown}. "
            "It has: {known}.",
            columns=", ".join(columns) or "–",
            unknown=", ".join(unknown) or "–",
            known=", ".join(map(str, panel.columns)),
        )
    check_population(columns)
    if not panel.index.is_unique:
        code, year = panel.index[panel.index.duplicated()][0]
        raise TableError(
            "{code} occurs twice in {year}: a panel has one row for each municipality and year.", code=code, year=year
        )
    text = [name for name in columns if not pd.api.types.is_numeric_dtype(panel[name])]
    if text:
        raise TableError(
            "Not all of {columns} are numbers. Turn them into numbers first, and what is missing into NaN.",
            columns=", ".join(text),
        )
    return columns


def _year(table: pd.DataFrame, code: str, year: int | None) -> int:
    years = table.xs(code, level="municipality").dropna().index
    if (year is None and len(years)) or year in years:
        return int(years.max() if year is None else year)
    covered = table.index.get_level_values("year")
    raise NoData(
        "{name} ({code}) lacks {columns} in {year}. Years with all of them: {years}.",
        name=label(code, "en"),
        code=code,
        columns=", ".join(table.columns),
        year=f"{covered.min()}–{covered.max()}" if year is None else year,
        years=", ".join(str(item) for item in sorted(years)) or "–",
    )


def realm(code: str) -> tuple[str, bool]:
    """Country and whether in Åland: only municipalities of the same realm may be compared.

    Examples
    --------
    >>> realm("091"), realm("478"), realm("School A")
    (('FI', False), ('FI', True), ('', False))
    """
    found = municipality_of(code)
    return (found.country, found.is_aland) if found else ("", False)


def _check_finite(table: pd.DataFrame) -> None:
    wrong = np.argwhere(np.isinf(table.to_numpy(float)))
    if len(wrong):
        row, column = wrong[0]
        raise TableError(
            "{count} values are missing or infinite. First: {column} of {unit} is {value}. Leave the row out, or find "
            "the figure: a missing figure is not 0, and 0 has no logarithm.",
            count=len(wrong),
            column=table.columns[column],
            unit=table.index[row],
            value=table.iat[row, column],
        )


def _check_variation(table: pd.DataFrame) -> None:
    # Equal but for rounding is equal.
    values = {name: table[name].to_numpy(float) for name in table.columns}
    constant = [name for name, given in values.items() if np.ptp(given) <= 1e-12 * np.abs(given).max()]
    if constant:
        raise TableError(
            "No differences in {columns}: all have the same value, so nobody is more similar than another. "
            "Leave it out.",
            columns=", ".join(constant),
        )
