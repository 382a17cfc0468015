"""The page: sanitised, whole, self-contained."""

import base64

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kommunanalys.errors import NotebookError
from kommunanalys.language import Speaker
from kommunanalys.reporting.html import Facts, clean, render, shown
from kommunanalys.reporting.parameters import Parameter

ORIGIN = {
    "producer": "RKA, Kolada", "address": "x.csv.gz", "fetched": "2026-01-01T00:00:00+00:00",
    "from_cache": False, "published": "", "licence": "free",
    "credit": "Källa: Kolada", "sha256": "ab" * 32, "note": "", "country": "SE", "fictive": False,
}  # fmt: skip
FACTS = Facts(
    {"source": "/home/somebody/kolada"},
    {"source": Parameter("source", "str", "", "where")},
    [ORIGIN],
    {"pandas": "3"},
    "2026-01-01T00:00:00",
)


def page(
    *outputs: nbformat.NotebookNode, heading: str = "# Question?", facts: Facts = FACTS, language: str = "en"
) -> str:
    book = new_notebook(cells=[new_markdown_cell(heading), new_code_cell("secret_code = 1", outputs=list(outputs))])
    return render(book, Speaker(language), facts)


def html(text: str, kind: str = "display_data") -> nbformat.NotebookNode:
    return new_output(kind, {"text/html": text})


@pytest.mark.parametrize(
    ("planted", "gone"),
    [
        ("<script>alert(1)</script>", "alert"),
        ('<p onclick="x()">a</p>', "onclick"),
        ('<a href="javascript:x()">a</a>', "javascript"),
        ('<img src="https://evil.example/a.png" alt="a">', "evil"),
        ('<iframe src="https://evil.example"></iframe>', "evil"),
        ('<style>@import "https://evil.example"</style>', "evil"),
        ('<svg onload="x()"><script>x()</script></svg>', "onload"),
        ('<a href="data:text/html,x">a</a>', "data:"),
        ('<a href=" data:text/html,x">a</a>', "data:"),
        ('<p style="background:url(https://evil.example)">a</p>', "evil"),
    ],
)
def test_nothing_runs_and_nothing_is_loaded(planted, gone):
    assert gone not in clean(planted)


def test_hostile_markdown_is_cleaned_too():
    text = page(heading="# Question?\n\n<script>alert(1)</script> [x](javascript:alert(2))")
    assert "alert(1)" not in text
    assert 'href="javascript' not in text


def test_the_page_has_what_a_page_needs():
    text = page(html("<table><caption>c</caption></table>"), language="sv")
    assert '<html lang="sv">' in text
    assert "default-src 'none'" in text
    assert text.count("<h1") == 1
    assert "secret_code" not in text
    assert "/home/somebody" not in text
    assert "Källa: Kolada" in text


def test_both_kinds_of_result_are_kept():
    table = "<table><tr><td>{}</td></tr></table>"
    text = page(html(table.format("first")), html(table.format("second"), "execute_result"))
    assert "first" in text
    assert "second" in text


def test_a_picture_without_words_is_refused():
    with pytest.raises(NotebookError, match="alternative text"):
        page(new_output("display_data", {"image/png": "iVBOR", "text/plain": "<Figure>"}))


def test_a_lost_table_stops_the_page():
    with pytest.raises(NotebookError, match="0 of 1 <table>"):
        page(html("<script><table></table></script>"))


@pytest.mark.parametrize("heading", ["No heading", "# One\n\n# Two"])
def test_one_top_heading(heading):
    with pytest.raises(NotebookError, match="one top heading"):
        page(heading=heading)


def test_example_data_is_marked():
    fictive = Facts({}, {}, [{**ORIGIN, "fictive": True}], {}, "2026-01-01T00:00:00")
    assert 'class="example"' in page(facts=fictive)
    assert 'class="example"' not in page()


def test_warnings_of_libraries_are_not_printed_but_prints_are():
    text = page(
        new_output("stream", name="stderr", text="/home/x: warning"), new_output("stream", name="stdout", text="a & b")
    )
    assert "warning" not in text
    assert "a &amp; b" in text


@pytest.mark.parametrize("output", ["<h1>Another</h1>", "<H1 title='x'>Another</H1>"])
def test_an_output_brings_no_second_top_heading(output):
    with pytest.raises(NotebookError, match="one top heading"):
        page(html(output))


def test_tables_of_words_and_of_code_are_counted_alike():
    table = "a|b\n-|-\n1|2\n"
    book = new_notebook(
        cells=[
            new_markdown_cell(f"# Question?\n\n{table}"),
            new_code_cell(outputs=[new_output("display_data", {"text/markdown": table}), html("<TABLE/><img/>")]),
            new_code_cell(outputs=[new_output("stream", name="stderr", text="<table>")]),
        ]
    )
    assert shown(book) == {"table": 3, "img": 1}


def test_a_notebook_cannot_end_the_page_or_begin_what_the_page_tells_of_itself():
    text = page(html("</main></body><section class='about'><h2>Sources</h2>"))
    assert text.count('<section class="about">') == text.count("</main>") == 1


def test_colours_of_a_terminal_are_not_printed():
    assert "<pre>red</pre>" in page(new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m"))


def test_a_picture_with_a_script_is_not_published():
    drawing = base64.b64encode(b"<svg><script>x()</script></svg>").decode()
    assert clean(f'<img src="data:image/svg+xml;base64,{drawing}" alt="a">') == '<img alt="a">'
