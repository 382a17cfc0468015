"""The look of every figure, and the description that it must carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from kommunanalys.errors import TableError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE = {"focus": "#b3400e", "peers": "#0b5fa5", "others": "#98a2ab", "band": "#cfe0ee", "line": "#3b454e"}
"""Told apart by colour-blind readers (after Okabe & Ito 2008) and in grey: focus is always drawn heaviest as well."""

WIDTH = 7.2
"""Width of a figure [inch]: the text column of a report."""


@dataclass(frozen=True)
class Description:
    """What stands beside a figure: caption, alternative text, its data, and their indicators by column."""

    caption: str
    alternative: str
    data: pd.DataFrame
    indicators: Mapping[str, str] = field(default_factory=dict)


def decimals_for(size: float) -> int:
    """Decimals that a reader needs of figures of unknown kind, by the size of the largest.

    Examples
    --------
    >>> decimals_for(12_000), decimals_for(55.0), decimals_for(0.7)
    (0, 1, 2)
    """
    return 0 if size >= 1000 else 1 if size >= 20 else 2


_described: WeakKeyDictionary[Figure, Description] = WeakKeyDictionary()


def new_axes(ax: Axes | None = None, *, height: float = 4.0) -> Axes:
    """Empty axes in the house style, or the given ones made so.

    Parameters
    ----------
    ax
        Axes to draw on; None makes a figure of its own, outside pyplot's list of open figures.
    height
        Height of a new figure [inch].

    Examples
    --------
    >>> float(new_axes(height=3).figure.get_figheight())
    3.0
    """
    from matplotlib.figure import Figure

    if ax is None:
        ax = Figure(figsize=(WIDTH, height), layout="constrained").add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(colors=PALETTE["line"], labelsize=9)
    ax.set_axisbelow(True)
    return ax


def describe(
    ax: Axes, *, caption: str, alternative: str, data: pd.DataFrame, indicators: Mapping[str, str] | None = None
) -> Axes:
    """Attach caption, alternative text and data to the figure of some axes; returns the axes.

    Parameters
    ----------
    ax
        Axes that have been drawn on.
    caption
        What the figure shows, in the reader's language.
    alternative
        What a reader who cannot see it needs to know: the message, not the shapes.
    data
        The numbers that were drawn, with headings a reader understands.
    indicators
        Glossary names by column of `data`, for unit and indicator in the spreadsheet.

    Raises
    ------
    TableError
        An empty caption or alternative text.

    Examples
    --------
    >>> import pandas as pd
    >>> ax = describe(new_axes(), caption="Costs", alternative="They rise.", data=pd.DataFrame({"cost": [1.0, 2.0]}))
    >>> description(ax).caption
    'Costs'
    """
    if not caption.strip() or not alternative.strip():
        raise TableError("A figure needs a caption and an alternative text; got {caption!r}.", caption=caption)
    figure = ax.get_figure(root=True)
    if figure is not None:
        _described[figure] = Description(caption, alternative, data, dict(indicators or {}))
    return ax


def description(ax: Axes) -> Description:
    """The description attached to the axes' figure.

    Raises
    ------
    TableError
        The figure has none: `describe(ax, ...)` first.

    Examples
    --------
    >>> description(new_axes())
    Traceback (most recent call last):
    kommunanalys.errors.TableError: This figure has no alternative text: ...
    """
    figure = ax.get_figure(root=True)
    found = _described.get(figure) if figure is not None else None
    if found is None:
        raise TableError("This figure has no alternative text: call figures.describe(ax, ...) before it is shown.")
    return found
