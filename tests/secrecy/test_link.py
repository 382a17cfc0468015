"""The gate: what a permit lets through, and nothing else."""

import importlib
import json
import pickle
import traceback
import zipfile
from datetime import date

import numpy as np
import pandas as pd
import pytest

from kommunanalys import journal, origin
from kommunanalys.errors import KommunanalysError, NoData, PermitError, SecrecyBorder, UsageError
from kommunanalys.paths import state_dir
from kommunanalys.secrecy.keys import new_shared_key, rotate
from kommunanalys.secrecy.link import link, prepare, read_parcel
from tests.secrecy.people import DAY, PERMIT, finn, many, permit, register, swede, two


@pytest.fixture
def shared_permit(tmp_path, monkeypatch):
    """A permit with a key that is here."""
    monkeypatch.setenv("KOMMUNANALYS_PERMIT_KEY", str(tmp_path / "zone.key"))
    return permit(tmp_path, key_fingerprint=f'"{new_shared_key(tmp_path / "zone.key")}"')


def test_the_same_people_meet(tmp_path, capsys):
    school, social = two(tmp_path)
    linked = link(school, social, permit=permit(tmp_path), today=DAY)
    # By hand: pupils 0-59 with grade 7 + n mod 3, clients 30-69, of whom every second has support.
    expected = [(7 + one % 3, "support" if one % 2 else "none") for one in range(30, 60)]
    assert sorted(zip(linked["grade"], linked["measure"], strict=True)) == sorted(expected)
    assert linked.domains == {"school", "social_services"}
    assert (linked.permit_until, linked.permit_id) == (date(2027, 7, 31), "free_zone")
    assert "both: 30; only in School: 30; only in Social services: 10" in capsys.readouterr().out
    assert len(origin.origins(linked)) == 2


def test_linking_is_journalled(tmp_path, capsys):
    school, social = two(tmp_path)
    found = permit(tmp_path)
    link(school, social, permit=found, today=DAY)
    line = journal.read()[-1]
    line["facts"].pop("day", None)
    assert line["kind"] == "linking"
    assert line["facts"] == {
        "permit": "free_zone",
        "sha256": found.sha256,
        "purpose": "Early support",
        "domains": ["school", "social_services"],
        "sources": [one.sha256 for table in (school, social) for one in table.border.sources],
        "matched": 30,
        "unmatched": [30, 10],
        "without_identity": 0,
    }


def test_a_claimed_day_is_journalled(tmp_path, capsys, monkeypatch):
    school, social = two(tmp_path)
    monkeypatch.setattr(importlib.import_module("kommunanalys.secrecy.link"), "local_day", lambda: date(2027, 1, 1))
    link(school, social, permit=permit(tmp_path))
    assert "day" not in journal.read()[-1]["facts"]
    link(school, social, permit=permit(tmp_path), today=DAY)
    assert journal.read()[-1]["facts"]["day"] == "2026-11-22"


def test_the_linked_table_does_not_stand_in_the_order_of_a_register(tmp_path, capsys):
    people, numbers = many(200), list(range(200))
    school = register(tmp_path, "a.csv", people, "school", grade=numbers)
    social = register(tmp_path, "b.csv", people, "social_services", measure=numbers)
    linked = link(school, social, permit=permit(tmp_path), how="left", today=DAY)
    assert linked["grade"].tolist() == linked["measure"].tolist()
    assert (linked["grade"] == school["grade"]).sum() < 12
    assert (linked["grade"] == social["measure"]).sum() < 12


def test_pseudonyms_in_other_columns_meet_nobody(tmp_path, capsys, shared_permit):
    people, guardians = many(9), many(9, 20)
    text = PERMIT.replace('["grade"]', '["grade", "guardian"]')
    school = register(tmp_path, "a.csv", people, "school", grade=range(9), guardian=[guardians[0], *guardians[:8]])
    social = register(tmp_path, "b.csv", people, "social_services", measure=range(9))
    shared = permit(tmp_path, text, key_fingerprint=f'"{shared_permit.key_fingerprint}"')
    parcel = prepare(school, permit=shared, today=DAY)
    with zipfile.ZipFile(parcel.border.sources[0].path) as archive:
        sent = archive.read("rows.csv").decode()
    assert "school:" not in sent
    tables = [school, parcel, *(link(one, social, permit=shared, today=DAY) for one in (school, parcel))]
    tails = [set(table["guardian"].str[-32:]) for table in tables]
    assert [len(one) for one in tails] == [8] * 4  # siblings still have one guardian
    assert [len(one & other) for place, one in enumerate(tails) for other in tails[:place]] == [0] * 6
    assert all(one not in sent for one in tails[0])


