"""`explore`: what it asks of the installation and of the table."""

import importlib.util

import pytest

import kommunanalys as ka
from kommunanalys.errors import TableError, UnknownMunicipality, UsageError
from kommunanalys.widgets import exploring as module
from kommunanalys.widgets.exploring import explore, needed


def test_without_the_libraries_it_says_how_to_install_them(monkeypatch):
    monkeypatch.setattr(
        module, "find_spec", lambda name: None if name == "anywidget" else importlib.util.find_spec(name)
    )
    with pytest.raises(UsageError, match=r'anywidget.*pip install .*\[lab\]"'):
        needed()


def test_a_language_and_a_municipality_to_begin_with():
    made = explore(ka.panel(ka.read_example()), language="fi", municipality="Tiirasalmi")
    assert (made.choice.municipality, made.choice.language, made.languages.value) == ("X07", "fi", "fi")
    assert made.place.field.value == "Tiirasalmi (X07)"


def test_what_cannot_be_explored_is_refused_at_once():
    panel = ka.panel(ka.read_example())
    with pytest.raises(UnknownMunicipality):
        explore(panel, municipality="Stockholm")
    with pytest.raises(UsageError, match="language"):
        explore(panel, language="de")
    with pytest.raises(TableError):
        explore(panel.reset_index(drop=True))
