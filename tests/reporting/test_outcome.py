"""What a sweep leaves behind of itself: no folder of a machine, and all that can be written whatever cannot."""

import errno
import json

import pytest

from kommunanalys.errors import OutputError
from kommunanalys.reporting import folder
from kommunanalys.reporting import sweep as sweeps
from kommunanalys.reporting.outcome import Stopped, Unwritten


def go(path, output, over=None, **more):
    over = over or {"municipality": ["0114", "0115"]}
    return sweeps.sweep(path, over, languages=["en"], output=output, workers=2, engine="spawn", **more)


FOLDER = "No file '/home/qvist b/x.csv' at /home/qvist/y.csv"


@pytest.fixture
def made(monkeypatch):
    """Reports as if they had been made: the first well, the others failed for the given reason."""

    def stand_in(reason=FOLDER):
        well = sweeps.Made({"status": "ok", "seconds": 1.0}, {"report.html": b"x"})
        bad = sweeps.Made({"status": "failed", "seconds": 1.0, "error": {"type": "E", "message": reason}}, {})
        made = lambda jobs, _: ((place, bad if place else well) for place in range(len(jobs)))  # noqa: E731
        monkeypatch.setattr(sweeps.pools, "carry_out", made)

    stand_in()
    return stand_in


def test_no_folder_of_a_machine_stands_in_what_a_sweep_leaves_behind(notebook, tmp_path, made):
    over = {"municipality": ["0114", "0115"], "file": ["/home/qvist c/z.csv"]}
    parameters = "file: str = ''\nmunicipality: str = '0114'\nsource: str = ''\n"
    path = notebook("x = 1", parameters=parameters)
    done = go(path, tmp_path / "r", over, parameters={"source": "/home/qvist d/kolada"})
    assert done.rows[0].parameters["file"] == "/home/qvist c/z.csv"
    assert done.bad[0].reason == "No file '…/x.csv' at …/y.csv"
    room = tmp_path / "r" / "tiny"
    for name in ("sweep.csv", "sweep.json"):
        text = (room / name).read_text(encoding="utf-8-sig")
        assert "qvist" not in text
        assert "…/z.csv" in text
    assert json.loads((room / "sweep.json").read_text(encoding="utf-8"))["parameters"] == {"source": "…/kolada"}
    assert all("qvist" not in path.read_text(encoding="utf-8") for path in room.rglob("run.json"))
    assert all("qvist" not in path.read_text(encoding="utf-8") for path in (tmp_path / "r").glob("index*"))


def test_a_summary_of_last_time_that_is_open_in_excel_is_told(notebook, tmp_path, made):
    (tmp_path / "r" / "tiny" / "sweep.csv").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"sweep\.csv cannot be written"):
        go(notebook("x = 1"), tmp_path / "r")
    assert not list((tmp_path / "r").rglob("run.json")), "told before hours of work"


def closed(monkeypatch, *names):
    """Files of these names cannot be written, as where Excel has them open."""
    write = sweeps.write_beside

    def write_beside(path, raw, room):
        if path.name in names:
            raise folder.explained(PermissionError(errno.EACCES, "open elsewhere"), path)
        write(path, raw, room)

    monkeypatch.setattr(sweeps, "write_beside", write_beside)


def test_a_table_that_cannot_be_written_costs_neither_the_summary_nor_the_start_page(
    notebook, tmp_path, made, monkeypatch
):
    closed(monkeypatch, "sweep.csv")
    with pytest.raises(Unwritten, match=r"sweep\.csv cannot be written") as caught:
        go(notebook("x = 1"), tmp_path / "r")
    assert isinstance(caught.value, OutputError)
    assert [row.status for row in caught.value.sweep.rows] == ["ok", "failed"]
    told = json.loads((tmp_path / "r" / "tiny" / "sweep.json").read_text(encoding="utf-8"))
    assert told["counts"]["ok"] == 1
    assert (tmp_path / "r" / "index.sv.html").exists()


def test_a_sweep_that_was_stopped_tells_what_it_can(notebook, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeps.pools, "carry_out", stopped)
    closed(monkeypatch, "sweep.csv")
    with pytest.raises(Stopped):
        go(notebook("x = 1"), tmp_path / "r")
    assert (tmp_path / "r" / "tiny" / "sweep.json").exists()
    assert (tmp_path / "r" / "index.html").exists()
