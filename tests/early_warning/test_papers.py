"""Drafts: whole in three languages, every statement of law dated, what nobody stated named, nothing half written."""

import dataclasses
import os
import re
import stat
import string
from pathlib import Path

import pytest

from kommunanalys.early_warning.law import law
from kommunanalys.early_warning.papers import CARD, FOLDER, KINDS, STATED, _length, bullets, papers
from kommunanalys.early_warning.reading import read
from kommunanalys.errors import OutputError, UsageError
from kommunanalys.language import Speaker
from kommunanalys.paths import data_dir

LANGUAGES = ("sv", "fi", "en")


@pytest.fixture
def task():
    return read(data_dir() / "example" / "tasks" / "dropout.toml")


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("KOMMUNANALYS_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def fields(kind, language):
    text = (FOLDER / f"{kind}.{language}.md").read_text(encoding="utf-8")
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("kind", [*KINDS, CARD])
def test_the_three_languages_say_the_same(kind):
    assert fields(kind, "sv") == fields(kind, "fi") == fields(kind, "en")
    heads = [
        re.findall(r"^#+", (FOLDER / f"{kind}.{one}.md").read_text(encoding="utf-8"), re.MULTILINE) for one in LANGUAGES
    ]
    assert heads[0] == heads[1] == heads[2]


@pytest.mark.parametrize(
    ("language", "day", "never"),
    [
        ("sv", "22 november 2026", None),
        ("fi", "22. marraskuuta 2026", None),
        ("en", "looked up 22 November 2026", "not looked up yet"),
    ],
)
def test_the_day_stands_beside_each_statement(task, language, day, never):
    text = papers(task, language=language)["impact_assessment"].to_markdown()
    for name in ("gdpr_automated", "gdpr_assess"):
        said = law()[name].say(language)
        assert day in said
        assert said in text
    if never:
        assert never in law()["gdpr_basis"].say(language)
        assert law()["gdpr_basis"].say(language) in text


def test_every_key_that_can_be_stated_is_asked_for_and_nothing_else_is_unknown():
    asked = {name for kind in [*KINDS, CARD] for name in fields(kind, "en") if not name.startswith("law[")}
    assert set(STATED) <= asked
    known = {
        "title",
        "name",
        "today",
        "event",
        "cohort",
        "capacity",
        "columns",
        "columns_short",
        "groups_named",
        "left_out",
    }
    known |= {"verdict", "false_alarms", "missed", "by_group", "drift", "law_sources"}
    run = {"version", "fingerprint", "software", "machine", "chosen", "seed", "candidates", "folds", "calibration"}
    run |= {"reach", "cautions", "origins", "leakage"}
    assert asked - set(STATED) == known | run


@pytest.mark.parametrize("language", LANGUAGES)
def test_drafts_are_filled_from_the_task(task, language):
    drafts = papers(task, language=language)
    assert tuple(drafts) == KINDS
    for kind, draft in drafts.items():
        text = draft.to_markdown()
        assert task.title[language] in text, kind
        assert " ".join(task.steward["contact"][language].split()) in text, kind
        assert " ".join(task.steward["purpose"][language].split()) in text, kind
        assert not re.search(r"\{\w+\}|\.\.(?!\.)", text), kind
        assert "5 " in text
    for feature in task.features:
        assert feature.label[language] in drafts["guardians"].to_markdown()
        assert f"`{feature.known_from}`" in drafts["staff"].to_markdown()


def test_what_nobody_stated_is_marked_and_named(task):
    draft = papers(task)["guardians"]
    assert "objection" in draft.missing
    assert "contact" not in draft.missing
    assert "How: **not stated**." in draft.to_markdown()
    told = dataclasses.replace(task, steward={**task.steward, "objection": {"en": "Write to us | or call"}})
    draft = papers(told)["guardians"]
    assert "objection" not in draft.missing
    assert r"How: Write to us \| or call." in draft.to_markdown()


def test_a_text_in_one_language_stands_in_for_the_others(task):
    told = dataclasses.replace(task, steward={**task.steward, "dpo": {"sv": "Ombudet"}})
    assert "Ombudet." in papers(told, language="fi")["guardians"].to_markdown()


def test_tables_of_markdown_are_whole(task):
    told = dataclasses.replace(task, steward={key: {"en": "a | b\n\nc"} for key in STATED})
    for draft in papers(told).values():
        assert draft.missing == ()
        rows = [row for row in draft.to_markdown().splitlines() if row.startswith("| ")]
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(widths) <= 2, draft.kind
        assert all(row.rstrip().endswith("|") for row in rows), draft.kind


def test_an_unknown_key_is_refused(task):
    told = dataclasses.replace(task, steward={"purpos": {"en": "x"}})
    with pytest.raises(UsageError, match=r"purpos .*purpose"):
        papers(told)


def test_an_unknown_language_is_refused(task):
    with pytest.raises(UsageError, match="language"):
        papers(task, language="de")


def test_a_draft_says_that_nothing_was_examined(task):
    assert "not examined yet" in papers(task)["staff"].to_markdown()


def test_a_dated_event_is_told(task):
    event = dataclasses.replace(task.outcome, kind="event", column="day", event=())
    told = papers(dataclasses.replace(task, outcome=event, per=""))["deployer"].to_markdown()
    assert "5 in all" in told
    told = papers(dataclasses.replace(task, outcome=event))["impact_assessment"].to_markdown()
    assert "a dated event in the column `day`" in told


def test_a_task_without_objections_says_so(task):
    kept = papers(task)["guardians"].to_markdown()
    assert "Whoever has objected is left out" in kept
    none = papers(dataclasses.replace(task, objections=None))["guardians"].to_markdown()
    assert "Whoever has objected" not in none
    assert "names no file of those who have objected" in none


def test_written_among_the_private_state(task, state):
    path = papers(task, language="sv")["staff"].write()
    assert path == state / "papers" / "dropout-staff-sv.md"
    assert path.read_text(encoding="utf-8").startswith("# Till personalen")
    if os.name == "posix":
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_written_whole_or_not_at_all(task, tmp_path, monkeypatch):
    draft = papers(task)["staff"]
    path = draft.write(tmp_path / "out")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError()))
    with pytest.raises(OutputError, match="staff"):
        dataclasses.replace(draft, text="other").write(tmp_path / "out")
    assert path.read_text(encoding="utf-8") == draft.text
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_name_of_a_task_leads_out_of_no_folder(task, tmp_path):
    path = papers(dataclasses.replace(task, name="../../evil"))["staff"].write(tmp_path)
    assert path.parent == tmp_path


def test_no_repr_holds_a_text(task):
    assert len(repr(papers(task)["staff"])) < 300
    assert bullets(["a"]) == "- a"


def test_a_length_of_time_is_said_in_words_that_can_be_translated():
    say = Speaker("en")
    lengths = ("2", "1 year", "15 months", "270 days", "1 week")
    assert [_length(one, say) for one in lengths] == ["2", "one year", "15 months", "270 days", "one week"]
