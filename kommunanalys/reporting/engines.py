"""Two papermill engines: a fresh kernel for each notebook ("spawn"), or a fork of this warm process ("fork")."""

from __future__ import annotations

import gc
import importlib
import io
import os
from collections.abc import Mapping
from typing import Any

from papermill.engines import Engine, papermill_engines

from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker
from kommunanalys.reporting.clients import ForkClient, SpawnClient
from kommunanalys.reporting.limits import THREADS, USUAL, Limits

FORK, SPAWN = "kommunanalys-fork", "kommunanalys-spawn"
ENGINES = {"fork": FORK, "spawn": SPAWN}


def available(engine: str) -> str:
    """The engine that runs here: "fork" needs POSIX, and is "spawn" elsewhere.

    Raises
    ------
    UsageError
        No such engine.

    Examples
    --------
    >>> available("spawn")
    'spawn'
    """
    if engine not in ENGINES:
        raise UsageError("Unknown engine {engine!r}. Allowed: {allowed}.", engine=engine, allowed=", ".join(ENGINES))
    return engine if hasattr(os, "fork") else "spawn"


def register() -> None:
    """Make both engines known to papermill, also where the library was not installed but only found.

    Examples
    --------
    >>> register()
    """
    for name, engine in ((FORK, ForkEngine), (SPAWN, SpawnEngine)):
        papermill_engines.register(name, engine)


class SpawnEngine(Engine):  # type: ignore[misc]  # papermill has no types
    """Papermill's own way, with limits that hold and nothing left behind."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        limits: Limits = USUAL,
        secrets: Mapping[str, str] | None = None,
        start_timeout: int = 60,
        **_: Any,
    ) -> Any:
        """Run a notebook in a kernel of its own."""
        client = SpawnClient(
            nb_man,
            limits,
            secrets or {},
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
        )
        return client.execute()


class ForkEngine(Engine):  # type: ignore[misc]  # papermill has no types
    """A notebook in a fork of this warm process: no start, no imports."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        limits: Limits = USUAL,
        secrets: Mapping[str, str] | None = None,
        **_: Any,
    ) -> Any:
        """Run a notebook in a forked child."""
        return ForkClient(nb_man, limits, secrets or {}, kernel_name=kernel_name).execute()


def warm() -> None:
    """Import in this process what every report needs, so that its forks need not; starts no thread.

    Examples
    --------
    >>> import gc
    >>> warm()
    >>> gc.unfreeze()  # only a process that forks keeps what it has: at its end nobody tidies up in it
    """
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)
    for module in WARM:
        importlib.import_module(module)
    _rehearse()
    register()
    gc.collect()
    gc.freeze()  # what is here now is never looked through again: its pages stay shared with every fork


def _rehearse() -> None:
    """Fill what is read once and kept: the glossary, names, translations, how numbers are written, fonts."""
    from matplotlib.figure import Figure

    from kommunanalys import municipalities, names
    from kommunanalys.language import LANGUAGES

    names.glossary()
    municipalities.municipalities()
    for say in map(Speaker, LANGUAGES):
        say("Running")
        say.number(1.5, 1)
    _draw(Speaker("en"))
    figure = Figure()
    figure.subplots().plot([0, 1], label="a")
    figure.savefig(io.BytesIO(), format="png")


def _draw(say: Speaker) -> None:
    """The library's own figures, as `show` draws them: each has fonts of its own."""
    import pandas as pd

    from kommunanalys.figures import describe, ranking, scatter, timeline
    from kommunanalys.figures.show import bundle

    data = pd.DataFrame({"a": [1.0, 2.0], "b": [2.0, 1.0]}, index=["c", "d"])
    drawn = (
        timeline(data.set_axis([2020, 2021]), focus="a", say=say),
        ranking(data["a"], focus="c", say=say),
        scatter(data, focus="c", marked="d", say=say),
    )
    for ax in drawn:
        bundle(describe(ax, caption="a", alternative="b", data=data), say)


WARM = (
    "kommunanalys.compare",
    "kommunanalys.figures",
    "kommunanalys.indicators",
    "kommunanalys.mergers",
    "kommunanalys.secrecy",
    "kommunanalys.sources.catalogue",
    "kommunanalys.reporting.html",
    "kommunanalys.reporting.spreadsheet",
    "babel.lists",
    "babel.numbers",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "IPython.core.application",
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "matplotlib.pyplot",
    "nbconvert.exporters",
    "nbconvert.filters.markdown_mistune",
    "openpyxl",
    "papermill.execute",
    "pandas",
    "pandas.plotting._matplotlib",
    "scipy.special",
)
