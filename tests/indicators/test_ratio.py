"""One division for all ratios."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from kommunanalys.indicators.ratio import ratio

numbers = st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(np.nan)), min_size=3, max_size=3)


@given(numbers, numbers)
def test_never_infinite_and_missing_where_either_is(numerator, denominator):
    result = ratio(
        pd.Series(numerator, dtype=float),
        pd.Series(denominator, dtype=float).where(lambda x: (x == 0) | (x.abs() > 1e-200)),
    )
    assert not np.isinf(result).any()
    expected = np.isnan(numerator) | np.isnan(denominator) | (np.array(denominator) == 0)
    assert (result.isna().to_numpy() >= expected).all()
