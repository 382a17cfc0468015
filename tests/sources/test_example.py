"""The example data: made again to the byte, within the contract, fictive, and with a truth that can be found."""

import importlib.util
import math
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from kommunanalys import mergers, municipalities, names, origin
from kommunanalys.paths import data_dir
from kommunanalys.sources import example
from kommunanalys.tables import ABSENT, check_observations, panel

FOLDER = data_dir() / "example"
FILES = ["observations.csv", "municipalities.csv", "truth.csv", "price_index.csv", "breaks.csv"]
OUTCOMES = ["compulsory_all_subjects_home", "compulsory_eligible_home", "compulsory_merit_home"]


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_example", FOLDER / "make_example.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return example.read_example()


@pytest.fixture(scope="module")
def wide(table: pd.DataFrame) -> pd.DataFrame:
    return panel(table)


@pytest.fixture(scope="module")
def register() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "municipalities.csv", dtype="str", keep_default_na=False).set_index("code")


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "truth.csv").set_index(["municipality", "year"])


def regress(wide: pd.DataFrame, year: int) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    """Coefficients, standard errors and residuals of log real cost on the needs, written out by hand."""
    at = wide.xs(year, level="year").dropna(subset="compulsory_cost_home")
    needs = [at["parents_low_education"], at["compulsory_newly_arrived_home"]]
    X = np.column_stack([np.ones(len(at)), np.log(at["compulsory_pupils_home"]), 100 - at["urban_share"], *needs])
    y = np.log(at["compulsory_cost_home"] / example.example_price_index().loc[year] * 100)
    inverse = np.linalg.inv(X.T @ X)
    b = inverse @ X.T @ y
    residuals = y - X @ b
    return b, np.sqrt(np.diag(inverse) * (residuals @ residuals) / (len(at) - 5)), residuals


class TestFiles:
    def test_made_again_to_the_byte(self, maker: ModuleType, tmp_path: Path) -> None:
        maker.write(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
        for name in FILES:
            assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), f"{name}: run make_example.py"

    def test_another_seed_gives_other_figures(
        self, maker: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maker, "SEED", maker.SEED + 1)
        maker.write(tmp_path)
        assert (tmp_path / "observations.csv").read_bytes() != (FOLDER / "observations.csv").read_bytes()

    def test_small_enough_to_open_by_hand(self) -> None:
        assert (FOLDER / "observations.csv").stat().st_size < 900_000


class TestContract:
    def test_observations_keep_it(self, table: pd.DataFrame) -> None:
        assert check_observations(table) is table
        assert set(table["country"]) == {"FI"}
        assert set(table["year"]) == set(range(2014, 2025))
        assert table["municipality"].str.fullmatch(r"X\d\d").all()

    def test_units_are_those_of_the_glossary(self, table: pd.DataFrame) -> None:
        units = table.groupby("indicator")["unit"].unique().map(list).to_dict()
        assert len(units) == 31
        assert units == {name: [names.get(name).unit_in("FI")] for name in units}

    def test_values_are_possible(self, wide: pd.DataFrame) -> None:
        for name in wide.columns:
            unit, values = names.get(name).unit, wide[name].dropna()
            if name not in {"result_per_inhabitant", "equity_ratio"}:
                assert (values >= 0 if unit == "%" else values > 0).all(), name
            if unit == "%":
                assert (values <= 100).all(), name
        assert (wide["compulsory_eligible_home"].dropna() >= wide["compulsory_all_subjects_home"].dropna()).all()
        assert wide["population"].min() > 700
        assert 150_000 < wide["population"].max() < 160_000

    def test_origin_says_that_it_is_fictive(self) -> None:
        origin.forget()
        (source,) = origin.origins(example.read_example())
        assert source.credit == "Example data: fictive municipalities, not real figures"
        assert source.producer == "kommunanalys (fictive example data)"
        assert source.address == "data/example/observations.csv"
        assert source.licence == "CC0"
        assert source.sha256 == origin.hash_bytes((FOLDER / "observations.csv").read_bytes())

    def test_price_index(self, maker: ModuleType) -> None:
        index = example.example_price_index()
        assert index.index.name == "year"
        assert index.to_dict() == maker.PRICES
        assert index.dtype == float


