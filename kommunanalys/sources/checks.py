"""Whether every live publisher answers, and by the codes of last time; raw answers for recordings."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kommunanalys import paths
from kommunanalys.errors import KommunanalysError, OutputError, SourceError, UsageError
from kommunanalys.origin import hash_bytes, now
from kommunanalys.sources import http
from kommunanalys.sources.live import Seen
from kommunanalys.sources.publishers import PUBLISHERS

MEMORY = "sources.json"


@dataclass(frozen=True)
class Checked:
    """What came of one small question.

    Parameters
    ----------
    name
        Short name of the publisher.
    seconds
        How long it took, the publisher's own pace included [s].
    seen
        What it found; None where it failed.
    problem
        Why it failed, "" where it did not.
    since
        When its codes were seen last [ISO 8601, UTC], "" for never.
    new, gone, changed
        Codes that are new, no longer there, or mean something else since then.
    """

    name: str
    seconds: float
    seen: Seen | None
    problem: str = ""
    since: str = ""
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def live(names: str | Iterable[str] | None = None) -> list[str]:
    """Short names of the publishers that are on the network, or of those named.

    Raises
    ------
    UsageError
        One that is no such publisher.

    Examples
    --------
    >>> live("kolada"), len(live())
    (['kolada'], 8)
    """
    known = [name for name, item in PUBLISHERS.items() if item.check is not None]
    if names is None:
        return known
    given = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in given if name not in known]
    if unknown or not given:
        raise UsageError(
            "No publisher on the network: {unknown}. Choose among {known}.",
            unknown=", ".join(unknown) or "–",
            known=", ".join(known),
        )
    return given


def hosts() -> list[str]:
    """Hosts that a firewall must let through for all publishers.

    Examples
    --------
    >>> "api.kolada.se" in hosts()
    True
    """
    return list(dict.fromkeys(host for name in live() for host in PUBLISHERS[name].hosts()))


def check(names: Iterable[str] | None = None) -> Iterator[Checked]:
    """Ask publishers their small questions, one after the other, and remember their codes.

    Yields
    ------
    Checked
        One for each; a publisher that fails does not stop the others.

    Raises
    ------
    OutputError
        The memory in the state folder cannot be written.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     [item.seen for item in check(["kolada"])]
    [None]
    """
    for name in live(names):
        yield _compared(_asked(name))


def record(folder: str | Path, names: Iterable[str] | None = None) -> Iterator[Checked]:
    """Ask as `check`, and keep every raw answer in a folder of its own for each publisher.

    Raises
    ------
    OutputError
        An answer cannot be written.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     [item.problem != "" for item in record("recordings", ["kolada"])]
    [True]
    """
    for name in live(names):
        with http.snapshot(Path(folder) / name):
            yield _asked(name)


def _asked(name: str) -> Checked:
    ask = PUBLISHERS[name].check
    assert ask is not None
    started = time.perf_counter()
    seen, problem = None, ""
    try:
        with http.mode("offline" if http.current_mode() == "offline" else "refresh"):
            seen = ask()
    except OutputError:
        raise
    except KommunanalysError as error:
        problem = str(error)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # A publisher that has changed its form must not keep the others from being asked.
        problem = f"{type(error).__name__}: {error}"
    return Checked(name, time.perf_counter() - started, seen, problem)


def _compared(item: Checked) -> Checked:
    """The check with what has changed since last time; its codes are remembered."""
    if item.seen is None:
        return item
    memory = _memory()
    last = memory.get(item.name)
    codes = {code: hash_bytes(meaning.encode())[:12] for code, meaning in item.seen.codes.items()}
    _remember({**memory, item.name: {"seen": now(), "codes": codes}})
    if last is None:
        return item
    before: Mapping[str, str] = last["codes"]
    return Checked(
        item.name,
        item.seconds,
        item.seen,
        since=last["seen"],
        new=tuple(code for code in codes if code not in before),
        gone=tuple(code for code in before if code not in codes),
        changed=tuple(code for code in codes if before.get(code, codes[code]) != codes[code]),
    )


def _memory() -> dict[str, Any]:
    path = paths.state_dir() / MEMORY
    if not path.exists():
        return {}
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {name: {"seen": str(item["seen"]), "codes": dict(item["codes"])} for name, item in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceError(
            "{path} cannot be read: {reason}. It only remembers the publishers' codes: delete it to begin anew.",
            path=path,
            reason=error,
        ) from error


def _remember(memory: Mapping[str, Any]) -> None:
    path = paths.state_dir() / MEMORY
    try:
        paths.write_whole(path, json.dumps(memory, indent=1, ensure_ascii=False).encode())
    except OSError as error:
        raise OutputError(
            "{path} could not be written: {reason}. Make room, or set KOMMUNANALYS_STATE to another folder.",
            path=path,
            reason=error,
        ) from error
