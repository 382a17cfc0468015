"""The only door for data about individuals: the identity becomes a pseudonym on the way in, keyed for the domain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kommunanalys import journal, origin, paths
from kommunanalys.errors import KommunanalysError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.covering import cover, identities_of, pseudonyms_of
from kommunanalys.secrecy.domains import called
from kommunanalys.secrecy.domains import domain as known_domain
from kommunanalys.secrecy.frame import Border, RegisterFrame, Source, local_day, mark
from kommunanalys.secrecy.identities import PERSONAL_NAMES, Identities
from kommunanalys.secrecy.keys import Key, key
from kommunanalys.secrecy.opening import open_table

CREDIT = "own register"
"""How an origin says that the data are individuals' own and not open."""
LICENCE = "not open"
UNPROTECTED = frozenset({"", "0", "0.0", "no", "n", "false", "nej", "ei", "e", "ingen", "none", "nan"})
"""What says that a person's identity is not protected; everything else says that it is."""
PROTECTED_NAME = re.compile(r"protected|skyddad|sekretess|sp[äa]rr|turvakie")
"""How the names of columns begin that mark people with protected identity."""
ALIKE = 0.8
"""How much alike two names of columns are [0-1] for one to be taken for the other."""
CODE_NAME = re.compile(
    r"(code|kod|koodi|tunnus|beteckning|nummer|number|numero|(^|_| )(id|nr|no)|municipality|kommun|kunta)$"
)
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})([.,]\d+)?")
DAY = re.compile(r"\d{4}-\d\d-\d\d( 00:00:00)?")
DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%d/%m/%Y", "%Y%m%d")
"""Forms of dates; the day comes before the month, as people here write."""


@dataclass(frozen=True)
class Counted:
    """How many rows and persons a reading gave and left out.

    Parameters
    ----------
    rows
        Rows of the file.
    persons
        Persons in the table.
    rejected
        Rows whose identity is no valid one; they stay, without a pseudonym.
    protected
        Persons left out because their identity is protected.
    others
        Further columns that held personal identity codes and hold pseudonyms now.
    covered
        Columns with personal identity codes inside longer text, which are covered now.
    cells
        In how many cells.
    """

    rows: int
    persons: int
    rejected: int
    protected: int
    others: tuple[str, ...] = ()
    covered: tuple[str, ...] = ()
    cells: int = 0


def read_register(
    path: str | Path,
    *,
    domain: str,
    identity: str,
    protected: str | None = None,
    keep_protected: bool = False,
    dates: Sequence[str] = (),
    today: date | None = None,
) -> RegisterFrame:
    r"""Read a register of individuals; the identities become pseudonyms in the same column.

    Prints what was read and left out, and writes a line in the journal. The rows come in an order of their own, other
    in each domain and the same at each reading: two registers that were sorted alike must not meet row by row. Sort the
    table by its columns where the order matters.

    Personal identity codes in other columns, such as a guardian's, become pseudonyms too where a cell holds nothing
    else; inside longer text they are covered with ***. A column that mostly holds codes keeps nothing but pseudonyms.
    Ten digits alone are a code only in such a column. Names and addresses stay: leave such columns out of the file.

    Parameters
    ----------
    path
        CSV (separator ; , tab or |, in UTF-8, UTF-16 or Windows-1252), XLSX or Parquet.
    domain
        Whose secrecy covers the data, e.g. "school"; see `domains()`.
    identity
        Column with the identities: Swedish or Finnish personal identity codes, or any text of one's own.
    protected
        Column that marks people with protected identity. All columns whose names begin with skyddad, sekretess,
        spärr, turvakielto or protected are used without being named, and besides the named one. Everything but empty,
        0 and no is a mark.
    keep_protected
        Whether to keep them; else they are left out with all their rows, and counted.
    dates
        Columns with dates in other forms than 2026-11-22, which is found by itself; all in one form, the day before
        the month.
    today
        Date of the register, by which ten-digit Swedish codes get their century; default today.

    Returns
    -------
    RegisterFrame
        All columns as text but plain numbers and dates. Codes keep their noughts: a column stays text where one value
        begins with a nought or its name ends as a code's does. A named index of a Parquet file is a column.

    Raises
    ------
    UsageError
        Unknown domain or column, or a file that is not whole.
    KommunanalysError
        The key or the journal is closed.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     file = Path(folder, "pupils.csv")
    ...     _ = file.write_text("hetu;grade\n020594X903P;7\n", encoding="utf-8")
    ...     school = read_register(file, domain="school", identity="hetu")
    ...     del os.environ["KOMMUNANALYS_STATE"]
    School. Rows: 1; persons: fewer than 5; rows without a valid identity: 0; left out for protected identity: 0.
    >>> school["hetu"].str.startswith("school:").tolist(), school["grade"].tolist()
    ([True], [7])
    """
    place, when = Path(path).expanduser(), today or local_day()
    known_domain(domain)
    secret = key(domain)
    table, sha256 = open_table(place)
    check_columns(table, place.name, [identity, *([protected] if protected else []), *dates])
    found, places = identities_of(table, identity, when)
    found.expect_codes(identity)
    border = Border(
        frozenset({domain}), identity, found.kind, (Source(place.absolute(), sha256, identity, secret.version, when),)
    )
    table[identity] = pseudonyms_of(found, places, secret)
    others, covered, cells = cover(table, identity, secret, when)
    kept, counted = kept_and_counted(table, identity, [] if keep_protected else protected_columns(table, protected))
    ordered = shuffled(typed(pd.DataFrame(kept), [identity, *others], dates), secret, sha256)
    counted = replace(counted, others=others, covered=covered, cells=cells)
    return told(mark(ordered, border), counted, domain, place.name)


