"""Intervals, recommendation and least number of events of the early warnings, on registers with known truth.

python benchmarks/early_warning_truth.py [runs]

Each person has a latent need z, which the columns tell with noise; log odds of the event are
constant + signal · z + effect of the place. Models are logistic regressions on 12 numeric columns, of which
`told` tell something of z; the flag is the first column.
"""

import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import beta, norm
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from kommunanalys.early_warning.intervals import difference, effective, share
from kommunanalys.early_warning.recommend import recommend
from kommunanalys.early_warning.strategies import inclusion, reach, recall_of

REDRAWS = 60


@dataclass(frozen=True)
class World:
    """What makes up a register: `dates` test cohorts follow `past` cohorts to learn from."""

    places: int = 10
    size: int = 60
    past: int = 3
    dates: int = 3
    rate: float = 0.08
    signal: float = 1.5
    place: float = 0.5
    load: float = 0.6
    told: int = 5
    columns: int = 12
    capacity: int = 5
    per: str = "place"
    twice: bool = False


@dataclass(frozen=True)
class Cohort:
    """People of one as-of date: shape (people,), columns (people, columns)."""

    x: np.ndarray
    y: np.ndarray
    place: np.ndarray
    group: np.ndarray


class Register:
    """One register's lasting truth, from which cohorts are drawn."""

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self.world, self.rng = world, rng
        self.seen: list[Cohort] = []
        spread = rng.uniform(0.5, 1.5, world.places)
        self.sizes = np.maximum(2, np.round(world.size * spread / spread.mean())).astype(int)
        self.effect = world.place * rng.standard_normal(world.places)
        self.loads = np.where(np.arange(world.columns) < world.told, world.load, 0.0)
        self.constant = _constant(world, self.effect, self.sizes)

    def cohort(self, times: int = 1) -> Cohort:
        """Draw one cohort, or so many beside each other, shape (times, people)."""
        place = np.repeat(np.arange(len(self.sizes)), self.sizes)
        shape = (times, len(place))
        group = (self.rng.random(shape) < 0.3).astype(int)
        z = self.rng.standard_normal(shape) + 0.3 * group - 0.1
        noise = self.rng.standard_normal((*shape, len(self.loads)), dtype=np.float32)
        x = np.sqrt(1 - self.loads**2, dtype=np.float32) * noise
        x[..., : self.world.told] += (self.world.load * z[..., None]).astype(np.float32)
        risk = expit(self.constant + self.world.signal * z + self.effect[place])
        y = (self.rng.random(shape) < risk).astype(float)
        found = (x, y, np.broadcast_to(place, shape), group)
        return Cohort(*(item[0] for item in found)) if times == 1 else Cohort(*found)


def _constant(world: World, effect: np.ndarray, sizes: np.ndarray) -> float:
    z = norm.ppf((np.arange(99) + 0.5) / 99)
    low, high = -12.0, 6.0
    for _ in range(40):
        middle = (low + high) / 2
        by_place = expit(middle + world.signal * z + effect[:, None]).mean(axis=1)
        low, high = (middle, high) if np.average(by_place, weights=sizes) < world.rate else (low, middle)
    return low


