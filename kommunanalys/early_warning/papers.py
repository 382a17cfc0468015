"""Drafts of the papers that the law wants before a list is made, filled from the task and from its evaluation.

The texts stand in `drafts/` in three languages, what the law says in `law.toml` with the day on which it was last
looked up. A draft is no advice and no decision: a lawyer and the data protection officer go through it.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd

from kommunanalys import journal, paths
from kommunanalys.early_warning.declaration import Declaration, Feature, Words
from kommunanalys.early_warning.evaluate import Evaluation
from kommunanalys.early_warning.law import law, looked_up
from kommunanalys.early_warning.sheets import DAYS
from kommunanalys.early_warning.strategies import ALL
from kommunanalys.errors import OutputError, UsageError
from kommunanalys.language import Speaker
from kommunanalys.secrecy.frame import local_day

FOLDER = Path(__file__).with_name("drafts")
KINDS = ("impact_assessment", "deployer", "staff", "guardians")
"""Data protection impact assessment; duties of the deployer; information to the staff, and to guardians."""
CARD = "model_card"
# fmt: off
STATED = (
    "access", "actions", "affected", "alternatives", "changes", "complaints", "conformity", "contact",
    "controller", "data_gaps", "data_origin", "decision", "dpo", "dpo_advice", "expiry", "explanation",
    "foreseen", "frequency", "hardware", "impact_assessment", "information", "input_data", "legal_basis",
    "log_retention", "measures", "minimisation", "monitoring", "not_for", "notified", "objection", "oversight",
    "post_market", "predetermined", "provider", "purpose", "recipients", "registration", "remaining_risk",
    "retention", "review", "risk_drift", "risk_group", "risk_label", "risk_leak", "risk_missed", "risk_misuse",
    "risk_system", "risks", "security", "standards", "stop", "support", "training", "users", "views", "workers",
)
# fmt: on
"""What somebody has to state in the task's [steward]; the rest the run knows."""


class Report(Protocol):
    """A result that says itself in words that name nobody."""

    def summary(self, language: str = "en") -> str:
        """The words."""


@dataclass(frozen=True)
class Paper:
    """One draft.

    Parameters
    ----------
    kind
        "impact_assessment", "deployer", "staff" or "guardians"; "model_card" of a card.
    task
        Name of the task.
    language
        Of the text.
    text
        Markdown.
    missing
        What nobody has stated, by its key in the task's [steward].
    """

    kind: str
    task: str
    language: str
    text: str = field(repr=False)
    missing: tuple[str, ...]

    def to_markdown(self) -> str:
        """The draft as Markdown."""
        return self.text

    def write(self, folder: str | Path | None = None) -> Path:
        """Write the draft, whole or not at all.

        Parameters
        ----------
        folder
            Where; None for the private folder of papers among the state.

        Returns
        -------
        Path

        Raises
        ------
        OutputError
            It cannot be written; what stood there stands there still.
        """
        name = re.sub(r"[^\w.-]+", "_", f"{self.task}-{self.kind}-{self.language}.md")
        try:
            place = journal.private_folder("papers") if folder is None else Path(folder).expanduser()
            paths.write_whole(place / name, self.text.encode())
        except OSError as error:
            raise OutputError(
                "{file} cannot be written ({reason}). Is it open elsewhere, and is the folder there and yours to write "
                "in?",
                file=name,
                reason=type(error).__name__,
            ) from None
        return place / name


def papers(
    about: Declaration | Evaluation,
    *,
    groups: Report | None = None,
    drift: Report | None = None,
    language: str = "en",
) -> dict[str, Paper]:
    """Drafts of the papers for a task.

    Parameters
    ----------
    about
        A task, or its evaluation; with the evaluation the drafts say how well it works.
    groups, drift
        Answers of `group_report` and `drift_report`.
    language
        "sv", "fi" or "en".

    Returns
    -------
    dict
        Drafts by kind: "impact_assessment" (GDPR art. 35), "deployer" (AI Act art. 26, 27, 86), "staff", "guardians".
        What nobody has stated is marked in the text and named in `missing`.

    Raises
    ------
    UsageError
        Unknown language, or a key in the task's [steward] that no paper asks for.

    Examples
    --------
    >>> from kommunanalys.early_warning.task import Task
    >>> from kommunanalys.paths import data_dir
    >>> task = Task.read(data_dir() / "example" / "tasks" / "dropout.toml")
    >>> print(papers(task)["guardians"].to_markdown().splitlines()[0])
    # To guardians and those concerned: ...
    """
    task = declared(about)
    known = knowledge(task, language)
    known |= results(about if isinstance(about, Evaluation) else None, groups, drift, language)
    made = {}
    for kind in KINDS:
        text, missing = fill(kind, task, known, language)
        made[kind] = Paper(kind, task.name, language, text, missing)
    return made


