"""Where looking begins."""

import numpy as np
import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.compare import similar
from kommunanalys.errors import NoData
from kommunanalys.widgets.suggesting import PEERS, indicators_to_begin_with, suggested


@pytest.fixture(scope="module")
def panel():
    return ka.panel(ka.read_example())


def test_the_suggested_are_the_most_similar(panel):
    codes, on = suggested(panel, "X07")
    assert list(codes) == similar(panel, "X07", on, PEERS).peers.index.tolist()
    assert "X07" not in codes


def test_without_the_first_columns_the_next_ones_do(panel):
    assert suggested(panel.drop(columns="parents_low_education"), "X07")[1] == (
        "population",
        "urban_share",
        "higher_education",
    )
    assert suggested(panel[["population"]], "X07")[1] == ("population",)


def test_nothing_is_suggested_from_nothing(panel):
    assert suggested(panel[["tax_rate"]], "X07") == ((), ())
    assert suggested(panel.assign(population=np.nan)[["population"]], "X07") == ((), ())


def test_what_is_known_beside_the_figures_is_not_copied(panel):
    class Heavy:
        def __deepcopy__(self, memo):
            raise AssertionError

    weighed = pd.DataFrame(panel)
    weighed.attrs["labels"] = Heavy()
    assert suggested(weighed, "X07") == suggested(panel, "X07")


def test_the_first_indicators_hold_figures():
    index = pd.MultiIndex.from_tuples([("1440", 2020)], names=["municipality", "year"])
    panel = pd.DataFrame({"compulsory_cost_home": [np.nan], "buses": [3.0], "words": ["a"]}, index)
    assert indicators_to_begin_with(panel) == ("buses", "buses")
    with pytest.raises(NoData, match="nothing to look at"):
        indicators_to_begin_with(panel[["compulsory_cost_home", "words"]])
