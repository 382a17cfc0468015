"""What an outsider works out: by hand on small tables, on releases together, on plain tables that contradict."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys import secrecy
from kommunanalys.errors import TableError
from kommunanalys.secrecy.audit import read

NAN = float("nan")


def table(rows: list[list[float]], index: list[str], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, pd.Index([*index, "Total"], name="school"), [*columns, "Total"])


def test_a_lonely_hidden_cell_is_known() -> None:
    report = secrecy.audit(table([[NAN, 7, 10], [4, 9, 13], [7, 16, 23]], ["A", "B"], ["no", "yes"]))
    (row,) = report.to_frame().to_dict("records")
    assert (row["low"], row["high"], row["finding"]) == (3.0, 3.0, "exact")
    assert (report.exact, report.narrow, report.well) == (1, 0, False)


def test_ranges_by_hand() -> None:
    # a + b = 10, c + d = 12, a + c = 9, b + d = 13: a from 0 to 9.
    report = secrecy.audit(table([[NAN, NAN, 10], [NAN, NAN, 12], [9, 13, 22]], ["A", "B"], ["no", "yes"]))
    ranges = {row.entry: (row.low, row.high) for row in report.ranges.itertuples()}
    a, b = (("columns", "no"), ("school", "A")), (("columns", "yes"), ("school", "A"))
    assert ranges[a] == (0.0, 9.0)
    assert ranges[b] == (1.0, 10.0)
    assert report.well


def test_a_narrow_range_is_told() -> None:
    report = secrecy.audit(table([[NAN, NAN, 2], [NAN, NAN, 100], [50, 52, 102]], ["A", "B"], ["no", "yes"]))
    assert (report.exact, report.narrow) == (0, 4)


def test_two_tables_together_give_back_what_each_hides() -> None:
    first = table([[NAN, NAN, 30], [NAN, NAN, 40], [40, 30, 70]], ["A", "B"], ["no", "yes"])
    second = pd.DataFrame(
        [[10.0, 17, 27], [NAN, NAN, 3], [10, 20, 30]],
        pd.MultiIndex.from_product([["A"], ["7", "8", "Total"]], names=["school", "grade"]),
        ["no", "yes", "Total"],
    )
    assert secrecy.audit(first).well
    with pytest.raises(TableError, match="one of"):
        secrecy.audit([first, second])


def test_tables_with_a_shared_margin() -> None:
    first = table([[NAN, NAN, NAN], [NAN, NAN, NAN], [40, 30, 70]], ["A", "B"], ["no", "yes"])
    second = pd.DataFrame([[30.0], [40.0], [70.0]], pd.Index(["A", "B", "Total"], name="school"), ["Total"])
    alone, together = secrecy.audit(first), secrecy.audit([first, second])
    assert together.exact == 0
    assert len(together.ranges) < len(alone.ranges)
    third = second.copy()
    third.columns = ["Total"]
    assert secrecy.audit([first, second, third]).ranges["tables"].iloc[0] == (0, 1, 2)


def test_small_changes_between_months() -> None:
    january = table([[20.0, 7, 27], [14, 9, 23], [34, 16, 50]], ["A", "B"], ["no", "yes"])
    february = january.copy()
    february.loc["A"] = [20.0, 9, 29]
    february.loc["Total"] = [34.0, 18, 52]
    report = secrecy.audit([january, february])
    assert report.changes["change"].tolist() == [2.0] * 4
    assert not report.well
    assert "4 small changes" in report.summary("en")


def test_figures_that_contradict_each_other() -> None:
    with pytest.raises(TableError, match="contradict"):
        secrecy.audit(table([[NAN, 7, 10], [4, 9, 13], [99, 16, 23]], ["A", "B"], ["no", "yes"]))
    with pytest.raises(TableError, match="contradict"):
        secrecy.audit(table([[3, 7, 11], [4, 9, 13], [7, 16, 23]], ["A", "B"], ["no", "yes"]))


def test_plain_tables_need_totals_and_all_combinations() -> None:
    with pytest.raises(TableError, match="Total"):
        read(pd.DataFrame({"no": [1.0], "yes": [2.0]}, index=pd.Index(["A"], name="school")))
    index = pd.MultiIndex.from_tuples([("A", "7"), ("Total", "Total")], names=["school", "grade"])
    with pytest.raises(TableError, match="every combination"):
        read(pd.DataFrame({"Total": [1.0, 1.0]}, index=index))


def test_a_plain_crosstab_reads_like_its_release() -> None:
    rng = np.random.default_rng(3)
    persons = pd.DataFrame({"school": rng.choice(list("ABC"), 300), "support": rng.choice(["no", "yes"], 300)})
    plain = pd.crosstab(persons["school"], persons["support"], margins=True)
    out = secrecy.release(persons, rows="school", columns="support")
    assert read(plain).shape.keys == out.told.shape.keys
    assert np.array_equal(read(plain).low, out.told.low)


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_summaries(language: str) -> None:
    report = secrecy.audit(table([[NAN, 7, 10], [4, 9, 13], [7, 16, 23]], ["A", "B"], ["no", "yes"]))
    assert "1" in report.summary(language)
