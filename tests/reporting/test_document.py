"""The Word document: the page's words, tables and pictures, marked as Word and its readers need."""

import base64
import io
import posixpath
import sys
import zipfile
from datetime import datetime

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kommunanalys.errors import NotebookError, UsageError
from kommunanalys.figures import describe, new_axes
from kommunanalys.figures.show import Table, bundle
from kommunanalys.language import Speaker
from kommunanalys.reporting.document import write_document
from kommunanalys.reporting.html import Facts, render
from kommunanalys.reporting.parameters import Parameter

docx = pytest.importorskip("docx", reason="the extra [documents] is not installed")
pytest.importorskip("resvg_py", reason="the extra [documents] is not installed")

ORIGIN = {
    "producer": "RKA, Kolada", "address": "x.csv.gz", "fetched": "2026-01-01T00:00:00+00:00",
    "from_cache": False, "published": "", "licence": "free", "credit": "Källa: Kolada", "sha256": "ab" * 32,
    "note": "", "country": "FI", "fictive": True,
}  # fmt: skip
DECLARED = {"source": Parameter("source", "str", "", "where")}
FACTS = Facts({"source": "/home/somebody/kolada"}, DECLARED, [ORIGIN], {"pandas": "3"}, "2026-01-01T12:30:00+02:00")
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


def book(*outputs: nbformat.NotebookNode, words: str = "# Question?\n\nWords.") -> nbformat.NotebookNode:
    return new_notebook(cells=[new_markdown_cell(words), new_code_cell("secret_code = 1", outputs=list(outputs))])


def html(text: str) -> nbformat.NotebookNode:
    return new_output("display_data", {"text/html": text})


def raw(executed, language="sv", facts=FACTS):
    out = io.BytesIO()
    write_document(out, executed, Speaker(language, "FI"), facts)
    return out.getvalue()


def opened(*outputs, words="# Question?\n\nWords.", language="sv"):
    return docx.Document(io.BytesIO(raw(book(*outputs, words=words), language)))


@pytest.fixture(scope="module")
def shown():
    """A described chart and a table as a notebook shows them."""
    say = Speaker("sv", "FI")
    data = pd.DataFrame({"a": [1234.6, float("nan")], "b": ["x", "y"]}, index=pd.Index(["Vasa", "Åbo"], name="Kommun"))
    ax = new_axes(height=2)
    ax.plot([1, 2], [3, 4])
    describe(ax, caption="Kostnaden", alternative="Den stiger & faller.", data=data[["a"]])
    return [new_output("display_data", bundle(item, say)) for item in (ax, Table(data, "Tabellen"))]


def styles(document):
    return [(paragraph.style.name, paragraph.text.strip()) for paragraph in document.paragraphs]


def test_every_word_of_the_page_is_there_and_no_code(shown):
    from bs4 import BeautifulSoup
    from lxml import etree

    executed = book(
        *shown, words="# Fråga?\n\n## Svar\n\nA **b** c\n\n- d\n  1. e\n- f\n\n> g\n\n`h` [i](https://j.fi)"
    )
    page = BeautifulSoup(render(executed, Speaker("sv", "FI"), FACTS), "html.parser")
    xml = zipfile.ZipFile(io.BytesIO(raw(executed))).read("word/document.xml").decode()
    written = "".join("".join(etree.fromstring(xml.encode()).itertext("{*}t")).split())
    missing = [text for text in page.body.stripped_strings if "".join(text.split()) not in written]
    # On paper nothing is folded away: a heading takes the place of what unfolds.
    assert missing == ["Siffrorna bakom diagrammet"]
    assert "secret_code" not in xml
    assert "/home/somebody" not in xml


def test_headings_lists_and_one_top_heading():
    document = opened(words="# Q?\n\n## Part\n\n- a\n  - b\n\n1. c\n\nx\n\n1. d")
    found = styles(document)
    assert [text for style, text in found if style == "Heading 1"] == ["Q?"]
    assert ("Heading 2", "Part") in found
    assert [pair for pair in found if pair[0].startswith("List")] == [
        ("List Bullet", "a"), ("List Bullet 2", "b"), ("List Number", "c"), ("List Number", "d"),
    ]  # fmt: skip
    numbers = [paragraph._p.pPr.numPr.numId.val for paragraph in document.paragraphs if paragraph.text in ("c", "d")]
    assert numbers[0] != numbers[1], "the second list would go on counting from the first"


def test_tables_are_words_own(shown):
    document = opened(shown[1])
    table = document.tables[0]
    body = document.element.body
    above = table._tbl.getprevious()
    assert above.xpath(".//w:t/text()") == ["Tabellen"]
    assert above.xpath("./w:pPr/w:pStyle/@w:val") == ["Caption"]
    assert [cell.text for cell in table.rows[0].cells] == ["Kommun", "a", "b"]
    assert [cell.text for cell in table.rows[1].cells] == ["Vasa", "1\u00a0235", "x"]
    assert table.rows[2].cells[1].text == "–"
    assert [len(row._tr.xpath("./w:trPr/w:tblHeader")) for row in table.rows] == [1, 0, 0]
    assert [cell.paragraphs[0].alignment == 2 for cell in table.rows[1].cells] == [False, True, False]
    assert table._tbl.xpath("./w:tblPr/w:tblCaption/@w:val") == ["Tabellen"]
    assert len(body.xpath(".//w:tbl")) == 3  # ours, the sources, the parameters


