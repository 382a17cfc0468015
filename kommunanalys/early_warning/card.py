"""The model card: what the run itself knows of a model, under the nine headings of Annex IV of the AI Act."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import pandas as pd

from kommunanalys import origin
from kommunanalys.early_warning.council import few_in_a_cohort
from kommunanalys.early_warning.declaration import Declaration
from kommunanalys.early_warning.evaluate import Evaluation
from kommunanalys.early_warning.groups import GroupReport
from kommunanalys.early_warning.papers import CARD, Paper, Report, bullets, declared, fill, knowledge, results, table
from kommunanalys.early_warning.scoring import fingerprint
from kommunanalys.early_warning.sentences import ways
from kommunanalys.early_warning.splits import NOT_YET
from kommunanalys.early_warning.strategies import ALL
from kommunanalys.early_warning.values import in_language
from kommunanalys.journal import SMALL
from kommunanalys.language import Speaker
from kommunanalys.secrecy.register import in_words

SOFTWARE = ("kommunanalys", "scikit-learn", "scipy", "numpy", "pandas")
HEADING = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One heading of Annex IV."""

    number: int
    heading: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class ModelCard(Paper):
    """What is known of a model, for those who oversee it; counts below five persons are hidden, nobody is named."""

    @property
    def sections(self) -> tuple[Section, ...]:
        """The nine headings, in the order of the annex."""
        parts = HEADING.split(self.text)[1:]
        numbered = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        return tuple(Section(int(number), heading, body.strip()) for number, heading, body in numbered)


def model_card(
    evaluation: Evaluation,
    *,
    groups: GroupReport | None = None,
    drift: Report | None = None,
    leakage: Report | None = None,
    origins: Sequence[origin.Origin] | None = None,
    language: str = "en",
) -> ModelCard:
    """The model card of an evaluation.

    Parameters
    ----------
    evaluation
        As `evaluate` gives it. What it cannot know (purpose, provider, oversight, ...) comes from the [steward] of its
        task; what nobody has said is marked "not stated".
    groups, drift, leakage
        Answers of `group_report`, `drift_report` and `leakage_report`.
    origins
        Where the data came from; None for all that this session has read.
    language
        "sv", "fi" or "en".

    Returns
    -------
    ModelCard

    Raises
    ------
    UsageError
        Unknown language, or a key in the task's [steward] that no paper asks for.

    References
    ----------
    Regulation (EU) 2024/1689, Annex IV. Mitchell et al. (2019), Model cards for model reporting, FAT* 2019.

    Examples
    --------
    >>> Section(4, "Why these measures fit", "...").heading
    'Why these measures fit'
    """
    say, task = Speaker(language), declared(evaluation)
    none = f"**{say('not examined yet')}**"
    known = {
        **knowledge(task, language),
        **results(evaluation, groups, drift, language),
        **_run(evaluation, task, say),
        **({"by_group": _by_group(groups, say)} if groups else {}),
        "origins": _origins(origin.origins() if origins is None else origins, say),
        "leakage": "\n\n".join(leakage.summary(language).splitlines()) if leakage else none,
    }
    text, missing = fill(CARD, task, known, language)
    return ModelCard(CARD, task.name, language, text, missing)


def _run(evaluation: Evaluation, task: Declaration, say: Speaker) -> dict[str, str]:
    """The fields that only the run itself knows."""
    return {
        "version": _version(task, say),
        "fingerprint": f"`{fingerprint(evaluation)[:16]}`",
        "software": ", ".join([f"Python {platform.python_version()}", *(_package(name) for name in SOFTWARE)]),
        "machine": say("{machine}, {count} processors", machine=platform.machine(), count=os.cpu_count()),
        "chosen": f"`{evaluation.chosen}`",
        "seed": str(evaluation.random_state),
        "candidates": _candidates(evaluation.candidates, say),
        "folds": _folds(evaluation.folds, say),
        "calibration": _calibration(evaluation, say),
        "reach": _reach(evaluation.to_frame(), say),
        "cautions": " ".join(evaluation.cautions(say.language)),
    }


def _version(task: Declaration, say: Speaker) -> str:
    if task.path is None:
        return say("declared in code, not in a file")
    try:
        hashed = origin.hash_bytes(task.path.read_bytes())
        return say("file {file}, SHA-256 {hash}", file=task.path.name, hash=hashed[:12])
    except OSError:
        return say("file {file}, which is no longer there", file=task.path.name)


