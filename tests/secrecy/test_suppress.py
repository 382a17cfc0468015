"""Secondary suppression beside the smallest pattern of all, found by trying every one."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.sparse import csr_array

from kommunanalys.errors import AnalysisFailed, ReleaseRefused
from kommunanalys.secrecy.bounds import SLACK, Knowledge, Ranges
from kommunanalys.secrecy.cube import Shape
from kommunanalys.secrecy.suppress import Problem, secondary, width


def problem(cells: np.ndarray, threshold: int = 5) -> Problem:
    axes = tuple(tuple(str(item) for item in range(size)) for size in cells.shape)
    shape = Shape(tuple(f"axis{number}" for number in range(cells.ndim)), (), axes)
    values = np.asarray(shape.sums @ cells.ravel().astype(float))
    hidden = (values > 0) & (values < threshold)
    blank = Knowledge(shape.sums, np.zeros(len(values)), np.full(len(values), np.inf), csr_array((0, cells.size)))
    return Problem(blank, values, hidden, ~hidden & (values > 0), width(values), shape.lines())


def safe(given: Problem, pattern: np.ndarray) -> bool:
    shown = ~pattern
    low, high = np.where(shown, given.values, 0.0), np.where(shown, given.values, np.inf)
    ranges = Ranges(Knowledge(given.known.sums, low, high, given.known.links), 1e4)
    for entry in np.flatnonzero(pattern):
        low_end, high_end = ranges.whole(int(entry))
        if high_end - low_end < given.need[entry] - SLACK:
            return False
    return True


def smallest(given: Problem) -> int:
    free = np.flatnonzero(given.open)
    for more in range(len(free) + 1):
        for chosen in combinations(free, more):
            pattern = given.hidden.copy()
            pattern[list(chosen)] = True
            if safe(given, pattern):
                return int(pattern.sum())
    raise AssertionError("no pattern is safe")


@pytest.mark.parametrize("seed", range(6))
def test_no_more_than_a_fifth_above_the_smallest_pattern(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.integers(6, 30, (3, 3))
    cells[rng.integers(0, 3), rng.integers(0, 3)] = 3
    given = problem(cells)
    found = secondary(given)
    assert safe(given, found)
    assert (found | ~given.hidden).all()
    assert found.sum() <= 1.2 * smallest(given)


def test_the_four_corners_by_hand() -> None:
    # The 3 takes the smallest rectangle; the 10 at its corner has room for 4.
    found = secondary(problem(np.array([[3, 10, 50], [10, 10, 60], [70, 80, 90]]))).reshape(4, 4)
    assert found[:2, :2].all()
    assert found.sum() == 4


def test_nothing_to_hide() -> None:
    assert not secondary(problem(np.array([[5, 6], [7, 8]]))).any()


def test_no_way_out_is_refused() -> None:
    given = problem(np.array([[3, 30], [40, 50]]))
    low, high = np.where(given.hidden, 0.0, given.values), np.where(given.hidden, np.inf, given.values)
    told = replace(given.known, low=low, high=high)
    closed = replace(given, known=told, open=np.zeros_like(given.open))
    with pytest.raises(ReleaseRefused, match="No pattern"):
        secondary(closed)


def test_three_dimensions_are_safe_and_the_same_again() -> None:
    given = problem(np.random.default_rng(1).integers(0, 15, (4, 3, 2)))
    found = secondary(given)
    assert safe(given, found)
    assert np.array_equal(found, secondary(given))


def test_contradictions_are_found_also_where_nothing_is_hidden() -> None:
    sums = csr_array(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    for low, high in (([1, 2, 4], [1, 2, 4]), ([0, 2, 1], [9, 2, 1])):
        known = Knowledge(sums, np.array(low, float), np.array(high, float), csr_array((0, 2)))
        with pytest.raises(AnalysisFailed, match="contradict"):
            Ranges(known, 100.0).sweep()
