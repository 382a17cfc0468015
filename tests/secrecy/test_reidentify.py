"""From pseudonyms back to identities: those asked for, with a reason, and nothing that shows them."""

import copy
import json
import pickle
import traceback

import pandas as pd
import pytest

from kommunanalys import journal
from kommunanalys.errors import KommunanalysError, UsageError
from kommunanalys.paths import data_dir, state_dir
from kommunanalys.secrecy.keys import rotate
from kommunanalys.secrecy.link import link
from kommunanalys.secrecy.register import read_register
from kommunanalys.secrecy.reidentify import identities
from tests.secrecy.people import DAY, many, permit, register, two

WHY = "List for the support team"


@pytest.fixture
def school(tmp_path, capsys):
    return register(tmp_path, "pupils.csv", many(30), "school", row=list(range(30)))


def test_each_pseudonym_leads_back_to_its_own_identity(school):
    asked = school[school["row"].isin([3, 17])]
    found = identities(school, asked["hetu"], purpose=WHY)
    people = many(30)
    by_number = {row: found[name] for name, row in zip(asked["hetu"], asked["row"], strict=True)}
    assert by_number == {3: people[3], 17: people[17]}
    assert len(found) == 2


def test_the_example_register_with_its_spellings(capsys):
    path = data_dir() / "example" / "registers" / "school.csv"
    table = read_register(path, domain="school", identity="personal_identity_code", protected="protected")
    some = table["personal_identity_code"].dropna().unique()[:40]
    found = identities(table, some, purpose=WHY)
    raw = pd.read_csv(path, sep=";", dtype=str)["personal_identity_code"].str.replace(" ", "").str.upper()
    assert set(found.values()) <= set(raw)
    assert len(set(found.values())) == 40


def test_the_journal_knows_why_and_how_many_but_not_who(school):
    identities(school, school["hetu"], purpose=WHY)
    line = journal.read()[-1]
    assert (line["kind"], line["facts"]) == ("reidentified", {"domain": "school", "persons": 30, "purpose": WHY})
    identities(school, school["hetu"].head(2), purpose=WHY)
    assert journal.read()[-1]["facts"]["persons"] == "<5"
    text = (state_dir() / "journal" / "journal.jsonl").read_text(encoding="utf-8")
    assert not any(person in text for person in many(30))


def test_nothing_shows_or_saves_them(school):
    found = identities(school, school["hetu"], purpose=WHY)
    shown = repr(found) + str(found) + repr(found.items()) + repr(found.values()) + repr([found])
    assert not any(person in shown for person in many(30))
    for save in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(UsageError):
            save(found)
    with pytest.raises(TypeError):
        json.dumps(found)
    with pytest.raises(UsageError) as failure:
        found["school:" + 32 * "0"]
    assert 32 * "0" not in str(failure.value)


def test_several_files_of_one_domain(tmp_path, school):
    other = register(tmp_path, "more.csv", many(10, start=100), "school", row=list(range(100, 110)))
    both = pd.concat([school, other])
    assert sorted(identities(both, both["hetu"], purpose=WHY).values()) == sorted(many(30) + many(10, start=100))


def test_nobody_outside_the_table_is_looked_up(school):
    with pytest.raises(UsageError, match="fewer than 5 of the pseudonyms"):
        identities(school.head(10), school["hetu"].tail(3), purpose=WHY)
    with pytest.raises(UsageError, match="No pseudonyms"):
        identities(school, [], purpose=WHY)
    with pytest.raises(UsageError, match="also for one"):
        identities(school, school["hetu"].iloc[0], purpose=WHY)
    assert journal.read()[-1]["kind"] == "reading"


@pytest.mark.parametrize("purpose", ["", "  ", f"about {many(1)[0]}"])
def test_a_purpose_in_words_is_needed(school, purpose):
    with pytest.raises(UsageError, match="in words"):
        identities(school, school["hetu"], purpose=purpose)


def test_linked_and_plain_tables_are_refused(tmp_path, capsys):
    linked = link(*two(tmp_path), permit=permit(tmp_path), today=DAY)
    with pytest.raises(UsageError, match="linked table"):
        identities(linked, linked["hetu"], purpose=WHY)
    with pytest.raises(UsageError, match="read_register"):
        identities(pd.DataFrame({"hetu": ["a"]}), ["a"], purpose=WHY)


def test_a_changed_file_or_key_is_refused_without_showing_anybody(tmp_path, school):
    wanted = school["hetu"]
    with pytest.raises(UsageError, match="is gone"):
        identities(school.drop(columns="hetu"), wanted, purpose=WHY)
    rotate("school")
    with pytest.raises(KommunanalysError, match="replaced"):
        identities(school, wanted, purpose=WHY)
    again = register(tmp_path, "pupils.csv", many(30), "school", row=list(range(30)))
    (tmp_path / "pupils.csv").write_text("hetu;row\n" + many(1)[0] + ";1\n", encoding="utf-8")
    with pytest.raises(KommunanalysError, match="has changed") as failure:
        identities(again, again["hetu"], purpose=WHY)
    assert not any(person in "".join(traceback.format_exception(failure.value)) for person in many(30))


def test_an_error_at_the_second_file_shows_nobody_of_the_first(tmp_path, school):
    other = register(tmp_path, "more.csv", many(10, start=100), "school", row=list(range(100, 110)))
    both = pd.concat([school, other])
    (tmp_path / "more.csv").write_text("hetu;row\n", encoding="utf-8")
    with pytest.raises(KommunanalysError, match="has changed") as failure:
        identities(both, both["hetu"], purpose=WHY)
    step, held = failure.value.__traceback__.tb_next, ""
    while step is not None:
        held += repr(step.tb_frame.f_locals)
        step = step.tb_next
    assert "Revealed" in held
    assert not any(person in held for person in many(30))
