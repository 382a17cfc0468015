import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.signals import auc, coded, looks_like_identifier, place_in_order, signal, wilson_low

HALVES = np.repeat([0.0, 1.0], 100)


def test_auc_by_hand():
    assert auc(np.array([1.0, 2.0, 3.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0])) == pytest.approx(3.5 / 4)


def test_a_column_in_order_of_the_outcome_tells_all():
    found = signal(pd.Series(np.arange(200.0)), HALVES)
    assert found.auc == 1.0
    assert found.chance < 1e-9


def test_the_order_counts_whichever_way_it_runs():
    column = pd.Series(np.arange(200.0))
    assert signal(column, HALVES).auc == signal(-column, HALVES).auc


def test_a_middle_that_differs_is_found_though_the_order_tells_nothing():
    middle = np.abs(np.arange(200) - 99.5) < 50
    found = signal(pd.Series(np.arange(200.0)), middle.astype(float))
    assert found.auc > 0.9


def test_missing_values_can_be_the_telling_ones():
    column = pd.Series(np.where(HALVES == 1, np.nan, 5.0))
    found = signal(column, HALVES)
    assert found.missing
    assert (found.count, found.share) == (100, 1.0)


def test_many_rare_values_are_no_knowledge():
    rng = np.random.default_rng(0)
    names = pd.Series(rng.choice([f"street {one}" for one in range(100)], 200))
    assert signal(names, rng.permutation(HALVES)).auc < 0.65


def test_chance_is_what_it_says_with_few_units_and_many_values():
    rng = np.random.default_rng(0)
    y = np.repeat([0.0, 1.0], [45, 20])
    chances = np.array([signal(pd.Series(rng.normal(size=65)), y, tests=3).chance for _ in range(400)])
    # Two views at one in a hundred: 8 are expected, and 13 are seldom passed.
    assert (chances < 0.01).sum() <= 13


def test_three_leavers_of_65_are_enough_for_a_trace():
    y = np.repeat([0.0, 1.0], [62, 3])
    assert signal(pd.Series(np.where(y == 1, "gone", "stays")), y, tests=20).chance < 0.05 / 40


def test_a_value_of_fewer_than_five_is_never_named():
    column = pd.Series(["rare"] * 4 + ["common"] * 196)
    assert signal(column, HALVES[::-1].copy()).value == "common"


def test_days_are_numbers():
    days = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(200), unit="D"))
    assert signal(days, HALVES).auc == 1.0


def test_numbers_in_bins_keep_common_values_apart():
    column = pd.Series(np.r_[np.zeros(100), np.linspace(1, 20, 100)])
    codes, _ = coded(column)
    assert len(set(codes[:100])) == 1
    assert codes[0] not in codes[100:]


def test_wilson_low_falls_with_fewer_units():
    few, many = wilson_low(np.array([9.0, 90.0]), np.array([10.0, 100.0]), 0.025)
    assert few < many < 0.9


@pytest.mark.parametrize(
    ("column", "looks"),
    [
        (pd.Series([f"P{one:04}" for one in range(100)]), True),
        (pd.Series(np.arange(100) * 1.0), True),
        (pd.Series(np.arange(100) * 37, name="id_student"), True),
        (pd.Series(np.arange(100) * 37, name="income"), False),
        (pd.Series(np.linspace(1, 2, 100), name="mark"), False),
        (pd.Series(["a", "b"] * 50), False),
        (pd.Series(range(10)), False),
    ],
)
def test_what_looks_like_an_identifier(column, looks):
    assert looks_like_identifier(column) is looks


def test_texts_that_end_in_numbers_are_put_in_their_order():
    assert place_in_order(pd.Series(["a2", "a10", "a1"])).tolist() == [2.0, 3.0, 1.0]
    assert place_in_order(pd.Series(["b", "a"])).tolist() == [2.0, 1.0]
