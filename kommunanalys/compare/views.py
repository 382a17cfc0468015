"""The tables and charts of a cost comparison, each from a `Story`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kommunanalys import names
from kommunanalys.compare import explain
from kommunanalys.compare.explain import Story, base_year, real_costs
from kommunanalys.compare.small import funnel
from kommunanalys.compare.units import label
from kommunanalys.figures import Table, describe, description, ranking, scatter, timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Part = str | Table | Axes


def _cost_ranking(story: Story) -> Axes:
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


def over_time(story: Story) -> list[Part]:
    """Cost for each pupil over the years in the prices of the year compared, beside the similar ones."""
    say, real = story.say, real_costs(story)
    peers = say("Median of the similar ones")
    lines = real.rename(columns={"own": story.place, "median": peers})[[story.place, peers]].rename_axis(say("Year"))
    gaps = [
        gap.year for gap in names.get(story.case.service.cost).breaks_in(say.country or "SE", fictive=story.fictive)
    ]
    ax = timeline(lines, focus=story.place, band=real[["low", "high"]], breaks=gaps, say=say)
    own = real["own"].dropna()
    change = say.percent(100 * (own.iloc[-1] / own.iloc[0] - 1), 1)
    described = describe(
        ax,
        caption=say(
            "Cost for each pupil, {currency} in the prices of {year} ({index}). The band holds the middle half of the "
            "similar municipalities.",
            currency=story.currency,
            year=base_year(story),
            index=story.prices.name,
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
    return [described]


def _similar_table(story: Story) -> Table:
    """The similar municipalities, what they cost, and why they are similar."""
    say, columns = (
        story.say,
        [story.case.service.cost, story.case.service.pupils, *(need for need in story.near.on if need != "log_pupils")],
    )
    rows = story.case.units.reindex([story.case.municipality, *story.near.peers.index])[columns]
    rows.insert(0, "distance", story.near.peers["distance"].reindex(rows.index).fillna(0.0))
    rows.index = pd.Index([label(code, say.language) for code in rows.index], name=say("Municipality"))
    return Table(
        rows,
        say("The most similar municipalities, the nearest first. Distance 0 is the municipality itself."),
        {"distance": say("Distance")},
        {"distance": 2},
    )


def _peers_table(story: Story) -> Table:
    """Those that the municipality is measured against, with their weights."""
    say, peers = story.say, story.dea.peers_
    own = peers[peers["unit"] == story.case.municipality].set_index("peer")
    units = story.case.units.reindex(own.index)
    rows = pd.DataFrame(
        {
            "weight": 100 * own["weight"],
            **{
                name: units[name]
                for name in (story.case.service.pupils, story.case.service.cost, *story.case.service.outcomes[:1])
            },
        }
    )
    rows = rows.sort_values("weight", ascending=False)
    rows.index = pd.Index([label(code, say.language) for code in rows.index], name=say("Peer"))
    return Table(
        rows,
        say(
            "The municipalities that achieve most for their costs and are nearest in what they achieve, with their "
            "weight in the comparison."
        ),
        {"weight": say("Weight, %")},
        {"weight": 1},
        {"weight": "%"},
    )


def _structure_table(story: Story) -> Table:
    """What the expected cost rests on: each need, its effect and its interval."""
    say = story.say
    effects = story.expected.coefficients.copy()
    effects.index = pd.Index(
        [names.get(name).words(say.language, say.country) for name in effects.index], name=say("Need")
    )
    heads = {"effect_percent": say("Effect on cost, %"), "lower": say("Lower limit, %"), "upper": say("Upper limit, %")}
    return Table(
        effects[list(heads)],
        say(
            "How much the cost changes where a need is one standard deviation higher, with its 95% interval. "
            "Together the needs predict {share} of the differences.",
            share=say.percent(100 * story.expected.explained),
        ),
        heads,
        dict.fromkeys(heads, 1),
        dict.fromkeys(heads, "%"),
    )


def _results_table(story: Story) -> Table:
    """Results and staffing: the municipality, the median of the similar ones and of all."""
    say, service = story.say, story.case.service
    asked = [name for name in (*service.outcomes, *service.context) if name in story.case.units]
    units = story.case.units[asked]
    rows = pd.DataFrame(
        {
            "own": units.reindex([story.case.municipality]).iloc[0],
            "similar": units.reindex(story.near.peers.index).median(),
            "all": units.median(),
        }
    )
    rows.insert(0, "unit", [say(names.get(name).unit) for name in asked])
    rows.index = pd.Index([names.get(name).words(say.language, say.country) for name in asked], name=say("Result"))
    heads = {"own": story.place, "similar": say("Median of the similar ones"), "all": say("Median of all")}
    return Table(
        rows,
        say(
            "Results and staffing in {year}. Each row compares one indicator with itself; rows may be about "
            "different pupils.",
            year=story.case.year,
        ),
        {"unit": say("Unit"), **heads},
        dict.fromkeys(heads, 1),
    )


def _beside_costs(story: Story) -> Axes:
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


def _funnel(story: Story) -> Axes:
    """The first result against the number of pupils, with the limits that chance alone would draw."""
    outcome = story.case.service.outcomes[0]
    units = story.case.units[[outcome, story.case.service.pupils]].dropna()
    leavers = story.leavers.reindex(units.index)
    own = story.case.municipality if story.case.municipality in units.index else None
    ax = funnel(units[outcome] / 100, leavers).plot(own, language=story.say.language)
    told, heading = description(ax), names.get(outcome).words(story.say.language, story.say.country)
    estimated = story.say(
        "The number behind each rate is estimated: pupils divided by {years} year groups.",
        years=story.case.service.years,
    )
    caption = f"{heading}, {story.case.year}. {told.caption} {estimated}"
    return describe(
        ax, caption=caption, alternative=told.alternative, data=told.data, indicators={story.say("Rate, %"): outcome}
    )


def similar_costs(story: Story) -> list[Part]:
    """Section: cost beside similar municipalities, and why they are similar."""
    return [_cost_ranking(story), story.near.summary(story.say.language), _similar_table(story)]


def structure(story: Story) -> list[Part]:
    """Section: what the structure explains; only that it cannot be told where a figure is missing."""
    code, language = story.case.municipality, story.say.language
    if story.expected.of(code) is None:
        return [explain.structure(story)]
    return [
        story.expected.summary(language, code),
        *explain.published_deviation(story),
        story.expected.plot(code, language=language),
        _structure_table(story),
    ]


def efficiency(story: Story) -> list[Part]:
    """Section: the efficiency score and those it is measured against."""
    peers = story.dea.peers_
    others = (
        bool(story.case.service.outcomes)
        & (peers["unit"] == story.case.municipality)
        & (peers["peer"] != story.case.municipality)
    )
    return [explain.efficiency(story), *([_peers_table(story)] if others.any() else [])]


def results(story: Story) -> list[Part]:
    """Section: results beside costs; cost and result meet in one chart only where they are about the same pupils."""
    if not story.case.service.outcomes:
        return [explain.results(story), _results_table(story)]
    return [_beside_costs(story), _results_table(story), _funnel(story)]
