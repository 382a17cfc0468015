"""Coarse statistics: whoever knows every whole and every relation still has three numbers of persons to choose from."""

import itertools

import numpy as np
import pandas as pd
import pytest

from kommunanalys.secrecy.coarse import classes, interval, middle, own_class, step_for, tight

ROOM = 2


@pytest.mark.parametrize("of", range(20, 90))
def test_every_class_of_every_whole_holds_three_numbers_and_no_number_has_two(of):
    told = [own_class(count, of) for count in range(of + 1)]
    for count, (low, high) in enumerate(told):
        assert low <= count <= high <= of
        assert high - low >= ROOM
    assert all(told[int(low)] == told[int(high)] == (low, high) for low, high in told)


def test_a_count_is_told_as_in_a_rounded_release():
    assert [middle(*own_class(count)) for count in (0, 1, 6, 7, 12, 13)] == [3, 3, 3, 9, 9, 15]


@pytest.mark.parametrize("seed", range(4))
def test_nobody_can_work_out_the_persons_behind_shares_of_different_wholes(seed):
    """50 random sets: precision, recall, their rests, false alarms, counts; every candidate number is tried.

    The attacker knows every whole exactly and how the figures hang together, and sees which are hidden.
    """
    rng, left_open, hidden = np.random.default_rng(seed), [], 0
    for _ in range(50):
        listed, left = map(int, rng.integers(20, 120, 2))
        others = int(max(listed, 20) + rng.integers(0, 400))
        hit = int(rng.integers(0, min(listed, left) + 1))

        def counts(k, listed=listed, left=left):
            """Precision, recall, wrongly listed, missed, false alarms, hits."""
            return np.array([k, k, listed - k, left - k, listed - k, k], float)

        told = classes(counts(hit), np.array([listed, left, listed, left, others, np.inf], float))
        seen = ~np.isnan(told[:, 0])
        possible = [
            k
            for k in range(min(listed, left) + 1)
            if (told[seen, 0] <= counts(k)[seen]).all() and (counts(k)[seen] <= told[seen, 1]).all()
        ]
        assert hit in possible
        left_open.append(len(possible))
        hidden += int((~seen).sum())
    assert min(left_open) >= 3
    assert hidden <= 0.1 * 50 * 6, "protection must not cost the figures"


def test_a_figure_that_is_hidden_already_hides_no_other():
    alone = classes(np.array([130.0, 555.0]), np.array([400.0, np.inf]))
    beside = classes(np.array([130.0, 555.0, np.nan, np.nan]), np.array([400.0, np.inf, 0.0, 1.0]))
    assert beside[:2].tolist() == alone.tolist() == [[127.0, 132.0], [553.0, 558.0]]
    assert np.isnan(beside[2:]).all()


def test_parts_of_a_whole_keep_three_numbers_each():
    """50 random wholes in three to eight parts, with their total; all combinations are bounded by sums."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        parts = rng.integers(0, 15, rng.integers(3, 9)).astype(float)
        counts = np.append(parts, parts.sum())
        if counts[-1] < 20:
            continue
        of = np.full(len(counts), np.inf)
        frame = pd.DataFrame({"table": "t", "row": np.arange(len(counts)).astype(str), "column": "c", "of": of})
        told = classes(counts, of)
        gone = tight(frame, counts, told)
        told[sorted(gone)] = np.nan
        low, high = np.nan_to_num(told[:, 0], nan=0.0), np.nan_to_num(told[:, 1], nan=1e6)
        for place in range(len(parts)):
            others = [one for one in range(len(parts)) if one != place]
            least = max(low[place], low[-1] - high[others].sum())
            most = min(high[place], high[-1] - low[others].sum())
            assert most - least >= ROOM


def test_shares_that_make_up_a_known_whole_are_hidden_where_it_gives_them_away():
    frame = pd.DataFrame({"table": "t", "row": list("abcdef"), "column": "c", "of": 36.0})
    counts = np.full(6, 6.0)
    assert tight(frame, counts, classes(counts, np.full(6, 36.0))) == set(range(6))
    mixed = np.array([9.0, 4, 2, 8, 10, 3])
    assert tight(frame, mixed, classes(mixed, np.full(6, 36.0))) == set()


def test_an_interval_does_not_tell_the_number_and_holds_what_it_was_made_from():
    from kommunanalys.secrecy.coarse import _wilson

    for of in (40, 97, 400):
        for count in range(of + 1):
            low, high = own_class(count, of)
            given = _wilson(count / of, of)
            made = interval(count / of, (low, high), of, given)
            other = interval(low / of, (low, high), of, _wilson(low / of, of))
            assert made == other, "the same for all numbers of the class"
            assert made[0] <= max(given[0], 0)
            assert made[1] >= min(given[1], 1)


def test_steps_are_as_large_as_four_persons():
    assert step_for(19) != step_for(19), "too few for any"
    for persons, size in itertools.product((20, 33, 150, 4000), (0.3, 7.0, 120.0)):
        step = step_for(persons, size)
        assert 4 * size / persons <= step * (1 + 1e-9) <= 10 * size / persons * (1 + 1e-9)
