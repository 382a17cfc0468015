"""What a frontier refuses, with the row or column named."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare.sfa_data import check_columns, checked
from kommunanalys.errors import MixedPopulations, TableError, UsageError


def make(n=12, seed=2):
    rng = np.random.default_rng(seed)
    index = pd.Index([f"m{number:02}" for number in range(n)])
    X = pd.DataFrame(rng.normal(size=(n, 2)), index, ["a", "b"])
    return X, pd.Series(rng.normal(size=n), index, name="cost")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_missing_or_infinite_value_is_named(value):
    X, y = make()
    wrong = X.copy()
    wrong.loc["m03", "b"] = value
    with pytest.raises(TableError, match="First: b of m03 is"):
        checked(wrong, y, None, None, None)
    with pytest.raises(TableError, match="First: b of m03 is"):
        checked(X[["a"]], y, wrong[["b"]], None, None)
    y["m05"] = value
    with pytest.raises(TableError, match=r"1 values .* First: cost of m05 is"):
        checked(X, y, None, None, None)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_column_that_the_others_determine_is_named(scale):
    X, y = make()
    with pytest.raises(TableError, match="c says nothing of its own"):
        check_columns(checked(X.assign(c=scale * (X["a"] - 2 * X["b"])), y, None, None, None))
    with pytest.raises(TableError, match="c says nothing of its own"):
        check_columns(checked(X.assign(c=scale * 0.1), y, None, None, None))
    with pytest.raises(TableError, match="c says nothing of its own"):
        check_columns(checked(X.assign(c=0.0), y, None, None, None))
    # In z a constant is an intercept, but two of them are one too many.
    z = pd.DataFrame({"ones": 1.0, "d": np.arange(12.0)}, X.index)
    check_columns(checked(X, y, z, None, None))
    with pytest.raises(TableError, match="twos says nothing of its own"):
        check_columns(checked(X, y, z.assign(twos=2 * scale), None, None))


def test_columns_that_nearly_agree_are_accepted():
    X, y = make()
    years = X.assign(year=2010.0 + np.arange(12), near=X["a"] + 1e-4 * X["b"])[["a", "year", "near"]]
    check_columns(checked(years, y, None, None, None))


def test_rows_that_do_not_belong_together():
    X, y = make()
    for wrong in (y[::-1], y[:-1], y.to_numpy()[:-1]):
        with pytest.raises(UsageError, match="different rows"):
            checked(X, wrong, None, None, None)
    with pytest.raises(UsageError, match="different rows"):
        checked(X, y, np.ones(11), None, None)
    with pytest.raises(UsageError, match="one column; got 2"):
        checked(X, X, None, None, None)


def test_names_of_their_own():
    X, y = make()
    for z in (X[["a"]], X[["a"]].rename(columns={"a": "gamma"})):
        with pytest.raises(UsageError, match="name of its own"):
            checked(X, y, z, None, None)


def test_populations_are_not_mixed():
    X, y = make()
    with pytest.raises(MixedPopulations):
        checked(
            X[["a"]].set_axis(["compulsory_pupils_home"], axis=1),
            y.rename("compulsory_cost_own"),
            None,
            None,
            None,
        )


def test_units_and_periods():
    X, y = make()
    unit, year = np.repeat(["b", "a", "c"], 4), np.tile(np.arange(4), 3)
    assert checked(X, y, None, unit, year).unit.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert checked(X, y, None, pd.Series(unit, X.index), None).unit.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert checked(X, y, None, None, None).unit is None
    with pytest.raises(UsageError, match="period without a unit"):
        checked(X, y, None, None, year)
    with pytest.raises(UsageError, match="unit is about other rows than X \\(11 and 12\\)"):
        checked(X, y, None, unit[:-1], None)
    with pytest.raises(UsageError, match="period is about other rows"):
        checked(X, y, None, unit, pd.Series(year))
    with pytest.raises(TableError, match="missing"):
        checked(X, y, None, [*unit[:-1], None], None)
    year[1] = 0
    with pytest.raises(TableError, match=r"1 rows occur twice. First: b in 0"):
        checked(X, y, None, unit, year)
