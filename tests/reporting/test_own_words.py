"""What stands in a notebook may be shown, with the values of its parameters in its fields and with nothing else."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from kommunanalys.reporting.own_words import Words


def words(code="", parameters=""):
    """Of a notebook with one cell of parameters and one of code."""
    cells = [new_code_cell(parameters, metadata={"tags": ["parameters"]}), new_code_cell(code)]
    return Words(new_notebook(cells=cells), [])


def test_a_notebook_without_words_allows_none():
    assert not words().allows("nothing")
    assert not words("x = (").allows("x")


def test_a_text_stands_with_or_without_blanks_around_it():
    assert words('show("Pupils. ")').stands(" Pupils.")
    assert not words('show("Pupils.")').stands("Pupils")


def test_a_text_of_the_library_is_allowed_in_every_language():
    said = words('say("Sources")')
    assert all(said.allows(text) for text in ("Sources", "Källor", "Lähteet"))


@pytest.mark.parametrize("code", ['show(f"{place}: pupils")', 'show(say("{place}: pupils", place=place))'])
def test_a_field_is_filled_with_a_parameter_only(code):
    said = words(code, 'place = "X07"')
    assert said.allows("X07: pupils")
    assert not said.allows("Anna: pupils")
    assert not said.stands("X07: pupils"), "it does not stand there word for word"


def test_a_place_is_a_parameter_by_its_code_and_by_its_names():
    said = words('f"## {place}"', 'place = "598"')
    assert all(said.allows(f"## {name}") for name in ("598", "Jakobstad", "Pietarsaari"))


def test_the_titles_of_a_task_that_a_parameter_names_are_known():
    assert words(parameters='task = "dropout"').allows(
        "Which pupils in grade 8 risk not going on after compulsory school?"
    )


@pytest.mark.parametrize(("value", "known"), [("3", False), ("0.5", False), ("True", False), ("2024", True)])
def test_a_number_that_could_be_a_count_is_no_word(value, known):
    assert words(parameters=f"n = {value}").allows(value) is known
