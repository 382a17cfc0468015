"""Date expressions of a task file: from when a row counts, when a value is known, how long an outcome is looked for.

An expression is counted from each row's own date, which is a day or a year (2023):

=====================  ==============================================================================
"row"                  the row's own day
"+30 days"             that long after it (days, weeks, months, years; "-" for before)
"06-15"                15 June of the row's year
"+1 06-15"             15 June of the year after the row's year
"2025-06-01"           that day, whatever the row says
"column:ended"         the day in another column; "column:ended +14 days" counts from it
"unknown"              nobody can say: never
=====================  ==============================================================================

Where a task's dates are plain numbers there are "row", "+60", "60", "column:day", "column:day +60" and "unknown".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kommunanalys.errors import TableError, UsageError

Points = npt.NDArray[np.float64]
"""Places on the axis of time: days since 1970-01-01, or the numbers themselves; NaN where nothing is known."""

UNKNOWN = "unknown"
LENGTH = re.compile(r"(?P<amount>\d+) (?P<unit>day|week|month|year)s?")
ON_DAYS = (
    r"row|(?P<iso>\d{4}-\d\d-\d\d)|(?:(?P<years>[+-]\d+) )?(?P<month>\d\d)-(?P<day>\d\d)"
    r"|(?P<amount>[+-]\d+) (?P<unit>day|week|month|year)s?"
)
ON_NUMBERS = r"row|(?P<shift>[+-]\d+)|(?P<number>\d+)"
YEARS = range(1900, 2200)
"""Whole numbers that are taken for years where a task counts time in numbers."""
YEAR = re.compile(r"[12]\d{3}")
OFFSET = re.compile(r"^(\d{4}-\d\d-\d\d)[T ]\d\d.*[+-]\d\d(?::?\d\d)?$")
"""A time with its distance from UTC, and its day."""
UTC = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d.*(?:Z|[+-]00(?::?00)?)$")


@dataclass(frozen=True)
class Axis:
    """How a task counts time.

    Parameters
    ----------
    numbers
        Whether its dates are plain numbers; else they are days, or years that expressions make days of.

    Examples
    --------
    >>> axis = Axis()
    >>> axis.said(axis.later(axis.at("2024-01-31"), "1 month"))
    '2024-02-29'
    """

    numbers: bool = False

    def check(self, text: str) -> None:
        """Nothing, or an error where the text is no date expression."""
        if text != UNKNOWN:
            _, rest = self._split(text)
            self._parsed(rest, text)

    def check_after(self, text: str) -> None:
        """As `check`, for an expression that counts from the end of a period: "row" or "+30 days"."""
        self.check(text)
        if (text != "row" and not text.startswith("+")) or "-" in text:
            raise UsageError(
                "{text!r}: of an event write 'row', or how long after it the news has come, e.g. '+30 days'.", text=text
            )

    def is_day_of_year(self, text: str) -> bool:
        """Whether the text is a day of the year, such as "06-30"."""
        match = re.fullmatch(ON_DAYS, text)
        return match is not None and bool(match["month"]) and not match["years"] and _is_day(match.groupdict())

    def points(self, text: str, table: pd.DataFrame, column: str) -> Points:
        """The expression for every row, counted from the column with its date ("" where there is none)."""
        if text == UNKNOWN:
            return np.full(len(table), np.nan)
        named, rest = self._split(text)
        parts = self._parsed(rest, text)
        if parts.get("iso") or parts.get("number"):
            return np.full(len(table), self.at(parts.get("iso") or int(parts["number"])))
        source = named or column
        if not source:
            raise UsageError(
                "{text!r} counts from a row's date, but the table has none. Write 'column:NAME' with the column that "
                "holds the date.",
                text=text,
            )
        return self._moved(self._base(table, source, bool(parts.get("month")), text), parts)

    def column_of(self, text: str) -> str:
        """The column that an expression counts from, "" for the row's own date."""
        return "" if text == UNKNOWN else self._split(text)[0]

    def dates(self, table: pd.DataFrame, column: str) -> Points:
        """The dates in a column; years as their first day."""
        return self._base(table, column, True, column)

    def at(self, moment: Any) -> float:
        """The place of one day or number on the axis."""
        found = self.normal(moment)
        if isinstance(found, int):
            return float(found)
        return float(found.to_datetime64().astype("datetime64[D]").astype("int64"))

    def normal(self, moment: Any) -> pd.Timestamp | int:
        """A day as `Timestamp` at midnight, or a whole number, from whatever a caller gives."""
        if self.numbers:
            return _whole(moment)
        text = str(moment) if isinstance(moment, str | date | np.datetime64) else ""
        try:
            return pd.Timestamp(datetime.fromisoformat(text).date())
        except ValueError:
            raise UsageError("{moment!r} is no day. Write it as 2025-06-30.", moment=str(moment)) from None

    def lies_ahead(self, point: float, today: date) -> bool:
        """Whether a place on the axis is to come; of plain numbers those that look like years."""
        return point > today.year and point in YEARS if self.numbers else point > self.at(today)

    def check_length(self, text: str) -> None:
        """Nothing, or an error where the text is no length of time."""
        self.later(0.0, text)

    def later(self, point: float, length: str, sign: int = 1) -> float:
        """That long after a place on the axis; before it with `sign=-1`."""
        if self.numbers:
            if not length.isdecimal():
                raise UsageError("{text!r} is no length on an axis of numbers. Write for example '2'.", text=length)
            return point + sign * int(length)
        match = LENGTH.fullmatch(length)
        if match is None:
            raise UsageError(
                "{text!r} is no length of time. Write for example '270 days', '15 months' or '1 year'.", text=length
            )
        return float(_shifted(_days(np.array([point])), sign * int(match["amount"]), match["unit"])[0])

    def last_day(self, text: str, end: float) -> tuple[float, bool]:
        """The last day up to `end` on which values come to be known, and whether that is one day of each year."""
        if text == UNKNOWN or self.numbers:
            return end, False
        parts = self._parsed(self._split(text)[1], text)
        if not parts["month"]:
            return end, False
        around = np.datetime64(self.said(end), "Y") + np.arange(
            -int(parts["years"] or 0) - 1, 2 - int(parts["years"] or 0)
        )
        days = self._moved(_points(around), parts)
        return float(days[days <= end].max()), True

    def values(self, points: Points) -> npt.NDArray[Any]:
        """Places on the axis as days (datetime64[s]) or numbers (float64)."""
        return points if self.numbers else _days(points).astype("datetime64[s]")

    def said(self, point: float) -> str:
        """One place on the axis in text."""
        return str(int(point)) if self.numbers else str(_days(np.array([point]))[0])

    def moment(self, point: float) -> pd.Timestamp | int:
        """One place on the axis as an as-of date."""
        return int(point) if self.numbers else pd.Timestamp(_days(np.array([point]))[0].astype("datetime64[s]"))

    def _split(self, text: str) -> tuple[str, str]:
        """The named column and what is counted from it."""
        if not text.startswith("column:"):
            return "", text
        form = ON_NUMBERS if self.numbers else ON_DAYS
        match = re.fullmatch(rf"column:(?P<name>\S.*?)(?: (?P<rest>{form}))?", text)
        if match is None:
            raise UsageError("{text!r} names no column. Write for example 'column:date_submitted'.", text=text)
        return match["name"], match["rest"] or "row"

    def _parsed(self, rest: str, text: str) -> dict[str, Any]:
        match = re.fullmatch(ON_NUMBERS if self.numbers else ON_DAYS, rest)
        if match is None and self.numbers:
            raise UsageError(
                "{text!r} is no place on an axis of numbers. Write 'row', '+60', '60', 'column:NAME' or 'unknown'.",
                text=text,
            )
        if match is None or not _is_day(match.groupdict()):
            raise UsageError(
                "{text!r} is no date expression. Write 'row', '+30 days', '06-15', '+1 06-15', '2025-06-01', "
                "'column:NAME' or 'unknown'.",
                text=text,
            )
        return match.groupdict()

    def _base(self, table: pd.DataFrame, column: str, by_year: bool, text: str) -> Points:
        """The dates of a column; years are enough where the expression names a day of the year."""
        if column not in table.columns:
            raise TableError(
                "There is no column {column!r} in the table, from which {text!r} counts. Its columns: {columns}.",
                column=column,
                text=text,
                columns=", ".join(map(str, table.columns)),
            )
        values = pd.Series(table[column])
        if self.numbers:
            return _as_numbers(values, column)
        return _as_days(values, column, by_year, text)

    def _moved(self, base: Points, parts: dict[str, Any]) -> Points:
        if parts.get("shift"):
            return base + int(parts["shift"])
        if parts.get("amount"):
            return _shifted(_days(base), int(parts["amount"]), parts["unit"])
        if parts.get("month"):
            year = _days(base).astype("datetime64[Y]") + int(parts["years"] or 0)
            month = year.astype("datetime64[M]") + (int(parts["month"]) - 1)
            return _points(month.astype("datetime64[D]") + (int(parts["day"]) - 1))
        return base


