"""The notebooks: built as a notebook must be, and run on example and real data in three languages."""

import csv
import gzip
import json
import re
from pathlib import Path

import nbformat
import pytest

from kommunanalys.indicators import wanted
from kommunanalys.mime import DATA
from kommunanalys.paths import notebooks_dir
from kommunanalys.reporting.parameters import declared
from kommunanalys.reporting.run import run
from kommunanalys.sources.kolada import COLUMNS, kpi_id
from tests import shipped
from tests.sources.finland_server import Finland
from tests.sources.server import Kolada, cell

NOTEBOOKS = sorted(notebooks_dir().glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_one_question_few_lines_no_outputs(path: Path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    lines = [len(cell.source.splitlines()) for cell in code]
    assert sum(lines) <= 60
    assert max(lines) <= 15
    assert not any(re.search(r"^\s*(def|class|lambda) ", cell.source, re.M) for cell in code)
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert all(item.help for item in declared(notebook).values())
    assert not any(re.search(r"kommunanalys(\.\w+)*\._|import _", cell.source) for cell in code), "public names only"


def tables(folder: Path) -> list[list[list[object]]]:
    executed = nbformat.read(folder / "executed.ipynb", as_version=4)
    found = [
        output.data[DATA]
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if DATA in output.get("data", {})
    ]
    return [[[value for value in row if isinstance(value, int | float)] for row in table["rows"]] for table in found]


HEADINGS = {
    "cost_efficiency": {"sv": "Svaret i korthet", "fi": "Vastaus lyhyesti", "en": "The answer in short"},
    "municipality_profile": {"sv": "I korthet", "fi": "Lyhyesti", "en": "In short"},
    "explore": {"sv": "Välj och titta", "fi": "Valitse ja katso", "en": "Choose and look"},
    "open_data": {"sv": "Så anges källan", "fi": "Näin lähde merkitään", "en": "How to cite"},
}
"""A heading of each notebook by language."""
TABLES = {"cost_efficiency": 8, "municipality_profile": 5, "open_data": 4, "explore": 2}
"""Tables and figures that each notebook shows at least."""


@pytest.fixture(scope="module", params=[path.stem for path in NOTEBOOKS if path.stem in HEADINGS])
def example(request, tmp_path_factory):
    """The folder of its report in each language."""
    if request.param in shipped.NOTEBOOKS:
        return {language: shipped.report(tmp_path_factory, request.param, language) for language in ("sv", "fi", "en")}
    output = tmp_path_factory.mktemp(request.param)
    return {language: run(request.param, language=language, output=output).folder for language in ("sv", "fi", "en")}


def record(example):
    return json.loads((example["sv"] / "run.json").read_text(encoding="utf-8"))


def page(example, language):
    return (example[language] / "report.html").read_text(encoding="utf-8")


def name(example):
    return Path(record(example)["notebook"]).stem


def test_all_languages_have_identical_numbers(example):
    numbers = {language: tables(folder) for language, folder in example.items()}
    assert len(numbers["sv"]) >= TABLES[name(example)]
    assert numbers["sv"] == numbers["fi"] == numbers["en"]


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_each_page_is_in_its_language(example, language):
    text = page(example, language)
    words = {key: f">{heading}</h2>" for key, heading in HEADINGS[name(example)].items()}
    assert f'<html lang="{language}">' in text
    assert [key for key, heading in words.items() if heading in text] == [language]


def test_the_example_is_marked_in_every_page(example):
    assert all('class="example"' in page(example, language) for language in example)


def test_the_record_knows_its_data(example):
    told = record(example)
    prices = {"price_index.csv"} if name(example) == "cost_efficiency" else set()
    assert {Path(item["address"]).name for item in told["origins"]} == {"observations.csv", *prices}
    assert told["parameters"]["municipality"] == "X07"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("municipality", "language", "words"), [("1440", "sv", "32\xa0148"), ("2403", "en", "Bjurholm")]
)
def test_a_swedish_profile(shared, tmp_path, municipality, language, words):
    given = {"source": str(shared / "data" / "kolada"), "municipality": municipality}
    page = run("municipality_profile", given, language=language, output=tmp_path).page.read_text(encoding="utf-8")
    assert words in page.replace("&nbsp;", "\xa0")
    assert "Källa: Kolada" in page
    assert str(shared) not in page


def test_a_finnish_profile(tmp_path, monkeypatch):
    with Finland(tmp_path) as server:
        server.point(monkeypatch)
        given = {"source": "finland", "municipality": "Pietarsaari"}
        report = run("municipality_profile", given, language="sv", output=tmp_path)
    page = report.page.read_text(encoding="utf-8")
    people = f"{server.figures['598', 2025]['M411']:,.0f}".replace(",", "\xa0")
    assert people in page.replace("&nbsp;", "\xa0")
    assert "Svenskspråkiga invånare" in page
    assert "Grundläggande utbildning: nettokostnad per invånare" in page
    assert {"Valtiokonttori", "Statistics Finland"} <= {
        item["producer"].split(",")[0] for item in report.record["origins"]
    }


def test_a_search_without_network_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("KOMMUNANALYS_MODE", "offline")
    report = run("open_data", {"words": "folkmängd"}, language="en", output=tmp_path)
    assert "as they did not answer" in report.page.read_text(encoding="utf-8")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("municipality", "year", "service", "language", "words"),
    [
        ("Ale", "2021", "compulsory", "sv", "112\xa0324"),
        ("0180", "2021", "compulsory", "en", "Stockholm"),
        ("2403", "2021", "compulsory", "fi", "Bjurholm"),
        ("1440", "2021", "upper_secondary", "sv", "Inget resultat publiceras"),
    ],
)
def test_real_municipalities(shared, tmp_path, municipality, year, service, language, words):
    given = {"source": str(shared / "data" / "kolada"), "municipality": municipality, "year": year, "service": service}
    report = run("cost_efficiency", given, language=language, output=tmp_path)
    page = report.page.read_text(encoding="utf-8")
    assert words in page.replace("&nbsp;", "\xa0")
    assert "Källa: Kolada" in page
    assert str(shared) not in page
    assert 'class="example"' not in page


