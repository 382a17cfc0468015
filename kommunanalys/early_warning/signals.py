"""How much one column alone tells of the outcome, and whether it looks like an identifier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

BINS = 30
"""Numbers with more different values than this are looked at in bins."""

FOLDS = 5
LEAST = 5
"""A value that fewer units have is not looked at, and never named."""
STRONG = 0.7
"""Share of pairs that a column must put right at least before it is asked whether chance would do as well."""
ALPHA = 0.05
"""Probability that chance alone is taken for knowledge in any of the columns that are looked at."""

IDENTIFIER = re.compile(r"(^|[\W_])(id|nr|no|num|number|key|pseudonym|löpnummer|tunnus|numero)([\W_]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Signal:
    """What one column alone tells.

    Parameters
    ----------
    auc
        How often a unit with the event is put before one without it by this column alone [0.5–1].
    error
        Its standard error.
    chance
        The smaller of the probabilities with which a column that tells nothing would do as well in its order and by its
        values [0–1]; 1 where `auc` is below 0.7.
    value
        The value that tells most of the event, "" for a missing one or for none.
    missing
        Whether that value is a missing one.
    count, share
        How many units have it, and the share of them with the event [0–1].
    low
        Lower limit of that share at the level asked for [0–1].
    """

    auc: float
    error: float
    chance: float
    value: str = ""
    missing: bool = False
    count: int = 0
    share: float = float("nan")
    low: float = float("nan")


def signal(column: pd.Series[Any], y: Array, *, tests: int = 1) -> Signal:
    """How well one column alone foresees the outcome, in its order or by its values.

    Parameters
    ----------
    column
        Any kind, shape (n,).
    y
        1 for units with the event, else 0, shape (n,).
    tests
        How many columns are looked at.

    Returns
    -------
    Signal
        The better of two views: the order of the numbers, and the share with the event by value (numbers in bins),
        learnt on four fifths and used on the last, so that many rare values do not look like knowledge.

    Notes
    -----
    What chance does in the order is taken from the normal distribution of the rank sum without ties, which is wide
    enough. What it does by the values is more, the more values there are, and is found from outcomes dealt out anew
    (Hope 1968, J. R. Stat. Soc. B 30:582), as many times as a twentieth shared by all columns and both views asks for.

    Examples
    --------
    >>> y = np.repeat([0.0, 1.0], 50)
    >>> found = signal(pd.Series(["stays"] * 50 + ["gone"] * 50), y)
    >>> found.auc, found.value, found.share
    (1.0, 'gone', 1.0)
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = (column - column.min()) / pd.Timedelta(days=1)
    codes, values = coded(column)
    units, had = _by_fold(codes, np.ones(len(y)), y)
    by_value, in_order = _learnt(units, had), _in_order(column, y) if is_number(column) else 0.5
    best, events = max(by_value, in_order, 0.5), float(y.sum())
    others = len(y) - events
    chance = 1.0
    if best >= STRONG:
        flat = np.sqrt((len(y) + 1) / (12 * events * others))
        chance = 2 * float(stats.norm.sf((in_order - 0.5) / flat))
        if chance >= ALPHA / (2 * tests):
            # Dealing is slow, and not needed where the order alone is beyond chance.
            chance = min(chance, _shuffled(units, had, by_value, tests))
    return Signal(best, _error(best, events, others), chance, **_telling(codes, values, y, tests))


def _in_order(column: pd.Series[Any], y: Array) -> float:
    """Share of pairs that the order of the numbers puts right, whichever way it runs [0.5–1]."""
    known = column.notna().to_numpy()
    if not 0 < y[known].sum() < known.sum():
        return 0.5
    ordered = auc(column[known].to_numpy(float), y[known])
    # The order says nothing of those without a value: they count as one half.
    weight = y[known].mean() * (1 - y[known].mean()) * known.mean() ** 2 / (y.mean() * (1 - y.mean()))
    return float(0.5 + abs(ordered - 0.5) * min(1.0, weight))


