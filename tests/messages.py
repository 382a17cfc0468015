"""Finds every text that a reader can meet: calls in the code, page templates, notebooks, declarations."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
SPEAKERS = {"say", "translate", "Caution", "Finding", "flaw"}
PLAIN = {"yes", "no"}
TITLED = {"Service", "Theme"}
"""Declarations whose second argument is a title for readers."""


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _in_call(node: ast.Call, errors: set[str]) -> list[str]:
    name = (
        node.func.id
        if isinstance(node.func, ast.Name)
        else node.func.attr
        if isinstance(node.func, ast.Attribute)
        else ""
    )
    if name in SPEAKERS | errors or (name == "" and isinstance(node.func, ast.Call)):
        candidates = node.args
    elif name in TITLED:
        candidates = node.args[1:2]
    else:
        return []
    return [text for text in map(_literal, candidates) if text]


def error_classes() -> set[str]:
    from kommunanalys import errors

    return {name for name in dir(errors) if isinstance(getattr(errors, name), type)} | {"KernelKilled"}


def in_code() -> set[str]:
    found: set[str] = set()
    known = error_classes()
    for path in sorted((ROOT / "kommunanalys").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found.update(_in_call(node, known))
    return found


def in_templates() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "kommunanalys").rglob("*.j2"))
    return set(re.findall(r'say\("([^"]+)"\)', text))


def in_notebooks() -> set[str]:
    from kommunanalys.reporting.parameters import declared

    found: set[str] = set()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        found.update(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        found.update(item.help for item in declared(notebook).values() if item.help)
    return found


RESULT_UNITS = {"%", "points", "pupils/teacher"}


def named_elsewhere() -> set[str]:
    """Texts that reach a reader through a variable: listed by the modules that hold them."""
    from kommunanalys.early_warning import cohorts, features, kinds
    from kommunanalys.indicators import THEMES
    from kommunanalys.names import CURRENCIES, get
    from kommunanalys.reporting.html import FICTIVE, HEADS
    from kommunanalys.secrecy import register
    from kommunanalys.sources import example, kolada, template, treasury

    return {
        FICTIVE,
        *HEADS,
        *kinds.EXPECTED,
        *features.REASONS,
        *cohorts.EXCLUDED,
        *CURRENCIES.values(),
        kolada.LICENCE,
        treasury.CREDIT,
        example.CREDIT,
        example.INDEX,
        example.PRODUCER,
        register.CREDIT,
        register.LICENCE,
        template.LICENCE,
        template.PRODUCER,
        *RESULT_UNITS,
        *(get(name).unit for theme in THEMES.values() for name in theme.all),
    }


def in_help() -> set[str]:
    import typer

    from kommunanalys.cli import app

    found, waiting = set[str](), [typer.main.get_command(app)]
    while waiting:
        command = waiting.pop()
        found.update(filter(None, [command.help, *(getattr(item, "help", None) for item in command.params)]))
        waiting.extend(getattr(command, "commands", {}).values())
    return found


def all_messages() -> set[str]:
    return in_code() | in_help() | in_templates() | in_notebooks() | named_elsewhere()
