"""The sections of a municipality's profile: texts, tables and charts in their order, each from a `Profile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.cautions import flagged, small_numbers
from kommunanalys.compare.profile import OUTER, Profile, unit
from kommunanalys.compare.units import label, variable
from kommunanalys.figures import describe, timeline
from kommunanalys.indicators import THEMES
from kommunanalys.language import Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from kommunanalys.figures import Table

    Part = str | Table | Axes

FEW = 5000
"""Inhabitants below which one building project or one family moves a figure for each of them."""


def subject(profile: Profile, say: Speaker) -> list[Part]:
    """What the report is about."""
    return [say("**Profile: {place}, {year}**", place=label(profile.municipality, say.language), year=profile.year)]


def answer(profile: Profile, say: Speaker) -> list[Part]:
    """Section: in short, where the municipality differs most from the others, and how often chance alone does that."""
    told = profile.rows["lower"].notna().sum()
    low, high = profile.outer()
    shown = {"place": label(profile.municipality, say.language), "count": int(told)}
    parts = [_size(profile, say)]
    if low:
        parts.append(say("Lower than nine out of ten other municipalities: {which}.", which=_listed(low, say)))
    if high:
        parts.append(say("Higher than nine out of ten other municipalities: {which}.", which=_listed(high, say)))
    if not low + high:
        parts.append(say("In none of {count} figures does {place} lie among the lowest or highest tenth.", **shown))
    parts.append(
        say(
            "Of {count} figures a municipality lies on average among the outer tenths in {average}. A place in the "
            "order says neither that something is good nor why it is so.",
            count=int(told),
            average=say.number(2 * OUTER * told / 100, 1),
        )
    )
    if profile.absent:
        parts.append(say("{count} indicators are not in the source: see each section.", count=len(profile.absent)))
    return ["\n\n".join(filter(None, parts))]


def _size(profile: Profile, say: Speaker) -> str:
    history = profile.history("population")["own"].dropna()
    if history.empty:
        return ""
    year, place = int(history.index[-1]), label(profile.municipality, say.language)
    shown = {"place": place, "population": say.number(history.iloc[-1]), "year": year}
    text = say("**{place} had {population} inhabitants in {year}.**", **shown)
    since = year - 5
    if since not in history.index or any(since < gap <= year for gap in _gaps(profile, "population")):
        return text
    change = say.percent(100 * (history.iloc[-1] / history[since] - 1), 1)
    return text + " " + say("Since {since} the number has changed by {change}.", since=since, change=change)


def section(profile: Profile, say: Speaker, *themes: str) -> list[Part]:
    """Section: a table of each theme that has figures, and what is missing."""
    parts: list[Part] = [table for theme in themes if (table := profile.table(say, theme)) is not None]
    return [*parts, *_missing(profile, say, themes)]


def _missing(profile: Profile, say: Speaker, themes: Iterable[str]) -> list[str]:
    rows, place = profile.of(*themes), label(profile.municipality, say.language)
    own = rows[rows["own"].isna()]
    secret, other = (_listed(own.index[(own["flag"] == "secret") == kept], say) for kept in (True, False))
    asked = {name for theme in themes for name in THEMES[theme].indicators[profile.country]}
    absent = _listed([name for name in profile.absent if name in asked], say)
    lines = [
        say("Kept secret for {place}: {which}.", place=place, which=secret) if secret else "",
        say("Not published for {place}: {which}.", place=place, which=other) if other else "",
        say("Not in the source: {which}.", which=absent) if absent else "",
    ]
    return ["\n".join(f"- {line}" for line in lines if line)] if any(lines) else []


def over_time(profile: Profile, say: Speaker) -> list[Part]:
    """Section: the population and the result for the year, with gaps where the counting changed."""
    own = {"population": False, "result_per_inhabitant": True}
    charts: list[Part] = [_trend(profile, name, say, beside) for name, beside in own.items() if _long(profile, name)]
    return charts or [say("No figure is known for more than one year.")]


def _long(profile: Profile, name: str) -> bool:
    return len(profile.history(name)["own"].dropna()) > 1


def _trend(profile: Profile, name: str, say: Speaker, beside: bool) -> Axes:
    """An indicator over the years; beside it the median and the middle half of all, if asked."""
    place, median = label(profile.municipality, say.language), say("Median of all")
    history, gaps = profile.history(name), _gaps(profile, name)
    own = history["own"].dropna()
    lines = history.rename(columns={"own": place, "median": median})[[place, median] if beside else [place]]
    ax = timeline(
        lines.rename_axis(say("Year")),
        focus=place,
        band=history[["low", "high"]] if beside else None,
        breaks=gaps,
        say=say,
    )
    shown = {"indicator": variable(name, say), "unit": unit(name, say), "place": place}
    caption = say("{indicator}, {unit}: {place} over the years.", **shown)
    if beside:
        caption += " " + say("The band holds the middle half of all municipalities. In the money of each year.")
    decimals = names.get(name).decimals
    alternative = say(
        "Line chart. {indicator} in {place}: {start} in {first} and {end} in {last}, from {lowest} to {highest}.",
        **shown,
        first=own.index[0],
        last=own.index[-1],
        start=say.number(own.iloc[0], decimals),
        end=say.number(own.iloc[-1], decimals),
        lowest=say.number(own.min(), decimals),
        highest=say.number(own.max(), decimals),
    )
    data = lines.rename_axis(say("Year"))
    return describe(ax, caption=caption, alternative=alternative, data=data, indicators=dict.fromkeys(data, name))


def _gaps(profile: Profile, name: str) -> list[int]:
    years = profile.history(name).index
    found = names.get(name).breaks_in(profile.country, fictive=profile.fictive)
    return [gap.year for gap in found if years.min() < gap.year <= years.max()]


def cautions(profile: Profile, say: Speaker) -> list[Part]:
    """Section: small numbers, breaks, preliminary and computed figures, figures of different years."""
    lines = [*_small(profile, say), *_breaks(profile, say), *_marked(profile, say)]
    years = sorted(set(profile.rows["year"]))
    if len(years) > 1:
        lines.append(
            say("The figures are of the years {first}–{last}: each row says its own.", first=years[0], last=years[-1])
        )
    lines.append(say("Each indicator is compared with itself only; those of different rows may be about other people."))
    return ["\n".join(f"- {line}" for line in lines)]


def _small(profile: Profile, say: Speaker) -> list[str]:
    rows, code, lines = profile.rows, profile.municipality, []
    inhabitants = rows["own"].get("population", float("nan"))
    if inhabitants < FEW:
        lines.append(
            say(
                "{place} has fewer than {least} inhabitants: one large bill or one building project moves a figure for "
                "each of them. Read it over several years.",
                place=label(code, say.language),
                least=say.number(FEW),
            )
        )
    results = [name for name in rows.index if names.get(str(name)).period == "school_year"]
    pupils = rows["own"].get("compulsory_pupils_home", float("nan"))
    if results and pupils == pupils:
        # About a tenth of the pupils of ten year groups leave school in a year: they are whom a result is about.
        lines += [item.say(say) for item in small_numbers(pd.Series({code: pupils / 10}))]
    return lines


def _breaks(profile: Profile, say: Speaker) -> list[str]:
    first = int(profile.panel.index.get_level_values("year").min())
    found: dict[tuple[int, str], list[str]] = {}
    for name, row in profile.rows.iterrows():
        for gap in names.get(str(name)).breaks_in(profile.country, fictive=profile.fictive):
            if first < gap.year <= row["year"]:
                found.setdefault((gap.year, gap.text[say.language]), []).append(variable(str(name), say))
    return [
        say(
            "{indicator}: counted in another way from {year}. {what} Years before and after are not compared.",
            indicator="; ".join(indicators),
            year=year,
            what=what,
        )
        for (year, what), indicators in found.items()
    ]


def _marked(profile: Profile, say: Speaker) -> list[str]:
    """What is preliminary, revised, rounded or noisy, and what is computed here."""
    rows = profile.rows
    computed = [name for name in profile.panel.attrs.get("computed", []) if name in rows.index]
    marked = {str(flag): _listed(group.index, say) for flag, group in rows.groupby("flag")}
    lines = flagged(marked, say)
    if computed:
        lines.append(
            say(
                "Own calculations, an amount divided by the population on 31 December of its year: {which}.",
                which=_listed(computed, say),
            )
        )
    return lines


def _listed(indicators: Iterable[object], say: Speaker) -> str:
    return "; ".join(variable(str(name), say) for name in indicators)
