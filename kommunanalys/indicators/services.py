"""Which indicators a service is compared on: one declaration for each service and population of pupils."""

from __future__ import annotations

from dataclasses import dataclass

from kommunanalys import names
from kommunanalys.errors import UsageError


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
    reference
        The publisher's reference cost for each pupil, which that deviation compares with; "" for none.
    years
        How many year groups the pupils are: one of them leaves each year [years].
    accounts
        Whether the cost is a whole service class of the organiser's accounts, as in Finland.
    """

    name: str
    title: str
    cost: str
    pupils: str
    outcomes: tuple[str, ...]
    context: tuple[str, ...]
    needs: tuple[str, ...]
    deviation: str = ""
    reference: str = ""
    years: int = 10
    accounts: bool = False

    @property
    def indicators(self) -> tuple[str, ...]:
        """All indicators of the glossary that the service asks of a source, with the weights a merger needs."""
        named = (self.cost, self.pupils, *self.outcomes, *self.context, *self.needs, self.deviation, self.reference)
        asked = [name for name in named if name and name != "log_pupils"]
        return tuple(dict.fromkeys([*asked, *(weight for name in asked if (weight := names.get(name).weight))]))


_STRUCTURE = ("log_pupils", "urban_share", "parents_low_education")
_COMPULSORY = ("compulsory_pupils_per_teacher_own", "compulsory_certified_teachers_own")
_FINLAND = ("log_pupils", "urban_share", "swedish_speakers", "foreign_citizens", "unemployed_of_labour_force")
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
            "compulsory_reference_cost_home",
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
        Service(
            "compulsory",
            "Compulsory school",
            "basic_education_cost_own",
            "basic_education_pupils_own",
            (),
            (),
            _FINLAND,
            years=9,
            accounts=True,
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
            "upper_secondary_reference_cost_home",
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
        Service(
            "upper_secondary",
            "Upper secondary education",
            "general_upper_secondary_cost_own",
            "general_upper_secondary_pupils_own",
            (),
            (),
            _FINLAND,
            years=3,
            accounts=True,
        ),
    ),
}
"""For each service its declarations in the order of preference: by home municipality, own schools, own accounts."""


def wanted(service: str) -> list[str]:
    """All indicators that any declaration of a service can use.

    Examples
    --------
    >>> wanted("compulsory")[:2]
    ['compulsory_cost_home', 'compulsory_pupils_home']
    """
    return list(dict.fromkeys(name for item in declarations(service) for name in item.indicators))


def fillable(service: str, country: str) -> list[str]:
    """What a template to fill in asks for: the indicators of the declarations that fit a country.

    Examples
    --------
    >>> fillable("compulsory", "FI")[:3]
    ['basic_education_cost_own', 'basic_education_pupils_own', 'urban_share']
    """
    fitting = [item for item in declarations(service) if item.accounts == (country == "FI")]
    return list(dict.fromkeys(name for item in fitting for name in item.indicators))


def declarations(service: str) -> tuple[Service, ...]:
    """The declarations of a service in the order of preference.

    Raises
    ------
    UsageError
        No such service; names those that there are.

    Examples
    --------
    >>> [item.cost for item in declarations("compulsory")]
    ['compulsory_cost_home', 'compulsory_cost_own', 'basic_education_cost_own']
    """
    if service not in SERVICES:
        raise UsageError(
            "Unknown service {service!r}. Choose one of {known}.", service=service, known=", ".join(SERVICES)
        )
    return SERVICES[service]
