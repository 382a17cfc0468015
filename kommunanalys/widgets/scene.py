"""What a choice picks out of a panel: who is drawn, in which role, with which figures, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kommunanalys import names
from kommunanalys.compare.units import resolve, variable
from kommunanalys.errors import UsageError
from kommunanalys.figures.marks import FOCUS, MARKED, OTHERS, PEER, Array, Crowd
from kommunanalys.figures.style import decimals_for
from kommunanalys.language import Speaker
from kommunanalys.widgets.prepared import FEW, Prepared

if TYPE_CHECKING:
    from kommunanalys.names import Break
    from kommunanalys.widgets.choice import Choice

TOLD = ("rounded", "noisy", "preliminary", "revised")
"""Flags of a figure that is there, but is to be read with care."""


ENOUGH = 5
"""Municipalities from which on their middle half is drawn as a band."""


@dataclass(frozen=True)
class Lines:
    """What a line view draws: whose lines, every year, figures and care (municipalities, years), the band and whose."""

    crowd: Crowd
    years: NDArray[Any]
    values: Array
    hollow: NDArray[np.bool_]
    band: tuple[Array, Array]
    whose: str


@dataclass(frozen=True)
class Scene:
    """A choice over a panel.

    Parameters
    ----------
    ready
        The panel.
    choice
        What is looked at.
    """

    ready: Prepared
    choice: Choice

    @cached_property
    def focus(self) -> str:
        """Code of the municipality that the picture is about."""
        return str(resolve(self.choice.municipality, self.ready.codes))

    @cached_property
    def say(self) -> Speaker:
        """Speaks the reader's language with the terms of the country."""
        country = self.realm[:2] or None
        return Speaker(self.choice.language, country)

    @cached_property
    def realm(self) -> str:
        """Country and side of the sea of the focus."""
        return str(self.ready.realms[self.ready.codes.get_loc(self.focus)])

    @cached_property
    def roles(self) -> NDArray[np.int64]:
        """Role by municipality of the panel."""
        roles = np.full(len(self.ready.codes), OTHERS)
        for role, asked in ((PEER, self.choice.peers), (MARKED, self.choice.marked), (FOCUS, (self.focus,))):
            for code in asked:
                roles[self.ready.codes.get_loc(resolve(code, self.ready.codes))] = role
        return roles

    @cached_property
    def chosen(self) -> NDArray[np.int64]:
        """Places of those that may be compared with the focus."""
        return np.flatnonzero(self.ready.realms == self.realm)

    @cached_property
    def apart(self) -> list[str]:
        """Codes of the peers and the marked that lie in another country, or on the other side of the sea."""
        return [str(code) for code in self.ready.codes[(self.ready.realms != self.realm) & (self.roles >= PEER)]]

    @cached_property
    def year(self) -> int:
        """The year of the picture.

        Raises
        ------
        UsageError
            The panel has no such year.
        """
        wanted = self.choice.year
        year = self.ready.latest(*self.columns) if wanted is None else wanted
        if year not in self.ready.years:
            raise UsageError(
                "The panel has no year {year}. Choose one from {first} to {last}.",
                year=year,
                first=self.ready.years[0],
                last=self.ready.years[-1],
            )
        return year

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The indicators of the picture; those of a scatter must be about the same people."""
        both = self.choice.view == "scatter"
        columns = (self.choice.indicator, self.choice.second) if both else (self.choice.indicator,)
        names.check_population(columns)
        return columns

    @cached_property
    def crowd(self) -> Crowd:
        """Those of a picture of one year; hollow where a figure rests on small numbers or has a flag."""
        codes = self.ready.codes[self.chosen].tolist()
        hollow = np.array([bool(self.care(code)) for code in codes])
        called = self.ready.called(self.say.language)
        return Crowd(codes, [called[place] for place in self.chosen], self.roles[self.chosen], hollow)

    def column(self, name: str) -> Array:
        """Figures of an indicator in the year, shape (chosen,)."""
        return self.at(self.grid(name))

    @cached_property
    def figures(self) -> dict[str, Array]:
        """Figures of the year by indicator, shape (chosen,) each."""
        return {name: self.column(name) for name in self.columns}

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """Who has all the figures of the year, shape (chosen,)."""
        return np.asarray(np.isfinite(np.array(list(self.figures.values()))).all(axis=0))

    @cached_property
    def gaps(self) -> list[Break]:
        """Where the counting of the indicator changes."""
        item = names.glossary().get(self.choice.indicator)
        return item.breaks_in(self.say.country or "", fictive=self.fictive) if item else []

    @cached_property
    def lines(self) -> Lines:
        """The lines of the focus, the marked and the peers, from the first year to the last with a figure."""
        drawn = self.chosen[self.roles[self.chosen] >= PEER]
        years, grid = self.ready.years, self.grid(self.choice.indicator)
        first, last = self.choice.years or (int(years[0]), int(years[-1]))
        # To the last year that anybody has a figure of: that the focus has none there must be seen.
        known = np.isfinite(grid[np.union1d(drawn, self.chosen)]).any(axis=0)
        found = known & (years >= first) & (years <= last)
        at = np.flatnonzero(found) if found.any() else np.flatnonzero((years >= first) & (years <= last))
        if not len(at):
            raise UsageError(
                "The panel has no year from {asked}. Choose years from {first} to {last}.",
                asked=f"{first}–{last}",
                first=years[0],
                last=years[-1],
            )
        span = slice(int(at[0]), int(at[-1]) + 1)
        called = self.ready.called(self.say.language)
        whose = "peers" if (self.roles[drawn] == PEER).sum() >= ENOUGH else "all"
        places = drawn[self.roles[drawn] == PEER] if whose == "peers" else self.chosen
        crowd = Crowd(
            self.ready.codes[drawn].tolist(),
            [called[place] for place in drawn],
            self.roles[drawn],
            np.zeros(len(drawn), dtype=bool),
        )
        values = grid[drawn, span]
        hollow = np.array([[bool(self.care_in(code, int(year))) for year in years[span]] for code in crowd.codes])
        hollow &= np.isfinite(values)
        return Lines(crowd, years[span], values, hollow, _middle_half(grid[places, span]), whose)

    def grid(self, name: str) -> Array:
        """Figures of an indicator, shape (municipalities, years)."""
        if name not in self._grids:
            self._grids[name] = self.ready.values(name)
        return self._grids[name]

    def ends(self, name: str) -> tuple[Array, Array] | None:
        """Lower and upper ends of an indicator's intervals in the year, shape (chosen,) each; None for none known."""
        if name not in self._ends:
            found = self.ready.intervals(name)
            self._ends[name] = None if found is None else (self.at(found[0]), self.at(found[1]))
        return self._ends[name]

    def behind(self, name: str) -> Array | None:
        """Persons behind each figure in the year, shape (chosen,); None where that is not known."""
        if name not in self._behind:
            found = self.ready.behind(name)
            self._behind[name] = None if found is None else self.at(found)
        return self._behind[name]

    @cached_property
    def _grids(self) -> dict[str, Array]:
        return {}

    @cached_property
    def _ends(self) -> dict[str, tuple[Array, Array] | None]:
        return {}

    @cached_property
    def _behind(self) -> dict[str, Array | None]:
        return {}

    def at(self, grid: Array) -> Array:
        """The chosen in the year, of a grid of all municipalities and years."""
        return np.asarray(grid[self.chosen, self.year - int(self.ready.years[0])])

    @cached_property
    def few(self) -> frozenset[str]:
        """Codes of those with too few persons behind a figure of the year."""
        found: set[str] = set()
        for name in self.columns:
            behind = self.behind(name)
            if behind is not None:
                small = (behind < FEW) & np.isfinite(self.column(name))
                found |= {str(code) for code in self.ready.codes[self.chosen[small]]}
        return frozenset(found)

    @cached_property
    def _always_behind(self) -> Array | None:
        return self.ready.behind(self.choice.indicator)

    def care_in(self, code: str, year: int) -> list[str]:
        """Why a municipality's figure of any year is to be read with care: its flag, and "few"."""
        flag, behind = self.ready.flag(self.choice.indicator, code, year), self._always_behind
        at = (self.ready.codes.get_loc(code), year - int(self.ready.years[0]))
        few = behind is not None and behind[at] < FEW
        return [*([flag] if flag in TOLD else []), *(["few"] if few else [])]

    def care(self, code: str) -> list[str]:
        """Why a municipality's figures of the year are to be read with care: flags, and "few"."""
        flags = [self.ready.flag(name, code, self.year) for name in self.columns]
        return [*dict.fromkeys(flag for flag in flags if flag in TOLD), *(["few"] if code in self.few else [])]

    def absent(self, code: str) -> str:
        """Why a municipality has no figure: its flag, or "missing"."""
        flags = [self.ready.flag(name, code, self.year) for name in self.columns]
        return next((flag for flag in flags if flag and flag not in TOLD), "missing")

    def heading(self, name: str) -> str:
        """An indicator in words, with its unit."""
        unit = self.unit(name)
        return f"{self.title(name)}, {unit}" if unit else self.title(name)

    def title(self, name: str) -> str:
        """An indicator in words: the glossary's, the publisher's, or its own name."""
        labels = self.ready.panel.attrs.get("labels", {}).get("indicator", {})
        return str(labels.get(name, name)) if name not in names.glossary() else variable(name, self.say)

    def unit(self, name: str) -> str:
        """The unit of an indicator in words, "" where it is not known."""
        item = names.glossary().get(name)
        if item is None:
            return str(self.ready.panel.attrs.get("units", {}).get(name, ""))
        return self.say(item.unit, currency=self.say(names.CURRENCIES[self.say.country or "SE"]))

    def in_money(self, name: str) -> bool:
        """Whether an indicator counts money, whose worth changes from year to year."""
        item = names.glossary().get(name)
        unit = item.unit if item else self.unit(name)
        return "{currency}" in unit or unit.startswith(tuple(names.CURRENCIES.values()))

    def decimals(self, name: str, values: Array) -> int:
        """Decimals that a reader needs: the glossary's, else by the size of the figures."""
        item = names.glossary().get(name)
        if item is not None:
            return item.decimals
        return decimals_for(float(np.nanmax(np.abs(values), initial=0.0)))

    @cached_property
    def fictive(self) -> bool:
        """Whether the municipality is invented."""
        from kommunanalys.municipalities import known

        item = known().get(self.focus)
        return item is not None and item.fictive


def _middle_half(values: Array) -> tuple[Array, Array]:
    """Quartiles of each year with enough figures, shape (years,) each."""
    low, high = np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    full = np.isfinite(values).sum(axis=0) >= ENOUGH
    if full.any():
        low[full], high[full] = np.nanquantile(values[:, full], [0.25, 0.75], axis=0)
    return low, high
