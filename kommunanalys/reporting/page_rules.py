"""What a page must have so that everybody can read it: pictures in words, tables, headings, language, links, forms.

After WCAG 2.2 level A and AA, and stricter where a page can satisfy a machine and still tell a reader nothing.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString

from kommunanalys.language import LANGUAGES
from kommunanalys.reporting.fault import Flaw, flaw

SHORTEST = 15
"""Signs of an alternative text that can say anything about a chart."""

FILE_NAME = re.compile(r"\S+\.(png|jpe?g|svg|gif|webp|pdf)", re.IGNORECASE)
# fmt: off
FILLERS = {
    "no description has been provided for this image", "image", "picture", "figure", "chart", "graph", "plot",
    "diagram", "photo", "bild", "figur", "kuva", "kuvio", "kaavio", "alt text", "alternative text", "alternativtext",
    "vaihtoehtoinen teksti", "output", "untitled", "placeholder",
}
# fmt: on
_FILLED = re.compile(rf"(an? |the )?({'|'.join(map(re.escape, sorted(FILLERS)))})[ \d.:_-]*", re.IGNORECASE)
_UNNAMED = {"hidden", "submit", "reset", "button", "image"}
HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
WIDEST_ZOOM = 2
"""A reader must be able to enlarge at least this many times (WCAG 1.4.4)."""


def parse(text: str) -> BeautifulSoup:
    """HTML as a tree, read as a browser does: of two equal attributes the first one holds.

    Examples
    --------
    >>> parse("<p lang='sv' lang='fi'>Hej").p["lang"]
    'sv'
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # guesses that the text might be an address or XML
        return BeautifulSoup(text, "html.parser", on_duplicate_attribute="ignore")


def words(tag: Tag) -> str:
    """What a tag says, its pictures by their alternative text, on one line.

    Examples
    --------
    >>> words(BeautifulSoup("<a> The <b>budget</b> <img alt='of 2024'></a>", "html.parser").a)
    'The budget of 2024'
    """
    parts = [
        str(item.get("alt", "")) if isinstance(item, Tag) else str(item)
        for item in tag.descendants
        if (isinstance(item, Tag) and item.name == "img")
        or (isinstance(item, NavigableString) and not isinstance(item, PreformattedString))
    ]
    return " ".join("".join(parts).split())


def name(tag: Tag) -> str:
    """What a screen reader calls a tag: its label or its words."""
    root = tag.find_parents()[-1] if tag.parent else tag
    named = [found for key in str(tag.get("aria-labelledby", "")).split() if (found := root.find(id=key))]
    return " ".join(words(item) for item in named) or str(tag.get("aria-label", "")).strip() or words(tag)


def _alternative(page: BeautifulSoup) -> Iterator[Flaw]:
    seen: Counter[str] = Counter()
    for number, picture in enumerate(page.find_all("img"), 1):
        if picture.get("role") in ("presentation", "none") and picture.get("alt") == "":
            continue
        text = " ".join(str(picture.get("alt") or "").split())
        seen[text.lower()] += 1
        if not text:
            yield flaw("Picture {number} has no alternative text.", number=number)
        elif _FILLED.fullmatch(text) or FILE_NAME.fullmatch(text):
            yield flaw("Picture {number} has a filler as alternative text: {words!r}.", number=number, words=text)
        elif len(text) < SHORTEST:
            yield flaw(
                "The alternative text of picture {number} is too short to say anything: {words!r}.",
                number=number,
                words=text,
            )
        elif seen[text.lower()] > 1:
            yield flaw("Picture {number} has the same alternative text as another.", number=number)


def _picture_there(page: BeautifulSoup) -> Iterator[Flaw]:
    for number, picture in enumerate(page.find_all("img"), 1):
        if not str(picture.get("src") or "").strip():
            yield flaw("Picture {number} has no picture: its source is empty.", number=number)


def _captions(page: BeautifulSoup) -> Iterator[Flaw]:
    for number, table in enumerate(page.find_all("table"), 1):
        caption = table.find("caption")
        if not isinstance(caption, Tag) or not words(caption):
            yield flaw("Table {number} has no caption.", number=number)


def _headers(page: BeautifulSoup) -> Iterator[Flaw]:
    for number, table in enumerate(page.find_all("table"), 1):
        cells = table.find_all("th")
        if not cells:
            yield flaw("Table {number} has no header cells.", number=number)
        if any(str(cell.get("scope", "")).lower() not in ("col", "row", "colgroup", "rowgroup") for cell in cells):
            yield flaw("A header cell of table {number} has no scope.", number=number)
        if not all(name(cell) for cell in cells):
            yield flaw("A header cell of table {number} is empty.", number=number)


