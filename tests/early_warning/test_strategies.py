"""The four ways at the same capacity: by hand, with ties, missing values, small places, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.strategies import ALL, STRATEGIES, inclusion, listed, reach
from kommunanalys.errors import TableError, UsageError


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "as_of": [1] * 6 + [2] * 6,
            "person": range(12),
            "place": list("aaabbb") * 2,
            "y": [1.0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0],
            "risk": [0.9, 0.1, 0.2, 0.8, 0.3, 0.1, 0.2, 0.1, 0.1, 0.7, 0.6, 0.1],
            "flag": [2.0, np.nan, 1, 1, 1, 0, 3, 3, 3, np.nan, np.nan, np.nan],
        }
    )


def test_capacity_in_all_and_in_each_place(table):
    overall, _ = inclusion(table, capacity=2)
    assert overall["model"].tolist() == [1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0]
    each, _ = inclusion(table, capacity=1, per="place")
    assert each["model"].tolist() == [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
    named, _ = inclusion(table, capacity=1, per="school")
    assert named["model"].tolist() == each["model"].tolist()


def test_equal_values_are_pro_rata_and_unknown_flags_last(table):
    chances, _ = inclusion(table, capacity=2)
    assert chances["flag"].tolist() == pytest.approx([1, 0, 1 / 3, 1 / 3, 1 / 3, 0, 2 / 3, 2 / 3, 2 / 3, 0, 0, 0])
    more, _ = inclusion(table, capacity=5)
    assert more["flag"][6:].tolist() == pytest.approx([1, 1, 1, 2 / 3, 2 / 3, 2 / 3])


def test_whole_places_go_by_the_past_only(table):
    chances, known = inclusion(table, capacity=4)
    assert known == {1: False, 2: True}
    assert chances["places"][:6].tolist() == pytest.approx([4 / 6] * 6)
    assert chances["places"][6:].tolist() == pytest.approx([1, 1, 1, 1 / 3, 1 / 3, 1 / 3])


def test_history_gives_the_first_date_a_past(table):
    past = pd.DataFrame({"place": list("aabb"), "as_of": [0] * 4, "y": [0.0, 0, 1, 0]})
    chances, known = inclusion(table, capacity=3, history=past)
    assert known == {1: True, 2: True}
    assert chances["places"][:6].tolist() == [0, 0, 0, 1, 1, 1]
    late = past.assign(known_from=[2] * 4)
    assert inclusion(table, capacity=3, history=late)[1] == {1: False, 2: True}


def test_a_cohort_in_both_tables_is_taken_from_the_history(table):
    both = table[["place", "as_of", "y"]].iloc[:6].assign(y=[0.0, 0, 0, 1, 1, 1])
    chances, known = inclusion(table, capacity=3, history=both)
    assert known == {1: False, 2: True}
    assert chances["places"][6:].tolist() == [0, 0, 0, 1, 1, 1]
    assert inclusion(table, capacity=3, history=both.assign(known_from=3))[1] == {1: False, 2: False}


def test_a_tiny_place_is_not_first_by_one_event():
    past = pd.DataFrame({"place": ["tiny"] + ["large"] * 50, "as_of": 0, "y": [1.0] + [1.0, 0.0] * 25})
    now = pd.DataFrame({"as_of": 1, "person": range(4), "place": ["tiny", "large", "new", None]})
    now = now.assign(y=0.0, risk=0.1, flag=1.0)
    chances, _ = inclusion(now, capacity=1, history=past)
    # 1 of 1 drawn to .51 by ten units is .55, 25 of 50 stays .50, a new place has .51, no place is last.
    assert chances["places"].tolist() == [1, 0, 0, 0]
    assert inclusion(now, capacity=3, history=past)[0]["places"].tolist() == [1, 1, 1, 0]
    few = pd.concat([past, pd.DataFrame({"place": ["bad"] * 20, "as_of": 0, "y": [1.0] * 14 + [0.0] * 6})])
    assert inclusion(now.assign(place=["tiny", "bad", "new", None]), capacity=1, history=few)[0]["places"][1] == 1


def test_all_ways_list_as_many_and_small_places_list_whom_they_have(table):
    for given in ({"capacity": 2}, {"capacity": 2, "per": "place"}, {"capacity": 50, "per": "place"}):
        found = reach(table, **given).pivot_table(index="as_of", columns="strategy", values="listed")
        assert found.to_numpy() == pytest.approx(np.broadcast_to(found[["model"]].to_numpy(), found.shape))
    assert found.loc[ALL, "model"] == 12


def test_rows_by_hand(table):
    found = reach(table, capacity=2)
    assert list(found["strategy"].unique()) == list(STRATEGIES)
    model = found[found["strategy"] == "model"].set_index("as_of")
    assert model.loc[ALL, ["units", "events", "listed", "hits"]].tolist() == [12, 4, 4, 2]
    assert model.loc[ALL, ["precision", "recall"]].tolist() == [0.5, 0.5]
    assert model.loc[[1, 2], "precision"].tolist() == [0.5, 0.5]
    assert model.loc[1, "places"] == 2
    assert model.loc[2, "places"] == 1
    assert 0 < model.loc[ALL, "precision_low"] < 0.5 < model.loc[ALL, "precision_high"] < 1
    chance = found[(found["strategy"] == "chance") & (found["as_of"] == ALL)].iloc[0]
    assert chance["hits"] == pytest.approx(4 * 2 / 6)
    assert (chance["recall_low"], chance["recall_high"]) == pytest.approx((1 / 3, 1 / 3))
    assert found.loc[~found["known"], ["strategy", "as_of"]].to_numpy().tolist() == [["places", ALL], ["places", 1]]


def test_the_order_of_the_rows_means_nothing(table):
    mixed = table.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(reach(table, capacity=2), reach(mixed, capacity=2))


def test_days_as_dates_work(table):
    days = table.assign(as_of=pd.to_datetime(table["as_of"].map({1: "2023-06-30", 2: "2024-06-30"})))
    pd.testing.assert_frame_equal(
        reach(days, capacity=2).drop(columns="as_of"), reach(table, capacity=2).drop(columns="as_of")
    )


def test_without_places_only_chance_stands_in(table):
    chances, known = inclusion(table.assign(place=np.nan), capacity=2)
    assert not any(known.values())
    assert chances["places"].tolist() == chances["chance"].tolist()


def test_what_is_refused(table):
    with pytest.raises(TableError, match="lack the columns flag"):
        reach(table.drop(columns="flag"), capacity=1)
    with pytest.raises(TableError, match="needs as_of, y and risk"):
        reach(table.assign(y=np.nan), capacity=1)
    with pytest.raises(TableError, match="history lack"):
        reach(table, capacity=1, history=table[["place"]])
    for wrong in (0, 1.5, True):
        with pytest.raises(UsageError, match="whole number"):
            reach(table, capacity=wrong)


def test_listed_within_parts():
    parts = np.array([0, 0, 1, 1])
    assert listed([1, 2, 3, 3], 1, parts).tolist() == [0, 1, 0.5, 0.5]
