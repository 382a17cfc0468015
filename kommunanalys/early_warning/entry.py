"""What is looked at before a task's tables are used: names, columns, secrecy domains, and who has objected."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from kommunanalys import paths
from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.early_warning.features import as_text
from kommunanalys.errors import TableError, UsageError
from kommunanalys.secrecy.frame import Border, RegisterFrame, check_border, check_end, domains_of, mark
from kommunanalys.secrecy.register import read_register

Tables: TypeAlias = pd.DataFrame | Mapping[str, pd.DataFrame]

_READ: dict[tuple[object, ...], frozenset[str]] = {}
"""The file with objections that was read last: cohorts are built many times over."""


def named(task: Declaration, tables: Tables) -> dict[str, pd.DataFrame]:
    """The tables that a task needs, by name, with all columns that it names."""
    wanted = _wanted(task)
    needed = sorted({table for table, _ in wanted})
    if isinstance(tables, pd.DataFrame) and len(needed) > 1:
        raise UsageError("The task needs the tables {needed}. Give them as a dictionary.", needed=", ".join(needed))
    given = {needed[0]: tables} if isinstance(tables, pd.DataFrame) else tables
    if not isinstance(given, Mapping) or not all(isinstance(one, pd.DataFrame) for one in given.values()):
        raise UsageError("Give the tables as a dictionary, name to DataFrame: {needed}.", needed=", ".join(needed))
    for name in needed:
        if name not in given:
            raise UsageError(
                "The task needs the table {table!r}. There are: {tables}.",
                table=name,
                tables=", ".join(sorted(map(str, given))) or "–",
            )
    for name, column in wanted:
        _check_column(given[name], name, column)
    return {name: given[name] for name in needed}


def _wanted(task: Declaration) -> list[tuple[str, str]]:
    cohort, outcome = task.cohort, task.outcome
    columns = (*task.unit, task.person, task.place, cohort.date, cohort.left, *cohort.where)
    wanted = [(cohort.table, one) for one in columns] + [(outcome.table, one) for one in (outcome.column, outcome.date)]
    wanted += [(one.table, one.column) for one in task.features]
    wanted += [(one.table, one.column) for one in task.groups]
    return [(table, column) for table, column in wanted if column]


def _check_column(table: pd.DataFrame, name: str, column: str) -> None:
    columns = [str(one) for one in table.columns]
    if columns.count(column) == 1:
        return
    if column in columns:
        raise TableError("Table {table!r} has the column {column!r} more than once.", table=name, column=column)
    close = difflib.get_close_matches(column, columns, 1, 0.5)
    raise TableError(
        "Table {table!r} has no column {column!r}. Do you mean {close!r}? Its columns: {columns}.",
        table=name,
        column=column,
        close=(close or columns or ["–"])[0],
        columns=", ".join(columns),
    )


def border_of(tables: Mapping[str, pd.DataFrame]) -> Border | None:
    """The mark that what is made of the tables carries; None where none of them is marked."""
    every = list(tables.values())
    for place, table in enumerate(every):
        check_end(table)
        for other in every[:place]:
            check_border(other, table, "task")
    marks = [one.border for one in every if isinstance(one, RegisterFrame) and one.domains]
    if not marks:
        return None
    sources = tuple(dict.fromkeys(source for one in marks for source in one.sources))
    ends = [one.permit_until for one in marks if one.permit_until is not None]
    return replace(max(marks, key=lambda one: bool(one.permit)), sources=sources, permit_until=min(ends, default=None))


def marked(table: pd.DataFrame, border: Border | None) -> pd.DataFrame:
    """A table of persons in the domain of the tables that it was made of."""
    return table if border is None else mark(table, border)


def objectors(path: Path, person: str, tables: Mapping[str, pd.DataFrame]) -> frozenset[str]:
    """Those who have objected, as the tables name them: by pseudonym where these are of a secrecy domain."""
    if not path.is_file():
        raise UsageError(
            "The task names {file} with those who have objected, and it is not there. Put it there, with a header "
            "alone where nobody has objected.",
            file=path.name,
        )
    # A table that has lost its mark still holds pseudonyms: by plain identities nobody would be found.
    domains = sorted(frozenset().union(*map(domains_of, tables.values())))
    if len(domains) > 1 or any(isinstance(one, RegisterFrame) and one.permit_id for one in tables.values()):
        raise UsageError(
            "Objections cannot be told in tables that were linked under a permit. Leave out those who objected before "
            "the link."
        )
    about = path.stat()
    key = (path, person, *domains, paths.state_dir(), about.st_mtime_ns, about.st_size)
    if key not in _READ:
        _READ.clear()
        _READ[key] = _read(path, person, *domains)
    return _READ[key]


def _read(path: Path, person: str, domain: str = "") -> frozenset[str]:
    if domain:
        table = pd.DataFrame(read_register(path, domain=domain, identity=person, keep_protected=True))
    else:
        # The first row tells the separator; a column alone has none.
        try:
            first = path.read_text(encoding="utf-8-sig").partition("\n")[0]
            separator = next((sign for sign in (";", "\t", "|") if sign in first), ",")
            table = pd.read_csv(path, dtype="str", sep=separator, encoding="utf-8-sig")
        except ValueError as error:  # not UTF-8, empty, or rows of other lengths; the text of the error may hold a row
            raise TableError(
                "{file} with those who have objected cannot be read ({reason}). Save it as CSV in UTF-8 with the "
                "header {column!r}.",
                file=path.name,
                reason=type(error).__name__,
                column=person,
            ) from None
    if person not in table.columns:
        raise TableError("{file} has no column {column!r} with those who have objected.", file=path.name, column=person)
    return frozenset(as_identity(table[person]).dropna())


def as_identity(column: pd.Series[Any]) -> pd.Series[Any]:
    """Who somebody is, as text that is the same however it was written: capitals, accents, 2 and 2.0.

    Examples
    --------
    >>> as_identity(pd.Series(["Å-1 ", "2.0", 2])).tolist()
    ['å-1', '2', '2']
    """
    texts = as_text(column).str.normalize("NFC").str.casefold()
    return texts.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)


def unfound(against: frozenset[str], person: str, tables: Mapping[str, pd.DataFrame]) -> int:
    """How many of those who have objected are in none of the tables: written otherwise there, or not in them at all.

    Examples
    --------
    >>> unfound(frozenset({"a", "b"}), "id", {"t": pd.DataFrame({"id": ["A"]})})
    1
    """
    held = [pd.Series(table[person].unique()) for table in tables.values() if against and person in table.columns]
    return len(against.difference(*(as_identity(one).dropna() for one in held)))
