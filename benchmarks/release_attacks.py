"""What an attacker gets out of tables that `secrecy.release` lets out: bars 1 and 2 of the room.

python benchmarks/release_attacks.py [tables] [months] [schools]

The attacker knows the method, reads only what is printed (`Release.table`), and solves linear programmes of its own
over single cells, all margins, two months together and the number of movers, which it is given; where they leave few
whole numbers, integer programmes. A figure counts as recovered when one whole number is left. For comparison the same
attack runs on tables that hide small cells and, so that no hidden one can be had by subtraction, some others, but
forget what was let out the month before.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import highspy
import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack, kron, vstack

from kommunanalys.errors import ReleaseRefused
from kommunanalys.secrecy import Release, release

BIG = 1e6


@contextmanager
def fresh_memory() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KOMMUNANALYS_STATE"] = folder
        yield


def pupils(rng: np.random.Generator, schools: int, grades: int, mean: float) -> pd.DataFrame:
    """One row for each pupil: classes of very different size, special support of very different extent."""
    size = rng.gamma(2.0, mean / 2, (schools, 1)) * rng.uniform(0.6, 1.4, (schools, grades))
    school, grade = np.nonzero(np.ones_like(size))
    count = rng.poisson(size).ravel()
    frame = pd.DataFrame({"school": np.repeat(school, count), "grade": np.repeat(grade, count)})
    share = rng.beta(2.0, 14.0, schools)
    frame["support"] = rng.random(len(frame)) < share[frame["school"]]
    return frame.astype({"school": pd.CategoricalDtype(range(schools)), "grade": pd.CategoricalDtype(range(grades))})


class Attack:
    """Ranges of linear forms of cells, by a model that stays warm."""

    def __init__(self, rows: csr_array, low: np.ndarray, high: np.ndarray) -> None:
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = rows.shape
        lp.col_cost_ = np.zeros(rows.shape[1])
        lp.col_lower_, lp.col_upper_ = np.zeros(rows.shape[1]), np.full(rows.shape[1], BIG)
        lp.row_lower_, lp.row_upper_ = low, high
        rows = csr_array(rows)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
        self.model = highspy.Highs()
        for name, value in (("output_flag", False), ("presolve", "off"), ("simplex_strategy", 4)):
            self.model.setOptionValue(name, value)
        self.model.passModel(lp)
        self.places = np.arange(rows.shape[1], dtype=np.int32)

    def range(self, form: np.ndarray) -> tuple[float, float]:
        """Least and greatest value; in whole persons where that could matter."""
        ends = self._ends(form)
        if not one(*ends) and ends[1] - ends[0] < 4:
            for kind in (highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous):
                self.model.changeColsIntegrality(len(form), self.places, np.full(len(form), kind))
                ends = self._ends(form) if kind == highspy.HighsVarType.kInteger else ends
        return ends

    def _ends(self, form: np.ndarray) -> tuple[float, float]:
        ends = []
        for sign in (1.0, -1.0):
            self.model.changeColsCost(len(form), self.places, sign * form)
            self.model.run()
            if self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                raise SystemExit(f"the attacker's programme ended with {self.model.getModelStatus()}")
            ends.append(float(form @ np.array(self.model.getSolution().col_value)))
        return ends[0], ends[1]


def sums(sizes: tuple[int, ...]) -> csr_array:
    """Every printed figure as a sum of interior cells."""
    whole = csr_array(np.ones((1, 1)))
    for size in sizes:
        whole = csr_array(kron(whole, csr_array(np.vstack([np.eye(size), np.ones(size)])), format="csr"))
    return whole


def told(out: Release) -> tuple[np.ndarray, np.ndarray]:
    """What a printed table says of every figure, read as its paragraph says."""
    value = out.table.to_numpy(float).ravel()
    low, high = value.copy(), value.copy()
    if out.method == "round":
        low, high = np.where(value > 0, value - 2, value), np.where(value > 0, value + 3, value)
    return np.where(np.isnan(value), 0.0, low), np.where(np.isnan(value), BIG, high)


def sizes_of(frame: pd.DataFrame, names: list[str]) -> tuple[int, ...]:
    return tuple(2 if frame[name].dtype == bool else len(frame[name].cat.categories) for name in names)


def figures(frame: pd.DataFrame, names: list[str]) -> np.ndarray:
    sizes = sizes_of(frame, names)
    codes = [frame[name].to_numpy(int) for name in names]
    cells = np.bincount(np.ravel_multi_index(codes, sizes), minlength=int(np.prod(sizes)))
    return sums(sizes) @ cells.astype(float)


def one(low: float, high: float) -> bool:
    """Whether a single whole number is left."""
    return np.floor(high + 1e-6) - np.ceil(low - 1e-6) < 1


def bar_1(tables: int) -> None:
    hidden = exact = narrow = wrong = 0
    for seed in range(tables):
        rng = np.random.default_rng(seed)
        frame = pupils(rng, int(rng.integers(4, 11)), int(rng.integers(3, 7)), float(rng.uniform(4, 30)))
        with fresh_memory():
            out = release(frame, rows=["school", "grade"], columns="support", sensitive=bool(seed % 2))
        sizes = (len(frame["school"].cat.categories), len(frame["grade"].cat.categories), 2)
        truth, forms = figures(frame, ["school", "grade", "support"]), sums(sizes)
        low, high = told(out)
        attack = Attack(forms, low, high)
        for place in np.flatnonzero(high > low):
            least, most = attack.range(forms[[place]].toarray()[0])
            hidden += 1
            exact += one(least, most)
            narrow += most - least < 2 * max(0.1 * truth[place], 2) - 1e-6
        wrong += int((np.abs(truth - out.table.to_numpy(float).ravel()) > 0).sum())
    print(
        f"bar 1: {tables} tables, {hidden} hidden figures; known exactly: {exact} (bar 0); within less than "
        f"±max(10 %, 2 persons): {narrow} (bar 0); printed figures that differ from the truth: {wrong} (bar 0)"
    )


def months_of(
    rng: np.random.Generator, first: pd.DataFrame, months: int
) -> list[tuple[pd.DataFrame, np.ndarray, np.ndarray]]:
    """Each month's pupils, and the places of those that left and joined since the month before."""
    current, found = first, [(first, np.empty(0, int), np.empty(0, int))]
    for _ in range(months - 1):
        moving = rng.random(len(current)) < 0.03
        arrivals = first.iloc[rng.integers(0, len(first), int(moving.sum()))].copy()
        arrivals["support"] = rng.permutation(arrivals["support"].to_numpy())
        before = current
        current = pd.concat([current[~moving], arrivals], ignore_index=True)
        found.append((current, np.flatnonzero(moving), np.arange(len(before) - moving.sum(), len(current))))
    return found


