"""How a result shows itself in JupyterLab: the answer in words, what to be careful about, the first of its figures."""

from __future__ import annotations

import html
import inspect
from typing import Any

import pandas as pd

from kommunanalys.errors import KommunanalysError
from kommunanalys.language import Speaker, current

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
    shown = frame.head(ROWS).to_html(border=0, na_rep="–", float_format=lambda value: f"{value:,.4g}")
    if len(frame) <= ROWS:
        return [shown]
    more = say("{rows} of {all} rows; all of them: .to_frame()", rows=ROWS, all=say.number(len(frame)))
    return [shown, f"<p>{html.escape(more)}</p>"]
