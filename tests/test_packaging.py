"""A wheel carries notebooks and data and runs without the checkout; all other tests use the editable install."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_what_it_needs_and_nothing_else(wheel):
    files = {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.is_file()}
    for name in (
        "notebooks/cost_efficiency.ipynb",
        "data/municipalities.csv",
        "data/example/observations.csv",
        "glossary.toml",
        "locale/sv.po",
        "py.typed",
    ):
        assert f"kommunanalys/{name}" in files
    assert not any("test" in name or "__pycache__" in name for name in files)


def test_it_runs_without_the_checkout(wheel, tmp_path):
    env = {**os.environ, "PYTHONPATH": str(wheel)}
    where = subprocess.run(
        [sys.executable, "-c", "import kommunanalys; print(kommunanalys.__file__)"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(wheel) in where.stdout
    done = subprocess.run(
        [sys.executable, "-m", "kommunanalys", "run", "cost_efficiency", "-l", "en"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "cost_efficiency" / "en" / "report.html").is_file()
