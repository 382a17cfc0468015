"""A task: what a task file declares, with what can be done with it and the tables it names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommunanalys import paths
from kommunanalys.early_warning import cohorts, reading
from kommunanalys.early_warning.cohorts import CohortInfo
from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.early_warning.entry import Tables
from kommunanalys.errors import UsageError
from kommunanalys.secrecy.frame import RegisterFrame
from kommunanalys.secrecy.register import read_register

if TYPE_CHECKING:
    import pandas as pd

    from kommunanalys.early_warning.enough import Enough


class Task(Declaration):
    """What is to be foreseen, for whom, when, and from what.

    Examples
    --------
    >>> from kommunanalys.paths import data_dir
    >>> task = Task.read(data_dir() / "example" / "tasks" / "dropout.toml")
    >>> task.name, task.capacity, task.per
    ('dropout', 5, 'school')
    """

    @classmethod
    def read(cls, path: str | Path) -> Task:
        """Read a task file (TOML), or an example task by its name.

        Raises
        ------
        UsageError
            The file cannot be read, or is no whole task; all faults at once.

        Examples
        --------
        >>> Task.read("none.toml")
        Traceback (most recent call last):
        ...
        kommunanalys.errors.UsageError: none.toml cannot be opened: No such file or directory.
        """
        example = paths.data_dir() / "example" / "tasks" / f"{path}.toml"
        return cls(**vars(reading.read(example if example.is_file() else path)))

    @classmethod
    def parse(cls, text: str) -> Task:
        """The task that a TOML text declares.

        Raises
        ------
        UsageError
            No whole task; all faults at once.
        """
        return cls(**vars(reading.parse(text)))

    def build(
        self, tables: Tables, *, as_of: Any, known_by: Any = None
    ) -> tuple[pd.DataFrame, pd.Series[Any], CohortInfo]:
        """The cohort of an as-of day with only what was known then; see `cohorts.build`."""
        return cohorts.build(self, tables, as_of, known_by=known_by)

    def as_of_dates(self, tables: Tables, *, known_by: Any = None) -> dict[pd.Timestamp | int, bool]:
        """All as-of days with a cohort, each with whether its outcomes are complete; see `cohorts.candidates`."""
        return cohorts.candidates(self, tables, known_by=known_by)

    def enough(self, tables: Tables) -> Enough:
        """Whether there are outcomes enough to learn from, and what to do if not; see `enough.enough`."""
        from kommunanalys.early_warning.enough import enough

        return enough(self, tables)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that it rests on."""
        learnt = [one.table for one in self.features] + [one.table for one in self.groups]
        return tuple(dict.fromkeys([self.cohort.table, self.outcome.table, *learnt]))

    def read_registers(self, folder: str | Path, *, domain: str) -> dict[str, RegisterFrame]:
        """The registers of the task: for each of its tables the one file of that name in a folder.

        Parameters
        ----------
        folder
            Where they lie; "example" for the invented pupils.
        domain
            Whose secrecy covers them, see `secrecy.read_register`.

        Raises
        ------
        UsageError
            No file of a table's name, or several.
        """
        place = paths.data_dir() / "example" / "pupils" if folder == "example" else Path(folder).expanduser()
        return {
            name: read_register(_only_file(place, name), domain=domain, identity=self.person) for name in self.tables
        }

    @property
    def declaration(self) -> Declaration:
        """What the task file says: the task itself."""
        return self


def _only_file(folder: Path, table: str) -> Path:
    files = [one for kind in ("csv", "parquet", "xlsx") for one in folder.glob(f"{table}.{kind}")]
    if len(files) != 1:
        raise UsageError(
            "{folder} holds {count} files for the table {table!r}; there must be one: {table}.csv, {table}.parquet or "
            "{table}.xlsx.",
            folder=folder.name,
            count=len(files),
            table=table,
        )
    return files[0]
