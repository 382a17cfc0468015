"""What a reader of a comparison must bear in mind: what was left out, small numbers, years that do not compare."""

from __future__ import annotations

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.adjust import few_municipalities
from kommunanalys.compare.cautions import flagged, small_numbers
from kommunanalys.compare.stories.story import Story
from kommunanalys.compare.units import listed, variable


def reservations(story: Story, observations: pd.DataFrame) -> str:
    """What a reader must bear in mind, as a Markdown list; the observations tell which figures are flagged."""
    say, codes = story.say, [story.case.municipality]
    shown = bool(story.case.service.outcomes or story.case.service.context)
    small = small_numbers(story.leavers[codes]) if story.case.service.outcomes else ()
    found = (*story.dea.cautions, *small, *few_municipalities(story.expected))
    lines = [*dict.fromkeys(item.say(say) for item in found), *_left_out(story), *_limits(story), *_breaks(story)]
    lines += [_one_year(story)] if shown else []
    lines += flagged(_flags(story, observations), story.say)
    return "\n".join(f"- {line}" for line in lines)


def _flags(story: Story, observations: pd.DataFrame) -> dict[str, str]:
    """Flag → the figures that have it, of the municipality and of those it is compared or measured with, in words."""
    case, say, found = story.case, story.say, dict[str, list[str]]()
    columns = [case.service.cost, *case.service.outcomes]
    of_year = observations[(observations["year"] == case.year) & observations["flag"].ne("")]
    rows = of_year[of_year["indicator"].isin(columns) & of_year["municipality"].isin(story.compared)]
    for (flag, name), group in rows.groupby(["flag", "indicator"], sort=True):
        own_first = [code for code in story.compared if code in set(group["municipality"])]
        found.setdefault(str(flag), []).append(f"{variable(str(name), say)} ({listed(own_first, say)})")
    return {flag: "; ".join(words) for flag, words in found.items()}


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
    if service.accounts:
        lines += accounts(story)
    elif service.cost.endswith("_own"):
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


def accounts(story: Story) -> list[str]:
    """What the accounts and the other open data of Finland cannot answer."""
    say = story.say
    lines = [
        say(
            "The cost is all that the accounts of the municipality have under the service class, over the pupils whose "
            "education it organises itself. Payments to other organisers are in the cost though their pupils are not "
            "counted, and income from other municipalities is not taken off."
        ),
        say(
            "Depreciation is not in these costs, and internal rents are booked in different ways: a part of a "
            "difference between municipalities can be book-keeping."
        ),
        say(
            "The cost is that of a calendar year, the pupils are those of its autumn; a school year 2024/25 counts as "
            "2024."
        ),
        say(
            "The open register of accounts has number codes alone. Which of them are a service class is read from a "
            "taxonomy that the reader of the register must save, or filled in by hand; check it before you decide "
            "anything."
        ),
    ]
    if story.case.service.name == "compulsory":
        return [*lines, _no_results(story)]
    return [
        *lines,
        say(
            "Open data do not say how many of the students whom the municipality pays for complete their studies; "
            "grades of the matriculation examination are published by school and are not compared here."
        ),
    ]


def _no_results(story: Story) -> str:
    return story.say(
        "Results of basic education by municipality are not public in Finland: open data cannot say what the money "
        "achieves, and a low cost is no proof of efficiency."
    )


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
