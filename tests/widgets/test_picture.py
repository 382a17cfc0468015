"""The picture: marks by code, nothing fetched, an old figure never left in place of an error."""

import re
from importlib.util import find_spec

import pytest

from kommunanalys.figures import describe, new_axes
from kommunanalys.widgets.picture import HERE, Picture, clickable
from tests.reporting.browser import CHROMIUM

NASTY = 'Å & "<script>alert(1)</script>'


@pytest.fixture
def ax():
    import pandas as pd

    ax = new_axes()
    ax.plot([1], [1], "o", gid="mark-1440")
    ax.set_title(NASTY)
    return describe(ax, caption="Costs", alternative="They rise.", data=pd.DataFrame({"cost": [1.0]}))


def test_a_figure_becomes_one_that_can_be_clicked(ax):
    picture = Picture()
    picture.show(ax, {"1440": "Ale"}, ("1440",), "sv")
    assert picture.svg.startswith("<svg")
    assert picture.svg.count('data-code="1440"') == 1
    assert (picture.caption, picture.alternative, picture.language) == ("Costs", "They rise.", "sv")
    assert (picture.names, picture.marked, picture.problem) == ({"1440": "Ale"}, ["1440"], False)


def test_what_stands_in_a_figure_is_text_and_not_markup(ax):
    picture = Picture()
    picture.show(ax, {}, (), "en")
    assert "<script" not in picture.svg
    assert "&lt;script&gt;" in picture.svg


def test_groups_keep_no_ids_that_two_figures_would_share():
    svg = b'<!DOCTYPE svg><svg><g id="axes_1"><g id="mark-a b"/><clipPath id="p1"/></g></svg>'
    assert clickable(svg) == '<svg><g><g data-code="a b"/><clipPath id="p1"/></g></svg>'


def test_a_figure_brings_no_rule_for_the_whole_page(ax):
    picture = Picture()
    picture.show(ax, {}, (), "en")
    assert "<style" not in picture.svg
    assert picture.svg.startswith('<svg style="stroke-linejoin: round; stroke-linecap: butt"')


def test_an_error_takes_the_figure_away(ax):
    picture = Picture()
    picture.show(ax, {}, (), "en")
    picture.fail("There is no figure.", "en")
    assert (picture.svg, picture.caption, picture.alternative, picture.problem) == ("", "", "There is no figure.", True)
    picture.show(ax, {}, (), "en")
    assert not picture.problem


@pytest.mark.parametrize("name", ["picture.js", "copying.js", "room.css"])
def test_nothing_is_fetched_from_anywhere(name):
    text = (HERE / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|\bimport\b|fetch\(|url\(", text)


def test_each_listener_is_taken_away_again():
    text = (HERE / "picture.js").read_text(encoding="utf-8")
    assert text.count("addEventListener") == text.count("removeEventListener") == 3
    assert text.count("model.on(") == text.count("model.off(") == 1


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM or find_spec("playwright") is None, reason="no Chromium, or no playwright")
def test_typed_keys_are_no_commands_to_the_notebook():
    from playwright.sync_api import sync_playwright

    source = (HERE / "picture.js").read_text(encoding="utf-8").replace("export default { render };", "")
    # As JupyterLab does: it hears the key first, and heeds the mark on the element that has the focus.
    page_script = (
        source
        + """
      window.heard = [];
      document.addEventListener("keydown", (event) => {
        if (!event.target.hasAttribute("data-lm-suppress-shortcuts")) heard.push(event.key);
      }, true);
      const model = { get: (name) => ({ names: {}, marked: [], svg: "<svg><g data-code='1'></g></svg>" })[name] ?? "",
        set() {}, save_changes() {}, on() {}, off() {} };
      render({ model, el: document.querySelector(".ka-room div") });"""
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content('<div class="ka-room"><div></div><button>in</button></div><button id="out">out</button>')
        page.evaluate(f"() => {{ {page_script} }}")
        for place in ("[data-code]", ".ka-room button", "#out"):
            page.locator(place).focus()
            page.keyboard.press("x")
        page.locator(".ka-room button").focus()
        page.keyboard.press("Control+s")
        assert page.evaluate("heard") == ["x", "s"]
        browser.close()
