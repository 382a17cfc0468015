"""Every theme has indicators from the sources of both countries, and what is computed is computed by hand alike."""

import pandas as pd
import pytest

from kommunanalys import names
from kommunanalys.indicators import PER_INHABITANT, THEMES, asked, completed, weights
from kommunanalys.sources import finland, kolada, sotkanet, statfin, treasury, treasury_codes

SWEDEN = {*kolada.COLUMNS.values()}
ACCOUNTS = {*treasury.COLUMNS.values(), *(code.indicator for code in treasury_codes.proven())}
SERVICES = {f"{service}_net_cost" for service, _ in treasury_codes.services().values()}
FINLAND = {
    *statfin.COLUMNS.values(),
    *sotkanet.COLUMNS.values(),
    *ACCOUNTS,
    *SERVICES,
    *(name for item in finland.SERVICES for name in (item.cost, item.pupils)),
}


def loadable(name: str, country: str) -> bool:
    published = SWEDEN if country == "SE" else FINLAND
    return name in published or (PER_INHABITANT.get(name) in published and "population" in published)


@pytest.mark.parametrize("country", ["FI", "SE"])
@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_every_theme_has_two_indicators_that_can_be_loaded(theme, country):
    told = theme.indicators[country]
    assert len(set(told)) == len(told) >= 2
    assert not [name for name in told if not loadable(name, country)]


def test_the_themes_of_the_mission_are_there():
    assert set(THEMES) == {
        "population",
        "finance",
        "schools",
        "early_childhood",
        "built_environment",
        "culture",
        "employment",
    }
    assert all(key == theme.name for key, theme in THEMES.items())


def test_no_indicator_belongs_to_two_themes():
    told = [name for theme in THEMES.values() for name in theme.all]
    assert len(told) == len(set(told))


def test_all_names_stand_in_the_glossary():
    for name in asked():
        assert names.get(name).name == name


def test_what_is_computed_has_the_unit_the_populations_and_the_breaks_of_what_it_is_computed_from():
    for name, amount in PER_INHABITANT.items():
        whole, part = names.get(name), names.get(amount)
        assert whole.unit == f"{part.unit}/person/year"
        assert whole.population == part.population == "organisation"
        assert whole.weight == "population"
        assert whole.breaks_in("FI") == part.breaks_in("FI")


def test_weights_are_for_rates_without_one():
    assert weights() == {
        name: "population" for name in asked() if names.get(name).kind == "rate" and not names.get(name).weight
    }


@pytest.fixture
def accounts():
    index = pd.MultiIndex.from_product([["049", "598"], [2024]], names=["municipality", "year"])
    figures = {
        "population": [320_000.0, 19_500.0],
        "tax_revenue": [1.6e9, 78e6],
        "libraries_net_cost": [None, 975_000.0],
    }
    panel = pd.DataFrame(figures, index=index)
    panel.attrs["units"] = {"tax_revenue": "EUR"}
    return panel


def test_amounts_are_divided_by_the_population(accounts):
    found = completed(accounts)
    assert found["tax_revenue_per_inhabitant"].tolist() == [5000.0, 4000.0]
    assert found["libraries_net_cost_per_inhabitant"].isna().tolist() == [True, False]
    assert found.attrs["computed"] == ["tax_revenue_per_inhabitant", "libraries_net_cost_per_inhabitant"]
    assert found.attrs["units"] == {"tax_revenue": "EUR"}
    assert "tax_revenue_per_inhabitant" not in accounts


def test_a_published_figure_is_never_computed_anew(accounts):
    accounts["tax_revenue_per_inhabitant"] = 1.0
    assert completed(accounts)["tax_revenue_per_inhabitant"].tolist() == [1.0, 1.0]


def test_nothing_is_computed_without_a_population(accounts):
    assert completed(accounts.drop(columns="population")).attrs["computed"] == []


def test_nobody_divides_by_nobody(accounts):
    accounts.loc[("598", 2024), "population"] = 0.0
    assert completed(accounts)["tax_revenue_per_inhabitant"].isna().tolist() == [False, True]


@pytest.mark.shared
def test_the_ids_of_kolada_mean_what_we_call_them(shared):
    catalogue = pd.read_csv(shared / "data/api-recordings/kolada/kpi_catalogue_6099.csv", dtype="str")
    titles = catalogue.set_index("id")["title"]
    words = {
        "N03010": "Skatteintäkter kommun, kr/inv",
        "N03009": "Generella statsbidrag och utjämning kommun, kr/inv",
        "N01963": "Befolkningsförändring i antal invånare sedan föregående år, procent",
        "N11008": "Kostnad förskola, kr/inskrivet barn",
        "N11102": "Inskrivna barn per årsarbetare i förskolan, lägeskommun, antal",
        "N11800": "Barn 1-5 år inskrivna i förskola, andel (%)",
        "N07024": "Nettokostnad väg- och järnvägsnät, parkering, kr/inv",
        "N07038": "Nettokostnad fysisk o. teknisk planering, bostadsförbättringar, kr/inv",
        "N07925": "Bostäder som beviljats bygglov under de senaste två åren, antal/1000 inv",
        "N09020": "Nettokostnad fritidsgårdar, kr/inv",
        "N09021": "Nettokostnad Idrotts- och fritidsanläggningar, kr/inv",
        "N09025": "Nettokostnad allmän kulturverksamhet, kr/inv",
        "N09026": "Nettokostnad bibliotek, kr/inv",
        "N00999": "Nystartade företag, antal/1000 inv, 16-64 år",
        "N02267": "Sysselsättningsgrad 20-64 år, andel (%)",
        "N03920": "Arbetslösa av befolkningen, 18-65 år, andel (%)",
        "N40011": "Nettokostnad arbetsmarknadsåtgärder, kr/inv",
    }
    assert {kpi: titles[kpi] for kpi in words} == words
    assert set(words) <= set(kolada.COLUMNS)
    assert not set(kolada.COLUMNS) - set(titles.index)
