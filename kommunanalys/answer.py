"""How a result shows itself in JupyterLab: the answer in words, what to be careful about, the first of its figures."""

from __future__ import annotations

import html
import inspect
from math import floor, log10
from typing import Any

import numpy as np
import pandas as pd

from kommunanalys.errors import KommunanalysError
from kommunanalys.language import MISSING, Speaker, current

ROWS = 8
"""Rows of the table that are shown; a result of 300 municipalities is looked through by `.to_frame()`."""


class Answer:
    """A result that tells itself in the session's language (`KOMMUNANALYS_LANGUAGE`).

    Examples
    --------
    >>> class Mean(Answer):
    ...     def summary(self, language="en"):
    ...         return "About 3 < 4."
    >>> Mean()._repr_html_()
    '<div lang="en"><p>About 3 &lt; 4.</p></div>'
    """

    def _repr_html_(self) -> str | None:
        """The page of JupyterLab; None, and so the plain text, where nothing has been worked out yet."""
        say = Speaker(current())
        try:
            parts = [*_words(self, say), *_table(self, say)]
        except (KommunanalysError, AttributeError):
            return None
        return f'<div lang="{say.language}">{"".join(parts)}</div>' if parts else None


def _words(result: Any, say: Speaker) -> list[str]:
    told = getattr(result, "summary", None)
    asked = inspect.signature(told).parameters.values() if told else ()
    # Some results have an answer for each municipality only; their table tells them all.
    alone = told and all(one.name == "language" or one.default is not one.empty for one in asked)
    parts = [f"<p>{html.escape(told(language=say.language))}</p>"] if told and alone else []
    cautions = [f"<li>{html.escape(one.say(say))}</li>" for one in getattr(result, "cautions", ())]
    if cautions:
        parts.append(f"<p>{html.escape(say('To be careful about:'))}</p><ul>{''.join(cautions)}</ul>")
    return parts


def _table(result: Any, say: Speaker) -> list[str]:
    frame = result.to_frame() if hasattr(result, "to_frame") else pd.DataFrame()
    if not len(frame):
        return []
    told = say("Figures")
    if len(frame) > ROWS:
        told = say("{rows} of {all} rows; all of them: .to_frame()", rows=ROWS, all=say.number(len(frame)))
    levels = frame.index.nlevels
    heads = [*(name or "" for name in frame.index.names), *frame.columns]
    decimals = [_decimals(frame.iloc[:, at]) for at in range(len(frame.columns))]
    lines = [_line([_cell(head, say, None, "col") for head in heads])]
    for row in frame.head(ROWS).itertuples():
        keys = row[0] if levels > 1 else (row[0],)
        cells = [_cell(key, say, None, "row") for key in keys]
        cells += [_cell(value, say, places) for value, places in zip(row[1:], decimals, strict=True)]
        lines.append(_line(cells))
    return [f"<table><caption>{html.escape(told)}</caption>{''.join(lines)}</table>"]


def _line(cells: list[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _decimals(column: pd.Series[Any]) -> int | None:
    """Decimals by the size of the figures, three digits that count; None for years and what is not a number."""
    if not pd.api.types.is_float_dtype(column):
        return 0 if pd.api.types.is_integer_dtype(column) and column.name != "year" else None
    sizes = column.abs()
    size = float(sizes[np.isfinite(sizes)].max())
    return 0 if size >= 1000 else min(8, 2 - floor(log10(size))) if size > 0 else 0


def _cell(value: Any, say: Speaker, decimals: int | None, scope: str = "") -> str:
    """A cell, or with a scope a head; what is missing is a dash."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        text = MISSING
    elif isinstance(value, bool | np.bool_):
        text = say("yes") if value else say("no")
    elif decimals is not None:
        text = say.number(float(value), decimals)
    else:
        text = str(value)
    return f'<th scope="{scope}">{html.escape(text)}</th>' if scope else f"<td>{html.escape(text)}</td>"
