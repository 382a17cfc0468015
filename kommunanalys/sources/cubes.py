"""From a statistics office's cube to an observations table: which dimension is what, names, flags, columns.

`read_jsonstat` opens a saved answer; `statfin.py` and `scb.py` fetch theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kommunanalys import names, origin, tables
from kommunanalys.errors import NoData, SourceError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.municipalities import Municipality, known
from kommunanalys.sources import files
from kommunanalys.sources.jsonstat import Cube, Dimension, parse

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {"sukupuoli": "sex", "kon": "sex", "kön": "sex", "ika": "age", "ikä": "age", "alder": "age", "ålder": "age"}
"""A dimension's code, small and without its version → our column; others keep their own."""
SEXES = {"sss": "T", "total": "T", "totsa": "T", "tot": "T", "1+2": "T", "1": "M", "2": "K"}
MARKS = {".": "not_applicable", "..": "missing", "...": "secret", "-": "not_applicable"}
"""What stands where no number does. "-" is "nothing to report": the publisher wrote no number, hence none is made."""
NOISE = re.compile(r"Cell Key|\bCKM\b")
NOISE_SINCE = re.compile(r"(?:referensåret|reference year)\s+(\d{4})")
NOISE_BEGAN = 2025
CREDITS = {
    "FI": ("Statistics Finland", "CC BY 4.0", "Källa: Statistikcentralen"),
    "SE": ("SCB", "CC0", "Källa: SCB"),
}
"""Producer, licence and line to print, by country."""
AREA = re.compile(r"(?:KU)?(\d{3})|(\d{4})")
YEAR = re.compile(r"\d{4}")


