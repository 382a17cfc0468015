"""Sotkanet: what is not there is missing and seen; regions by today's codes; one sex alone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys.errors import (
    IncompleteAnswer,
    OfflineMiss,
    SourceError,
    UnknownIndicator,
    UnknownMunicipality,
    UsageError,
)
from kommunanalys.sources import http
from kommunanalys.sources.sotkanet import get_sotkanet, search_sotkanet
from tests.sources.json_server import LASTING, PASSING, JsonServer, always
from tests.sources.server import Fault

REGIONS = {13: "091", 14: "049", 15: "598"}
OTHERS = {658: "MAA", 600: "HYVINVOINTIALUE"}


def indicator(number: int, title: str, sexes: list[str], unit: str = "%", by: str = "Kunta") -> dict[str, Any]:
    return {
        "id": number,
        "title": {"fi": title, "sv": "", "en": f"{title} (en)"},
        "classifications": {"sex": {"values": sexes}, "region": {"values": [by, "Maa"]}},
        "range": {"start": 2018, "end": 2024},
        "data-updated": "2025-05-28",
        "primaryValueType": {"code": "PER", "title": {"fi": unit, "en": unit}},
        "decimals": 1,
    }


class Sotkanet(JsonServer):
    """`rows` are (indicator, region, year, gender) → value; what is not in it does not exist."""

    def __init__(self) -> None:
        super().__init__()
        self.indicators = [
            indicator(127, "Väestö 31.12.", ["male", "female", "total"], "persons"),
            indicator(4, "Sairaalahoito", ["total"]),
            indicator(5, "Raskaudet", ["female"]),
            indicator(6, "Alueittain", ["total"], by="Hyvinvointialue"),
        ]
        self.regions = [{"id": at, "code": code, "category": "KUNTA", "title": {}} for at, code in REGIONS.items()]
        self.regions += [{"id": at, "code": "x", "category": kind, "title": {}} for at, kind in OTHERS.items()]
        self.rows = {
            (entry["id"], region, year, sex): entry["id"] + region / 10 + year - 2020 + 0.25 * len(sex)
            for entry in self.indicators
            for region in (*REGIONS, *OTHERS)
            for year in range(2018, 2025)
            for sex in entry["classifications"]["sex"]["values"]
        }

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(path)
        word = parts.path.removeprefix("/rest/").strip("/").split("/")
        if word == ["regions"]:
            return 200, self.regions
        if word == ["indicators"]:
            return 200, self.indicators
        if word[0] == "indicators":
            found = [entry for entry in self.indicators if str(entry["id"]) == word[1]]
            return (200, found[0]) if found else (404, {})
        query = parse_qs(parts.query)
        return 200, [
            {"indicator": one, "region": region, "year": year, "gender": sex, "value": value, "absValue": 7}
            for (one, region, year, sex), value in self.rows.items()
            if str(one) in query["indicator"] and str(year) in query["years"] and sex in query["genders"]
        ]


@pytest.fixture
def sotkanet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sotkanet]:
    with Sotkanet() as server:
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_SOTKANET", server.address("rest"))
        yield server


def everything() -> pd.DataFrame:
    return get_sotkanet(["population", 4], [2020, 2021])


def test_the_whole_table(sotkanet: Sotkanet) -> None:
    table = everything()
    expected = [
        ("FI", code, year, name, sotkanet.rows[one, region, year, "total"], unit, "", str(one))
        for one, name, unit in [(127, "population", "persons"), (4, "4", "%")]
        for region, code in sorted(REGIONS.items(), key=lambda item: item[1])
        for year in (2020, 2021)
    ]
    columns = ["country", "municipality", "year", "indicator", "value", "unit", "flag", "kpi"]
    assert_frame_equal(table, pd.DataFrame(expected, columns=columns))
    first, _ = ka.origins(table)
    assert (first.producer, first.published, first.country) == ("THL, Sotkanet", "2025-05-28", "FI")
    assert first.note == "Left out: 2 areas that are no municipalities."


def test_what_is_not_there_is_missing_and_seen(sotkanet: Sotkanet) -> None:
    del sotkanet.rows[127, 13, 2020, "total"]
    sotkanet.rows[127, 14, 2021, "total"] = None
    sotkanet.rows[127, 15, 2021, "total"] = 0.0
    table = get_sotkanet(127, [2020, 2021]).set_index(["municipality", "year"])
    assert len(table) == 6
    assert table.loc[("091", 2020), "flag"] == table.loc[("049", 2021), "flag"] == "missing"
    assert table["value"].isna().sum() == 2
    assert (table.loc[("598", 2021), "value"], table.loc[("598", 2021), "flag"]) == (0.0, "")


def test_many_years_are_asked_in_parts(sotkanet: Sotkanet) -> None:
    table = get_sotkanet(127, range(2000, 2025), "Jakobstad")
    assert len([path for path, _ in sotkanet.requests if "/json" in path]) == 2
    assert table["value"].notna().sum() == 7
    assert len(table) == 25


def test_sexes(sotkanet: Sotkanet) -> None:
    alone = get_sotkanet(5, 2020)
    assert set(alone["sex"]) == {"K"}
    every = get_sotkanet(127, 2020, "598", sex="all").set_index("sex")["value"]
    assert every.to_dict() == {
        sex[0]: sotkanet.rows[127, 15, 2020, sex[1]] for sex in (("T", "total"), ("M", "male"), ("K", "female"))
    }
    with pytest.raises(UsageError, match="indicator 4 for total, not for male"):
        get_sotkanet(4, 2020, sex="male")


def test_nothing_at_all(sotkanet: Sotkanet) -> None:
    with pytest.raises(IncompleteAnswer, match="no figure at all of indicator 127"):
        get_sotkanet(127, 1990)
    sotkanet.rows = {key: value for key, value in sotkanet.rows.items() if key[1] != 15}
    with pytest.raises(IncompleteAnswer, match="indicator 127 for 598"), http.mode("refresh"):
        get_sotkanet(127, 2020, ["598", "091"])


@pytest.mark.parametrize(
    "row",
    [
        {"indicator": 127, "region": 13, "year": 2019, "gender": "total", "value": 1},
        {"indicator": 4, "region": 13, "year": 2020, "gender": "total", "value": 1},
        {"indicator": 127, "region": 999, "year": 2020, "gender": "total", "value": 1},
        {"indicator": 127, "region": 13, "year": 2020, "gender": "total", "value": 1},
        {"indicator": 127, "region": 13, "year": 2020, "gender": "total", "value": "1"},
        {"indicator": 127, "region": 13, "year": 2020, "gender": "total"},
        "row",
    ],
)
def test_figures_that_cannot_be(sotkanet: Sotkanet, row: Any) -> None:
    sotkanet.standing = always(Fault(change=lambda good: [*good, row]), "/json")
    with pytest.raises(SourceError):
        get_sotkanet(127, 2020)


def test_an_id_that_means_something_else_today(sotkanet: Sotkanet) -> None:
    sotkanet.indicators[0]["title"]["fi"] = "Kuolleet"
    with pytest.raises(SourceError, match="127 is called 'Kuolleet' today, so it may be no population"):
        get_sotkanet("population", 2020)
    assert set(get_sotkanet(127, 2020)["indicator"]) == {"127"}


def test_wrong_questions(sotkanet: Sotkanet) -> None:
    with pytest.raises(UnknownIndicator, match="does not know indicator 99"):
        get_sotkanet(99, 2020)
    with pytest.raises(UnknownIndicator, match="does not publish 'tax_rate'"):
        get_sotkanet("tax_rate", 2020)
    with pytest.raises(UsageError, match=r"not published by municipality, but by Hyvinvointialue"):
        get_sotkanet(6, 2020)
    with pytest.raises(UnknownMunicipality):
        get_sotkanet(127, 2020, "Stockholm")
    with pytest.raises(IncompleteAnswer, match="does not know municipality 853"):
        get_sotkanet(127, 2020, "Åbo")
    for given in [([], 2020), (127, []), (127, "2020")]:
        with pytest.raises(UsageError):
            get_sotkanet(*given)
    with pytest.raises(UsageError, match=r"'T'.*total, male, female, all"):
        get_sotkanet(127, 2020, sex="T")


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_faults_that_pass(sotkanet: Sotkanet, fault: Fault) -> None:
    sotkanet.faults.extend([fault, Fault(), fault, fault])
    assert len(everything()) == 12


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
@pytest.mark.parametrize("where", ["regions", "indicators/4", "json?indicator=4"])
def test_faults_that_stay_give_no_table(sotkanet: Sotkanet, fault: Fault, where: str) -> None:
    sotkanet.standing = always(fault, where)
    with pytest.raises((SourceError, UnknownIndicator)):
        everything()


def test_offline(sotkanet: Sotkanet) -> None:
    with http.mode("offline"), pytest.raises(OfflineMiss):
        everything()
    online = everything()
    with http.mode("offline"):
        assert_frame_equal(everything(), online)


def test_search(sotkanet: Sotkanet) -> None:
    found = search_sotkanet("VÄESTÖ")
    assert found[["source", "id", "title"]].values.tolist() == [["sotkanet", "127", "Väestö 31.12."]]
    assert search_sotkanet("(en) raskaudet", "en")["id"].tolist() == ["5"]
    assert search_sotkanet("nothing").empty


@pytest.mark.shared
def test_real_regions(shared: Path, sotkanet: Sotkanet) -> None:
    with (shared / "data/finland_sotkanet_panel/sotkanet_regions_2013.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sotkanet.regions = [
        {"id": int(float(row["region"])), "code": row["region.code"], "category": row["region.category"]}
        for row in rows
    ]
    sotkanet.rows = {(127, item["id"], 2012, "total"): float(item["id"]) for item in sotkanet.regions}
    table = get_sotkanet(127, 2012)
    assert len(table) == len(rows) == 320
    assert table["value"].sum() == sum(item["id"] for item in sotkanet.regions)
    assert table.set_index("municipality")["value"]["035"] == 13
