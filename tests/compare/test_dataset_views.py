"""The sections of an open-data report: nothing hidden, nothing made up, and how to cite it."""

import pandas as pd
import pytest

from kommunanalys import load
from kommunanalys.compare import dataset_views as views
from kommunanalys.errors import SourceError
from kommunanalys.figures import description
from kommunanalys.language import Speaker
from kommunanalys.origin import forget
from kommunanalys.tables import COLUMNS

SAY = Speaker("en", "FI")


@pytest.fixture(scope="module")
def example():
    return load("example")


@pytest.fixture
def by_sex():
    rows = [
        ("SE", code, year, "fee", 10.0 * year + add, "SEK", "", sex)
        for code, add in [("1440", 0), ("0180", 4)]
        for year in (2020, 2021)
        for sex in ("K", "M")
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, "sex"])


def test_hits_are_named_as_load_takes_them():
    row = {"source": "statfin", "id": "vaerak/11ra", "title": "Folkmängd", "updated": None, "address": "https://x"}
    (table,) = views.found(pd.DataFrame([row]), "folkmängd", SAY)
    assert table.data.index.tolist() == ["statfin:vaerak/11ra"]
    assert "1 of 1" in table.caption


def test_an_empty_search_and_a_failed_one_are_told_apart():
    (nothing,) = views.found(pd.DataFrame(columns=["source", "id", "title", "updated", "address"]), "x", SAY)
    (failed,) = views.found(SourceError("No network."), "x", SAY)
    assert nothing == "The catalogues have nothing on “x”."
    assert failed == "The catalogues could not be searched for “x”. No network."


def test_publishers_that_did_not_answer_are_named():
    hits = pd.DataFrame(columns=["source", "id", "title", "updated", "address"])
    hits.attrs["unanswered"] = {"scb": "Offline.", "kolada": "Offline."}
    said = views.found(hits, "x", SAY)[1]
    assert said == "Not searched, as they did not answer: scb and kolada. The first said: Offline."


def test_flags_are_counted(example):
    contents, rows = views.preview(example, "X07", SAY)
    counted = contents.data[[name for name in contents.data if name.startswith("flag: ")]].sum()
    there = example["flag"].value_counts()
    assert counted.to_dict() == {f"flag: {name}": there[name] for name in ("missing", "preliminary", "secret")}
    assert contents.data["rows"].sum() == len(example)
    assert len(rows.data) == views.ROWS


def test_a_municipality_without_rows(example):
    assert views.preview(example[example["municipality"] != "X07"], "X07", SAY)[1] == "There is no row of Tärnsund."


def test_further_dimensions_are_never_added_up(by_sex):
    (ax,) = views.picture(by_sex, "1440", Speaker("en", "SE"))
    told = description(ax)
    assert told.data["Ale"].tolist() == [20200.0, 20210.0]
    assert told.data["Median of all"].tolist() == [20202.0, 20212.0]
    assert "sex = K" in told.caption


def test_the_median_is_that_of_the_same_municipalities(by_sex):
    late = by_sex[(by_sex["municipality"] == "0180") & (by_sex["year"] == 2020)].index
    (ax,) = views.picture(by_sex.drop(index=late), "1440", Speaker("en", "SE"))
    assert description(ax).data["Median of all"].tolist() == [20200.0, 20210.0]


def test_one_year_is_no_line(by_sex):
    (text,) = views.picture(by_sex[by_sex["year"] == 2021], "1440", SAY)
    assert text == "No indicator of Ale is known for more than one year."


def test_the_citation_says_whence(example):
    table = load("example")
    (shown,) = views.citation(table, SAY)
    assert "CC0" in shown.data.loc["Licence"].tolist()
    assert len(shown.data.loc["SHA-256"].iloc[0]) == 64
    forget()
    assert views.citation(table, SAY) == ["Nothing is recorded about where the table came from."]


def test_the_subject_counts_figures_not_rows(example):
    assert views.subject(example, "example", SAY) == [f"**example: {example['value'].notna().sum():,} figures**"]


def test_aland_is_never_a_peer_in_the_chart():
    codes = {"598": 50.0, "005": 52.0, "478": 1.0, "170": 1.0, "035": 1.0}
    rows = [
        ("FI", code, year, "population", value, "persons", "") for code, value in codes.items() for year in (2020, 2021)
    ]
    table = pd.DataFrame(rows, columns=["country", "municipality", "year", "indicator", "value", "unit", "flag"])
    (chart,) = views.picture(table, "598", Speaker("en", "FI"))
    assert description(chart).data["Median of all"].tolist() == [51.0, 51.0]
