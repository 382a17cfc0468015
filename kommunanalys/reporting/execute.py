"""One notebook through papermill: safe parameters in, the executed notebook or a truthful reason out."""

from __future__ import annotations

import logging
import multiprocessing
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import nbformat

from kommunanalys import errors
from kommunanalys.errors import KommunanalysError, NotebookError, Timeout, TooMuchOutput
from kommunanalys.identity_codes import find_codes
from kommunanalys.journal import PSEUDONYM
from kommunanalys.language import Speaker
from kommunanalys.mime import RUN
from kommunanalys.reporting.limits import USUAL, Limits
from kommunanalys.reporting.masking import Masker, masker, references
from kommunanalys.reporting.readings import Session, watched

# The session's origins live in the kernel; this last cell hands them over, so that no report can forget them.
HAND_OVER = f"""from IPython.display import display
from kommunanalys import origin
display({{"{RUN}": {{"origins": origin.as_records(origin.origins())}}}}, raw=True)"""

DISCREET = frozenset({"SecrecyBorder", "PermitError", "ReleaseRefused"})
"""Errors whose messages name columns, domains and permits only."""
REGISTERS = "kommunanalys_registers"
"""Property of an executed notebook: what the run has read of registers and let out of them."""


class NotebookStopped(NotebookError):
    """A cell raised an error; the message is the cell's own."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__("{words}", words=message)
        known = getattr(errors, name, None)
        is_ours = isinstance(known, type) and issubclass(known, KommunanalysError)
        self.error, self.is_ours = name, is_ours
        self.code = known.exit_code if is_ours and known is not None else 1


class KernelKilled(NotebookError):
    """The process that ran the notebook ended from outside."""


def execute(
    notebook: nbformat.NotebookNode,
    values: Mapping[str, Any],
    say: Speaker,
    *,
    limits: Limits = USUAL,
    engine: str = "spawn",
) -> nbformat.NotebookNode:
    """Run a notebook with checked parameters in a process of its own.

    Parameters
    ----------
    notebook
        With one cell tagged `parameters`.
    values
        From `parameters.validate`: every name is declared, so that no name can be code. A text `env:NAME` is given
        to the notebook as the value of that environment variable, and masked in all that comes back.
    say
        Speaker of the language that errors and progress are told in.
    limits
        Time, memory and output that the notebook may use.
    engine
        "spawn" (a kernel of its own) or "fork" (a fork of this process, which must have one thread; see
        `engines.warm`).

    Returns
    -------
    nbformat.NotebookNode
        The executed notebook; its last cell holds the origins. What it has read of registers and let out of them
        stands in its properties (see `session_of`).

    Raises
    ------
    NotebookStopped
        A cell raised an error, or the notebook ended itself before its end.
    KernelKilled
        The process was ended from outside.
    Timeout
        A cell took too long.
    TooMuchOutput
        The notebook printed or showed more than it may.
    UsageError
        An unknown engine, or an environment variable that is missing; nothing was run.
    """
    from kommunanalys.reporting.engines import available

    name, secrets = available(engine), references(values)
    hidden = masker(secrets)
    copy = nbformat.from_dict(notebook)
    copy.cells.append(nbformat.v4.new_code_cell(HAND_OVER, metadata={"tags": ["origins"]}))
    with watched() as run:
        try:
            executed = _papermill(copy, values, say, limits, name, secrets, hidden)
        except NotebookStopped as error:
            if run.session().readings and not _is_discreet(error):
                raise _kept_back(error, say) from None
            raise
        session = run.session()
    if not _ran_to_its_end(executed):
        raise _ended_itself(say)
    executed.metadata.papermill["input_path"] = None  # papermill puts the whole notebook there once more
    session = session.with_origins(handed_over(executed))
    executed.metadata.pop(REGISTERS, None)  # what an earlier run has left there
    if session.readings:
        executed.metadata[REGISTERS] = {"readings": session.readings, "releases": list(session.releases)}
    return hidden.anything(executed) if secrets else executed


def session_of(executed: nbformat.NotebookNode) -> Session:
    """What a run has read of registers and let out of them.

    Examples
    --------
    >>> session_of(nbformat.v4.new_notebook()).readings
    0
    """
    told = executed.metadata.get(REGISTERS, {})
    return Session(int(told.get("readings", 0)), tuple(told.get("releases", ())))


def _is_discreet(error: NotebookStopped) -> bool:
    """Whether a message holds nothing about anybody: all but the secrecy room's may show a cell of a table."""
    text = str(error)
    return error.error in DISCREET and not PSEUDONYM.search(text) and not find_codes(text)


