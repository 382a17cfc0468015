"""SCB: values by expression, codelists, problems said, noise flagged; a real answer served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys.errors import IncompleteAnswer, NoData, SourceError, UsageError
from kommunanalys.sources import http
from kommunanalys.sources.scb import get_scb, search_scb
from tests.sources.json_server import LASTING, PASSING, always
from tests.sources.pxweb_server import PxWeb, Table
from tests.sources.server import Fault

MUNICIPALITIES = {"0114": "Upplands Väsby", "0180": "Stockholm", "1440": "Ale"}
AXES = {
    "Region": ("region", {"00": "Riket", "01": "Stockholms län", **MUNICIPALITIES}, True),
    "Alder": ("ålder", {"TotSA": "totalt", "-9": "0-9 år", "10+": "10+ år"}, False),
    "Kon": ("kön", {"1": "män", "2": "kvinnor", "TotSa": "totalt"}, True),
    "ContentsCode": ("tabellinnehåll", {"BE0101N1": "Folkmängd"}, False),
    "Tid": ("år", {str(year): str(year) for year in range(2022, 2026)}, False),
}
NOTE = "Från och med referensåret 2025 ... Metoden heter Cell Key Method (CKM)."


@pytest.fixture
def scb(monkeypatch: pytest.MonkeyPatch) -> Iterator[PxWeb]:
    made = Table(AXES, "Tid", "ContentsCode", total={"Kon": "TotSa", "Region": "00"})
    made.notes = [NOTE]
    made.codelists = {"Region": [{"id": "vs_RegionKommun07"}], "Alder": [{"id": "agg_Alder"}]}
    with PxWeb({"TAB638": made, "TAB639": made, "TAB640": made}) as server:
        server.codelists = {"vs_RegionKommun07": MUNICIPALITIES, "agg_Alder": {"TotSA": "alla"}}
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_SCB", server.address("v2"))
        yield server


def everything() -> pd.DataFrame:
    return get_scb("TAB638", {"Alder": "*", "Kon": "*"})


def test_the_whole_table(scb: PxWeb) -> None:
    table = get_scb("TAB638", {"Alder": "TotSA"})
    made = scb.tables["TAB638"]
    expected = [
        (code, year, made.value(Region=code, Alder="TotSA", ContentsCode="BE0101N1", Tid=str(year)))
        for code in MUNICIPALITIES
        for year in range(2022, 2026)
    ]
    assert list(table[["municipality", "year", "value"]].itertuples(index=False, name=None)) == expected
    assert set(table["indicator"]) == {"population"}
    assert set(table["unit"]) == {"persons"}
    assert table["flag"].tolist() == ["", "", "", "noisy"] * 3
    assert table.attrs["notes"] == [NOTE]
    (origin,) = ka.origins(table)
    assert (origin.producer, origin.licence, origin.credit, origin.country) == ("SCB", "CC0", "Källa: SCB", "SE")
    assert origin.note == "Left out, 2 areas that are no municipalities: 00, 01."


def test_the_municipal_codelist_is_used_where_it_is_offered(scb: PxWeb) -> None:
    get_scb("TAB638", {"Alder": "TotSA"})
    region = next(item for item in scb.posts[0]["selection"] if item["variableCode"] == "Region")
    assert region == {"variableCode": "Region", "valueCodes": list(MUNICIPALITIES), "codelist": "vs_RegionKommun07"}
    scb.tables["TAB639"].codelists = {}
    get_scb("TAB639", {"Alder": "TotSA"})
    assert "codelist" not in str(scb.posts[1])


def test_expressions_and_other_codelists(scb: PxWeb) -> None:
    newest = get_scb("TAB638", {"Alder": "TotSA", "Tid": "TOP(2)", "Region": "14??"})
    assert newest["year"].tolist() == [2024, 2025]
    assert set(newest["municipality"]) == {"1440"}
    aggregated = get_scb("TAB638", {"Alder": "alla"}, codelists={"Alder": "agg_Alder"})
    assert set(aggregated["age"]) == {"TotSA"}
    assert aggregated.attrs["labels"]["age"] == {"TotSA": "totalt"}
    with pytest.raises(UsageError, match=r"no codelist 'agg_other' for 'Alder' today.*Alder: agg_Alder"):
        get_scb("TAB638", codelists={"Alder": "agg_other"})


def test_a_split_fetch_is_the_unsplit_one(scb: PxWeb) -> None:
    whole = everything()
    assert len(scb.posts) == 1
    scb.v2_config["maxDataCells"] = 10
    with http.mode("refresh"):
        assert_frame_equal(everything(), whole)
    scb.v2_config["maxDataCells"], scb.hidden_limit = 1000, 10
    with http.mode("refresh"):
        assert_frame_equal(everything(), whole)
    assert len(whole) == 3 * 3 * 3 * 4
    assert whole["value"].sum() == scb.tables["TAB638"].values[2:].sum()


def test_problems_are_said(scb: PxWeb) -> None:
    with pytest.raises(UsageError, match=r"no table 'TAB1' today.*search_scb"):
        get_scb("TAB1")
    with pytest.raises(UsageError, match=r"ålder, which cannot be left out.*TotSA \(totalt\)"):
        get_scb("TAB638")
    with pytest.raises(UsageError, match="sv and en"):
        get_scb("TAB638", language="fi")
    with pytest.raises(NoData, match="no figures for 1999"):
        get_scb("TAB638", {"Alder": "TotSA"}, years=1999)
    body = b'{"type":"Parameter error","title":"Non-existent value","status":400}'
    scb.standing = always(Fault(400, body), body="selection")
    with pytest.raises(IncompleteAnswer, match=r"0 of 1 parts.*Non-existent value"):
        get_scb("TAB638", {"Alder": "TotSA"})


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_faults_that_pass(scb: PxWeb, fault: Fault) -> None:
    scb.faults.extend([fault, Fault(), fault])
    assert len(everything()) == 108


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
@pytest.mark.parametrize("where", ["config", "metadata", "codelists", "data"])
def test_faults_that_stay_give_no_table(scb: PxWeb, fault: Fault, where: str) -> None:
    scb.standing = always(fault, where)
    with pytest.raises((SourceError, UsageError)):
        everything()


def test_search_goes_through_the_pages(scb: PxWeb) -> None:
    found = search_scb("tab6")
    assert found["id"].tolist() == ["TAB638", "TAB639", "TAB640"]
    assert found["address"][0] == f"{scb.address('v2')}/tables/TAB638"
    assert search_scb("nothing").empty

    def fewer(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "tables": answer["tables"][:1]}

    scb.standing = always(Fault(change=fewer))
    with http.mode("refresh"), pytest.raises(IncompleteAnswer, match=r"says that 3 tables.*sent 2"):
        search_scb("tab6")


class Recorded(PxWeb):
    """Serves the recorded metadata, and cells for municipalities made up under them."""

    def __init__(self, folder: Path) -> None:
        super().__init__({})
        self.metadata = json.loads((folder / "v2_TAB6471_metadata.json").read_bytes())
        self.settings = json.loads((folder / "v2_config.json").read_bytes())

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        if body is None:
            return 200, self.settings if path.startswith("/v2/config") else self.metadata
        asked = {item["variableCode"]: item["valueCodes"] for item in body["selection"]}
        answer = {**self.metadata, "id": list(asked), "size": [len(codes) for codes in asked.values()]}
        answer["dimension"] = {code: self._cut(code, codes) for code, codes in asked.items()}
        answer["value"] = list(range(int(np.prod(answer["size"]))))
        return 200, answer

    def _cut(self, code: str, codes: list[str]) -> dict[str, Any]:
        whole = self.metadata["dimension"][code]
        category = {**whole["category"], "index": {one: at for at, one in enumerate(codes)}}
        category["label"] = {one: whole["category"]["label"][one] for one in codes}
        return {**whole, "category": category}


@pytest.mark.shared
def test_real_metadata_served(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Recorded(shared / "data/api-recordings/scb") as server:
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_SCB", server.address("v2"))
        assert server.settings["maxDataCells"] == 150_000
        server.settings["maxDataCells"] = 10_000
        table = get_scb("TAB6471", {"Alder": "TotSA"}, years=2026)
        with pytest.raises(UsageError, match="ålder, which cannot be left out"):
            get_scb("TAB6471")
        whole = get_scb("TAB6471", {"Alder": ["TotSA", "0-9"], "Kon": "*"})
    assert table["municipality"].nunique() == 290
    assert table["period"].unique().tolist() == ["2026M01", "2026M02", "2026M03", "2026M04"]
    assert set(table["flag"]) == {"noisy"}
    assert set(table["indicator"]) == {"000007SF"}
    assert "22 areas that are no municipalities: 00, 01" in ka.origins(table)[0].note
    # 290 municipalities, 2 ages, 3 sexes and 16 months are more than the limit that was set.
    assert len(whole) == 290 * 2 * 3 * 16
    parts = [int(np.prod([len(item["valueCodes"]) for item in body["selection"]])) for body in server.posts[1:]]
    assert len(parts) == 4
    assert sum(parts) == len(whole)


@pytest.mark.shared
def test_the_real_answer_by_county_is_no_table_of_municipalities(shared: Path) -> None:
    from kommunanalys.sources.cubes import read_jsonstat

    with pytest.raises(NoData, match=r"has no municipalities.*region, ålder, kön"):
        read_jsonstat(shared / "data/api-recordings/scb/v2_TAB6471_data.json")


@pytest.mark.shared
def test_a_real_search_answer(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = json.loads((shared / "data/api-recordings/scb/v2_search.json").read_bytes())
    with PxWeb({}) as server:
        server.standing = always(Fault(body=json.dumps(recorded).encode()))
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_SCB", server.address("v2"))
        found = search_scb("befolkning")
    assert found["id"].tolist() == [table["id"] for table in recorded["tables"]]
    assert found["title"].str.contains("efolkning").any()