class TestNames:
    def test_forty_with_two_names_each(self, register: pd.DataFrame) -> None:
        assert list(register.index) == [f"X{number:02}" for number in range(1, 41)]
        every = [*register["name_sv"], *register["name_fi"]]
        assert len(set(every)) == 80
        assert not [name for name in every if not re.fullmatch(r"[A-ZÅÄÖ][a-zåäöé]+", name)]

    def test_regions_are_marked_as_invented(self, register: pd.DataFrame) -> None:
        assert register["region_sv"].str.contains("påhitta").all()
        assert register["region_fi"].str.contains("keksitty").all()

    def test_the_register_of_the_library_knows_them(self, register: pd.DataFrame) -> None:
        for code, row in register.iterrows():
            item = municipalities.find(row["name_sv"])
            assert (item.code, item.name_fi, item.fictive) == (code, row["name_fi"], True)
        assert municipalities.find("X39").into == ("X38",)

    @pytest.mark.shared
    def test_no_real_municipality_has_such_a_name(self, register: pd.DataFrame, shared: Path) -> None:
        folder = shared / "data"
        today = pd.read_csv(folder / "finland_municipalities" / "municipality_key_by_year.csv.gz", dtype="str")
        gone = pd.read_csv(folder / "finland_municipalities" / "abolished_municipalities_1922_2022.csv", dtype="str")
        sweden = pd.read_csv(folder / "kolada" / "kolada_municipalities.csv", dtype="str")
        real = pd.concat(
            [today[f"municipality_name_{language}"] for language in ("fi", "sv", "en")]
            + [gone[column] for column in ("abolished_fi", "abolished_sv", "into_fi", "into_sv")]
            + [today["maakunta_name_fi"], today["maakunta_name_sv"], sweden["name"]]
        )
        known = set(real.dropna().str.casefold())
        assert len(known) > 1000
        assert "tärnsund" not in known
        assert "jakobstad" in known
        invented = [*register["name_sv"], *register["name_fi"], *register["region_sv"], *register["region_fi"]]
        assert not known & {name.casefold() for name in invented}
        assert not set(register.index) & {*today["kunta"], *sweden["kommun"]}


