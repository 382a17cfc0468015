"""Four ways to use the same capacity, side by side: chance, one simple flag, whole places, the model's list."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kommunanalys.early_warning.intervals import Interval, recall, share
from kommunanalys.errors import TableError, UsageError

Array = NDArray[np.float64]
STRATEGIES: Final = ("chance", "flag", "places", "model")
SCORES: Final = {"model": "risk", "flag": "flag"}
PAST: Final = ("place", "as_of", "y")
MOST: Final = 1_000_000
ALL: Final = "all"
"""What stands for the date in the rows of all dates together."""
STEADY: Final = 10
"""Units at the overall share that each place's past is filled up with: a tiny place is not first by one event."""


def reach(
    predictions: pd.DataFrame, *, capacity: int, per: str = "", history: pd.DataFrame | None = None
) -> pd.DataFrame:
    """How many with the event each way reaches at the same capacity.

    Parameters
    ----------
    predictions
        One row for each unit and as-of date: columns `as_of`, `person`, `place`, `y`, `risk`, `flag`.
    capacity
        How many can be helped on each date, in each place or in all.
    per
        Column with the places that each have the capacity, or "" where it is for all together. A name that is no
        column of `predictions` means `place`.
    history
        Outcomes of earlier cohorts: columns `place`, `as_of`, `y`. On a date only the outcomes of earlier as-of dates
        count; where a table also has `known_from`, those known by the date.

    Returns
    -------
    DataFrame
        Columns `strategy`, `as_of` ("all" for all dates together), `units`, `events`, `listed`, `hits`, `precision`,
        `precision_low`, `precision_high`, `recall`, `recall_low`, `recall_high`, `places` (that at least one listed
        unit belongs to) and `known` (False where whole places had no past to go by, and chance stands in for them).
        Numbers are expected values where chance decides.

    Notes
    -----
    `model` and `flag` list the highest risks and flag values, an unknown flag last. `places` takes whole places, the
    highest past share of events first, until as many are listed as by the others; the last place is counted pro rata.
    Past shares are (events + 10 × overall share) / (units + 10). `chance` is the expected value of a draw. Equal values
    at the cut are counted pro rata, the expected value of any draw among them.

    Examples
    --------
    >>> table = pd.DataFrame({"as_of": 2024, "person": range(6), "place": list("aaabbb"), "flag": [3, 2, 1, 1, 1, 1],
    ...                       "y": [1.0, 0, 0, 0, 0, 1], "risk": [0.9, 0.2, 0.1, 0.1, 0.2, 0.8]})
    >>> found = reach(table, capacity=2)
    >>> found[found["as_of"] == "all"].set_index("strategy")["hits"].round(2).to_dict()
    {'chance': 0.67, 'flag': 1.0, 'places': 0.67, 'model': 2.0}
    """
    chances, known = inclusion(predictions, capacity=capacity, per=per, history=history)
    dates = predictions["as_of"].to_numpy(object)
    parts = competing(predictions, per)
    edges = {name: _edge(predictions[column].to_numpy(), capacity, parts) for name, column in SCORES.items()}
    rows = []
    for strategy in STRATEGIES:
        way = _Way(strategy, chances[strategy], parts, edges.get(strategy, np.zeros(len(dates))))
        rows.append(_row(predictions, way, ALL, np.ones(len(dates), bool), all(known.values())))
        rows.extend(_row(predictions, way, date, dates == date, past) for date, past in known.items())
    return pd.DataFrame(rows)


def inclusion(
    predictions: pd.DataFrame, *, capacity: int, per: str = "", history: pd.DataFrame | None = None
) -> tuple[dict[str, Array], dict[Any, bool]]:
    """With which chance each way lists each row, and on which dates the places had a past.

    Examples
    --------
    >>> table = pd.DataFrame({"as_of": [1, 1, 2, 2], "person": range(4), "place": list("abab"), "flag": [0, 1, 1, 1],
    ...                       "y": [0.0, 1, 0, 1], "risk": [0.1, 0.2, 0.3, 0.4]})
    >>> chances, known = inclusion(table, capacity=1)
    >>> chances["places"].tolist(), chances["flag"].tolist(), known
    ([0.5, 0.5, 0.0, 1.0], [0.0, 1.0, 0.5, 0.5], {1: False, 2: True})
    """
    _check(predictions, capacity, history)
    dates = predictions["as_of"].to_numpy(object)
    parts = competing(predictions, per)
    chances = {name: listed(predictions[column].to_numpy(), capacity, parts) for name, column in SCORES.items()}
    chances["chance"] = listed(np.zeros(len(dates)), capacity, parts)
    chances["places"] = chances["chance"].copy()
    known: dict[Any, bool] = {}
    for date in sorted(set(dates)):
        at = np.flatnonzero(dates == date)
        past = _past(predictions, history, date)
        known[date] = bool(len(past))
        if known[date]:
            score = _shares(predictions["place"].to_numpy(object)[at], past)
            chances["places"][at] = listed(score, chances["model"][at].sum(), np.zeros(len(at), np.int64))
    return chances, known


def listed(score: Any, capacity: float, parts: NDArray[np.int64]) -> Array:
    """Chance of being among the `capacity` highest scores of one's part, equal scores pro rata, missing ones last.

    Examples
    --------
    >>> listed([3, 2, 2, 1, np.nan], 2, np.zeros(5, int)).tolist()
    [1.0, 0.5, 0.5, 0.0, 0.0]
    """
    values = np.nan_to_num(np.asarray(score, float), nan=-np.inf, neginf=-np.inf, posinf=np.inf)
    chance = np.zeros(len(values))
    for part in np.unique(parts):
        at = np.flatnonzero(parts == part)
        _, level, sizes = np.unique(-values[at], return_inverse=True, return_counts=True)
        before = np.cumsum(sizes) - sizes
        chance[at] = np.clip((capacity - before) / sizes, 0, 1)[level]
    return chance


