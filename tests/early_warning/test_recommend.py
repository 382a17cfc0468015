"""What is recommended when the truth is known, and how it is said."""

import re

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.recommend import RECOMMENDATIONS, recommend
from kommunanalys.early_warning.strategies import reach
from kommunanalys.errors import UsageError


def world(signal=0.0, flag=0.0, place=0.0, seed=1, units=900):
    """Two dates, ten places; risk and flag tell so much of the log odds."""
    rng = np.random.default_rng(seed)
    at = np.arange(units)
    known, sign = rng.standard_normal((2, units))
    effect = np.linspace(-1, 1, 10)[at % 10]
    y = (rng.random(units) < 1 / (1 + np.exp(2.5 - signal * known - flag * sign - place * effect))).astype(float)
    risk = 1 / (1 + np.exp(2.5 - signal * known - flag * sign))
    table = {"as_of": at * 3 // units, "person": at, "place": at % 10, "y": y, "risk": risk, "flag": sign}
    return pd.DataFrame(table)


def verdict(table, **given):
    given = {"capacity": 30, **given}
    return recommend(table, reach(table, **given), **given)


@pytest.mark.parametrize(
    ("truth", "right"),
    [
        ({"signal": 2.0}, "list"),
        ({"place": 2.0}, "places"),
        ({"flag": 2.0}, "flag"),
        ({}, "everyone"),
        ({"signal": 2.0, "place": 0.5}, "list"),
    ],
)
def test_the_right_way_is_recommended(truth, right):
    assert verdict(world(**truth)).recommendation == right


def test_a_list_as_good_as_the_places_gives_way_to_them():
    table = world(place=2.0)
    # The model knows nothing but the place.
    table["risk"] = table["place"] / 10
    assert verdict(table).recommendation == "places"


def test_whole_places_are_compared_where_their_past_is_known():
    table = world(place=2.0)
    found = verdict(table).to_frame().set_index(["first", "second"])
    later = table[table["as_of"] > 0]
    again = recommend(
        later, reach(later, capacity=30), capacity=30, history=table.loc[table["as_of"] == 0, ["place", "as_of", "y"]]
    )
    other = again.to_frame().set_index(["first", "second"])
    columns = ["difference", "low", "high"]
    assert found.loc[("model", "places"), columns].tolist() == pytest.approx(
        other.loc[("model", "places"), columns].tolist()
    )
    assert again.places_known


def test_without_a_past_places_are_not_spoken_of():
    table = world(signal=2.0)
    found = verdict(table.assign(as_of=1))
    assert not found.places_known
    assert found.recommendation == "list"
    assert "could not be tried" in found.summary()
    assert "whole places:" not in found.summary()
    assert "more than whole places" not in found.summary()


def test_the_words():
    text = verdict(world(signal=2.0)).summary()
    assert text.startswith("Of 10 listed by the model, the outcome would have come for about ")
    assert "whole places: about 2 (1 to 3)" in text
    assert re.search(r"chance: about \d\.", text), "the expected value of a draw has no interval"
    assert "no decision about any person" in text
    assert "AUC" not in text


def test_the_words_are_no_surer_than_the_figures():
    found = verdict(world(signal=2.0))
    row = found.reached.loc["model"]
    about, low, high = map(int, re.search(r"for about (\d+) \((\d+) to (\d+)\)", found.summary()).groups())
    assert low <= 10 * row["precision_low"] < low + 1
    assert high - 1 < 10 * row["precision_high"] <= high
    assert about == round(10 * row["precision"])


def test_few_hits_are_covered():
    table = world(signal=2.0)
    hidden = recommend(table, reach(table, capacity=1), capacity=1)
    assert hidden.reached["hits"]["model"] <= 3
    assert "about" not in hidden.summary().split("whole places")[0].removeprefix("Of 10")


def test_every_recommendation_has_words():
    for truth in ({"signal": 2.0}, {"place": 2.0}, {"flag": 2.0}, {}):
        found = verdict(world(**truth))
        assert found.recommendation in RECOMMENDATIONS
        assert all(len(found.summary(language)) > 100 for language in ("sv", "fi", "en"))


def test_rare_outcomes_are_told_of_a_hundred():
    table = world(units=9000)
    table["y"] = ((table.index % 50) == 0).astype(float)
    assert verdict(table, capacity=500).summary().startswith("Of 100 listed")


def test_a_frame_without_totals_is_refused():
    table = world()
    found = reach(table, capacity=5)
    with pytest.raises(UsageError, match="answer of reach"):
        recommend(table, found[found["as_of"] != "all"], capacity=5)


def test_people_do_not_show_in_the_printed_form():
    assert "reached" not in repr(verdict(world()))
