"""The list: who is on it, how ties and small places are told, and how firmly each stands there."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from kommunanalys.early_warning.watchlist import watchlist
from kommunanalys.errors import TableError, UsageError
from kommunanalys.secrecy.frame import Border, domains_of, mark


def risks(values, schools="A", **columns):
    index = pd.Index([f"unit{place:03}" for place in range(len(values))], name="person")
    return pd.DataFrame({"risk": np.asarray(values, float), "school": schools, **columns}, index=index)


def test_the_highest_risks_in_each_place_and_in_all():
    table = risks([0.9, 0.8, 0.7, 0.1, 0.3, 0.2, 0.15, 0.05], list("AAAABBBB"))
    found = watchlist(table, 2)
    assert found.to_frame().index.tolist() == ["unit000", "unit001", "unit004", "unit005"]
    assert found.to_frame()["rank"].tolist() == [1, 2, 1, 2]
    assert watchlist(table, 3, per="").to_frame().index.tolist() == ["unit000", "unit001", "unit002"]
    assert watchlist(table["risk"], 3, per="").to_frame()["risk"].tolist() == [0.9, 0.8, 0.7]


def test_a_tie_at_the_cut_is_told_and_depends_on_neither_order_nor_name():
    table = risks([0.9, *[0.5] * 9])
    found = watchlist(table, 4)
    frame = found.to_frame()
    assert frame["tie"].tolist() == [False, True, True, True]
    assert (found.places["tied_in"].iloc[0], found.places["tied_out"].iloc[0]) == (3, 6)
    assert len(found.waiting) == 6
    assert not set(found.waiting.index) & set(frame.index)
    assert watchlist(table.iloc[::-1], 4).to_frame().equals(frame)
    assert "same risk" in found.summary()
    # Over many seeds each of the nine has three seats in nine: no name is luckier.
    seats = pd.Series(0, index=table.index)
    for seed in range(45):
        seats[watchlist(table, 4, seed=seed).to_frame().index] += 1
    assert seats.iloc[0] == 45
    assert seats.iloc[1:].between(15 - 13, 15 + 13).all()  # standard deviation 3.2


def test_risks_that_differ_by_rounding_only_are_a_tie():
    assert watchlist(risks([0.1 + 0.2, 0.3, 0.1]), 1).to_frame()["tie"].tolist() == [True]


def test_no_tie_where_all_of_equal_risk_are_listed():
    found = watchlist(risks([0.5, 0.5, 0.1]), 2)
    assert not found.to_frame()["tie"].any()
    assert found.waiting.empty


def test_a_small_place_is_told():
    found = watchlist(risks([0.5, 0.4, 0.3, 0.2] + [0.1] * 20, ["A"] * 4 + ["B"] * 20), 5)
    assert found.places["everybody"].tolist() == [True, False]
    assert found.places["listed"].tolist() == [4, 5]
    assert "nearly everybody" in found.summary()
    assert found.to_frame().loc[found.to_frame()["school"] == "A", "firm"].tolist() == [1.0] * 4


@pytest.mark.parametrize("missing", [None, np.nan, " "])
def test_units_without_a_place_have_a_list_of_their_own(missing):
    table = risks([0.1] * 8 + [0.9, 0.8], ["A"] * 8 + [missing] * 2)
    found = watchlist(table, 1)
    assert found.places.index[:1].tolist() == ["A"]
    assert found.places.index.isna().tolist() == [False, True]
    assert found.to_frame().index[1] == "unit008"
    assert "Place not known: fewer than 5" in found.summary()


def test_the_place_as_a_level_of_the_index():
    index = pd.MultiIndex.from_product([["A", "B"], range(3)], names=["school", "person"])
    found = watchlist(pd.Series([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], index), 1)
    assert found.to_frame().index.tolist() == [("A", 2), ("B", 2)]


def intervals(middle, spread):
    return risks(expit(middle), risk_low=expit(middle - 1.959964 * spread), risk_high=expit(middle + 1.959964 * spread))


def test_firm_by_intervals_against_the_known_probability():
    # One seat for which the first two compete: their log-odds differ by 0.5, with standard deviation 0.5 each.
    middle = np.array([4.0, 3.5, *np.linspace(-4, 0, 30)])
    lasting = 1 - 0.25 / middle.var()
    known = norm.cdf(0.5 * lasting / np.sqrt(2 * 0.25 * (1 + lasting)))
    table = intervals(middle, 0.5)
    firm = np.mean([watchlist(table, 1, seed=seed).to_frame()["firm"].iloc[0] for seed in range(20)])
    assert firm == pytest.approx(known, abs=0.02)  # standard error 0.008
    assert watchlist(table, 1).to_frame().equals(watchlist(table.iloc[::-1], 1).to_frame())


def test_firm_by_intervals_is_how_many_a_second_fit_lists_again():
    generator = np.random.default_rng(7)
    said, found = [], []
    for seed in range(40):
        truth = generator.normal(-2, 1, 60)
        first, second = truth + generator.normal(0, 0.5, (2, 60))
        frame = watchlist(intervals(first, 0.5), 5, seed=seed).to_frame()
        again = {f"unit{place:03}" for place in np.argsort(-second)[:5]}
        said.append(frame["firm"].mean())
        found.append(len(again & set(frame.index)) / 5)
    assert np.mean(said) == pytest.approx(np.mean(found), abs=0.08)  # standard error 0.032


def test_firm_by_the_margin_shares_the_seats_near_the_cut():
    # The cut is .50; .51 and .515 inside, .49 and .485 and .481 outside compete for two seats.
    found = watchlist(risks([0.9, 0.515, 0.51, 0.49, 0.485, 0.481, 0.2]), 3)
    assert found.to_frame()["firm"].tolist() == [1.0, 0.4, 0.4]
    assert watchlist(risks([0.9, 0.2, 0.1]), 1).to_frame()["firm"].tolist() == [1.0]
    assert watchlist(risks([0.5] * 10), 4).to_frame()["firm"].tolist() == [0.4] * 4


def test_what_comes_with_the_risks_stays():
    table = risks([0.9, 0.1], reasons=[("absence",), ()], person=["p", "q"])
    assert watchlist(table, 1).to_frame().loc["unit000", "reasons"] == ("absence",)


def test_an_earlier_list_can_be_cut_again():
    first = watchlist(risks([0.9, 0.5, 0.4, 0.1]), 3).to_frame()
    again = watchlist(first, 2).to_frame()
    assert again.index.tolist() == ["unit000", "unit001"]
    assert again.columns.tolist() == first.columns.tolist()


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_a_summary_and_a_repr_name_nobody(language):
    found = watchlist(risks([0.9, 0.5, 0.5, 0.5, 0.1], ["Tärnsund"] * 5), 2)
    for text in (found.summary(language), repr(found)):
        assert "unit0" not in text
        assert "Tärnsund" not in text
    assert "fewer than 5" in found.summary()


def test_wrong_calls_and_tables():
    table = risks([0.5, 0.4])
    for capacity in (0, -1, 2.5, True, "5", np.nan, 10**30):
        with pytest.raises(UsageError, match="whole number"):
            watchlist(table, capacity)
    with pytest.raises(UsageError, match="no column 'office'"):
        watchlist(table, 1, per="office")
    with pytest.raises(UsageError, match="no column 'school'"):
        watchlist(table["risk"], 1)
    with pytest.raises(UsageError, match="no column 'risk'"):
        watchlist(table[["school"]], 1)
    with pytest.raises(UsageError, match="pandas"):
        watchlist([0.5], 1)
    with pytest.raises(UsageError, match="have risk more than once"):
        watchlist(pd.concat([table, table["risk"]], axis=1), 1)
    with pytest.raises(TableError, match="outside their own interval"):
        watchlist(table.assign(risk_low=0.45, risk_high=0.6), 1)
    with pytest.raises(TableError, match="no units"):
        watchlist(table.iloc[:0], 1)
    with pytest.raises(TableError, match="repeat a unit") as failure:
        watchlist(pd.concat([table, table]), 1)
    assert "unit0" not in str(failure.value)
    for wrong in (np.nan, 1.2, -0.1, np.inf):
        with pytest.raises(TableError, match="fewer than 5 units have no risk"):
            watchlist(risks([0.5, wrong]), 1)
    with pytest.raises(TableError, match="risk_low is above"):
        watchlist(risks([0.5], risk_low=0.6, risk_high=0.4), 1)


def test_many_units_in_many_places():
    generator = np.random.default_rng(1)
    table = risks(generator.uniform(size=3_000), [f"S{one:02}" for one in range(30)] * 100)
    table = table.assign(risk_low=table["risk"] * 0.8, risk_high=1 - (1 - table["risk"]) * 0.8)
    first, second = watchlist(table), watchlist(table.sample(frac=1, random_state=2))
    assert first.to_frame().equals(second.to_frame())
    assert first.places["listed"].sum() == 150


def test_a_list_keeps_the_domain_of_its_risks():
    border = Border(frozenset({"school"}), "person", "personal")
    found = watchlist(mark(risks([0.5, 0.4, 0.4]), border), 2)
    assert found.frame.domains == found.to_frame().domains == found.waiting.domains == {"school"}
    assert domains_of(watchlist(risks([0.5, 0.4]), 1).frame) == frozenset()
