"""Whatever runs or loads is found, also where it hides; what a reader chooses to open is not."""

import pytest

from kommunanalys.reporting.page_rules import parse
from kommunanalys.reporting.page_safety import harmless_picture, rules, vector_text


def found(text, scripts=False):
    return {rule for rule, look in rules(scripts).items() if list(look(parse(text)))} - {"content-policy"}


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://www.kolada.se">Kolada</a><a href="mailto:a@b.invalid">a</a><a href="report.xlsx">b</a>',
        '<img src="data:image/png;base64,iVBOR" alt="a">',
        '<style>p { background: url(data:image/png;base64,iVBOR) } q { content: "https://a.invalid" }</style>',
        "<style>/* https://a.invalid */ @font-face { src: url(#a) }</style>",
        '<form action=""></form><link rel="alternate" href="index.fi.html"><link rel="icon" href="data:,">',
        '<p title="javascript is a language">a</p><p class="onclick">b</p>',
    ],
)
def test_harmless(text):
    assert found(text) == set()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('<img srcset="data:, https://a.invalid/b.png 2x">', "external-request"),
        ('<img src="picture.png">', "external-request"),
        ('<video poster="//a.invalid/b"></video>', "external-request"),
        ('<svg><image href="https://a.invalid/b"/></svg>', "external-request"),
        ('<svg><use xlink:href="https://a.invalid/b"/></svg>', "external-request"),
        ('<base href="https://a.invalid">', "external-request"),
        ('<link rel="preload" href="a.css">', "external-request"),
        ('<a href="report.html" ping="https://a.invalid">a</a>', "external-request"),
        ("<style>@import 'a.css';</style>", "external-style"),
        ("<style>@media print { p { background: u\\72l(https://a.invalid) } }</style>", "external-style"),
        ("<style>p { background: image-set('https://a.invalid' 1x) }</style>", "external-style"),
        ("<style>p { --a: url(https://a.invalid) }</style>", "external-style"),
        ('<p style="background: URL( https://a.invalid )">a</p>', "external-style"),
        ("<script src='data:,alert(1)'></script>", "script"),
        ("<svg><script>x</script></svg>", "script"),
        ("<svg ONLOAD='x()'></svg>", "event-handler"),
        ("<a href='JaVaScRiPt:x()'>a</a>", "script-link"),
        ("<a href='\tjava&Tab;script&colon;x()'>a</a>", "script-link"),
        ("<a href='data:text/html,x'>a</a>", "script-link"),
        ('<img alt="a" src="data:image/svg+xml,<svg onload=x()>">', "script"),
    ],
)
def test_found(text, rule):
    assert rule in found(text)


def test_data_is_no_script():
    assert found('<script type="application/json">{"a": 1}</script>') == set()


@pytest.mark.parametrize(
    "drawing",
    [
        "<svg><script>x</script></svg>",
        "<svg><foreignObject></foreignObject></svg>",
        "<svg><a xlink:href='javascript:x()'></a></svg>",
        "<svg><image xlink:href='https://a.invalid'/></svg>",
        "<svg><rect fill='url(https://a.invalid#b)'/></svg>",
        "<svg><style>@import 'https://a.invalid';</style></svg>",
        "<svg><set attributeName='onload' to='x()'/></svg>",
    ],
)
def test_pictures_that_would_run_or_load(drawing):
    assert not harmless_picture(f"data:image/svg+xml,{drawing}")


@pytest.mark.parametrize(
    "drawing",
    [
        "<svg xmlns:xlink='http://www.w3.org/1999/xlink'><use xlink:href='#a'/><rect fill='url(#b)'/></svg>",
        "<svg><text>year one = 2, href='https://a.invalid'</text></svg>",
    ],
)
def test_pictures_that_are_drawings(drawing):
    assert harmless_picture(f"data:image/svg+xml,{drawing}")


def test_a_picture_that_cannot_be_read_has_no_text():
    assert vector_text("data:image/svg+xml;base64,A") == ""
    assert vector_text("data:image/png;base64,iVBOR") == ""
