"""Secret keys, one for each secrecy domain and one for each permit, and the pseudonyms made with them.

A pseudonym is HMAC-SHA-256 (RFC 2104) of the identity, cut to 128 bits: without the key nobody can make or check one,
and one person has unrelated pseudonyms in two domains. With the key everybody can try all the codes there are: a key is
as secret as the register. Keys lie in the operating system's key store where one is to be had (`keyring`), else in
files that only this account may open; never in a notebook, a record or a pickle. The folder of the state knows in
either case where a key lies and what its fingerprint is. No error holds a key or what stood in its file.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from kommunanalys import journal, paths
from kommunanalys.errors import KommunanalysError, PermitError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.opening import attempt

SERVICE = "kommunanalys"
SIZE = 32
SIGNS = 32
"""Hexadecimal signs of a pseudonym: two of ten million persons share one with probability 10⁻²⁵."""
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")
PLACE = "KOMMUNANALYS_PERMIT_KEY"
"""Where the file of a permit's shared key lies, if not among the other keys."""


class Key:
    """A secret that makes pseudonyms and shows itself nowhere.

    Parameters
    ----------
    name
        Domain or permit; what the pseudonyms begin with.
    secret
        32 random bytes.
    version
        Which key of this name it is, from 1.

    Examples
    --------
    >>> key = Key("school", bytes(32), 1)
    >>> key, key.pseudonyms(["SE:190001010000"])[0].startswith("school:")
    (Key('school', version 1), True)
    """

    __slots__ = ("_inner", "_outer", "fingerprint", "name", "version")

    def __init__(self, name: str, secret: bytes, version: int = 1) -> None:
        if len(secret) != SIZE:
            raise UsageError("A key has {size} bytes.", size=SIZE)
        block = secret.ljust(64, b"\0")
        sha256 = _sha256()
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))
        self.name, self.version = name, version
        self.fingerprint = fingerprint(secret)

    def pseudonyms(self, identities: Iterable[str]) -> list[str]:
        """One pseudonym for each identity (the padded key is hashed once: three times as fast as `hmac`)."""
        start, inner, outer, found = f"{self.name}:", self._inner.copy, self._outer.copy, []
        for identity in identities:
            first, last = inner(), outer()
            first.update(identity.encode())
            last.update(first.digest())
            found.append(start + last.hexdigest()[:SIGNS])
        return found

    def __repr__(self) -> str:
        return f"Key({self.name!r}, version {self.version})"

    def __reduce__(self) -> NoReturn:
        raise UsageError("A key is neither copied nor saved with other things: it stays in its store.")

    __getstate__ = __copy__ = __reduce__

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()


def fingerprint(secret: bytes) -> str:
    """Sixteen signs by which two authorities see that they hold the same key; they do not give the key away.

    Examples
    --------
    >>> len(fingerprint(bytes(32)))
    16
    """
    return hashlib.sha256(b"kommunanalys permit key\0" + secret).hexdigest()[:16]


def key(name: str) -> Key:
    """The key of a domain or permit; made when it is asked for the first time.

    Raises
    ------
    KommunanalysError
        The key store is not open now (a scheduled run, another session), a key is damaged, or the folder is not there.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     first, second = key("school"), key("school")
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> first.fingerprint == second.fingerprint
    True
    """
    with _lock(name) as place:
        if not place.exists():
            return _store(name, place, 1)
        return _open(name, place)


def rotate(name: str) -> Key:
    """Replace a key by a new one; the old one is erased, and nobody can make its pseudonyms again.

    Pseudonyms made before no longer meet those made after: read the registers again where they must. Written in the
    journal. This is also the way on from a damaged key of which there is no copy.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     versions = key("school").version, rotate("school").version
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> versions
    (1, 2)
    """
    with _lock(name) as place:
        old, _ = attempt(_kept, place) if place.exists() else (None, "")
        version = old.version if old else _last_version(name, place) if place.exists() else 0
        made = _store(name, place, version + 1)
        if old and old.entry and attempt(_forget, old.entry)[1]:
            say = Speaker(current())
            print(
                say(
                    "The old key could not be erased: delete the entry {entry} in the operating system's key store.",
                    entry=old.entry,
                )
            )
    journal.append("rotation", {"key": name, "version": made.version})
    return made


