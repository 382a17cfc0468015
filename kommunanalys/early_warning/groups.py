"""For whom the list is worse: recall, precision, false alarms and calibration by group, small cells hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from kommunanalys.answer import Answer
from kommunanalys.early_warning.calibration import line_through, log_odds
from kommunanalys.early_warning.declaration import Words
from kommunanalys.early_warning.intervals import NOTHING, Interval, error_of_sum, share, sums
from kommunanalys.early_warning.strategies import check_capacity, competing, listed, recall_of
from kommunanalys.early_warning.values import in_language, named
from kommunanalys.errors import TableError, UsageError
from kommunanalys.journal import SMALL
from kommunanalys.language import Speaker
from kommunanalys.secrecy.register import in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
MEASURES = ("recall", "precision", "false_alarms", "calibration")
OWN = {"as_of", "unit", "person", "place", "y", "risk", "flag", "known_from", "helped"}
HIDDEN = ("list", "events", "all")
"""What is hidden of a value, from least to most."""
ENOUGH = 50
"""Units with the event, and as many without, from which a slope of calibration says something."""


@dataclass(frozen=True)
class GroupReport(Answer):
    """How a list serves each group.

    Parameters
    ----------
    groups
        Row for each `group` and `value`: `units`, `events`, `listed`, then for each of recall, precision, false_alarms,
        calibration (mean risk less share with the event) and slope the figure with `_low` and `_high` (95 %), missing
        where hidden or where there is nothing to count, and `hidden`: "" or which part is hidden ("all", "events",
        "list"). Values of fewer than 5 persons, and missing ones, are together "other or not stated"; where these are
        fewer than 5 too, they stand with the smallest other value as "... or other".
    differences
        Row for each `group`, `value`, `against` (the largest group) and `measure`: `difference`, `low`, `high` (95 %),
        `judged`: "differs", "perhaps" (chance alone, with this many comparisons, could do it), "not enough to tell".
    rule
        What counts as listed: capacity, or the threshold.
    labels
        What the task calls its groups, by name and language.
    """

    groups: pd.DataFrame = field(repr=False)
    differences: pd.DataFrame = field(repr=False)
    rule: str
    labels: Mapping[str, Words] = field(default_factory=dict, repr=False)

    def called(self, group: str, language: str) -> str:
        """What the task calls a group; its name where the task is not known."""
        return self.labels.get(group, {}).get(language, group)

    def to_frame(self) -> pd.DataFrame:
        """The figures by group."""
        return self.groups.copy()

    def summary(self, language: str = "en") -> str:
        """Each group's recall and precision in words, what differs, and how far chance explains it."""
        say = Speaker(language)
        lines = [_line(row, self.called(row["group"], language), say) for row in self.groups.to_dict("records")]
        return "\n".join([*lines, *self._differences(say)])

    def _differences(self, say: Speaker) -> list[str]:
        count = len(self.differences)
        if not count:
            return [say("No two groups are large enough to be compared.")]
        lines = []
        for row in self.differences[self.differences["judged"] != "not enough to tell"].to_dict("records"):
            told = {
                "measure": _measure(row["measure"], say),
                "value": in_language(row["value"], say),
                "against": in_language(row["against"], say),
                "difference": say.number(100 * row["difference"]),
                "low": say.number(100 * row["low"]),
                "high": say.number(100 * row["high"]),
            }
            said = {
                "differs": say(
                    "{measure}: {value} differs from {against} by {difference} percentage points (95% interval "
                    "{low} to {high}).",
                    **told,
                ),
                "perhaps": say(
                    "{measure}: {value} perhaps differs from {against}, by {difference} percentage points (95% "
                    "interval {low} to {high}); with so many comparisons chance alone can do that.",
                    **told,
                ),
            }
            lines.append(said[row["judged"]])
        open_ones = int((self.differences["judged"] == "not enough to tell").sum())
        lines.append(
            say(
                "{count} comparisons were made; for {open} of them there is not enough to tell. That is no proof that "
                "the groups are served alike. By chance alone about {chance} would look like a difference.",
                count=say.number(count),
                open=say.number(open_ones),
                chance=say.number(0.05 * count, 1),
            )
        )
        return lines

    def plot(self, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """Recall by group with 95 % intervals; hidden groups have no mark."""
        from kommunanalys.figures import PALETTE, describe, new_axes

        say = Speaker(language)
        table = self.groups
        pairs = zip(table["group"], table["value"], strict=True)
        names = [f"{self.called(group, language)}: {in_language(value, say)}" for group, value in pairs]
        ax = new_axes(ax, height=1.2 + 0.35 * len(table))
        figures = 100 * table[["recall", "recall_low", "recall_high"]].astype(float)
        ax.hlines(range(len(table)), figures["recall_low"], figures["recall_high"], color=PALETTE["peers"])
        ax.scatter(figures["recall"], range(len(table)), color=PALETTE["focus"], zorder=3)
        ax.set_yticks(range(len(table)), names)
        ax.set_ylim(len(table) - 0.5, -0.5)
        ax.set_xlim(0, 100)
        ax.set_xlabel(say("Listed of those with the event, %"))
        heads = [say("Listed of those with the event, %"), say("Lower limit, %"), say("Upper limit, %")]
        data = figures.set_axis(heads, axis=1).set_axis(pd.Index(names, name=say("Group")), axis=0)
        caption = say("How many of those with the event the list reaches, by group, with 95% intervals.")
        return describe(ax, caption=caption, alternative=self.summary(language), data=data)


def _line(row: dict[str, Any], group: str, say: Speaker) -> str:
    told = {"group": group, "value": in_language(row["value"], say)}
    if row["hidden"] == "all":
        return say("{group}, {value}: hidden, since it or the rest would be too few persons.", **told)
    told["units"] = in_words(int(row["units"]), say)
    if row["hidden"]:
        return say(
            "{group}, {value}: {units} persons; what the list reaches is hidden, since too few persons stand behind "
            "it.",
            **told,
        )
    if pd.isna(row["recall"]):
        return say("{group}, {value}: {units} persons, none with the event.", **told)
    for name in ("recall", "recall_low", "recall_high", "precision", "false_alarms"):
        told[name] = say.percent(100 * row[name])
    return say(
        "{group}, {value}: {units} persons. The list reaches {recall} of those with the event (95% interval "
        "{recall_low} to {recall_high}); {precision} of the listed had it; {false_alarms} of those without it were "
        "listed.",
        **told,
    )


def _measure(name: str, say: Speaker) -> str:
    if name == "recall":
        return say("Listed of those with the event")
    if name == "precision":
        return say("With the event of those listed")
    if name == "false_alarms":
        return say("Listed of those without the event")
    return say("Mean risk less what came")


def group_report(
    predictions_or_evaluation: Any,
    *,
    capacity: int | None = None,
    per: str = "",
    groups: Sequence[str] | None = None,
    threshold: float | None = None,
) -> GroupReport:
    """How a list serves each declared group.

    Parameters
    ----------
    predictions_or_evaluation
        What `evaluate` gave, or its `predictions`: `as_of`, `person`, `place`, `y`, `risk` and a column per group.
    capacity, per
        The list: the highest risks on each date, in each place or in all; default: the task's own.
    groups
        Columns; default: the task's groups, or all columns that are not the contract's.
    threshold
        Instead of a capacity: everybody at or above this risk [0–1] is listed.

    Raises
    ------
    UsageError
        No group column, an unknown one, one with more than 20 values, no capacity, or capacity and threshold both.
    TableError
        A column is missing or y or risk is.

    Notes
    -----
    No value that fewer than 5 persons hold is named: see `GroupReport`. The events, and what the list reaches, are
    hidden wherever a number from 1 to 4 of persons could be worked out; if one value of a group were hidden alone, the
    next smallest is hidden too, since it could be worked out from the total. Intervals are those of `intervals`,
    clustered by person. A difference is said to differ where its interval lies beyond 0 though all comparisons are
    counted (Bonferroni).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"as_of": 1, "person": range(400), "place": "a", "risk": rng.uniform(0, 1, 400)})
    >>> table["y"] = (rng.uniform(0, 1, 400) < table["risk"]) * 1.0
    >>> table["sex"] = np.tile(["f", "m"], 200)
    >>> group_report(table, capacity=100).to_frame()["units"].tolist()
    [200, 200]
    """
    table, capacity, per, names = _given(predictions_or_evaluation, capacity, per, groups, threshold)
    if threshold is None:
        chance = listed(table["risk"].to_numpy(float), int(capacity or 0), competing(table, per))
        rule = f"capacity {capacity}" + (f" per {per}" if per else "")
    else:
        chance, rule = (table["risk"].to_numpy(float) >= threshold).astype(float), f"risk from {threshold:g}"
    rows, gaps = [], []
    for name in names:
        values = named(table[name], table["person"])
        hidden = _hidden(values, table, chance)
        found = {
            value: _figures(table, chance, values == value, hidden[value], capacity, per, threshold) for value in hidden
        }
        rows += [{"group": name, "value": value, **one[0]} for value, one in found.items()]
        gaps += _against(name, found)
    frame = pd.DataFrame(rows)
    figures = [name for name in frame.columns if name not in ("group", "value", "units", "events", "hidden")]
    kinds = dict.fromkeys(figures, "float64") | {"units": "Int64", "events": "Int64"}
    declared = () if isinstance(predictions_or_evaluation, pd.DataFrame) else predictions_or_evaluation.task.groups
    labels = {one.name: one.label for one in declared}
    return GroupReport(frame.astype(kinds), _judged(gaps), rule, labels)


def _given(
    given: Any, capacity: int | None, per: str, groups: Sequence[str] | None, threshold: float | None
) -> tuple[pd.DataFrame, int | None, str, list[str]]:
    """The predictions, and what the task says where the caller does not."""
    task = None if isinstance(given, pd.DataFrame) else given.task
    table = pd.DataFrame(given if task is None else given.predictions)
    if task is not None and threshold is None and capacity is None:
        capacity, per = getattr(given, "capacity", task.capacity), per or task.per
    lacking = [name for name in ("as_of", "person", "place", "y", "risk") if name not in table.columns]
    if lacking:
        raise TableError("The predictions lack the columns {columns}.", columns=", ".join(lacking))
    if not len(table) or table[["as_of", "y", "risk"]].isna().any(axis=None):
        raise TableError("Every row of the predictions needs as_of, y and risk. Leave out units without an outcome.")
    if (capacity is None) == (threshold is None):
        raise UsageError("Say who is listed: either capacity=5 (with per=) or threshold=0.4, and not both.")
    if capacity is not None:
        check_capacity(capacity)
    others = [str(name) for name in table.columns if name not in OWN and not str(name).startswith("risk_")]
    names = [one.name for one in task.groups] if task is not None and groups is None else list(groups or others)
    unknown = [name for name in names if name not in table.columns]
    if unknown or not names:
        raise UsageError(
            "Unknown groups: {unknown}. The predictions have {known}. Declare groups in the task.",
            unknown=", ".join(unknown) or "–",
            known=", ".join(others) or "–",
        )
    return table, capacity, per, names


def _small(count: float) -> bool:
    return 0 < round(count, 6) < SMALL


def _hidden(values: NDArray[Any], table: pd.DataFrame, chance: Array) -> dict[str, str]:
    """By value what must be hidden: "" nothing, "list" what the list reaches, "events" these too, "all"."""
    y, persons = table["y"].to_numpy(float), table["person"].to_numpy(object)
    order = sorted(set(values), key=lambda value: (-int((values == value).sum()), value))
    cells: dict[str, dict[str, list[float]]] = {level: {} for level in HIDDEN}
    for value in order:
        came, stayed = ((values == value) & (y == one) for one in (1, 0))
        cells["list"][value] = [float(part[own].sum()) for own in (came, stayed) for part in (chance, 1 - chance)]
        cells["events"][value] = [len(set(persons[came])), len(set(persons[stayed]))]
        cells["all"][value] = [len(set(persons[came | stayed]))]
    certain = {value for value in order if not ((values == value) & (y == 0)).any()}
    found, known = dict.fromkeys(order, ""), set[str]()
    for level in reversed(HIDDEN):
        small = {value for value in order if any(map(_small, cells[level][value]))}
        wider = _complete(known | small | (certain if level == "events" else set()), order, cells[level])
        found |= dict.fromkeys(wider - known, level)
        known = wider
    return found


def _complete(hidden: set[str], order: Sequence[str], cells: dict[str, list[float]]) -> set[str]:
    """With the smallest others, until what is hidden can be worked out from no total."""
    hidden = set(hidden)
    while hidden and (left := [value for value in order if value not in hidden]):
        together = [sum(cells[value][at] for value in hidden) for at in range(len(cells[order[0]]))]
        if len(hidden) > 1 and not any(map(_small, together)):
            break
        hidden.add(left[-1])
    return hidden


Figures = tuple[dict[str, Any], dict[str, Interval]]


def _figures(
    table: pd.DataFrame,
    chance: Array,
    own: NDArray[np.bool_],
    hidden: str,
    capacity: int | None,
    per: str,
    threshold: Any,
) -> Figures:
    y, risk, persons = table["y"].to_numpy(float), table["risk"].to_numpy(float), table["person"].to_numpy(object)
    found = dict.fromkeys(MEASURES, NOTHING)
    slope = NOTHING
    if not hidden:
        if threshold is None:
            found["recall"] = recall_of(table, capacity=int(capacity or 0), per=per, inside=own)
        else:
            found["recall"] = share(chance[own], y[own], persons[own])
        found["precision"] = share(y[own], chance[own], persons[own])
        found["false_alarms"] = share(chance[own], 1 - y[own], persons[own])
    if hidden in ("", "list"):
        found["calibration"] = _gap(risk[own] - y[own], persons[own])
        if min(y[own].sum(), (1 - y[own]).sum()) >= ENOUGH:
            slope = _slope(y[own], log_odds(risk[own]), persons[own])
    counts: dict[str, Any] = {
        "units": None if hidden == "all" else int(own.sum()),
        "events": None if hidden in ("all", "events") else int(y[own].sum()),
        "listed": None if hidden else float(chance[own].sum()),
    }
    row = counts | {
        name + end: None if np.isnan(limit) else limit
        for name, one in (*found.items(), ("slope", slope))
        for end, limit in (("", one.value), ("_low", one.low), ("_high", one.high))
    }
    return {**row, "hidden": hidden}, found


def _gap(residual: Array, persons: Any) -> Interval:
    """Mean with a 95 % interval, rows of one person together."""
    mean, count = float(residual.mean()), len(pd.unique(persons))
    if count < 2:
        return NOTHING
    half = float(stats.t.ppf(0.975, count - 1) * error_of_sum(residual - mean, persons) / len(residual))
    return Interval(mean, mean - half, mean + half)


def _slope(y: Array, odds: Array, persons: Any) -> Interval:
    """Slope of a logistic regression on the log-odds, with a 95 % interval clustered by person."""
    intercept, slope = line_through(y, odds)
    if np.isnan(slope):
        return NOTHING
    risk = expit(intercept + slope * odds)
    design = np.column_stack([np.ones(len(y)), odds])
    inverse = np.linalg.inv(design.T @ (design * (risk * (1 - risk))[:, None]))
    scores = np.column_stack([sums(one * (y - risk), persons) for one in design.T])
    half = 1.96 * float(np.sqrt((inverse @ (scores.T @ scores) @ inverse)[1, 1]))
    return Interval(slope, slope - half, slope + half)


def _against(name: str, found: dict[str, Figures]) -> list[dict[str, Any]]:
    """Every value against the largest one, measure by measure."""
    first, *others = found
    gaps = []
    for value in others:
        for measure in MEASURES:
            one, other = found[value][1][measure], found[first][1][measure]
            if not np.isnan(one.value) and not np.isnan(other.value):
                gaps.append({"group": name, "value": value, "against": first, "measure": measure, "pair": (one, other)})
    return gaps


def _judged(gaps: list[dict[str, Any]]) -> pd.DataFrame:
    """Differences with intervals put together from both sides (Newcombe 1998, Statistics in Medicine 17:873–890)."""
    wider = stats.norm.isf(0.025 / max(len(gaps), 1)) / stats.norm.isf(0.025)
    rows = []
    for gap in gaps:
        one, other = gap.pop("pair")
        middle = one.value - other.value
        down = float(np.hypot(one.value - one.low, other.high - other.value))
        up = float(np.hypot(one.high - one.value, other.value - other.low))
        judged = "not enough to tell"
        if middle - down > 0 or middle + up < 0:
            judged = "differs" if middle - wider * down > 0 or middle + wider * up < 0 else "perhaps"
        rows.append({**gap, "difference": middle, "low": middle - down, "high": middle + up, "judged": judged})
    names = ["group", "value", "against", "measure", "difference", "low", "high", "judged"]
    return pd.DataFrame(rows, columns=names)
