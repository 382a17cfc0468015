"""Where in the lines of a file its table lies: title lines, the header, the rows, and the notes below.

Only `tabular.py` uses this module.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from kommunanalys.errors import SourceError

Line = tuple[int, list[str]]
"""Number of a line and its cells."""


@dataclass(frozen=True)
class Layout:
    """The parts of a file with one table.

    Parameters
    ----------
    title
        What stands above the table, line by line.
    header
        Names of the columns, told apart where they occur twice.
    rows
        The lines of the table.
    notes
        What stands below it.
    """

    title: list[str]
    header: list[str]
    rows: list[Line]
    notes: list[str]


def lay_out(lines: list[Line], name: str) -> Layout:
    """Find the table in the lines of a file.

    The table is as wide as most lines with more than one cell are; its header is the first such line that is filled at
    least by half and does not stand alone between blank lines.

    Raises
    ------
    SourceError
        No table, or a line in it with too few or too many cells.

    Examples
    --------
    >>> found = lay_out([(1, ["A title"]), (3, ["code", "value"]), (4, ["049", "1"])], "a.csv")
    >>> found.title, found.header, found.rows
    (['A title'], ['code', 'value'], [(4, ['049', '1'])])
    """
    filled = [line for line in lines if _count(line[1])]
    alone = {number for (_, above), (number, _) in pairwise(lines) if not _count(above)}
    widths = Counter(len(cells) for _, cells in filled if _count(cells) > 1)
    width = widths.most_common(1)[0][0] if widths else 1
    start = _header(filled, alone, width)
    if start is None:
        raise SourceError("{file} is empty, or has no line of column names.", file=name)
    title, groups, header, below = filled[:start], [""] * width, filled[start][1], filled[start + 1 :]
    if below and _is_group_line(header, below[0][1]):
        groups, header, below = header, below[0][1], below[1:]
    end = _end(below, alone, width)
    ragged = next((line for line in below[:end] if len(line[1]) != width), None)
    if ragged:
        raise SourceError(
            "{file} line {line} has {found} cells instead of {expected}: {text!r}. Is the file whole?",
            file=name,
            line=ragged[0],
            found=len(ragged[1]),
            expected=width,
            text=" ".join(ragged[1])[:80],
        )
    return Layout(_joined(title), _told_apart(header, groups), below[:end], _joined(below[end:]))


def _count(cells: list[str]) -> int:
    return sum(map(bool, cells))


def _joined(lines: list[Line]) -> list[str]:
    return [" ".join(filter(None, cells)) for _, cells in lines]


def _header(filled: list[Line], alone: set[int], width: int) -> int | None:
    """Place of the header; a line that a blank one follows is a title, if a later line without numbers can be it."""
    able = [place for place, (_, cells) in enumerate(filled) if len(cells) == width and _count(cells) * 2 >= width]
    joined = [place for place in able if place + 1 < len(filled) and filled[place + 1][0] not in alone][:1]
    worded = [place for place in joined if not any(cell[:1].isdigit() for cell in filled[place][1])]
    return next(iter(worded or able), None)


def _end(below: list[Line], alone: set[int], width: int) -> int:
    """How many lines belong to the table: to the last one of its width, but for lone remarks behind a blank line.

    Several cells that follow without a blank line belong to it as well: it breaks off there.
    """
    end = 0
    for place, (number, cells) in enumerate(below):
        joined = place == end and number not in alone
        if (len(cells) == width and (width < 3 or _count(cells) > 1 or joined)) or (joined and len(cells) > 1):
            end = place + 1
    return end


def _is_group_line(cells: list[str], below: list[str]) -> bool:
    """Whether a line names blocks of columns, and the names themselves stand in the line below."""
    gaps = [place for place, cell in enumerate(cells) if not cell and place < len(below) and below[place]]
    repeated = len(set(filter(None, cells))) < _count(cells)
    return len(below) == len(cells) and len(gaps) > 1 and repeated and not cells[0]


def _told_apart(names: list[str], groups: list[str]) -> list[str]:
    """Headers that occur twice get the name of their block in front, else a number behind."""
    seen: Counter[str] = Counter()
    found = []
    for name, group in zip(names, groups, strict=True):
        whole = f"{group.lstrip('#')}: {name}" if group and name else name
        seen[whole] += 1
        found.append(f"{whole} ({seen[whole]})" if whole and seen[whole] > 1 else whole)
    return found
