"""Milliseconds from a changed control to the new figure on the page, and memory, in JupyterLab and a real browser.

python benchmarks/explore_redraw.py [CHANGES]      (default 500)

The explorer shows the collected Kolada panel (KOMMUNANALYS_SHARED, default ../shared): all municipalities, its last 25
years, its 40 fullest indicators. View, year, municipality and indicator are changed in turn. A change is timed in the
page: from the event of the control until the frame with the new figure has been painted. What the kernel takes of it is
told in CPU time as well, since other work on the machine does not blur that. Memory is the kernel's resident set and
the page's JavaScript heap and nodes after garbage collection. Goal: median ≤ 150 ms, memory flat over 500 changes.
"""

import os
import statistics
import sys
import tempfile
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.reporting.browser import CHROMIUM
from tests.widgets import lab

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[2] / "shared")) / "data"
BORDERS = SHARED / "boundaries" / "sweden_municipalities_2020_wgs84.geojson"
YEARS, INDICATORS, BLOCK = 25, 40, 50
CELL = f"""import pandas as pd
import kommunanalys as ka
panel = pd.read_pickle("panel.pkl")
borders = ka.sources.read_boundaries({str(BORDERS)!r}, year=2020)
ka.explore(panel, municipality="1440", boundaries=borders, language="sv")"""
WAYS = ("view", "year", "municipality", "indicator")
CHANGE = """([way, turn]) => new Promise(done => {
  const room = document.querySelector(".ka-room");
  const told = (element, ...kinds) => kinds.forEach(kind => element.dispatchEvent(new Event(kind, { bubbles: true })));
  const change = {
    view: () => { const all = [...room.querySelectorAll(".widget-toggle-button")];
      const now = all.findIndex(one => one.classList.contains("mod-active")); all[(now + 1) % all.length].click(); },
    year: () => [...room.querySelectorAll("[role=slider]")].filter(one => one.checkVisibility()).at(-1)
      .dispatchEvent(new KeyboardEvent("keydown", { key: turn % 20 < 10 ? "ArrowLeft" : "ArrowRight", bubbles: true })),
    municipality: () => { const field = room.querySelector("input[list]"), all = field.list.options;
      field.value = all[(3 + turn * 7) % all.length].value; told(field, "input", "change"); },
    indicator: () => { const [list, second] = room.querySelectorAll(".widget-select select"), at = 1 + turn % 8;
      const twice = list.options[at].text === second.selectedOptions[0]?.text; // which a scatter refuses
      list.selectedIndex = twice ? 9 : at; told(list, "input", "change"); },
  }[way];
  const started = performance.now();
  const drawn = new MutationObserver(() => { drawn.disconnect(); clearTimeout(late);
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - started))); });
  drawn.observe(room.querySelector(".ka-picture"), { childList: true });
  const late = setTimeout(() => { drawn.disconnect(); done(null); }, 10000);
  change();
})"""


def panel() -> pd.DataFrame:
    """The real panel in the size that the goal names."""
    import kommunanalys as ka

    whole = ka.panel(ka.read_kolada(SHARED / "kolada"))
    late = whole[whole.index.get_level_values("year") > whole.index.get_level_values("year").max() - YEARS]
    fullest = late.count().nlargest(INDICATORS).index
    return late[[name for name in late if name in fullest]]


def spent(kernel: psutil.Process) -> float:
    used = kernel.cpu_times()
    return 1000 * (used.user + used.system)


def weighed(session: Any, kernel: psutil.Process) -> tuple[float, float, int]:
    """Resident set of the kernel [MB], heap [MB] and nodes of the page after garbage collection."""
    session.send("HeapProfiler.collectGarbage")
    told = {item["name"]: item["value"] for item in session.send("Performance.getMetrics")["metrics"]}
    return kernel.memory_info().rss / 1e6, told["JSHeapUsedSize"] / 1e6, int(told["Nodes"])


def line(name: str, waits: list[float], cpu: list[float]) -> str:
    late = sorted(waits)[int(0.9 * len(waits))]
    return (
        f"{name:14} {len(waits):5} changes   median {statistics.median(waits):6.0f} ms   90th percentile {late:6.0f} ms"
        f"   kernel CPU {statistics.mean(cpu):6.0f} ms"
    )


def main(changes: int) -> None:
    with tempfile.TemporaryDirectory() as room, lab.server(Path(room)) as at, sync_playwright() as playwright:
        made = panel()
        made.to_pickle(at.root / "panel.pkl")
        print(f"panel {made.index.get_level_values(0).nunique()} x {YEARS} x {made.shape[1]}; {os.cpu_count()} cores")
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            report(lab.Lab(chromium, at), changes)
        finally:
            chromium.close()


def report(opened: lab.Lab, changes: int) -> None:
    lab.write(opened.at.root / "explore.ipynb", CELL)
    book = opened.open("explore.ipynb")
    if book.errors():
        raise SystemExit("\n".join(book.errors()))
    book.panel.locator(".ka-picture svg").wait_for()
    below = psutil.Process(opened.at.pid).children(recursive=True)
    (kernel,) = [one for one in below if "ipykernel_launcher" in one.cmdline()]
    session = opened.room.new_cdp_session(book.page)
    session.send("Performance.enable")
    waits: dict[str, list[float]] = defaultdict(list)
    cpu: dict[str, list[float]] = defaultdict(list)
    memory = []
    for turn, way in enumerate(islice(cycle(WAYS), changes)):
        before = spent(kernel)
        took = book.page.evaluate(CHANGE, [way, turn // len(WAYS)])
        if took is None:
            print(f"no new figure within 10 s: change {turn}, {way}")
            continue
        view = book.panel.locator(".widget-toggle-button.mod-active").inner_text()
        for name in ("all", way, view):
            waits[name].append(took)
            cpu[name].append(spent(kernel) - before)
        if turn % BLOCK == BLOCK - 1:  # seldom: after a forced collection the page is slower for a while
            memory.append(weighed(session, kernel))
    for name, values in waits.items():
        print(line(name, values, cpu[name]))
    print(f"memory after each {BLOCK} changes:")
    for name, seen in pd.DataFrame(memory, columns=["kernel [MB]", "page [MB]", "page [nodes]"]).items():
        print(f"{name:14}", *(f"{one:8.1f}" for one in seen))
    print(f"load average of the last minute: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    if CHROMIUM and BORDERS.exists():
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
    else:
        print("not measured: it needs Chromium and the collected real data (KOMMUNANALYS_SHARED)")
