"""A story computes what it tells when it is first told, and knows what cannot be told."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from kommunanalys.compare import DEA, environment
from kommunanalys.compare.stories.story import base_year


def test_a_story_without_results_has_no_score(real):
    assert not real("1440", service="upper_secondary").scored
    assert real("1440").scored


def test_too_few_municipalities_have_no_ranges(example):
    story = example()
    few = story.case.inputs.index[:6]
    dea = DEA(random_state=0).fit(story.case.inputs.loc[few], story.case.outputs.loc[few])
    small = dataclasses.replace(story, dea=dea)
    assert small.intervals is None
    assert small.environment is None


def test_environment_is_that_of_the_needs(real):
    story = real("1440")
    needs = story.case.units[list(story.near.on)].reindex(story.dea.efficiency_.index)
    assert not needs.isna().any(axis=None)
    direct = environment(story.dea, needs)
    pd.testing.assert_frame_equal(story.environment.coefficients, direct.coefficients)


def test_environment_leaves_out_who_lacks_a_need(real):
    story = real("1440")
    panel = story.case.panel.copy()
    panel.loc[("0114", story.case.year), story.near.on[1]] = np.nan
    lacking = dataclasses.replace(story, case=dataclasses.replace(story.case, panel=panel))
    assert len(lacking.environment.corrected) == len(story.dea.efficiency_) - 1


def test_change_never_crosses_a_break(real):
    pairs = real("1440").change.changes.index.droplevel("unit").unique()
    assert list(pairs) == [(2020, 2021)]
    before = real("1440", year=2019).change.changes.index.droplevel("unit").unique()
    assert before[-1] == (2018, 2019)
    assert len(before) >= 4


def test_change_is_in_real_prices(real):
    story = real("1440")
    doubled = story.prices.copy()
    doubled[2021] *= 2
    plain = story.change.changes.xs("1440", level="unit")["technical_change"].iloc[0]
    inflated = dataclasses.replace(story, prices=doubled).change.changes.xs("1440", level="unit")
    # With prices twice as high the same money buys half: everybody's frontier moves by a factor of two.
    assert inflated["technical_change"].iloc[0] == pytest.approx(2 * plain)


def test_base_year_is_the_last_that_the_index_knows(example):
    story = example()
    short = dataclasses.replace(story, prices=story.prices[story.prices.index <= 2020])
    assert base_year(short) == 2020
