"""The lines of code that make a picture again in a new cell."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from kommunanalys.origin import origins
from kommunanalys.widgets.choice import Choice

if TYPE_CHECKING:
    import pandas as pd

WIDE = 88


def code(choice: Choice, *, panel_name: str = "panel", load: str = "", boundaries: str = "") -> str:
    """Lines of public code that draw the same picture again and show it with its caption and data.

    Parameters
    ----------
    choice
        What is looked at.
    panel_name
        Name of the panel where the lines are run.
    load
        Lines that load the panel, "" where it is there already.
    boundaries
        Path of the GeoJSON file, for a map.

    Examples
    --------
    >>> print(code(Choice("line", "1440", indicator="tax_rate"), load='panel = ka.panel(ka.read_kolada("kolada"))'))
    import kommunanalys as ka
    from kommunanalys.widgets.views import Choice, draw
    <BLANKLINE>
    panel = ka.panel(ka.read_kolada("kolada"))
    choice = Choice(view="line", municipality="1440", indicator="tax_rate")
    ka.show(draw(panel, choice), say=ka.Speaker(choice.language))
    """
    lines = ["import kommunanalys as ka", "from kommunanalys.widgets.views import Choice, draw", ""]
    lines += [load.rstrip()] if load.strip() else []
    beside = ""
    if choice.view == "map":
        lines.append(f"boundaries = ka.sources.read_boundaries({_text(boundaries)})" if boundaries else _ASK)
        beside = ", boundaries=boundaries"
    lines.append(_call(choice))
    return "\n".join([*lines, f"ka.show(draw({panel_name}, choice{beside}), say=ka.Speaker(choice.language))"])


def came_from(panel: pd.DataFrame) -> str:
    """Comments on what a panel was loaded from, for `load`; "" where nothing is known.

    The folder of a file and the selection made since are known to the person alone, so no call is invented.

    Examples
    --------
    >>> import kommunanalys as ka
    >>> came_from(ka.panel(ka.read_example())).split(", SHA-256")[0]
    '# panel: Example data: fictive municipalities, not real figures (data/example/observations.csv'
    """
    return "\n".join(
        f"# panel: {item.credit} ({item.address}, SHA-256 {item.sha256[:12]}..., {item.fetched[:10]})"
        for item in origins(panel)
    )


_ASK = "# boundaries = ka.sources.read_boundaries(...)  # GeoJSON of the country's municipalities"


def _call(choice: Choice) -> str:
    parts = [f"{name}={_text(value)}" for name, value in choice.used().items()]
    short = f"choice = Choice({', '.join(parts)})"
    if len(short) <= WIDE:
        return short
    folded = [
        textwrap.fill(part, WIDE, initial_indent=" " * 4, subsequent_indent=" " * 8, break_long_words=False)
        for part in parts
    ]
    return "choice = Choice(\n" + ",\n".join(folded) + ",\n)"


def _text(value: object) -> str:
    """A value as Python source with double quotes, as the house writes it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))}{',' if len(value) == 1 else ''})"
    plain = repr(value)
    return f'"{plain[1:-1]}"' if isinstance(value, str) and plain[0] == "'" and '"' not in plain else plain