def test_no_frame_holds_identities_where_a_second_file_fails(tmp_path, capsys):
    school, social = two(tmp_path)
    more = register(tmp_path, "more.csv", many(10, start=60), "school", grade=[9] * 10)
    (tmp_path / "more.csv").write_text("hetu;grade\n", encoding="utf-8")
    with pytest.raises(KommunanalysError, match=r"more.csv has changed") as caught:
        link(pd.concat([school, more]), social, permit=permit(tmp_path), today=DAY)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    held = str([frame.locals for frame in told.stack if "tests" not in frame.filename])
    assert all(one not in held for one in many(70))


def test_parcels_of_a_population_by_a_column_that_is_not_taken(tmp_path, capsys, shared_permit):
    people = many(40)
    school = register(tmp_path, "a.csv", people, "school", grade=[7] * 40, area=["N", "S"] * 20)
    social = register(tmp_path, "b.csv", people[:30], "social_services", measure=["x"] * 30)
    of_north = "{ description = 'North', school = { area = ['N'] } }"
    north = permit(tmp_path, population=of_north, key_fingerprint=f'"{shared_permit.key_fingerprint}"')
    parcels = [prepare(one, permit=north, today=DAY) for one in (school, social)]
    assert list(parcels[0].columns) == ["person", "grade"]
    assert len(link(*parcels, permit=north, today=DAY)) == 15
    assert len(link(parcels[0], social, permit=north, today=DAY)) == 15
    nobody = permit(
        tmp_path, population=of_north.replace("'N'", "'Q'"), key_fingerprint=f'"{shared_permit.key_fingerprint}"'
    )
    with pytest.raises(NoData, match="Nobody in the table of School"):
        prepare(school, permit=nobody, path=tmp_path / "q.parcel", today=DAY)
    assert not (tmp_path / "q.parcel").exists()


def test_a_parcel_of_another_permit_with_the_same_key_is_refused(tmp_path, capsys, shared_permit):
    school, social = two(tmp_path)
    parcel = prepare(social, permit=shared_permit, path=tmp_path / "b.parcel", today=DAY)
    wanted = f'"{shared_permit.key_fingerprint}"'
    for changed in ({"id": '"other"'}, {"signed_by": '"B. Example"'}):
        other = permit(tmp_path, key_fingerprint=wanted, **changed)
        with pytest.raises(PermitError, match=r"b.parcel was prepared under another permit than"):
            read_parcel(tmp_path / "b.parcel", permit=other, today=DAY)
        with pytest.raises(PermitError, match=r"b.parcel was prepared under another permit than"):
            link(school, parcel, permit=other, today=DAY)
    assert journal.read()[-1]["kind"] == "refusal"


def test_parcels_of_the_same_people_do_not_stand_in_one_order(tmp_path, capsys, shared_permit):
    people, numbers = many(200), list(range(200))
    school = register(tmp_path, "a.csv", people, "school", grade=numbers)
    social = register(tmp_path, "b.csv", people, "social_services", measure=numbers)
    one, two = (prepare(table, permit=shared_permit, today=DAY) for table in (school, social))
    assert (one["grade"] == two["measure"]).sum() < 12


