"""The look of the Word document, and what python-docx has no call for: language, table heads, numbers, links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kommunanalys.language import Speaker

SIGNS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Signs that XML cannot hold."""

TAGS = {"sv": "sv-SE", "fi": "fi-FI", "en": "en-GB"}
INK, QUIET, LINK = "1D2429", "4D5860", "0B5FA5"
FONT, MONOSPACE = "Calibri", "Consolas"
SIZES = {1: 18, 2: 14, 3: 12, 4: 11, 5: 11, 6: 11}
DEEPEST = 3


def new_document(say: Speaker, title: str, made: datetime) -> Any:
    """An empty A4 document in the reader's language.

    Parameters
    ----------
    say
        Speaker of the reader's language and country.
    title
        What the file's properties call it.
    made
        When the run began [UTC].

    Examples
    --------
    >>> new_document(Speaker("sv", "FI"), "Kostnader", datetime(2026, 1, 1)).core_properties.language
    'sv-FI'
    """
    from docx import Document
    from docx.shared import Cm

    document = Document()
    _drop_thumbnail(document)
    tag = "sv-FI" if (say.language, say.country) == ("sv", "FI") else TAGS[say.language]
    section: Any = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2.2)
    properties: Any = document.core_properties
    properties.title, properties.language = SIGNS.sub("", title), tag
    properties.author = properties.last_modified_by = "kommunanalys"
    properties.comments, properties.revision = "", 1
    properties.created = properties.modified = made
    _set_language(document, tag)
    _dress(document)
    return document


def _drop_thumbnail(document: Any) -> None:
    # The template's own picture of an empty sheet would stand for this paper in a folder's view.
    links = document.part.package.rels
    for key in [key for key, link in links.items() if link.reltype.endswith("/thumbnail")]:
        links.pop(key)


def _set_language(document: Any, tag: str) -> None:
    from docx.oxml.ns import qn

    for element in document.styles.element.iter(qn("w:lang")):
        element.set(qn("w:val"), tag)
    for element in document.settings.element.iter(qn("w:themeFontLang")):
        element.set(qn("w:val"), tag)


def _dress(document: Any) -> None:
    """Dark text on white in one font: the template's pale blue headings are too faint to read."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt

    _font(document.styles["Normal"], 11, INK)
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    for level, size in SIZES.items():
        _font(document.styles[f"Heading {level}"], size, INK, bold=True)
    _font(document.styles["Caption"], 9.5, QUIET)
    for name in (Styles.WARNING, Styles.TYPED, Styles.GAP):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
    _font(document.styles[Styles.WARNING], 12, INK, bold=True)
    _font(document.styles[Styles.TYPED], 9, INK, name=MONOSPACE)
    _font(document.styles[Styles.GAP], 6, INK)


def _font(style: Any, size: float, colour: str, *, bold: bool = False, name: str = FONT) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.name, style.font.size, style.font.bold, style.font.italic = name, Pt(size), bold, False
    style.font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.rPr.rFonts
    for mark in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        # A theme's font goes before a named one.
        fonts.attrib.pop(qn(f"w:{mark}"), None)


def named(paragraph: Any, style: str) -> Any:
    """The paragraph itself, in a style.

    Examples
    --------
    >>> document = new_document(Speaker("en"), "", datetime(2026, 1, 1))
    >>> named(document.add_paragraph(), Styles.CAPTION).style.name
    'Caption'
    """
    paragraph.style = style
    return paragraph


class Styles:
    """Names of styles, and how tables, lists and runs are marked."""

    WARNING, TYPED, GAP, CAPTION = "Example data", "Printed text", "Gap", "Caption"

    @staticmethod
    def item(kind: str, level: int) -> str:
        """The style of a list item; Word's own go three levels deep.

        Examples
        --------
        >>> Styles.item("ul", 1), Styles.item("ol", 2)
        ('List Bullet', 'List Number 2')
        """
        name = "List Number" if kind == "ol" else "List Bullet"
        return name if level == 1 else f"{name} {min(level, DEEPEST)}"

    @staticmethod
    def numbering(document: Any) -> int:
        """A new list of numbers that begins at 1."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        numbers = document.part.numbering_part.element
        old = document.styles["List Number"].element.pPr.numPr.numId.val
        num = numbers.add_num(numbers.num_having_numId(old).abstractNumId.val)
        override, start = OxmlElement("w:lvlOverride"), OxmlElement("w:startOverride")
        override.set(qn("w:ilvl"), "0")
        start.set(qn("w:val"), "1")
        override.append(start)
        num.append(override)
        return int(num.numId)

    @staticmethod
    def number(paragraph: Any, number: int) -> None:
        """Count a paragraph in a list of numbers."""
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = 0
        properties.get_or_add_numId().val = number

    @staticmethod
    def table(document: Any, rows: int, columns: int, title: str) -> Any:
        """An empty table whose first row and column are heads, and whose name a screen reader says."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        table = document.add_table(rows, columns, style="Table Grid")
        table.autofit = True
        properties = table._tbl.tblPr
        for mark in properties.findall(qn("w:tblLook")):
            mark.set(qn("w:firstColumn"), "1")
            mark.set(qn("w:firstRow"), "1")
        if title:
            caption = OxmlElement("w:tblCaption")
            caption.set(qn("w:val"), title)
            properties.append(caption)
        return table

    @staticmethod
    def row(row: Any, *, is_head: bool) -> None:
        """Keep a row on one sheet; a head comes again on every sheet."""
        from docx.oxml import OxmlElement

        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if is_head:
            properties.append(OxmlElement("w:tblHeader"))

    @staticmethod
    def cell(paragraph: Any, *, right: bool) -> None:
        """Small and tight; numbers end under one another."""
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        paragraph.paragraph_format.space_after = Pt(0)
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        for run in paragraph.runs:
            run.font.size = Pt(9)

    @staticmethod
    def mark(run: Any, marks: Mapping[str, bool]) -> None:
        """Emphasis: bold, italic, underline, subscript, superscript, strike, typed."""
        for mark in marks:
            if mark == "typed":
                run.font.name = MONOSPACE
            elif marks[mark]:
                setattr(run.font, mark, True)

    @staticmethod
    def link(paragraph: Any, address: str, text: str, marks: Mapping[str, bool]) -> None:
        """A link that can be followed, told apart by more than its colour."""
        from docx.opc.constants import RELATIONSHIP_TYPE
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn
        from docx.shared import RGBColor

        run = paragraph.add_run(text)
        Styles.mark(run, {**marks, "underline": True})
        run.font.color.rgb = RGBColor.from_string(LINK)
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
        paragraph._p.append(link)
        link.append(run._r)
