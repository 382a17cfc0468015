"""What runs inside the notebook's own process: limits, secrets and, for the fork engine, the cells themselves."""

from __future__ import annotations

import asyncio
import builtins
import gc
import json
import logging
import os
import random
import select
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from kommunanalys.mime import RUN
from kommunanalys.reporting.channel import Channel, Stream, begin_anew, watch
from kommunanalys.reporting.limits import size
from kommunanalys.reporting.offspring import die_with_parent

INLINE = "module://matplotlib_inline.backend_inline"
FLOOD = "too_much"
COUNTED = ("stream", "display_data", "update_display_data", "execute_result", "error")


def begin(memory: int | None, output: int) -> None:
    """Set the limits of an ipykernel process from inside, before the first cell.

    Parameters
    ----------
    memory
        Private memory [bytes].
    output
        What may leave the process as output [bytes].
    """
    from IPython.core.getipython import get_ipython

    die_with_parent()
    bound_memory(memory)
    shell = get_ipython()
    session, counted = shell.kernel.session, Counter(output)
    send = session.send

    def guarded(stream: Any, kind: Any, content: Any = None, *rest: Any, **more: Any) -> Any:
        """As the session's own, until too much was said."""
        name, body = (kind["msg_type"], kind["content"]) if isinstance(kind, dict) else (kind, content)
        allowed = counted.allows(name, body)
        if allowed is None:
            return send(stream, "display_data", flood(), parent=shell.display_pub.parent_header, ident=b"display_data")
        return send(stream, kind, content, *rest, **more) if allowed else None

    session.send = guarded
    shell.events.register("post_run_cell", _settle)


def _settle(_: Any) -> None:
    """Wait until the kernel has read what subprocesses printed: what comes after the cell's end is lost."""
    for stream in (sys.stdout, sys.stderr):
        end = getattr(stream, "_fid", None)
        waited = False
        for _ in range(200):
            if end is None or not select.select([end], [], [], 0)[0]:
                break
            waited = True
            threading.Event().wait(0.002)
        if waited:
            threading.Event().wait(0.01)


def flood() -> dict[str, Any]:
    """The message in place of the one that was too much.

    Examples
    --------
    >>> "data" in flood()
    True
    """
    return {"data": {RUN: {FLOOD: True}}, "metadata": {}, "transient": {}}


class Counter:
    """Counts what a notebook says.

    Parameters
    ----------
    bound
        Most that may be said [bytes].

    Examples
    --------
    >>> counter = Counter(10)
    >>> [counter.allows("stream", {"text": "four"}) for _ in range(4)]
    [True, True, None, False]
    """

    def __init__(self, bound: int) -> None:
        self.left = bound

    def allows(self, kind: str, content: Mapping[str, Any]) -> bool | None:
        """Whether a message may be sent; None at the first one that may not."""
        if kind not in COUNTED:
            return True
        before = self.left
        self.left -= size(content)
        if self.left >= 0:
            return True
        return None if before >= 0 else False


def bound_memory(memory: int | None) -> None:
    """Let the operating system refuse this process more than so much private memory [bytes] (POSIX).

    Examples
    --------
    >>> bound_memory(None)
    """
    if memory is not None and os.name == "posix":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        bound = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def resolve(references: Mapping[str, str]) -> None:
    """Give the notebook's names the values of environment variables.

    Parameters
    ----------
    references
        Variable of the environment by parameter name.
    """
    from IPython.core.getipython import get_ipython

    get_ipython().user_ns.update({name: os.environ[variable] for name, variable in references.items()})


def serve(end: socket.socket, output: int, memory: int | None) -> None:
    """Run what comes over the channel, one cell after the other, until it closes. For a process just forked.

    Parameters
    ----------
    end
        Requests `{"source": ..., "silent": ...}` come in here; messages and replies go out.
    output
        Most that may be said [bytes].
    memory
        Private memory [bytes].
    """
    channel, counter = Channel(end), Counter(output)
    lock, owner = threading.RLock(), os.getpid()

    def say(kind: str, content: Mapping[str, Any]) -> None:
        """Send one message of a cell."""
        if os.getpid() != owner:
            return  # a process that the notebook has forked has no voice of its own
        with lock:
            allowed = counter.allows(kind, content)
            if allowed is None:
                channel.send({"msg_type": "display_data", "content": flood()})
            elif allowed:
                channel.send({"msg_type": kind, "content": content})

    _settle_in()
    streams = [Stream("stdout", 1, say, lock), Stream("stderr", 2, say, lock)]
    sys.stdout, sys.stderr = streams
    os.register_at_fork(after_in_child=lambda: begin_anew(streams))
    shell = make_shell(say)
    _own_figures()
    threading.Thread(target=watch, args=(streams, lock), daemon=True).start()
    bound_memory(memory)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with suppress(EOFError):  # the other side has heard enough
        loop.run_until_complete(_serve(shell, channel, streams, lock))
    shell.user_ns.clear()  # closes files, so that what was written to them is there


