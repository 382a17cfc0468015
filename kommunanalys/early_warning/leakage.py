"""What a model could learn that nobody knew on the day of the list: each suspicious column with its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from kommunanalys.answer import Answer
from kommunanalys.early_warning import suspicions
from kommunanalys.early_warning.cohorts import Prepared
from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.early_warning.features import NOT_YET, Rows
from kommunanalys.early_warning.splits import Part, as_dates, build_all
from kommunanalys.early_warning.suspicions import MEMBERSHIP, Flagged, after, flaw, undated
from kommunanalys.errors import NoData, TableError, TooFewUnits
from kommunanalys.language import Speaker
from kommunanalys.secrecy.register import in_words


@dataclass(frozen=True)
class LeakageReport(Answer):
    """Which columns are suspicious, and why.

    Parameters
    ----------
    flags
        One for each column and reason.
    columns
        How many columns were looked at.
    units, events
        How many rows with a recorded outcome they were held against, and those with the event among them.
    """

    flags: tuple[Flagged, ...]
    columns: int
    units: int = field(repr=False)
    events: int = field(repr=False)

    @property
    def flagged(self) -> tuple[str, ...]:
        """Names of the flagged columns, each once."""
        return tuple(dict.fromkeys(flag.column for flag in self.flags))

    def to_frame(self) -> pd.DataFrame:
        """One row for each flag: `column`, `kind`, `reason` (English), and the figures of the reason."""
        say = Speaker("en")
        rows = [
            {"column": flag.column, "kind": flag.kind, "reason": flag.say(say), **_shown(flag.figures)}
            for flag in self.flags
        ]
        return pd.DataFrame(rows, columns=None if rows else ["column", "kind", "reason"])

    def summary(self, language: str = "en") -> str:
        """How many were looked at, and each flag with its reason."""
        say = Speaker(language)
        text = say(
            "{columns} columns were held against the outcome of {units} persons, of whom {events} had the event.",
            columns=say.number(self.columns),
            units=in_words(self.units, say),
            events=in_words(self.events, say),
        )
        if not self.flags:
            return text + " " + say("None is suspicious by these tests; that is no proof that none leaks.")
        lines = [say("{column}: {reason}", column=flag.column, reason=flag.say(say)) for flag in self.flags]
        return "\n".join(
            [text + " " + say("Suspicious: {count} columns.", count=say.number(len(self.flagged))), *lines]
        )


def _shown(figures: Mapping[str, float | int | str]) -> dict[str, float | int | str | None]:
    """Figures without counts of one to four persons."""
    return {name: None if isinstance(value, int) and 0 < value < 5 else value for name, value in figures.items()}


def check_columns(
    X: pd.DataFrame,
    y: pd.Series[Any],
    *,
    known_from: Mapping[str, str] | None = None,
    as_of: Any = None,
    groups: Any = None,
) -> LeakageReport:
    """Which columns of a table of features leak, without a task.

    Parameters
    ----------
    X
        One row for each unit, any kinds of columns.
    y
        Outcome 0 or 1, on the same index; rows where it is missing are left out.
    known_from
        Day (ISO 8601, or a number) from which each column is known, or "unknown"; a column that is not named counts as
        unknown. None: nobody has said anything of any column, and all are judged as undated.
    as_of
        Day of the list. None: the days in `known_from` are taken to be early enough.
    groups
        Person behind each row. None: each row is another person.

    Raises
    ------
    TableError
        Other rows in `y` than in `X`, or values other than 0 and 1.
    TooFewUnits
        Only one of the two outcomes occurs.

    Notes
    -----
    A column with a known day is flagged only where it nearly determines the outcome: it puts 97 % of the pairs right,
    or one of its values holds at least 95 % events at its lower limit. One without is flagged too where it puts
    notably more pairs right than the best dated one, or a value holds almost only events. The limits allow for chance
    and for the number of columns, so that with 65 rows and 40 undated columns of noise 4 of 200 tables had a flag.

    Examples
    --------
    >>> y = pd.Series([0.0] * 60 + [1.0] * 40)
    >>> X = pd.DataFrame({"marks": np.tile([1.0, 2.0], 50), "certificate": ["yes"] * 60 + ["no"] * 40})
    >>> check_columns(X, y, known_from={"marks": "2024-06-10", "certificate": "2024-06-10"}).flagged
    ('certificate',)
    """
    outcome = _checked(X, y)
    rows = outcome.notna().to_numpy()
    X, target = X[rows], outcome[rows].to_numpy(float)
    flags = [] if known_from is None else _late(X.columns, known_from, as_of)
    late = {flag.column for flag in flags}
    dated = [name for name in X.columns if known_from is not None and name not in late]
    columns = {str(name): X[name] for name in X.columns}
    early = {name for name in columns if "known" not in next((f.figures for f in flags if f.column == name), {})}
    flags += suspicions.explained(columns, target, set(map(str, dated)), only=early)
    flags += suspicions.identifiers(columns, target)
    if groups is not None:
        flags += suspicions.reused(np.asarray(groups)[rows], np.arange(int(rows.sum())), "groups")
    return LeakageReport(tuple(flags), X.shape[1], len(target), int(target.sum()))


def _checked(X: pd.DataFrame, y: pd.Series[Any]) -> pd.Series[Any]:
    outcome = pd.Series(y, dtype=float)
    if len(outcome) != len(X) or not outcome.index.equals(X.index):
        raise TableError("X and y must have the same rows: X has {rows}, y has {others}.", rows=len(X), others=len(y))
    if not outcome.dropna().isin([0.0, 1.0]).all():
        raise TableError("y must be 0 or 1, or missing where the outcome is not known.")
    if outcome.nunique() < 2:
        raise TooFewUnits(
            "Leaks are looked for by comparing those with the event with those without: both are needed, and only one "
            "occurs among {rows} rows. Take more years.",
            rows=int(outcome.notna().sum()),
        )
    return outcome


def _late(columns: Collection[Any], known_from: Mapping[str, str], as_of: Any) -> list[Flagged]:
    found = []
    for name in map(str, columns):
        known = str(known_from.get(name, "unknown"))
        if known == "unknown":
            found.append(undated(name))
        elif as_of is not None and _after(known, as_of):
            found.append(after(name, known, as_of))
    return found


def _after(known: str, as_of: Any) -> bool:
    """Whether a day or number lies after the day of the list."""
    try:
        if isinstance(as_of, int | float | np.number):
            return float(known) > float(as_of)
        return bool(pd.Timestamp(known) > pd.Timestamp(as_of))
    except ValueError as problem:
        raise TableError(
            "{known!r} and the as-of day {as_of!r} cannot be compared. Give both as days (2024-06-30) or both as "
            'numbers, or "unknown".',
            known=known,
            as_of=str(as_of),
        ) from problem


def leakage_report(task: Any, tables: Any, *, as_of_dates: Sequence[Any] | None = None) -> LeakageReport:
    """Which columns of a task's tables leak, and whether the cohort itself does.

    Parameters
    ----------
    task
        The task.
    tables
        Its tables by name; the bare table where the task has one.
    as_of_dates
        Days of the lists; None: all whose outcomes are complete.

    Returns
    -------
    LeakageReport
        Declared columns are judged as they were known on each day, all others as they stand in the tables today. A
        column that is not declared is not learnt from; its flag says what would happen if it were.

    Raises
    ------
    NoData
        No cohort with complete outcomes.
    TooFewUnits
        Only one of the two outcomes occurs.

    Notes
    -----
    See `check_columns` for the limits.
    """
    prepared = Prepared.of(task, tables)
    if as_of_dates is None:
        dates = [prepared.axis.moment(point) for point, complete in prepared.candidates(None) if complete]
    else:
        dates = as_dates(as_of_dates)
    parts = [part for part in build_all(task, tables, dates).values() if part.complete]
    if not parts:
        raise NoData("No cohort has complete outcomes yet: nothing can be held against them. Take earlier as-of dates.")
    y = np.concatenate([part.y.to_numpy(float) for part in parts])
    _checked(pd.DataFrame(index=range(len(y))), pd.Series(y))
    dated = _features(parts)
    loose, counts, known = _views(task, prepared, parts)
    flags = [*_declared(task, dated, prepared, parts), *suspicions.explained({**dated, **loose}, y, dated)]
    flags += suspicions.explained({**dated, **counts}, y, {*dated, *known}, MEMBERSHIP, only=set(counts))
    keys = _keys(parts)
    flags += suspicions.identifiers({**dated, **loose, **keys}, y, set(keys))
    persons = np.concatenate([part.persons.to_numpy(object) for part in parts])
    cohorts = np.repeat(np.arange(len(parts)), [len(part.y) for part in parts])
    flags += suspicions.reused(persons, cohorts, task.person)
    flags += [*_rules(task, tables, parts), *_leavers(task, loose, prepared, parts, {flag.column for flag in flags})]
    looked = len(dated) + len(loose) + len(counts)
    return LeakageReport(tuple(flags), looked, len(y), int(y.sum()))


def _features(parts: Sequence[Part]) -> dict[str, pd.Series[Any]]:
    """The features as they were known, all cohorts one after another."""
    names = dict.fromkeys(name for part in parts for name in part.X.columns)
    return {str(name): _joined(part.X.get(name, pd.Series(np.nan, part.X.index)) for part in parts) for name in names}


def _joined(columns: Iterable[pd.Series[Any]]) -> pd.Series[Any]:
    plain = [pd.Series(one.astype(object) if isinstance(one.dtype, pd.CategoricalDtype) else one) for one in columns]
    if len({one.dtype for one in plain}) > 1:
        plain = [one.astype(object) for one in plain]
    return pd.concat(plain, ignore_index=True)


def _keys(parts: Sequence[Part]) -> dict[str, pd.Series[Any]]:
    """The unit's columns and the person."""
    found = {
        str(name): _joined(pd.Series(part.X.index.get_level_values(name)) for part in parts)
        for name in parts[0].X.index.names
    }
    # A short code, such as a course, is part of a key but identifies nobody.
    return {name: column for name, column in found.items() if column.nunique() > 0.5 * len(column)}


