"""Where looking begins: an indicator with figures, and the municipalities that are most like one's own."""

from __future__ import annotations

import pandas as pd

from kommunanalys.compare import similar
from kommunanalys.errors import KommunanalysError, NoData

LIKE = (
    ("compulsory_pupils_home", "urban_share", "parents_low_education"),
    ("population", "urban_share", "higher_education"),
    ("population",),
)
"""What municipalities are alike on, the first of these that the panel has figures for."""
PEERS = 5
FIRST = ("compulsory_cost_home", "compulsory_merit_home", "tax_rate", "population")


def suggested(panel: pd.DataFrame, municipality: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The municipalities most like one of them, and what they are alike on; both () where none can be found.

    Parameters
    ----------
    panel
        Index (`municipality`, `year`).
    municipality
        Code.

    Examples
    --------
    >>> import kommunanalys as ka
    >>> peers, on = suggested(ka.panel(ka.read_example()), "X07")
    >>> len(peers), on
    (5, ('compulsory_pupils_home', 'urban_share', 'parents_low_education'))
    """
    # Without what is known beside the figures: pandas would copy all of it at each step of the comparison.
    bare = pd.DataFrame(panel)
    for columns in LIKE:
        if set(columns) <= set(bare.columns):
            try:
                return tuple(similar(bare[list(columns)], municipality, columns, PEERS).peers.index), columns
            except KommunanalysError:
                # The next ones may do; none at all is no fault: a person chooses peers by hand.
                continue
    return (), ()


def indicators_to_begin_with(panel: pd.DataFrame) -> tuple[str, str]:
    """Two columns of numbers to show first, the same one twice where there is only one.

    Raises
    ------
    NoData
        No column of numbers holds a figure.

    Examples
    --------
    >>> import kommunanalys as ka
    >>> indicators_to_begin_with(ka.panel(ka.read_example()))
    ('compulsory_cost_home', 'compulsory_merit_home')
    """
    held = panel.select_dtypes("number").notna().any()
    filled = [str(name) for name in held.index[held]]
    if not filled:
        raise NoData("No column of the panel holds a figure: there is nothing to look at.")
    order = [name for name in FIRST if name in filled] + [name for name in filled if name not in FIRST]
    return order[0], order[min(1, len(order) - 1)]
