"""`kommunanalys doctor`: what on this machine would stop a report, and what to do about it. Asks no network."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from kommunanalys.language import Speaker
from kommunanalys.paths import cache_dir, state_dir

OLDEST = (3, 11)
WINDOWS_LIMIT = 260
DEEPEST = len("/cost_efficiency/") + 80 + len("-123456_sv/executed.ipynb")
"""Signs that a report's own folders and files add to the output folder's path."""

SYNCED = ("onedrive", "dropbox", "google drive", "icloud", "nextcloud")


@dataclass(frozen=True)
class Finding:
    """One thing that was checked: well or not, and what to say about it (an English template with its values).

    Examples
    --------
    >>> Finding(True, "Python {version}.", {"version": "3.11"}).tell(Speaker("en"))
    'Python 3.11.'
    """

    well: bool
    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def tell(self, say: Speaker) -> str:
        """The finding in the speaker's language."""
        return say(self.text, **self.values)


def examine(output: str | Path = "reports") -> list[Finding]:
    """Check Python, folders, paths, proxy, certificates and fonts.

    Parameters
    ----------
    output
        Folder where reports shall lie.

    Examples
    --------
    >>> examine()[0].tell(Speaker("en")).startswith("Python 3")
    True
    """
    folder = Path(output).absolute()
    checks: tuple[Callable[[], Finding], ...] = (
        _python,
        lambda: _writable(folder),
        lambda: _writable(cache_dir()),
        lambda: _writable(state_dir()),
        lambda: _length(folder),
        lambda: _synced(folder),
        _proxy,
        _certificates,
        _font,
    )
    return [check() for check in checks]


def _python() -> Finding:
    shown = ".".join(map(str, sys.version_info[:3]))
    if tuple(sys.version_info) < OLDEST:
        return Finding(False, "Python {version} is too old: install 3.11 or newer.", {"version": shown})
    return Finding(True, "Python {version}.", {"version": shown})


def _writable(folder: Path) -> Finding:
    nearest = next(item for item in (folder, *folder.parents) if item.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return Finding(True, "{folder} can be written.", {"folder": folder})
    except OSError as error:
        values = {"folder": folder, "reason": error.strerror or type(error).__name__}
        return Finding(
            False,
            "{folder} cannot be written ({reason}): choose another with --output, KOMMUNANALYS_CACHE or "
            "KOMMUNANALYS_STATE.",
            values,
        )


def _length(folder: Path, windows: bool = sys.platform == "win32") -> Finding:
    longest = len(str(folder)) + DEEPEST
    values = {"length": longest, "limit": WINDOWS_LIMIT, "folder": folder}
    if longest < WINDOWS_LIMIT or not windows:
        return Finding(True, "The longest path of a report has {length} characters.", values)
    return Finding(
        False,
        "The longest path below {folder} would have {length} characters, and Windows allows {limit}: choose a "
        "shorter folder with --output.",
        values,
    )


def _synced(folder: Path) -> Finding:
    found = [name for name in SYNCED for part in folder.parts if part.lower().startswith(name)]
    if not found:
        return Finding(True, "The output folder is not in a synced folder.")
    return Finding(
        False,
        "{folder} is synced by {service}, which may lock files while a report is written: choose a local folder with "
        "--output.",
        {"folder": folder, "service": found[0]},
    )


def _proxy() -> Finding:
    values = {
        name: os.environ[name]
        for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
        if os.environ.get(name)
    }
    wrong = [name for name, value in values.items() if not urlsplit(value).hostname]
    if wrong:
        return Finding(
            False,
            "{names} is not an address such as http://proxy.example:8080: mend it or remove it.",
            {"names": ", ".join(wrong)},
        )
    if values:
        return Finding(
            True, "A proxy is set ({names}); the sources are asked through it.", {"names": ", ".join(values)}
        )
    return Finding(True, "No proxy is set.")


def _certificates() -> Finding:
    import ssl

    import truststore

    named = [
        name
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
        if os.environ.get(name) and not Path(os.environ[name]).exists()
    ]
    if named:
        return Finding(
            False, "{names} points to a file that is not there: mend it or remove it.", {"names": ", ".join(named)}
        )
    try:
        truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except (OSError, ssl.SSLError, ImportError) as error:  # each system's store fails in its own way
        return Finding(
            False,
            "The system's certificate store cannot be read ({reason}): ask IT support.",
            {"reason": type(error).__name__},
        )
    return Finding(True, "Certificates come from the system's store, so the municipality's own are trusted.")


def _font() -> Finding:
    from matplotlib import font_manager

    try:
        font_manager.findfont("DejaVu Sans", fallback_to_default=False)
    except ValueError:
        return Finding(False, "The font DejaVu Sans is missing from matplotlib: install matplotlib again.")
    return Finding(True, "Fonts for å, ä and ö are there.")
