"""The list: those with the highest risk in each place or in all, how firmly each stands on it, and who was left to lot.

A list goes to the people who act (`Watchlist.write`) and never into a report: what a report may say is the summary,
which holds counts only. It decides nothing; a person does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from kommunanalys.early_warning.entry import border_of, marked
from kommunanalys.early_warning.sheets import write_sheets
from kommunanalys.early_warning.strategies import check_capacity
from kommunanalys.errors import TableError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.secrecy.register import in_words

Array = NDArray[np.float64]

MARGIN = 0.02
"""Risks that lie no further than this from the cut could as well lie on its other side [probability]."""
REDRAWS = 200
"""How often risks are drawn from their intervals."""
COVERAGE = 0.95
"""What the intervals of `risk_low` and `risk_high` are taken to be."""
ALIKE = 12
"""Decimals to which two risks are the same: what differs after them is rounding."""
NEARLY_ALL = 0.8
"""Share of a place's units from which on a list is nearly everybody."""


@dataclass(frozen=True, eq=False)
class Watchlist:
    """Who is listed, and what is known of the list itself.

    Parameters
    ----------
    frame
        Listed units: place column, `rank` in the place, `risk`, `firm` (how often the unit would be listed again
        [0–1]), `tie` (the cut goes through units of its risk), and what else the risks came with.
    waiting
        Units with the same risk as the last listed one, that the lot left out.
    places
        One row for each place (missing: not known): `units`, `listed`, `tied_in`, `tied_out`, `everybody` (the list is
        the place or nearly), `stay` (expected number that would be listed again).
    capacity, per, seed
        As asked.
    firmness
        What `firm` rests on: "interval" or "margin".
    """

    frame: pd.DataFrame = field(repr=False)
    waiting: pd.DataFrame = field(repr=False)
    places: pd.DataFrame = field(repr=False)
    capacity: int
    per: str
    seed: int
    firmness: Literal["interval", "margin"]

    def to_frame(self) -> pd.DataFrame:
        """The listed units, by place and rank; for those who act, not for a report."""
        return self.frame.copy()

    def summary(self, language: str = "en") -> str:
        """Counts and what to know of the list, in plain words; nobody is named."""
        say, places = Speaker(language), self.places
        listed, units = len(self.frame), int(places["units"].sum())
        heads = {"listed": in_words(listed, say), "units": in_words(units, say), "capacity": say.number(self.capacity)}
        if self.per:
            count = say.number(int(places.index.notna().sum()))
            text = say(
                "Listed: {listed} of {units} persons, at most {capacity} in each place. Places: {places}.",
                places=count,
                **heads,
            )
        else:
            text = say("Listed: {listed} of {units} persons, at most {capacity} in all.", **heads)
        told = [text, self._firm(say), *self._reservations(say)]
        return " ".join([*told, say("The list decides nothing: a person decides about each.")])

    def _firm(self, say: Speaker) -> str:
        share = float(self.places["stay"].sum()) / len(self.frame)
        stay = say.number(10 if share > 1 - 1e-9 else min(round(10 * share), 9))  # not all, as long as one may go
        if self.firmness == "margin":
            return say(
                "How sure the risks are was not said: if they are right to within {margin} percentage points, about "
                "{stay} of 10 on the list belong there.",
                stay=stay,
                margin=say.number(100 * MARGIN),
            )
        return say("About {stay} of 10 on the list would be there again if the risks were estimated anew.", stay=stay)

    def _reservations(self, say: Speaker) -> list[str]:
        places, told = self.places, []
        tied = places["tied_out"] > 0
        if tied.any():
            told.append(
                say(
                    "Lists whose cut goes through persons with the same risk: {places}. {listed} of these persons are "
                    "listed and {waiting} are not, by a lot that depends on neither name nor order.",
                    places=say.number(int(tied.sum())),
                    listed=in_words(int(places.loc[tied, "tied_in"].sum()), say),
                    waiting=in_words(int(places["tied_out"].sum()), say),
                )
            )
        small = int(places["everybody"].sum())
        if small:
            told.append(
                say(
                    "Lists with nearly everybody on them: {places}. Support for the whole place is nearly the same "
                    "there, and points nobody out.",
                    places=say.number(small),
                )
            )
        if self.per and places.index.isna().any():
            unknown = int(places.loc[places.index.isna(), "units"].sum())
            told.append(
                say("Place not known: {units} persons; they have a list of their own.", units=in_words(unknown, say))
            )
        return told

    write = write_sheets


