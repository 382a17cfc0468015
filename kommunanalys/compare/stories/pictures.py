"""The charts of a cost comparison, each from a `Story`, described for those who do not see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.stories.story import Story, base_year, real_costs
from kommunanalys.compare.units import label
from kommunanalys.figures import describe, description, ranking, scatter, timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.compare.ranges import Intervals
    from kommunanalys.compare.small import Funnel


def cost_ranking(story: Story) -> Axes:
    """Cost for each pupil: the municipality among its similar ones, with the medians."""
    say, cost = story.say, story.case.service.cost
    units = story.case.units[cost]
    values = units.reindex([story.case.municipality, *story.near.peers.index]).dropna()
    values.index = pd.Index([label(code, say.language) for code in values.index], name=say("Municipality"))
    heading = names.get(cost).words(say.language, say.country)
    lines = {say("Median of the similar ones"): story.peer_costs.median(), say("Median of all"): units.median()}
    ax = ranking(values, focus=story.place, lines=lines, say=say)
    place = int((values > values[story.place]).sum()) + 1
    return describe(
        ax,
        caption=say(
            "{indicator}, {currency}, {year}: {place} and the most similar municipalities.",
            indicator=heading,
            currency=story.currency,
            year=story.case.year,
            place=story.place,
        ),
        alternative=say(
            "Bar chart. {place} has the cost {cost} {currency} and is number {rank} from the top of {count}; the "
            "median of the similar ones is {median}, of all {all}.",
            place=story.place,
            cost=say.number(story.cost),
            currency=story.currency,
            rank=place,
            count=len(values),
            median=say.number(story.peer_costs.median()),
            all=say.number(units.median()),
        ),
        data=values.sort_values(ascending=False).to_frame(heading),
        indicators={heading: cost},
    )


def cost_over_time(story: Story) -> Axes:
    """Cost for each pupil over the years in the prices of the year compared, beside the similar ones."""
    say, real = story.say, real_costs(story)
    peers = say("Median of the similar ones")
    lines = real.rename(columns={"own": story.place, "median": peers})[[story.place, peers]].rename_axis(say("Year"))
    gaps = [
        gap.year for gap in names.get(story.case.service.cost).breaks_in(say.country or "SE", fictive=story.fictive)
    ]
    ax = timeline(lines, focus=story.place, band=real[["low", "high"]], breaks=gaps, say=say)
    own = real["own"].dropna()
    # A change is told for the years since the last break only.
    own = own[own.index >= max((gap for gap in gaps if gap <= own.index[-1]), default=own.index[0])]
    change = say.percent(100 * (own.iloc[-1] / own.iloc[0] - 1), 1)
    return describe(
        ax,
        caption=say(
            "Cost for each pupil, {currency} in the prices of {year} ({index}). The band holds the middle half of the "
            "similar municipalities.",
            currency=story.currency,
            year=base_year(story),
            index=say(str(story.prices.name)),
        ),
        alternative=say(
            "Line chart. From {first} to {last} the real cost for each pupil in {place} went from {start} to {end} "
            "{currency}, a change of {change}.",
            first=own.index[0],
            last=own.index[-1],
            place=story.place,
            start=say.number(own.iloc[0]),
            end=say.number(own.iloc[-1]),
            currency=story.currency,
            change=change,
        ),
        data=lines.join(
            real[["low", "high"]].rename(columns={"low": say("Lower quartile"), "high": say("Upper quartile")})
        ),
        indicators=dict.fromkeys(
            [story.place, peers, say("Lower quartile"), say("Upper quartile")], story.case.service.cost
        ),
    )


def beside_costs(story: Story) -> Axes:
    """Every municipality's cost against its first result: low cost with low results is not efficient."""
    say, service = story.say, story.case.service
    outcome = service.outcomes[0]
    heads = {
        service.cost: names.get(service.cost).words(say.language, say.country),
        outcome: names.get(outcome).words(say.language, say.country),
    }
    points = story.case.units[[service.cost, outcome]].dropna().rename(columns=heads)
    points.index = pd.Index([label(code, say.language) for code in points.index], name=say("Municipality"))
    marked = [label(code, say.language) for code in story.near.peers.index]
    if story.place not in points.index:
        points.loc[story.place] = float("nan")
    ax = scatter(points, focus=story.place, marked=marked, say=say)
    correlation = points.corr().iloc[0, 1]
    shown = points.loc[[story.place, *(name for name in marked if name in points.index)]]
    return describe(
        ax,
        caption=say(
            "Result against cost for each pupil in {year}, {count} municipalities; dotted lines are the medians. The "
            "similar ones are named.",
            year=story.case.year,
            count=len(points.dropna()),
        ),
        alternative=say(
            "Scatter chart. {place}: cost {cost}, result {result}. Across all municipalities the correlation of cost "
            "and result is {correlation}.",
            place=story.place,
            cost=say.number(story.cost),
            result=say.number(float(points.iloc[:, 1].get(story.place, float("nan"))), 1),
            correlation=say.number(correlation, 2),
        ),
        data=shown,
        indicators={head: name for name, head in heads.items()},
    )


def rates(story: Story, found: Funnel) -> Axes:
    """The first result against the number of pupils, with the limits that chance alone would draw."""
    outcome = story.case.service.outcomes[0]
    own = story.case.municipality if story.case.municipality in found.units.index else None
    ax = found.plot(own, language=story.say.language)
    told, heading = description(ax), names.get(outcome).words(story.say.language, story.say.country)
    estimated = story.say(
        "The number behind each rate is estimated: pupils divided by {years} year groups.",
        years=story.case.service.years,
    )
    caption = f"{heading}, {story.case.year}. {told.caption} {estimated}"
    return describe(
        ax, caption=caption, alternative=told.alternative, data=told.data, indicators={story.say("Rate, %"): outcome}
    )


def efficiencies(story: Story, found: Intervals) -> Axes:
    """All scores with their ranges in order; the data are those of the municipality, its peers and similar ones."""
    say, code = story.say, story.case.municipality
    ax = found.plot(code, language=say.language)
    told = description(ax)
    rows = [label(item, say.language) for item in story.compared if item in found.units.index]
    extra = say("The table holds the municipality, those it is measured against and the similar ones.")
    return describe(ax, caption=f"{told.caption} {extra}", alternative=told.alternative, data=told.data.loc[rows])