class TestTruth:
    @pytest.mark.parametrize("year", [2014, 2018, 2023, 2024])
    def test_ordinary_regression_finds_it(
        self, wide: pd.DataFrame, truth: pd.DataFrame, maker: ModuleType, year: int
    ) -> None:
        b, errors, residuals = regress(wide, year)
        slack = -np.log(truth.xs(year, level="year")["efficiency"]).loc[residuals.index]
        true = np.array(list(maker.COEFFICIENTS.values()))
        true[0] += slack.mean()
        assert (np.abs(b - true) < 3 * errors).all()
        assert spearmanr(residuals, slack).statistic > 0.9

    def test_efficiency_spreads_as_told(self, truth: pd.DataFrame) -> None:
        at = truth.xs(2023, level="year")["efficiency"]
        assert 0.72 < at.min() < 0.78
        assert at.max() > 0.99
        assert 0.88 < at.median() < 0.95

    def test_expected_cost_by_hand(self, wide: pd.DataFrame, truth: pd.DataFrame) -> None:
        at = wide.loc[("X07", 2023)]
        log = 9.36 - 0.06 * math.log(at["compulsory_pupils_home"]) + 0.002 * (100 - at["urban_share"])
        log += 0.012 * at["parents_low_education"] + 0.012 * at["compulsory_newly_arrived_home"]
        lowest = math.exp(log) * 1.169
        # Published shares have one decimal: 0.05 points move the cost by less than 0.2 per cent.
        assert truth.loc[("X07", 2023), "lowest_cost"] == pytest.approx(lowest, rel=2e-3)
        ratio = math.exp(0.117 * math.sqrt(2 / math.pi))
        assert truth.loc[("X07", 2023), "expected_cost"] == pytest.approx(lowest * ratio, rel=2e-3)

    def test_quality_shows_in_the_results_at_given_needs(self, wide: pd.DataFrame, truth: pd.DataFrame) -> None:
        at = wide.groupby("municipality").mean().query("compulsory_pupils_home > 300")
        passed = at["compulsory_all_subjects_home"] / 100
        needs = 0.05 * (at["parents_low_education"] - 8.5) + 0.06 * (at["compulsory_newly_arrived_home"] - 2.4)
        found = np.log(passed / (1 - passed)) - 1.25 + needs
        quality = truth["quality_effect"].groupby("municipality").mean().loc[at.index]
        assert spearmanr(found, quality).statistic > 0.9
        # Eleven years of 30 leavers or more: the standard error is at most 1 / sqrt(11 · 30 · 0.8 · 0.2) = 0.14.
        assert (found - quality).abs().max() < 3 * 0.14

    def test_small_municipalities_vary_more_by_chance(self, wide: pd.DataFrame) -> None:
        spread = wide["compulsory_all_subjects_home"].groupby("municipality").std()
        pupils = wide["compulsory_pupils_home"].groupby("municipality").mean()
        assert spread[pupils < 300].mean() > 3 * spread[pupils > 3000].mean()


