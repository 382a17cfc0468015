"""Finland's costs, pupils and needs from three publishers: right figures, nothing guessed, nothing lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.errors import NoData, SourceError, UsageError
from kommunanalys.paths import cache_dir
from kommunanalys.sources.finland import load_finland
from tests.sources.finland_server import JAKOBSTAD, RESOURCES, TEXTS, Finland
from tests.sources.treasury_server import service_lines

COMPULSORY, UPPER = RESOURCES
COST, PUPILS = "basic_education_cost_own", "basic_education_pupils_own"


@pytest.fixture
def finland(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Finland]:
    with Finland(tmp_path) as server:
        server.point(monkeypatch)
        yield server


def values(table: pd.DataFrame, indicator: str) -> dict[tuple[str, int], float]:
    rows = table[(table["indicator"] == indicator) & table["value"].notna()]
    return {(row.municipality, row.year): row.value for row in rows.itertuples()}


def test_every_figure_is_the_published_one(finland: Finland) -> None:
    table = load_finland(ka.indicators.wanted("compulsory"))
    assert len(finland.codes) >= 30
    costs, pupils = values(table, COST), values(table, PUPILS)
    assert costs == {key: pytest.approx(finland.each(*key)) for key in finland.figures}
    # The pupils of the foundation that has its seat in each municipality are not the municipality's.
    assert pupils == {key: found["pupils"] for key, found in finland.figures.items()}
    shares = values(table, "urban_share")
    assert shares[JAKOBSTAD, 2024] == round(finland.figures[JAKOBSTAD, 2024]["M408"], 1)
    assert set(table["year"]) == {2024, 2025}
    assert table.groupby("indicator")["unit"].first().to_dict()[COST] == "EUR/pupil/year"
    lost = table[table["value"].isna()].set_index(["municipality", "year"])["flag"]
    assert lost["588", 2025] == "not_applicable"
    assert set(lost.drop(("588", 2025))) == {"missing"}
    producers = {item.producer.split(",")[0] for item in ka.origins(table)}
    assert producers == {"Valtiokonttori", "Vipunen", "Statistics Finland"}


def test_upper_secondary_of_one_municipality(finland: Finland) -> None:
    table = load_finland(["general_upper_secondary_cost_own"], "Pietarsaari", 2024)
    found = finland.figures[JAKOBSTAD, 2024]
    assert table[["municipality", "year", "indicator"]].values.tolist() == [
        [JAKOBSTAD, 2024, "general_upper_secondary_cost_own"]
    ]
    assert table["value"].iloc[0] == pytest.approx(round(found["cost"] / 4, 2) / (found["pupils"] // 4))
    assert len(finland.treasury.document_requests) == 1


def test_without_costs_the_accounts_are_not_asked(finland: Finland, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KOMMUNANALYS_TREASURY_CODES")
    table = load_finland([PUPILS, "population"], JAKOBSTAD, 2025)
    assert sorted(table["indicator"]) == [PUPILS, "population"]
    assert not [path for path in finland.treasury.requests if "/rest/" in path]


def test_without_the_taxonomy_the_way_out_is_named(finland: Finland, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KOMMUNANALYS_TREASURY_CODES")
    with pytest.raises(SourceError, match=r"KOMMUNANALYS_TREASURY_CODES.*kommunanalys template costs"):
        load_finland([COST])
    cache_dir().mkdir(parents=True, exist_ok=True)
    shutil.copy(finland.taxonomy, cache_dir() / "treasury_codes.json")
    assert len(load_finland([COST], JAKOBSTAD, 2024)) == 1


def test_years_are_those_whose_codes_the_file_has(finland: Finland) -> None:
    lines = service_lines(["3051"])
    finland.taxonomy.write_text(json.dumps([row for row in lines if row["tekninen_versio"] == "2023-04-02"]))
    assert set(load_finland([COST], JAKOBSTAD)["year"]) == {2024}
    finland.taxonomy.write_text(json.dumps(service_lines(["3101"])))
    with pytest.raises(SourceError, match=r"KKNR\.json has no codes of basic_education_operating_cost"):
        load_finland([COST], JAKOBSTAD)


def test_fields_that_have_changed(finland: Finland) -> None:
    finland.vipunen.fields[COMPULSORY] = {"lukuvuosi": "string", "kunta": "string", "lkm": "number"}
    with pytest.raises(UsageError, match=r"has 0 fields of the form .*It has: lukuvuosi, kunta, lkm.*template costs"):
        load_finland([PUPILS], JAKOBSTAD, 2024)


def test_organisers_that_cannot_be_told_apart_are_said(finland: Finland) -> None:
    for row in finland.vipunen.rows[COMPULSORY]:
        row["kooditKoulutuksenJarjestaja"] = "10001"
    table = load_finland([PUPILS], JAKOBSTAD, 2024)
    assert table["value"].tolist() == [finland.figures[JAKOBSTAD, 2024]["pupils"] + 77]
    assert "private ones too" in ka.origins(table)[0].note


def test_a_pupil_count_that_is_not_published_makes_the_cost_missing(finland: Finland) -> None:
    mine = [row for row in finland.vipunen.rows[COMPULSORY] if row["kooditOppilaitoksenKunta"] == JAKOBSTAD]
    mine[0]["oppilaatLukuvuosiLkm"] = None
    table = load_finland([COST, PUPILS], JAKOBSTAD, 2024)
    assert table["value"].isna().all()
    assert table["flag"].tolist() == ["missing", "missing"]


def test_drafts_stay_drafts(finland: Finland) -> None:
    for key in [key for key in finland.treasury.documents if key[3] == "2024C12"]:
        rows = finland.treasury.documents.pop(key)
        finland.treasury.documents["Alustava", key[1], key[2], key[3]] = [
            row | {"hyväksymisvaihe": "Alustava"} for row in rows
        ]
    assert load_finland([COST], JAKOBSTAD, 2024)["flag"].tolist() == ["preliminary"]


def test_a_key_figure_that_is_not_found_or_not_alone_is_lacking(finland: Finland) -> None:
    (table,) = finland.statfin.tables.values()
    table.axes["tiedot"][1].update({"M408": "Något annat, %", "M478": TEXTS["M404"]})
    wanted = ["population", "urban_share", "swedish_speakers"]
    assert set(load_finland(wanted, JAKOBSTAD, 2024)["indicator"]) == {"population"}
    with pytest.raises(NoData, match="none of urban_share, swedish_speakers"):
        load_finland(wanted[1:], JAKOBSTAD, 2024)


def test_what_is_not_held(finland: Finland) -> None:
    with pytest.raises(NoData, match="basic_education_cost_own"):
        load_finland(["compulsory_merit_home"])
    with pytest.raises(UsageError, match="Åland"):
        load_finland([COST], "Mariehamn", 2024)


def test_by_the_one_door(finland: Finland) -> None:
    table = ka.load("finland", ka.indicators.wanted("compulsory"), municipalities="Jakobstad", years=2024)
    assert {COST, PUPILS, "swedish_speakers"} <= set(table["indicator"])
    assert "compulsory_merit_home" in table.attrs["lacking"]
