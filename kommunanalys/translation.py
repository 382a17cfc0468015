"""The gettext catalogues: a text in another language, and which language this session speaks.

The English text is the key. `sv_FI` holds only what Finland's Swedish says otherwise than Sweden's.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("sv", "fi", "en")
CATALOGUES = Path(__file__).parent / "locale"


def current() -> str:
    """Language of this session: `KOMMUNANALYS_LANGUAGE`, else English.

    Examples
    --------
    >>> current()
    'en'
    """
    language = os.environ.get("KOMMUNANALYS_LANGUAGE", "en")
    return language if language in LANGUAGES else "en"


@lru_cache
def _catalogue(name: str) -> dict[str, str]:
    from babel.messages.pofile import read_po

    path = CATALOGUES / f"{name}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=name)
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id and entry.string and not entry.fuzzy}


def translate(text: str, language: str, country: str | None = None) -> str:
    """The text in another language; the English text itself where the catalogue lacks it.

    Parameters
    ----------
    text
        English text, the catalogue's key.
    language
        "sv", "fi" or "en".
    country
        "FI" chooses the terms of Swedish as spoken in Finland.

    Examples
    --------
    >>> translate("Compulsory school", "sv"), translate("Compulsory school", "sv", "FI")
    ('Grundskola', 'Grundläggande utbildning')
    """
    if language == "sv" and country == "FI":
        local = _catalogue("sv_FI").get(text)
        if local:
            return local
    return text if language == "en" else _catalogue(language).get(text, text)
