"""kommunanalys: compare municipal costs on open data and publish the answer.

The public names below are loaded when they are first used, so that `import kommunanalys as ka` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "Municipality": "municipalities",
    "Origin": "origin",
    "Speaker": "language",
    "compare": "compare",
    "coverage": "tables",
    "early_warning": "early_warning",
    "errors": "errors",
    "explore": "widgets",
    "figures": "figures",
    "find": "municipalities",
    "form": "widgets",
    "get_kolada": "sources",
    "harmonise": "mergers",
    "indicators": "indicators",
    "load": "sources",
    "names": "names",
    "origins": "origin",
    "panel": "tables",
    "price_index": "sources",
    "read_example": "sources",
    "read_kolada": "sources",
    "search": "sources",
    "secrecy": "secrecy",
    "show": "figures",
    "sources": "sources",
    "widgets": "widgets",
}

__all__ = ["__version__", *_WHERE]  # noqa: PLE0604  (the names are the keys above)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("kommunanalys")
    if name not in _WHERE:
        raise AttributeError(f"module 'kommunanalys' has no attribute {name!r}; public names: {', '.join(_WHERE)}")
    where = _WHERE[name]
    module = importlib.import_module(f"kommunanalys.{where}")
    return module if where == name else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
