"""The one division that all ratios share: nothing is divided by nothing."""

from __future__ import annotations

import pandas as pd


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

    Examples
    --------
    >>> ratio(pd.Series([6.0, 1.0]), pd.Series([3.0, 0.0])).tolist()
    [2.0, nan]
    """
    return numerator / denominator.where(denominator != 0)
