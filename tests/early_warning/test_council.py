"""What the page may not give away."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from kommunanalys.early_warning.council import _recall, few_in_a_cohort, safe
from kommunanalys.language import Speaker


def reached(hits: list[float], strategy: str = "model", events: list[int] | None = None) -> pd.DataFrame:
    dates = ["all", *range(2020, 2020 + len(hits))]
    every = events or [20] * len(hits)
    table = {"strategy": strategy, "as_of": dates, "events": [sum(every), *every], "hits": [sum(hits), *hits]}
    return pd.DataFrame(table).assign(precision=0.5, recall=0.5)


def test_a_date_with_few_hits_hides_all_dates_but_not_their_sum() -> None:
    shown = safe(reached([3.0, 9.0, 10.0]))
    assert shown["hits"].isna().tolist() == [False, True, True, True]
    assert shown["precision"].isna().tolist() == [False, True, True, True]


def test_enough_hits_stand() -> None:
    pd.testing.assert_frame_equal(safe(reached([5.0, 9.0])), reached([5.0, 9.0]))
    pd.testing.assert_frame_equal(safe(reached([0.0, 9.0])), reached([0.0, 9.0]))


def test_few_events_are_hidden_too() -> None:
    shown = safe(reached([5.0, 3.0], "chance", [3, 40]))
    assert np.isnan(shown["events"].iloc[1:]).all()
    assert np.isnan(shown["precision"].iloc[1:]).all()
    assert shown["events"].iloc[0] == 43


def test_chance_is_no_count_of_persons() -> None:
    assert safe(reached([2.0, 2.0], "chance"))["hits"].tolist() == [4.0, 2.0, 2.0]


def test_recall_is_said_no_surer_than_it_is() -> None:
    row = {"hits": 40.0, "recall": 0.48, "recall_low": 0.41, "recall_high": 0.55}
    reached = pd.DataFrame([row], index=["model"])
    evaluation = SimpleNamespace(verdict=SimpleNamespace(reached=reached))
    assert "about 5 stood on the list (4 to 6)" in _recall(evaluation, Speaker("en"))


def test_one_to_four_in_a_cohort_are_few() -> None:
    assert not few_in_a_cohort(pd.DataFrame({"events": [0, 5, 40]}))
    assert few_in_a_cohort(pd.DataFrame({"events": [40, 4]}))
