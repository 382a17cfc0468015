"""Cautions: when each one is given, whom it names, and that it is silent otherwise."""

import pandas as pd

from kommunanalys.compare.cautions import (
    Caution,
    dominant_peers,
    few_units,
    incomplete,
    missing_quality,
    small_numbers,
)
from kommunanalys.language import Speaker


def test_numbers_and_units_are_said_in_the_language():
    caution = Caution("{count}: {units}", {"count": 12345, "units": ("091", "School A")})
    assert caution.say(Speaker("fi")) == "12\xa0345: Helsinki ja School A"
    assert len({caution, caution}) == 1, "a caution can be kept once where several results give it"


def test_few_units_is_the_larger_of_both_rules():
    assert not few_units(36, 6, 6)
    assert few_units(35, 6, 6)
    assert few_units(48, 7, 7)
    assert not few_units(49, 7, 7), "7 · 7 = 49 exceeds 3 · 14 = 42"


def test_small_numbers_names_those_below_a_hundred():
    found = small_numbers(pd.Series({"a": 100, "b": 99, "c": 3}))
    assert found[0].values["units"] == ("b", "c")
    assert not small_numbers(pd.Series({"a": 100}))


def test_missing_quality_speaks_only_where_every_output_is_known_to_be_none():
    assert missing_quality(["compulsory_pupils_home", "population"])
    assert not missing_quality(["compulsory_pupils_home", "compulsory_merit_home"])
    assert not missing_quality(["pupils_who_passed"])


def test_dominant_peers_counts_the_others_only():
    rows = [("a", "a"), ("b", "a"), ("c", "a"), ("d", "d"), ("c", "d"), ("e", "e"), ("f", "f"), ("g", "g")]
    peers = pd.DataFrame(rows, columns=["unit", "peer"])
    # 2 of the 6 others are exactly a third, 2 of 5 are more.
    assert not dominant_peers(peers, 7)
    assert dominant_peers(peers, 6)[0].values["units"] == ("a",)


def test_incomplete_lists_all_of_them():
    caution = incomplete(["1440", "0180"])[0]
    assert caution.say(Speaker("en")) == "Left out because a figure is missing (2): Ale and Stockholm."
    assert incomplete([]) == ()
