"""Tables and charts of a report: complete, described, recomputed."""

import dataclasses

import numpy as np
import pytest
from matplotlib.axes import Axes

from kommunanalys.compare import views
from kommunanalys.figures import Table, description
from kommunanalys.indicators import wanted
from kommunanalys.sources import load

SECTIONS = (
    views.subject,
    views.answer,
    views.similar_costs,
    views.over_time,
    views.structure,
    views.efficiency,
    views.distance,
    views.results,
    lambda story: views.cautions(story, load("example", wanted("compulsory"))),
)


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_every_section_is_whole_in_every_language(example, language):
    story = example(language=language)
    for section in SECTIONS:
        parts = section(story)
        assert parts
        for part in parts:
            if isinstance(part, Axes):
                told = description(part)
                assert len(told.data)
                assert story.place in told.alternative
            elif isinstance(part, Table):
                assert len(part.data)
            else:
                assert part


def test_similar_table_by_hand(example):
    story = example()
    table = views.similar_costs(story)[-1]
    assert table.data.index[0] == "Tärnsund"
    assert table.data["distance"].iloc[0] == 0
    assert table.data["distance"].is_monotonic_increasing
    assert (
        table.data["compulsory_cost_home"].iloc[1]
        == story.case.units.at[story.near.peers.index[0], "compulsory_cost_home"]
    )


def test_weights_of_peers_sum_to_a_hundred(example):
    table = views.efficiency(example())[-1]
    assert table.data["weight"].sum() == pytest.approx(100)


def test_results_are_medians_of_their_groups(example):
    story = example()
    table = next(part for part in views.results(story) if isinstance(part, Table))
    row = table.data.iloc[0]
    column = story.case.units["compulsory_all_subjects_home"]
    assert row["own"] == column["X07"]
    assert row["similar"] == column.reindex(story.near.peers.index).median()
    assert row["all"] == column.median()


def test_cost_and_result_of_different_pupils_never_meet_in_a_chart(real):
    parts = views.results(real("1440", service="upper_secondary"))
    assert not any(isinstance(part, Axes) for part in parts)


def test_an_efficient_municipality_has_no_table_of_peers(real):
    assert not any(isinstance(part, Table) for part in views.efficiency(real("2403")))


def test_a_municipality_without_needs_gets_words_only(example):
    story = example()
    units = story.expected.units.drop("X07")
    left = dataclasses.replace(story, expected=dataclasses.replace(story.expected, units=units, left_out=("X07",)))
    words, beside = views.structure(left)
    assert words == "What the structure explains cannot be told: a figure that it needs is missing."
    assert list(beside.data.index) == ["Median of the similar ones", "Median of all"]


def test_yardsticks_stand_side_by_side(real):
    story = real("1440")
    table = views.structure(story)[1].data
    units = story.case.units
    assert table.at["Reference cost, as published", "percent"] == units.at["1440", "compulsory_cost_deviation"]
    assert table.at["Reference cost, as published", "cost"] == units.at["1440", "compulsory_reference_cost_home"]
    expected = story.expected.units.at["1440", "expected"]
    assert table.at["Expected from its needs", "percent"] == pytest.approx(100 * (story.cost / expected - 1))


def test_effects_on_cost_and_efficiency_stand_side_by_side(real):
    story = real("1440")
    table = views.structure(story)[-1].data
    effects = story.environment.coefficients["effect"].drop("constant")
    assert table["effect"].tolist() == effects.tolist()
    assert table["effect_percent"].tolist() == story.expected.coefficients["effect_percent"].tolist()


def test_every_score_has_its_range(real):
    story = real("1440")
    chart = next(part for part in views.efficiency(story) if isinstance(part, Axes))
    rows = description(chart).data
    assert {"Ale", "Lerum", "Piteå"} <= set(rows.index)
    assert (rows["Lower limit"] < rows["Corrected"]).all()
    assert len(chart.collections[0].get_segments()) == len(story.dea.efficiency_) - 1


def test_a_missing_result_leaves_a_hole_not_a_zero(example):
    story = example()
    panel = story.case.panel.copy()
    panel.loc[("X07", 2023), "compulsory_all_subjects_home"] = np.nan
    changed = dataclasses.replace(story, case=dataclasses.replace(story.case, panel=panel))
    for part in views.results(changed):
        if isinstance(part, Axes):
            assert description(part).alternative
