"""Words never say more than the numbers, and every number in them recomputes."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare.stories import explain, scores
from kommunanalys.compare.stories.story import Story, real_costs

NBSP = "\xa0"


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_the_answer_recomputes_to_the_digit(example):
    story = example()
    costs = story.case.panel.xs(2023, level="year")["compulsory_cost_home"]
    peers = costs[list(story.near.peers.index)]
    difference = costs["X07"] - peers.median()
    text = explain.answer(story)
    for number in (costs["X07"], peers.min(), peers.max(), peers.median(), abs(difference)):
        assert f"{number:,.0f}" in text
    assert f"{abs(100 * difference / peers.median()):.1f}%" in text
    assert ("above that median" in text) == (difference >= 0)


def test_within_and_outside_what_structure_explains(example):
    story = example()
    row = story.expected.units.loc["X07"]
    for outside, deviation, words in (
        (False, 1.0, "within"),
        (True, 1.0, "above that range"),
        (True, -1.0, "below that range"),
    ):
        units = story.expected.units.copy()
        units.loc["X07", ["outside", "deviation"]] = [outside, deviation]
        changed = dataclasses.replace(story, expected=dataclasses.replace(story.expected, units=units))
        assert words in explain.structure(changed)
    assert f"{row['expected']:,.0f}" in explain.structure(story)


def test_cheap_and_failing_is_called_by_its_name_only_beyond_chance(example):
    # X13 is made to be the cheapest with low results: see data/example/README.md.
    story = example("X13")
    assert "within what chance" in explain.results(story)
    rates, expected = story.rates.units.copy(), story.expected.units.copy()
    rates.loc["X13", "outside"] = True
    expected.loc["X13", ["outside", "deviation"]] = [True, -1.0]
    cheap = dataclasses.replace(story, expected=dataclasses.replace(story.expected, units=expected))
    for told, words in (
        (cheap, "a cheap school that fails is not efficient"),
        (dataclasses.replace(story), "**That is below what chance"),
    ):
        told.__dict__["rates"] = dataclasses.replace(story.rates, units=rates)
        assert words in explain.results(told)


def test_a_service_without_results_says_so(real):
    story = real("1440", service="upper_secondary")
    assert story.case.service.cost == "upper_secondary_cost_own"
    assert "No result is published for the same pupils" in explain.answer(story)
    assert "says nothing about efficiency" in scores.efficiency(story)


def test_a_missing_result_is_told_not_zero(example):
    story = example()
    units = story.case.panel.copy()
    units.loc[("X07", 2023), "compulsory_all_subjects_home"] = np.nan
    changed = dataclasses.replace(story, case=dataclasses.replace(story.case, panel=units))
    assert "no figure is published" in explain.results(changed)


def test_real_costs_by_hand(example):
    story = example()
    real = real_costs(story)
    nominal = story.case.panel.loc["X07"]["compulsory_cost_home"]
    assert real.loc[2023, "own"] == nominal[2023]
    assert real.loc[2015, "own"] == pytest.approx(nominal[2015] * story.prices[2023] / story.prices[2015])
    assert real.index.max() == 2023
    assert (real["low"] <= real["median"]).all()


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_the_same_numbers_in_every_language(example, language):
    def numbers(text: str) -> list[str]:
        return re.findall(r"\d[\d .,]*\d|\d", re.sub(r"[\xa0,.](?=\d)", "", text))

    english, other = numbers(explain.answer(example())), numbers(explain.answer(example(language=language)))
    # Swedish and Finnish labels may name year 9; no other number may differ.
    assert [number for number in sorted(other) if number != "9"] == sorted(english)


def test_terms_of_sweden_and_of_finland(example, real):
    assert "Grundläggande utbildning" in explain.subject(example(language="sv"))
    assert "Grundskola" in explain.subject(real("1440", language="sv"))


def test_leavers_are_one_year_group(example):
    story = example()
    pupils = story.case.units["compulsory_pupils_home"]
    assert isinstance(story, Story)
    pd.testing.assert_series_equal(story.leavers, (pupils / 10).round())
