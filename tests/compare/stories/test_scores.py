"""Words on efficiency: a range in money, peers with their reason, change in real prices, silence where none is."""

import dataclasses
import re

import numpy as np
import pytest

from kommunanalys.compare.stories import scores


def test_the_distance_is_a_range_in_money_and_no_target(example):
    text = scores.distance(example())
    row = example().dea.requirements("X07").set_index("column").loc["total_cost"]
    assert f"{-row['high']:.1f} million EUR" in text
    assert f"{-row['low']:.1f} million" in text
    assert "a difference, not a savings target" in text


def test_no_distance_where_the_range_includes_none(real):
    story = real("2403")
    assert story.dea.efficiency_["2403"] == pytest.approx(1)
    text = scores.distance(story)
    assert "no distance to report" in text
    assert not re.search(r"\d", text)


def test_no_distance_where_one_peer_decides(real):
    story = real("1440")
    reached = (
        unit
        for unit in story.dea.efficiency_.index[:150]
        if story.dea.efficiency_[unit] < 1 - 1e-6 and story.dea.requirements(unit)["includes_none"].iloc[0]
    )
    first = next(reached, None)
    assert first, "no such municipality in the data: choose other data for this test"
    case = dataclasses.replace(story.case, municipality=first)
    assert "no certain distance" in scores.distance(dataclasses.replace(story, case=case))


def test_a_score_is_no_share_of_waste(example):
    text = scores.efficiency(example())
    assert "no share of waste" in text
    assert "teacher" not in text


def with_intervals(story, *, doubtful, upper=0.95):
    found = story.intervals
    units = found.units.copy()
    units.loc[story.case.municipality, ["lower", "upper"]] = [0.8, upper]
    changed = dataclasses.replace(story)
    changed.__dict__["intervals"] = dataclasses.replace(found, units=units, doubtful=doubtful)
    return changed


def test_ranges_that_hold_the_truth_too_seldom_give_no_money(example):
    assert "this range does not cover that" in scores.distance(with_intervals(example(), doubtful=True))


def test_a_trusted_range_is_told_in_money(example):
    story = with_intervals(example(), doubtful=False, upper=0.85)
    cost = story.dea.inputs_.at["X07", "total_cost"]
    text = scores.distance(story)
    least, most = (f"{cost * share:.1f} million EUR" for share in (0.15, 0.2))
    assert f"between {least} and {most}" in text.replace("\xa0", " ")


def test_no_distance_where_the_range_reaches_one(example):
    text = scores.distance(with_intervals(example(), doubtful=False, upper=0.997))
    assert "no certain distance" in text
    assert not re.search(r"[02-9]", text)


def test_who_the_peers_are_and_why(real):
    story = real("1440")
    text = scores.measured_against(story)
    peers = story.dea.peers_[story.dea.peers_["unit"] == "1440"].set_index("peer")["weight"]
    units = story.case.units
    mix = (peers * units["total_cost"].reindex(peers.index)).sum()
    assert f"Lerum ({100 * peers['1441']:.0f}%)" in text
    assert f"{mix:.1f} million SEK a year against {units.at['1440', 'total_cost']:.1f} million SEK" in text
    assert not peers.index.intersection(story.near.peers.index).size
    assert "None of these is among the most similar municipalities." in text


def test_that_one_peer_is_most_of_the_mix_is_told_beside_the_distance(example):
    story = example(year=2024)
    weights = story.dea.peers_[story.dea.peers_["unit"] == "X07"].set_index("peer")["weight"]
    code, pupils = weights.idxmax(), story.case.units[story.case.service.pupils]
    assert weights[code] > 0.5
    told = scores.distance(story)
    assert f"which has {pupils[code]:.0f} pupils against {pupils['X07']:.0f} in Tärnsund" in told
    assert f"makes up {100 * weights[code]:.0f}% of the mix" in told
    spread = story.dea.peers_.assign(weight=0.3)
    story.dea.__dict__["peers_"] = spread
    assert "makes up" not in scores.distance(story)


def test_change_is_in_real_prices_since_the_last_break(real):
    story = real("1440")
    own = story.change.changes.xs("1440", level="unit")
    # The marks of 2020 and 2021 are counted in another way than those before.
    assert own.index.tolist() == [(2020, 2021)]
    text = scores.change(story)
    assert f"changed by {100 * (own['index'].prod() - 1):.1f}%" in text
    nominal = story.case.panel["total_cost"].unstack()[[2020, 2021]]
    used = story.case.figures([2020])[0]["total_cost"]
    np.testing.assert_allclose(used.droplevel("year"), nominal[2020].reindex(used.index.droplevel("year")))


def test_change_over_several_years_multiplies(real):
    story = real("1440", year=2019)
    own = story.change.changes.xs("1440", level="unit")
    assert len(own) > 3
    assert own.index[-1] == (2018, 2019)
    assert f"{100 * (own['index'].prod() - 1):.1f}%" in scores.change(story)


def test_no_change_from_a_single_year(example):
    story = dataclasses.replace(example())
    story.__dict__["change"] = None
    assert (
        scores.change(story) == "No change over the years is given: no two years in a row are counted in the same way."
    )
