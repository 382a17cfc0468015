"""Which entries of a table tell something about somebody, and why: the primary rules."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kommunanalys.language import Speaker
from kommunanalys.secrecy.cube import Cube
from kommunanalys.secrecy.domains import domains as list_domains

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

THRESHOLD: Final = 5
SENSITIVE_THRESHOLD: Final = 10
SENSITIVE: Final = frozenset({"special_support", "health"})
"""Columns with the higher threshold, whatever their domain."""
P: Final = 0.1
"""p% rule: nobody may be able to work out the largest contribution to within this share of it."""


def primary(cube: Cube, threshold: int) -> dict[int, str]:
    """Entries that must be hidden, and the reason of each: "small", "dominance" or "group".

    Notes
    -----
    *small*: fewer persons than the threshold contribute, but not none. *dominance*: the p% rule of Hundepool et al.
    (2012, Statistical Disclosure Control, section 4.2) with p = 10: whoever knows the second largest contribution
    knows the largest to within what the others add up to. *group*: all persons of a group fall into one column, so
    that the figure tells the trait of each of them; the zeros beside it tell the same.

    Examples
    --------
    >>> import pandas as pd
    >>> from kommunanalys.secrecy.cube import tabulate
    >>> pupils = pd.DataFrame({"school": ["A"] * 9 + ["B"] * 9, "support": ["no"] * 9 + ["no"] * 6 + ["yes"] * 3})
    >>> cube = tabulate(pupils, ("school",), ("support",), "count", None)
    >>> {cube.shape.keys[place]: reason for place, reason in primary(cube, 5).items()}
    {(('school', 'A'), ('support', 'no')): 'group', (('school', 'A'), ('support', 'yes')): 'group',
     (('school', 'B'), ('support', 'yes')): 'small', (('support', 'yes'),): 'small'}
    """
    small = (cube.people > 0) & (cube.people < threshold)
    dominant = ~small & (cube.people > 0) & (cube.rest < P)
    group = groups(cube) & ~small & ~dominant
    reasons = {"small": small, "dominance": dominant, "group": group}
    found = {int(place): name for name, mask in reasons.items() for place in np.flatnonzero(mask)}
    return dict(sorted(found.items()))


def groups(cube: Cube) -> Mask:
    """Entries that tell that all of a group fall into one column, or that all of it have nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from kommunanalys.secrecy.cube import tabulate
    >>> pupils = pd.DataFrame({"school": ["A", "A", "B", "B"], "support": ["no", "no", "no", "yes"]})
    >>> groups(tabulate(pupils, ("school",), ("support",), "count", None)).tolist()
    [True, True, False, False, False, False, False, False, False]
    """
    told = np.zeros(len(cube.values), bool)
    for line in cube.shape.lines(cube.shape.columns):
        parts, total = line[:-1], line[-1]
        if len(parts) > 1 and cube.people[total] > 0 and np.count_nonzero(cube.people[parts]) == 1:
            told[parts] = True
    if not np.array_equal(cube.values, cube.people):
        told |= (cube.people > 0) & (cube.values == 0)
    return told


def threshold_for(domains: frozenset[str], columns: frozenset[str], sensitive: bool | None) -> int:
    """The fewest persons that an entry may count: 5, and 10 for special support, health and social services.

    Examples
    --------
    >>> school, both = frozenset({"school"}), frozenset({"school", "social_services"})
    >>> threshold_for(school, frozenset(), None), threshold_for(both, frozenset(), None)
    (5, 10)
    """
    if sensitive is None:
        known = list_domains()
        sensitive = bool(columns & SENSITIVE) or any(name not in known or known[name].sensitive for name in domains)
    return SENSITIVE_THRESHOLD if sensitive else THRESHOLD


def explain(reason: str, language: str) -> str:
    """A reason in plain words.

    Examples
    --------
    >>> explain("small", "en")
    'few persons'
    """
    say = Speaker(language)
    return {
        "small": say("few persons"),
        "dominance": say("one contributor can be worked out by another"),
        "group": say("all persons of a group fall into one column"),
        "change": say("differs by few persons from an earlier release"),
        "earlier": say("hidden in an earlier release"),
        "secondary": say("would tell a hidden figure by subtraction"),
    }[reason]
