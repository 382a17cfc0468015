"""Tiny notebooks, one for each thing that can go well or wrong."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = """from typing import Literal

municipality: str = "0114"  # code as text
year: int | None = None  # a year
level: Literal["low", "high"] = "low"  # how much # of it
share: float = 0.5
names: list[str] = []
quick: bool = False
language: Literal["sv", "fi", "en"] = "en"
"""


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Make a notebook of the given code cells; returns its path."""

    def make(*code: str, parameters: str = PARAMETERS, heading: str = "# What happens?", name: str = "tiny") -> Path:
        cells = [new_markdown_cell(heading), new_code_cell(parameters, metadata={"tags": ["parameters"]})]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        made = new_notebook(cells=[*cells, *map(new_code_cell, code)], metadata=kernel)
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(made, path)
        return path

    return make
