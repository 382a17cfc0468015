"""The commands of one's own folder: make it, and open JupyterLab in it. Nothing heavy is imported here."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from kommunanalys import paths
from kommunanalys.errors import KommunanalysError
from kommunanalys.language import Speaker

FIRST = "notebooks/explore.ipynb"
"""What JupyterLab opens with, if it is there."""

QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
"""JupyterLab does not ask at its first start whether it may fetch news; its settings still let a person choose so."""

PATIENCE = 30
"""How long JupyterLab may take to end its kernels after Ctrl-C [s]."""

Language = Annotated[
    str,
    typer.Option("--language", "-l", help="sv, fi or en: language of the folder's pages and of what JupyterLab shows."),
]


def init_command(
    folder: Annotated[Path, typer.Argument(help="Your own folder: new, empty, or made by this command before.")],
    language: Language = "",
) -> None:
    """Make your own folder (notebooks, data, reports, tasks, permits, git), or bring it up to date."""
    place, spoken = _prepared(folder, language)
    typer.echo(
        Speaker(spoken)(
            "Begin with {file}, or write: {command}", file=place / "README.md", command=f'kommunanalys lab "{place}"'
        )
    )


def lab_command(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Your own folder, made if it is not there; without it: kommunanalys in your home folder."),
    ] = None,
    language: Language = "",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address; open no browser.")] = False,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Port of the address; else the first free from 8888.")
    ] = None,
) -> None:
    """Open JupyterLab in your own folder, which is made or brought up to date first. Ctrl-C ends it."""
    if find_spec("jupyterlab") is None:
        raise KommunanalysError(
            "JupyterLab is not installed. In a terminal: {command}", command=paths.install_command("lab")
        )
    place, spoken = _prepared(folder or _own(), language)
    say = Speaker(spoken)
    typer.echo(say("JupyterLab is starting. End it with Ctrl-C here."))
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={place}", "--ServerApp.answer_yes=True"]
    words += [f"--LabApp.default_url=/lab/tree/{FIRST}"] if (place / FIRST).is_file() else []
    words += ["--no-browser"] if no_browser else []
    words += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"] if port else []
    code = _child(words, place, spoken)
    if code:
        raise KommunanalysError("JupyterLab ended with an error ({code}); what it said stands above.", code=code)
    typer.echo(say("JupyterLab has ended."))


def _own() -> Path:
    """The folder in the person's home; under another name where that one holds something else, such as a checkout."""
    from kommunanalys.workspace import is_free

    first = Path.home() / "kommunanalys"
    return first if is_free(first) else first.with_name("kommunanalys-lab")


def _prepared(folder: Path, language: str) -> tuple[Path, str]:
    """The folder, up to date and told of, and its language."""
    from kommunanalys.workspace import workspace

    done = workspace(folder, language=language or None)
    typer.echo(done.summary(done.language))
    return done.folder, done.language


def _child(words: list[str], folder: Path, language: str) -> int:
    """Run JupyterLab until it ends or is ended; 0 where a person ended it."""
    with tempfile.TemporaryDirectory() as room:
        settings = Path(room, "labconfig", "default_setting_overrides.json")
        settings.parent.mkdir()
        settings.write_text(json.dumps(QUIET), encoding="utf-8")
        process = subprocess.Popen(words, cwd=folder, env=_environment(room, language))
        try:
            return process.wait()
        except KeyboardInterrupt:
            return _ended(process)


def _environment(settings: str, language: str) -> dict[str, str]:
    # The path: so that `kommunanalys` is found in the terminals of JupyterLab too, without an environment activated.
    first = {"PATH": str(Path(sys.executable).parent), "JUPYTER_CONFIG_PATH": settings}
    paths = {name: os.pathsep.join(filter(None, [place, os.environ.get(name)])) for name, place in first.items()}
    return {**os.environ, **paths, "KOMMUNANALYS_LANGUAGE": language}


def _ended(process: subprocess.Popen[bytes]) -> int:
    with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
        if os.name != "nt":  # there Ctrl-C has reached it already, and terminate would be a kill
            process.terminate()
        process.wait(PATIENCE)
        return 0
    process.kill()
    process.wait()
    return 0
