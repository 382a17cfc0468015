"""Swedish, Finnish and English for a reader: texts from the catalogues, numbers and lists from CLDR.

Swedish is spoken with the terms of Sweden, and with the terms of Finland where the municipality lies in Finland.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kommunanalys.errors import UsageError
from kommunanalys.translation import LANGUAGES, current, translate

__all__ = ["LANGUAGES", "Speaker", "check_language", "current", "translate"]

NAMES = {"sv": "Svenska", "fi": "Suomi", "en": "English"}
"""Each language by its own name, as a list of languages shows it."""
LOCALES = {"sv": "sv_SE", "fi": "fi_FI", "en": "en_GB"}
DATES = {"sv": "d MMMM y", "fi": "d. MMMM y", "en": "d MMMM y"}
"""Months in words: a locale's own short date is read differently in each country."""

MISSING = "–"


def check_language(language: str) -> str:
    """The language itself, or a clear refusal.

    Examples
    --------
    >>> check_language("sv")
    'sv'
    """
    if language not in LANGUAGES:
        raise UsageError(
            "Unknown language {language!r}. Choose one of {languages}.",
            language=language,
            languages=", ".join(LANGUAGES),
        )
    return language


@dataclass(frozen=True)
class Speaker:
    r"""Says texts and numbers in one language, with the terms of one country.

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
    '1\xa0234\xa0567,9'
    >>> Speaker("en").number(float("nan"))
    '–'
    """

    language: str
    country: str | None = None

    def __post_init__(self) -> None:
        check_language(self.language)

    def __call__(self, text: str, /, **values: object) -> str:
        """The text in the language, its fields filled."""
        spoken = translate(text, self.language, self.country)
        return spoken.format(**values) if values else spoken

    def number(self, value: float | None, decimals: int = 0) -> str:
        """A number with the language's own separators; a dash where it is missing."""
        from babel.numbers import format_decimal

        if value is None or value != value:
            return MISSING
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        text = str(format_decimal(value, format=pattern, locale=LOCALES[self.language])).replace("\u202f", "\u00a0")
        # Babel leaves the hyphen of the pattern where CLDR has a minus sign for the language.
        return text if self.language == "en" else text.replace("-", "\u2212")

    def percent(self, value: float | None, decimals: int = 0) -> str:
        """A percentage that is already times one hundred, written as the language writes it."""
        mark = "%" if self.language == "en" else "\u00a0%"
        return self.number(value, decimals) + (mark if value is not None and value == value else "")

    def date(self, value: date | str) -> str:
        """A day, or the day of a moment, with the month in words.

        Parameters
        ----------
        value
            A date, or text that begins with one [ISO 8601].

        Raises
        ------
        ValueError
            Text that begins with no date.

        Examples
        --------
        >>> Speaker("fi").date("2026-11-22T05:30:00+00:00")
        '22. marraskuuta 2026'
        """
        from babel.dates import format_date

        day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
        return str(format_date(day, DATES[self.language], locale=LOCALES[self.language]))

    def names(self, items: Iterable[str]) -> str:
        """A list in words: "a, b and c"."""
        from babel.lists import format_list

        return str(format_list(list(items), locale=LOCALES[self.language]))
