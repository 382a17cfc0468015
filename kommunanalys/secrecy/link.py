"""The gate in the border: registers of two domains linked person by person under a permit, and parcels for it.

How two tables meet whose pseudonyms have nothing in common
-----------------------------------------------------------
A marked table remembers the file that it was read from and the hash of its bytes, not the identities. `link` opens both
files again (and refuses where one has changed), makes of each identity the domain's pseudonym and a second one with the
permit's own key, matches the rows by the first, the persons by the second, and forgets both. What comes out has a third
pseudonym, which meets nothing else; pseudonyms in other columns, such as a guardian's, are replaced too, and meet only
each other. Its rows have an order of their own. So no table of identities or of keys between domains is ever kept, in
memory or in a file, and nothing at hand between reading and linking could make the link without permit, keys and files.

Who can do what
---------------
- Who has a table, a pickle or a CSV of it: sees pseudonyms of 128 bits; without the key they can be neither turned back
  nor matched with another domain's.
- Who has a table and the domain's key: can try all personal identity codes there are, and so turn it back. Keys lie
  where only the account that reads the registers can open them.
- Who has the registers and the keys is the analyst, who could read the files without us. What stands in the way of a
  wilful analyst is the journal, not this module; what stands in the way of a mistake is this module.
- Parcels: both authorities that prepare hold the permit's key, so each could try all codes against the other's parcel.
  Linking needs no key. Let somebody link who was not given it, and destroy it when both parcels are made.
- Python cannot wipe memory: a dump of the process or swapped memory, taken while a file is read, may show identities.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from kommunanalys import journal, origin, paths
from kommunanalys.errors import KommunanalysError, NoData, PermitError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.domains import called
from kommunanalys.secrecy.frame import Border, RegisterFrame, Source, local_day, mark
from kommunanalys.secrecy.keys import Key, key, shared_key
from kommunanalys.secrecy.parcel import PERSON, opened, packed
from kommunanalys.secrecy.permit import Permit
from kommunanalys.secrecy.register import Counted, in_words, shuffled, source_identities, told, typed


def link(
    a: RegisterFrame,
    b: RegisterFrame,
    *,
    permit: Permit,
    how: Literal["inner", "left"] = "inner",
    purpose: str | None = None,
    today: date | None = None,
) -> RegisterFrame:
    r"""Link two registers or parcels person by person, as far as the permit allows.

    Takes the permit's columns and population only, prints how many persons met, and writes a line in the journal.

    Parameters
    ----------
    a, b
        Tables of one domain each, from `read_register` or `read_parcel`.
    permit
        Checked for domains, columns, population, purpose and dates.
    how
        "inner": persons who are in both; "left": all rows of `a`. In either case in an order of their own.
    purpose
        What it is for; None for the permit's own purpose, which the journal notes in either case.
    today
        Day of use, default today; another day is written in the journal.

    Returns
    -------
    RegisterFrame
        Pseudonyms of their own in the column of `a`, which meet no other table's; columns that both have are told apart
        by their domain. Marked with both domains and the permit's end.

    Raises
    ------
    PermitError
        Names all that the permit lacks.
    NoData
        Nobody is in both.
    KommunanalysError
        A file or key has changed since it was read.

    Examples
    --------
    >>> import os, tempfile
    >>> from kommunanalys.secrecy.register import read_register
    >>> permit = Permit("fz", "Early support", "Free zone act", ("school", "social_services"),
    ...                 {"school": ("grade",), "social_services": ("measure",)}, "Grades 7-9", {},
    ...                 date(2026, 8, 1), date(2027, 7, 31), "Board 2026-06-10 § 45", "A. Example")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     tables = []
    ...     for domain, text in (("school", "hetu;grade\n020594X903P;7\n"),
    ...                          ("social_services", "hetu;measure\n020594x903p;support\n")):
    ...         _ = Path(folder, domain).write_text(text, encoding="utf-8")
    ...         tables.append(read_register(Path(folder, domain), domain=domain, identity="hetu"))
    ...     linked = link(*tables, permit=permit, today=date(2026, 11, 22))
    ...     del os.environ["KOMMUNANALYS_STATE"]
    School. Rows: 1; ...
    Social services. Rows: 1; ...
    Linked under permit fz. Persons in both: fewer than 5; only in School: 0; only in Social services: 0. Use until ...
    >>> linked[["grade", "measure"]].to_dict("records")
    [{'grade': 7, 'measure': 'support'}]
    """
    day = today or local_day()
    marks = [_border_of(one) for one in (a, b)]
    if how not in ("inner", "left"):
        raise UsageError("how={how!r}: say 'inner' or 'left'.", how=how)
    permit.check(marks[0].domains | marks[1].domains, purpose=purpose, today=day)
    _check_pair(*marks)
    left, right = (_side(one, permit) for one in (a, b))
    name = marks[0].identity
    right = right.rename(columns={marks[1].identity: name}).dropna(subset=[name])
    _count(left[name], right[name], marks, permit, day)
    suffixes = [f" ({_domain(one)})" for one in marks]
    joined = left.merge(right, on=name, how=how, suffixes=tuple(suffixes))
    files = [source.sha256 for one in marks for source in one.sources]
    # In the order of `a` it could be put beside it, row by row.
    result = mark(
        shuffled(joined, key(f"linked.{permit.id}"), *files),
        Border(marks[0].domains | marks[1].domains, name, marks[0].kind, (), permit.id, permit.valid_until),
    )
    result.attrs["origin"] = sorted({*a.attrs.get("origin", []), *b.attrs.get("origin", [])})
    return result


def prepare(
    table: RegisterFrame, *, permit: Permit, path: str | Path | None = None, today: date | None = None
) -> RegisterFrame:
    """Make the parcel that is sent to whoever links: pseudonyms with the permit's own key, and its columns only.

    Parameters
    ----------
    table
        From `read_register`.
    permit
        Must name the shared key (`key_fingerprint`), which must be here.
    path
        The file to send; default a new one in the folder of the state. It holds data about individuals.
    today
        Day of use, default today; another day is written in the journal.

    Returns
    -------
    RegisterFrame
        The parcel as `read_parcel` reads it; `.border.sources[0].path` is the file.

    Raises
    ------
    PermitError
        The permit does not allow it, or has no shared key.
    NoData
        Nobody in the table belongs to the permit's population.
    UsageError
        The file is there already.

    Examples
    --------
    >>> prepare("pupils.csv", permit=None)
    Traceback (most recent call last):
    ...
    kommunanalys.errors.UsageError: Only tables from secrecy.read_register and secrecy.read_parcel can be ...
    """
    day, border = today or local_day(), _border_of(table)
    permit.check(border.domains, today=day)
    secret, domain = _shared(permit), _domain(border)
    name = f"{domain}-{permit.id}-{day.isoformat()}.parcel"
    place = Path(path).expanduser() if path else journal.private_folder("parcels") / name
    if path and place.exists():
        raise UsageError("{file} is there already: choose another name.", file=place.name)
    rows = _taken(table, permit).rename(columns={border.identity: PERSON})
    rows[PERSON] = rows[PERSON].map(_bridge(border, secret, permit))
    _rekey(rows, PERSON, secret)
    # In the order of the pseudonyms: the order of the register would tell who is who.
    rows = rows.dropna(subset=[PERSON]).sort_values(PERSON, kind="stable")
    if rows.empty:
        raise NoData(
            "Nobody in the table of {domain} belongs to the population of permit {permit}. No parcel was made.",
            domain=called(domain),
            permit=permit.id,
        )
    about = {"domain": domain, "kind": border.kind, "permit": permit.id, "permit_sha256": permit.sha256}
    raw = packed(rows, about | {"key": permit.key_fingerprint})
    paths.write_whole(place, raw)
    journal.keep_private(place)
    facts = {"permit": permit.id, "domain": domain, "columns": sorted(rows.columns), "sha256": origin.hash_bytes(raw)}
    journal.append("preparing", facts | {"persons": journal.few(rows[PERSON].nunique())} | _claimed(day))
    return read_parcel(place, permit=permit, today=day)


def read_parcel(path: str | Path, *, permit: Permit, today: date | None = None) -> RegisterFrame:
    """Read a parcel of another authority; its pseudonyms get this one's domain key, so that it too joins nothing.

    Raises
    ------
    PermitError
        Another key, permit or version of its file, a domain or columns that it does not name, or outside its dates.
    KommunanalysError
        The file is damaged or no parcel.

    Examples
    --------
    >>> read_parcel("none.parcel", permit=None)
    Traceback (most recent call last):
    ...
    kommunanalys.errors.KommunanalysError: none.parcel is no whole parcel. Ask for it again.
    """
    place, day = Path(path).expanduser(), today or local_day()
    about, rows, sha256 = opened(place)
    if about["key"] != permit.key_fingerprint:
        raise PermitError(
            "{file} was made with another key than the one that permit {permit} names.",
            file=place.name,
            permit=permit.id,
        )
    domain = about["domain"]
    permit.check([domain], columns={domain: [one for one in rows.columns if one != PERSON]}, today=day)
    _check_permit(about, permit, place)
    secret = key(domain)
    people = rows[PERSON].unique()
    rows[PERSON] = rows[PERSON].map(dict(zip(people, secret.pseudonyms(people), strict=True))).astype("str")
    others = _rekey(rows, PERSON, secret)
    source = Source(place.absolute(), sha256, PERSON, secret.version, day, parcel=True)
    border = Border(
        frozenset({domain}), PERSON, about["kind"], (source,), permit.id, permit.valid_until, permit.key_fingerprint
    )
    counted = Counted(len(rows), len(people), 0, 0)
    # Two parcels of the same people are sorted alike.
    rows = shuffled(typed(rows, [PERSON, *others]), secret, sha256)
    return told(mark(rows, border), counted, domain, place.name)


def _border_of(table: Any) -> Border:
    if not isinstance(table, RegisterFrame):
        raise UsageError("Only tables from secrecy.read_register and secrecy.read_parcel can be linked or prepared.")
    border = table.border
    if len(border.domains) != 1 or not border.sources:
        raise UsageError("A linked table is not linked or sent again: begin with the registers.")
    if border.identity not in table.columns:
        raise UsageError("The column {column!r} with the pseudonyms is gone: keep it.", column=border.identity)
    return border


def _check_permit(about: dict[str, Any], permit: Permit, place: Path) -> None:
    """A parcel holds the population of the permit that it was prepared under, and of no other."""
    if (about["permit"], about["permit_sha256"]) != (permit.id, permit.sha256):
        journal.append("refusal", {"what": "parcel", "permit": permit.id, "sha256": permit.sha256})
        raise PermitError(
            "{file} was prepared under another permit than {permit}, or another version of its file: both authorities "
            "must use the same file.",
            file=place.name,
            permit=permit.id,
        )


def _claimed(day: date) -> dict[str, str]:
    """For the journal: the day by which the permit was checked, where it is not today."""
    return {} if day == local_day() else {"day": day.isoformat()}


def _domain(border: Border) -> str:
    return next(iter(border.domains))


def _check_pair(left: Border, right: Border) -> None:
    if left.domains == right.domains:
        raise UsageError("Both tables are of one domain ({domain}): merge them.", domain=called(_domain(left)))
    if left.kind != right.kind:
        raise UsageError(
            "One table has personal identity codes and the other identities of its own: nobody could be found in both."
        )
    if left.fingerprint and right.fingerprint and left.fingerprint != right.fingerprint:
        raise UsageError("The two parcels were made with different keys.")


def _shared(permit: Permit) -> Key:
    if not permit.key_fingerprint:
        raise PermitError(
            "Permit {permit} names no shared key. Make one with secrecy.new_shared_key, hand it to the other authority "
            "by a safe way, and write its key_fingerprint into the permit.",
            permit=permit.id,
        )
    return shared_key(f"permit.{permit.id}", permit.key_fingerprint)


def _side(table: RegisterFrame, permit: Permit) -> pd.DataFrame:
    """What the permit takes of a table, with pseudonyms that only this link has."""
    border = table.border
    parcels = all(source.parcel for source in border.sources)
    secret = None if parcels else _shared(permit) if permit.key_fingerprint else key(f"permit.{permit.id}")
    bridge = _bridge(border, secret, permit)
    final = key(f"linked.{permit.id}")
    people = dict(zip(bridge, final.pseudonyms(one.partition(":")[2] for one in bridge.values()), strict=True))
    taken = _taken(table, permit)
    taken[border.identity] = taken[border.identity].map(people).astype("str")
    _rekey(taken, border.identity, final)
    return taken


def _rekey(table: pd.DataFrame, identity: str, secret: Key) -> list[str]:
    """Replace the pseudonyms in other columns than the identity; which columns."""
    found = []
    for name in table.columns.drop(identity):
        texts = [one for one in table[name].unique() if isinstance(one, str) and journal.PSEUDONYM.fullmatch(one)]
        if texts:
            others = secret.pseudonyms("other:" + one for one in texts)  # no identity begins so
            known = dict(zip(texts, others, strict=True))
            table[name] = pd.array([known.get(one, one) for one in table[name].to_numpy(dtype=object)], dtype="str")
            found.append(name)
    return found


def _taken(table: RegisterFrame, permit: Permit) -> pd.DataFrame:
    """The permit's rows and columns as a plain table."""
    domain = _domain(table.border)
    plain = pd.DataFrame(table)
    columns = [one for one in plain.columns if one in permit.columns.get(domain, ()) and one != table.border.identity]
    # The rows of parcels were chosen when they were prepared, by columns that they need not hold.
    whole = all(source.parcel for source in table.border.sources)
    rows = slice(None) if whole else permit.population_of(domain, plain)
    return plain.loc[rows, [table.border.identity, *columns]].copy()


