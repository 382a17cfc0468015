import json
from types import SimpleNamespace

import pytest

from kommunanalys.errors import UsageError
from kommunanalys.reporting import given
from kommunanalys.widgets import report_form
from kommunanalys.widgets.forms import form
from kommunanalys.widgets.running import Ended
from tests.widgets.small import write


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "late.ipynb")


def recorded(folder, status, name="run.json", message="", started="2026-11-22T10:00:00+00:00"):
    folder.mkdir(parents=True, exist_ok=True)
    told = {"status": status, "started": started, "error": {"message": message}}
    (folder / name).write_text(json.dumps(told), encoding="utf-8")


def shown(made):
    return made.result.outputs[0]["data"]["text/html"]


def test_the_table_is_what_the_records_say(notebook, tmp_path):
    room = tmp_path / "reports" / "late"
    recorded(room / "year-2021_en", "ok")
    recorded(room / "year-2022_en", "failed", message="<too early>")
    recorded(room / "year-2023_en", "ok")
    recorded(room / "year-2023_en", "timeout", "run-failed.json", "late")
    made = form(notebook, over={"year": [2021, 2022, "2023", 2024]}, language="en")
    assert [(line.values["year"], line.status) for line in made.lines()] == [
        (2021, "ok"),
        (2022, "failed"),
        (2023, "timeout"),
        (2024, ""),
    ]
    assert "year" not in made.fields
    assert "1 of 4 reports are ready, 2 failed, 1 are not made yet." in shown(made)
    assert 'href="reports/late/year-2021_en/report.html"' in shown(made)
    assert "&lt;too early&gt;" in shown(made)


def test_what_the_summary_alone_knows_is_shown_too(notebook, tmp_path):
    room = tmp_path / "reports" / "late"
    room.mkdir(parents=True)
    rows = [{"folder": "late/year-2021_en", "status": "failed", "reason": "no room"}, {"folder": "x", "status": "ok"}]
    (room / "sweep.json").write_text(json.dumps({"reports": rows}), encoding="utf-8")
    line = form(notebook, over="year=2021").lines()[0]
    assert (line.status, line.reason) == ("failed", "no room")


def test_the_table_follows_the_fields_and_the_language(notebook):
    made = form(notebook, over="year=2021,2022", language="en")
    made.fields["word"].value = "other"
    assert made.lines()[0].folder.name == "year-2021_word-other_en"
    made.choice.value = "fi"
    assert made.lines()[0].folder.name.endswith("_fi")
    made.fields["rest"].value = "long"
    assert made.lines() == []


def test_values_that_the_source_lacks_are_told_and_begin_nothing():
    made = form("municipality_profile", over={"municipality": ["Ale"]}, language="en")
    assert 'role="alert"' in shown(made)
    assert "Ale" in shown(made)
    made.run()
    assert made.command is None
    assert made.progress.alert
    made.fields["source"].value = "kolada"
    assert "Ale (1440)" in shown(made)


def test_a_parameter_that_there_is_not_is_refused(notebook):
    for wrong in ("yeer=1", "language=sv,fi"):
        with pytest.raises(UsageError):
            form(notebook, over=wrong)


def test_a_sweep_is_begun_stopped_and_resumed(notebook, tmp_path, monkeypatch):
    begun = []

    class Kept(SimpleNamespace):
        def __init__(self, words, values, language, *, told, ended):
            super().__init__(words=words, given=values, language=language, told=told, ended=ended)
            begun.append(self)

    monkeypatch.setattr(report_form, "Command", Kept)
    room = tmp_path / "reports" / "late"
    made = form(notebook, over={"word": ["a,b", "c;d"]}, language="en")
    first, second = (line.folder for line in made.lines())
    assert first.parent == room
    recorded(first, "ok")
    made.run()
    asked = begun[0].words
    assert asked[:2] == ["sweep", str(notebook)]
    assert given.over(asked[-1].removeprefix("word="), made.known["word"]) == ["a,b", "c;d"]
    assert [line.status for line in made.lines()] == ["", ""]  # what an earlier sweep has made is not this one's
    recorded(second, "failed", message="too early", started="9999")
    begun[0].told(0, 0)
    assert (made.progress.done, made.progress.total) == (1, 2)
    assert "too early" in shown(made)
    begun[0].ended(Ended(1, "the same list once more", 0))
    assert made.progress.text == "Some reports failed; the table says why."
    assert [line.status for line in made.lines()] == ["ok", "failed"]
    made.resume_button.click()
    assert begun[1].words[-1] == "--resume"
    assert not made.halt.disabled
    begun[1].ended(Ended(3, "Another sweep is writing.", 0))
    assert made.progress.text.startswith("The reports were not made.\nAnother sweep")


def test_errors_within_an_error_are_in_the_language_of_the_form():
    made = form("municipality_profile", over={"municipality": ["Nowhere at all"]}, language="sv")
    assert made.problem
    assert "Unknown" not in made.problem
    made.choice.value = "en"
    assert "Unknown" in made.problem
