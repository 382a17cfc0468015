"""Whether those of today are like those that were learnt from: column by column, held against chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from kommunanalys.answer import Answer
from kommunanalys.early_warning.declaration import Words
from kommunanalys.early_warning.signals import is_number
from kommunanalys.errors import TableError, TooFewUnits
from kommunanalys.journal import SMALL
from kommunanalys.language import Speaker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Counts = NDArray[np.int64]
BINS = 10
DRAWS = 4999
"""Random divisions of the two cohorts; so many that the smallest probability is small enough for 50 columns."""
ALPHA = 0.05
LARGE = 0.1
"""Population stability index, beyond what chance gives, from which a difference is worth a word."""
MORE_MISSING = 0.05
"""Change in the share that is missing from which it is worth a word."""
RISE = 0.5
"""Imagined units in each bin, so that an empty one does not make the index infinite."""


@dataclass(frozen=True)
class DriftReport(Answer):
    """How today's cohort differs from the one learnt from.

    Parameters
    ----------
    columns
        Row for each column: `psi` (population stability index), `expected` (what chance alone gives with so many
        units), `chance` (probability of at least as much by chance [0–1]), `missing_then`, `missing_now` [0–1],
        `unseen` (units with a category that was never learnt from), `outside` (units beyond the range learnt from; both
        missing where they are 1 to 4), `reasons`: those of "distribution", "missing", "unseen", "range" that hold.
    then, now
        How many units.
    risk
        Mean risk `then`, `now`, the `difference` with `low`, `high` (95 %); empty where no risks were given.
    labels
        What the task calls its columns, by name and language.
    """

    columns: pd.DataFrame = field(repr=False)
    then: int
    now: int
    risk: dict[str, float]
    labels: Mapping[str, Words] = field(default_factory=dict, repr=False)

    def called(self, column: str, language: str) -> str:
        """What the task calls a column; its name where the task is not known."""
        return self.labels.get(column, {}).get(language, column)

    @property
    def flagged(self) -> tuple[str, ...]:
        """Columns that differ more than chance would make them."""
        return tuple(str(name) for name in self.columns.index[self.columns["reasons"].map(len) > 0])

    def to_frame(self) -> pd.DataFrame:
        """One row for each column, the largest difference beyond chance first."""
        order = (self.columns["psi"] - self.columns["expected"]).sort_values(ascending=False, kind="stable").index
        frame = self.columns.loc[order].copy()
        frame["reasons"] = frame["reasons"].map(", ".join)
        return frame

    def summary(self, language: str = "en") -> str:
        """What has changed, in words, and what follows."""
        say = Speaker(language)
        lines = [
            say(
                "{count} columns of {now} persons today were held against {then} that were learnt from.",
                count=say.number(len(self.columns)),
                now=say.number(self.now),
                then=say.number(self.then),
            )
        ]
        lines += [_line(self.called(name, language), self.columns.loc[name], say) for name in self.flagged]
        if self.flagged:
            lines.append(
                say("For those who differ from all that was learnt from, the risks are less sure than they look.")
            )
        else:
            lines.append(say("None differs more than chance would make it."))
        if self.risk:
            lines.append(self._risks(say))
        return "\n".join(lines)

    def _risks(self, say: Speaker) -> str:
        told = {name: say.number(100 * value, 1) for name, value in self.risk.items()}
        if self.risk["low"] > 0 or self.risk["high"] < 0:
            return say(
                "The mean risk was {then}% and is {now}% (difference {difference} percentage points, 95% interval "
                "{low} to {high}).",
                **told,
            )
        return say(
            "The mean risk was {then}% and is {now}%; chance alone can do that (difference {difference} percentage "
            "points, 95% interval {low} to {high}).",
            **told,
        )

    def plot(self, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """Population stability index by column, the largest on top, beside what chance alone gives."""
        from kommunanalys.figures import PALETTE, describe, new_axes

        say = Speaker(language)
        table = self.to_frame().head(20)
        names = [str(name) for name in table.index]
        ax = new_axes(ax, height=1.2 + 0.3 * len(table))
        colours = [PALETTE["focus"] if name in self.flagged else PALETTE["others"] for name in names]
        ax.barh(range(len(table)), table["psi"], color=colours, height=0.6)
        ax.scatter(table["expected"], range(len(table)), color=PALETTE["line"], marker="|", s=90, zorder=3)
        names = [self.called(name, language) for name in names]
        ax.set_yticks(range(len(table)), names)
        ax.invert_yaxis()
        ax.xaxis.set_major_formatter(lambda value, _: say.number(value, 2))
        ax.set_xlabel(say("Population stability index; the line is what chance alone gives"))
        heads = {"psi": say("Population stability index"), "expected": say("By chance alone")}
        data = table[list(heads)].rename(columns=heads).set_axis(pd.Index(names, name=say("Column")), axis=0)
        caption = say("How the columns of today differ from those learnt from.")
        return describe(ax, caption=caption, alternative=self.summary(language), data=data)


def _line(name: str, row: pd.Series[Any], say: Speaker) -> str:
    parts = []
    if "distribution" in row["reasons"]:
        parts.append(
            say(
                "its values are spread differently (stability index {psi}, by chance about {expected})",
                psi=say.number(row["psi"], 2),
                expected=say.number(row["expected"], 2),
            )
        )
    if "missing" in row["reasons"]:
        then, now = (say.percent(100 * row[one]) for one in ("missing_then", "missing_now"))
        parts.append(say("missing for {now}, before for {then}", then=then, now=now))
    if "unseen" in row["reasons"]:
        parts.append(say("{count} persons have a value never learnt from", count=say.number(row["unseen"])))
    if "range" in row["reasons"]:
        parts.append(say("{count} persons lie outside the range learnt from", count=say.number(row["outside"])))
    return say("{column}: {what}.", column=name, what=say.names(parts))


def drift_report(then: Any, now: pd.DataFrame, *, risk_then: Any = None, risk_now: Any = None) -> DriftReport:
    """How today's cohort differs from the last one that was learnt from.

    Parameters
    ----------
    then
        Its features, or what `evaluate` gave (its `latest`).
    now
        Features of today's cohort, by the same names.
    risk_then, risk_now
        Risks of the two cohorts [0–1].

    Raises
    ------
    TableError
        A column of `then` that `now` lacks.
    TooFewUnits
        Fewer than 5 units in either.

    Notes
    -----
    Numbers are cut at the tenths of `then`; a missing value is a value of its own. A column is flagged where a random
    division of the units of both cohorts into two of these sizes would seldom differ as much (Benjamini–Hochberg over
    all columns and questions, so that a report without any drift has a flag in about one of twenty at most) and where
    the difference is large too: a stability index .1 beyond chance, 5 percentage points more missing, or at least 5
    persons with values never learnt from.

    Examples
    --------
    >>> then = pd.DataFrame({"marks": np.arange(100) / 10.0})
    >>> drift_report(then, then + 5).flagged, drift_report(then, then).flagged
    (('marks',), ())
    """
    earlier = pd.DataFrame(then if isinstance(then, pd.DataFrame) else then.latest)
    now = pd.DataFrame(now)
    lacking = [str(name) for name in earlier.columns if name not in now.columns]
    if lacking:
        raise TableError(
            "Today's columns lack {columns}, which were learnt from. Build both with the same task.",
            columns=", ".join(lacking),
        )
    if not len(earlier.columns):
        raise TableError("There are no columns to compare.")
    if min(len(earlier), len(now)) < SMALL:
        raise TooFewUnits("Fewer than {limit} units in one of the cohorts: they cannot be compared.", limit=SMALL)
    rng = np.random.default_rng(0)
    rows = {str(name): _compared(earlier[name], _alike(now[name], earlier[name]), rng) for name in earlier.columns}
    features = () if isinstance(then, pd.DataFrame) or getattr(then, "task", None) is None else then.task.features
    labels = {one.name: one.label for one in features}
    return DriftReport(_flagged(rows), len(earlier), len(now), _risk(risk_then, risk_now), labels)


def _alike(now: pd.Series[Any], then: pd.Series[Any]) -> pd.Series[Any]:
    """Today's values, numbers where those learnt from were."""
    if not is_number(then) or is_number(now):
        return now
    numbers = pd.to_numeric(now.astype(object), errors="coerce")
    if (numbers.isna() & now.notna()).any():
        raise TableError(
            "Column {column} held numbers among those learnt from and holds text now. Build both with the same task.",
            column=str(then.name),
        )
    return numbers.astype(float)


