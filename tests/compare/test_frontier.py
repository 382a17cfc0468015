"""One programme in fractions: by hand, closed forms that hold to the last bit, and what has no score."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommunanalys.compare.frontier import exactly, positive, spread

INPUT = np.array([True, False])
BY_HAND = np.array([[2.0, 1.0], [4.0, 3.0], [6.0, 4.0], [6.0, 2.0]])
"""A (2, 1), B (4, 3), C (6, 4) span the frontier under variable returns; D (6, 2) is inside."""


def score(data, unit, returns="vrs", orientation="input", without=-1):
    return exactly(data, unit, INPUT, INPUT if orientation == "input" else ~INPUT, returns, np.ones(2), without)


@pytest.mark.parametrize(
    ("returns", "orientation", "expected"),
    [
        # Output 2 lies half way from A to B, which takes 3 of 6; from 6 on nobody makes more than C, 4 of 2.
        ("vrs", "input", Fraction(1, 2)),
        ("vrs", "output", Fraction(2)),
        # B makes 3/4 of one, the most: 2 take 8/3 of 6, and 6 make 9/2 of 2.
        ("crs", "input", Fraction(4, 9)),
        ("crs", "output", Fraction(9, 4)),
        # A smaller B is allowed, a larger one is not.
        ("drs", "input", Fraction(4, 9)),
        ("drs", "output", Fraction(2)),
        # A larger B is allowed, a smaller one is not.
        ("irs", "input", Fraction(1, 2)),
        ("irs", "output", Fraction(9, 4)),
    ],
)
def test_by_hand(returns, orientation, expected):
    found = score(BY_HAND, BY_HAND[3], returns, orientation)
    assert found.score == float(expected)
    assert found.slacks.tolist() == [0.0, 0.0]


def test_peers_and_slack_by_hand():
    assert score(BY_HAND, BY_HAND[3]).weights == {0: 0.5, 1: 0.5}
    # (8, 1/2) is compared with A, a quarter of its input, and could make 1/2 more.
    found = score(BY_HAND, np.array([8.0, 0.5]))
    assert (found.score, found.weights, found.slacks.tolist()) == (0.25, {0: 1.0}, [0.0, 0.5])


def test_the_second_stage_weighs_slack_by_its_worth():
    # Either of the first two makes as much as the third with half of its input, and 2 more of one output.
    data, is_input = np.array([[1.0, 3.0, 1.0], [1.0, 1.0, 3.0], [2.0, 1.0, 1.0]]), np.array([True, False, False])
    for worth, peer, slack in (([1.0, 9.0, 1.0], 0, [0.0, 2.0, 0.0]), ([1.0, 1.0, 9.0], 1, [0.0, 0.0, 2.0])):
        found = exactly(data, data[2], is_input, is_input, "vrs", np.array(worth))
        assert (found.score, found.weights, found.slacks.tolist()) == (0.5, {peer: 1.0}, slack)


def test_a_column_that_does_not_move():
    # The area is given: with at most 4 of it only the second unit is a peer, and it uses 3 of 6.
    data = np.array([[1.0, 8.0, 1.0], [3.0, 4.0, 1.0], [6.0, 4.0, 1.0]])
    is_input, moving = np.array([True, True, False]), np.array([True, False, False])
    assert exactly(data, data[2], is_input, moving, "vrs", np.ones(3)).score == 0.5


def test_who_is_not_reached_is_infinite():
    without = score(BY_HAND, BY_HAND[2], without=2)
    assert without.score == np.inf
    assert without.weights == {}
    assert np.isnan(without.slacks).all()
    # Under constant returns a larger B makes 4 with 16/3 of 6: so C is no better than that.
    assert score(BY_HAND, BY_HAND[2], "crs", without=2).score == float(Fraction(8, 9))
    # B is better than the line from A to C at 3, which takes 14/3 of 4.
    assert score(BY_HAND, BY_HAND[1], without=1).score == float(Fraction(7, 6))


figures = st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)), min_size=1, max_size=6)


@given(figures)
@settings(max_examples=60, deadline=None)
def test_one_ratio_under_constant_returns_is_exact_over_a_billionfold(rows):
    data = np.array(rows, dtype=float)
    best = max(Fraction(made, used) for used, made in rows)
    for (used, made), unit in zip(rows, data, strict=True):
        assert score(data, unit, "crs").score == float(Fraction(made, used) / best)
        assert score(data, unit, "crs", "output").score == float(best / Fraction(made, used))


@given(figures, st.integers(-30, 30), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_units_order_and_copies_change_not_one_bit(rows, power, random):
    data = np.array(rows, dtype=float)
    larger, shuffled = data * [2.0**power, 1.0], data[random.sample(range(len(data)), len(data))]
    for orientation in ("input", "output"):
        for place, unit in enumerate(data):
            expected = score(data, unit, orientation=orientation).score
            assert score(larger, larger[place], orientation=orientation).score == expected
            assert score(shuffled, unit, orientation=orientation).score == expected
            assert score(np.vstack([data, data]), unit, orientation=orientation).score == expected


def test_positive_and_spread():
    assert positive(np.array([0.0, 0.5])).tolist() == [1.0, 0.5]
    # Without variation the mean stands in, also where rounding leaves a deviation; of nothing at all it is 1.
    same = np.array([[0.1 + 0.2, 0.0, 1.0], [0.3, 0.0, 3.0]])
    assert spread(same) == pytest.approx([0.3, 1.0, 1.0])
