"""A selection fetched in parts, each checked against what was asked, and put together into one cube.

Only `statfin.py` and `scb.py` use this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from kommunanalys import origin
from kommunanalys.errors import IncompleteAnswer, OfflineMiss, SourceError, TooLarge
from kommunanalys.sources import http
from kommunanalys.sources.cubes import areas_note, credited
from kommunanalys.sources.jsonstat import Cube, Dimension, parse
from kommunanalys.sources.pxweb import Selection, Variable

T = TypeVar("T")


def fetch(
    selection: Selection, most: int, ask: Callable[[Selection], http.Answer], publisher: str
) -> tuple[Cube, list[http.Answer]]:
    """The whole selection as one cube, and the answers it was put together from.

    Raises
    ------
    IncompleteAnswer
        A part failed, lacks codes that were asked for, or is of another edition of the table; nothing is returned.
    """
    found = _fetch(selection, most, ask, publisher)
    if len({cube.updated for _, cube, _ in found}) > 1 and http.current_mode() != "offline":
        # The publisher changed the table between two parts, or one of them came from the cache: all of them anew.
        with http.mode("refresh"):
            found = _fetch(selection, most, ask, publisher)
    editions = sorted({cube.updated for _, cube, _ in found})
    if len(editions) > 1:
        raise IncompleteAnswer(
            "{publisher} changed the table while it was fetched: parts of {editions}. Try again with "
            "KOMMUNANALYS_MODE=refresh.",
            publisher=publisher,
            editions=", ".join(editions),
        )
    return _merge(selection, [cube for _, cube, _ in found]), [answer for _, _, answer in found]


Part = tuple[Selection, Cube, http.Answer]


def _fetch(selection: Selection, most: int, ask: Callable[[Selection], http.Answer], publisher: str) -> list[Part]:
    parts = selection.parts(most)
    found: list[Part] = []
    for done, part in enumerate(parts):
        try:
            found += _ask_part(part, ask)
        except OfflineMiss:
            raise
        except SourceError as error:
            raise IncompleteAnswer(
                "{publisher} gave {done} of {total} parts of what was asked, so nothing is returned. The first that "
                "failed: {part}. Reason: {reason}",
                publisher=publisher,
                done=done,
                total=len(parts),
                part=part.words()[:500],
                reason=error,
                status=error.values.get("status"),
            ) from error
        http.progress(publisher, done + 1, len(parts))
    return found


def _ask_part(part: Selection, ask: Callable[[Selection], http.Answer]) -> list[Part]:
    try:
        answer = ask(part)
    except TooLarge:
        halves = part.halves()
        if not halves:
            raise
        return [item for half in halves for item in _ask_part(half, ask)]
    cube = parse(answer.data, answer.address)
    _check_codes(cube, part, answer.address)
    return [(part, cube, answer)]


def _check_codes(cube: Cube, part: Selection, where: str) -> None:
    held = {item.code: set(item.codes) for item in cube.dimensions}
    for code, asked in part.chosen.items():
        absent, more = set(asked) - held.get(code, set()), held.get(code, set()) - set(asked)
        if absent or more:
            raise IncompleteAnswer(
                "{where} was asked for {asked} values of {code}, but lacks {absent} and has unasked {more}.",
                where=where,
                asked=len(asked),
                code=code,
                absent=", ".join(sorted(absent)[:10]) or "–",
                more=", ".join(sorted(more)[:10]) or "–",
            )
    for item in cube.dimensions:
        if item.code not in part.chosen and len(item.codes) > 1:
            raise SourceError(
                "{where} is divided by {code}, which was left out of the question.", where=where, code=item.code
            )


def _merge(selection: Selection, cubes: Sequence[Cube]) -> Cube:
    """One cube of all the parts, in the order of the selection."""
    codes = list(selection.chosen)
    shape = tuple(len(selection.chosen[code]) for code in codes)
    values, status = np.full(shape, np.nan), np.full(shape, "", dtype=object)
    for cube in cubes:
        order = [item.code for item in cube.dimensions]
        axes = [order.index(code) for code in codes]
        # Dimensions of one category that were left out of the question come last and vanish.
        axes_of_all = [*axes, *(at for at, code in enumerate(order) if code not in codes)]
        size = [cube.shape[at] for at in axes]
        where = np.ix_(*(_places(cube.dimensions[at].codes, selection.chosen[order[at]]) for at in axes))
        for whole, part in ((values, cube.values), (status, cube.status)):
            whole[where] = part.reshape(cube.shape).transpose(axes_of_all).reshape(size)
    dimensions = tuple(_joined(code, selection.chosen[code], cubes) for code in codes)
    notes = tuple(dict.fromkeys(note for cube in cubes for note in cube.notes))
    return replace(cubes[0], dimensions=dimensions, values=values.ravel(), status=status.ravel(), notes=notes)


def _places(codes: Sequence[str], among: Sequence[str]) -> list[int]:
    at = {code: position for position, code in enumerate(among)}
    return [at[code] for code in codes]


def _joined(code: str, codes: tuple[str, ...], cubes: Sequence[Cube]) -> Dimension:
    own = [item for cube in cubes for item in cube.dimensions if item.code == code]
    labels = {one: text for item in own for one, text in zip(item.codes, item.labels, strict=True)}
    units: dict[str, str] = {one: unit for item in own for one, unit in item.units.items()}
    return replace(own[0], codes=codes, labels=tuple(labels[one] for one in codes), units=units)


def with_todays_codes(load: Callable[[], T]) -> T:
    """What `load` gives; where the publisher refuses what was asked, once more with metadata that are not cached.

    Codes may have changed since the cache took them down.
    """
    try:
        return load()
    except OfflineMiss:
        raise
    except SourceError as error:
        if error.values.get("status") not in (400, 404) or http.current_mode() != "online":
            raise
    with http.mode("refresh"):
        return load()


def fetched(
    country: str,
    address: str,
    variables: Sequence[Variable],
    asked: Selection,
    cube: Cube,
    answers: Sequence[http.Answer],
) -> origin.Origin:
    """The origin of a table that came in one or several answers; its note counts the areas left out."""
    area = max(variables, key=lambda item: len(item.municipal))
    return credited(
        country,
        address=address,
        body=asked.words(),
        sha256=origin.hash_bytes("\n".join(sorted(answer.sha256 for answer in answers)).encode()),
        fetched=min(answer.fetched for answer in answers),
        from_cache=all(answer.from_cache for answer in answers),
        published=cube.updated,
        note=areas_note([code for code in area.codes if code not in area.municipal]),
    )


def limit(config: Any, name: str, where: str) -> int:
    """A limit of the publisher's configuration.

    Raises
    ------
    SourceError
        It is not there, or is no number above 0.
    """
    value = config.get(name) if isinstance(config, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1:
        raise SourceError(
            "{where} does not say its limit {name!r}. The database may have changed: look for a newer version of "
            "kommunanalys.",
            where=where,
            name=name,
        )
    return int(value)
