"""Which indicators a service is compared on: one declaration for each service and population of pupils."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kommunanalys import names
from kommunanalys.errors import NoData, UsageError
from kommunanalys.indicators.costs import total_cost
from kommunanalys.indicators.population import log_size
from kommunanalys.indicators.schools import pupils_reaching


@dataclass(frozen=True)
class Service:
    """What is needed to compare one service for one population of pupils.

    Parameters
    ----------
    name
        "compulsory" or "upper_secondary".
    title
        English key of the service's name in the catalogues.
    cost, pupils
        Cost for each pupil, and the pupils it is for.
    outcomes
        Results of the same pupils, the most telling first; empty where none is published for them.
    context
        Results and staffing that are shown beside, though they may be about other pupils.
    needs
        What explains cost and is not the municipality's choice.
    deviation
        The publisher's own net cost deviation, for comparison; "" for none.
    years
        How many year groups the pupils are: one of them leaves each year [years].
    """

    name: str
    title: str
    cost: str
    pupils: str
    outcomes: tuple[str, ...]
    context: tuple[str, ...]
    needs: tuple[str, ...]
    deviation: str = ""
    years: int = 10

    @property
    def indicators(self) -> tuple[str, ...]:
        """All indicators of the glossary that the service asks of a source, with the weights a merger needs."""
        named = (self.cost, self.pupils, *self.outcomes, *self.context, *self.needs, self.deviation)
        asked = [name for name in named if name and name != "log_pupils"]
        return tuple(dict.fromkeys([*asked, *(weight for name in asked if (weight := names.get(name).weight))]))


_STRUCTURE = ("log_pupils", "urban_share", "parents_low_education")
_COMPULSORY = ("compulsory_pupils_per_teacher_own", "compulsory_certified_teachers_own")
_COMPLETION = ("upper_secondary_completion_3y_home", "upper_secondary_completion_4y_home")

SERVICES: dict[str, tuple[Service, ...]] = {
    "compulsory": (
        Service(
            "compulsory",
            "Compulsory school",
            "compulsory_cost_home",
            "compulsory_pupils_home",
            ("compulsory_all_subjects_home", "compulsory_merit_home", "compulsory_eligible_home"),
            _COMPULSORY,
            (*_STRUCTURE, "compulsory_newly_arrived_home"),
            "compulsory_cost_deviation",
        ),
        Service(
            "compulsory",
            "Compulsory school",
            "compulsory_cost_own",
            "compulsory_pupils_own",
            ("compulsory_all_subjects_own", "compulsory_merit_own", "compulsory_eligible_own"),
            _COMPULSORY,
            (*_STRUCTURE, "foreign_born"),
            years=9,
        ),
    ),
    "upper_secondary": (
        Service(
            "upper_secondary",
            "Upper secondary education",
            "upper_secondary_cost_home",
            "upper_secondary_pupils_home",
            _COMPLETION,
            (),
            (*_STRUCTURE, "foreign_born"),
            "upper_secondary_cost_deviation",
            years=3,
        ),
        Service(
            "upper_secondary",
            "Upper secondary education",
            "upper_secondary_cost_own",
            "upper_secondary_pupils_own",
            (),
            _COMPLETION,
            (*_STRUCTURE, "foreign_born"),
            years=3,
        ),
    ),
}
"""For each service its declarations in the order of preference: by home municipality, then own schools."""


def wanted(service: str) -> list[str]:
    """All indicators that any declaration of a service can use.

    Examples
    --------
    >>> wanted("compulsory")[:2]
    ['compulsory_cost_home', 'compulsory_pupils_home']
    """
    return list(dict.fromkeys(name for item in _declared(service) for name in item.indicators))


def _declared(service: str) -> tuple[Service, ...]:
    if service not in SERVICES:
        raise UsageError(
            "Unknown service {service!r}. Choose one of {known}.", service=service, known=", ".join(SERVICES)
        )
    return SERVICES[service]


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
        The declaration that the data allow.
    panel
        Index (municipality, year); the service's indicators, `log_pupils` and `total_cost`.
    """

    municipality: str
    year: int
    service: Service
    panel: pd.DataFrame

    @property
    def units(self) -> pd.DataFrame:
        """All municipalities of the year that have cost and pupils, index `municipality`."""
        year = self.panel.xs(self.year, level="year")
        return year.dropna(subset=[self.service.cost, self.service.pupils])

    @property
    def inputs(self) -> pd.DataFrame:
        """Units × [total_cost], for those with all outputs [million currency/year]."""
        return self._complete()[["total_cost"]]

    @property
    def outputs(self) -> pd.DataFrame:
        """Units × pupils and, for each of the first two outcomes, pupils weighted by it."""
        complete = self._complete()
        columns = {self.service.pupils: complete[self.service.pupils]}
        for outcome in self.service.outcomes[:2]:
            columns[outcome] = pupils_reaching(complete[outcome], complete[self.service.pupils])
        return pd.DataFrame(columns)

    def _complete(self) -> pd.DataFrame:
        return self.units.dropna(subset=list(self.service.outcomes[:2]))


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
        None: the latest year with cost and pupils.

    Raises
    ------
    NoData
        Neither declaration has cost and pupils for them; names the years that have.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("X01", 2021)], names=["municipality", "year"])
    >>> figures = {"upper_secondary_cost_own": [9000.0], "upper_secondary_pupils_own": [50.0]}
    >>> choose(pd.DataFrame(figures, index=index), "upper_secondary", "X01").inputs["total_cost"].tolist()
    [0.45]
    """
    years: dict[str, list[int]] = {}
    for item in _declared(service):
        if item.cost not in panel or item.pupils not in panel:
            continue
        found = _years(panel, municipality, [item.cost, item.pupils, *item.outcomes[:1]])
        years[item.cost] = found
        if found and (year is None or year in found):
            return Case(municipality, found[-1] if year is None else year, item, _derived(panel, item))
    raise NoData(
        "No cost and pupils of {service} for municipality {municipality} in {year}. Years with figures: {years}.",
        service=service,
        municipality=municipality,
        year=year if year is not None else "any year",
        years="; ".join(f"{name}: {_range(found)}" for name, found in years.items()) or "none",
    )


def _years(panel: pd.DataFrame, municipality: str, columns: list[str]) -> list[int]:
    if municipality not in panel.index.get_level_values("municipality"):
        return []
    own = panel.loc[municipality].reindex(columns=columns).dropna()
    return sorted(int(year) for year in own.index)


def _range(years: list[int]) -> str:
    return f"{years[0]}–{years[-1]}" if years else "none"


def _derived(panel: pd.DataFrame, service: Service) -> pd.DataFrame:
    names.check_population([service.cost, service.pupils, *service.outcomes, *service.needs])
    # A cost of 0 for each pupil is published where the municipality runs no such school: it is nobody's cost.
    cost = panel[service.cost].where(panel[service.cost] > 0)
    pupils = panel[service.pupils].where(panel[service.pupils] > 0)
    derived = {"log_pupils": log_size(pupils), "total_cost": total_cost(cost, pupils)}
    return panel.assign(**{service.cost: cost, service.pupils: pupils}, **derived)
