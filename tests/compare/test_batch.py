"""The simplex method on many programmes: by hand, against fractions, and what may change no score."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommunanalys.compare.batch import ARTIFICIAL, OPTIMAL, SCORE, SLACK, UNREACHABLE, Pool, Programmes, eases, solve
from kommunanalys.compare.frontier import exactly
from kommunanalys.compare.kernel import Reference

SAME = 1e-8
"""What a change of units, order or copies, or another way of computing, may do to a score."""
REFERENCE = np.array([[2.0, 1.0], [4.0, 3.0], [6.0, 4.0], [6.0, 2.0]])
"""A (2, 1), B (4, 3), C (6, 4) span the frontier under variable returns; D (6, 2) is inside."""


def pool(members=(0, 1, 2, 3)):
    return Pool(np.c_[REFERENCE * [1.0, -1.0], np.ones(4)], np.array(members))


def programmes(units, banned=-1):
    """Input-oriented programmes of one input and one output, each in its own scale."""
    units = np.asarray(units, dtype=float)
    k = len(units)
    return Programmes(
        scale=np.c_[units, np.ones(k)],
        rhs=np.tile([0.0, -1.0, 1.0], (k, 1)),
        ray=np.tile([-1.0, 0.0, 0.0], (k, 1)),
        artificial=np.tile([1.0, -2.0, 1.0], (k, 1)),
        first=np.zeros(k, dtype=np.int64),
        banned=np.full(k, banned),
        worth=units,
        sign=1.0,
    )


def test_by_hand():
    # D needs 3 of 6. (3, 3) is better than B, which makes as much with 4. Nobody makes 5.
    ends = solve(pool(), programmes([[6.0, 2.0], [3.0, 3.0], [9.0, 5.0]]), slacks=False)
    assert ends.status.tolist() == [OPTIMAL, OPTIMAL, UNREACHABLE]
    assert ends.scores[:2] == pytest.approx([1 / 2, 4 / 3], rel=1e-14)
    weights = dict(zip(ends.basis[0].tolist(), ends.values[0].tolist(), strict=True))
    assert weights == pytest.approx({SCORE: 0.5, 0: 0.5, 1: 0.5})


def test_slack_by_hand():
    # (8, 1/2) is compared with A, which makes twice its output: slack 1, in the unit's own scale.
    ends = solve(pool(), programmes([[8.0, 0.5]]), slacks=True)
    found = dict(zip(ends.basis[0].tolist(), ends.values[0].tolist(), strict=True))
    assert found == pytest.approx({SCORE: 0.25, 0: 1.0, SLACK - 1: 1.0})


def test_a_banned_column_is_no_peer():
    ends = solve(pool(), programmes([[4.0, 3.0], [6.0, 4.0]], banned=1), slacks=False)
    # Without B the line from A to C takes 14/3 for 3.
    assert ends.scores == pytest.approx([7 / 6, 1.0], rel=1e-14)
    assert not (ends.basis == 1).any()
    assert solve(pool(), programmes([[6.0, 4.0]], banned=2), slacks=False).status.tolist() == [UNREACHABLE]


def test_what_improves_a_score_joins_the_candidates():
    small = pool(members=[3])
    ends = solve(small, programmes([[6.0, 2.0], [6.0, 4.0]]), slacks=False)
    assert ends.scores == pytest.approx([0.5, 1.0], rel=1e-14)
    assert small.members.tolist() == [0, 1, 2, 3]
    enough = pool(members=[0, 1])
    assert solve(enough, programmes([[6.0, 2.0]]), slacks=False).scores == pytest.approx([0.5])
    assert enough.members.tolist() == [0, 1]


def test_the_first_basis_is_feasible_and_its_inverse_is_one():
    task = programmes([[6.0, 2.0], [0.5, 7.0]])
    basis, inverse, values = task.start()
    assert basis.tolist() == [[SCORE, SLACK - 1, ARTIFICIAL]] * 2
    assert (values > 0).all()
    for unit in range(2):
        columns = np.c_[task.ray[unit], [0.0, 1.0, 0.0], task.artificial[unit]]
        assert inverse[unit] @ columns == pytest.approx(np.eye(3))
        assert columns @ values[unit] == pytest.approx(task.rhs[unit] + np.append(eases(2), 0.0), abs=1e-15)


def test_limits_are_moved_each_by_an_amount_of_its_own():
    moved = eases(8)
    assert len(set(moved)) == 8
    assert ((moved > 0) & (moved < 1e-9)).all()


@pytest.mark.parametrize("orientation", ["input", "output"])
@pytest.mark.parametrize("returns", ["crs", "vrs", "drs", "irs"])
def test_figures_that_differ_a_billionfold(returns, orientation):
    rng = np.random.default_rng(4)
    inputs, outputs = 10.0 ** rng.uniform(-4.5, 4.5, (25, 2)), 10.0 ** rng.uniform(-4.5, 4.5, (25, 2))
    best = Reference(inputs, outputs, returns, orientation, compiled=False)
    mixes = best.composites(inputs, outputs)
    for unit in range(25):
        exact = exactly(best.data, best.data[unit], best.is_input, best.moving, returns, best.worth)
        assert mixes.scores[unit] == pytest.approx(exact.score, rel=SAME)
        assert (mixes.slacks[unit] * best.worth).sum() == pytest.approx((exact.slacks * best.worth).sum(), abs=1e-7)


figures = st.lists(
    st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(0, 20), st.integers(1, 20)), min_size=2, max_size=10
)
"""Small whole numbers: full of ties, copies and units that lie on a line, where the method could circle."""


@given(figures, st.sampled_from(["crs", "vrs", "drs", "irs"]), st.sampled_from(["input", "output"]), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_units_order_and_copies_change_nothing(rows, returns, orientation, column):
    data = np.array(rows, dtype=float)

    def scores(data, units):
        best = Reference(data[:, :2], data[:, 2:], returns, orientation, compiled=False)
        return best.scores(units[:, :2], units[:, 2:])

    plain = scores(data, data)
    million = np.where(np.arange(4) == column, 1e6, 1.0)
    np.testing.assert_allclose(scores(data * million, data * million), plain, rtol=SAME)
    np.testing.assert_allclose(scores(data[::-1], data), plain, rtol=SAME)
    np.testing.assert_allclose(scores(np.vstack([data, data]), data), plain, rtol=SAME)
    assert (plain <= 1 + SAME).all() if orientation == "input" else (plain >= 1 - SAME).all()


@given(figures, st.sampled_from(["crs", "vrs"]))
@settings(max_examples=30, deadline=None)
def test_super_efficiency_is_exact_and_infinite_where_nobody_reaches(rows, returns):
    data = np.array(rows, dtype=float)
    best = Reference(data[:, :2], data[:, 2:], returns, "input", compiled=False)
    found = best.scores(data[:, :2], data[:, 2:], np.arange(len(data)))
    exact = [
        exactly(best.data, unit, best.is_input, best.moving, returns, best.worth, place).score
        for place, unit in enumerate(data)
    ]
    np.testing.assert_allclose(found, exact, rtol=SAME)


def test_the_only_one_of_its_size_is_infinite():
    inputs, outputs = REFERENCE[:, :1], REFERENCE[:, 1:]
    found = Reference(inputs, outputs, "vrs", "input", compiled=False).scores(inputs, outputs, np.arange(4))
    # What A makes takes B twice as much; the line from A to C takes 14/3 for what B makes; nobody makes as much as C.
    assert found == pytest.approx([2.0, 7 / 6, np.inf, 1 / 2])
