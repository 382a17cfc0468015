"""A municipality's profile: recomputed by hand, with what is missing told as missing."""

import dataclasses

import pandas as pd
import pytest

from kommunanalys import harmonise, indicators, load, names
from kommunanalys.compare import Profile, profile, profile_views
from kommunanalys.errors import NoData
from kommunanalys.figures import Table, description
from kommunanalys.language import Speaker
from kommunanalys.tables import COLUMNS

SAY = Speaker("en", "SE")
PLACES = ["1440", "0180", "1480", "0114"]


def observed(rows, country="SE", unit="%"):
    keys = [(country, code, year, name, value, unit, flag) for code, year, name, value, flag in rows]
    return pd.DataFrame(keys, columns=COLUMNS).astype({"value": "float64"})


def rates(values, year=2021, name="tax_rate", places=PLACES):
    return [
        (code, year, name, value, "secret" if value is None else "") for code, value in zip(places, values, strict=True)
    ]


@pytest.fixture(scope="module")
def example() -> Profile:
    table = load("example", indicators.asked())
    return profile(harmonise(table, 2024, weights=indicators.weights()), "X07")


def test_place_among_the_others_by_hand():
    row = profile(observed(rates([3.0, 1.0, 2.0, 3.0])), "1440").rows.loc["tax_rate"]
    assert row["own"] == 3.0
    assert row["median"] == 2.5
    assert row["lower"] == pytest.approx(100 * 2 / 3)  # 1 and 2 are lower; an equal figure is not
    assert (row["year"], row["count"], row["flag"], row["theme"]) == (2021, 4, "", "finance")


def test_a_secret_figure_is_told_as_secret_and_has_no_place():
    found = profile(observed([*rates([None, 1.0, 2.0, 3.0]), *rates([1.0] * 4, name="equity_ratio")]), "1440")
    row = found.rows.loc["tax_rate"]
    assert row["own"] != row["own"]
    assert row["lower"] != row["lower"]
    assert row["flag"] == "secret"
    assert row["median"] == 2.0
    assert "- Kept secret for Ale: Municipal tax rate." in profile_views.section(found, SAY, "finance")[-1]


def test_no_row_is_told_as_not_published():
    rows = [*rates([1.0, 2.0, 3.0], places=PLACES[1:]), *rates([1.0] * 4, name="equity_ratio")]
    found = profile(observed(rows), "1440")
    assert found.rows.loc["tax_rate", "flag"] == "missing"
    assert "- Not published for Ale: Municipal tax rate." in profile_views.section(found, SAY, "finance")[-1]


def test_what_the_source_lacks_is_named_for_its_country_only():
    found = profile(observed(rates([1.0] * 4)), "1440")
    assert "new_businesses" in found.absent
    assert "swedish_speakers" not in found.absent
    (text,) = profile_views.section(found, SAY, "employment")
    assert text.startswith("- Not in the source: Employment rate; ")


def test_a_year_with_few_figures_is_not_the_latest():
    rows = [*rates([1.0] * 4, 2020), *rates([5.0], 2021, places=PLACES[:1])]
    assert profile(observed(rows), "1440").rows.loc["tax_rate", ["year", "own"]].tolist() == [2020, 1.0]
    rows = [*rates([1.0] * 4, 2020), *rates([5.0, 4.0], 2021, places=PLACES[:2])]
    assert profile(observed(rows), "1440").rows.loc["tax_rate", ["year", "own"]].tolist() == [2021, 5.0]


def test_no_year_after_the_one_asked_for():
    found = profile(observed([*rates([1.0] * 4, 2020), *rates([2.0] * 4, 2021)]), "1440", 2020)
    assert found.year == 2020
    assert found.rows.loc["tax_rate", "own"] == 1.0
    assert found.history("tax_rate").index.tolist() == [2020]
    with pytest.raises(NoData, match="up to 1999"):
        profile(observed(rates([1.0] * 4)), "1440", 1999)


def test_aland_is_never_beside_the_mainland():
    rows = rates([1.0, 2.0, 9.0], places=["598", "091", "478"])
    found = profile(observed(rows, "FI"), "598")
    assert found.rows.loc["tax_rate", ["median", "count"]].tolist() == [1.5, 2]


def test_unknown_to_the_data():
    with pytest.raises(NoData, match="1440"):
        profile(observed(rates([1.0], places=["0180"])), "1440")


def test_outer_tenths_need_enough_municipalities():
    few = profile(observed(rates([9.0, 1.0, 2.0, 3.0])), "1440")
    assert few.outer() == ([], [])
    codes = ["1440", *[f"01{number}" for number in (14, 15, 17, 20, 23, 25, 26, 27, 28, 36, 38, 39, 40, 60, 62, 63)]]
    codes += ["0180", "0181", "0182", "0183", "0184"]
    rows = [*rates([9.0, *[1.0] * 21], places=codes), *rates([0.0, *[1.0] * 21], name="equity_ratio", places=codes)]
    found = profile(observed(rows), "1440")
    assert found.outer() == (["equity_ratio"], ["tax_rate"])
    (text,) = profile_views.answer(found, SAY)
    assert "Higher than nine out of ten other municipalities: Municipal tax rate." in text
    assert "Of 2 figures a municipality lies on average among the outer tenths in 0.4." in text


