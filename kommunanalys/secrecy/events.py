"""Registers of events too long for memory: counted and summed for each person and period by DuckDB on the way in."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from kommunanalys import journal, paths
from kommunanalys.errors import KommunanalysError, UsageError
from kommunanalys.secrecy.covering import identities_of, pseudonyms_of
from kommunanalys.secrecy.domains import domain as known_domain
from kommunanalys.secrecy.frame import Border, RegisterFrame, Source, Unshown, local_day, mark
from kommunanalys.secrecy.keys import key
from kommunanalys.secrecy.opening import attempt
from kommunanalys.secrecy.register import check_columns, kept_and_counted, protected_columns, shuffled, told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PERIODS = ("day", "week", "month", "quarter", "year")
MEMORY = "100MB"
"""What DuckDB may hold; what is more lies in a private folder of the state meanwhile."""
KINDS = {".parquet": "read_parquet(?)", ".csv": "read_csv(?, all_varchar=true, header=true)"}


def read_events(
    path: str | Path,
    *,
    domain: str,
    identity: str,
    date: str,
    values: Sequence[str] = (),
    by: str = "month",
    protected: str | None = None,
    keep_protected: bool = False,
    today: dt.date | None = None,
) -> RegisterFrame:
    r"""Read a long register of dated events as one row for each person and period; see `read_register` for the rest.

    Twenty million rows fit in a small machine, for only the sums come to Python. To link such a table with another
    (`link`) the whole file is read again.

    Parameters
    ----------
    path
        Parquet or CSV. Needs DuckDB: the extra [registers].
    domain, identity, protected, keep_protected, today
        As in `read_register`.
    date
        Column with the day of the event (2026-11-22 or 22.11.2026).
    values
        Columns of numbers to sum, e.g. lessons missed.
    by
        "day", "week", "month", "quarter" or "year".

    Returns
    -------
    RegisterFrame
        `identity`; `period` (its first day); `rows` (events); for each value its sum (missing where no event has one)
        and `<value>_rows`, the events that have one.

    Raises
    ------
    UsageError
        Unknown column, period or kind of file, a day that is none, a value that is no number.
    KommunanalysError
        DuckDB is not installed.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     file = Path(folder, "absence.csv")
    ...     lines = "020594X903P,2026-09-01,2", "020594x903p,2026-09-04,1", "020594X903P,2026-10-01,"
    ...     _ = file.write_text("\n".join(["hetu,day,lessons", *lines]), encoding="utf-8")
    ...     absence = read_events(file, domain="school", identity="hetu", date="day", values=["lessons"])
    ...     del os.environ["KOMMUNANALYS_STATE"]
    School. Rows: 3; persons: fewer than 5; rows without a valid identity: 0; left out for protected identity: 0.
    >>> absence.sort_values("period")[["rows", "lessons", "lessons_rows"]].values.tolist()
    [[2.0, 3.0, 2.0], [1.0, nan, 0.0]]
    """
    place, when = Path(path).expanduser(), today or local_day()
    known_domain(domain)
    if by not in PERIODS:
        raise UsageError("Unknown period {period!r}. Choose one of {periods}.", period=by, periods=", ".join(PERIODS))
    secret, sha256 = key(domain), _hash(place)
    with _opened(place) as (database, columns):
        check_columns(columns, place.name, [identity, date, *values, *([protected] if protected else [])])
        marks = [] if keep_protected else protected_columns(columns, protected)
        summed, reason = attempt(_summed, database, columns, place, identity, date, values, by, marks)
    if summed is None:
        raise UsageError("{file} cannot be read as a table ({reason}).", file=place.name, reason=reason)
    _check_cells(summed, place.name, date, values)
    found, places = identities_of(summed, identity, when)
    found.expect_codes(identity)
    summed[identity] = pseudonyms_of(found, places, secret)
    kept, counted = kept_and_counted(summed, identity, marks)
    rows, rejected = int(summed["rows"].sum()), int(summed["rows"][summed[identity].isna()].sum())
    table = shuffled(_merged(kept, identity), secret, sha256)
    source = Source(place.absolute(), sha256, identity, secret.version, when)
    border = Border(frozenset({domain}), identity, found.kind, (source,))
    return told(mark(table, border), replace(counted, rows=rows, rejected=rejected), domain, place.name)


def _hash(place: Path) -> str:
    try:
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError("{file} cannot be opened: {reason}.", file=place.name, reason=reason) from None


@contextmanager
def _opened(place: Path) -> Iterator[tuple[DuckDBPyConnection, pd.DataFrame]]:
    """A database in memory, and an empty table with the columns of the file."""
    try:
        import duckdb
    except ImportError:
        raise KommunanalysError(
            "Long registers are read by DuckDB, which is not installed. In a terminal: {command}",
            command=paths.install_command("registers"),
        ) from None
    if place.suffix.lower() not in KINDS:
        raise UsageError("{file} is neither Parquet nor CSV.", file=place.name)
    spill = journal.private_folder("spill")
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(spill), "threads": 2}) as database:
        database.execute("SET preserve_insertion_order = false")
        columns, reason = attempt(_columns, database, place)
        if columns is None:
            raise UsageError("{file} cannot be read as a table ({reason}).", file=place.name, reason=reason)
        yield database, columns


def _columns(database: DuckDBPyConnection, place: Path) -> pd.DataFrame:
    return database.execute(f"SELECT * FROM {_source(place)} LIMIT 0", [str(place)]).df()


def _source(place: Path) -> str:
    return KINDS[place.suffix.lower()]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _summed(
    database: DuckDBPyConnection,
    columns: pd.DataFrame,
    place: Path,
    identity: str,
    day: str,
    values: Sequence[str],
    by: str,
    marks: Sequence[str],
) -> pd.DataFrame:
    """One row for each spelling of an identity, period and mark; with counts of what is no day and no number."""
    keys, dated = [identity, *marks], _cast(columns, day, "DATE")
    parts = [f"CAST({_quoted(name)} AS VARCHAR) AS {_quoted(name)}" for name in keys]
    parts += [f"date_trunc('{by}', {dated}) AS period", "count(*) AS rows", f"count(*) - count({dated}) AS wrong_day"]
    for number, name in enumerate(values):
        cast, filled = _cast(columns, name, "DOUBLE"), f"nullif(CAST({_quoted(name)} AS VARCHAR), '')"
        wrong = f"count({filled}) - count({cast})" if _is_text(columns, name) else "0"
        parts += [f"sum({cast}) AS value_{number}", f"count({cast}) AS known_{number}", f"{wrong} AS wrong_{number}"]
    grouped = ", ".join(str(1 + one) for one in range(len(keys) + 1))
    found = database.execute(f"SELECT {', '.join(parts)} FROM {_source(place)} GROUP BY {grouped}", [str(place)]).df()
    renamed = {f"value_{number}": name for number, name in enumerate(values)}
    return Unshown(found.rename(columns=renamed | {f"known_{n}": f"{name}_rows" for n, name in enumerate(values)}))


def _is_text(columns: pd.DataFrame, name: str) -> bool:
    return not pd.api.types.is_numeric_dtype(columns[name]) and columns[name].dtype.kind != "M"


def _cast(columns: pd.DataFrame, name: str, kind: str) -> str:
    """A column as days or numbers; text is read, and is nothing where it is none."""
    if not _is_text(columns, name):
        return _quoted(name)
    cast = f"TRY_CAST({_quoted(name)} AS {kind})"
    if kind == "DATE":
        return f"coalesce({cast}, CAST(try_strptime(CAST({_quoted(name)} AS VARCHAR), '%d.%m.%Y') AS DATE))"
    return cast


def _check_cells(summed: pd.DataFrame, file: str, day: str, values: Sequence[str]) -> None:
    for column, wrong in ((day, "wrong_day"), *((name, f"wrong_{number}") for number, name in enumerate(values))):
        count = int(summed.pop(wrong).sum())
        if count:
            raise UsageError(
                "{file}: {count} cells of column {column!r} hold no {kind}. Mend them or leave the rows out.",
                file=file,
                count=count,
                column=column,
                kind="day" if wrong == "wrong_day" else "number",
            )


def _merged(table: pd.DataFrame, identity: str) -> pd.DataFrame:
    """The spellings of one identity put together."""
    if not table.duplicated([identity, "period"]).any():
        return pd.DataFrame(table)
    return pd.DataFrame(table).groupby([identity, "period"], dropna=False, sort=True).sum(min_count=1).reset_index()
