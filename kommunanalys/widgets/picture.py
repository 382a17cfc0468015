"""A picture that can be clicked: a matplotlib figure as SVG in the page, its marks within reach of the keyboard."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import anywidget
import traitlets
from matplotlib.axes import Axes

from kommunanalys.figures import description
from kommunanalys.figures.show import svg

HERE = Path(__file__).parent
HEAD = re.compile(r"^.*?(?=<svg)", re.DOTALL)
MARK = re.compile(r'<g id="mark-([^"]*)"')
GROUP = re.compile(r'<g id="[^"]*"')
RULE = re.compile(r"<svg\b(.*?)<style[^>]*>\*\{([^}\"]*)\}</style>", re.DOTALL)


class Picture(anywidget.AnyWidget):  # type: ignore[misc]
    """A figure whose marks (artists with a gid "mark-<code>") answer to a click, to Enter and to Space.

    The arrow keys walk from mark to mark. What is shown is said beneath the figure, and read out when it changes.

    Parameters
    ----------
    svg
        The figure as text.
    caption, alternative
        What it is called, and what it says to a person who does not see it.
    problem
        Whether `alternative` says instead why there is no figure.
    names
        What each mark is called, by code.
    marked
        Codes of the marks that are chosen.
    language
        Of the texts.
    clicked
        Code of the mark that was chosen last.

    Examples
    --------
    >>> Picture(caption="Costs").clicked
    ''
    """

    _esm = HERE / "picture.js"
    _css = HERE / "room.css"
    svg = traitlets.Unicode("").tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)
    alternative = traitlets.Unicode("").tag(sync=True)
    problem = traitlets.Bool(False).tag(sync=True)
    names = traitlets.Dict().tag(sync=True)
    marked = traitlets.List(traitlets.Unicode()).tag(sync=True)
    language = traitlets.Unicode("en").tag(sync=True)
    clicked = traitlets.Unicode("").tag(sync=True)

    def show(self, ax: Axes, names: Mapping[str, str], marked: Sequence[str], language: str) -> None:
        """Put a described figure in place, in one message to the page.

        Parameters
        ----------
        ax
            Axes that `figures.describe` has been called on.
        names
            What each mark is called, by code.
        marked
            Codes of the marks that are chosen.
        language
            "sv", "fi" or "en".
        """
        told = description(ax)
        figure = ax.get_figure(root=True)
        with self.hold_sync():
            self.language, self.problem = language, False
            self.names, self.marked = dict(names), list(marked)
            self.svg = clickable(svg(figure)) if figure else ""
            self.caption, self.alternative = told.caption, told.alternative

    def fail(self, message: str, language: str) -> None:
        """Take the figure away and say why: an old one must not stand for what was asked for."""
        with self.hold_sync():
            self.language, self.problem = language, True
            self.svg, self.caption, self.alternative = "", "", message


def clickable(picture: bytes) -> str:
    """An SVG to stand within a page: the marks by their codes, without ids that two figures could share or rules.

    Examples
    --------
    >>> clickable(b'<?xml version="1.0"?><svg><g id="axes_1"><g id="mark-1440"/></g></svg>')
    '<svg><g><g data-code="1440"/></g></svg>'
    """
    text = HEAD.sub("", picture.decode("utf-8"), count=1)
    # matplotlib's rule for "*" would hold in the whole page, all of which would be styled anew for each figure.
    text = RULE.sub(r'<svg style="\2"\1', text, count=1)
    return GROUP.sub("<g", MARK.sub(r'<g data-code="\1"', text))
