"""A local server that plays avoindata.fi (CKAN) and Skolverket's open interfaces, faults included."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.sources.server import Fault, encoded, send

PASSING = {
    "too many calls": Fault(429, b"slow down", {"Retry-After": "2"}),
    "server error": Fault(500, b"oops"),
    "unavailable": Fault(503, b""),
    "cut off": Fault(cut=True),
    "empty": Fault(200, b"", {"Content-Type": "application/json"}),
    "half of it": Fault(200, b'{"status": "OK", "body"'),
}
LASTING = {
    "refused": Fault(403, b'{"success": false, "error": {"__type": "Authorization Error", "message": "Access"}}'),
    "too large": Fault(422, b"too long"),
    "server error": Fault(500, b"oops"),
    "web page": Fault(200, b"<!DOCTYPE html><html>Sign in</html>", {"Content-Type": "text/html"}),
    "gone": Fault(404, b'{"success": false, "error": {"__type": "Not Found Error"}}'),
    "another form": Fault(200, b'{"hello": "world"}'),
    "a list": Fault(200, b"[]"),
    "search error": Fault(
        200, b'{"success": false, "error": {"__type": "Search Query Error", "message": "bad"}}'
    ),
}  # fmt: skip


class OpenServer:
    """Answers by `answer(path, query, headers)`: bytes, JSON, a Fault, or None for 404."""

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()
        self.standing: Callable[[str], Fault | None] = lambda _: None
        self.requests: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Any:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answer(self, path: str, query: dict[str, str], accept: str) -> Any:
        raise NotImplementedError

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.requests.append(self.path)
                parts = urlsplit(self.path)
                query = {name: given[0] for name, given in parse_qs(parts.query).items()}
                good = publisher.answer(parts.path, query, self.headers["Accept"])
                fault = publisher.standing(self.path)
                if fault is None and publisher.faults:
                    fault = publisher.faults.popleft()
                if fault is None:
                    fault = good if isinstance(good, Fault) else Fault(404, b"{}") if good is None else Fault()
                takes_good = fault.status == 200 and not fault.body and "Content-Type" not in fault.headers
                body = (good if isinstance(good, bytes) else encoded(good)) if takes_good else fault.body
                send(self, fault, body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


class Portal(OpenServer):
    """CKAN with made-up data sets; `largest` is the portal's own cap on the size of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.packages: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.largest = 1000
        self.miscount = 0

    def add(self, name: str, files: dict[str, bytes], **more: Any) -> None:
        resources = [
            {"id": f"{name}-{number}", "package_id": name, "format": file.rpartition(".")[2],
             "name_translated": {"fi": file},
             "url": f"{self.address}/files/{file}"}
            for number, file in enumerate(files, 1)
        ]  # fmt: skip
        self.files.update(files)
        basics = {
            "id": f"id-{name}",
            "name": name,
            "title_translated": {"fi": f"{name} suomeksi", "sv": "", "en": f"{name} in English"},
            "notes_translated": {"fi": "Kuvaus", "sv": "Beskrivning"},
            "metadata_modified": "2026-11-01T00:00:00",
            "license_id": "cc-by-4.0",
            "license_title": "Creative Commons Attribution 4.0",
            "organization": {"name": "kaupunki", "title_translated": {"fi": "Kaupunki", "sv": "Staden", "en": ""}},
            "resources": resources,
        }
        self.packages.append(basics | more)

    def answer(self, path: str, query: dict[str, str], accept: str) -> Any:
        if path.startswith("/files/"):
            return self.files.get(path.rpartition("/")[2])
        action = path.removeprefix("/data/api/3/action/")
        if action == "organization_list":
            return self._good(sorted({one["organization"]["name"] for one in self.packages}))
        if action == "package_search":
            return self._good(self._search(query))
        every = {
            "package_show": [(one, (one["id"], one["name"])) for one in self.packages],
            "resource_show": [(one, (one["id"],)) for package in self.packages for one in package["resources"]],
        }.get(action, [])
        found = [one for one, ids in every if query["id"] in ids]
        missing = {"help": "", "success": False, "error": {"__type": "Not Found Error", "message": "Not found"}}
        return self._good(found[0]) if found else Fault(404, json.dumps(missing).encode())

    def _good(self, result: object) -> dict[str, Any]:
        return {"help": "", "success": True, "result": result}

    def _search(self, query: dict[str, str]) -> dict[str, Any]:
        wanted, organisation = query.get("q", "").lower(), query.get("fq", "").removeprefix("organization:")
        found = [one for one in self.packages if wanted in json.dumps(one).lower()]
        found = [one for one in found if organisation in ("", one["organization"]["name"])]
        start, rows = int(query["start"]), min(int(query["rows"]), self.largest)
        return {"count": len(found) + self.miscount, "results": found[start : start + rows]}


class Skolverket(OpenServer):
    """Register and planned educations of made-up school units: `units` code → municipality, `series` by code."""

    ACCEPT = "application/vnd.skolverket.plannededucations.api.v4.hal+json"

    def __init__(self) -> None:
        super().__init__()
        self.units: dict[str, str] = {}
        self.series: dict[str, Any] = {}
        self.filters = True
        self.missing = 0

    def answer(self, path: str, query: dict[str, str], accept: str) -> Any:
        if path == "/skolenhetsregistret/v2/school-units":
            rows = [
                {"schoolUnitCode": code, "name": f"Skola {code}", "municipalityCode": place, "status": "AKTIV"}
                for code, place in self.units.items()
                if not self.filters or place == query["municipality_code"]
            ]
            return {"meta": {"extractDate": "2026-11-01"}, "data": {"type": "schoolunit", "attributes": rows}}
        if accept != self.ACCEPT:
            return Fault(406, b"not acceptable")
        if path == "/planned-educations/v4/school-units":
            return self._enveloped(self._page(query))
        words = path.split("/")
        if words[-2] != "statistics" or words[-3] not in self.units:
            return None
        return self._enveloped(self.series.get(words[-3], ""))

    def _enveloped(self, body: object) -> dict[str, Any]:
        return {"status": "OK", "message": "", "body": body}

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        wanted = [
            code for code, place in self.units.items() if not self.filters or place == query["geographicalAreaCode"]
        ]
        size, page = int(query["size"]), int(query["page"])
        rows = [
            {"code": code, "geographicalAreaCode": self.units[code], "typeOfSchooling": [{"code": "gr"}]}
            for code in wanted[page * size : (page + 1) * size]
        ]
        total, pages = len(wanted) + self.missing, -(-len(wanted) // size)
        about = {"size": size, "totalElements": total, "totalPages": pages, "number": page}
        return {"_embedded": {"listedSchoolUnits": rows}, "page": about} if rows else {"page": about}