@pytest.mark.parametrize(
    ("about", "rows"),
    [
        ({"kind": 5}, None),
        ({"domain": ["school"]}, None),
        ({"permit": 1}, None),
        ({}, lambda raw: raw.replace(b"permit.free_zone:", b"")),
        ({}, lambda raw: raw + b",x\n"),
        ({}, lambda raw: raw.partition(b"\n")[0] + b"\n"),
    ],
)
def test_odd_parcels_are_no_parcels(tmp_path, capsys, shared_permit, about, rows):
    prepare(two(tmp_path)[1], permit=shared_permit, path=tmp_path / "b.parcel", today=DAY)
    with zipfile.ZipFile(tmp_path / "b.parcel") as archive:
        told, data = json.loads(archive.read("parcel.json")), archive.read("rows.csv")
    data = rows(data) if rows else data
    with zipfile.ZipFile(tmp_path / "b.parcel", "w") as archive:
        archive.writestr("parcel.json", json.dumps(told | {"sha256": origin.hash_bytes(data)} | about))
        archive.writestr("rows.csv", data)
    with pytest.raises(KommunanalysError, match="no whole parcel") as caught:
        read_parcel(tmp_path / "b.parcel", permit=shared_permit, today=DAY)
    assert caught.value.__context__ is caught.value.__cause__ is None


def test_small_counts_are_not_told(tmp_path, capsys):
    school, social = two(tmp_path, many(8), many(8, start=6))
    link(school, social, permit=permit(tmp_path), today=DAY)
    assert "both: fewer than 5; only in School: 6" in capsys.readouterr().out
    assert journal.read()[-1]["facts"]["matched"] == "<5"


def test_seven_spellings_of_two_identities_meet(tmp_path, capsys):
    ten, found = swede(1), finn(999, "Y")
    tail, wide = ten[6:], lambda text: "".join(chr(ord(sign) + 0xFEE0) for sign in text)
    sweden = [f"300101+{tail}", f"18300101-{tail}", f"18{ten}", f" 18300101 {tail} ", wide("18" + ten)]
    sweden += [f"1830\u00a00101-{tail}", f"18300101\u2013{tail}"]
    finland = [
        found,
        found.lower(),
        f" {found}",
        f"{found}\u00a0",
        f"{found[:6]} {found[6:]}",
        wide(found),
        f"{found}\t",
    ]
    for spelled in zip(sweden, finland, strict=True):
        school, social = two(tmp_path, [sweden[0], finland[0]], list(spelled))
        assert len(link(school, social, permit=permit(tmp_path), today=DAY)) == 2


def test_only_the_columns_named(tmp_path, capsys):
    school = register(tmp_path, "a.csv", many(9), "school", grade=[7] * 9, marks=[5] * 9)
    social = register(tmp_path, "b.csv", many(9), "social_services", "pnr", measure=["x"] * 9, diagnosis=["y"] * 9)
    assert list(link(school, social, permit=permit(tmp_path), today=DAY).columns) == ["hetu", "grade", "measure"]


def test_columns_of_both_are_told_apart(tmp_path, capsys):
    text = PERMIT.replace('"grade"', '"year"').replace('"measure"', '"year"')
    school = register(tmp_path, "a.csv", many(9), "school", year=[2025] * 9)
    social = register(tmp_path, "b.csv", many(9), "social_services", year=[2024] * 9)
    found = link(school, social, permit=permit(tmp_path, text), today=DAY)
    assert list(found.columns) == ["hetu", "year (school)", "year (social_services)"]


def test_only_the_population(tmp_path, capsys):
    found = permit(tmp_path, population="{ description = 'Grade 7', school = { grade = [7] } }")
    linked = link(*two(tmp_path), permit=found, today=DAY)
    assert (len(linked), set(linked["grade"])) == (10, {7})


def test_rows_without_identity_meet_nobody(tmp_path, capsys):
    school, social = two(tmp_path, [*many(9), "", "x"], [*many(9), "", "y"])
    assert len(link(school, social, permit=permit(tmp_path), today=DAY)) == 9
    left = link(school, social, permit=permit(tmp_path), how="left", today=DAY)
    assert (len(left), left["measure"].notna().sum()) == (11, 9)


def test_several_rows_of_a_person(tmp_path, capsys):
    school, social = two(tmp_path, many(6) * 2, many(6))
    assert len(link(school, social, permit=permit(tmp_path), today=DAY)) == 12


def test_a_part_of_a_register_and_two_of_one_domain(tmp_path, capsys):
    school, social = two(tmp_path)
    more = register(tmp_path, "more.csv", many(10, start=60), "school", grade=[9] * 10)
    both = pd.concat([school[school["grade"] == 7], more])
    assert len(link(both, social, permit=permit(tmp_path), today=DAY)) == 20


