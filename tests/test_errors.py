"""Every error is one message with its values, in the language of the session."""

import inspect

import pytest

from kommunanalys import errors


def test_all_errors_stand_below_one_and_are_documented():
    classes = [item for _, item in inspect.getmembers(errors, inspect.isclass) if item.__module__ == errors.__name__]
    assert len(classes) > 10
    assert all(issubclass(item, errors.KommunanalysError) and item.__doc__ for item in classes)


def test_message_is_filled_and_translated(monkeypatch):
    error = errors.NoData("The observations table is empty: there is nothing to make a panel of.")
    english = str(error)
    monkeypatch.setenv("KOMMUNANALYS_LANGUAGE", "sv")
    assert str(error) != english
    assert "tom" in str(error)


def test_braces_in_values_are_harmless():
    assert str(errors.NoData("No {x}.", x="{y}")) == "No {y}."


@pytest.mark.parametrize(
    ("kind", "code"),
    [(errors.UsageError, 2), (errors.UnknownMunicipality, 2), (errors.NoData, 1), (errors.Timeout, 124)],
)
def test_exit_codes(kind, code):
    assert kind.exit_code == code


def test_errors_within_an_error_are_said_in_the_same_language():
    text = "Unknown language {language!r}. Choose one of {languages}."
    inner = tuple(errors.UsageError(text, language=one, languages="sv") for one in ("de", "da"))
    one, both = errors.UsageError("{reason}", reason=inner[0]), errors.UsageError("{reasons}", reasons=inner)
    assert one.said("sv") == "Okänt språk 'de'. Välj ett av sv."
    assert both.said("sv") == "Okänt språk 'de'. Välj ett av sv.\nOkänt språk 'da'. Välj ett av sv."
    assert str(both).count("Unknown language") == 2
