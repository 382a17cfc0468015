"""One lock for each output folder, held by the operating system, so that two sweeps never write into one folder."""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kommunanalys.errors import LockHeld, UsageError
from kommunanalys.origin import now
from kommunanalys.paths import write_whole
from kommunanalys.reporting.folder import explained

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK, HOLDER = ".kommunanalys.lock", ".kommunanalys.holder.json"
NETWORK = re.compile(
    r"(fuse\.)?(afpfs|afs|beegfs|ceph|cifs|coda|davfs2?|glusterfs|gpfs|lustre|ncpfs|nfs\d?|rclone|s3fs|smb\d?|smbfs|"
    r"smbnetfs|sshfs|webdav)"
)
"""File systems of other machines: their locks do not reliably hold between machines."""
NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})


@contextmanager
def folder_lock(output: Path) -> Iterator[None]:
    """Hold the folder; the operating system lets go of it when the process ends, in whatever way.

    Parameters
    ----------
    output
        Folder of the reports; made where it is missing.

    Raises
    ------
    LockHeld
        Another process holds it (says which, where, and since when).
    UsageError
        The folder lies on a network share, or its file system has no locks.
    OutputError
        The folder cannot be made or written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, folder_lock(Path(folder)):
    ...     Path(folder, LOCK).exists()
    True
    """
    _refuse_network(output)
    from filelock import FileLock, Timeout

    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = FileLock(output / LOCK, blocking=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a substitute, which is refused below
            lock.acquire()
    except Timeout:
        raise _held(output) from None
    except (OSError, NotImplementedError) as error:
        raise _unusable(output, error) from error
    try:
        if _is_soft(lock):
            raise _unusable(output, OSError(errno.ENOSYS, ""))
        holder = {"pid": os.getpid(), "host": platform.node(), "since": now()}
        with suppress(OSError):  # it only helps the next one to understand
            write_whole(output / HOLDER, json.dumps(holder).encode())
        yield
    finally:
        with suppress(OSError):
            (output / HOLDER).unlink(missing_ok=True)
        lock.release()


def _is_soft(lock: BaseFileLock) -> bool:
    """Whether it is filelock's substitute where flock is missing, which would outlive a process that is killed."""
    from filelock import SoftFileLock

    return isinstance(lock, SoftFileLock)


def _held(output: Path) -> LockHeld:
    try:
        holder = json.loads((output / HOLDER).read_bytes())
        who = {name: str(holder[name]) for name in ("pid", "host", "since")}
    except (OSError, ValueError, KeyError, TypeError):
        who = {"pid": "?", "host": "?", "since": "?"}
    return LockHeld(
        "Another sweep is writing into {folder}: process {pid} on {host}, since {since}. Wait until it has ended, or "
        "choose another folder with --output.",
        folder=str(output),
        **who,
    )


def _unusable(output: Path, error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno not in NO_LOCKS:
        return explained(error, output)
    return UsageError(
        "The file system of {folder} has no locks, so that two sweeps could write into it at once. Choose a folder on "
        "a disk of this machine with --output, and copy the reports afterwards.",
        folder=str(output),
    )


def _refuse_network(output: Path) -> None:
    kind = network(output)
    if kind:
        raise UsageError(
            "{folder} lies on a network share ({kind}), where a lock does not hold between machines. Choose a folder "
            "on a disk of this machine with --output, and copy the reports afterwards.",
            folder=str(output),
            kind=kind,
        )


def network(path: Path) -> str:
    """The kind of network share that a path lies on; "" for a disk of this machine.

    Examples
    --------
    >>> import tempfile
    >>> network(Path(tempfile.gettempdir()))
    ''
    """
    import psutil

    place = str(path.resolve())
    if place.startswith(("\\\\", "//")):
        return "UNC"
    above = [item for item in psutil.disk_partitions(all=True) if _is_below(place, item.mountpoint)]
    # The last of the longest: what is mounted over another mount hides it.
    nearest = max(enumerate(above), key=lambda pair: (len(pair[1].mountpoint), pair[0]), default=(0, None))[1]
    if nearest is None:
        return ""
    is_remote = NETWORK.fullmatch(nearest.fstype.lower()) or "remote" in nearest.opts.split(",")
    return str(nearest.fstype or "remote") if is_remote else ""


def _is_below(place: str, mount: str) -> bool:
    return Path(place).is_relative_to(mount)
