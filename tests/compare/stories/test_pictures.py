"""Charts tell in words what they show, and no change over a break."""

import dataclasses

import pytest

from kommunanalys import names
from kommunanalys.compare.stories import pictures
from kommunanalys.compare.stories.story import real_costs
from kommunanalys.figures import description


def test_cost_over_time_tells_first_and_last(example):
    story = example()
    own = real_costs(story)["own"].dropna()
    told = description(pictures.cost_over_time(story))
    assert f"From {own.index[0]} to {own.index[-1]}" in told.alternative
    assert f"{100 * (own.iloc[-1] / own.iloc[0] - 1):.1f}%" in told.alternative


def test_cost_over_time_begins_after_a_break(example, monkeypatch):
    story = example()
    gap = names.Break(2020, "", {"en": "Counted anew."})
    item = dataclasses.replace(names.get("compulsory_cost_home"), breaks=(gap,))
    monkeypatch.setitem(names.glossary(), "compulsory_cost_home", item)
    assert "From 2020 to" in description(pictures.cost_over_time(story)).alternative


def test_the_ranking_names_place_and_medians(example):
    story = example()
    told = description(pictures.cost_ranking(story))
    assert f"{story.peer_costs.median():,.0f}" in told.alternative
    assert len(told.data) == 1 + len(story.peer_costs)


def test_ranges_show_all_and_list_those_that_matter(real):
    story = real("1440")
    told = description(pictures.efficiencies(story, story.intervals))
    assert told.data.index[0] == "Ale"
    assert 1 < len(told.data) < 20
    row = story.intervals.units.loc["1440"]
    assert told.data.loc["Ale", "Corrected"] == pytest.approx(row["corrected"])
