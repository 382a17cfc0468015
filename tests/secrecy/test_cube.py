"""Tables with margins: against pandas' own cross-tabulation, in any number of dimensions."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.secrecy.cube import UNKNOWN, Shape, tabulate


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = 200
    return pd.DataFrame(
        {
            "a": rng.choice(["x", "y", "z"], size),
            "b": rng.choice([10, 9], size),
            "c": rng.random(size) < 0.3,
            "owner": rng.integers(0, 40, size),
            "kr": rng.integers(1, 100, size) / 4,
        }
    )


def test_counts_and_margins_are_those_of_pandas() -> None:
    table = frame()
    cube = tabulate(table, ("a",), ("b",), "count", None)
    truth = pd.crosstab(table["a"], table["b"], margins=True).to_numpy(float)
    assert cube.shape.categories == (("x", "y", "z"), ("9", "10"))
    assert np.array_equal(cube.values.reshape(4, 3), truth)


def test_every_entry_is_the_sum_that_its_key_names() -> None:
    table = frame()
    cube = tabulate(table, ("a", "b"), ("c",), "kr", "owner")
    text = table.assign(b=table["b"].astype(str), c=table["c"].astype(str))
    for key, value, people, rest in zip(cube.shape.keys, cube.values, cube.people, cube.rest, strict=True):
        mine = text
        for name, item in key:
            mine = mine[mine[name] == item]
        shares = mine.groupby("owner")["kr"].sum().sort_values(ascending=False)
        assert value == pytest.approx(shares.sum())
        assert people == len(shares)
        assert rest == pytest.approx(shares.iloc[2:].sum() / shares.iloc[0])


def test_lines_end_with_their_total() -> None:
    shape = Shape(("a",), ("b",), (("x", "y"), ("1", "2", "3")))
    values = shape.sums @ np.arange(1.0, 7.0)
    lines = shape.lines()
    assert len(lines) == 4 + 3
    assert all(values[line[:-1]].sum() == values[line[-1]] for line in lines)
    assert [len(line) for line in shape.lines(("a",))] == [3, 3, 3, 3]
    assert shape.depth.tolist() == [0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 2]


def test_declared_and_missing_categories_are_kept() -> None:
    table = frame()
    table["a"] = pd.Categorical(table["a"].where(table["a"] != "z"), categories=["y", "x", "w"])
    cube = tabulate(table, ("a",), (), "count", None)
    assert cube.shape.categories == (("y", "x", "w", UNKNOWN),)
    assert cube.values[2] == 0
    assert cube.values[4] == 200


def test_a_person_with_two_rows_in_a_cell_counts_once() -> None:
    table = pd.DataFrame({"a": ["x", "x", "y"], "owner": [1, 1, 2]})
    assert tabulate(table, ("a",), (), "count", "owner").values.tolist() == [1.0, 1.0, 2.0]
    assert tabulate(table, ("a",), (), "count", None).values.tolist() == [2.0, 1.0, 3.0]


def test_the_truth_has_no_text() -> None:
    assert "200" not in repr(tabulate(frame(), ("a",), (), "count", None))
