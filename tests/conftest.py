"""What all tests share: the collected real data, a quiet state, a cache of their own."""

import os
from pathlib import Path

import hypothesis
import matplotlib as mpl
import pytest

mpl.use("Agg")
# The same cases at every run, however slow the machine: a failure is then one of the code, and can be repeated.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[1].parent / "shared"))


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
