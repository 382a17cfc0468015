"""Population by hand, and against Kolada's own change."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.indicators import annual_change, density, log_size
from kommunanalys.sources import read_kolada
from kommunanalys.tables import panel


def test_by_hand():
    assert density(pd.Series([6000.0]), pd.Series([300.0]))[0] == 20
    assert log_size(pd.Series([np.e]))[0] == 1
    assert log_size(pd.Series([0.0])).isna().all()


@pytest.mark.shared
def test_change_equals_the_published_one(shared):
    wide = panel(read_kolada(shared / "data" / "kolada"))
    both = pd.concat([annual_change(wide["population"]), wide["population_change"]], axis=1).dropna()
    assert len(both) > 7000
    # Published with one decimal or more; a handful of municipalities were divided or corrected.
    assert ((both.iloc[:, 0] - both.iloc[:, 1]).abs() < 0.06).mean() > 0.99
