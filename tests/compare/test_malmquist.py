"""The Malmquist index: the published case, gaps in the panel, breaks in a series, scores without a value."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare.malmquist import malmquist
from kommunanalys.errors import NoData, TableError, UsageError
from kommunanalys.figures import description

EXACT = 1e-6
"""The tolerance of the collected cases."""


def panel(x, y, periods=(2020, 2021), units=("a", "b")):
    index = pd.MultiIndex.from_product([periods, units], names=["year", "municipality"])
    return pd.DataFrame({"x": x}, index), pd.DataFrame({"y": y}, index)


@pytest.mark.shared
def test_the_published_case(shared):
    folder = shared / "data" / "efficiency-cases"
    data = pd.read_csv(folder / "malmquist_two_periods.csv")
    expected = pd.read_csv(folder / "malmquist_two_periods.expected.csv").set_index("dmu")
    result = malmquist(data[["X"]], data[["Y"]], period=data["Year"], unit=data["DMU"])
    found = result.to_frame().droplevel(["start", "end"])
    for ours, theirs in (("index", "mi"), ("efficiency_change", "ec"), ("technical_change", "tc")):
        assert found[ours].to_numpy() == pytest.approx(expected.loc[found.index, theirs].to_numpy(), abs=EXACT)
    shuffled = data.sample(frac=1, random_state=1)
    again = malmquist(shuffled[["X"]], shuffled[["Y"]], period=shuffled["Year"], unit=shuffled["DMU"]).to_frame()
    pd.testing.assert_frame_equal(again.sort_index(), result.to_frame().sort_index())


def test_by_hand():
    # Output per input: a 1 → 2, b .5 → .5. Frontier 1 → 2. a keeps up (1 × 2), b falls behind (.5 × 2).
    result = malmquist(*panel([2.0, 2.0, 1.0, 2.0], [2.0, 1.0, 2.0, 1.0]), period="year", unit="municipality")
    frame = result.to_frame()
    assert frame.loc[("a", 2020, 2021)].tolist() == pytest.approx([2.0, 1.0, 2.0])
    assert frame.loc[("b", 2020, 2021)].tolist() == pytest.approx([1.0, 0.5, 2.0])
    assert (frame["index"] - frame["efficiency_change"] * frame["technical_change"]).abs().max() < 1e-12
    assert result.cautions == ()
    assert "1 of 2 improved" in result.summary("en")
    assert "b, 2020–2021: 1.00 = 0.50 (catching up) × 2.00" in result.summary("en", "b")
    assert list(description(result.plot("a", language="sv")).data.index) == ["a", "b"]


def test_an_unbalanced_panel_keeps_the_pairs_and_lists_the_others():
    inputs, outputs = panel(np.arange(1.0, 10), np.ones(9), (2019, 2020, 2021), ("a", "b", "c"))
    gone = [(2020, "c")]
    result = malmquist(inputs.drop(gone), outputs.drop(gone), period="year", unit="municipality")
    assert set(result.to_frame().index) == {(u, s, s + 1) for u in "ab" for s in (2019, 2020)}
    assert set(result.left_out) == {("c", 2019, 2020), ("c", 2020, 2021)}
    assert result.cautions[0].values == {"count": 2, "units": ("c",)}


def test_a_unit_in_one_period_still_belongs_to_its_frontier():
    inputs, outputs = panel([2.0, 1.0, 2.0, 1.0], np.ones(4))
    alone = malmquist(inputs.drop((2021, "b")), outputs.drop((2021, "b")), period="year", unit="municipality")
    # b is the frontier of 2020 only: a catches up from .5 to 1 while the frontier falls back to a.
    assert alone.to_frame().loc[("a", 2020, 2021)].tolist() == pytest.approx([1.0, 2.0, 0.5])


def test_a_score_without_value_is_missing_and_listed():
    index = pd.MultiIndex.from_product([[2020, 2021], ["a", "b"]], names=["year", "municipality"])
    outputs = pd.DataFrame({"new": [0.0, 0.0, 1.0, 0.0], "old": [1.0, 1.0, 1.0, 1.0]}, index)
    inputs = pd.DataFrame({"x": [1.0, 2.0, 1.0, 2.0]}, index)
    result = malmquist(inputs, outputs, period="year", unit="municipality")
    # Nobody made the new output in 2020: a in 2021 cannot be reached from that frontier.
    assert result.to_frame().loc[("a", 2020, 2021)].isna().all()
    assert result.infeasible == (("a", 2020, 2021),)
    assert np.isfinite(result.to_frame().loc[("b", 2020, 2021)]).all()
    assert "unknown" in result.cautions[0].text


def test_a_break_in_a_series_is_never_crossed():
    index = pd.MultiIndex.from_product([[2018, 2019], ["1440", "0180"]], names=["year", "municipality"])
    cost = pd.DataFrame({"compulsory_cost_deviation": [1.0, 2.0, 3.0, 4.0]}, index)
    pupils = pd.DataFrame({"y": np.ones(4)}, index)
    with pytest.raises(UsageError, match=r"another way from 2019.*before 2019 and those from 2019 separately"):
        malmquist(cost, pupils, period="year", unit="municipality")
    later = cost.rename(index={2018: 2019, 2019: 2020}), pupils.rename(index={2018: 2019, 2019: 2020})
    assert len(malmquist(*later, period="year", unit="municipality").to_frame()) == 2
    finnish = (table.rename(index={"1440": "049", "0180": "091"}) for table in (cost, pupils))
    assert len(malmquist(*finnish, period="year", unit="municipality").to_frame()) == 2, "a break of Sweden's only"


def test_what_is_refused():
    inputs, outputs = panel(np.ones(4), np.ones(4))
    with pytest.raises(TableError, match="occurs twice"):
        malmquist(inputs, outputs, period=[1, 1, 1, 2], unit=["a", "a", "b", "b"])
    with pytest.raises(UsageError, match="no level 'month'"):
        malmquist(inputs, outputs, period="month", unit="municipality")
    with pytest.raises(UsageError, match="3 labels for 4 rows"):
        malmquist(inputs, outputs, period=[1, 1, 2], unit="municipality")
    with pytest.raises(NoData, match="two adjacent periods"):
        malmquist(inputs, outputs, period=[1, 1, 1, 1], unit=list("abcd"))
