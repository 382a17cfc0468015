"""What comes back from a kernel: the cell's own words and the origins."""

import os

from nbformat.v4 import new_code_cell, new_notebook, new_output

from kommunanalys.language import Speaker
from kommunanalys.mime import RUN
from kommunanalys.reporting.execute import NotebookStopped, execute, handed_over
from kommunanalys.reporting.parameters import read_notebook


def test_exit_codes_follow_the_kind_of_error():
    assert NotebookStopped("UnknownMunicipality", "x").code == 2
    assert NotebookStopped("NoData", "x").code == 1
    assert NotebookStopped("ZeroDivisionError", "x").code == 1
    assert str(NotebookStopped("NoData", "a {brace}")) == "a {brace}"


def test_origins_are_handed_over_whatever_the_notebook_shows(notebook):
    book = read_notebook(notebook("import kommunanalys as ka\ntable = ka.read_example()"))
    executed = execute(book, {"year": 2020}, Speaker("en"))
    assert [item["fictive"] for item in handed_over(executed)] == [True]
    assert len(book.cells) == 3, "the notebook itself is untouched"


def test_a_notebook_without_data_has_no_origins():
    cell = new_code_cell(
        outputs=[new_output("display_data", {"text/plain": "x"}), new_output("display_data", {RUN: {"origins": []}})]
    )
    assert handed_over(new_notebook(cells=[cell])) == []


def test_the_environment_is_as_before(notebook, monkeypatch):
    monkeypatch.setenv("KOMMUNANALYS_LANGUAGE", "fi")
    execute(read_notebook(notebook("import os\nassert os.environ['KOMMUNANALYS_LANGUAGE'] == 'sv'")), {}, Speaker("sv"))
    assert os.environ["KOMMUNANALYS_LANGUAGE"] == "fi"
