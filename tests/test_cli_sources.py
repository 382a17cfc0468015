"""The commands about data: search, fetch, the live publishers, templates."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from kommunanalys.cli import app
from kommunanalys.errors import IncompleteAnswer, NoData, OutputError, UsageError
from kommunanalys.sources import load, session
from kommunanalys.sources.kolada import COLUMNS
from tests.sources.all_publishers import Everybody, everybody
from tests.sources.conftest import Clock
from tests.sources.json_server import always
from tests.sources.server import Fault
from tests.test_cli import call

LIVE = ["kolada", "statfin", "scb", "sotkanet", "vipunen", "treasury", "avoindata", "skolverket"]


@pytest.fixture
def publishers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Everybody]:
    from kommunanalys.sources import transport

    clock = Clock()
    monkeypatch.setattr(transport, "_sleep", clock.sleep)
    monkeypatch.setattr(transport, "_clock", clock)
    monkeypatch.setattr(transport, "_recent", {})
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with everybody(monkeypatch) as servers:
        yield servers
    session.close()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(item) for item in arguments])


def said(*arguments: object) -> list[str]:
    result = run(*arguments)
    assert result.exit_code == 0, result.exception or result.output
    return result.stdout.splitlines()


# The live publishers


def test_check_says_what_it_found_and_how_long_it_took(publishers: Everybody) -> None:
    lines = said("sources", "check")
    assert [line.split(":")[0] for line in lines] == LIVE
    assert all("well, " in line and " s, such as " in line for line in lines)
    assert lines[0].endswith("such as population 1440 2021: 32021")
    again = said("sources", "check", "--sources", "kolada, vipunen")
    assert [line.strip().split(" codes")[0] for line in again if line.startswith(" ")] == ["The same 3", "The same 2"]


def test_check_names_the_codes_that_changed(publishers: Everybody) -> None:
    said("sources", "check", "-s", "vipunen")
    publishers["vipunen"].answer = lambda *_: (200, ["julkaisut", "uusi"])
    lines = said("sources", "check", "-s", "vipunen")
    assert [line.split(" since")[0] for line in lines[1:]] == ["  Codes that are gone", "  Codes that are new"]
    assert lines[1].endswith(": perusopetus_oppilaat_lukuvuosi_oppilaitos")
    assert lines[2].endswith(": uusi")


def test_one_that_is_down_does_not_stop_the_rest(publishers: Everybody) -> None:
    publishers["pxweb"].standing = always(Fault(404, b"{}"), "/v2/")
    result = run("sources", "check", "--language", "en")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == LIVE
    assert [line.split(":")[0] for line in lines if "FAILED" in line] == ["scb"]
    assert "404" in lines[2]


def test_record_keeps_raw_answers(publishers: Everybody, tmp_path: Path) -> None:
    assert [line.split(":")[0] for line in said("sources", "record", tmp_path / "new", "-s", "kolada,scb")] == [
        "kolada",
        "scb",
    ]
    assert sorted(item.name for item in (tmp_path / "new").iterdir()) == ["kolada", "scb"]
    assert len(list((tmp_path / "new").rglob("*.origin.json"))) == len(publishers.requests)


def test_hosts_one_a_line() -> None:
    result = call("sources", "hosts")
    hosts = result.stdout.decode().splitlines()
    assert len(hosts) == 11
    assert all("." in host and " " not in host for host in hosts)
    assert b"avoindata.fi" in result.stderr


def test_an_unknown_publisher(publishers: Everybody) -> None:
    for command in (["sources", "check", "-s", "kolda"], ["search", "x", "-s", "kolda"]):
        assert isinstance(run(*command).exception, UsageError)
    assert publishers.requests == []


# Search


def test_search_lists_what_fetch_takes(publishers: Everybody, tmp_path: Path) -> None:
    assert said("search", "kostnad", "elefanter") == []
    lines = [line.split("\t") for line in said("search", "grundskola", "-s", "kolada")]
    assert lines[0] == ["kolada:N15027", "Kostnad grundskola F-9, hemkommun, kr/elev"]
    said("fetch", lines[0][0], "-o", tmp_path / "a.csv")
    assert len(load(tmp_path / "a.csv")) == 12


def test_search_says_who_did_not_answer(publishers: Everybody) -> None:
    publishers["sotkanet"].standing = always(Fault(404, b"{}"))
    result = run("search", "grundskola", "-l", "en")
    assert result.exit_code == 1, "one failed"
    assert "sotkanet did not answer: " in result.stderr
    assert "kolada:N15027" in result.stdout


# Fetch


def test_fetch_writes_what_load_gives(publishers: Everybody, tmp_path: Path) -> None:
    path = tmp_path / "åäö 1.csv"
    indicators, places = ["-i", "N15027", "-i", "N15040"], ["-m", "0114", "-m", "Ale"]
    lines = said("fetch", "kolada", *indicators, *places, "-y", "2019-2020", "-y", "2021", "-o", path)
    assert lines == [f"Written: {path}", f"Written: {path}.origin.json", "12 rows."]
    expected = load("kolada", ["N15027", "N15040"], municipalities=["0114", "1440"], years=[2019, 2020, 2021])
    found = pd.read_csv(path, dtype={"municipality": "str"})
    assert found["value"].tolist() == expected["value"].tolist()
    assert set(found["municipality"]) == {"0114", "1440"}
    about = json.loads(Path(f"{path}.origin.json").read_text(encoding="utf-8"))
    assert about["question"]["years"] == [2019, 2020, 2021]
    assert about["origins"][0]["credit"] == "Källa: Kolada"


def test_finnish_codes_survive_in_excel(publishers: Everybody, tmp_path: Path) -> None:
    said("fetch", "avoindata:menot", "-m", "091", "-m", "049", "-o", tmp_path / "a.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "a.xlsx").active.values)
    head = rows[0].index("municipality"), rows[0].index("value"), rows[0].index("flag")
    assert [[row[at] for at in head] for row in rows[1:]] == [
        ["049", 1200.5, None],
        ["091", None, "missing"],
        ["049", 7.25, None],
    ]


def test_fetch_tells_what_is_lacking(publishers: Everybody, tmp_path: Path) -> None:
    there = set(load("example")["indicator"])
    lacking = next(kpi for kpi, name in COLUMNS.items() if name not in there)
    result = run("fetch", "example", "-i", "tax_rate", "-i", lacking, "-o", tmp_path / "a.csv", "-l", "en")
    assert result.exit_code == 0, result.exception
    assert result.stderr == f"The source does not have {COLUMNS[lacking]}.\n"
    assert json.loads((tmp_path / "a.csv.origin.json").read_text())["lacking"] == [COLUMNS[lacking]]


@pytest.mark.parametrize("path", ["a.txt", "a.parquet", "."])
def test_a_wrong_target_is_refused_before_anything_is_fetched(
    publishers: Everybody, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert isinstance(run("fetch", "kolada:N15027", "-o", tmp_path / path).exception, UsageError)
    assert publishers.requests == []
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_when_the_fetch_fails(publishers: Everybody, tmp_path: Path) -> None:
    said("fetch", "kolada:N15027", "-o", tmp_path / "a.csv")
    before = {item.name: item.read_bytes() for item in tmp_path.iterdir()}
    nobody = run("fetch", "kolada:N15027", "-m", "Vaxholm", "-o", tmp_path / "a.csv")
    assert isinstance(nobody.exception, IncompleteAnswer)
    assert isinstance(run("fetch", "example", "-y", "1901", "-o", tmp_path / "a.csv").exception, NoData)
    assert {item.name: item.read_bytes() for item in tmp_path.iterdir()} == before


@pytest.mark.parametrize("year", ["soon", "2021-2019", "19", "2019-20", "2019,2021"])
def test_years_that_are_none(year: str, tmp_path: Path) -> None:
    result = run("fetch", "example", "-y", year, "-o", tmp_path / "a.csv")
    assert isinstance(result.exception, UsageError)
    assert "2019-2021" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["fetch", "example"], 2),
        (["fetch", "kolda:N15027", "-o", "{}/a.csv"], 1),
        (["fetch", "example", "-m", "X7", "-o", "{}/a.csv"], 2),
        (["fetch", "example", "-m", "X07", "-y", "2023", "-o", "{}/a.csv"], 0),
        (["search"], 2),
        (["sources", "dance"], 2),
        (["template", "costs", "-o", "{}/a.csv"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int, tmp_path: Path) -> None:
    result = call(*(item.format(tmp_path) for item in arguments))
    assert result.returncode == code, result.stderr.decode()
    assert b"Traceback" not in result.stderr


# Templates


def test_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "costs.xlsx"
    said("template", "costs", "--country", "FI", "--years", "2023-2024", "-o", path, "-l", "en")
    sheet = openpyxl.load_workbook(path).worksheets[0]
    codes = [str(cell.value) for cell in sheet["A"]]
    assert {"598", "049", "091"} <= set(codes)
    assert codes.count("598") == 2
    assert isinstance(run("template", "costs", "-o", path).exception, UsageError)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kommunanalys.sources.template.write_template", full)
    assert isinstance(run("template", "costs", "-o", tmp_path / "b.xlsx").exception, OutputError)


@pytest.mark.parametrize("arguments", [["--help"], ["sources", "--help"], ["fetch", "--help"]])
def test_help_is_light(arguments: list[str]) -> None:
    code = (
        "import json, sys\nsys.argv = ['kommunanalys', *json.loads(sys.argv[1])]\n"
        "from kommunanalys.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('pandas', 'numpy', 'requests', 'openpyxl') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments)], capture_output=True, text=True, check=True
    )
    assert "Usage" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
