"""The page's own style rules applied to its elements: colours, sizes and weights of text, as a browser finds them.

Knows type, class, id, attribute and relation selectors, `!important`, custom properties and inheritance; rules for
states of the mouse and the keyboard, and for generated content, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tinycss2
from bs4 import BeautifulSoup, Tag
from soupsieve import SelectorSyntaxError

INHERITED = ("color", "font-size", "font-weight")
ALL = (*INHERITED, "background-color", "opacity", "display", "visibility")
_BROWSER = """
html { color: #000; background-color: #fff; font-size: 16px; font-weight: 400 }
a[href] { color: #0000ee } mark { background-color: #ff0; color: #000 }
h1 { font-size: 2em } h2 { font-size: 1.5em } h3 { font-size: 1.17em } h5 { font-size: .83em } h6 { font-size: .67em }
h1, h2, h3, h4, h5, h6, th, b, strong { font-weight: 700 } small { font-size: .83em }
button, input, select, textarea { color: #000; background-color: #fff; font-size: 13.33px; font-weight: 400 }
button { background-color: #efefef }
head, script, style, template, [hidden], input[type=hidden] { display: none }
"""
_LIVE = re.compile(
    r"::|:(before|after|hover|focus|active|visited|target|placeholder|checked|open|disabled|enabled|autofill|popover)"
)
_SIZES = {"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "xx-large": 32}
_UNITS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}
DEEPEST = 16
"""Custom properties that name each other, at most."""


@dataclass(frozen=True)
class Rule:
    """A selector's declarations with their weight in the cascade."""

    selector: str
    weight: tuple[int, ...]
    declarations: tuple[tuple[str, list[Any], bool], ...]


def read_rules(css: str, media: str, start: int = 0, browser: bool = False) -> list[Rule]:
    """The style rules that hold in a medium.

    Parameters
    ----------
    css
        A style sheet.
    media
        "screen", "dark" or "print".
    start
        Number of the first rule: later ones win.
    browser
        The browser's own sheet, which any other overrides.

    Examples
    --------
    >>> [rule.selector for rule in read_rules("p { color: red } @media print { a { color: blue } }", "screen")]
    ['p']
    """
    found: list[Rule] = []
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type == "at-rule" and rule.content is not None:
            query = tinycss2.serialize(rule.prelude).lower()
            if rule.lower_at_keyword in ("media", "supports", "layer", "container") and _holds(query, media):
                found += read_rules(tinycss2.serialize(rule.content), media, start + len(found), browser)
        elif rule.type == "qualified-rule":
            declarations = _declarations(rule.content)
            for selector in _selectors(rule.prelude) if declarations else ():
                weight = (int(not browser), *_specificity(selector), start + len(found))
                found.append(Rule(selector, weight, declarations))
    return found


def _holds(query: str, media: str) -> bool:
    dark = "prefers-color-scheme" in query and "dark" in query
    printed = "print" in query
    if dark or printed:
        return (media == "dark" and dark) or (media == "print" and printed)
    return not (media == "dark" and "prefers-color-scheme" in query) and not (media == "print" and "screen" in query)


def _selectors(prelude: list[Any]) -> Iterator[str]:
    part: list[Any] = []
    for token in [*prelude, None]:
        if token is None or token == ",":
            text = tinycss2.serialize(part).strip()
            if text and not _LIVE.search(text):
                yield text
            part = []
        else:
            part.append(token)


def _specificity(selector: str) -> tuple[int, int, int]:
    plain = re.sub(r":where\([^)]*\)", "", selector)
    marks = len(re.findall(r"#[\w-]", plain)), len(re.findall(r"\.[a-zA-Z_-]|\[|:(?!is|not|has)[a-z]", plain))
    return (*marks, len(re.findall(r"(?:^|[\s>+~(,])[a-zA-Z]", plain)))


def _declarations(content: list[Any]) -> tuple[tuple[str, list[Any], bool], ...]:
    parsed = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    found: list[tuple[str, list[Any], bool]] = []
    for item in parsed:
        if item.type == "declaration" and (
            item.name.startswith("--") or item.lower_name in (*ALL, "background", "font")
        ):
            key = item.name if item.name.startswith("--") else item.lower_name
            found.append((key, list(item.value), bool(item.important)))
    return tuple(found)


class Styles:
    """Computed styles of a page in a medium.

    Parameters
    ----------
    page
        The parsed page.
    media
        "screen", "dark" or "print".
    matches
        Elements by selector, shared by the media of one page: finding them takes the time.

    Examples
    --------
    >>> page = BeautifulSoup("<html><style>p { color: red }</style><p>a</p></html>", "html.parser")
    >>> Styles(page).of(page.p)["color"]
    'red'
    """

    def __init__(self, page: BeautifulSoup, media: str = "screen", matches: dict[str, list[Tag]] | None = None) -> None:
        sheets = [str(tag.get_text()) for tag in page.find_all("style")]
        rules = [*read_rules(_BROWSER, media, browser=True), *read_rules("\n".join(sheets), media)]
        self._given: dict[int, list[tuple[bool, tuple[int, ...], str, list[Any]]]] = {}
        matches = {} if matches is None else matches
        for rule in rules:
            if rule.selector not in matches:
                matches[rule.selector] = _matching(page, rule.selector)
            for tag in matches[rule.selector]:
                self._add(tag, rule)
        for tag in page.find_all(style=True):
            inline = _declarations(tinycss2.parse_component_value_list(str(tag["style"])))
            self._add(tag, Rule("", (2, 0, 0, 0, 0), inline))
        self._known: dict[int, dict[str, str]] = {}

    def _add(self, tag: Tag, rule: Rule) -> None:
        place = self._given.setdefault(id(tag), [])
        place += [(important, rule.weight, key, value) for key, value, important in rule.declarations]

    def of(self, tag: Tag) -> dict[str, str]:
        """Computed properties of an element: colours as text, the size of text in px."""
        if id(tag) in self._known:
            return self._known[id(tag)]
        above = self.of(tag.parent) if isinstance(tag.parent, Tag) and tag.parent.name != "[document]" else {}
        found = {key: value for key, value in above.items() if key in INHERITED or key.startswith("--")}
        own = sorted(self._given.get(id(tag), []), key=lambda item: item[:2])
        values = {name: value for _, _, key, value in own for name, value in _longhands(key, value)}
        found.update({key: tinycss2.serialize(value).strip() for key, value in values.items() if key.startswith("--")})
        for key in ALL:
            if key in values:
                text = resolve(values[key], found)
                found[key] = above.get(key, "") if text == "inherit" else text
        if "font-size" in values or not above:
            root = next(
                (str(self._known[id(up)]["font-size"]) for up in reversed(list(tag.parents)) if id(up) in self._known),
                "",
            )
            found["font-size"] = _pixels(found.get("font-size", ""), above.get("font-size", "16"), root or "16")
        self._known[id(tag)] = found
        return found


def _matching(page: BeautifulSoup, selector: str) -> list[Tag]:
    try:
        return list(page.select(selector))
    except (SelectorSyntaxError, NotImplementedError):
        return []  # a selector that only browsers know


def _longhands(key: str, value: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """A shorthand as what it sets of colour, size and weight."""
    parts = [token for token in value if token.type not in ("whitespace", "comment")]
    if key == "background":
        pictures = [
            token for token in parts if token.type == "url" or (token.type == "function" and "gradient" in token.name)
        ]
        colours = [token for token in parts if _may_be_colour(token)]
        yield "background-color", pictures[:1] or colours[-1:]
    elif key == "font" and len(parts) > 1:
        yield (
            "font-weight",
            [token for token in parts if token.type == "number" or token.serialize() in ("bold", "bolder")][:1],
        )
        sized = [token for token in parts if token.type in ("dimension", "percentage") or token.serialize() in _SIZES]
        yield "font-size", sized[:1]
    elif key in ALL or key.startswith("--"):
        yield key, value


def _may_be_colour(token: Any) -> bool:
    if token.type == "function":
        return bool(token.lower_name in ("var", "rgb", "rgba", "hsl", "hsla"))
    return bool(token.type == "hash" or (token.type == "ident" and tinycss2.color3.parse_color(token) is not None))


def resolve(value: list[Any], properties: Mapping[str, str], depth: int = 0) -> str:
    """A value as text, its `var()` replaced by the custom properties in force.

    Examples
    --------
    >>> resolve(tinycss2.parse_component_value_list("var(--ink, red)"), {"--ink": "#123456"})
    '#123456'
    """
    parts: list[str] = []
    for token in value:
        if token.type == "function" and token.lower_name == "var" and depth < DEEPEST:
            arguments = [item for item in token.arguments if item.type != "whitespace"]
            named = arguments[0].serialize() if arguments else ""
            text = properties.get(named)
            given = arguments[2:] if text is None else tinycss2.parse_component_value_list(text)
            parts.append(resolve(given, properties, depth + 1))
        else:
            parts.append(token.serialize())
    return "".join(parts).strip()


def _pixels(text: str, above: str, root: str) -> str:
    match = re.fullmatch(r"\+?([\d.]+)([a-z%]*)", text.lower())
    if not match or match.group(1) == ".":
        return str(_SIZES.get(text.lower(), float(above)))
    size, unit = float(match.group(1)), match.group(2)
    relative = {"em": float(above), "%": float(above) / 100, "rem": float(root), "": 1.0}
    factor = relative.get(unit, _UNITS.get(unit))
    return str(size * factor) if factor is not None else above
