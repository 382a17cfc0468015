"""The page's own style as a browser computes it."""

import pytest
import tinycss2

from kommunanalys.reporting.cascade import Styles, read_rules, resolve
from kommunanalys.reporting.page_rules import parse


def computed(style, body, media="screen"):
    page = parse(f"<html><style>{style}</style><body>{body}</body></html>")
    return Styles(page, media).of(page.find(id="x"))


@pytest.mark.parametrize(
    ("style", "size"),
    [
        ("html { font: 17px/1.55 Arial, sans-serif } #x { font-size: .84rem }", 14.28),
        ("body { font-size: 20px } #x { font-size: 50% }", 10),
        ("body { font-size: 20px } #x { font-size: 1.5em }", 30),
        ("#x { font-size: 12pt }", 16),
        ("#x { font-size: large }", 18),
        ("#x { font-size: calc(1px + 1vw) }", 16),
        ("body { font-size: 2em } div { font-size: .5em }", 16),
    ],
)
def test_sizes(style, size):
    assert float(computed(style, "<div><p id='x'>a</p></div>")["font-size"]) == pytest.approx(size)


def test_media():
    style = "p { color: red } @media print { p { color: blue } } @media screen { p { background: lime } }"
    assert computed(style, "<p id='x'>a</p>", "print")["color"] == "blue"
    assert "background-color" not in computed(style, "<p id='x'>a</p>", "print")
    assert computed(style, "<p id='x'>a</p>")["background-color"] == "lime"


def test_selectors_of_a_list_stand_alone():
    rules = read_rules("h1, .a > b, p:hover, a:is(.b, .c) { color: red }", "screen")
    assert [rule.selector for rule in rules] == ["h1", ".a > b", "a:is(.b, .c)"]


def test_properties_name_each_other():
    value = tinycss2.parse_component_value_list("var(--a)")
    assert resolve(value, {"--a": "var(--b)", "--b": "red"}) == "red"
    assert resolve(value, {}) == ""
