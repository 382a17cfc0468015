"""One notebook through papermill: safe parameters in, the executed notebook or a truthful reason out."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import nbformat

from kommunanalys import errors
from kommunanalys.errors import KommunanalysError, NotebookError, Timeout
from kommunanalys.language import Speaker
from kommunanalys.mime import RUN

# The session's origins live in the kernel; this last cell hands them over, so that no report can forget them.
HAND_OVER = f"""from IPython.display import display
from kommunanalys import origin
display({{"{RUN}": {{"origins": origin.as_records(origin.origins())}}}}, raw=True)"""


class NotebookStopped(NotebookError):
    """A cell raised an error; the message is the cell's own."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__("{words}", words=message)
        known = getattr(errors, name, None)
        is_ours = isinstance(known, type) and issubclass(known, KommunanalysError)
        self.error = name
        self.code = known.exit_code if is_ours and known is not None else 1


class KernelKilled(NotebookError):
    """The process that ran the notebook ended from outside."""


def execute(
    notebook: nbformat.NotebookNode, values: Mapping[str, Any], say: Speaker, *, timeout: float | None = None
) -> nbformat.NotebookNode:
    """Run a notebook with checked parameters in a process of its own.

    Parameters
    ----------
    notebook
        With one cell tagged `parameters`.
    values
        From `parameters.validate`: every name is declared, so that no name can be code.
    say
        Speaker of the language that errors and progress are told in.
    timeout
        Longest time for a single cell [s]; None for no limit.

    Returns
    -------
    nbformat.NotebookNode
        The executed notebook; its last cell holds the origins.

    Raises
    ------
    NotebookStopped
        A cell raised an error.
    KernelKilled
        The process died.
    Timeout
        A cell took too long.
    """
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import execute_notebook

    # papermill warns of parameters that its own inspection cannot read; ours has read and checked them.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    # A run that is stopped ends its kernel; asyncio would tell the person of that with a traceback.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    copy = nbformat.from_dict(notebook)
    copy.cells.append(nbformat.v4.new_code_cell(HAND_OVER, metadata={"tags": ["origins"]}))
    progress = {
        "desc": say("Running"),
        "unit": "",
        "leave": False,
        "bar_format": "{desc} {n_fmt}/{total_fmt} |{bar:30}| {elapsed}",
    }
    try:
        with _environment(KOMMUNANALYS_LANGUAGE=say.language):
            return execute_notebook(
                copy,
                None,
                parameters=dict(values),
                kernel_name="python3",
                progress_bar=progress,
                execution_timeout=timeout,
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
            )
    except PapermillExecutionError as error:
        raise NotebookStopped(error.ename, _last_words(error)) from None
    except CellTimeoutError:
        raise Timeout("A cell of the notebook took longer than {seconds} s and was stopped.", seconds=timeout) from None
    except DeadKernelError:
        raise KernelKilled(
            "The process that ran the notebook was ended from outside (out of memory?). Nothing was published."
        ) from None


def _last_words(error: Any) -> str:
    """The cell's own message, without colour codes; the error's name where the library does not know it."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error.evalue)).strip()
    known = getattr(errors, str(error.ename), None)
    return text if isinstance(known, type) else f"{error.ename}: {text}"


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def handed_over(executed: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """The origin records that the run handed over."""
    outputs = (output for cell in executed.cells for output in cell.get("outputs", []))
    return [item for output in outputs if RUN in output.get("data", {}) for item in output.data[RUN]["origins"]]
