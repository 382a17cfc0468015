"""What a run that has read a register may publish: releases, figures of them, and words that it did not work out.

A mark on a table cannot be trusted, for pandas loses it; so nothing that such a run shows is published unless it is
found to be harmless here, after the run, by comparison with the memory of releases and with the notebook's own words.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import nbformat
import numpy as np
import pandas as pd
from bs4 import BeautifulSoup, Tag

from kommunanalys import paths
from kommunanalys.errors import ReleaseRefused
from kommunanalys.figures.show import HIDDEN, flat, released
from kommunanalys.language import LANGUAGES, MISSING, Speaker
from kommunanalys.mime import DATA, RELEASE, SUBJECT
from kommunanalys.reporting.own_words import FIELD, THRESHOLDS, Known, Words, voices
from kommunanalys.reporting.readings import OWN
from kommunanalys.secrecy import keys, rounding
from kommunanalys.secrecy.memory import identify, recall, recall_statistics
from kommunanalys.secrecy.register import LICENCE
from kommunanalys.secrecy.released import Release
from kommunanalys.secrecy.statistics_released import StatisticsRelease
from kommunanalys.translation import translate

NOTICES = (
    (
        "{domain}. Rows: {rows}; persons: {persons}; rows without a valid identity: {rejected}; left out for "
        "protected identity: {protected}."
    ),
    "Other columns with personal identity codes became pseudonyms too: {columns}.",
    (
        "Personal identity codes inside longer text were covered in {columns}; cells: {cells}. Such text may tell who "
        "people are in other words too: leave the column out."
    ),
    (
        "The file with the key of {name} was open to other accounts, and is closed again. If somebody may have read "
        "it: secrecy.rotate({name!r})."
    ),
    (
        "Linked under permit {permit}. Persons in both: {both}; only in {first}: {mine}; only in {second}: {theirs}. "
        "Use until {end}."
    ),
)
"""What reading and linking print themselves: it stays in the run, and is never published."""
BEHIND = "The figures behind this chart"
ATTRIBUTES = frozenset({"class", "role", "tabindex", "scope", "aria-label", "src", "alt"})
VISIBLE = ("text/html", "text/markdown", "text/plain")


def released_only(executed: nbformat.NotebookNode, releases: Sequence[str]) -> nbformat.NotebookNode:
    """The notebook of a run that has read a register, as it may be published.

    Parameters
    ----------
    executed
        As it came from the run.
    releases
        Ids of what this run has let out.

    Returns
    -------
    nbformat.NotebookNode
        The same without what reading and linking print.

    Raises
    ------
    ReleaseRefused
        It shows something else than releases, figures of them and its own words; the cell is named.
    """
    known = [one for name in releases for one in _remembered(name)]
    words = Words(executed, known)
    notebook = nbformat.from_dict(executed)
    number = 0
    for cell in notebook.cells:
        # Numbered as in the author's notebook, which has no cell of given parameters.
        number += "injected-parameters" not in cell.metadata.get("tags", [])
        kept = [_checked(output, number, words, known) for output in cell.get("outputs", [])]
        if cell.cell_type == "code":
            cell.outputs = [output for output in kept if output is not None]
    return notebook


def public_origins(origins: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The origins as a page prints them: that own registers were read and when, and nothing that a cell could fill.

    By the hash of a register one could try out what stands in it; name and note could hold a figure.

    Raises
    ------
    ReleaseRefused
        An origin that is no own register's.

    Examples
    --------
    >>> own = {"credit": "own register", "sha256": "ab", "fetched": "2026-11-22", "note": "3 rows"}
    >>> public_origins([own])[0]["note"]
    ''
    """
    items = list(origins)
    if any(item["credit"] != OWN for item in items):
        raise ReleaseRefused(
            "The run has read a register and open data too: nothing is published. Make two notebooks of it, one with "
            "the register's releases and one with the open data."
        )
    blank = {"id": "", "address": MISSING, "sha256": MISSING, "published": "", "body": "", "note": "", "country": ""}
    own = {"producer": OWN, "credit": OWN, "licence": LICENCE, "from_cache": False}
    return [
        {**blank, **own, "fictive": item.get("fictive") is True, "fetched": str(item["fetched"])[:10]} for item in items
    ]


def _remembered(name: str) -> list[Known]:
    """A release as outsiders know it, in every language; none where the memory lacks it or was changed."""
    held = recall_statistics(name)
    if held is not None:
        return [StatisticsRelease(held, name)]
    for place in sorted((paths.state_dir() / "releases").glob(f"*-{name}.json")):
        value = json.loads(place.read_bytes())["value"]
        for told in recall(value, frozenset()):
            if told.id == name and identify(told) == name:
                figures = np.where(told.high > told.low, rounding.figure(told.high), told.low)
                figures = np.where(told.hidden, np.nan, figures)
                method = "round" if told.rounded else "suppress"
                return [Release(told, figures, (), method, THRESHOLDS[0], language) for language in LANGUAGES]
    return []


