"""What became of a sweep: a row for each report, how far it is, and the words for it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommunanalys.errors import OutputError
from kommunanalys.language import Speaker
from kommunanalys.reporting.record import public

if TYPE_CHECKING:
    import pandas as pd

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Row:
    """One report of a sweep.

    Parameters
    ----------
    parameters
        What distinguishes it: the values that were swept over.
    language
        "sv", "fi" or "en".
    folder
        Where it lies, below the output folder.
    status
        "ok", "failed", "timeout", "killed"; "skipped" where the sweep was stopped before it.
    seconds
        How long it took [s].
    reason
        Why it failed, in the report's language; "" where it did not.
    made
        False where the report stood there already (`resume`).
    """

    parameters: dict[str, Any]
    language: str
    folder: str
    status: str = "skipped"
    seconds: float = 0.0
    reason: str = ""
    made: bool = False


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Parameters
    ----------
    done, failed, total
        Reports: ended in whatever way, of these not well, and all that are to be made.
    elapsed
        Time since the first was begun [s].
    """

    done: int
    failed: int
    total: int
    elapsed: float

    @property
    def remaining(self) -> float | None:
        """Time that the rest will take at the pace so far [s]; None before the first is done.

        Examples
        --------
        >>> Progress(1, 0, 3, 10.0).remaining
        20.0
        """
        return self.elapsed / self.done * (self.total - self.done) if self.done else None


@dataclass(frozen=True)
class Sweep:
    """What became of a sweep.

    Parameters
    ----------
    notebook
        Name of the notebook.
    folder
        Holds the reports, `sweep.json` and `sweep.csv`.
    rows
        One for each report, in the order asked for.
    """

    notebook: str
    folder: Path
    rows: tuple[Row, ...]

    @property
    def bad(self) -> tuple[Row, ...]:
        """The reports that failed."""
        return tuple(row for row in self.rows if row.status not in ("ok", "skipped"))

    def to_frame(self) -> pd.DataFrame:
        """The rows as a table, one column for each parameter that was swept over.

        Examples
        --------
        >>> Sweep("n", Path(), (Row({"municipality": "0114"}, "sv", "a", "ok"),)).to_frame()["municipality"].tolist()
        ['0114']
        """
        import pandas as pd

        return pd.DataFrame([_flat(row) for row in self.rows])

    def summary(self, language: str = "en") -> str:
        """How many are well, made now or before, failed and not begun, in words.

        Examples
        --------
        >>> Sweep("n", Path(), (Row({}, "sv", "a", "ok", 2.5, made=True),)).summary()
        '1 of 1 reports are there: 1 made now, 0 stood there already. 0 failed, 0 were not begun.'
        """
        say = Speaker(language)
        well = [row for row in self.rows if row.status == "ok"]
        made = sum(row.made for row in well)
        return say(
            "{well} of {total} reports are there: {made} made now, {stood} stood there already. {failed} failed, "
            "{left} were not begun.",
            well=say.number(len(well)),
            total=say.number(len(self.rows)),
            made=say.number(made),
            stood=say.number(len(well) - made),
            failed=say.number(len(self.bad)),
            left=say.number(sum(row.status == "skipped" for row in self.rows)),
        )


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM; `sweep` holds what was done until then."""

    def __init__(self, done: Sweep) -> None:
        super().__init__()
        self.sweep = done


class Unwritten(OutputError):
    """The reports are made, but not all that tells of them could be written; `sweep` holds what was done."""

    def __init__(self, reason: OutputError, done: Sweep) -> None:
        super().__init__(reason.message, **reason.values)
        self.sweep = done


def status_words(say: Speaker) -> dict[str, str]:
    """Each status of a report in words.

    Examples
    --------
    >>> status_words(Speaker("en"))["timeout"]
    'Took too long'
    """
    return {
        "ok": say("Ready"),
        "failed": say("Failed"),
        "timeout": say("Took too long"),
        "killed": say("Ended from outside"),
        "skipped": say("Left out"),
    }


def as_csv(rows: Sequence[Row]) -> bytes:
    """The rows as CSV that opens well in Excel; no text of a source becomes a formula there.

    Of a path only the last part is written.

    Examples
    --------
    >>> as_csv([Row({"code": "0114"}, "sv", "a", "ok")]).decode("utf-8-sig").splitlines()[1]
    '0114,sv,a,ok,0.0,,False'
    """
    held = io.StringIO()
    flat = [_flat(row) for row in rows]
    writer = csv.DictWriter(held, list(flat[0]))
    writer.writeheader()
    writer.writerows({name: _unarmed(public(value)) for name, value in row.items()} for row in flat)
    return held.getvalue().encode("utf-8-sig")


def _flat(row: Row) -> dict[str, Any]:
    known = {name: value for name, value in asdict(row).items() if name != "parameters"}
    return {**row.parameters, **known}


def _unarmed(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value