def recall_of(predictions: pd.DataFrame, *, capacity: int, per: str = "", inside: ArrayLike | None = None) -> Interval:
    """Recall of the list of the highest risks, with an interval, for all or those inside a group.

    Examples
    --------
    >>> table = pd.DataFrame({"as_of": 1, "person": range(6), "place": "a", "y": [1.0, 1, 0, 0, 1, 0],
    ...                       "risk": [0.9, 0.8, 0.5, 0.3, 0.2, 0.1]})
    >>> recall_of(table, capacity=2, inside=[True, False, False, False, True, True]).value
    0.5
    """
    y, person = predictions["y"].to_numpy(float), predictions["person"].to_numpy()
    parts = competing(predictions, per)
    score = predictions["risk"].to_numpy(float)
    return recall(y, listed(score, capacity, parts), person, parts, _edge(score, capacity, parts), inside=inside)


def competing(predictions: pd.DataFrame, per: str) -> NDArray[np.int64]:
    """Numbers of the parts that share a capacity: the dates, or the places on each date."""
    dates = _parts(predictions["as_of"].to_numpy(object))
    if not per:
        return dates
    places = _parts(predictions[per if per in predictions.columns else "place"].to_numpy(object))
    return np.asarray(dates * (places.max() + 1) + places, np.int64)


def _edge(score: Any, capacity: int, parts: NDArray[np.int64]) -> Array:
    return listed(score, 1.5 * capacity, parts) - listed(score, 0.5 * capacity, parts)


def check_capacity(capacity: Any) -> None:
    """Nothing, or an error where it is no whole number from 1 to a million."""
    whole = isinstance(capacity, int | np.integer) and not isinstance(capacity, bool)
    if not whole or not 1 <= capacity <= MOST:
        raise UsageError(
            "capacity={capacity!r}: give a whole number of persons from 1 to {most}.", capacity=capacity, most=MOST
        )


def _check(predictions: pd.DataFrame, capacity: int, history: pd.DataFrame | None) -> None:
    check_capacity(capacity)
    needed = (
        ("predictions", predictions, ("as_of", "person", "place", "y", "risk", "flag")),
        ("history", history, PAST),
    )
    for what, table, names in needed:
        lacking = [] if table is None else [name for name in names if name not in table.columns]
        if lacking:
            raise TableError("The {what} lack the columns {columns}.", what=what, columns=", ".join(lacking))
    if not len(predictions) or predictions[["y", "risk", "as_of"]].isna().any(axis=None):
        raise TableError("Every row of the predictions needs as_of, y and risk. Leave out units without an outcome.")


def _parts(values: Any) -> NDArray[np.int64]:
    """Numbers of the places; those without a place make up one of their own."""
    codes, _ = pd.factorize(values, use_na_sentinel=False)
    return np.asarray(codes, np.int64)


def _past(predictions: pd.DataFrame, history: pd.DataFrame | None, date: Any) -> pd.DataFrame:
    """Events and units by place known on the date; a cohort that stands in both tables is taken from the history."""
    tables = [predictions]
    if history is not None:
        tables = [history, predictions[~predictions["as_of"].isin(history["as_of"]).to_numpy()]]
    known = [_known(table, date) for table in tables]
    return pd.concat(known).groupby("place")["y"].agg(["sum", "size"])


def _known(table: pd.DataFrame, date: Any) -> pd.DataFrame:
    earlier = (table["as_of"] < date).to_numpy()
    if "known_from" in table.columns:
        earlier = earlier & (table["known_from"] <= date).to_numpy()
    columns = {"place": table["place"].to_numpy(object), "y": table["y"].to_numpy(float)}
    return pd.DataFrame(columns)[earlier].dropna()


def _shares(places: Any, past: pd.DataFrame) -> Array:
    """Past share of events of each unit's place, steadied; the overall share for a new place, missing for no place."""
    overall = past["sum"].sum() / past["size"].sum()
    steadied: dict[Hashable, float] = ((past["sum"] + STEADY * overall) / (past["size"] + STEADY)).to_dict()
    return np.array([np.nan if pd.isna(place) else steadied.get(place, overall) for place in places], float)


class _Way(NamedTuple):
    name: str
    chance: Array
    parts: NDArray[np.int64]
    edge: Array


def _row(predictions: pd.DataFrame, way: _Way, date: Any, at: NDArray[np.bool_], known: bool) -> dict[str, Any]:
    y, chance = predictions["y"].to_numpy(float)[at], way.chance[at]
    person = predictions["person"].to_numpy()[at]
    precision, found = share(y, chance, person), recall(y, chance, person, way.parts[at], way.edge[at])
    return {
        "strategy": way.name,
        "as_of": date,
        "units": len(y),
        "events": int(y.sum()),
        "listed": float(chance.sum()),
        "hits": float((chance * y).sum()),
        "precision": precision.value,
        "precision_low": precision.low,
        "precision_high": precision.high,
        "recall": found.value,
        "recall_low": found.low,
        "recall_high": found.high,
        "places": _touched(predictions["place"].to_numpy()[at], chance),
        "known": known or way.name != "places",
    }


def _touched(places: Any, chance: Array) -> float:
    """Expected number of places with at least one listed unit."""
    codes, _ = pd.factorize(places)
    inside = codes >= 0
    # The tiny number stands for certainty, whose logarithm is not finite.
    spared = np.bincount(codes[inside], weights=np.log(np.maximum(1 - chance[inside], 1e-300)))
    return float((1 - np.exp(spared)).sum())
