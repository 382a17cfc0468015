"""The words that a run that has read a register may show: its notebook's own, and those of its releases.

A text is harmless if it stands word for word in the notebook: then no register can have got into it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path

import nbformat

from kommunanalys import municipalities, paths
from kommunanalys.errors import KommunanalysError
from kommunanalys.secrecy.released import Release
from kommunanalys.secrecy.statistics_released import StatisticsRelease
from kommunanalys.translation import translate

Known = Release | StatisticsRelease
THRESHOLDS = range(3, 31)
FIELD = re.compile(r"\{[^{}]*\}")


class Words:
    """The texts that a notebook may show: those that stand in it, and what is printed under its releases.

    Parameters
    ----------
    notebook
        Executed, with the cell of its parameters.
    known
        Its releases.
    """

    def __init__(self, notebook: nbformat.NotebookNode, known: Sequence[Known]) -> None:
        trees = [tree for cell in notebook.cells if cell.cell_type == "code" for tree in _tree(cell.source)]
        texts, self._templates = set[str](), set[str]()
        for node in (node for tree in trees for node in ast.walk(tree)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_value(node.value):
                texts.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                self._templates.add("".join(_piece(part) for part in node.values))
        texts |= {translate(text, language, place) for text in texts for language, place in voices()}
        self._templates |= {_pattern(text) for text in texts if FIELD.search(text)}
        self._texts = {text.strip() for text in texts} | _printed_below(known) | _sentences(known, texts)
        self._names = _values(notebook)

    def stands(self, text: str) -> bool:
        """Whether it stands word for word in the notebook, or is a release's own."""
        return text.strip() in self._texts

    def allows(self, text: str) -> bool:
        """Whether it stands in the notebook, its fields filled with parameters only."""
        bare = text.strip()
        filled = "|".join(map(re.escape, sorted(self._names, key=len, reverse=True))) or r"(?!)"
        return (
            bare in self._texts
            or bare in self._names
            or any(re.fullmatch(one.replace("\0", f"(?:{filled})"), bare) for one in self._templates)
        )


def _tree(source: str) -> Iterator[ast.Module]:
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        yield ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return


def _piece(part: ast.expr) -> str:
    return re.escape(part.value) if isinstance(part, ast.Constant) and isinstance(part.value, str) else "\0"


def _pattern(text: str) -> str:
    return "\0".join(map(re.escape, FIELD.split(text.strip())))


def voices() -> list[tuple[str, str | None]]:
    """Every language, with the country whose terms it is spoken in.

    Examples
    --------
    >>> voices()[-1]
    ('sv', 'FI')
    """
    return [("en", None), ("fi", None), ("sv", None), ("sv", "FI")]


def _values(notebook: nbformat.NotebookNode) -> set[str]:
    """What is known before the run: the parameters' values, names of municipalities and titles of tasks among them."""
    found: set[str] = set()
    for cell in notebook.cells:
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])):
            constants = (node for tree in _tree(cell.source) for node in ast.walk(tree))
            found |= {str(node.value) for node in constants if isinstance(node, ast.Constant) and _is_value(node.value)}
    for text in list(found):
        found |= _titles(text)
        try:
            place = municipalities.find(text)
        except KommunanalysError:
            continue
        found |= {place.name_sv, place.name_fi}
    return found - {""}


def _titles(task: str) -> set[str]:
    """The titles in a task file that a parameter names: they were written before any register was read."""
    named = (paths.data_dir() / "example" / "tasks" / f"{task}.toml", Path(task))
    try:
        place = next(one for one in named if one.suffix == ".toml" and one.is_file())
        return set(tomllib.loads(place.read_text(encoding="utf-8")).get("title", {}).values())
    except (StopIteration, OSError, ValueError, AttributeError):
        return set()


def _is_value(value: object) -> bool:
    """Whether a text may be filled with it: not with a number that a count of few persons could be by chance."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return False
    return not re.fullmatch(r"[1-9]?\d|\d+[.,]\d+", str(value))


def _sentences(known: Iterable[Known], texts: set[str]) -> set[str]:
    """The texts of released statistics whose templates stand in the notebook or are the library's own."""
    found = set[str]()
    for one in known:
        if isinstance(one, StatisticsRelease):
            found |= one.said({text for text in one.templates if text in texts or _is_ours(text)})
            found |= {name for name in one.tables if not re.search(r"\d", name)}
    return found


def _is_ours(text: str) -> bool:
    """Whether the library's catalogues hold it: then it was written before anything was worked out."""
    return any(translate(text, language, place) != text for language, place in voices())


def _printed_below(known: Iterable[Known]) -> set[str]:
    found = set[str]()
    for one in (one for one in known if isinstance(one, Release)):
        for threshold, method in product(THRESHOLDS, ("suppress", "round")):
            told = Release(one.told, one.figures, (), method, threshold, one.language)
            found |= {told.paragraph(), told.summary()}
    return found
