"""The report as a Word document for council papers: what the page shows, with Word's own headings, captions and tables.

The finished page is walked, so that both say the same in the same order; only the figures behind a chart, folded
away on the page, come last. What goes in is counted against what comes out.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import nbformat

from kommunanalys import paths
from kommunanalys.errors import NotebookError, UsageError
from kommunanalys.language import Speaker
from kommunanalys.reporting.html import Facts, render
from kommunanalys.reporting.wordstyle import SIGNS, Styles, named, new_document

PIXELS = 1080
"""Width of a picture: sharp on paper (165 points to the inch), and half as heavy as the finest that one can see."""

MARKS = {"strong": "bold", "b": "bold", "em": "italic", "i": "italic", "u": "underline", "ins": "underline"}
RAISED = {"sub": "subscript", "sup": "superscript", "s": "strike", "del": "strike"}
TYPED = ("code", "kbd")
INLINE = {"a", "abbr", "br", "img", "q", "small", "span", *MARKS, *RAISED, *TYPED}
CONTENT = {"table": "w:tbl", "img": "w:drawing"}


def write_document(target: Path | IO[bytes], executed: nbformat.NotebookNode, say: Speaker, facts: Facts) -> None:
    """Write `report.docx`; the same run gives the same bytes.

    Parameters
    ----------
    target
        File to write, or a buffer.
    executed
        The executed notebook.
    say
        Speaker of the reader's language and country.
    facts
        Origins, parameters, versions and the time of the run.

    Raises
    ------
    UsageError
        The libraries of the extra `[documents]` are not installed.
    NotebookError
        The page could not be made, or the document would lose a table or a figure.
    """
    check_installed()
    from bs4 import BeautifulSoup

    page = BeautifulSoup(render(executed, say, facts), "html.parser")
    document = new_document(say, str(page.title.string) if page.title else "", _moment(facts.made))
    writer = _Writer(document)
    header = page.find("header", class_="example")
    if header:
        named(document.add_paragraph(), Styles.WARNING).add_run(_plain(header.get_text()))
        # Papers are torn apart and copied: each sheet says it.
        document.sections[0].header.paragraphs[0].add_run(_plain(header.get_text())).bold = True
    folded = _unfolded(page.main)
    writer.blocks(page.main)
    if folded:
        document.add_heading(say("The figures behind the charts"), level=2)
        for table in folded:
            writer.table(table)
    _check_whole(page.main, folded, document)
    raw = _bytes(document)
    if isinstance(target, Path):
        target.write_bytes(raw)
    else:
        target.write(raw)


def check_installed() -> None:
    """Refuse where the libraries of the extra `[documents]` are missing.

    Raises
    ------
    UsageError
        They are not installed.

    Examples
    --------
    >>> callable(check_installed)
    True
    """
    try:
        import docx
        import resvg_py
    except ImportError:
        raise UsageError(
            "A Word document needs more libraries. In a terminal: {command}", command=paths.install_command("documents")
        ) from None
    del docx, resvg_py


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _unfolded(main: Any) -> list[Any]:
    """Take the tables behind the charts out of the page."""
    return [table for part in main.select("figure details") for table in part.extract().find_all("table")]


def _check_whole(main: Any, folded: list[Any], document: Any) -> None:
    body = document.element.body
    for tag, mark in CONTENT.items():
        expected = len(main.find_all(tag)) + (len(folded) if tag == "table" else 0)
        found = len(body.xpath(f".//{mark}"))
        if expected != found:
            raise NotebookError(
                "The document would hold {found} of {expected} <{tag}>: nothing is published.",
                found=found,
                expected=expected,
                tag=tag,
            )


def _bytes(document: Any) -> bytes:
    """The file, its parts without the hour of writing."""
    first, out = io.BytesIO(), io.BytesIO()
    document.save(first)
    with zipfile.ZipFile(first) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in made.namelist():
            kept.writestr(zipfile.ZipInfo(name), made.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _plain(text: str) -> str:
    """Text without line breaks of the source, and without signs that no Word file may hold."""
    return SIGNS.sub("\ufffd", re.sub(r"[ \t\n\r]+", " ", text))


class _Writer:
    """Walks a sanitised page and writes it as Word paragraphs, tables and pictures."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def blocks(self, parent: Any) -> None:
        """The children of an element, loose text gathered into paragraphs."""
        loose: list[Any] = []
        for child in [*parent.children, None]:
            if child is not None and (getattr(child, "name", None) in INLINE or _is_text(child)):
                loose.append(child)
                continue
            if any(not _is_text(item) or item.strip() for item in loose):
                self.inline(self.document.add_paragraph(), loose)
            loose = []
            if child is not None and child.name:
                self.block(child)

    def block(self, element: Any) -> None:
        """One element of its own."""
        name = element.name
        if re.fullmatch(r"h[1-6]", name):
            self.inline(self.document.add_heading(level=int(name[1])), element.children)
        elif name in ("ul", "ol"):
            self.items(element, 1)
        elif name == "table":
            self.table(element)
        elif name == "figure":
            self.figure(element)
        elif name == "pre":
            paragraph = named(self.document.add_paragraph(), Styles.TYPED)
            paragraph.add_run(SIGNS.sub("\ufffd", element.get_text().rstrip("\n")))
        elif name in ("p", "dt", "dd", "summary"):
            paragraph = self.document.add_paragraph()
            self.inline(paragraph, element.children, bold=name in ("dt", "summary"))
        elif name != "hr":
            self.blocks(element)

    def items(self, element: Any, level: int) -> None:
        """A list; its numbers begin anew."""
        numbers = Styles.numbering(self.document) if element.name == "ol" else None
        for item in element.find_all("li", recursive=False):
            paragraph = named(self.document.add_paragraph(), Styles.item(element.name, level))
            if numbers is not None:
                Styles.number(paragraph, numbers)
            inner = [
                child for child in item.children if getattr(child, "name", None) not in ("ul", "ol", "table", "pre")
            ]
            self.inline(paragraph, _opened(inner))
            for child in item.find_all(["ul", "ol"], recursive=False):
                self.items(child, level + 1)
            for child in item.find_all(["table", "pre"], recursive=False):
                self.block(child)

    def figure(self, element: Any) -> None:
        """A picture, and its caption below on the same sheet."""
        for child in element.find_all(True, recursive=False):
            if child.name == "img":
                paragraph = self.document.add_paragraph()
                paragraph.paragraph_format.keep_with_next = True
                self.inline(paragraph, [child])
            elif child.name == "figcaption":
                self.inline(named(self.document.add_paragraph(), Styles.CAPTION), child.children)
            else:
                self.block(child)

    def table(self, element: Any) -> None:
        """A table with its caption above."""
        caption = element.find("caption")
        if caption:
            paragraph = named(self.document.add_paragraph(), Styles.CAPTION)
            paragraph.paragraph_format.keep_with_next = True
            self.inline(paragraph, caption.children)
        rows = element.find_all("tr")
        cells = list(_placed(rows))
        if not cells:
            return
        columns = max(column + across for _, column, _, across, _ in cells)
        table = Styles.table(self.document, len(rows), columns, _plain(caption.get_text()) if caption else "")
        grid = [row.cells for row in table.rows]
        aligned = {column: _is_number(cell) for _, column, _, _, cell in cells}
        for row, column, down, across, cell in cells:
            place = grid[row][column]
            if down > 1 or across > 1:
                place = place.merge(grid[row + down - 1][column + across - 1])
            is_head = cell.find_parent("thead") is not None
            self.inline(place.paragraphs[0], _opened(cell.children), bold=cell.name == "th")
            Styles.cell(place.paragraphs[0], right=aligned[column] if is_head else _is_number(cell))
        for row, source in enumerate(rows):
            Styles.row(table.rows[row], is_head=source.find_parent("thead") is not None)
        # Two tables without a paragraph between them would grow together.
        named(self.document.add_paragraph(), Styles.GAP)

    def inline(self, paragraph: Any, children: Any, **marks: bool) -> None:
        """Text with its emphasis, links and pictures."""
        for child in children:
            if _is_text(child):
                text = _plain(child)
                # Spaces that only lay out the source would stand at the beginning of a line.
                text = text.lstrip(" ") if not paragraph.text or paragraph.text.endswith(("\n", " ")) else text
                if text:
                    Styles.mark(paragraph.add_run(text), marks)
            elif child.name == "br":
                paragraph.add_run().add_break()
            elif child.name == "img":
                self.picture(paragraph, child)
            elif child.name == "a" and re.match(r"https?://|mailto:", child.get("href", "")):
                Styles.link(paragraph, child["href"], _plain(child.get_text()), marks)
            elif child.name not in ("table", "ul", "ol", "pre"):
                mark = MARKS.get(child.name) or RAISED.get(child.name) or ("typed" if child.name in TYPED else "")
                self.inline(paragraph, child.children, **{**marks, **({mark: True} if mark else {})})

    def picture(self, paragraph: Any, element: Any) -> None:
        """A picture as wide as the text, with its words for those who cannot see it."""
        kind, _, coded = element.get("src", "").partition(";base64,")
        raw = base64.b64decode(coded)
        drawn = _drawn(raw.decode("utf-8")) if kind == "data:image/svg+xml" else raw
        shape = paragraph.add_run().add_picture(io.BytesIO(drawn))
        width = self.document.sections[0].page_width - 2 * self.document.sections[0].left_margin
        if kind == "data:image/svg+xml" or shape.width > width:
            shape.width, shape.height = width, round(shape.height * width / shape.width)
        # python-docx fills in names of files that never were.
        for properties in (shape._inline.docPr, shape._inline.graphic.graphicData.pic.nvPicPr.cNvPr):
            properties.set("name", f"Figure {shape._inline.docPr.id}")
            properties.set("descr", _plain(element.get("alt", "")))