def test_the_linked_pseudonyms_meet_nothing_else(tmp_path, capsys):
    school, social = two(tmp_path)
    linked = link(school, social, permit=permit(tmp_path), today=DAY)
    again = link(school, social, permit=permit(tmp_path, id='"other"'), today=DAY)
    tails = [set(table["hetu"].str[-32:]) for table in (school, social, linked, again)]
    assert [len(one & other) for place, one in enumerate(tails) for other in tails[:place]] == [0] * 6
    with pytest.raises(SecrecyBorder):
        linked.merge(school, on="hetu")
    assert len(np.intersect1d(linked["hetu"], school["hetu"])) == 0


@pytest.mark.parametrize(
    ("changed", "options", "missing"),
    [
        ({"valid_until": "2026-11-21"}, {}, "ended on 2026-11-21"),
        ({"valid_from": "2026-11-23"}, {}, "begins on 2026-11-23"),
        ({"domains": '["school", "health_care"]', "health_care": "[]"}, {}, "Social services is not in it"),
        ({}, {"purpose": "Planning"}, "not 'Planning'"),
    ],
)
def test_a_permit_that_does_not_allow_it(tmp_path, capsys, changed, options, missing):
    tables = two(tmp_path)
    text = PERMIT
    if "health_care" in changed:
        text, changed = text + "health_care = []\n", {"domains": changed["domains"]}
    with pytest.raises(PermitError, match=missing):
        link(*tables, permit=permit(tmp_path, text, **changed), today=DAY, **options)
    assert journal.read()[-1]["kind"] == "refusal"


def test_nobody_in_both_is_an_error(tmp_path, capsys):
    tables = two(tmp_path, many(9), many(9, start=20))
    with pytest.raises(NoData, match="Nobody is in both School and Social services"):
        link(*tables, permit=permit(tmp_path), today=DAY)
    assert journal.read()[-1]["facts"]["matched"] == 0


def test_a_file_or_key_that_has_changed_is_refused(tmp_path, capsys):
    school, social = two(tmp_path)
    (tmp_path / "clients.csv").write_text("hetu;measure\n", encoding="utf-8")
    with pytest.raises(KommunanalysError, match=r"clients.csv has changed"):
        link(school, social, permit=permit(tmp_path), today=DAY)
    school, social = two(tmp_path)
    rotate("school")
    with pytest.raises(KommunanalysError, match=r"key of School has been replaced since pupils.csv"):
        link(school, social, permit=permit(tmp_path), today=DAY)
    (tmp_path / "pupils.csv").unlink()
    with pytest.raises(KommunanalysError):
        link(school, social, permit=permit(tmp_path), today=DAY)


def test_wrong_tables(tmp_path, capsys):
    school, social = two(tmp_path)
    found = permit(tmp_path)
    linked = link(school, social, permit=found, today=DAY)
    own = register(tmp_path, "own.csv", ["a", "b"], "social_services", "customer")
    for a, b, told in [
        (school, pd.DataFrame(social), "Only tables from"),
        (school, school, "of one domain"),
        (linked, social, "not linked or sent again"),
        (school, own, "identities of its own"),
        (school, social.drop(columns="hetu"), "is gone"),
    ]:
        with pytest.raises(UsageError, match=told):
            link(a, b, permit=found, today=DAY)
    with pytest.raises(UsageError, match="'inner' or 'left'"):
        link(school, social, permit=found, how="outer", today=DAY)


def test_parcels_of_two_authorities_meet_without_key_or_identities(tmp_path, capsys, monkeypatch, shared_permit):
    school, social = two(tmp_path)
    for table, name in ((school, "a.parcel"), (social, "b.parcel")):
        monkeypatch.setenv("KOMMUNANALYS_STATE", str(tmp_path / f"state of {name}"))
        prepare(register_again(table), permit=shared_permit, path=tmp_path / name, today=DAY)
    # A third place links: it has neither registers nor the permit's key.
    monkeypatch.setenv("KOMMUNANALYS_STATE", str(tmp_path / "third"))
    for name in ("pupils.csv", "clients.csv", "zone.key"):
        (tmp_path / name).unlink()
    parcels = [read_parcel(tmp_path / name, permit=shared_permit, today=DAY) for name in ("a.parcel", "b.parcel")]
    assert len(link(*parcels, permit=shared_permit, today=DAY)) == 30
    with pytest.raises(SecrecyBorder):
        parcels[0].merge(parcels[1], on="person")
    assert len(pd.DataFrame(parcels[0]).merge(pd.DataFrame(parcels[1]), on="person")) == 0


