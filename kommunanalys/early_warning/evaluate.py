"""Tested over time: learn from cohorts whose outcome was known, list the next, and count whom the list would reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kommunanalys.early_warning.calibration import LEAST, Calibration, calibration
from kommunanalys.early_warning.choice import FlagCurve, Sharing, choose, flag_score, in_order
from kommunanalys.early_warning.council import cautions, drawn, safe, told
from kommunanalys.early_warning.enough import Enough, counted, outcomes
from kommunanalys.early_warning.entry import border_of, marked, named
from kommunanalys.early_warning.model import RiskModel
from kommunanalys.early_warning.recommend import Verdict, recommend
from kommunanalys.early_warning.splits import (
    USABLE,
    Part,
    Split,
    as_dates,
    build_all,
    shared_columns,
    splits,
    stack,
)
from kommunanalys.early_warning.strategies import check_capacity, reach
from kommunanalys.early_warning.treatment import helped, one_by_one
from kommunanalys.errors import TooFewUnits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RECALIBRATE: Final = 20
"""Persons with the event, and as many without, that the latest cohort needs before it is kept for the recalibration."""


@dataclass(frozen=True)
class Evaluation:
    """What a list would have reached on each date, and the model that is used from now on.

    Parameters
    ----------
    task
        As given.
    folds
        A row for each date: `as_of`, `tested`, `why` (why it was not), `train` (as-of dates learnt from),
        `train_units`, `train_events`, `purged_windows`, `purged_persons`, `unknown_outcomes`, `units`, `events`,
        `recalibrated_on`.
    predictions
        A row for each unit and date tested: `as_of`, `unit`, `person`, `place`, `y`, `risk`, `risk_<candidate>`,
        `flag`, `known_from`, `helped`, and one column for each group.
    candidates, chosen
        What was tried, see `choice.choose`, and which was chosen.
    calibration
        How well the risks that were said fit what came.
    reach, verdict
        The four ways to use the capacity, and what follows from them.
    helped
        A row for each date and for "all": `listed` and `helped` among those tested (treatment changes the outcome).
    reach_without_helped
        As `reach`, without those who were helped; None where nobody was.
    enough
        Whether there were outcomes enough to learn from.
    model, recalibrated_on
        Fitted on every complete cohort, as it is used from now on, None where there are too few past outcomes for a
        model; the date of the cohort that it was recalibrated on, or None.
    latest
        What was known of the last cohort learnt from, for `drift_report`.
    history
        Outcomes of all cohorts by place: `place`, `as_of`, `y`, `known_from`.
    capacity
        How many can be helped, in each place or in all.
    random_state
        Seed that it was run with.
    """

    task: Any = field(repr=False)
    folds: pd.DataFrame = field(repr=False)
    predictions: pd.DataFrame = field(repr=False)
    candidates: pd.DataFrame = field(repr=False)
    chosen: str
    calibration: Calibration = field(repr=False)
    reach: pd.DataFrame = field(repr=False)
    verdict: Verdict = field(repr=False)
    helped: pd.DataFrame = field(repr=False)
    reach_without_helped: pd.DataFrame | None = field(repr=False)
    enough: Enough = field(repr=False)
    model: Any = field(repr=False)
    recalibrated_on: Any
    latest: pd.DataFrame = field(repr=False)
    history: pd.DataFrame = field(repr=False)
    capacity: int
    random_state: int

    @property
    def tested(self) -> list[Any]:
        """The as-of dates that were tested."""
        return list(self.folds.loc[self.folds["tested"], "as_of"])

    def to_frame(self) -> pd.DataFrame:
        """The ways side by side, for all dates and by date, figures that rest on fewer than five persons left out."""
        return safe(self.reach)

    def summary(self, language: str = "en") -> str:
        """The council's page."""
        return told(self, language)

    def cautions(self, language: str = "en") -> tuple[str, ...]:
        """What a reader must know before believing it."""
        return cautions(self, language)

    def plot(self, ax: Axes | None = None, *, language: str = "en") -> Axes:
        """The ways side by side, with intervals."""
        return drawn(self, ax, language)

    def score(self, tables: Any, *, as_of: Any) -> pd.DataFrame:
        """The risk of everybody in the cohort of a day; see `scoring.score`."""
        from kommunanalys.early_warning.scoring import score

        return score(self, tables, as_of=as_of)


