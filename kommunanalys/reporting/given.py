"""Parameters as people give them: NAME=VALUE, a YAML file, the environment, and the values of a sweep.

Everything is text until the notebook's own declaration reads it, so that 0114 is never 76 and `no` never False.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kommunanalys.errors import KommunanalysError, ParameterError, UnknownMunicipality, UsageError
from kommunanalys.reporting.masking import REFERENCE
from kommunanalys.reporting.parameters import Parameter

ENVIRONMENT = "KOMMUNANALYS_PARAMETER_"
FILES = (".csv", ".txt")
PLACE = "municipality"


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """NAME=VALUE texts by name; the value stays as it is.

    Raises
    ------
    ParameterError
        No such text, a name that is not plain, or one that is given twice.

    Examples
    --------
    >>> pairs(["municipality=0114", "note=a=b"])
    {'municipality': '0114', 'note': 'a=b'}
    """
    given: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        name = name.strip()
        # Names go into code: only plain names pass, whatever the notebook declares.
        if not sign or not name.isidentifier():
            raise ParameterError("{text!r} is not NAME=VALUE, with a plain name such as municipality=1440.", text=text)
        if name in given:
            raise ParameterError("Parameter {name} is given twice. Give it once.", name=name)
        given[name] = value
    return given


def from_yaml(path: Path) -> dict[str, str | list[str]]:
    r"""Parameters from a YAML file of `name: value` lines; every value stays text, a list becomes texts.

    Raises
    ------
    UsageError
        There is no such file.
    ParameterError
        Not YAML, not `name: value` lines, values inside values, or a name given twice.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "p.yaml")
    ...     _ = file.write_text("municipality: 0114\nquick: no\nnames: [091, 092]\n")
    ...     from_yaml(file)
    {'municipality': '0114', 'quick': 'no', 'names': ['091', '092']}
    """
    import yaml

    try:
        # Composed, not constructed: no value is ever interpreted, and a name given twice is seen.
        root = yaml.compose(_text(path), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ParameterError("{file} cannot be read as YAML: {reason}", file=path.name, reason=reason) from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise ParameterError("{file} must hold lines `name: value`.", file=path.name)
    given: dict[str, str | list[str]] = {}
    for key, value in root.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if not name.isidentifier():
            raise ParameterError("{file}: {name!r} is no plain name of a parameter.", file=path.name, name=name)
        if name in given:
            raise ParameterError("Parameter {name} is given twice. Give it once.", name=name)
        given[name] = _plain(value, name, path)
    return given


def _plain(node: Any, name: str, path: Path) -> str | list[str]:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return [str(item.value) for item in node.value]
    raise ParameterError(
        "{file}: the value of {name} must be plain text or a list of texts, not values inside values.",
        file=path.name,
        name=name,
    )


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(
            "{file} cannot be opened ({reason}).", file=str(path), reason=error.strerror or type(error).__name__
        ) from error
    # What Excel calls Unicode text has a mark of its own at the beginning; what it calls CSV is the last.
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        if wide:
            raise ParameterError("{file} is no text that can be read.", file=path.name) from error
        return raw.decode("cp1252", errors="replace")


def from_environment(names: Iterable[str]) -> dict[str, str]:
    """Parameters from `KOMMUNANALYS_PARAMETER_<NAME>`, for the declared names only.

    Examples
    --------
    >>> os.environ["KOMMUNANALYS_PARAMETER_YEAR"] = "2021"
    >>> from_environment(["year", "municipality"])
    {'year': '2021'}
    >>> del os.environ["KOMMUNANALYS_PARAMETER_YEAR"]
    """
    keys = {name: ENVIRONMENT + name.upper() for name in names}
    return {name: os.environ[key] for name, key in keys.items() if key in os.environ}


def gathered(known: Iterable[str], file: Path | None, texts: Iterable[str]) -> dict[str, str | list[str]]:
    """All that was given, the command line before the environment before the YAML file.

    Examples
    --------
    >>> gathered(["year"], None, ["year=2021"])
    {'year': '2021'}
    """
    return {**(from_yaml(file) if file else {}), **from_environment(known), **pairs(texts)}


def secrets(values: Mapping[str, str | list[str]]) -> list[str]:
    """Variables of the environment that the values refer to as `env:NAME`.

    Examples
    --------
    >>> secrets({"key": "env:API_KEY", "municipality": "0114"})
    ['API_KEY']
    """
    texts = [text for value in values.values() for text in ([value] if isinstance(value, str) else value)]
    return [found[1] for text in texts if (found := REFERENCE.fullmatch(text))]


def over(text: str, parameter: Parameter, source: str | None = None) -> list[str]:
    """The values that a sweep takes, one after the other; the same one twice counts once.

    Parameters
    ----------
    text
        "all", a file (.csv or .txt) or "a,b,c".
    parameter
        The declaration of what is swept over.
    source
        Where the notebook takes its figures from; "all" municipalities are those that it covers.

    Raises
    ------
    UsageError
        No values, a file without a column of that name, or "all" of something that cannot be counted.
    ParameterError
        A file that is no text, or with a cell that is too long.

    Examples
    --------
    >>> over("0114, 0180", Parameter("municipality", "str", ""))
    ['0114', '0180']
    >>> len(over("all", Parameter("municipality", "str", ""), "kolada"))
    290
    """
    if text.strip() == "all":
        found = _all(parameter, source)
    elif Path(text).suffix.lower() in FILES:
        found = _column(Path(text), parameter.name)
    else:
        found = [item.strip() for item in text.split(",")]
    values = list(dict.fromkeys(item for item in found if item))
    if not values:
        raise UsageError("There are no values of {name} in {text!r}.", name=parameter.name, text=text)
    return values


def _all(parameter: Parameter, source: str | None) -> list[str]:
    if parameter.kind == "choice":
        return [str(item) for item in parameter.choices]
    if parameter.name != PLACE or source is None:
        raise UsageError(
            "'all' can be said of a municipality whose source is known, and of a parameter with choices; not of "
            "{name}. Give a FILE.csv with a column {name}, or values with commas.",
            name=parameter.name,
        )
    from kommunanalys.sources.catalogue import covered

    return covered(source)


def _column(path: Path, name: str) -> list[str]:
    text = _text(path)
    if "\0" in text:
        raise ParameterError("{file} is no text that can be read.", file=path.name)
    if path.suffix.lower() == ".txt":
        rows = [[line.strip()] for line in text.splitlines() if line.strip()]
    else:
        rows = _table(text, name, path)
    heads = _heads(rows)
    if name.casefold() in heads:
        at = heads.index(name.casefold())
        return [row[at].strip() for row in rows[1:] if at < len(row)]
    if any(len(row) > 1 for row in rows):
        raise UsageError(
            "{file} has no column {name}. Its columns: {columns}. Name one of them {name}, or give one value a line.",
            file=path.name,
            name=name,
            columns=", ".join(rows[0]),
        )
    return [row[0].strip() for row in rows]


def _table(text: str, name: str, path: Path) -> list[list[str]]:
    """Rows of a CSV file by the delimiter that gives the column, else by the one that the headings hold most of."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = next((line for line in re.sub(r'"[^"]*"', '""', text).split("\n") if line.strip()), "")
    tables = {sign: _rows(text, sign) for sign in sorted(";\t,", key=first.count, reverse=True)}
    likely, *_ = tables.values()
    rows = next((rows for rows in tables.values() if rows and name.casefold() in _heads(rows)), likely)
    if rows is None:
        raise ParameterError("{file} holds a cell that is too long for a table of values.", file=path.name)
    return rows


def _rows(text: str, sign: str) -> list[list[str]] | None:
    try:
        return [row for row in csv.reader(io.StringIO(text), delimiter=sign) if any(cell.strip() for cell in row)]
    except csv.Error:  # a cell beyond the limit of the csv module
        return None


def _heads(rows: list[list[str]]) -> list[str]:
    return [cell.strip().casefold() for cell in rows[0]] if rows else []


def places(values: Sequence[str], country: str | None) -> list[str]:
    """Municipalities by name or code as official codes; all that are wrong are told at once.

    Raises
    ------
    UnknownMunicipality
        Lists every wrong one with its reason.

    Examples
    --------
    >>> places(["Ale", "0114"], "SE")
    ['1440', '0114']
    """
    from kommunanalys.municipalities import find

    codes, wrong = list[str](), list[KommunanalysError]()
    for value in values:
        try:
            codes.append(find(value, country=country).code)
        except KommunanalysError as error:
            wrong.append(error)
    if wrong:
        raise UnknownMunicipality(
            "{count} of {total} municipalities are wrong; nothing was run.\n{reasons}",
            count=len(wrong),
            total=len(values),
            reasons=tuple(wrong),
        )
    return list(dict.fromkeys(codes))


def product(chosen: Mapping[str, Sequence[object]]) -> list[dict[str, object]]:
    """Every combination of the values of several parameters, the last changing fastest.

    Examples
    --------
    >>> product({"year": [2020, 2021], "level": ["a"]})
    [{'year': 2020, 'level': 'a'}, {'year': 2021, 'level': 'a'}]
    """
    rows: list[dict[str, object]] = [{}]
    for name, values in chosen.items():
        rows = [{**row, name: value} for row in rows for value in values]
    return rows