def _kept_back(error: NotebookStopped, say: Speaker) -> NotebookStopped:
    return NotebookStopped(
        error.error,
        say(
            "{error}: the message is not shown, since the run had read a register and the message may hold data about "
            "somebody. Run the notebook in JupyterLab to see it.",
            error=error.error,
        ),
    )


def _papermill(
    notebook: nbformat.NotebookNode,
    values: Mapping[str, Any],
    say: Speaker,
    limits: Limits,
    engine: str,
    secrets: Mapping[str, str],
    hidden: Masker,
) -> nbformat.NotebookNode:
    """Through papermill, with each way to fail told in the library's own errors."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import execute_notebook

    from kommunanalys.reporting.clients import Ended, Flooded
    from kommunanalys.reporting.engines import ENGINES, register

    register()
    # papermill warns of parameters that its own inspection cannot read; ours has read and checked them.
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    # A run that is stopped ends its kernel; asyncio would tell the person of that with a traceback.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        with _environment(KOMMUNANALYS_LANGUAGE=say.language):
            return execute_notebook(
                notebook,
                None,
                parameters=dict(values),
                engine_name=ENGINES[engine],
                kernel_name="python3",
                progress_bar=_progress(say) if engine == "spawn" else False,
                limits=limits,
                secrets=secrets,
            )
    except PapermillExecutionError as error:
        raise NotebookStopped(error.ename, hidden.text(_last_words(error))) from None
    except CellTimeoutError:
        raise Timeout(
            "A cell of the notebook took longer than {seconds} s and was stopped.", seconds=limits.timeout
        ) from None
    except Flooded:
        raise TooMuchOutput(
            "The notebook printed or showed more than {megabytes} MB and was stopped.",
            megabytes=round(limits.output / 1e6, 1),
        ) from None
    except Ended as error:
        if error.code is not None and error.code >= 0:
            raise _ended_itself(say) from None
        raise _killed() from None
    except DeadKernelError:
        raise _killed() from None


def _progress(say: Speaker) -> dict[str, Any] | bool:
    """A bar for a person who waits; a worker among others has none (and the bar's thread must not be forked)."""
    if multiprocessing.parent_process() is not None:
        return False
    import tqdm

    tqdm.tqdm.monitor_interval = 0  # its watching thread would outlive the run, and nothing here is slow enough for it
    return {
        "desc": say("Running"),
        "unit": "",
        "leave": False,
        "bar_format": "{desc} {n_fmt}/{total_fmt} |{bar:30}| {elapsed}",
    }


def _killed() -> KernelKilled:
    return KernelKilled(
        "The process that ran the notebook was ended from outside (out of memory?). Nothing was published."
    )


def _ended_itself(say: Speaker) -> NotebookStopped:
    return NotebookStopped(
        "SystemExit", say("The notebook ended itself before its last cell (sys.exit?). Nothing was published.")
    )


def _ran_to_its_end(executed: nbformat.NotebookNode) -> bool:
    """Whether the hand-over, which is ours and the last, has spoken: papermill takes `sys.exit(0)` for success."""
    last = [cell for cell in executed.cells if "origins" in cell.metadata.get("tags", [])]
    return bool(last) and any(RUN in output.get("data", {}) for output in last[-1].get("outputs", []))


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
