"""Tables at the door: names, domains, objections."""

import pandas as pd
import pytest

from kommunanalys.early_warning.entry import as_identity, border_of, named, objectors, unfound
from kommunanalys.errors import SecrecyBorder, TableError, UsageError
from kommunanalys.secrecy import read_register
from tests.early_warning.small import school, tables, task
from tests.secrecy.people import many


def register(folder, domain, people, identity="hetu"):
    path = folder / f"{domain}.csv"
    pd.DataFrame({identity: people, "x": range(len(people))}).to_csv(path, index=False)
    return read_register(path, domain=domain, identity=identity)


def test_names_of_tables_and_columns():
    assert sorted(named(task(), tables() | {"other": school()})) == ["leaving", "school"]
    with pytest.raises(UsageError, match="Give them as a dictionary"):
        named(task(), school())
    with pytest.raises(UsageError, match=r"needs the table 'leaving'. There are: school"):
        named(task(), {"school": school()})
    with pytest.raises(TableError, match=r"'school' has no column 'absence'. Do you mean 'absense'"):
        named(task(), tables() | {"school": school().rename(columns={"absence": "absense"})})
    for wrong in (None, [1], {"school": school(), "leaving": None}):
        with pytest.raises(UsageError, match="as a dictionary, name to DataFrame: leaving, school"):
            named(task(), wrong)
    twice = pd.concat([school(), school()["sex"]], axis=1)
    with pytest.raises(TableError, match="'sex' more than once"):
        named(task(), tables() | {"school": twice})


def test_two_domains_are_refused(tmp_path):
    people = many(9)
    pupils, clients = (register(tmp_path, one, people) for one in ("school", "social_services"))
    assert border_of({"a": pupils, "b": pupils.copy(), "c": school()}).domains == {"school"}
    with pytest.raises(SecrecyBorder):
        border_of({"a": pupils, "b": clients})
    with pytest.raises(SecrecyBorder):
        border_of({"a": pd.DataFrame(pupils), "b": clients})


def test_objections_are_found_by_pseudonym_also_where_the_mark_is_lost(tmp_path):
    people = many(9)
    pupils = register(tmp_path, "school", people)
    file = tmp_path / "objections.csv"
    file.write_text("hetu;when\n" + "".join(f"{one};2025-01-01\n" for one in people[:2]), encoding="utf-8")
    for table in (pupils, pd.DataFrame(pupils)):
        found = objectors(file, "hetu", {"t": table})
        assert len(found) == 2
        assert sorted(pupils.loc[pupils["hetu"].isin(found), "x"]) == [0, 1]


def test_plain_objections_and_their_faults(tmp_path):
    file = tmp_path / "objections.csv"
    with pytest.raises(UsageError, match=r"objections.csv with those who have objected, and it is not there"):
        objectors(file, "id", tables())
    file.write_text("id\n", encoding="utf-8")
    assert objectors(file, "id", tables()) == frozenset()
    file.write_text("\ufeffid\nå1\n 02 \n", encoding="utf-8")
    assert objectors(file, "id", tables()) == {"å1", "02"}
    with pytest.raises(TableError, match="no column 'person'"):
        objectors(file, "person", tables())


def test_an_objection_is_found_however_it_is_written_and_counted_where_it_is_not(tmp_path):
    file = tmp_path / "objections.csv"
    file.write_text("id\nA\u030aSA \n2.0\nnobody\n", encoding="utf-8")
    against = objectors(file, "id", {})
    assert as_identity(pd.Series(["Åsa", 2, 2.0, "b"], dtype=object)).isin(against).tolist() == [
        True,
        True,
        True,
        False,
    ]
    assert as_identity(pd.Series([2, 3])).isin(against).tolist() == [True, False]
    assert unfound(against, "id", {"t": pd.DataFrame({"id": ["åsa", "2"]}), "u": pd.DataFrame({"x": [1]})}) == 1


def test_a_file_with_objections_that_cannot_be_read_is_named(tmp_path):
    file = tmp_path / "objections.csv"
    for raw in (b"", "id\nå1\n".encode("latin-1"), b"id\n1\n2,3,4\n"):
        file.write_bytes(raw)
        with pytest.raises(TableError, match=r"objections.csv with those who have objected cannot be read") as caught:
            objectors(file, "id", {})
        assert "å" not in str(caught.value)
