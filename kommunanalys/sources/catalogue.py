"""One call for every source: `load("example")`, `load("kolada", ...)` or `load("a folder or file")`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kommunanalys import names
from kommunanalys.errors import IncompleteAnswer, NoData, SourceError, UnknownIndicator, UsageError
from kommunanalys.municipalities import find
from kommunanalys.sources import files, kolada

if TYPE_CHECKING:
    import pandas as pd

Wanted = tuple[str, ...] | None


def load(
    source: str | Path,
    indicators: str | Iterable[str] | None = None,
    *,
    municipalities: str | Iterable[str] | None = None,
    years: int | Iterable[int] | None = None,
) -> pd.DataFrame:
    """Observations from a source, limited to what is wanted.

    Parameters
    ----------
    source
        "example" (fictive municipalities, no network), "kolada" (Kolada's API), or the path of a file or folder of
        Kolada data. A folder that is itself called so: "./kolada".
    indicators
        Names of the glossary, or Kolada's ids; None for all that the source has.
    municipalities
        Codes or names; None for all.
    years
        One year or several; None for all.

    Returns
    -------
    pandas.DataFrame
        An observations table. `attrs["lacking"]` lists the indicators asked for that the source does not have.

    Raises
    ------
    SourceError
        No such source or path, or one that is damaged.
    UnknownIndicator, UnknownMunicipality
        A name that does not exist.
    NoData
        The source has none of the indicators, none of the years, or nothing for a municipality that is named.

    Examples
    --------
    >>> table = load("example", ["compulsory_cost_home"], municipalities="X07", years=2023)
    >>> table["value"].tolist(), table.attrs["lacking"]
    ([13016.0], [])
    """
    wanted = _names(indicators)
    chosen_years = list(kolada.whole_years(years)) or None
    fetch = SHORT_NAMES.get(str(source))
    table = fetch(wanted, municipalities, chosen_years) if fetch else _from_path(source)
    return _select(table, str(source), wanted, municipalities, chosen_years)


def _names(indicators: str | Iterable[str] | None) -> Wanted:
    if indicators is None:
        return None
    given = [indicators] if isinstance(indicators, str) else list(indicators)
    if not given:
        raise UsageError("The list of indicators is empty. Give names of the glossary, or None for all of them.")
    return tuple(dict.fromkeys(_our_name(name) for name in given))


def _our_name(name: str) -> str:
    try:
        kpi = kolada.kpi_id(name)
    except UnknownIndicator:
        return names.get(name).name
    return kolada.COLUMNS.get(kpi, kpi)


def _from_example(*_: object) -> pd.DataFrame:
    from kommunanalys.sources.example import read_example

    return read_example()


def _from_kolada(wanted: Wanted, municipalities: str | Iterable[str] | None, years: list[int] | None) -> pd.DataFrame:
    published = set(kolada.COLUMNS.values())
    asked = [name for name in wanted or kolada.COLUMNS.values() if name in published or name not in names.glossary()]
    if not asked:
        raise NoData("Kolada publishes none of {indicators}.", indicators=", ".join(wanted or ()))
    try:
        return kolada.get_kolada(asked, municipalities, years)
    except IncompleteAnswer as error:
        # A series that begins after the years asked for is lacking here, not an error.
        lacking = error.values.get("lacking")
        rest = [name for name in asked if isinstance(lacking, tuple) and kolada.kpi_id(name) not in lacking]
        if not lacking or not rest:
            raise
        return kolada.get_kolada(rest, municipalities, years)


def _from_path(source: str | Path) -> pd.DataFrame:
    try:
        files.existing(source)
    except SourceError as error:
        raise SourceError(
            "{source!r} is no source. Give {short}, or a path. {reason}",
            source=str(source),
            short=", ".join(SHORT_NAMES),
            reason=error,
        ) from error
    table = kolada.read_kolada(source)
    if "sex" not in table:
        return table
    # As `get_kolada` by default: both sexes together. Who wants them apart calls `read_kolada`.
    both = table[table["sex"] == "T"].drop(columns="sex").reset_index(drop=True)
    both.attrs = table.attrs
    return both


SHORT_NAMES: dict[str, Callable[[Wanted, str | Iterable[str] | None, list[int] | None], pd.DataFrame]] = {
    "example": _from_example,
    "kolada": _from_kolada,
}
"""Sources that have a short name; every other word is a path."""


def _select(
    table: pd.DataFrame,
    source: str,
    wanted: Wanted,
    municipalities: str | Iterable[str] | None,
    years: list[int] | None,
) -> pd.DataFrame:
    there = set(table["indicator"].unique())
    lacking = [name for name in wanted or () if name not in there]
    if wanted and len(lacking) == len(wanted):
        raise NoData(
            "{source} has none of the indicators {asked}. It has: {there}.",
            source=source,
            asked=", ".join(lacking),
            there=", ".join(sorted(there)[:60]),
        )
    keep = table["indicator"].isin(there if wanted is None else wanted)
    if municipalities is not None:
        keep &= table["municipality"].isin(_codes(municipalities, table, source))
    if years is not None:
        keep &= table["year"].isin(years)
    if not keep.any():
        raise NoData(
            "{source} has no figures for these indicators, municipalities and years together. It has the years "
            "{first}–{last}.",
            source=source,
            first=table["year"].min(),
            last=table["year"].max(),
        )
    chosen = table[keep].reset_index(drop=True)
    chosen.attrs = {**table.attrs, "lacking": lacking}
    return chosen


def _codes(municipalities: str | Iterable[str], table: pd.DataFrame, source: str) -> list[str]:
    given = [municipalities] if isinstance(municipalities, str) else list(municipalities)
    country = str(table["country"].iloc[0])
    codes = [find(value, country=country).code for value in given]
    absent = sorted(set(codes) - set(table["municipality"].unique()))
    if absent:
        raise NoData("{source} has no figures for municipality {codes}.", source=source, codes=", ".join(absent))
    return codes
