"""The page in a real browser: pictures drawn, nothing loaded from elsewhere, no sideways scrolling on a phone."""

import json
import os
import re
import shutil
import subprocess

import pytest

from kommunanalys.reporting.run import run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
MEASURE = """<script>addEventListener("load", () => { document.title = JSON.stringify({
  broken: [...document.images].filter(image => !image.naturalWidth).length, images: document.images.length,
  loaded: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.startsWith("data:")),
  wide: document.documentElement.scrollWidth - innerWidth, width: innerWidth }) })</script></body>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM and os.environ.get("KOMMUNANALYS_BROWSER") != "required",
        reason="no Chromium on this machine (Debian: apt-get install chromium)",
    ),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return run("cost_efficiency", language="fi", output=tmp_path_factory.mktemp("browser")).page


def opened(page, folder, width):
    # A copy without the content security policy, which would (rightly) not let the measuring script run.
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    copy = folder / "copy.html"
    copy.write_text(text.replace("<details>", "<details open>").replace("</body>", MEASURE), encoding="utf-8")
    command = [
        CHROMIUM,
        *QUIET,
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},900",
        "--dump-dom",
        copy.as_uri(),
    ]
    dom = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True).stdout
    return json.loads(re.search(r"<title>(.*?)</title>", dom).group(1))


@pytest.mark.parametrize("width", [500, 1200])
def test_pictures_are_drawn_and_nothing_sticks_out(page, tmp_path, width):
    found = opened(page, tmp_path, width)
    assert found["images"] >= 4
    assert found["broken"] == 0
    assert found["loaded"] == []
    assert found["wide"] <= 0


def test_the_policy_lets_no_script_run(page, tmp_path):
    planted = tmp_path / "planted.html"
    text = page.read_text(encoding="utf-8").replace("</body>", '<script>document.title = "ran"</script></body>')
    planted.write_text(text, encoding="utf-8")
    command = [CHROMIUM, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", planted.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True).stdout
    assert "<title>ran</title>" not in dom
    assert "<main>" in dom
