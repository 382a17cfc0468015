"""Similar municipalities: distances by hand, who may be a peer of whom, what the words say."""

import re

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import similar
from kommunanalys.compare.units import label, variable
from kommunanalys.errors import MixedPopulations, NoData, TableError, TooFewUnits, UnknownMunicipality, UsageError
from kommunanalys.figures import description
from kommunanalys.language import Speaker

SWEDEN = ["0114", "0115", "0117", "0120", "1440"]


def make(codes, years=(2021,), **columns):
    index = pd.MultiIndex.from_product([codes, years], names=["municipality", "year"])
    return pd.DataFrame({name: np.asarray(values, float) for name, values in columns.items()}, index)


def panel():
    return make(SWEDEN, population=[10, 20, 30, 40, 50], urban_share=[50, 60, 70, 90, 80])


def test_by_hand():
    result = similar(panel(), "1440", ["population", "urban_share"], k=4)
    # Both columns have the standard deviation √200. 0120: (10² + 10²) / 200 = 1; 0117: (20² + 10²) / 200 = 2.5;
    # 0115: (30² + 20²) / 200 = 6.5; 0114: (40² + 30²) / 200 = 12.5.
    assert result.peers.index.tolist() == ["0120", "0117", "0115", "0114"]
    assert result.peers["distance"].to_numpy() == pytest.approx(np.sqrt([1, 2.5, 6.5, 12.5]))
    assert result.peers["share_population"].to_numpy() == pytest.approx([1 / 2, 4 / 5, 9 / 13, 16 / 25])
    assert result.peers.filter(regex="^share").sum(axis=1).to_numpy() == pytest.approx(np.ones(4))
    assert (result.candidates, result.left_out, result.year) == (4, (), 2021)


def test_units_and_order_do_not_matter():
    first = similar(panel(), "1440", ["population", "urban_share"], k=4).peers
    scaled = panel().assign(population=lambda table: table["population"] * 1e6).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(similar(scaled, "Ale", ["population", "urban_share"], k=4).peers, first)


def test_equal_distances_come_in_the_order_of_the_codes_and_share_equally():
    table = make(SWEDEN[::-1], population=[3, 3, 3, 3, 9], urban_share=[1, 1, 1, 1, 5])
    peers = similar(table, "0120", ["population", "urban_share"], k=3).peers
    assert peers.index.tolist() == ["0115", "0117", "1440"]
    assert (peers["distance"] == 0).all()
    assert (peers["share_population"] == 0.5).all()
    assert "does not differ" in similar(table, "0120", ["population"], k=1).summary()


def test_those_who_lack_a_figure_are_counted_and_listed():
    table = panel()
    table.loc[("0117", 2021), "urban_share"] = np.nan
    result = similar(table, "1440", ["population", "urban_share"], k=3)
    assert result.left_out == ("0117",)
    assert "0117" not in result.peers.index
    assert result.cautions[0].values["count"] == 1


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_figure_of_anybody_compared_is_refused_by_name(value):
    table = panel()
    table.loc[("0117", 2021), "urban_share"] = value
    with pytest.raises(TableError, match=f"1 values .*First: urban_share of 0117 is {value}"):
        similar(table, "1440", ["population", "urban_share"], k=3)
    # Where nobody looks, it disturbs nobody.
    assert similar(table, "1440", ["population"], k=1).peers.index.tolist() == ["0120"]


def test_aland_the_mainland_and_other_countries_stay_apart():
    codes = ["049", "091", "092", "035", "478", "1440"]  # 035 Brändö and 478 Mariehamn lie in Åland.
    table = make(codes, population=[1, 2, 3, 1, 2, 1])
    assert similar(table, "049", ["population"], k=2).peers.index.tolist() == ["091", "092"]
    assert similar(table, "Mariehamn", ["population"], k=1).peers.index.tolist() == ["035"]
    with pytest.raises(TooFewUnits, match="3 similar municipalities were asked for, and 2 can be compared in 2021"):
        similar(table, "049", ["population"], k=3)


