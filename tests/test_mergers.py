"""Figures over municipal mergers, recomputed by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kommunanalys.errors import MergerError, TableError, UnknownMunicipality, UsageError
from kommunanalys.mergers import harmonise
from kommunanalys.municipalities import municipalities
from kommunanalys.tables import COLUMNS, check_observations

# Oulu took in Haukipudas, Kiiminki, Oulunsalo and Yli-Ii on 1 January 2013.
OULU = ["564", "084", "255", "567", "972"]


def table(*rows: tuple[object, ...], **more: list[object]) -> pd.DataFrame:
    """(municipality, year, indicator, value[, flag]) → observations."""
    full = [("FI", *row[:3], row[3], "persons", row[4] if len(row) > 4 else "") for row in rows]
    return pd.DataFrame(full, columns=COLUMNS).astype({"value": "float64"}).assign(**more)


def pertunmaa(**cells: object) -> pd.DataFrame:
    """Mäntyharju (507) and Pertunmaa (588) in 2024, indicator for indicator: a pair of values."""
    return table(
        *[
            (code, 2024, name, *np.atleast_1d(cell))
            for name, pair in cells.items()
            for code, cell in zip(("507", "588"), pair, strict=True)
        ]
    )


def only(result: pd.DataFrame, name: str) -> pd.Series:
    found = result[result["indicator"] == name]
    assert list(found["municipality"]) == ["507"]
    return found.iloc[0]


def test_counts_and_amounts_are_summed() -> None:
    result = harmonise(pertunmaa(population=(5400, 1500), land_area=(981, 374)), 2025)
    assert only(result, "population")["value"] == 6900
    assert only(result, "land_area")["value"] == 1355
    assert set(result["flag"]) == {""}


def test_rates_are_weighed_by_the_glossary() -> None:
    result = harmonise(pertunmaa(compulsory_cost_home=(11000, 14000), compulsory_pupils_home=(300, 100)), 2025)
    assert only(result, "compulsory_cost_home")["value"] == (300 * 11000 + 100 * 14000) / 400 == 11750
    assert only(result, "compulsory_pupils_home")["value"] == 400


def test_indicators_outside_the_glossary_need_a_declaration() -> None:
    data = pertunmaa(absence=(4.0, 8.0), places=(30, 10))
    with pytest.raises(MergerError, match="'absence' has no weight"):
        harmonise(data, 2025, weights={"places": "sum"})
    result = harmonise(data, 2025, weights={"places": "sum", "absence": "places"})
    assert only(result, "places")["value"] == 40
    assert only(result, "absence")["value"] == 5.0


def test_a_rate_without_its_weight_in_the_table_is_refused() -> None:
    with pytest.raises(MergerError, match=r"'foreign_born'.*'population', which the table lacks"):
        harmonise(pertunmaa(foreign_born=(5, 6)), 2025)


@pytest.mark.parametrize(
    ("first", "second", "flag"),
    [
        (5400, (np.nan, "missing"), "missing"),
        (5400, (np.nan, "secret"), "secret"),
        (5400, (np.nan, "not_applicable"), "missing"),
        ((np.nan, "missing"), (np.nan, "secret"), "secret"),
        ((np.nan, "not_applicable"), (np.nan, "not_applicable"), "not_applicable"),
    ],
)
def test_a_part_without_a_value_makes_the_sum_missing(first: object, second: object, flag: str) -> None:
    rows = [("507", 2024, "population", *np.atleast_1d(np.array(first, dtype=object)))]
    rows += [("588", 2024, "population", *second)]
    got = only(check_observations(harmonise(table(*rows), 2025)), "population")
    assert np.isnan(got["value"])
    assert got["flag"] == flag


def test_an_absent_row_makes_the_sum_missing() -> None:
    rows = [(code, 2012, "population", 100.0) for code in OULU[:4]]
    got = harmonise(table(*rows), 2013)
    assert got[["municipality", "flag"]].values.tolist() == [["564", "missing"]]
    whole = harmonise(table(*rows, ("972", 2012, "population", 7.0)), 2013)
    assert whole["value"].tolist() == [407.0]


def test_absence_of_one_indicator_or_one_year_counts_too() -> None:
    rows = [(code, year, "population", 10.0) for code in ("507", "588") for year in (2022, 2023)]
    rows += [("507", 2024, "population", 10.0), ("507", 2023, "age_6_15", 3.0)]
    got = harmonise(table(*rows), 2025).set_index(["indicator", "year"])
    assert got["value"].dropna().to_dict() == {("population", 2022): 20.0, ("population", 2023): 20.0}
    assert set(got["flag"][got["value"].isna()]) == {"missing"}
    assert len(got) == 4


def test_a_missing_weight_makes_the_mean_missing_and_a_zero_weight_has_no_say() -> None:
    data = pertunmaa(upper_secondary_cost_own=(9000, 9000), upper_secondary_pupils_own=(200, 0))
    gone = data["municipality"].eq("588") & data["indicator"].eq("upper_secondary_cost_own")
    data.loc[gone, ["value", "flag"]] = [np.nan, "not_applicable"]
    got = only(harmonise(data, 2025), "upper_secondary_cost_own")
    assert (got["value"], got["flag"]) == (9000, "")
    weightless = data.drop(index=data.index[data["municipality"].eq("588") & data["value"].eq(0)])
    assert only(harmonise(weightless, 2025), "upper_secondary_cost_own")["flag"] == "missing"


@pytest.mark.parametrize(
    ("flags", "flag"), [(("", "noisy"), "noisy"), (("rounded", "preliminary"), "preliminary"), (("", ""), "")]
)
def test_flags_of_values_are_kept(flags: tuple[str, str], flag: str) -> None:
    rows = [(code, 2024, "population", 1.0, mark) for code, mark in zip(("507", "588"), flags, strict=True)]
    assert harmonise(table(*rows), 2025)["flag"].tolist() == [flag]


def test_dimensions_stay_apart_and_provider_columns_stay() -> None:
    rows = [
        (code, 2024, "population", value) for code, value in [("507", 1.0), ("588", 2.0), ("507", 10.0), ("588", 20.0)]
    ]
    data = table(*rows, sex=["K", "K", "M", "M"], kpi=["n1", "n1", "n2", "n2"])
    got = harmonise(data, 2025)
    assert list(got.columns) == list(data.columns)
    assert got[["sex", "kpi", "value"]].values.tolist() == [["K", "n1", 3.0], ["M", "n2", 30.0]]


def test_others_are_untouched_ordered_by_keys_with_attributes() -> None:
    data = table(
        ("598", 2024, "tax_rate", 9.0, "revised"), ("588", 2024, "population", 2.0), ("507", 2024, "population", 1.0)
    )
    data = data.set_index(pd.Index([7, 7, 7]))
    data.attrs = {"origin": ["abc"], "mark": 1}
    before = data.copy()
    got = harmonise(data, 2026)
    pd.testing.assert_frame_equal(data, before)
    assert got.attrs == {"origin": ["abc"], "mark": 1}
    assert got["municipality"].tolist() == ["507", "598"]
    assert got.iloc[1].tolist() == data.iloc[0].tolist()
    assert got.dtypes.to_dict() == data.dtypes.to_dict()


def test_a_chain_and_a_change_of_code() -> None:
    rows = [(code, 2006, "population", value) for code, value in [("944", 1.0), ("479", 2.0), ("559", 4.0)]]
    rows += [(code, 2008, "population", value) for code, value in [("945", 10.0), ("559", 20.0)]]
    got = harmonise(table(*rows), 2026)
    assert got[["municipality", "year", "value"]].values.tolist() == [["946", 2006, 7.0], ["946", 2008, 30.0]]
    assert sorted(harmonise(table(*rows), 2008)["municipality"]) == ["559", "559", "945", "945"]
    heby = pd.DataFrame([("SE", "1917", 2005, "tax_rate", 33.0, "%", "")], columns=COLUMNS)
    assert harmonise(heby, 2021)[["municipality", "value"]].values.tolist() == [["0331", 33.0]]


def test_a_split_is_refused() -> None:
    with pytest.raises(MergerError, match=r"Längelmäki \(443\) was split between 182, 562 in 2007"):
        harmonise(table(("443", 2006, "population", 1700.0)), 2026)
    assert len(harmonise(table(("443", 2006, "population", 1700.0)), 2006)) == 1


def test_a_successor_of_the_split_is_never_too_small() -> None:
    rows = [("182", 2006, "population", 100.0), ("183", 2006, "population", 10.0)]
    assert harmonise(table(*rows), 2026)["flag"].tolist() == ["missing"]


def test_backwards_is_refused() -> None:
    with pytest.raises(MergerError, match=r"Oulu \(564\) for 2014 .* 2012's"):
        harmonise(table(("564", 2014, "population", 1.0)), 2012)
    with pytest.raises(MergerError, match="backwards"):
        harmonise(table(("710", 2010, "population", 1.0)), 2008)
    assert len(harmonise(table(("564", 2014, "population", 1.0)), 2013)) == 1


def test_mixed_divisions_are_refused_and_empty_grid_rows_fall_away() -> None:
    parts = [(code, 2008, "population", 1.0) for code in ("220", "606", "835")]
    with pytest.raises(MergerError, match=r"Raseborg \(710\) for 2008, when it did not exist"):
        harmonise(table(*parts, ("710", 2008, "population", 3.0)), 2026)
    got = harmonise(table(*parts, ("710", 2008, "population", np.nan, "missing")), 2026)
    assert got[["municipality", "value"]].values.tolist() == [["710", 3.0]]
    ended = table(("220", 2010, "population", np.nan, "not_applicable"), ("091", 2010, "population", 5.0))
    assert harmonise(ended, 2026)["municipality"].tolist() == ["091"]


def test_a_series_already_in_the_later_division_is_untouched() -> None:
    data = table(*[(code, year, "population", 5.0) for code in ("507", "564", "710") for year in (2006, 2012, 2020)])
    pd.testing.assert_frame_equal(harmonise(data, 2026), data)


def test_twice_is_the_same_as_once_and_the_country_keeps_its_sum() -> None:
    rows = [
        (code, year, "population", float(code))
        for year in (2007, 2012, 2024)
        for code in municipalities("FI", year=year).index
    ]
    once = harmonise(table(*rows), 2026)
    pd.testing.assert_frame_equal(harmonise(once, 2026), once)
    assert len(once) == 3 * 308
    before = table(*rows).groupby("year")["value"].sum()
    assert once.groupby("year")["value"].sum().to_dict() == before.to_dict()


def test_unknown_codes_years_and_units_are_refused() -> None:
    with pytest.raises(UnknownMunicipality, match="0000, 999"):
        harmonise(table(("999", 2024, "population", 1.0), ("0000", 2024, "population", 1.0)), 2025)
    with pytest.raises(UsageError, match="2050"):
        harmonise(pertunmaa(population=(1, 2)), 2050)
    mixed = pertunmaa(population=(1, 2)).assign(unit=["persons", "thousands"])
    with pytest.raises(TableError, match="different units: population"):
        harmonise(mixed, 2025)


@pytest.mark.shared
def test_kolada_has_no_mergers_to_carry(shared: Path) -> None:
    data = pd.read_csv(shared / "data/kolada/kolada_education_long.csv.gz", dtype={"municipality": "str"}, nrows=50_000)
    data = data.rename(columns={"kpi": "indicator"}).assign(country="SE", unit="", flag="")
    got = harmonise(data, 2021)
    keys = ["country", "municipality", "year", "indicator"]
    pd.testing.assert_frame_equal(got, data.sort_values(keys, ignore_index=True))
