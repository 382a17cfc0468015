"""What a person types, turned into a municipality or a list of indicators: in both languages, by code, by any word."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from kommunanalys import names
from kommunanalys.compare.units import label, variable
from kommunanalys.errors import UnknownMunicipality
from kommunanalys.language import Speaker
from kommunanalys.municipalities import find, known

CODE = re.compile(r"\(([^()]+)\)\s*$")


def offered(codes: Iterable[str]) -> tuple[str, ...]:
    """What a field completes to: each name in each language, with its code.

    Parameters
    ----------
    codes
        Official codes, or names of other units.

    Examples
    --------
    >>> offered(["598", "1440", "School A"])
    ('Ale (1440)', 'Jakobstad (598)', 'Pietarsaari (598)', 'School A')
    """
    found = {f"{name} ({code})" if name != code else code for code in codes for name in _names(code)}
    return tuple(sorted(found, key=_fold))


def offer(code: str, language: str) -> str:
    """A municipality as its field completes to it.

    Examples
    --------
    >>> offer("598", "fi")
    'Pietarsaari (598)'
    """
    name = label(code, language)
    return f"{name} ({code})" if name != code else code


def recognised(text: str, codes: Iterable[str]) -> str:
    """The one of some municipalities that a typed text means.

    Parameters
    ----------
    text
        Name in Swedish or Finnish, the beginning of one that no other has, the code, or a completed "Name (code)".
    codes
        Those that there are figures of.

    Raises
    ------
    UnknownMunicipality
        There is none, or there are no figures of it; names the closest.

    Examples
    --------
    >>> recognised("pietars", ["598", "1440"]), recognised("Jakobstad (598)", ["598"]), recognised("1440", ["1440"])
    ('598', '598', '1440')
    """
    here = list(codes)
    meant = CODE.search(text)
    for exact in (text.strip(), meant.group(1) if meant else ""):
        if exact in here:
            return exact
    countries = {known()[code].country for code in here if code in known()}
    try:
        code = find(text, country=countries.pop() if len(countries) == 1 else None).code
    except UnknownMunicipality:
        begun = {
            code for code in here if text.strip() and any(_fold(name).startswith(_fold(text)) for name in _names(code))
        }
        if len(begun) == 1:
            return begun.pop()
        raise _unknown(text, here) from None
    if code not in here:
        raise UnknownMunicipality("{name} is not among these figures.", name=offer(code, "en"))
    return code


def _unknown(text: str, codes: list[str]) -> UnknownMunicipality:
    spelt = {_fold(name): f"{name} ({code})" for code in codes for name in _names(code)}
    close = difflib.get_close_matches(_fold(text), spelt, 3, 0.5)
    return UnknownMunicipality(
        "No municipality here is called {value!r}. Closest: {closest}.",
        value=text.strip(),
        closest=", ".join(spelt[key] for key in close) or "–",
    )


def _names(code: str) -> list[str]:
    item = known().get(code)
    return [name for name in dict.fromkeys((item.name_sv, item.name_fi)) if name] if item else [str(code)]


def matching(words: str, columns: Iterable[str], say: Speaker, labels: Mapping[str, str] | None = None) -> list[str]:
    """The indicators whose name or label in any of the three languages has all the words, in the order of their labels.

    Parameters
    ----------
    words
        Parts of words suffice; letters may lack their dots and rings.
    columns
        Indicators to search among.
    say
        Speaker of the language to sort by; indicators outside the glossary come last.
    labels
        What the publisher calls them.

    Examples
    --------
    >>> matching("invanare", ["population", "tax_rate"], Speaker("en"))
    ['population']
    >>> matching("väkiluku", ["population"], Speaker("sv")), matching("asukas", ["population"], Speaker("sv"))
    ([], ['population'])
    """
    asked = _fold(words).split()
    hits = [name for name in columns if all(word in _haystack(name, labels or {}) for word in asked)]
    return sorted(hits, key=lambda name: (name not in names.glossary(), _fold(called(name, say, labels or {}))))


def called(name: str, say: Speaker, labels: Mapping[str, str]) -> str:
    """An indicator in words: the glossary's, else the publisher's after its own name.

    Examples
    --------
    >>> called("N15033", Speaker("sv"), {"N15033": "Elever"}), called("population", Speaker("sv"), {})
    ('N15033 Elever', 'Invånare')
    """
    text = labels.get(name, "")
    return f"{name} {text}" if text and name not in names.glossary() else variable(name, say)


def _haystack(name: str, labels: Mapping[str, str]) -> str:
    item = names.glossary().get(name)
    return _fold(" ".join([name.replace("_", " "), name, labels.get(name, ""), *(item.label.values() if item else ())]))


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())
