"""Costs of a service: for each pupil, in total, in real prices, against a reference."""

from __future__ import annotations

import pandas as pd

from kommunanalys.errors import NoData
from kommunanalys.indicators.ratio import ratio, same_population


def cost_per_pupil(cost: pd.Series, pupils: pd.Series) -> pd.Series:
    """Running cost for each pupil [currency/pupil/year].

    Parameters
    ----------
    cost
        Running cost of the year [currency].
    pupils
        Pupils of the same population (home municipality, located, or own schools) [persons].

    Returns
    -------
    pandas.Series
        At least 0 where costs are; missing where a municipality has no pupils.

    Notes
    -----
    Kolada N15027 divides the calendar year's cost by the mean of two counts of 15 October; give that mean
    as `pupils` to reproduce it.

    Examples
    --------
    >>> cost_per_pupil(pd.Series([4_500_000.0]), pd.Series([45.0])).tolist()
    [100000.0]
    """
    return ratio(cost, pupils)


def total_cost(cost_per_pupil: pd.Series, pupils: pd.Series) -> pd.Series:
    """Cost of all pupils [million currency/year] from the cost for each.

    Parameters
    ----------
    cost_per_pupil
        [currency/pupil/year].
    pupils
        Pupils of the same population [persons].

    Examples
    --------
    >>> total_cost(pd.Series([100_000.0]), pd.Series([45.0])).tolist()
    [4.5]
    """
    same_population(cost_per_pupil, pupils)
    return cost_per_pupil * pupils / 1e6


def deflate(cost: pd.Series, price_index: pd.Series, base_year: int) -> pd.Series:
    """Costs of several years in the prices of one.

    Parameters
    ----------
    cost
        Indexed by year, or by (municipality, year) [currency of each year].
    price_index
        Indexed by year; any base.
    base_year
        Year whose prices are used.

    Returns
    -------
    pandas.Series
        [currency of `base_year`]; missing for years that the index does not have.

    Raises
    ------
    NoData
        The index lacks the base year.

    Examples
    --------
    >>> index = pd.Series({2020: 100.0, 2021: 110.0})
    >>> deflate(pd.Series({2020: 50.0, 2021: 55.0}), index, 2021).round(6).tolist()
    [55.0, 55.0]
    """
    if base_year not in price_index.index:
        raise NoData(
            "The price index has no figure for {year}; it runs from {first} to {last}. Give one that does "
            "(price_index=FILE.csv).",
            year=base_year,
            first=price_index.index.min(),
            last=price_index.index.max(),
        )
    years = cost.index.get_level_values("year") if isinstance(cost.index, pd.MultiIndex) else cost.index
    factor = price_index.loc[base_year] / price_index.reindex(years).to_numpy()
    return cost * factor


def net_cost_deviation(net_cost: pd.Series, reference_cost: pd.Series) -> pd.Series:
    """Net cost against reference cost [%].

    Parameters
    ----------
    net_cost
        Gross cost less gross income [currency/inhabitant or currency/pupil].
    reference_cost
        What the cost equalisation expects of the municipality's structure [same unit].

    Returns
    -------
    pandas.Series
        0 where both agree; positive where the municipality costs more.

    Notes
    -----
    The formula of Kolada N15001 and N17001. From 2019 the reference follows a new cost equalisation: see
    the breaks in the glossary.

    Examples
    --------
    >>> net_cost_deviation(pd.Series([105.0]), pd.Series([100.0])).round(6).tolist()
    [5.0]
    """
    return 100 * (ratio(net_cost, reference_cost) - 1)
