"""Every process that a notebook starts ends with its run, also those that have hidden from it.

When the process that was asked for the reports is itself killed (`kill -9`), its workers and their notebooks are ended
by the system (Linux), and what the notebooks have started by a guardian, which knows it by its environment. Not ended
then are processes that were given an empty environment (`env -i`) or belong to another user, and those that a notebook
has forked without starting a program where a forked notebook runs in no sweep (no command does that). On a cluster the
guardian is the worker's: it acts when the worker ends.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

MARK = "KOMMUNANALYS_RUN"
"""Environment variable by which the processes of one run are known, however far they have gone."""
SWEEP = "KOMMUNANALYS_SWEEP"
"""The same for all runs of a sweep: its workers have it from their start."""

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
TRIES = 40


def die_with_parent() -> None:
    """The calling process ends when the one that started it ends, also by `kill -9` (Linux; else nothing).

    Examples
    --------
    >>> callable(die_with_parent)
    True
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _adopt_orphans(on: bool) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, int(on))


@contextmanager
def reaped() -> Iterator[None]:
    """A block after which no child lives that this process did not have before (for single-threaded processes).

    On Linux, a process that its own parent has left falls to this one for as long as the block lasts, so that a
    second fork and a session of its own do not hide it. Elsewhere only those found below a living one end.

    Examples
    --------
    >>> with reaped():
    ...     pass
    """
    before = set(_children())
    _adopt_orphans(True)
    try:
        yield
    finally:
        for _ in range(TRIES):
            left = [item for item in _children() if item not in before]
            if not left:
                break
            end(left)
        _adopt_orphans(False)


def _children() -> list[psutil.Process]:
    return list(psutil.Process().children(recursive=True))


def marked(mark: str, variable: str = MARK) -> list[psutil.Process]:
    """The living processes whose environment carries the mark.

    Examples
    --------
    >>> marked("no run has this name")
    []
    """
    found = []
    for item in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if item.pid != os.getpid() and item.environ().get(variable) == mark:
                found.append(item)
    return found


def new_mark() -> str:
    """A mark that no other run has.

    Examples
    --------
    >>> len(new_mark())
    32
    """
    return uuid.uuid4().hex


def end_marked(mark: str, variable: str = MARK) -> None:
    """End every process of a run or a sweep; those that are being born while we look are found at the next look.

    Examples
    --------
    >>> end_marked("no run has this name")
    """
    for _ in range(TRIES):
        left = marked(mark, variable)
        if not left:
            return
        end(left)


class Guardian:
    """A process beside this one: when this one is gone, in whatever way, it ends what carries the mark.

    Parameters
    ----------
    mark
        From `new_mark`.
    variable
        `MARK` or `SWEEP`.

    Examples
    --------
    >>> Guardian(new_mark()).release()
    """

    def __init__(self, mark: str, variable: str = MARK) -> None:
        # Without marks of its own: where this process is part of a run, the guardian must outlive that run.
        unmarked = {name: value for name, value in os.environ.items() if name not in (MARK, SWEEP)}
        self.process = subprocess.Popen(
            [sys.executable, "-P", __file__, mark, variable],
            env=unmarked,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def release(self) -> None:
        """All has ended as it should: let it go."""
        with suppress(OSError):
            self.process.communicate(b".")


def _guard(mark: str, variable: str) -> None:
    if not sys.stdin.buffer.read(1):  # closed without a word
        end_marked(mark, variable)


def end(processes: list[psutil.Process]) -> None:
    """Kill processes and wait until they are gone.

    Examples
    --------
    >>> end([])
    """
    for item in processes:
        with suppress(psutil.Error):
            item.kill()
    psutil.wait_procs(processes, timeout=2)


def end_group(pid: int) -> None:
    """Kill a process and all of its group, where it leads one.

    Examples
    --------
    >>> import subprocess, sys
    >>> child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    >>> end_group(child.pid)
    >>> child.wait() != 0
    True
    """
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            psutil.Process(pid).kill()


def wait(pid: int, patience: float) -> int | None:
    """The exit code of a child (negative: the signal that ended it); None where it still lives after `patience` [s].

    Examples
    --------
    >>> import subprocess, sys
    >>> child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    >>> wait(child.pid, 20)
    3
    >>> _ = child.wait()
    """
    until = time.monotonic() + patience
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(0.002)


if __name__ == "__main__":
    _guard(*sys.argv[1:])
