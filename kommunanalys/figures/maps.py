"""A map of municipalities in classes of a figure, each area to be pointed at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from kommunanalys.figures.crowd import quick_axes
from kommunanalys.figures.marks import Areas, Array, Crowd, write_names
from kommunanalys.figures.style import PALETTE, WIDTH
from kommunanalys.language import Speaker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

SHADES = ("#e8f0f7", "#b7d2e8", "#7fb0d6", "#3f86bd", "#0b4f8a")
"""From the lowest fifth to the highest: one hue, so that they are told apart in grey and by colour-blind readers."""
NOTHING = "#f4f1ea"
HEIGHT = 7.0
"""Of a new map [inch]."""
FINENESS = 1000
"""Steps from the south to the north of a map: about two to a point."""


@lru_cache(maxsize=1024)
def _outline(path: Path, flattening: float, grain: float) -> Path:
    """An outline in the proportions of the map, without bends that are finer than it shows.

    Neighbours keep their common border, since the same points fall on the same grid.
    """
    from matplotlib.path import Path as Outline

    at = np.round(np.asarray(path.vertices) * [flattening, 1.0] / grain)
    kinds = np.asarray(path.codes)
    kept = np.ones(len(at), dtype=bool)
    kept[1:] = (at[1:] != at[:-1]).any(axis=1) | (kinds[1:] != Outline.LINETO)
    return Outline(at[kept] * grain, kinds[kept])


def map_of(
    crowd: Crowd,
    values: Array,
    paths: Mapping[str, Any],
    *,
    say: Speaker,
    decimals: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Areas in five classes with equally many municipalities each; who has no figure is hatched, never lowest.

    Parameters
    ----------
    crowd
        Who they are.
    values
        Shape (municipalities,).
    paths
        Outline by code, in longitude and latitude [degrees].
    say
        Speaker of the reader's language.
    decimals
        Of the numbers in the key.
    ax
        Axes to draw on; None for new ones.

    Examples
    --------
    >>> from matplotlib.path import Path
    >>> one = Crowd(("1440",), ("Ale",), np.array([3]), np.array([False]))
    >>> square = Path([[12, 57], [13, 57], [13, 58], [12, 57]], closed=True)
    >>> map_of(one, np.array([1.0]), {"1440": square}, say=Speaker("en")).artists[0].faces
    ['#0b4f8a']
    """
    ax = quick_axes(ax, height=HEIGHT, left=0.02, right=0.98, bottom=0.02, top=0.98)
    drawn = [place for place, code in enumerate(crowd.codes) if code in paths]
    edges = np.quantile(values[np.isfinite(values)], np.linspace(0, 1, len(SHADES) + 1)[1:-1])
    faces = [_face(values[place], edges) for place in drawn]
    extent = _extent([paths[crowd.codes[place]] for place in drawn])
    flattening = float(np.cos(np.radians(extent[:, 1].mean())))
    grain = float(extent[1, 1] - extent[0, 1]) / FINENESS
    shapes = [_outline(paths[crowd.codes[place]], flattening, grain) for place in drawn]
    ax.add_artist(Areas(_some(crowd, drawn, values), shapes, faces))
    (west, south), (east, north) = extent * [flattening, 1.0]
    # Room at the right for the key, and limits that fill the figure, so that what is drawn is where it is reckoned.
    height = north - south
    ax.set_xlim(west, max(east + 0.6 * height, west + height * WIDTH / HEIGHT))
    ax.set_ylim(south, north)
    ax.set_aspect("equal", anchor="W")
    ax.apply_aspect()
    ax.set_axis_off()
    _key(ax, edges, say, decimals)
    middles = np.array([_middle(path) for path in shapes])
    write_names(ax, _some(crowd, drawn, values), middles[:, 0], middles[:, 1])
    return ax


def _some(crowd: Crowd, drawn: list[int], values: Array) -> Crowd:
    hollow = ~np.isfinite(values[drawn])
    return Crowd([crowd.codes[at] for at in drawn], [crowd.names[at] for at in drawn], crowd.roles[drawn], hollow)


def _face(value: float, edges: Array) -> str:
    return SHADES[int(np.searchsorted(edges, value, side="right"))] if np.isfinite(value) else NOTHING


def _extent(paths: list[Path]) -> Array:
    boxes = np.array([_box(path) for path in paths])
    return np.array([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])


@lru_cache(maxsize=1024)
def _box(path: Path) -> tuple[Array, Array]:
    points = np.asarray(path.vertices)
    return points.min(axis=0), points.max(axis=0)


def _middle(path: Path) -> Array:
    west_south, east_north = _box(path)
    return (west_south + east_north) / 2


def _key(ax: Axes, edges: Array, say: Speaker, decimals: int) -> None:
    from matplotlib.patches import Rectangle

    numbers = [say.number(float(edge), decimals) for edge in edges]
    texts = [say("below {edge}", edge=numbers[0])]
    texts += [f"{low} – {high}" for low, high in pairwise(numbers)]
    texts += [say("{edge} and above", edge=numbers[-1]), say("no figure")]
    for row, (shade, text) in enumerate(zip((*SHADES, NOTHING), texts, strict=True)):
        y = 0.06 + 0.035 * row
        hatch = "////" if shade == NOTHING else None
        box = Rectangle((0.6, y), 0.04, 0.024, transform=ax.figure.transFigure, facecolor=shade, hatch=hatch)
        box.set(edgecolor=PALETTE["line"], linewidth=0.5, clip_on=False)
        ax.add_artist(box)
        ax.text(0.655, y + 0.012, text, transform=ax.figure.transFigure, va="center", fontsize=9, parse_math=False)
