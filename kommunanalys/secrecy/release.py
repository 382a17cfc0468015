"""The only door for tables about individuals: rules, protection, joint audit with what was let out before, memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys import journal
from kommunanalys.errors import ReleaseRefused, UsageError
from kommunanalys.language import check_language, current
from kommunanalys.secrecy import rounding, suppress
from kommunanalys.secrecy.bounds import SLACK
from kommunanalys.secrecy.cube import Cube, tabulate
from kommunanalys.secrecy.frame import RegisterFrame, check_end, domains_of
from kommunanalys.secrecy.joint import Printed, comparable, space_of
from kommunanalys.secrecy.memory import alone, identify, remember
from kommunanalys.secrecy.past import Past, differing, look_back
from kommunanalys.secrecy.released import Release
from kommunanalys.secrecy.rules import primary, threshold_for

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
MANY = 8
"""Categories from which on a table may be a list of single values."""


def release(
    table: pd.DataFrame,
    rows: str | Sequence[str],
    columns: str | Sequence[str] = (),
    value: str = "count",
    series: str | None = None,
    method: str | None = None,
    *,
    contributor: str | None = None,
    sensitive: bool | None = None,
    threshold: int | None = None,
    language: str | None = None,
) -> Release:
    """Make a table with all margins that reveals nobody, alone or together with what was let out before.

    Parameters
    ----------
    table
        One row for each person or payment.
    rows, columns
        Columns of the table that span it. The trait that shall stay hidden belongs to `columns`: groups that fall
        whole into one of its categories are protected. Missing values are shown as a category of their own.
    value
        "count", or a column of money that is added up [its own unit].
    series
        Name of the series of tables that this one continues, e.g. "support-monthly"; None for a single table.
    method
        "suppress" (hide) or "round" (6·ceil(n/6) − 3, zero stays 0); None rounds in a series and hides otherwise.
    contributor
        Column that tells whose row it is, where one person has several; None for the pseudonyms of a register, as long
        as they are in the table, and otherwise where every row is one person. A count then takes each person once in
        each cell, a total is the sum of its cells, and rows without a contributor are somebody each of their own.
    sensitive
        Whether it is about special support, health or social services; None decides by the table's domains and columns.
    threshold
        The fewest persons that a figure may tell of; None for 5, or 10 where it is sensitive.
    language
        Language of the labels, None for the session's.

    Returns
    -------
    Release
        Table, protocol, paragraph and release id; remembered and journalled.

    Raises
    ------
    UsageError, TableError
        A call or a table that cannot be right.
    PermitError
        The permit under which the table was linked has ended.
    ReleaseRefused
        No pattern protects the table, alone or because of what has been let out; the memory lacks earlier releases.
    KommunanalysError
        The memory cannot be read or was changed.

    Notes
    -----
    Primary rules: `rules.primary`; secondary suppression: `suppress.secondary`; rounding: `rounding`. Tables count as
    about the same persons when all their shared figures fit. They are put together also where one lacks a category (a
    school left out), and where categories of one hold the same persons as those of the other (an area and its schools)
    and both columns are in the table at hand. Where no printed figure tells which category has changed since, all that
    are hidden are taken to be as before. A figure that differs by fewer persons than the threshold from one that was
    printed is hidden, since the difference would be a small group. A series that hides therefore hides more every
    month, and a rounded one does not.

    What is not seen: an area or a school whose column is no longer in the table, or has another name or spelling; the
    first of two tables when only the second one shows that the two together hide exactly one area; persons left out by
    a trait that no earlier table shows, or two parts that are filtered by another trait each (those without support and
    boys, then girls: with the first table the rest are those of unknown sex). Make such tables from the whole one, with
    the trait as a dimension. Columns of money are protected each by itself: with gross and tax printed, a hidden net is
    known, so let out one of them. With one person in many cells rounding counts cells, not persons.

    Rounding keeps zero at 0. Groups of one to six show their largest cell and total only; that all of a larger group
    fall into one column is printed, as 0 beside the group's figure. Where that may not be told, hide instead.

    Examples
    --------
    >>> import os, tempfile
    >>> pupils = pd.DataFrame({"school": ["A"] * 30 + ["B"] * 30, "support": (["no"] * 27 + ["yes"] * 3) * 2})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     out = release(pupils, rows="school", columns="support", language="en")
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> out.printed()
    support  no yes Total
    school
    A        ..  ..    30
    B        ..  ..    30
    Total    54   6    60
    """
    names = (_names(rows), _names(columns))
    language = check_language(language or current())
    method = method or ("round" if series else "suppress")
    _check_call(method, value, series, threshold)
    contributor = contributor or _identity(table, [*names[0], *names[1], value])
    cube = tabulate(table, *names, value, contributor)
    check_end(table)
    domains, permit = domains_of(table), table.permit_id if isinstance(table, RegisterFrame) else ""
    limit = threshold or threshold_for(domains, frozenset(names[0] + names[1]), sensitive)
    _check_categories(cube, limit)
    told = Printed(cube.shape, cube.values, cube.values, np.zeros(len(cube.values), bool), value)
    once = value == "count" and contributor is not None
    told = replace(told, domains=tuple(sorted(domains)), series=series or "", once=once)
    with alone():
        try:
            told, past = look_back(table, told, contributor, 0.0 if method == "round" else limit * cube.most)
            told, reasons = _rounded(cube, told, past) if method == "round" else _suppressed(cube, told, past, limit)
            if told.hidden.all():
                raise ReleaseRefused("Nothing of the table could be printed. Merge categories, or drop a dimension.")
        except ReleaseRefused:
            journal.append("refusal", {"what": "release", "series": told.series, "by": list(cube.shape.names)})
            raise
        told = replace(told, id=identify(told))
        figures = rounding.figure(cube.values) if method == "round" else cube.values
        hidden = int(told.hidden.sum())
        # First the memory: a table that it has in vain harms nobody, one that it lacks stops every later release.
        remember(told)
        facts = {"release": told.id, "series": told.series, "domains": list(told.domains), "permit": permit}
        journal.append("release", {**facts, "method": method, "figures": len(figures), "hidden": hidden})
    return Release(
        told, np.where(told.hidden, np.nan, figures), tuple(sorted(reasons.items())), method, limit, language
    )


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _identity(table: pd.DataFrame, taken: Sequence[str]) -> str | None:
    """The column of a register's pseudonyms, where it is still there and is not itself asked for."""
    if not isinstance(table, RegisterFrame) or not table.domains:
        return None
    name = table.border.identity
    return name if name in table.columns and name not in taken else None


