"""Schools by hand."""

import pandas as pd
import pytest

from kommunanalys.errors import TableError
from kommunanalys.indicators import certified_share, completion_rate, pupils_per_teacher, pupils_reaching


def test_by_hand():
    assert pupils_per_teacher(pd.Series([240.0]), pd.Series([20.0]))[0] == 12
    assert certified_share(pd.Series([15.0]), pd.Series([20.0]))[0] == 75
    assert completion_rate(pd.Series([36.0]), pd.Series([48.0]))[0] == 75
    assert pupils_reaching(pd.Series([80.0]), pd.Series([500.0]))[0] == 400


def test_nobody_is_no_rate():
    assert completion_rate(pd.Series([0.0]), pd.Series([0.0])).isna().all()
    assert completion_rate(pd.Series([0.0]), pd.Series([5.0]))[0] == 0


@pytest.mark.parametrize("share", [certified_share, completion_rate])
def test_a_part_is_never_larger_than_its_whole(share):
    with pytest.raises(TableError, match="larger than its whole"):
        share(pd.Series({"x": 5.0}), pd.Series({"x": 4.0}))