def watchlist(
    risk: pd.DataFrame | pd.Series[float],
    capacity: int = 5,
    per: str = "school",
    *,
    seed: int = 0,
) -> Watchlist:
    """The units with the highest risk: so many in each place, or in all.

    Parameters
    ----------
    risk
        Index: the unit. Columns `risk` [0–1] and the place; where known `risk_low` and `risk_high` (95 % interval) and
        `reasons`; others come along. Or the risks alone, with `per=""` or the place as a level of the index.
    capacity
        How many can be helped.
    per
        Name of the place's column; "" for one list.
    seed
        Of the lot between equal risks, and of what is drawn from intervals.

    Raises
    ------
    UsageError
        A capacity that is no whole number from 1 on, or no such column.
    TableError
        No units, a unit twice, a risk that is missing or no probability.

    Notes
    -----
    Equal risks are put in order by a hash of the unit keyed with the seed: the same each time, in whatever order the
    rows come, and for nobody's good or ill by name. Units without a place get a list of their own.

    From intervals another fit is drawn: errors of the log-odds are independent and normal, with the standard deviation
    s that the interval says. Two fits whose log-odds have variance v have the correlation B = 1 − s²/v, so the second
    lies about mean + B (first − mean) with variance s² (1 + B).

    Without intervals `firm` is 1 beyond `MARGIN` of the cut (midway between the last listed and the first
    not listed); within it, the number of listed among all that are within it.

    Examples
    --------
    >>> risk = pd.DataFrame({"risk": [0.4, 0.1, 0.3, 0.2], "school": ["A", "A", "A", "B"]}, index=list("pqrs"))
    >>> found = watchlist(risk, capacity=2)
    >>> found.to_frame().index.tolist(), found.places["everybody"].tolist()
    (['p', 'r', 's'], [False, True])
    >>> found
    Watchlist(capacity=2, per='school', seed=0, firmness='margin')
    """
    check_capacity(capacity)
    table, border = _table(risk, per), border_of({"": risk.to_frame() if isinstance(risk, pd.Series) else risk})
    _check(table)
    lot = np.argsort(_lots(table.index, seed), kind="stable")
    ordered = table.iloc[lot]
    codes, names = _places(ordered, per)
    again, firmness = _redrawn(ordered, seed)
    parts = [
        _one_place(ordered, np.flatnonzero(codes == code), capacity, again if again is None else again[codes == code])
        for code in range(len(names))
    ]
    counts = pd.DataFrame([part[2] for part in parts], index=names)
    listed, waiting = (pd.concat([part[side] for part in parts]) for side in (0, 1))
    return Watchlist(marked(listed, border), marked(waiting, border), counts, int(capacity), per, seed, firmness)


def _table(risk: pd.DataFrame | pd.Series[float], per: str) -> pd.DataFrame:
    if not isinstance(risk, pd.DataFrame | pd.Series):
        raise UsageError("Give the risks as a pandas Series or DataFrame with the unit as its index.")
    table = pd.DataFrame(risk.to_frame("risk") if isinstance(risk, pd.Series) else risk)
    table = table.drop(columns=["rank", "firm", "tie"], errors="ignore")  # of an earlier list
    if per and per not in table.columns and per in table.index.names:
        table[per] = table.index.get_level_values(per)
    absent = [name for name in ("risk", per) if name and name not in table.columns]
    if absent:
        raise UsageError(
            "The risks have no column {column!r}. Columns: {columns}. For one list of all units: per=''.",
            column=absent[0],
            columns=", ".join(map(str, table.columns)),
        )
    twice = sorted({str(name) for name in table.columns[table.columns.duplicated()]})
    if twice:
        raise UsageError("The risks have {columns} more than once: keep one of each.", columns=", ".join(twice))
    return table


def _check(table: pd.DataFrame) -> None:
    if table.empty:
        raise TableError("There are no units to make a list of.")
    say = Speaker(current())
    twice = int(table.index.duplicated().sum())
    if twice:
        raise TableError("{count} rows repeat a unit: a list needs one risk for each unit.", count=in_words(twice, say))
    bounds = [name for name in ("risk", "risk_low", "risk_high") if name in table.columns]
    for name in bounds:
        values = pd.to_numeric(table[name], errors="coerce").to_numpy(float, na_value=np.nan)
        wrong = int((~((values >= 0) & (values <= 1))).sum())
        if wrong:
            raise TableError(
                "{count} units have no {column} from 0 to 1. A missing risk is not a low one: estimate it, or leave "
                "these units out and say so.",
                count=in_words(wrong, say),
                column=name,
            )
    if len(bounds) == 3 and (table["risk_low"] > table["risk_high"]).any():
        raise TableError("risk_low is above risk_high: have the columns changed places?")
    if len(bounds) == 3 and not table["risk"].between(table["risk_low"], table["risk_high"]).all():
        raise TableError("Some risks lie outside their own interval (risk_low to risk_high).")


