"""Tables become numbers: kinds of columns, codes however written, gaps, unknown values, columns that do not fit."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.encoding import fit_to, learn, plain, unseen
from kommunanalys.errors import TableError, UsageError


def test_every_way_to_write_numbers_is_the_same():
    values = [1, None, 3]
    ways = {
        "float": pd.array([1.0, np.nan, 3.0]),
        "Int64": pd.array(values, dtype="Int64"),
        "Float64": pd.array(values, dtype="Float64"),
        "object": np.array([1, None, 3.0], dtype=object),
    }
    table = plain(pd.DataFrame(ways))
    assert set(table.dtypes.map(str)) == {"float64"}
    assert table.loc[[0, 2]].to_numpy().tolist() == [[1.0] * 4, [3.0] * 4]
    assert table.loc[1].isna().all()


def test_truth_values_are_numbers_and_text_is_not():
    table = plain(
        pd.DataFrame(
            {
                "b": [True, False],
                "n": pd.array([True, None], dtype="boolean"),
                "t": ["1", None],
                "s": pd.array(["x", None], dtype="string"),
                "c": pd.Categorical([1.0, 2.0]),
            }
        )
    )
    assert table["b"].tolist() == [1.0, 0.0]
    assert table["n"].iloc[0] == 1.0
    assert np.isnan(table["n"].iloc[1])
    assert table["t"].tolist() == ["1", None]
    assert table["s"].tolist() == ["x", None]
    assert table["c"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pd.DataFrame({"a": pd.to_datetime(["2025-01-01"])}), "Column a holds dates"),
        (pd.DataFrame({"a": [np.inf]}), "Column a holds infinite"),
        (pd.DataFrame({"a": []}), "0 rows and 1 columns"),
        (pd.DataFrame({1: [2.0]}), "a name of its own, as text"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "a name of its own"),
        ([1.0, 2.0], "with 1 dimension"),
    ],
)
def test_what_cannot_be_used_is_refused(table, words):
    with pytest.raises((TableError, UsageError), match=words):
        plain(table)


def test_line_by_hand():
    column = learn(pd.DataFrame({"marks": [0.5, 1.5, 2.5, 3.5, np.nan]}))[0]
    # Mean 2, standard deviation √1.25; the quartiles that occur are 0.5 (the least), 1.5 and 2.5.
    assert column.knots == (1.5, 2.5)
    spread = np.sqrt(1.25)
    expected = [[1, 0, 0.5 / spread, 0], [0, 1.5 / spread, 2 / spread, 1 / spread], [0, -1.5 / spread, 0, 0]]
    assert column.line(np.array([np.nan, 9.0, 0.5])) == pytest.approx(np.array(expected))


def test_codes_are_read_as_quantity_and_levels():
    values = np.repeat([1.0, 2.0, 7.0], [30, 40, 5])
    column = learn(pd.DataFrame({"code": values}))[0]
    assert column.common == (2.0, 1.0, 7.0)
    assert column.levels == (2.0, 1.0)
    assert column.line(np.array([1.0, 7.0]))[:, 1:].tolist() == [[0.0, 1.0], [0.0, 0.0]]
    assert column.trees(np.array([7.0, 3.0])) == pytest.approx(np.array([[7.0, 2.0], [3.0, np.nan]]), nan_ok=True)


def test_codes_and_declared_codes_are_the_same_to_the_line():
    values = np.repeat([9, 10, 200], [30, 40, 50])
    code = learn(plain(pd.DataFrame({"a": values})))[0]
    category = learn(plain(pd.DataFrame({"a": pd.Categorical(values)})))[0]
    assert category.labels == ("9", "10", "200")
    texts = np.array(["9", "200", "10"], dtype=object)
    assert category.line(texts) == pytest.approx(code.line(np.array([9.0, 200.0, 10.0])))


def test_text_has_levels_only_and_the_unknown_is_none_of_them():
    column = learn(plain(pd.DataFrame({"a": ["x"] * 30 + ["y"] * 25 + ["rare"]})))[0]
    assert column.levels == ("x", "y")
    assert column.line(np.array(["y", "rare", "new", None], dtype=object)).tolist() == [[0, 1], [0, 0], [0, 0], [0, 0]]
    trees = column.trees(np.array(["y", "rare", "new", None], dtype=object))
    assert trees == pytest.approx(np.array([[2, 1], [0, 2], [np.nan] * 2, [np.nan] * 2]), nan_ok=True)


def test_columns_of_training():
    columns = learn(plain(pd.DataFrame({"a": [1.0, 2.0], "b": ["1", "x"]})))
    table = fit_to(plain(pd.DataFrame({"b": [1.0, np.nan], "a": pd.Categorical(["1", "2"])})), columns)
    assert table["a"].tolist() == [1.0, 2.0]
    assert table["b"].tolist() == ["1", None]
    with pytest.raises(UsageError, match=r"Missing: b\. Not known to it: c\."):
        fit_to(plain(pd.DataFrame({"a": [1.0], "c": [1.0]})), columns)
    with pytest.raises(TableError, match="Column a held numbers"):
        fit_to(plain(pd.DataFrame({"a": ["x"], "b": ["x"]})), columns)


def test_unseen_counts_new_categories_and_no_gaps():
    columns = learn(plain(pd.DataFrame({"a": [1.0, 2.0], "b": ["1", "x"]})))
    table = plain(pd.DataFrame({"a": [7.0] * 3, "b": ["new", None, "x"]}))
    assert unseen(table, columns).to_dict() == {"b": 1}


def test_cells_that_are_lists_are_refused():
    with pytest.raises(TableError, match="track holds lists"):
        plain(pd.DataFrame({"track": [[1], [2]]}))
