"""No value that fewer than five persons hold has a name."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.values import in_language, named
from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker


def count(values, persons=None):
    column = pd.Series(values, dtype=object, name="language")
    return (
        pd.Series(named(column, pd.Series(range(len(column)) if persons is None else persons))).value_counts().to_dict()
    )


def test_rare_and_missing_values_stand_together():
    assert count(["fi"] * 9 + ["yi"] * 4 + ["et"] + [None]) == {"fi": 9, "other or not stated": 6}


def test_too_few_even_together_stand_with_the_smallest_other():
    assert count(["fi"] * 9 + ["sv"] * 8 + ["yi"] * 3 + ["et"]) == {"sv or other": 12, "fi": 9}
    assert count(["fi"] * 9 + [np.nan]) == {"fi or other": 10}


def test_several_rows_of_a_person_are_one_person():
    assert count(["yi"] * 10 + ["fi"] * 9, [0] * 10 + list(range(1, 10))) == {"fi or other": 19}


def test_fewer_than_five_persons_in_all_are_not_named():
    assert count(["f", "f", "m", "m"]) == {"other or not stated": 4}


def test_a_column_with_many_values_is_no_group():
    with pytest.raises(UsageError, match="language has 21 values"):
        count([n % 21 for n in range(21 * 5)])
    assert count([*range(100), *["fi"] * 9]) == {"other or not stated": 100, "fi": 9}


@pytest.mark.parametrize("value", ["other or not stated", "fi or other"])
def test_words(value):
    assert in_language(value, Speaker("en")) == value
    assert in_language("fi", Speaker("sv")) == "fi"