def _lots(units: pd.Index, seed: int) -> list[bytes]:
    """A number for each unit that nobody chose."""
    key = str(seed).encode()[:64]
    texts = ("\x1f".join(map(str, unit)) if isinstance(unit, tuple) else str(unit) for unit in units)
    return [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=16).digest() for text in texts]


def _places(table: pd.DataFrame, per: str) -> tuple[NDArray[np.intp], pd.Index]:
    """For each unit the number of its place, and the places in order, those without one last."""
    if not per:
        return np.zeros(len(table), dtype=np.intp), pd.Index([""], name="place")
    given = table[per].astype(object)
    blank = given.isna() | given.map(lambda one: isinstance(one, str) and not one.strip())
    codes, names = pd.factorize(given.mask(blank), sort=False)
    rank = np.argsort([str(name) for name in names], kind="stable")
    place = np.append(np.argsort(rank), len(names))  # -1, not known, comes last
    known = [names[one] for one in rank]
    return place[codes], pd.Index([*known, None] if blank.any() else known, name=per, dtype=object)


def _redrawn(table: pd.DataFrame, seed: int) -> tuple[Array | None, Literal["interval", "margin"]]:
    """Other risks that could as well have been estimated, units × draws."""
    if not {"risk_low", "risk_high"} <= set(table.columns):
        return None, "margin"
    middle, low, high = (
        logit(np.clip(table[name].to_numpy(float), 1e-6, 1 - 1e-6)) for name in ("risk", "risk_low", "risk_high")
    )
    spread = (high - low) / (2 * ndtri(0.5 + COVERAGE / 2))
    # The part of a risk's distance from the others that would be found again: as much as is not spread.
    lasting = np.clip(1 - spread**2 / max(float(middle.var()), 1e-12), 0, 1)
    expected, wide = middle.mean() + lasting * (middle - middle.mean()), spread * np.sqrt(1 + lasting)
    noise = np.random.default_rng(seed).standard_normal((len(table), REDRAWS))
    return np.asarray(expit(expected[:, None] + wide[:, None] * noise)), "interval"


def _one_place(
    table: pd.DataFrame, rows: NDArray[np.intp], capacity: int, again: Array | None
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """Those listed in a place, those whom the lot left out, and the counts; rows come in the order of the lot."""
    risk = table["risk"].to_numpy(float)[rows].round(ALIKE)
    order = np.argsort(-risk, kind="stable")
    size = min(capacity, len(rows))
    inside, outside = order[:size], order[size:]
    cut = risk[inside[-1]]
    split = bool(len(outside)) and risk[outside[0]] == cut
    tied, left = risk[inside] == cut if split else np.zeros(size, dtype=bool), outside[risk[outside] == cut]
    firm = _near(risk, inside, outside) if again is None else _listed_again(again, size)[inside]
    listed = table.iloc[rows[inside]].copy()
    for place, (name, values) in enumerate({"rank": np.arange(1, size + 1), "firm": firm, "tie": tied}.items()):
        listed.insert(place, name, values)
    counts = {
        "units": len(rows),
        "listed": size,
        "tied_in": int(tied.sum()),
        "tied_out": len(left),
        "everybody": size >= NEARLY_ALL * len(rows),
        "stay": float(firm.sum()),
    }
    return listed, table.iloc[rows[left]], counts


def _listed_again(again: Array, size: int) -> Array:
    """For each unit of a place in what share of the draws it is among the first."""
    best = np.argsort(-again, axis=0, kind="stable")[:size]
    return np.asarray(np.bincount(best.ravel(), minlength=len(again)) / again.shape[1])


def _near(risk: Array, inside: NDArray[np.intp], outside: NDArray[np.intp]) -> Array:
    """For each listed unit its share of the seats for which units near the cut compete."""
    if not len(outside):
        return np.ones(len(inside))
    cut = (risk[inside[-1]] + risk[outside[0]]) / 2
    near = risk[inside] <= cut + MARGIN
    others = int((risk[outside] >= cut - MARGIN).sum())
    return np.where(near, near.sum() / max(near.sum() + others, 1), 1.0)