def _is_day(parts: dict[str, Any]) -> bool:
    """Whether a day of the year is one in every year, and a whole date is one."""
    try:
        if parts.get("month"):
            date(2001, int(parts["month"]), int(parts["day"]))
        if parts.get("iso"):
            date.fromisoformat(parts["iso"])
    except ValueError:
        return False
    return True


def _whole(moment: Any) -> int:
    number = not isinstance(moment, bool) and isinstance(moment, int | float | np.integer | np.floating)
    if not (number and moment == moment // 1) and not (isinstance(moment, str) and moment.lstrip("-").isdecimal()):
        raise UsageError("{moment!r} is no whole number, and this task counts time in numbers.", moment=str(moment))
    return int(moment)


def _days(points: Points) -> npt.NDArray[Any]:
    known = np.isfinite(points)
    days = np.where(known, points, 0).astype("int64").astype("datetime64[D]")
    days[~known] = np.datetime64("NaT")
    return days


def _points(days: npt.NDArray[Any]) -> Points:
    points: Points = days.astype("datetime64[D]").astype("int64").astype("float64")
    points[np.isnat(days)] = np.nan
    return points


def _shifted(days: npt.NDArray[Any], amount: int, unit: str) -> Points:
    """So much later; 31 January and a month is the last day of February."""
    moved = pd.DatetimeIndex(days.astype("datetime64[s]")) + pd.DateOffset(**{f"{unit}s": amount})
    return _points(moved.to_numpy())


def _as_numbers(values: pd.Series[Any], column: str) -> Points:
    if not pd.api.types.is_numeric_dtype(values):
        raise TableError(
            "Column {column!r} holds no numbers, and this task counts time in numbers (its horizon has no unit).",
            column=column,
        )
    numbers: Points = values.to_numpy(dtype="float64", na_value=np.nan)
    return numbers


def _check_zone(column: str, utc: bool) -> None:
    """Around midnight the day in Greenwich is another than here: the next day's values would count as known."""
    if utc:
        raise TableError(
            "Column {column!r} holds times in UTC, whose day may be another than the day here. Turn them into local "
            "time first, for example with .dt.tz_convert('Europe/Stockholm') or .dt.tz_convert('Europe/Helsinki').",
            column=column,
        )


def _as_days(values: pd.Series[Any], column: str, by_year: bool, text: str) -> Points:
    if pd.api.types.is_datetime64_any_dtype(values):
        if values.dt.tz is not None:
            _check_zone(column, values.dt.tz.utcoffset(None) == timedelta(0))
            values = values.dt.tz_localize(None)
        return _points(values.to_numpy(dtype="datetime64[s]"))
    places, found = pd.factorize(values)
    texts = pd.Series(found).astype("str").str.removesuffix(".0")
    _check_zone(column, bool(texts.str.contains(UTC).any()))
    texts = texts.str.replace(OFFSET, r"\1", regex=True)  # the day on the clock there, not in Greenwich
    years = bool(len(texts)) and bool(texts.map(YEAR.fullmatch).notna().all())
    if years and not by_year:
        raise UsageError(
            "Column {column!r} holds years, so that {text!r} is no day. Write the day of the year too: '+1 06-15'.",
            column=column,
            text=text,
        )
    try:
        days = pd.to_datetime(texts + "-01-01" if years else texts, format="ISO8601").to_numpy(dtype="datetime64[s]")
    except ValueError:
        raise TableError(
            "Column {column!r} holds something that is no day like 2025-06-30 and no year like 2025.", column=column
        ) from None
    # A missing date is place -1: the last of all.
    points: Points = np.append(_points(days), np.nan)[places]
    return points
