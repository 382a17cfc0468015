"""One municipality, one service, one year: what the data allow to be compared, and in which panel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from kommunanalys import names
from kommunanalys.errors import NoData
from kommunanalys.indicators.costs import total_cost
from kommunanalys.indicators.population import log_size
from kommunanalys.indicators.schools import pupils_reaching
from kommunanalys.indicators.services import Service, declarations
from kommunanalys.municipalities import Municipality, known


@dataclass(frozen=True)
class Case:
    """One municipality, one service, one year, with the panel they are compared in.

    Parameters
    ----------
    municipality
        Official code.
    year
        The year compared.
    service
        The declaration that the data allow; needs and outcomes without figures that year are left out of it.
    panel
        Index (municipality, year); the service's indicators, `log_pupils` and `total_cost`. Only rows with cost and
        pupils, and only municipalities that may be compared: Åland and the mainland never are.
    lacking
        Needs and outcomes of the declaration that were left out.
    """

    municipality: str
    year: int
    service: Service
    panel: pd.DataFrame
    lacking: tuple[str, ...] = ()

    @property
    def units(self) -> pd.DataFrame:
        """All municipalities of the year that have cost and pupils, index `municipality`."""
        return self.panel.xs(self.year, level="year")

    @property
    def inputs(self) -> pd.DataFrame:
        """Units × [total_cost], for those with all outputs [million currency/year]."""
        return self.figures([self.year])[0].droplevel("year")

    @property
    def outputs(self) -> pd.DataFrame:
        """Units × pupils and, for each of the first two outcomes, pupils weighted by it."""
        return self.figures([self.year])[1].droplevel("year")

    def figures(self, years: Iterable[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Inputs and outputs of several years, index (municipality, year), for the rows that have all of them."""
        service, wanted = self.service, self.panel.index.get_level_values("year").isin(list(years))
        complete = self.panel[wanted].dropna(subset=list(service.outcomes[:2]))
        columns = {service.pupils: complete[service.pupils]}
        for outcome in service.outcomes[:2]:
            columns[outcome] = pupils_reaching(complete[outcome], complete[service.pupils])
        return complete[["total_cost"]], pd.DataFrame(columns)


def choose(panel: pd.DataFrame, service: str, municipality: str, year: int | None = None) -> Case:
    """The case that the data allow: the preferred declaration with figures for this municipality and year.

    Parameters
    ----------
    panel
        Index (municipality, year); from `tables.panel`.
    service
        "compulsory" or "upper_secondary".
    municipality
        Official code.
    year
        None: the latest year with cost and pupils in any declaration.

    Raises
    ------
    NoData
        The municipality is not in the data, or has no cost and pupils that year; names the years that have.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("X01", 2021)], names=["municipality", "year"])
    >>> figures = {"upper_secondary_cost_own": [9000.0], "upper_secondary_pupils_own": [50.0]}
    >>> choose(pd.DataFrame(figures, index=index), "upper_secondary", "X01").inputs["total_cost"].tolist()
    [0.45]
    """
    check_there(panel, municipality)
    comparable = panel[comparable_rows(panel, municipality)]
    there = [item for item in declarations(service) if item.cost in panel and item.pupils in panel]
    derived = {item.cost: _derived(comparable, item) for item in there}
    years = {item.cost: _years(derived[item.cost], municipality) for item in there}
    latest = max((found[-1] for found in years.values() if found), default=None)
    for item in there:
        if latest is not None and (latest if year is None else year) in years[item.cost]:
            return _limited(Case(municipality, latest if year is None else year, item, derived[item.cost]))
    raise _nothing(municipality, year, years)


def check_there(panel: pd.DataFrame, municipality: str) -> None:
    """Refuse a municipality that a panel has no row of.

    Raises
    ------
    NoData
        Names some that it has, or what the municipality became part of.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("X01", 2021)], names=["municipality", "year"])
    >>> check_there(pd.DataFrame({"population": [50.0]}, index=index), "X01")
    """
    codes = panel.index.get_level_values("municipality").unique()
    if municipality in codes:
        return
    place = known().get(municipality)
    if place is not None and place.into:
        raise _merged(place)
    raise NoData(
        "{name} ({code}) is not among the {count} municipalities of the data, such as {some}. Choose another "
        "municipality, or another source.",
        name=_name(municipality),
        code=municipality,
        count=len(codes),
        some=", ".join(f"{_name(code)} ({code})" for code in codes[:3]),
    )


def _nothing(municipality: str, year: int | None, years: dict[str, list[int]]) -> NoData:
    place = known().get(municipality)
    if place is not None and place.into:
        return _merged(place)
    found = "; ".join(f"{name}: {items[0]}–{items[-1]}" for name, items in years.items() if items) or "–"
    return NoData(
        "{name} ({code}) has no cost and pupils of this service for {year}. Years with figures: {years}.",
        name=_name(municipality),
        code=municipality,
        year="–" if year is None else year,
        years=found,
    )


def _merged(place: Municipality) -> NoData:
    return NoData(
        "{name} ({code}) has no figures of its own: since {until} it is part of {into}.",
        name=_name(place.code),
        code=place.code,
        until=place.until,
        into=", ".join(f"{_name(code)} ({code})" for code in place.into),
    )


def _name(code: str) -> str:
    place = known().get(code)
    return place.name("sv") if place else code


def comparable_rows(panel: pd.DataFrame, municipality: str) -> pd.Series:
    """Rows of the same country, and on the same side of the sea: Åland has laws of its own.

    Examples
    --------
    >>> index = pd.MultiIndex.from_product([["598", "478"], [2024]], names=["municipality", "year"])
    >>> panel = pd.DataFrame({"population": [19_000.0, 11_000.0]}, index=index)
    >>> comparable_rows(panel, "598").tolist()
    [True, False]
    """

    def realm(code: str) -> tuple[str, bool]:
        place = known().get(code)
        return (place.country, place.is_aland) if place else ("", False)

    codes = panel.index.get_level_values("municipality")
    same = {code: realm(code) == realm(municipality) for code in codes.unique()}
    return codes.map(same).to_numpy(dtype=bool)


def _years(panel: pd.DataFrame, municipality: str) -> list[int]:
    own = panel[panel.index.get_level_values("municipality") == municipality]
    return sorted(int(year) for year in own.index.get_level_values("year"))


def _limited(case: Case) -> Case:
    """The case without needs that the municipality, and outcomes that the whole year, has no figures for."""
    units, service = case.units, case.service
    own = units.loc[case.municipality]
    needs = tuple(name for name in service.needs if name in units and own[name] == own[name])
    outcomes = tuple(name for name in service.outcomes if name in units and units[name].notna().mean() > 0.5)
    lacking = tuple(name for name in (*service.needs, *service.outcomes) if name not in (*needs, *outcomes))
    return replace(case, service=replace(service, needs=needs, outcomes=outcomes), lacking=lacking)


def _derived(panel: pd.DataFrame, service: Service) -> pd.DataFrame:
    names.check_population([service.cost, service.pupils, *service.outcomes, *service.needs])
    # A cost of 0 for each pupil is published where the municipality runs no such school: it is nobody's cost.
    cost = panel[service.cost].where(panel[service.cost] > 0)
    pupils = panel[service.pupils].where(panel[service.pupils] > 0)
    derived = {"log_pupils": log_size(pupils), "total_cost": total_cost(cost, pupils)}
    whole = panel.assign(**{service.cost: cost, service.pupils: pupils}, **derived)
    return whole.dropna(subset=[service.cost, service.pupils])
