"""Who is looked at on an as-of day, what was known of them then, and what became of them: `build`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.early_warning.entry import Tables, as_identity, border_of, marked, named, objectors, unfound
from kommunanalys.early_warning.features import Rows, Units, as_text, categories, values
from kommunanalys.early_warning.labels import Labels, among, had_already, labels, latest_day
from kommunanalys.early_warning.sense import axis_of, days_of
from kommunanalys.early_warning.when import Axis, Points
from kommunanalys.errors import NoData, TableError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.frame import Border, local_day
from kommunanalys.secrecy.register import in_words

LEFT = "had left before the as-of day"
OBJECTED = "had objected"
UNFOUND = "had objected and are in none of the tables; see that they are written alike"
NO_IDENTITY = "no valid identity"
NOT_RECORDED = "no outcome is recorded"
EXCLUDED = (LEFT, OBJECTED, UNFOUND, NO_IDENTITY, NOT_RECORDED)
"""Why somebody is not in a cohort; English templates."""

Places = npt.NDArray[np.intp]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CohortInfo:
    """What belongs to a cohort beside X and y.

    Parameters
    ----------
    as_of
        The as-of day or number.
    complete
        Whether the whole label window has passed and is in the data; else y is missing.
    frame
        One row for each unit, index as X: `person`, the place, the groups, `known_from` (when the outcome was known).
    excluded
        Why → how many were left out.
    dropped
        Feature → why it is not in X.
    """

    as_of: pd.Timestamp | int
    complete: bool
    frame: pd.DataFrame = field(repr=False)
    excluded: dict[str, int] = field(repr=False)
    dropped: dict[str, str]

    def summary(self, language: str | None = None) -> str:
        """Who is in the cohort and who is not, and which columns, in plain words."""
        say = Speaker(language or current())
        day = say.date(self.as_of.date()) if isinstance(self.as_of, pd.Timestamp) else str(self.as_of)
        parts = [say("The cohort of {as_of}: {count} persons.", as_of=day, count=in_words(len(self.frame), say))]
        for why, count in self.excluded.items():
            parts.append(say("Not in it: {count} ({why}).", count=in_words(count, say), why=say(why)))
        if not self.complete:
            parts.append(say("What became of them is not known yet."))
        for why in dict.fromkeys(self.dropped.values()):
            names = say.names(name for name, reason in self.dropped.items() if reason == why)
            parts.append(say("Columns left out: {names} ({why}).", names=names, why=say(why)))
        return " ".join(parts)


def build(
    declaration: Declaration, tables: Tables, as_of: Any, *, known_by: Any = None
) -> tuple[pd.DataFrame, pd.Series[Any], CohortInfo]:
    """The cohort of an as-of day with only what was known then.

    Parameters
    ----------
    declaration
        The task.
    tables
        Its tables by name; the bare table where the task has one.
    as_of
        Day (date, Timestamp or ISO text), or number where the task counts time in numbers.
    known_by
        The outcomes are those that were known then; default: today.

    Returns
    -------
    X : DataFrame
        Index: the units; float64 and categories.
    y : Series
        1.0 where the event came, 0.0 where it did not, missing where the label window is not complete.
    info : CohortInfo
        The rest.

    Raises
    ------
    UsageError
        The as-of day lies in the future, or a table or the file with objections is missing.
    TableError
        A column is missing or not what it must be, or a unit stands twice in the cohort.
    NoData
        Nobody is in the cohort.
    SecrecyBorder
        The tables belong to different secrecy domains.

    Examples
    --------
    >>> from kommunanalys.early_warning.reading import parse
    >>> task = parse('''
    ... title = "Who will leave?"
    ... unit = "id"
    ... capacity = 5
    ... as_of = "06-30"
    ... cohort = {date = "year", start = "06-15", until = "+1 06-15"}
    ... outcome = {column = "left", kind = "status", event = "yes", known_from = "+1 09-20", horizon = "15 months"}
    ... feature = [{column = "mark", known_from = "06-10"}]
    ... flag = {feature = "mark", high = false}
    ... ''')
    >>> table = pd.DataFrame({"id": ["a", "b"], "year": 2023, "mark": [6, 9], "left": ["yes", "no"]})
    >>> X, y, info = build(task, table, "2023-06-30")
    >>> X["mark"].tolist(), y.tolist(), info.complete
    ([6.0, 9.0], [1.0, 0.0], True)
    """
    return Prepared.of(declaration, tables).build(as_of, known_by)


def candidates(declaration: Declaration, tables: Tables, *, known_by: Any = None) -> dict[pd.Timestamp | int, bool]:
    """All as-of days on which somebody is in the cohort, and whether their outcomes are complete."""
    prepared = Prepared.of(declaration, tables)
    return {prepared.axis.moment(point): whole for point, whole in prepared.candidates(known_by)}


@dataclass(frozen=True)
class Prepared:
    """A task's checked tables, with all that holds for every as-of day.

    Parameters
    ----------
    task, axis
        The task, and how it counts time.
    tables
        By name, as plain pandas.
    border
        Mark of what is made of them; None for plain tables.
    start, until
        From when and until when each row of the cohort's table counts; missing where it never does.
    objectors
        Who has objected, asked when it is needed.
    """

    task: Declaration
    axis: Axis
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    border: Border | None = field(repr=False)
    start: Points = field(repr=False)
    until: Points = field(repr=False)
    objectors: Callable[[], frozenset[str]] = field(repr=False)

    @classmethod
    def of(cls, task: Declaration, tables: Tables) -> Prepared:
        """Check the tables and see when each row of the cohort's table counts."""
        given = named(task, tables)
        border, axis = border_of(given), axis_of(task.outcome.horizon)
        plain = {name: pd.DataFrame(table).rename(columns=str) for name, table in given.items()}
        table = plain[task.cohort.table]
        start = axis.points(task.cohort.start, table, task.cohort.date)
        until = axis.points(task.cohort.until, table, task.cohort.date)
        for column, wanted in task.cohort.where.items():
            start[among(table[column], wanted, task.cohort.table) == 0] = np.nan
        start[np.isnan(until)] = np.nan
        path = task.objections
        return cls(
            task,
            axis,
            plain,
            border,
            start,
            until,
            lambda: frozenset() if path is None else objectors(path, task.person, given),
        )

    @property
    def cohort_table(self) -> pd.DataFrame:
        """The table with one row for each unit and period."""
        return self.tables[self.task.cohort.table]

    def build(self, as_of: Any, known_by: Any) -> tuple[pd.DataFrame, pd.Series[Any], CohortInfo]:
        """As the function `build`."""
        point, excluded = self.axis.at(as_of), dict[str, int]()
        if self.axis.lies_ahead(point, local_day()):
            raise UsageError("The as-of day {as_of} lies in the future.", as_of=self.axis.said(point))
        rows = self.rows_of(point, excluded)
        found = self.labels(rows, point, known_by)
        if found.complete:
            known = ~np.isnan(found.y)
            rows = _without(rows, ~known, NOT_RECORDED, excluded)
            found = Labels(True, found.y[known], found.known_from[known])
        absent = unfound(self.objectors(), self.task.person, self.tables)
        if absent:
            excluded[UNFOUND] = absent
        units = self.units(rows)
        X, dropped = values(self.task.features, self._rows(units), units, self.axis, point)
        y = pd.DataFrame({"y": found.y}, index=units.index)
        frame = self._frame(rows, units, found, point)
        X, y, frame = (marked(one, self.border) for one in (X, y, frame))
        return X, y["y"], CohortInfo(self.axis.moment(point), found.complete, frame, excluded, dropped)

    def candidates(self, known_by: Any) -> list[tuple[float, bool]]:
        """As the function `candidates`, with places on the axis."""
        found = []
        for point in self._days():
            if ((self.start <= point) & (point < self.until)).any():
                try:
                    rows = self.rows_of(point, {})
                except NoData:  # all of them had left or objected
                    continue
                found.append((point, self.labels(rows, point, known_by).complete))
        return found

    def rows_of(self, point: float, excluded: dict[str, int]) -> Places:
        """Rows of the cohort on a day, without those who have left or objected or are nobody, who are counted."""
        task, table = self.task, self.cohort_table
        rows: Places = np.flatnonzero((self.start <= point) & (point < self.until))
        if not len(rows):
            self._refuse_empty(point)
        nobody = table.iloc[rows][[*task.unit, task.person]].isna().any(axis=1).to_numpy()
        rows = _without(rows, nobody, NO_IDENTITY, excluded)
        if task.cohort.left:
            gone = self.axis.points(f"column:{task.cohort.left}", table, "")[rows]
            rows = _without(rows, gone <= point, LEFT, excluded)
        against = self.objectors()
        if against:
            objecting = as_identity(table[task.person].iloc[rows]).isin(against).to_numpy()
            rows = _without(rows, objecting, OBJECTED, excluded)
        self._check_once(rows, point)
        had = had_already(task, self.axis, self.tables, self.units(rows), point)
        return _without(rows, had, LEFT, excluded)

    def units(self, rows: Places) -> Units:
        """The units in these rows of the cohort's table."""
        table, columns = self.cohort_table.iloc[rows], [*self.task.unit]
        index = pd.Index(table[columns[0]]) if len(columns) == 1 else pd.MultiIndex.from_frame(table[columns])
        return Units(index, table[self.task.person])

    def labels(self, rows: Places, point: float, known_by: Any) -> Labels:
        """What became of the units in these rows."""
        return labels(self.task, self.axis, self.tables, self.units(rows), point, known_by)

    def _days(self) -> list[float]:
        """The as-of days between the first row's start and the last row's end, none of them in the future."""
        whole = np.isfinite(self.start)
        if not whole.any():
            return []
        if self.axis.numbers:
            return [float(one) for one in np.unique(self.start[whole]) if not self.axis.lies_ahead(one, local_day())]
        first, last = self.start[whole].min(), min(self.until[whole].max(), latest_day(self.axis))
        years = range(int(self.axis.said(first)[:4]), int(self.axis.said(last)[:4]) + 1)
        points = sorted(self.axis.at(f"{year}-{day}") for year in years for day in days_of(self.task))
        return [point for point in points if point <= last]

    def _check_once(self, rows: Places, point: float) -> None:
        twice = int(self.cohort_table.iloc[rows].duplicated([*self.task.unit]).sum())
        if twice:
            raise TableError(
                "Table {table!r} holds the same unit ({unit}) twice in the cohort of {as_of}; rows too many: {count}. "
                "Give each unit one row for each period, or narrow the cohort with where.",
                table=self.task.cohort.table,
                unit=", ".join(self.task.unit),
                as_of=self.axis.said(point),
                count=in_words(twice, Speaker(current())),
            )

    def _refuse_empty(self, point: float) -> None:
        whole = np.isfinite(self.start)
        if not whole.any():
            raise NoData(
                "Nobody is in the cohort of any day: no row of table {table!r} has a date and fits where.",
                table=self.task.cohort.table,
            )
        raise NoData(
            "Nobody is in the cohort of {as_of}. Table {table!r} has cohorts from {first} until {last}, the last day "
            "not included; Task.as_of_dates lists them.",
            as_of=self.axis.said(point),
            table=self.task.cohort.table,
            first=self.axis.said(self.start[whole].min()),
            last=self.axis.said(self.until[whole].max()),
        )

    def _rows(self, units: Units) -> dict[str, Rows]:
        names = {one.table for one in self.task.features}
        return {name: Rows.of(self.tables[name], self._date(name), units, name) for name in names}

    def _date(self, table: str) -> str:
        """The column with the date of a table's rows, "" where the task names none."""
        if table == self.task.cohort.table:
            return self.task.cohort.date
        return self.task.outcome.date if table == self.task.outcome.table else ""

    def _frame(self, rows: Places, units: Units, found: Labels, point: float) -> pd.DataFrame:
        cohort, place = self.cohort_table.iloc[rows], self.task.place
        columns: dict[str, Any] = {"person": units.persons.to_numpy()}
        if place:
            columns[place] = cohort[place].to_numpy()
        for one in self.task.groups:
            own = one.table == self.task.cohort.table
            columns[one.name] = (
                as_text(cohort[one.column]).to_numpy() if own else self._group(one.table, one.column, units, point)
            )
        columns["known_from"] = self.axis.values(found.known_from)
        return pd.DataFrame(columns, index=units.index)

    def _group(self, table: str, column: str, units: Units, point: float) -> npt.NDArray[Any]:
        """A group's value from another table: the last by the as-of day, or of rows without a date."""
        rows, date = Rows.of(self.tables[table], "", units, table), self._date(table)
        known = self.axis.dates(rows.table, date) if date else np.full(len(rows.slots), point)
        usable = (known <= point) & (rows.slots >= 0)
        found: npt.NDArray[Any] = categories(rows, column, "last", usable, known).astype(object)
        return found


def _without(rows: Places, out: Truths, why: str, excluded: dict[str, int]) -> Places:
    if out.any():
        excluded[why] = excluded.get(why, 0) + int(out.sum())
    if len(out) and out.all():
        raise NoData("Nobody is left in the cohort: {why}.", why=Speaker(current())(why))
    return rows[~out]
