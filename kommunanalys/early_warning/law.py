"""What the law says as the papers cite it, with the day on which it was last looked up: orientation, not advice."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kommunanalys.early_warning.declaration import Words
from kommunanalys.language import Speaker

LAW = Path(__file__).with_name("law.toml")


@dataclass(frozen=True)
class Statement:
    """What one article says, the kind of source, and the day [ISO 8601]; both empty if nobody looked."""

    text: Words
    where: Words
    found: Words
    checked: str

    def say(self, language: str) -> str:
        """The statement, its article, and the day on which it was last looked up beside it."""
        say = Speaker(language)
        day = say("looked up {date}", date=say.date(self.checked)) if self.checked else say("not looked up yet")
        return f"{self.text[language]} *({self.where[language]}; {day})*"


@lru_cache(maxsize=1)
def law() -> Mapping[str, Statement]:
    """Every statement of law that the papers cite, by its name.

    Examples
    --------
    >>> law()["ai_explain"].where["en"], law()["gdpr_special"].checked
    ('AI Act art. 86', '')
    """
    with LAW.open("rb") as file:
        data = tomllib.load(file)
    made = {}
    for name, one in data["statements"].items():
        act = data["acts"][one["act"]]
        made[name] = Statement(
            text={language: one[language] for language in act},
            where={language: f"{act[language]} {one['where'][language]}" for language in act},
            found=data["found"].get(one["found"], {}),
            checked=str(one["checked"]),
        )
    return made


def looked_up(statements: Iterable[Statement], language: str) -> list[str]:
    """In what kind of source statements were found: one text for each kind, with its articles.

    Examples
    --------
    >>> looked_up([law()["gdpr_special"], law()["gdpr_access"]], "en")
    ['not looked up yet: GDPR art. 9; GDPR art. 15, 16']
    """
    found: dict[str, list[str]] = {}
    for one in statements:
        found.setdefault(one.found.get(language) or Speaker(language)("not looked up yet"), []).append(
            one.where[language]
        )
    return [f"{kind}: {'; '.join(dict.fromkeys(where))}" for kind, where in found.items()]
