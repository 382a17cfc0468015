"""JupyterLab in a real browser: one server in a folder of its own; notebooks are opened, run, read and written in."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest

from tests.reporting.browser import CHROMIUM, TAGS

ROOT = Path(__file__).parents[2]
TOKEN = "lab"
KEY = {"Authorization": f"token {TOKEN}"}
PATIENCE = 180_000
"""How long to wait for what must come [ms]: the machine of a test may be busy."""
SETTINGS = {
    # Nobody answers the question whether news may be fetched, and nothing is to be fetched.
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    # The harder case of what a saved notebook must not hold: the state of every widget is saved with it.
    "@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings": {"saveState": True},
}

ERRORS = "[data-mime-type$=error], [data-mime-type$=stderr]"

needed = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (CHROMIUM and find_spec("axe_playwright_python") and find_spec("jupyterlab") and find_spec("anywidget"))
        and os.environ.get("KOMMUNANALYS_BROWSER") != "required",
        reason="no Chromium (Debian: apt-get install chromium), or no playwright or JupyterLab (pip install "
        "kommunanalys[dev])",
    ),
]
"""Marks of tests that need both; KOMMUNANALYS_BROWSER=required makes them fail instead of skip."""


@dataclass(frozen=True)
class Server:
    """A running JupyterLab.

    Parameters
    ----------
    root
        Folder that it shows.
    address
        Where it answers.
    pid
        Its process.
    """

    root: Path
    address: str
    pid: int


@contextmanager
def server(room: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """JupyterLab on a free port, without the settings of whoever runs it; it ends however the tests end."""
    root, port = room / "root", _free()
    root.mkdir()
    for name, settings in SETTINGS.items():
        path = room / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    options = {"port": port, "ip": "127.0.0.1", "port_retries": 0, "root_dir": root}
    words = [f"--ServerApp.{name}={value}" for name, value in options.items()]
    words += [f"--IdentityProvider.token={TOKEN}", "--no-browser", "--allow-root", "--LabApp.news_url=None"]
    with (room / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--LabApp.expose_app_in_browser=True", *words],
            env={**os.environ, **_own(room), **(environment or {})},
            stdout=log,
            stderr=log,
        )
        try:
            _wait(f"http://127.0.0.1:{port}/api?token={TOKEN}", process, room / "server.log")
            yield Server(root, f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _own(room: Path) -> dict[str, str]:
    """Folders that are nobody else's, and the library of this checkout."""
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "KOMMUNANALYS_CACHE": "cache",
        "KOMMUNANALYS_STATE": "state",
    }
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)]))
    return {name: str(room / folder) for name, folder in folders.items()} | {
        "PYTHONPATH": path,
        "KOMMUNANALYS_LANGUAGE": "en",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while process.poll() is None and time.monotonic() < end:
        try:
            urlopen(address, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


STILL = """async patience => {
  const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const ask = shell => {
    kernel.subshellId = shell;
    try { return kernel.requestKernelInfo(); } finally { kernel.subshellId = null; }
  };
  let sent;
  const note = (_, { direction, msg }) => {
    sent ||= direction === "send" && msg.header.msg_type.startsWith("comm_");
  };
  const until = performance.now() + patience;
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("the kernel does not answer")), patience));
  const answers = async () => {
    const others = kernel.supportsSubshells ? (await kernel.requestListSubshell({}).done).content.subshell_id : [];
    await Promise.all([null, ...others].map(ask));
  };
  kernel.anyMessage.connect(note);
  try {
    do {
      sent = false;
      await frame();
      await Promise.race([answers(), late]);
      await frame();
    } while (sent && performance.now() < until);
    if (sent) throw new Error("widgets go on sending");
  } finally {
    kernel.anyMessage.disconnect(note);
  }
}"""


def still(page: Any) -> None:
    """Wait until the kernel in front has done everything it was sent, and the page has taken in all of it.

    A kernel answers in the order it was asked, but JupyterLab sends what widgets say to a thread of its own in the
    kernel (a subshell): each thread is asked. They are asked again as long as widgets send something meanwhile, for a
    widget holds back what it has to say until the kernel has done what it said before.
    """
    page.evaluate(STILL, PATIENCE)


def write(path: Path, *cells: str) -> Path:
    """A notebook of code cells."""
    made = [nbformat.v4.new_code_cell(cell) for cell in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(metadata={"kernelspec": kernel}, cells=made), path)
    return path


class Lab:
    """One page of JupyterLab; its notebooks are opened in it one beside the other.

    Parameters
    ----------
    chromium
        A browser of playwright.
    at
        A running server.
    """

    def __init__(self, chromium: Any, at: Server) -> None:
        self.at = at
        self.room = chromium.new_context(viewport={"width": 1500, "height": 1000})
        self.room.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.room.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(f"{at.address}/lab?token={TOKEN}&reset")
        self.page.wait_for_function("() => window.jupyterapp")
        self.command("application:toggle-left-area")

    def command(self, name: str, **options: object) -> None:
        """Do what a menu of JupyterLab does."""
        self.page.evaluate(
            """async ([name, options]) => { await jupyterapp.started; await jupyterapp.restored;
            await jupyterapp.commands.execute(name, options); }""",
            [name, options],
        )

    def open(self, name: str) -> Book:
        """Open a notebook of the server's folder, run all its cells, and wait until the kernel has done them."""
        # A kernel that JupyterLab starts by itself may be started anew at once, and what was sent to the first is lost.
        kernel = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
        made = self.room.request.post(f"{self.at.address}/api/sessions", data=kernel, headers=KEY, timeout=PATIENCE)
        assert made.status == 201, made.text()
        self.command("docmanager:open", path=name)
        book = Book(self, name)
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        book.ran()
        return book


class Book:
    """A notebook that is open in the page; the one in front."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab, self.page, self.path = lab, lab.page, lab.at.root / name
        self.panel = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.panel.wait_for()
        self.page.evaluate(
            """async () => { const { sessionContext } = jupyterapp.shell.currentWidget;
            await sessionContext.ready; await sessionContext.session.kernel.info; }"""
        )

    def front(self) -> Book:
        """Bring it in front."""
        self.lab.command("docmanager:open", path=self.path.name)
        at = "path => jupyterapp.shell.currentWidget?.context?.path === path"
        self.page.wait_for_function(at, arg=self.path.name)
        return self

    def ran(self) -> None:
        """Wait until every cell of code has a number, or one has failed."""
        self.page.wait_for_function(
            """errors => { const panel = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)');
              const marks = [...panel.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')];
              return marks.length && marks.every(one => /\\[\\d+\\]/.test(one.textContent))
                || panel.querySelector(errors); }""",
            arg=ERRORS,
        )

    def errors(self) -> list[str]:
        """What the cells say of errors."""
        return [str(text) for text in self.panel.locator(ERRORS).all_inner_texts()]

    def paste(self) -> Any:
        """Paste into a new last cell and run it, by keyboard; its output."""
        self.panel.locator(".jp-CodeCell .jp-InputArea-editor").last.click()
        for key in ("Escape", "b", "Enter", "Control+v", "Control+Enter"):
            self.page.keyboard.press(key)
        self.ran()
        return self.panel.locator(".jp-CodeCell", has=self.page.locator(".jp-OutputArea-output")).last

    def save(self) -> str:
        """Save it by keyboard; the text of the file when it has been written."""
        before = self.path.stat().st_mtime_ns
        self.panel.locator(".jp-Notebook").click(position={"x": 4, "y": 4})
        self.page.keyboard.press("Control+s")
        for _ in range(PATIENCE // 100):
            if self.path.stat().st_mtime_ns != before and _whole(text := self.path.read_text(encoding="utf-8")):
                return text
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{self.path.name} was not saved")

    def axe(self, within: str, but: tuple[str, ...] = ()) -> list[str]:
        """Rules of WCAG A and AA that something within a part of the page breaks, by axe-core."""
        package = find_spec("axe_playwright_python")
        assert package is not None
        assert package.origin is not None
        self.page.evaluate((Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8"))
        result = self.page.evaluate(
            "([include, exclude, tags]) => axe.run({include, exclude}, {runOnly: tags})",
            [[within], [[one] for one in but], TAGS],
        )
        assert result["passes"], "axe has looked at nothing"
        return [f"{item['id']}: {node['html'][:120]}" for item in result["violations"] for node in item["nodes"]]


def _whole(text: str) -> bool:
    """Whether all of a notebook has been written: JupyterLab writes into the file itself."""
    try:
        return bool(json.loads(text))
    except ValueError:
        return False


def drawn(svg: str) -> list[str]:
    """All lines and shapes of an SVG, in their order, as numbers."""
    return [" ".join(path.split()) for path in re.findall(r'\sd="([^"]*)"', svg)]
