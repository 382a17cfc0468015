"""Stories told on the example data and on real data."""

from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest

from kommunanalys.compare import DEA, Story, expected_cost, similar
from kommunanalys.indicators import choose, wanted
from kommunanalys.language import Speaker
from kommunanalys.mergers import harmonise
from kommunanalys.sources import load, price_index
from kommunanalys.tables import panel


def tell(
    panel: pd.DataFrame, prices: pd.Series, code: str, country: str, service: str, year: int, language: str
) -> Story:
    case = choose(panel, service, code, year)
    needs = list(case.service.needs)
    near = similar(case.panel, code, needs, 7, year=case.year)
    expected = expected_cost(case.panel, cost=case.service.cost, needs=needs, year=case.year)
    dea = DEA(returns="vrs", orientation="input", random_state=0).fit(case.inputs, case.outputs)
    return Story(case, near, expected, dea, prices, Speaker(language, country))


@lru_cache
def _kolada(folder: str, service: str) -> pd.DataFrame:
    return panel(load(folder, wanted(service)))


@pytest.fixture
def example():
    """Tell the story of an example municipality: example("X07", year=2023, language="en")."""

    def make(code: str = "X07", *, year: int = 2023, language: str = "en", service: str = "compulsory") -> Story:
        wide = panel(harmonise(load("example", wanted(service)), 2024))
        return tell(wide, price_index(country="FI", source="example"), code, "FI", service, year, language)

    return make


@pytest.fixture
def real(shared: Path):
    """Tell the story of a Swedish municipality on the collected Kolada data."""

    def make(code: str, *, year: int = 2021, language: str = "en", service: str = "compulsory") -> Story:
        wide = _kolada(str(shared / "data" / "kolada"), service)
        return tell(wide, price_index(country="SE"), code, "SE", service, year, language)

    return make
