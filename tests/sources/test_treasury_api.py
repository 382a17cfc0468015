"""The catalogue's rows and the documents' amounts, as they are written."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommunanalys.sources import treasury_api, treasury_codes

STAGES = ["Alustava", "Hyväksytty", "Lopullinen", "Jälkikorjattu"]


@given(st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 999)), min_size=1, unique=True))
def test_the_highest_stage_then_the_latest_date(drafts: list[tuple[str, int]]) -> None:
    rows = [
        {
            "ytunnus": "0101263-6",
            "raportointikokonaisuus": "KKNR",
            "raportointikausi": "2024C12",
            "hyvaksymisvaihe": stage,
            "hyvaksymispvm": f"2025-01-01 08:00:00.{part:03d}".rstrip("0"),
            "tunnusluvut": "x",
        }
        for stage, part in drafts
    ]
    (best,) = treasury_api.best(treasury_api.entries(rows, "KKNR", "x")).values()
    stage, part = max(drafts, key=lambda item: (STAGES.index(item[0]), item[1]))
    assert (best.stage, best.approved) == (stage.casefold(), f"2025-01-01 08:00:00.{part:03d}".rstrip("0"))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_every_amount_is_read_as_written(amount: Any) -> None:
    code = treasury_codes.proven()[1]
    row = {"taksonomia": code.taxonomy, "osakokonaisuus": code.part, "tunnusluku": code.code, "arvo": f"{amount:.2f}"}
    assert treasury_api.amounts([row], [code], "x") == {code: float(amount)}


@pytest.mark.shared
def test_the_recorded_catalogue(shared: Path) -> None:
    path = shared / "data/api-recordings/tutkihallintoa/aineistot_sample.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["aineistot"]
    first, second = treasury_api.entries(rows, "KTAS", path.name)
    assert (first.business_id, first.year, first.quarter, first.stage) == ("0101263-6", 2023, 4, "lopullinen")
    assert second.address.endswith("/dokumentti/lopullinen/KTAS/0103166-9/2023")
    assert treasury_api.entries(rows, "KKNR", path.name) == []


@pytest.mark.shared
def test_the_small_taxonomies_are_small(shared: Path) -> None:
    path = shared / "data/api-recordings/tutkihallintoa/taksonomia_sizes_2026-05-13.csv"
    with path.open(encoding="utf-8") as file:
        sizes = {row["package"]: int(row["content_length_bytes"]) for row in csv.DictReader(file)}
    assert all(sizes[package] < 1_000_000 for package in treasury_api.SMALL)
    assert set(treasury_codes.PREFIXES) <= set(sizes)