def _bridge(border: Border, secret: Key | None, permit: Permit) -> dict[str, str]:
    """The domain's pseudonym of each person → the permit's; the identities are forgotten on the way."""
    own = key(_domain(border))
    bridge: dict[str, str] = {}
    for source in border.sources:
        if source.version != own.version:
            raise KommunanalysError(
                "The key of {domain} has been replaced since {file} was read. Read it again.",
                domain=called(own.name),
                file=source.path.name,
            )
        if source.parcel:
            people = _people(source, permit)
            bridge.update(zip(own.pseudonyms(people), people, strict=True))
        elif secret is not None:
            bridge.update(_pairs(source, own, secret))
    return bridge


def _pairs(source: Source, own: Key, secret: Key) -> dict[str, str]:
    # A function of its own: no error of another source may show a frame that holds these identities.
    identities = sorted({one for one in source_identities(source).forms if one is not None})
    return dict(zip(own.pseudonyms(identities), secret.pseudonyms(identities), strict=True))


def _people(source: Source, permit: Permit) -> list[str]:
    about, rows, sha256 = opened(source.path)
    if sha256 != source.sha256:
        raise KommunanalysError(
            "{file} has changed since it was read. Read it again, then link.", file=source.path.name
        )
    _check_permit(about, permit, source.path)
    return sorted(rows[PERSON].unique())


