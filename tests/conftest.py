"""What all tests share: the collected real data, a quiet state, a cache of their own."""

import os
from pathlib import Path

import hypothesis
import matplotlib as mpl
import pytest

mpl.use("Agg")
# Before scikit-learn is imported, here and in the kernels: as many threads as cores, in each of as many workers, spend
# their time waiting for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# The same cases at every run, however slow the machine: a failure is then one of the code, and can be repeated.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")

LONG = (
    "tests/widgets/test_in_lab.py",
    "tests/test_pupils_at_risk.py",
    "tests/reporting/test_sweep.py",
    "tests/reporting/test_limits.py",
    "tests/test_notebooks.py",
    "tests/reporting/test_browser.py",
    "tests/reporting/test_engines.py",
    "tests/reporting/test_pools.py",
    "tests/reporting/test_run.py",
    "tests/early_warning/test_model.py",
)
"""Files that take longest, the longest first."""

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[1].parent / "shared"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first: at the end no worker is alone with one of them (`make test`)."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.nodeid.split("::")[0], len(LONG)))


@pytest.fixture
def shared() -> Path:
    """Folder of the collected real data; skips where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"the collected real data are not at {SHARED} (set KOMMUNANALYS_SHARED)")
    return SHARED


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache and a state of its own, speaks English and knows no origins."""
    from kommunanalys import origin

    base = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("KOMMUNANALYS_CACHE", str(base / "cache"))
    monkeypatch.setenv("KOMMUNANALYS_STATE", str(base / "state"))
    monkeypatch.setenv("KOMMUNANALYS_LANGUAGE", "en")
    origin.forget()
