"""Costs by hand, and against figures that Kolada publishes."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.errors import NoData
from kommunanalys.indicators import cost_per_pupil, deflate, net_cost_deviation, total_cost
from kommunanalys.sources import read_kolada
from kommunanalys.tables import panel


def test_cost_for_each_and_for_all_are_inverse():
    pupils = pd.Series([45.0, 0.0, np.nan])
    cost = pd.Series([4.5e6, 1.0, 2.0])
    each = cost_per_pupil(cost, pupils)
    assert each[0] == 100_000
    assert each[1:].isna().all()
    assert total_cost(each, pupils)[0] == 4.5


def test_real_prices_by_hand():
    # 100 of 2010 is worth 100 * 343.19 / 303.46 = 113.09 of 2021 (Swedish consumer prices).
    real = deflate(pd.Series({2010: 100.0, 2021: 120.0}), pd.Series({2010: 303.46, 2021: 343.19}), 2021)
    assert real.round(2).tolist() == [113.09, 120.0]


def test_years_without_index_are_missing_not_nominal():
    real = deflate(pd.Series({2021: 1.0, 2030: 1.0}), pd.Series({2021: 100.0}), 2021)
    assert np.isnan(real[2030])


def test_base_year_must_be_there():
    with pytest.raises(NoData, match="2021 to 2021"):
        deflate(pd.Series({2021: 1.0}), pd.Series({2021: 100.0}), 2022)


def test_a_panel_is_deflated_by_its_years():
    index = pd.MultiIndex.from_product([["a", "b"], [2020, 2021]], names=["municipality", "year"])
    real = deflate(pd.Series([50.0, 55.0, 100.0, 110.0], index=index), pd.Series({2020: 100.0, 2021: 110.0}), 2021)
    assert real.round(9).tolist() == [55.0, 55.0, 110.0, 110.0]


@pytest.mark.shared
def test_net_cost_deviation_follows_the_published_one(shared):
    # Net cost per pupil (U15011) against reference cost (N15058) must move with N15001; they are not equal to
    # the digit, since N15001 is formed per inhabitant and before rounding.
    wide = panel(read_kolada(shared / "data" / "kolada")).xs(2021, level="year")
    own = net_cost_deviation(wide["U15011"], wide["compulsory_reference_cost_home"])
    both = pd.concat([own, wide["compulsory_cost_deviation"]], axis=1).dropna()
    assert len(both) > 250
    assert (both.iloc[:, 0] - both.iloc[:, 1]).abs().median() < 0.5