def _count(left: pd.Series[str], right: pd.Series[str], marks: Iterable[Border], permit: Permit, day: date) -> None:
    """Print and journal how many persons met; an error if none did."""
    say, (first, second) = Speaker(current()), marks
    mine, theirs = set(left.dropna()), set(right)
    both = len(mine & theirs)
    facts: dict[str, Any] = {
        "permit": permit.id,
        "sha256": permit.sha256,
        "purpose": permit.purpose,
        "domains": [_domain(first), _domain(second)],
        "sources": [source.sha256 for source in (*first.sources, *second.sources)],
        "matched": journal.few(both),
        "unmatched": [journal.few(len(mine) - both), journal.few(len(theirs) - both)],
        "without_identity": journal.few(int(left.isna().sum())),
        **_claimed(day),
    }
    journal.append("linking", facts)
    names = {"first": called(_domain(first), say), "second": called(_domain(second), say)}
    if not both:
        raise NoData(
            "Nobody is in both {first} and {second}. Are they of the same place and time, and is the population of "
            "permit {permit} right?",
            permit=permit.id,
            **names,
        )
    print(
        say(
            "Linked under permit {permit}. Persons in both: {both}; only in {first}: {mine}; only in {second}: "
            "{theirs}. Use until {end}.",
            permit=permit.id,
            both=in_words(both, say),
            mine=in_words(len(mine) - both, say),
            theirs=in_words(len(theirs) - both, say),
            end=permit.valid_until.isoformat(),
            **names,
        )
    )