def new_shared_key(path: str | Path) -> str:
    """Make a permit's own key in a file, to be handed to the other authority by a safe way; returns its fingerprint.

    The fingerprint is written into the permit (`key_fingerprint`), the file is not.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(new_shared_key(Path(folder, "free_zone.key")))
    16
    """
    place = Path(path).expanduser()
    if place.exists():
        raise UsageError("{file} is there already: a key is never overwritten.", file=place.name)
    made, reason = attempt(_new_file, place)
    if made is None:
        raise UsageError("{file} cannot be written: {reason}.", file=place.name, reason=reason)
    return made


def shared_key(name: str, wanted: str) -> Key:
    """The key of a permit that two authorities share, found by its fingerprint.

    Raises
    ------
    PermitError
        No such key here, or another one.

    Examples
    --------
    >>> shared_key("free_zone", "00")
    Traceback (most recent call last):
    ...
    kommunanalys.errors.PermitError: ...
    """
    named = os.environ.get(PLACE)
    places = [Path(named)] if named else sorted((paths.state_dir() / "keys").glob("*.key"))
    found = next((key for place in places if (key := _key_in(place, name)) and key.fingerprint == wanted), None)
    if found is not None:
        return found
    raise PermitError(
        "The key of permit {permit} (fingerprint {fingerprint}) is not here. Ask the other authority for the file, and "
        "let {variable} say where it lies, or put it into the folder of the keys with the ending .key.",
        permit=name,
        fingerprint=wanted,
        variable=PLACE,
    )


def protection(language: str | None = None) -> str:
    """Where the keys lie and what protects them, in plain words.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     told = protection("en")
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> told.endswith(".")
    True
    """
    say = Speaker(language or current())
    if _backend() is not None:
        return say("New keys are kept in the operating system's key store.")
    if journal.keep_private(journal.private_folder("keys")):
        return say("Keys are kept in files that only your account can open.")
    return say(
        "Keys are kept in files, and this system or file share does not close them to others by file modes: whoever "
        "can open the folder of the state can read them. Let KOMMUNANALYS_STATE point to a folder that only you can "
        "open, or install keyring."
    )


def _sha256() -> Any:
    """SHA-256 that the interpreter brings itself: a third faster for short texts than OpenSSL's, where it is."""
    for name in ("_sha2", "_sha256"):  # since Python 3.12, before it
        if importlib.util.find_spec(name) is not None:
            return importlib.import_module(name).sha256
    return hashlib.sha256


@contextmanager
def _lock(name: str) -> Iterator[Path]:
    """Hold the keys' lock; gives the file that tells where this key lies."""
    if not NAME.fullmatch(name):
        raise UsageError("{name!r} is no name of a key: small letters, digits, - and _.", name=name)
    lock, reason = attempt(_locked)
    if lock is None:
        raise KommunanalysError(
            "The folder of the keys cannot be used ({reason}). Is the folder of the state (KOMMUNANALYS_STATE) there, "
            "and open to you?",
            reason=reason,
        )
    try:
        yield paths.state_dir() / "keys" / f"{name}.json"
    finally:
        lock.release()


def _locked() -> Any:
    from filelock import FileLock

    lock = FileLock(journal.private_folder("keys") / "keys.lock", timeout=journal.WAIT, mode=0o600)
    lock.acquire()
    return lock


@dataclass(frozen=True, repr=False)
class _Kept:
    """What a key's file says: the key itself, or the entry of the key store under which it lies."""

    version: int
    fingerprint: str
    entry: str
    secret: bytes


def _kept(place: Path) -> _Kept:
    about = json.loads(place.read_bytes())
    version, inside = about["version"], about["where"] == "file"
    if type(version) is not int or about["where"] not in ("file", "keyring"):
        raise ValueError
    entry, secret = ("", bytes.fromhex(about["key"])) if inside else (str(about["entry"]), b"")
    return _Kept(version, about["fingerprint"], entry, secret)


def _last_version(name: str, place: Path) -> int:
    """The version of a key whose file is damaged: no lower than its file or the journal tells."""
    raw, _ = attempt(place.read_bytes)
    told = [int(found) for found in re.findall(rb'"version": (\d{1,6})\b', raw or b"")]
    noted = [line["facts"].get("version") for line in journal.read() if line["facts"].get("key") == name]
    return max([1, *told, *(one for one in noted if type(one) is int)])


