"""Secrecy domains and who answers for their data, in Finland, in Sweden and by one's own file.

What the law says stands in `domains.toml` with the date when it was last looked up: orientation, not advice.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kommunanalys import municipalities
from kommunanalys.errors import UsageError
from kommunanalys.language import LANGUAGES, Speaker, current

FACTS = Path(__file__).with_name("domains.toml")
OWN = "KOMMUNANALYS_DOMAINS"
"""Variable that names one's own file, of the same form; its domains are added, or replace ours."""
HELSINKI = "091"
Text = Mapping[str, str]


@dataclass(frozen=True)
class Controller:
    """Who answers for a domain's data in some place, and by which law.

    Parameters
    ----------
    name
        By language.
    law
        Where it stands.
    since
        First day [ISO 8601], "" where it has long been so.
    checked
        When that was looked up [ISO 8601], "" where nobody has yet.
    """

    name: Text
    law: str
    since: str
    checked: str


@dataclass(frozen=True)
class Domain:
    """A circle of data that one secrecy covers.

    Parameters
    ----------
    id
        Its name in code and in pseudonyms.
    name
        By language.
    sensitive
        Whether its small numbers need the higher threshold (special support, health, social services).
    controllers
        By place: "FI", "SE", "FI-091" (Helsinki), "FI-AX" (Åland).
    """

    id: str
    name: Text
    sensitive: bool
    controllers: Mapping[str, Controller]

    def controller(self, place: str) -> Controller | None:
        """Who answers in a country ("FI", "SE") or municipality (code or name); None where nothing is known.

        Examples
        --------
        >>> domain("pupil_welfare").controller("Helsinki").name["en"]
        'City of Helsinki'
        """
        return next((self.controllers[key] for key in _places(place) if key in self.controllers), None)

    def summary(self, language: str = "en", place: str | None = None) -> str:
        """Name, who answers and by which law, and when that was looked up.

        Examples
        --------
        >>> print(domain("school").summary("en", "SE"))
        School: the committee responsible for schools answers for the data (...). Orientation, not advice.
        """
        say = Speaker(language)
        found = self.controller(place) if place else None
        if found is None:
            return self.name[language]
        return say(
            "{domain}: {controller} answers for the data ({law}; {looked_up}). Orientation, not advice.",
            domain=self.name[language],
            controller=found.name[language],
            law=found.law,
            looked_up=say("looked up {date}", date=found.checked) if found.checked else say("not looked up yet"),
        )


def domains() -> Mapping[str, Domain]:
    """All domains by id, with those of one's own file.

    Raises
    ------
    UsageError
        The own file is missing or not of the form; all its faults at once.

    Examples
    --------
    >>> "school" in domains(), "social_services" in domains()
    (True, True)
    """
    own = os.environ.get(OWN)
    return MappingProxyType({**_ours(), **(_read(Path(own)) if own else {})})


def domain(name: str) -> Domain:
    """One domain.

    Raises
    ------
    UsageError
        There is none of that name.

    Examples
    --------
    >>> domain("school").sensitive
    False
    """
    known = domains()
    if name not in known:
        raise UsageError(
            "Unknown secrecy domain {name!r}. Known: {known}. Add your own in a file that {variable} names.",
            name=name,
            known=", ".join(sorted(known)),
            variable=OWN,
        )
    return known[name]


def called(name: str, say: Speaker | None = None) -> str:
    """A domain's name for a reader; the id itself where the domain is not known.

    Examples
    --------
    >>> called("school", Speaker("fi"))
    'Koulu'
    """
    found = domains().get(name)
    return name if found is None else found.name[(say or Speaker(current())).language]


def _places(place: str) -> list[str]:
    """Keys of the place, the closest first."""
    if place in ("FI", "SE"):
        return [place]
    found = municipalities.find(place)
    if found.country == "FI" and found.is_aland:
        return ["FI-AX"]
    return [f"{found.country}-{found.code}", found.country]


@lru_cache(maxsize=1)
def _ours() -> Mapping[str, Domain]:
    return _read(FACTS)


def _read(path: Path) -> Mapping[str, Domain]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UsageError("{variable} names {file}, which cannot be opened.", variable=OWN, file=path.name) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("{file} is no TOML file: {reason}.", file=path.name, reason=error) from error
    faults = [f"{name}: {fault}" for name, entry in raw.items() for fault in _faults(entry)]
    if faults:
        listed = "; ".join(faults)
        raise UsageError("{file} does not describe its domains whole: {faults}.", file=path.name, faults=listed)
    return {name: _domain(name, entry) for name, entry in raw.items()}


def _faults(entry: Any) -> list[str]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), dict):
        return ["name"]
    found = [f"name.{language}" for language in LANGUAGES if not isinstance(entry["name"].get(language), str)]
    controllers = entry.get("controllers", {})
    if not isinstance(controllers, dict):
        return [*found, "controllers"]
    for place, about in controllers.items():
        told = about if isinstance(about, dict) else {}
        found += [
            f"{place}.{part}" for part in ("law", *LANGUAGES) if not (isinstance(told.get(part), str) and told[part])
        ]
    return found


def _domain(name: str, entry: Mapping[str, Any]) -> Domain:
    controllers = {
        place: Controller(
            {language: about[language] for language in LANGUAGES},
            about["law"],
            str(about.get("since", "")),
            str(about.get("checked", "")),
        )
        for place, about in entry.get("controllers", {}).items()
    }
    return Domain(name, dict(entry["name"]), bool(entry.get("sensitive", True)), controllers)
