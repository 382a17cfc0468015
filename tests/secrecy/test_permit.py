"""A permit allows what it says, and a refusal names all that is missing."""

import dataclasses
from datetime import date

import pandas as pd
import pytest

from kommunanalys import journal
from kommunanalys.errors import PermitError
from kommunanalys.language import LANGUAGES
from kommunanalys.secrecy.permit import Permit
from tests.secrecy.people import DAY, PERMIT, permit

BOTH = ["school", "social_services"]


def test_what_stands_in_the_file(tmp_path):
    found = permit(tmp_path)
    assert (found.id, found.domains, found.population) == ("free_zone", tuple(BOTH), "All pupils")
    assert found.columns == {"school": ("grade",), "social_services": ("measure",)}
    assert (found.valid_from, found.valid_until) == (date(2026, 8, 1), date(2027, 7, 31))
    assert len(found.sha256) == 64


@pytest.mark.parametrize("day", [date(2026, 8, 1), DAY, date(2027, 7, 31)])
def test_it_holds_from_its_first_to_its_last_day(tmp_path, day):
    permit(tmp_path).check(BOTH, today=day)
    assert journal.read() == []


def test_all_that_is_missing_is_named_at_once(tmp_path):
    with pytest.raises(PermitError) as caught:
        permit(tmp_path).check(
            [*BOTH, "health_care"],
            columns={"school": ["grade", "absence", "marks"], "health_care": ["diagnosis"]},
            purpose="Planning",
            today=date(2027, 8, 1),
        )
    told = str(caught.value)
    for part in (
        "ended on 2027-07-31",
        "not 'Planning'",
        "Health care is not in it",
        "absence and marks",
        "A. Example",
    ):
        assert part in told
    assert "diagnosis" not in told
    line = journal.read()[-1]
    assert (line["kind"], line["facts"]["permit"]) == ("refusal", "free_zone")


def test_not_yet_valid(tmp_path):
    with pytest.raises(PermitError, match="begins on 2026-08-01"):
        permit(tmp_path).check(BOTH, today=date(2026, 7, 31))


def test_the_purpose_may_be_written_in_any_case(tmp_path):
    permit(tmp_path).check(BOTH, purpose=" early SUPPORT", today=DAY)


def test_all_faults_are_listed_at_once(tmp_path):
    with pytest.raises(PermitError) as caught:
        permit(
            tmp_path,
            purpose=None,
            decision='" "',
            valid_from='"2026-08-01"',
            domains='["school", "kitchen"]',
            extra="1",
        )
    told = str(caught.value)
    for part in (
        "purpose is missing",
        "decision is missing",
        "must be dates",
        "'kitchen' is unknown",
        "extra is nothing",
    ):
        assert part in told
    assert "columns of kitchen are not listed" in told


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"domains": '["school"]'}, "at least two"),
        ({"domains": '"school"'}, "at least two"),
        ({"domains": '["school", ["x"]]'}, "at least two"),
        ({"domains": '["school", "school"]'}, "at least two"),
        ({"domains": '["school", {a = 1}]'}, "at least two"),
        ({"key_fingerprint": "5"}, "key_fingerprint is missing"),
        ({"id": "5"}, "small letters"),
        ({"id": '["x"]'}, "small letters"),
        ({"valid_until": "2026-01-01"}, "ends before it begins"),
        ({"valid_until": "2026-01-01T00:00:00"}, "must be dates"),
        ({"population": None}, "population.description is missing"),
        ({"population": "{ description = 'x', health_care = {} }"}, "population.health_care"),
        ({"population": "{ description = 'x', school = { grade = 7 } }"}, "population.school"),
        ({"id": "'Free Zone'"}, "small letters"),
    ],
)
def test_a_fault_is_named(tmp_path, changed, fault):
    with pytest.raises(PermitError, match=fault):
        permit(tmp_path, **changed)


def test_no_columns_are_named(tmp_path):
    with pytest.raises(PermitError, match="columns of school are not listed"):
        permit(tmp_path, PERMIT.partition("[columns]")[0])


def test_no_toml_and_no_file(tmp_path):
    for text in ("[", "a = 2026-13-45", "a = " + "[" * 5000):
        with pytest.raises(PermitError, match="no TOML") as caught:
            permit(tmp_path, text)
        assert caught.value.__context__ is caught.value.__cause__ is None
    (tmp_path / "latin.toml").write_bytes("purpose = 'Stöd'".encode("latin-1"))
    with pytest.raises(PermitError, match="no TOML file: UTF-8"):
        Permit.read(tmp_path / "latin.toml")
    with pytest.raises(PermitError, match="cannot be opened"):
        type(permit(tmp_path)).read(tmp_path / "none.toml")


def test_the_population(tmp_path):
    found = permit(tmp_path, population="{ description = 'Grades 7-8', school = { grade = [7, '8'] } }")
    table = pd.DataFrame({"grade": [7, 8, 9, 10]})
    assert found.population == "Grades 7-8"
    assert found.population_of("school", table).tolist() == [True, True, False, False]
    assert found.population_of("school", table.astype("str")).tolist() == [True, True, False, False]
    assert found.population_of("school", table.where(table > 7)).tolist() == [False, True, False, False]
    assert found.population_of("social_services", table).all()
    with pytest.raises(PermitError, match="told by grade, which the table of School lacks"):
        found.population_of("school", table.rename(columns={"grade": "class"}))


def test_a_changed_permit_is_another_one(tmp_path):
    found = permit(tmp_path)
    wider = dataclasses.replace(found, columns={"school": ["grade", "absence"], "social_services": ()})
    same = [dataclasses.replace(found) for _ in range(2)]
    assert wider.columns["school"] == ("grade", "absence")
    assert len({found.sha256, wider.sha256, same[0].sha256}) == 3
    assert same[0].sha256 == same[1].sha256
    with pytest.raises(ValueError, match="sha256"):
        dataclasses.replace(found, sha256=found.sha256)
    with pytest.raises(TypeError):
        found.columns["school"] = ("grade", "absence")
    narrow = permit(tmp_path, population="{ description = 'x', school = { grade = [7] } }")
    for held, name in ((narrow.only, "school"), (narrow.only["school"], "grade")):
        with pytest.raises(TypeError):
            held[name] = ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_summary(tmp_path, language):
    told = permit(tmp_path).summary(language)
    for part in ("Early support", "2027-07-31", "grade", "A. Example", "§ 45", "free_zone"):
        assert part in told
