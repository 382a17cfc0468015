"""What an evaluation found, as statistics that may be let out: the tables and sentences of a published report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from kommunanalys import paths
from kommunanalys.early_warning import sentences
from kommunanalys.early_warning.council import spoken
from kommunanalys.early_warning.sentences import ENGLISH, Sentence
from kommunanalys.early_warning.strategies import STRATEGIES
from kommunanalys.early_warning.values import in_language
from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker, check_language, current
from kommunanalys.secrecy.frame import domains_of
from kommunanalys.secrecy.statistics import Source, release_statistics, tables_of
from kommunanalys.secrecy.statistics_released import StatisticsRelease

Rows: TypeAlias = list[dict[str, Any]]


def findings(
    evaluation: Any | None,
    *,
    source: Source,
    groups: Any | None = None,
    drift: Any | None = None,
    enough: Any | None = None,
    leakage: Any | None = None,
    language: str | None = None,
    country: str | None = None,
) -> StatisticsRelease:
    """The figures of an evaluation and the sentences of the council's page, made so coarse that they can be published.

    Parameters
    ----------
    evaluation
        From `evaluate`; None where there were too few outcomes for one.
    source
        The tables that it was worked out from.
    groups, drift, enough, leakage
        From `group_report`, `drift_report`, `Task.enough` and `leakage_report`.
    language, country
        Of headings and sentences; None for the session's language.

    Returns
    -------
    StatisticsRelease
        Tables "reach", "cohorts", "calibration", "parts", "candidates", "groups", "errors", "drift", "enough", as far
        as they were asked for. Sentences by key: "list", "flag", "places", "chance", "missed", "recommendation",
        "model", "meaning", "leakage" and cautions.

    Raises
    ------
    ReleaseRefused
        Too few persons for a single figure.
    UsageError
        The evaluation holds pseudonyms of domains that the source does not.
    """
    say = Speaker(check_language(language or current()), country)
    rows: Rows = []
    source = tables_of(source)
    texts: dict[str, Sentence] = {"invented": (_invented(), {})} if _is_example(source) else {}
    if evaluation is not None:
        _check_source(evaluation.predictions, source)
        for table in (_reach, _cohorts, _calibration, _parts, _candidates):
            rows += table(evaluation, say)
        texts |= dict(_reached(evaluation, _heads(say)))
        texts |= dict(_advised(evaluation, [spoken(evaluation.task, day, say) for day in evaluation.folds["as_of"]]))
    known = enough if enough is not None else getattr(evaluation, "enough", None)
    if known is not None:
        rows += _enough(known, say)
        texts["enough"] = (sentences.enough(known.ok), {})
    task = getattr(evaluation, "task", None)
    labels = {one.name: one.label.get(say.language, one.name) for one in (*task.groups, *task.features)} if task else {}
    if groups is not None:
        rows += _groups(groups, labels, say)
        texts |= dict(_beside(groups, labels, say))
    if drift is not None:
        rows += _drift(drift, labels, say)
        texts |= dict(_changed([labels.get(name, name) for name in drift.flagged]))
    if leakage is not None and task is not None:
        learnt = {one.name for one in task.features}
        texts["leakage"] = (_leaking(bool(learnt & set(leakage.flagged))), {})
    told = {one["table"] for one in rows}
    captions = {name: text for name, text in _captions(ENGLISH).items() if name in told}
    return release_statistics(
        pd.DataFrame(rows), source=source, texts=texts, captions=captions, language=say.language, country=country
    )


def _captions(say: Speaker) -> dict[str, str]:
    return {
        "reach": say("Whom each way to use the same capacity reaches"),
        "cohorts": say("The cohorts"),
        "calibration": say("How well the risks fit what came"),
        "parts": say("Risk and what came, in parts of equal size"),
        "candidates": say("What was tried"),
        "groups": say("For whom the list works better or worse"),
        "errors": say("For whom the list errs"),
        "drift": say("What has changed since the last cohort learnt from"),
        "enough": say("Outcomes in the past"),
    }


def _heads(say: Speaker) -> dict[str, str]:
    """Headings of the table of ways."""
    chosen, reached = say("With the outcome, of those chosen"), say("Chosen, of those with the outcome")
    return {**sentences.ways(say), "chosen": chosen, "reached": reached}


def _figure(table: str, row: str, column: str, value: Any, kind: str, persons: Any, **more: Any) -> dict[str, Any]:
    """One row of the statistics; what a group report hides has neither value nor persons."""
    head = {"table": table, "row": row, "column": column, "kind": kind}
    known = pd.notna(value) and pd.notna(persons)
    return {**head, "value": float(value) if known else np.nan, "persons": int(persons) if known else 0, **more}


def _tried(evaluation: Any) -> list[str]:
    return [name for name in STRATEGIES if name != "places" or evaluation.verdict.places_known]


def _reach(evaluation: Any, say: Speaker) -> Rows:
    table, called = evaluation.predictions, _heads(say)
    persons, events = table["person"].nunique(), table.loc[table["y"] > 0, "person"].nunique()
    rows: Rows = []
    for name in _tried(evaluation):
        row = evaluation.verdict.reached.loc[name]
        wholes = (("chosen", "precision", row["listed"], persons), ("reached", "recall", row["events"], events))
        for column, part, of, most in wholes:
            ends = {end: row[f"{part}_{end}"] for end in ("low", "high")}
            count = {"persons": min(round(of), most), "of": round(of)}
            rows.append(_figure("reach", called[name], called[column], row[part], "share", **count, **ends))
    return rows


def _cohorts(evaluation: Any, say: Speaker) -> Rows:
    rows: Rows = []
    for one in evaluation.folds.to_dict("records"):
        day = spoken(evaluation.task, one["as_of"], say)
        events = one["events"] if one["tested"] else np.nan
        rows.append(_figure("cohorts", day, say("Persons"), one["units"], "count", one["units"]))
        rows.append(_figure("cohorts", day, say("With the outcome"), events, "count", events))
    return rows


def _calibration(evaluation: Any, say: Speaker) -> Rows:
    found, value = evaluation.calibration, say("Value")
    called = {
        "slope": say("Slope (1 is right)"),
        "intercept": say("Intercept (0 is right)"),
        "error": say("Mean distance between risk and share"),
        "predicted": say("Mean risk"),
        "observed": say("Share with the outcome"),
    }
    rows: Rows = []
    for name, row in found.measures.iterrows():
        kind, more = ("share", {"of": found.n}) if name == "observed" else ("score", {})
        ends = {end: row[end] for end in ("low", "high")}
        rows.append(_figure("calibration", called[name], value, row["value"], kind, found.persons, **more, **ends))
    by_chance = say("The same distance by chance alone")
    return [*rows, _figure("calibration", by_chance, value, found.by_chance, "score", found.persons)]


def _parts(evaluation: Any, say: Speaker) -> Rows:
    rows: Rows = []
    for number, part in evaluation.calibration.bins.iterrows():
        name = say("Part {number}", number=number)
        rows.append(_figure("parts", name, say("Mean risk, %"), 100 * part["predicted"], "mean", part["units"]))
        rows.append(_figure("parts", name, say("Share with the outcome"), part["observed"], "share", part["units"]))
    return rows


def _candidates(evaluation: Any, say: Speaker) -> Rows:
    called = {
        "flag": say("One simple flag"),
        "line": say("A weighted sum of the columns"),
        "trees": say("Many small trees"),
        "blend": say("Both together"),
    }
    measures = {"log_loss": say("Mean log loss"), "brier": say("Brier score"), "auc": say("Area under the curve")}
    persons = evaluation.predictions["person"].nunique()
    return [
        _figure("candidates", called[one["candidate"]], heading, one[name], "score", persons)
        for one in evaluation.candidates.to_dict("records")
        for name, heading in measures.items()
    ]


def _enough(known: Any, say: Speaker) -> Rows:
    rows = (say("Persons with the outcome"), known.events), (say("Persons in complete cohorts"), known.persons)
    return [_figure("enough", name, say("Number"), count, "count", count) for name, count in rows]


def _groups(groups: Any, labels: Mapping[str, str], say: Speaker) -> Rows:
    heads = {
        "recall": ("groups", say("Listed, of those with the outcome"), "share"),
        "precision": ("groups", say("With the outcome, of those listed"), "share"),
        "false_alarms": ("errors", say("Listed, of those without the outcome"), "share"),
        "calibration": ("errors", say("Mean risk less what came"), "score"),
    }
    rows: Rows = []
    for one in groups.groups.astype(object).to_dict("records"):
        called = _group(one["group"], one["value"], labels, say)
        units, events, listed = (
            float("nan") if pd.isna(one[name]) else one[name] for name in ("units", "events", "listed")
        )
        wholes = {"recall": events, "precision": listed, "false_alarms": units - events, "calibration": units}
        rows.append(_figure("groups", called, say("Persons"), units, "count", units))
        for name, (table, heading, kind) in heads.items():
            ends = {end: one[f"{name}_{end}"] for end in ("low", "high") if pd.notna(one[name])}
            rows.append(_figure(table, called, heading, one[name], kind, wholes[name], **ends))
    return rows


def _group(group: str, value: Any, labels: Mapping[str, str], say: Speaker) -> str:
    return f"{labels.get(group, group)}: {in_language(value, say)}"


def _beside(groups: Any, labels: Mapping[str, str], say: Speaker) -> Iterator[tuple[str, Sentence]]:
    """Whom the list reaches in each group, beside the largest one; which to read, the printed figures tell."""
    column = say("Listed, of those with the outcome")
    for name, rows in groups.groups.groupby("group", sort=False):
        first, *others = (_group(str(name), value, labels, say) for value in rows["value"])
        for number, other in enumerate(others):
            yield f"beside {name} {number}", sentences.beside(column, other, first)


def _drift(drift: Any, labels: Mapping[str, str], say: Speaker) -> Rows:
    heads = {
        "psi": (say("Population stability index"), "score", min(drift.then, drift.now)),
        "expected": (say("By chance alone"), "score", min(drift.then, drift.now)),
        "missing_then": (say("Missing before"), "share", drift.then),
        "missing_now": (say("Missing now"), "share", drift.now),
    }
    return [
        _figure("drift", labels.get(str(name), str(name)), heading, row[measure], kind, persons)
        for name, row in drift.to_frame().iterrows()
        for measure, (heading, kind, persons) in heads.items()
    ]


def _changed(columns: list[str], say: Speaker = ENGLISH) -> Iterator[tuple[str, Sentence]]:
    for column in columns:
        template = say("{column} differs from the last cohort learnt from, by more than chance would make it.")
        yield f"changed {column}", (template, {"column": column})
    if not columns:
        yield (
            "unchanged",
            (say("No column differs from the last cohort learnt from by more than chance would make it."), {}),
        )


def _check_source(predictions: pd.DataFrame, tables: list[pd.DataFrame]) -> None:
    """Whoever gives another table would have its threshold and permit checked instead."""
    # Pseudonyms of linked tables begin with the permit and not with the domains of the mark: both are looked at.
    known = frozenset().union(*(domains_of(one) | domains_of(pd.DataFrame(one)) for one in tables))
    other = domains_of(pd.DataFrame(predictions)) - known
    if other:
        raise UsageError(
            "The evaluation is of persons of {domains}, and the source is of {known}. Give findings(source=...) the "
            "tables that it was worked out from.",
            domains=", ".join(sorted(other)),
            known=", ".join(sorted(known)) or "–",
        )


def _is_example(tables: list[pd.DataFrame]) -> bool:
    files = [one.path for table in tables for one in getattr(getattr(table, "_border", None), "sources", ())]
    return bool(files) and all(map(paths.is_example, files))


def _invented(say: Speaker = ENGLISH) -> str:
    return say("This is an invented example: nobody in it exists, and nothing in it has happened.")


def _leaking(learnt: bool, say: Speaker = ENGLISH) -> str:
    if learnt:
        return say(
            "Columns that the model learns from may tell the outcome itself. The model card names them: look at them "
            "before anybody believes the figures."
        )
    return say(
        "No column that the model learns from was found to tell the outcome itself, or to be known too late. The model "
        "card names the columns that are left out."
    )


def _reached(evaluation: Any, heads: Mapping[str, str], say: Speaker = ENGLISH) -> Iterator[tuple[str, Sentence]]:
    """What each way reaches of ten, in the words of the council's page."""
    templates = {
        "model": say("Of 10 on the model's list, the outcome came for about {x} ({low} to {high})."),
        "flag": say("Of 10 chosen by one simple flag, it came for about {x} ({low} to {high})."),
        "places": say("Of 10 in whole places, it came for about {x} ({low} to {high})."),
        "chance": say("Of 10 chosen by chance, it would come for about {x}."),
    }
    for name in reversed(_tried(evaluation)):
        figure = f"reach/{heads[name]}/{heads['chosen']}"
        ends = {} if name == "chance" else {"low": f"{figure}:low of 10", "high": f"{figure}:high of 10"}
        yield "list" if name == "model" else name, (templates[name], {"x": f"{figure}:of 10", **ends})
    figure = f"reach/{heads['model']}/{heads['reached']}:of 10"
    missed = say("Of 10 for whom the outcome came, about {x} stood on the list; the others were missed.")
    yield "missed", (missed, {"x": figure})


def _advised(evaluation: Any, days: list[str], say: Speaker = ENGLISH) -> Iterator[tuple[str, Sentence]]:
    """What follows, which model, and what to know before believing it."""
    verdict, folds = evaluation.verdict, evaluation.folds
    yield "recommendation", (sentences.advice(verdict.recommendation, verdict.places_known, trial=verdict.trial), {})
    if verdict.trial:
        yield "trial", (sentences.only_tried(), {})
    if not verdict.places_known:
        yield "places", (sentences.without_places(), {})
    yield "model", sentences.model(evaluation.chosen)
    yield "meaning", (sentences.meaning(), {})
    if folds["tested"].sum() == 1:
        yield "single", (sentences.single(), {})
    for day, tested, reason in zip(days, folds["tested"], folds["why"], strict=True):
        if not tested:
            yield f"untested {day}", sentences.untested(day, str(reason))
    if int(evaluation.helped["helped"].iloc[0]):
        helped = say(
            "Some of those tested had already been listed and helped while the outcome was awaited. Where the help "
            "worked, the outcome did not come, and the list looks worse than it is."
        )
        yield "helped", (helped, {})
