"""papermill knows our engines by name, whichever of the two is imported first."""

import subprocess
import sys

import nbformat
import pytest

FIRST = {"ours": "import kommunanalys.reporting.engines", "papermill": "import papermill"}
RUN = """
{first}
import sys
from papermill.execute import execute_notebook
execute_notebook(sys.argv[1], sys.argv[2], parameters=dict(text="six"), engine_name=sys.argv[3], progress_bar=False)
"""


@pytest.mark.parametrize("engine", ["kommunanalys-fork", "kommunanalys-spawn"])
@pytest.mark.parametrize("first", FIRST)
def test_plain_papermill_runs_a_notebook_with_our_engine(notebook, tmp_path, engine, first):
    path = notebook("print(text * 2)", parameters='text: str = "one"  # any')
    command = [sys.executable, "-c", RUN.format(first=FIRST[first]), str(path), str(tmp_path / "out.ipynb"), engine]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    assert [output.text for cell in cells for output in cell.get("outputs", [])] == ["sixsix\n"]
