"""Traces of registers are found wherever they stand, and ordinary reports give no alarm."""

import base64
import shutil

import nbformat
import pandas as pd
import pytest
from docx import Document
from nbformat.v4 import new_code_cell, new_notebook, new_output
from openpyxl import load_workbook
from typer.testing import CliRunner

from kommunanalys import secrecy
from kommunanalys.cli import app
from kommunanalys.errors import CheckFailed
from kommunanalys.figures import Table
from kommunanalys.figures.show import bundle
from kommunanalys.language import Speaker
from kommunanalys.mime import RUN
from kommunanalys.reporting import register_traces
from kommunanalys.reporting.check import check
from kommunanalys.reporting.run import run
from tests.reporting.conftest import notebook

__all__ = ["notebook"]
PERSON = "school:" + "0123456789abcdef" * 2
SAY = Speaker("en")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A report without registers, with a table of small numbers and of many rows, all told apart."""
    folder = tmp_path_factory.mktemp("good")
    make = notebook.__wrapped__ if hasattr(notebook, "__wrapped__") else notebook.__pytest_wrapped__.obj
    code = (
        "import pandas as pd\nimport kommunanalys as ka\nfrom kommunanalys.figures import Table\n"
        'ka.show(Table(pd.DataFrame({"a": range(30)}, [f"place {n}" for n in range(30)]), "Small numbers"))'
    )
    return run(make(folder)(code), language="en", output=folder / "reports", docx=True).folder


@pytest.fixture
def report(good, tmp_path):
    """A copy to be spoiled, without the record, which would say rightly that it was changed."""
    copy = shutil.copytree(good, tmp_path / "report")
    (copy / "run.json").unlink()
    return copy


def rules(path):
    return sorted({fault.rule for fault in check(path)})


def test_an_ordinary_report_gives_no_alarm(good):
    assert check(good) == []


def on_page(folder):
    page = folder / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("place 3", PERSON), encoding="utf-8")


def in_picture(folder):
    drawn = base64.b64encode(f"<svg xmlns='http://www.w3.org/2000/svg'><text>{PERSON}</text></svg>".encode()).decode()
    image = f'<img src="data:image/svg+xml;base64,{drawn}" alt="What a picture of pupils shows">'
    page = folder / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("</h1>", f"</h1>{image}"), encoding="utf-8")


def in_sheet(folder):
    book = load_workbook(folder / "report.xlsx")
    book["1"]["A6"] = PERSON
    book.save(folder / "report.xlsx")


def in_paper(folder):
    paper = Document(folder / "report.docx")
    paragraph = paper.add_paragraph(PERSON[:20])
    paragraph.add_run(PERSON[20:])
    paper.save(folder / "report.docx")


def in_executed(folder):
    book = nbformat.read(folder / "executed.ipynb", as_version=4)
    book.cells[0].metadata["note"] = PERSON
    nbformat.write(book, folder / "executed.ipynb")


def in_record(folder):
    (folder / "run-failed.json").write_text(f'{{"status": "failed", "error": "{PERSON}"}}', encoding="utf-8")


@pytest.mark.parametrize("spoil", [on_page, in_picture, in_sheet, in_paper, in_executed, in_record])
def test_a_pseudonym_is_found_everywhere_and_never_repeated(report, spoil):
    assert rules(report) == []
    spoil(report)
    faults = [fault for fault in check(report) if fault.rule == "pseudonym"]
    assert len(faults) == 1
    assert PERSON not in faults[0].tell(SAY)


def test_hashes_are_no_pseudonyms(report):
    page = report / "report.html"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("place 3", "md5:" + "0" * 32 + " sha256:" + "0" * 64), encoding="utf-8")
    assert "pseudonym" not in rules(page)


def executed(*outputs, code="x", path=None, **metadata):
    cells = [new_code_cell(code, outputs=list(outputs))]
    book = new_notebook(cells=cells, metadata=metadata)
    if path is not None:
        nbformat.write(book, path)
    return nbformat.writes(book)


def shown(frame, caption="Pupils"):
    return new_output("display_data", bundle(Table(frame, caption), SAY))


def told(text):
    return [found.message.split(" of the executed")[1] for found in register_traces.in_notebook(text)]


ROWS = pd.DataFrame({"grade": [7 + n % 3 for n in range(30)], "absence": range(100, 130)}, [f"p{n}" for n in range(30)])
FEW = pd.DataFrame({"yes": [3.0, 40.0], "no": [20.0, 30.0]}, ["A", "B"])
SINGLE = [" notebook shows a table of single persons."]
READ = 'secrecy.read_register("pupils.csv")'


def test_rows_with_pseudonyms_are_found_in_any_notebook():
    people = [f"school:{n:032x}" for n in range(3)]
    assert told(executed(shown(pd.DataFrame({"grade": [7, 8, 9]}, people)))) == [
        " notebook shows a table of single persons."
    ]
    html = pd.DataFrame({"person": people, "grade": [7, 8, 9]}).to_html()
    assert told(executed(new_output("execute_result", {"text/html": html}))) == [
        " notebook shows a table of single persons."
    ]


def test_many_rows_with_a_key_are_found_where_a_register_was_read():
    assert told(executed(shown(ROWS))) == []
    for how in ({"code": READ}, {"kommunanalys_registers": {"readings": 1}}):
        assert told(executed(shown(ROWS), **how)) == SINGLE
    origins = new_output("display_data", {RUN: {"origins": [{"credit": "own register"}]}})
    assert told(executed(shown(ROWS), origins)) == SINGLE
    assert told(executed(new_output("display_data", {"text/html": ROWS.to_html()}), code=READ))


def test_small_numbers_are_found_where_a_register_was_read_but_not_in_releases():
    assert told(executed(shown(FEW))) == []
    (words,) = told(executed(shown(FEW), code=READ))
    assert "below {limit} without a release id" in words
    assert told(executed(shown(FEW + 10), code=READ)) == []
    pupils = pd.DataFrame({"school": ["A"] * 30 + ["B"] * 30, "support": (["no"] * 27 + ["yes"] * 3) * 2})
    rounded = secrecy.release(pupils, rows="school", columns="support", method="round", language="en")
    assert told(executed(new_output("display_data", bundle(rounded, SAY)), code=READ)) == []


def test_a_notebook_alone_can_be_checked_and_is_not_to_be_published(tmp_path):
    path = tmp_path / "mine.ipynb"
    executed(shown(FEW), code=READ, path=path)
    assert rules(path) == ["single-persons"]
    done = CliRunner().invoke(app, ["check", str(path)])
    assert isinstance(done.exception, CheckFailed)
    assert done.exception.exit_code == 4
    path.write_text("{", encoding="utf-8")
    assert rules(path) == ["unreadable"]


def test_the_executed_notebook_of_a_report_is_looked_through(report):
    book = nbformat.read(report / "executed.ipynb", as_version=4)
    book.cells[-1].source += "\n" + READ
    nbformat.write(book, report / "executed.ipynb")
    assert "single-persons" in rules(report)