def declared(about: Declaration | Evaluation) -> Declaration:
    """The declaration of whatever was given, its stewards' texts known to some paper."""
    task: Declaration = about.task if isinstance(about, Evaluation) else about
    strange = sorted(set(task.steward) - set(STATED))
    if strange:
        raise UsageError(
            "No paper asks for {strange} in [steward] of the task {task}. What can be stated there: {known}.",
            strange=", ".join(strange),
            task=task.name,
            known=", ".join(STATED),
        )
    return task


def fill(kind: str, task: Declaration, known: Mapping[str, str], language: str) -> tuple[str, tuple[str, ...]]:
    """A text of `drafts/` with its fields filled, and what nobody stated."""
    say = Speaker(language)
    template = (FOLDER / f"{kind}.{language}.md").read_text(encoding="utf-8")
    asked = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    cited = {name: statement for name, statement in law().items() if f"law[{name}]" in asked}
    stated = {key: text for key in STATED if (text := _in(task.steward.get(key, {}), language))}
    missing = tuple(sorted(asked & set(STATED) - set(stated) - set(known)))
    absent = {key: f"**{say('not stated')}**." for key in missing}
    fields = {**known, **absent, **{key: _sentence(text) for key, text in stated.items()}}
    quoted = {name: statement.say(language) for name, statement in cited.items()}
    text = template.format(**fields, law=quoted, law_sources=bullets(looked_up(cited.values(), language)))
    # A full stop of ours after a stated sentence would stand twice.
    return re.sub(r"([.!?]\)?)\.(?=\s)", r"\1", text), missing


def knowledge(task: Declaration, language: str) -> dict[str, str]:
    """What the task itself says of the fields, in words."""
    say = Speaker(language)
    count = say.number(task.capacity)
    left_out = say("Whoever has objected is left out of the list.")
    nobody = f"**{say('The task names no file of those who have objected, so that nobody would be left out.')}**"
    return {
        "title": _in(task.title, language) or task.name,
        "name": task.name,
        "today": say.date(local_day()),
        "event": _event(task, say),
        "cohort": _cohort(task, say),
        "capacity": say("{count} in each place", count=count) if task.per else say("{count} in all", count=count),
        "columns": _columns(task, say),
        "columns_short": bullets(_called(one, language) for one in task.features),
        "left_out": left_out if task.objections else nobody,
        "expiry": say("until the day that stands on it, {days} days if nobody chose another.", days=DAYS),
        "groups_named": say.names(_in(one.label, language) or one.name for one in task.groups) or say("none declared"),
    }


def results(
    evaluation: Evaluation | None, groups: Report | None, drift: Report | None, language: str
) -> dict[str, str]:
    """What an evaluation says of the fields, in words; that there is none, where there is none."""
    say = Speaker(language)
    wrong, missed = ("", "") if evaluation is None else _mistakes(evaluation, say)
    none = f"**{say('not examined yet')}**"
    return {
        "verdict": evaluation.verdict.summary(language) if evaluation else none,
        "false_alarms": wrong or none,
        "missed": missed or none,
        "by_group": bullets(groups.summary(language).splitlines()) if groups else none,
        "drift": line(drift.summary(language)) if drift else none,
    }


def line(text: str) -> str:
    r"""A text on one line, its bars escaped, so that it fits a cell of a table.

    Examples
    --------
    >>> print(line("a\nb | c"))
    a b \| c
    """
    return " ".join(text.split()).replace("|", "\\|")


