"""The way back from pseudonyms to identities, for the lists that go to those who act; never for a report.

Nothing is kept for it: the register's own files are read again, and all identities but those asked for are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

from kommunanalys import journal
from kommunanalys.errors import KommunanalysError, UsageError
from kommunanalys.identity_codes import find_codes
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.domains import called
from kommunanalys.secrecy.frame import Border, RegisterFrame, Source, check_end
from kommunanalys.secrecy.keys import Key, key
from kommunanalys.secrecy.register import in_words, source_identities


class Revealed(Mapping[str, str]):
    """The identities behind some pseudonyms; it shows and saves nothing of them.

    Hand it on to `Watchlist.write`, and let it go then.

    Examples
    --------
    >>> Revealed("school", {"school:" + 32 * "0": "020594X903P"})
    Revealed('school', fewer than 5)
    """

    __slots__ = ("_found", "domain")

    def __init__(self, domain: str, found: Mapping[str, str] | None = None) -> None:
        self.domain, self._found = domain, dict(found or {})

    def learn(self, found: Mapping[str, str]) -> None:
        """Take these in too."""
        self._found |= found

    def __getitem__(self, pseudonym: str) -> str:
        # A KeyError would name the pseudonym.
        found = self._found.get(pseudonym)
        if found is None:
            raise UsageError("This pseudonym is not among those that were asked for.")
        return found

    def __contains__(self, pseudonym: object) -> bool:
        return pseudonym in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"Revealed({self.domain!r}, {in_words(len(self), Speaker('en'))})"

    def __reduce__(self) -> NoReturn:
        raise UsageError("Identities are not saved.")

    __copy__ = __reduce__

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()


def identities(register: RegisterFrame, pseudonyms: Iterable[str], *, purpose: str) -> Revealed:
    r"""The identities behind pseudonyms of a register, read again from its files; a line in the journal says why.

    Parameters
    ----------
    register
        The table that `read_register` gave, or a part of it; several files of one domain may be put together in it.
    pseudonyms
        Those who are on the list, and nobody else.
    purpose
        What it is for, in words; it stands in the journal.

    Returns
    -------
    Revealed
        Pseudonym → identity: personal identity codes with their century or sign, own identities tidied.

    Raises
    ------
    UsageError
        No purpose; no pseudonyms; some that are not in the table, so that nobody who was left out for protected
        identity is found; a linked table or a parcel, behind whose pseudonyms stand no identities of one register.
    KommunanalysError
        A file is gone or has changed since it was read, or the key has been replaced.

    Examples
    --------
    >>> import os, tempfile
    >>> from pathlib import Path
    >>> from kommunanalys.secrecy.register import read_register
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     file = Path(folder, "pupils.csv")
    ...     _ = file.write_text("hetu;grade\n020594X903P;7\n", encoding="utf-8")
    ...     school = read_register(file, domain="school", identity="hetu")
    ...     found = identities(school, school["hetu"], purpose="List for the school's support team")
    ...     del os.environ["KOMMUNANALYS_STATE"]
    School. Rows: 1; ...
    >>> found, found[school["hetu"].iloc[0]]
    (Revealed('school', fewer than 5), '020594X903P')
    """
    border = _border_of(register)
    check_end(register)
    wanted = _wanted(register, pseudonyms)
    if not purpose.strip() or find_codes(purpose):
        raise UsageError("Say in words what the identities are needed for, without naming anybody: purpose='...'.")
    own = key(next(iter(border.domains)))
    found = Revealed(own.name)  # from the first file on: an error at the next shows nobody
    for source in border.sources:
        _check_version(source, own)
        found.learn(_behind(source, own, wanted))
    if len(found) < len(wanted):
        _refuse_unknown(len(wanted) - len(found))
    journal.append("reidentified", {"domain": own.name, "persons": journal.few(len(found)), "purpose": purpose.strip()})
    return found


def _border_of(register: object) -> Border:
    if not isinstance(register, RegisterFrame):
        raise UsageError("Only a table from secrecy.read_register has identities behind its pseudonyms.")
    border = register.border
    if len(border.domains) != 1 or not border.sources or any(source.parcel for source in border.sources):
        raise UsageError(
            "The pseudonyms of a linked table or a parcel do not lead back to one register. Make the list from one "
            "domain's own register, and ask with that."
        )
    if border.identity not in register.columns:
        raise UsageError("The column {column!r} with the pseudonyms is gone: keep it.", column=border.identity)
    return border


def _wanted(register: RegisterFrame, pseudonyms: Iterable[str]) -> set[str]:
    if isinstance(pseudonyms, str):
        raise UsageError("Give a list of pseudonyms, also for one person.")
    wanted = set(pseudonyms)
    if not wanted:
        raise UsageError("No pseudonyms were given: ask for those who are on the list.")
    unknown = len(wanted - set(register[register.border.identity].dropna()))
    if unknown:
        _refuse_unknown(unknown)
    return wanted


def _refuse_unknown(count: int) -> NoReturn:
    raise UsageError(
        "Not in this register's table: {count} of the pseudonyms. Give the table that the list was made from; nobody "
        "was looked up.",
        count=in_words(count, Speaker(current())),
    ) from None


def _check_version(source: Source, own: Key) -> None:
    if source.version != own.version:
        raise KommunanalysError(
            "The key of {domain} has been replaced since {file} was read. Read it again.",
            domain=called(own.name),
            file=source.path.name,
        )


def _behind(source: Source, own: Key, wanted: set[str]) -> dict[str, str]:
    # A function of its own: no error of another source may show a frame that holds these identities.
    forms = sorted({form for form in source_identities(source).forms if form is not None})
    pairs = zip(own.pseudonyms(forms), forms, strict=True)
    return {pseudonym: form.partition(":")[2] for pseudonym, form in pairs if pseudonym in wanted}
