"""Many municipalities in one picture, each to be pointed at: lines, ranking, scatter, distribution."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kommunanalys.figures.marks import FOCUS, LOOKS, MARKED, PREFIX, Array, Crowd, Points, write_names
from kommunanalys.figures.style import PALETTE, WIDTH, new_axes
from kommunanalys.language import Speaker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

STYLES = ("-.", ":", (0, (6, 2)), (0, (4, 1, 1, 1, 1, 1)))
MARKERS = ("^", "v", "D", "P", "X")
MARGINS = {"left": 0.135, "right": 0.975, "bottom": 0.13, "top": 0.89}
"""Fixed, since measuring the texts to fit them takes longer than drawing the picture."""
BINS = 45


def quick_axes(ax: Axes | None = None, *, height: float = 4.2, **margins: float) -> Axes:
    """Axes of a picture that is drawn again at every move of a control.

    Parameters
    ----------
    ax
        Axes to draw on; None for new ones.
    height
        Height of a new figure [inch].
    **margins
        Where the axes begin and end [share of the figure], other than usual.

    Examples
    --------
    >>> quick_axes().figure.get_layout_engine() is None
    True
    """
    if ax is None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH, height))
        figure.subplots_adjust(**{**MARGINS, **margins})
        ax = figure.add_subplot()
        # The upright axis has no label but the head above it: a place for it need not be measured at each drawing.
        ax.yaxis.set_label_coords(0, 0.5)
    return new_axes(ax)


def swept(ax: Axes) -> Axes:
    """Axes that such a picture was drawn on, empty again; drawing on them takes a quarter less than on new ones.

    Parameters
    ----------
    ax
        Axes of an earlier picture of the same kind, which nobody else keeps.

    Examples
    --------
    >>> ax = quick_axes(); head(ax, "Cost"); len(swept(ax).texts)
    0
    """
    for artist in [*ax.lines, *ax.collections, *ax.texts, *ax.artists, *ax.patches]:
        artist.remove()
    return ax


def trajectories(
    crowd: Crowd,
    years: Array,
    values: Array,
    *,
    breaks: Iterable[int] = (),
    band: tuple[Array, Array] | None = None,
    hollow: NDArray[np.bool_] | None = None,
    say: Speaker,
    ax: Axes | None = None,
) -> Axes:
    """A line over years for each municipality: the focus heavy, with holes at breaks and where there is no figure.

    Parameters
    ----------
    crowd
        Whose lines.
    years
        Every year from the first to the last, shape (years,).
    values
        Shape (municipalities, years).
    breaks
        First years of a new way of counting.
    band
        Lower and upper edge, shape (years,) each.
    hollow
        Which figures are to be read with care, shape (municipalities, years).
    say
        Speaker of the reader's language.
    ax
        Axes to draw on; None for new ones.

    Examples
    --------
    >>> one = Crowd(("1440",), ("Ale",), np.array([FOCUS]), np.array([False]))
    >>> years = np.array([2018.0, 2019.0])
    >>> trajectories(one, years, np.array([[1.0, 2.0]]), breaks=[2019], say=Speaker("en")).lines[0].get_gid()
    'mark-1440'
    """
    ax = quick_axes(ax, right=0.80)
    inner = [year for year in breaks if years[0] < year <= years[-1]]
    if band is not None:
        low, high = (_holed(years, edge, inner) for edge in band)
        ax.fill_between(low[0], low[1], high[1], color=PALETTE["band"], linewidth=0)
    ends: list[tuple[float, int]] = []
    for place in np.argsort(crowd.roles, kind="stable").tolist():
        line = _holed(years, values[place], inner)
        ax.plot(*line, gid=PREFIX + crowd.codes[place], **_line_look(crowd, place))  # type: ignore[arg-type]
        if hollow is not None and crowd.roles[place] >= MARKED:
            _rings(ax, crowd, place, years[hollow[place]], values[place][hollow[place]])
        if crowd.roles[place] == FOCUS:
            _crosses(ax, years[np.isnan(values[place])])
        last = values[place][np.isfinite(values[place])]
        if len(last) and crowd.roles[place] >= MARKED:
            ends.append((float(last[-1]), place))
    for year in inner:
        ax.axvline(year - 0.5, color=PALETTE["others"], linewidth=1, linestyle=":")
    ax.set_xlim(years[0] - 0.5, years[-1] + 0.5)
    shown = np.concatenate([values.ravel(), *(band or ())])
    ax.set_ylim(*_around(shown[np.isfinite(shown)]))
    every = max(1, -(-len(years) // 7))
    ax.set_xticks([int(year) for year in years[::-1][::every]])
    _ticks(ax.yaxis, say)
    _ground(ax)
    _name_ends(ax, crowd, ends)
    return ax


def _line_look(crowd: Crowd, place: int) -> dict[str, object]:
    role = int(crowd.roles[place])
    if role == FOCUS:
        return {"color": PALETTE["focus"], "linewidth": 2.6, "marker": "o", "markersize": 4, "zorder": 4}
    if role == MARKED:
        number = int((crowd.roles[:place] == MARKED).sum())
        style, marker = STYLES[number % len(STYLES)], MARKERS[number % len(MARKERS)]
        return {"color": PALETTE["line"], "linewidth": 1.6, "linestyle": style, "marker": marker, "markersize": 4}
    return {"color": PALETTE[LOOKS[role][2]], "linewidth": 1.1, "linestyle": "--", "marker": ".", "markersize": 3}


def _rings(ax: Axes, crowd: Crowd, place: int, years: Array, values: Array) -> None:
    colour = PALETTE[LOOKS[int(crowd.roles[place])][2]]
    ax.plot(years, values, "o", markersize=5, markerfacecolor="white", markeredgecolor=colour, zorder=5)


def _crosses(ax: Axes, years: Array) -> None:
    """At the foot of the picture, the years in which the focus has no figure."""
    foot = np.full(len(years), 0.02)
    ax.plot(years, foot, "x", markersize=5, color=PALETTE["focus"], transform=ax.get_xaxis_transform(), clip_on=False)


def _holed(years: Array, values: Array, breaks: list[int]) -> tuple[Array, Array]:
    """A line with a hole before each break."""
    places = [year - int(years[0]) for year in breaks]
    between = np.array([year - 0.5 for year in breaks])
    return np.insert(years.astype(float), places, between), np.insert(values, places, np.nan)


def _name_ends(ax: Axes, crowd: Crowd, ends: list[tuple[float, int]]) -> None:
    """Names at the right end of their lines, moved apart where they would lie on each other."""
    bottom, top = ax.get_ylim()
    room, height = 0.052 * (top - bottom), -np.inf
    for value, place in sorted(ends):
        height = max(height + room, value)
        strong = crowd.roles[place] == FOCUS
        ax.text(
            1.01,
            (height - bottom) / (top - bottom),
            crowd.names[place],
            parse_math=False,
            transform=ax.transAxes,
            va="center",
            fontsize=9,
            fontweight="bold" if strong else "normal",
            color=PALETTE["focus" if strong else "line"],
        )


def ranked(
    crowd: Crowd,
    values: Array,
    *,
    ends: tuple[Array, Array] | None = None,
    say: Speaker,
    ax: Axes | None = None,
) -> Axes:
    """All municipalities from the lowest to the highest, with their intervals where there are any.

    Parameters
    ----------
    crowd
        Who they are.
    values
        Shape (municipalities,); those without a figure get no point.
    ends
        Lower and upper end of the interval of each.
    say
        Speaker of the reader's language.
    ax
        Axes to draw on; None for new ones.

    Examples
    --------
    >>> two = Crowd(("1440", "0180"), ("Ale", "Stockholm"), np.array([FOCUS, 0]), np.array([False, False]))
    >>> ranked(two, np.array([2.0, 1.0]), say=Speaker("en")).artists[0].at.tolist()
    [[2.0, 2.0], [1.0, 1.0]]
    """
    ax = quick_axes(ax)
    there = np.isfinite(values)
    rank = np.full(len(values), np.nan)
    rank[np.argsort(np.where(there, values, np.inf), kind="stable")[: there.sum()]] = np.arange(1, there.sum() + 1)
    shown = values[there]
    if ends is not None:
        known = there & np.isfinite(ends[0])
        for strong in (False, True):
            one = known & ((crowd.roles >= MARKED) == strong)
            colour, width = (PALETTE["line"], 1.8) if strong else (PALETTE["others"], 0.7)
            x, y = (np.ravel(sides, order="F") for sides in _uprights(rank[one], ends[0][one], ends[1][one]))
            ax.plot(x, y, color=colour, linewidth=width, scalex=False, scaley=False)
        shown = np.concatenate([shown, ends[0][known], ends[1][known]])
    ax.axhline(float(np.median(values[there])), color=PALETTE["line"], linewidth=0.8, linestyle=":")
    ax.add_artist(Points(crowd, rank, values))
    ax.set_xlim(0, there.sum() + 1)
    ax.set_ylim(*_around(shown))
    ax.set_xticks(sorted({1, int(there.sum()), *range(50, int(there.sum()) - 20, 50)}))
    ax.set_xlabel(say("Number from the lowest"), fontsize=9)
    _ticks(ax.yaxis, say)
    _ground(ax)
    write_names(ax, crowd, rank, values)
    return ax


def cloud(crowd: Crowd, x: Array, y: Array, *, say: Speaker, ax: Axes | None = None) -> Axes:
    """Two figures against each other, with the median of each.

    Parameters
    ----------
    crowd
        Who they are.
    x, y
        Shape (municipalities,); who lacks one of them gets no point.
    say
        Speaker of the reader's language.
    ax
        Axes to draw on; None for new ones.

    Examples
    --------
    >>> one = Crowd(("1440",), ("Ale",), np.array([FOCUS]), np.array([False]))
    >>> cloud(one, np.array([1.0]), np.array([2.0]), say=Speaker("en")).texts[0].get_text()
    'Ale'
    """
    ax = quick_axes(ax, height=4.8)
    both = np.isfinite(x + y)
    for values, line, limit in ((x[both], ax.axvline, ax.set_xlim), (y[both], ax.axhline, ax.set_ylim)):
        line(float(np.median(values)), color=PALETTE["line"], linewidth=0.8, linestyle=":")
        limit(*_around(values))
    ax.add_artist(Points(crowd, np.where(both, x, np.nan), np.where(both, y, np.nan)))
    _ticks(ax.xaxis, say)
    _ticks(ax.yaxis, say)
    _ground(ax)
    write_names(ax, crowd, np.where(both, x, np.nan), y)
    return ax


def stacks(crowd: Crowd, values: Array, *, say: Speaker, ax: Axes | None = None) -> Axes:
    """How the figures are spread: each municipality a point, stacked on those with about the same figure.

    Parameters
    ----------
    crowd
        Who they are; the focus and the marked lie lowest in their stack.
    values
        Shape (municipalities,).
    say
        Speaker of the reader's language.
    ax
        Axes to draw on; None for new ones.

    Examples
    --------
    >>> two = Crowd(("1440", "0180"), ("Ale", "Stockholm"), np.array([FOCUS, 0]), np.array([False, False]))
    >>> stacks(two, np.array([1.0, 1.0]), say=Speaker("en")).artists[0].at[:, 1].tolist()
    [1.0, 2.0]
    """
    ax = quick_axes(ax)
    there = np.flatnonzero(np.isfinite(values))
    low, high = float(values[there].min()), float(values[there].max())
    width = (high - low) / BINS or 1.0
    cell = np.floor((values[there] - low) / width).astype(int)
    order = np.lexsort([-crowd.roles[there], cell])
    first = np.searchsorted(cell[order], cell[order])
    height, x = np.full(len(values), np.nan), np.full(len(values), np.nan)
    height[there[order]] = np.arange(len(order)) - first + 1
    x[there] = low + (cell + 0.5) * width
    ax.axvline(float(np.median(values[there])), color=PALETTE["line"], linewidth=0.8, linestyle=":")
    ax.add_artist(Points(crowd, x, height))
    ax.set_xlim(low - 2 * width, high + 3 * width)
    ax.set_ylim(0, max(8.0, 1.12 * float(np.nanmax(height)) + 1))
    head(ax, say("Municipalities with about the same figure"))
    _ticks(ax.xaxis, say)
    _ticks(ax.yaxis, say, whole=True)
    _ground(ax)
    write_names(ax, crowd, x, height)
    return ax


def _uprights(x: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Many upright lines as one, which is drawn faster; shape (3, lines), the third point a hole."""
    hole = np.full(len(x), np.nan)
    return np.array([x, x, hole]), np.array([low, high, hole])


