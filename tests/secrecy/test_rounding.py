"""Rounded tables: the classes, sparse tables whose totals would give the cells away, groups, series."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommunanalys import paths, secrecy
from kommunanalys.errors import ReleaseRefused
from kommunanalys.secrecy.cube import tabulate
from kommunanalys.secrecy.rounding import classes, figure, withheld


def persons(counts: np.ndarray, names: tuple[str, str] = ("school", "grade")) -> pd.DataFrame:
    places = np.argwhere(counts >= 0).repeat(counts.ravel(), axis=0)
    frame = pd.DataFrame(places, columns=list(names))
    return frame.astype(
        {name: pd.CategoricalDtype(range(size)) for name, size in zip(names, counts.shape, strict=True)}
    )


def forget() -> None:
    for path in (paths.state_dir() / "releases").glob("*.json"):
        path.unlink()


def test_figures_and_classes() -> None:
    numbers = np.arange(25.0)
    low, high = classes(numbers)
    assert (figure(numbers[1:]) == 6 * np.ceil(numbers[1:] / 6) - 3).all()
    assert figure(numbers[:1]).tolist() == [0.0]
    assert ((low <= numbers) & (numbers <= high)).all()
    assert (low[1:] == figure(numbers[1:]) - 2).all()
    assert (high[1:] == figure(numbers[1:]) + 3).all()


def test_a_series_is_rounded_and_marked() -> None:
    table = persons(np.array([[20, 13, 8], [0, 19, 31]]))
    out = secrecy.release(table, rows="school", columns="grade", series="monthly")
    assert out.method == "round"
    assert out.table.loc["1"].tolist() == [0.0, 21.0, 33.0, 51.0]
    assert out.printed().loc["1"].tolist() == ["0", "≈ 21", "≈ 33", "≈ 51"]
    assert "rounded" in out.paragraph("en")
    assert set(out.to_frame().loc[out.to_frame()["value"] > 0, "flag"]) == {"rounded"}
    single = secrecy.release(table, rows="school", columns="grade", series="monthly", method="suppress")
    assert single.table.loc["1"].tolist() == [0.0, 19.0, 31.0, 50.0]


def test_six_ones_and_their_total_are_not_printed_together() -> None:
    # 3 3 3 3 3 3 | 3 can only be six times one; 1 1 1 1 1 2 | 9 is left out too, so that the gap does not tell which.
    for last in (1, 2):
        table = persons(np.array([[1, 1, 1, 1, 1, last], [30, 31, 32, 33, 34, 35]]).T, ("grade", "school"))
        out = secrecy.release(table, rows="grade", columns=(), series="a")
        assert np.isnan(out.table.iloc[-1, 0]) or secrecy.audit(out).exact == 0
        cube = tabulate(table[table["school"] == 0], ("grade",), (), "count", None)
        reasons, low, high = withheld(cube)
        assert reasons == {6: "secondary"}
        assert (low[6], high[6]) == (6.0, 12.0)


def test_groups_of_one_to_six_show_their_largest_cell_and_total_only() -> None:
    table = persons(np.array([[4, 0], [2, 3], [20, 15]]))
    out = secrecy.release(table, rows="school", columns="grade", series="a")
    # All of "0" are in one column and those of "1" are not: the table does not tell which.
    assert out.printed().loc["0"].tolist() == ["≈ 3", "..", "≈ 3"]
    assert out.printed().loc["1"].tolist() == ["..", "≈ 3", "≈ 3"]
    assert out.table.loc["2"].tolist() == [21.0, 15.0, 33.0]


def test_zeros_below_a_printed_zero_are_not_hidden() -> None:
    # Nobody of the school is in grade "1": its groups of four cannot hide that, and what is left is the total.
    table = persons(np.array([[4, 0], [5, 0], [30, 0], [20, 25]]), ("group", "grade"))
    table["school"] = np.where(table["group"].astype(int) < 3, "A", "B")
    out = secrecy.release(table, rows=["school", "group"], columns="grade", series="a")
    assert out.table.loc[("A", "0")].tolist() == [3.0, 0.0, 3.0]
    assert out.table.loc[("A", "Total")].tolist() == [39.0, 0.0, 39.0]


@settings(max_examples=25)
@given(st.data())
def test_no_rounded_figure_is_known_exactly(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 7))
    counts = data.draw(st.lists(st.integers(0, 14), min_size=rows * columns, max_size=rows * columns))
    table = persons(np.array(counts).reshape(rows, columns))
    if table.empty:
        return
    forget()
    try:
        out = secrecy.release(table, rows="school", columns="grade", series="a")
    except ReleaseRefused:
        return
    report = secrecy.audit(out)
    assert (report.exact, report.narrow) == (0, 0)
    shown, truth = out.table.to_numpy(float).ravel(), tabulate(table, ("school",), ("grade",), "count", None).values
    printed = ~np.isnan(shown)
    assert (shown[printed] == figure(truth[printed])).all()


def test_a_second_table_of_the_same_persons() -> None:
    rng = np.random.default_rng(4)
    table = persons(rng.integers(0, 9, (6, 5)))
    table["support"] = rng.random(len(table)) < 0.3
    outs = [
        secrecy.release(table, rows="school", columns=column, series="monthly", method="round")
        for column in ("grade", "support")
    ]
    report = secrecy.audit(outs)
    assert report.ranges["tables"].iloc[0] == (0, 1)
    assert report.exact == 0


def test_a_rounded_table_after_an_exact_one() -> None:
    table = persons(np.array([[30, 31, 32, 7], [12, 19, 14, 22], [16, 11, 15, 9]]))
    table["support"] = [bool(number % 2) for number in range(len(table))]
    first = secrecy.release(table, rows="school")
    assert not first.table.isna().to_numpy().any()
    second = secrecy.release(table, rows="school", columns="grade", method="round")
    report = secrecy.audit([first, second])
    assert report.exact == 0
    assert report.narrow == 0


def test_money_is_not_rounded() -> None:
    table = persons(np.array([[20, 13], [9, 19]])).assign(kronor=5.0)
    with pytest.raises(ValueError, match="not rounded"):
        secrecy.release(table, rows="school", value="kronor", method="round")
