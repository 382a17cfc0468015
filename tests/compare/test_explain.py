"""Words never say more than the numbers, and every number in them recomputes."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import explain
from kommunanalys.compare.explain import Story

NBSP = "\xa0"


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_the_answer_recomputes_to_the_digit(example):
    story = example()
    costs = story.case.panel.xs(2023, level="year")["compulsory_cost_home"]
    peers = costs[list(story.near.peers.index)]
    difference = costs["X07"] - peers.median()
    text = story.answer
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


def test_the_distance_is_a_range_in_money_and_no_target(example):
    text = explain.distance(example())
    row = example().dea.requirements("X07").set_index("column").loc["total_cost"]
    assert f"{-row['high']:.1f} million EUR" in text
    assert f"{-row['low']:.1f} million" in text
    assert "a difference, not a savings target" in text


def test_no_distance_where_the_range_includes_none(real):
    story = real("2403")
    assert story.dea.efficiency_["2403"] == pytest.approx(1)
    text = explain.distance(story)
    assert "no distance to report" in text
    assert not re.search(r"\d", text)


def test_no_distance_where_one_peer_decides(real):
    story = real("1440")
    reached = [
        unit
        for unit in story.dea.efficiency_.index[:150]
        if story.dea.efficiency_[unit] < 1 - 1e-6 and story.dea.requirements(unit)["includes_none"].iloc[0]
    ]
    assert reached, "no such municipality in the data: choose other data for this test"
    case = dataclasses.replace(story.case, municipality=reached[0])
    assert "no certain distance" in explain.distance(dataclasses.replace(story, case=case))


def test_a_score_is_no_share_of_waste(example):
    text = explain.efficiency(example())
    assert "no share of waste" in text
    assert "teacher" not in text


def test_cheap_and_failing_is_called_by_its_name(example):
    # X13 is made to be the cheapest with low results: see data/example/README.md.
    assert "a cheap school that fails is not efficient" in explain.results(example("X13"))
    assert "a cheap school that fails is not efficient" not in explain.results(example("X07"))


def test_a_service_without_results_says_so(real):
    story = real("1440", service="upper_secondary")
    assert story.case.service.cost == "upper_secondary_cost_own"
    assert "No result is published for the same pupils" in story.answer
    assert "says nothing about efficiency" in explain.efficiency(story)


def test_a_missing_result_is_told_not_zero(example):
    story = example()
    units = story.case.panel.copy()
    units.loc[("X07", 2023), "compulsory_all_subjects_home"] = np.nan
    changed = dataclasses.replace(story, case=dataclasses.replace(story.case, panel=units))
    assert "no figure is published" in explain.results(changed)


def test_cautions_hold_small_numbers_and_breaks(real):
    small = real("2403").cautions
    assert "Fewer than 100 pupils" in small
    assert "Bjurholm" in small
    assert "2019" in small
    assert small.count("\n- ") + 1 == len(small.splitlines())


def test_real_costs_by_hand(example):
    story = example()
    real = explain.real_costs(story)
    nominal = story.case.panel.loc["X07"]["compulsory_cost_home"]
    assert real.loc[2023, "own"] == nominal[2023]
    assert real.loc[2015, "own"] == pytest.approx(nominal[2015] * story.prices[2023] / story.prices[2015])
    assert real.index.max() == 2023
    assert (real["low"] <= real["median"]).all()


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_the_same_numbers_in_every_language(example, language):
    def numbers(text: str) -> list[str]:
        return re.findall(r"\d[\d .,]*\d|\d", re.sub(r"[\xa0,.](?=\d)", "", text))

    english, other = numbers(example().answer), numbers(example(language=language).answer)
    # Swedish and Finnish labels may name year 9; no other number may differ.
    assert [number for number in sorted(other) if number != "9"] == sorted(english)


def test_terms_of_sweden_and_of_finland(example, real):
    assert "Grundläggande utbildning" in example(language="sv").subject
    assert "Grundskola" in real("1440", language="sv").subject


def test_leavers_are_one_year_group(example):
    story = example()
    pupils = story.case.units["compulsory_pupils_home"]
    assert isinstance(story, Story)
    pd.testing.assert_series_equal(story.leavers, (pupils / 10).round())
