"""Figures carried over municipal mergers: counts are summed, rates are weighed, nothing is invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from kommunanalys.errors import MergerError, TableError, UnknownMunicipality
from kommunanalys.municipalities import DIVISIONS, check_division, known, successors
from kommunanalys.names import glossary
from kommunanalys.tables import KEYS, PROVIDER_COLUMNS, check_observations, dimensions

SUM = "sum"
_FLAGS = ["secret", "missing", "not_applicable", "preliminary", "noisy", "rounded", "revised", ""]
"""From the flag that weighs heaviest to none."""
_RANK = {flag: rank for rank, flag in enumerate(_FLAGS)}


def harmonise(table: pd.DataFrame, to_year: int, *, weights: Mapping[str, str] | None = None) -> pd.DataFrame:
    """An observations table in the municipal division of one year.

    Parameters
    ----------
    table
        An observations table (see `kommunanalys.tables`), each year in its own division or in a later one.
    to_year
        The division of 1 January of this year, not earlier than any merger inside the table.
    weights
        For indicators outside the glossary, or without a weight there: the indicator to weigh a rate with, or "sum" for
        a count or an amount.

    Returns
    -------
    pandas.DataFrame
        The same columns, ordered by the keys, with the same `attrs`. Merged municipalities have one row: the sum of
        the parts' counts and amounts, the weighted mean of their rates. Rows of the others are untouched.

    Raises
    ------
    MergerError
        A rate without a weight, a municipality that was split, figures that would have to be divided backwards,
        or figures of two divisions mixed.
    UnknownMunicipality
        Codes that are no municipality since 2006.
    TableError
        The table breaks its contract, or the parts have different units.

    Notes
    -----
    A part without a value, or without a row, makes the result missing: never a smaller sum. A part whose weight is 0
    has no say in a mean. Where none of a municipality's former parts occurs anywhere in the table, its series is taken
    to be in the later division already, as publishers often give it; harmonise tables of different divisions one at a
    time. Transfers of smaller areas between municipalities that live on are not known here.

    Examples
    --------
    >>> rows = [("FI", "588", 2024, "population", 1500.0, "persons", ""),
    ...         ("FI", "507", 2024, "population", 5400.0, "persons", "preliminary")]
    >>> columns = ["country", "municipality", "year", "indicator", "value", "unit", "flag"]
    >>> harmonise(pd.DataFrame(rows, columns=columns), 2025)[["municipality", "value", "flag"]].values.tolist()
    [['507', 6900.0, 'preliminary']]
    """
    check_observations(table)
    check_division(to_year)
    _check_codes(table["municipality"].unique())
    order = [*KEYS, *dimensions(table)]
    rows = table.reset_index(drop=True)
    parts = _parts(rows, to_year)
    moving = parts[parts["_target"] != ""]
    if len(parts):
        rows = rows.drop(index=parts["_row"])
    if len(moving):
        rows = pd.concat([rows, _merge(moving, table, dict(weights or {}))], ignore_index=True)
    rows = rows.sort_values(order, ignore_index=True)
    rows.attrs = dict(table.attrs)
    return rows


def _check_codes(codes: Iterable[str]) -> None:
    unknown = sorted(set(codes) - set(known()))
    if unknown:
        raise UnknownMunicipality(
            "No municipalities since 2006: {codes}. Leave out the rows of countries and regions, "
            "and those of municipalities abolished earlier.",
            codes=", ".join(unknown),
        )


def _concerned() -> set[str]:
    """Codes that any merger ties to others; most municipalities have none."""
    families: dict[str, set[str]] = {}
    for code in known():
        for newest in successors(code, DIVISIONS[-1]):
            families.setdefault(newest, set()).add(code)
    return {code for family in families.values() if len(family) > 1 for code in family}


def _parts(rows: pd.DataFrame, to_year: int) -> pd.DataFrame:
    """The rows that must move, with `_row`, `_target` ("" where nothing must be) and `_expected` number of parts."""
    concerned = _concerned()
    some = rows[rows["municipality"].isin(concerned)].rename_axis("_row").reset_index()
    pairs = some[["municipality", "year"]].drop_duplicates()
    steps = _plan(list(pairs.itertuples(index=False, name=None)), concerned, to_year)
    moves = pd.DataFrame(
        {
            "municipality": pd.Series([code for code, _ in steps], dtype=rows["municipality"].dtype),
            "year": pd.Series([year for _, year in steps], dtype=rows["year"].dtype),
            "_target": pd.Series([target for target, _ in steps.values()], dtype="str"),
            "_expected": pd.Series([expected for _, expected in steps.values()], dtype="int64"),
        }
    )
    parts = some.merge(moves, on=["municipality", "year"])
    _check_ghosts(parts[(parts["_target"] == "") & parts["value"].notna()])
    return parts


def _plan(pairs: list[tuple[str, int]], concerned: set[str], to_year: int) -> dict[tuple[str, int], tuple[str, int]]:
    """(code, year) → where its rows go and how many parts meet there; what may stay as it is has no step."""
    items = {code: known()[code] for code in concerned}
    flows = {code: successors(code, to_year) for code, item in items.items() if (item.since or 0) <= to_year}
    sources: dict[str, list[str]] = {}
    for code, into in flows.items():
        for end in into:
            sources.setdefault(end, []).append(code)
    # One row of a former part anywhere shows that the series follows the old division.
    real = [code for code, year in pairs if items[code].exists(year)]
    old = {end for code in real for end in flows.get(code, ()) if end != code}
    steps = {}
    for code, year in pairs:
        if year > to_year:
            _check_backwards(code, year, to_year)
        exists, into = items[code].exists(year), flows.get(code, ())
        if exists and len(into) > 1:
            _refuse_split(code, to_year)
        meeting = [other for end in into for other in sources[end] if items[other].exists(year)]
        if not exists and (into != (code,) or code in old):
            steps[code, year] = ("", 0)
        elif exists and (into != (code,) or (code in old and meeting != [code])):
            steps[code, year] = (into[0], len(meeting))
    return steps


def _check_backwards(code: str, year: int, to_year: int) -> None:
    last = min(year, DIVISIONS[-1])
    ended = [item for item in known().values() if item.until is not None and to_year < item.until <= last]
    born = to_year < (known()[code].since or to_year) <= last
    if born or any(code in (item.code, *successors(item.code, last)) for item in ended):
        raise MergerError(
            "The figures of {name} ({code}) for {year} are of a later division than {to_year}'s and cannot be divided "
            "backwards. Choose a later `to_year`, or leave out these years.",
            name=known()[code].name("en"),
            code=code,
            year=year,
            to_year=to_year,
        )


def _refuse_split(code: str, to_year: int) -> None:
    item = known()[code]
    raise MergerError(
        "{name} ({code}) was split between {into} in {until}: its figures cannot be carried into the division of "
        "{to_year}. Begin in {until}, or leave out its rows; then {into} lack figures before that year.",
        name=item.name("en"),
        code=code,
        into=", ".join(item.into),
        until=item.until,
        to_year=to_year,
    )


def _check_ghosts(ghosts: pd.DataFrame) -> None:
    # Absent rows for years without the municipality only fill a grid; a value there belongs to another division.
    if len(ghosts):
        code, year = ghosts["municipality"].iloc[0], int(ghosts["year"].iloc[0])
        raise MergerError(
            "The table has figures of {name} ({code}) for {year}, when it did not exist, beside those of the division "
            "of the time. Harmonise tables of different divisions one at a time, or leave out these rows.",
            name=known()[code].name("en"),
            code=code,
            year=year,
        )


def _merge(parts: pd.DataFrame, table: pd.DataFrame, weights: dict[str, str]) -> pd.DataFrame:
    """One row for each target, year, indicator and further dimension, with the columns of the table."""
    parts = _weighed(parts, table, weights)
    keys = ["country", "_target", "year", "indicator", *dimensions(table)]
    groups = parts.groupby(keys, observed=True, dropna=False, sort=False)
    merged = groups.agg(
        _sum=("_share", "sum"),
        _weights=("_weight", "sum"),
        _rate=("_rate", "first"),
        _expected=("_expected", "first"),
        _filled=("_share", "count"),
        _rows=("_share", "size"),
        _units=("unit", "nunique"),
        _first=("_rank", "min"),
        _last=("_rank", "max"),
        _shown=("_shown", "min"),
        **{name: (name, "first") for name in ["unit", *PROVIDER_COLUMNS.intersection(table.columns)]},
    ).reset_index()
    if (merged["_units"] > 1).any():
        mixed = merged.loc[merged["_units"] > 1, "indicator"].unique()
        raise TableError("Parts of a merger in different units: {names}. Convert them first.", names=", ".join(mixed))
    mean = merged["_sum"] / merged["_weights"].where(merged["_rate"], 1.0)
    merged["value"] = mean.where(merged["_filled"] == merged["_expected"])
    merged["flag"] = _flags(merged)
    return merged.rename(columns={"_target": "municipality"})[list(table.columns)]


def _weighed(parts: pd.DataFrame, table: pd.DataFrame, weights: dict[str, str]) -> pd.DataFrame:
    """The parts with `_weight`, `_share` (value times weight), `_rate` and the ranks of their flags."""
    names = parts["indicator"].astype("str")
    real = parts["_expected"] > 1  # a mere change of code needs no weight
    ways = {name: _way(name, weights) for name in names[real].unique()}
    _check_weights(ways, set(table["indicator"].unique()))
    parts = parts.assign(indicator=names, _way=names.map(ways).where(real, SUM).astype("str"))
    on = ["country", "municipality", "year", *dimensions(table)]
    heavy = parts.loc[names.isin(set(ways.values())), [*on, "indicator", "value"]]
    parts = parts.merge(heavy.rename(columns={"indicator": "_way", "value": "_weight"}), on=[*on, "_way"], how="left")
    rate = parts["_way"] != SUM
    weight = parts["_weight"].where(rate, 1.0)
    share = (parts["value"] * weight).mask(weight == 0, 0.0)
    rank = parts["flag"].map(_RANK)
    shown = rank.where(parts["value"].notna(), _RANK[""])
    return parts.assign(_weight=weight, _share=share, _rate=rate, _rank=rank, _shown=shown)


def _way(name: str, weights: dict[str, str]) -> str:
    item = glossary().get(name)
    if name in weights:
        return weights[name]
    if item is not None and item.kind != "rate":
        return SUM
    if item is not None and item.weight:
        return item.weight
    raise MergerError(
        "{name!r} has no weight to average it with over merged municipalities. Name its weight indicator in `weights` "
        "(or 'sum' if it is a count or an amount), or leave the indicator out.",
        name=name,
    )


def _check_weights(ways: dict[str, str], present: set[str]) -> None:
    for name, way in ways.items():
        if way not in (SUM, *present):
            raise MergerError(
                "{name!r} is averaged over merged municipalities with the weight {weight!r}, which the table lacks. "
                "Add the rows of {weight!r}, name another indicator in `weights`, or leave {name!r} out.",
                name=name,
                weight=way,
            )


def _flags(merged: pd.DataFrame) -> pd.Series:
    """The heaviest flag of the parts shown; where the result is absent, why."""
    secret = merged["_first"] == _RANK["secret"]
    nothing = (merged["_first"] == merged["_last"]) & (merged["_rows"] == merged["_expected"])
    senseless = nothing & (merged["_first"] == _RANK["not_applicable"])
    absent = np.select([secret, senseless], ["secret", "not_applicable"], "missing")
    shown = np.array(_FLAGS)[merged["_shown"].to_numpy()]
    return pd.Series(np.where(merged["value"].isna(), absent, shown), index=merged.index, dtype="str")
