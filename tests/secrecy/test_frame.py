"""The border holds, in every way that pandas has, and ordinary work on one domain goes on."""

import io
import pickle

import numpy as np
import pandas as pd
import pytest

from kommunanalys import journal
from kommunanalys.errors import PermitError, SecrecyBorder
from kommunanalys.secrecy.frame import Border, RegisterFrame, RegisterSeries, check_end, domains_of, mark
from tests.secrecy.people import DAY, many, register, two


@pytest.fixture
def pair(tmp_path, capsys):
    people = many(30)
    return two(tmp_path, people, people)


REFUSED = {
    "merge": lambda a, b: a.merge(b, on="hetu"),
    "pd.merge": lambda a, b: pd.merge(a, b, on="hetu"),
    "merge on another column": lambda a, b: a.merge(b, left_on="grade", right_on="measure"),
    "join": lambda a, b: a.set_index("hetu").join(b.set_index("hetu")),
    "join a list": lambda a, b: a.set_index("hetu").join([b.set_index("hetu")]),
    "concat": lambda a, b: pd.concat([a, b]),
    "concat columns": lambda a, b: pd.concat([a.set_index("hetu"), b.set_index("hetu")], axis=1),
    "concat of columns": lambda a, b: pd.concat([a["hetu"], b["hetu"]]),
    "map": lambda a, b: a["hetu"].map(b.set_index("hetu")["measure"]),
    "map by a dictionary": lambda a, b: a["hetu"].map(dict(zip(b["hetu"], b["measure"], strict=True))),
    "isin": lambda a, b: a["hetu"].isin(b["hetu"]),
    "isin a set": lambda a, b: a["hetu"].isin(set(b["hetu"])),
    "isin an index": lambda a, b: a["hetu"].isin(b.set_index("hetu").index),
    "isin of two levels": lambda a, b: a["hetu"].isin(b.set_index(["hetu", "measure"]).index),
    "isin of a table": lambda a, b: a.isin(b),
    "assign": lambda a, b: a.assign(measure=b["measure"]),
    "set": lambda a, b: a.__setitem__("measure", b["measure"]),
    "insert": lambda a, b: a.insert(0, "measure", b["measure"]),
    "combine_first": lambda a, b: a.combine_first(b),
    "combine": lambda a, b: a.combine(b, lambda one, _: one),
    "update": lambda a, b: a.assign(measure=None).update(b),
    "combine_first of columns": lambda a, b: a["grade"].combine_first(b["measure"]),
    "combine columns": lambda a, b: a["grade"].combine(b["measure"], lambda one, two: (one, two)),
    "update a column": lambda a, b: a["hetu"].copy().update(b["measure"]),
    "merge with a plain copy": lambda a, b: a.merge(pd.DataFrame(b), on="hetu"),
    "merge after CSV": lambda a, b: a.merge(pd.read_csv(io.StringIO(b.to_csv(index=False))), on="hetu"),
}

EMPTY = {
    "pd.merge(plain, marked)": lambda a, b: pd.merge(pd.DataFrame(a), b, on="hetu"),
    "pd.merge(marked, plain)": lambda a, b: pd.DataFrame(a).merge(pd.DataFrame(b), on="hetu"),
    "CSV and back": lambda a, b: pd.read_csv(io.StringIO(a.to_csv())).merge(
        pd.read_csv(io.StringIO(b.to_csv())), on="hetu"
    ),
    "numpy": lambda a, b: np.intersect1d(a["hetu"].to_numpy(), b["hetu"].to_numpy()),
    "merge_ordered": lambda a, b: pd.merge_ordered(a, b, on="hetu").dropna(),
    "sets": lambda a, b: set(a["hetu"]) & set(b["hetu"]),
    "without the domain": lambda a, b: set(a["hetu"].str[-32:]) & set(b["hetu"].str[-32:]),
}


def assigned(a, b):
    held = a.assign(row2=0)
    held.iloc[:, 2] = b["row2"]
    return held


BY_ROW = {
    "assign numbers": lambda a, b: a.assign(row2=b["row2"].to_numpy()),
    "iloc": assigned,
    "concat of plain copies": lambda a, b: pd.concat([pd.DataFrame(a), pd.DataFrame(b)["row2"]], axis=1),
    "merge by index": lambda a, b: pd.merge(pd.DataFrame(a), b, left_index=True, right_index=True),
    "table of columns": lambda a, b: pd.DataFrame({"row": a["row"], "row2": b["row2"]}),
    "numpy": lambda a, b: pd.DataFrame(np.column_stack([a["row"], b["row2"]]), columns=["row", "row2"]),
    "apply": lambda a, b: a.assign(row2=a.apply(lambda one: b.loc[one.name, "row2"], axis=1)),
}


@pytest.mark.parametrize("way", BY_ROW)
def test_rows_side_by_side_are_strangers(tmp_path, capsys, way):
    people, numbers = many(200), list(range(200))
    a = register(tmp_path, "a.csv", people, "school", row=numbers)
    b = register(tmp_path, "b.csv", people, "social_services", row2=numbers)
    found = BY_ROW[way](a, b)
    assert len(found) == 200
    # One in 200 on average by chance; both files are sorted alike.
    assert (found["row"] == found["row2"]).sum() < 12


