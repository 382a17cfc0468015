"""Parameters of a notebook: read from its one annotated cell, checked before anything runs.

The cell tagged `parameters` holds lines `name: type = default  # help`, and imports for the types. It is the only
declaration; the command line, the record and the report all read it here, with `ast` and `tokenize`.
"""

from __future__ import annotations

import ast
import difflib
import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from kommunanalys.errors import NotebookError, ParameterError, UsageError
from kommunanalys.paths import notebooks_dir, own_folder

YES, NO = frozenset({"true", "yes", "1", "ja", "kyllä"}), frozenset({"false", "no", "0", "nej", "ei"})
NONE = frozenset({"", "none", "null"})
SIMPLE = ("str", "int", "float", "bool", "list[str]")


@dataclass(frozen=True)
class Parameter:
    """One declared parameter.

    Parameters
    ----------
    name
        Python name.
    kind
        "str", "int", "float", "bool", "list[str]" or "choice".
    default
        Value where none is given.
    help
        The comment on its line.
    choices
        Allowed values of a "choice".
    optional
        Whether None is allowed.

    Examples
    --------
    >>> Parameter("year", "int", None, "year to compare", optional=True).type
    'int or none'
    """

    name: str
    kind: str
    default: Any
    help: str = ""
    choices: tuple[Any, ...] = ()
    optional: bool = False

    @property
    def type(self) -> str:
        """The type as a reader sees it.

        Examples
        --------
        >>> Parameter("year", "int", None, optional=True).type
        'int or none'
        """
        name = " | ".join(map(str, self.choices)) if self.kind == "choice" else self.kind
        return f"{name} or none" if self.optional else name

    def accept(self, value: object) -> Any:
        """The value in the declared type; text is read as the type says, and codes stay text.

        Raises
        ------
        ParameterError
            Names the parameter, the value and what is allowed.

        Examples
        --------
        >>> Parameter("municipality", "str", "").accept("0114")
        '0114'
        >>> Parameter("year", "int", None, optional=True).accept("2021")
        2021
        """
        if self.optional and (value is None or (isinstance(value, str) and value.strip().lower() in NONE)):
            return None
        try:
            return self._read(value)
        except (ValueError, TypeError):
            raise ParameterError(
                "Parameter {name}: {value!r} is not allowed. It takes {type}.",
                name=self.name,
                value=value,
                type=self.type,
            ) from None

    def _read(self, value: object) -> Any:
        if self.kind == "choice":
            return (
                next(item for item in self.choices if str(item) == str(value))
                if str(value) in map(str, self.choices)
                else _refuse()
            )
        if self.kind == "list[str]":
            if isinstance(value, str):
                return [item.strip() for item in value.split(",")] if value.strip() else []
            return [item.strip() if isinstance(item, str) else _refuse() for item in value]  # type: ignore[attr-defined]
        if self.kind == "bool":
            word = str(value).strip().lower()
            return True if word in YES else False if word in NO else _refuse()
        if self.kind == "str":
            return value if isinstance(value, str) else _refuse()
        if isinstance(value, bool):
            return _refuse()
        return int(str(value)) if self.kind == "int" else float(str(value))


def _refuse() -> Any:
    raise ValueError


def find_notebook(name: str | Path) -> Path:
    """A notebook by its path, or by its name: the person's own, in a folder of theirs, before the library's.

    Raises
    ------
    UsageError
        There is none; names those that there are.

    Examples
    --------
    >>> find_notebook("cost_efficiency").name
    'cost_efficiency.ipynb'
    """
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return path
    named = all_notebooks().get(path.name.removesuffix(".ipynb"))
    if named and (path.parent == Path() or path.parent.name == "notebooks"):
        return named
    raise UsageError(
        "No notebook {name!r}. There are: {known}. Or give the path of a file.ipynb.",
        name=str(name),
        known=", ".join(sorted(all_notebooks())),
    )


def all_notebooks() -> dict[str, Path]:
    """The notebooks by name: those that come with the library, and those of the person's own folder in their place.

    Examples
    --------
    >>> "cost_efficiency" in all_notebooks()
    True
    """
    own = own_folder()
    folders = [notebooks_dir(), *([own / "notebooks"] if own else [])]
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.ipynb"))}


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """A notebook file.

    Raises
    ------
    NotebookError
        The file is no notebook.

    Examples
    --------
    >>> read_notebook(find_notebook("cost_efficiency")).nbformat
    4
    """
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises whatever its parsers do
        raise NotebookError(
            "{name} cannot be read as a notebook ({reason}).", name=path.name, reason=type(error).__name__
        ) from error


def declared(notebook: nbformat.NotebookNode) -> dict[str, Parameter]:
    """The parameters that a notebook declares, by name, in their order.

    Raises
    ------
    NotebookError
        Not exactly one cell tagged `parameters`, or a line of it that is no declaration.

    Examples
    --------
    >>> list(declared(read_notebook(find_notebook("cost_efficiency"))))[:2]
    ['source', 'municipality']
    """
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise NotebookError("A notebook has one cell tagged 'parameters'; this one has {count}.", count=len(cells))
    source = cells[0].source
    comments = _comments(source)
    nodes = [node for node in ast.parse(source).body if not isinstance(node, ast.Import | ast.ImportFrom)]
    return {item.name: item for item in (_declaration(node, comments) for node in nodes)}


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").rstrip() for token in tokens if token.type == tokenize.COMMENT}


def _declaration(node: ast.stmt, comments: Mapping[int, str]) -> Parameter:
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or node.value is None:
        raise NotebookError(
            "A line of the parameters cell is not `name: type = default  # help`: {line}", line=ast.unparse(node)
        )
    kind, choices, optional = _type(node.annotation)
    try:
        default = ast.literal_eval(node.value)
    except ValueError:
        raise NotebookError(
            "The default of {name} must be a plain value, not {value}.",
            name=node.target.id,
            value=ast.unparse(node.value),
        ) from None
    return Parameter(node.target.id, kind, default, comments.get(node.end_lineno or 0, ""), choices, optional)


def _type(node: ast.expr) -> tuple[str, tuple[Any, ...], bool]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [
            side for side in (node.left, node.right) if not (isinstance(side, ast.Constant) and side.value is None)
        ]
        if len(sides) == 1:
            kind, choices, _ = _type(sides[0])
            return kind, choices, True
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).split(".")[-1] == "Literal":
        return "choice", tuple(item for item in ast.literal_eval(ast.Tuple(_elements(node.slice)))), False
    if ast.unparse(node) in SIMPLE:
        return ast.unparse(node), (), False
    raise NotebookError(
        "Unknown parameter type {type}. Allowed: {allowed}, Literal[...], and each `| None`.",
        type=ast.unparse(node),
        allowed=", ".join(SIMPLE),
    )


def _elements(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def validate(parameters: Mapping[str, Parameter], given: Mapping[str, object]) -> dict[str, Any]:
    """All parameters with the given values in their types and the defaults for the rest.

    Raises
    ------
    ParameterError
        A name that is not declared (names the closest) or a value of the wrong type.

    Examples
    --------
    >>> validate({"year": Parameter("year", "int", 2020)}, {"year": "2021"})
    {'year': 2021}
    """
    for name in given:
        if name not in parameters:
            closest = difflib.get_close_matches(name, parameters, 1, 0.4)
            raise ParameterError(
                "Unknown parameter {name!r}. Closest: {closest}. Declared: {declared}.",
                name=name,
                closest=closest[0] if closest else "–",
                declared=", ".join(parameters),
            )
    return {name: item.accept(given[name]) if name in given else item.default for name, item in parameters.items()}
