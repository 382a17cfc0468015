"""Finances by hand."""

import pandas as pd

from kommunanalys.indicators import equity_ratio, per_inhabitant, result_share


def test_by_hand():
    assert per_inhabitant(pd.Series([3e6]), pd.Series([6000.0]))[0] == 500
    assert result_share(pd.Series([-2.0]), pd.Series([100.0]))[0] == -2
    assert equity_ratio(pd.Series([10.0]), pd.Series([30.0]), pd.Series([100.0]))[0] == -20


def test_nothing_divides_by_nothing():
    assert per_inhabitant(pd.Series([1.0]), pd.Series([0.0])).isna().all()
