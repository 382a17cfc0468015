"""Whether there are past outcomes enough to learn from, and what to do instead where there are not."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from kommunanalys import journal
from kommunanalys.answer import Answer
from kommunanalys.early_warning import cohorts, sentences
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
"""Least number from which whole places are put in order. Chosen: with 20 events whole places were less than a tenth
better than chance in 12 % of the benchmark's runs where places differ much, and in 18–55 % where they differ less.
"""
COHORTS: Final = 3
"""Complete cohorts: two to learn from, the next to test on."""
POOL: Final = 5
"""Most towns of the same size with which pooling is proposed first. Chosen: no simulation pooled towns."""


@dataclass(frozen=True)
class Enough(Answer):
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
        Persons with the event that the simulations ask for, and as many without.
    advice
        "model", "flag", "places" or "pool": what to begin with.
    places
        Places in the cohorts, 0 where the task declares none.
    flag
        What the simple flag is called, by language.
    """

    ok: bool
    events: int = field(repr=False)
    cohorts: int
    persons: int = field(repr=False)
    needed: int
    advice: str
    places: int
    flag: Words = field(default_factory=dict, hash=False)

    @property
    def rarer(self) -> int:
        """Persons with the event or persons who never had it, whichever are fewer."""
        return min(self.events, self.persons - self.events)

    @property
    def towns(self) -> int | None:
        """How many with as many events each are needed together; None below five, for it would tell how many."""
        return math.ceil(self.needed / self.rarer) if self.rarer >= journal.SMALL else None

    def to_frame(self) -> pd.DataFrame:
        """The counts in one row; small numbers of people are missing."""
        few = 0 < self.rarer < journal.SMALL
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
            events=in_words(self.events, say) if self.rarer == self.events else self._most(say),
            persons=in_words(self.persons, say),
            cohorts=self.cohorts,
            needed=say.number(self.needed),
            least=COHORTS,
        )
        if self.ok:
            return f"{counts} {sentences.enough(True, say)}"
        return " ".join([counts, *self._instead(say, language)])

    def _most(self, say: Speaker) -> str:
        """How many had the event where most had: the few others must not be told by what is left."""
        others = self.persons - self.events
        return say("all but {others}", others=in_words(others, say)) if others < journal.SMALL else str(self.events)

    def _instead(self, say: Speaker, language: str) -> list[str]:
        """What to do without a model, the advice first."""
        if not self.cohorts:
            said = [
                say(
                    "No cohort is complete: the data end before the outcomes came to be known, or the horizon of the "
                    "task ends before the day on which they do (known_from)."
                )
            ]
        elif self.rarer < self.needed <= self.events:
            said = [say("Too few have been without the outcome to tell who will have it. Make no model.")]
        elif self.events >= self.needed:
            said = [
                say("There are outcomes enough but too few complete cohorts to test a model on: wait for the next.")
            ]
        else:
            said = [sentences.enough(False, say)]
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
        if self.rarer >= self.needed:
            return ""
        if self.towns is None:
            return say("Pool data with others: many municipalities of this size are needed together.")
        return say(
            "Pool data with others: about {towns} municipalities of this size are needed together.", towns=self.towns
        )


def enough(declaration: Declaration, tables: Any) -> Enough:
    """Count the past outcomes of a task in all complete cohorts, and say what they allow.

    Notes
    -----
    Needed are the greater of 80 events and 2 for each declared column, in at least 3 complete cohorts. With fewer, a
    model learnt from simulated registers with known truth often reached at least a tenth fewer than one simple flag or
    whole places at the same capacity; see `benchmarks/early_warning_truth.py`. The count cannot tell whether the
    columns say anything of the event: that is seen only in the evaluation.
    """
    history = [pd.DataFrame(columns=["as_of", "person", "y", "place"])]
    for day, complete in cohorts.candidates(declaration, tables).items():
        if complete:
            _, y, info = cohorts.build(declaration, tables, day)
            history.append(outcomes(declaration, day, y, info.frame))
    return counted(declaration, pd.concat(history[1:] or history))


def outcomes(declaration: Declaration, as_of: Any, y: pd.Series[Any], frame: pd.DataFrame) -> pd.DataFrame:
    """What became of a cohort: `as_of`, `person`, `y`, `place` (missing where the task has none), `known_from`."""
    table = pd.DataFrame({"as_of": as_of, "person": frame["person"].to_numpy(), "y": y.to_numpy(float)})
    place = frame[declaration.place].to_numpy() if declaration.place else np.nan
    return table.assign(place=place, known_from=frame["known_from"].to_numpy())


def counted(declaration: Declaration, history: pd.DataFrame) -> Enough:
    """What the `outcomes` of all complete cohorts allow."""
    return judge(
        events=int(history.loc[history["y"] > 0, "person"].nunique()),
        cohorts=history["as_of"].nunique(),
        persons=int(history["person"].nunique()),
        columns=len(declaration.features),
        places=int(history["place"].nunique()),
        flag=flag_words(declaration),
    )


def judge(
    *, events: int, cohorts: int, persons: int, columns: int, places: int = 0, flag: Words | None = None
) -> Enough:
    """What so many past outcomes allow.

    Examples
    --------
    >>> town = judge(events=15, cohorts=5, persons=325, columns=12, places=2, flag={"en": "absence"})
    >>> town.ok, town.needed, town.towns, town.advice
    (False, 80, 6, 'flag')
    """
    needed = max(EVENTS, math.ceil(EACH * columns))
    rarer = min(events, persons - events)
    ok = rarer >= needed and cohorts >= COHORTS
    if ok:
        advice = "model"
    elif needed / POOL <= rarer < needed:
        advice = "pool"
    else:
        advice = "places" if places > 1 and events >= PLACE_EVENTS else "flag"
    return Enough(ok, events, cohorts, persons, needed, advice, places, flag or {})


def flag_words(declaration: Declaration) -> Words:
    """What the simple flag is called, by language."""
    name = declaration.flag.feature
    label = next((item.label for item in declaration.features if item.name == name), {})
    return {language: label.get(language, name) for language in ("sv", "fi", "en")}
