"""Reasons: what the model weighed, in words that claim no cause."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.declaration import Cohort, Declaration, Feature, Flag, Outcome
from kommunanalys.early_warning.reasons import Reason, explain, say_all
from kommunanalys.errors import TableError, UsageError
from kommunanalys.language import Speaker

ENGLISH = Speaker("en")
DECLARATION = Declaration(
    name="dropout",
    title={"sv": "Avhopp", "fi": "Keskeyttäminen", "en": "Leaving"},
    unit=("person",),
    person="person",
    place="school",
    cohort=Cohort("school", "year", "row", "+1"),
    outcome=Outcome("leaving", "left", "status", ("yes",), "year", "+1", "1"),
    features=(
        Feature("absence", "school", "absence", known_from="row", label={"sv": "Frånvaro", "en": "Absence"}),
        Feature("mark", "school", "mark", known_from="row"),
        Feature("support", "school", "support", kind="category", known_from="row"),
        Feature("fees", "school", "fees"),
    ),
    groups=(),
    flag=Flag("absence"),
    capacity=5,
    per="school",
    as_of="06-15",
)


class Model:
    """Log-odds that can be counted by hand."""

    typical_: ClassVar = {"absence": 25.0, "mark": 8.0, "support": "none"}

    def moves(self, X):
        return pd.DataFrame(
            {
                "support": np.where(X["support"].astype(str) == "special", 0.5, 0.0),
                "absence": (X["absence"] - 25) / 100,
                "mark": np.where(X["mark"].isna(), 0.3, 8 - X["mark"]),
            },
            index=X.index,
        )


def units(**changed):
    given = {
        "absence": [125.0, 25.0, 20.0, 27.0],
        "mark": [7.6, np.nan, 9.5, 8.0],
        "support": ["special", "none", "none", "none"],
    }
    table = pd.DataFrame(given | changed, index=pd.Index(list("abcd"), name="person"))
    return table.assign(support=table["support"].astype("category"))


def test_what_raises_comes_first_and_what_does_not_move_is_no_reason():
    found = explain(Model(), units(), DECLARATION)
    assert [(one.feature, one.direction, round(one.move, 9)) for one in found["a"]] == [
        ("absence", "raises", 1.0),
        ("support", "raises", 0.5),
        ("mark", "raises", 0.4),
    ]
    assert [(one.feature, one.value) for one in found["b"]] == [("mark", None)]
    assert [(one.feature, one.direction) for one in found["c"]] == [("mark", "lowers"), ("absence", "lowers")]
    assert found["d"] == ()


def test_no_more_than_asked_for_and_raising_before_lowering():
    found = explain(Model(), units(mark=[9.9, 8.0, 8.0, 8.0]), most=2)
    assert [(one.feature, one.direction) for one in found["a"]] == [("absence", "raises"), ("support", "raises")]
    found = explain(Model(), units(mark=[9.9, 8.0, 8.0, 8.0]), most=3)
    assert found["a"][-1].direction == "lowers"


def test_sentences():
    found = explain(Model(), units(), DECLARATION)
    assert found["a"][0].say(ENGLISH, DECLARATION) == "Absence: 125 (usually 25 in the cohort)"
    assert found["a"][0].say(Speaker("sv"), DECLARATION).startswith("Frånvaro: 125")
    assert found["a"][0].say(Speaker("fi"), DECLARATION).startswith("Absence: 125")
    assert found["b"][0].say(ENGLISH) == "Mark: nothing recorded (usually 8 in the cohort)"
    assert found["c"][0].say(ENGLISH) == "Goes with a lower risk: Mark: 9.5 (usually 8.0 in the cohort)"
    support = next(one for one in found["a"] if one.feature == "support")
    assert support.say(ENGLISH) == "Support: special (usually none in the cohort)"
    assert Reason("mark", 7.0, None, "raises", 1.0).say(ENGLISH).endswith("(usually nothing recorded in the cohort)")


@pytest.mark.parametrize(
    ("value", "typical", "said"),
    [
        (120.0, 24.6667, "120 (usually 25 "),
        (7.0, 7.7, "7.0 (usually 7.7 "),
        (8.0, 9.0, "8 (usually 9 "),
        (7.33333, 8.1, "7.3 (usually 8.1 "),
        (100.2, 100.4, "100.2 (usually 100.4 "),
        (1234567.0, 1.0, "1,234,567 (usually 1 "),
        (0.125, 0.5, "0.12 (usually 0.50 "),
        (0.0, 0.0004, "0.000 (usually 0.000 "),
    ],
)
def test_no_more_decimals_than_tell_two_numbers_apart(value, typical, said):
    assert said in Reason("x", value, typical, "raises", 1.0).say(ENGLISH)


def test_a_list_with_none_says_so_also_where_all_lower():
    found = explain(Model(), units(), DECLARATION)
    assert say_all(found["d"], ENGLISH) == ["No single value stands out as going with a higher risk."]
    assert say_all(found["c"], ENGLISH) == say_all(found["d"], ENGLISH)
    assert len(say_all(found["a"], ENGLISH)) == 3
    assert say_all("known to the nurse", ENGLISH) == ["known to the nurse"]
    assert say_all(["a", "b"], ENGLISH) == ["a", "b"]
    assert say_all(np.nan, ENGLISH) == say_all((), ENGLISH)


def test_a_repr_shows_no_value():
    assert "125" not in repr(explain(Model(), units(), DECLARATION)["a"])


def test_rows_and_columns_in_another_order_give_the_same_reasons():
    table = units()
    turned = table.iloc[::-1][["support", "mark", "absence"]]
    first, second = explain(Model(), table), explain(Model(), turned)
    assert {one: set(first[one]) for one in "abcd"} == {one: set(second[one]) for one in "abcd"}


def test_only_declared_columns_with_a_known_day_become_reasons():
    with pytest.raises(UsageError, match="fees"):
        explain(Model(), units().assign(fees=1.0), DECLARATION)
    with pytest.raises(UsageError, match="other"):
        explain(Model(), units().assign(other=1.0), DECLARATION)
    with pytest.raises(UsageError, match="most=0"):
        explain(Model(), units(), most=0)


def test_moves_of_other_units_are_refused():
    class Other(Model):
        def moves(self, X):
            return super().moves(X).iloc[1:]

    class Broken(Model):
        def moves(self, X):
            return super().moves(X) * np.nan

    with pytest.raises(TableError, match="other units"):
        explain(Other(), units())
    with pytest.raises(TableError, match="no numbers"):
        explain(Broken(), units())
