"""What an evaluation over time counts, chooses, says and shows; on a register with known truth."""

import sys

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.evaluate import Evaluation, evaluate
from kommunanalys.errors import NoData, TableError, TooFewUnits, UsageError
from kommunanalys.figures import description
from kommunanalys.secrecy.frame import Border, domains_of, mark
from tests.early_warning.years import task, years

DATES = [f"{year}-06-30" for year in range(2019, 2023)]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return years()


@pytest.fixture(scope="module")
def found(table: pd.DataFrame) -> Evaluation:
    return evaluate(task(), table, as_of_dates=DATES, learners=["line"])


def test_predictions_have_a_row_for_each_unit_and_date_tested(found: Evaluation, table: pd.DataFrame) -> None:
    one = found.predictions
    assert list(one.columns[:8]) == ["as_of", "unit", "person", "place", "y", "risk", "risk_flag", "risk_line"]
    assert {"flag", "known_from", "sex", "helped"} <= set(one.columns)
    assert one.index.equals(pd.RangeIndex(480))
    truth = table.set_index("id")["left"].eq("yes")
    assert one["y"].eq(truth.loc[one["unit"]].to_numpy()).all()
    assert (one["place"].to_numpy() == table.set_index("id")["school"].loc[one["unit"]].to_numpy()).all()
    assert (one["flag"].to_numpy() == -table.set_index("id")["mark"].loc[one["unit"]].to_numpy()).all()
    assert one["risk"].between(0, 1).all()


def test_the_date_without_a_past_is_told(found: Evaluation) -> None:
    assert found.folds["tested"].tolist() == [False, True, True, True]
    assert found.folds["train_units"].tolist() == [0, 160, 320, 480]
    assert found.tested == list(pd.to_datetime(DATES[1:]))
    assert "Not tested: 30 June 2019 (there is no earlier cohort)." in found.summary()


def test_the_model_beats_a_weak_flag_and_is_recalibrated_on_the_latest(found: Evaluation) -> None:
    assert found.chosen == "line"
    assert found.verdict.recommendation == "list"
    assert found.folds["recalibrated_on"].isna().tolist() == [True, True, False, False]
    assert found.folds["recalibrated_on"].iloc[-1] == pd.Timestamp("2021-06-30")
    assert found.recalibrated_on == pd.Timestamp("2022-06-30")
    assert len(found.latest) == 160
    assert found.predictions["risk"].mean() == pytest.approx(found.predictions["y"].mean(), abs=0.03)


def test_precision_at_the_capacity_by_hand(found: Evaluation) -> None:
    ranked = found.predictions.sort_values("risk", ascending=False).groupby(["as_of", "place"]).head(5)
    row = found.reach[(found.reach["as_of"] == "all") & (found.reach["strategy"] == "model")].iloc[0]
    assert row["listed"] == len(ranked) == 45
    assert row["precision"] == pytest.approx(ranked["y"].mean())


def test_the_page_says_of_ten_and_never_auc(found: Evaluation) -> None:
    text = found.summary()
    assert "Of 10 listed by the model, the outcome would have come for about" in text
    assert "AUC" not in text
    for language in ("sv", "fi"):
        assert found.summary(language)


def test_no_unit_stands_in_words_or_repr(found: Evaluation, table: pd.DataFrame) -> None:
    said = repr(found) + found.summary() + found.to_frame().to_csv() + description(found.plot()).alternative
    assert not [unit for unit in table["id"] if unit in said]


def test_the_figure_shows_the_ways_with_what_they_reached(found: Evaluation) -> None:
    ax = found.plot(language="en")
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "The model's list"
    assert len(description(ax).data) == len(ax.patches) == 4
    assert description(ax).alternative == found.verdict.summary("en")


def test_the_same_seed_gives_the_same_answer(table: pd.DataFrame) -> None:
    first, again = (
        evaluate(task(), table, as_of_dates=DATES[:2], learners=["line"], random_state=3).predictions for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, again)


