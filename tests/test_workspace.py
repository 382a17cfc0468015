"""One's own folder: whole or not at all, and nothing that a person has changed is ever written over."""

import json
import shutil
from pathlib import Path

import pytest

from kommunanalys import workspace as module
from kommunanalys import workspace_files
from kommunanalys.errors import OutputError, UsageError
from kommunanalys.workspace import RECORD, fingerprint, is_free, workspace

COSTS = "notebooks/cost_efficiency.ipynb"


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """The library's notebooks and data as a copy that a test may change: the next version of the library."""
    for name in ("notebooks", "data"):
        original = getattr(workspace_files, f"{name}_dir")()
        shutil.copytree(original, tmp_path / "library" / name, ignore=shutil.ignore_patterns("*.csv", "*.py", "*.svg"))
        monkeypatch.setattr(workspace_files, f"{name}_dir", lambda name=name: tmp_path / "library" / name)
    return tmp_path / "library"


@pytest.fixture
def folder(shipped, tmp_path):
    workspace(tmp_path / "mine", language="en")
    return tmp_path / "mine"


def edit(path, change):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def add_line(path, line="# mine"):
    def change(notebook):
        notebook["cells"][-1]["source"] = [*notebook["cells"][-1]["source"], "\n" + line]

    edit(path, change)


