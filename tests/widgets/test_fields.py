import pytest

from kommunanalys.errors import ParameterError
from kommunanalys.language import Speaker
from kommunanalys.reporting.parameters import Parameter
from kommunanalys.widgets.fields import Field, kind_of, text_of

EN = Speaker("en")


def field(kind, default, value=None, **more):
    made = Field(Parameter(more.pop("name", "x"), kind, default, "help", **more), EN)
    if value is not None:
        made.value = value
    return made


@pytest.mark.parametrize(
    ("parameter", "kind"),
    [
        (Parameter("municipality", "str", ""), "place"),
        (Parameter("home", "str", "Jakobstad"), "place"),
        (Parameter("as_of", "str", "2025-06-30"), "date"),
        (Parameter("words", "str", "quick brown"), "text"),
        (Parameter("price_index", "str", None, optional=True), "text"),
        (Parameter("years", "list[str]", ["a"]), "text"),
        (Parameter("year", "int", 1), "number"),
        (Parameter("share", "float", 0.5), "number"),
        (Parameter("quick", "bool", True), "checkbox"),
        (Parameter("quick", "bool", None, optional=True), "choice"),
        (Parameter("service", "choice", "a", choices=("a", "b")), "choice"),
    ],
)
def test_one_field_by_type(parameter, kind):
    assert kind_of(parameter) == kind


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter("municipality", "str", "0114"),
        Parameter("price_index", "str", None, optional=True),
        Parameter("years", "list[str]", ["a", "b"]),
        Parameter("years", "list[str]", []),
        Parameter("words", "list[str]", ["one, two"]),
        Parameter("price_index", "str", "", optional=True),
        Parameter("year", "int", None, optional=True),
        Parameter("share", "float", 0.1),
        Parameter("quick", "bool", False),
        Parameter("quick", "bool", None, optional=True),
        Parameter("service", "choice", 2, choices=(1, 2)),
        Parameter("as_of", "str", "2025-06-30"),
    ],
)
def test_the_default_comes_back_as_it_was(parameter):
    made = Field(parameter, EN)
    assert made.read() == parameter.default
    assert made.check()
    assert made.error == ""


def test_codes_stay_text_and_a_checkbox_is_a_truth_value():
    assert field("str", "X07", "0114", name="municipality").read() == "0114"
    assert field("bool", False, "true").read() is True
    assert field("list[str]", [], "a, b").read() == ["a", "b"]
    assert field("list[str]", ["a"], " ").read() == []
    assert text_of(True) == "true"


def test_a_wrong_value_is_said_when_it_is_left_and_gone_when_mended():
    year = field("int", 2020, "soon", name="year")
    assert year.error == "Parameter Year: 'soon' is not allowed. It takes a whole number."
    year.speak(Speaker("sv"))
    assert "är inte tillåtet" in year.error
    assert year.label == "År"
    year.value = "2021"
    assert year.error == ""


def test_an_unknown_municipality_names_the_closest():
    place = field("str", "X07", "Jakobstadt", name="municipality")
    assert "Jakobstad (598, FI)" in place.error


def test_a_municipality_outside_the_source_is_told():
    place = field("str", "X07", "Ale", name="municipality")
    assert place.error == ""
    place.cover(("X01", "X07"))
    assert [name for name, _ in place.options] != []
    assert not place.check()
    assert "source" in place.error
    place.cover(("1440",))
    assert place.error == ""
    assert place.options == [["Ale", ""]]


def test_names_are_offered_in_the_chosen_language():
    place = Field(Parameter("municipality", "str", "598"), Speaker("sv"))
    assert "Jakobstad" in [name for name, _ in place.options]
    place.speak(Speaker("fi"))
    assert "Pietarsaari" in [name for name, _ in place.options]


def test_no_day_is_no_day():
    day = field("str", "2025-06-30", "2025-02-30", name="as_of")
    assert "2025-02-30" in day.error
    with pytest.raises(ParameterError, match="no day"):
        day.read()


def test_an_optional_choice_can_be_left_empty():
    choice = field("choice", None, name="service", choices=("compulsory", "upper_secondary"), optional=True)
    assert choice.options[0] == ["", "(none)"]
    assert choice.options[1] == ["compulsory", "Compulsory school"]
    assert choice.read() is None
