"""The one division that all ratios share: nothing is divided by nothing."""

from __future__ import annotations

import pandas as pd

from kommunanalys.names import check_population


def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Numerator over denominator, row by row; missing where either is missing or the denominator is 0.

    Parameters
    ----------
    numerator, denominator
        On the same index.

    Returns
    -------
    pandas.Series
        float64; never infinite.

    Raises
    ------
    MixedPopulations
        The names of the series are indicators about different populations.

    Examples
    --------
    >>> ratio(pd.Series([6.0, 1.0]), pd.Series([3.0, 0.0])).tolist()
    [2.0, nan]
    """
    same_population(numerator, denominator)
    return numerator / denominator.where(denominator != 0)


def same_population(*figures: pd.Series) -> None:
    """Refuse figures that are named after indicators about different populations of pupils.

    Raises
    ------
    MixedPopulations
        Names the columns of each population and the way out.

    Examples
    --------
    >>> same_population(pd.Series([1.0], name="compulsory_cost_own"), pd.Series([2.0], name="compulsory_pupils_own"))
    """
    check_population([str(item.name) for item in figures if item.name is not None])