class Model:
    """Logistic regression on standardised columns."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.scale = StandardScaler().fit(x)
        self.fitted = (
            LogisticRegression(C=0.1, max_iter=200).fit(self.scale.transform(x), y) if 0 < y.sum() < len(y) else None
        )

    def risk(self, x: np.ndarray) -> np.ndarray:
        """Risk of each row; the same for all where there was nothing to learn."""
        if self.fitted is None:
            return np.zeros(x.shape[:-1])
        flat = self.scale.transform(x.reshape(-1, x.shape[-1]))
        return self.fitted.predict_proba(flat)[:, 1].reshape(x.shape[:-1])


def run(world: World, rng: np.random.Generator) -> tuple[Register, list[Model], pd.DataFrame, pd.DataFrame]:
    """A register, the model of each date (trained on all earlier cohorts), predictions and the past of the places."""
    register = Register(world, rng)
    cohorts = [register.cohort() for _ in range(world.past + world.dates)]
    if world.twice:
        cohorts[world.past :] = [cohorts[world.past]] * world.dates
    register.seen = cohorts
    models, parts = [], []
    for date in range(world.past, len(cohorts)):
        seen = cohorts[: world.past] if world.twice else cohorts[:date]
        models.append(Model(np.concatenate([item.x for item in seen]), np.concatenate([item.y for item in seen])))
        now = cohorts[date]
        person = np.arange(len(now.y)) + (0 if world.twice else date * len(now.y))
        parts.append(_frame(now, models[-1].risk(now.x), date, person))
    history = pd.concat([_frame(item, item.y, date, item.y) for date, item in enumerate(cohorts[: world.past])])
    return register, models, pd.concat(parts, ignore_index=True), history[["place", "as_of", "y"]]


def _frame(cohort: Cohort, risk: np.ndarray, date: int, person: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "as_of": date,
            "person": person,
            "place": cohort.place,
            "y": cohort.y,
            "risk": risk,
            "flag": cohort.x[:, 0],
            "group": cohort.group,
        }
    )


def _top(score: np.ndarray, place: np.ndarray, capacity: int, per: str) -> np.ndarray:
    """The highest scores of each redraw, in each place or in all; the scores have no ties."""
    chosen = np.zeros(score.shape)
    for part in [place[0] == value for value in np.unique(place[0])] if per else [np.ones(score.shape[1], bool)]:
        if part.sum() <= capacity:
            chosen[:, part] = 1
            continue
        cut = -np.partition(-score[:, part], capacity - 1, axis=1)[:, [capacity - 1]]
        chosen[:, part] = score[:, part] >= cut
    return chosen


def truth(
    register: Register, models: list[Model], predictions: pd.DataFrame, chances: dict[str, np.ndarray]
) -> dict[tuple[str, object], tuple[float, float]]:
    """Expected precision and recall of the rules as they are, by strategy and group."""
    world = register.world
    drawn = register.cohort(REDRAWS)
    totals: dict[tuple[str, object], np.ndarray] = {}
    for date, model in zip(sorted(predictions["as_of"].unique()), models, strict=True):
        at = (predictions["as_of"] == date).to_numpy()
        first = {"model": model.risk(drawn.x), "flag": drawn.x[..., 0]}
        chosen = {name: _top(score, drawn.place, world.capacity, world.per) for name, score in first.items()}
        for name in ("places", "chance"):
            # Whole places by the order they had: the same people's places are listed whoever they are.
            chosen[name] = np.broadcast_to(chances[name][at], drawn.y.shape)
        for name, rows in chosen.items():
            for group in ("all", 0, 1):
                inside = np.ones_like(drawn.y) if group == "all" else drawn.group == group
                hits = (rows * drawn.y * inside).sum(axis=1)
                sums = np.array(
                    [hits.mean(), (rows * inside).sum(axis=1).mean(), (drawn.y * inside).sum(axis=1).mean()]
                )
                totals[name, group] = totals.get((name, group), np.zeros(3)) + sums
    return {key: (hits / listed, hits / events) for key, (hits, listed, events) in totals.items()}


def wilson(p: float, n: float) -> tuple[float, float]:
    """Wilson's interval."""
    z = 1.959964
    middle, half = (p + z**2 / (2 * n)), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


def mid_p(p: float, n: float) -> tuple[float, float]:
    """Mid-P, by its approximation: the mean of the two beta distributions of Clopper and Pearson."""
    x, grid = p * n, np.linspace(1e-4, 1 - 1e-4, 2000)
    upper = (beta.sf(grid, x, n - x + 1) if x > 0 else 0 * grid) + beta.sf(grid, x + 1, n - x)
    inside = grid[(upper / 2 > 0.025) & (upper / 2 < 0.975)]
    return float(inside.min()), float(inside.max())