def _check_call(method: str, value: str, series: str | None, threshold: int | None) -> None:
    if method not in ("suppress", "round"):
        raise UsageError(
            "Unknown method {method!r}. Choose one of {methods}.", method=method, methods="suppress, round"
        )
    if value != "count" and (method == "round" or series):
        raise UsageError(
            "Sums of money are hidden, not rounded, and are let out one table at a time: from month to month a sum "
            'differs by single payments. Call release(..., method="suppress") without a series.'
        )
    if threshold is not None and threshold < 3:
        raise UsageError("The threshold is {threshold}; the least that protects anybody is 3.", threshold=threshold)


def _check_categories(cube: Cube, limit: int) -> None:
    """Refuse a table whose lines are single values: that a line is there tells that somebody has its value."""
    for name in cube.shape.names:
        places = [place for place, key in enumerate(cube.shape.keys) if len(key) == 1 and key[0][0] == name]
        people = cube.people[places]
        if len(places) > MANY and 2 * np.count_nonzero((people > 0) & (people < limit)) > len(places):
            raise ReleaseRefused(
                "More than half of the {count} categories of {column!r} hold fewer than {limit} persons: such a table "
                "would list what single persons have. Merge categories, for example years instead of days.",
                count=len(places),
                column=name,
                limit=limit,
            )


