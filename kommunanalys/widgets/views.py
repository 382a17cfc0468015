"""The five views of a panel: pictures with their caption, alternative text and data, and how to get them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kommunanalys.errors import NoData, UsageError
from kommunanalys.figures import crowd as pictures
from kommunanalys.figures.style import describe
from kommunanalys.widgets import telling
from kommunanalys.widgets.choice import VIEWS, Choice
from kommunanalys.widgets.prepared import Prepared, prepare
from kommunanalys.widgets.recipe import code
from kommunanalys.widgets.scene import Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.sources.boundaries import Boundaries

__all__ = ["VIEWS", "Choice", "code", "data", "draw"]


def draw(
    panel: pd.DataFrame | Prepared, choice: Choice, *, ax: Axes | None = None, boundaries: Boundaries | None = None
) -> Axes:
    """The picture of a choice, described with its caption, alternative text and data.

    Parameters
    ----------
    panel
        Panel or observations table.
    choice
        What to look at.
    ax
        Axes to draw on; None for new ones.
    boundaries
        For the map, from `ka.sources.read_boundaries`.

    Raises
    ------
    NoData
        There is no figure to draw.
    UsageError
        A column, year or municipality that the panel does not have, or a map without boundaries.

    Examples
    --------
    >>> from kommunanalys.sources import read_example
    >>> choice = Choice("ranking", "X07", indicator="compulsory_cost_home", year=2023)
    >>> draw(read_example(), choice).artists[0].crowd.codes[0]
    'X01'
    """
    scene = Scene(prepare(panel), choice)
    check_figures(scene)
    if choice.view == "map":
        ax = _map(scene, ax, boundaries)
    else:
        ax = {"line": _line, "ranking": _ranking, "scatter": _scatter, "distribution": _distribution}[choice.view](
            scene, ax
        )
    if choice.view != "map":
        absent = telling.absent_names(scene) if choice.view != "line" else ""
        pictures.note(ax, "\n".join(filter(None, [absent, telling.apart_names(scene)])))
    told = telling.described(scene)
    return describe(ax, caption=told.caption, alternative=told.alternative, data=told.data, indicators=told.indicators)


def data(panel: pd.DataFrame | Prepared, choice: Choice) -> pd.DataFrame:
    """The figures of a choice with headings in the reader's language, flags in words, and their origin.

    Parameters
    ----------
    panel
        Panel or observations table.
    choice
        What is looked at.

    Returns
    -------
    pandas.DataFrame
        One row for each municipality (and year, of a line), those without a figure too. `attrs["origin"]` as the
        panel's.

    Raises
    ------
    UsageError
        As `draw`.

    Examples
    --------
    >>> from kommunanalys.sources import read_example
    >>> data(read_example(), Choice("ranking", "X07", indicator="population", year=2023)).columns.tolist()
    ['Code', 'Population, persons', 'Remark']
    """
    scene = Scene(prepare(panel), choice)
    check_figures(scene)
    return telling.described(scene).data


def check_figures(scene: Scene) -> None:
    """Refuse a choice that there is nothing to draw of.

    Raises
    ------
    NoData
        Names the indicator and a year that has figures.
    UsageError
        A scatter of one indicator.
    """
    name = scene.choice.indicator
    if scene.choice.view == "line":
        if not np.isfinite(scene.lines.values).any():
            raise NoData(
                "There is no figure of {indicator} from {first} to {last} for those that were chosen.",
                indicator=scene.title(name),
                first=scene.lines.years[0],
                last=scene.lines.years[-1],
            )
        return
    if len(set(scene.columns)) < len(scene.columns):
        raise UsageError("A scatter needs two different indicators; got {name} twice.", name=scene.title(name))
    if not scene.there.any():
        raise NoData(
            "There is no figure of {indicator} in {year}. The latest year with figures is {latest}.",
            indicator=" / ".join(map(scene.title, scene.columns)),
            year=scene.year,
            latest=scene.ready.latest(*scene.columns),
        )


def _line(scene: Scene, ax: Axes | None) -> Axes:
    drawn = scene.lines
    starts = [gap.year for gap in scene.gaps]
    ax = pictures.trajectories(
        drawn.crowd,
        drawn.years,
        drawn.values,
        breaks=starts,
        band=drawn.band,
        hollow=drawn.hollow,
        say=scene.say,
        ax=ax,
    )
    pictures.head(ax, scene.heading(scene.choice.indicator))
    return ax


def _ranking(scene: Scene, ax: Axes | None) -> Axes:
    ((name, own),) = scene.figures.items()
    ax = pictures.ranked(scene.crowd, own, ends=scene.ends(name), say=scene.say, ax=ax)
    pictures.head(ax, scene.heading(name))
    return ax


def _scatter(scene: Scene, ax: Axes | None) -> Axes:
    (x, own), (y, other) = scene.figures.items()
    ax = pictures.cloud(scene.crowd, own, other, say=scene.say, ax=ax)
    ax.set_xlabel(telling.folded(scene.heading(x)), fontsize=9.5, parse_math=False)
    pictures.head(ax, scene.heading(y))
    return ax


def _distribution(scene: Scene, ax: Axes | None) -> Axes:
    ((name, own),) = scene.figures.items()
    ax = pictures.stacks(scene.crowd, own, say=scene.say, ax=ax)
    ax.set_xlabel(telling.folded(scene.heading(name)), fontsize=9.5, parse_math=False)
    return ax


def _map(scene: Scene, ax: Axes | None, boundaries: Boundaries | None) -> Axes:
    from kommunanalys.figures.maps import map_of

    ((name, own),) = scene.figures.items()
    country = scene.say.country or ""
    if boundaries is None or boundaries.country != country:
        raise UsageError(
            "A map needs the boundaries of the municipalities of {country}. Fetch them as GeoJSON in longitude and "
            "latitude (Statistics Finland's geographic data; for Sweden Lantmäteriet or SCB), then "
            "boundaries = ka.sources.read_boundaries('FILE.geojson').",
            country={"FI": scene.say("Finland"), "SE": scene.say("Sweden")}.get(country, "–"),
        )
    decimals = scene.decimals(name, own)
    return map_of(scene.crowd, own, telling.outlines(boundaries), say=scene.say, decimals=decimals, ax=ax)
