"""Stories share what they remember: the simulations behind them take seconds."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("memory")


@pytest.fixture(autouse=True)
def remembering(own_folders: None, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNANALYS_CACHE", str(memory))
