"""Executed notebook → one accessible, self-contained HTML page.

nbconvert renders through our own template; every fragment is sanitised, nothing is loaded from elsewhere,
and what goes in is counted against what comes out.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import nh3

from kommunanalys.errors import NotebookError
from kommunanalys.language import Speaker
from kommunanalys.mime import SUBJECT
from kommunanalys.reporting.page_safety import harmless_picture
from kommunanalys.reporting.parameters import Parameter

TEMPLATE = Path(__file__).parent / "template"
# fmt: off
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl", "dt", "em",
    "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p",
    "pre", "q", "s", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "u", "ul",
}
# fmt: on
ATTRIBUTES = {
    "*": {"lang", "title"},
    "a": {"href"},
    "div": {"class", "role", "tabindex", "aria-label"},
    "img": {"src", "alt"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"class", "colspan", "rowspan"},
}
FICTIVE = "Example data: fictive municipalities. No figure here is real."
ABOUT = '<section class="about">'
"""Begins what the page tells about its own making; `section` is no tag that a notebook can write."""

HEADS = ("Publisher", "Address", "Loaded", "Published", "Licence", "Fingerprint", "Note")
READABLE = ("text/html", "text/markdown", "text/plain")
PICTURES = ("image/png", "image/jpeg", "image/svg+xml", "application/pdf", "application/javascript")


@dataclass(frozen=True)
class Facts:
    """What a page prints about its own making.

    Parameters
    ----------
    values
        Parameter values by name.
    declared
        Their declarations.
    origins
        Origin records (`origin.as_records`).
    versions
        Version by library.
    made
        When [ISO 8601].
    """

    values: dict[str, Any]
    declared: dict[str, Parameter]
    origins: list[dict[str, Any]]
    versions: dict[str, str]
    made: str

    @property
    def country(self) -> str | None:
        """The one country that all origins are about; None where unknown or several."""
        found = {str(item.get("country", "")) for item in self.origins} - {""}
        return found.pop() if len(found) == 1 else None

    @property
    def fictive(self) -> bool:
        """Whether any figure is invented."""
        return any(item.get("fictive") for item in self.origins)


def clean(text: str) -> str:
    """HTML without scripts, styles, handlers or anything that loads from elsewhere.

    Examples
    --------
    >>> clean('<p onclick="x()">a<script>b</script><img src="https://c.example/d.png" alt="e"></p>')
    '<p>a<img alt="e"></p>'
    """
    return nh3.clean(
        text,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_harmless,
        url_schemes={"http", "https", "mailto", "data"},
    )


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        kept = value.startswith(("data:image/png;base64,", "data:image/svg+xml;base64,")) and harmless_picture(value)
        return value if kept else None
    if attribute == "href":
        return None if value.strip().lower().startswith("data:") else value
    if attribute == "class":
        return value if (tag, value) in {("td", "text"), ("div", "wide")} else None
    return value


def render(executed: nbformat.NotebookNode, say: Speaker, facts: Facts) -> str:
    """The report page of an executed notebook.

    Raises
    ------
    NotebookError
        A picture without alternative text, not exactly one top heading, or an output that would be lost.
    """
    notebook = _prepared(executed, say)
    page, _ = _exporter().from_notebook_node(notebook, resources={"page": _page(notebook, say, facts)})
    _check_whole(notebook, page)
    return str(page)


@cache
def _exporter() -> Any:
    """One for the process: to compile the templates takes as long as to fill them."""
    # Not HTMLExporter: it fills in a filler as alternative text, and parses the finished page once more to do so.
    from nbconvert.exporters import TemplateExporter

    filters = {"clean": clean, "markdown2html": _markdown}
    places = {"template_name": TEMPLATE.name, "extra_template_basedirs": [str(TEMPLATE.parent)]}
    return TemplateExporter(template_file="index.html.j2", filters=filters, default_preprocessors=[], **places)


def _markdown(source: str) -> str:
    # nbconvert's own filter hangs a ¶ on every heading, which a screen reader reads aloud.
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    return str(MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source))


def _prepared(executed: nbformat.NotebookNode, say: Speaker) -> nbformat.NotebookNode:
    """A copy with the texts in the reader's language and one readable form for each output."""
    notebook = nbformat.from_dict(executed)
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            cell.source = say(cell.source)
        cell.outputs = [_readable(output, number) for output in cell.get("outputs", []) if _printed(output)]
    return notebook


def _printed(output: nbformat.NotebookNode) -> bool:
    if output.output_type == "stream":
        return bool(output.name == "stdout")
    return output.output_type in ("display_data", "execute_result") and any(
        kind in output.data for kind in (*READABLE, *PICTURES)
    )


