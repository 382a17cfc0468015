"""Recorded documents: the best of several, whole, of one package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kommunanalys as ka
from kommunanalys.errors import SourceError
from kommunanalys.sources import treasury_codes
from kommunanalys.sources.treasury import read_treasury
from tests.sources.treasury_server import facts

ESPOO = "0101263-6"
COST = ("k-t07", "3418067")


def test_the_best_of_several_recorded_documents_and_no_joint_authorities(tmp_path: Path) -> None:
    keys = [
        ("Alustava", "KKNR", ESPOO, "2024C12"),
        ("Lopullinen", "KKNR", ESPOO, "2024C12"),
        ("Lopullinen", "KKNR", "0111111-1", "2024C12"),
    ]
    for number, one in enumerate(keys):
        (tmp_path / f"{number}.json").write_text(json.dumps(facts(one, [(*COST, f"{number}.00")])), encoding="utf-8")
    table = read_treasury(tmp_path)
    assert table[["municipality", "value"]].dropna().values.tolist() == [["049", 1.0]]
    assert "Left out, no municipalities: 1 business ids" in ka.origins(table)[0].note
    with pytest.raises(SourceError, match="no document of a municipality"):
        read_treasury(tmp_path / "2.json")


def test_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds documents of –"):
        read_treasury(tmp_path)
    (tmp_path / "a.json").write_text('[{"taksonomia": 1}]')
    with pytest.raises(SourceError, match=r"a\.json is not of the form"):
        read_treasury(tmp_path)
    (tmp_path / "a.json").write_text("[")
    with pytest.raises(SourceError, match=r"a\.json is not whole JSON"):
        read_treasury(tmp_path)


@pytest.mark.shared
def test_the_recorded_budget(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/api-recordings/tutkihallintoa"
    for name in ("dokumentti_lopullinen_KTAS_0101263-6_2023.json", "taksonomia_KTAS_sample.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    table = read_treasury(tmp_path)
    found = {(row.indicator, row.year): row.value for row in table.itertuples()}
    assert found["budget_operating_cost", 2023] == 1269670790.19
    assert found["budget_personnel_cost", 2022] == 762938841.40
    assert found["budget_purchased_services_cost", 2025] == 486047090.45
    assert found["budget_operating_income", 2024] == 369865885.00
    assert found["budget_annual_margin", 2022] == 154866427.03
    assert set(table["municipality"]) == {"049"}
    assert set(table["report_year"]) == {2023}
    labels = {code.labels for code in treasury_codes.taxonomy_file(folder / "taksonomia_KTAS_sample.json")}
    assert ("VUOSIKATE", "Årsbidrag") in {(finnish, swedish) for finnish, swedish, _ in labels}