def _compared(then: pd.Series[Any], now: pd.Series[Any], rng: np.random.Generator) -> dict[str, Any]:
    """All figures of one column, with the probability of each question by chance."""
    counts = _counts(then, now)
    psi, expected, chance = against_chance(counts, rng)
    gone = counts[:, -1]
    missing = [[gone[0], len(then) - gone[0]], [gone[1], len(now) - gone[1]]]
    unseen, unseen_chance, outside, outside_chance = _new(then, now)
    return {
        "psi": psi,
        "expected": expected,
        "chance": chance,
        "missing_then": gone[0] / len(then),
        "missing_now": gone[1] / len(now),
        "unseen": unseen,
        "outside": outside,
        "missing_chance": float(stats.fisher_exact(missing).pvalue) if gone.any() else 1.0,
        "unseen_chance": unseen_chance,
        "outside_chance": outside_chance,
    }


def _counts(then: pd.Series[Any], now: pd.Series[Any]) -> Counts:
    """Units by value or bin, missing ones last, of both cohorts: shape (2, bins)."""
    if is_number(then):
        known = _plain(then.dropna())
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else known
        codes = [np.where(one.notna(), np.searchsorted(edges, _plain(one), side="left"), -1) for one in (then, now)]
        size = len(edges) + 1
    else:
        both = pd.concat([_texts(then), _texts(now)])
        # Rare categories together are one bin: each alone would be noise.
        rare = both.map(both.value_counts()) < max(SMALL, len(both) / 100)
        found, names = pd.factorize(both.mask(rare & both.notna(), "\0"))
        codes, size = [found[: len(then)], found[len(then) :]], len(names)
    return np.array([np.bincount(np.where(one < 0, size, one), minlength=size + 1) for one in codes])


