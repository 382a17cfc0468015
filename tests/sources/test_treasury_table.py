"""Net costs, and what a reader must know."""

from __future__ import annotations

import pandas as pd
import pytest

from kommunanalys.errors import NoData
from kommunanalys.sources.treasury_table import net_costs

COLUMNS = ["municipality", "year", "indicator", "value", "flag"]


def table(*rows: tuple[str, int, str, float | None, str]) -> pd.DataFrame:
    found = pd.DataFrame(rows, columns=COLUMNS).astype({"value": "float64"})
    return found.assign(country="FI", unit="EUR", package="KKNR")


@pytest.mark.parametrize(
    ("cost", "income", "expected"),
    [
        ((9.0, ""), (2.5, ""), (6.5, "")),
        ((9.0, "preliminary"), (2.0, ""), (7.0, "preliminary")),
        ((9.0, "revised"), (2.0, "preliminary"), (7.0, "preliminary")),
        ((9.0, ""), (2.0, "revised"), (7.0, "revised")),
        ((None, "missing"), (2.0, ""), (None, "missing")),
        ((2.0, ""), (None, "missing"), (None, "missing")),
        ((None, "not_applicable"), (None, "not_applicable"), (None, "not_applicable")),
        ((2.0, ""), (9.0, ""), (-7.0, "")),
    ],
)
def test_net_costs(
    cost: tuple[float | None, str], income: tuple[float | None, str], expected: tuple[float | None, str]
) -> None:
    both = table(("598", 2024, "music_operating_cost", *cost), ("598", 2024, "music_operating_income", *income))
    (_, _, net) = net_costs(both).to_dict("records")
    assert net["indicator"] == "music_net_cost"
    assert (None if pd.isna(net["value"]) else net["value"], net["flag"]) == expected


def test_a_cost_without_its_income_has_no_net() -> None:
    lone = table(("598", 2024, "operating_cost", 1.0, ""), ("049", 2024, "operating_income", 1.0, ""))
    nets = net_costs(lone).iloc[2:]
    assert nets[["municipality", "flag"]].values.tolist() == [["049", "missing"], ["598", "missing"]]
    with pytest.raises(NoData, match="no pair"):
        net_costs(lone.iloc[:1])
