"""A fault of a published page: which page, which rule, and what to say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kommunanalys.language import Speaker


@dataclass(frozen=True)
class Flaw:
    """What a rule has found, as an English template with its values. Never personal data."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)


def flaw(message: str, **values: object) -> Flaw:
    """A flaw by its template and fields.

    Examples
    --------
    >>> flaw("The page has {count} top headings.", count=2).values
    {'count': 2}
    """
    return Flaw(message, values)


@dataclass(frozen=True)
class Fault:
    """One broken rule of one page.

    Parameters
    ----------
    page
        The file.
    rule
        Short name of the rule, the same in every language.
    message
        English template with `{fields}`.
    values
        What the fields stand for.

    Examples
    --------
    >>> Fault(Path("report.html"), "one-h1", "{count} top headings", {"count": 2}).tell(Speaker("en"))
    '2 top headings'
    """

    page: Path
    rule: str
    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def tell(self, say: Speaker) -> str:
        """The fault in the speaker's language."""
        return say(self.message, **self.values)
