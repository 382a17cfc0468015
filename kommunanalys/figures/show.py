"""`show`: how a notebook puts a text, a table or a figure on the page.

Each becomes accessible HTML (caption, header scopes, alternative text, the figure's data to unfold) and carries
its unrounded numbers along in a form of its own, from which the report's spreadsheet is written.
"""

from __future__ import annotations

import base64
import html
import io
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from kommunanalys import names
from kommunanalys.errors import UsageError
from kommunanalys.figures.style import decimals_for, description
from kommunanalys.language import MISSING, Speaker, current
from kommunanalys.mime import DATA, RELEASE, SUBJECT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kommunanalys.secrecy.released import Release
    from kommunanalys.secrecy.statistics_released import StatisticsRelease

HIDDEN = ".."
"""How a figure is shown that is hidden in a release."""
FONTS = "'DejaVu Sans', Verdana, Arial, sans-serif"


@dataclass(frozen=True)
class Table:
    """A table for readers: unrounded data, and how each column is to be read.

    Parameters
    ----------
    data
        Index is the row heading; `data.index.name` heads it.
    caption
        What the table shows, in the reader's language.
    labels
        Heading by column; a glossary indicator has its own.
    decimals
        Decimals by column; a glossary indicator has its own.
    units
        Unit by column.
    indicators
        Glossary name by column, where the column is not itself one.
    row_decimals
        Decimals by row, where rows are about different things; for columns that have none of their own.
    note
        What must be printed under the table.
    mark
        What stands before each number but 0, e.g. "≈ ".

    Notes
    -----
    A table whose `data.attrs["release"]` names a release says so in the notebook, which the publishing of a run that
    has read a register asks for.

    Examples
    --------
    >>> Table(pd.DataFrame({"population": [6000.0]}), "Population").label("population", Speaker("sv"))
    'Invånare'
    """

    data: pd.DataFrame
    caption: str
    labels: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    indicators: Mapping[str, str] = field(default_factory=dict)
    row_decimals: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    mark: str = ""

    def label(self, column: str, say: Speaker) -> str:
        """The heading of a column in the reader's language."""
        known = names.glossary().get(column)
        return self.labels.get(column) or (known.words(say.language, say.country) if known else str(column))

    def places(self, column: str, row: str = "") -> int:
        """The decimals that a reader sees."""
        known = names.glossary().get(column)
        return self.decimals.get(column, self.row_decimals.get(row, known.decimals if known else 0))


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with one line of headings on either side; the release that it is of is kept.

    Examples
    --------
    >>> frame = pd.DataFrame([[1]], pd.MultiIndex.from_tuples([("A", 7)], names=["school", "grade"]), ["n"])
    >>> flat(frame).index.tolist(), flat(frame).index.name
    (['A / 7'], 'school / grade')
    """
    made = frame.copy()
    for axis, name in ((made.index, "index"), (made.columns, "columns")):
        if isinstance(axis, pd.MultiIndex):
            texts = [" / ".join(map(str, item)) for item in axis]
            setattr(made, name, pd.Index(texts, name=" / ".join(map(str, axis.names))))
    made.attrs = dict(frame.attrs)
    return made


def released(
    release: Release | StatisticsRelease, caption: str = "", labels: Mapping[str, str] | None = None, *, table: str = ""
) -> Table:
    """A release as a table for readers: hidden figures marked, and under it the paragraph that must be printed.

    Parameters
    ----------
    release
        From `secrecy.release` or `secrecy.release_statistics`.
    caption
        What the table shows; "" names what it is by.
    labels
        Heading by column, where the register's own words do not do.
    table
        Which table of released statistics; "" for the first.

    Examples
    --------
    >>> import os, tempfile
    >>> from kommunanalys import secrecy
    >>> pupils = pd.DataFrame({"school": ["A"] * 30 + ["B"] * 30, "grade": [7, 8, 9] * 20})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     out = secrecy.release(pupils, rows="school", columns="grade", language="en")
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> table = released(out)
    >>> table.caption, table.data["Total"].tolist()
    ('Number of persons by school and grade', [30.0, 30.0, 60.0])
    """
    from kommunanalys.secrecy.statistics_released import StatisticsRelease

    if isinstance(release, StatisticsRelease):
        name = table or release.tables[0]
        columns, rows = release.decimals(name)
        return Table(release.shown(name), caption or release.caption(name), labels or {},
                     decimals=columns, row_decimals=rows, note=release.paragraph())  # fmt: skip
    say, told = Speaker(release.language), release.told
    shown = flat(release.table).astype(object)
    hidden = shown.isna()
    data = shown.mask(hidden, HIDDEN)
    data.attrs["release"] = release.id
    by = say.names(told.shape.names)
    what = say("Number of persons by {by}", by=by) if told.value == "count" else f"{told.value}: {by}"
    mark = "≈ " if release.method == "round" else ""
    return Table(data, caption or what, labels or {}, note=release.paragraph(), mark=mark)


def show(
    *items: str | Table | Axes | Release | StatisticsRelease, say: Speaker | None = None, subject: bool = False
) -> None:
    """Put texts (Markdown), tables, releases and described figures on the page of the notebook, in their order.

    Parameters
    ----------
    *items
        Text, `Table`, what `secrecy.release` gave, or matplotlib Axes that `describe` has been called on. Released
        statistics are shown table by table.
    say
        Speaker of the reader's language and country; None for that of the session.
    subject
        The text says what the report is about, for the page's title.

    Raises
    ------
    UsageError
        Something else than these four.
    TableError
        A figure without alternative text.
    """
    from IPython.display import display

    for item in items:
        for one in _one_by_one(item):
            display(bundle(one, say or Speaker(current()), subject=subject), raw=True)


def _one_by_one(item: Any) -> list[Any]:
    """The tables of released statistics; anything else as it is."""
    # Whoever shows released statistics has imported their module, which takes a third of a second for anybody else.
    known = sys.modules.get("kommunanalys.secrecy.statistics_released")
    if known is None or not isinstance(item, known.StatisticsRelease):
        return [item]
    return [released(item, table=name) for name in item.tables]


def bundle(item: str | Table | Axes | Release, say: Speaker, *, subject: bool = False) -> dict[str, Any]:
    """What a notebook keeps of a shown thing, by MIME type.

    Examples
    --------
    >>> sorted(bundle("**Hello**", Speaker("en")))
    ['text/markdown', 'text/plain']
    """
    from matplotlib.axes import Axes

    if isinstance(item, str):
        extra = {SUBJECT: {"text": item}} if subject else {}
        return {"text/plain": item, "text/markdown": item, **extra}
    if isinstance(item, Table):
        return {"text/plain": item.caption, "text/html": table_html(item, say), **_data(item, say)}
    if isinstance(item, Axes):
        return _figure_bundle(item, say)
    from kommunanalys.secrecy.released import Release

    if isinstance(item, Release):
        return bundle(released(item), say)
    raise UsageError("Cannot show {kind}: give text, a figures.Table or described Axes.", kind=type(item).__name__)


def _figure_bundle(ax: Axes, say: Speaker) -> dict[str, Any]:
    told = description(ax)
    figure = ax.get_figure(root=True)
    picture = base64.b64encode(svg(figure) if figure else b"").decode("ascii")
    decimals = {column: _enough(told.data[column]) for column in told.data}
    table = Table(told.data, told.caption, decimals=decimals, indicators=told.indicators)
    text = (
        f'<figure><img src="data:image/svg+xml;base64,{picture}" alt="{html.escape(told.alternative)}">'
        f"<figcaption>{html.escape(told.caption)}</figcaption>"
        f"<details><summary>{html.escape(say('The figures behind this chart'))}</summary>"
        f"{table_html(table, say)}</details></figure>"
    )
    return {"text/plain": told.alternative, "text/html": text, **_data(table, say)}


def _enough(column: pd.Series) -> int:
    """Decimals that a column of unknown kind needs: none for large numbers, two for those around one."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_integer_dtype(column):
        return 0
    size = float(column.abs().max()) if column.notna().any() else 0.0
    return decimals_for(size)