def bullets(texts: Iterable[str]) -> str:
    r"""A list in Markdown.

    Examples
    --------
    >>> bullets(["a", "b"])
    '- a\n- b'
    """
    return "\n".join(f"- {text}" for text in texts)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""A table in Markdown; bars in a cell are escaped.

    Examples
    --------
    >>> print(table(["a"], [["1|2"]]))
    | a |
    | --- |
    | 1\|2 |
    """
    lines = [heads, ["---"] * len(heads), *([line(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _in(words: Words, language: str) -> str:
    """A text in the language, or in the first one that there is."""
    return next((words[one] for one in (language, "en", "sv", "fi") if words.get(one, "").strip()), "")


def _sentence(text: str) -> str:
    """A stated text on one line that breaks no table, ended as a sentence."""
    flat = line(text)
    return flat if flat.endswith((".", "!", "?", ".)")) else f"{flat}."


def _called(feature: Feature, language: str) -> str:
    return _in(feature.label, language) or feature.name


def _event(task: Declaration, say: Speaker) -> str:
    outcome = task.outcome
    if outcome.kind == "event":
        return say(
            "a dated event in the column `{column}` of `{table}` within {horizon} of the day of the list.",
            column=outcome.column,
            table=outcome.table,
            horizon=_length(outcome.horizon, say),
        )
    return say(
        "the column `{column}` of `{table}` says {values}, within {horizon} of the day of the list.",
        column=outcome.column,
        table=outcome.table,
        values=say.names(f"`{value}`" for value in outcome.event),
        horizon=_length(outcome.horizon, say),
    )


def _length(text: str, say: Speaker) -> str:
    """A length of time such as "15 months" in the language; a number as it is."""
    amount, _, unit = text.partition(" ")
    if not unit:
        return text
    one = {"day": say("one day"), "week": say("one week"), "month": say("one month"), "year": say("one year")}
    count = int(amount)
    many = {
        "day": say("{count} days", count=count),
        "week": say("{count} weeks", count=count),
        "month": say("{count} months", count=count),
        "year": say("{count} years", count=count),
    }
    return (one if count == 1 else many)[unit.removesuffix("s")]


def _cohort(task: Declaration, say: Speaker) -> str:
    cohort = task.cohort
    text = say(
        "everybody with a row in `{table}` that holds on the day of the list (from `{start}` until `{until}`, counted "
        "from `{date}`), but those who have left or objected.",
        table=cohort.table,
        start=cohort.start,
        until=cohort.until,
        date=cohort.date,
    )
    limits = "; ".join(f"`{column}`: {', '.join(map(str, values))}" for column, values in cohort.where.items())
    return f"{text} {say('Only: {limits}.', limits=limits)}" if limits else text


def _columns(task: Declaration, say: Speaker) -> str:
    """Every column with where it stands, how its rows become one value, and from when it is known."""
    heads = [say("Column"), say("From"), say("Taken as"), say("Known from")]
    taken = {
        "last": say("the latest value"),
        "first": say("the first value"),
        "mean": say("the mean"),
        "sum": say("the sum"),
        "min": say("the lowest value"),
        "max": say("the highest value"),
        "count": say("the number of rows"),
        "change": say("the change from first to last"),
    }
    rows = [
        (
            _called(one, say.language),
            f"`{one.table}.{one.column}`",
            f"{taken[one.take]}, `{one.within}`" if one.within else taken[one.take],
            say("unknown: not learnt from") if one.known_from == "unknown" else f"`{one.known_from}`",
        )
        for one in task.features
    ]
    note = say(
        "Counted from each row's own day or year: `row` is that day itself, `+1 06-10` is 10 June of the year after."
    )
    return f"{table(heads, rows)}\n\n{note}"


def _mistakes(evaluation: Evaluation, say: Speaker) -> tuple[str, str]:
    """How many of those listed were listed without need, and how many of those with the event were missed."""
    reach = evaluation.to_frame()
    row = reach[(reach["strategy"] == "model") & (reach["as_of"] == ALL)].iloc[0]
    if pd.isna(row["precision"]) or pd.isna(row["recall"]):
        few = say("fewer than {limit} persons: not shown", limit=journal.SMALL)
        return few, few

    def share(name: str, text: str) -> str:
        # Low and high change places: what is counted here is the rest.
        value, low, high = (say.percent(100 * (1 - row[f"{name}{end}"])) for end in ("", "_high", "_low"))
        return text.format(share=value, low=low, high=high)

    return (
        share("precision", say("{share} of those listed would not have had the event ({low} to {high})")),
        share("recall", say("{share} of those with the event were not listed ({low} to {high})")),
    )
