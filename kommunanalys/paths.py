"""Where things lie: notebooks and data (checkout or wheel), cache and state (the user's own folders).

The cache and the state stay out of the checkout: a checkout is often in a synced folder, and state
must never be published with it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
OWN = ".kommunanalys.json"
"""The record by which a person's own folder is known."""


@lru_cache
def _bundled(package: Path, name: str) -> Path:
    # A wheel carries the folder inside the package; an editable install has it beside the package.
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def notebooks_dir() -> Path:
    """Folder of the notebooks that come with the library.

    Examples
    --------
    >>> (notebooks_dir() / "cost_efficiency.ipynb").exists()
    True
    """
    return _bundled(PACKAGE, "notebooks")


def data_dir() -> Path:
    """Folder of the tables of facts and the example data that come with the library.

    Examples
    --------
    >>> (data_dir() / "municipalities.csv").exists()
    True
    """
    return _bundled(PACKAGE, "data")


def is_example(path: Path) -> bool:
    """Whether a file is one of the invented examples that come with the library.

    Examples
    --------
    >>> is_example(data_dir() / "example" / "observations.csv"), is_example(data_dir() / "pupils.csv")
    (True, False)
    """
    return (data_dir() / "example").resolve() in path.resolve().parents


def install_command(extra: str) -> str:
    """What to write in a terminal so that the libraries of an extra come into this environment.

    Parameters
    ----------
    extra
        Name of an extra of the library, such as "lab".

    Examples
    --------
    >>> install_command("lab").endswith('[lab]"')
    True
    """
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    # The library is on no package index: what is there by its name, if anything, is somebody else's.
    where = f'-e "{PACKAGE.parent}' if (PACKAGE.parent / "pyproject.toml").is_file() else '"kommunanalys'
    return f'{python} -m pip install {where}[{extra}]"'


def own_folder() -> Path | None:
    """The person's own folder, made by `kommunanalys init`, that the current directory lies in; None outside one.

    Somebody else's is none: notebooks of theirs would else be run by name.

    Examples
    --------
    >>> own_folder() is None or (own_folder() / OWN).is_file()
    True
    """
    here = Path.cwd()
    return next((place for place in (here, *here.parents) if _is_own(place / OWN)), None)


def _is_own(record: Path) -> bool:
    # Of the record itself: a link to the person's own record can be laid by anybody.
    if not record.is_file():
        return False
    return sys.platform == "win32" or record.lstat().st_uid == os.getuid()


def cache_dir() -> Path:
    """Folder of cached answers; `KOMMUNANALYS_CACHE` moves it.

    Examples
    --------
    >>> cache_dir().name != ""
    True
    """
    from platformdirs import user_cache_path

    return Path(os.environ.get("KOMMUNANALYS_CACHE") or user_cache_path("kommunanalys", appauthor=False))


def state_dir() -> Path:
    """Folder of what must be remembered between runs; `KOMMUNANALYS_STATE` moves it.

    Examples
    --------
    >>> state_dir() != cache_dir()
    True
    """
    from platformdirs import user_state_path

    return Path(os.environ.get("KOMMUNANALYS_STATE") or user_state_path("kommunanalys", appauthor=False))


def write_whole(path: Path, raw: bytes) -> None:
    """Write a file so that it is there whole or not at all; makes its folder.

    Raises
    ------
    OSError
        The folder cannot be made or written; nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "new", "a.txt"), b"whole")
    ...     Path(folder, "new", "a.txt").read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