def evaluate(
    task: Any,
    tables: Any,
    *,
    as_of_dates: Sequence[Any] | None = None,
    capacity: int | None = None,
    treated: pd.DataFrame | None = None,
    learners: Sequence[str] = ("line", "trees", "blend"),
    random_state: int = 0,
    progress: bool | None = None,
) -> Evaluation:
    """Test a task over time, and fit the model that is chosen.

    Parameters
    ----------
    task
        What is to be foreseen.
    tables
        Table name → DataFrame.
    as_of_dates
        Days that are tested, and learnt from once their outcomes are known; None for all that the tables hold.
    capacity
        How many can be helped; None for the task's.
    treated
        Who was listed and helped, as `read_treatments` gives it.
    learners
        Candidates beside the simple flag: "line", "trees", "blend".
    random_state
        The same number gives the same answer.
    progress
        A bar on stderr; None for one where somebody looks.

    Returns
    -------
    Evaluation

    Raises
    ------
    NoData
        No date can be tested; names those that would be needed.
    UsageError
        Unknown learners, dates or capacity.

    Notes
    -----
    On each date, as in use: learnt from the older of the earlier cohorts and recalibrated on the latest of them (where
    it is large enough), then tried on the cohort of the date. Cohorts whose period had not ended, outcomes not known by
    the date and persons who are in the cohort of the date are left out of what is learnt from. The candidate is chosen
    on all dates together.
    """
    names, seats = in_order(learners), task.capacity if capacity is None else capacity
    check_capacity(seats)
    with _bar(progress) as step:
        days = task.as_of_dates(tables) if as_of_dates is None else as_dates(as_of_dates)
        built = build_all(task, tables, list(days), each=step)
        found = splits(task, built)
        usable = [one for one in found if one.why == USABLE]
        _check_tested(usable)
        tried = [_tried(task, one, names, random_state, step) for one in usable]
        predictions = pd.concat([table for table, _ in tried], ignore_index=True)
        risks = {name: predictions[f"risk_{name}"] for name in names}
        choice = choose(predictions["y"], risks, predictions["person"], predictions["as_of"])
        predictions.insert(5, "risk", risks[choice.chosen])
        complete = [part.keep(part.y.notna()) for part in built.values() if part.complete]
        columns = shared_columns(complete, complete[-1])
        _, model, on = next(learn([choice.chosen], complete, columns, task, random_state))
    predictions["helped"], counts = helped(task, predictions, treated)
    history = pd.concat([outcomes(task, part.as_of, part.y, part.frame) for part in complete], ignore_index=True)
    enough, border = counted(task, history), border_of(named(task, tables))
    compared = _compared(task, predictions, seats, history)
    if not enough.ok:
        compared["verdict"] = replace(compared["verdict"], recommendation=enough.advice, trial=True)
    recalibrated = {one.as_of: day for one, (_, day) in zip(usable, tried, strict=True)}
    return Evaluation(
        task=task,
        folds=pd.DataFrame([_fold(one, recalibrated.get(one.as_of)) for one in found]),
        predictions=marked(predictions, border),
        candidates=choice.candidates,
        chosen=choice.chosen,
        calibration=calibration(predictions["y"], predictions["risk"], groups=predictions["person"]),
        helped=counts,
        enough=enough,
        # Nobody can make a list by mistake with what is not there.
        model=model if enough.ok else None,
        recalibrated_on=on,
        latest=marked(complete[-1].X[list(model.feature_names_in_)], border),
        history=marked(history, border),
        random_state=random_state,
        **compared,
    )


