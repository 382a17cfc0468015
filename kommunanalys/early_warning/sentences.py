"""The sentences on an evaluation that hold no figure: the council's page says them, and `findings` lets them out.

Said by `ENGLISH`, a sentence is its own template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from kommunanalys.early_warning.splits import NO_PAST, NOT_ENDED, NOT_YET
from kommunanalys.language import Speaker

Sentence: TypeAlias = tuple[str, Mapping[str, str]]
"""An English template, and the words in its fields, which are templates too."""
ENGLISH: Final = Speaker("en")


def ways(say: Speaker) -> dict[str, str]:
    """What the ways to use the capacity are called.

    Examples
    --------
    >>> ways(Speaker("en"))["flag"]
    'One simple flag'
    """
    return {
        "chance": say("Chance"),
        "flag": say("One simple flag"),
        "places": say("Whole places"),
        "model": say("The model's list"),
    }


def why(reason: str, say: Speaker) -> str:
    """Why a date was not tested, in words.

    Examples
    --------
    >>> why(NO_PAST, Speaker("en"))
    'there is no earlier cohort'
    """
    if reason == NOT_YET:
        return say("the outcomes are not known yet")
    if reason == NO_PAST:
        return say("there is no earlier cohort")
    if reason == NOT_ENDED:
        return say("the outcomes of no earlier cohort were known by then")
    return say("too few earlier outcomes")


def advice(recommendation: str, places_known: bool, say: Speaker = ENGLISH, *, trial: bool = False) -> str:
    """What follows from the comparisons; with `trial` from the number of past outcomes alone.

    Examples
    --------
    >>> advice("flag", True, trial=True)
    'Recommended: one simple flag. Too little is known of the past for a model.'
    """
    if trial:
        return {
            "flag": say("Recommended: one simple flag. Too little is known of the past for a model."),
            "places": say("Recommended: help to whole places. Too little is known of the past for a model."),
            "pool": say(
                "Recommended: pool data with other municipalities. Too little is known of the past for a model; until "
                "then one simple flag or whole places."
            ),
        }[recommendation]
    if recommendation == "list" and not places_known:
        return say("Recommended: a list of individuals. It reached credibly more than one simple flag and chance.")
    return {
        "list": say(
            "Recommended: a list of individuals. It reached credibly more than whole places and one simple flag."
        ),
        "flag": say(
            "Recommended: one simple flag. It is the simplest way that reaches individuals, and the model did not "
            "credibly reach more."
        ),
        "places": say(
            "Recommended: help to whole places. A list of individuals did not credibly reach more at the same capacity."
        ),
        "everyone": say(
            "Recommended: help in common for everyone. At this capacity no way of choosing credibly reached more than "
            "chance."
        ),
    }[recommendation]


def only_tried(say: Speaker = ENGLISH) -> str:
    """What the figures of a model are where there are too few past outcomes for one."""
    return say("What is said of the model's list is a trial only: no list is made by this model.")


def without_places(say: Speaker = ENGLISH) -> str:
    """Why whole places do not stand among the ways."""
    return say("Whole places could not be tried: nothing was known of their earlier outcomes.")


def meaning(say: Speaker = ENGLISH) -> str:
    """What the figures are, and what they are not."""
    return say(
        "The figures tell whom a way of choosing reaches, not whether the help works. "
        "The recommendation is no decision about any person."
    )


def single(say: Speaker = ENGLISH) -> str:
    """Where one date was tested."""
    return say("Only one date could be tested: how much the result changes from year to year is not known.")


def untested(dates: str, reason: str) -> Sentence:
    """The dates that were not tested, and why."""
    say = ENGLISH
    return say("Not tested: {dates} ({why})."), {"dates": dates, "why": why(reason, say)}


def model(chosen: str) -> Sentence:
    """Which model was chosen."""
    say = ENGLISH
    if chosen == "flag":
        alone = say("The list of the model rests on the simple flag alone: no larger model foresaw credibly better.")
        return alone, {}
    kinds = {"line": say("a weighted sum of the columns"), "trees": say("many small trees")}
    kind = kinds.get(chosen, say("a weighted sum of the columns together with many small trees"))
    return say("The model: {kind}. It is the simplest one that no other credibly beat."), {"kind": kind}


def beside(column: str, who: str, others: str) -> Sentence:
    """Whom the list reaches in one group and in another; the figures stand in the table of groups."""
    say = ENGLISH
    template = say(
        "Of 10 with the outcome among those with \u201c{who}\u201d about {x} stood on the list, of 10 among those with "
        "\u201c{others}\u201d about {y}."
    )
    figures = {"x": f"groups/{who}/{column}:of 10", "y": f"groups/{others}/{column}:of 10"}
    return template, {"who": who, "others": others, **figures}


def enough(ok: bool, say: Speaker = ENGLISH) -> str:
    """Whether there are outcomes enough in the past."""
    if ok:
        return say("That is enough to try a model; the evaluation then shows whether it is worth it.")
    return say("That is too few: a model would often reach fewer than simpler ways do. Make none.")


def said(sentence: Sentence, say: Speaker) -> str:
    """A sentence in a language.

    Examples
    --------
    >>> said(model("trees"), Speaker("en"))
    'The model: many small trees. It is the simplest one that no other credibly beat.'
    """
    template, words = sentence
    return say(template, **{name: say(word) for name, word in words.items()})
