"""The five views: every municipality can be pointed at, nothing missing is drawn, refusals say the way out."""

import re

import numpy as np
import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.errors import NoData, UsageError
from kommunanalys.figures import description
from kommunanalys.figures.crowd import swept
from kommunanalys.figures.show import svg
from kommunanalys.sources.boundaries import Boundaries
from kommunanalys.widgets.choice import VIEWS, Choice
from kommunanalys.widgets.views import data, draw


def boundaries(codes, country="SE"):
    ring = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    return Boundaries(
        country, None, {code: (ring + np.array([12 + 2 * at, 57.0]),) for at, code in enumerate(codes)}, ""
    )


@pytest.fixture(scope="module")
def panel():
    codes = ["0114", "0180", "1440", "1441", "1480"]
    index = pd.MultiIndex.from_product([codes, range(2017, 2022)], names=["municipality", "year"])
    rng = np.random.default_rng(8)
    made = pd.DataFrame({"compulsory_cost_deviation": rng.normal(0, 5, 25), "tax_rate": rng.normal(21, 1, 25)}, index)
    made.loc[("1480", 2021), "tax_rate"] = np.nan
    made.loc[("1480", slice(None)), "compulsory_cost_deviation"] = 0.0
    return made


def choose(view, **more):
    first, second = (
        ("compulsory_cost_deviation", "tax_rate") if view == "line" else ("tax_rate", "compulsory_cost_deviation")
    )
    return Choice(view, "1440", ("1441", "1480"), first, second, 2021, marked=("0180",), **more)


def marks(ax):
    return re.findall(r'<g id="mark-(\w+)"', svg(ax.figure).decode())


@pytest.mark.parametrize("view", VIEWS)
def test_each_municipality_is_one_mark(view, panel):
    ax = draw(panel, choose(view), boundaries=boundaries(["0114", "0180", "1440", "1441", "1480"]))
    expected = {
        "line": {"1440", "1441", "1480", "0180"},
        "map": {"0114", "0180", "1440", "1441", "1480"},
    }.get(view, {"0114", "0180", "1440", "1441"})
    found = marks(ax)
    assert set(found) == expected
    assert len(found) == len(set(found))


@pytest.mark.parametrize("view", VIEWS)
def test_the_focus_and_the_marked_are_named_in_the_picture(view, panel):
    ax = draw(panel, choose(view), boundaries=boundaries(["0114", "0180", "1440", "1441", "1480"]))
    assert {"Ale", "Stockholm"} <= {text.get_text() for text in ax.texts}


@pytest.mark.parametrize("view", ["ranking", "distribution", "map", "scatter"])
def test_who_has_no_figure_is_said_and_stands_in_the_data(view, panel):
    ax = draw(panel, choose(view), boundaries=boundaries(["0114", "0180", "1440", "1441", "1480"]))
    assert "Göteborg" in description(ax).caption
    row = data(panel, choose(view)).loc["Göteborg"]
    assert np.isnan(row["Municipal tax rate, %"])
    assert row["Remark"] == "not published"


def test_a_line_has_a_hole_at_the_break_and_says_why(panel):
    ax = draw(panel, choose("line"))
    own = next(line for line in ax.lines if line.get_gid() == "mark-1440")
    assert own.get_xdata().tolist() == [2017, 2018, 2018.5, 2019, 2020, 2021]
    assert np.isnan(own.get_ydata()[2])
    assert "2019" in description(ax).caption


def test_a_line_shows_the_years_without_a_figure_and_the_figures_to_be_read_with_care():
    observations = ka.read_example()
    flags = observations.query("flag != '' and indicator == 'compulsory_merit_home'")
    code = flags.query("flag == 'secret'")["municipality"].iloc[0]
    ax = draw(observations, Choice("line", code, indicator="compulsory_merit_home"))
    crosses = next(line for line in ax.lines if line.get_marker() == "x")
    values = observations.query("municipality == @code and indicator == 'compulsory_merit_home'")
    assert crosses.get_xdata().tolist() == sorted(values.loc[values["value"].isna(), "year"])
    assert "secret" in description(ax).caption


def test_the_picture_itself_says_that_the_focus_has_no_figure(panel):
    ax = draw(panel, choose("ranking").but(municipality="1480"))
    assert any("Göteborg (not published)" in text.get_text() for text in ax.texts)


def test_lines_of_the_marked_are_told_apart_without_colour(panel):
    ax = draw(panel, choose("line").but(marked=("0180", "0114")))
    looks = [(line.get_linestyle(), line.get_marker()) for line in ax.lines if str(line.get_gid()).startswith("mark")]
    assert len(set(looks)) >= 4


def test_a_map_without_boundaries_says_how_to_get_them(panel):
    for held in (None, boundaries(["091"], "FI")):
        with pytest.raises(UsageError, match=r"municipalities of Sweden.*read_boundaries"):
            draw(panel, choose("map"), boundaries=held)


def test_nothing_to_draw_is_refused_with_the_year_that_has_figures(panel):
    empty = panel.copy()
    empty.loc[(slice(None), 2021), "tax_rate"] = np.nan
    with pytest.raises(NoData, match="2020"):
        draw(empty, choose("ranking"))
    with pytest.raises(UsageError, match="different"):
        draw(panel, choose("scatter").but(second="tax_rate"))
    with pytest.raises(NoData):
        draw(panel.assign(tax_rate=np.nan), choose("line").but(indicator="tax_rate"))


def test_observations_and_their_panel_draw_the_same():
    observations = ka.read_example()
    choice = Choice("ranking", "X07", indicator="population", year=2023)
    assert svg(draw(observations, choice).figure) == svg(draw(ka.panel(observations), choice).figure)


def test_the_given_axes_are_drawn_on(panel):
    ax = ka.figures.new_axes()
    assert draw(panel, choose("ranking"), ax=ax) is ax


@pytest.mark.parametrize("view", VIEWS)
def test_swept_axes_give_the_same_picture_as_new_ones(view, panel):
    held = boundaries(["0114", "0180", "1440", "1441", "1480"])
    first, then = choose(view), choose(view, language="fi").but(municipality="0114", year=2019, marked=("1441",))
    ax = draw(panel, first, boundaries=held)
    again = draw(panel, then, ax=swept(ax), boundaries=held)
    assert svg(again.figure) == svg(draw(panel, then, boundaries=held).figure)


def test_money_in_the_name_of_an_indicator_is_not_mathematics(panel):
    named = panel.assign(**{"a $b$ c": panel["tax_rate"]})
    for view in ("scatter", "distribution", "ranking", "line"):
        ax = draw(named, choose(view).but(indicator="a $b$ c"))
        texts = [text for text in (*ax.texts, ax.xaxis.label) if "$" in text.get_text()]
        assert texts
        assert not any(text.get_parse_math() for text in texts)


@pytest.mark.shared
def test_all_of_sweden_on_a_map(shared):
    held = ka.sources.read_boundaries(shared / "data/boundaries/sweden_municipalities_2020_wgs84.geojson", year=2020)
    index = pd.MultiIndex.from_product([list(held.rings), [2021]], names=["municipality", "year"])
    whole = pd.DataFrame({"tax_rate": np.linspace(17, 34, len(index))}, index=index)
    ax = draw(whole, Choice("map", "1440", indicator="tax_rate"), boundaries=held)
    assert len(marks(ax)) == 290
    assert len(svg(ax.figure)) < 400_000