def _plain(column: pd.Series[Any]) -> NDArray[np.float64]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = (column - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return np.asarray(column.to_numpy(float))


def _texts(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.astype(object).where(column.notna()).map(str, na_action="ignore")


def against_chance(counts: Counts, rng: np.random.Generator) -> tuple[float, float, float]:
    """Stability index of two cohorts, its mean over random divisions of the units, and the share at least as large.

    Examples
    --------
    >>> psi, expected, chance = against_chance(np.array([[50, 50], [90, 10]]), np.random.default_rng(0))
    >>> psi > 0.5, expected < 0.1, chance
    (True, True, 0.0002)
    """
    used = counts[:, counts.sum(axis=0) > 0]
    drawn = rng.multivariate_hypergeometric(used.sum(axis=0), int(used[0].sum()), size=DRAWS, method="marginals")
    psi = float(stability(used[0], used[1]))
    by_chance = stability(drawn, used.sum(axis=0) - drawn)
    return psi, float(by_chance.mean()), float((1 + (by_chance >= psi - 1e-12).sum()) / (1 + DRAWS))


def stability(then: Counts, now: Counts) -> NDArray[np.float64]:
    """Population stability index of counts by bin (last axis).

    Examples
    --------
    >>> float(stability(np.array([5, 5]), np.array([5, 5])))
    0.0
    """
    one, other = then + RISE, now + RISE
    one, other = one / one.sum(axis=-1, keepdims=True), other / other.sum(axis=-1, keepdims=True)
    return np.asarray(((other - one) * np.log(other / one)).sum(axis=-1))


def _new(then: pd.Series[Any], now: pd.Series[Any]) -> tuple[int, float, int, float]:
    """Units with categories never seen, units beyond the range, and how probable so many are by chance."""
    share = now.notna().sum() / max(then.notna().sum() + now.notna().sum(), 1)
    if not is_number(then):
        current = _texts(now).dropna()
        new = current[~current.isin(set(_texts(then).dropna()))].value_counts()
        # How probable that all who have the commonest new value are in the later cohort, times the values there are.
        chance = float(share ** new.iloc[0] * (current.nunique() + 1)) if len(new) else 1.0
        return int(new.sum()), min(chance, 1.0), 0, 1.0
    before, after = _plain(then[then.notna()]), _plain(now[now.notna()])
    if not len(before):
        return 0, 1.0, 0, 1.0
    sides = [int((after > before.max()).sum()), int((after < before.min()).sum())]
    return 0, 1.0, sum(sides), min(1.0, 2 * float(share) ** max(sides)) if any(sides) else 1.0


def _flagged(rows: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """The table, with the reasons that hold though all questions are counted."""
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("column")
    asked = {
        "distribution": "chance",
        "missing": "missing_chance",
        "unseen": "unseen_chance",
        "range": "outside_chance",
    }
    chances = frame[list(asked.values())].to_numpy(float)
    adjusted = stats.false_discovery_control(chances.ravel()).reshape(chances.shape) <= ALPHA
    large = np.column_stack(
        [
            frame["psi"] - frame["expected"] >= LARGE,
            (frame["missing_now"] - frame["missing_then"]).abs() >= MORE_MISSING,
            frame["unseen"] >= SMALL,
            frame["outside"] >= SMALL,
        ]
    )
    frame["reasons"] = [tuple(compress(asked, row)) for row in adjusted & large]
    for name in ("unseen", "outside"):
        frame[name] = frame[name].astype(float).mask(frame[name].between(1, SMALL - 1))
    return frame.drop(columns=["missing_chance", "unseen_chance", "outside_chance"])


def _risk(then: Any, now: Any) -> dict[str, float]:
    if then is None or now is None:
        return {}
    one, other = (pd.Series(values, dtype=float).dropna().to_numpy() for values in (then, now))
    if min(len(one), len(other)) < SMALL:
        raise TooFewUnits("Fewer than {limit} units in one of the cohorts: they cannot be compared.", limit=SMALL)
    difference = float(other.mean() - one.mean())
    error = float(np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other)))
    half = 1.96 * error
    return {
        "then": float(one.mean()),
        "now": float(other.mean()),
        "difference": difference,
        "low": difference - half,
        "high": difference + half,
    }