def _checked(output: Any, cell: int, words: Words, known: Sequence[Known]) -> Any:
    """The output as it may be published, or None for what stays in the run."""
    if output.output_type == "stream":
        return _stream(output, cell)
    data = output.get("data", {})
    visible = [kind for kind in VISIBLE if kind in data]
    if output.output_type == "error" or not (visible or any(kind.startswith("image/") for kind in data)):
        return output if DATA not in data and output.output_type != "error" else _refuse(cell)
    if SUBJECT in data and not words.allows(str(data[SUBJECT]["text"])):
        _refuse_text(cell)
    if DATA in data or RELEASE in data or "text/html" in data:
        _check_release(data, cell, words, known)
        return output
    if not visible or any(kind not in (*VISIBLE, SUBJECT) for kind in data):
        _refuse(cell)
    # The value of a cell's last line can be a number that happens to be a parameter's too.
    harmless = words.stands if visible == ["text/plain"] else words.allows
    if not all(harmless(_bare(str(data[kind]), kind)) for kind in visible):
        _refuse_text(cell)
    return output


def _bare(text: str, kind: str) -> str:
    """A text as it was written: the value of a cell's last line is shown in quotation marks."""
    if kind == "text/plain" and re.fullmatch(r"'.*'|\".*\"", text, re.DOTALL):
        try:
            return str(ast.literal_eval(text))
        except (SyntaxError, ValueError):
            return text
    return text


def _stream(output: Any, cell: int) -> Any:
    """None where reading and linking have printed it; stderr is not published, and may hold anything."""
    if output.name == "stdout":
        for line in filter(None, map(str.strip, str(output.text).splitlines())):
            if not any(re.fullmatch(one, line) for one in _notices()):
                raise ReleaseRefused(
                    "Cell {cell} prints text, and this run has read a register: nothing is published. Take the print "
                    "out. Show tables with kommunanalys.show(secrecy.release(...)).",
                    cell=cell,
                )


def _notices() -> list[str]:
    told = [FIELD.sub("\0", translate(text, language, place)) for text in NOTICES for language, place in voices()]
    own = [re.escape(keys.protection(language)) for language in LANGUAGES]
    return [re.escape(text).replace(re.escape("\0"), ".+") for text in told] + own


def _refuse(cell: int) -> None:
    raise ReleaseRefused(
        "Cell {cell} shows a table, figure or result that carries no release id, and this run has read a register: "
        "nothing is published. Make the table with secrecy.release(...) and show it with kommunanalys.show(release); "
        "give a figure's data with figures.describe(ax, data=release.table, ...).",
        cell=cell,
    )


def _refuse_text(cell: int) -> None:
    raise ReleaseRefused(
        "Cell {cell} shows a text that does not stand word for word in the notebook, and this run has read a register: "
        "nothing is published, since the text may hold a figure that was not let out. Write the text without worked "
        "out figures, or show the release and its paragraph.",
        cell=cell,
    )


def _check_release(data: Any, cell: int, words: Words, known: Sequence[Known]) -> None:
    if RELEASE not in data or DATA not in data or "text/html" not in data:
        _refuse(cell)
    name = str(data[RELEASE]["id"])
    mine = [one for one in known if one.id == name]
    if not mine:
        raise ReleaseRefused(
            "Cell {cell} shows release {id}, which this run has not made, or which the memory of releases lacks: "
            "nothing is published.",
            cell=cell,
            id=name,
        )
    if not any(_is_of(data, frame, whole, one, words) for one in mine for frame, whole in _frames(one)):
        raise ReleaseRefused(
            "Cell {cell} shows a table or figure as release {id}, but its figures, headings or words are not those "
            "of the release: nothing is published. Show the release as it is, or a choice of its rows and columns.",
            cell=cell,
            id=name,
        )


def _frames(release: Known) -> Iterator[tuple[pd.DataFrame, str]]:
    """The ways in which figures may stand in a table, as they are or as shares, turned or not.

    With each the side on which the last line must be shown: the number of persons that shares are of.
    """
    if isinstance(release, StatisticsRelease):
        for told in map(release.table, release.tables):
            yield from ((told, ""), (told.T, ""))
        return
    table = flat(release.table)
    yield from ((table, ""), (table.T, ""))
    for threshold in THRESHOLDS:
        other = Release(release.told, release.figures, (), release.method, threshold, release.language)
        share = flat(other.percentages())
        yield from ((share, "columns"), (share.T, "rows"))


