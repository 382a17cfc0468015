"""A real browser for the tests: pages opened, what they ask for and what they run noted, axe-core asked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

needed = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (CHROMIUM and find_spec("axe_playwright_python")) and os.environ.get("KOMMUNANALYS_BROWSER") != "required",
        reason="no Chromium (Debian: apt-get install chromium) or no playwright (pip install kommunanalys[dev])",
    ),
]
"""Marks of tests that need the browser; KOMMUNANALYS_BROWSER=required makes them fail instead of skip."""


@dataclass
class Seen:
    """What a page did by itself."""

    page: Any
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of this machine; ends with the module, also when a test fails."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def opened(browser: Any, path: Path, width: int = 1200, **context: object) -> Iterator[Seen]:
    """Open a page; every request but its own is noted and stopped, every dialog noted and closed."""
    room = browser.new_context(viewport={"width": width, "height": 900}, **context)
    seen = Seen(room.new_page())

    def asked(route: Any) -> None:
        if route.request.url == path.as_uri():
            route.continue_()
        else:
            seen.requests.append(route.request.url)
            route.abort()

    def spoke(dialog: Any) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    room.route(lambda url: not url.startswith("data:"), asked)
    seen.page.on("dialog", spoke)
    try:
        seen.page.goto(path.as_uri(), wait_until="load")
        yield seen
    finally:
        room.close()


def axe(page: Any) -> list[str]:
    """Rules of WCAG A and AA that the page breaks, by axe-core."""
    package = find_spec("axe_playwright_python")
    assert package is not None
    assert package.origin is not None
    page.evaluate((Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8"))
    result = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    assert result["passes"], "axe has looked at nothing"
    return [f"{item['id']}: {item['nodes'][0]['html'][:90]}" for item in result["violations"]]
