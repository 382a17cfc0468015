"""The sections of a report on one set of open data: what was found, what it holds, one figure, how to cite it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.profile import unit
from kommunanalys.compare.units import label, municipality_of, variable
from kommunanalys.errors import KommunanalysError
from kommunanalys.figures import Table, describe, timeline
from kommunanalys.origin import origins
from kommunanalys.tables import dimensions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.language import Speaker

    Part = str | Table | Axes

ROWS = 12
"""Rows of a preview."""
MOST = 40
"""Hits, and indicators of a table, that a reader sees."""


def subject(observations: pd.DataFrame, source_id: str, say: Speaker) -> list[Part]:
    """What the report is about."""
    values = observations["value"].notna().sum()
    return [say("**{source}: {values} figures**", source=source_id, values=say.number(int(values)))]


def found(hits: pd.DataFrame | KommunanalysError | None, words: str, say: Speaker) -> list[Part]:
    """Section: what the catalogues have on some words, or why they could not be searched.

    Parameters
    ----------
    hits
        What `search` gave; the error that it raised; None where nothing was searched for.
    words
        The words.
    say
        Speaker of the reader's language.

    Examples
    --------
    >>> from kommunanalys.language import Speaker
    >>> found(None, "", Speaker("en"))
    ['No words were given, so no catalogue was searched.']
    """
    if hits is None:
        return [say("No words were given, so no catalogue was searched.")]
    if isinstance(hits, KommunanalysError):
        return [say("The catalogues could not be searched for “{words}”. {reason}", words=words, reason=hits)]
    silent = hits.attrs.get("unanswered", {})
    parts = [_hits(hits, words, say, some=bool(silent))]
    if silent:
        which, reason = say.names(silent), next(iter(silent.values()))
        parts.append(
            say("Not searched, as they did not answer: {which}. The first said: {reason}", which=which, reason=reason)
        )
    return parts


def _hits(hits: pd.DataFrame, words: str, say: Speaker, *, some: bool) -> Part:
    if hits.empty and some:
        return say("The catalogues that answered have nothing on “{words}”.", words=words)
    if hits.empty:
        return say("The catalogues have nothing on “{words}”.", words=words)
    shown = hits.head(MOST)
    index = pd.Index(shown["source"] + ":" + shown["id"], name=say("Source and name"))
    caption = say(
        "What the catalogues have on “{words}”: {shown} of {count}.", words=words, shown=len(shown), count=len(hits)
    )
    heads = {"title": say("Title"), "updated": say("Updated"), "address": say("Address")}
    return Table(shown[list(heads)].fillna("").astype("str").set_index(index), caption, heads)


def preview(observations: pd.DataFrame, municipality: str, say: Speaker) -> list[Part]:
    """Section: what there is of each indicator, flags counted, and the newest rows of the municipality.

    Examples
    --------
    >>> from kommunanalys.language import Speaker
    >>> row = {"country": "SE", "municipality": "0114", "year": 2021, "indicator": "population",
    ...        "value": 47820.0, "unit": "persons", "flag": ""}
    >>> [len(table.data) for table in preview(pd.DataFrame([row]), "0114", Speaker("en"))]
    [1, 1]
    """
    parts: list[Part] = [_contents(observations, say)]
    own = observations[observations["municipality"] == municipality]
    if own.empty:
        return [*parts, say("There is no row of {place}.", place=label(municipality, say.language))]
    return [*parts, _newest(own, municipality, say)]


def _contents(observations: pd.DataFrame, say: Speaker) -> Table:
    groups = observations.groupby("indicator", observed=True)
    rows = groups.agg(
        rows=("value", "size"), municipalities=("municipality", "nunique"), first=("year", "min"), last=("year", "max")
    ).astype({"first": "str", "last": "str"})
    flags = pd.crosstab(observations["indicator"], observations["flag"]).drop(columns="", errors="ignore")
    flags.columns = [f"flag: {name}" for name in flags.columns]
    count = len(rows)
    rows = rows.join(flags).head(MOST)
    rows.index = pd.Index([variable(str(name), say) for name in rows.index], name=say("Indicator"))
    heads = {
        "rows": say("Rows"),
        "municipalities": say("Municipalities"),
        "first": say("First year"),
        "last": say("Last year"),
        **{name: _flag(name.removeprefix("flag: "), say) for name in flags.columns},
    }
    caption = say(
        "What the table holds: {shown} of {count} indicators. A value that is missing or secret is counted, never set "
        "to 0.",
        shown=len(rows),
        count=count,
    )
    return Table(rows, caption, heads)


def _flag(flag: str, say: Speaker) -> str:
    """A flag of the observations table in the reader's words."""
    words = {
        "missing": say("Missing"),
        "not_applicable": say("Not applicable"),
        "secret": say("Secret"),
        "rounded": say("Rounded"),
        "noisy": say("Disturbed"),
        "preliminary": say("Preliminary"),
        "revised": say("Revised"),
    }
    return words.get(flag, flag)


