"""A command of the library in a process of its own: how far it is, a way to stop it, and how it ended."""

from __future__ import annotations

import atexit
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets
import yaml

from kommunanalys.language import Speaker
from kommunanalys.reporting.given import ENVIRONMENT

STOPPED = 130
"""Exit code of a command that was stopped."""
PATIENCE = 20.0
"""How long a command may take to clear up after it was stopped [s]."""
TICK = 0.5
"""How often to look how far it is [s]."""
BAR = re.compile(r"(\d+)/(\d+) \|")
SAID = "kommunanalys: "
KERNEL = ("JPY_", "PYDEVD", "FORCE_COLOR", "CLICOLOR", ENVIRONMENT)
"""Variables of a kernel's environment that a command must not inherit: parameters come from the form alone."""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Parameters
    ----------
    code
        Its exit code.
    words
        The last that it said of an error; "" where it said nothing.
    done
        Cells of the notebook that it had begun; of a sweep 0.
    """

    code: int
    words: str
    done: int


class Command:
    """One command of the library, begun in a process of its own; the kernel stays free.

    Parameters
    ----------
    words
        What stands after `kommunanalys` on a command line.
    values
        Parameters as text or lists of texts; they go by a private file, and no shell reads them.
    language
        "sv", "fi" or "en".
    told
        Called now and then from another thread with cells done and all; (0, 0) where that is not known.
    ended
        Called once, from another thread.

    Examples
    --------
    >>> ends = []
    >>> Command(["version"], {}, "en", told=lambda done, total: None, ended=ends.append).wait()
    >>> ends[0].code
    0
    """

    def __init__(
        self,
        words: Sequence[str],
        values: Mapping[str, str | list[str]],
        language: str,
        *,
        told: Callable[[int, int], None],
        ended: Callable[[Ended], None],
    ) -> None:
        self.told, self.ended, self.done, self.total, self.said = told, ended, 0, 0, ""
        self.folder = tempfile.TemporaryDirectory(prefix="kommunanalys-")
        more = ["--parameters", self._file(values)] if values else []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kommunanalys", *words, *more],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(os.environ, language),
            **_apart(),
        )
        atexit.register(self.stop)
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End it as Ctrl-C does: what it has begun is taken back, and nothing is left half-written."""
        if self.process.poll() is None:
            self.process.send_signal(_gently())
            last = threading.Timer(PATIENCE, self.process.kill)
            last.daemon = True
            last.start()

    def wait(self) -> None:
        """Wait until it has ended and that has been told."""
        self.thread.join()

    def _file(self, values: Mapping[str, str | list[str]]) -> str:
        path = Path(self.folder.name, "parameters.yaml")
        path.write_text(yaml.safe_dump(dict(values)), encoding="utf-8")
        return str(path)

    def _follow(self) -> None:
        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        while self.process.poll() is None:
            self.told(self.done, self.total)
            time.sleep(TICK)
        reader.join(TICK)  # a kernel that outlives the command may hold the pipe for a moment
        atexit.unregister(self.stop)
        self.folder.cleanup()
        self.ended(Ended(self.process.returncode, last_words(self.said), self.done))

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as pipe:
            while part := os.read(pipe.fileno(), 1 << 16):
                text = part.decode("utf-8", errors="replace")
                for found in BAR.finditer(text):
                    self.done, self.total = int(found[1]), int(found[2])
                self.said = (self.said + text)[-20_000:]


def last_words(said: str) -> str:
    r"""The library's own last message; the last line where an error is not the library's.

    Examples
    --------
    >>> last_words("\rKör 1/2 |#|\nkommunanalys: Okänt värde.\nVälj ett annat.\n"), last_words("Traceback\n1/2\rE: x\n")
    ('Okänt värde.\nVälj ett annat.', 'E: x')
    """
    _, mark, words = said.rpartition(SAID)
    return words.strip() if mark else "".join(said.strip().splitlines()[-1:])


def environment(inherited: Mapping[str, str], language: str) -> dict[str, str]:
    """The environment of a command: a kernel's own, without what is the kernel's alone.

    Examples
    --------
    >>> environment({"PATH": "/bin", "JPY_PARENT_PID": "7", "MPLBACKEND": "module://matplotlib_inline"}, "sv")["PATH"]
    '/bin'
    """
    # Figures for a kernel's page vanish from the reports of forked workers.
    inline = "matplotlib_inline" in inherited.get("MPLBACKEND", "")
    left = {name for name in inherited if name.upper().startswith(KERNEL) or (inline and name == "MPLBACKEND")}
    kept = {name: value for name, value in inherited.items() if name not in left}
    own = {"KOMMUNANALYS_LANGUAGE": language, "TQDM_MININTERVAL": "0", "PYTHONIOENCODING": "utf-8"}
    return {**kept, **own}


def _apart() -> dict[str, Any]:
    """Out of reach of what interrupts the kernel: the person's own stop button ends it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _gently() -> int:
    if sys.platform == "win32":
        return signal.CTRL_BREAK_EVENT
    return signal.SIGTERM


class Progress(anywidget.AnyWidget):  # type: ignore[misc]
    """How far a run is and how it ended, in words that a screen reader speaks when they change.

    Examples
    --------
    >>> shown = Progress()
    >>> shown.tell("Running", Speaker("en"), detail="Cell 2 of 24", done=2, total=24, busy=True)
    >>> shown.text, shown.alert
    ('Running', False)
    """

    _esm = Path(__file__).with_name("running.js")
    _css = Path(__file__).with_name("fields.css")
    language = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    detail = traitlets.Unicode().tag(sync=True)
    done = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    alert = traitlets.Bool(False).tag(sync=True)

    def tell(
        self,
        text: str,
        say: Speaker,
        *,
        detail: str = "",
        done: int = 0,
        total: int = 0,
        busy: bool = False,
        alert: bool = False,
    ) -> None:
        """Show all of it at once."""
        with self.hold_sync():
            self.set_trait("language", say.language)
            self.text, self.detail, self.done, self.total, self.busy, self.alert = (
                text,
                detail,
                done,
                total,
                busy,
                alert,
            )


def cell_of(notebook: Any, done: int) -> str:
    """The beginning of the cell that a run had come to; "" where that is not known.

    Parameters
    ----------
    notebook
        As it is in its file.
    done
        Cells begun, the one that papermill puts in after the parameters counted with the others.

    Examples
    --------
    >>> from kommunanalys.reporting.parameters import find_notebook, read_notebook
    >>> cell_of(read_notebook(find_notebook("cost_efficiency")), 4)
    'import kommunanalys as ka'
    """
    tagged = [number for number, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    number = done - 1 - int(bool(tagged) and done - 1 > tagged[0])
    if not 0 <= number < len(notebook.cells) or notebook.cells[number].cell_type != "code":
        return ""
    return str(notebook.cells[number].source).strip().partition("\n")[0]
