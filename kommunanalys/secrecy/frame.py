"""Tables that know which secrecy domain they belong to, and refuse to be joined with another domain's.

The refusal is a service, not the wall. pandas lets a plain table on the left decide (`pd.merge(plain, marked)`), some
of its functions ask no table (`pd.merge_ordered`, arithmetic, masks, `where`, `iloc[...] = `), some give tables without
the mark (`pd.merge_ordered`, `groupby(...).transform`, `pd.crosstab`), and files, numpy and databases know nothing of
marks. There two things are the wall: pseudonyms are keyed for each domain, so that a join by them finds nobody, and the
rows of each domain stand in an order drawn from its key, so that a join by row number gives pairs of strangers. What
neither can stop is a join by other columns, such as a birth date and a school: take only the columns that are needed.
"""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from kommunanalys import journal
from kommunanalys.errors import PermitError, SecrecyBorder
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.domains import called

LOOK = 1000
"""Values of a column among which its first text is looked for."""


@dataclass(frozen=True)
class Source:
    """A file that a table was read from, so that `link` can read the identities again.

    Parameters
    ----------
    path
        Where it lies.
    sha256
        Hash of its bytes when it was read.
    identity
        Its column with the identities.
    version
        Version of the domain's key.
    today
        Date of the register.
    parcel
        Whether it is a parcel, whose identities are pseudonyms already.
    """

    path: Path
    sha256: str
    identity: str
    version: int
    today: date
    parcel: bool = False


@dataclass(frozen=True)
class Border:
    """What a marked table knows of itself; no keys and no identities.

    Parameters
    ----------
    domains
        Whose data they are.
    identity
        The column with the pseudonyms.
    kind
        "personal" or "own" identities.
    sources
        The files they were read from.
    permit
        Id of the permit under which they were linked or prepared, "" for none.
    permit_until
        Last day on which the permit holds.
    fingerprint
        Of the key that the permit's authorities share, "" for none.
    """

    domains: frozenset[str]
    identity: str
    kind: str
    sources: tuple[Source, ...] = ()
    permit: str = ""
    permit_until: date | None = None
    fingerprint: str = ""


class _Marked:
    """What marked tables and columns have in common."""

    _metadata: ClassVar[list[str]] = ["_border"]
    _border: Border | None = None

    @property
    def border(self) -> Border:
        """What the table knows of itself; an error where nothing is known."""
        if self._border is None:
            raise SecrecyBorder(
                "This table has lost its mark of domain. Begin with the table that secrecy.read_register gave."
            )
        return self._border

    @property
    def domains(self) -> frozenset[str]:
        """Secrecy domains whose data are in it."""
        return frozenset() if self._border is None else self._border.domains

    @property
    def permit_until(self) -> date | None:
        """Last day on which it may be used, for linked tables."""
        return None if self._border is None else self._border.permit_until

    @property
    def permit_id(self) -> str:
        """Id of the permit under which it was linked or prepared, "" for none."""
        return "" if self._border is None else self._border.permit

    def _pandas(self) -> Any:
        """The same object as plain pandas sees it."""
        return super()

    def __finalize__(self, other: Any, method: str | None = None, **kwargs: Any) -> Any:
        return _finalized(self._pandas().__finalize__(other, method=method, **kwargs), other, method or "join")

    def isin(self, values: Any) -> Any:
        """As in pandas; values of another domain are refused."""
        check_border(self, values, "isin")
        return self._pandas().isin(values)

    def combine_first(self, other: Any) -> Any:
        """As in pandas; data of another domain are refused."""
        check_border(self, other, "combine_first")
        return self._pandas().combine_first(other)

    def combine(self, other: Any, *args: Any, **kwargs: Any) -> Any:
        """As in pandas; data of another domain are refused."""
        check_border(self, other, "combine")
        return self._pandas().combine(other, *args, **kwargs)

    def update(self, other: Any, *args: Any, **kwargs: Any) -> None:
        """As in pandas; data of another domain are refused."""
        check_border(self, other, "update")
        self._pandas().update(other, *args, **kwargs)


def _finalized(made: Any, other: Any, how: str) -> Any:
    """Carry the mark over to what merge or concat made; after them pandas tells what went in, whoever was called."""
    found = [one for one in getattr(other, "input_objs", None) or [] if domains_of(one)]
    for one in found[1:]:
        check_border(found[0], one, how)
    marks = [one._border for one in found if isinstance(one, _Marked) and one._border is not None]
    if marks:
        sources = tuple(dict.fromkeys(source for mark in marks for source in mark.sources))
        ends = [mark.permit_until for mark in marks if mark.permit_until is not None]
        last = max(marks, key=lambda mark: bool(mark.permit))
        made._border = replace(last, sources=sources, permit_until=min(ends, default=None))
    return made


