"""The pages in a real browser: readable for all by axe-core, nothing run, nothing loaded, nothing sticking out."""

import base64
import re
import shutil

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kommunanalys.language import Speaker
from kommunanalys.mime import SUBJECT
from kommunanalys.reporting import html
from kommunanalys.reporting.check import check
from kommunanalys.reporting.html import Facts
from kommunanalys.reporting.index import build_index
from kommunanalys.reporting.parameters import Parameter
from kommunanalys.reporting.run import run
from tests.reporting.browser import axe, browser, needed, opened
from tests.reporting.planted import PLANTED
from tests.shipped import NOTEBOOKS, shipped

__all__ = ["browser"]
pytestmark = needed
NARROW = 320
"""Width [px] that WCAG 1.4.10 asks of a page: a telephone, or a screen enlarged four times."""

MEASURE = """() => ({
  broken: [...document.images].filter(image => !image.naturalWidth).length, images: document.images.length,
  wide: document.documentElement.scrollWidth - innerWidth, rules: document.styleSheets[0].cssRules.length })"""


@pytest.mark.parametrize(("width", "unfolded"), [(NARROW, True), (1200, False)])
@pytest.mark.parametrize("language", ["sv", "fi", "en"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_page_is_accessible_whole_and_quiet(browser, tmp_path_factory, name, language, width, unfolded):
    with opened(browser, shipped(tmp_path_factory, language)[name], width) as seen:
        if unfolded:
            seen.page.evaluate("() => document.querySelectorAll('details').forEach(item => item.open = true)")
        assert axe(seen.page) == []
        found = seen.page.evaluate(MEASURE)
    assert found["images"] >= 1
    assert found["broken"] == 0
    assert found["rules"] > 10, "the policy lets the page's own style in"
    assert found["wide"] <= 0
    assert seen.requests == []


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
@pytest.mark.parametrize("width", [NARROW, 1200])
def test_the_start_pages_are_accessible_too(browser, tmp_path_factory, tmp_path, language, width):
    output = shutil.copytree(shipped(tmp_path_factory, "sv")["open_data"].parents[2], tmp_path / "reports")
    build_index(output)
    for name in (f"index.{language}.html", "index.html"):
        assert check(output / name) == []
        with opened(browser, output / name, width) as seen:
            assert axe(seen.page) == []
            assert seen.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
        assert seen.requests == []


@pytest.mark.parametrize("name", [name for name, fault in PLANTED.items() if fault.axe])
def test_axe_sees_the_faults_that_it_can_see(browser, tmp_path_factory, tmp_path, name):
    good = shipped(tmp_path_factory, "sv")["municipality_profile"]
    page = tmp_path / "report.html"
    text = PLANTED[name].plant(good.read_text(encoding="utf-8"))
    # The faults that are styles must come through: the policy, rightly, would not let them.
    page.write_text(without_policy(text), encoding="utf-8")
    with opened(browser, page) as seen:
        assert any(found.startswith(PLANTED[name].axe + ":") for found in axe(seen.page))


def without_policy(text):
    return re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)


RAN = "window.ran = 1; document.title = 'ran'; alert(1)"
AWAY = "https://elsewhere.invalid"
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RAN}"><script>{RAN}</script><image href="{AWAY}/a.png"/></svg>'
PICTURE = base64.b64encode(SVG.encode()).decode()
BROKEN = f'<img src="x" onerror="{RAN}" alt="A picture that is not there">'
HOSTILE = [
    f"<script>{RAN}</script>",
    BROKEN,
    f'<img src="data:image/svg+xml;base64,{PICTURE}" alt="A picture with a script">',
    f"<img src='data:image/svg+xml,{SVG}' alt='A picture with a script, in the open'>",
    SVG,
    f'<svg><a href="javascript:{RAN}"><text>x</text></a></svg>',
    f"<math><mtext><table><caption>c</caption><mglyph><style>{BROKEN}</style></mglyph></table></mtext></math>",
    f'<a href="javascript:{RAN}">one</a>',
    f'<a href=" java\nscript:{RAN}">two</a>',
    '<a href="data:text/html,<script>opener.ran=1</script>">three</a>',
    f'<a href="vbscript:{RAN}">four</a>',
    f"<table><caption>Costs<script>{RAN}</script></caption><tr><th scope='col'>{BROKEN}</th></tr></table>",
    f'<table><caption>c</caption><tr><th scope="col" onmouseover="{RAN}">Pupils</th></tr></table>',
    f'<meta http-equiv="refresh" content="0;url={AWAY}">',
    f'<iframe src="{AWAY}" srcdoc="<script>parent.ran=1</script>" title="x"></iframe>',
    f'<style>@import "{AWAY}/a.css"; body {{ background: url({AWAY}/b.png) }}</style>',
    f'<p style="background: url({AWAY}/c.png)">styled</p>',
    f'<link rel="stylesheet" href="{AWAY}/a.css"><base href="{AWAY}/">',
    f'<form action="{AWAY}"><input autofocus onfocus="{RAN}"></form>',
    f'<details open ontoggle="{RAN}"><summary>x</summary></details>',
    f'<object data="{AWAY}"></object><embed src="{AWAY}"><video poster="{AWAY}/v.png"></video>',
    f'</main></body></html><section class="about"><script>{RAN}</script>',
    f"<!--><script>{RAN}</script>--><!-- x --!>{BROKEN}",
    f"<noscript><p title=\"</noscript><img src=x onerror='{RAN}' alt='z'>\"></noscript>",
    f"<textarea><script>{RAN}</script></textarea><title><script>{RAN}</script></title>",
    '<div class="wide" tabindex="0" aria-label="{{ 7*7 }}">{{ 7*7 }} {% raw %} {0.__class__} {x}</div>',
]
WORDS = f"""# {{{{ 7*7 }}}} {{0.__class__}} <script>{RAN}</script>

{{% include '/etc/passwd' %}} [a](javascript:window.ran=1) ![a picture of nothing]({AWAY}/d.png) {BROKEN}

[b]: javascript:window.ran=1
[b] <javascript:window.ran=1>"""


