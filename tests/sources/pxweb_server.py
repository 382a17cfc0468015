"""A local server that plays StatFin's PxWeb API v1 and SCB's API v2, with made-up figures and faults on demand."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from tests.sources.json_server import JsonServer

Axis = tuple[str, dict[str, str], bool]
"""Text, code → text of the values, whether it may be left out."""


class Table:
    """A made-up table: axes, a number for each cell, marks for some."""

    def __init__(self, axes: dict[str, Axis], time: str, contents: str, *, total: dict[str, str] | None = None) -> None:
        self.axes, self.time, self.contents = axes, time, contents
        self.total = total or {}
        shape = [len(values) for _, values, _ in axes.values()]
        self.values = np.arange(np.prod(shape), dtype=float).reshape(shape) * 0.5
        self.marks: dict[tuple[str, ...], str] = {}
        self.units = dict.fromkeys(axes[contents][1], "antal")
        self.updated = "2026-06-08T05:00:00Z"
        self.notes: list[str] = []
        self.codelists: dict[str, list[dict[str, str]]] = {}

    def value(self, **codes: str) -> float:
        """The figure of one cell; a variable left out stands at its total."""
        at = [
            list(values).index(codes.get(code, self.total.get(code, ""))) for code, (_, values, _) in self.axes.items()
        ]
        return float(self.values[tuple(at)])

    def jsonstat(self, chosen: dict[str, list[str]], *, sparse: bool = False) -> dict[str, Any]:
        """The answer for the codes chosen, in the order of the table."""
        taken, values = dict(chosen), self.values
        at = []
        for code, (_, known, _) in self.axes.items():
            codes = chosen.get(code, [self.total.get(code, "")])
            at.append([list(known).index(one) for one in known if one in codes])
            taken[code] = [one for one in known if one in codes]
        kept = [code for code in self.axes if code in chosen]
        cells = values[np.ix_(*at)].ravel().tolist()
        keys = [taken[code] for code in self.axes]
        marks = {
            int(np.ravel_multi_index([keys[i].index(one) for i, one in enumerate(cell)], [len(k) for k in keys])): mark
            for cell, mark in self.marks.items()
            if all(one in keys[i] for i, one in enumerate(cell))
        }
        for position in marks:
            cells[position] = None
        answer: dict[str, Any] = {
            "version": "2.0",
            "class": "dataset",
            "label": "A made-up table",
            "source": "made up",
            "updated": self.updated,
            "note": self.notes,
            "role": {"time": [self.time], "metric": [self.contents]},
            "id": kept,
            "size": [len(taken[code]) for code in kept],
            "dimension": {code: self.dimension(code, taken[code]) for code in kept},
            "value": cells,
        }
        if sparse:
            answer["value"] = {str(i): value for i, value in enumerate(cells) if value is not None}
        if marks:
            answer["status"] = {str(position): mark for position, mark in marks.items()}
        return answer

    def dimension(self, code: str, codes: list[str]) -> dict[str, Any]:
        text, known, eliminable = self.axes[code]
        category: dict[str, Any] = {
            "index": {one: at for at, one in enumerate(codes)},
            "label": {one: known[one] for one in codes},
        }
        if code == self.contents:
            category["unit"] = {one: {"base": self.units[one], "decimals": 1} for one in codes}
        extension = {"elimination": eliminable, "codelists": self.codelists.get(code, [])}
        return {"label": text, "category": category, "extension": extension}

    def v1(self) -> dict[str, Any]:
        """Metadata of API v1."""
        variables = []
        for code, (text, known, eliminable) in self.axes.items():
            entry: dict[str, Any] = {"code": code, "text": text, "values": list(known), "valueTexts": [*known.values()]}
            entry |= {"elimination": True} if eliminable else {}
            entry |= {"time": True} if code == self.time else {}
            variables.append(entry)
        return {"title": "A made-up table", "variables": variables}


class PxWeb(JsonServer):
    """Answers v1 under /v1/{language}/... and v2 under /v2/..."""

    def __init__(self, tables: dict[str, Table]) -> None:
        super().__init__()
        self.tables = tables
        self.config = {"maxValues": 120000, "maxCells": 120000, "maxCalls": 40, "timeWindow": 60, "CORS": True}
        self.v2_config: dict[str, Any] = {"maxDataCells": 150000, "maxCallsPerTimeWindow": 30, "timeWindow": 10}
        self.hidden_limit = 10**9
        self.finds_ids = True
        self.sparse = False
        self.codelists: dict[str, dict[str, str]] = {}
        self.page = 2

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(path)
        words = [unquote(word) for word in parts.path.strip("/").split("/")]
        query = {name: given[0] for name, given in parse_qs(parts.query, keep_blank_values=True).items()}
        return self._v1(words[2:], query, body) if words[0] == "v1" else self._v2(words[1:], query, body)

    def _v1(self, words: list[str], query: dict[str, str], body: Any) -> tuple[int, Any]:
        if "config" in query:
            return 200, self.config
        if "query" in query:
            wanted = query["query"].casefold()
            return 200, [
                {"id": f"{path.split('/')[-1]}.px", "path": f"/{path.split('/')[-2]}", "title": f"Table {path}"}
                | {"score": 1.0, "published": "2026-06-08T05:00:00"}
                for path in self.tables
                if path.startswith(words[0]) and (wanted == "*" or (self.finds_ids and wanted in f"table {path}"))
            ]
        path = "/".join(words).removesuffix(".px")
        if path not in self.tables:
            inside = [name for name in self.tables if name.startswith(f"{path}/")]
            return (200, [self._entry(name) for name in inside]) if inside else (400, "Bad Request")
        table = self.tables[path]
        if body is None:
            return 200, table.v1()
        return self._cells(table, {item["code"]: item["selection"]["values"] for item in body["query"]})

    def _entry(self, name: str) -> dict[str, str]:
        file = name.rsplit("/", maxsplit=1)[-1]
        return {"id": f"{file}.px", "type": "t", "text": name, "updated": "2026-06-08T05:00:00"}

    def _cells(self, table: Table, chosen: dict[str, list[str]]) -> tuple[int, Any]:
        known = {code: set(values) for code, (_, values, _) in table.axes.items()}
        if set(chosen) - set(known) or any(set(codes) - known[code] for code, codes in chosen.items()):
            return 400, {"error": "The request for variable is not valid"}
        if any(code not in chosen and not axis[2] for code, axis in table.axes.items()):
            return 400, {"error": "Missing selection"}
        if np.prod([len(codes) for codes in chosen.values()]) > self.hidden_limit:
            return 403, {"error": "Too many cells"}
        return 200, table.jsonstat(chosen, sparse=self.sparse)

    def _v2(self, words: list[str], query: dict[str, str], body: Any) -> tuple[int, Any]:
        if words == ["config"]:
            return 200, self.v2_config
        if words[0] == "codelists":
            entries = self.codelists.get(words[1])
            values = [{"code": code, "label": text} for code, text in (entries or {}).items()]
            return (200, {"id": words[1], "values": values}) if entries else (404, problem("Non-existent codelist"))
        if len(words) == 1:
            found = [self._listed(name) for name in self.tables if query.get("query", "").casefold() in name.casefold()]
            size, number = min(int(query.get("pageSize", 20)), self.page), int(query.get("pageNumber", 1))
            pages = -(-len(found) // size)
            page = {"pageNumber": number, "pageSize": size, "totalElements": len(found), "totalPages": pages}
            return 200, {"language": "sv", "tables": found[(number - 1) * size : number * size], "page": page}
        if words[1] not in self.tables:
            return 404, problem("Non-existent table")
        table = self.tables[words[1]]
        if words[2] == "metadata":
            whole = table.jsonstat({code: list(values) for code, (_, values, _) in table.axes.items()})
            return 200, {**whole, "value": [], "status": {}}
        return self._v2_cells(table, body)

    def _v2_cells(self, table: Table, body: Any) -> tuple[int, Any]:
        for item in body["selection"]:
            allowed = set(table.axes[item["variableCode"]][1])
            if "codelist" in item:
                allowed = set(self.codelists[item["codelist"]])
            if set(item["valueCodes"]) - allowed:
                return 400, problem("Non-existent value")
        status, answer = self._cells(table, {item["variableCode"]: item["valueCodes"] for item in body["selection"]})
        return (400, problem("Too many cells selected")) if status == 403 else (status, answer)

    def _listed(self, name: str) -> dict[str, str]:
        return {"id": name, "label": f"Table {name}", "updated": "2026-06-02T06:00:00Z"}


def problem(title: str) -> dict[str, Any]:
    return {"type": "Parameter error", "title": title, "status": 400}
