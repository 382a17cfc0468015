"""What a folder is delivered with."""

import tomllib
from pathlib import Path

import nbformat
import pytest

from kommunanalys import workspace_files
from kommunanalys.paths import notebooks_dir
from kommunanalys.reporting.parameters import declared
from kommunanalys.secrecy.permit import Permit
from kommunanalys.workspace_files import delivered, schedule_example


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_pages_are_one_heading_and_whole_sentences(language):
    for name, raw in delivered(language).items():
        if name.endswith(".md"):
            text = raw.decode()
            assert [line.startswith("# ") for line in text.splitlines()].count(True) == 1, name
            assert text.endswith("\n")
            assert "{" not in text


def test_the_notebooks_are_the_librarys_own_and_begin_in_the_language_of_the_folder():
    shipped = {f"notebooks/{path.name}": path.read_bytes() for path in notebooks_dir().glob("*.ipynb")}
    english, finnish = ({k: v for k, v in delivered(one).items() if k.endswith(".ipynb")} for one in ("en", "fi"))
    assert english == shipped
    for name, raw in finnish.items():
        defaults = {key: one.default for key, one in declared(nbformat.reads(raw.decode(), 4)).items()}
        assert defaults["language"] == "fi", name
        assert len(raw) == len(shipped[name])


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_the_permit_is_one_and_says_that_it_is_invented(tmp_path, language):
    raw = delivered(language)["permits/example_free_zone.toml"]
    (tmp_path / "example_free_zone.toml").write_bytes(raw)
    permit = Permit.read(tmp_path / "example_free_zone.toml")
    assert "invented" in permit.decision
    assert raw.decode().splitlines()[0].startswith("# ")
    assert len({delivered(one)["permits/example_free_zone.toml"] for one in ("sv", "fi", "en")}) >= 1


def test_a_task_does_not_name_files_that_are_not_there(tmp_path, monkeypatch):
    tasks = tmp_path / "example" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "dropout.toml").write_text(
        'name = "dropout"\nobjections = "../pupils/objections.csv"  # who\nunit = "id"\n', encoding="utf-8"
    )
    registers = tmp_path / "example" / "registers"
    registers.mkdir()
    (registers / "free_zone.toml").write_text("", encoding="utf-8")
    monkeypatch.setattr(workspace_files, "data_dir", lambda: tmp_path)
    raw = delivered("en")["tasks/dropout.toml"].decode()
    assert tomllib.loads(raw) == {"name": "dropout", "unit": "id"}
    assert '# objections = "../pupils/objections.csv"' in raw


@pytest.mark.parametrize(("system", "word"), [("Linux", "ExecStart="), ("Windows", "<Task"), ("Darwin", "anacron")])
def test_the_schedule_is_of_this_machine_and_of_the_folder(tmp_path, monkeypatch, system, word):
    monkeypatch.setattr(workspace_files.platform, "system", lambda: system)
    before, folder = Path.cwd(), tmp_path / "min mapp"
    told = schedule_example(folder, "sv").decode()
    assert word in told
    assert told.count(str(folder)) >= 2  # where it works, and where the reports go
    assert Path.cwd() == before
    assert not folder.exists()


def test_a_folder_that_no_scheduler_can_name_is_told_so(tmp_path):
    assert "line breaks" in schedule_example(tmp_path / "a\nb", "en").decode()


def test_the_schedule_leaves_a_folder_that_is_there(tmp_path):
    schedule_example(tmp_path, "fi")
    assert tmp_path.is_dir()
