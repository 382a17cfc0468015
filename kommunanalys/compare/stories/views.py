"""The sections of a cost comparison's report, each from a `Story`: texts, tables and charts in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommunanalys.compare.stories import explain, pictures, reservations, scores, tables
from kommunanalys.compare.stories.story import Story, real_costs
from kommunanalys.figures import Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    Part = str | Table | Axes


def subject(story: Story) -> list[Part]:
    """What the report is about."""
    return [explain.subject(story)]


def answer(story: Story) -> list[Part]:
    """Section: the answer in short, with its uncertainty."""
    return [explain.answer(story)]


def similar_costs(story: Story) -> list[Part]:
    """Section: cost beside similar municipalities, and why they are similar."""
    return [pictures.cost_ranking(story), story.near.summary(story.say.language), tables.similar(story)]


def over_time(story: Story) -> list[Part]:
    """Section: cost in the prices of one year, and what the money achieved from year to year."""
    told: list[Part] = [explain.unpriced(story) if real_costs(story).empty else pictures.cost_over_time(story)]
    if not story.scored:
        return told
    told.append(scores.change(story))
    if story.change is None or story.case.municipality not in story.change.changes.index.get_level_values("unit"):
        return told
    return [*told, tables.changes(story, story.change)]


def structure(story: Story) -> list[Part]:
    """Section: what the structure explains; only that it cannot be told where a figure is missing."""
    code, language = story.case.municipality, story.say.language
    if story.expected.of(code) is None:
        return [explain.structure(story), tables.yardsticks(story)]
    return [
        story.expected.summary(language, code),
        tables.yardsticks(story),
        story.expected.plot(code, language=language),
        tables.structure(story),
    ]


def efficiency(story: Story) -> list[Part]:
    """Section: the efficiency score with its range, and those it is measured against."""
    told: list[Part] = [scores.efficiency(story)]
    if not story.scored:
        return told
    code, language = story.case.municipality, story.say.language
    if story.intervals is not None:
        told += [story.intervals.summary(language, code), pictures.efficiencies(story, story.intervals)]
    if (story.mix.index != code).any():
        told += [scores.measured_against(story), tables.peers(story)]
    return told


def distance(story: Story) -> list[Part]:
    """Section: the distance to them, in money."""
    return [scores.distance(story)]


def results(story: Story) -> list[Part]:
    """Section: results beside costs; cost and result meet in one chart only where they are about the same pupils."""
    if story.rates is None:
        return [explain.results(story), *([tables.results(story)] if story.case.service.context else [])]
    return [pictures.beside_costs(story), tables.results(story), pictures.rates(story, story.rates)]


def cautions(story: Story, observations: pd.DataFrame) -> list[Part]:
    """Section: what a reader must bear in mind; the observations tell which figures are preliminary."""
    return [reservations.reservations(story, observations)]
