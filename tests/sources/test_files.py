"""Files: every cell accounted for, every fault with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kommunanalys.errors import SourceError
from kommunanalys.sources import files


def raw(text: str) -> files.RawFile:
    return files.RawFile("a.csv", "", text.encode())


def test_codes_stay_text() -> None:
    table = files.table(raw("code,n,x\n0114,1,2.5\n0180,2,\n"), text=["code"], whole=["n"], number=["x"])
    assert table["code"].tolist() == ["0114", "0180"]
    assert table["n"].tolist() == [1, 2]
    assert table["x"].isna().tolist() == [False, True]


@pytest.mark.parametrize("code", ["NA", "None", "null", "nan", ""])
def test_words_for_nothing_are_text_in_a_text_column(code: str) -> None:
    assert files.table(raw(f"code,x\n{code},1\n"), text=["code"], whole=[], number=["x"])["code"].tolist() == [code]


def test_a_folder_without_the_right_to_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        files.read(tmp_path)


def test_a_path_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Closest in the folder above: –"):
        files.existing(tmp_path / "none" / "kolada")
