"""Finances and net costs of services from the accounts: what nobody reports is lacking, the rest is as published."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import kommunanalys as ka
from kommunanalys.errors import OfflineMiss
from kommunanalys.indicators import asked
from kommunanalys.sources.finland_accounts import LINES, held, load_accounts
from tests.sources.finland_server import JAKOBSTAD, Finland
from tests.sources.treasury_server import facts

TAXES, MARGIN = "3460403", "1400"
NET = "basic_education_net_cost"


@pytest.fixture
def finland(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Finland]:
    with Finland(tmp_path) as server:
        server.point(monkeypatch)
        for number, (key, rows) in enumerate(server.treasury.documents.items()):
            rows += facts(key, [("k-t07", TAXES, f"{10_000_000 + number}.00"), ("k-t07", MARGIN, "-5.50")])
        yield server


def test_net_costs_are_cost_less_income(finland: Finland) -> None:
    (table,) = load_accounts([NET], JAKOBSTAD, (2024,), finland.taxonomy)
    assert table["indicator"].tolist() == [NET]
    cost = finland.figures[JAKOBSTAD, 2024]["cost"]
    assert table["value"].iloc[0] == pytest.approx(round(cost, 2) - round(cost / 20, 2), abs=0.01)


def test_what_nobody_reports_is_lacking(finland: Finland) -> None:
    (table,) = load_accounts(LINES, JAKOBSTAD, (2024, 2025), None)
    assert set(table["indicator"]) == {"tax_revenue", "annual_margin"}
    assert table.query("indicator == 'annual_margin'")["value"].tolist() == [-5.5, -5.5]
    assert load_accounts(["annual_result"], JAKOBSTAD, (2024,), None) == []


def test_without_the_taxonomy_the_net_costs_are_lacking_and_it_is_said(finland: Finland) -> None:
    (table,) = load_accounts([NET, "tax_revenue"], JAKOBSTAD, (), None)
    assert set(table["indicator"]) == {"tax_revenue"}
    assert sorted(set(table["year"])) == [2024, 2025]
    assert "KOMMUNANALYS_TREASURY_CODES" in ka.origins(table)[0].note


def test_classes_that_the_file_does_not_know_are_lacking(finland: Finland) -> None:
    assert "libraries_net_cost" in held()
    assert load_accounts(["libraries_net_cost"], JAKOBSTAD, (2024,), finland.taxonomy) == []


def test_what_is_not_asked_for_is_not_fetched(finland: Finland) -> None:
    assert load_accounts(["population"], JAKOBSTAD, (2024,), None) == []
    assert finland.treasury.document_requests == []


def test_a_failure_is_no_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNANALYS_MODE", "offline")
    with pytest.raises(OfflineMiss):
        load_accounts(LINES, JAKOBSTAD, (2024,), None)


def test_a_profile_of_finland(finland: Finland) -> None:
    table = ka.load("finland", asked())
    found = ka.compare.profile(ka.harmonise(table, 2025, weights=ka.indicators.weights()), JAKOBSTAD)
    people = found.panel["population"].xs(JAKOBSTAD, level="municipality")
    taxes = table.query("indicator == 'tax_revenue' and municipality == @JAKOBSTAD and year == 2025")["value"].iloc[0]
    assert people.index.tolist() == [2023, 2024, 2025]
    assert found.rows.loc["tax_revenue_per_inhabitant", "own"] == pytest.approx(taxes / people[2025])
    assert found.rows.loc["basic_education_net_cost_per_inhabitant", "count"] > 30
    assert {"libraries_net_cost_per_inhabitant", "state_transfers_per_inhabitant"} <= set(found.absent)
