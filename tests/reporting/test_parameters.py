"""The annotated cell is the only declaration, and nothing but declared names and typed values pass."""

import pytest

from kommunanalys.errors import NotebookError, ParameterError, UsageError
from kommunanalys.reporting.parameters import declared, find_notebook, read_notebook, validate


@pytest.fixture
def known(notebook):
    return declared(read_notebook(notebook()))


def test_types_defaults_and_help_are_read(known):
    assert list(known) == ["municipality", "year", "level", "share", "names", "quick", "language"]
    assert known["municipality"].default == "0114"
    assert known["level"].choices == ("low", "high")
    assert known["level"].help == "how much # of it"
    assert known["year"].type == "int or none"
    assert known["share"].help == ""


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("municipality", "091", "091"),
        ("municipality", "no", "no"),
        ("municipality", "1e5", "1e5"),
        ("municipality", "", ""),
        ("year", "2021", 2021),
        ("year", "none", None),
        ("year", "", None),
        ("level", "high", "high"),
        ("share", "0.25", 0.25),
        ("names", "Ale, Åmål", ["Ale", "Åmål"]),
        ("quick", "ja", True),
        ("quick", "False", False),
    ],
)
def test_text_is_read_as_the_type_says(known, name, text, value):
    assert validate(known, {name: text})[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("year", "20 21"),
        ("year", "2021.5"),
        ("year", True),
        ("level", "middle"),
        ("share", "half"),
        ("quick", "maybe"),
        ("municipality", 114),
        ("names", 3),
    ],
)
def test_wrong_types_are_refused_with_what_is_allowed(known, name, value):
    with pytest.raises(ParameterError, match=f"Parameter {name}.*It takes"):
        validate(known, {name: value})


def test_all_codes_survive(known):
    codes = [f"{number:03d}" for number in range(1, 1000)] + [f"{number:04d}" for number in range(114, 2585, 7)]
    assert [validate(known, {"municipality": code})["municipality"] for code in codes] == codes


def test_unknown_name_gets_the_closest(known):
    with pytest.raises(ParameterError, match="Closest: municipality"):
        validate(known, {"municpality": "1"})
    with pytest.raises(ParameterError, match="Unknown parameter"):
        validate(known, {"x=1;print(1);y": "1"})


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("year = 2021", "is not `name"),
        ("year: date = None", "Unknown parameter type date"),
        ("year: int = 1 + len('a')", "plain value"),
        ("print(1)", "is not `name"),
    ],
)
def test_a_bad_parameters_cell_says_which_line(notebook, cell, message):
    with pytest.raises(NotebookError, match=message):
        declared(read_notebook(notebook(parameters=cell)))


def test_exactly_one_cell(notebook):
    book = read_notebook(notebook("x = 1"))
    book.cells[-1].metadata["tags"] = ["parameters"]
    with pytest.raises(NotebookError, match="this one has 2"):
        declared(book)


def test_notebooks_are_found_by_name_or_path(notebook, tmp_path):
    assert find_notebook("cost_efficiency") == find_notebook("cost_efficiency.ipynb")
    assert find_notebook("notebooks/cost_efficiency.ipynb").samefile(find_notebook("cost_efficiency"))
    assert find_notebook(notebook()).name == "tiny.ipynb"
    with pytest.raises(UsageError, match="cost_efficiency"):
        find_notebook("cost_eficiency")
    with pytest.raises(UsageError):
        find_notebook(tmp_path / "absent.ipynb")


def test_no_notebook_at_all(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text("hello", encoding="utf-8")
    with pytest.raises(NotebookError, match=r"x\.ipynb"):
        read_notebook(path)


def test_a_person_s_own_notebook_comes_before_the_library_s(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / ".kommunanalys.json").write_text("{}", encoding="utf-8")
    mine = tmp_path / "notebooks" / "cost_efficiency.ipynb"
    mine.write_bytes(find_notebook("cost_efficiency").read_bytes())
    (tmp_path / "notebooks" / "scratch.ipynb").write_bytes(mine.read_bytes())
    monkeypatch.chdir(tmp_path / "notebooks")
    assert find_notebook("cost_efficiency") == mine
    assert find_notebook("scratch").parent == mine.parent
    assert find_notebook("open_data").parent != mine.parent
    monkeypatch.chdir(tmp_path.parent)
    assert find_notebook("cost_efficiency") != mine
