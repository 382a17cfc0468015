"""A local server that plays Kolada's API v3, faults included."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Fault:
    """What the server does once instead of answering well; `cut` breaks off in the middle of the good body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    change: Callable[[dict[str, Any]], Any] | None = None


Row = tuple[str, str, int, list[dict[str, Any]]]


def cell(value: float | None, gender: str = "T", status: str = "", isdeleted: bool = False) -> dict[str, Any]:
    return {"gender": gender, "count": 1, "status": status, "value": value, "isdeleted": isdeleted}


def encoded(answer: object) -> bytes:
    """JSON as no library would write it by itself, so that a cache that rewrites it is found out."""
    return json.dumps(answer, ensure_ascii=False, indent=1).encode()


def send(handler: BaseHTTPRequestHandler, fault: Fault, body: bytes) -> None:
    """Answer as a fault says; a fault without headers of its own is JSON."""
    handler.send_response(fault.status)
    for name, value in {"Content-Type": "application/json", **fault.headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2] if fault.cut else body)


class Kolada:
    """Answers /v3/kpi/{ids} and /v3/data/kpi/{ids}[/municipality/{ids}][/year/{years}] from `rows`."""

    def __init__(self, rows: Iterable[Row], kpis: Iterable[dict[str, Any]]) -> None:
        self.rows = list(rows)
        self.kpis = list(kpis)
        self.groups: list[dict[str, Any]] = []
        self.units: list[dict[str, Any]] = []
        self.unit_rows: list[dict[str, Any]] = []
        self.page = 5000
        self.longest = 10_000
        self.counts_all = False
        self.unknown_is_404 = False
        self.faults: deque[Fault] = deque()
        self.standing: Callable[[str], Fault | None] = lambda _: None
        self.requests: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v3"

    @property
    def data_requests(self) -> list[str]:
        return [path for path in self.requests if path.startswith("/v3/data")]

    def __enter__(self) -> Kolada:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answer(self, path: str) -> dict[str, Any] | None:
        parts = urlsplit(path)
        words = parts.path.removeprefix("/v3/").split("/")
        query = {name: given[0] for name, given in parse_qs(parts.query).items()}
        if words in (["municipality_groups"], ["kpi"]):
            listed = self.groups if words[0] == "municipality_groups" else self.kpis
            return self._paged(path, [item for item in listed if query["title"].lower() in item["title"].lower()])
        if words == ["ou"]:
            return self._paged(path, [item for item in self.units if item["municipality"] == query["municipality"]])
        asked = {name: set(ids.split(",")) for name, ids in zip(words[-2::-2], words[::-2], strict=False)}
        if words[0] == "kpi":
            found = [entry for entry in self.kpis if entry["id"] in asked["kpi"]]
            if self.unknown_is_404 and len(found) < len(asked["kpi"]):
                return None
            return self._paged(path, found)
        if words[0] == "oudata":
            keys = {"kpi": "kpi", "ou": "ou", "year": "period"}
            return self._paged(
                path, [row for row in self.unit_rows if all(str(row[keys[name]]) in ids for name, ids in asked.items())]
            )
        if words[0] != "data" or len(asked) < 2:
            return None
        every = [{"kpi": k, "municipality": m, "period": y, "values": v} for k, m, y, v in self.rows]
        names = {"kpi": "kpi", "municipality": "municipality", "year": "period"}
        return self._paged(
            path, [row for row in every if all(str(row[names[name]]) in ids for name, ids in asked.items())]
        )

    def _paged(self, path: str, values: list[Any]) -> dict[str, Any]:
        parts = urlsplit(path)
        query = {name: int(given[0]) for name, given in parse_qs(parts.query).items() if "page" in name}
        size, page = min(query.get("per_page", 5000), self.page), query.get("page", 1)
        some = values[(page - 1) * size : page * size]
        rest = "".join(f"&{name}={given[0]}" for name, given in parse_qs(parts.query).items() if "page" not in name)
        link = f"{self.address}{parts.path.removeprefix('/v3')}?per_page={size}&page={page + 1}{rest}"
        return {
            "values": some,
            "count": len(values) if self.counts_all else len(some),
            "next_url": link if page * size < len(values) else None,
            "previous_url": None,
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        kolada = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kolada.requests.append(self.path)
                good = kolada.answer(self.path)
                fault = kolada.standing(self.path)
                if fault is None and kolada.faults:
                    fault = kolada.faults.popleft()
                if fault is None and len(self.path) > kolada.longest:
                    fault = Fault(422, b'{"detail":"too long"}')
                if fault is None and good is None:
                    fault = Fault(404, b'{"detail":"Not Found"}')
                self._send(fault or Fault(), good)

            def _send(self, fault: Fault, good: dict[str, Any] | None) -> None:
                if fault.change is not None:
                    good = fault.change(good or {})
                takes_good = fault.status == 200 and not fault.body and "Content-Type" not in fault.headers
                body = encoded(good) if takes_good else fault.body
                send(self, fault, body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
