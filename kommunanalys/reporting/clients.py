"""Who runs a notebook's cells for papermill: in an ipykernel of its own, or in a fork of this process."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellExecutionComplete, CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient

from kommunanalys.errors import NotebookError, UsageError
from kommunanalys.mime import RUN
from kommunanalys.reporting import child
from kommunanalys.reporting.channel import Channel
from kommunanalys.reporting.limits import Limits, size
from kommunanalys.reporting.offspring import MARK, SWEEP, Guardian, end_group, end_marked, new_mark, reaped, wait

PATIENCE = 5.0
"""How long a process that has done its work may take to end [s]."""

SETTLE_IN = "__import__('kommunanalys.reporting.child', fromlist=['begin']).{call}"


class Flooded(Exception):
    """The notebook said more than it may."""


class Ended(Exception):
    """The notebook's process ended before the notebook did.

    Parameters
    ----------
    code
        Its exit code; negative for the signal that ended it, None where unknown.
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """What both engines share: counting, the order of streams, secrets after the parameters.

    Parameters
    ----------
    limits
        Bounds of the run.
    secrets
        Variable of the environment by parameter name.
    """

    def __init__(self, nb_man: Any, limits: Limits, secrets: Mapping[str, str], **more: Any) -> None:
        super().__init__(nb_man, timeout=limits.timeout, iopub_timeout=60, **more)
        self.limits, self.secrets, self.said, self.flooded = limits, dict(secrets), 0, False

    def execute_cell(self, cell: Any, cell_index: int, **_: Any) -> Any:
        """One cell, and after papermill's parameters the secrets."""
        try:
            done = self.run_cell(cell, cell_index)
        finally:
            cell.outputs = in_order(cell.outputs) if cell.cell_type == "code" else []
            if cell.cell_type != "code":
                del cell["outputs"]
        if self.secrets and "injected-parameters" in cell.metadata.get("tags", []):
            self.tell(SETTLE_IN.format(call=f"resolve({self.secrets!r})"))
        return done

    def run_cell(self, cell: Any, cell_index: int) -> Any:
        """One cell as nbclient runs it."""
        return super().execute_cell(cell, cell_index)

    def tell(self, code: str) -> None:
        """Run code that leaves no trace in the notebook."""
        raise NotImplementedError

    def stop(self) -> None:
        """End the notebook's process at once."""
        raise NotImplementedError

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """As papermill does it, counted."""
        content = msg["content"]
        if msg["msg_type"] in child.COUNTED:
            self.said += size(content)
            if self.said > self.limits.output or child.FLOOD in content.get("data", {}).get(RUN, {}):
                self.flooded = True
                self.stop()
                raise CellExecutionComplete
        return super().process_message(msg, cell, cell_index)


def in_order(outputs: list[Any]) -> list[Any]:
    """Outputs with neighbouring pieces of text put together, standard output first.

    A kernel keeps both streams for a moment and sends them in pieces that depend on the clock; between two displays
    their order means nothing.

    Examples
    --------
    >>> pieces = [("stdout", "a"), ("stderr", "!"), ("stdout", "b")]
    >>> [item.text for item in in_order([new_output("stream", name=name, text=text) for name, text in pieces])]
    ['ab', '!']
    """
    done: list[Any] = []
    texts = {"stdout": "", "stderr": ""}
    for item in [*outputs, None]:
        if item is not None and item.output_type == "stream":
            texts[item.name] += item.text
            continue
        done += [new_output("stream", name=name, text=text) for name, text in texts.items() if text]
        texts = {"stdout": "", "stderr": ""}
        if item is not None:
            done.append(item)
    return done


