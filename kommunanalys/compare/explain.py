"""What a comparison says, in plain words that are no more certain than its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.adjust import ExpectedCost, few_municipalities
from kommunanalys.compare.cautions import small_numbers
from kommunanalys.compare.dea import DEA
from kommunanalys.compare.peers import Similar
from kommunanalys.compare.requirements import ON_FRONTIER
from kommunanalys.compare.units import label, listed, municipality_of
from kommunanalys.errors import NoData
from kommunanalys.indicators import Case, deflate
from kommunanalys.language import Speaker

WIDE = 0.5
"""Width of the interval, as a share of the expected cost, from which it says nothing of use."""


@dataclass(frozen=True)
class Story:
    """One municipality's comparison, ready to be told.

    Parameters
    ----------
    case
        Municipality, service, year and panel.
    near
        Its most similar municipalities.
    expected
        What structure explains.
    dea
        Fitted on `case.inputs` and `case.outputs`.
    prices
        Price index by year.
    say
        Speaker of the reader's language and country.
    """

    case: Case
    near: Similar
    expected: ExpectedCost
    dea: DEA
    prices: pd.Series
    say: Speaker

    @property
    def place(self) -> str:
        """The municipality's name."""
        return label(self.case.municipality, self.say.language)

    @property
    def fictive(self) -> bool:
        """Whether the municipality belongs to the example data."""
        found = municipality_of(self.case.municipality)
        return found is not None and found.fictive

    @property
    def currency(self) -> str:
        """The currency as the reader writes it."""
        return self.say(names.CURRENCIES[self.say.country or "SE"])

    @property
    def cost(self) -> float:
        """Cost for each pupil [currency/pupil/year]."""
        return float(self.case.units.at[self.case.municipality, self.case.service.cost])

    @property
    def peer_costs(self) -> pd.Series:
        """Cost for each pupil of the similar municipalities that have one."""
        return self.case.units[self.case.service.cost].reindex(self.near.peers.index).dropna()

    @property
    def leavers(self) -> pd.Series:
        """About how many pupils leave in a year, by municipality: those whom a result is about [persons]."""
        return (self.case.units[self.case.service.pupils] / self.case.service.years).round().clip(lower=1)

    @property
    def subject(self) -> str:
        """What the report is about: municipality, service, year."""
        return self.say(
            "**{service}: {place}, {year}**",
            place=self.place,
            service=self.say(self.case.service.title),
            year=self.case.year,
        )

    @property
    def answer(self) -> str:
        """The answer in short, with its uncertainty: cost, structure, distance, results."""
        return "\n\n".join([_beside(self), structure(self), distance(self), results(self)])

    @property
    def cautions(self) -> str:
        """What a reader must bear in mind, as a Markdown list."""
        say, codes = self.say, [self.case.municipality]
        found = (*self.dea.cautions, *small_numbers(self.leavers[codes]), *few_municipalities(self.expected))
        lines = [*dict.fromkeys(item.say(say) for item in found), *_left_out(self), *_limits(self), *_breaks(self)]
        return "\n".join(f"- {line}" for line in [*lines, _one_year(self)])


def base_year(story: Story) -> int:
    """The year whose prices are used: the year compared, or the last before it that the index knows.

    Raises
    ------
    NoData
        The index begins later.
    """
    known = [int(year) for year in story.prices.index if year <= story.case.year]
    if not known:
        raise NoData(
            "The price index begins in {first}, after {year}. Give one that reaches back (price_index=FILE.csv).",
            first=story.prices.index.min(),
            year=story.case.year,
        )
    return max(known)