def contents(folder):
    """Every file but git's own, with its bytes and the moment it was written."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts]
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_new_folder_holds_everything_and_no_example_data(folder, shipped):
    names = set(contents(folder))
    assert {f"notebooks/{path.name}" for path in (shipped / "notebooks").glob("*.ipynb")} < names
    expected = {"README.md", "data/README.md", "reports/README.md", "tasks/README.md", "permits/README.md"}
    assert (
        expected | {"permits/example_free_zone.toml", "schedule.txt", ".gitignore", ".gitattributes", RECORD} <= names
    )
    assert not [name for name in names if name.endswith((".csv", ".part"))]
    assert (folder / COSTS).read_bytes() == (shipped / COSTS).read_bytes()
    assert sorted(path.name for path in folder.parent.iterdir()) == ["library", "mine"]


def test_the_record_tells_each_file_as_delivered(folder):
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    assert record["files"][COSTS] == fingerprint(COSTS, (folder / COSTS).read_bytes())
    assert set(record["files"]) == set(contents(folder)) - {RECORD, "schedule.txt"}
    assert record["language"] == "en"


def test_what_is_made_says_so_and_the_second_time_does_nothing(shipped, tmp_path):
    first = workspace(tmp_path / "mine", language="en")
    before = contents(tmp_path / "mine")
    again = workspace(tmp_path / "mine")
    assert first.made
    assert COSTS in first.new
    assert not again.made
    assert again.summary("en").splitlines()[1:] == ["Nothing new."]
    assert contents(tmp_path / "mine") == before


@pytest.mark.parametrize("name", ["min mapp", "Träsk åäö", "kunta (2) 'vuosi' $HOME %d"])
def test_names_with_spaces_and_letters(shipped, tmp_path, name):
    done = workspace(tmp_path / name / "under", language="sv")
    assert done.folder == tmp_path / name / "under"
    assert (done.folder / COSTS).is_file()
    assert workspace(tmp_path / name / "under").new == []


def test_an_empty_folder_is_filled_where_it_stands(shipped, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    inode = (tmp_path / "mine").stat().st_ino
    monkeypatch.chdir(tmp_path / "mine")
    assert workspace(".").folder == tmp_path / "mine"
    assert (tmp_path / "mine").stat().st_ino == inode  # a shell that stands in it goes on standing in it
    assert Path(COSTS).is_file()
    assert [path.name for path in Path().glob(".kommunanalys*")] == [RECORD]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_holds_other_things_is_refused_and_not_touched(shipped, tmp_path, kind):
    if kind == "folder":
        (tmp_path / "mine").mkdir()
    other = tmp_path / "mine" / "letter.txt" if kind == "folder" else tmp_path / "mine"
    other.write_text("mine")
    assert not is_free(tmp_path / "mine")
    with pytest.raises(UsageError, match="holds other things"):
        workspace(tmp_path / "mine")
    assert other.read_text() == "mine"
    left = {path for path in tmp_path.rglob("*") if "library" not in path.parts}
    assert left == {tmp_path / "mine", other}


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("fault", [OSError(28, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [0, 3, 100])
def test_an_interruption_leaves_nothing_half(shipped, tmp_path, monkeypatch, there, fault, after):
    if there:
        (tmp_path / "mine").mkdir()
    written, write = [], module._write

    def failing(path, raw):
        written.append(path)
        if len(written) > after:
            raise fault
        write(path, raw)

    def failing_at_the_end(*_):
        raise fault

    monkeypatch.setattr(module, "_write", failing)
    monkeypatch.setattr(module, "set_filter", failing_at_the_end)
    with pytest.raises(KeyboardInterrupt if isinstance(fault, KeyboardInterrupt) else OutputError):
        workspace(tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir() if path.name != "library"] == ["mine"] * there
    assert list(tmp_path.glob("mine/*")) == []
    monkeypatch.undo()
    assert workspace(tmp_path / "mine").made


def test_a_folder_that_was_empty_is_emptied_again_when_moving_in_fails(shipped, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    rename = Path.rename

    def failing(self, target):
        if self.name == RECORD:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OutputError, match="Permission denied"):
        workspace(tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []


def test_unchanged_files_are_replaced_changed_ones_never(folder, shipped):
    add_line(folder / "notebooks/open_data.ipynb")
    mine = (folder / "notebooks/open_data.ipynb").read_bytes()
    for name in (COSTS, "notebooks/open_data.ipynb"):
        add_line(shipped / name, "# the next version")
    done = workspace(folder)
    assert done.replaced == [COSTS]
    assert done.beside == [("notebooks/open_data.ipynb", "notebooks/open_data.new.ipynb")]
    assert (folder / COSTS).read_bytes() == (shipped / COSTS).read_bytes()
    assert (folder / "notebooks/open_data.ipynb").read_bytes() == mine
    new = shipped / "notebooks/open_data.ipynb"
    assert (folder / "notebooks/open_data.new.ipynb").read_bytes() == new.read_bytes()
    assert "The new version lies beside it: notebooks/open_data.new.ipynb" in done.summary("en")
    again = workspace(folder)
    assert (again.replaced, again.beside, again.kept) == ([], [], ["notebooks/open_data.ipynb"])


def test_a_version_laid_beside_is_renewed_unless_the_person_has_worked_in_it(folder, shipped):
    add_line(folder / COSTS)
    for number, expected in enumerate(["new", "new", "new2", "new2"]):
        add_line(shipped / COSTS, f"# version {number}")
        (beside,) = workspace(folder).beside
        assert beside[1] == f"notebooks/cost_efficiency.{expected}.ipynb"
        assert (folder / beside[1]).read_bytes() == (shipped / COSTS).read_bytes()
        if number == 1:
            add_line(folder / beside[1], "# mine too")
    assert "# mine too" in (folder / "notebooks/cost_efficiency.new.ipynb").read_text(encoding="utf-8")


def test_new_files_are_added_and_those_no_longer_delivered_stay(folder, shipped):
    shutil.copy(shipped / COSTS, shipped / "notebooks/another.ipynb")
    (shipped / "notebooks/open_data.ipynb").unlink()
    done = workspace(folder)
    assert done.new == ["notebooks/another.ipynb"]
    assert done.dropped == ["notebooks/open_data.ipynb"]
    assert (folder / "notebooks/open_data.ipynb").is_file()
    assert workspace(folder).dropped == []


def test_a_persons_own_file_of_the_same_name_is_not_written_over(folder, shipped):
    (folder / "notebooks/another.ipynb").write_text("mine")
    shutil.copy(shipped / COSTS, shipped / "notebooks/another.ipynb")
    assert workspace(folder).beside == [("notebooks/another.ipynb", "notebooks/another.new.ipynb")]
    assert (folder / "notebooks/another.ipynb").read_text() == "mine"


def test_what_a_person_has_deleted_stays_deleted(folder, shipped):
    (folder / "permits/example_free_zone.toml").unlink()
    shutil.rmtree(folder / "notebooks")
    add_line(shipped / COSTS)
    done = workspace(folder)
    assert COSTS in done.deleted
    assert "permits/example_free_zone.toml" in done.deleted
    assert not (folder / "notebooks").exists()


def test_opening_and_running_a_notebook_is_no_change(folder, shipped):
    def opened(notebook):
        notebook["metadata"] |= {"widgets": {"state": {}}, "language_info": {"name": "python", "version": "3.99"}}
        notebook["nbformat_minor"] = 5
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])  # the other way that the format allows
            cell["metadata"]["execution"] = {"iopub.execute_input": "2026-11-22T12:00:00Z"}
            if cell["cell_type"] == "code":
                cell |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": ["shown"]}]}

    edit(folder / COSTS, opened)
    assert "shown" in (folder / COSTS).read_text(encoding="utf-8")
    assert workspace(folder).summary("en").endswith("Nothing new.")
    assert "shown" in (folder / COSTS).read_text(encoding="utf-8")  # nothing new: what the person sees stays too
    add_line(shipped / COSTS)
    assert workspace(folder).replaced == [COSTS]


@pytest.mark.parametrize(
    "change",
    [
        lambda notebook: notebook["cells"].pop(),
        lambda notebook: notebook["cells"][0].update(cell_type="raw"),
        lambda notebook: notebook["cells"][0].update(source=["# Mine"]),
        lambda notebook: notebook["cells"][0]["metadata"].update(tags=["mine"]),
    ],
)
def test_a_change_in_the_cells_is_a_change(folder, shipped, change):
    edit(folder / COSTS, change)
    add_line(shipped / COSTS)
    assert workspace(folder).beside == [(COSTS, "notebooks/cost_efficiency.new.ipynb")]


def test_a_notebook_broken_by_hand_is_a_change_and_line_ends_are_none(folder):
    (folder / COSTS).write_text("{")
    page = folder / "README.md"
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))
    done = workspace(folder)
    assert done.kept == [COSTS]
    assert (folder / COSTS).read_text() == "{"


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"version": "1"}', "\udcff"])
def test_a_broken_record_protects_everything(folder, shipped, record):
    add_line(folder / COSTS)
    mine = (folder / COSTS).read_bytes()
    (folder / RECORD).write_bytes(record.encode("utf-8", "surrogateescape"))
    done = workspace(folder, language="en")
    assert done.beside == [(COSTS, "notebooks/cost_efficiency.new.ipynb")]
    assert (done.new, done.replaced) == ([], [])
    assert (folder / COSTS).read_bytes() == mine
    assert workspace(folder).beside == []


def test_an_interrupted_renewal_is_taken_up_again(folder, shipped, monkeypatch):
    for path in (shipped / "notebooks").glob("*.ipynb"):
        add_line(path, "# the next version")
    write, written = module._write, []

    def failing(path, raw):
        if written:
            raise PermissionError(13, "Permission denied")
        written.append(path)
        write(path, raw)

    monkeypatch.setattr(module, "_write", failing)
    with pytest.raises(OutputError, match="Permission denied"):
        workspace(folder)
    monkeypatch.undo()
    assert not list(folder.rglob("*.part"))
    monkeypatch.setattr(workspace_files, "notebooks_dir", lambda: shipped / "notebooks")
    monkeypatch.setattr(workspace_files, "data_dir", lambda: shipped / "data")
    done = workspace(folder)
    assert len(done.replaced) == len(list((shipped / "notebooks").glob("*.ipynb"))) - 1
    assert not done.beside


def test_the_language_stays_until_another_is_asked_for(shipped, tmp_path):
    for language in ("sv", "fi", "en"):
        done = workspace(tmp_path / "mine", language=language)
        assert json.loads((tmp_path / "mine" / RECORD).read_text(encoding="utf-8"))["language"] == language
        assert done.language == language
    assert workspace(tmp_path / "mine").language == "en"
    with pytest.raises(UsageError, match="Unknown language"):
        workspace(tmp_path / "mine", language="de")


def test_the_version_is_told_when_it_is_another(folder):
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    (folder / RECORD).write_text(json.dumps(record | {"version": "0.0.1"}), encoding="utf-8")
    assert "Version 0.0.1 → " in workspace(folder).summary("en")
    assert "Version" not in workspace(folder).summary("en")


def test_folders_above_that_were_made_on_the_way_go_again_after_a_failure(shipped, tmp_path, monkeypatch):
    def failing(path, raw):
        raise OSError(28, "No space left")

    (tmp_path / "there").mkdir()
    monkeypatch.setattr(module, "_write", failing)
    with pytest.raises(OutputError):
        workspace(tmp_path / "there" / "a" / "b" / "mine")
    assert list((tmp_path / "there").iterdir()) == []
