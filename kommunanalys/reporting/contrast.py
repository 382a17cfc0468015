"""Contrast of every text with what lies behind it (WCAG 2.2, 1.4.3), on the screen, in the dark and on paper.

Source of the formulas: W3C, Web Content Accessibility Guidelines 2.2, "relative luminance" and "contrast ratio".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import tinycss2.color3
from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString

from kommunanalys.reporting.cascade import Styles
from kommunanalys.reporting.fault import Flaw, flaw

ENOUGH, ENOUGH_LARGE = 4.5, 3.0
LARGE, LARGE_BOLD = 24.0, 18.66
"""Size of large text [px]: 18 points, or 14 points in bold."""

BOLD = 700
Colour = tuple[float, float, float, float]
WHITE: Colour = (1.0, 1.0, 1.0, 1.0)


def luminance(colour: Colour) -> float:
    """Relative luminance of a colour, 0 (black) to 1 (white).

    Examples
    --------
    >>> luminance(WHITE)
    1.0
    """
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: Colour, other: Colour) -> float:
    """Contrast ratio of two opaque colours, 1 to 21.

    Examples
    --------
    >>> round(ratio(WHITE, (0, 0, 0, 1)), 1)
    21.0
    """
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache
def read_colour(text: str) -> Colour | None:
    """A colour as red, green, blue and opacity, each 0 to 1; None where it cannot be read.

    Examples
    --------
    >>> read_colour("#f00")
    (1.0, 0.0, 0.0, 1.0)
    """
    found = tinycss2.color3.parse_color(text)
    if found is None or isinstance(found, str):
        return None
    return (float(found.red), float(found.green), float(found.blue), float(found.alpha))


def over(front: Colour, back: Colour) -> Colour:
    """A colour that may let the one behind shine through."""
    share = front[3]
    red, green, blue = (share * a + (1 - share) * b for a, b in zip(front[:3], back[:3], strict=True))
    return red, green, blue, 1.0


def low_contrast(page: BeautifulSoup) -> Iterator[Flaw]:
    """Each pair of colours in which a text cannot be read well, once.

    Examples
    --------
    >>> page = BeautifulSoup("<html><p style='color: #aaa'>Budget</p></html>", "html.parser")
    >>> [found.values["ratio"] for found in low_contrast(page)]
    ['2.3']
    """
    seen: set[tuple[str, str, bool]] = set()
    matches: dict[str, list[Tag]] = {}
    for media in ("screen", "dark", "print"):
        styles = Styles(page, media, matches)
        for tag in _with_text(page):
            if not _visible(tag, styles):
                continue
            found = styles.of(tag)
            text, back = read_colour(found.get("color", "")), _behind(tag, styles)
            if text is None or back is None:
                continue  # a colour that only browsers know, or a picture behind: axe looks at those
            front = over((*text[:3], text[3] * _opacity(tag, styles)), back)
            large = _large(found)
            key = str(front), str(back), large
            if ratio(front, back) < (ENOUGH_LARGE if large else ENOUGH) and key not in seen:
                seen.add(key)
                yield flaw(
                    "The contrast of {colour} on {background} is {ratio} to 1, and {needed} is needed (in <{tag}>).",
                    colour=found["color"],
                    background=_hex(back),
                    ratio=f"{ratio(front, back):.1f}",
                    needed=ENOUGH_LARGE if large else ENOUGH,
                    tag=tag.name,
                )


def _with_text(page: BeautifulSoup) -> Iterator[Tag]:
    for tag in page.find_all(True):
        if tag.name in ("input", "select", "textarea") or any(
            isinstance(child, NavigableString) and not isinstance(child, PreformattedString) and child.strip()
            for child in tag.children
        ):
            yield tag


def _visible(tag: Tag, styles: Styles) -> bool:
    around = [tag, *(item for item in tag.parents if item.name != "[document]")]
    return all(styles.of(item).get("display") != "none" for item in around) and not any(
        styles.of(item).get("visibility") == "hidden" for item in around
    )


def _behind(tag: Tag, styles: Styles) -> Colour | None:
    """What lies behind a text: the backgrounds up to the first opaque one; None where one cannot be read."""
    layers: list[Colour] = []
    for item in [tag, *(up for up in tag.parents if up.name != "[document]")]:
        text = styles.of(item).get("background-color", "") or "transparent"
        layer = (0.0, 0.0, 0.0, 0.0) if text in ("none", "initial", "unset") else read_colour(text)
        if layer is None:
            return None
        layers.append(layer)
        if layer[3] == 1:
            break
    back = WHITE
    for layer in reversed(layers):
        back = over(layer, back)
    return back


def _opacity(tag: Tag, styles: Styles) -> float:
    share = 1.0
    for item in [tag, *(up for up in tag.parents if up.name != "[document]")]:
        text = styles.of(item).get("opacity", "1")
        share *= float(text) if text.replace(".", "", 1).isdigit() else 1.0
    return share


def _large(style: dict[str, str]) -> bool:
    weight, size = style.get("font-weight", "400"), float(style.get("font-size", "16"))
    bold = weight in ("bold", "bolder") or (weight.isdigit() and int(weight) >= BOLD)
    return size >= (LARGE_BOLD if bold else LARGE)


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour[:3])