async def _serve(shell: Any, channel: Channel, streams: list[Stream], lock: Any) -> None:
    """All cells on one running loop, as in an ipykernel: a task that a cell has left goes on meanwhile."""
    while not shell.exit_now:
        await _readable(channel.end)
        reply = await _run(shell, channel.receive())
        for stream in streams:
            stream.flush()
        with lock:
            channel.send({"msg_type": "execute_reply", "content": reply})


async def _readable(end: socket.socket) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(end, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(end)


async def _run(shell: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    silent = bool(request.get("silent"))
    result = await _cell(shell, request["source"], silent)
    error = result.error_before_exec or result.error_in_exec
    count = shell.execution_count - (0 if silent else 1)
    if error is None and not shell._last_traceback_during_displayhook:
        return {"status": "ok", "execution_count": count}
    return {
        "status": "error",
        "execution_count": count,
        "ename": type(error).__name__,
        "evalue": str(error),
        "traceback": shell._last_traceback or [],
    }


async def _cell(shell: Any, source: str, silent: bool) -> Any:
    """A cell that waits as a task of the loop, any other straight away, below the running loop."""
    try:
        told = {"transformed_cell": shell.transform_cell(source), "preprocessing_exc_tuple": None}
    except Exception:  # noqa: BLE001  # whatever it is, the shell tells it as the cell's own error
        told = {"transformed_cell": source, "preprocessing_exc_tuple": sys.exc_info()}
    if not shell.should_run_async(source, **told):
        return shell.run_cell(source, store_history=not silent, silent=silent)
    task = asyncio.ensure_future(shell.run_cell_async(source, store_history=not silent, silent=silent, **told))
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)
    # Raised in the loop it would end all cells: it is to end this one.
    signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(task.cancel))
    result = None
    try:
        result = await task
    finally:
        signal.signal(signal.SIGINT, before)
        shell.events.trigger("post_execute")
        if not silent:
            shell.events.trigger("post_run_cell", result)
    return result


def _settle_in() -> None:
    """Leave behind what belongs to the process that this one was forked from."""
    from kommunanalys import origin

    gc.freeze()  # this process does not look through what it has inherited: its pages stay shared
    os.setsid()
    die_with_parent()
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.set_wakeup_fd(-1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    sys.stdin = os.fdopen(nowhere)
    sys.argv = [""]
    for name in ("asyncio", "papermill"):  # silenced for the one who waits, not for the notebook
        logging.getLogger(name).setLevel(logging.NOTSET)
    origin.forget()
    # A fork copies the state of every generator: without this, all reports would draw the same "random" numbers.
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "pandas" in sys.modules:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sys.modules["pandas"].reset_option("all")


def make_shell(say: Any) -> Any:
    """The shell of an ipykernel, which speaks through `say` instead of sockets.

    Parameters
    ----------
    say
        Called with (message type, content).
    """
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.zmqshell import ZMQInteractiveShell
    from IPython.core.error import StdinNotImplementedError
    from jupyter_client.session import Session
    from traitlets.config import Config

    wire: Any = Session()

    def passed_on(_: Any, kind: Any, content: Any = None, *_rest: Any, **_more: Any) -> None:
        """The kind and the content, as they would be packed for a socket."""
        name, body = (kind["msg_type"], kind["content"]) if isinstance(kind, dict) else (kind, content)
        say(name, json.loads(wire.pack(body)))

    def refuse(_: object = "") -> str:
        """A report has nobody to ask."""
        raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")

    ZMQInteractiveShell.clear_instance()
    shell = ZMQInteractiveShell.instance(
        config=Config(HistoryManager={"enabled": False}),
        kernel=SimpleNamespace(eventloop=None),
        compiler_class=XCachingCompiler,
    )
    wire.send = passed_on
    shell.displayhook.session = shell.display_pub.session = wire
    shell.displayhook.topic = b"execute_result"
    builtins.input = refuse
    return shell


def _own_figures() -> None:
    """Figures as an ipykernel has it: our own settings, no figure of another, figures shown inline."""
    os.environ.setdefault("MPLBACKEND", INLINE)
    if "matplotlib" not in sys.modules:
        return
    import matplotlib as mpl

    mpl.rc_file_defaults()
    # The module finds the shell while it is imported, if the setting names it then: it may not come from the parent.
    sys.modules.pop("matplotlib_inline.backend_inline", None)
    mpl.rcParams["backend"] = os.environ["MPLBACKEND"]
    if "matplotlib.pyplot" in sys.modules:
        from matplotlib import pyplot as plt

        plt.close("all")
        plt.install_repl_displayhook()
        plt.switch_backend(os.environ["MPLBACKEND"])