def _is_text(node: Any) -> bool:
    return node.name is None and type(node).__name__ == "NavigableString"


def _opened(children: Any) -> Iterator[Any]:
    """The children, paragraphs within a list item or a cell replaced by what they hold."""
    for child in children:
        if getattr(child, "name", None) in ("p", "div"):
            yield from _opened(child.children)
        else:
            yield child


def _is_number(cell: Any) -> bool:
    return bool(cell.name == "td" and "text" not in cell.get("class", []))


def _placed(rows: list[Any]) -> Iterator[tuple[int, int, int, int, Any]]:
    """Row, column, rows down, columns across and element of each cell: where HTML puts it."""
    taken: set[tuple[int, int]] = set()
    for row, source in enumerate(rows):
        column = 0
        for cell in source.find_all(["th", "td"], recursive=False):
            while (row, column) in taken:
                column += 1
            down, across = (_span(cell, name) for name in ("rowspan", "colspan"))
            down = min(down, len(rows) - row)
            taken |= {(row + i, column + j) for i in range(down) for j in range(across)}
            yield row, column, down, across, cell
            column += across


def _span(cell: Any, name: str) -> int:
    text = str(cell.get(name, "1"))
    return max(1, min(int(text), 100)) if text.isdigit() else 1


def _drawn(svg: str) -> bytes:
    """A picture of points, since not every Word draws lines; in matplotlib's own font, so that no text moves."""
    import matplotlib as mpl
    import resvg_py

    fonts = Path(mpl.get_data_path(), "fonts", "ttf")
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            width=PIXELS,
            dpi=96,
            background="white",
            skip_system_fonts=True,
            font_files=[str(fonts / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")],
            font_family="DejaVu Sans",
        )
    )
