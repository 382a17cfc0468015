"""Values of a task file."""

import pytest

from kommunanalys.early_warning.kinds import COHORT, EXPECTED, FEATURE, OUTCOME, TASK


@pytest.mark.parametrize(
    ("keys", "key", "value", "made"),
    [
        (TASK, "unit", "id", ("id",)),
        (TASK, "unit", ["a", "b"], ("a", "b")),
        (TASK, "unit", ["a", "a"], None),
        (TASK, "unit", [], None),
        (TASK, "capacity", 5.0, None),
        (TASK, "title", {"fi": "Kuka?"}, {"sv": "Kuka?", "fi": "Kuka?", "en": "Kuka?"}),
        (TASK, "title", {"fi": "Kuka?", "en": "Who?"}, {"sv": "Who?", "fi": "Kuka?", "en": "Who?"}),
        (TASK, "title", {}, None),
        (TASK, "steward", {"purpose": "Help"}, {"purpose": {"sv": "Help", "fi": "Help", "en": "Help"}}),
        (TASK, "steward", {"purpose": 5}, None),
        (TASK, "steward", {}, {}),
        (COHORT, "where", {"grade": [8, 9], "kind": "a"}, {"grade": (8, 9), "kind": ("a",)}),
        (COHORT, "where", {"grade": []}, None),
        (OUTCOME, "horizon", 2, "2"),
        (OUTCOME, "event", "no", ("no",)),
        (OUTCOME, "event", {"a": 1}, None),
        (FEATURE, "column", " ", None),
    ],
)
def test_what_becomes_of_a_value(keys, key, value, made):
    assert keys[key][1](value) == made


def test_every_expectation_is_listed_for_translation():
    assert {said for keys in (TASK, COHORT, OUTCOME, FEATURE) for said, _ in keys.values()} <= set(EXPECTED)