def learn(
    names: Sequence[str], train: Sequence[Part], columns: Sequence[Any], task: Any, random_state: int
) -> Iterator[tuple[str, Any, Any]]:
    """Candidates fitted as in use: on the older cohorts, recalibrated on the latest where that is large enough.

    Parameters
    ----------
    names
        Candidates, from the simplest on.
    train
        Cohorts to learn from, the oldest first.
    columns
        Columns of `X` that may be used; those without any value among those learnt from are not.

    Yields
    ------
    tuple
        Name, fitted model, and the date of the cohort that it was recalibrated on, or None.
    """
    latest = train[-1]
    older = [part.keep(~part.persons.isin(set(latest.persons))) for part in train[:-1]]
    apart = bool(older) and latest.learnable(RECALIBRATE) and stack(older, ()).learnable(RECALIBRATE)
    part = stack(older if apart else train, columns)
    X = part.X.loc[:, part.X.notna().any()]
    fits: dict[str, list[Any]] = {}
    y, persons = part.y.to_numpy(), part.persons.to_numpy()
    for name in names:
        if name == "flag":
            model: Any = FlagCurve(task.flag.feature, task.flag.high, task.flag.value).fit(X, y)
        elif len(names) == 1:
            model = RiskModel(name, random_state).fit(X, y, groups=persons)
        else:
            model = Sharing(name, random_state).share(fits).fit(X, y, groups=persons)
        if apart:
            model.recalibrate(stack([latest], list(X.columns)).X, latest.y.to_numpy())
        yield name, model, latest.as_of if apart else None


def _tried(
    task: Any, split: Split, names: Sequence[str], random_state: int, step: Callable[[], None]
) -> tuple[pd.DataFrame, Any]:
    """Risks by all candidates for the cohort of one date; the date of the cohort they were recalibrated on."""
    test, columns, on = split.test, shared_columns(split.train, split.test), None
    place = test.frame[task.place].to_numpy() if task.place else np.nan
    table = pd.DataFrame({"as_of": split.as_of, "unit": one_by_one(test.X.index), "person": test.persons.to_numpy()})
    table["place"], table["y"] = place, test.y.to_numpy(float)
    for name, model, day in learn(names, split.train, columns, task, random_state):
        on = day
        table[f"risk_{name}"] = model.predict_proba(test.X[list(model.feature_names_in_)])[:, 1]
        step()
    table["flag"] = flag_score(test.X, task.flag)
    table["known_from"] = test.frame["known_from"].to_numpy()
    for group in task.groups:
        table[group.name] = test.frame[group.name].to_numpy()
    return table, on


def _compared(task: Any, predictions: pd.DataFrame, capacity: int, history: pd.DataFrame) -> dict[str, Any]:
    """The ways to use the capacity, with all and without those who were helped."""
    how = {"capacity": capacity, "per": task.per, "history": history}
    found = reach(predictions, **how)
    rest = predictions[~predictions["helped"]]
    without = reach(rest, **how) if len(rest) not in (0, len(predictions)) else None
    return {
        "capacity": capacity,
        "reach": found,
        "reach_without_helped": without,
        "verdict": recommend(predictions, found, **how),
    }


def _fold(split: Split, recalibrated_on: Any) -> dict[str, Any]:
    return {
        "as_of": split.as_of,
        "tested": split.why == USABLE,
        "why": split.why,
        "train": tuple(part.as_of for part in split.train),
        "train_units": sum(len(part.y) for part in split.train),
        "train_events": sum(part.events for part in split.train),
        **split.counts,
        "units": len(split.test.y),
        "events": split.test.events,
        "recalibrated_on": recalibrated_on,
    }


def _check_tested(usable: Sequence[Split]) -> None:
    """Enough outcomes to say anything of what was tested."""
    events, units = sum(one.test.events for one in usable), sum(len(one.test.y) for one in usable)
    if min(events, units - events) < LEAST:
        raise TooFewUnits(
            "Fewer than {least} units with the event, or without it, in the cohorts that can be tested: nothing can be "
            "said of any list. See task.enough(tables) for what to do instead.",
            least=LEAST,
        )


@contextmanager
def _bar(progress: bool | None) -> Iterator[Callable[[], None]]:
    """A step for each cohort that is built and each candidate that is tried."""
    from tqdm import tqdm

    disable = None if progress is None else not progress
    with tqdm(disable=disable, leave=False, bar_format="{n_fmt} | {elapsed}") as bar:
        yield bar.update
