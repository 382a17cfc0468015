"""The card has the annex's nine headings, figures of the run itself, and nobody in it."""

import dataclasses
import re

import pandas as pd
import pytest

from kommunanalys import origin, secrecy
from kommunanalys.early_warning.card import model_card
from kommunanalys.early_warning.evaluate import evaluate
from kommunanalys.early_warning.groups import group_report
from kommunanalys.early_warning.papers import papers
from kommunanalys.early_warning.scoring import fingerprint
from kommunanalys.early_warning.task import Task
from kommunanalys.errors import UsageError
from kommunanalys.language import Speaker
from kommunanalys.paths import data_dir

DATES = ["2019-06-30", "2020-06-30", "2021-06-30", "2022-06-30"]


@dataclasses.dataclass
class Told:
    """A result that says something."""

    text: str

    def summary(self, language="en"):
        return f"{self.text} ({language})"


@pytest.fixture(scope="module", autouse=True)
def state(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KOMMUNANALYS_STATE", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="module")
def tables(state):
    folder = data_dir() / "example" / "pupils"
    names = ("school", "leaving")
    return {
        name: secrecy.read_register(folder / f"{name}.csv", domain="school", identity="personal_identity_code")
        for name in names
    }


@pytest.fixture(scope="module")
def evaluation(tables):
    task = Task.read(data_dir() / "example" / "tasks" / "dropout.toml")
    return evaluate(task, tables, as_of_dates=DATES, learners=("line",))


@pytest.fixture(scope="module")
def groups(evaluation):
    return group_report(evaluation)


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_nine_sections_in_order(evaluation, language):
    card = model_card(evaluation, language=language)
    assert [one.number for one in card.sections] == list(range(1, 10))
    assert all(one.text and one.heading for one in card.sections)
    text = card.to_markdown()
    assert re.findall(r"^## (\d)", text, re.MULTILINE) == [*"123456789"]
    assert not re.search(r"\{\w+\}|\bnan\b|\bNone\b", text)
    assert evaluation.verdict.summary(language) in text
    assert all(one in text for one in evaluation.cautions(language))


def test_figures_are_those_of_the_evaluation(evaluation):
    say, text = Speaker("en"), model_card(evaluation).to_markdown()
    row = evaluation.reach.query("strategy == 'model' and as_of == 'all'").iloc[0]
    precision, low, high = (say.percent(100 * row[f"precision{end}"]) for end in ("", "_low", "_high"))
    recall = say.percent(100 * row["recall"])
    assert f"| The model's list | {say.number(row['listed'])} | {precision} ({low} to {high}) | {recall} (" in text
    slope = evaluation.calibration.measures.loc["slope"]
    assert f"| Slope | {slope['value']:.3f} | {slope['low']:.3f} | {slope['high']:.3f} | 1 |" in text
    last = evaluation.folds[evaluation.folds["tested"]].iloc[-1]
    assert re.search(rf"\| {str(last['as_of'])[:10]} \| .* \| {last['units']:,} \| {last['events']} \|", text)
    assert f"**{evaluation.chosen}** | " in text
    assert fingerprint(evaluation)[:16] in text
    assert "scikit-learn" in text
    assert "Random seed of the model: 7." in model_card(dataclasses.replace(evaluation, random_state=7)).to_markdown()


def test_small_counts_are_hidden(evaluation):
    folds = evaluation.folds.copy()
    folds.loc[folds["tested"], "events"] = 3
    reach = evaluation.reach.copy()
    reach.loc[reach["strategy"] == "model", ["hits"]] = 3.0
    few = dataclasses.replace(evaluation, folds=folds, reach=reach)
    text = model_card(few).to_markdown()
    assert "| fewer than 5 |" in text
    assert "| 3 |" not in text
    assert re.search(r"\| The model's list \| [\d,]+ \| – \| – \|", text)
    assert "fewer than 5 persons: not shown" in papers(few)["impact_assessment"].to_markdown()


def test_few_in_a_cohort_come_out_by_no_subtraction(evaluation):
    assert "hidden |" not in model_card(evaluation).to_markdown()
    others = evaluation.folds["events"].tolist()[1:]
    assert min(others) >= 10
    folds = evaluation.folds.assign(events=[3, *others])
    few = dataclasses.replace(evaluation, folds=folds)
    rows = re.findall(r"^\| 20\d\d-06-30 \| .*$", model_card(few).to_markdown(), re.MULTILINE)
    assert [row.split(" | ")[-1] for row in rows] == ["fewer than 5 |", *["hidden |"] * len(others)]
    assert f"of {folds['train_events'].iloc[-1]:,}" not in " ".join(rows)
    assert re.search(r"the outcome came for about \d+0 of them", few.summary("en"))


def test_the_others_results_are_told_or_said_to_be_missing(evaluation, groups):
    bare = model_card(evaluation).to_markdown()
    assert bare.count("not examined yet") == 3
    told = model_card(evaluation, groups=groups, drift=Told("D"), leakage=Told("L")).to_markdown()
    assert "not examined" not in told
    assert "D (en)" in told
    assert "L (en)" in told
    assert all(line in told for line in groups.summary("en").splitlines())


def test_figures_by_group_are_those_of_the_report_and_hidden_ones_stay_hidden(evaluation, groups):
    say = Speaker("en")
    told = model_card(evaluation, groups=groups).to_markdown()
    row = groups.groups.iloc[0]
    recall, low, high = (say.percent(100 * row[f"recall{end}"]) for end in ("", "_low", "_high"))
    called = groups.called(row["group"], "en")
    assert f"| {called}: {row['value']} | {row['units']:,.0f} | {recall} ({low} to {high}) |" in told
    hidden = groups.groups.astype(object)
    figures = [name for name in hidden.columns if name not in ("group", "value", "hidden")]
    hidden.loc[0, figures] = None
    hidden.loc[0, "hidden"] = "all"
    told = model_card(evaluation, groups=dataclasses.replace(groups, groups=hidden)).to_markdown()
    assert f"| {called}: {row['value']} | hidden | – | – | – | – |" in told


def test_what_nobody_stated_is_marked(evaluation):
    card = model_card(evaluation)
    assert "provider" in card.missing
    assert "**Provider:** **not stated**." in card.sections[0].text
    assert card.sections[6].text == "As stated: **not stated**."
    told = {**evaluation.task.steward, "standards": {"en": "None"}}
    task = dataclasses.replace(evaluation.task, steward=told)
    assert model_card(dataclasses.replace(evaluation, task=task)).sections[6].text == "As stated: None."


def test_origins_are_those_of_the_session_or_as_given(evaluation):
    one = origin.Origin("Town", "pupils.csv", "ab" * 32, "own", "Own register", "2026-11-01T00:00:00+00:00")
    said = "Own register: pupils.csv (SHA-256 abababababab, 2026-11-01)"
    assert said in model_card(evaluation, origins=[one]).sections[1].text
    origin.record(pd.DataFrame(), [one])
    assert said in model_card(evaluation).sections[1].text
    assert "No origin was recorded" in model_card(evaluation, origins=[]).sections[1].text


def test_a_task_without_its_file(evaluation, tmp_path):
    for path, said in ((None, "declared in code"), (tmp_path / "gone.toml", "gone.toml, which is no longer there")):
        task = dataclasses.replace(evaluation.task, path=path)
        assert said in model_card(dataclasses.replace(evaluation, task=task)).sections[0].text


def test_nobody_is_in_the_card_or_the_papers(evaluation, tables):
    texts = [model_card(evaluation).to_markdown(), *(one.to_markdown() for one in papers(evaluation).values())]
    whole = "\n".join(texts) + repr(model_card(evaluation))
    persons = pd.unique(pd.DataFrame(tables["school"])["personal_identity_code"].dropna())
    assert len(persons) > 1000
    assert not [one for one in persons if one in whole]
    assert not re.search(r"\d{6}[-+A-Y]\d{3}\w", whole)


def test_papers_of_an_evaluation_tell_its_result(evaluation):
    drafts = papers(evaluation, groups=Told("Some\nwords"), drift=Told("D\nE"), language="fi")
    text = drafts["impact_assessment"].to_markdown()
    assert evaluation.verdict.summary("fi") in text
    assert "- Some\n- words (fi)" in text
    assert "| D E (fi) |" in text
    assert "not examined yet" not in text


def test_written_privately(evaluation, tmp_path):
    path = model_card(evaluation, language="sv").write(tmp_path)
    assert path.name == "dropout-model_card-sv.md"
    assert path.read_text(encoding="utf-8").startswith("# Modellkort:")


def test_an_unknown_language_is_refused(evaluation):
    with pytest.raises(UsageError, match="language"):
        model_card(evaluation, language="no")
