"""What lies in an output folder: reports by their records, records that cannot be read, and what has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kommunanalys.reporting.record import DOCUMENT, FAILED, PAGE, RECORD, SHEETS, STATUSES, public, without_paths
from kommunanalys.translation import LANGUAGES

KINDS = ("new", "changed", "failed", "mended", "again", "gone")
"""What can have happened to a report since an earlier index."""

BROKEN = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)
"""What a damaged record can raise; the last by a time before the first day or after the last."""

LONGEST_NAME, LONGEST_REASON = 255, 400
"""Signs of a notebook's name, as a file can have them, and of a reason that is repeated."""


@dataclass(frozen=True)
class Entry:
    """One report as its record tells of it.

    Parameters
    ----------
    folder
        From the output folder, with "/" between parts.
    notebook
        Name without ending.
    parameters
        Values by name.
    language
        "sv", "fi" or "en".
    status
        "ok", "failed", "timeout", "killed" or "skipped".
    made
        When the run ended [UTC].
    reason
        Why there is no report, or none newer; "" where all is well.
    later
        Status of a later run that failed while this report stayed; "" for none.
    id
        The run's identity: the same for the same notebook, parameters, data, versions and language.
    outputs
        SHA-256 by file.
    files
        Those that can be opened: page, spreadsheet, document.
    """

    folder: str
    notebook: str
    parameters: Mapping[str, Any]
    language: str
    status: str
    made: datetime
    reason: str = ""
    later: str = ""
    id: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    @property
    def municipality(self) -> str:
        """Code or name as it was given; "" for none."""
        return str(self.parameters.get("municipality") or "")

    @property
    def year(self) -> str:
        """The year that was asked for; "" for the latest."""
        return str(self.parameters.get("year") or "")

    @property
    def statuses(self) -> tuple[str, ...]:
        """The status, and that of a later run that failed."""
        return tuple(dict.fromkeys(filter(None, (self.status, self.later))))


@dataclass(frozen=True)
class Found:
    """Reports, and records that could not be read with the reason for each."""

    entries: tuple[Entry, ...]
    unreadable: Mapping[str, str]


def find_reports(output: Path) -> Found:
    """All reports below a folder, however deep.

    Examples
    --------
    >>> find_reports(Path("no-such-folder")).entries
    ()
    """
    entries, unreadable = [], {}
    for folder in sorted(_folders(output)):
        name = folder.relative_to(output).as_posix()
        records = {}
        for file in (RECORD, FAILED):
            if (folder / file).exists():
                try:
                    records[file] = _checked(json.loads((folder / file).read_text(encoding="utf-8")))
                except BROKEN as error:
                    unreadable[f"{name}/{file}"] = type(error).__name__
        if records:
            entries.append(_entry(folder, name, records))
    missing = [entry for entry in entries if entry.status == "ok" and PAGE not in entry.files]
    unreadable.update({f"{entry.folder}/{PAGE}": "FileNotFoundError" for entry in missing})
    return Found(tuple(entry for entry in entries if entry not in missing), unreadable)


def _folders(output: Path) -> set[Path]:
    found = {path.parent for name in (RECORD, FAILED) for path in output.rglob(name)}
    # A folder that a run is writing, or left when it was killed, has a hidden name and is no report.
    return {folder for folder in found if not any(part.startswith(".") for part in folder.relative_to(output).parts)}


def _checked(record: Any) -> dict[str, Any]:
    """The record itself; ValueError, TypeError or KeyError where it is none of ours."""
    moment = datetime.fromisoformat(record.get("finished") or record["started"]).astimezone(UTC)
    shapes = {"notebook": str, "parameters": dict, "language": str, "status": str}
    if not all(isinstance(record[name], kind) for name, kind in shapes.items()):
        raise ValueError("a field of another kind")
    if len(record["notebook"].encode(errors="replace")) > LONGEST_NAME:
        raise ValueError("no name of a file")
    if record["status"] not in STATUSES or record["language"] not in LANGUAGES:
        raise ValueError("an unknown status or language")
    if not all(isinstance(record.get(name, {}), dict) for name in ("outputs", "error")):
        raise ValueError("a field of another kind")
    return {**record, "made": moment}


def _entry(folder: Path, name: str, records: Mapping[str, dict[str, Any]]) -> Entry:
    record = records.get(RECORD) or records[FAILED]
    later = records[FAILED] if RECORD in records and FAILED in records else {}
    error = (later or record).get("error", {})
    return Entry(
        folder=name,
        notebook=record["notebook"].removesuffix(".ipynb"),
        parameters=record["parameters"],
        language=record["language"],
        status=record["status"],
        made=record["made"],
        reason=_short(without_paths(str(error.get("message", "")))),
        later=later.get("status", ""),
        id=str(record.get("id", "")),
        outputs={str(key): str(value) for key, value in record.get("outputs", {}).items()},
        files=tuple(item for item in (PAGE, SHEETS, DOCUMENT) if (folder / item).is_file()),
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + "…"


def memory(entries: tuple[Entry, ...]) -> dict[str, dict[str, Any]]:
    """What is remembered of each report by its folder, until the next index; no path of a machine.

    Examples
    --------
    >>> memory(())
    {}
    """
    return {
        entry.folder: {
            "id": entry.id,
            "status": "+".join(entry.statuses),
            "outputs": dict(entry.outputs),
            "notebook": entry.notebook,
            "municipality": public(entry.municipality),
            "year": public(entry.year),
            "language": entry.language,
        }
        for entry in entries
    }


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[str]]:
    """Folders by what has happened to them.

    Examples
    --------
    >>> one = {"id": "a", "status": "ok", "outputs": {}}
    >>> changes({"x": one}, {"x": {**one, "id": "b"}, "y": one})
    {'new': ['y'], 'changed': ['x']}
    """
    told: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for folder, kind in _compared(before, now):
        told[kind].append(folder)
    return {kind: folders for kind, folders in told.items() if folders}


def _compared(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for folder in sorted({*before, *now}):
        old, new = before.get(folder), now.get(folder)
        if new is None:
            yield folder, "gone"
        elif new["status"] != "ok" and (old is None or old["status"] != new["status"]):
            yield folder, "failed"
        elif old is None:
            yield folder, "new"
        elif old["status"] != new["status"]:
            yield folder, "mended"
        elif old["id"] != new["id"]:
            yield folder, "changed"
        elif old["outputs"] != new["outputs"]:
            yield folder, "again"
