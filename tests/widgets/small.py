"""A notebook that runs in a moment, for the forms."""

import nbformat

PARAMETERS = """year: int = 2020  # which year
rest: float = 0.0  # how long to sleep
word: str = "x"  # a word"""


def write(path, code="import time; time.sleep(rest)\nif year < 2000:\n    raise ValueError('too early')\nyear"):
    cells = [
        nbformat.v4.new_markdown_cell("# How late is it?"),
        nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(code),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(metadata={"kernelspec": kernel}, cells=cells), path)
    return path
