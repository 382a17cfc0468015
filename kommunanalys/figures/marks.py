"""Marks of many municipalities in one picture: each can be pointed at in the SVG, told apart without colour too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from numpy.typing import NDArray

from kommunanalys.figures.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

Array = NDArray[np.float64]

PREFIX = "mark-"
"""What stands before the municipality's code in the id of its mark in an SVG."""
OTHERS, PEER, MARKED, FOCUS = range(4)
LOOKS = (("o", 3.6, "others"), ("s", 5.0, "peers"), ("^", 8.0, "line"), ("o", 10.0, "focus"))
"""Marker, size [point] and colour by role: shape and size tell the roles apart without colour."""

BORDERS = (0.3, 0.8, 1.1, 1.8)
"""Of an area, by role [point]."""


@dataclass(frozen=True)
class Crowd:
    """The municipalities of a picture.

    Parameters
    ----------
    codes
        Official codes.
    names
        As the reader shall see them, with what must be said beside the name.
    roles
        `OTHERS`, `PEER`, `MARKED` or `FOCUS`, shape (municipalities,).
    hollow
        Whether the figure is to be read with care, shape (municipalities,).

    Examples
    --------
    >>> Crowd(("1440",), ("Ale",), np.array([FOCUS]), np.array([False])).named()
    [0]
    """

    codes: Sequence[str]
    names: Sequence[str]
    roles: NDArray[np.int64]
    hollow: NDArray[np.bool_]

    def named(self) -> list[int]:
        """Places of those whose names are written out, the focus last."""
        return sorted(np.flatnonzero(self.roles >= MARKED).tolist(), key=lambda place: int(self.roles[place]))


@lru_cache
def _outline(role: int) -> Path:
    from matplotlib.markers import MarkerStyle
    from matplotlib.transforms import Affine2D

    marker, size, _ = LOOKS[role]
    style = MarkerStyle(marker)
    return (style.get_transform() + Affine2D().scale(size)).transform_path(style.get_path())


class Points(Artist):
    """A point for each municipality, drawn by one artist, each a group of its own in an SVG.

    Parameters
    ----------
    crowd
        Who they are.
    x, y
        Where they lie [data], shape (municipalities,); NaN is not drawn.
    """

    def __init__(self, crowd: Crowd, x: Array, y: Array) -> None:
        super().__init__()
        self.crowd, self.at = crowd, np.column_stack([x, y]).astype(float)
        self.set_zorder(3)

    def draw(self, renderer: Any) -> None:
        """Draw the others first and the focus last, on top."""
        axes: Any = self.axes
        placed = axes.transData.transform(self.at)
        there = np.isfinite(self.at).all(axis=1)
        for role in range(4):
            for hollow in (False, True):
                chosen = np.flatnonzero(there & (self.crowd.roles == role) & (self.crowd.hollow == hollow))
                if len(chosen):
                    named = [PREFIX + self.crowd.codes[place] for place in chosen.tolist()]
                    write = _write_svg if hasattr(renderer, "writer") else _draw_markers
                    write(renderer, role, hollow, named, placed[chosen])


def _draw_markers(renderer: Any, role: int, hollow: bool, _: list[str], placed: Array) -> None:
    from matplotlib.path import Path
    from matplotlib.transforms import Affine2D, IdentityTransform

    gc, face = _brush(renderer, role, hollow)
    scale = Affine2D().scale(renderer.points_to_pixels(1.0))
    renderer.draw_markers(gc, _outline(role), scale, Path(placed), IdentityTransform(), face)
    gc.restore()


def _write_svg(renderer: Any, role: int, hollow: bool, named: list[str], placed: Array) -> None:
    """The points as groups of their own, written at once: drawing each by itself takes ten times as long."""
    ink, paper = PALETTE[LOOKS[role][2]], "#ffffff"
    look = (
        f"fill: {paper}; stroke: {ink}; stroke-width: 1.2"
        if hollow
        else f"fill: {ink}; stroke: {paper}; stroke-width: 0.3"
    )
    writer, shape = renderer.writer, f"shape-{LOOKS[role][2]}"
    writer.start("defs")
    writer.element("path", id=shape, d=_drawn(role))
    writer.end("defs")
    writer.start("g", style=look)
    for name, (x, y) in zip(named, placed.tolist(), strict=True):
        writer.start("g", id=name)
        writer.element("use", attrib={"xlink:href": f"#{shape}", "x": f"{x:.2f}", "y": f"{renderer.height - y:.2f}"})
        writer.end("g")
    writer.end("g")


@lru_cache
def _drawn(role: int) -> str:
    """The outline in the words of SVG, whose upright axis points down."""
    rings: list[Any] = _outline(role).to_polygons()
    return " ".join("M" + " L".join(f"{x:.2f} {-y:.2f}" for x, y in ring) + " Z" for ring in rings)


def _brush(renderer: Any, role: int, hollow: bool) -> tuple[Any, Any]:
    from matplotlib.colors import to_rgba

    colour = to_rgba(PALETTE[LOOKS[role][2]])
    gc = renderer.new_gc()
    gc.set_foreground(colour if hollow else "white")
    gc.set_linewidth(renderer.points_to_pixels(1.2 if hollow else 0.3))
    return gc, (to_rgba("white") if hollow else colour)


