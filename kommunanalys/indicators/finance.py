"""The municipality's finances: for each inhabitant, and as shares."""

from __future__ import annotations

import pandas as pd

from kommunanalys.indicators.ratio import ratio


def per_inhabitant(amount: pd.Series, population: pd.Series) -> pd.Series:
    """An amount for each inhabitant [currency/person].

    Parameters
    ----------
    amount
        [currency].
    population
        Inhabitants on 31 December of the same year [persons].

    Examples
    --------
    >>> per_inhabitant(pd.Series([3_000_000.0]), pd.Series([6000.0])).tolist()
    [500.0]
    """
    return ratio(amount, population)


def result_share(result: pd.Series, revenue: pd.Series) -> pd.Series:
    """Result of the year as a share of taxes and general state grants [%].

    Parameters
    ----------
    result
        Surplus (+) or deficit (−) of the year [currency, or currency/person].
    revenue
        Taxes and general state grants [same unit].

    Examples
    --------
    >>> result_share(pd.Series([2.0]), pd.Series([100.0])).tolist()
    [2.0]
    """
    return 100 * ratio(result, revenue)


def equity_ratio(equity: pd.Series, pension_obligations: pd.Series, assets: pd.Series) -> pd.Series:
    """Equity less pension obligations outside the balance sheet, as a share of assets [%].

    Parameters
    ----------
    equity
        Own capital [currency].
    pension_obligations
        Obligations carried outside the balance sheet, as a positive figure [currency].
    assets
        Total assets [currency].

    Returns
    -------
    pandas.Series
        At most 100; below 0 where the obligations exceed the equity.

    Notes
    -----
    The formula of Kolada N03002.

    Examples
    --------
    >>> equity_ratio(pd.Series([50.0]), pd.Series([20.0]), pd.Series([100.0])).tolist()
    [30.0]
    """
    return 100 * ratio(equity - pension_obligations, assets)
