"""What the efficiency score says and what it does not: its range, its peers, the distance to them, its change."""

from __future__ import annotations

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.cautions import FEW
from kommunanalys.compare.requirements import ON_FRONTIER
from kommunanalys.compare.stories.story import Story
from kommunanalys.compare.units import label

MOST = 0.5
"""Share of the mix from which the distance is said to be above all to one municipality."""
REACHES = 0.005
"""How near the upper limit must be to 1 for the range to reach it: two decimals are shown."""


def efficiency(story: Story) -> str:
    """The efficiency score in words, and who the municipality is measured against."""
    say, scores = story.say, story.dea.efficiency_
    if story.case.municipality not in scores.index:
        return say("No efficiency is computed: a result is missing for {place} this year.", place=story.place)
    score = float(scores[story.case.municipality])
    shown = {
        "place": story.place,
        "score": say.number(score, 2),
        "count": len(scores),
        "full": int((scores > 1 - ON_FRONTIER).sum()),
        "better": int((scores > score + ON_FRONTIER).sum()),
        "results": say.names(
            names.get(name).words(say.language, say.country) for name in story.case.service.outcomes[:2]
        ),
    }
    if not story.case.service.outcomes:
        return say(
            "Compared on total cost and number of pupils alone, the score of {place} is {score}; {full} of {count} "
            "municipalities have 1. It says nothing about efficiency, since no result of these pupils is published.",
            **shown,
        )
    first = say(
        "Compared on total cost, number of pupils and pupils weighted by their results ({results}), the score of "
        "{place} is {score}; 1 means that no mix of others does as much for less, as {full} of {count} municipalities "
        "have it. The score compares with the best of the year and counts chance and unseen needs as distance too, so "
        "it is no share of waste.",
        **shown,
    )
    if _trusted(story) is None:
        return first
    return f"{first} " + say("{better} of {count} have a higher score than {place}.", **shown)


def measured_against(story: Story) -> str:
    """Who the municipality is measured against, and why they."""
    say, unit = story.say, story.case.municipality
    own = story.mix.sort_values(ascending=False)
    target = story.dea.targets_.loc[unit]
    shown = {
        "place": story.place,
        "peers": say.names(
            f"{label(code, say.language)} ({say.percent(100 * share, 0 if share >= 0.01 else 1)})"
            for code, share in own.items()
        ),
        "mix": _amount(story, target["total_cost"]),
        "own": _amount(story, story.dea.inputs_.at[unit, "total_cost"]),
        "shared": len(own.index.intersection(story.near.peers.index)),
        "count": len(own),
    }
    told = say(
        "{place} is measured against a mix of {peers}. Nobody chose them: among all mixes of municipalities with at "
        "least as many pupils, and as many weighted by results, theirs costs least: {mix} a year against {own}.",
        **shown,
    )
    alike = say("Of these, {shared} of {count} are also among the most similar municipalities.", **shown)
    if not shown["shared"]:
        alike = say("None of these is among the most similar municipalities.")
    return " ".join([told, alike, say("The more their needs differ, the less the distance says.")])


def change(story: Story) -> str:
    """How far pupils and results for the money changed over the years, in real prices."""
    say, found = story.say, story.change
    if found is not None and story.case.municipality not in found.changes.index.get_level_values("unit"):
        return say(
            "No change over the years is given: a figure of {place} is missing in one of them.", place=story.place
        )
    if found is None:
        return say("No change over the years is given: no two years in a row are counted in the same way.")
    own = found.changes.xs(story.case.municipality, level="unit")
    if own.isna().any(axis=None):
        return say("No change over the years is given: the frontier of another year cannot be compared with.")
    whole = found.changes["index"].dropna().groupby(level="unit").agg(["prod", "size"])
    whole = whole[whole["size"] == len(own)]["prod"]
    total = own.prod()
    told = say(
        "From {first} to {last} pupils and results for the money, in real prices, changed by {change}: {efficiency} "
        "by coming closer to those that achieve most for their costs or falling behind them, {technical} by their own "
        "change. Of {units} municipalities {improved} improved. No interval is known for this: a small change may be "
        "chance.",
        first=own.index[0][0],
        last=own.index[-1][1],
        change=_share(total["index"], story),
        efficiency=_share(total["efficiency_change"], story),
        technical=_share(total["technical_change"], story),
        units=len(whole),
        improved=int((whole > 1).sum()),
    )
    if story.leavers[story.case.municipality] >= FEW:
        return told
    return f"{told} " + say("With so few leavers even a change of this size may be.")