def _around(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or abs(low) * 0.1 or 1.0
    return low - room, high + room


def head(ax: Axes, text: str) -> None:
    """What the upright axis counts, in reading direction above it.

    Examples
    --------
    >>> ax = quick_axes(); head(ax, "Cost, SEK"); ax.texts[0].get_text()
    'Cost, SEK'
    """
    # Far from the left edge of the axes, so that it begins where the numbers of the axis do.
    # A "$" in a name is money, not mathematics.
    told, colour = textwrap.fill(text, 92), PALETTE["line"]
    ax.text(-0.14, 1.03, told, transform=ax.transAxes, fontsize=9.5, color=colour, parse_math=False)


def note(ax: Axes, text: str) -> None:
    """What must be read in the picture itself, in its upper left corner; nothing for "".

    Examples
    --------
    >>> ax = quick_axes(); note(ax, ""); len(ax.texts)
    0
    """
    if text:
        colour = PALETTE["focus"]
        ax.text(0.01, 0.985, text, transform=ax.transAxes, va="top", fontsize=9, color=colour, parse_math=False)


def _ticks(axis: Axis, say: Speaker, *, whole: bool = False) -> None:
    """Few numbers along an axis, as the language writes them, with as many decimals as they lie apart."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    low, high = axis.get_view_interval()
    apart = (high - low) / 6
    decimals = 0 if whole or apart >= 1 else 1 if apart >= 0.1 else 2
    axis.set_major_locator(MaxNLocator(6, integer=whole))
    axis.set_major_formatter(FuncFormatter(lambda value, _: say.number(value, decimals)))


def _ground(ax: Axes) -> None:
    ax.grid(axis="y", color="#e4e7ea", linewidth=0.8)
