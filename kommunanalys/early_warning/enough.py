"""Whether there are past outcomes enough to learn from, and what to do instead where there are not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from kommunanalys import journal
from kommunanalys.early_warning import cohorts
from kommunanalys.early_warning.declaration import Declaration, Words
from kommunanalys.language import Speaker
from kommunanalys.secrecy.register import in_words

EVENTS: Final = 80
"""Least number of people with the event.

`benchmarks/early_warning_truth.py`, 40 runs a cell, logistic regressions: share of runs in which the model reaches at
least a tenth fewer than the better of one simple flag and whole places. With 12 columns 8–45 % at 10 events, 0–25 % at
20, 0–5 % at 40, 0 % at 80; with 30 columns 28 % at 20, 18 % at 40, 0 % at 80; with 60 columns 42 % at 40, 12 % at 80,
2 % at 120. Where places differ much it is 8–20 % from 40 to 400 events: there the evaluation has to show it, and it
recommended no such list. To show that a list is credibly better takes 200–400 events and more.
"""
EACH: Final = 2.0
"""And for each declared column so many. The same benchmark."""
PLACE_EVENTS: Final = 20
"""Least number by which places can be put in order. The same benchmark."""
COHORTS: Final = 3
"""Complete cohorts: two to learn from, the next to test on."""
POOL: Final = 5
"""Most towns of the same size with which pooling is proposed first."""


@dataclass(frozen=True)
class Enough:
    """Past outcomes counted, and what they allow.

    Parameters
    ----------
    ok
        Whether a model may be learnt.
    events
        Persons with the event in complete cohorts; who had it in several cohorts counts once.
    cohorts
        Complete cohorts.
    persons
        Persons in them.
    needed
        Events that the simulations ask for.
    advice
        "model", "flag", "places" or "pool": what to begin with.
    places
        Places in the cohorts, 0 where the task declares none.
    flag
        What the simple flag is called, by language.
    """

    ok: bool
    events: int
    cohorts: int
    persons: int
    needed: int
    advice: str
    places: int
    flag: Words = field(default_factory=dict, hash=False)

    @property
    def towns(self) -> int | None:
        """How many with as many events each are needed together; None where there is no event to go by."""
        return math.ceil(self.needed / self.events) if self.events else None

    def to_frame(self) -> pd.DataFrame:
        """The counts in one row; small numbers of people are missing."""
        few = 0 < self.events < journal.SMALL
        row = {
            "ok": self.ok,
            "events": None if few else self.events,
            "cohorts": self.cohorts,
            "persons": self.persons,
            "needed": self.needed,
            "advice": self.advice,
        }
        return pd.DataFrame([row])

    def summary(self, language: str = "en") -> str:
        """The counts in words, and what to do."""
        say = Speaker(language)
        counts = say(
            "Persons with the outcome in the past: {events}, of {persons} persons in {cohorts} complete cohorts. "
            "A model needs about {needed} persons with the outcome and {least} complete cohorts.",
            events=in_words(self.events, say),
            persons=in_words(self.persons, say),
            cohorts=self.cohorts,
            needed=say.number(self.needed),
            least=COHORTS,
        )
        if self.ok:
            return (
                counts + " " + say("That is enough to try a model; the evaluation then shows whether it is worth it.")
            )
        return " ".join([counts, *self._instead(say, language)])

    def _instead(self, say: Speaker, language: str) -> list[str]:
        """What to do without a model, the advice first."""
        if self.events >= self.needed:
            said = [
                say("There are outcomes enough but too few complete cohorts to test a model on: wait for the next.")
            ]
        else:
            said = [say("That is too few: a model would often reach fewer than simpler ways do. Make none.")]
        ways = {
            "flag": say(
                "Use one simple flag ({flag}): it needs no past outcomes.",
                flag=self.flag.get(language, self.flag.get("en")),
            ),
            "places": say("Give help to whole places, those with most outcomes in the past first."),
            "pool": self._pool(say),
        }
        if self.places < 2 or self.events < PLACE_EVENTS:
            ways["places"] = say("Give help to whole places or to everyone in common.")
        order = sorted(ways, key=lambda way: way != self.advice)
        return [*said, *(ways[way] for way in order if ways[way])]

    def _pool(self, say: Speaker) -> str:
        if self.events >= self.needed:
            return ""
        if self.events < journal.SMALL:
            # The number of towns would tell the number of people.
            return say("Pool data with others: many municipalities of this size are needed together.")
        return say(
            "Pool data with others: about {towns} municipalities of this size are needed together.", towns=self.towns
        )


def enough(declaration: Declaration, tables: Any, *, as_of_dates: Sequence[Any] | None = None) -> Enough:
    """Count the past outcomes of a task, and say what they allow.

    Parameters
    ----------
    declaration
        The task.
    tables
        Tables by name, or the one table.
    as_of_dates
        The past as-of dates to count; None for all that the tables allow.

    Returns
    -------
    Enough

    Notes
    -----
    Needed are the greater of 80 events and 2 for each declared column, in at least 3 complete cohorts. With fewer, a
    model learnt from simulated registers with known truth often reached at least a tenth fewer than one simple flag or
    whole places at the same capacity; see `benchmarks/early_warning_truth.py`. The count cannot tell whether the
    columns say anything of the event: that is seen only in the evaluation.
    """
    if as_of_dates is None:
        found = cohorts.candidates(declaration, tables)
        as_of_dates = [day for day, complete in found.items() if complete]
    parts = []
    for day in as_of_dates:
        _, y, info = cohorts.build(declaration, tables, day)
        if info.complete and len(y):
            table = {"person": info.frame["person"].to_numpy(object), "y": y.to_numpy(float), "place": None}
            parts.append(pd.DataFrame(table))
            if declaration.place:
                parts[-1]["place"] = info.frame[declaration.place].to_numpy(object)
    rows = pd.concat(parts) if parts else pd.DataFrame({"person": [], "y": [], "place": []})
    return judge(
        events=int(rows.loc[rows["y"] == 1, "person"].nunique()),
        cohorts=len(parts),
        persons=int(rows["person"].nunique()),
        columns=len(declaration.features),
        places=int(rows["place"].nunique()),
        flag=_flag(declaration),
    )


def judge(
    *, events: int, cohorts: int, persons: int, columns: int, places: int = 0, flag: Words | None = None
) -> Enough:
    """What so many past outcomes allow.

    Parameters
    ----------
    events, persons
        Persons with the event, and persons at all.
    cohorts
        Complete cohorts.
    columns
        Declared columns.
    places
        Places, 0 for none.
    flag
        What the simple flag is called.

    Returns
    -------
    Enough

    Examples
    --------
    >>> town = judge(events=15, cohorts=5, persons=325, columns=12, places=2, flag={"en": "absence"})
    >>> town.ok, town.needed, town.towns, town.advice
    (False, 80, 6, 'flag')
    """
    needed = max(EVENTS, math.ceil(EACH * columns))
    ok = events >= needed and cohorts >= COHORTS
    if ok:
        advice = "model"
    elif needed / POOL <= events < needed:
        advice = "pool"
    else:
        advice = "places" if places > 1 and events >= PLACE_EVENTS else "flag"
    return Enough(ok, events, cohorts, persons, needed, advice, places, flag or {})


def _flag(declaration: Declaration) -> Words:
    name = declaration.flag.feature
    label = next((item.label for item in declaration.features if item.name == name), {})
    return {language: label.get(language, name) for language in ("sv", "fi", "en")}
