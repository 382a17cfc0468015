"""What an outsider can work out from printed tables together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.answer import Answer
from kommunanalys.errors import AnalysisFailed, TableError
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.bounds import SLACK, Ranges, ceiling
from kommunanalys.secrecy.cube import TOTALS, Key, Places, Shape
from kommunanalys.secrecy.joint import Joint, Printed, comparable, join, meet, space_of
from kommunanalys.secrecy.released import Release
from kommunanalys.secrecy.rounding import ROOM
from kommunanalys.secrecy.rules import THRESHOLD
from kommunanalys.secrecy.suppress import width

Array = NDArray[np.float64]

TOTAL_LABELS = frozenset({*TOTALS, "All"})
"""What marks a total in a plain table; "All" is what pandas writes."""


@dataclass(frozen=True)
class AuditReport(Answer):
    """What an outsider can work out.

    Parameters
    ----------
    ranges
        One row for each figure that is hidden or rounded: `tables` (numbers of those that belong together), `entry`,
        `low`, `high` and `finding`: "exact", "narrow" (less than ±10 % and less than ±2; a rounded figure: fewer than
        three whole numbers) or "".
    changes
        One row for each small change between two tables about different persons or times that is known exactly:
        `before`, `after` (numbers of tables), `entry`, `change`.
    """

    ranges: pd.DataFrame
    changes: pd.DataFrame

    @property
    def exact(self) -> int:
        """Hidden or rounded figures that are known exactly."""
        return int((self.ranges["finding"] == "exact").sum())

    @property
    def narrow(self) -> int:
        """Figures that are known too well, though not exactly."""
        return int((self.ranges["finding"] == "narrow").sum())

    @property
    def well(self) -> bool:
        """Whether nothing can be worked out."""
        return not (self.exact or self.narrow or len(self.changes))

    def to_frame(self) -> pd.DataFrame:
        """The ranges."""
        return self.ranges.copy()

    def summary(self, language: str | None = None) -> str:
        """What was found, in one paragraph."""
        say = Speaker(language or current())
        if self.well:
            return say(
                "None of {count} hidden or rounded figures can be worked out from these tables.",
                count=say.number(len(self.ranges)),
            )
        return say(
            "Of {count} hidden or rounded figures {exact} can be worked out exactly and {narrow} too closely; "
            "{changes} small changes between tables are known exactly. Do not publish these tables together.",
            count=say.number(len(self.ranges)),
            exact=say.number(self.exact),
            narrow=say.number(self.narrow),
            changes=say.number(len(self.changes)),
        )


def audit(tables: Sequence[Release | pd.DataFrame] | Release | pd.DataFrame, threshold: int = THRESHOLD) -> AuditReport:
    """Work out all that printed tables tell together, by linear programming.

    Parameters
    ----------
    tables
        Releases, or plain tables with named rows and columns, totals called "Total" (or "Totalt", "Yhteensä", "All")
        and NaN where a figure is hidden; in the order in which they were published.
    threshold
        Changes of fewer persons than this between two tables are small.

    Returns
    -------
    AuditReport
        Tables whose printed figures fit together are taken to be about the same persons. Where one has a category
        that the other lacks, they share what is told of the categories of both, and no totals over them.

    Notes
    -----
    It reads tables, not registers: that an area consists of two schools, or that a column has been renamed, it cannot
    see; `release` can, while both columns are in its table. Sums of money are audited each column by itself: that tax
    is gross less net is not known to it.

    Raises
    ------
    TableError
        A plain table without margins or with rows missing; figures that contradict each other within one table.

    Examples
    --------
    >>> table = pd.DataFrame({"no": [20.0, np.nan, 47.0], "yes": [7.0, np.nan, 10.0], "Total": [27.0, 30.0, 57.0]},
    ...                      index=pd.Index(["A", "B", "Total"], name="school"))
    >>> print(audit(table).summary("en"))
    Of 2 hidden or rounded figures 2 can be worked out exactly and 0 too closely; 0 small changes ...
    """
    listed = [tables] if isinstance(tables, Release | pd.DataFrame) else list(tables)
    printed = [table.told if isinstance(table, Release) else read(table) for table in listed]
    found: list[dict[str, object]] = []
    known: dict[int, dict[Key, tuple[float, float]]] = {}
    for members, joint in _families(printed):
        low, high = _ranges(joint, whole=printed[members[0]].value == "count")
        for number in members:
            table, places = printed[number], joint.places[members.index(number)]
            known[number] = dict(zip(table.shape.keys, zip(low[places], high[places], strict=True), strict=True))
        found += _findings([printed[number] for number in members], members, joint, low, high)
    ranges = pd.DataFrame(found, columns=["tables", "entry", "low", "high", "finding"])
    return AuditReport(ranges, _changes(printed, known, threshold))


def read(table: pd.DataFrame) -> Printed:
    """A plain printed table as what it tells: rows and columns with totals, NaN where hidden.

    Raises
    ------
    TableError
        No totals, or not every combination of rows and columns.

    Examples
    --------
    >>> table = pd.DataFrame({"Total": [4.0, np.nan, 9.0]}, index=pd.Index(["A", "B", "Total"], name="school"))
    >>> read(table).high.tolist()
    [4.0, inf, 9.0]
    """
    one_way = table.shape[1] == 1
    axes = [table.index] if one_way else [table.index, table.columns]
    names, levels, cut = [], [], table.index.nlevels
    for number, axis in enumerate(axes):
        for level in range(axis.nlevels):
            names.append(str(axis.names[level] or ("rows" if number == 0 else "columns")))
            levels.append([str(item) for item in dict.fromkeys(axis.get_level_values(level))])
    if any(not TOTAL_LABELS & set(items) for items in levels) or len(set(names)) < len(names):
        raise TableError(
            "A table can be audited with its totals: each of {names} needs a row or column called one of {labels}.",
            names=", ".join(names),
            labels=", ".join(sorted(TOTAL_LABELS)),
        )
    inner = tuple(tuple(item for item in items if item not in TOTAL_LABELS) for items in levels)
    shape = Shape(tuple(names[:cut]), tuple(names[cut:]), inner)
    values = dict.fromkeys(shape.keys, np.nan)
    seen = set()
    for row, line in zip(table.index, table.to_numpy(float), strict=True):
        for column, value in zip([()] if one_way else table.columns, line, strict=True):
            labels = [str(item) for part in (row, column) for item in (part if isinstance(part, tuple) else (part,))]
            pairs = [pair for pair in zip(names, labels, strict=True) if pair[1] not in TOTAL_LABELS]
            key = tuple(sorted(pairs))
            values[key] = value
            seen.add(key)
    if len(seen) != len(shape.keys) or table.size != len(shape.keys):
        raise TableError("A table can be audited whole: every combination of rows and columns once.")
    figures = np.array([values[key] for key in shape.keys])
    hidden = np.isnan(figures)
    return Printed(shape, np.where(hidden, 0.0, figures), np.where(hidden, np.inf, figures), hidden)


def _families(printed: Sequence[Printed]) -> list[tuple[list[int], Joint]]:
    """Tables that fit together, each in the first family that it fits, with all that they tell."""
    families: list[list[int]] = []
    # Those with most dimensions first: they tell which of the others are about the same persons.
    for number in sorted(range(len(printed)), key=lambda number: -len(printed[number].shape.names)):
        table = printed[number]
        home = next((family for family in families if _fits([printed[one] for one in family], table)), None)
        if home is None:
            families.append([number])
        else:
            home.append(number)
    ordered = sorted(sorted(family) for family in families)
    return [(family, join([printed[one] for one in family])) for family in ordered]


def _fits(family: list[Printed], table: Printed) -> bool:
    if table.value != family[0].value or not any(set(table.shape.names) & set(one.shape.names) for one in family):
        return False
    shared = [(one, comparable(one, table, space_of(one), space_of(table))) for one in family]
    if not any(keys for _, keys in shared):
        return False
    # A table that contradicts one of the family may still be a part of it, where another one shows which part.
    if not any(keys and meet(one, table, keys) for one, keys in shared):
        return False
    known = join([*family, table]).known
    if (known.low > known.high + SLACK).any():
        return False
    try:
        Ranges(known, ceiling(known)).sweep()
    except AnalysisFailed:
        return False
    return True


def _ranges(joint: Joint, *, whole: bool) -> tuple[Array, Array]:
    """The range of each entry, in whole numbers for counts."""
    try:
        most = ceiling(joint.known)
        ranges = Ranges(joint.known, most)
        ranges.sweep()
    except AnalysisFailed:
        raise TableError("The figures of a table contradict each other: a total is not the sum of its parts.") from None
    low, high = joint.known.low.copy(), joint.known.high.copy()
    for entry in np.flatnonzero(high > low):
        # A corner that reaches both ends of what is printed leaves no question.
        if ranges.seen_low[entry] > low[entry] + SLACK or ranges.seen_high[entry] < high[entry] - SLACK:
            low[entry], high[entry] = ranges.whole(int(entry))
    high = np.where(high >= 0.99 * most, np.inf, high)
    return (np.ceil(low - SLACK), np.floor(high + SLACK)) if whole else (low, high)


def _findings(
    tables: Sequence[Printed], members: Sequence[int], joint: Joint, low: Array, high: Array
) -> list[dict[str, object]]:
    hidden = np.zeros(len(low), bool)
    keys: list[Key] = [()] * len(low)
    for table, places in zip(tables, joint.places, strict=True):
        hidden[places] |= table.hidden & (not table.rounded)
        for place, key in zip(places, table.shape.keys, strict=True):
            keys[place] = key
    asked: Places = np.flatnonzero(joint.known.high > joint.known.low)
    middle = np.where(np.isfinite(high), (low + high) / 2, low)
    need = np.where(hidden, width(middle), ROOM)
    spread = high - low
    finding = np.select([spread <= SLACK, spread < need - SLACK], ["exact", "narrow"], "")
    return [
        {"tables": tuple(members), "entry": keys[place], "low": low[place], "high": high[place],
         "finding": str(finding[place])}
        for place in asked
    ]  # fmt: skip


def _changes(
    printed: Sequence[Printed], known: dict[int, dict[Key, tuple[float, float]]], threshold: int
) -> pd.DataFrame:
    found = []
    for before, after in combinations(range(len(printed)), 2):
        if set(printed[before].shape.names) != set(printed[after].shape.names):
            continue
        first, second = printed[before], printed[after]
        same = set(comparable(first, second, space_of(first), space_of(second)))
        for key, (low, high) in known[after].items():
            earlier = known[before].get(key) if key in same else None
            if (
                earlier is not None
                and low == high
                and earlier[0] == earlier[1]
                and 0 < abs(low - earlier[0]) < threshold
            ):
                found.append({"before": before, "after": after, "entry": key, "change": low - earlier[0]})
    return pd.DataFrame(found, columns=["before", "after", "entry", "change"])
