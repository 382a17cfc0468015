from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kommunanalys.early_warning.groups import group_report
from kommunanalys.early_warning.intervals import share
from kommunanalys.errors import TableError, UsageError
from kommunanalys.figures import description


def predictions(n=1200, *, worse=False, seed=0):
    rng = np.random.default_rng(seed)
    risk = rng.beta(1, 3, n)
    sex = np.tile(["f", "m"], n // 2)
    truth = np.where((sex == "m") & worse, rng.permutation(risk), risk)
    table = pd.DataFrame({"as_of": np.repeat([1, 2], n // 2), "unit": range(n), "person": range(n), "risk": risk})
    return table.assign(place=np.repeat(["a", "b", "c"], n // 3), y=(rng.uniform(size=n) < truth) * 1.0, sex=sex)


def test_figures_by_hand():
    table = predictions()
    report = group_report(table, threshold=0.4)
    row = report.to_frame().set_index("value").loc["m"]
    own = table[table["sex"] == "m"]
    chosen, event = own["risk"] >= 0.4, own["y"] == 1
    assert row["units"] == 600
    assert row["recall"] == pytest.approx((chosen & event).sum() / event.sum())
    assert row["precision"] == pytest.approx((chosen & event).sum() / chosen.sum())
    assert row["false_alarms"] == pytest.approx((chosen & ~event).sum() / (~event).sum())
    assert row["calibration"] == pytest.approx((own["risk"] - own["y"]).mean())
    assert row["recall_low"] == pytest.approx(share(chosen * 1.0, event * 1.0, own["person"]).low)
    assert row["slope_low"] < row["slope"] < row["slope_high"]


def test_the_capacity_is_that_of_each_place_on_each_date():
    table = predictions()
    listed = group_report(table, capacity=50, per="place").to_frame()["listed"]
    # Places a and b stand on date 1, b and c on date 2: four lists of fifty.
    assert listed.sum() == pytest.approx(200)
    assert group_report(table, capacity=60).to_frame()["listed"].sum() == pytest.approx(120)


def test_equal_risks_share_the_last_places():
    table = predictions().assign(risk=0.3)
    assert group_report(table, capacity=100).to_frame()["listed"].tolist() == [100.0, 100.0]


def test_a_group_that_is_served_worse_is_said_to_differ():
    report = group_report(predictions(4200, worse=True), threshold=0.4)
    judged = report.differences.set_index("measure")["judged"]
    assert judged["precision"] == "differs"
    assert "percentage points" in report.summary("en")


def test_groups_that_are_served_alike_are_not():
    report = group_report(predictions(seed=2), threshold=0.4)
    assert set(report.differences["judged"]) == {"not enough to tell"}
    assert "not enough to tell" in report.summary("en")


def test_few_persons_stand_with_the_smallest_other_value_and_cannot_be_worked_out_from_the_total():
    table = predictions()
    table["language"] = ["x"] * 3 + [None] + ["fi"] * 399 + ["sv"] * 797
    report = group_report(table, groups=["language"], threshold=0.4)
    assert report.to_frame()[["value", "units", "hidden"]].to_numpy().tolist() == [
        ["sv", 797, ""],
        ["fi or other", 403, ""],
    ]


def test_a_value_of_a_single_person_is_named_nowhere():
    table = predictions()
    table["language"] = ["Klingon of Anna"] + ["yy"] * 4 + [None] * 40 + ["fi"] * 400 + ["sv"] * 755
    report = group_report(table, groups=["language"], threshold=0.4)
    assert report.to_frame().set_index("value")["units"].to_dict() == {"sv": 755, "fi": 400, "other or not stated": 45}
    drawn = description(report.plot())
    told = (report.summary("en"), report.to_frame().to_string(), report.differences.to_string(), str(drawn.data))
    assert not any("Klingon" in one or "yy" in one for one in (*told, str(drawn.alternative)))


def test_cells_of_the_list_below_five_are_hidden_with_their_complement():
    # Two of the girls with the event are listed: neither recall, precision nor false alarms may tell.
    table = predictions(600)
    table["y"] = 0.0
    table.loc[table["sex"].eq("f") & (table.index < 20), "y"] = 1.0
    table.loc[table["sex"].eq("m") & (table.index < 200), "y"] = 1.0
    table["risk"] = np.where(table["y"] == 1, 0.2, 0.1)
    table.loc[table.index[table["sex"] == "f"][:2], "risk"] = 0.9
    table.loc[table.index[table["sex"] == "m"][:150:2], "risk"] = 0.9
    frame = group_report(table, threshold=0.5).to_frame().set_index("value")
    assert frame["hidden"].tolist() == ["list", "list"]
    assert frame["events"].tolist() == [10, 100]
    assert frame[["listed", "recall", "precision", "false_alarms"]].isna().all(axis=None)


def test_a_group_in_which_all_had_the_event_is_hidden():
    table = predictions()
    table.loc[table["sex"] == "f", "y"] = 1.0
    assert set(group_report(table, threshold=0.4).to_frame()["hidden"]) == {"events"}


def test_fewer_than_five_persons_in_all_are_hidden():
    table = predictions().iloc[[0, 1, 600]]
    assert group_report(table, threshold=0.4).to_frame()[["value", "hidden"]].to_numpy().tolist() == [
        ["other or not stated", "all"]
    ]


def test_missing_groups_are_a_group():
    table = predictions()
    table.loc[:399, "sex"] = None
    assert "other or not stated" in set(group_report(table, threshold=0.4).to_frame()["value"])


def test_an_evaluation_brings_its_task():
    sex = SimpleNamespace(name="sex", label={"sv": "Kön", "fi": "Sukupuoli", "en": "Sex"})
    task = SimpleNamespace(groups=(sex,), capacity=50, per="school")
    report = group_report(SimpleNamespace(predictions=predictions(), task=task))
    assert report.to_frame()["listed"].sum() == pytest.approx(200)
    assert report.rule == "capacity 50 per school"
    assert report.summary("sv").startswith("Kön, ")
    assert description(report.plot(language="fi")).data.index[0].startswith("Sukupuoli: ")


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_words_and_figure(language):
    table = predictions()
    table["language"] = ["x"] * 3 + ["fi"] * 400 + ["sv"] * 797
    report = group_report(table, threshold=0.4)
    assert "language, sv" in report.summary(language)
    assert len(description(report.plot(language=language)).data) == 4


def test_nothing_of_a_person_in_the_repr():
    # The figures hold no names of persons, but a group may be small.
    assert repr(group_report(predictions(), threshold=0.4)) == "GroupReport(rule='risk from 0.4')"


def test_a_threshold_that_nobody_reaches():
    report = group_report(predictions(), threshold=0.999)
    assert report.to_frame()["precision"].isna().all()
    assert report.to_frame()["recall"].tolist() == [0.0, 0.0]
    assert "reaches 0%" in report.summary("en")


def test_bad_input_is_refused():
    table = predictions()
    with pytest.raises(UsageError, match="capacity=5"):
        group_report(table)
    with pytest.raises(UsageError, match="capacity=5"):
        group_report(table, capacity=5, threshold=0.4)
    with pytest.raises(UsageError, match="language"):
        group_report(table, capacity=5, groups=["language"])
    with pytest.raises(TableError, match="risk"):
        group_report(table.drop(columns="risk"), capacity=5)
    with pytest.raises(TableError, match="without an outcome"):
        group_report(table.assign(y=np.nan), capacity=5)
