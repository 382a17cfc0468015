"""Which indicators tell of each of a municipality's services, country by country, and those computed per inhabitant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kommunanalys import names
from kommunanalys.indicators.finance import per_inhabitant


@dataclass(frozen=True)
class Theme:
    """The indicators of one theme.

    Parameters
    ----------
    name
        Key in `THEMES`.
    title
        English key of the theme's name in the catalogues.
    indicators
        Country ("FI", "SE") → names of the glossary, in the order of a report.
    """

    name: str
    title: str
    indicators: Mapping[str, tuple[str, ...]]

    @property
    def all(self) -> tuple[str, ...]:
        """The indicators of both countries, each once."""
        return tuple(dict.fromkeys(name for listed in self.indicators.values() for name in listed))


_SERVICES = (
    "basic_education",
    "pre_primary",
    "day_care_centres",
    "family_day_care",
    "libraries",
    "sports",
    "youth",
    "general_culture",
    "detailed_planning",
    "building_supervision",
    "streets",
    "business_promotion",
    "employment_services",
)
"""Finland's service classes whose net cost is told per inhabitant."""

PER_INHABITANT: dict[str, str] = {
    "tax_revenue_per_inhabitant": "tax_revenue",
    "state_transfers_per_inhabitant": "state_transfers",
    "annual_margin_per_inhabitant": "annual_margin",
    "result_per_inhabitant": "annual_result",
    "gross_investments_per_inhabitant": "gross_investments",
    **{f"{service}_net_cost_per_inhabitant": f"{service}_net_cost" for service in _SERVICES},
}
"""Computed indicator → the amount that is divided by the population on 31 December of the same year."""


THEMES: dict[str, Theme] = {
    item.name: item
    for item in (
        Theme(
            "population",
            "Population and language",
            {
                "FI": ("population", "population_change", "swedish_speakers", "foreign_citizens", "urban_share"),
                "SE": ("population", "population_change", "foreign_born", "higher_education", "urban_share"),
            },
        ),
        Theme(
            "finance",
            "Finance",
            {
                "FI": (
                    "tax_revenue_per_inhabitant",
                    "state_transfers_per_inhabitant",
                    "annual_margin_per_inhabitant",
                    "result_per_inhabitant",
                    "gross_investments_per_inhabitant",
                ),
                "SE": (
                    "tax_rate",
                    "tax_revenue_per_inhabitant",
                    "state_transfers_per_inhabitant",
                    "result_per_inhabitant",
                    "equity_ratio",
                ),
            },
        ),
        Theme(
            "schools",
            "Schools",
            {
                "FI": (
                    "basic_education_pupils_own",
                    "basic_education_net_cost_per_inhabitant",
                    "pre_primary_net_cost_per_inhabitant",
                    "education_level_index",
                    "outside_education_17_24",
                ),
                "SE": (
                    "compulsory_pupils_home",
                    "compulsory_cost_home",
                    "compulsory_pupils_per_teacher_own",
                    "compulsory_certified_teachers_own",
                    "compulsory_all_subjects_home",
                    "upper_secondary_cost_home",
                    "upper_secondary_completion_3y_home",
                ),
            },
        ),
        Theme(
            "early_childhood",
            "Early childhood",
            {
                "FI": ("day_care_centres_net_cost_per_inhabitant", "family_day_care_net_cost_per_inhabitant"),
                "SE": ("preschool_cost_per_child", "preschool_children_per_worker", "preschool_enrolled"),
            },
        ),
        Theme(
            "built_environment",
            "Built environment",
            {
                "FI": (
                    "detailed_planning_net_cost_per_inhabitant",
                    "building_supervision_net_cost_per_inhabitant",
                    "streets_net_cost_per_inhabitant",
                ),
                "SE": ("planning_net_cost_per_inhabitant", "streets_net_cost_per_inhabitant", "homes_permitted"),
            },
        ),
        Theme(
            "culture",
            "Culture and leisure",
            dict.fromkeys(
                ("FI", "SE"),
                (
                    "libraries_net_cost_per_inhabitant",
                    "sports_net_cost_per_inhabitant",
                    "youth_net_cost_per_inhabitant",
                    "general_culture_net_cost_per_inhabitant",
                ),
            ),
        ),
        Theme(
            "employment",
            "Vitality and employment",
            {
                "FI": (
                    "employment_rate",
                    "unemployed_of_labour_force",
                    "business_promotion_net_cost_per_inhabitant",
                    "employment_services_net_cost_per_inhabitant",
                ),
                "SE": (
                    "employment_rate",
                    "unemployed_of_population",
                    "new_businesses",
                    "labour_market_net_cost_per_inhabitant",
                ),
            },
        ),
    )
}
"""What a profile of a municipality tells, theme by theme."""


def asked() -> list[str]:
    """All that a source is asked for: the indicators of every theme, what they are computed from, and their weights.

    Examples
    --------
    >>> asked()[:2], "libraries_net_cost" in asked(), "compulsory_pupils_own" in asked()
    (['population', 'population_change'], True, True)
    """
    told = [name for theme in THEMES.values() for name in theme.all]
    return list(dict.fromkeys([*told, *PER_INHABITANT.values(), *(names.get(name).weight or name for name in told)]))


def weights() -> dict[str, str]:
    """The weights for `harmonise` of those rates that the glossary has none for: the population.

    Examples
    --------
    >>> weights()["equity_ratio"]
    'population'
    """
    told = [names.get(name) for theme in THEMES.values() for name in theme.all]
    return {item.name: "population" for item in told if item.kind == "rate" and not item.weight}


def completed(panel: pd.DataFrame) -> pd.DataFrame:
    """The panel with the computed indicators beside the others; one that the publisher gives is left as it is.

    Parameters
    ----------
    panel
        Index (municipality, year); amounts [currency] and `population` [persons].

    Returns
    -------
    pandas.DataFrame
        Further columns [currency/person/year], for the amounts that are there; `attrs["computed"]` names them.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("598", 2024)], names=["municipality", "year"])
    >>> found = completed(pd.DataFrame({"libraries_net_cost": [975_000.0], "population": [19_500.0]}, index=index))
    >>> found["libraries_net_cost_per_inhabitant"].tolist(), found.attrs["computed"]
    ([50.0], ['libraries_net_cost_per_inhabitant'])
    """
    there = [
        name
        for name, amount in PER_INHABITANT.items()
        if name not in panel and amount in panel and "population" in panel
    ]
    new = {name: per_inhabitant(panel[PER_INHABITANT[name]], panel["population"]) for name in there}
    whole = panel.assign(**new)
    whole.attrs = {**panel.attrs, "computed": there}
    return whole
