"""The fields of the explorer, without a browser: what they tell, what they refuse and in which words."""

from kommunanalys.language import Speaker
from kommunanalys.widgets.choosing import Finder, Place, Several, heading, message

CODES = ["1440", "1441", "0180"]


def place(**given):
    told = []
    field = Place(CODES, told.append, stays=given.get("stays", True))
    field.speak(Speaker("en", "SE"), "Municipality")
    return field, told


def test_a_typed_name_is_completed_and_told_once():
    field, told = place()
    field.field.value = "lerum"
    assert (told, field.field.value) == (["1441"], "Lerum (1441)")


def test_an_unknown_name_is_said_beside_the_field():
    field, told = place()
    field.put("1440")
    field.field.value = "<b>Lerun"
    assert told == []
    assert 'role="alert"' in field.said.value
    assert "Lerum (1441)" in field.said.value
    assert "<b>" not in field.said.value
    field.field.value = "Lerum"
    assert (told, field.said.value) == (["1441"], "")


def test_a_field_for_adding_is_emptied():
    field, told = place(stays=False)
    field.field.value = "Ale"
    assert (told, field.field.value) == (["1440"], "")
    field.field.value = "Ale"
    assert told == ["1440", "1440"]


def test_an_empty_field_and_another_language_choose_nothing():
    field, told = place()
    field.put("1440")
    field.field.value = ""
    field.speak(Speaker("fi", "SE"), "Kunta")
    assert (told, field.field.value, field.field.description) == ([], "Ale (1440)", "Kunta")


def several():
    told = []
    field = Several(CODES, told.append)
    field.speak(Speaker("en", "SE"), "Peers", "Add", "Take away")
    return field, told


def test_one_is_added_once_and_taken_away():
    field, told = several()
    for name in ("Ale", "Lerum", "Ale (1440)"):
        field.adding.field.value = name
    assert told[-1] == field.chosen == ("1440", "1441")
    field.list.value = ("1440",)
    field.away.click()
    assert told[-1] == field.chosen == ("1441",)
    assert [text for text, _ in field.list.options] == ["Lerum (1441)"]


def test_taking_away_nothing_says_what_to_do():
    field, _ = several()
    field.put(["1440"])
    field.away.click()
    assert "Select in the list" in field.said.value
    assert field.chosen == ("1440",)


def finder():
    told = []
    field = Finder(["population", "tax_rate", "N1"], {"N1": "Buses in traffic"}, told.append)
    field.speak(Speaker("sv", "SE"), "Nyckeltal", "Sök")
    field.put("tax_rate")
    return field, told


def found(field):
    return [name for _, name in field.list.options]


def test_searching_shortens_the_list_and_chooses_nothing():
    field, told = finder()
    assert found(field) == ["tax_rate", "population", "N1"]
    field.words.value = "asukas"
    assert (found(field), field.list.value, told) == (["population"], None, [])
    field.list.value = "population"
    assert told == ["population"]
    field.words.value = ""
    assert (found(field)[0], field.list.value, told) == ("population", "population", ["population"])


def test_a_search_without_a_hit_says_so():
    field, _ = finder()
    field.words.value = "zz<"
    assert (found(field), field.list.value) == ([], None)
    assert "zz&lt;" in field.said.value
    field.words.value = "bus"
    assert (found(field), field.said.value) == (["N1"], "")


def test_long_lines_can_be_folded():
    field, _ = finder()
    assert "N1 \u200bBuses \u200bin \u200btraffic" in [text for text, _ in field.list.options]


def test_headings_and_messages_are_text():
    assert "<b>" not in heading("<b>") + message("<b>")
    assert message("") == ""
    assert 'role="alert"' in message("No", wrong=True)
