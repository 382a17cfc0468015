"""The council's page: whom a list would have reached, said and drawn beside chance, one flag and whole places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kommunanalys import journal
from kommunanalys.early_warning.recommend import ends
from kommunanalys.early_warning.sense import axis_of
from kommunanalys.early_warning.sentences import model, said, single, untested, ways
from kommunanalys.early_warning.strategies import ALL, STRATEGIES
from kommunanalys.language import Speaker
from kommunanalys.secrecy.register import in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.early_warning.evaluate import Evaluation

FIGURES: Final = ["hits", "precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high"]


def told(evaluation: Evaluation, language: str) -> str:
    """The page in words: what was tried, what each way reached, which model, and what to know before believing it."""
    say = Speaker(language)
    task, predictions = evaluation.task, evaluation.predictions
    text = say(
        "Tested on {dates}: each time learnt from what was known that day, and compared with what came. Persons "
        "tested: {persons}; the outcome came for {events} of them.",
        dates=say.names(spoken(task, one, say) for one in evaluation.tested),
        persons=in_words(predictions["person"].nunique(), say),
        events=_events(evaluation, say),
    )
    title = str(task.title.get(language) or task.title.get("en") or task.name)
    parts = [
        title,
        text,
        evaluation.verdict.summary(language),
        _recall(evaluation, say),
        said(model(evaluation.chosen), say),
    ]
    return "\n\n".join([*(part for part in parts if part), *cautions(evaluation, language)])


def _events(evaluation: Evaluation, say: Speaker) -> str:
    """For how many of those tested the outcome came, rounded where their number would tell how few of a cohort."""
    count = int(evaluation.predictions.loc[evaluation.predictions["y"] > 0, "person"].nunique())
    if count < journal.SMALL or not few_in_a_cohort(evaluation.folds):
        return in_words(count, say)
    return say("about {about}", about=say.number(max(10, round(count, -1))))


def few_in_a_cohort(folds: pd.DataFrame) -> bool:
    """Whether one to four of a cohort had the event: the other cohorts and their sum would tell how many."""
    return bool(folds["events"].between(1, journal.SMALL - 1).any())


def spoken(task: Any, moment: Any, say: Speaker) -> str:
    """An as-of date in words."""
    return str(moment) if axis_of(task.outcome.horizon).numbers else say.date(str(moment))


def _recall(evaluation: Evaluation, say: Speaker) -> str:
    """How many of all for whom the outcome came stood on the list."""
    row = evaluation.verdict.reached.loc["model"]
    if row["hits"] < journal.SMALL:
        return ""
    low, high = ends(10 * row["recall_low"], 10 * row["recall_high"], say)
    return say(
        "Of 10 for whom the outcome came, about {about} stood on the list ({low} to {high}); the others were missed.",
        about=say.number(10 * row["recall"]),
        low=low,
        high=high,
    )


def cautions(evaluation: Evaluation, language: str = "en") -> tuple[str, ...]:
    """What a reader must know before believing an evaluation."""
    say = Speaker(language)
    return tuple(text for text in (*_of_dates(evaluation, say), *_of_people(evaluation, say)) if text)


def _of_dates(evaluation: Evaluation, say: Speaker) -> list[str]:
    folds, told = evaluation.folds, list[str]()
    if not evaluation.enough.ok:
        told.append(evaluation.enough.summary(say.language))
    if folds["tested"].sum() == 1:
        told.append(single(say))
    for reason, rows in folds[~folds["tested"]].groupby("why", sort=False):
        dates = say.names(spoken(evaluation.task, one, say) for one in rows["as_of"])
        told.append(said(untested(dates, str(reason)), say))
    tested = folds[folds["tested"]]
    if tested["purged_windows"].sum():
        told.append(
            say(
                "Earlier cohorts not learnt from, since their outcomes were not yet known on the day tested: "
                "{cohorts}.",
                cohorts=say.number(int(tested["purged_windows"].sum())),
            )
        )
    rough = tested.loc[tested["recalibrated_on"].isna(), "as_of"]
    if len(rough):
        told.append(
            say(
                "The risks were not set right on a latest cohort for {dates}, since too little was known by then.",
                dates=say.names(spoken(evaluation.task, one, say) for one in rough),
            )
        )
    return told


def _of_people(evaluation: Evaluation, say: Speaker) -> list[str]:
    tested, told = evaluation.folds[evaluation.folds["tested"]], []
    again, unknown = int(tested["purged_persons"].sum()), int(tested["unknown_outcomes"].sum())
    if again:
        told.append(
            say(
                "Left out of what was learnt, since the same persons were tested: {count} earlier observations.",
                count=in_words(again, say),
            )
        )
    if unknown:
        told.append(
            say(
                "Left out of what was learnt, since their outcome became known only later: {count} earlier "
                "observations.",
                count=in_words(unknown, say),
            )
        )
    return [*told, *_of_help(evaluation, say)]


def _of_help(evaluation: Evaluation, say: Speaker) -> list[str]:
    """Help changes what is to be foreseen: both figures are said."""
    helped = int(evaluation.helped["helped"].iloc[0])
    if not helped:
        return []
    text = say(
        "Already listed and helped while the outcome was awaited: {count} of those tested. Where the help worked, the "
        "outcome did not come, and the list looks worse than it is.",
        count=in_words(helped, say),
    )
    if evaluation.reach_without_helped is None:
        return [text]
    both = [_of_ten(frame, say) for frame in (evaluation.reach, evaluation.reach_without_helped)]
    more = say(
        "Of 10 listed the outcome came for {with_them} with them, and for {without} without.",
        with_them=both[0],
        without=both[1],
    )
    return [f"{text} {more}"]


def _of_ten(reach: pd.DataFrame, say: Speaker) -> str:
    row = reach[(reach["as_of"] == ALL) & (reach["strategy"] == "model")].iloc[0]
    if 0 < row["hits"] < journal.SMALL:
        return say("an unknown number (it rests on fewer than {limit} persons)", limit=journal.SMALL)
    return say("about {about}", about=say.number(10 * row["precision"]))


def safe(reach: pd.DataFrame) -> pd.DataFrame:
    """The ways side by side without figures that rest on one to four persons, nor those that would give them away.

    Notes
    -----
    Where one date of a way is hidden, all its dates are: the sum of all dates would tell it.

    Examples
    --------
    >>> table = pd.DataFrame({"strategy": "model", "as_of": ["all", 1, 2], "events": 20, "hits": [13.0, 3.0, 10.0]})
    >>> safe(table)["hits"].tolist()
    [13.0, nan, nan]
    """
    shown = reach.copy()
    dates = (shown["as_of"] != ALL).to_numpy()
    few_hits = shown["hits"].between(0, journal.SMALL, inclusive="neither") & (shown["strategy"] != "chance")
    few_events = shown["events"].between(0, journal.SMALL, inclusive="neither")
    ways = set(shown.loc[few_hits & dates, "strategy"])
    hide = few_hits | few_events | (dates & shown["strategy"].isin(ways))
    figures = [name for name in FIGURES if name in shown.columns]
    shown.loc[hide | (dates & few_events[dates].any()), figures] = np.nan
    if few_events.any():
        shown["events"] = shown["events"].astype(float).mask(few_events | (dates & few_events[dates].any()))
    return shown


def drawn(evaluation: Evaluation, ax: Axes | None, language: str) -> Axes:
    """Of ten chosen in each way, for how many the outcome came, with intervals."""
    from kommunanalys.figures import PALETTE, describe, new_axes

    say = Speaker(language)
    shown = _shown(evaluation, say)
    ax = new_axes(ax, height=1.2 + 0.5 * len(shown))
    colours = [PALETTE["focus"] if name == "model" else PALETTE["others"] for name in shown.index]
    middle = shown["about"].fillna(0)
    ax.barh(list(shown["way"]), middle, color=colours, height=0.6)
    known = shown.dropna()
    reach = np.clip([known["about"] - known["low"], known["high"] - known["about"]], 0, None)
    ax.errorbar(known["about"], list(known["way"]), xerr=reach, fmt="none", ecolor=PALETTE["line"], capsize=4)
    ax.invert_yaxis()
    ax.set_xlim(0, 10)
    ax.xaxis.set_major_formatter(lambda value, _: say.number(value))
    ax.set_xlabel(say("Of 10 chosen, for how many the outcome came (bar), with 95% interval (line)"))
    caption = say(
        "Four ways to use the same capacity, {dates} dates together.", dates=say.number(len(evaluation.tested))
    )
    heads = {"way": say("Way"), "about": say("Of 10"), "low": say("From"), "high": say("To")}
    data = shown.round(1).rename(columns=heads).set_index(say("Way"))
    return describe(ax, caption=caption, alternative=evaluation.verdict.summary(language), data=data)


def _shown(evaluation: Evaluation, say: Speaker) -> pd.DataFrame:
    """Index the strategies; columns `way`, `about`, `low`, `high` [of 10], missing where they rest on too few."""
    rows = safe(evaluation.reach)
    rows = rows[(rows["as_of"] == ALL).to_numpy()].set_index("strategy")
    order = [name for name in STRATEGIES if name != "places" or evaluation.verdict.places_known]
    called = ways(say)
    table = 10 * rows.loc[order, ["precision", "precision_low", "precision_high"]].astype(float)
    return table.set_axis(["about", "low", "high"], axis=1).assign(way=[called[name] for name in order])
