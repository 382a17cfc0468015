"""What stands beside a view says what is missing and why, and no more than the figures."""

import numpy as np
import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.widgets.choice import Choice
from kommunanalys.widgets.prepared import prepare
from kommunanalys.widgets.scene import Scene
from kommunanalys.widgets.telling import described


@pytest.fixture(scope="module")
def ready():
    return prepare(ka.read_example())


def told(ready, view="ranking", **more):
    municipality, indicator = more.pop("municipality", "X07"), more.pop("indicator", "compulsory_cost_home")
    return described(Scene(ready, Choice(view, municipality, indicator=indicator, **more)))


def absent(ready, flag):
    return next((name, *key) for name, one in ready.flags.items() for key, found in one.items() if found == flag)


@pytest.mark.parametrize("view", ["ranking", "distribution", "map", "line"])
def test_a_secret_figure_is_said_to_be_secret_and_never_drawn(ready, view):
    name, code, year = absent(ready, "secret")
    found = told(ready, view, municipality=code, indicator=name, year=year)
    assert "secret" in found.caption
    row = found.data[found.data["Code"] == code]
    row = row[row["Year"] == year] if view == "line" else row
    assert row["Remark"].tolist() == ["secret"]
    assert row.iloc[:, -2 if view == "line" else 1].isna().all()
    if view != "line":
        assert "has no figure (secret)" in found.alternative


def test_small_numbers_are_said_and_counted():
    index = pd.MultiIndex.from_product([["1440", "0180", "0114"], [2021]], names=["municipality", "year"])
    shares = {"compulsory_all_subjects_home": [70.0, 80.0, 90.0], "compulsory_pupils_home": [990.0, 70000.0, np.nan]}
    found = told(
        prepare(pd.DataFrame(shares, index=index)), municipality="1440", indicator="compulsory_all_subjects_home"
    )
    assert "fewer than 100 persons behind it: Ale." in found.caption
    assert found.data.loc["Ale", "Remark"] == "fewer than 100 persons behind it"
    assert found.data.loc["Stockholm", "Remark"] == ""
    low, high = found.data.loc["Ale", ["Lower end of the interval", "Upper end of the interval"]]
    # Wilson's interval of 69.3 of 99 persons, by hand.
    n, p, z = 99.0, 0.7, 1.959964
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (low, high) == pytest.approx(
        (100 * (middle - half) / (1 + z * z / n), 100 * (middle + half) / (1 + z * z / n))
    )


def test_where_no_interval_is_known_it_says_so(ready):
    assert "No interval is known for this figure." in told(ready).caption


def test_the_place_is_the_rank_from_the_lowest(ready):
    found = told(ready, year=2023)
    own = found.data.loc[found.data["Code"] == "X07"].iloc[0, 1]
    values = found.data.iloc[:, 1].dropna()
    assert f"number {int((values < own).sum()) + 1} of {len(values)} from the lowest" in found.alternative


@pytest.mark.parametrize("view", ["line", "ranking", "scatter", "distribution", "map"])
@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_every_view_speaks_each_language(ready, view, language):
    found = told(ready, view, language=language, second="compulsory_merit_home")
    assert found.caption
    assert found.alternative
    assert found.data.index.name


def test_the_origin_follows_the_figures(ready):
    assert told(ready).data.attrs["origin"] == ready.panel.attrs["origin"]