def _declared(task: Declaration, dated: Collection[str], prepared: Prepared, parts: Sequence[Part]) -> list[Flagged]:
    """The outcome's own columns, and features that are never or not yet known."""
    flags = [
        flaw(
            "It is the outcome itself, or tells when it came. It is known only afterwards.",
            column=name,
            kind=suspicions.LATE,
        )
        for name in dict.fromkeys(_outcome_columns(task))
    ]
    dropped = prepared.build(parts[-1].as_of, None)[2].dropped
    for feature in task.features:
        if feature.known_from == "unknown":
            flags.append(undated(feature.name))
        elif feature.name not in dated and dropped.get(feature.name) == NOT_YET:
            flags.append(
                flaw(
                    "It is not known yet on any of the days of the lists that were looked at, so it is left out.",
                    column=feature.name,
                    kind=suspicions.LATE,
                )
            )
    return flags


def _outcome_columns(task: Declaration) -> list[str]:
    own = [task.outcome.column, task.cohort.left]
    if task.outcome.kind == "event" or task.outcome.date not in ("", task.cohort.date):
        own.append(task.outcome.date)
    return [name for name in own if name]


def _views(
    task: Declaration, prepared: Prepared, parts: Sequence[Part]
) -> tuple[dict[str, pd.Series[Any]], dict[str, pd.Series[Any]], list[str]]:
    """Columns that nobody has dated, as they stand today; numbers of rows, and those of them that are known in time."""
    loose: dict[str, list[pd.Series[Any]]] = {}
    counts: dict[str, list[pd.Series[Any]]] = {}
    timely = {one.table: one.known_from for one in task.features if one.known_from != "unknown"}
    wanted = _undated_columns(task, prepared)
    for part in parts:
        point = prepared.axis.at(part.as_of)
        units = prepared.units(prepared.rows_of(point, {}))
        for table, columns in wanted.items():
            own = table == task.cohort.table
            date = task.cohort.date if own else task.outcome.date if table == task.outcome.table else ""
            rows = Rows.of(prepared.tables[table], date, units, table)
            at = rows.spread[units.index.get_indexer(part.X.index)]
            usable = rows.slots >= 0
            if own:
                usable &= (prepared.start <= point) & (point < prepared.until)
            else:
                early = rows.known_from(timely[table], prepared.axis) <= point if table in timely else usable
                number = np.bincount(rows.slots[usable & early], minlength=rows.size)[at]
                counts.setdefault(f"{table}: rows", []).append(pd.Series(number.astype(float)))
            for name, column in columns.items():
                values = prepared.tables[table][column][usable]
                last = values.groupby(rows.slots[usable]).last()
                loose.setdefault(name, []).append(last.reindex(at).reset_index(drop=True))
    known = [f"{table}: rows" for table in timely]
    return {n: _joined(c) for n, c in loose.items()}, {n: _joined(c) for n, c in counts.items()}, known


