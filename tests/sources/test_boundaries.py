"""Municipal boundaries: every municipality is there, and its path can be drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Line

import kommunanalys as ka
from kommunanalys.errors import IncompleteAnswer, SourceError
from kommunanalys.municipalities import municipalities
from kommunanalys.sources.boundaries import read_boundaries

SQUARE = [[12.0, 57.0], [13.0, 57.0], [13.0, 58.0], [12.0, 58.0], [12.0, 57.0]]
HOLE = [[12.4, 57.4], [12.6, 57.4], [12.6, 57.6], [12.4, 57.6], [12.4, 57.4]]


def feature(code: object, polygons: Any, kind: str = "MultiPolygon", **more: object) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": polygons}
    return {"type": "Feature", "properties": {"id": code, **more}, "geometry": geometry}


def write(folder: Path, *features: object) -> Path:
    path = folder / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.parametrize("turned", [False, True])
def test_holes_are_not_filled(tmp_path: Path, turned: bool) -> None:
    rings = [SQUARE[::-1], HOLE[::-1]] if turned else [SQUARE, HOLE]
    found = read_boundaries(write(tmp_path, feature("1440", [rings])))
    line = Line(*found.path("Ale"))
    assert line.contains_point((12.1, 57.1))
    assert PathPatch(line).get_path().vertices.shape == (10, 2)
    assert [float(x) for x in found.rings["1440"][0][1]] == [13.0, 57.0]
    areas = [float((r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1]).sum()) for r in found.rings["1440"]]
    assert areas[0] > 0 > areas[1]
    assert found.path("Ale")[1].tolist() == [1, 2, 2, 2, 79] * 2


def test_parts_in_several_features_and_three_dimensions(tmp_path: Path) -> None:
    high = [[*point, 5.0] for point in SQUARE]
    far = [[x + 2, y] for x, y in SQUARE]
    found = read_boundaries(write(tmp_path, feature("1440", [high], "Polygon"), feature("1440", [far], "Polygon")))
    row = found.to_frame().loc["1440"]
    assert row.tolist() == [2, 12.0, 57.0, 15.0, 58.0]
    (origin,) = ka.origins()
    assert (origin.id, origin.country) == (found.origin, "SE")


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    good = feature("1440", [[SQUARE]])
    for features, words in [
        ([], "no GeoJSON"),
        ([feature("1440", SQUARE[0], "Point")], "no polygon but Point"),
        ([feature("1440", [[SQUARE[:-1]]])], "not closed"),
        ([feature("1440", [[[[x * 1e5, y] for x, y in SQUARE]]])], "longitude"),
        ([feature(1440, [[SQUARE]]), feature("9999", [[SQUARE]])], "id=1440"),
        ([good, feature("049", [[SQUARE]])], "no property"),
    ]:
        with pytest.raises(SourceError, match=words):
            read_boundaries(write(tmp_path, *features))
    (tmp_path / "b.geojson").write_text('{"type"')
    with pytest.raises(SourceError, match="not whole JSON"):
        read_boundaries(tmp_path / "b.geojson")
    with pytest.raises(SourceError, match="hold no municipality 0180"):
        read_boundaries(write(tmp_path, good)).path("Stockholm")


def test_municipalities_that_are_missing_are_named(tmp_path: Path) -> None:
    codes = [code for code in municipalities("SE", year=2024).index if code != "0180"]
    path = write(tmp_path, *(feature(code, [[SQUARE]]) for code in codes))
    with pytest.raises(IncompleteAnswer, match=r"Missing: 0180\. Too many: –"):
        read_boundaries(path, year=2024)
    assert len(read_boundaries(path).rings) == 289


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "country", "year"),
    [
        ("finland_municipalities_2024_wgs84", "FI", None),
        ("sweden_municipalities_2020_wgs84", "SE", 2020),
    ],
)
def test_real_files(shared: Path, file: str, country: str, year: int | None) -> None:
    path = shared / "data" / "boundaries" / f"{file}.geojson"
    found = read_boundaries(path, year=year)
    assert (found.country, found.year) == (country, year or 2024)
    assert set(found.rings) == set(municipalities(country, year=year or 2024).index)
    points = 0
    for one in json.loads(path.read_bytes())["features"]:
        shape = one["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        points += sum(len(ring) for polygon in polygons for ring in polygon)
    assert sum(len(ring) for rings in found.rings.values() for ring in rings) == points
    capital = {"FI": ("Helsingfors", (24.94, 60.2)), "SE": ("Uppsala", (17.64, 59.86))}[country]
    assert Line(*found.path(capital[0])).contains_point(capital[1])
