"""A local server that answers with JSON: what a subclass says, faults on demand."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.sources.server import Fault, encoded, send

PASSING = {
    "429": Fault(429, b"{}", {"Retry-After": "7"}),
    "500": Fault(500, b"oops"),
    "cut off": Fault(cut=True),
    "empty 200": Fault(headers={"Content-Type": "text/plain"}),
}
"""Faults after which the answer is whole at the next attempt."""
LASTING = {
    **PASSING,
    "422": Fault(422, b'{"detail":"too long"}'),
    "403": Fault(403, b'{"error":"Too many cells"}'),
    "404": Fault(404, b"{}"),
    "web page": Fault(body=b"<html><body>Sign in</body></html>", headers={"Content-Type": "text/html"}),
    "other JSON": Fault(body=b'{"error": "changed"}'),
    "a number": Fault(body=b"3.5"),
}
"""Faults that do not pass: one error, never a shorter table."""


def no_fault(path: str, body: Any) -> Fault | None:
    return None


def always(fault: Fault, path: str = "", body: str = "") -> Callable[[str, Any], Fault | None]:
    """A fault for every request whose address, and what is sent with it, hold some words."""

    def standing(asked: str, sent: Any) -> Fault | None:
        return fault if path in asked and body in str(sent or "") else None

    return standing


class JsonServer:
    """`faults` come once each, `standing` for some requests; subclasses have `answer(path, body)`."""

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()
        self.standing: Callable[[str, Any], Fault | None] = no_fault
        self.requests: list[tuple[str, Any]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        raise NotImplementedError

    def address(self, folder: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{folder}"

    @property
    def posts(self) -> list[Any]:
        return [body for _, body in self.requests if body is not None]

    def __enter__(self) -> Any:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _answer(self, body: Any) -> None:
                server.requests.append((self.path, body))
                status, good = server.answer(self.path, body)
                fault = server.standing(self.path, body)
                if fault is None and server.faults:
                    fault = server.faults.popleft()
                self._send(fault or Fault(status), good)

            def _send(self, fault: Fault, good: Any) -> None:
                if fault.change is not None:
                    good = fault.change(good)
                takes_good = not fault.body and "Content-Type" not in fault.headers
                raw = encoded(good) if takes_good else fault.body
                send(self, fault, raw)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
