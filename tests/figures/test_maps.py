"""A map: classes with as many municipalities each, no figure is no class, neighbours keep their border."""

import numpy as np
import pytest
from matplotlib.path import Path

from kommunanalys.figures.maps import NOTHING, SHADES, _outline, map_of
from kommunanalys.figures.marks import FOCUS, Crowd
from kommunanalys.language import Speaker


def square(x, y):
    return Path([[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]], [1, 2, 2, 2, 79])


@pytest.fixture
def drawn():
    codes = [f"{number:04}" for number in range(11)]
    roles = np.zeros(11, dtype=int)
    roles[3] = FOCUS
    crowd = Crowd(codes, codes, roles, np.zeros(11, dtype=bool))
    values = np.array([*range(10), np.nan])
    paths = {code: square(12 + at % 4, 57 + at // 4) for at, code in enumerate(codes)}
    return map_of(crowd, values, paths, say=Speaker("sv"))


def test_each_class_has_as_many(drawn):
    faces = drawn.artists[0].faces
    assert [faces.count(shade) for shade in SHADES] == [2] * 5


def test_no_figure_is_hatched_and_has_a_place_in_the_key(drawn):
    areas = drawn.artists[0]
    assert areas.faces[10] == NOTHING
    assert areas.crowd.hollow.tolist() == [False] * 10 + [True]
    assert len([text for text in drawn.texts if text.get_text() != "0003"]) == len(SHADES) + 1


def test_who_is_outside_the_boundaries_is_not_drawn():
    crowd = Crowd(("a", "b"), ("a", "b"), np.array([FOCUS, 0]), np.zeros(2, dtype=bool))
    ax = map_of(crowd, np.array([1.0, 2.0]), {"a": square(12, 57)}, say=Speaker("en"))
    assert ax.artists[0].crowd.codes == ["a"]


def test_the_whole_map_lies_inside_the_axes(drawn):
    points = np.concatenate([path.vertices for path in drawn.artists[0].paths])
    (west, east), (south, north) = drawn.get_xlim(), drawn.get_ylim()
    assert west <= points[:, 0].min() + 0.01
    assert points[:, 0].max() < east
    assert south - 0.01 <= points[:, 1].min()
    assert points[:, 1].max() <= north + 0.01


def test_a_coarser_outline_keeps_a_common_border_and_every_ring():
    border = np.column_stack([np.full(50, 13.0), np.linspace(57, 58, 50)])
    left = Path(np.vstack([[[12, 57]], border, [[12, 58], [12, 57]]]), [1, *[2] * 51, 79])
    right = Path(np.vstack([[[14, 58]], border[::-1], [[14, 57], [14, 58]]]), [1, *[2] * 51, 79])
    one, two = (_outline(path, 0.5, 0.1).vertices for path in (left, right))
    assert len(one) < 20
    shared = [{tuple(point) for point in side.round(6).tolist() if point[0] == 6.5} for side in (one, two)]
    assert shared[0] == shared[1]
    assert len(shared[0]) == 11
    tiny = Path.make_compound_path(square(12, 57), Path(square(12, 57).vertices * 1e-4, square(12, 57).codes))
    assert (_outline(tiny, 0.5, 0.1).codes == 79).sum() == 2
