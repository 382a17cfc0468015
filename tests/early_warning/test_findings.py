"""What an evaluation found, let out: no figure of few persons, sentences of the library only, in all languages."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kommunanalys import paths
from kommunanalys.early_warning.calibration import calibration
from kommunanalys.early_warning.drift import DriftReport
from kommunanalys.early_warning.findings import findings
from kommunanalys.early_warning.groups import group_report
from kommunanalys.early_warning.recommend import recommend
from kommunanalys.early_warning.report import answer, section
from kommunanalys.early_warning.splits import NO_PAST
from kommunanalys.early_warning.strategies import reach
from kommunanalys.errors import ReleaseRefused, UsageError
from tests.messages import in_code

SOURCE = pd.DataFrame()


def evaluated(people=300, dates=2, strong=True):
    """An evaluation in which the highest risks have the outcome, or nobody can tell."""
    rng = np.random.default_rng(1)
    risk = rng.beta(1, 4, people * dates)
    y = (rng.uniform(size=len(risk)) < (risk if strong else risk.mean())) * 1.0
    table = pd.DataFrame({"as_of": np.repeat([2, 3][:dates], people), "person": [f"person{n}" for n in range(len(y))]})
    table = table.assign(unit=table["person"], place=np.tile(list("abc"), len(y) // 3), y=y, risk=risk)
    table = table.assign(flag=rng.uniform(size=len(y)), sex=np.tile(["f", "m"], len(y) // 2), helped=False)
    ways = reach(table, capacity=60)
    days = [1, 2, 3][: dates + 1]
    folds = pd.DataFrame({"as_of": days, "tested": [False] + [True] * dates, "why": [NO_PAST] + [""] * dates})
    folds = folds.assign(units=people, events=[0, *table.groupby("as_of")["y"].sum().astype(int)])
    sex = SimpleNamespace(name="sex", label={"en": "Sex", "sv": "Kön", "fi": "Sukupuoli"})
    outcome = SimpleNamespace(horizon="1")
    return SimpleNamespace(
        task=SimpleNamespace(groups=(sex,), features=(), outcome=outcome, capacity=60, per="", title={"en": "Who?"}),
        predictions=table,
        folds=folds,
        candidates=pd.DataFrame({"candidate": ["flag", "line"], "log_loss": 0.43, "brier": 0.14, "auc": 0.71}),
        chosen="line",
        calibration=calibration(y, risk),
        reach=ways,
        verdict=recommend(table, ways, capacity=60),
        helped=pd.DataFrame({"as_of": ["all"], "listed": [0], "helped": [3]}),
        enough=SimpleNamespace(ok=True, events=int(y.sum()), persons=len(y)),
        capacity=60,
    )


@pytest.fixture(scope="module")
def evaluation():
    return evaluated()


@pytest.fixture
def drift():
    columns = pd.DataFrame(
        {"psi": [0.31, 0.02], "expected": 0.03, "missing_then": [0.0, 0.1], "missing_now": 0.1,
         "reasons": [("distribution",), ()]}, index=["absence", "marks"],
    )  # fmt: skip
    return DriftReport(columns, 300, 290, {})


def test_tables_and_sentences_stand_beside_each_other(evaluation, drift):
    told = findings(evaluation, groups=group_report(evaluation), drift=drift, source=SOURCE, language="en")
    assert told.tables == (
        "reach",
        "cohorts",
        "calibration",
        "parts",
        "candidates",
        "enough",
        "groups",
        "errors",
        "drift",
    )
    assert told.caption("reach") == "Whom each way to use the same capacity reaches"
    hits = evaluation.verdict.reached.loc["model"]
    printed = told.table("reach").loc["The model's list"]
    for part, of, heading in (
        ("precision", hits["listed"], "With the outcome, of those chosen (%)"),
        ("recall", hits["events"], "Chosen, of those with the outcome (%)"),
    ):
        assert abs(printed[heading] - 100 * hits[part]) <= 300 / of + 0.5, "off by three persons at most"
        assert printed[f"{heading}, from"] <= 100 * hits[f"{part}_low"]
        assert printed[f"{heading}, to"] >= 100 * hits[f"{part}_high"]
    assert told.text("list").startswith("Of 10 on the model's list, the outcome came for about ")
    assert told.text("recommendation").startswith("Recommended: a list of individuals.")
    assert told.text("untested 1") == "Not tested: 1 (there is no earlier cohort)."
    assert told.text("changed absence").startswith("absence differs from the last cohort")
    assert "already been listed and helped" in told.text()
    assert told.table("groups").index.tolist() == ["Sex: f", "Sex: m"]


def test_it_can_be_said_in_every_language_and_all_its_texts_are_the_librarys(evaluation, drift):
    known = in_code()
    for language in ("sv", "fi", "en"):
        told = findings(evaluation, groups=group_report(evaluation), drift=drift, source=SOURCE, language=language)
        assert set(told.templates) <= known
        assert len(told.texts) >= 10
        assert "{" not in told.text()


def test_one_hidden_group_hides_nothing_else(evaluation):
    table = evaluation.predictions.assign(y=np.where(evaluation.predictions["sex"] == "f", 1.0, 0.0))
    hidden = group_report(table, capacity=60, groups=["sex"])
    assert hidden.groups["hidden"].ne("").all()
    told = findings(evaluation, groups=hidden, source=SOURCE, language="en")
    assert told.table("groups").isna().any(axis=None)
    assert told.table("reach").equals(findings(evaluation, source=SOURCE, language="en").table("reach"))
    assert told.table("reach").notna().all(axis=None)


def test_a_value_of_a_single_person_is_not_let_out(evaluation):
    table = evaluation.predictions.copy()
    table.loc[0, "sex"] = "Klingon of Anna"
    told = findings(evaluation, groups=group_report(table, capacity=60, groups=["sex"]), source=SOURCE, language="en")
    assert "Klingon" not in str(told.told)
    assert set(told.table("groups").index) == {"Sex: m", "Sex: f or other"}


def test_the_words_are_no_surer_than_the_printed_figures(evaluation):
    told = findings(evaluation, source=SOURCE, language="en")
    ends = told.table("reach").loc["The model's list"].iloc[1:3].to_numpy()
    low, high = map(int, re.search(r"\((\d+) to (\d+)\)", told.text("list")).groups())
    assert low <= ends[0] / 10 < low + 1
    assert high - 1 < ends[1] / 10 <= high


def test_the_source_must_be_of_the_domains_of_the_evaluation(evaluation):
    people = [f"school:{n:032x}" for n in range(len(evaluation.predictions))]
    told = SimpleNamespace(**{**vars(evaluation), "predictions": evaluation.predictions.assign(person=people)})
    for wrong in (SOURCE, {"a": pd.DataFrame({"person": ["social_services:" + 32 * "0"]})}):
        with pytest.raises(UsageError, match="of persons of school"):
            findings(told, source=wrong, language="en")
    assert findings(told, source=[pd.DataFrame({"person": people[:1]})], language="en").tables


def test_no_signal_recommends_help_in_common():
    told = findings(evaluated(strong=False), source=SOURCE, language="en")
    assert told.text("recommendation").startswith("Recommended: help in common")


def test_a_small_cohort_hides_what_few_persons_stand_behind():
    few = evaluated(people=60, dates=1)
    told = findings(few, source=SOURCE, language="en")
    events = int(few.predictions["y"].sum())
    assert events < 20
    assert told.table("reach")["Chosen, of those with the outcome (%)"].isna().all()
    assert told.text("missed") == "There are too few persons to say this."
    assert "single" in [one["key"] for one in told.told["texts"]]


def test_without_an_evaluation_it_says_that_there_is_too_little():
    known = SimpleNamespace(ok=False, events=14, persons=210)
    told = findings(None, enough=known, source=SOURCE, language="en")
    assert told.table("enough")["Number"].tolist() == [15.0, 207.0]
    assert told.text("enough").startswith("That is too few")
    with pytest.raises(ReleaseRefused):
        findings(None, enough=SimpleNamespace(ok=False, events=3, persons=9), source=SOURCE, language="en")


def test_nobody_and_no_exact_number_stands_in_the_memory(evaluation):
    findings(evaluation, groups=group_report(evaluation), source=SOURCE, language="en")
    text = "".join(path.read_text(encoding="utf-8") for path in (paths.state_dir() / "releases").glob("*.json"))
    assert "person1" not in text
    assert str(evaluation.verdict.reached.loc["model", "precision"]) not in text


def test_it_is_said_in_the_answer_that_the_list_reaches_one_group_less(evaluation):
    table = evaluation.predictions
    wise = np.where(table["sex"] == "m", table["y"], 0.0)
    unequal = group_report(table.assign(risk=0.5 * table["risk"] + 0.5 * wise), capacity=60, groups=["sex"])
    one = unequal.groups.set_index("value")["recall"]
    assert one["m"] - one["f"] > 0.3
    told = findings(evaluation, groups=unequal, source=SOURCE, language="en")
    (said,) = [text for text in answer(told) if "among those with" in text]
    x, y = (float(number) for number in re.findall(r"about (\d+)", said))
    first = re.search("Sex: (.)", said)[1]
    assert (x < y) == (first == "f")
    assert said not in section(told, "groups")


def test_groups_whose_printed_intervals_meet_are_not_held_against_each_other(evaluation):
    told = findings(evaluation, groups=group_report(evaluation), source=SOURCE, language="en")
    low, high = told.table("groups").iloc[:, 2], told.table("groups").iloc[:, 3]
    assert low.max() <= high.min()
    assert not any("among those with" in text for text in answer(told))