def _readable(output: nbformat.NotebookNode, cell: int) -> nbformat.NotebookNode:
    if output.output_type == "stream":
        return output
    kind = next((kind for kind in READABLE if kind in output.data), "")
    if kind in ("", "text/plain") and any(picture in output.data for picture in PICTURES):
        raise NotebookError(
            "Cell {cell} shows a picture or script without alternative text. Show it with kommunanalys.show(ax) "
            "after figures.describe(ax, ...).",
            cell=cell,
        )
    return nbformat.from_dict(
        {**output, "data": {key: value for key, value in output.data.items() if key in (kind, SUBJECT)}}
    )


def _page(notebook: nbformat.NotebookNode, say: Speaker, facts: Facts) -> dict[str, Any]:
    style = (TEMPLATE / "style.css").read_text(encoding="utf-8")
    return {
        "language": say.language,
        "say": say,
        "title": _title(notebook),
        "style": style,
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "fictive": say(FICTIVE) if facts.fictive else "",
        "credit": _credit(say, facts),
        "origin_heads": [say(head) for head in HEADS],
        "origins": [_origin_row(item, say) for item in facts.origins],
        "parameters": [
            (name, shown_value(value, say), say(facts.declared[name].help)) for name, value in facts.values.items()
        ],
        "versions": say("Made {when}.", when=facts.made[:16].replace("T", " ") + " UTC")
        + " "
        + ", ".join(f"{name} {version}" for name, version in facts.versions.items()),
    }


def _title(notebook: nbformat.NotebookNode) -> str:
    first = [
        line[2:].strip()
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("# ")
    ]
    if len(first) != 1:
        raise NotebookError("A notebook has one top heading (`# ...`); this one has {count}.", count=len(first))
    subjects = [
        output.data[SUBJECT]["text"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if SUBJECT in output.get("data", {})
    ]
    return " – ".join([*(re.sub(r"[*_`#]", "", text) for text in subjects[:1]), *first])


def _credit(say: Speaker, facts: Facts) -> str:
    lines = dict.fromkeys(say(str(item["credit"])).rstrip(".") for item in facts.origins)
    return "; ".join(lines) + ". " + say("The calculations are our own; the publishers do not answer for them.")


def _origin_row(item: dict[str, Any], say: Speaker) -> tuple[str, ...]:
    loaded = str(item["fetched"])[:10] + (f" ({say('from the cache')})" if item["from_cache"] else "")
    return (
        say(str(item["producer"])),
        item["address"],
        loaded,
        str(item["published"])[:10] or "–",
        say(str(item["licence"])),
        item["sha256"][:12],
        item["note"],
    )


def shown_value(value: object, say: Speaker) -> str:
    r"""A parameter's value as it may be published.

    Examples
    --------
    >>> shown_value("C:\\Users\\anna\\kolada", Speaker("en"))
    '…/kolada'
    """
    if value is None:
        return say("not given")
    # A path is shown by its last part: the folders of somebody's machine are nobody's business.
    parts = re.split(r"[\\/]", str(value).rstrip("/\\"))
    return str(value) if len(parts) == 1 else f"…/{parts[-1]}"


def shown(notebook: nbformat.NotebookNode) -> dict[str, int]:
    """How many tables and pictures a page of the notebook must hold, its own about its making apart.

    Parameters
    ----------
    notebook
        Executed; texts in any language.

    Examples
    --------
    >>> output = nbformat.v4.new_output("display_data", {"text/html": "<table><caption>Costs</caption></table>"})
    >>> shown(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])]))
    {'table': 1, 'img': 0}
    """
    parts = [_markdown(cell.source) for cell in notebook.cells if cell.cell_type == "markdown"]
    for cell in notebook.cells:
        for output in filter(_printed, cell.get("outputs", [])):
            data = output.get("data", {})
            parts.append(data.get("text/html") or _markdown(data.get("text/markdown", "")))
    return {tag: sum(_count(tag, part) for part in parts) for tag in ("table", "img")}


def _count(tag: str, text: str) -> int:
    return len(re.findall(f"<{tag}[\\s/>]", text, re.IGNORECASE))


def _check_whole(notebook: nbformat.NotebookNode, page: str) -> None:
    """Refuse a page that has lost a table or a figure on the way, or got a second top heading."""
    body = page[page.index("<main>") : page.index(ABOUT)]
    for tag, expected in shown(notebook).items():
        found = _count(tag, body)
        if expected != found:
            raise NotebookError(
                "The page would hold {found} of {expected} <{tag}>: nothing is published.",
                found=found,
                expected=expected,
                tag=tag,
            )
    if (count := _count("h1", body)) != 1:
        raise NotebookError("A notebook has one top heading (`# ...`); this one has {count}.", count=count)