def test_one_date_is_enough_and_said_and_all_dates_are_taken_where_none_is_named(table: pd.DataFrame) -> None:
    one = evaluate(task(), table[table["year"] < 2021], learners=["flag"])
    assert list(one.folds["as_of"].dt.year) == [2019, 2020]
    assert any("Only one date could be tested" in text for text in one.cautions())


def test_a_wrong_capacity_is_told_before_anything_is_done(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[Evaluation.__module__], "build_all", None)
    for capacity in (0, 3.0, 10**30):
        with pytest.raises(UsageError, match="whole number of persons"):
            evaluate(task(), table, as_of_dates=DATES, capacity=capacity)


def test_rows_of_persons_keep_their_domain(table: pd.DataFrame) -> None:
    border = Border(frozenset({"school"}), "id", "personal")
    one = evaluate(task(), mark(table, border), as_of_dates=DATES[:2], learners=["flag"])
    for rows in (one.predictions, one.history, one.latest):
        assert domains_of(rows) == {"school"}
    assert one.summary()


def test_below_enough_nothing_but_a_trial_is_shown_and_no_list_can_be_made(table: pd.DataFrame) -> None:
    few = evaluate(task(), table[table["year"] < 2021], learners=["line"])
    assert not few.enough.ok
    assert few.verdict.recommendation == few.enough.advice == "pool"
    assert few.model is None
    text = few.summary()
    assert "trial only: no list is made by this model" in text
    assert "Recommended: pool data with other municipalities. Too little is known of the past for a model" in text
    with pytest.raises(UsageError, match="too few"):
        few.score(table, as_of="2022-06-30")


def test_without_signal_the_flag_alone_is_chosen_and_no_list_advised() -> None:
    none = years(signal=0.0, seed=1)
    none["mark"] = np.random.default_rng(5).normal(size=len(none))
    one = evaluate(task(), none, as_of_dates=DATES, learners=["line"])
    assert one.chosen == "flag"
    assert one.verdict.recommendation != "list"


def test_who_was_helped_is_told_and_both_figures_given(table: pd.DataFrame) -> None:
    last = table[(table["year"] == 2022) & (table["absence"] > 1.2)]
    treated = pd.DataFrame({"unit": last["id"], "treated": True, "listed": "2022-06-30", "date": "2022-09-01"})
    treated.iloc[0, 1] = False
    one = evaluate(task(), table, as_of_dates=[DATES[2], DATES[3]], learners=["flag"], treated=treated)
    assert one.helped.set_index("as_of").loc["all"].tolist() == [len(last), len(last) - 1]
    assert one.predictions["helped"].sum() == len(last) - 1
    assert one.reach_without_helped is not None
    assert one.reach_without_helped["units"].iloc[0] == 160 - len(last) + 1
    assert any("Already listed and helped" in text and "without" in text for text in one.cautions())


def test_help_outside_the_period_does_not_count(table: pd.DataFrame) -> None:
    units = table.loc[table["year"] == 2022, "id"]
    treated = pd.DataFrame({"unit": units, "treated": True, "listed": "2024-06-30", "date": None})
    one = evaluate(task(), table, as_of_dates=DATES[2:], learners=["flag"], treated=treated)
    assert one.helped["listed"].sum() == 0
    assert one.reach_without_helped is None


def test_treatments_of_another_shape_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(TableError, match="treated"):
        evaluate(task(), table, as_of_dates=DATES[:2], learners=["line"], treated=table[["id"]])


def test_wrong_calls_are_refused_at_once(table: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="as_of_dates is empty"):
        evaluate(task(), table, as_of_dates=[])
    with pytest.raises(UsageError, match="learners"):
        evaluate(task(), table, as_of_dates=DATES, learners=["forest"])
    with pytest.raises(NoData, match="name also as-of dates up to"):
        evaluate(task(), table, as_of_dates=DATES[:1])


def test_too_few_events_to_say_anything(table: pd.DataFrame) -> None:
    late = (table["year"] == 2020) & (table["left"] == "yes")
    with pytest.raises(TooFewUnits, match="can be tested"):
        evaluate(task(), table.drop(index=table[late].index[4:]), as_of_dates=DATES[:2], learners=["line"])
