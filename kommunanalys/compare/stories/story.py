"""One municipality's comparison: everything that its report tells, computed when it is first told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.adjust import ExpectedCost
from kommunanalys.compare.dea import DEA
from kommunanalys.compare.environment import Environment
from kommunanalys.compare.malmquist import Malmquist, malmquist
from kommunanalys.compare.peers import Similar
from kommunanalys.compare.ranges import Intervals
from kommunanalys.compare.remembered import remembered_environment, remembered_intervals
from kommunanalys.compare.small import Funnel, funnel
from kommunanalys.compare.units import label, municipality_of
from kommunanalys.errors import AnalysisFailed, NoData, TooFewUnits
from kommunanalys.indicators import Case, deflate
from kommunanalys.language import Speaker


@dataclass(frozen=True)
class Story:
    """One municipality's comparison, ready to be told.

    Parameters
    ----------
    case
        Municipality, service, year and panel.
    near
        Its most similar municipalities.
    expected
        What structure explains.
    dea
        Fitted on `case.inputs` and `case.outputs`.
    prices
        Price index by year.
    say
        Speaker of the reader's language and country.
    """

    case: Case
    near: Similar
    expected: ExpectedCost
    dea: DEA
    prices: pd.Series
    say: Speaker

    @property
    def place(self) -> str:
        """The municipality's name."""
        return label(self.case.municipality, self.say.language)

    @property
    def fictive(self) -> bool:
        """Whether the municipality belongs to the example data."""
        found = municipality_of(self.case.municipality)
        return found is not None and found.fictive

    @property
    def currency(self) -> str:
        """The currency as the reader writes it."""
        return self.say(names.CURRENCIES[self.say.country or "SE"])

    @property
    def cost(self) -> float:
        """Cost for each pupil [currency/pupil/year]."""
        return float(self.case.units.at[self.case.municipality, self.case.service.cost])

    @property
    def peer_costs(self) -> pd.Series:
        """Cost for each pupil of the similar municipalities that have one."""
        return self.case.units[self.case.service.cost].reindex(self.near.peers.index).dropna()

    @property
    def leavers(self) -> pd.Series:
        """About how many pupils leave in a year, by municipality: those whom a result is about [persons]."""
        return (self.case.units[self.case.service.pupils] / self.case.service.years).round().clip(lower=1)

    @property
    def mix(self) -> pd.Series:
        """Weights of the municipalities that this one is measured against [0–1]."""
        peers = self.dea.peers_
        return peers[peers["unit"] == self.case.municipality].set_index("peer")["weight"]

    @property
    def compared(self) -> list[str]:
        """The municipality, those that it is measured against and the similar ones, each once."""
        return list(dict.fromkeys([self.case.municipality, *self.mix.index, *self.near.peers.index]))

    @property
    def scored(self) -> bool:
        """Whether the municipality has a score that says something: results of the same pupils are compared."""
        return bool(self.case.service.outcomes) and self.case.municipality in self.dea.efficiency_.index

    @cached_property
    def intervals(self) -> Intervals | None:
        """Where the true efficiency of each municipality probably lies; None where too few are compared."""
        try:
            return remembered_intervals(self.dea)
        except TooFewUnits:
            return None

    @cached_property
    def environment(self) -> Environment | None:
        """What of the needs goes with efficiency, among those that have them all; None where it cannot be told."""
        needs = self.case.units[list(self.near.on)].reindex(self.dea.efficiency_.index).dropna()
        dea = self.dea
        if len(needs) < len(dea.efficiency_):
            inputs, outputs = dea.inputs_.loc[needs.index], dea.outputs_.loc[needs.index]
            dea = DEA(dea.returns, dea.orientation, random_state=dea.random_state).fit(inputs, outputs)
        try:
            return remembered_environment(dea, needs)
        except (TooFewUnits, AnalysisFailed):
            return None

    @cached_property
    def rates(self) -> Funnel | None:
        """The first result against chance and the usual differences; None where none of the same pupils is known."""
        if not self.case.service.outcomes:
            return None
        units = self.case.units[[self.case.service.outcomes[0], self.case.service.pupils]].dropna()
        return funnel(units.iloc[:, 0] / 100, self.leavers.reindex(units.index))

    @cached_property
    def change(self) -> Malmquist | None:
        """Change of productivity in real prices, in the years up to this one since a column was last counted anew."""
        inputs, outputs = self.case.figures(self._unbroken())
        real = deflate(inputs["total_cost"], self.prices, base_year(self)).dropna().to_frame()
        try:
            return malmquist(real, outputs.reindex(real.index), period="year", unit="municipality")
        except NoData:
            return None

    def _unbroken(self) -> list[int]:
        years = sorted({int(year) for year in self.case.panel.index.get_level_values("year")})
        service = self.case.service
        columns = [service.cost, service.pupils, *service.outcomes[:2]]
        gaps = names.breaks(columns, self.say.country or "SE", fictive=self.fictive)
        first = max((gap.year for _, gap in gaps if gap.year <= self.case.year), default=years[0])
        return [year for year in years if first <= year <= self.case.year]


def base_year(story: Story) -> int:
    """The year whose prices are used: the year compared, or the last before it that the index knows.

    Raises
    ------
    NoData
        The index begins later.
    """
    known = [int(year) for year in story.prices.index if year <= story.case.year]
    if not known:
        raise NoData(
            "The price index begins in {first}, after {year}. Give one that reaches back (price_index=FILE.csv).",
            first=story.prices.index.min(),
            year=story.case.year,
        )
    return max(known)


def real_costs(story: Story) -> pd.DataFrame:
    """Cost for each pupil over the years in the prices of one: the municipality and its similar ones.

    The prices are those of the year compared, or of the last year before it that the index knows.

    Returns
    -------
    pandas.DataFrame
        Index year; `own`, `median`, `low`, `high` (quartiles of the similar ones) [currency/pupil/year].
    """
    real = deflate(story.case.panel[story.case.service.cost], story.prices, base_year(story)).unstack("municipality")
    real = real[real.index <= story.case.year].dropna(how="all")
    peers = real.reindex(columns=story.near.peers.index)
    quartiles = {
        "median": peers.median(axis=1),
        "low": peers.quantile(0.25, axis=1),
        "high": peers.quantile(0.75, axis=1),
    }
    return pd.DataFrame({"own": real[story.case.municipality], **quartiles}).dropna(how="all")