def register_again(table):
    """The register read in this place, with this place's keys."""
    from kommunanalys.secrecy.register import read_register

    (source,) = table.border.sources
    return read_register(source.path, domain=next(iter(table.domains)), identity="hetu", today=DAY)


def test_a_parcel_holds_what_the_permit_names(tmp_path, capsys, shared_permit):
    school = register(tmp_path, "a.csv", [*many(9), "x"], "school", grade=[7] * 10, marks=[5] * 10)
    parcel = prepare(school, permit=shared_permit, today=DAY)
    assert list(parcel.columns) == ["person", "grade"]
    assert len(parcel) == 9
    (source,) = parcel.border.sources
    assert source.path.parent == state_dir() / "parcels"
    with zipfile.ZipFile(source.path) as archive:
        raw = b"".join(archive.read(name) for name in archive.namelist())
        people = [line.split(b",")[0] for line in archive.read("rows.csv").splitlines()[1:]]
    assert people == sorted(people)
    assert all(one.encode() not in raw for one in many(9))
    assert {"preparing", "reading"} <= {line["kind"] for line in journal.read()}


def test_a_register_meets_the_others_parcel(tmp_path, capsys, shared_permit):
    school, social = two(tmp_path)
    parcel = prepare(social, permit=shared_permit, path=tmp_path / "b.parcel", today=DAY)
    assert len(link(school, parcel, permit=shared_permit, today=DAY)) == 30


def test_parcels_are_refused(tmp_path, capsys, shared_permit):
    school, social = two(tmp_path)
    place = tmp_path / "b.parcel"
    parcel = prepare(social, permit=shared_permit, path=place, today=DAY)
    with pytest.raises(UsageError, match="is there already"):
        prepare(social, permit=shared_permit, path=place, today=DAY)
    with pytest.raises(PermitError, match="names no shared key"):
        prepare(social, permit=permit(tmp_path), today=DAY)
    with pytest.raises(PermitError, match="ended"):
        prepare(social, permit=shared_permit, today=date(2028, 1, 1))
    with pytest.raises(PermitError, match="another key"):
        read_parcel(place, permit=permit(tmp_path, key_fingerprint='"00"'), today=DAY)
    narrow = PERMIT.replace('["measure"]', "[]")
    narrow = permit(tmp_path, narrow, key_fingerprint=f'"{shared_permit.key_fingerprint}"')
    with pytest.raises(PermitError, match="does not name measure"):
        read_parcel(place, permit=narrow, today=DAY)
    raw = place.read_bytes()
    place.write_bytes(raw[:-9])
    with pytest.raises(KommunanalysError, match="no whole parcel"):
        read_parcel(place, permit=shared_permit, today=DAY)
    with pytest.raises(KommunanalysError, match="no whole parcel"):
        link(school, parcel, permit=shared_permit, today=DAY)


def test_nothing_keeps_identities_or_keys(tmp_path, capfd, shared_permit):
    school, social = two(tmp_path)
    parcel = prepare(social, permit=shared_permit, today=DAY)
    linked = link(school, parcel, permit=shared_permit, today=DAY)
    files = [file for file in state_dir().rglob("*") if file.is_file() and file.parent.name != "keys"]
    secret = (tmp_path / "zone.key").read_text(encoding="ascii")
    held = b"".join(file.read_bytes() for file in files) + b"".join(map(pickle.dumps, (school, parcel, linked)))
    held += "".join(capfd.readouterr()).encode()
    for hidden in [
        *many(70),
        secret,
        *(file.read_text(encoding="utf-8")[-66:-2] for file in (state_dir() / "keys").glob("*.json")),
    ]:
        assert hidden.encode() not in held
    book = (state_dir() / "journal" / "journal.jsonl").read_text(encoding="utf-8")
    assert not journal.PSEUDONYM.search(book)
    assert all(one not in book for table in (school, parcel, linked) for one in table.iloc[:, 0].str[-32:])
