"""What a page must not have: anything that runs, anything asked of another machine, a way round its own policy."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import tinycss2
from bs4 import BeautifulSoup, Tag

from kommunanalys.reporting.fault import Flaw, flaw
from kommunanalys.reporting.page_rules import parse

_LOADED = {
    "src",
    "srcset",
    "imagesrcset",
    "poster",
    "background",
    "action",
    "formaction",
    "data",
    "classid",
    "codebase",
    "archive",
    "code",
    "manifest",
    "longdesc",
    "profile",
    "lowsrc",
    "dynsrc",
    "ping",
    "xlink:href",
    "srcdoc",
}
"""Attributes whose address a browser may ask for by itself; a link that a reader chooses is another matter."""

_ONLY_TOLD = {"alternate", "canonical", "author", "license", "help", "next", "prev"}
"""Kinds of `<link>` that browsers tell of and do not ask for."""

_EMBEDDED = ["iframe", "frame", "object", "embed", "applet", "portal", "fencedframe", "base"]
_INSIDE = re.compile(r"\s*(data:|#|$)", re.IGNORECASE)
_RUNS = re.compile(r"[\x00-\x20]*(javascript|vbscript|livescript)\s*:", re.IGNORECASE)
_DANGEROUS_LINK = re.compile(r"[\x00-\x20]*(data|blob|file|filesystem)\s*:", re.IGNORECASE)
_SUSPECT = re.compile(
    r"<\s*(script|foreignobject|iframe|handler|set|animate)|\bon\w+\s*=|script:|href(?!=\"#)|src\s*=|url\((?!#)|@import"
    r"|&#|<!entity|\\",
    re.I,
)
"""Cheap first look at a vector picture: one without any of these is not taken apart. What points into the picture
itself is harmless; signs that are written in another way (entities, escapes) may hide anything."""

_ACTIVE = ["script", "foreignobject", "iframe", "handler", "set", "animate", "animatetransform"]
_DATA_BLOCK = {"application/json", "application/ld+json"}
_SOURCES = {"'none'"}


def _no_requests(page: BeautifulSoup) -> Iterator[Flaw]:
    for tag in page.find_all(True):
        for key, value in tag.attrs.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            if (key.lower() in _LOADED and not _INSIDE.match(text)) or (key.lower() == "srcset" and "//" in text):
                yield flaw("<{tag}> loads {attribute} from elsewhere.", tag=tag.name, attribute=key)
        told = set(" ".join(filter(None, tag.get_attribute_list("rel"))).lower().split())
        if tag.name == "link" and not told & _ONLY_TOLD and not _INSIDE.match(str(tag.get("href", ""))):
            yield flaw("<{tag}> loads {attribute} from elsewhere.", tag="link", attribute="href")
        if tag.name in ("image", "use", "feimage") and not _INSIDE.match(str(tag.get("href", ""))):
            yield flaw("<{tag}> loads {attribute} from elsewhere.", tag=tag.name, attribute="href")
        if tag.name in _EMBEDDED:
            yield flaw("The page holds <{tag}>, which brings in another page.", tag=tag.name)
        if tag.name == "meta" and str(tag.get("http-equiv", "")).lower() == "refresh":
            yield flaw("The page leads the reader elsewhere by itself (meta refresh).")


def _no_style_requests(page: BeautifulSoup) -> Iterator[Flaw]:
    sheets = [tinycss2.parse_stylesheet(str(tag.get_text())) for tag in page.find_all("style")]
    sheets += [tinycss2.parse_component_value_list(str(tag["style"])) for tag in page.find_all(style=True)]
    for sheet in sheets:
        for address in _addresses(sheet):
            if not _INSIDE.match(address):
                yield flaw("A style loads from elsewhere ({host}).", host=address.split("?")[0])


def _addresses(nodes: list[object]) -> Iterator[str]:
    """Every address in a style, `@import` and functions that take a text as address included."""
    for node in nodes:
        kind, inner = getattr(node, "type", ""), []
        if kind == "url":
            yield str(getattr(node, "value", ""))
        elif kind == "at-rule":
            prelude = getattr(node, "prelude", None) or []
            if getattr(node, "lower_at_keyword", "") in ("import", "namespace"):
                yield from (str(item.value) for item in prelude if item.type == "string")
            inner = [*prelude, *(getattr(node, "content", None) or [])]
        elif kind == "qualified-rule":
            inner = [*(getattr(node, "prelude", None) or []), *(getattr(node, "content", None) or [])]
        elif kind == "function":
            inner = getattr(node, "arguments", [])
            if getattr(node, "lower_name", "") in ("url", "src", "image", "image-set", "-webkit-image-set"):
                yield from (str(item.value) for item in inner if item.type == "string")
        else:
            inner = getattr(node, "content", None) or []
        yield from _addresses(list(inner))


def _no_scripts(page: BeautifulSoup, *, allowed: bool) -> Iterator[Flaw]:
    policy = _policy(page).get("script-src", [])
    for script in page.find_all("script"):
        if str(script.get("type", "")).lower() in _DATA_BLOCK:
            continue
        code = str(script.string or "")
        if not allowed:
            yield flaw("The page holds a script.")
        elif script.get("src") is None and _hash(code) not in policy:
            yield flaw("The page holds a script that its content security policy does not name.")
    for number, picture in enumerate(page.find_all("img"), 1):
        if not harmless_picture(str(picture.get("src", ""))):
            yield flaw("Picture {number} holds a script or loads something from elsewhere.", number=number)


def harmless_picture(source: str) -> bool:
    """Whether a picture in a `data:` address holds no script and asks nothing of another machine.

    Browsers run nothing in a picture on a page; a reader who opens the picture alone is guarded by this.

    Examples
    --------
    >>> harmless_picture("data:image/svg+xml,<svg onload='x()'/>")
    False
    >>> harmless_picture("data:image/svg+xml,<svg><text>one = onload=x()</text></svg>")
    True
    """
    text = vector_text(source)
    if not _SUSPECT.search(text):
        return True
    drawing = parse(text)
    rules = (_no_handlers, _no_script_links, _no_requests, _no_style_requests, _no_inner_requests)
    return not drawing.find(_ACTIVE) and not any(True for rule in rules for _ in rule(drawing))


def _no_inner_requests(drawing: BeautifulSoup) -> Iterator[Flaw]:
    for tag in drawing.find_all(True):
        addresses = [str(value) for key, value in tag.attrs.items() if key in ("href", "xlink:href", "src")]
        inside = [_INSIDE.match(item) for item in addresses]
        if not all(inside) or any(not _INSIDE.match(item) for item in _addresses(_values(tag))):
            yield flaw("<{tag}> loads {attribute} from elsewhere.", tag=tag.name, attribute="href")


def _values(tag: Tag) -> list[Any]:
    """What the attributes of a drawn thing say in the language of styles: `fill="url(...)"`."""
    texts = [str(value) for value in tag.attrs.values() if "(" in str(value)]
    return [node for text in texts for node in tinycss2.parse_component_value_list(text)]


def vector_text(source: str) -> str:
    """The text of a vector picture in a `data:` address; empty for any other.

    Examples
    --------
    >>> vector_text("data:image/svg+xml;base64,PHN2Zy8+")
    '<svg/>'
    """
    head, _, body = source.strip().partition(",")
    if not head.lower().startswith("data:image/svg+xml"):
        return ""
    if ";base64" not in head.lower():
        return body
    try:
        return base64.b64decode(body, validate=False).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _no_handlers(page: BeautifulSoup) -> Iterator[Flaw]:
    for tag in page.find_all(True):
        for key in tag.attrs:
            if re.match(r"on[a-z]", key, re.IGNORECASE):
                yield flaw("<{tag}> has an event handler ({attribute}).", tag=tag.name, attribute=key)


def _no_script_links(page: BeautifulSoup) -> Iterator[Flaw]:
    for tag in page.find_all(True):
        for key, value in tag.attrs.items():
            # Browsers drop tabs and line ends from an address before they read it.
            text = re.sub(r"[\t\r\n]", "", " ".join(value) if isinstance(value, list) else str(value))
            if _RUNS.match(text) or (key == "href" and tag.name != "link" and _DANGEROUS_LINK.match(text)):
                yield flaw("{attribute} of <{tag}> runs code when it is chosen.", attribute=key, tag=tag.name)


def _has_policy(page: BeautifulSoup) -> Iterator[Flaw]:
    policy = _policy(page)
    if policy.get("default-src") != ["'none'"]:
        yield flaw("The page has no content security policy that forbids all it does not name (default-src 'none').")
        return
    for directive, sources in policy.items():
        inside = {"data:"} if directive in ("img-src", "font-src") else set()
        strange = [item for item in sources if item not in _SOURCES | inside and not item.startswith("'sha256-")]
        if strange and directive.endswith("-src"):
            yield flaw(
                "The content security policy lets in too much: {directive} {sources}.",
                directive=directive,
                sources=" ".join(strange),
            )
    for style in page.find_all("style"):
        if _hash(str(style.get_text())) not in policy.get("style-src", []):
            yield flaw("The content security policy does not name the page's own style: the page is shown without it.")
    tag = page.find("meta", attrs={"http-equiv": re.compile("^content-security-policy$", re.IGNORECASE)})
    if isinstance(tag, Tag) and tag.find_previous(["style", "script", "link", "img"]):
        yield flaw("The content security policy stands after what it must guard.")


def _policy(page: BeautifulSoup) -> dict[str, list[str]]:
    tag = page.find("meta", attrs={"http-equiv": re.compile("^content-security-policy$", re.IGNORECASE)})
    text = str(tag.get("content", "")) if isinstance(tag, Tag) else ""
    parts = [directive.split() for directive in text.split(";") if directive.strip()]
    return {part[0].lower(): part[1:] for part in reversed(parts)}  # the first of two equal directives holds


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def rules(scripts: bool) -> dict[str, Callable[[BeautifulSoup], Iterator[Flaw]]]:
    """The rules by their short name.

    Parameters
    ----------
    scripts
        Whether the page may hold scripts that its own policy names by their hash: a start page may, a report never.

    Examples
    --------
    >>> sorted(rules(scripts=False))[:2]
    ['content-policy', 'event-handler']
    """
    return {
        "external-request": _no_requests,
        "external-style": _no_style_requests,
        "script": partial(_no_scripts, allowed=scripts),
        "event-handler": _no_handlers,
        "script-link": _no_script_links,
        "content-policy": _has_policy,
    }