class Areas(Artist):
    """The area of each municipality, drawn by one artist, each a group of its own in an SVG.

    Parameters
    ----------
    crowd
        Whose they are; hollow ones are hatched.
    paths
        Outline [data] by municipality.
    faces
        Colour by municipality.
    """

    def __init__(self, crowd: Crowd, paths: Sequence[Path], faces: Sequence[str]) -> None:
        super().__init__()
        self.crowd, self.paths, self.faces = crowd, paths, faces

    def draw(self, renderer: Any) -> None:
        """Draw the others first, so that no neighbour covers the border of one that is marked."""
        axes: Any = self.axes
        matrix = axes.transData.get_affine().get_matrix()
        for place in np.argsort(self.crowd.roles, kind="stable").tolist():
            renderer.open_group("mark", PREFIX + self.crowd.codes[place])
            if hasattr(renderer, "writer") and not self.crowd.hollow[place]:
                shape = _area(self.paths[place], *matrix[:2].ravel().tolist(), renderer.height)
                look = f"fill: {self.faces[place]}; {_border(int(self.crowd.roles[place]))}"
                renderer.writer.element("path", d=shape, style=look)
            else:
                self._fill(renderer, place)
            renderer.close_group("mark")

    def _fill(self, renderer: Any, place: int) -> None:
        from matplotlib.colors import to_rgba

        axes: Any = self.axes
        gc, role = renderer.new_gc(), int(self.crowd.roles[place])
        gc.set_foreground(PALETTE[LOOKS[role][2]] if role else "white")
        gc.set_linewidth(renderer.points_to_pixels(BORDERS[role]))
        gc.set_dashes(0, (2, 1) if role == PEER else None)
        if self.crowd.hollow[place]:
            gc.set_hatch("////")
            gc.set_hatch_color(to_rgba(PALETTE["line"]))
            gc.set_hatch_linewidth(0.5)
        renderer.draw_path(gc, self.paths[place], axes.transData, to_rgba(self.faces[place]))
        gc.restore()


@lru_cache(maxsize=2048)
def _area(path: Path, a: float, b: float, e: float, c: float, d: float, f: float, height: float) -> str:
    """An outline in the words of SVG, remembered since a map is drawn again and again in the same place."""
    points = np.asarray(path.vertices) @ np.array([[a, c], [b, d]]) + [e, f]
    letters = {1: "M", 2: "L", 79: "Z"}
    kinds = [letters[int(kind)] for kind in np.asarray(path.codes)]
    texts = [f"{x:.1f} {height - y:.1f}" for x, y in points.tolist()]
    return "".join("Z" if kind == "Z" else kind + text for kind, text in zip(kinds, texts, strict=True))


def _border(role: int) -> str:
    colour = PALETTE[LOOKS[role][2]] if role else "#ffffff"
    return f"stroke: {colour}; stroke-width: {BORDERS[role]}" + ("; stroke-dasharray: 2,1" if role == PEER else "")


def write_names(ax: Axes, crowd: Crowd, x: Array, y: Array) -> None:
    """Write the names of the marked and of the focus near their points, none upon another.

    Examples
    --------
    >>> from kommunanalys.figures import new_axes
    >>> ax, one = new_axes(), Crowd(("1440",), ("Ale",), np.array([FOCUS]), np.array([False]))
    >>> write_names(ax, one, np.array([0.1]), np.array([0.1])); ax.texts[0].get_text()
    'Ale'
    """
    spots = _Spots(ax)
    for place in reversed(crowd.named()):
        if np.isnan(x[place] + y[place]):
            continue
        strong = crowd.roles[place] == FOCUS
        right, up = spots.free(x[place], y[place], crowd.names[place])
        ax.annotate(
            crowd.names[place],
            (x[place], y[place]),
            xytext=(right, up),
            textcoords="offset points",
            ha="left" if right > 0 else "right",
            va="center",
            parse_math=False,
            fontsize=9,
            fontweight="bold" if strong else "normal",
            color=PALETTE["focus" if strong else "line"],
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.4},
            zorder=5,
        )


class _Spots:
    """Places beside points that no name stands upon yet."""

    HEIGHT, LETTER = 12.0, 5.8
    """Of a line, and of a letter of average width [point]."""

    def __init__(self, ax: Axes) -> None:
        self.ax, self.taken = ax, list[tuple[float, float, float, float]]()
        self.scale = 72.0 / ax.get_figure(root=True).dpi  # type: ignore[union-attr]

    def free(self, x: float, y: float, name: str) -> tuple[float, float]:
        """Where the name begins, from its point [point]: the nearest place that is free and inside the axes."""
        at = self.ax.transData.transform((x, y)) * self.scale
        box = np.asarray(self.ax.bbox.extents) * self.scale
        width, found = self.LETTER * len(name), (8.0, 8.0)
        for up in (8, -8, 21, -21, 34, 47, 60, -34):
            for right in (8, -8):
                left = at[0] + right - (width if right < 0 else 0)
                rectangle = (left, at[1] + up - self.HEIGHT / 2, left + width, at[1] + up + self.HEIGHT / 2)
                inside = rectangle[0] >= box[0] and rectangle[2] <= box[2] and box[1] <= rectangle[1] <= box[3]
                if inside and not any(_meet(rectangle, other) for other in self.taken):
                    self.taken.append(rectangle)
                    return float(right), float(up)
        return found


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