def svg(figure: Figure) -> bytes:
    """A figure as SVG with text kept as text, the same bytes for the same figure.

    Examples
    --------
    >>> from kommunanalys.figures import new_axes
    >>> svg(new_axes().figure)[:5]
    b'<?xml'
    """
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "kommunanalys"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    # Readers may lack matplotlib's own font; the fallbacks are no wider, so that nothing overlaps.
    text = re.sub(r"'DejaVu Sans'(, ('[^']*'|[\w-]+))*", FONTS, out.getvalue())
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    # A hundredth of a point is finer than any screen; six decimals would double the size of the page.
    text = re.sub(r"(\d\.\d{2})\d+", r"\1", text)
    return ("\n".join(filter(None, map(str.strip, text.split("\n")))) + "\n").encode("utf-8")


def table_html(table: Table, say: Speaker) -> str:
    """An accessible HTML table: caption, header scopes, numbers as the language writes them.

    Examples
    --------
    >>> "<caption>Pupils</caption>" in table_html(Table(pd.DataFrame({"n": [1.0]}), "Pupils"), Speaker("en"))
    True
    """
    data = table.data
    heads = [str(data.index.name or ""), *(table.label(str(column), say) for column in data.columns)]
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' if text else "<td></td>" for text in heads)
    rows = "".join(
        f'<tr><th scope="row">{html.escape(str(index))}</th>'
        + "".join(
            _td(value, table.places(str(name), str(index)), say, table.mark)
            for name, value in zip(data, values, strict=True)
        )
        + "</tr>"
        for index, values in zip(data.index, data.itertuples(index=False), strict=True)
    )
    caption = html.escape(table.caption)
    body = f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    # A wide table scrolls by itself on a narrow screen, also by keyboard.
    note = f"<p>{html.escape(table.note)}</p>" if table.note else ""
    return f'<div class="wide" role="group" tabindex="0" aria-label="{caption}">{body}</div>{note}'


