"""What a comparison says, in plain words that are no more certain than its numbers."""

from __future__ import annotations

from kommunanalys import names
from kommunanalys.compare.stories.scores import distance
from kommunanalys.compare.stories.story import Story

WIDE = 0.5
"""Width of the interval, as a share of the expected cost, from which it says nothing of use."""


def subject(story: Story) -> str:
    """What the report is about: municipality, service, year."""
    return story.say(
        "**{service}: {place}, {year}**",
        place=story.place,
        service=story.say(story.case.service.title),
        year=story.case.year,
    )


def answer(story: Story) -> str:
    """The answer in short, with its uncertainty: cost, structure, distance, results."""
    return "\n\n".join([_beside(story), structure(story), distance(story), results(story)])


def _beside(story: Story) -> str:
    say, peers = story.say, story.peer_costs
    difference = story.cost - peers.median()
    shown = {
        "place": story.place,
        "currency": story.currency,
        "cost": say.number(story.cost),
        "count": len(peers),
        "low": say.number(peers.min()),
        "high": say.number(peers.max()),
        "median": say.number(peers.median()),
        "difference": say.number(abs(difference)),
        "percent": say.percent(abs(100 * difference / peers.median()), 1),
    }
    if len(peers) == 1:
        return say(
            "**{place} spent {cost} {currency} for each pupil**, the most similar municipality {median}.", **shown
        )
    first = say(
        "**{place} spent {cost} {currency} for each pupil.** The {count} most similar municipalities spent between "
        "{low} and {high}, with a median of {median}.",
        **shown,
    )
    if difference >= 0:
        return first + " " + say("{place} lies {difference} {currency} ({percent}) above that median.", **shown)
    return first + " " + say("{place} lies {difference} {currency} ({percent}) below that median.", **shown)


def structure(story: Story) -> str:
    """What the structure lets expect, and whether the cost lies within what is common."""
    row = story.expected.of(story.case.municipality)
    if row is None:
        return story.say("What the structure explains cannot be told: a figure that it needs is missing.")
    shown = {"place": story.place, "currency": story.currency} | {
        key: story.say.number(row[key]) for key in ("expected", "lower", "upper")
    }
    if not row["outside"] and row["upper"] - row["lower"] > WIDE * row["expected"]:
        return story.say(
            "Given its size, settlement and pupils, {expected} {currency} would be expected, but nearly all such "
            "municipalities (95%) lie anywhere between {lower} and {upper}: the range is too wide to say whether "
            "{place} is dear or cheap.",
            **shown,
        )
    if not row["outside"]:
        return story.say(
            "Given its size, settlement and pupils, {expected} {currency} would be expected, and nearly all such "
            "municipalities (95%) lie between {lower} and {upper}. {place} lies within: **the difference is no "
            "larger than what is common where needs are alike.**",
            **shown,
        )
    if row["deviation"] > 0:
        return story.say(
            "Given its size, settlement and pupils, {expected} {currency} would be expected, and nearly all such "
            "municipalities (95%) lie between {lower} and {upper}. **{place} lies above that range:** more than its "
            "structure explains. Why, these figures do not say.",
            **shown,
        )
    return story.say(
        "Given its size, settlement and pupils, {expected} {currency} would be expected, and nearly all such "
        "municipalities (95%) lie between {lower} and {upper}. **{place} lies below that range:** less than its "
        "structure lets expect. Why, these figures do not say.",
        **shown,
    )


def unpriced(story: Story) -> str:
    """That no cost can be put into the prices of another year."""
    return story.say(
        "The costs cannot be shown in real prices: the price index has no figure for any of their years. Give one that "
        "does (price_index=FILE.csv)."
    )


def published_deviation(story: Story) -> list[str]:
    """The publisher's own comparison with what structure lets expect, where there is one."""
    column, units = story.case.service.deviation, story.case.units
    value = units[column].get(story.case.municipality) if column in units else None
    if value is None or value != value:
        return []
    shown = {
        "indicator": names.get(column).words(story.say.language, story.say.country),
        "value": story.say.percent(value, 1),
    }
    return [
        story.say(
            "{indicator}, as published: {value}. It counts net costs and other needs, so the two need not agree.",
            **shown,
        )
    ]


def results(story: Story) -> str:
    """The first result beside that of the similar ones; that there is none for these pupils where there is none."""
    say, service = story.say, story.case.service
    if not service.outcomes and not service.context:
        return say(
            "**No result is published for the same pupils as the cost**, so whether the money achieves anything "
            "cannot be told from open data."
        )
    if not service.outcomes:
        return say(
            "**No result is published for the same pupils as the cost**, so whether the money achieves anything "
            "cannot be told here. Results of other groups of pupils are shown beside, never mixed in."
        )
    outcome = service.outcomes[0]
    own, median = (
        story.case.units.at[story.case.municipality, outcome],
        story.case.units[outcome].reindex(story.near.peers.index).median(),
    )
    shown = {
        "result": names.get(outcome).words(say.language, say.country),
        "own": say.percent(own, 1),
        "median": say.percent(median, 1),
        "place": story.place,
    }
    if own != own:
        return say("{result}: no figure is published for {place} this year.", **shown)
    first = say("{result}: {own}; the median of the similar municipalities is {median}.", **shown)
    return f"{first} {_against_chance(story, **shown)}"


def _against_chance(story: Story, **shown: object) -> str:
    """Whether the first result lies outside what chance and the usual differences explain, and what that means."""
    say, code = story.say, story.case.municipality
    found = story.rates
    shown["leavers"] = say.number(story.leavers[code])
    if found is None or not found.units.at[code, "outside"]:
        return say(
            "With about {leavers} leavers in {place} that is within what chance and the usual differences between "
            "municipalities give.",
            **shown,
        )
    if found.units.at[code, "rate"] > found.overall:
        return say("That is above what chance and the usual differences between municipalities give.")
    structure = story.expected.of(code)
    if structure is not None and structure["outside"] and structure["deviation"] < 0:
        return say("**Both cost and results lie below what is common: a cheap school that fails is not efficient.**")
    return say("**That is below what chance and the usual differences between municipalities give.**")