def shuffled(table: pd.DataFrame, secret: Key, *files: str) -> pd.DataFrame:
    """The rows in an order that follows from a key and the hashes of files: without both nobody can tell the old one.

    Examples
    --------
    >>> sorted(shuffled(pd.DataFrame({"a": range(5)}), Key("school", bytes(32)), "")["a"])
    [0, 1, 2, 3, 4]
    """
    (drawn,) = secret.pseudonyms(["order:" + ",".join(files)])  # no identity begins so
    order = np.random.default_rng(int(drawn.rpartition(":")[2], 16)).permutation(len(table))
    return table.take(order).reset_index(drop=True)


def source_identities(source: Source) -> Identities:
    """The identities of a file once more, for `link`; refused where the file has changed since it was read.

    Raises
    ------
    KommunanalysError
        The file is gone or changed.

    Examples
    --------
    >>> source_identities(Source(Path("gone.csv"), "", "hetu", 1, date(2026, 11, 22)))
    Traceback (most recent call last):
    ...
    kommunanalys.errors.UsageError: gone.csv cannot be opened...
    """
    table, sha256 = open_table(source.path)
    if sha256 != source.sha256:
        raise KommunanalysError(
            "{file} has changed since it was read. Read it again, then link.", file=source.path.name
        )
    return identities_of(table, source.identity, source.today)[0]


def check_columns(table: pd.DataFrame, file: str, wanted: Iterable[str]) -> None:
    """Nothing, or an error that names a column of a similar name.

    Raises
    ------
    UsageError
        The file lacks a wanted column.

    Examples
    --------
    >>> check_columns(pd.DataFrame({"hetu": []}), "pupils.csv", ["hetu"])
    """
    absent = [name for name in wanted if name not in table.columns]
    if not absent:
        return
    close = _alike(table, absent[0])
    if close:
        raise UsageError(
            "{file} has no column {column!r}. Do you mean {columns}?",
            file=file,
            column=absent[0],
            columns=", ".join(close),
        )
    # Of a file without names the first row would be shown: a person's.
    raise UsageError(
        "{file} has no column {column!r} and none of a similar name. Do the names of the columns stand in its first "
        "row?",
        file=file,
        column=absent[0],
    )


def _alike(table: pd.DataFrame, wanted: str) -> list[str]:
    """Names of columns that resemble the wanted one, or that only a column of identities has."""
    wanted = _folded(wanted)
    return [
        name
        for name in table.columns
        if _folded(name) in PERSONAL_NAMES or SequenceMatcher(None, wanted, _folded(name)).ratio() >= ALIKE
    ]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().replace(" ", "_")


def protected_columns(table: pd.DataFrame, named: str | None) -> list[str]:
    """The columns that mark people with protected identity: the named one and all that are called so.

    Examples
    --------
    >>> protected_columns(pd.DataFrame({"hetu": [], "turvakielto": []}), None)
    ['turvakielto']
    """
    return [name for name in table.columns if name == named or PROTECTED_NAME.match(_folded(name))]


