"""The code of a picture, run in a new cell, draws the very same picture."""

import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.figures import description
from kommunanalys.figures.show import svg
from kommunanalys.widgets.choice import VIEWS, Choice
from kommunanalys.widgets.recipe import code
from kommunanalys.widgets.views import draw


@pytest.fixture(scope="module")
def panel():
    return ka.panel(ka.read_example())


def run(lines, monkeypatch, **held):
    shown = []
    monkeypatch.setattr("kommunanalys.figures.show", lambda *items, say: shown.extend((*items, say)))
    exec(compile(lines, "cell", "exec"), held)
    return shown


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "map"])
def test_the_code_makes_the_same_picture(view, panel, monkeypatch):
    choice = Choice(
        view,
        "X07",
        ("X01", "X02", "X03"),
        "compulsory_cost_home",
        "compulsory_merit_home",
        2022,
        (2015, 2023),
        ("X11",),
        "fi",
    )
    ax, say = run(code(choice), monkeypatch, panel=panel)
    own = draw(panel, choice)
    assert svg(ax.figure) == svg(own.figure)
    pd.testing.assert_frame_equal(description(ax).data, description(own).data)
    assert description(ax).caption == description(own).caption
    assert say.language == "fi"


def test_the_load_line_stands_before_the_panel_is_used(monkeypatch):
    lines = code(Choice("ranking", "X07", indicator="population"), panel_name="mine", load="mine = ka.read_example()")
    ax, _ = run(lines, monkeypatch)
    assert ax.artists


def test_a_map_says_where_its_boundaries_come_from():
    choice = Choice("map", "1440", indicator="tax_rate")
    assert 'ka.sources.read_boundaries("a b.geojson")' in code(choice, boundaries="a b.geojson")
    compile(code(choice, boundaries="a'b\"c.geojson"), "cell", "exec")


def test_lines_are_no_wider_than_a_cell():
    many = Choice("line", "1440", tuple(f"{code:04}" for code in range(1, 40)), "tax_rate")
    assert max(map(len, code(many).splitlines())) <= 92
    assert Choice(**vars_of(many)) == many


def vars_of(choice):
    held = {}
    lines = code(choice).replace("ka.show", "# ")
    exec(lines, held)
    return held["choice"].__dict__
