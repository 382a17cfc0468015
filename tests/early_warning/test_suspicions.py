import numpy as np
import pandas as pd

from kommunanalys.early_warning.suspicions import EXPLAINS, IDENTIFIES, explained, identifiers, membership, reused
from kommunanalys.language import Speaker

Y = (np.random.default_rng(0).uniform(size=600) < 0.3).astype(float)


def leaning(share, seed):
    """Right for that share of the units."""
    right = np.random.default_rng(seed).uniform(size=len(Y)) < share
    return pd.Series(np.where(right, Y, 1 - Y))


def test_a_strong_but_honest_column_passes_and_a_trace_does_not():
    columns = {"marks": leaning(0.85, 1), "trace": leaning(0.995, 2)}
    assert [flag.column for flag in explained(columns, Y, {"marks", "trace"})] == ["trace"]


def test_an_undated_column_is_held_against_the_best_dated_one():
    columns = {"marks": leaning(0.7, 1), "status": leaning(0.85, 2)}
    (flag,) = explained(columns, Y, {"marks"})
    assert (flag.column, flag.kind) == ("status", EXPLAINS)
    assert flag.figures["auc"] > flag.figures["best"]
    assert explained(columns, Y, {"marks", "status"}) == []


def test_a_value_that_holds_almost_only_events():
    stopped = pd.Series(np.where((Y == 1) & (np.arange(600) % 4 == 0), "stopped", "pays"))
    (flag,) = explained({"fees": stopped, "marks": leaning(0.8, 1)}, Y, {"marks"})
    assert flag.figures["value"] == "stopped"
    assert flag.figures["share"] == 1.0
    assert "stopped" in flag.say(Speaker("en"))


def test_only_some_are_flagged_while_all_are_compared_with():
    columns = {"trace": leaning(1.0, 1), "rows": leaning(1.0, 2)}
    assert [flag.column for flag in explained(columns, Y, set(columns), only={"rows"})] == ["rows"]


def test_an_identifier_and_one_that_is_numbered_as_the_outcome_fell():
    shuffled = pd.Series([f"P{one:05}" for one in np.random.default_rng(0).permutation(600)])
    assert [flag.kind for flag in identifiers({"number": shuffled}, Y)] == [IDENTIFIES]
    assert identifiers({"number": shuffled}, Y, keys={"number"}) == []
    ordered = pd.Series(np.argsort(np.argsort(Y, kind="stable"), kind="stable"))
    (flag,) = identifiers({"number": ordered}, Y, keys={"number"})
    assert flag.figures["auc"] > 0.99


def test_persons_in_several_cohorts_are_counted_in_words_when_few():
    (flag,) = reused(["a", "b", "a", "c"], [1, 1, 2, 2], "person")
    assert flag.figures == {"several": 1, "persons": 3}
    assert "fewer than 5" in flag.say(Speaker("en"))
    assert reused(["a", "a"], [1, 1], "person") == []


def test_a_rule_of_membership_is_flagged_only_where_it_splits_the_outcome():
    assert membership("status", [0.0] * 90 + [1.0] * 10, [1.0] * 40)
    assert not membership("grade", [0.0] * 90 + [1.0] * 10, [0.0] * 36 + [1.0] * 4)
    assert not membership("status", [0.0] * 90 + [1.0] * 10, [1.0] * 4)
