"""Jakobstad compared on Finland's open data, and on figures filled in by hand: the whole chain to the page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys import compare, indicators
from kommunanalys.compare import views
from kommunanalys.figures import Table
from kommunanalys.reporting.run import run
from kommunanalys.sources import session, transport
from kommunanalys.sources.finland import load_finland
from kommunanalys.sources.template import write_template
from tests.sources.finland_server import JAKOBSTAD, Finland

COST, PUPILS = "basic_education_cost_own", "basic_education_pupils_own"
NEEDS = ["log_pupils", "urban_share", "swedish_speakers", "foreign_citizens", "unemployed_of_labour_force"]
SECTIONS = [
    "subject",
    "answer",
    "similar_costs",
    "over_time",
    "structure",
    "efficiency",
    "distance",
    "results",
]


@dataclass
class Loaded:
    """The servers, the observations from them, and the cache that holds the answers."""

    finland: Finland
    observations: pd.DataFrame
    cache: Path
    origins: list[Any]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch, Finland(tmp_path_factory.mktemp("taxonomy")) as finland:
        finland.point(patch)
        patch.setenv("KOMMUNANALYS_CACHE", str(cache))
        patch.setattr(transport, "_sleep", lambda _: None)
        observations = load_finland(indicators.wanted("compulsory"))
        session.close()
        yield Loaded(finland, observations, cache, ka.origins(observations))


@pytest.fixture(autouse=True)
def same_cache(own_folders: None, loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KOMMUNANALYS_CACHE", str(loaded.cache))
    yield
    session.close()


@pytest.fixture(scope="module")
def panel(loaded: Loaded) -> pd.DataFrame:
    return ka.panel(ka.harmonise(loaded.observations, to_year=2025))


def told(panel: pd.DataFrame, language: str) -> compare.Story:
    case = indicators.choose(panel, "compulsory", JAKOBSTAD)
    needs = list(case.service.needs)
    near = compare.similar(case.panel, JAKOBSTAD, needs, 7, year=case.year)
    expected = compare.expected_cost(case.panel, cost=case.service.cost, needs=needs, year=case.year)
    dea = compare.DEA(returns="vrs", orientation="input", random_state=0).fit(case.inputs, case.outputs)
    return compare.Story(case, near, expected, dea, ka.price_index(country="FI"), ka.Speaker(language, "FI"))


def invented(loaded: Loaded) -> pd.DataFrame:
    """The figures of 2025 straight from the servers' inventor, computed on without the library."""
    rows = {code: found for (code, year), found in loaded.finland.figures.items() if year == 2025}
    table = pd.DataFrame.from_dict(rows, orient="index")
    codes = {"urban_share": "M408", "swedish_speakers": "M404", "foreign_citizens": "M410"}
    codes |= {"unemployed_of_labour_force": "M162"}
    needs = pd.DataFrame({name: table[code].round(1) for name, code in codes.items()})
    return needs.assign(
        log_pupils=np.log(table["pupils"]), each=table["cost"] / table["pupils"], **table[["cost", "pupils"]]
    )


# The chain


def test_the_case(loaded: Loaded, panel: pd.DataFrame) -> None:
    case = indicators.choose(panel, "compulsory", JAKOBSTAD)
    assert (case.year, case.service.cost, case.service.outcomes, case.lacking) == (2025, COST, (), ())
    assert list(case.service.needs) == NEEDS
    assert sorted(case.units.index) == sorted(set(loaded.finland.codes) - {"588"})
    assert case.units.at[JAKOBSTAD, COST] == pytest.approx(loaded.finland.each(JAKOBSTAD, 2025))
    assert case.inputs.loc[JAKOBSTAD, "total_cost"] == pytest.approx(
        loaded.finland.figures[JAKOBSTAD, 2025]["cost"] / 1e6
    )


def test_a_merger_is_one_municipality(loaded: Loaded, panel: pd.DataFrame) -> None:
    parts = [loaded.finland.figures[code, 2024] for code in ("507", "588")]
    pupils = sum(part["pupils"] for part in parts)
    assert panel.at[("507", 2024), PUPILS] == pupils
    assert panel.at[("507", 2024), COST] == pytest.approx(sum(part["cost"] for part in parts) / pupils)


def test_aland_is_no_peer(loaded: Loaded, panel: pd.DataFrame) -> None:
    assert ("478", 2025) in panel.index
    assert "478" not in indicators.choose(panel, "compulsory", JAKOBSTAD).panel.index.get_level_values("municipality")


