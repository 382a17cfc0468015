"""Municipal boundaries from GeoJSON, as plain polygons that matplotlib can draw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommunanalys import origin
from kommunanalys.errors import IncompleteAnswer, SourceError
from kommunanalys.language import Speaker, current
from kommunanalys.municipalities import find, known, municipalities
from kommunanalys.sources import files

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Ring = NDArray[np.float64]

CODES = ("kunta", "kuntakoodi", "kommunkod", "kom_kod", "knkod", "natcode", "code", "id")
"""Properties that may hold a municipality's code."""
YEARS = ("vuosi", "year")
MOVE, LINE, CLOSE = 1, 2, 79
"""Codes of `matplotlib.path.Path`."""


@dataclass(frozen=True)
class Boundaries:
    """Polygons of municipalities.

    Parameters
    ----------
    country
        "FI" or "SE".
    year
        Of the municipal division, where the file or the caller says so; else None.
    rings
        Code → closed rings of longitude and latitude [degrees], each (n, 2); outer rings run counter-clockwise and
        holes clockwise, so that they can be filled as one path.
    origin
        Id of the origin.
    """

    country: str
    year: int | None
    rings: dict[str, tuple[Ring, ...]]
    origin: str

    def path(self, municipality: str) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Vertices (n, 2) and codes (n,) for `matplotlib.path.Path`, hence for a `PathPatch`.

        Raises
        ------
        SourceError
            The file has no such municipality.
        """
        import numpy as np

        code = find(municipality, country=self.country).code
        if code not in self.rings:
            raise SourceError("The boundaries hold no municipality {code}.", code=code)
        kinds = [kind for ring in self.rings[code] for kind in (MOVE, *[LINE] * (len(ring) - 2), CLOSE)]
        return np.concatenate(self.rings[code]), np.array(kinds, dtype=np.uint8)

    def to_frame(self) -> pd.DataFrame:
        """One row for each municipality: `rings` (count), and its extent in `west`, `south`, `east`, `north`."""
        import numpy as np
        import pandas as pd

        rows = {}
        for code, rings in self.rings.items():
            points = np.concatenate(rings)
            (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
            rows[code] = {"rings": len(rings), "west": west, "south": south, "east": east, "north": north}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("municipality")


def read_boundaries(path: str | Path, *, year: int | None = None) -> Boundaries:
    """Read the boundaries of a country's municipalities from a GeoJSON file.

    Parameters
    ----------
    path
        GeoJSON with polygons in longitude and latitude, plain or `.gz`, and municipalities' codes among the properties.
    year
        Year of the municipal division; None to take it from the file. Where neither says it, no municipality is missed.

    Returns
    -------
    Boundaries
        Polygons by code. Draw them with an aspect of 1 / cos(latitude).

    Raises
    ------
    SourceError
        No GeoJSON, no property with codes, polygons that are not closed, or coordinates that are no degrees.
    IncompleteAnswer
        Municipalities of that year are missing (names them).

    References
    ----------
    RFC 7946, The GeoJSON Format, 2016.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> square = {"type": "Polygon", "coordinates": [[[12, 57], [13, 57], [13, 58], [12, 57]]]}
    >>> one = {"type": "Feature", "properties": {"id": "1440"}, "geometry": square}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "a.geojson")
    ...     _ = file.write_text(json.dumps({"type": "FeatureCollection", "features": [one]}))
    ...     read_boundaries(file).path("Ale")[1].tolist()
    [1, 2, 2, 79]
    """
    import pandas as pd

    file = files.read(files.existing(path))
    features = _features(file)
    key = _code_property(features, file.name)
    rings: dict[str, tuple[Ring, ...]] = {}
    for feature in features:
        code = str(feature["properties"][key])
        rings[code] = rings.get(code, ()) + tuple(_rings(feature.get("geometry"), code, file.name))
    country = known()[next(iter(rings))].country
    division = year or _year(features)
    if division is not None:
        _check_all(rings, country, division, file.name)
    note = Speaker(current())("Municipal division of {year}.", year=division) if division else ""
    item = origin.Origin(file.name, file.name, file.sha256, "", "", origin.now(), note=note, country=country)
    origin.record(pd.DataFrame(), [item])
    return Boundaries(country, division, dict(sorted(rings.items())), item.id)


def _features(file: files.RawFile) -> list[dict[str, Any]]:
    try:
        data = json.loads(file.body)
    except ValueError as error:
        raise SourceError(
            "{file} is not whole JSON: {reason}. Fetch or copy it again.", file=file.name, reason=error
        ) from error
    features = data.get("features") if isinstance(data, dict) else None
    if not features or not all(isinstance(one, dict) and isinstance(one.get("properties"), dict) for one in features):
        raise SourceError("{file} is no GeoJSON with features and properties.", file=file.name)
    return list(features)


def _code_property(features: list[dict[str, Any]], name: str) -> str:
    """The property that holds the code of a municipality in every feature, all of one country."""
    for key in CODES:
        found = [known().get(str(one["properties"].get(key))) for one in features]
        if len({item.country for item in found if item}) == 1 and all(found):
            return key
    held = ", ".join(f"{key}={value!r}" for key, value in list(features[0]["properties"].items())[:6])
    raise SourceError(
        "{file}: no property holds a municipality's code in every feature. Looked for {keys}; the first feature has "
        "{held}.",
        file=name,
        keys=", ".join(CODES),
        held=held,
    )


def _year(features: list[dict[str, Any]]) -> int | None:
    years = {str(one["properties"][key]) for one in features for key in YEARS if key in one["properties"]}
    return int(years.pop()) if len(years) == 1 else None


def _check_all(rings: dict[str, Any], country: str, year: int, name: str) -> None:
    expected = set(municipalities(country, year=year).index)
    missing, extra = sorted(expected - rings.keys()), sorted(rings.keys() - expected)
    if missing or extra:
        raise IncompleteAnswer(
            "{file} does not hold the municipalities of {year}. Missing: {missing}. Too many: {extra}. Say year= if it "
            "is of another year.",
            file=name,
            year=year,
            missing=", ".join(missing) or "–",
            extra=", ".join(extra) or "–",
        )


def _rings(geometry: Any, code: str, name: str) -> Iterator[Ring]:
    import numpy as np

    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise SourceError("{file}: {code} has no polygon but {kind}.", file=name, code=code, kind=kind)
    polygons = [geometry["coordinates"]] if kind == "Polygon" else geometry["coordinates"]
    for polygon in polygons:
        for place, points in enumerate(polygon):
            ring = np.array([point[:2] for point in points], dtype=np.float64)
            if len(ring) < 4 or (ring[0] != ring[-1]).any() or (np.abs(ring) > (180, 90)).any():
                raise SourceError(
                    "{file}: {code} has a ring that is not closed, or not in longitude and latitude.",
                    file=name,
                    code=code,
                )
            x, y = ring.T
            counter_clockwise = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) > 0
            yield ring if counter_clockwise == (place == 0) else ring[::-1]