def _suppressed(cube: Cube, told: Printed, past: Past, threshold: int) -> tuple[Printed, dict[int, str]]:
    size = len(cube.values)
    reasons = primary(cube, threshold)
    for earlier in past.near:
        for place in np.flatnonzero(differing(told, earlier, threshold * cube.most)).tolist():
            reasons.setdefault(place, "change")
    for place in _kept(told, past.near):
        reasons.setdefault(place, "earlier")
    for place in np.flatnonzero(past.hidden[:size]).tolist():
        reasons.setdefault(place, "earlier")
    # What has been printed cannot be hidden any more.
    reasons = {place: reason for place, reason in reasons.items() if not past.exact[place]}
    must = (past.hidden | past.rounded) & ~past.exact
    must[:size] = False
    must[list(reasons)] = True
    # Hiding what follows from earlier tables would help nobody.
    opened = ~must & ~past.exact & (past.room > SLACK)
    opened[size:] = False
    try:
        # Zeros are printed where that is possible: many of them are zero by nature, as anybody knows.
        pattern = suppress.secondary(_problem(cube, past, must, opened & (past.values > 0)))
    except ReleaseRefused:
        pattern = suppress.secondary(_problem(cube, past, must, opened))
    hidden = pattern[:size]
    for place in np.flatnonzero(hidden).tolist():
        reasons.setdefault(place, "secondary")
    low, high = np.where(hidden, 0.0, cube.values), np.where(hidden, np.inf, cube.values)
    return replace(told, low=low, high=high, hidden=hidden), reasons


def _problem(cube: Cube, past: Past, must: Mask, opened: Mask) -> suppress.Problem:
    size = len(cube.values)
    low, high = past.known.low.copy(), past.known.high.copy()
    shown = np.flatnonzero(~must[:size] & ~opened[:size])
    low[shown] = high[shown] = cube.values[shown]
    need = np.where(past.rounded, rounding.ROOM, suppress.width(past.values))
    # What earlier tables have narrowed stays as narrow as it is.
    need = np.minimum(need, past.room)
    return suppress.Problem(
        replace(past.known, low=low, high=high), past.values, must, opened, need, cube.shape.lines()
    )


def _kept(told: Printed, earlier: Sequence[Printed]) -> list[int]:
    """Entries hidden in a table that has another category beside them: its persons may be others only in part."""
    places = {key: place for place, key in enumerate(told.shape.keys)}
    found: set[int] = set()
    for table in earlier:
        keys = comparable(told, table, space_of(told), space_of(table))
        if len(keys) < len(places.keys() & set(table.shape.keys)):
            hidden = {key for key, gone in zip(table.shape.keys, table.hidden, strict=True) if gone}
            found |= {places[key] for key in hidden.intersection(keys)}
    return sorted(found)


def _rounded(cube: Cube, told: Printed, past: Past) -> tuple[Printed, dict[int, str]]:
    size = len(cube.values)
    reasons, low, high = rounding.withheld(cube)
    for place in np.flatnonzero(past.hidden[:size]).tolist():
        reasons.setdefault(place, "earlier")
        low[place], high[place] = 0.0, np.inf
    asked = (past.hidden | past.rounded) & (past.room > rounding.ROOM)
    asked[:size] |= (high > low) & ~past.exact[:size] & (past.room[:size] > rounding.ROOM)
    fixed = (past.rounded | past.exact)[:size]
    gone, low, high = rounding.protect(cube.shape, past.known, low, high, fixed, np.flatnonzero(asked))
    for place in gone:
        reasons.setdefault(place, "secondary")
    hidden = np.zeros(size, bool)
    hidden[list(reasons)] = True
    return replace(told, low=low, high=high, hidden=hidden), reasons
