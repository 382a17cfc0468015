"""Price indices, with which costs of several years are put into the prices of one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kommunanalys.errors import NoData, SourceError
from kommunanalys.origin import Origin, hash_bytes, now, record
from kommunanalys.paths import data_dir

LICENCES = {"SE": "CC0", "FI": "CC BY 4.0"}
"""Of the indices that are built in."""


def price_index(path: str | Path | None = None, *, country: str, source: str = "") -> pd.Series:
    """A price index by year: the caller's own, the example's, or the built-in one of a country.

    Parameters
    ----------
    path
        CSV with the columns `year` and `index`; None for a built-in one.
    country
        "SE" or "FI".
    source
        "example" for the index that goes with the example data.

    Returns
    -------
    pandas.Series
        Index `year`; any base. Its name says which index it is.

    Raises
    ------
    NoData
        No index is built in for the country.
    SourceError
        The file is no such table.

    Examples
    --------
    >>> float(price_index(country="SE").loc[2021])
    343.19
    """
    if path is not None:
        return _read(Path(path), pd.DataFrame())
    if source == "example":
        from kommunanalys.sources.example import example_price_index

        return example_price_index()
    table = pd.read_csv(data_dir() / "price_index.csv", dtype={"country": "str"})
    own = table[table["country"] == country]
    if own.empty:
        raise NoData(
            "No price index is built in for {country}. Give one: price_index=FILE.csv with the columns year,index.",
            country=country,
        )
    return _read(data_dir() / "price_index.csv", own)


def _read(path: Path, part: pd.DataFrame) -> pd.Series:
    if not path.is_file():
        raise SourceError(
            "There is no price index {name}: give the path of a CSV with the columns year,index.", name=path.name
        )
    try:
        raw = path.read_bytes()
        table = part if len(part) else pd.read_csv(path)
        index = table.set_index(table["year"].astype(int))["index"].astype(float)
    except (OSError, KeyError, ValueError) as error:
        raise SourceError(
            "{name} is no price index: a CSV with the columns year,index ({reason}).",
            name=path.name,
            reason=type(error).__name__,
        ) from None
    if index.index.has_duplicates or index.isna().any() or (index <= 0).any():
        raise SourceError("{name}: each year once, each index above 0.", name=path.name)
    producer = str(part["source"].iloc[0]) if "source" in part else path.name
    label = str(part["name"].iloc[0]) if "name" in part else ""
    origin = Origin(
        producer=producer,
        address=path.name,
        sha256=hash_bytes(raw),
        licence=LICENCES[str(part["country"].iloc[0])] if len(part) else "",
        credit=producer,
        fetched=now(),
        note=label,
    )
    record(part, [origin])
    return index.sort_index().rename(label or path.stem)