def bar_2(months: int, schools: int, names: list[str], how: str) -> None:
    rng = np.random.default_rng(2)
    world = months_of(rng, pupils(rng, schools, 9 if len(names) == 2 else 6, 20.0), months)
    outs = []
    with fresh_memory():
        for frame, _, _ in world:
            call = {"rows": names[:-1], "columns": names[-1]}
            if how == "forgetful":
                with fresh_memory():
                    outs.append(release(frame, **call))
            else:
                outs.append(release(frame, **call, series="pupils-monthly", method=how))
    truths = [figures(frame, names) for frame, _, _ in world]
    cells = [np.abs(out.table.to_numpy(float).ravel() - truth) <= 6 for out, truth in zip(outs, truths, strict=True)]
    within = float(np.mean(cells))
    small, small_known = small_cells(outs, truths, names, world[0][0])
    groups, known = movers(outs, truths, world, names)
    print(
        f"bar 2, {how}, {' × '.join(names)}: {months} months, {len(truths[0])} figures each; printed and within ±6: "
        f"{within:.1%} (bar 90 %); cells of 1–4: {small}, recovered {small_known} (bar 0); groups of 1–4 leavers, "
        f"joiners or net movers: {groups}, recovered {known} (bar 0)",
        flush=True,
    )


def small_cells(
    outs: list[Release], truths: list[np.ndarray], names: list[str], frame: pd.DataFrame
) -> tuple[int, int]:
    count = known = 0
    forms = sums(sizes_of(frame, names))
    for out, truth in zip(outs, truths, strict=True):
        attack = Attack(forms, *told(out))
        for place in np.flatnonzero((truth > 0) & (truth < 5)):
            count += 1
            known += one(*attack.range(forms[[place]].toarray()[0]))
    return count, known


