"""The door to the network: every fault either passes or is said; only whole answers stay."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from kommunanalys import paths
from kommunanalys.errors import OfflineMiss, OutputError, SourceError, TooLarge, UsageError
from kommunanalys.origin import hash_bytes
from kommunanalys.sources import http, session
from tests.sources.conftest import Clock
from tests.sources.server import Fault, Kolada, encoded

LIMITS = http.Limits(5, 1)


def ask(server: Kolada, path: str = "/kpi/N15027") -> http.Answer:
    return http.get_json(server.address + path, publisher="kolada", limits=LIMITS)


def test_answer_keeps_the_bytes_and_comes_from_the_cache_the_second_time(kolada: Kolada) -> None:
    first, second = ask(kolada), ask(kolada)
    expected = encoded(kolada.answer("/v3/kpi/N15027"))
    assert first.raw == second.raw == expected
    assert first.sha256 == hash_bytes(expected)
    assert first.data == second.data == json.loads(expected)
    assert (first.from_cache, second.from_cache) == (False, True)
    assert len(kolada.requests) == 1
    age = datetime.now(UTC) - datetime.fromisoformat(second.fetched)
    assert timedelta(seconds=-1) < age < timedelta(minutes=5)


PASSING = {
    "429": Fault(429, b"slow down", {"Retry-After": "7"}),
    "500": Fault(500, b"oh"),
    "502": Fault(502, b"<html>bad gateway</html>"),
    "503": Fault(503),
    "504": Fault(504),
    "cut": Fault(cut=True),
    "half JSON": Fault(body=b'{"values": ['),
    "empty": Fault(headers={"Content-Type": "text/plain"}),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_passing_faults_are_tried_again(kolada: Kolada, fault: Fault) -> None:
    undisturbed = ask(kolada).raw
    kolada.faults.extend([fault] * 4)
    with http.mode("refresh"):
        answer = ask(kolada)
    assert (answer.raw, answer.from_cache) == (undisturbed, False)
    assert len(kolada.requests) == 1 + 5


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_fault_that_stays_is_said_and_nothing_is_kept(kolada: Kolada, fault: Fault, clock: Clock) -> None:
    kolada.standing = lambda _: fault
    with pytest.raises(SourceError, match=r"no whole answer in 5 attempts.*N15027"):
        ask(kolada)
    assert len(kolada.requests) == 5
    assert len(clock.sleeps) == 4
    with http.mode("offline"), pytest.raises(OfflineMiss):
        ask(kolada)


def test_a_failed_refresh_leaves_the_good_answer(kolada: Kolada) -> None:
    good = ask(kolada).raw
    for fault in [*PASSING.values(), Fault(404), Fault(body=b"<html>")]:
        kolada.standing = lambda _, fault=fault: fault
        with http.mode("refresh"), pytest.raises(SourceError):
            ask(kolada)
    with http.mode("offline"):
        assert ask(kolada).raw == good


def test_waits_grow_and_follow_the_publisher(kolada: Kolada, clock: Clock) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    asked = [{}, {"Retry-After": "7"}, {"Retry-After": later}, {"Retry-After": "soon"}]
    kolada.faults.extend(Fault(503, headers=headers) for headers in asked)
    ask(kolada)
    own, seconds, date, nonsense = clock.sleeps
    assert 0.5 <= own <= 1.5
    assert seconds == 7
    assert 25 < date <= 30
    assert 4 <= nonsense <= 12


def test_a_very_long_pause_is_cut_and_said(kolada: Kolada, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    kolada.faults.append(Fault(429, headers={"Retry-After": "3600"}))
    with caplog.at_level(logging.WARNING):
        ask(kolada)
    assert clock.sleeps == [120.0]
    assert "kolada asks for a pause of 3600 s" in caplog.text


def test_a_pause_until_a_moment_that_has_passed_is_none(kolada: Kolada, clock: Clock) -> None:
    kolada.faults.append(Fault(503, headers={"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}))
    ask(kolada)
    assert clock.sleeps == [0.0]


@pytest.mark.parametrize("status", [403, 413, 422])
def test_a_refusal_for_size_is_left_to_the_caller(kolada: Kolada, status: int) -> None:
    kolada.faults.append(Fault(status, b"too many"))
    with pytest.raises(TooLarge, match=rf"status {status}: too many"):
        ask(kolada)
    assert len(kolada.requests) == 1


@pytest.mark.parametrize("status", [204, 400, 401, 404, 410])
def test_other_statuses_are_said_at_once(kolada: Kolada, status: int) -> None:
    kolada.faults.append(Fault(status, b"no  such\nthing" if status != 204 else b""))
    with pytest.raises(SourceError, match=rf"N15027 with status {status}") as caught:
        ask(kolada)
    assert len(kolada.requests) == 1
    assert status == 204 or "no such thing" in str(caught.value)


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><title>Sign in</title>", b"\n <html>"])
def test_a_web_page_is_no_answer(kolada: Kolada, body: bytes) -> None:
    kolada.faults.append(Fault(body=body, headers={"Content-Type": "text/html"}))
    with pytest.raises(SourceError, match=r"web page where data were expected.*proxy"):
        ask(kolada)
    assert not ask(kolada).from_cache


def test_a_redirect_on_the_same_host_is_followed(kolada: Kolada) -> None:
    kolada.faults.append(Fault(301, headers={"Location": "/v3/kpi/N15507"}))
    assert ask(kolada).data["values"][0]["id"] == "N15507"


def test_a_redirect_to_another_host_is_not(kolada: Kolada) -> None:
    elsewhere = kolada.address.replace("127.0.0.1", "localhost") + "/kpi/N15507"
    kolada.faults.append(Fault(302, headers={"Location": elsewhere}))
    with pytest.raises(SourceError, match="another host, localhost"):
        ask(kolada)
    assert kolada.requests == ["/v3/kpi/N15027"]


def test_redirects_without_end_are_an_error(kolada: Kolada) -> None:
    kolada.standing = lambda path: Fault(302, headers={"Location": path})
    with pytest.raises(SourceError, match="status 302"):
        ask(kolada)


def test_nobody_listens(clock: Clock) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{place.getsockname()[1]}/v3/kpi"
    with pytest.raises(SourceError, match=r"5 attempts.*ConnectionError"):
        http.get_json(address, publisher="kolada", limits=LIMITS)
    assert len(clock.sleeps) == 4


def test_a_proxy_that_is_not_there_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://user:secret@127.0.0.1:{place.getsockname()[1]}")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(SourceError, match="proxy did not let") as caught:
        http.get_json("http://kolada.invalid/v3", publisher="kolada", limits=LIMITS)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["kolada", "http://", "ftp://kolada.invalid/v3"])
def test_no_web_address(address: str) -> None:
    with pytest.raises(SourceError):
        http.get_json(address, publisher="kolada", limits=LIMITS)


def test_offline_takes_what_there_is_however_old(kolada: Kolada, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FRESH", timedelta(seconds=-1))
    raw = ask(kolada).raw
    monkeypatch.setenv("KOMMUNANALYS_MODE", "offline")
    assert ask(kolada).raw == raw
    with pytest.raises(OfflineMiss, match=r"no answer to http://.*/kpi/N15507.*KOMMUNANALYS_MODE=online"):
        ask(kolada, "/kpi/N15507")
    assert len(kolada.requests) == 1


def test_old_answers_are_asked_for_again(kolada: Kolada, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FRESH", timedelta(seconds=-1))
    ask(kolada)
    assert not ask(kolada).from_cache
    assert len(kolada.requests) == 2


def test_refresh_renews_the_cache(kolada: Kolada) -> None:
    ask(kolada)
    kolada.kpis[0] = {**kolada.kpis[0], "title": "Another title"}
    assert ask(kolada).data["values"][0]["title"] != "Another title"
    with http.mode("refresh"):
        assert ask(kolada).data["values"][0]["title"] == "Another title"
    assert ask(kolada).data["values"][0]["title"] == "Another title"
    assert len(kolada.requests) == 2


def test_modes_nest_and_refuse_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert http.current_mode() == "online"
    with http.mode("offline"):
        with http.mode("refresh"):
            assert http.current_mode() == "refresh"
        assert http.current_mode() == "offline"
    with pytest.raises(UsageError, match=r"'ofline'.*online, refresh, offline"), http.mode("ofline"):
        pass
    monkeypatch.setenv("KOMMUNANALYS_MODE", "cached")
    with pytest.raises(UsageError, match="'cached'"):
        http.current_mode()


def test_snapshot_writes_bytes_and_sidecar(kolada: Kolada, tmp_path: Path) -> None:
    folder = tmp_path / "åäö with space"
    ask(kolada)
    with http.snapshot(folder):
        answers = [ask(kolada), ask(kolada, "/kpi/N15507")]
    ask(kolada, "/kpi/N15040")
    assert len(list(folder.iterdir())) == 4
    for answer in answers:
        stem = f"kolada-{hash_bytes(answer.address.encode())[:12]}"
        assert (folder / f"{stem}.json").read_bytes() == answer.raw
        about = json.loads((folder / f"{stem}.origin.json").read_text(encoding="utf-8"))
        assert (about["address"], about["sha256"], about["bytes"]) == (answer.address, answer.sha256, len(answer.raw))
        assert about["fetched"] == answer.fetched


def test_snapshot_is_whole_or_absent(kolada: Kolada, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with http.snapshot(tmp_path), pytest.raises(OutputError, match="No space left"):
        ask(kolada)
    assert list(tmp_path.iterdir()) == []


def test_snapshot_into_a_file_is_refused(kolada: Kolada, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with http.snapshot(tmp_path / "taken"), pytest.raises(OutputError, match="snapshot in"):
        ask(kolada)
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_cache_folder_that_cannot_be_made(kolada: Kolada, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KOMMUNANALYS_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="KOMMUNANALYS_CACHE"):
        ask(kolada)


def test_a_damaged_cache_is_said(kolada: Kolada) -> None:
    ask(kolada)
    session.close()
    (paths.cache_dir() / "http" / "answers.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(OutputError, match=r"cannot be used.*Delete it"):
        ask(kolada)


def test_the_pace_is_kept_for_each_host(kolada: Kolada, clock: Clock) -> None:
    clock.tick = 0.0
    for number in range(12):
        ask(kolada, f"/kpi/N15027?page={number}")
    # Five at once, then one second passes before the sixth and before the eleventh.
    assert clock.sleeps == [1.0, 1.0]


def test_progress_is_said_only_where_somebody_watches(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    http.progress("Kolada", 12, 40)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("KOMMUNANALYS_PROGRESS", "1")
    http.progress("Kolada", 12, 40)
    http.progress("Kolada", 40, 40)
    http.progress("Kolada", 1, 1)
    assert capsys.readouterr().err == "\rKolada: 12 of 40\rKolada: 40 of 40\n"


def test_address_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNANALYS_ADDRESS_KOLADA", "https://mirror.invalid/kolada/")
    assert http.address("kolada", "https://api.kolada.se/v3") == "https://mirror.invalid/kolada"
    assert http.address("scb", "https://api.scb.se") == "https://api.scb.se"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("?page=2", "https://api.kolada.se/v3/kpi?page=2"),
        ("/v3/kpi?page=2", "https://api.kolada.se/v3/kpi?page=2"),
        ("http://api.kolada.se:8080/v3/kpi?page=2", "https://api.kolada.se/v3/kpi?page=2"),
    ],
)
def test_next_address_stays_on_the_host(link: str, expected: str) -> None:
    assert http.next_address("https://api.kolada.se/v3/kpi", link) == expected


def test_https_trusts_what_the_computer_trusts() -> None:
    import truststore

    adapter = session.door().session.get_adapter("https://api.kolada.se/v3")
    assert isinstance(adapter.poolmanager.connection_pool_kw["ssl_context"], truststore.SSLContext)


def test_loading_sources_leaves_the_network_libraries_alone() -> None:
    code = (
        "import sys; from kommunanalys.sources import load; load('example');"
        "sys.exit(any(name in sys.modules for name in ('requests', 'requests_cache', 'truststore')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