DESIGNS = {
    "5 in each of 10 places, rate 8 %": World(),
    "2 in each of 10 places, rate 4 %": World(capacity=2, rate=0.04),
    "40 in all, rate 8 %": World(capacity=40, per=""),
    "10 in all, rate 3 %": World(capacity=10, per="", rate=0.03),
    "3 in each of 40 places of 20, rate 15 %": World(places=40, size=20, capacity=3, rate=0.15),
    "weak signal, strong places": World(signal=0.5, place=1.0),
    "no signal": World(signal=0.0, place=0.0),
    "strong signal": World(signal=2.5, place=0.3, load=0.8),
    "the same people on both dates": World(dates=2, twice=True),
    "one date": World(dates=1),
}


def coverage(runs: int, rng: np.random.Generator) -> None:
    """Per cents of 95 % intervals that hold the truth."""
    kept: dict[str, list[tuple[str, str, bool]]] = {}
    for name, world in DESIGNS.items():
        for _ in range(max(1, runs // len(DESIGNS))):
            register, models, predictions, history = run(world, rng)
            chances, _ = inclusion(predictions, capacity=world.capacity, per=world.per, history=history)
            kept.setdefault(name, []).extend(
                _held(world, predictions, chances, truth(register, models, predictions, chances))
            )
    rows = pd.DataFrame(
        [(design, *item) for design, items in kept.items() for item in items],
        columns=["design", "what", "method", "held"],
    )
    table = rows.groupby(["what", "method"])["held"].mean().mul(100)
    print("Coverage of 95 % intervals [%], all designs")
    print(table.unstack("method").round(1).to_string())
    recalls = rows["what"].str.startswith("recall")
    used = rows[rows["method"] == np.where(recalls, "capacity", "jeffreys")]
    print("By design, as used")
    print(used.pivot_table(index="design", columns="what", values="held").mul(100).round(1).to_string())


def _held(
    world: World,
    predictions: pd.DataFrame,
    chances: dict[str, np.ndarray],
    true: dict[tuple[str, object], tuple[float, float]],
) -> list[tuple[str, str, bool]]:
    y, person, group = predictions["y"].to_numpy(), predictions["person"].to_numpy(), predictions["group"].to_numpy()
    found = []

    def judge(what: str, value: float, values: np.ndarray, weights: np.ndarray, who: np.ndarray) -> None:
        if weights.sum() == 0:
            return
        own = share(values, weights, who)
        n = effective(values, weights, who)
        limits = {"jeffreys": (own.low, own.high), "wilson": wilson(own.value, n), "mid-P": mid_p(own.value, n)}
        found.extend((what, method, low <= value <= high) for method, (low, high) in limits.items())

    for name in ("model", "flag", "places"):
        judge(f"precision, {name}", true[name, "all"][0], y, chances[name], person)
    for value in ("all", 0, 1):
        at = np.ones(len(y), bool) if value == "all" else group == value
        true_recall = true["model", value][1]
        judge(f"recall, model, {value}", true_recall, chances["model"][at], y[at], person[at])
        own = recall_of(predictions, capacity=world.capacity, per=world.per, inside=at)
        if y[at].sum():
            found.append((f"recall, model, {value}", "capacity", own.low <= true_recall <= own.high))
    for first, second in (("model", "places"), ("model", "flag"), ("model", "chance")):
        gap = difference(y, chances[first], chances[second], person)
        value = true[first, "all"][0] - true[second, "all"][0]
        found.append((f"difference, {first} less {second}", "jeffreys", gap.low <= value <= gap.high))
    return found


CASES = {
    "places": ("only place effects", World(signal=0.0, place=1.0, past=3, dates=3)),
    "list": ("strong signal", World(signal=2.5, place=0.3, past=4, dates=4)),
    "everyone": ("neither", World(signal=0.0, place=0.0)),
    "flag": ("one column tells all", World(signal=2.5, place=0.3, load=0.9, told=1)),
}


def recommendations(runs: int, rng: np.random.Generator) -> None:
    """Per cents of runs by what was recommended."""
    rows = []
    for right, (name, world) in CASES.items():
        for _ in range(max(1, runs // len(CASES))):
            _, _, predictions, history = run(world, rng)
            given = {"capacity": world.capacity, "per": world.per, "history": history}
            verdict = recommend(predictions, reach(predictions, **given), **given)
            rows.append((name, right, verdict.recommendation))
    table = pd.DataFrame(rows, columns=["world", "right", "recommended"])
    print("Recommended [% of runs]")
    print(
        (100 * pd.crosstab([table["world"], table["right"]], table["recommended"], normalize="index"))
        .round(1)
        .to_string()
    )


HARM = {
    "5 of 12 columns tell, strong need": World(signal=1.5, place=0.3),
    "5 of 12 columns tell": World(signal=1.0, place=0.5),
    "3 of 12 columns tell": World(signal=1.0, place=0.5, told=3),
    "5 of 30 columns tell": World(signal=1.0, place=0.5, columns=30),
    "5 of 60 columns tell": World(signal=1.0, place=0.5, columns=60),
    "5 of 12 columns tell, strong places": World(signal=1.0, place=1.0),
}
NUMBERS = (10, 20, 40, 60, 80, 120, 200, 400)
MARGIN = 0.1


def harm(runs: int, rng: np.random.Generator) -> None:
    """How often the model reaches at least a tenth fewer than the better of flag and whole places, by past events.

    Five past cohorts with so many events in all; what was recommended rests on the last three of them.
    """
    rows = []
    for name, world in HARM.items():
        for events in NUMBERS:
            size = events / world.rate / 5 / 5
            here = replace(world, places=5, size=round(size), past=2, per="", capacity=max(1, round(5 * size * 0.08)))
            for _ in range(max(1, runs // len(HARM))):
                rows.append((name, events, *_reached(here, rng)))
    table = pd.DataFrame(rows, columns=["world", "events", "model", "flag", "places", "chance", "recommended"])
    table["harm"] = table["model"] < (1 - MARGIN) * table[["flag", "places"]].max(axis=1)
    table["list"] = table["recommended"] == "list"
    table["harm listed"] = table["harm"] & table["list"]
    table["places no better"] = table["places"] < 1.1 * table["chance"]
    for what in ("harm", "harm listed", "list", "places no better"):
        print(f"{what} [% of runs]")
        print((100 * table.pivot_table(index="world", columns="events", values=what)).round(0).astype(int).to_string())
    for what in ("model", "flag", "places"):
        print(f"{what}: share with the event among those listed [%]")
        print((100 * table.pivot_table(index="world", columns="events", values=what)).round(0).astype(int).to_string())


def _reached(world: World, rng: np.random.Generator) -> tuple[float | str, ...]:
    """Expected precision of each strategy for the next cohort, and what the evaluation of the past recommends."""
    register, _, predictions, history = run(world, rng)
    given = {"capacity": world.capacity, "per": world.per, "history": history}
    verdict = recommend(predictions, reach(predictions, **given), **given)
    past = register.seen
    model = Model(np.concatenate([item.x for item in past]), np.concatenate([item.y for item in past]))
    now = register.cohort(max(2, 10_000 // register.sizes.sum()))
    one = _frame(Cohort(now.x[0], now.y[0], now.place[0], now.group[0]), now.x[0, :, 0], len(past), now.y[0])
    known = pd.concat([history, predictions[["place", "as_of", "y"]]])
    chances, _ = inclusion(one, capacity=world.capacity, history=known)
    chosen = {name: np.broadcast_to(chances[name], now.y.shape) for name in ("places", "chance")}
    for name, score in (("model", model.risk(now.x)), ("flag", now.x[..., 0])):
        chosen[name] = _top(score, now.place, world.capacity, "")
    precision = [(chosen[name] * now.y).sum() / chosen[name].sum() for name in ("model", "flag", "places", "chance")]
    return (*precision, verdict.recommendation)


if __name__ == "__main__":
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = np.random.default_rng(11)
    for part in (coverage, recommendations, harm):
        start = time.process_time()
        part(runs, rng)
        print(f"{runs} runs, {time.process_time() - start:.0f} CPU s\n", flush=True)