def test_pictures_have_their_words_and_caption(shown):
    document = opened(shown[0])
    [shape] = document.inline_shapes
    assert shape._inline.docPr.get("descr") == "Den stiger & faller."
    caption = shape._inline.xpath("ancestor::w:p")[0].getnext()
    assert caption.xpath(".//w:t/text()") == ["Kostnaden"]
    assert shape.width.cm == pytest.approx(16.6, abs=0.01)
    assert next(iter(document.part.package.image_parts)).content_type == "image/png"
    headings = [text for style, text in styles(document) if style == "Heading 2"]
    assert headings[-1] == Speaker("sv", "FI")("The figures behind the charts")
    assert document.tables[-1].rows[1].cells[0].text == "Vasa"


def test_spans_lie_where_html_puts_them():
    rows = (
        "<tr><th colspan=2>ab</th><th>c</th></tr>"
        "<tr><td rowspan=9>d</td><td>e</td><td>f</td></tr><tr><td>g</td><td>h</td></tr>"
    )
    table = opened(html(f"<table><caption>t</caption>{rows}</table>")).tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["ab", "ab", "c"], ["d", "e", "f"], ["d", "g", "h"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "country", "tag"),
    [("sv", "SE", "sv-SE"), ("sv", "FI", "sv-FI"), ("fi", "FI", "fi-FI"), ("en", "FI", "en-GB")],
)
def test_the_language_is_set(language, country, tag):
    out = io.BytesIO()
    write_document(out, book(), Speaker(language, country), FACTS)
    document = docx.Document(out)
    assert set(document.styles.element.xpath(".//w:lang/@w:val")) == {tag}
    assert document.core_properties.language == tag


def test_properties_and_bytes_are_those_of_the_run(shown, tmp_path):
    first = raw(book(*shown))
    write_document(tmp_path / "a.docx", book(*shown), Speaker("sv", "FI"), FACTS)
    assert (tmp_path / "a.docx").read_bytes() == first
    properties = docx.Document(io.BytesIO(first)).core_properties
    assert properties.title == "Question?"
    assert properties.created.replace(tzinfo=None) == datetime(2026, 1, 1, 10, 30)  # noqa: DTZ001


def test_the_warning_of_example_data_is_on_every_sheet():
    document = opened()
    told = Speaker("sv")("Example data: fictive municipalities. No figure here is real.")
    assert styles(document)[0] == ("Example data", told)
    assert document.sections[0].header.paragraphs[0].text == told
    real = Facts(FACTS.values, DECLARED, [{**ORIGIN, "fictive": False}], {}, FACTS.made)
    assert told not in zipfile.ZipFile(io.BytesIO(raw(book(), facts=real))).read("word/document.xml").decode()


def test_every_part_is_well_formed_and_every_link_leads_somewhere(shown):
    from lxml import etree

    dot = html(f'<p><a href="https://b.fi">a</a> <img src="data:image/png;base64,{PIXEL}" alt="p"></p>')
    with zipfile.ZipFile(io.BytesIO(raw(book(*shown, dot)))) as file:
        names = file.namelist()
        parts = {name: etree.fromstring(file.read(name)) for name in names if name.endswith((".xml", ".rels"))}
    kinds = parts["[Content_Types].xml"]
    known = {item.get("PartName", "").lstrip("/") for item in kinds} | {item.get("Extension") for item in kinds}
    assert all(name in known or name.rsplit(".", 1)[-1] in known for name in names)
    links = parts["word/_rels/document.xml.rels"]
    inside = [link.get("Target") for link in links if link.get("TargetMode") != "External"]
    assert {posixpath.normpath(f"word/{target}") for target in inside} <= set(names)
    document = parts["word/document.xml"]
    pairs = [pair for element in document.iter() for pair in element.attrib.items()]
    used = {value for name, value in pairs if name.endswith(("relationships}id", "}embed"))}
    assert len(used) == 4  # header, link, two pictures
    assert used <= {link.get("Id") for link in links}
    drawn = [item.get("id") for item in document.iter("{*}docPr")]
    assert len(drawn) == len(set(drawn)) == 2
    # Word calls a cell without a paragraph, or a body that ends in a table, damaged.
    assert all(len(cell.findall("{*}p")) for cell in document.iter("{*}tc"))
    assert [etree.QName(item).localname for item in document[0]][-2:] == ["p", "sectPr"]


def test_signs_that_xml_cannot_hold_do_not_stop_it():
    document = opened(new_output("stream", name="stdout", text="a\x1b[0mb\x00\n  c"))
    assert ("Printed text", "ab\ufffd\n  c") in styles(document)


def test_a_lost_table_is_refused(monkeypatch):
    from kommunanalys.reporting import document

    monkeypatch.setattr(document._Writer, "table", lambda *_: None)
    with pytest.raises(NotebookError, match="0 of 3 <table>"):
        raw(book(html("<table><tr><td>1</td></tr></table>")))


def test_without_the_extra_the_way_out_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(UsageError, match=r"pip install .*\[documents\]"):
        raw(book())


def test_a_picture_of_points_keeps_its_size():
    assert base64.b64decode(PIXEL)[:4] == b"\x89PNG"
    picture = f'<figure><img src="data:image/png;base64,{PIXEL}" alt="dot"></figure>'
    [shape] = opened(html(picture)).inline_shapes
    assert shape.width.inches < 0.1