def _td(value: object, decimals: int, say: Speaker, mark: str) -> str:
    # Numbers are the rule, and a table may be long.
    kind = ' class="text"' if isinstance(value, str) and value != HIDDEN else ""
    before = mark if mark and isinstance(value, int | float) and value == value and value else ""
    return f"<td{kind}>{html.escape(before + _cell(value, decimals, say))}</td>"


def _cell(value: object, decimals: int, say: Speaker) -> str:
    if value is None or value is pd.NA or value != value:
        return MISSING
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return say("yes") if value else say("no")
    if isinstance(value, int | float) or hasattr(value, "dtype"):
        return say.number(float(value), decimals)  # type: ignore[arg-type]
    return str(value)


def _data(table: Table, say: Speaker) -> dict[str, Any]:
    """The unrounded numbers, and the release that they are of, by MIME type."""
    columns = [
        {
            "key": table.indicators.get(str(column), str(column)),
            "label": table.label(str(column), say),
            "unit": _unit(table, str(column), say),
        }
        for column in table.data.columns
    ]
    frame = table.data.reset_index(names=str(table.data.index.name or "-"))
    rows = [
        [None if value is None or value != value else getattr(value, "item", lambda v=value: v)() for value in row]
        for row in frame.itertuples(index=False)
    ]
    data = {"caption": table.caption, "index": str(table.data.index.name or ""), "columns": columns, "rows": rows}
    release = table.data.attrs.get("release")
    return {
        DATA: data | ({"note": table.note} if table.note else {}),
        **({RELEASE: {"id": str(release)}} if release else {}),
    }


def _unit(table: Table, column: str, say: Speaker) -> str:
    known = names.glossary().get(table.indicators.get(column, column))
    return table.units.get(column) or (known.unit_in(say.country) if known and say.country else "")
