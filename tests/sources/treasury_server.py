"""A local server that plays the State Treasury's register, its taxonomies and the directory of business ids.

Made-up figures in the recorded structure; only the codes that come with the library are real.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import pytest

from tests.sources.server import Kolada

SLUGS = {
    "Alustava": "alustava",
    "Hyväksytty": "hyvaksytty",
    "Lopullinen": "lopullinen",
    "Jälkikorjattu": "jalkikorjattu",
}
TAXONOMIES = {"2024": "jhs-2018-01/2023-04-02", "2025": "jhs-2018-01/2024-03-26"}
APPROVED = "2025-04-01 08:19:43.07"
Key = tuple[str, str, str, str]
Figure = tuple[str, str, str | None]


def made_up_id(code: str) -> str:
    """A business id that no organisation has."""
    return f"55{int(code):05d}-{int(code) % 10}"


def facts(key: Key, figures: Iterable[Figure], *, taxonomy: str = "", approved: str = APPROVED) -> list[dict[str, Any]]:
    """The rows of a document, as recorded: part, code and value for each figure."""
    stage, package, business_id, period = key
    return [
        {
            "ytunnus": business_id,
            "raportointikokonaisuus": package,
            "osakokonaisuus": part,
            "raportointikausi": period,
            "hyväksymisvaihe": stage,
            "hyväksymispvm": approved,
            "taksonomia": taxonomy or TAXONOMIES.get(period[:4], "jhs-2018-01/1999-01-01"),
            "tunnusluku": code,
            "arvo": value,
            "kommentti": None,
            "tarkastushavainnot": [],
            "kieli": "fi",
        }
        for part, code, value in figures
    ]


def line(
    package: str, code: str, name: str, *, task: str = "Tilinpäätös", service: str | None = None, **more: str
) -> dict[str, Any]:
    """One row of a taxonomy, as recorded."""
    return {
        "solutunniste": code,
        "tunnusluku": name,
        "tunnusluku_sv": f"{name} (sv)",
        "tunnusluku_en": f"{name} (en)",
        "tehtava": task,
        "tehtava_sv": task,
        "tehtava_en": task,
        "taso": "1",
        "palvelu": service or "Kaikki palvelu- ja tehtäväluokat",
        "sektori": None,
        "entrypoint": package,
        "versio": more.get("versio", "jhs-2018-01"),
        "tekninen_versio": more.get("tekninen", "2023-04-02"),
        "osakokonaisuus": more.get("osa", "k-t07"),
        "pakollisuus": True,
        "suojattu": None,
    }


def service_lines(classes: Iterable[str]) -> list[dict[str, Any]]:
    """A cut taxonomy of KKNR, with made-up codes: class 3051 has the cost 30511 and the income 30512, in each year."""
    return [
        line("KKNR", f"{class_}{number}", name, service=class_, tekninen=taxonomy.split("/")[1])
        for taxonomy in TAXONOMIES.values()
        for class_ in classes
        for number, name in ((1, "Toimintakulut"), (2, "Toimintatuotot"))
    ]


class Treasury(Kolada):
    """Answers from `documents`; `taxonomies` by package, `directory` from municipality code to business id."""

    def __init__(self) -> None:
        super().__init__([], [])
        self.documents: dict[Key, list[dict[str, Any]]] = {}
        self.taxonomies: dict[str, list[dict[str, Any]]] = {}
        self.directory: dict[str, str] = {}
        self.rest = "rest/v1/json"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def document_requests(self) -> list[str]:
        return [path for path in self.requests if "/dokumentti/" in path]

    def add(self, key: Key, figures: Iterable[Figure], **more: str) -> None:
        """One more document."""
        self.documents[key] = facts(key, figures, **more)

    def link(self, key: Key) -> str:
        """Address of a document."""
        return "/".join((self.address, self.rest, "dokumentti", SLUGS[key[0]], *key[1:]))

    def point(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lead the library here."""
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_TREASURY", self.address)
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_TREASURY_TAXONOMY", f"{self.address}/kuntatalous/v1/taksonomia")
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_TREASURY_DIRECTORY", f"{self.address}/odata")

    def answer(self, path: str) -> Any:
        path = unquote(path).lstrip("/")
        if path == f"{self.rest}/aineistot":
            return {"aineistot": [self._listed(key, rows) for key, rows in self.documents.items()]}
        if path == "kuntatalous/v1/taksonomia":
            return [f"{self.address}/kuntataloudentaksonomia/{name}.json" for name in [*self.taxonomies, "KKNR"]]
        if path.startswith("kuntataloudentaksonomia/"):
            return self.taxonomies.get(path.split("/")[1].removesuffix(".json"))
        if path.startswith("odata/Kunta("):
            number = path.removeprefix("odata/Kunta(").removesuffix(")")
            known = self.directory.get(number.zfill(3))
            return {"Kunta_Id": int(number), "YTunnus": known} if known else None
        links = {self.link(key).removeprefix(f"{self.address}/"): rows for key, rows in self.documents.items()}
        return links.get(path)

    def _listed(self, key: Key, rows: list[dict[str, Any]]) -> dict[str, Any]:
        approved = rows[0]["hyväksymispvm"] if rows else APPROVED
        return {
            "ytunnus": key[2],
            "raportointikokonaisuus": key[1],
            "raportointikausi": key[3],
            "hyvaksymisvaihe": key[0],
            "hyvaksymispvm": approved,
            "julkaisupvm": approved,
            "tunnusluvut": self.link(key),
        }
