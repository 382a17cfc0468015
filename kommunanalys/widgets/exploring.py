"""`ka.explore`: look at any panel by hand in JupyterLab, and take the code along."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from kommunanalys import paths
from kommunanalys.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from kommunanalys.sources.boundaries import Boundaries
    from kommunanalys.widgets.explorer import Explorer


def explore(
    panel: pd.DataFrame,
    *,
    language: str | None = None,
    municipality: str | None = None,
    boundaries: Boundaries | None = None,
) -> Explorer:
    """Look at a panel: choose municipalities, indicators and years, see them in five views, take the code along.

    Parameters
    ----------
    panel
        Panel (`municipality` and `year` as index or columns; one column for each indicator) or observations table,
        whose flags are then shown as well.
    language
        "sv", "fi" or "en"; None for that of the session (`KOMMUNANALYS_LANGUAGE`). It can be switched in place.
    municipality
        Name or code to begin with; None for the first of the panel.
    boundaries
        For the map, from `ka.sources.read_boundaries`.

    Returns
    -------
    Explorer
        A widget; the last line of a cell shows it. Its `choice` is what is looked at, its `axes()` the figure.

    Raises
    ------
    UsageError
        ipywidgets or anywidget is not installed; an unknown language.
    UnknownMunicipality
        No municipality of the panel is called so.
    TableError, NoData
        The table is neither a panel nor observations, or holds no figures.

    Examples
    --------
    >>> import kommunanalys as ka
    >>> explore(ka.panel(ka.read_example()), municipality="Tärnsund").choice.municipality
    'X07'
    """
    needed()
    from kommunanalys.widgets.explorer import Explorer

    return Explorer(panel, language=language, municipality=municipality, boundaries=boundaries)


def needed() -> None:
    """Check that the libraries of the widgets are there.

    Raises
    ------
    UsageError
        Says how to install them.

    Examples
    --------
    >>> needed()
    """
    lacking = [name for name in ("ipywidgets", "anywidget") if find_spec(name) is None]
    if lacking:
        raise UsageError(
            "This needs {libraries}, which is not installed. In a terminal: {command}",
            libraries=" / ".join(lacking),
            command=paths.install_command("lab"),
        )
