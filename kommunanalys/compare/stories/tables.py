"""The tables of a cost comparison, each from a `Story`."""

from __future__ import annotations

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.malmquist import Malmquist
from kommunanalys.compare.stories.story import Story
from kommunanalys.compare.units import label
from kommunanalys.figures import Table


def similar(story: Story) -> Table:
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


def peers(story: Story) -> Table:
    """Those that the municipality is measured against, with their weights."""
    say, units = story.say, story.case.units.reindex(story.mix.index)
    rows = pd.DataFrame(
        {
            "weight": 100 * story.mix,
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


def yardsticks(story: Story) -> Table:
    """The cost beside all that it can be compared with: the similar ones, the expected cost, the reference cost."""
    say, service, code = story.say, story.case.service, story.case.municipality
    units = story.case.units
    row = story.expected.of(code)
    costs = {
        say("Median of the similar ones"): story.peer_costs.median(),
        say("Median of all"): units[service.cost].median(),
    }
    if row is not None:
        costs[say("Expected from its needs")] = row["expected"]
    rows = pd.DataFrame({"cost": costs})
    rows["percent"] = 100 * (story.cost / rows["cost"] - 1)
    published = [units[name].get(code) if name in units else None for name in (service.reference, service.deviation)]
    reference = all(value is not None and value == value for value in published)
    if reference:
        rows.loc[say("Reference cost, as published")] = published
    rows.index.name = say("Compared with")
    heads = {"cost": say("Cost for each pupil"), "percent": say("{place} against it, %", place=story.place)}
    shown = {"place": story.place, "cost": say.number(story.cost), "currency": story.currency}
    if reference:
        caption = say(
            "{place} spent {cost} {currency} for each pupil. The published reference cost is compared with the net "
            "cost, the others with this cost.",
            **shown,
        )
    else:
        caption = say("{place} spent {cost} {currency} for each pupil.", **shown)
    return Table(
        rows,
        caption,
        heads,
        {"cost": 0, "percent": 1},
        {"cost": story.currency, "percent": "%"},
        {"cost": service.cost},
    )


def structure(story: Story) -> Table:
    """What goes with each need: its effect on the cost and on the efficiency, with their intervals."""
    say, found = story.say, story.environment if story.scored else None
    effects = story.expected.coefficients[["effect_percent", "lower", "upper"]]
    heads = {"effect_percent": say("Effect on cost, %"), "lower": say("Lower limit, %"), "upper": say("Upper limit, %")}
    units, caption = (
        dict.fromkeys(heads, "%"),
        [
            say(
                "How much the cost changes where a need is one standard deviation higher, with its 95% interval. "
                "Together the needs predict {share} of the differences.",
                share=say.percent(100 * story.expected.explained),
            )
        ],
    )
    if found is not None:
        own = {
            "effect": say("Effect on efficiency, points"),
            "effect_lower": say("Lower limit, points"),
            "effect_upper": say("Upper limit, points"),
        }
        effects = effects.join(found.coefficients[list(own)])
        heads, units = heads | own, units | dict.fromkeys(own, "points")
        caption.append(say("Likewise for the points of efficiency.") + " " + found.reservation(say))
    effects.index = pd.Index(
        [names.get(name).words(say.language, say.country) for name in effects.index], name=say("Need")
    )
    return Table(effects, " ".join(caption), heads, dict.fromkeys(heads, 1), units)


def changes(story: Story, found: Malmquist) -> Table:
    """Change of productivity from each year to the next: the municipality, and the median of all."""
    say = story.say
    own = found.changes.xs(story.case.municipality, level="unit")
    median = found.changes["index"].groupby(level=["start", "end"]).median()
    rows = own.assign(all=median.reindex(own.index))
    rows.index = pd.Index([f"{start}–{end}" for start, end in rows.index], name=say("Years"))
    heads = {
        "index": say("Malmquist index"),
        "efficiency_change": say("Catching up with the frontier"),
        "technical_change": say("Move of the frontier"),
        "all": say("Index, median of all"),
    }
    caption = say("Change of productivity from year to year in real prices; above 1 is an improvement.")
    return Table(rows[list(heads)], caption, heads, dict.fromkeys(heads, 3))


def results(story: Story) -> Table:
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
