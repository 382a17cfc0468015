"""Statistics that were let out before: where few persons have changed, their figures are printed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from kommunanalys.secrecy import coarse
from kommunanalys.secrecy.rounding import BASE, ROOM

Figure = Mapping[str, Any]

PRINTED = ("value", "decimals", "low", "high", "hidden")
HALF = (BASE + ROOM) / 2
"""How far a number of persons may lie from the middle of its class."""


def few(limit: int) -> int:
    """From how many changed persons on new figures are printed, by the fewest that a figure may rest on.

    Examples
    --------
    >>> few(10), few(20)
    (5, 10)
    """
    return limit // 2


def as_before(
    fresh: Sequence[Figure], frame: pd.DataFrame, earlier: Iterable[Figure], language: str, limit: int
) -> list[dict[str, Any]]:
    """The figures of the oldest release with the same headings from which none differs by more than few persons.

    The whole of it is taken, or nothing: figures of two releases side by side could narrow each other. And the oldest,
    so that the same data give the same figures however often they are let out; the fresh figures where there is none.

    Parameters
    ----------
    fresh
        The figures as they would be printed now.
    frame
        The statistics in truth, a row for each figure.
    earlier
        Releases of statistics, oldest first.
    language
        Of the headings; those of releases in another one are not compared.
    limit
        The fewest persons that a figure may rest on.

    Examples
    --------
    >>> one = {"table": "t", "row": "a", "column": "b", "kind": "count", "value": 15.0, "decimals": 0, "hidden": False}
    >>> truth = pd.DataFrame({"kind": ["count"], "value": [13.0], "persons": [13.0], "of": [float("inf")]})
    >>> january = {"figures": [{**one, "value": 9.0}], "language": "en", "threshold": 10}
    >>> as_before([one], truth, [january], "en", 10)[0]["value"]
    9.0
    """
    rows = frame.to_dict("records")
    for before in (one for one in earlier if one["threshold"] == limit):
        told = before["figures"]
        heads = ("table", "kind", "row", "column")[: 4 if before["language"] == language else 2]
        alike = _layout(told, heads) == _layout(fresh, heads)
        if alike and all(_is_close(*one, limit) for one in zip(rows, fresh, told, strict=True)):
            return [
                {**new, **{name: old[name] for name in PRINTED if name in old}}
                for new, old in zip(fresh, told, strict=True)
            ]
    return [dict(one) for one in fresh]


def _layout(figures: Sequence[Figure], heads: Sequence[str]) -> list[tuple[Any, ...]]:
    return [("low" in one, *(one[name] for name in heads)) for one in figures]


def _is_close(truth: Mapping[Any, Any], fresh: Figure, old: Figure, limit: int) -> bool:
    """Whether what was printed is, but for the width of its class or step, within few persons of the truth."""
    missing = [one["value"] is None and not one["hidden"] for one in (fresh, old)]
    if any(missing) or old["hidden"]:
        return missing[0] == missing[1]
    kind, persons, of = truth["kind"], truth["persons"], truth["of"]
    if fresh["hidden"]:
        return bool(persons > max(limit, coarse.SHARE if kind == "share" else 0) - few(limit))
    apart = abs(truth["value"] - old["value"])
    if kind == "count":
        return bool(apart < HALF + few(limit))
    if kind == "share":  # in whole per cents
        return bool(apart < 0.005 + (HALF + few(limit)) / of)
    size = abs(truth["value"]) if kind == "mean" else 1.0
    return bool(apart < coarse.step_for(persons, size) / 2 + few(limit) * size / persons)