def _newest(own: pd.DataFrame, municipality: str, say: Speaker) -> Table:
    rows = own.sort_values(["year", "indicator"], ascending=[False, True]).head(ROWS)
    known = names.glossary()
    index = pd.Index([variable(str(name), say) for name in rows["indicator"]], name=say("Indicator"))
    extra = dimensions(rows)
    shown = rows[["year", *extra, "value", "unit", "flag"]].assign(year=rows["year"].astype("str")).set_index(index)
    shown["flag"] = [_flag(str(flag), say) for flag in shown["flag"]]
    shown["unit"] = [_unit(str(name), text, say) for name, text in zip(rows["indicator"], rows["unit"], strict=True)]
    heads = {"year": say("Year"), "value": say("Value"), "unit": say("Unit"), "flag": say("Flag")}
    decimals = {
        text: known[name].decimals if name in known else 2 for text, name in zip(index, rows["indicator"], strict=True)
    }
    caption = say(
        "The newest rows of {place}: {shown} of {count}.",
        place=label(municipality, say.language),
        shown=len(rows),
        count=say.number(len(own)),
    )
    return Table(shown, caption, heads, row_decimals=decimals)


def _unit(indicator: str, text: str, say: Speaker) -> str:
    """The unit of a glossary indicator in the reader's words, that of another as the publisher writes it."""
    return unit(indicator, say) if indicator in names.glossary() else text


def picture(observations: pd.DataFrame, municipality: str, say: Speaker) -> list[Part]:
    """Section: the first indicator that the municipality has for several years, beside the median of the others.

    The median is that of the municipalities with figures of the same years, so that mergers and gaps do not move it.
    """
    series = _series(observations, municipality)
    if series is None:
        return [
            say("No indicator of {place} is known for more than one year.", place=label(municipality, say.language))
        ]
    name, rows, chosen = series
    wide = rows.pivot(index="year", columns="municipality", values="value")
    same = wide[wide[municipality].notna()].dropna(axis="columns")
    place, median = label(municipality, say.language), say("Median of all")
    lines = pd.DataFrame({place: same[municipality], median: same.median(axis=1)}).rename_axis(say("Year"))
    found, known = municipality_of(municipality), names.glossary().get(name)
    gaps = known.breaks_in(found.country, fictive=found.fictive) if known and found else []
    ax = timeline(lines, focus=place, breaks=[gap.year for gap in gaps], say=say)
    own = wide[municipality].dropna()
    shown = {"indicator": variable(name, say), "place": place, "unit": _unit(name, rows["unit"].iloc[0], say)}
    caption = say(
        "{indicator} [{unit}]: {place} and the median of the {count} municipalities with a figure of each year.",
        **shown,
        count=same.shape[1],
    )
    if chosen:
        caption += " " + say("Of the further dimensions: {chosen}.", chosen=chosen)
    alternative = say(
        "Line chart. {indicator} in {place}: {start} in {first} and {end} in {last}.",
        **shown,
        first=own.index[0],
        last=own.index[-1],
        start=say.number(own.iloc[0], 1),
        end=say.number(own.iloc[-1], 1),
    )
    return [describe(ax, caption=caption, alternative=alternative, data=lines, indicators=dict.fromkeys(lines, name))]


def _series(observations: pd.DataFrame, municipality: str) -> tuple[str, pd.DataFrame, str] | None:
    """The first indicator with several years of the municipality, in the first of the further dimensions' values."""
    extra = dimensions(observations)
    own = observations[(observations["municipality"] == municipality) & observations["value"].notna()]
    for key, rows in own.groupby(["indicator", *extra], sort=False, observed=True):
        if rows["year"].nunique() > 1:
            values = dict(zip(["indicator", *extra], key, strict=True))
            same = (observations[list(values)] == pd.Series(values)).all(axis=1)
            # Åland is never a peer of the mainland.
            aland = {code: is_aland(code) for code in observations["municipality"].unique()}
            same &= observations["municipality"].map(aland) == aland[municipality]
            chosen = ", ".join(f"{name} = {value}" for name, value in list(values.items())[1:])
            return str(values["indicator"]), observations[same], chosen
    return None


def is_aland(code: str) -> bool:
    """Whether a municipality lies on Åland.

    Examples
    --------
    >>> is_aland("478"), is_aland("598")
    (True, False)
    """
    found = municipality_of(code)
    return found is not None and found.is_aland


def citation(observations: pd.DataFrame, say: Speaker) -> list[Part]:
    """Section: how to cite the table: producer, licence, the line to print, address, time and hash of the bytes."""
    items = origins(observations)
    if not items:
        return [say("Nothing is recorded about where the table came from.")]
    fields = {
        say("Producer"): [item.producer for item in items],
        say("Licence"): [say(item.licence) for item in items],
        say("Line to print"): [say(item.credit) for item in items],
        say("Address"): [item.address for item in items],
        say("Published"): [item.published for item in items],
        say("Fetched"): [item.fetched for item in items],
        "SHA-256": [item.sha256 for item in items],
    }
    rows = pd.DataFrame(fields, index=[str(number) for number in range(1, len(items) + 1)]).T
    rows.index.name = say("What to state")
    heads = {column: say("Source {number}", number=column) for column in rows.columns}
    return [Table(rows, say("How to cite the table; the hash proves that the bytes are the same."), heads)]
