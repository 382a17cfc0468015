"""Lines of text with a button that copies them, also where the browser has no clipboard of its own to offer."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class Copying(anywidget.AnyWidget):  # type: ignore[misc]
    """Lines and a button; what happened is said beside it.

    Parameters
    ----------
    text
        The lines.
    label
        What they are.
    button
        What the button says.
    done, failed
        What is said when they lie on the clipboard, and when the browser did not let them.

    Examples
    --------
    >>> Copying(text="import kommunanalys as ka").text
    'import kommunanalys as ka'
    """

    _esm = Path(__file__).parent / "copying.js"
    text = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    button = traitlets.Unicode("").tag(sync=True)
    done = traitlets.Unicode("").tag(sync=True)
    failed = traitlets.Unicode("").tag(sync=True)
