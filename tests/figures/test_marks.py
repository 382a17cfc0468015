"""Marks: one group for each municipality in the SVG, roles told apart by shape, names that do not lie on each other."""

import re

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.path import Path

from kommunanalys.figures.marks import FOCUS, LOOKS, MARKED, PEER, Areas, Crowd, Points, write_names
from kommunanalys.figures.show import svg
from kommunanalys.figures.style import new_axes

CODES = ("0001", "0002", "0003", "0004")
ROLES = np.array([0, PEER, MARKED, FOCUS])


def crowd(hollow=(False,) * 4, roles=ROLES):
    return Crowd(CODES, ("a", "b", "c", "d"), roles, np.array(hollow))


def test_each_point_is_a_group_and_a_missing_one_is_none():
    ax = new_axes()
    ax.add_artist(Points(crowd(), np.array([0.1, 0.2, np.nan, 0.4]), np.full(4, 0.5)))
    drawn = svg(ax.figure).decode()
    assert re.findall(r'<g id="mark-(\d+)"', drawn) == ["0001", "0002", "0004"]


def test_a_point_lies_where_matplotlib_would_draw_it():
    ax = new_axes()
    ax.add_artist(Points(crowd(roles=np.zeros(4, dtype=int)), np.full(4, 0.25), np.full(4, 0.75)))
    ax.plot([0.25], [0.75], "o")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xticks([])
    ax.set_yticks([])
    places = re.findall(r'<use xlink:href="#(\w|-)+" x="([\d.]+)" y="([\d.]+)"', svg(ax.figure).decode())
    x, y = np.array([place[1:] for place in places], dtype=float).T
    assert np.ptp(x) < 0.02
    assert np.ptp(y) < 0.02


def test_shape_and_size_tell_the_roles_apart():
    assert len({look[:2] for look in LOOKS}) == 4


def test_other_pictures_than_svg_are_drawn_too():
    ax = new_axes()
    ax.add_artist(Points(crowd((True, False, True, False)), np.linspace(0.1, 0.9, 4), np.full(4, 0.5)))
    square = Path([[0, 0], [1, 0], [1, 1], [0, 0]], closed=True)
    ax.add_artist(Areas(crowd(), [square] * 4, ["#ffffff"] * 4))
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())
    assert len(np.unique(image.reshape(-1, 4), axis=0)) > 4


def test_an_area_without_a_figure_is_hatched():
    ax = new_axes()
    square = Path([[0, 0], [1, 0], [1, 1], [0, 0]], closed=True)
    ax.add_artist(Areas(crowd((True, False, False, False)), [square] * 4, ["#123456"] * 4))
    drawn = svg(ax.figure).decode()
    assert drawn.count("url(#") == 1
    assert drawn.count("fill: #123456") == 3


def test_names_do_not_lie_on_each_other():
    ax = new_axes()
    roles = np.array([MARKED, MARKED, MARKED, FOCUS])
    write_names(ax, crowd(roles=roles), np.full(4, 0.5), np.full(4, 0.5))
    FigureCanvasAgg(ax.figure).draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == 4
    assert not any(one.overlaps(two) for at, one in enumerate(boxes) for two in boxes[:at])
