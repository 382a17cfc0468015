"""The git repository of a person's own folder: what cells have shown is taken out of a notebook before git keeps it.

`python -m kommunanalys.workspace_git` is git's filter: a notebook in, the notebook without its outputs out.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kommunanalys.language import Speaker

SHOWN = ("collapsed", "scrolled", "execution")
"""What JupyterLab notes in a cell's metadata about how it was run and looked at."""


def stripped(raw: bytes) -> bytes:
    r"""A notebook without outputs, numbers of runs, and the state of its widgets.

    Raises
    ------
    ValueError
        It is no notebook of today's format; git then refuses to take it.

    Examples
    --------
    >>> stripped(b'{"cells": [{"cell_type": "code", "outputs": ["a"]}], "metadata": {"widgets": {}}, "nbformat": 4}')
    b'{\n "cells": [\n  {\n   "cell_type": "code",\n   "execution_count": null,\n   "outputs": []\n  }\n ],...
    """
    if not raw.strip():
        return raw
    notebook = json.loads(raw)
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        raise ValueError("no notebook of format 4")
    cells = notebook.get("cells", [])
    if not isinstance(cells, list) or not all(isinstance(part, dict) for part in cells):
        raise ValueError("no notebook: its cells are no list of cells")
    _without(notebook, ["widgets"])
    for cell in cells:
        if cell.get("cell_type") == "code":
            cell |= {"outputs": [], "execution_count": None}
            _without(cell, SHOWN)
    # As JupyterLab writes it, so that git shows only what a person has changed.
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _without(part: dict[str, Any], names: Iterable[str]) -> None:
    metadata = part.get("metadata", {})
    if not isinstance(metadata, dict):
        raise ValueError("no notebook: its metadata are no table")
    for name in names:
        metadata.pop(name, None)


def set_filter(folder: Path, say: Speaker) -> str:
    """Make the folder a repository that takes outputs out of notebooks; why not, where that fails.

    Examples
    --------
    >>> set_filter(Path("kommunanalys-none"), Speaker("en")) == ""
    False
    """
    git = shutil.which("git")
    if git is None:
        return say("git is not installed. Install it and do this again.")
    # Git runs the filter by its own shell, on Windows too; -P: no file of the person's is taken for a module.
    strip = f"{shlex.quote(Path(sys.executable).as_posix())} -P -m kommunanalys.workspace_git"
    settings = {"clean": strip, "smudge": "cat", "required": "true"}
    calls = [["config", f"filter.kommunanalys.{name}", value] for name, value in settings.items()]
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for words in [*([] if (folder / ".git").exists() else [["init", "--quiet"]]), *calls]:
        done = subprocess.run([git, "-C", str(folder), *words], env=env, capture_output=True, check=False)
        if done.returncode:
            return done.stderr.decode("utf-8", "replace").strip() or f"git {words[0]}: {done.returncode}"
    return ""


if __name__ == "__main__":
    try:
        sys.stdout.buffer.write(stripped(sys.stdin.buffer.read()))
    except ValueError as fault:
        sys.exit(f"This is no notebook that outputs can be taken out of ({fault}); git does not take it.")
