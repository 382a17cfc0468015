"""The three charts that several analyses share: a line over years, a ranking, a scatter of two figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kommunanalys.figures.style import PALETTE, new_axes
from kommunanalys.language import Speaker

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def localise(ax: Axes, say: Speaker, *, x: bool = False, decimals: int = 0) -> None:
    r"""Write the numbers of the y axis (and of the x axis if asked) as the language writes them.

    Examples
    --------
    >>> ax = new_axes(); localise(ax, Speaker("sv"))
    >>> ax.yaxis.get_major_formatter()(12500)
    '12\xa0500'
    """
    from matplotlib.ticker import FuncFormatter

    formatter = FuncFormatter(lambda value, _: say.number(value, decimals))
    ax.yaxis.set_major_formatter(formatter)
    if x:
        ax.xaxis.set_major_formatter(formatter)


def with_gaps(series: pd.Series, breaks: Iterable[int]) -> pd.Series:
    """A series over years with a hole before each break and at each absent year, so that no line crosses it.

    Parameters
    ----------
    series
        Indexed by year.
    breaks
        First years of a new way of counting.

    Examples
    --------
    >>> with_gaps(pd.Series([1.0, 2.0], index=[2018, 2019]), [2019]).isna().sum()
    np.int64(1)
    """
    years = series.index.to_numpy(dtype=float)
    if not len(years):
        return series
    whole = series.reindex(np.arange(years.min(), years.max() + 1))
    holes = pd.Series(np.nan, index=[year - 0.5 for year in breaks if years.min() < year <= years.max()], dtype=float)
    return pd.concat([whole, holes]).sort_index()


def timeline(
    lines: pd.DataFrame,
    *,
    focus: str,
    band: pd.DataFrame | None = None,
    breaks: Iterable[int] = (),
    say: Speaker,
    ax: Axes | None = None,
) -> Axes:
    """Lines over years: the focus heavy, the others thin, a band behind them, gaps at breaks.

    Parameters
    ----------
    lines
        Index year, one column for each line, named as the reader shall see it.
    focus
        Column that the figure is about.
    band
        Index year, columns `low` and `high`; None for no band.
    breaks
        First years of a new way of counting.
    say
        Speaker of the reader's language.
    ax
        Axes to draw on; None for new ones.

    Examples
    --------
    >>> lines = pd.DataFrame({"Ale": [1.0, 2.0], "Median": [1.0, 1.5]}, index=[2020, 2021])
    >>> [line.get_label() for line in timeline(lines, focus="Ale", say=Speaker("en")).lines]
    ['Median', 'Ale']
    """
    ax = new_axes(ax)
    breaks = list(breaks)
    if band is not None:
        low, high = with_gaps(band["low"], breaks), with_gaps(band["high"], breaks)
        ax.fill_between(low.index, low, high, color=PALETTE["band"], linewidth=0)
    for name in [*lines.columns.drop(focus), focus]:
        style = (
            {"color": PALETTE["focus"], "linewidth": 2.6}
            if name == focus
            else {"color": PALETTE["peers"], "linewidth": 1.6, "linestyle": "--"}
        )
        series = with_gaps(lines[name], breaks)
        ax.plot(series.index, series, marker="o", markersize=4 if name == focus else 3, label=name, **style)  # type: ignore[arg-type]
    for year in breaks:
        ax.axvline(year - 0.5, color=PALETTE["others"], linewidth=1, linestyle=":")
    ax.set_xticks(_some_years(lines.index))
    ax.grid(axis="y", color="#e4e7ea", linewidth=0.8)
    ax.legend(frameon=False, fontsize=9)
    localise(ax, say)
    return ax


def _some_years(years: pd.Index) -> list[int]:
    every = max(1, -(-len(years) // 9))
    return [int(year) for year in sorted(years, reverse=True)[::every]]


def ranking(
    values: pd.Series,
    *,
    focus: str,
    lines: dict[str, float] | None = None,
    say: Speaker,
    decimals: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Horizontal bars from the highest to the lowest, the focus marked, reference lines across.

    Parameters
    ----------
    values
        Indexed by the names that the reader shall see.
    focus
        Name to mark.
    lines
        Reference values by their label, e.g. a median.
    say
        Speaker of the reader's language.
    decimals
        Decimals of the numbers at the bars.
    ax
        Axes to draw on; None for new ones.

    Examples
    --------
    >>> ax = ranking(pd.Series({"Ale": 2.0, "Lerum": 1.0}), focus="Ale", say=Speaker("en"))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Lerum', 'Ale']
    """
    values = values.dropna().sort_values()
    ax = new_axes(ax, height=1.0 + 0.32 * len(values))
    colours = [PALETTE["focus"] if name == focus else PALETTE["others"] for name in values.index]
    ax.barh(list(values.index), values.to_numpy(), color=colours, height=0.7)
    for row, (name, value) in enumerate(values.items()):
        # Inside the foot of the bar, where no reference line can cross the number.
        ink = "white" if name == focus else "black"
        ax.annotate(
            say.number(value, decimals),
            (0, row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=ink,
        )
    for style, (label, value) in zip(("--", ":", "-."), (lines or {}).items(), strict=False):
        ax.axvline(value, color=PALETTE["peers"], linewidth=1.8, linestyle=style, label=label)
    for tick in ax.get_yticklabels():
        tick.set_fontweight("bold" if tick.get_text() == focus else "normal")
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    if lines:
        ax.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=len(lines))
    return ax


def scatter(
    points: pd.DataFrame, *, focus: str, marked: Iterable[str] = (), say: Speaker, ax: Axes | None = None
) -> Axes:
    """Two figures against each other: everybody grey, some marked with their names, the focus heaviest.

    Parameters
    ----------
    points
        Index names, columns x and y in that order, headed as the reader shall see them.
    focus
        Name to mark most.
    marked
        Names to mark besides.
    say
        Speaker of the reader's language.
    ax
        Axes to draw on; None for new ones.

    Examples
    --------
    >>> points = pd.DataFrame({"cost": [1.0, 2.0], "result": [80.0, 70.0]}, index=["Ale", "Lerum"])
    >>> scatter(points, focus="Ale", say=Speaker("en")).get_xlabel()
    'cost'
    """
    ax = new_axes(ax, height=4.6)
    x, y = points.columns[:2]
    ax.scatter(points[x], points[y], s=14, color=PALETTE["others"], linewidths=0)
    for name in [*(item for item in marked if item in points.index and item != focus), focus]:
        colour, size, weight = (PALETTE["focus"], 70, "bold") if name == focus else (PALETTE["peers"], 30, "normal")
        at = (points.at[name, x], points.at[name, y])
        ax.scatter(*at, s=size, color=colour, zorder=4, linewidths=0)
        box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6}
        ax.annotate(
            name,
            at,
            xytext=(6, 5),
            textcoords="offset points",
            fontsize=8.5,
            color=colour,
            fontweight=weight,
            bbox=box,
            zorder=3,
        )
    for column, line in ((x, ax.axvline), (y, ax.axhline)):
        line(points[column].median(), color=PALETTE["line"], linewidth=0.8, linestyle=":")
    ax.set_xlabel(str(x), fontsize=9.5)
    ax.set_ylabel(str(y), fontsize=9.5)
    localise(ax, say, x=True)
    return ax