class SpawnClient(Client):
    """A notebook in an ipykernel of its own."""

    process: Any = None
    leaving = False

    def execute(self, **more: Any) -> Any:
        """Run all cells; afterwards no process of the run lives."""
        mark = new_mark()
        environment = {**os.environ, MARK: mark}
        guardian = None if SWEEP in os.environ else Guardian(mark)  # a sweep has one for all
        try:
            # A kernel repeats what subprocesses print on its own standard output: that is nobody's log.
            return super().execute(env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
        except DeadKernelError:
            raise (Flooded() if self.flooded else Ended(self._code())) from None
        finally:
            if self.process is not None:
                end_group(self.process.pid)
            end_marked(mark)
            if guardian is not None:
                guardian.release()

    def run_cell(self, cell: Any, cell_index: int) -> Any:
        """One cell; `exit()` ends the run here, and not some cells later when the kernel gets round to it."""
        done = super().run_cell(cell, cell_index)
        if self.leaving:
            raise Ended(0)
        return done

    def _note_exit(self, execute_reply: Any, **_: Any) -> None:
        payload = execute_reply["content"].get("payload", [])
        self.leaving = any(item.get("source") == "ask_exit" for item in payload)

    def _code(self) -> int | None:
        with suppress(subprocess.TimeoutExpired, AttributeError):
            return int(self.process.wait(PATIENCE))
        return None

    def papermill_execute_cells(self) -> None:
        """All cells, after the limits are set from inside."""
        self.process = self.km.provisioner.process
        self.on_cell_executed = self._note_exit
        try:
            self.tell(SETTLE_IN.format(call=f"begin({self.limits.memory!r}, {self.limits.output!r})"))
            super().papermill_execute_cells()
        except BaseException:
            self.shutdown_kernel = "immediate"
            raise

    def tell(self, code: str) -> None:
        """Run code that leaves no trace in the notebook."""
        reply = self.wait_for_reply(self.kc.execute(code, silent=True, store_history=False))
        if reply["content"]["status"] != "ok":
            raise _not_set_up(reply["content"]["ename"])

    def stop(self) -> None:
        """End the kernel at once."""
        end_group(self.process.pid)
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()


class ForkClient(Client):
    """A notebook in a fork of this process."""

    pid: int = 0
    code: int | None = None

    def execute(self, **_: Any) -> Any:
        """Run all cells; afterwards no process of the run lives."""
        from ipykernel.ipkernel import IPythonKernel

        self.reset_execution_trackers()
        refuse_threads()
        mark = new_mark()
        try:
            with reaped():
                self._fork(mark)
                try:
                    self.papermill_execute_cells()
                except BaseException:
                    self.stop()
                    raise
                finally:
                    self._finish()
        finally:
            if sys.platform != "linux":
                end_marked(mark)
        self.nb.metadata["language_info"] = dict(IPythonKernel.language_info)
        return self.nb

    def _fork(self, mark: str) -> None:
        here, there = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                here.close()
                os.environ[MARK] = mark
                child.serve(there, self.limits.output, self.limits.memory)
                code = 0
            except BaseException as error:  # noqa: BLE001  # nothing may return from here into the parent's code
                Channel(there).send({"msg_type": "broken", "content": {"reason": repr(error)}})
            finally:
                os._exit(code)
        there.close()
        here.setblocking(False)
        self.channel, self.buffer, self.code = here, bytearray(), None

    def _finish(self) -> None:
        self.channel.close()
        if self._code() is None:
            end_group(self.pid)
            self._code()
        end_group(self.pid)

    def _code(self) -> int | None:
        if self.code is None:
            self.code = wait(self.pid, PATIENCE)
        return self.code

    def run_cell(self, cell: Any, cell_index: int) -> Any:
        """One cell in the child, as nbclient runs one in a kernel."""
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        cell.outputs = []
        self.clear_before_next_output = False
        self._ask({"source": cell.source})
        self.code_cells_executed += 1
        reply = self._until_reply(cell, cell_index)
        cell.execution_count = reply["execution_count"]
        if reply["status"] == "error" and not (self.allow_errors or "raises-exception" in tags):
            raise CellExecutionError.from_cell_and_msg(cell, reply)
        return cell

    def tell(self, code: str) -> None:
        """Run code that leaves no trace in the notebook."""
        self._ask({"source": code, "silent": True})
        reply = self._until_reply(None, 0)
        if reply["status"] != "ok":
            raise _not_set_up(reply["ename"])

    def stop(self) -> None:
        """End the child at once."""
        end_group(self.pid)

    def _ask(self, request: Mapping[str, Any]) -> None:
        body = json.dumps(request).encode()
        self.channel.setblocking(True)
        with suppress(BrokenPipeError):
            self.channel.sendall(struct.pack("!Q", len(body)) + body)
        self.channel.setblocking(False)

    def _until_reply(self, cell: Any, cell_index: int) -> dict[str, Any]:
        until = None if self.limits.timeout is None else time.monotonic() + self.limits.timeout
        while True:
            message = self._next(until, cell)
            if message["msg_type"] == "execute_reply":
                return dict(message["content"])
            if message["msg_type"] == "broken":
                raise _not_set_up(message["content"]["reason"])
            if cell is None:
                continue
            whole = {**message, "header": {"msg_type": message["msg_type"]}, "parent_header": {}}
            try:
                self.process_message(whole, cell, cell_index)
            except CellExecutionComplete:
                raise Flooded from None

    def _next(self, until: float | None, cell: Any) -> dict[str, Any]:
        """The next message; the child's death is seen by its process, not by a pipe that others may hold open."""
        while True:
            message = self._taken()
            if message is not None:
                return message
            if until is not None and time.monotonic() >= until:
                self.stop()
                raise CellTimeoutError.error_from_timeout_and_cell(
                    "", int(self.limits.timeout or 0), cell or {"source": ""}
                )
            patience = 0.25 if until is None else min(0.25, max(0.0, until - time.monotonic()))
            ready = select.select([self.channel], [], [], patience)[0]
            if not (ready and self._read()) and _has_ended(self.pid) and not self._read():
                raise Ended(self._code())

    def _read(self) -> bool:
        try:
            part = self.channel.recv(1 << 20)
        except (BlockingIOError, ConnectionResetError):
            return False
        self.buffer += part
        return bool(part)

    def _taken(self) -> dict[str, Any] | None:
        if len(self.buffer) < 8:
            return None
        length = struct.unpack("!Q", self.buffer[:8])[0]
        if length > 6 * self.limits.output + (1 << 20):
            self.flooded = True  # more than a counted message can be: somebody writes past the count
            self.stop()
            raise Flooded
        if len(self.buffer) < 8 + length:
            return None
        body = bytes(self.buffer[8 : 8 + length])
        del self.buffer[: 8 + length]
        return dict(json.loads(body))


def _not_set_up(reason: str) -> NotebookError:
    return NotebookError("The notebook's process cannot be set up ({reason}).", reason=reason)


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def refuse_threads() -> None:
    """Refuse to fork a process with several threads: the child would inherit their locks and not them.

    Raises
    ------
    UsageError
        More than one thread.
    """
    tasks = Path("/proc/self/task")
    count = max(threading.active_count(), len(list(tasks.iterdir())) if tasks.is_dir() else 1)
    if count > 1:
        raise UsageError(
            "The engine fork needs a process with one thread; this one has {count}. Use the engine spawn, or set "
            "OPENBLAS_NUM_THREADS=1 before Python starts.",
            count=count,
        )
