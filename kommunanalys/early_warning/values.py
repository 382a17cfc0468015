"""The values of a group as they may be named: none that fewer than five persons hold."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.errors import UsageError
from kommunanalys.journal import SMALL
from kommunanalys.language import Speaker

OTHER: Final = "other or not stated"
"""Values of too few persons to be named, together with missing ones."""
OR_OTHER: Final = " or other"
"""What stands after the smallest other value where these are too few even together."""
MOST: Final = 20
"""Values with persons enough that a group may have; a column with more tells of persons rather than of groups."""


def named(column: pd.Series[Any], persons: pd.Series[Any]) -> NDArray[Any]:
    """The values of a group as text, those of fewer than five persons put together.

    Parameters
    ----------
    column
        The values, shape (n,).
    persons
        Who holds them, on the same index.

    Raises
    ------
    UsageError
        More than 20 values with persons enough.

    Examples
    --------
    >>> languages = pd.Series(["fi"] * 9 + ["sv"] * 8 + ["yi"] * 3 + [None] * 2)
    >>> sorted(set(named(languages, pd.Series(range(22)))))
    ['fi', 'other or not stated', 'sv']
    >>> sorted(set(named(languages[:20], pd.Series(range(20)))))
    ['fi', 'sv or other']
    """
    values = pd.Series(column.astype(object).where(column.notna(), OTHER).astype(str).to_numpy(object), dtype=object)
    held = _held(values, persons)
    values = values.mask(values.isin(held.index[held < SMALL]), OTHER)
    held = _held(values, persons)
    count = len(held) - (OTHER in held.index)
    if count > MOST:
        raise UsageError(
            "The group {group} has {count} values; groups of persons have at most {most}. Put values together, or "
            "declare another column.",
            group=column.name,
            count=count,
            most=MOST,
        )
    if held.get(OTHER, SMALL) < SMALL and count:
        least = held.drop(OTHER).index[0]
        values = values.mask(values.isin([least, OTHER]), f"{least}{OR_OTHER}")
    return np.asarray(values, object)


def _held(values: pd.Series[Any], persons: pd.Series[Any]) -> pd.Series[int]:
    """How many persons hold each value, the fewest first."""
    return persons.groupby(values.to_numpy(object)).nunique(dropna=False).sort_values(kind="stable")


def in_language(value: str, say: Speaker) -> str:
    """A value of a group in a reader's language.

    Examples
    --------
    >>> in_language("f", Speaker("sv"))
    'f'
    """
    if value == OTHER:
        return say("other or not stated")
    if value.endswith(OR_OTHER):
        return say("{value} or other", value=value.removesuffix(OR_OTHER))
    return value