def _package(name: str) -> str:
    return f"{name} {metadata.version(name)}"


def _origins(items: Sequence[origin.Origin], say: Speaker) -> str:
    if not items:
        return say("No origin was recorded in this session.")
    told = (f"{one.credit}: {one.address} (SHA-256 {one.sha256[:12]}, {one.fetched[:10]})" for one in items)
    return say("Read in this session: {origins}.", origins="; ".join(dict.fromkeys(told)))


def _candidates(frame: pd.DataFrame, say: Speaker) -> str:
    heads = [say("Candidate"), say("Log loss"), say("More than the best"), say("Standard error"), say("Brier score")]
    rows = []
    for row in frame.to_dict("records"):
        figures = [say.number(row[name], 4) for name in ("log_loss", "more_than_best", "se", "brier")]
        rows.append([f"**{row['candidate']}**" if row["chosen"] else str(row["candidate"]), *figures])
    return table(heads, rows)


def _folds(frame: pd.DataFrame, say: Speaker) -> str:
    """The cohorts whose outcomes are known, and what was learnt from before each was tried on.

    How many were learnt from is not said: the sums over cohorts would tell what is hidden of one, and who was left out.
    """
    heads = [say("Day of the list"), say("Learnt from"), say("Persons"), say("with the event")]
    rows, few = [], few_in_a_cohort(frame)
    for row in frame[frame["why"] != NOT_YET].to_dict("records"):
        hidden = few and row["events"] >= SMALL
        events = say("hidden") if hidden else in_words(int(row["events"]), say)
        train = ", ".join(map(_day, row["train"])) if row["tested"] else "–"
        rows.append([_day(row["as_of"]), train, in_words(int(row["units"]), say), events])
    return table(heads, rows)


def _calibration(evaluation: Evaluation, say: Speaker) -> str:
    """Slope, intercept and expected error with their intervals, and what they mean."""
    heads = [say("Calibration"), say("Value"), say("Lower limit"), say("Upper limit"), say("Right is")]
    names = {"slope": (say("Slope"), 1), "intercept": (say("Intercept"), 0), "error": (say("Expected error"), 0)}
    measures = evaluation.calibration.measures[["value", "low", "high"]]
    rows = [
        [head, *(say.number(value, 3) for value in measures.loc[name]), str(right)]
        for name, (head, right) in names.items()
    ]
    return f"{table(heads, rows)}\n\n{evaluation.calibration.summary(say.language)}"


def _reach(frame: pd.DataFrame, say: Speaker) -> str:
    """The ways side by side, all dates together; what rests on fewer than five persons is missing already."""
    called = ways(say)
    heads = [say("All dates together"), say("Listed"), say("Precision"), say("Recall")]
    rows = []
    for row in frame[frame["as_of"] == ALL].to_dict("records"):
        shares = [_interval(row, name, say) for name in ("precision", "recall")]
        rows.append([called[row["strategy"]], say.number(row["listed"]), *shares])
    return table(heads, rows)


def _interval(row: dict[Any, Any], name: str, say: Speaker) -> str:
    if pd.isna(row[name]):
        return say.percent(None)
    value, low, high = (say.percent(100 * row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return say("{value} ({low} to {high})", value=value, low=low, high=high)


def _by_group(groups: GroupReport, say: Speaker) -> str:
    """The figures of each group, and what differs; what is hidden in the report stays so."""
    heads = [
        say("Group"),
        say("Persons"),
        say("Recall"),
        say("Precision"),
        say("Listed without the event"),
        say("Mean risk less what came"),
    ]
    rows = []
    for row in groups.to_frame().to_dict("records"):
        units = say("hidden") if pd.isna(row["units"]) else in_words(int(row["units"]), say)
        shares = [_interval(row, name, say) for name in ("recall", "precision", "false_alarms", "calibration")]
        called = f"{groups.called(row['group'], say.language)}: {in_language(row['value'], say)}"
        rows.append([called, units, *shares])
    return f"{table(heads, rows)}\n\n{bullets(groups.summary(say.language).splitlines())}"


def _day(value: Any) -> str:
    return str(value)[:10]
