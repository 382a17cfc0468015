"""A permit to bring data of several secrecy domains together: a dated file that says what, why, whose and how long."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from kommunanalys import journal
from kommunanalys.answer import Answer
from kommunanalys.errors import PermitError
from kommunanalys.language import Speaker, current
from kommunanalys.origin import hash_bytes
from kommunanalys.secrecy.domains import called
from kommunanalys.secrecy.domains import domains as known_domains
from kommunanalys.secrecy.frame import local_day
from kommunanalys.secrecy.keys import NAME

TEXTS = ("purpose", "legal_basis", "decision", "signed_by")
PARTS = frozenset({*TEXTS, "id", "domains", "columns", "population", "valid_from", "valid_until", "key_fingerprint"})


@dataclass(frozen=True)
class Permit(Answer):
    """What a decision allows, and nothing else.

    Parameters
    ----------
    id
        Short name; the file's where none is given.
    purpose, legal_basis
        What the data may be used for, and by which law or decision.
    domains
        Secrecy domains that may be brought together.
    columns
        By domain: the columns that may be taken besides the identity.
    population
        Whose data, in words.
    only
        By domain: column → the values that belong to the population; other rows are left out.
    valid_from, valid_until
        First and last day.
    decision, signed_by
        Who decided, when and under which number; who signed.
    key_fingerprint
        Of the key that two authorities share (`new_shared_key`), "" where one authority holds all the data.
    sha256
        Hash of the file; of the contents where the permit was made or changed in code, so that no other permit has it.

    Examples
    --------
    >>> permit = Permit("fz", "Early support", "Free zone act", ("school", "social_services"),
    ...                 {"school": ("grade",), "social_services": ("measure",)}, "Grades 7-9", {},
    ...                 date(2026, 8, 1), date(2027, 7, 31), "Board 2026-06-10 § 45", "A. Example")
    >>> permit.check(["school"], today=date(2026, 11, 22))
    """

    id: str
    purpose: str
    legal_basis: str
    domains: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    population: str
    only: Mapping[str, Mapping[str, tuple[str, ...]]]
    valid_from: date
    valid_until: date
    decision: str
    signed_by: str
    key_fingerprint: str = ""
    sha256: str = field(default="", compare=False, init=False)

    def __post_init__(self) -> None:
        columns = {name: tuple(taken) for name, taken in self.columns.items()}
        only = {
            name: MappingProxyType({column: tuple(values) for column, values in conditions.items()})
            for name, conditions in self.only.items()
        }
        for name, value in (("columns", MappingProxyType(columns)), ("only", MappingProxyType(only))):
            object.__setattr__(self, name, value)
        about = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        object.__setattr__(self, "sha256", hash_bytes(json.dumps(about, default=_plain, sort_keys=True).encode()))

    @classmethod
    def read(cls, path: str | Path) -> Permit:
        """Read a permit from a TOML file.

        Raises
        ------
        PermitError
            The file cannot be read, or what stands in it is not whole; all faults at once.

        Examples
        --------
        >>> Permit.read("none.toml")
        Traceback (most recent call last):
        ...
        kommunanalys.errors.PermitError: none.toml cannot be opened...
        """
        place = Path(path).expanduser()
        raw, about, reason = _opened(place)
        if raw is None:
            raise PermitError("{file} cannot be opened: {reason}.", file=place.name, reason=reason)
        if about is None:
            raise PermitError("{file} is no TOML file: {reason}.", file=place.name, reason=reason)
        about.setdefault("id", re.sub(r"[^a-z0-9_.-]+", "-", place.stem.lower()).strip("-._"))
        faults = _faults(about, Speaker(current()))
        if faults:
            raise PermitError("{file} is no whole permit: {faults}.", file=place.name, faults="; ".join(faults))
        read = cls(**_fields(about))
        object.__setattr__(read, "sha256", hash_bytes(raw))
        return read

    def check(
        self,
        domains: Iterable[str],
        *,
        columns: Mapping[str, Iterable[str]] | None = None,
        purpose: str | None = None,
        today: date | None = None,
    ) -> None:
        """Nothing if the permit allows it; else an error that names all that is missing. Refusals are journalled.

        Parameters
        ----------
        domains
            Whose data are to be used.
        columns
            By domain, which columns; None where nothing but the permit's own are taken.
        purpose
            What for; None for the permit's own purpose.
        today
            Day of use, default today.

        Raises
        ------
        PermitError
            Expired, not yet valid, another purpose, or too narrow.
        """
        say, day, wanted = Speaker(current()), today or local_day(), sorted(set(domains))
        missing = [*self._days(day, say), *self._other_purpose(purpose, say)]
        outside = [name for name in wanted if name not in self.domains]
        if outside:
            names = say.names(called(name, say) for name in outside)
            missing.append(say("the domain {domains} is not in it", domains=names))
        for name, asked in (columns or {}).items():
            extra = [one for one in asked if one not in self.columns.get(name, ())]
            if extra and name in self.domains:
                missing.append(
                    say("of {domain} it does not name {columns}", domain=called(name, say), columns=say.names(extra))
                )
        if missing:
            self.refuse(missing, wanted)

    def refuse(self, missing: Iterable[str], domains: Iterable[str]) -> None:
        """Journal a refusal and raise it.

        Raises
        ------
        PermitError
            Always.
        """
        journal.append(
            "refusal", {"what": "permit", "permit": self.id, "sha256": self.sha256, "domains": sorted(domains)}
        )
        raise PermitError(
            "Permit {permit} does not allow this: {missing}. Nothing was done. Ask {signed_by} for a permit that does.",
            permit=self.id,
            missing="; ".join(missing),
            signed_by=self.signed_by,
        )

    def population_of(self, name: str, table: pd.DataFrame) -> pd.Series[bool]:
        """Which rows of a domain's table belong to the permit's population.

        Raises
        ------
        PermitError
            The table lacks a column by which the population is told.
        """
        within = pd.Series(True, index=table.index)
        for column, values in self.only.get(name, {}).items():
            if column not in table.columns:
                say = Speaker(current())
                self.refuse(
                    [
                        say(
                            "its population is told by {column}, which the table of {domain} lacks",
                            column=column,
                            domain=called(name, say),
                        )
                    ],
                    [name],
                )
            within &= _as_text(table[column]).isin(values).astype(bool)
        return within

    def summary(self, language: str | None = None) -> str:
        """What it allows, in plain words."""
        say = Speaker(language or current())
        taken = "; ".join(
            f"{called(name, say)}: {', '.join(self.columns.get(name, ())) or '–'}" for name in self.domains
        )
        return say(
            "Permit {permit}: {domains} may be brought together from {start} to {end} for this purpose: {purpose}. "
            "Population: {population}. Columns: {columns}. Legal basis: {legal_basis}. Decision: {decision}, signed by "
            "{signed_by}.",
            permit=self.id,
            domains=say.names(called(name, say) for name in self.domains),
            start=self.valid_from.isoformat(),
            end=self.valid_until.isoformat(),
            columns=taken,
            **{part: getattr(self, part) for part in ("purpose", "population", "legal_basis", "decision", "signed_by")},
        )

    def _days(self, day: date, say: Speaker) -> list[str]:
        if day > self.valid_until:
            return [say("it ended on {date}", date=self.valid_until.isoformat())]
        if day < self.valid_from:
            return [say("it begins on {date}", date=self.valid_from.isoformat())]
        return []

    def _other_purpose(self, purpose: str | None, say: Speaker) -> list[str]:
        if purpose is None or purpose.strip().casefold() == self.purpose.strip().casefold():
            return []
        return [say("its purpose is {purpose!r}, not {asked!r}", purpose=self.purpose, asked=purpose)]


def _opened(place: Path) -> tuple[bytes | None, dict[str, Any] | None, str]:
    """What stands in the file and what it means, or why not."""
    try:
        raw = place.read_bytes()
    except OSError as error:
        return None, None, error.strerror or type(error).__name__
    try:
        return raw, tomllib.loads(raw.decode()), ""
    except UnicodeDecodeError:
        return raw, None, "UTF-8"
    except tomllib.TOMLDecodeError as error:
        return raw, None, str(error)
    except (ValueError, RecursionError) as error:  # e.g. a date that there is not
        return raw, None, type(error).__name__


def _plain(value: object) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _as_text(column: pd.Series[Any]) -> pd.Series[str]:
    """The column as a permit writes its values: 7, also where a missing value has made it 7.0."""
    if not pd.api.types.is_numeric_dtype(column):
        return column.astype("str")
    return column.map("{:.15g}".format).astype("str")


def _faults(about: Mapping[str, Any], say: Speaker) -> list[str]:
    found = [say("{part} is missing or empty", part=part) for part in TEXTS if not _is_text(about.get(part))]
    found += [say("{part} is nothing that a permit has", part=part) for part in about if part not in PARTS]
    if not (isinstance(about["id"], str) and NAME.fullmatch(about["id"])):
        found.append(say("id {id!r} may hold small letters, digits, - and _ only", id=about["id"]))
    if not isinstance(about.get("key_fingerprint", ""), str):
        found.append(say("{part} is missing or empty", part="key_fingerprint"))
    found += _faults_of_days(about, say)
    named = about.get("domains")
    if not (isinstance(named, list) and all(map(_is_text, named)) and len(set(named)) == len(named) > 1):
        return [*found, say("domains must name at least two")]
    found += [say("the domain {domain!r} is unknown", domain=name) for name in named if name not in known_domains()]
    columns = about.get("columns")
    for name in named:
        taken = columns.get(name) if isinstance(columns, dict) else None
        if not (isinstance(taken, list) and all(map(_is_text, taken))):
            found.append(say("columns of {domain} are not listed (an empty list takes the identity only)", domain=name))
    return [*found, *_faults_of_population(about.get("population"), named, say)]


def _faults_of_days(about: Mapping[str, Any], say: Speaker) -> list[str]:
    start, end = about.get("valid_from"), about.get("valid_until")
    # A TOML time is a date too, by its class.
    if (
        not (isinstance(start, date) and isinstance(end, date))
        or isinstance(start, datetime)
        or isinstance(end, datetime)
    ):
        return [say("valid_from and valid_until must be dates such as 2026-08-01, without quotation marks")]
    return [] if start <= end else [say("it ends before it begins")]


def _faults_of_population(population: Any, named: list[str], say: Speaker) -> list[str]:
    if _is_text(population):
        return []
    if not (isinstance(population, dict) and _is_text(population.get("description"))):
        return [say("{part} is missing or empty", part="population.description")]
    found = []
    for name, conditions in population.items():
        if name == "description":
            continue
        lists = isinstance(conditions, dict) and all(isinstance(values, list) for values in conditions.values())
        if name not in named or not lists:
            found.append(say("population.{domain} must give lists of values by column of a named domain", domain=name))
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _fields(about: Mapping[str, Any]) -> dict[str, Any]:
    population = about["population"]
    told: dict[str, Any] = {"description": population} if isinstance(population, str) else dict(population)
    return {
        **{part: about[part].strip() for part in TEXTS},
        "id": about["id"],
        "domains": tuple(about["domains"]),
        "columns": {name: tuple(about["columns"][name]) for name in about["domains"]},
        "population": told.pop("description"),
        "only": {
            name: {column: tuple(map(str, values)) for column, values in conditions.items()}
            for name, conditions in told.items()
        },
        "valid_from": about["valid_from"],
        "valid_until": about["valid_until"],
        "key_fingerprint": about.get("key_fingerprint", ""),
    }
