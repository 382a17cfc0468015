"""What is taken along: files whose place is said, sources with their licence."""

import pytest

from kommunanalys.errors import OutputError
from kommunanalys.language import Speaker
from kommunanalys.origin import Origin
from kommunanalys.widgets.taking import Taking, sources

KOLADA = Origin("RKA", "kolada.csv", "ab", "CC0", "Källa: Kolada", "2026-11-22T05:30:00+00:00")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def taking(write):
    made = Taking(write, lambda: "line/../Å b", [KOLADA])
    made.speak(Speaker("en"))
    return made


def test_a_file_is_written_into_the_current_folder_and_its_place_said(here):
    asked = []
    made = taking(lambda path: asked.append(path) or [path, path.with_suffix(".json")])
    for button in made.buttons:
        button.click()
    assert asked == [here / "line_.._Å_b.xlsx", here / "line_.._Å_b.csv"]
    assert "line_.._Å_b.csv" in made.said.value
    assert str(here) in made.said.value


def test_a_file_that_cannot_be_written_is_said_in_words(here):
    def full(path):
        raise OutputError("{path} is full.", path=path.name)

    made = taking(full)
    made.buttons[0].click()
    assert 'role="alert"' in made.said.value
    assert "xlsx is full." in made.said.value


def test_sources_have_the_line_to_print_the_licence_and_the_day():
    assert sources([KOLADA, KOLADA], Speaker("en")) == (
        "<ul><li>Källa: Kolada; producer: RKA; licence: CC0; fetched 22 November 2026</li></ul>"
    )
    bare = Origin("<RKA>", "kolada.csv", "ab", "", "", "2026-11-22T05:30:00+00:00")
    assert sources([bare], Speaker("en")) == (
        "<ul><li>producer: &lt;RKA&gt;; the licence is not stated; fetched 22 November 2026</li></ul>"
    )


def test_another_language_relabels_all():
    made = taking(lambda path: [path, path])
    before = [
        made.code.button,
        *(button.description for button in made.buttons),
        *(title.value for title in made.titles),
    ]
    assert all(before)
    assert made.code.done
    assert "22 November" in made.sources.value
    made.speak(Speaker("fi"))
    assert "marraskuuta" in made.sources.value


def test_an_error_of_any_kind_is_said(here):
    made = taking(lambda _: 1 / 0)
    made.buttons[0].click()
    assert 'role="alert"' in made.said.value


def test_a_folder_that_is_gone_is_said(here, monkeypatch):
    def gone():
        raise FileNotFoundError("gone")

    made = taking(lambda path: [path, path])
    monkeypatch.setattr("pathlib.Path.cwd", gone)
    made.buttons[0].click()
    assert 'role="alert"' in made.said.value


def test_the_figures_go_beside_the_reports_of_ones_own_folder(here, monkeypatch):
    monkeypatch.setattr("kommunanalys.widgets.taking.own_folder", lambda: here / "own")
    asked = []
    made = taking(lambda path: asked.append(path) or [path, path])
    made.buttons[0].click()
    assert asked[0].parent == here / "own" / "reports"
    assert str(here / "own" / "reports") in made.said.value
