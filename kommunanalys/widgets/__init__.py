"""Widgets for JupyterLab: choose, look, and take the code along; forms of the notebooks' parameters.

The names are loaded when they are first used, and say how to install what they need: the library works without them.
"""

from __future__ import annotations

import importlib
from typing import Any

from kommunanalys.widgets.exploring import needed

_WHERE = {
    "Choice": "choice",
    "code": "views",
    "data": "views",
    "draw": "views",
    "explore": "exploring",
    "export": "exports",
    "form": "forms",
    "look": "private_tables",
}
WIDGETS = frozenset({"explore", "form", "look"})
"""What needs ipywidgets; the views are plain figures."""

__all__ = [*_WHERE]  # noqa: PLE0604  (the names are the keys above)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; public names: {', '.join(_WHERE)}")
    if name in WIDGETS:
        needed()
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