@pytest.mark.shared
def test_live_figures_give_the_same_report_as_the_folder(shared, tmp_path, monkeypatch):
    """The network's way: the same figures served by a local Kolada, through the cache, into the same tables."""
    folder = tmp_path / "kolada"
    folder.mkdir()
    asked = {kpi_id(name) for name in wanted("compulsory") if name in COLUMNS.values()}
    rows, lines = [], ["kpi,municipality,year,value"]
    for path in sorted((shared / "data" / "kolada").glob("*_long.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["kpi"].upper() in asked and 2018 <= int(row["year"]) <= 2021:
                    rows.append(
                        (row["kpi"].upper(), row["municipality"], int(row["year"]), [cell(float(row["value"]))])
                    )
                    lines.append(",".join(row.values()))
    (folder / "figures.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    kpis = [{"id": kpi, "title": kpi, "is_divided_by_gender": False} for kpi in sorted({row[0] for row in rows})]
    with Kolada(rows, kpis) as server:
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_KOLADA", server.address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        live = run("cost_efficiency", {"source": "kolada", "municipality": "Ale"}, output=tmp_path / "live")
    monkeypatch.setenv("KOMMUNANALYS_MODE", "offline")
    again = run("cost_efficiency", {"source": "kolada", "municipality": "Ale"}, output=tmp_path / "again")
    filed = run("cost_efficiency", {"source": str(folder), "municipality": "Ale"}, output=tmp_path / "filed")
    assert tables(live.folder) == tables(filed.folder) == tables(again.folder)
    assert [item["from_cache"] for item in again.record["origins"] if "Kolada" in item["producer"]] == [True]