def coded(column: pd.Series[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Whole numbers for the values, rare numbers in bins and missing ones last; and what each stands for.

    Examples
    --------
    >>> codes, values = coded(pd.Series(["a", "b", None, "a"]))
    >>> codes.tolist(), values
    ([0, 1, 2, 0], ['a', 'b', None])
    """
    if is_number(column) and column.nunique() > BINS:
        return _binned(column)
    codes, values = pd.factorize(column)
    return np.where(codes < 0, len(values), codes).astype(np.int64), [*list(values), None]


def _binned(column: pd.Series[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Common numbers as values of their own, the others between quantiles."""
    counts = column.value_counts()
    common = counts.index[counts >= max(LEAST, len(column) / BINS)]
    numbers = column.to_numpy(float)
    edges = np.unique(np.nanquantile(numbers, np.linspace(0, 1, BINS + 1)))
    bins = len(common) + np.searchsorted(edges[1:-1], numbers, side="left")
    own = common.get_indexer(column)
    values = [*common, *(f"{low:g}–{high:g}" for low, high in pairwise(edges)), None]
    codes = np.where(column.isna(), len(values) - 1, np.where(own >= 0, own, bins))
    return codes.astype(np.int64), values


def is_number(column: pd.Series[Any]) -> bool:
    """Whether the order of its values means something: numbers and days.

    Examples
    --------
    >>> is_number(pd.Series([1.5])), is_number(pd.Series(["1.5"]))
    (True, False)
    """
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        return False
    return bool(pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind))


def auc(score: Array, y: Array) -> float:
    """Share of pairs in which the unit with the event has the higher score; equal scores count one half.

    Examples
    --------
    >>> auc(np.array([1.0, 2.0, 2.0]), np.array([0.0, 0.0, 1.0]))
    0.75
    """
    events = y.sum()
    ranks = stats.rankdata(score)[y == 1].sum()
    return float((ranks - events * (events + 1) / 2) / (events * (len(y) - events)))


def _by_fold(codes: NDArray[np.int64], *weights: Array) -> Iterator[NDArray[np.int64]]:
    """Sums of each of the weights by fold and value, shape (folds, values)."""
    size = int(codes.max()) + 1
    cell = np.random.default_rng(0).permutation(len(codes)) % FOLDS * size + codes
    for weight in weights:
        yield np.bincount(cell, weight, minlength=FOLDS * size).reshape(FOLDS, size).astype(np.int64)


def _learnt(units: NDArray[np.int64], had: NDArray[np.int64]) -> float:
    """Share of pairs put right by the share with the event by value, for each fold learnt from the others [0–1].

    Parameters
    ----------
    units, had
        Units, and those with the event, by fold and value, shape (folds, values).
    """
    number, events = units.sum(axis=0) - units, had.sum(axis=0) - had
    mean = events.sum(axis=1, keepdims=True) / number.sum(axis=1, keepdims=True)
    # Five imagined units at the mean keep a rare value from counting as certain.
    score = (events + 5 * mean) / (number + 5) - mean
    place = np.unique(score, return_inverse=True)[1].ravel()
    with_event = np.bincount(place, had.ravel())
    without = np.bincount(place, (units - had).ravel())
    return float(with_event @ (without.cumsum() - without / 2) / (with_event.sum() * without.sum()))


def _shuffled(units: NDArray[np.int64], had: NDArray[np.int64], found: float, tests: int) -> float:
    """Probability that the values would put as many pairs right if the outcomes were dealt out anew.

    The first deal that does as well ends it (Besag & Clifford 1991, Biometrika 78:301).
    """
    # Seeded by the column itself: other deals for each column, and the same again for the same one.
    rng, deals = np.random.default_rng(had.ravel()), round(2 * tests / ALPHA)
    for deal in range(1, deals + 1):
        # Only the numbers by fold and value matter, so that a deal costs the same however many units there are.
        dealt = rng.multivariate_hypergeometric(units.ravel(), had.sum(), method="marginals")
        if _learnt(units, dealt.reshape(units.shape)) >= found:
            return 1 / deal
    return 1 / (deals + 1)


def _error(area: float, events: float, others: float) -> float:
    """Standard error of an area under the curve (Hanley & McNeil 1982, Radiology 143:29–36)."""
    area = max(area, 0.5)
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (events - 1) * (first - area**2) + (others - 1) * (second - area**2)
    return float(np.sqrt(max(spread, 0.0) / (events * others)))


def _telling(codes: NDArray[np.int64], values: list[Any], y: Array, tests: int) -> dict[str, Any]:
    """The value with the highest lower limit of its share with the event."""
    number = np.bincount(codes, minlength=len(values)).astype(float)
    events = np.bincount(codes, weights=y, minlength=len(values)).astype(float)
    enough = np.flatnonzero(number >= LEAST)
    if not len(enough):
        return {}
    low = wilson_low(events[enough], number[enough], ALPHA / (tests * len(enough)))
    best = int(enough[low.argmax()])
    return {
        "value": "" if values[best] is None else str(values[best]),
        "missing": values[best] is None,
        "count": int(number[best]),
        "share": float(events[best] / number[best]),
        "low": float(low.max()),
    }


def wilson_low(events: Array, number: Array, alpha: float) -> Array:
    """Wilson's lower limit of a share, one-sided.

    Examples
    --------
    >>> wilson_low(np.array([9.0]), np.array([10.0]), 0.025).round(3).tolist()
    [0.596]
    """
    z = stats.norm.isf(alpha)
    share, part = events / number, z**2 / number
    half = np.sqrt(share * (1 - share) * part + part**2 / 4)
    return np.asarray((share + part / 2 - half) / (1 + part), dtype=float)


def looks_like_identifier(column: pd.Series[Any]) -> bool:
    """Whether a column names units: text that is nearly always another, or whole numbers that run or are called so.

    Examples
    --------
    >>> looks_like_identifier(pd.Series(range(100, 200)))
    True
    >>> looks_like_identifier(pd.Series(np.linspace(0, 1, 100)))
    False
    """
    known = column.dropna()
    if len(known) < 30 or pd.api.types.is_datetime64_any_dtype(known.dtype):
        return False
    different = known.nunique()
    if different < 0.99 * len(known):
        return False
    if not is_number(known):
        return True
    if not bool((known == known.round()).all()) or different < len(known):
        return False
    runs = float(known.max()) - float(known.min()) < 2 * len(known)
    return bool(runs or IDENTIFIER.search(str(column.name)))


def place_in_order(column: pd.Series[Any]) -> pd.Series[Any]:
    """Rank of each identifier: numbers by size, texts by the number that they end in, else by the alphabet.

    Examples
    --------
    >>> place_in_order(pd.Series(["P10", "P9"])).tolist()
    [2.0, 1.0]
    """
    if is_number(column):
        return column.rank()
    text = column.astype(str)
    ends = pd.to_numeric(text.str.extract(r"(\d{1,15})$")[0], errors="coerce")
    return (ends if ends.notna().all() else text).rank()
