"""Contrast by the formulas of WCAG, with values computed by hand, and the cascade that leads to the colours."""

import pytest

from kommunanalys.reporting.contrast import WHITE, low_contrast, luminance, over, ratio, read_colour
from kommunanalys.reporting.page_rules import parse


def found(style, body="<p>Budget</p>"):
    return [flaw.values for flaw in low_contrast(parse(f"<html><style>{style}</style><body>{body}</body></html>"))]


@pytest.mark.parametrize(
    ("colour", "expected"),
    [("#fff", 1.0), ("#000", 21.0), ("#777", 4.48), ("#767676", 4.54), ("#f00", 4.0), ("rgb(0, 0, 255)", 8.59)],
)
def test_known_ratios(colour, expected):
    assert ratio(read_colour(colour), WHITE) == pytest.approx(expected, abs=0.005)


def test_luminance_of_green():
    assert luminance(read_colour("lime")) == pytest.approx(0.7152)


def test_half_black_over_white_is_grey():
    assert over((0, 0, 0, 0.5), WHITE) == (0.5, 0.5, 0.5, 1.0)


@pytest.mark.parametrize(
    ("style", "body"),
    [
        ("p { color: #777 }", "<p>a</p>"),
        (":root { --quiet: #777 } p { color: var(--quiet) }", "<p>a</p>"),
        ("p { color: var(--none, #777) }", "<p>a</p>"),
        ("body { color: #777 }", "<ul><li>inherited</li></ul>"),
        ("body { background: #333 }", "<p>black on dark</p>"),
        ("body { background: #333 url(data:,) }", "<p style='background: #444'>a</p>"),
        ("p { color: #000a; background: #777 }", "<p>see through</p>"),
        ("#a { color: #777 } p.b { color: #000 }", "<p id='a' class='b'>specific</p>"),
        ("p { color: #777 !important } #a { color: #000 }", "<p id='a'>important</p>"),
        ("body { background: #111; color: #eee }", "<a href='#'>the browser's own blue</a>"),
        ("h1 { color: #999; font-size: 2rem }", "<h1>2.85 is too little for large text too</h1>"),
        ("@media (prefers-color-scheme: dark) { body { background: #222 } }", "<p>forgotten ink</p>"),
        ("", "<p style='color: hsl(0, 0%, 50%)'>inline</p>"),
    ],
)
def test_too_little(style, body):
    assert found(style, body)


@pytest.mark.parametrize(
    ("style", "body"),
    [
        ("", "<p>black on white</p>"),
        ("p { color: #777; color: #333 }", "<p>the later holds</p>"),
        ("p { color: #777 } #a { color: #333 }", "<p id='a'>the more specific holds</p>"),
        ("p { color: #777; font-size: 24px }", "<p>large</p>"),
        ("p { color: #777; font: bold 19px/1.5 Arial }", "<p>large and bold</p>"),
        ("p { color: #ccc; display: none }", "<p>hidden</p>"),
        ("p:hover { color: #ccc }", "<p>a state</p>"),
        ("p::before { color: #ccc }", "<p>generated</p>"),
        ("p { color: #ccc }", "<p> </p>"),
        ("@media print { p { color: #000 } } p { color: #222 }", "<p>a</p>"),
        (
            "@media (prefers-color-scheme: dark) { body { background: #222; color: #eee } a { color: #9cf } }",
            "<p>a</p><a href='#'>b</a>",
        ),
        ("body { background: #333; color: #fff }", "<div style='background: none'><p>a</p></div>"),
        (":root { --a: var(--b); --b: var(--a) } p { color: var(--a) }", "<p>a circle</p>"),
        ("p { color: color-mix(in srgb, red, blue) }", "<p>only browsers know</p>"),
        ("{ broken } p { color: } @media { ", "<p>broken</p>"),
    ],
)
def test_enough_or_unknown(style, body):
    assert found(style, body) == []


def test_each_pair_is_told_once_with_its_figures():
    values = found("p { color: #777 }", "<p>a</p><p>b</p>")
    assert values == [{"colour": "#777", "background": "#ffffff", "ratio": "4.5", "needed": 4.5, "tag": "p"}]
