"""What one run has read of registers and let out of them: the journal's lines of the run, whoever wrote them.

A run is told by an environment variable, which processes that the notebook starts inherit. So `%run`, subprocesses and
workers count; a process that empties its environment or moves its state does not, and is told apart by the origins
that the notebook hands over.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kommunanalys import journal
from kommunanalys.errors import KommunanalysError

RUN = journal.RUN
_ONE_AT_A_TIME = threading.RLock()
"""The environment is the process's own: two threads with a run each would take each other's name."""
OWN = "own register"
"""The credit of data about individuals in an origin (`secrecy.register.CREDIT`, which is heavy to import)."""
READING = frozenset({"reading", "linking", "preparing"})
"""Kinds of journal lines by which data about individuals come in."""


@dataclass(frozen=True)
class Session:
    """What a run has done with registers.

    Parameters
    ----------
    readings
        How many registers were read, linked or prepared.
    releases
        Ids of the tables that were let out, in their order.
    """

    readings: int = 0
    releases: tuple[str, ...] = ()

    def with_origins(self, origins: Iterable[Mapping[str, Any]]) -> Session:
        """Together with what the notebook's own list of origins tells.

        Examples
        --------
        >>> Session().with_origins([{"credit": OWN}]).readings
        1
        """
        own = sum(item.get("credit") == OWN for item in origins)
        return Session(max(self.readings, own), self.releases)


@contextmanager
def watched() -> Iterator[Watch]:
    """Name a run, for this process and those that it starts, and watch what it does.

    Raises
    ------
    KommunanalysError
        The journal cannot be read.

    Examples
    --------
    >>> with watched() as run:
    ...     run.session()
    Session(readings=0, releases=())
    """
    with _ONE_AT_A_TIME:
        before = os.environ.get(RUN)
        watch = Watch(secrets.token_hex(8), _lines())
        os.environ[RUN] = watch.name
        try:
            yield watch
        finally:
            if before is None:
                del os.environ[RUN]
            else:
                os.environ[RUN] = before


@dataclass(frozen=True)
class Watch:
    """A run that is watched.

    Parameters
    ----------
    name
        Of the run.
    start
        How many lines the journal had before it.
    """

    name: str
    start: int

    def session(self) -> Session:
        """What it has done so far."""
        now = _lines()
        if now <= self.start:
            return Session(int(now < self.start))  # a journal that has lost lines could tell of anything
        lines = [line for line in journal.read() if line["n"] > self.start and self.is_mine(line)]
        releases = dict.fromkeys(str(line["facts"]["release"]) for line in lines if line["kind"] == "release")
        return Session(sum(line["kind"] in READING for line in lines), tuple(releases))

    def is_mine(self, line: Mapping[str, Any]) -> bool:
        """Whether a line is of this run; one that does not say of which run it is counts as well.

        Examples
        --------
        >>> Watch("a", 0).is_mine({"run": "b"}), Watch("a", 0).is_mine({})
        (False, True)
        """
        return bool(line.get("run", self.name) == self.name)


def _lines() -> int:
    """How many lines the journal has."""
    try:
        return journal.head()[0]
    except (PermissionError, NotADirectoryError):
        return 0  # who may not open the journal cannot write in it, and reads no register
    except OSError as error:
        raise KommunanalysError(
            "The journal cannot be read ({reason}), and without it nobody can tell whether a run reads a register. Is "
            "the folder of the state (KOMMUNANALYS_STATE) open to you?",
            reason=error.strerror or type(error).__name__,
        ) from None
