"""The record of a run: what it was made of, how it ended, and whether what lies in its folder is still that.

`run.json` keeps the parameters as they were given, paths in full, since `--resume` compares them: it is not made for
publishing. All else that is written beside the reports shows a path of a machine by its last part only.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from kommunanalys.errors import Timeout
from kommunanalys.origin import hash_bytes

PAGE, SHEETS, DOCUMENT, EXECUTED = "report.html", "report.xlsx", "report.docx", "executed.ipynb"
RECORD, FAILED = "run.json", "run-failed.json"
SUMMARY, TABLE = "sweep.json", "sweep.csv"
CHOICE, MEMORY = "index.html", "index.json"
OWN = frozenset({PAGE, SHEETS, DOCUMENT, EXECUTED, RECORD, FAILED})
"""Every file of a report's folder that a run makes; all others are somebody's notes."""

STATUSES = ("ok", "failed", "timeout", "killed", "skipped")
PRIVATE = frozenset({EXECUTED})
"""Files that may be removed after some time without making a report incomplete."""

_ABSOLUTE = r"(?:[A-Za-z]:[\\/]|\\\\|~?/)"
_QUOTED = re.compile(rf"""(?<=['"]){_ABSOLUTE}(?:[^'":;\n]*[\\/])?([^'":;\\/\n]+)(?=['"])""")
_BARE = re.compile(rf"""(?<![\w:/.…]){_ABSOLUTE}(?:[^\s'":;]+[\\/])*([^\s'":;\\/]+)""")


def without_paths(text: str) -> str:
    r"""A text in which paths of somebody's machine are shown by their last part.

    Examples
    --------
    >>> without_paths("No file '/srv/anna b/a.csv', see https://a.example/b/c; C:\\data\\b.csv")
    "No file '…/a.csv', see https://a.example/b/c; …/b.csv"
    """
    return _BARE.sub(r"…/\1", _QUOTED.sub(r"…/\1", text))


def public(value: Any) -> Any:
    """A parameter's value as it may be published: a path by its last part, all else as it is.

    Examples
    --------
    >>> public(["/srv/anna b/a.csv", "0114", 2021])
    ['…/a.csv', '0114', 2021]
    """
    if isinstance(value, Mapping):
        return {name: public(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [public(item) for item in value]
    if isinstance(value, str | PurePath):
        text = str(value)
        last = re.split(r"[\\/]", text.rstrip("\\/"))[-1]
        return f"…/{last}" if re.match(_ABSOLUTE, text) else without_paths(text)
    return value


@cache
def versions() -> dict[str, str]:
    """Versions of the library, of all that it depends on, and of Python, by name.

    Examples
    --------
    >>> {"kommunanalys", "numpy", "python"} <= set(versions())
    True
    """
    needs = importlib.metadata.requires("kommunanalys") or []
    # "name>=1; extra == 'lab'": what an extra brings does not change a report.
    names = {re.split(r"[^A-Za-z0-9._-]", need, maxsplit=1)[0] for need in needs if "extra ==" not in need}
    found = {name: _version(name) for name in sorted({*names, "kommunanalys"}, key=str.lower)}
    return {**found, "python": platform.python_version()}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def request(record: Mapping[str, Any]) -> str:
    """What was asked for: the same for the same notebook, parameters, versions and language. Known before a run.

    Examples
    --------
    >>> asked = {"notebook_sha256": "ab", "parameters": {"year": 2021}, "versions": {}, "language": "sv"}
    >>> request(asked) == request({**asked, "language": "fi"})
    False
    """
    return _digest([record[name] for name in ("notebook_sha256", "parameters", "versions", "language")])


def identity(record: Mapping[str, Any]) -> str:
    """What a report is: its request and the hashes of its data. The same id, the same report.

    Examples
    --------
    >>> done = {"notebook_sha256": "ab", "parameters": {}, "versions": {}, "language": "sv", "origins": []}
    >>> len(identity(done))
    16
    """
    return _digest([request(record), sorted(str(item["sha256"]) for item in record["origins"])])


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def status_of(error: BaseException) -> str:
    """How a run ended that ended with this error.

    Examples
    --------
    >>> status_of(Timeout("late")), status_of(ValueError()), status_of(KeyboardInterrupt())
    ('timeout', 'failed', 'killed')
    """
    from kommunanalys.reporting.execute import KernelKilled

    if isinstance(error, Timeout):
        return "timeout"
    return "killed" if isinstance(error, KernelKilled | KeyboardInterrupt | SystemExit) else "failed"


def as_bytes(record: Mapping[str, Any]) -> bytes:
    """The record as it stands in its file; the message of an error names no folder of a machine.

    Examples
    --------
    >>> as_bytes({"status": "ok"}).decode().split()
    ['{', '"status":', '"ok"', '}']
    """
    if isinstance(error := record.get("error"), Mapping):
        record = {**record, "error": {**error, "message": without_paths(str(error.get("message", "")))}}
    return (json.dumps(record, indent=2, ensure_ascii=False, default=str) + "\n").encode()


def read(path: Path) -> dict[str, Any]:
    """A record from its file; empty where there is none or it is damaged.

    Examples
    --------
    >>> read(Path("nowhere") / RECORD)
    {}
    """
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def stands(folder: Path, asked: str, wanted: frozenset[str] = frozenset()) -> bool:
    """Whether the report of a request lies in a folder, whole and unchanged, with no later failure beside it.

    Parameters
    ----------
    folder
        The report's folder.
    asked
        As `request` gives it.
    wanted
        Files that the report must have besides those that its record lists.

    Examples
    --------
    >>> stands(Path("nowhere"), "")
    False
    """
    record = read(folder / RECORD)
    outputs = record.get("outputs")
    return (
        record.get("status") == "ok"
        and _asked(record) == asked
        and not (folder / FAILED).exists()
        and isinstance(outputs, dict)
        and {PAGE, SHEETS, *wanted} <= set(outputs)
        and all(_unchanged(folder / name, str(digest)) for name, digest in outputs.items())
    )


def _asked(record: Mapping[str, Any]) -> str | None:
    """What a record on disk was asked for: computed anew, since what stands there may have been changed."""
    try:
        return request(record)
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def _unchanged(path: Path, digest: str) -> bool:
    try:
        return hash_bytes(path.read_bytes()) == digest
    except FileNotFoundError:
        return path.name in PRIVATE
    except (OSError, ValueError):
        return False