def _store(name: str, place: Path, version: int) -> Key:
    made, reason = attempt(_made, name, place, version)
    if made is None:
        raise KommunanalysError(
            "The key of {name} could not be kept ({reason}). Nothing was done.", name=name, reason=reason
        )
    one, private = made
    if not private:
        print(protection())
    return one


def _made(name: str, place: Path, version: int) -> tuple[Key, bool]:
    """A new key, and whether it is closed to others. The file comes after the key store's entry, and tells which."""
    secret, backend = secrets.token_bytes(SIZE), _backend()
    about: dict[str, Any] = {"version": version, "fingerprint": fingerprint(secret)}
    if backend is None:
        about |= {"where": "file", "key": secret.hex()}
        return Key(name, secret, version), _write(place, json.dumps(about).encode())
    # A name of its own for each key: another folder of the state has another key of this domain in the same store.
    entry = f"{name}.{secrets.token_hex(8)}"
    backend.set_password(SERVICE, entry, secret.hex())
    try:
        _write(place, json.dumps(about | {"where": "keyring", "entry": entry}).encode())
    except OSError:
        attempt(_forget, entry)
        raise
    return Key(name, secret, version), True


def _forget(entry: str) -> None:
    _backend().delete_password(SERVICE, entry)


def _open(name: str, place: Path) -> Key:
    kept, reason = attempt(_kept, place)
    if kept is None:
        _damaged(name, place, reason)
    _close_again(name, place)
    made, reason = attempt(_key_of, name, kept)
    if made is not None:
        return made
    if reason in ("ValueError", "UsageError"):
        _damaged(name, place, reason)
    raise KommunanalysError(
        "The key of {name} lies in the operating system's key store, which is not open here. Unlock it, or run "
        "where you are logged in; a new key would give other pseudonyms.",
        name=name,
    )


def _key_of(name: str, kept: _Kept) -> Key:
    """The key; raises ValueError where it is not the one that was made, and other errors where it cannot be had."""
    found = kept.secret if not kept.entry else bytes.fromhex(_backend().get_password(SERVICE, kept.entry))
    if fingerprint(found) != kept.fingerprint:
        raise ValueError
    return Key(name, found, kept.version)


def _damaged(name: str, place: Path, reason: str) -> NoReturn:
    raise KommunanalysError(
        "The key of {name} is damaged ({file} in the folder of the keys: {reason}). Put a copy of it back. Without "
        "one, secrecy.rotate({name!r}) makes a new key with other pseudonyms: read the registers again then.",
        name=name,
        file=place.name,
        reason=reason,
    )


def _close_again(name: str, place: Path) -> None:
    """Close the file to other accounts where somebody has opened it, with a word."""
    opened = os.name == "posix" and stat.S_IMODE(place.stat().st_mode) & 0o077
    if opened and journal.keep_private(place):
        say = Speaker(current())
        print(
            say(
                "The file with the key of {name} was open to other accounts, and is closed again. If somebody may have "
                "read it: secrecy.rotate({name!r}).",
                name=name,
            )
        )


def _backend() -> Any:
    """The operating system's key store, or None; keyring's fallbacks (refusing, empty, plain text) are none.

    None too for a state in the system's temporary folder (tests, examples): the entries would outlive it.
    """
    if paths.state_dir().resolve().is_relative_to(Path(tempfile.gettempdir()).resolve()):
        return None
    found, _ = attempt(lambda: importlib.import_module("keyring").get_keyring())
    return found if getattr(found, "priority", 0) >= 1 else None


def _key_in(place: Path, name: str) -> Key | None:
    try:
        return Key(name, bytes.fromhex(place.read_text(encoding="ascii").strip()))
    except (OSError, ValueError):
        return None


def _new_file(place: Path) -> str:
    secret = secrets.token_bytes(SIZE)
    _write(place, secret.hex().encode())
    return fingerprint(secret)


def _write(place: Path, raw: bytes) -> bool:
    paths.write_whole(place, raw)
    return journal.keep_private(place)
