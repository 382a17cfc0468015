"""The contract of an observations table and of a panel, and the checks that hold it.

Observations (what every source returns) are long: one row for each municipality, year and indicator.
A panel is wide: indexed by municipality and year, one column for each indicator.
"""

from __future__ import annotations

import pandas as pd

from kommunanalys.errors import NoData, TableError

KEYS = ["country", "municipality", "year", "indicator"]
COLUMNS = [*KEYS, "value", "unit", "flag"]
FLAGS = frozenset({"", "missing", "not_applicable", "secret", "rounded", "noisy", "preliminary", "revised"})
ABSENT = frozenset({"missing", "not_applicable", "secret"})
PROVIDER_COLUMNS = frozenset({"kpi", "status"})
"""Columns in the publisher's own words (its name of the indicator, its mark on a value); they are no dimensions."""


def check_observations(table: pd.DataFrame) -> pd.DataFrame:
    """The table itself if it keeps the contract, else an error that names what breaks it.

    Parameters
    ----------
    table
        Columns `country` ("FI", "SE"), `municipality` (official code as text), `year` (int), `indicator`,
        `value` (float64), `unit`, `flag`; further columns are further dimensions.

    Raises
    ------
    TableError
        Missing columns, numbers as codes, an unknown flag, a missing value without a flag or a flag that
        says "missing" on a value, infinite values, or a key that occurs twice.

    Examples
    --------
    >>> row = {"country": "SE", "municipality": "0114", "year": 2021, "indicator": "population",
    ...        "value": 47820.0, "unit": "persons", "flag": ""}
    >>> len(check_observations(pd.DataFrame([row])))
    1
    """
    absent = [name for name in COLUMNS if name not in table.columns]
    if absent:
        raise TableError("Columns missing: {columns}. An observations table has {all}.", columns=absent, all=COLUMNS)
    _check_types(table)
    _check_flags(table)
    _check_keys(table)
    return table


def _check_types(table: pd.DataFrame) -> None:
    if not pd.api.types.is_float_dtype(table["value"]) or not pd.api.types.is_integer_dtype(table["year"]):
        raise TableError(
            "`value` must be float64 and `year` whole numbers, not {value} and {year}.",
            value=table["value"].dtype,
            year=table["year"].dtype,
        )
    if not pd.api.types.is_string_dtype(table["municipality"]):
        raise TableError(
            'Municipality codes must be text ("049", "0114"), not {dtype}.', dtype=table["municipality"].dtype
        )
    if table["value"].isin([float("inf"), float("-inf")]).any():
        raise TableError("Infinite values: a missing figure is NaN with a flag.")


def _check_flags(table: pd.DataFrame) -> None:
    unknown = sorted(set(table["flag"].unique()) - FLAGS)
    if unknown:
        raise TableError("Unknown flags {flags}. Allowed: {allowed}.", flags=unknown, allowed=sorted(FLAGS))
    wrong = table["value"].isna() != table["flag"].isin(ABSENT)
    if wrong.any():
        raise TableError(
            "{count} values are missing without a flag, or flagged as missing though they are there. First: {row}.",
            count=int(wrong.sum()),
            row=table.loc[wrong, COLUMNS].iloc[0].to_dict(),
        )


def _check_keys(table: pd.DataFrame) -> None:
    keys = [*KEYS, *dimensions(table)]
    double = table.duplicated(keys)
    if double.any():
        raise TableError(
            "{count} keys occur more than once. First: {row}. Remove the copies, or keep what tells them apart as a "
            "column.",
            count=int(double.sum()),
            row=table.loc[double, keys].iloc[0].to_dict(),
        )


def dimensions(table: pd.DataFrame) -> list[str]:
    """Names of the further dimensions (`sex`, `age`, ...) of an observations table.

    Examples
    --------
    >>> dimensions(pd.DataFrame(columns=[*COLUMNS, "sex", "kpi"]))
    ['sex']
    """
    return [name for name in table.columns if name not in COLUMNS and name not in PROVIDER_COLUMNS]


def panel(observations: pd.DataFrame) -> pd.DataFrame:
    """Observations → panel: one row for each municipality and year, one column for each indicator.

    Parameters
    ----------
    observations
        An observations table with one value for each municipality, year and indicator.

    Returns
    -------
    pandas.DataFrame
        Index (`municipality`, `year`), sorted. `attrs["coverage"]` holds `coverage(panel)` as a dictionary,
        `attrs["origin"]` the origin ids and `attrs["units"]` the unit of each column.

    Raises
    ------
    TableError
        Two values for the same municipality, year and indicator, or one indicator in two units.
    NoData
        The table is empty.

    Examples
    --------
    >>> rows = [("SE", "0114", 2021, "population", 47820.0, "persons", ""),
    ...         ("SE", "0114", 2021, "pupils", 5900.0, "persons", "")]
    >>> panel(pd.DataFrame(rows, columns=COLUMNS)).loc[("0114", 2021), "pupils"]
    np.float64(5900.0)
    """
    check_observations(observations)
    if observations.empty:
        raise NoData("The observations table is empty: there is nothing to make a panel of.")
    double = observations.duplicated(["municipality", "year", "indicator"])
    if double.any():
        raise TableError(
            "{count} municipality-year-indicator keys have several values: choose one of {dimensions} first.",
            count=int(double.sum()),
            dimensions=dimensions(observations),
        )
    units = observations.groupby("indicator", observed=True)["unit"].unique()
    mixed = units[units.map(len) > 1]
    if len(mixed):
        raise TableError("Indicators in several units: {units}. Convert them first.", units=mixed.map(list).to_dict())
    wide = observations.pivot(index=["municipality", "year"], columns="indicator", values="value").sort_index()
    wide.columns.name = None
    wide.attrs = {"origin": observations.attrs.get("origin", []), "units": units.map(lambda unit: unit[0]).to_dict()}
    wide.attrs["country"] = sorted(observations["country"].unique())
    wide.attrs["coverage"] = coverage(wide).to_dict("index")
    return wide


def coverage(panel: pd.DataFrame) -> pd.DataFrame:
    """How much of a panel is filled, indicator by indicator.

    Parameters
    ----------
    panel
        Indexed by (`municipality`, `year`).

    Returns
    -------
    pandas.DataFrame
        Index `indicator`; `values` (count), `municipalities` (count), `first` and `last` year with a value,
        `share` of all municipality-years that are filled [0–1].

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("0114", 2020), ("0114", 2021)], names=["municipality", "year"])
    >>> coverage(pd.DataFrame({"pupils": [1.0, None]}, index=index)).loc["pupils", "share"]
    np.float64(0.5)
    """
    years = panel.index.get_level_values("year")
    rows = {}
    for name in panel.columns:
        filled = panel[name].notna().to_numpy()
        found = years[filled]
        rows[name] = {
            "values": int(filled.sum()),
            "municipalities": panel.index.get_level_values("municipality")[filled].nunique(),
            "first": int(found.min()) if len(found) else None,
            "last": int(found.max()) if len(found) else None,
            "share": filled.mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("indicator")