def _undated_columns(task: Declaration, prepared: Prepared) -> dict[str, dict[str, str]]:
    """By table, the columns that are not declared with a day, under the name that a reader knows them by."""
    said = {(one.table, one.column): one for one in task.features}
    skipped = {*task.unit, task.person, task.place, task.cohort.date}
    skipped |= {*task.cohort.where, *_outcome_columns(task)}
    found: dict[str, dict[str, str]] = {}
    taken: set[str] = {one.name for one in task.features}
    for table, frame in prepared.tables.items():
        found[table] = {}
        for column in map(str, frame.columns):
            feature = said.get((table, column))
            if column in skipped or (feature is not None and feature.known_from != "unknown"):
                continue
            name = feature.name if feature else column if column not in taken else f"{table}: {column}"
            taken.add(name)
            found[table][name] = column
    return found


def _rules(task: Declaration, tables: Any, parts: Sequence[Part]) -> list[Flagged]:
    """Rules of membership that split those with the event from those without."""
    flags = []
    for column in task.cohort.where:
        rest = {name: values for name, values in task.cohort.where.items() if name != column}
        wider = replace(task, cohort=replace(task.cohort, where=rest))
        try:
            built = build_all(wider, tables, [part.as_of for part in parts])
        except (NoData, TableError):
            # Without the rule a unit stands there twice: then it chooses rows, not persons.
            continue
        inside = [value for part in parts for value in part.y]
        others = [
            value for part in parts for value in built[part.as_of].y[~built[part.as_of].y.index.isin(part.y.index)]
        ]
        flags += suspicions.membership(column, inside, others)
    return flags


def _leavers(
    task: Declaration,
    loose: Mapping[str, pd.Series[Any]],
    prepared: Prepared,
    parts: Sequence[Part],
    flagged: Collection[str],
) -> list[Flagged]:
    """Columns that look like the day of leaving and lie before the list for some who are in the cohort."""
    if task.cohort.left:
        return []
    points = np.repeat([prepared.axis.at(part.as_of) for part in parts], [len(part.y) for part in parts])
    flags = []
    for name, column in loose.items():
        if name not in flagged or not column.isna().any():
            continue
        try:
            days = prepared.axis.dates(pd.DataFrame({name: column}), name)
        except TableError:
            continue
        before = int((days <= points).sum())
        if before:
            flags.append(
                flaw(
                    "It looks like the day of leaving, and {before} persons of the cohort have a day in it that is not "
                    "after the list. If so, declare it as left: who has gone is not to be foreseen any more.",
                    column=name,
                    kind=MEMBERSHIP,
                    before=before,
                )
            )
    return flags