def area_codes(codes: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """Which categories of a dimension are municipalities; none where it is no dimension of areas.

    Codes with the prefix KU are Finnish municipalities. Bare digits are municipalities only where at least half of
    them carry the names of municipalities, since ages and occupations have such codes too.

    Examples
    --------
    >>> area_codes(["SSS", "KU091"], ["WHOLE COUNTRY", "Helsinki"])
    {'KU091': '091'}
    >>> area_codes(["00", "0114"], ["Riket", "Upplands Väsby"]), area_codes(["005", "009"], ["5", "9"])
    ({'0114': '0114'}, {})
    """
    facts, text = known(), dict(zip(codes, labels, strict=True))
    found = {code: (match[1] or match[2]) for code in codes if (match := AREA.fullmatch(code))}
    found = {code: municipality for code, municipality in found.items() if municipality in facts}
    sure = [
        code for code in found if code.startswith("KU") or _named(text[code].removeprefix(code), facts[found[code]])
    ]
    return found if found and 2 * len(sure) >= len(found) else {}


def _named(label: str, item: Municipality) -> bool:
    own = {name.casefold() for name in (item.name_sv, item.name_fi, *item.also) if name}
    return bool(own & {part.strip().casefold() for part in label.split(" - ")})


@dataclass(frozen=True)
class _Layout:
    """Which dimension is what, by its position; `rows` are the municipalities' places, in the order of their codes."""

    cube: Cube
    area: int
    time: int
    metric: int | None
    rows: list[int]
    municipalities: list[str]

    @property
    def others(self) -> list[int]:
        return [at for at in range(len(self.cube.shape)) if at not in (self.area, self.time, self.metric)]

    @property
    def axes(self) -> list[int]:
        """Indicators outermost, then municipalities, then what else there is, periods innermost."""
        return [*([] if self.metric is None else [self.metric]), self.area, *self.others, self.time]

    @property
    def sizes(self) -> list[int]:
        return [len(self.rows) if at == self.area else self.cube.shape[at] for at in self.axes]

    def arranged(self, cells: np.ndarray) -> np.ndarray:
        return cells.reshape(self.cube.shape).take(self.rows, axis=self.area).transpose(self.axes).ravel()

    def turning(self, at: int) -> np.ndarray:
        """For each row of the table, the category of one dimension."""
        shape = [1] * len(self.axes)
        shape[self.axes.index(at)] = -1
        size = self.sizes[self.axes.index(at)]
        return np.broadcast_to(np.arange(size).reshape(shape), self.sizes).ravel()

    def spread(self, entries: Sequence[Any], at: int | None, kind: str = "str") -> Any:
        import pandas as pd

        found = pd.array(list(entries), dtype=kind)
        return found.take(np.zeros(np.prod(self.sizes), dtype=np.int64) if at is None else self.turning(at))


def observations(
    cube: Cube, name: Callable[[str], str], *, indicator: str = "", time: str = ""
) -> tuple[pd.DataFrame, list[str]]:
    """A cube as an observations table, and the codes of the areas left out because they are no municipalities.

    Parameters
    ----------
    cube
        With a dimension of municipalities and one of periods.
    name
        The publisher's code of an indicator → its name here.
    indicator, time
        Codes of the dimensions of indicators and of periods; "" for those that the publisher names.

    Raises
    ------
    NoData
        There is no dimension of municipalities, or of periods.
    SourceError
        A period's code does not begin with its year.
    """
    import pandas as pd

    layout = _layout(cube, indicator or cube.metric, time or cube.time)
    country = known()[layout.municipalities[0]].country
    periods = cube.dimensions[layout.time]
    measured = Dimension("", "", ("",), (cube.label,)) if layout.metric is None else cube.dimensions[layout.metric]
    found = [name(code) for code in measured.codes]
    status = layout.arranged(cube.status)
    columns = {
        "country": layout.spread([country], None),
        "municipality": layout.spread(layout.municipalities, layout.area),
        "year": layout.spread([_year(code) for code in periods.codes], layout.time, "int64"),
        "indicator": layout.spread(found, layout.metric),
        "value": np.where(np.isin(status, [".", "..", "..."]), np.nan, layout.arranged(cube.values)),
        "unit": layout.spread([_unit(one, measured, at, country) for at, one in enumerate(found)], layout.metric),
    }
    columns["flag"] = pd.array(_flags(layout, columns, status), dtype="str")
    if not all(YEAR.fullmatch(code) for code in periods.codes):
        columns["period"] = layout.spread(periods.codes, layout.time)
    labels = {"indicator": dict(zip(found, measured.labels, strict=True))}
    for at in layout.others:
        _add_dimension(columns, labels, layout, at)
    columns["kpi"] = layout.spread(measured.codes, layout.metric)
    if (status != "").any():
        columns["status"] = pd.array(status, dtype="str")
    table = tables.check_observations(pd.DataFrame(columns))
    table.attrs |= {"labels": labels, "notes": list(cube.notes)}
    known_codes = {cube.dimensions[layout.area].codes[at] for at in layout.rows}
    return table, [code for code in cube.dimensions[layout.area].codes if code not in known_codes]


def _layout(cube: Cube, metric: str, time: str) -> _Layout:
    codes = [item.code for item in cube.dimensions]
    per_dimension = [area_codes(item.codes, item.labels) for item in cube.dimensions]
    area = max(range(len(codes)), key=lambda at: len(per_dimension[at]), default=0)
    if time not in codes or not per_dimension[area]:
        raise NoData(
            "The table {label!r} has no municipalities, or no periods: it is divided by {dimensions}. Choose a table "
            "by municipality.",
            label=cube.label,
            dimensions=", ".join(item.label for item in cube.dimensions) or "–",
        )
    municipal = per_dimension[area]
    own = cube.dimensions[area].codes
    rows = sorted((at for at in range(len(own)) if own[at] in municipal), key=lambda at: municipal[own[at]])
    found = codes.index(metric) if metric in codes else None
    return _Layout(cube, area, codes.index(time), found, rows, [municipal[own[at]] for at in rows])


def _add_dimension(columns: dict[str, Any], labels: dict[str, dict[str, str]], layout: _Layout, at: int) -> None:
    """A further column, unless the dimension has but the one category that stands for all."""
    item = layout.cube.dimensions[at]
    if item.codes == (item.total,):
        return
    stem = re.sub(r"(_\d+)+$", "", item.code).casefold()
    column = COLUMNS.get(stem, stem)
    column = item.code if column in columns else column
    categories = [SEXES.get(code.casefold(), code) for code in item.codes] if column == "sex" else list(item.codes)
    if len(set(categories)) < len(categories):
        categories = list(item.codes)
    columns[column] = layout.spread(categories, at)
    labels[column] = dict(zip(categories, item.labels, strict=True))


def _year(code: str) -> int:
    """The year in a period's code: that in which a school year begins."""
    match = YEAR.match(code)
    if match is None:
        raise SourceError("The period {code!r} does not begin with its year.", code=code)
    return int(match[0])


def _unit(name: str, measured: Dimension, at: int, country: str) -> str:
    if name in names.glossary():
        return names.get(name).unit_in(country)
    own = measured.units.get(measured.codes[at], "")
    spelt = re.search(r"(?:%|\bEUR\b[^()]*)$", measured.labels[at])
    return own or (spelt[0] if spelt else "")


def _flags(layout: _Layout, columns: dict[str, Any], status: np.ndarray) -> np.ndarray:
    # Statistics Finland marks the year of preliminary figures with an asterisk in its text.
    starred = [label.endswith("*") for label in layout.cube.dimensions[layout.time].labels]
    flags = np.where(np.array(starred)[layout.turning(layout.time)], "preliminary", "").astype(object)
    since = noisy_since(layout.cube.notes)
    if since is not None:
        flags[np.asarray(columns["year"]) >= since] = "noisy"
    absent = np.isnan(columns["value"])
    flags[absent] = [MARKS.get(mark, "missing") for mark in status[absent]]
    return flags


def noisy_since(notes: Sequence[str]) -> int | None:
    """The first year whose figures carry noise against disclosure (Cell Key Method), where a note says so.

    Examples
    --------
    >>> noisy_since(["Från och med referensåret 2025 ... Cell Key Method (CKM)"]), noisy_since(["Folkmängd"])
    (2025, None)
    """
    text = " ".join(notes)
    if not NOISE.search(text):
        return None
    year = NOISE_SINCE.search(text)
    return int(year[1]) if year else NOISE_BEGAN


def areas_note(areas: Sequence[str]) -> str:
    """What a reader must know of areas that were left out; "" where there are none.

    Examples
    --------
    >>> areas_note(["SSS"])
    'Left out, 1 areas that are no municipalities: SSS.'
    """
    if not areas:
        return ""
    return Speaker(current())(
        "Left out, {count} areas that are no municipalities: {areas}.",
        count=len(areas),
        areas=", ".join(areas[:10]) + (" …" if len(areas) > 10 else ""),
    )


def read_jsonstat(path: str | Path, *, indicator: str = "") -> pd.DataFrame:
    """Read a saved JSON-stat 2 answer of Statistics Finland or SCB, plain or `.gz`.

    Parameters
    ----------
    path
        The file.
    indicator
        Code of the dimension whose categories are the indicators; "" for the one that the publisher names.

    Returns
    -------
    pandas.DataFrame
        An observations table with the further column `kpi` (the publisher's code of the indicator), `status` where
        there are marks, and one for each further dimension; `attrs["labels"]` holds the texts of their codes,
        `attrs["notes"]` the publisher's notes.

    Raises
    ------
    SourceError
        No such file, or no whole JSON-stat 2 in it.
    NoData
        It has no municipalities.
    UsageError
        It has no dimension of that code.

    References
    ----------
    JSON-stat 2.0, https://json-stat.org/full/.

    Examples
    --------
    >>> read_jsonstat("no such file.json")
    Traceback (most recent call last):
    kommunanalys.errors.SourceError: There is no file or folder 'no such file.json'. ...
    """
    file = files.read(files.existing(path))
    try:
        data = json.loads(file.body)
    except ValueError as error:
        raise SourceError("{file} is not whole JSON: {reason}.", file=file.name, reason=error) from error
    cube = parse(data, file.name)
    codes = [item.code for item in cube.dimensions]
    if indicator and indicator not in codes:
        raise UsageError(
            "{file} has no dimension {code!r}. It has {codes}.", file=file.name, code=indicator, codes=", ".join(codes)
        )
    table, areas = observations(cube, lambda code: code, indicator=indicator)
    country = str(table["country"].iloc[0])
    record = credited(country, address=file.name, sha256=file.sha256, published=cube.updated, note=areas_note(areas))
    return origin.record(table, [record])


def credited(country: str, **about: Any) -> origin.Origin:
    """The origin of a load from the statistics office of a country.

    Examples
    --------
    >>> credited("SE", address="answer.json", sha256="ab").credit
    'Källa: SCB'
    """
    producer, licence, credit = CREDITS[country]
    about = {"fetched": origin.now(), **about}
    return origin.Origin(producer=producer, licence=licence, credit=credit, country=country, **about)