def test_the_year_is_the_latest_with_all_figures():
    table = make(SWEDEN, years=(2019, 2020, 2021), population=range(15))
    table.loc[("1440", 2021), "population"] = np.nan
    assert similar(table, "1440", ["population"], k=1).year == 2020
    with pytest.raises(NoData, match=r"Ale \(1440\) lacks population in 2021. Years with all of them: 2019, 2020"):
        similar(table, "1440", ["population"], k=1, year=2021)


def test_refusals():
    with pytest.raises(NoData, match="Uppsala"):
        similar(panel(), "Uppsala", ["population"], k=1)
    with pytest.raises(UnknownMunicipality, match="Closest"):
        similar(panel(), "Alee", ["population"], k=1)
    with pytest.raises(TableError, match="No differences in urban_share"):
        similar(panel().assign(urban_share=5.0), "1440", ["population", "urban_share"], k=1)
    with pytest.raises(UsageError, match="Not in the panel: size"):
        similar(panel(), "1440", ["size"], k=1)
    with pytest.raises(UsageError, match="each once"):
        similar(panel(), "1440", ["population", "population"], k=1)
    with pytest.raises(UsageError, match="indexed by municipality and year"):
        similar(panel().droplevel("year"), "1440", ["population"], k=1)
    with pytest.raises(TooFewUnits, match=r"0 similar municipalities were asked for.*Ask for a number from 1 to 4\."):
        similar(panel(), "1440", ["population"], k=0)
    mixed = make(SWEDEN, compulsory_pupils_home=range(5), compulsory_pupils_own=range(5))
    with pytest.raises(MixedPopulations):
        similar(mixed, "1440", list(mixed), k=1)


def explained(wide, code, k):
    """Peers, distances and shares from the figures alone."""
    z = (wide - wide.mean()) / wide.std(ddof=0)
    squares = (z - z.loc[code]).drop(index=code) ** 2
    near = squares.sum(axis=1).nsmallest(k).index
    return squares.loc[near].sum(axis=1) ** 0.5, squares.loc[near].div(squares.loc[near].sum(axis=1), axis=0)


def numbers(text):
    """Every number that a text prints, as printed."""
    return re.findall(r"\d+(?:[.,]\d+)?", text)


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_every_number_of_the_explanation_recomputes_to_the_printed_digit(language):
    rng = np.random.default_rng(9)
    codes = ["0114", "0115", "0117", "0120", "0123", "0125", "0126", "0127", "1440"]
    for _ in range(10):
        table = make(
            codes, population=rng.normal(size=9), urban_share=rng.normal(size=9), foreign_born=rng.normal(size=9)
        )
        result = similar(table, "1440", list(table), k=3)
        distance, shares = explained(table.droplevel("year"), "1440", 3)
        text = result.summary(language)
        assert numbers(text) == ["2021", f"{100 * shares.iloc[0].max():.0f}"]
        order = [text.index(label(code, language)) for code in distance.index]
        assert order == sorted(order), "the nearest first"
        assert variable(shares.iloc[0].idxmax(), Speaker(language, "SE")) in text
        assert result.peers["distance"].to_numpy() == pytest.approx(distance.to_numpy())
        assert result.peers.filter(regex="^share").to_numpy() == pytest.approx(shares.to_numpy())


def test_plot_is_described():
    result = similar(panel(), "1440", ["population", "urban_share"], k=2)
    found = description(result.plot(language="en"))
    assert found.alternative == result.summary("en")
    assert found.data.index.tolist() == ["Värmdö", "Österåker"]


@pytest.mark.shared
def test_kolada_neighbours_of_ale_recompute(shared):
    path = shared / "data" / "kolada" / "kolada_context_finance_long.csv.gz"
    long = pd.read_csv(path, dtype={"municipality": "str"}).query("year == 2021 and kpi in ['n01951', 'n00954']")
    table = long.pivot(index=["municipality", "year"], columns="kpi", values="value")
    table["n01951"] = np.log(table["n01951"])
    result = similar(table, "Ale", ["n01951", "n00954"])
    wide = table.droplevel("year")
    z = (wide - wide.mean()) / wide.std(ddof=0)
    distance = np.sqrt(((z - z.loc["1440"]) ** 2).sum(axis=1)).drop("1440").nsmallest(7)
    assert result.peers.index.tolist() == distance.index.tolist()
    assert result.peers["distance"].to_numpy() == pytest.approx(distance.to_numpy())
    assert result.candidates == 289