def kept_and_counted(table: pd.DataFrame, identity: str, protected: Sequence[str]) -> tuple[pd.DataFrame, Counted]:
    """The table without people whose identity is protected by any column, and what was counted."""
    column, rows = table[identity], len(table)
    missing = column.isna().to_numpy()
    rejected = int(missing.sum())
    marked = np.zeros(rows, dtype=bool)
    for name in protected:
        marked |= ~table[name].fillna("").str.strip().str.casefold().isin(UNPROTECTED).to_numpy()
    people = column[marked].dropna().unique()
    left_out = len(people) + int((marked & missing).sum())
    if protected:
        # All rows of the person, also those without the mark.
        table = table[~marked & ~column.isin(people)].drop(columns=list(protected)).reset_index(drop=True)
    persons = len(set(table[identity].dropna().to_numpy(dtype=object).tolist()))  # half the time of nunique
    return table, Counted(rows, persons, rejected, left_out)


def typed(table: pd.DataFrame, pseudonyms: Sequence[str], dates: Sequence[str] = ()) -> pd.DataFrame:
    """Plain numbers as numbers and dates as dates; all else stays text."""
    for name in table.columns:
        if name not in pseudonyms:
            table[name] = _one_typed(table[name], str(name), name in dates)
    return table


def _one_typed(column: pd.Series[Any], name: str, is_date: bool) -> pd.Series[Any]:
    places, texts = pd.factorize(column)
    if is_date or (len(texts) and all(map(DAY.fullmatch, texts))):
        for form in DATES if is_date else DATES[:2]:
            found = pd.to_datetime(texts, errors="coerce", format=form)
            if not found.isna().any():
                return pd.Series(found, dtype="datetime64[us]").reindex(places).set_axis(column.index)
        if is_date:
            raise UsageError(
                "Column {column!r} holds something that is no date like 2010-01-31 or 31.1.2010.", column=name
            )
    if not len(texts) or CODE_NAME.search(name.casefold()) or not all(map(NUMBER.fullmatch, texts)):
        return column
    numbers = pd.Series(pd.to_numeric([text.replace(",", ".") for text in texts]))
    return numbers.reindex(places).set_axis(column.index)


def told(table: RegisterFrame, counted: Counted, domain: str, file: str) -> RegisterFrame:
    """Record the origin, write the journal line, print what was read; returns the table."""
    say, border = Speaker(current()), table.border
    source = border.sources[0]
    journal.append(
        "reading",
        {
            "domain": domain,
            "sha256": source.sha256,
            "rows": journal.few(counted.rows),
            "persons": journal.few(counted.persons),
            "rejected": journal.few(counted.rejected),
            "protected": journal.few(counted.protected),
            "key_version": source.version,
            **({"permit": border.permit} if border.permit else {}),
        },
    )
    note = say("Data about individuals under secrecy; not open.")
    where = origin.Origin(
        CREDIT, file, source.sha256, LICENCE, CREDIT, origin.now(), note=note, fictive=paths.is_example(source.path)
    )
    origin.record(table, [where])
    print(
        say(
            "{domain}. Rows: {rows}; persons: {persons}; rows without a valid identity: {rejected}; left out for "
            "protected identity: {protected}.",
            domain=called(domain, say),
            rows=say.number(counted.rows),
            persons=in_words(counted.persons, say),
            rejected=in_words(counted.rejected, say),
            protected=in_words(counted.protected, say),
        )
    )
    if counted.others:
        columns = say.names(counted.others)
        print(say("Other columns with personal identity codes became pseudonyms too: {columns}.", columns=columns))
    if counted.covered:
        print(
            say(
                "Personal identity codes inside longer text were covered in {columns}; cells: {cells}. Such text may "
                "tell who people are in other words too: leave the column out.",
                columns=say.names(counted.covered),
                cells=in_words(counted.cells, say),
            )
        )
    return table


def in_words(count: int, say: Speaker) -> str:
    """A number of persons for a reader: small ones as "fewer than 5".

    Examples
    --------
    >>> in_words(3, Speaker("en")), in_words(0, Speaker("en"))
    ('fewer than 5', '0')
    """
    if 0 < count < journal.SMALL:
        return say("fewer than {limit}", limit=journal.SMALL)
    return say.number(count)
