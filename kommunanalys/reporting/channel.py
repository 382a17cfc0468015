"""How a forked notebook speaks: messages over a socket, and its standard output and error caught at both levels."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import select
import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

PIPE, FLUSH_AT = 65_536, 1 << 20
"""What is read at once, and how much text is kept before it is passed on [bytes]."""
HALVES = re.compile("[\ud800-\udfff]")


class Channel:
    """Messages over a socket, each as its length and its JSON text.

    Parameters
    ----------
    end
        One end of a pair.

    Examples
    --------
    >>> left, right = socket.socketpair()
    >>> with left, right:
    ...     Channel(left).send({"a": 1})
    ...     Channel(right).receive()
    {'a': 1}
    """

    def __init__(self, end: socket.socket) -> None:
        self.end = end

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message."""
        body = json.dumps(message).encode()
        self.end.sendall(struct.pack("!Q", len(body)) + body)

    def receive(self) -> dict[str, Any]:
        """The next message; EOFError when the other end has closed."""
        return dict(json.loads(self._exactly(struct.unpack("!Q", self._exactly(8))[0])))

    def _exactly(self, count: int) -> bytes:
        body = bytearray()
        while len(body) < count:
            part = self.end.recv(min(count - len(body), 1 << 20))
            if not part:
                raise EOFError
            body += part
        return bytes(body)


class Stream(io.TextIOBase):
    """Standard output or error of a forked notebook: Python's own writes, and what reaches the file descriptor.

    Parameters
    ----------
    name
        "stdout" or "stderr".
    number
        The file descriptor that it takes over.
    send
        Called with (message type, content).
    lock
        Shared by both streams, so that a message is not cut in two.
    """

    def __init__(self, name: str, number: int, send: Any, lock: Any) -> None:
        super().__init__()
        self.name, self.number, self.send, self.lock = name, number, send, lock
        self.owner, self.parts, self.length = os.getpid(), list[str](), 0
        self.decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self.source, sink = os.pipe()
        os.set_blocking(self.source, False)
        os.dup2(sink, number)
        os.close(sink)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Always UTF-8."""
        return "UTF-8"

    def fileno(self) -> int:
        """The descriptor that subprocesses write to."""
        return self.number

    def writable(self) -> bool:
        """Always."""
        return True

    def isatty(self) -> bool:
        """Never."""
        return False

    def write(self, text: str) -> int:
        """Keep text until there is much of it or somebody flushes."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        with self.lock:
            self.take()
            self._keep(text)
        return len(text)

    def take(self) -> None:
        """Take over what has reached the file descriptor, so that it stands before what comes now."""
        if os.getpid() != self.owner:
            return
        with suppress(BlockingIOError):
            while part := os.read(self.source, PIPE):
                self._keep(self.decode(part))

    def _keep(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)
        if self.length > FLUSH_AT:
            self._pass_on()

    def flush(self) -> None:
        """Pass on what was kept."""
        with self.lock:
            self.take()
            self._pass_on()

    def _pass_on(self) -> None:
        # Half of a sign is none (`surrogateescape`, a text cut at the wrong place): no file could hold it.
        text, self.parts, self.length = HALVES.sub("\ufffd", "".join(self.parts)), [], 0
        if not text:
            return
        if os.getpid() == self.owner:
            self.send("stream", {"name": self.name, "text": text})
        else:
            # A process that the notebook has forked: through the descriptor, which the notebook's process reads.
            os.write(self.number, text.encode())


def watch(streams: list[Stream], lock: Any) -> None:
    """Read the descriptors while a cell waits: a subprocess that prints much would stand still at a full pipe."""
    while True:
        select.select([stream.source for stream in streams], [], [])
        with lock:
            for stream in streams:
                stream.take()


def begin_anew(streams: list[Stream]) -> None:
    """In a process that the notebook has forked: what is kept belongs to the notebook, and the lock may be held."""
    lock = threading.RLock()
    for stream in streams:
        stream.parts, stream.length, stream.lock = [], 0, lock
