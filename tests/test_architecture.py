"""The house stays as it is drawn: what is declared, pinned and installed agrees."""

import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"duckdb": "python-duckdb", "matplotlib": "matplotlib-base"}
CONDA_ONLY = {"python", "pip", "hatchling"}


def bare(requirement):
    return re.split(r"[ ><=!\[;]", requirement.strip())[0].lower()


def requirements(*extras):
    listed = [*PROJECT["dependencies"], *(item for extra in extras for item in PROJECT["optional-dependencies"][extra])]
    return {bare(item): item.replace(" ", "") for item in listed}


def test_conda_environment_equals_pyproject():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = {
        bare(line.strip("- \n")): line.strip("- \n").replace(" ", "")
        for line in text.split("dependencies:")[1].splitlines()
        if line.strip().startswith("- ")
    }
    expected = {
        CONDA_NAMES.get(name, name): text.replace(name, CONDA_NAMES.get(name, name))
        for name, text in requirements("lab", "fast", "parquet", "registers", "documents", "dask").items()
    }
    assert {name: text for name, text in listed.items() if name not in CONDA_ONLY} == expected


def test_every_requirement_is_pinned_and_no_host_is_named():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {bare(line) for line in text.splitlines() if "==" in line}
    assert (
        set(requirements("lab", "fast", "parquet", "registers", "documents", "dask", "dev")) - {"kommunanalys"}
        <= pinned
    )
    assert "://" not in text
    assert not re.search(r"index.url|find.links|@ ", text)


def test_one_module_one_test_file():
    modules = {path.stem for path in (ROOT / "kommunanalys").rglob("*.py") if not path.stem.startswith("__")}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
    untested = modules - tests
    assert len(untested) <= 0.15 * len(modules), sorted(untested)


def test_no_module_imports_its_way_back_to_itself():
    graph = grimp.build_graph("kommunanalys", exclude_type_checking_imports=True, cache_dir=None)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imported).prepare()  # raises CycleError; imports within functions count


def test_no_path_of_a_machine_in_what_is_shipped():
    for path in [*(ROOT / "kommunanalys").rglob("*.*"), *(ROOT / "notebooks").glob("*.ipynb"), *ROOT.glob("*.md")]:
        if path.suffix in {".py", ".md", ".toml", ".ipynb", ".j2", ".css", ".po"}:
            assert not re.search(r"/(home|Users|root)/\w", path.read_text(encoding="utf-8")), path
