"""What a reader must know before believing a comparison: few units, small numbers, missing quality, dominant peers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.units import listed
from kommunanalys.language import Speaker

FEW = 100
"""Pupils below which one or two of them move a rate by whole per cents."""


@dataclass(frozen=True)
class Caution:
    """One reservation, said in the reader's language when it is needed.

    Parameters
    ----------
    text
        English text, with `{fields}` where values belong.
    values
        What the fields stand for: whole numbers, and tuples of units that are called by their names.

    Examples
    --------
    >>> Caution("Left out ({count}): {units}.", {"count": 1, "units": ("1440",)}).say(Speaker("en"))
    'Left out (1): Ale.'
    """

    text: str
    values: Mapping[str, int | tuple[object, ...]] = field(default_factory=dict, hash=False)

    def say(self, speaker: Speaker) -> str:
        """The caution as a sentence."""
        spoken = {
            name: listed(value, speaker) if isinstance(value, tuple) else speaker.number(value)
            for name, value in self.values.items()
        }
        return speaker(self.text, **spoken)


def few_units(units: int, inputs: int, outputs: int) -> tuple[Caution, ...]:
    """Fewer units than max(inputs · outputs, 3 (inputs + outputs)).

    References
    ----------
    Cooper, Seiford & Tone (2007), Data Envelopment Analysis, 2nd ed., p. 116.

    Examples
    --------
    >>> len(few_units(11, 2, 2)), len(few_units(12, 2, 2))
    (1, 0)
    """
    least = max(inputs * outputs, 3 * (inputs + outputs))
    if units >= least:
        return ()
    return (
        Caution(
            "Only {units} units are compared on {columns} figures. With fewer than {least} units many get the best "
            "score merely because few resemble them.",
            {"units": units, "columns": inputs + outputs, "least": least},
        ),
    )


def small_numbers(pupils: pd.Series) -> tuple[Caution, ...]:
    """Fewer than 100 pupils behind a rate.

    Parameters
    ----------
    pupils
        Denominators of the rate by unit [persons].

    Examples
    --------
    >>> small_numbers(pd.Series({"1440": 99, "0180": 9000}))[0].values["units"]
    ('1440',)
    """
    small = tuple(pupils.index[pupils < FEW])
    if not small:
        return ()
    return (
        Caution(
            "Fewer than {least} pupils stand behind the rate of {units}. A few pupils move such a rate: "
            "read it over several years.",
            {"least": FEW, "units": small},
        ),
    )


def missing_quality(columns: Iterable[str]) -> tuple[Caution, ...]:
    """None of the columns tells how well the activity succeeded.

    Parameters
    ----------
    columns
        Names of the outputs. A name outside the glossary may be a result, so nothing is said then.

    Examples
    --------
    >>> len(missing_quality(["compulsory_pupils_home"])), len(missing_quality(["compulsory_merit_home"]))
    (1, 0)
    """
    known = [names.glossary().get(str(name)) for name in columns]
    if any(item is None or item.better != "neither" for item in known):
        return ()
    return (
        Caution(
            "No result of the activity, such as grades or completed studies, is among the figures: "
            "a low cost can then mean poorer results as well as good management.",
        ),
    )


def dominant_peers(peers: pd.DataFrame, units: int) -> tuple[Caution, ...]:
    """Units that more than a third of the others are compared with.

    Parameters
    ----------
    peers
        Columns `unit`, `peer`.
    units
        How many units there are.

    Examples
    --------
    >>> table = pd.DataFrame({"unit": ["a", "b", "c"], "peer": ["a", "a", "c"]})
    >>> dominant_peers(table, 3)[0].values["units"]
    ('a',)
    """
    others = peers[peers["unit"] != peers["peer"]]["peer"].value_counts()
    dominant = tuple(sorted(others.index[others > (units - 1) / 3], key=str))
    if not dominant:
        return ()
    return (
        Caution(
            "More than a third of the others are compared with {units}. Check those figures first: an error or a "
            "special case there moves the scores of all of them.",
            {"units": dominant},
        ),
    )


def unknown_nearest() -> tuple[Caution, ...]:
    """The search for the nearest target did not end.

    Examples
    --------
    >>> len(unknown_nearest())
    1
    """
    return (
        Caution(
            "The closest point of the frontier is not known: the search for it was given up. "
            "The target straight ahead, with all columns changed by the same share, holds.",
        ),
    )


def no_nearest() -> tuple[Caution, ...]:
    """The nearest target is not looked for.

    Examples
    --------
    >>> len(no_nearest())
    1
    """
    return (
        Caution(
            "The closest point of the frontier is not looked for where some columns are fixed or beyond control.",
        ),
    )


def incomplete(left_out: Iterable[object]) -> tuple[Caution, ...]:
    """Units that could not take part since a figure is missing.

    Examples
    --------
    >>> incomplete([])
    ()
    """
    units = tuple(left_out)
    if not units:
        return ()
    return (Caution("Left out because a figure is missing ({count}): {units}.", {"count": len(units), "units": units}),)


def flagged(which: Mapping[str, str], say: Speaker) -> list[str]:
    """What is preliminary, revised, rounded or noisy.

    Parameters
    ----------
    which
        Flag of the publisher → the figures that have it, in words.
    say
        Speaker of the reader's language.

    Examples
    --------
    >>> flagged({"preliminary": "cost for each pupil", "missing": "tax rate"}, Speaker("en"))
    ['Preliminary: cost for each pupil.']
    """
    lines = {
        "preliminary": say("Preliminary: {which}.", which=which.get("preliminary")),
        "revised": say("Revised since first published: {which}.", which=which.get("revised")),
        "rounded": say("Rounded: {which}.", which=which.get("rounded")),
        "noisy": say("Disturbed on purpose to protect persons: {which}.", which=which.get("noisy")),
    }
    return [line for flag, line in lines.items() if flag in which]