@pytest.fixture(scope="module")
def hostile():
    text = f"<script>{RAN}</script> {{{{ 7*7 }}}} {{0.__class__}} </title></main>"
    outputs = [new_output("display_data", {"text/html": item, "application/javascript": RAN}) for item in HOSTILE]
    outputs += [
        new_output("stream", name="stdout", text=text),
        new_output("execute_result", {"text/plain": text}),
        new_output("display_data", {"text/markdown": f"{BROKEN}\n\n{SVG}", SUBJECT: {"text": text}}),
    ]
    cells = [new_markdown_cell(WORDS), *(new_code_cell(outputs=[output]) for output in outputs), new_markdown_cell("")]
    origin = dict.fromkeys(("producer", "address", "fetched", "published", "licence", "credit", "note"), text)
    declared = {"name": Parameter("name", "str", "", text)}
    facts = Facts({"name": text}, declared, [{**origin, "from_cache": False, "sha256": text}], {text: text}, text)
    with pytest.MonkeyPatch.context() as patch:
        # The count of pictures and tables would refuse this page: here the cleaning must stand alone.
        patch.setattr(html, "_check_whole", lambda *_: None)
        return html.render(new_notebook(cells=cells), Speaker("en"), facts)


@pytest.mark.parametrize("guard", ["with the policy", "without the policy"])
def test_a_hostile_notebook_runs_nothing_and_asks_for_nothing(browser, tmp_path, hostile, guard):
    page = tmp_path / "report.html"
    page.write_text(hostile if guard == "with the policy" else without_policy(hostile), encoding="utf-8")
    with opened(browser, page) as seen:
        title = seen.page.title()
        for link in seen.page.query_selector_all("main a"):
            link.dispatch_event("click")
            seen.page.wait_for_timeout(20)
        seen.page.wait_for_timeout(500)
        assert seen.page.evaluate("() => window.ran") is None
        assert seen.page.url == page.as_uri()
        assert seen.page.title() == title
        assert seen.page.evaluate("() => document.querySelectorAll('main section.about').length") == 1
        assert seen.page.evaluate("() => document.querySelectorAll('script, iframe, svg, object, form').length") == 0
    assert seen.requests == []
    assert seen.dialogs == []
    assert "{{ 7*7 }}" in title
    assert "{0.__class__}" in title
    assert ">49<" not in hostile


def test_the_lint_finds_nothing_that_runs_in_the_hostile_page(tmp_path, hostile):
    page = tmp_path / "report.html"
    page.write_text(hostile, encoding="utf-8")
    danger = {"script", "event-handler", "script-link", "external-request", "external-style", "content-policy"}
    assert danger & {fault.rule for fault in check(page)} == set()


CHARTS = """import pandas as pd
from kommunanalys.figures import describe, new_axes, show
for name in ("Costs", "Pupils"):
    ax = new_axes()
    data = pd.DataFrame({name: range(300)}, dtype=float)
    for shift in range(30):
        ax.plot(data.index, data[name] * shift % 17)
    show(describe(ax, caption=name, alternative=f"{name} rise and fall over three hundred years.", data=data[:11]))"""


def test_a_page_with_two_figures_is_small(tmp_path_factory, notebook, tmp_path):
    profile = shipped(tmp_path_factory, "sv")["municipality_profile"].read_bytes()
    assert profile.count(b"<img") == 2
    assert len(profile) <= 150_000
    report = run(notebook(CHARTS), language="en", output=tmp_path / "reports")
    assert report.page.read_bytes().count(b"<img") == 2


def test_on_paper_nothing_is_cut(browser, tmp_path_factory):
    with opened(browser, shipped(tmp_path_factory, "fi")["cost_efficiency"], 680) as seen:
        seen.page.emulate_media(media="print")
        assert (
            seen.page.evaluate(
                """() => [...document.querySelectorAll('main table')].filter(item => item.checkVisibility())
                 .filter(item => item.getBoundingClientRect().right > innerWidth + 1).length"""
            )
            == 0
        )
        assert axe(seen.page) == []
