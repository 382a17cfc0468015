"""Parts put together again: whatever the cut and the order of the dimensions, the cube is the whole one."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommunanalys.errors import IncompleteAnswer, SourceError, TooLarge
from kommunanalys.sources import http
from kommunanalys.sources.pxweb import Selection
from kommunanalys.sources.pxweb_fetch import fetch, limit


class Publisher:
    """Answers with the figure that belongs to each key, with its dimensions in an order of its own."""

    def __init__(self, whole: Selection, order: list[str], refuses_over: int) -> None:
        keys = itertools.product(*whole.chosen.values())
        self.figures = {key: (None if number % 7 == 3 else number / 2) for number, key in enumerate(keys)}
        self.whole, self.order, self.refuses_over = whole, order, refuses_over

    def ask(self, part: Selection) -> http.Answer:
        if part.cells > self.refuses_over:
            raise TooLarge("too many cells")
        keys = itertools.product(*(part.chosen[code] for code in self.order))
        back = [self.order.index(code) for code in self.whole.chosen]
        values = [self.figures[tuple(key[at] for at in back)] for key in keys]
        dimension = {
            code: {"label": code, "category": {"index": list(codes), "label": {one: one for one in codes}}}
            for code, codes in part.chosen.items()
        }
        dimension["left"] = {"label": "left out", "category": {"label": {"total": "all"}}}
        marks = {str(at): "..." for at, value in enumerate(values) if value is None}
        data = {"id": ["left", *self.order], "size": [1, *(len(part.chosen[code]) for code in self.order)]}
        whole = {**data, "dimension": dimension, "value": values, "status": marks, "updated": "today"}
        return http.Answer(whole, json.dumps(whole).encode(), "here", False, "now")


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_parts_make_the_whole(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    whole = Selection({f"v{at}": tuple(f"c{one}" for one in range(size)) for at, size in enumerate(sizes)})
    publisher = Publisher(whole, data.draw(st.permutations(list(whole.chosen))), data.draw(st.integers(1, 100)))
    cube, answers = fetch(whole, data.draw(st.integers(1, 100)), publisher.ask, "Somebody")
    expected = np.array(list(publisher.figures.values()), dtype=float)
    np.testing.assert_array_equal(cube.values, expected)
    assert cube.status.tolist() == ["..." if value is None else "" for value in publisher.figures.values()]
    assert [item.codes for item in cube.dimensions] == list(whole.chosen.values())
    assert sum(len(answer.data["value"]) for answer in answers) == whole.cells


def test_a_cell_that_is_too_large_alone() -> None:
    whole = Selection({"v": ("a", "b")})
    with pytest.raises(IncompleteAnswer, match=r"Somebody gave 0 of 1 parts.*v=a,b.*too many cells"):
        fetch(whole, 10, Publisher(whole, ["v"], 0).ask, "Somebody")


@pytest.mark.parametrize("config", [{}, [], {"maxCells": 0}, {"maxCells": True}, {"maxCells": "many"}])
def test_a_limit_that_is_not_there(config: object) -> None:
    with pytest.raises(SourceError, match="config does not say its limit 'maxCells'"):
        limit(config, "maxCells", "config")
    assert limit({"maxCells": 120000}, "maxCells", "config") == 120_000
