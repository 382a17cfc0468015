import pytest

from kommunanalys.errors import UsageError
from kommunanalys.widgets import report_form
from kommunanalys.widgets.forms import form
from kommunanalys.widgets.report_form import link
from kommunanalys.widgets.running import Ended
from tests.widgets.small import write


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "late.ipynb")


class Kept:
    """Instead of a process: what it was asked, and a way to end it."""

    made: list["Kept"]

    def __init__(self, words, values, language, *, told, ended):
        self.words, self.given, self.language, self.told, self.ended = words, values, language, told, ended
        self.stops = 0
        self.made.append(self)

    def stop(self):
        self.stops += 1


@pytest.fixture
def commands(monkeypatch):
    Kept.made = []
    monkeypatch.setattr(report_form, "Command", Kept)
    return Kept.made


def test_a_field_for_each_parameter_but_the_language():
    made = form("cost_efficiency", language="sv")
    assert list(made.fields) == ["source", "municipality", "year", "service", "peers", "price_index"]
    assert "Vad kostar" in made.heading.value
    assert [one.kind for one in made.fields.values()] == ["text", "place", "number", "choice", "number", "text"]


def test_the_source_decides_which_municipalities_are_offered():
    made = form("cost_efficiency")
    made.fields["municipality"].value = "Ale"
    assert made.fields["municipality"].error
    made.fields["source"].value = "kolada"
    assert made.fields["municipality"].error == ""
    assert len(made.fields["municipality"].options) == 290
    made.fields["source"].value = "nothing such"
    assert len(made.fields["municipality"].options) > 500


def test_one_dropdown_switches_everything_in_place():
    made = form("cost_efficiency", language="en")
    field = made.fields["year"]
    field.value = "soon"
    made.choice.value = "fi"
    assert made.fields["year"] is field
    assert field.label == "Vuosi"
    assert "ei kelpaa" in field.error
    assert "Mitä palvelu maksaa" in made.heading.value
    assert made.choice.options[0] == ["sv", "Svenska"]


def test_wrong_values_begin_nothing(notebook, commands):
    made = form(notebook)
    made.fields["year"].value = "soon"
    made.start.click()
    assert not commands
    assert made.progress.alert
    assert not made.start.disabled


def test_what_is_refused_before_the_run_is_said(notebook, commands):
    made = form(notebook)
    made.fields["word"].value = "env:NO_SUCH_SECRET"
    made.start.click()
    assert not commands
    assert "NO_SUCH_SECRET" in made.progress.text


def test_a_second_click_begins_no_second_run_and_the_buttons_follow(notebook, commands):
    made = form(notebook, output="out")
    assert made.halt.disabled
    made.fields["word"].value = "0114"
    made.run()
    made.run()
    assert len(commands) == 1
    assert commands[0].given == {"word": "0114"}  # the notebook's own defaults are left to it
    assert commands[0].words[:2] == ["run", str(notebook)]
    assert made.start.disabled
    assert made.fields["year"].disabled
    assert not made.halt.disabled
    commands[0].told(2, 5)
    assert (made.progress.done, made.progress.total) == (2, 5)
    made.stop()
    made.stop()
    assert commands[0].stops == 1
    assert made.halt.disabled
    commands[0].ended(Ended(130, "", 2))
    assert made.progress.text == "Stopped. Nothing half-written is left."
    assert not made.progress.alert
    made.run()
    assert len(commands) == 2


def test_a_failure_is_told_with_its_cell(notebook, commands):
    made = form(notebook)
    made.run()
    commands[0].ended(Ended(1, "ValueError: too early", 4))
    assert made.progress.alert
    assert "ValueError: too early" in made.progress.text
    assert "import time; time.sleep(rest)" in made.progress.text
    assert made.result.outputs == ()


def test_a_real_run_ends_with_a_link_to_the_report(notebook, tmp_path):
    made = form(notebook, language="fi")
    made.fields["year"].value = "2024"
    made.run()
    made.command.wait()
    assert made.state == "ready", made.progress.text
    report = tmp_path / "reports" / "late" / "year-2024_fi" / "report.html"
    assert report.exists()
    assert 'href="reports/late/year-2024_fi/report.html"' in made.result.outputs[0]["data"]["text/html"]
    assert not made.start.disabled


def test_a_link_is_escaped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert link(tmp_path / 'a"b' / "å.html", "<b>") == '<a href="a%22b/%C3%A5.html">&lt;b&gt;</a>'


def test_unknown_notebooks_languages_and_climbing_outputs_are_refused(notebook):
    for wrong in ({"notebook": "nothing"}, {"language": "de"}, {"output": "../out"}):
        with pytest.raises(UsageError):
            form(**{"notebook": notebook, **wrong})


def test_reports_lie_in_the_person_s_own_folder(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert form("open_data").output == tmp_path / "notebooks" / "reports"
    (tmp_path / ".kommunanalys.json").write_text("{}", encoding="utf-8")
    assert form("open_data").output == tmp_path / "reports"


def test_what_was_said_goes_when_a_field_is_changed(notebook, commands):
    made = form(notebook)
    made.run()
    commands[0].ended(Ended(0, "", 5))
    assert "report.html" in made.result.outputs[0]["data"]["text/html"]
    made.fields["year"].value = "2021"
    assert (made.state, made.progress.text, made.result.outputs) == ("", "", ())