def movers(outs: list[Release], truths: list[np.ndarray], world: list, names: list[str]) -> tuple[int, int]:
    """Groups of 1–4 that left, joined, or make the difference: how many the attacker gets from two months together.

    Columns are last month's cells, this month's, the leavers and the joiners of each cell; the attacker knows that
    leavers were there before, that joiners are there now, and how many moved in all.
    """
    count = known = 0
    sizes = sizes_of(world[0][0], names)
    forms = sums(sizes)
    cells = forms.shape[1]
    eye, none = csr_array(np.eye(cells)), csr_array((cells, cells))
    empty = csr_array(forms.shape)
    ones = np.ones((1, cells))
    for month in range(1, len(outs)):
        left = figures(world[month - 1][0].iloc[world[month][1]], names)
        came = figures(world[month][0].iloc[world[month][2]], names)
        inside = np.flatnonzero(np.diff(forms.indptr) == 1)
        rows = csr_array(vstack([
            hstack([forms, empty, empty, empty]), hstack([empty, forms, empty, empty]),
            hstack([eye, -eye, -eye, eye]), hstack([eye, none, -eye, none]), hstack([none, eye, none, -eye]),
            hstack([csr_array((2, 2 * cells)), csr_array(np.kron(np.eye(2), ones))]),
        ]))  # fmt: skip
        (low, high), (low_now, high_now) = told(outs[month - 1]), told(outs[month])
        zero, large = np.zeros(cells), np.full(cells, BIG)
        total = np.array([left[inside].sum(), came[inside].sum()])
        attack = Attack(rows, np.concatenate([low, low_now, zero, zero, zero, total]),
                        np.concatenate([high, high_now, zero, large, large, total]))  # fmt: skip
        net = truths[month] - truths[month - 1]
        for place in range(forms.shape[0]):
            form = forms[[place]].toarray()[0]
            nothing = np.zeros(cells)
            targets = [(left, np.concatenate([nothing, nothing, form, nothing])),
                       (came, np.concatenate([nothing, nothing, nothing, form])),
                       (net, np.concatenate([-form, form, nothing, nothing]))]  # fmt: skip
            for truth, objective in targets:
                if 1 <= abs(truth[place]) <= 4:
                    count += 1
                    known += one(*attack.range(objective))
    return count, known


def shared_margins(worlds: int, method: str) -> None:
    """School × grade and school × support of the same pupils: cells of 1–4 by both tables together."""
    count = known = hidden = narrow = 0
    for seed in range(worlds):
        rng = np.random.default_rng(1000 + seed)
        frame = pupils(rng, 12, 5, 6.0)
        with fresh_memory():
            first = release(frame, rows="school", columns="grade", method=method)
            second = release(frame, rows="school", columns="support", method=method)
        a, b = sums((12, 5)), sums((12, 2))
        # The cells of school × grade × support, which nobody printed, are behind both tables.
        behind_a, behind_b = (
            csr_array(kron(a, np.ones((1, 2)))),
            csr_array(np.vstack([np.kron(row.reshape(12, 1, 2), np.ones((1, 5, 1))).ravel() for row in b.toarray()])),
        )
        (low_a, high_a), (low_b, high_b) = told(first), told(second)
        rows = csr_array(vstack([behind_a, behind_b]))
        attack = Attack(rows, np.concatenate([low_a, low_b]), np.concatenate([high_a, high_b]))
        truth = np.concatenate([figures(frame, ["school", "grade"]), figures(frame, ["school", "support"])])
        shown = np.concatenate([first.table.to_numpy(float).ravel(), second.table.to_numpy(float).ravel()])
        for place in range(len(truth)):
            secret = np.isnan(shown[place])
            if secret or 1 <= truth[place] <= 4:
                least, most = attack.range(rows[[place]].toarray()[0])
                count += 1
                hidden += secret
                known += one(least, most)
                narrow += bool(secret and method == "suppress" and most - least < 2 * max(0.1 * truth[place], 2) - 1e-6)
    print(
        f"bar 2, two tables that share a margin, {method}: {worlds} pairs, {count} hidden or small figures, recovered "
        f"{known} (bar 0), narrowed too far {narrow}",
        flush=True,
    )


