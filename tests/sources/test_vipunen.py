"""Vipunen: every row that is counted arrives; by municipality where rows have one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys.errors import IncompleteAnswer, NoData, OfflineMiss, SourceError, TableError, UsageError
from kommunanalys.sources import http, vipunen
from kommunanalys.sources.vipunen import get_vipunen, get_vipunen_rows, search_vipunen
from tests.sources.json_server import LASTING, PASSING, JsonServer, always
from tests.sources.server import Fault

PUPILS = "perusopetus_oppilaat_lukuvuosi_oppilaitos"
FIELDS = {
    "lukuvuosi": "string",
    "kooditOppilaitos": "string",
    "kooditOppilaitoksenKunta": "string",
    "oppilaitoksenKunta": "string",
    "kooditOppilaitoksenMaakunta": "string",
    "julkaisufoorumitaso2015->": "string",
    "oppilaatLukuvuosiLkm": "number",
    "tietojoukkoPaivitettyPvm": "string",
}


def row(code: str, school: str, pupils: float | None, year: str = "2024/2025") -> dict[str, Any]:
    values = [year, school, code, "a name", "01", "x", pupils, "2025-03-01"]
    return dict(zip(FIELDS, values, strict=True))


class Vipunen(JsonServer):
    def __init__(self) -> None:
        super().__init__()
        self.fields = dict(FIELDS)
        self.rows = [row("598", f"{school:05d}", 10.0 + school) for school in range(5)]
        self.rows += [row("091", "00100", 300.0), row("091", "00101", 200.0), row("200", "00900", 9.0)]

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(path)
        words = [unquote(word) for word in parts.path.split("/")[3:]]
        query = {name: given[0] for name, given in parse_qs(parts.query).items()}
        if not words:
            return 200, [PUPILS, "julkaisut"]
        if words == [PUPILS]:
            return 200, [{"name": name, "type": kind} for name, kind in self.fields.items()]
        rows = [item for item in self.rows if query.get("filter", "") in ("", f"lukuvuosi=='{item['lukuvuosi']}'")]
        if words[1:] == ["data", "count"]:
            return 200, len(rows)
        start = int(query.get("offset", 0))
        return 200, rows[start : start + int(query.get("limit", 0))]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vipunen]:
    with Vipunen() as server:
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_VIPUNEN", server.address("api"))
        monkeypatch.setattr(vipunen, "PAGE", 3)
        yield server


def test_every_row_arrives_page_by_page(server: Vipunen) -> None:
    table = get_vipunen_rows(PUPILS)
    assert table.to_dict("records") == server.rows
    assert len([path for path, _ in server.requests if "offset" in path]) == 3
    (origin,) = ka.origins(table)
    assert (origin.published, origin.licence, origin.country) == ("2025-03-01", "CC BY 4.0", "FI")


def test_filter_and_names_with_umlauts_and_arrows(server: Vipunen) -> None:
    server.rows[0]["lukuvuosi"] = "2023/2024"
    server.rows[0]["päätieteenala"] = "ä"
    table = get_vipunen_rows(PUPILS, "lukuvuosi=='2023/2024'", sort="(+lukuvuosi)")
    assert len(table) == 1
    assert table["päätieteenala"].tolist() == ["ä"]
    assert table["julkaisufoorumitaso2015->"].tolist() == ["x"]
    assert "filter=lukuvuosi%3D%3D%272023%2F2024%27" in server.requests[-1][0]
    with pytest.raises(NoData):
        get_vipunen_rows(PUPILS, "lukuvuosi=='1999/2000'")


def test_by_municipality(server: Vipunen) -> None:
    table = get_vipunen(PUPILS)
    # Code 200 is no municipality of Finland: its row is left out and counted.
    assert len(table) == 7
    assert table["kooditOppilaitos"].nunique() == 7
    assert "1 rows without a municipality" in ka.origins(table)[0].note
    summed = get_vipunen(PUPILS, by=[])
    assert summed[["municipality", "year", "value"]].values.tolist() == [["091", 2024, 500.0], ["598", 2024, 60.0]]
    assert set(summed["indicator"]) == {f"{PUPILS}.oppilaatLukuvuosiLkm"}
    assert set(summed["kpi"]) == {"oppilaatLukuvuosiLkm"}


def test_a_sum_with_a_missing_part_is_missing(server: Vipunen) -> None:
    server.rows[0]["oppilaatLukuvuosiLkm"] = None
    server.rows[5]["oppilaatLukuvuosiLkm"] = 0
    summed = get_vipunen(PUPILS, by=[]).set_index("municipality")
    assert summed["flag"].to_dict() == {"091": "", "598": "missing"}
    assert summed["value"]["091"] == 200
    assert pd.isna(summed["value"]["598"])


def test_codes_that_are_numbers(server: Vipunen) -> None:
    server.fields["kooditOppilaitoksenKunta"] = "number"
    server.rows = [{**item, "kooditOppilaitoksenKunta": int(item["kooditOppilaitoksenKunta"])} for item in server.rows]
    assert set(get_vipunen(PUPILS, by=[])["municipality"]) == {"091", "598"}


def test_what_cannot_be_put_by_municipality(server: Vipunen) -> None:
    with pytest.raises(UsageError, match=r"no resource 'oppilaat' today.*julkaisut"):
        get_vipunen("oppilaat")
    with pytest.raises(UsageError, match="unknown fields luku"):
        get_vipunen(PUPILS, values="luku")
    server.rows[1]["kooditOppilaitos"] = server.rows[0]["kooditOppilaitos"]
    with pytest.raises(TableError, match="1 keys occur more than once"), http.mode("refresh"):
        get_vipunen(PUPILS)
    server.rows[2]["oppilaatLukuvuosiLkm"] = "1-4"
    with pytest.raises(SourceError, match="holds '1-4', which is no number"), http.mode("refresh"):
        get_vipunen(PUPILS)
    server.rows[2]["lukuvuosi"] = None
    with pytest.raises(SourceError, match="holds nan, which is no year"), http.mode("refresh"):
        get_vipunen(PUPILS)
    server.fields["kooditKotikunta"] = "string"
    with pytest.raises(UsageError, match="kooditOppilaitoksenKunta, kooditKotikunta"), http.mode("refresh"):
        get_vipunen(PUPILS)
    del server.fields["kooditKotikunta"], server.fields["lukuvuosi"]
    with pytest.raises(UsageError, match="of years –"), http.mode("refresh"):
        get_vipunen(PUPILS)


@pytest.mark.parametrize("change", [1, -1])
def test_a_count_that_disagrees(server: Vipunen, change: int) -> None:
    server.standing = always(Fault(change=lambda count: count + change), "count")
    with pytest.raises(IncompleteAnswer, match=rf"counts {8 + change} rows.*sent {min(8, 9)}"):
        get_vipunen_rows(PUPILS)


def test_pages_that_overlap(server: Vipunen) -> None:
    first = server.rows[0]
    server.standing = always(Fault(change=lambda rows: [first, *rows[1:]]), "offset=3")
    with pytest.raises(IncompleteAnswer, match=r"pages of .* overlap.*Give sort"):
        get_vipunen_rows(PUPILS)


def test_pages_of_different_days(server: Vipunen) -> None:
    get_vipunen_rows(PUPILS)
    server.rows += [row("598", "00777", 1.0), row("598", "00778", 1.0)]
    monday = get_vipunen_rows(PUPILS)
    assert len(monday) == 8
    with http.mode("refresh"):
        assert len(get_vipunen_rows(PUPILS)) == 10


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_faults_that_pass(server: Vipunen, fault: Fault) -> None:
    server.faults.extend([fault, Fault(), fault, Fault(), fault])
    assert len(get_vipunen_rows(PUPILS)) == 8


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
@pytest.mark.parametrize("where", [f"resources/{PUPILS}", "count", "offset=0", "offset=6"])
def test_faults_that_stay_give_no_table(server: Vipunen, fault: Fault, where: str) -> None:
    server.standing = always(fault, where)
    with pytest.raises((SourceError, UsageError)):
        get_vipunen_rows(PUPILS)


def test_offline(server: Vipunen) -> None:
    with http.mode("offline"), pytest.raises(OfflineMiss):
        get_vipunen_rows(PUPILS)
    online = get_vipunen_rows(PUPILS)
    with http.mode("offline"):
        assert_frame_equal(get_vipunen_rows(PUPILS), online)


def test_search(server: Vipunen) -> None:
    assert search_vipunen("Oppilaat perusopetus")["id"].tolist() == [PUPILS]
    assert len(search_vipunen()) == 2
    assert search_vipunen("kotieläimet").empty


@pytest.mark.shared
def test_real_fields_and_resources(shared: Path, server: Vipunen) -> None:
    folder = shared / "data/api-recordings/vipunen"
    resources = json.loads((folder / "resources_2026-02-17.json").read_bytes())
    fields = json.loads((folder / "resources_julkaisut_fields.json").read_bytes())
    made = [{item["name"]: 1 if item["type"] == "number" else "a" for item in fields}]
    answers = {"count": 1, "data?": made, "resources/julkaisut": fields, "resources": resources}

    def recorded(path: str, body: Any) -> Fault:
        return Fault(body=json.dumps(next(good for word, good in answers.items() if word in path)).encode())

    server.standing = recorded
    assert len(search_vipunen()) == 42
    table = get_vipunen_rows("julkaisut")
    assert list(table.columns) == [item["name"] for item in fields]
    with pytest.raises(UsageError, match="fields of municipalities –"):
        get_vipunen("julkaisut")
