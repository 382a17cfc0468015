"""The public report of an evaluation, from what was let out of it, and what is handed to those who act."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kommunanalys.early_warning.card import model_card
from kommunanalys.early_warning.papers import papers
from kommunanalys.early_warning.watchlist import watchlist
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.statistics_released import name_of, split

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.early_warning.entry import Tables
    from kommunanalys.early_warning.evaluate import Evaluation
    from kommunanalys.figures import Table
    from kommunanalys.secrecy.statistics_released import StatisticsRelease

SHORT = ("invented", "recommendation", "trial", "list", "places", "flag", "chance", "missed", "enough", "meaning")
"""Sentences of the answer, in the order in which they are read."""
TOLD = {"cohorts": ("untested", "single", "helped", "model"), "drift": ("changed", "unchanged", "leakage")}
"""Sentences that stand before a table, by the beginnings of their keys."""
TENTH = 0.1
"""The least difference between two shares that can be told in tens."""


def answer(found: StatisticsRelease) -> list[str]:
    """What the council reads first, sentence by sentence.

    Parameters
    ----------
    found
        From `findings`.
    """
    keys = [one["key"] for one in found.told["texts"]]
    asked = [name for name in SHORT if name in keys and (name != "enough" or "list" not in keys)]
    return [found.text(name) for name in asked] + _apart(found)


def _apart(found: StatisticsRelease) -> list[str]:
    """Whom the list reaches in groups whose printed intervals lie apart, the widest difference first."""
    figures = {name_of(one): one for one in found.told["figures"]}
    gaps = {}
    for text in found.told["texts"]:
        if text["key"].startswith("beside "):
            one, other = (figures[split(text["fields"][name])[0]] for name in ("x", "y"))
            ends = [figure.get(end) for figure in (one, other) for end in ("low", "high")]
            if None not in ends and max(ends[0] - ends[3], ends[2] - ends[1]) > 0:
                gaps[text["key"]] = abs(one["value"] - other["value"])
    return [found.text(key) for key in sorted(gaps, key=lambda key: -gaps[key]) if gaps[key] >= TENTH]


def section(found: StatisticsRelease, *names: str) -> list[str | Table | Axes]:
    """Sentences, figure and tables of a part of the report; nothing of what was not let out.

    Parameters
    ----------
    found
        From `findings`.
    *names
        Tables: "reach", "groups", "errors", "enough", "cohorts", "calibration", "parts", "candidates", "drift".
    """
    from kommunanalys.figures import released

    parts: list[str | Table | Axes] = []
    for name in names:
        parts += _sentences(found, name)
        if name in found.tables:
            parts += [_reached(found)] if name == "reach" else []
            parts.append(replace(released(found, table=name), note=""))  # the page says it once, at its end
    return parts


def _sentences(found: StatisticsRelease, name: str) -> list[str]:
    keys = [one["key"] for one in found.told["texts"]]
    return [found.text(key) for start in TOLD.get(name, ()) for key in keys if key.split(" ")[0] == start]


def _reached(found: StatisticsRelease) -> Axes:
    """Whom each way reaches, with its interval, the list on top."""
    from kommunanalys.figures import PALETTE, describe, new_axes

    table = found.table("reach")
    shown = table.iloc[:, :3].dropna()
    say, ways = Speaker(found.language), list(shown.index)
    middle, low, high = (shown.iloc[:, place].to_numpy(float) for place in range(3))
    ax = new_axes(height=1.2 + 0.5 * len(shown))
    colours = [PALETTE["focus"] if way == table.index[-1] else PALETTE["peers"] for way in ways]
    ends = np.abs(np.stack([middle - low, high - middle]))
    ax.barh(ways, middle, color=colours, height=0.55, xerr=ends, error_kw={"capsize": 3, "ecolor": "#333333"})
    ax.set_xlim(0, 100)
    ax.xaxis.set_major_formatter(lambda value, _: say.percent(value))
    ax.set_xlabel(str(shown.columns[0]))
    data = table.copy()
    data.attrs.update(found.shown("reach").attrs)
    return describe(ax, caption=found.caption("reach"), alternative=found.text("list"), data=data)


def hand_over(
    evaluation: Evaluation,
    tables: Tables,
    *,
    as_of: Any,
    groups: Any = None,
    drift: Any = None,
    leakage: Any = None,
    language: str | None = None,
) -> list[Path]:
    """Write what those who act get: a private list for each place, the model card and drafts of the papers.

    All of it lies in the private folder of the state, and nothing of it comes into a report. The identities in the
    lists are read from the registers again, for those who are listed only.

    Parameters
    ----------
    evaluation
        From `evaluate`.
    tables
        The registers.
    as_of
        The day of the lists.
    groups, drift, leakage
        From `group_report`, `drift_report` and `leakage_report`, for the card.
    language
        "sv", "fi" or "en"; None for the session's.

    Returns
    -------
    list[Path]
        What was written.
    """
    task, language = evaluation.task, language or current()
    chosen = watchlist(evaluation.score(tables, as_of=as_of), evaluation.capacity, task.per)
    sheets = chosen.write(task=task, as_of=as_of, identities=_identities(chosen, task, tables), language=language)
    card = model_card(evaluation, groups=groups, drift=drift, leakage=leakage, language=language)
    drafts = papers(evaluation, groups=groups, drift=drift, language=language).values()
    return [*sheets, card.write(), *(one.write() for one in drafts)]


def _identities(chosen: Any, task: Any, tables: Tables) -> Any:
    """Who is listed; None for tables that hold no pseudonyms."""
    from kommunanalys.secrecy.frame import RegisterFrame
    from kommunanalys.secrecy.reidentify import identities

    register = tables[task.cohort.table] if isinstance(tables, dict) else tables
    if not isinstance(register, RegisterFrame):
        return None
    return identities(register, chosen.frame["person"].unique(), purpose=task.name)