def _one_top(page: BeautifulSoup) -> Iterator[Flaw]:
    count = len(page.find_all("h1"))
    if count != 1:
        yield flaw("The page has {count} top headings (h1); it must have one.", count=count)


def _levels(page: BeautifulSoup) -> Iterator[Flaw]:
    before = 0
    for heading in page.find_all(HEADINGS):
        level = int(heading.name[1])
        if level > before + 1:
            yield flaw(
                "The heading {words!r} jumps from level {before} to level {level}.",
                words=words(heading),
                before=before,
                level=level,
            )
        before = level


def _empty_headings(page: BeautifulSoup) -> Iterator[Flaw]:
    for heading in page.find_all(HEADINGS):
        if not words(heading):
            yield flaw("A heading of level {level} is empty.", level=heading.name[1])


def _language(page: BeautifulSoup) -> Iterator[Flaw]:
    root = page.find("html")
    given = str(root.get("lang") or "") if isinstance(root, Tag) else ""
    if given.split("-")[0].lower() not in LANGUAGES:
        yield flaw(
            "The page's language is {given!r}; it must be one of {allowed}.", given=given, allowed=", ".join(LANGUAGES)
        )


def _title(page: BeautifulSoup) -> Iterator[Flaw]:
    title = page.find("title")
    if not isinstance(title, Tag) or not title.get_text(strip=True):
        yield flaw("The page has no title.")


def _link_words(page: BeautifulSoup) -> Iterator[Flaw]:
    for number, link in enumerate(page.find_all("a", href=True), 1):
        if not name(link):
            yield flaw("Link {number} has no text.", number=number)


def _link_targets(page: BeautifulSoup) -> Iterator[Flaw]:
    known = {str(tag["id"]) for tag in page.find_all(id=True)} | {
        str(tag["name"]) for tag in page.find_all("a", attrs={"name": True})
    }
    for link in page.find_all("a", href=True):
        target = str(link["href"]).strip()
        if target == "" or (target.startswith("#") and target[1:] not in known | {"top"}):
            yield flaw("The link {words!r} goes nowhere.", words=words(link))


def _identifiers(page: BeautifulSoup) -> Iterator[Flaw]:
    counts = Counter(str(tag["id"]) for tag in page.find_all(id=True))
    for identifier, count in counts.items():
        if count > 1:
            yield flaw(
                "The identifier {identifier!r} stands {count} times on the page.", identifier=identifier, count=count
            )


def _controls(page: BeautifulSoup) -> Iterator[Flaw]:
    labelled = {str(tag["for"]) for tag in page.find_all("label", attrs={"for": True}) if words(tag)}
    for field in page.find_all(["input", "select", "textarea"]):
        if str(field.get("type", "")).lower() in _UNNAMED:
            continue
        inside = field.find_parent("label")
        named = field.get("aria-label") or field.get("aria-labelledby") or field.get("id") in labelled
        if not named and not (isinstance(inside, Tag) and words(inside)):
            yield flaw("A field of the page has no label.")
    for button in page.find_all(["button", "summary"]):
        if not name(button):
            yield flaw("A button of the page has no text.")


def _main(page: BeautifulSoup) -> Iterator[Flaw]:
    count = len(page.find_all("main"))
    if count != 1:
        yield flaw("The page has {count} main parts (main); it must have one.", count=count)


def _zoom(page: BeautifulSoup) -> Iterator[Flaw]:
    for tag in page.find_all("meta", attrs={"name": re.compile("^viewport$", re.IGNORECASE)}):
        content = str(tag.get("content", "")).lower().replace(" ", "")
        largest = re.search(r"maximum-scale=([\d.]+)", content)
        if re.search(r"user-scalable=(no|0)", content) or (largest and float(largest.group(1)) < WIDEST_ZOOM):
            yield flaw("The page cannot be enlarged.")


def _order(page: BeautifulSoup) -> Iterator[Flaw]:
    for tag in page.find_all(tabindex=True):
        if re.fullmatch(r"\s*\+?0*[1-9]\d*\s*", str(tag["tabindex"])):
            yield flaw(
                "A part of the page changes the order of the keyboard (tabindex {value}).", value=tag["tabindex"]
            )


RULES: dict[str, Callable[[BeautifulSoup], Iterator[Flaw]]] = {
    "alternative-text": _alternative,
    "picture-source": _picture_there,
    "table-caption": _captions,
    "table-headers": _headers,
    "one-h1": _one_top,
    "heading-levels": _levels,
    "heading-empty": _empty_headings,
    "language": _language,
    "title": _title,
    "link-text": _link_words,
    "link-target": _link_targets,
    "duplicate-id": _identifiers,
    "control-label": _controls,
    "one-main": _main,
    "zoom": _zoom,
    "keyboard-order": _order,
}
