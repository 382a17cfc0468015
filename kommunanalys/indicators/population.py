"""Population: how large, how dense, how it changes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kommunanalys.indicators.ratio import ratio


def density(population: pd.Series, land_area: pd.Series) -> pd.Series:
    """Inhabitants for each square kilometre of land [persons/km²].

    Parameters
    ----------
    population
        [persons].
    land_area
        [km²].

    Examples
    --------
    >>> density(pd.Series([6000.0]), pd.Series([300.0])).tolist()
    [20.0]
    """
    return ratio(population, land_area)


def log_size(persons: pd.Series) -> pd.Series:
    """Natural logarithm of a number of persons: twice as many counts the same for small and large.

    Parameters
    ----------
    persons
        [persons]; 0 gives a missing value, since nobody has no size.

    Examples
    --------
    >>> log_size(pd.Series([1.0, 0.0])).tolist()
    [0.0, nan]
    """
    return np.log(persons.where(persons > 0))


def annual_change(population: pd.Series) -> pd.Series:
    """Change since the year before [%], within each municipality.

    Parameters
    ----------
    population
        Indexed by (municipality, year) [persons].

    Returns
    -------
    pandas.Series
        Missing for the first year of a municipality and where the year before is absent.

    Examples
    --------
    >>> index = pd.MultiIndex.from_product([["0114"], [2020, 2021, 2023]], names=["municipality", "year"])
    >>> annual_change(pd.Series([100.0, 102.0, 110.0], index=index)).round(6).tolist()
    [nan, 2.0, nan]
    """
    before = population.copy()
    before.index = pd.MultiIndex.from_arrays(
        [population.index.get_level_values("municipality"), population.index.get_level_values("year") + 1],
        names=population.index.names,
    )
    return 100 * (ratio(population, before.reindex(population.index)) - 1)
