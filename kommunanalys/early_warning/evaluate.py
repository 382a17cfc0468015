"""Tested over time: learn from cohorts whose outcome was known, list the next, and count whom the list would reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.early_warning.calibration import LEAST, Calibration, calibration
from kommunanalys.early_warning.choice import FlagCurve, Sharing, choose, flag_score, in_order
from kommunanalys.early_warning.council import cautions, drawn, safe, told
from kommunanalys.early_warning.enough import Enough, flag_words, judge
from kommunanalys.early_warning.entry import border_of, named
from kommunanalys.early_warning.model import RiskModel
from kommunanalys.early_warning.reading import axis_of
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
    window_end,
)
from kommunanalys.early_warning.strategies import ALL, check_capacity, reach
from kommunanalys.errors import TableError, TooFewUnits
from kommunanalys.secrecy.frame import Border, mark

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
        built = build_all(task, tables, _dates(task, tables, as_of_dates), each=step)
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
    history = pd.concat([_outcomes(task, part) for part in complete], ignore_index=True)
    enough, border = _enough(task, history), border_of(named(task, tables))
    compared = _compared(task, predictions, seats, history)
    if not enough.ok:
        compared["verdict"] = replace(compared["verdict"], recommendation=enough.advice, trial=True)
    days = {one.as_of: day for one, (_, day) in zip(usable, tried, strict=True)}
    return Evaluation(
        task=task,
        folds=pd.DataFrame([_fold(one, days.get(one.as_of)) for one in found]),
        predictions=_marked(predictions, border),
        candidates=choice.candidates,
        chosen=choice.chosen,
        calibration=calibration(predictions["y"], predictions["risk"], groups=predictions["person"]),
        helped=counts,
        enough=enough,
        # Nobody can make a list by mistake with what is not there.
        model=model if enough.ok else None,
        recalibrated_on=on,
        latest=_marked(complete[-1].X[list(model.feature_names_in_)], border),
        history=_marked(history, border),
        random_state=random_state,
        **compared,
    )


def _marked(table: pd.DataFrame, border: Border | None) -> pd.DataFrame:
    """Rows of persons belong to the domain of the tables that they were made of."""
    return table if border is None else mark(table, border)


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
    table = pd.DataFrame({"as_of": split.as_of, "unit": _listed(test.X.index), "person": test.persons.to_numpy()})
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


def _listed(index: pd.Index) -> pd.Series[Any]:
    """Units one by one: values, or tuples where several columns name a unit."""
    units = np.empty(len(index), dtype=object)
    units[:] = list(index)
    return pd.Series(units, dtype=object)


def helped(
    task: Any, predictions: pd.DataFrame, treated: pd.DataFrame | None
) -> tuple[NDArray[np.bool_], pd.DataFrame]:
    """Who of those tested was listed and helped while the outcome was looked for, and counts by date.

    Parameters
    ----------
    task
        Its units and horizon.
    predictions
        `as_of`, `unit`, `y`.
    treated
        As `read_treatments` gives it: `unit` (or the unit's own columns), `treated`, and `date` of the help or `listed`
        (which counts where the date is empty); None where nobody was listed.

    Returns
    -------
    tuple
        Shape (n,); and columns `as_of`, `listed`, `helped`.

    Raises
    ------
    TableError
        Columns are missing from `treated`.
    """
    mark = np.zeros((len(predictions), 2), bool)
    if treated is not None:
        rows = _treatments(task, treated)
        axis = axis_of(task.outcome.horizon)
        for moment in predictions["as_of"].unique():
            within = rows[(rows["at"] >= axis.at(moment)) & (rows["at"] <= window_end(task, moment))]
            at = (predictions["as_of"] == moment).to_numpy()
            units = predictions.loc[at, "unit"].map(_as_text)
            mark[at, 0] = units.isin(set(within["unit"]))
            mark[at, 1] = units.isin(set(within.loc[within["helped"], "unit"]))
    counts = pd.DataFrame({"as_of": predictions["as_of"], "listed": mark[:, 0], "helped": mark[:, 1]})
    by_date = counts.groupby("as_of", as_index=False).sum()
    total = pd.DataFrame([{"as_of": ALL, **counts[["listed", "helped"]].sum().to_dict()}])
    return mark[:, 1], pd.concat([total, by_date.astype({"as_of": object})], ignore_index=True)


def _treatments(task: Any, treated: pd.DataFrame) -> pd.DataFrame:
    """Columns `unit`, `at` (place on the axis of time), `helped`."""
    table = treated.reset_index()
    names = ["unit"] if "unit" in table.columns else list(task.unit)
    lacking = [name for name in (*names, "treated") if name not in table.columns]
    days = [name for name in ("date", "listed") if name in table.columns]
    if lacking or not days:
        raise TableError(
            "The treatments lack {columns}. Give what read_treatments gives.", columns=", ".join(lacking or ["listed"])
        )
    units = table[names[0]] if len(names) == 1 else _listed(pd.MultiIndex.from_frame(table[names]))
    axis = axis_of(task.outcome.horizon)
    when = table[days].bfill(axis=1).iloc[:, 0]
    said = table["treated"].astype(bool)
    at = [axis.at(one) if pd.notna(one) else np.nan for one in when]
    return pd.DataFrame({"unit": units.map(_as_text).to_numpy(object), "at": at, "helped": said.to_numpy(bool)})


def _as_text(unit: Any) -> Any:
    """A file gives numbers back as text."""
    return tuple(map(str, unit)) if isinstance(unit, tuple) else str(unit)


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


def _outcomes(task: Any, part: Part) -> pd.DataFrame:
    place = part.frame[task.place].to_numpy() if task.place else np.nan
    table = pd.DataFrame({"as_of": part.as_of, "person": part.persons.to_numpy(), "y": part.y.to_numpy(float)})
    return table.assign(place=place, known_from=part.frame["known_from"].to_numpy())


def _enough(task: Any, history: pd.DataFrame) -> Enough:
    """As `task.enough`, from the cohorts that are built already."""
    return judge(
        events=int(history.loc[history["y"] > 0, "person"].nunique()),
        cohorts=history["as_of"].nunique(),
        persons=int(history["person"].nunique()),
        columns=len(task.features),
        places=int(history["place"].nunique()),
        flag=flag_words(task),
    )


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


def _dates(task: Any, tables: Any, given: Sequence[Any] | None) -> list[Any]:
    return list(task.as_of_dates(tables)) if given is None else as_dates(given)


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
