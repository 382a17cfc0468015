"""Whether there are outcomes enough: the counts, the limits, and what is said of a small town."""

import re

import pandas as pd
import pytest

from kommunanalys.early_warning.enough import EVENTS, enough, judge
from kommunanalys.early_warning.reading import parse
from kommunanalys.language import Speaker
from kommunanalys.secrecy.register import in_words

TASK = """
title = "Who will leave?"
unit = ["id", "year"]
person = "id"
place = "school"
capacity = 5
as_of = "06-30"
cohort = {date = "year", start = "06-15", until = "+1 06-15"}
outcome = {column = "left", kind = "status", event = "yes", known_from = "+1 09-20", horizon = "15 months"}
feature = [{column = "mark", known_from = "06-10", label = {en = "mark", sv = "betyg", fi = "arvosana"}}]
flag = {feature = "mark", high = false}
"""


def register(each, years, again=False):
    """So many leavers among 65 pupils a year in two schools."""
    rows = [
        {
            "id": f"{0 if again else year}-{number}",
            "year": year,
            "school": "ab"[number % 2],
            "mark": number % 10,
            "left": "yes" if number < each else "no",
        }
        for year in years
        for number in range(65)
    ]
    return pd.DataFrame(rows)


def test_a_town_of_six_thousand_gets_no_model():
    town = enough(parse(TASK), register(4, range(2018, 2023)))
    assert (town.ok, town.events, town.cohorts, town.persons) == (False, 20, 5, 325)
    assert town.places == 2
    assert town.towns == -(-EVENTS // 20)
    assert town.advice in {"pool", "places", "flag"}
    text = town.summary("en")
    assert "Make none" in text
    assert "one simple flag (mark)" in text
    assert f"about {town.towns} municipalities" in text


def test_people_of_several_cohorts_count_once():
    assert enough(parse(TASK), register(4, range(2018, 2023), again=True)).events == 4


def test_only_complete_cohorts_count():
    table = register(30, range(2018, 2022))
    table.loc[table["year"] == 2021, "left"] = None
    found = enough(parse(TASK), table)
    assert (found.cohorts, found.events, found.ok) == (3, 90, True)


def test_the_limits():
    assert judge(events=EVENTS, cohorts=3, persons=999, columns=5).ok
    assert not judge(events=EVENTS - 1, cohorts=3, persons=999, columns=5).ok
    assert not judge(events=999, cohorts=2, persons=9999, columns=5).ok
    many = judge(events=EVENTS, cohorts=3, persons=999, columns=100)
    assert not many.ok
    assert many.needed > EVENTS


@pytest.mark.parametrize(
    ("events", "cohorts", "places", "advice"),
    [
        (EVENTS, 3, 5, "model"),
        (EVENTS - 1, 3, 5, "pool"),
        (10, 3, 5, "flag"),
        (200, 2, 5, "places"),
        (200, 2, 1, "flag"),
    ],
)
def test_the_advice(events, cohorts, places, advice):
    found = judge(events=events, cohorts=cohorts, persons=1000, columns=5, places=places, flag={"en": "absence"})
    assert found.advice == advice
    assert found.to_frame().loc[0, "advice"] == advice


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_small_numbers_are_covered(language):
    found = judge(events=3, cohorts=4, persons=260, columns=5, flag={"en": "absence"})
    text = found.summary(language)
    assert in_words(3, Speaker(language)) in text
    assert "3 person" not in text
    assert found.towns is None, "27 towns for 80 events would tell that it is three"
    assert "27" not in text
    assert not re.search(r"\b(3|260)\b", repr(found))
    assert pd.isna(found.to_frame().loc[0, "events"])


def test_one_class_is_not_enough():
    found = judge(events=500, cohorts=4, persons=500, columns=5)
    assert not found.ok
    assert "without the outcome" in found.summary()
    nearly = judge(events=497, cohorts=4, persons=500, columns=5)
    assert "497" not in nearly.summary() + repr(nearly) + nearly.to_frame().to_csv()
    assert judge(events=420, cohorts=4, persons=500, columns=5).ok


def test_no_complete_cohort_is_said_with_the_reason():
    assert "No cohort is complete: " in judge(events=0, cohorts=0, persons=0, columns=5).summary()


def test_no_event_at_all():
    found = judge(events=0, cohorts=4, persons=260, columns=5)
    assert found.towns is None
    assert "outcome in the past: 0" in found.summary()


def test_too_few_cohorts_is_said_as_that():
    text = judge(events=200, cohorts=2, persons=1000, columns=5, places=5).summary()
    assert "too few complete cohorts" in text
    assert "Pool" not in text