def _share(factor: float, story: Story) -> str:
    """A factor as a change in per cent, with its sign."""
    value = 100 * (factor - 1)
    return ("+" if round(value, 1) > 0 else "") + story.say.percent(value, 1)


def distance(story: Story) -> str:
    """The distance to the peers as a range in money, or that there is none to tell."""
    say, unit = story.say, story.case.municipality
    if unit not in story.dea.efficiency_.index:
        return say(
            "The distance to the municipalities that achieve most for their costs cannot be told: a result is missing."
        )
    if not story.case.service.outcomes:
        return say(
            "**No distance to others is given:** without results of the same pupils it would only reward low costs."
        )
    row = story.dea.requirements(unit, nearest=False).set_index("column").loc["total_cost"]
    if row["includes_none"] and story.dea.efficiency_[unit] > 1 - ON_FRONTIER:
        return say(
            "**No mix of others achieves as much for less**, so there is no distance to report. For the smallest and "
            "the largest municipalities this is so almost by construction: few resemble them."
        )
    if row["includes_none"]:
        return say(
            "**There is no certain distance to those that achieve most for their costs:** without one of its peers "
            "{place} itself would be among them.",
            place=story.place,
        )
    limits = _trusted(story)
    if limits is not None and limits["upper"] > 1 - REACHES:
        return say(
            "**There is no certain distance to those that achieve most for their costs:** the range of its true "
            "efficiency reaches 1."
        )
    return " ".join(filter(None, [_difference(story, row, limits), _leaning(story)]))


def _leaning(story: Story) -> str:
    """That one peer is most of the mix, where it is so: the distance is then above all a distance to that one."""
    say, weights = story.say, story.mix
    code = str(weights.idxmax())
    if weights[code] < MOST:
        return ""
    return say(
        "{peer}, which has {pupils} pupils against {own} in {place}, makes up {share} of the mix.",
        peer=label(code, say.language),
        place=story.place,
        share=say.percent(100 * weights[code]),
        pupils=say.number(story.case.units.at[code, story.case.service.pupils]),
        own=say.number(story.case.units.at[story.case.municipality, story.case.service.pupils]),
    )


def _difference(story: Story, row: pd.Series, limits: pd.Series | None) -> str:
    """The difference in money, by the scores and, where it can be trusted, by the range of the true efficiency."""
    say = story.say
    shown = {"low": _amount(story, -row["low"]), "high": _amount(story, -row["high"])}
    if limits is None:
        return say(
            "A mix of others with at least as many pupils, and as many weighted by results, manages with {high} a "
            "year less; {low} if one of them is left out. **This is a difference, not a savings target:** it holds "
            "chance and everything that the model does not see, and this range does not cover that.",
            **shown,
        )
    shown |= {
        key: _amount(story, row["value"] * (1 - limits[end])) for key, end in (("least", "upper"), ("most", "lower"))
    }
    return say(
        "A mix of others with at least as many pupils, and as many weighted by results, manages with {high} a year "
        "less; {low} if one of them is left out. Against the best that is possible, which no municipality shows for "
        "certain, the difference is probably between {least} and {most}. **This is a difference, not a savings "
        "target:** it holds everything that the model does not see.",
        **shown,
    )


def _trusted(story: Story) -> pd.Series | None:
    """The range of the true efficiency; None where there is none, or it holds the truth too seldom."""
    found = story.intervals
    return None if found is None or found.doubtful else found.units.loc[story.case.municipality]


def _amount(story: Story, millions: float) -> str:
    """An amount of money in the unit that leaves something to read."""
    if millions >= 1:
        return story.say("{number} million {currency}", number=story.say.number(millions, 1), currency=story.currency)
    thousands = story.say.number(1000 * millions)
    return story.say("{number} thousand {currency}", number=thousands, currency=story.currency)