def test_numbers_by_hand(loaded: Loaded, panel: pd.DataFrame) -> None:
    story, table = told(panel, "sv"), invented(loaded)
    needs = table[NEEDS]
    spread = (needs - needs.mean()) / needs.std()
    distance = ((spread - spread.loc[JAKOBSTAD]) ** 2).sum(axis=1).drop(JAKOBSTAD).pow(0.5).sort_values()
    assert story.near.peers.index.tolist() == distance.index[:7].tolist()
    assert story.peer_costs.median() == pytest.approx(table.loc[distance.index[:7], "each"].median())
    others = table.drop(JAKOBSTAD)
    design = np.column_stack([np.ones(len(others)), others[NEEDS]])
    fitted = np.linalg.lstsq(design, np.log(others["each"]), rcond=None)[0]
    expected = math.exp(fitted @ np.r_[1.0, needs.loc[JAKOBSTAD]])
    assert story.expected.of(JAKOBSTAD)["expected"] == pytest.approx(expected, rel=1e-6)
    assert story.dea.efficiency_[JAKOBSTAD] == pytest.approx(least_cost(table) / table.at[JAKOBSTAD, "cost"], rel=1e-6)


def least_cost(table: pd.DataFrame) -> float:
    """The cheapest single municipality, or mean of two, with at least Jakobstad's pupils."""
    own = table.at[JAKOBSTAD, "pupils"]
    enough = table[table["pupils"] >= own]
    fewer = table[table["pupils"] < own]
    mixed = [
        small.cost + (large.cost - small.cost) * (own - small.pupils) / (large.pupils - small.pupils)
        for small in fewer.itertuples()
        for large in enough.itertuples()
    ]
    return float(min([*mixed, *enough["cost"]]))


@pytest.mark.parametrize(("language", "words"), [("sv", "Jakobstad använde"), ("fi", "Pietarsaari")])
def test_every_section_is_told(panel: pd.DataFrame, loaded: Loaded, language: str, words: str) -> None:
    story = told(panel, language)
    parts = {name: getattr(views, name)(story) for name in SECTIONS}
    assert all(parts.values())
    texts = " ".join(part for told_parts in parts.values() for part in told_parts if isinstance(part, str))
    assert words in texts
    assert not [part for part in parts["results"] if isinstance(part, Table)], "there is no result to show"
    (cautions,) = views.cautions(story, loaded.observations)
    assert isinstance(cautions, str)
    assert len(cautions.splitlines()) >= 6


def test_years_without_prices_are_said(panel: pd.DataFrame) -> None:
    story = told(panel.drop(2024, level="year"), "en")
    (part,) = views.over_time(story)
    assert isinstance(part, str)
    assert "the price index has no figure" in part


# The page


def test_the_page_says_what_open_data_cannot_answer(loaded: Loaded, tmp_path: Path) -> None:
    report = run("cost_efficiency", {"source": "finland", "municipality": JAKOBSTAD}, language="sv", output=tmp_path)
    page = report.page.read_text(encoding="utf-8").replace("&nbsp;", " ").replace("\xa0", " ")
    assert "Grundläggande utbildning: Jakobstad, 2025" in page
    assert "grundskol" not in page.lower()
    cost = f"{loaded.finland.each(JAKOBSTAD, 2025):,.0f}".replace(",", " ")
    assert f"Jakobstad använde {cost} euro per elev" in page
    from kommunanalys.compare.stories.reservations import accounts

    story = told(ka.panel(ka.harmonise(loaded.observations, to_year=2025)), "sv")
    assert len(accounts(story)) == 5
    assert all(line in page for line in accounts(story))
    assert {item["producer"].split(",")[0] for item in report.record["origins"]} >= {"Valtiokonttori", "Vipunen"}


def test_a_template_filled_in_gives_the_same_answer(loaded: Loaded, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("KOMMUNANALYS_MODE", "offline")
    file, table = tmp_path / "own.xlsx", invented(loaded)
    named = [COST, PUPILS, "urban_share"]
    codes = [JAKOBSTAD, *[code for code in table.index if code not in (JAKOBSTAD, "507")][:30]]
    write_template(file, named, codes, 2025, "sv")
    book = openpyxl.load_workbook(file)
    for row, code in enumerate(codes, 4):
        found = table.loc[code]
        for column, value in enumerate(
            (f"{found['each']:.2f}".replace(".", ","), found["pupils"], found["urban_share"]), 4
        ):
            book["figures"].cell(row, column).value = value
    book.save(file)
    given = {"source": str(file), "municipality": "Pietarsaari"}
    page = run("cost_efficiency", given, language="fi", output=tmp_path).page.read_text(encoding="utf-8")
    assert "Pietarsaari" in page
    cost = f"{loaded.finland.each(JAKOBSTAD, 2025):,.0f}"
    assert cost.replace(",", " ") in page.replace("&nbsp;", " ").replace("\xa0", " ")
    assert "own.xlsx" in page
    assert str(tmp_path) not in page