class RegisterSeries(_Marked, pd.Series):
    """A column of a marked table."""

    @property
    def _constructor(self) -> Any:
        return RegisterSeries

    @property
    def _constructor_expanddim(self) -> Any:
        return RegisterFrame

    def map(self, func: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As in pandas; a column of another domain is refused."""
        check_border(self, func, "map")
        return super().map(func, *args, **kwargs)


class RegisterFrame(_Marked, pd.DataFrame):
    """A table of individuals, marked with its secrecy domains; made by `read_register`, `read_parcel` and `link`."""

    @property
    def _constructor(self) -> Any:
        return RegisterFrame

    @property
    def _constructor_sliced(self) -> Any:
        return RegisterSeries

    def merge(self, right: Any, *args: Any, **kwargs: Any) -> Any:
        """As in pandas; a table of another domain is refused before anything is compared."""
        check_border(self, right, "merge")
        return super().merge(right, *args, **kwargs)

    def join(self, other: Any, *args: Any, **kwargs: Any) -> Any:
        """As in pandas; a table of another domain is refused."""
        for one in other if isinstance(other, list | tuple) else [other]:
            check_border(self, one, "join")
        return super().join(other, *args, **kwargs)

    def __setitem__(self, key: Any, value: Any) -> None:
        check_border(self, value, "assign")
        super().__setitem__(key, value)

    def insert(self, loc: int, column: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        """As in pandas; a column of another domain is refused."""
        check_border(self, value, "assign")
        super().insert(loc, column, value, *args, **kwargs)


class Unshown(pd.DataFrame):
    """A table with identities: no message, log or traceback can print it."""

    @property
    def _constructor(self) -> Any:
        return Unshown

    def __repr__(self) -> str:
        return f"{len(self)} rows, not shown"


def mark(table: pd.DataFrame, border: Border) -> RegisterFrame:
    """The table as one of these domains.

    Examples
    --------
    >>> border = Border(frozenset({"school"}), "person", "personal")
    >>> sorted(mark(pd.DataFrame({"person": []}), border).domains)
    ['school']
    """
    marked = RegisterFrame(table)
    marked._border = border
    return marked


def domains_of(thing: Any) -> frozenset[str]:
    """The domains of a marked table or column; of anything else those that its pseudonyms begin with.

    Only the first text of each column is looked at: this makes a clear message, the keyed pseudonyms make the border.

    Examples
    --------
    >>> sorted(domains_of(["school:" + 32 * "0"])), sorted(domains_of({"a": 1}))
    (['school'], [])
    """
    if isinstance(thing, _Marked) and thing.domains:
        return thing.domains
    columns: list[Any] = []
    if isinstance(thing, pd.DataFrame):
        columns = [thing.index, *(thing.iloc[:, place] for place in range(thing.shape[1]))]
    elif isinstance(thing, pd.Series):
        columns = [thing.index, thing]
    elif isinstance(thing, pd.Index | np.ndarray | list | tuple | set | frozenset | dict):
        columns = [thing]
    return frozenset().union(*map(_domain_in, columns))


def _domain_in(values: Any) -> frozenset[str]:
    if isinstance(values, pd.MultiIndex):
        return frozenset().union(*map(_domain_in, values.levels))
    kind = getattr(values, "dtype", object)
    if not (pd.api.types.is_string_dtype(kind) or pd.api.types.is_object_dtype(kind)):
        return frozenset()
    first = next((value for value in islice(values, LOOK) if isinstance(value, str)), "")
    match = journal.PSEUDONYM.fullmatch(first)
    return frozenset({match.group(1)}) if match else frozenset()


def check_border(left: Any, right: Any, how: str) -> None:
    """Nothing, or an error where the two are data of different domains; the refusal is written in the journal.

    Raises
    ------
    SecrecyBorder
        Names the domains and the way out.
    PermitError
        They are of the same domains, but read or linked under two permits.

    Examples
    --------
    >>> check_border([1, 2], [3], "isin")
    """
    mine, theirs = domains_of(left), domains_of(right)
    if not mine or not theirs:
        return
    if mine == theirs:
        _check_permits(left, right, how)
        return
    journal.append("refusal", {"what": how, "domains": [sorted(mine), sorted(theirs)]})
    say = Speaker(current())
    raise SecrecyBorder(
        "These are data of two secrecy domains: {left} and {right}. They may not be put together person by person "
        'without a permit. With a permit: secrecy.link(a, b, permit=secrecy.Permit.read("permit.toml")). Without '
        "one: release a table from each, and compare the tables. Nothing was joined, and the attempt is in the "
        "journal.",
        left=say.names(called(one, say) for one in sorted(mine)),
        right=say.names(called(one, say) for one in sorted(theirs)),
    )


def _check_permits(left: Any, right: Any, how: str) -> None:
    """Each permit is for its own data: what is read or linked under two of them stays apart."""
    permits = [one.permit_id for one in (left, right) if isinstance(one, _Marked) and one.permit_id]
    if len(set(permits)) > 1:
        journal.append("refusal", {"what": how, "permits": permits})
        raise PermitError(
            "These are data of two permits, {left} and {right}: they may not be put together. Nothing was joined, and "
            "the attempt is in the journal.",
            left=permits[0],
            right=permits[1],
        )


def check_end(table: Any, today: date | None = None) -> None:
    """Nothing, or an error where the permit under which the table was linked has ended.

    Raises
    ------
    PermitError
        Names the permit and its last day.

    Examples
    --------
    >>> check_end(pd.DataFrame())
    """
    end = table.permit_until if isinstance(table, _Marked) else None
    if end is not None and (today or local_day()) > end:
        journal.append("refusal", {"what": "ended", "permit": table.permit_id})
        raise PermitError(
            "Permit {permit} ended on {date}, and data that were linked under it may no longer be used. Ask for a new "
            "permit and link again.",
            permit=table.permit_id,
            date=end.isoformat(),
        )


def local_day() -> date:
    """Today where the computer stands: permits and registers count in local days.

    Examples
    --------
    >>> local_day().year > 2025
    True
    """
    return datetime.now().astimezone().date()