def test_finlands_figures_per_inhabitant_are_computed_and_said_to_be():
    rows = [
        ("FI", code, 2024, name, value, unit, "")
        for code, people, taxes in [("598", 19_500.0, 78e6), ("091", 684_000.0, 4.1e9)]
        for name, value, unit in [("population", people, "persons"), ("tax_revenue", taxes, "EUR")]
    ]
    found, say = profile(pd.DataFrame(rows, columns=COLUMNS), "598"), Speaker("en", "FI")
    assert found.rows.loc["tax_revenue_per_inhabitant", "own"] == 4000.0
    (text,) = profile_views.cautions(found, say)
    assert "Own calculations" in text
    assert "Tax revenue per inhabitant." in text
    table = profile_views.section(found, say, "finance")[0]
    assert isinstance(table, Table)
    assert table.data["unit"].tolist() == ["EUR/person/year"]


def test_the_change_over_five_years_is_told():
    rows = [*rates([30_000.0] * 4, 2016, "population"), *rates([33_000.0] * 4, 2021, "population")]
    (text,) = profile_views.answer(profile(observed(rows, unit="persons"), "1440"), SAY)
    assert "**Ale had 33,000 inhabitants in 2021.** Since 2016 the number has changed by 10.0%." in text


def test_no_change_is_told_across_a_break(monkeypatch):
    gap = names.Break(2019, "SE", {"en": "Counted anew.", "sv": "–", "fi": "–"})
    counted = dataclasses.replace(names.get("population"), breaks=(gap,))
    monkeypatch.setitem(names.glossary(), "population", counted)
    rows = [*rates([30_000.0] * 4, 2016, "population"), *rates([33_000.0] * 4, 2021, "population")]
    (text,) = profile_views.answer(profile(observed(rows, unit="persons"), "1440"), SAY)
    assert "Since 2016" not in text


def test_finlands_series_has_a_gap_where_the_counties_took_over():
    codes = ["598", "091"]
    rows = [
        row for year in (2021, 2022, 2023) for row in rates([float(year)] * 2, year, "result_per_inhabitant", codes)
    ]
    found, say = profile(observed(rows, "FI", "EUR/person/year"), "598"), Speaker("en", "FI")
    (ax,) = profile_views.over_time(found, say)
    own = next(line for line in ax.lines if line.get_label() == "Jakobstad")
    values = dict(zip(own.get_xdata(), own.get_ydata(), strict=True))
    assert values[2022.5] != values[2022.5]
    assert values[2023.0] == 2023.0
    assert "from 2023" in profile_views.cautions(found, say)[0]


def test_the_example_has_what_it_has(example):
    assert example.year == 2024
    assert example.rows.loc["population", "own"] == 5968.0
    assert example.rows["count"].max() == 38
    assert set(example.to_frame()["theme"]) == {"population", "finance", "schools"}
    assert "libraries_net_cost_per_inhabitant" in example.absent


def test_small_numbers_and_preliminary_figures_are_cautioned(example):
    (text,) = profile_views.cautions(example, Speaker("en", "FI"))
    assert "Preliminary: Result for the year per inhabitant" in text
    assert "Fewer than 100 pupils stand behind the rate of Tärnsund" in text
    assert "fewer than 5,000 inhabitants" not in text


def test_few_inhabitants_are_cautioned():
    rows = [
        (code, 2021, "population", people, "") for code, people in zip(PLACES, [4999.0, 5e3, 6e3, 7e3], strict=True)
    ]
    found = profile(observed(rows, unit="persons"), "1440")
    assert "Ale has fewer than 5,000 inhabitants" in profile_views.cautions(found, SAY)[0]


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_every_section_can_be_shown(example, language):
    say = Speaker(language, "FI")
    parts = [
        *profile_views.subject(example, say),
        *profile_views.answer(example, say),
        *profile_views.section(example, say, *indicators.THEMES),
        *profile_views.over_time(example, say),
        *profile_views.cautions(example, say),
    ]
    assert sum(isinstance(part, Table) for part in parts) == 3
    charts = [part for part in parts if not isinstance(part, str | Table)]
    assert len(charts) == 2
    assert all(description(ax).alternative for ax in charts)


@pytest.mark.shared
def test_ale_among_all_of_sweden(shared):
    table = load(str(shared / "data" / "kolada"), indicators.asked())
    found = profile(harmonise(table, 2021, weights=indicators.weights()), "1440")
    column = table[(table["indicator"] == "tax_rate") & (table["year"] == 2021)].set_index("municipality")["value"]
    row = found.rows.loc["tax_rate"]
    assert row["own"] == column["1440"] == 21.87
    assert row["median"] == column.median()
    assert row["lower"] == pytest.approx(100 * (column < 21.87).sum() / 289)