def _is_of(data: Any, frame: pd.DataFrame, whole: str, release: Known, words: Words) -> bool:
    """Whether shown numbers, headings and words are of these figures, in the notebook's data and on its page."""
    told = data[DATA]
    heads, rows = [column["key"] for column in told["columns"]], [str(row[0]) for row in told["rows"]]
    if not frame.index.is_unique or not frame.columns.is_unique or not _are_harmless(told, frame, release, words):
        return False
    frame = frame.set_axis(frame.index.map(str)).set_axis(frame.columns.map(str), axis=1)
    if not (_are_lines_of(frame.columns, heads, words) and _are_lines_of(frame.index, rows, words)):
        return False
    if (whole == "columns" and frame.columns[-1] not in heads) or (whole == "rows" and frame.index[-1] not in rows):
        return False
    truth = frame.loc[rows, heads].to_numpy(float)
    lines = [zip(row[1:], trues, strict=True) for row, trues in zip(told["rows"], truth, strict=True)]
    if not all(_same(value, float(true)) for line in lines for value, true in line):
        return False
    return _page_is_of(str(data["text/html"]), told, truth, words)


def _are_lines_of(index: pd.Index, shown: list[str], words: Words) -> bool:
    """Whether lines are shown in the release's own order, all or those that the notebook names.

    An order or a choice that is worked out in the run would tell the hidden figures by their size.
    """
    places = index.get_indexer(shown)
    chosen = len(shown) == len(index) or all(words.allows(item) for item in shown if item != index[-1])
    return bool((places >= 0).all()) and bool((np.diff(places) > 0).all()) and chosen


def _are_harmless(told: Any, frame: pd.DataFrame, release: Known, words: Words) -> bool:
    """Whether all words beside the figures are the release's or the notebook's own."""
    own = {"", str(frame.index.name), *([released(release).caption] if isinstance(release, Release) else [])}
    texts = [told["caption"], told["index"], told.get("note", "")]
    texts += [text for column in told["columns"] for text in (column["label"], column["unit"]) if text != column["key"]]
    return all(text in own or words.allows(str(text)) for text in texts)


def _same(value: Any, true: float) -> bool:
    if true != true:
        return value is None or value == HIDDEN
    return value in _spelled(true) if isinstance(value, str) else value is not None and abs(value - true) < 1e-9


@cache
def _spelled(true: float) -> set[str]:
    """How a figure may be printed."""
    if true != true:
        return {HIDDEN, MISSING}
    voices = [Speaker(language) for language in LANGUAGES]
    return {mark + say.number(true, places) for say in voices for places in range(7) for mark in ("", "≈ ")}


def _page_is_of(text: str, told: Any, truth: Any, words: Words) -> bool:
    """Whether the page's HTML holds one table with these figures, and beside it nothing but harmless words."""
    heads = [told["index"], *(column["label"] for column in told["columns"])]
    rows = [str(row[0]) for row in told["rows"]]
    beside = {told["caption"], told.get("note", "")}
    page = BeautifulSoup(text, "html.parser")
    tables = page.find_all("table")
    if len(tables) != 1 or len(page.find_all("img")) > 1:
        return False
    harmless = beside | {translate(BEHIND, language, place) for language, place in voices()}
    texts = [(name, value) for tag in page.find_all(True) for name, value in tag.attrs.items()]
    for name, value in texts:
        if name not in ATTRIBUTES or (name in ("aria-label", "alt") and not _allowed(str(value), harmless, words)):
            return False
    lines = tables[0].find_all("tr")
    head = [_text(cell) for cell in lines[0].find_all(["th", "td"])] if lines else []
    caption = tables[0].find("caption")
    if head != heads or len(lines) != len(rows) + 1 or not isinstance(caption, Tag) or _text(caption) not in beside:
        return False
    for line, row, trues in zip(lines[1:], rows, truth, strict=True):
        first, *cells = line.find_all(["th", "td"])
        if _text(first) != row or len(cells) != len(trues):
            return False
        if any(_text(cell) not in _spelled(float(true)) for cell, true in zip(cells, trues, strict=True)):
            return False
    loose = [piece for piece in tables[0].find_all(string=True) if not piece.find_parent(["th", "td", "caption"])]
    if any(piece.strip() for piece in loose) or len(tables[0].find_all("caption")) != 1:
        return False
    tables[0].extract()
    return all(_allowed(str(piece), harmless, words) for piece in page.find_all(string=True))


def _allowed(text: str, harmless: set[str], words: Words) -> bool:
    return not text.strip() or text.strip() in harmless or words.allows(text)


def _text(cell: Tag) -> str:
    return str(cell.get_text())
