"""Which figures may not be printed, by hand."""

import pandas as pd
import pytest

from kommunanalys.language import LANGUAGES
from kommunanalys.secrecy.cube import tabulate
from kommunanalys.secrecy.rules import explain, primary, threshold_for


def reasons(table, value="count", owner=None, threshold=5):
    cube = tabulate(table, ("school",), ("support",) if "support" in table else (), value, owner)
    return {cube.shape.keys[place]: reason for place, reason in primary(cube, threshold).items()}


@pytest.mark.parametrize(("count", "hidden"), [(4, True), (5, False)])
def test_fewer_than_the_threshold_are_few(count, hidden):
    table = pd.DataFrame({"school": ["A"] * 20, "support": ["yes"] * count + ["no"] * (20 - count)})
    assert ((("school", "A"), ("support", "yes")) in reasons(table)) is hidden


@pytest.mark.parametrize(("third", "hidden"), [(9, True), (10, False)])
def test_who_knows_the_second_may_not_work_out_the_first_to_a_tenth(third, hidden):
    # 100 is the largest, 50 the second: what is left over is the third, and its share of the largest decides.
    table = pd.DataFrame({"school": ["A"] * 3, "who": [1, 2, 3], "kr": [100, 50, third]})
    assert ("dominance" in reasons(table, "kr", "who", threshold=1).values()) is hidden


def test_a_trait_of_everybody_is_told_by_its_zero_too():
    table = pd.DataFrame({"school": ["A"] * 9 + ["B"] * 20, "support": ["yes"] * 9 + ["yes", "no"] * 10})
    found = reasons(table)
    assert found[("school", "A"), ("support", "yes")] == "group"
    assert found[("school", "A"), ("support", "no")] == "group"


@pytest.mark.parametrize(
    ("domains", "columns", "sensitive", "least"),
    [
        ({"school"}, {"grade"}, None, 5),
        ({"school"}, {"special_support"}, None, 10),
        ({"school", "social_services"}, set(), None, 10),
        ({"a domain of somebody's own"}, set(), None, 10),
        ({"social_services"}, set(), False, 5),
        (set(), set(), True, 10),
    ],
)
def test_thresholds(domains, columns, sensitive, least):
    assert threshold_for(frozenset(domains), frozenset(columns), sensitive) == least


@pytest.mark.parametrize("reason", ["small", "dominance", "group", "change", "earlier", "secondary"])
def test_every_reason_has_words_in_three_languages(reason):
    assert len({explain(reason, language) for language in LANGUAGES}) == 3