def real_costs(story: Story) -> pd.DataFrame:
    """Cost for each pupil over the years in the prices of one: the municipality and its similar ones.

    The prices are those of the year compared, or of the last year before it that the index knows.

    Returns
    -------
    pandas.DataFrame
        Index year; `own`, `median`, `low`, `high` (quartiles of the similar ones) [currency/pupil/year].
    """
    real = deflate(story.case.panel[story.case.service.cost], story.prices, base_year(story)).unstack("municipality")
    real = real[real.index <= story.case.year].dropna(how="all")
    peers = real.reindex(columns=story.near.peers.index)
    quartiles = {
        "median": peers.median(axis=1),
        "low": peers.quantile(0.25, axis=1),
        "high": peers.quantile(0.75, axis=1),
    }
    return pd.DataFrame({"own": real[story.case.municipality], **quartiles}).dropna(how="all")


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
    return say(
        "Compared on total cost, number of pupils and pupils weighted by their results ({results}), the score of "
        "{place} is {score}; 1 means that no mix of others does as much for less. {full} of {count} municipalities "
        "have 1, and {better} have a higher score than {place}. The score compares with the best of the year and "
        "counts chance and unseen needs as distance too, so it is no share of waste.",
        **shown,
    )


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
    row = story.dea.requirements(unit).set_index("column").loc["total_cost"]
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
    return say(
        "A mix of others with at least as many pupils and as good results manages with {high} a year less; {low} if "
        "one of them is left out. **This is a difference, not a savings target:** it holds chance and everything "
        "that the model does not see, and this range does not cover that.",
        low=_amount(story, -row["low"]),
        high=_amount(story, -row["high"]),
    )


def _amount(story: Story, millions: float) -> str:
    """An amount of money in the unit that leaves something to read."""
    if millions >= 1:
        return story.say("{number} million {currency}", number=story.say.number(millions, 1), currency=story.currency)
    thousands = story.say.number(1000 * millions)
    return story.say("{number} thousand {currency}", number=thousands, currency=story.currency)


def results(story: Story) -> str:
    """The first result beside that of the similar ones; that there is none for these pupils where there is none."""
    say, service = story.say, story.case.service
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
    if own < median and story.cost < story.peer_costs.median():
        return (
            first
            + " "
            + say(
                "**Both costs and results are lower than among the similar ones: a cheap school that fails is not "
                "efficient.**"
            )
        )
    return first


def _left_out(story: Story) -> list[str]:
    """Who takes no part in some comparison, since a figure is missing: said once for all of them."""
    lacking = {
        *story.near.left_out,
        *story.expected.left_out,
        *story.case.units.index.difference(story.dea.efficiency_.index),
    }
    if not lacking:
        return []
    return [
        story.say(
            "Left out of one comparison or more because a figure is missing ({count}): {units}.",
            count=len(lacking),
            units=listed(sorted(lacking), story.say),
        )
    ]


def _limits(story: Story) -> list[str]:
    """What the data do not allow: other pupils than wanted, needs or results without figures, years without prices."""
    say, service = story.say, story.case.service
    lines = []
    if service.cost.endswith("_own"):
        lines.append(
            say(
                "The costs are those of the municipality's own schools: figures for all pupils who live there are "
                "not in the data."
            )
        )
    if story.case.lacking:
        lacking = say.names(names.get(name).words(say.language, say.country) for name in story.case.lacking)
        lines.append(
            say("Compared without these, since no figures are published for the year: {lacking}.", lacking=lacking)
        )
    years = [year for year in story.case.panel.index.get_level_values("year").unique() if year <= story.case.year]
    without = sorted(int(year) for year in years if year not in story.prices.index)
    if without:
        lines.append(
            say(
                "The price index has no figure for {years}: those years are not shown in real prices.",
                years=", ".join(map(str, without)),
            )
        )
    return lines


def _breaks(story: Story) -> list[str]:
    say, service, years = story.say, story.case.service, story.case.panel.index.get_level_values("year")
    found: dict[tuple[int, str], list[str]] = {}
    for name in dict.fromkeys((service.cost, service.deviation, *service.outcomes, *service.context)):
        if name and name in story.case.panel:
            item = names.get(name)
            for gap in item.breaks_in(say.country or "SE", fictive=story.fictive):
                found.setdefault((gap.year, gap.text[say.language]), []).append(item.words(say.language, say.country))
    return [
        say(
            "{indicator}: counted in another way from {year}. {what} Years before and after are not compared.",
            indicator="; ".join(indicators),
            year=year,
            what=what,
        )
        for (year, what), indicators in found.items()
        if years.min() < year <= story.case.year
    ]


def _one_year(story: Story) -> str:
    return story.say(
        "Results are those of a single year; where few pupils leave school they move by chance from one year to the "
        "next."
    )
