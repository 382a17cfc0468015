"""Swedish, Finnish and English: texts from gettext catalogues, numbers and dates from CLDR.

The English text is the key of the catalogue. Swedish is spoken with the terms of Sweden, and with the
terms of Finland where the municipality lies in Finland (`sv_FI` holds only what differs).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kommunanalys.errors import UsageError

LANGUAGES = ("sv", "fi", "en")
LOCALES = {"sv": "sv_SE", "fi": "fi_FI", "en": "en_GB"}
CATALOGUES = Path(__file__).parent / "locale"
MISSING = "–"


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
    check_language(language)
    if language == "sv" and country == "FI":
        local = _catalogue("sv_FI").get(text)
        if local:
            return local
    return text if language == "en" else _catalogue(language).get(text, text)


def check_language(language: str) -> str:
    """The language itself, or a clear refusal."""
    if language not in LANGUAGES:
        raise UsageError(
            "Unknown language {language!r}. Choose one of {languages}.",
            language=language,
            languages=", ".join(LANGUAGES),
        )
    return language


@dataclass(frozen=True)
class Speaker:
    """Says texts and numbers in one language, with the terms of one country.

    Parameters
    ----------
    language
        "sv", "fi" or "en".
    country
        "FI", "SE" or None.

    Examples
    --------
    >>> say = Speaker("sv", "SE")
    >>> say("Compulsory school")
    'Grundskola'
    >>> say.number(1234567.891, 1)
    '1\\xa0234\\xa0567,9'
    >>> Speaker("en").number(float("nan"))
    '–'
    """

    language: str
    country: str | None = None

    def __post_init__(self) -> None:
        check_language(self.language)

    def __call__(self, text: str, **values: object) -> str:
        spoken = translate(text, self.language, self.country)
        return spoken.format(**values) if values else spoken

    def number(self, value: float | None, decimals: int = 0) -> str:
        """A number with the language's own separators; a dash where it is missing."""
        from babel.numbers import format_decimal

        if value is None or value != value:
            return MISSING
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return str(format_decimal(value, format=pattern, locale=LOCALES[self.language])).replace("\u202f", "\u00a0")

    def percent(self, value: float | None, decimals: int = 0) -> str:
        """A percentage that is already times one hundred, written as the language writes it."""
        mark = "%" if self.language == "en" else "\u00a0%"
        return self.number(value, decimals) + (mark if value is not None and value == value else "")

    def names(self, items: Iterable[str]) -> str:
        """A list in words: "a, b and c"."""
        from babel.lists import format_list

        return str(format_list(list(items), locale=LOCALES[self.language]))
