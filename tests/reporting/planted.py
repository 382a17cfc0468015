"""Faults to plant in a good page: how, which rule of the lint finds it, and what axe-core says of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

# Invented: the individual numbers 900–999 of Finland are never given for good; the Swedish one was born in 1812.
FINNISH, SWEDISH = "010101-900R", "181212121212"


@dataclass(frozen=True)
class Planted:
    """A fault, the lint's rule and axe's rule ("" where axe sees nothing)."""

    plant: Callable[[str], str]
    rule: str
    axe: str = ""


def once(pattern: str, new: str) -> Callable[[str], str]:
    def plant(text: str) -> str:
        changed, count = re.subn(pattern, lambda _: new, text, count=1, flags=re.DOTALL)
        assert count == 1, f"{pattern} is not in the page"
        return changed

    return plant


def in_main(new: str) -> Callable[[str], str]:
    return once("</main>", f"{new}</main>")


def before_about(new: str) -> Callable[[str], str]:
    return once('<section class="about">', f'{new}<section class="about">')


AWAY = "https://elsewhere.invalid"
REFRESH = f'<meta http-equiv="refresh" content="9;url={AWAY}"></head>'
INNER = "<tbody><tr><td><table><caption>Inner table</caption><tr><td>1</td></tr></table></td></tr>"
ADDED = '<table><caption>Made up</caption><tr><th scope="row">a</th><td>1</td></tr></table>'
FILLER = "No description has been provided for this image"
PLANTED = {
    "alternative text missing": Planted(once(r' alt="[^"]*"', ""), "alternative-text", "image-alt"),
    "alternative text empty": Planted(once(r' alt="[^"]*"', ' alt=""'), "alternative-text"),
    "a filler as alternative text": Planted(once(r' alt="[^"]*"', f' alt="{FILLER}"'), "alternative-text"),
    "a file name as alternative text": Planted(
        once(r' alt="[^"]*"', ' alt="cost_per_pupil_2024.svg"'), "alternative-text"
    ),
    "one word as alternative text": Planted(once(r' alt="[^"]*"', ' alt="Costs."'), "alternative-text"),
    "caption missing": Planted(once("<caption>.*?</caption>", ""), "table-caption"),
    "scope missing": Planted(once('<th scope="col">', "<th>"), "table-headers"),
    "header cells missing": Planted(
        once("<tbody>", INNER),
        "table-headers",
    ),
    "header cell empty": Planted(once('<th scope="col">[^<]*</th>', '<th scope="col"></th>'), "table-headers"),
    "a second top heading": Planted(in_main("<h1>Once more</h1>"), "one-h1"),
    "no top heading": Planted(once("<h1>.*?</h1>", ""), "one-h1"),
    "a jump in headings": Planted(in_main("<h4>Deep</h4>"), "heading-levels"),
    "an empty heading": Planted(in_main("<h2> </h2>"), "heading-empty"),
    "language missing": Planted(once(r'<html lang="\w+">', "<html>"), "language", "html-has-lang"),
    "language unknown": Planted(once(r'<html lang="\w+">', '<html lang="de">'), "language"),
    "title empty": Planted(once("<title>.*?</title>", "<title> </title>"), "title", "document-title"),
    "low contrast, inline": Planted(in_main('<p style="color: #999">Quiet words</p>'), "contrast", "color-contrast"),
    "low contrast, by a property": Planted(once("--quiet: #4d5860", "--quiet: #9aa3aa"), "contrast", "color-contrast"),
    "low contrast, by opacity": Planted(
        in_main('<p style="opacity: .4">Quiet words</p>'), "contrast", "color-contrast"
    ),
    "low contrast on paper": Planted(once("@media print {", "@media print { p { color: #bbb }"), "contrast"),
    "an external picture": Planted(once(r'src="data:[^"]*"', f'src="{AWAY}/a.png"'), "external-request"),
    "an external stylesheet": Planted(
        once("</head>", f'<link rel="stylesheet" href="{AWAY}/a.css"></head>'), "external-request"
    ),
    "an external import": Planted(once("<style>", f'<style>@import "{AWAY}/a.css";'), "external-style"),
    "an external font": Planted(
        once("<style>", "<style>@font-face { src: url(//elsewhere.invalid/a.woff) }"), "external-style"
    ),
    "a frame": Planted(in_main('<iframe title="News" srcdoc="x"></iframe>'), "external-request"),
    "a form that sends": Planted(in_main(f'<form action="{AWAY}"></form>'), "external-request"),
    "a move elsewhere": Planted(once("</head>", REFRESH), "external-request", "meta-refresh"),
    "a script": Planted(in_main("<script>document.title += '!'</script>"), "script"),
    "an event handler": Planted(in_main('<p onclick="x()">Click</p>'), "event-handler"),
    "a link that runs code": Planted(in_main('<a href=" java&#10;script:alert(1)">Open</a>'), "script-link"),
    "policy missing": Planted(once('<meta http-equiv="Content-Security-Policy"[^>]*>', ""), "content-policy"),
    "policy too wide": Planted(once("img-src data:", "img-src data: https:"), "content-policy"),
    "style not in the policy": Planted(once("<style>", "<style> "), "content-policy"),
    "a Finnish identity code": Planted(once("<td[^>]*>[^<]*</td>", f"<td>{FINNISH}</td>"), "identity-code"),
    "a Swedish identity code in a link": Planted(
        in_main(f'<a href="https://a.invalid/?p={SWEDISH}">Person</a>'), "identity-code"
    ),
    "an identity code in pieces": Planted(in_main("<p>010101-<b>900R</b></p>"), "identity-code"),
    "a table dropped": Planted(once('<div class="wide".*?</div>', ""), "outputs"),
    "a figure dropped": Planted(once("<figure>.*?</figure>", ""), "outputs"),
    "a table too many": Planted(before_about(ADDED), "outputs"),
    "a link to nowhere": Planted(in_main('<p><a href="#nowhere">There</a></p>'), "link-target"),
    "a link without text": Planted(in_main(f'<p><a href="{AWAY}"></a></p>'), "link-text", "link-name"),
    "an identifier twice": Planted(in_main('<p id="a">a</p><p id="a">b</p>'), "duplicate-id"),
    "a field without label": Planted(in_main('<input type="text">'), "control-label", "label"),
    "no zoom": Planted(once("initial-scale=1", "initial-scale=1, user-scalable=no"), "zoom", "meta-viewport"),
    "two main parts": Planted(once("</main>", "</main><main>More</main>"), "one-main"),
    "keyboard order changed": Planted(once('tabindex="0"', 'tabindex="3"'), "keyboard-order"),
}