@pytest.mark.parametrize("way", REFUSED)
def test_refused_in_plain_words_and_journalled(pair, way):
    before = len(journal.read())
    with pytest.raises(SecrecyBorder, match="two secrecy domains: School and Social services") as caught:
        REFUSED[way](*pair)
    assert "secrecy.link" in str(caught.value)
    line = journal.read()[-1]
    assert (len(journal.read()), line["kind"]) == (before + 1, "refusal")
    assert line["facts"]["domains"] == [["school"], ["social_services"]]


@pytest.mark.parametrize("way", EMPTY)
def test_what_cannot_be_refused_matches_nobody(pair, way):
    assert len(EMPTY[way](*pair)) == 0


def test_duckdb_matches_nobody(pair):
    duckdb = pytest.importorskip("duckdb")
    held = duckdb.connect()
    for name, table in zip("ab", pair, strict=True):
        held.register(name, pd.DataFrame(table).astype(object))
    assert held.sql("select count(*) from a join b using (hetu)").fetchall() == [(0,)]


def test_the_refusal_speaks_the_readers_language(pair, monkeypatch):
    monkeypatch.setenv("KOMMUNANALYS_LANGUAGE", "fi")
    with pytest.raises(SecrecyBorder, match="Sosiaalihuolto"):
        pair[0].merge(pair[1], on="hetu")


KEPT = {
    "rows": lambda a: a[a["grade"] > 7],
    "query": lambda a: a.query("grade == 8"),
    "loc": lambda a: a.loc[:5, ["hetu"]],
    "copy": lambda a: a.copy(),
    "assign": lambda a: a.assign(young=a["grade"] < 8),
    "index": lambda a: a.set_index("hetu"),
    "sort": lambda a: a.sort_values("grade"),
    "drop": lambda a: a.drop(columns="grade"),
    "rename": lambda a: a.rename(columns={"grade": "class"}),
    "group": lambda a: a.groupby("grade").head(1),
    "same domain": lambda a: pd.concat([a, a]),
    "merge itself": lambda a: a.merge(a, on="hetu"),
    "open data": lambda a: a.merge(pd.DataFrame({"grade": [7, 8, 9], "name": ["a", "b", "c"]}), on="grade"),
    "column": lambda a: a["hetu"],
    "column and back": lambda a: a["hetu"].to_frame(),
    "pickle": lambda a: pickle.loads(pickle.dumps(a)),
    "astype": lambda a: a.astype({"grade": str}),
    "melt": lambda a: a.melt("hetu"),
    "combine_first": lambda a: a.combine_first(a),
}


@pytest.mark.parametrize("way", KEPT)
def test_work_on_one_domain_keeps_the_mark(pair, way):
    found = KEPT[way](pair[0])
    assert isinstance(found, RegisterFrame | RegisterSeries)
    assert len(found) > 0
    assert found.domains == {"school"}
    assert found.border.identity == "hetu"


def test_tables_of_one_domain_remember_both_files(pair, tmp_path, capsys):
    more = register(tmp_path, "more.csv", many(5, 100), "school", grade=[7] * 5)
    assert [one.path.name for one in pd.concat([pair[0], more]).border.sources] == ["pupils.csv", "more.csv"]


def test_plain_things_have_no_domain():
    plain = ("school:" + "0" * 31, {"a": 1}, 3, None, pd.DataFrame({"a": [1.5]}), pd.Series([1, 2]), lambda one: one)
    assert [domains_of(one) for one in plain] == [frozenset()] * len(plain)
    assert domains_of(pd.DataFrame()) == frozenset()


def test_a_lost_mark_is_told():
    assert RegisterFrame({"a": [1]}).domains == frozenset()
    assert RegisterFrame({"a": [1]}).permit_id == ""
    with pytest.raises(SecrecyBorder, match="lost its mark"):
        _ = RegisterFrame({"a": [1]}).border


def under(permit, until):
    border = Border(frozenset({"a", "b"}), "p", "own", (), permit, until)
    return mark(pd.DataFrame({"p": ["x"], "q": [1]}), border)


JOINED = {
    "concat": lambda a, b: pd.concat([a, b]),
    "merge": lambda a, b: a.merge(b, on="p"),
    "pd.merge": lambda a, b: pd.merge(a, b, on="p"),
}


@pytest.mark.parametrize("way", JOINED)
def test_the_earliest_end_holds_and_two_permits_stay_apart(way):
    early, late = under("one", DAY), under("one", DAY.replace(year=2028))
    for pair in ((early, late), (late, early)):
        found = JOINED[way](*pair)
        assert (found.permit_id, found.permit_until) == ("one", DAY)
    own, parcel = under("", None), under("one", DAY)
    for pair in ((own, parcel), (parcel, own)):
        found = JOINED[way](*pair)
        assert (found.permit_id, found.permit_until) == ("one", DAY)
    with pytest.raises(PermitError, match="two permits, one and two"):
        JOINED[way](early, under("two", DAY))
    assert journal.read()[-1]["facts"]["permits"] == ["one", "two"]


def test_the_end_of_the_permit():
    linked = mark(pd.DataFrame({"p": [1]}), Border(frozenset({"a", "b"}), "p", "own", (), "fz", DAY))
    check_end(linked, DAY)
    with pytest.raises(PermitError, match="Permit fz ended on 2026-11-22"):
        check_end(linked[linked["p"] > 0], DAY.replace(day=23))
    assert journal.read()[-1]["facts"] == {"what": "ended", "permit": "fz"}