PAIRS = {
    "all, then without a school": (("all", "school support"), ("part", "school support")),
    "without a school, then all": (("part", "school support"), ("all", "school support")),
    "all, then without a school and a column": (("all", "school support"), ("part", "support")),
    "schools, then areas": (("all", "school support"), ("all", "area support")),
    "areas, then schools": (("all", "area support"), ("all", "school support")),
    "schools, then areas without a school": (("all", "school support"), ("part", "area support")),
    "areas, then schools without a school": (("all", "area support"), ("part", "school support")),
}
"""Two tables of the same persons or a part of them; schools 0 and 1, 2 and 3, ... lie in the same area."""


def pairs(worlds: int, method: str, series: bool) -> None:
    """Tables whose frames or whose dimensions lie within each other, put together over the cells school × support."""
    for name, calls in PAIRS.items():
        count = known = before = refused = shown = 0
        for seed in range(worlds):
            rng = np.random.default_rng(2000 + seed)
            schools = int(rng.integers(4, 7))
            means = rng.choice([1.0, 6.0, 15.0, 40.0], (schools, 2))
            cells = np.maximum(rng.poisson(means), [[1, 0]])  # nobody's school is empty
            place = np.repeat(np.arange(cells.size), cells.ravel())
            frame = pd.DataFrame({"school": place // 2, "area": place // 4, "support": place % 2 == 1})
            outs = []
            with fresh_memory():
                for how, by in calls:
                    people = frame[frame["school"] > 0] if how == "part" else frame
                    rows = by.split()
                    call = {"rows": rows[0], "columns": rows[1:], "series": "m" if series else None, "method": method}
                    try:
                        outs.append((how, rows, release(people, **call)))
                    except ReleaseRefused:
                        refused += 1
            if not outs:
                continue
            forms, low, high, truth, values = (np.concatenate(items) for items in zip(
                *(pair_forms(how, rows, out, cells) for how, rows, out in outs), strict=True))  # fmt: skip
            attack = Attack(csr_array(forms), low, high)
            first = Attack(*(csr_array(item) if item.ndim > 1 else item for item in pair_forms(*outs[0], cells)[:3]))
            shown += int((~np.isnan(values)).sum())
            # Every cell behind both tables too, whether or not one of them has it.
            asked = np.vstack([forms, np.eye(cells.size)])
            truth = np.concatenate([truth, cells.ravel()])
            secret = np.concatenate([np.isnan(values), np.zeros(cells.size, bool)])
            told_small = np.concatenate([~np.isnan(values) & (low == high), np.zeros(cells.size, bool)])
            for place in np.flatnonzero((secret | ((truth > 0) & (truth < 5))) & ~told_small):
                count += 1
                if one(*attack.range(asked[place])):
                    # The sum of all that a table hides follows from it; that this is an area, it did not know.
                    early = one(*first.range(asked[place]))
                    before += early
                    known += not early
        print(
            f"pairs, {method}{', series' * series}, {name}: {worlds} pairs, {count} hidden or small figures, recovered "
            f"{known} (bar 0), known by the first alone {before}; tables refused {refused}, figures printed {shown}",
            flush=True,
        )


def pair_forms(how: str, rows: list[str], out: Release, cells: np.ndarray) -> tuple[np.ndarray, ...]:
    """Printed figures as sums of the cells school × support: forms, what is told, truth, what is printed."""
    school = np.arange(cells.size) // 2
    there = (school > 0) if how == "part" else np.ones(cells.size, bool)
    dims = {"school": school, "area": school // 2, "support": np.arange(cells.size) % 2}
    axes = [[dims[name] == item for item in np.unique(dims[name][there])] for name in rows]
    axes = [[*axis, np.ones(cells.size, bool)] for axis in axes]
    forms = np.array([np.logical_and.reduce([there, *chosen]) for chosen in product(*axes)], float)
    low, high = told(out)
    return forms, low, high, forms @ cells.ravel(), out.table.to_numpy(float).ravel()


if __name__ == "__main__":
    arguments = [int(item) for item in sys.argv[1:]]
    tables, months, schools = (arguments + [200, 12, 40][len(arguments) :])[:3]
    bar_1(tables)
    shared_margins(max(tables // 10, 2), "suppress")
    shared_margins(max(tables // 10, 2), "round")
    for method, series in (("suppress", False), ("suppress", True), ("round", False)):
        pairs(max(tables // 5, 4), method, series)
    bar_2(months, schools, ["school", "grade"], "round")
    bar_2(months, schools // 2, ["school", "grade", "support"], "round")
    bar_2(months, schools, ["school", "grade"], "suppress")
    bar_2(months, schools, ["school", "grade"], "forgetful")
