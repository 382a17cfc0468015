"""Every exception of the library, on one page, all below `KommunanalysError`.

A message names the value, the allowed values and the way out. It is written in English with
`{fields}`; `str(error)` gives it in the language of the session (see `kommunanalys.translation`),
so that an analyst on the command line reads it in their own.
"""

from __future__ import annotations

from typing import ClassVar

from kommunanalys.translation import current, translate


class KommunanalysError(Exception):
    """Something that a person can understand and mend.

    Parameters
    ----------
    message
        English text, with `{fields}` where values belong.
    **values
        What the fields stand for. Never personal data: messages end up in logs.

    Examples
    --------
    >>> str(NoData("No figures for {year}.", year=1901))
    'No figures for 1901.'
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message, values)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return self.said(current())

    def said(self, language: str, country: str | None = None) -> str:
        """The message in a language, errors among its values too.

        Examples
        --------
        >>> NoData("{reason} Nothing is drawn.", reason=NoData("No figures.")).said("en")
        'No figures. Nothing is drawn.'
        """
        text = translate(self.message, language, country)
        values = {name: _said(value, language, country) for name, value in self.values.items()}
        return text.format(**values) if values else text


def _said(value: object, language: str, country: str | None) -> object:
    if isinstance(value, KommunanalysError):
        return value.said(language, country)
    if isinstance(value, tuple) and value and all(isinstance(one, KommunanalysError) for one in value):
        return "\n".join(one.said(language, country) for one in value)
    return value


class UsageError(KommunanalysError, ValueError):
    """The call was wrong; nothing was done. Exit code 2."""

    exit_code = 2


class UnknownMunicipality(UsageError):
    """A name or code that is no municipality, or several."""


class UnknownIndicator(UsageError):
    """An indicator name that the glossary does not have."""


class ParameterError(UsageError):
    """A notebook parameter that is unknown or of the wrong type."""


class MixedPopulations(UsageError):
    """Columns about different populations (home, located, own schools) in one ratio or comparison."""


class TableError(KommunanalysError, ValueError):
    """A table breaks its contract: columns, keys, flags."""


class MergerError(KommunanalysError, ValueError):
    """Figures cannot be carried over a municipal merger without inventing something."""


class NoData(KommunanalysError):
    """The data are whole but hold nothing for what was asked."""


class TooFewUnits(KommunanalysError, ValueError):
    """An analysis was asked of too few or too empty units to mean anything."""


class AnalysisFailed(KommunanalysError):
    """A numerical method ended without an answer that can be trusted."""


class SourceError(KommunanalysError):
    """A publisher's answer or file is not what it should be."""


class IncompleteAnswer(SourceError):
    """A publisher gave less than was asked for."""


class TooLarge(SourceError):
    """A publisher refuses a request for its size; the loader asks for less at a time."""


class OfflineMiss(SourceError):
    """Offline, and the cache does not hold the answer."""


class NotebookError(KommunanalysError):
    """A notebook stopped with an error, or is not built as a notebook must be."""


class OutputError(KommunanalysError):
    """A result could not be written; what stood there before stands there still."""


class TooMuchOutput(NotebookError):
    """A notebook printed or showed more than a report can hold."""


class LockHeld(KommunanalysError):
    """Another sweep is writing into the folder."""

    exit_code = 3


class CheckFailed(KommunanalysError):
    """A report breaks a rule that every published report keeps."""

    exit_code = 4


class Timeout(KommunanalysError):
    """A run took longer than it was allowed."""

    exit_code = 124


class SecrecyBorder(UsageError):
    """Data of two secrecy domains were about to be joined without a permit."""


class PermitError(UsageError):
    """A permit does not allow what was asked."""


class ReleaseRefused(KommunanalysError):
    """A table cannot be let out."""