class TestOnPurpose:
    def test_default_municipality_is_dear_and_ordinary(
        self, wide: pd.DataFrame, truth: pd.DataFrame, register: pd.DataFrame
    ) -> None:
        assert register.loc["X07", "language"] == "sv-fi"
        assert wide.loc["X07", "population"].between(5900, 6300).all()
        assert truth.loc["X07", "efficiency"].between(0.84, 0.86).all()
        at, known = wide.loc[("X07", 2023)], truth.loc[("X07", 2023)]
        assert at["compulsory_cost_home"] > 1.05 * known["expected_cost"]
        assert wide.loc["X07"].notna().all(axis=None)
        middle = wide.xs(2023, level="year")[OUTCOMES].quantile([0.25, 0.75])
        assert at[OUTCOMES].between(middle.loc[0.25], middle.loc[0.75]).all()
        similar_size = wide.xs(2023, level="year")["population"].between(5000, 7500)
        assert similar_size.sum() >= 8

    def test_the_cheapest_fails_its_pupils(self, wide: pd.DataFrame) -> None:
        assert (wide["compulsory_cost_home"].unstack().idxmin() == "X13").all()
        passed = wide["compulsory_all_subjects_home"].groupby("municipality").mean()
        assert passed["X13"] == passed.min()

    def test_merger(self, table: pd.DataFrame, wide: pd.DataFrame, register: pd.DataFrame) -> None:
        assert register.loc[["X39", "X40"], ["until", "into"]].to_numpy().tolist() == [["2020", "X38"]] * 2
        for code in ("X39", "X40"):
            assert list(wide.loc[code].index) == list(range(2014, 2020))
        people = wide["population"]
        together = people[["X38", "X39", "X40"]].xs(2019, level="year").sum()
        assert people["X38", 2019] < 0.8 * together
        assert people["X38", 2020] == pytest.approx(together, rel=0.02)
        weights = dict.fromkeys(["equity_ratio", "median_income", "tax_rate"], "population")
        harmonised = mergers.harmonise(table, 2024, weights=weights)
        then = harmonised.query("municipality == 'X38' and year == 2019").set_index("indicator")["value"]
        assert then["population"] == together
        pupils, cost = wide["compulsory_pupils_home"], wide["compulsory_cost_home"]
        euros = sum(pupils[code, 2019] * cost[code, 2019] for code in ("X38", "X39", "X40"))
        assert then["compulsory_cost_home"] == pytest.approx(euros / then["compulsory_pupils_home"])

    def test_break(self, wide: pd.DataFrame) -> None:
        (told,) = names.get("compulsory_certified_teachers_own").breaks_in("FI", fictive=True)
        assert told.year == 2019
        assert told.country == "FI"
        assert set(told.text) == {"sv", "fi", "en"}
        assert "Exempeldata" in told.text["sv"]
        change = wide["compulsory_certified_teachers_own"].unstack().diff(axis=1).median()
        assert change.idxmin() == told.year
        assert -8 < change[told.year] < -6
        assert change.drop(told.year).abs().max() < 1
        assert names.get("compulsory_cost_home").breaks_in("FI", fictive=True) == []
        assert names.get("compulsory_certified_teachers_own").breaks_in("FI") == []

    def test_missing(self, table: pd.DataFrame) -> None:
        missing = table[table["flag"] == "missing"]
        cost = missing[missing["indicator"].str.startswith("compulsory_cost")]
        assert cost[["municipality", "year"]].drop_duplicates().to_numpy().tolist() == [["X21", 2017]]
        merit = missing[missing["indicator"] == "compulsory_merit_home"]
        assert sorted(merit["municipality"]) == ["X05", "X12", "X18", "X26", "X30"]
        assert set(merit["year"]) == {2019}
        assert 20 < len(missing) < 100
        assert (table["value"].isna() == table["flag"].isin(ABSENT)).all()

    def test_secret_where_few_leave_school(self, table: pd.DataFrame, wide: pd.DataFrame) -> None:
        leavers = (wide["compulsory_pupils_home"] / 10).round()
        secret = table[table["flag"] == "secret"].set_index(["municipality", "year"])["indicator"]
        assert set(leavers.index[leavers < 10]) == set(secret.index[secret == "compulsory_all_subjects_home"])
        assert set(secret.index.get_level_values("municipality")) == {"X34", "X35", "X36", "X40"}

    def test_preliminary_in_the_last_year_only(self, table: pd.DataFrame) -> None:
        early = table[table["flag"] == "preliminary"]
        assert set(early["year"]) == {2024}
        assert 5 < early["municipality"].nunique() < 30
        assert "compulsory_cost_home" in set(early["indicator"])

    def test_some_run_no_upper_secondary_school(self, table: pd.DataFrame) -> None:
        own = table[table["indicator"].isin(["upper_secondary_cost_own", "upper_secondary_pupils_own"])]
        assert 10 < own["municipality"].nunique() < 30
        home = table[table["indicator"] == "upper_secondary_cost_home"]
        assert home["municipality"].nunique() == 40

    def test_reform_of_2023(self, wide: pd.DataFrame) -> None:
        tax = wide["tax_rate"].unstack()
        assert (tax[2022] - tax[2023]).dropna().round(2).eq(12.64).all()


def test_price_index_of_sweden() -> None:
    """Compared with Statistics Sweden's page "Konsumentprisindex (1980=100), fastställda tal"."""
    prices = pd.read_csv(data_dir() / "price_index.csv").set_index("year")
    assert set(prices["country"]) == {"SE", "FI"}
    prices = prices[prices["country"] == "SE"]
    assert list(prices.index) == list(range(2006, 2024))
    assert prices.loc[[2006, 2014, 2021, 2023], "index"].tolist() == [284.22, 313.49, 343.19, 403.70]
    # The annual mean of 2023 is the mean of its twelve months, as the same page prints them.
    months = [391.50, 395.82, 398.08, 399.93, 401.19, 405.49, 405.67, 405.97, 408.05, 409.07, 410.35, 413.34]
    assert prices.loc[2023, "index"] == pytest.approx(sum(months) / 12, abs=0.01)
