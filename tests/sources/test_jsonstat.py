"""JSON-stat 2: every number and mark arrives, in the place that its position says."""

from __future__ import annotations

import gzip
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommunanalys.errors import IncompleteAnswer, SourceError
from kommunanalys.sources.jsonstat import parse


def answer(sizes: list[int], values: Any, **more: Any) -> dict[str, Any]:
    names = [f"d{at}" for at in range(len(sizes))]
    dimension = {
        name: {"label": name, "category": {"index": {f"c{at}": at for at in range(size)}}}
        for name, size in zip(names, sizes, strict=True)
    }
    return {"id": names, "size": sizes, "dimension": dimension, "value": values, **more}


CELL = st.one_of(st.none(), st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_sparse_dense_lists_objects_and_shuffled_positions_are_the_same(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    count = math.prod(sizes)
    cells = data.draw(st.lists(CELL, min_size=count, max_size=count))
    marks = data.draw(st.dictionaries(st.integers(0, count - 1), st.sampled_from([".", "..", "...", "P"])))
    status = {str(at): mark for at, mark in marks.items()}
    dense = answer(sizes, cells, status=status)
    sparse = answer(sizes, {str(at): cell for at, cell in enumerate(cells) if cell is not None})
    sparse["status"] = [marks.get(at) for at in range(count)]
    for entry in sparse["dimension"].values():
        entry["category"]["index"] = list(entry["category"]["index"])
    for entry in dense["dimension"].values():
        # The order of an object's keys means nothing: the positions in it do.
        keys = data.draw(st.permutations(list(entry["category"]["index"].items())))
        entry["category"]["index"] = dict(keys)
    one, other = parse(dense, "dense"), parse(sparse, "sparse")
    assert one.dimensions == other.dimensions
    np.testing.assert_array_equal(one.values, other.values)
    assert one.status.tolist() == other.status.tolist() == [marks.get(at, "") for at in range(count)]
    for at, cell in enumerate(cells):
        assert (cell is None and math.isnan(one.values[at])) or one.values[at] == cell


def test_notes_units_roles_and_times() -> None:
    whole = answer([2, 1], [1.5, 2], role={"time": ["d0"], "metric": ["d1"]}, note=["of all"], updated="2026-06-08")
    whole["dimension"]["d1"]["category"] = {
        "label": {"x": "Loans"},
        "unit": {"x": {"base": "EUR", "decimals": 0}},
        "note": {"x": ["of x"]},
    }
    whole["dimension"]["d0"]["note"] = ["of d0"]
    whole["dimension"]["d0"]["extension"] = {"eliminationValueCode": "c1"}
    cube = parse(whole, "here")
    assert cube.notes == ("of all", "of d0", "of x")
    assert (cube.time, cube.metric, cube.updated) == ("d0", "d1", "2026-06-08")
    assert cube.dimensions[1].codes == ("x",)
    assert cube.dimensions[1].units == {"x": "EUR"}
    assert cube.dimensions[0].total == "c1"


@pytest.mark.parametrize("values", [[1, 2, 3], [1, 2, 3, 4, 5], []])
def test_too_few_or_too_many_values(values: list[int]) -> None:
    with pytest.raises(IncompleteAnswer, match=f"should hold 4 values but holds {len(values)}"):
        parse(answer([2, 2], values), "here")


@pytest.mark.parametrize(
    "wrong",
    [
        *[answer([2], [1, value]) for value in ("12", True, [], float("inf"))],
        *[answer([2], values) for values in ({"2": 1}, {"-1": 1}, {"0": 1, "00": 2}, {"x": 1}, None, 3)],
        answer([2], [1, 2], status={"2": "."}),
        answer([2], [1, 2], status=["."]),
        {**answer([2], [1, 2]), "size": [3]},
        {**answer([2], [1, 2]), "size": [2, 1]},
        {**answer([2], [1, 2]), "dimension": {}},
        {**answer([2], [1, 2]), "dimension": {"d0": {"category": {"index": {"a": 0, "b": 2}}}}},
        {"error": "x"},
        [],
        None,
    ],
)
def test_what_is_no_jsonstat(wrong: Any) -> None:
    with pytest.raises(SourceError, match=r"^here "):
        parse(wrong, "here")


@pytest.mark.shared
def test_every_number_of_the_real_files_arrives(shared: Path) -> None:
    paths = [
        shared / "data/finland_keyfigures/municipal_key_figures_2020.jsonstat.json",
        shared / "data/finland_population_projection/population_projection_2024.jsonstat.json.gz",
        shared / "data/api-recordings/scb/v2_TAB6471_data.json",
    ]
    for path in paths:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        data = json.loads(raw)
        cube = parse(data, path.name)
        # Independently: the standard's own rule, the last dimension turning fastest.
        keys = itertools.product(*(data["dimension"][code]["category"]["index"] for code in data["id"]))
        expected = dict(zip(keys, data["value"], strict=True))
        own = itertools.product(*(item.codes for item in cube.dimensions))
        assert dict(zip(own, cube.values.tolist(), strict=True)) == expected
        assert len(expected) in (1860, 93_000, 2772)
