"""The small questions: one that fails does not stop the rest, and codes that changed are named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kommunanalys import paths
from kommunanalys.errors import OutputError, SourceError, UsageError
from kommunanalys.origin import hash_bytes
from kommunanalys.sources import checks, http, load
from tests.sources.all_publishers import PUPILS, Everybody
from tests.sources.json_server import always
from tests.sources.server import Fault

LIVE = ["kolada", "statfin", "scb", "sotkanet", "vipunen", "treasury", "avoindata", "skolverket"]


def results(*names: str) -> dict[str, checks.Checked]:
    return {item.name: item for item in checks.check(names or None)}


def test_everybody_answers(publishers: Everybody) -> None:
    found = results()
    assert list(found) == LIVE
    assert {item.problem for item in found.values()} == {""}
    seen = {name: item.seen for name, item in found.items() if item.seen}
    assert (seen["kolada"].rows, seen["kolada"].example) == (2, "population 1440 2021: 32021")
    assert seen["kolada"].codes["N15027"] == "Kostnad grundskola F-9, hemkommun, kr/elev"
    assert set(seen["statfin"].codes) == {
        "alue_23_20260101", "contentscode", "timeperiod_y", "vaerak-vaesto", "vaerak-andel_p"
    }  # fmt: skip
    assert seen["statfin"].codes["vaerak-vaesto"] == "Folkmängd"
    assert "BE0101N1" in seen["scb"].codes
    assert list(seen["vipunen"].codes) == [PUPILS, "julkaisut"]
    assert seen["treasury"].codes == {"KTAS:k-t07:1": "jhs-2018-01/2022-11-02 Toimintakulut"}
    assert all(item.since == "" for item in found.values())


def test_it_asks_anew_although_the_cache_knows(publishers: Everybody) -> None:
    results("sotkanet")
    before = len(publishers.requests)
    results("sotkanet")
    assert len(publishers.requests) == 2 * before


@pytest.mark.parametrize("fault", [Fault(404, b"{}"), Fault(body=b'{"error": "changed"}'), Fault(500, b"oops")])
def test_one_that_fails_does_not_stop_the_rest(publishers: Everybody, fault: Fault) -> None:
    publishers["pxweb"].standing = always(fault, "/v1/")
    found = results()
    assert [name for name, item in found.items() if item.seen is None] == ["statfin"]
    assert "/v1/" in found["statfin"].problem
    assert list(found) == LIVE


def test_codes_of_another_time(publishers: Everybody) -> None:
    results("statfin", "vipunen")
    same = results("statfin")["statfin"]
    assert (same.new, same.gone, same.changed) == ((), (), ())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*", same.since)
    table = publishers["pxweb"].tables["StatFin/vaerak/11ra"]
    table.axes = {
        ("alue_24_20270101" if code.startswith("alue") else code): (
            (text, {"vaerak-vaesto": "Something else", "vaerak-andel_p": "Andel, %"}, total)
            if code == "contentscode"
            else (text, values, total)
        )
        for code, (text, values, total) in table.axes.items()
    }
    changed = results("statfin")["statfin"]
    assert changed.gone == ("alue_23_20260101",)
    assert changed.new == ("alue_24_20270101",)
    assert changed.changed == ("vaerak-vaesto",)
    after = results("statfin")["statfin"]
    assert (after.new, after.gone, after.changed) == ((), (), ())
    memory = json.loads((paths.state_dir() / checks.MEMORY).read_text())
    assert set(memory) == {"statfin", "vipunen"}
    assert "Something else" not in json.dumps(memory)


def test_a_failure_forgets_nothing(publishers: Everybody) -> None:
    results("vipunen")
    before = (paths.state_dir() / checks.MEMORY).read_bytes()
    publishers["vipunen"].standing = always(Fault(404, b"{}"))
    assert results("vipunen")["vipunen"].seen is None
    assert (paths.state_dir() / checks.MEMORY).read_bytes() == before


def test_a_damaged_memory_is_an_error_that_names_it(publishers: Everybody) -> None:
    paths.write_whole(paths.state_dir() / checks.MEMORY, b"{")
    with pytest.raises(SourceError, match=r"sources\.json cannot be read.*delete it"):
        results("vipunen")


def test_raw_answers_for_recordings(publishers: Everybody, tmp_path: Path) -> None:
    list(checks.record(tmp_path))
    assert sorted(item.name for item in tmp_path.iterdir()) == sorted(LIVE)
    for sidecar in tmp_path.rglob("*.origin.json"):
        about = json.loads(sidecar.read_text())
        raw = sidecar.with_name(sidecar.name.replace(".origin.json", ".json")).read_bytes()
        assert about["sha256"] == hash_bytes(raw)
        assert about["address"].startswith("http://127.0.0.1")
    assert len(list(tmp_path.rglob("*.origin.json"))) == len(publishers.requests)
    assert not (paths.state_dir() / checks.MEMORY).exists()
    assert load(tmp_path / "kolada", "population")["value"].tolist() == [32020.0, 32021.0]
    assert load(tmp_path / "treasury")["value"].tolist() == [77.0]


def test_where_nothing_can_be_written(publishers: Everybody, tmp_path: Path) -> None:
    (tmp_path / "vipunen").write_text("a file, no folder")
    with pytest.raises(OutputError, match="snapshot"):
        list(checks.record(tmp_path, ["vipunen"]))


def test_only_some_and_none_that_is_unknown(publishers: Everybody) -> None:
    with pytest.raises(UsageError, match=f"example. Choose among {', '.join(LIVE)}"):
        results("example")
    assert publishers.requests == []


def test_offline_nobody_is_asked(publishers: Everybody) -> None:
    with http.mode("offline"):
        found = results()
    assert publishers.requests == []
    assert all("Offline" in item.problem for item in found.values())


def test_hosts() -> None:
    hosts = checks.hosts()
    assert len(hosts) == len(set(hosts)) == 11
    assert all(re.fullmatch(r"[a-z0-9.-]+", host) for host in hosts)
    assert {"api.kolada.se", "pxdata.stat.fi", "tkdpprodjrpstacc02.blob.core.windows.net"} <= set(hosts)
