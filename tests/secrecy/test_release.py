"""Tables let out alone: rules, totals, determinism, refusals; recomputed by hand or by a programme of our own."""

import json
import os
import pickle
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommunanalys import journal, paths, secrecy
from kommunanalys.errors import PermitError, ReleaseRefused, TableError, UsageError
from kommunanalys.secrecy.cube import tabulate
from kommunanalys.secrecy.frame import Border, mark
from kommunanalys.secrecy.rules import primary
from tests.secrecy import people as persons_of


def persons(cells: dict[tuple[str, str], int], names: tuple[str, str] = ("school", "support")) -> pd.DataFrame:
    rows = [pair for pair, count in cells.items() for _ in range(count)]
    return pd.DataFrame(rows, columns=list(names))


SCHOOLS = persons(
    {("A", "no"): 40, ("A", "yes"): 3, ("B", "no"): 30, ("B", "yes"): 12, ("C", "no"): 25, ("C", "yes"): 9}
)


def test_a_small_cell_takes_three_more_with_it() -> None:
    out = secrecy.release(SCHOOLS, rows="school", columns="support")
    assert out.table.loc["Total"].tolist() == [95.0, 24.0, 119.0]
    assert out.table["Total"].tolist() == [43.0, 42.0, 34.0, 119.0]
    # A × yes is 3: it needs its row, and one more row of two, as wide as 10 % of the largest hidden figure.
    assert int(out.table.isna().to_numpy().sum()) == 4
    assert np.isnan(out.table.loc["A", ["no", "yes"]].to_numpy(float)).all()


def test_every_printed_figure_is_the_truth() -> None:
    out = secrecy.release(SCHOOLS, rows="school", columns="support")
    truth = pd.crosstab(SCHOOLS["school"], SCHOOLS["support"], margins=True, margins_name="Total")
    shown = out.table.to_numpy(float)
    assert (np.isnan(shown) | (shown == truth.to_numpy(float))).all()


def test_nothing_hidden_where_nothing_is_small() -> None:
    table = persons({("A", "no"): 20, ("A", "yes"): 30, ("B", "no"): 15, ("B", "yes"): 10})
    out = secrecy.release(table, rows="school", columns="support")
    assert not out.table.isna().to_numpy().any()
    assert len(out.protocol) == 0


def test_the_threshold_counts_persons_below_it() -> None:
    table = persons({("A", "no"): 30, ("A", "yes"): 5, ("B", "no"): 30, ("B", "yes"): 9})
    assert not secrecy.release(table, rows="school", columns="support").table.isna().to_numpy().any()


def test_the_higher_threshold_counts_persons_below_ten() -> None:
    table = persons({("A", "no"): 30, ("A", "yes"): 5, ("B", "no"): 30, ("B", "yes"): 9})
    hidden = secrecy.release(table, rows="school", columns="support", sensitive=True)
    assert np.isnan(hidden.table.loc[["A", "B"], "yes"].to_numpy(float)).all()
    assert (hidden.threshold, hidden.table.loc["Total", "yes"]) == (10, 14.0)


def test_special_support_has_the_higher_threshold_by_its_name() -> None:
    table = persons(
        {("A", "no"): 30, ("A", "yes"): 9, ("B", "no"): 30, ("B", "yes"): 30}, ("school", "special_support")
    )
    assert secrecy.release(table, rows="school", columns="special_support").threshold == 10


def marked(table: pd.DataFrame, *domains: str, until: date | None = None) -> pd.DataFrame:
    return mark(table, Border(frozenset(domains), "person", "personal", permit="free-zone", permit_until=until))


def test_domains_decide_the_threshold() -> None:
    table = marked(SCHOOLS, "school", "social_services")
    assert secrecy.release(table, rows="school", columns="support").threshold == 10
    assert secrecy.release(table, rows="school", columns="support", sensitive=False).threshold == 5
    assert secrecy.release(marked(SCHOOLS, "school"), rows="school", columns="support").threshold == 5
    assert journal.read()[0]["facts"]["domains"] == ["school", "social_services"]
    assert journal.read()[0]["facts"]["permit"] == "free-zone"


def test_a_column_called_domains_is_only_a_column() -> None:
    assert secrecy.release(SCHOOLS.assign(domains="health"), rows="school", columns="support").told.domains == ()


def test_a_permit_that_has_ended_lets_nothing_out() -> None:
    with pytest.raises(PermitError, match="2020-01-31"):
        secrecy.release(marked(SCHOOLS, "school", until=date(2020, 1, 31)), rows="school", columns="support")


def test_zeros_are_printed_and_a_group_in_one_column_is_hidden() -> None:
    table = persons(
        {("A", "no"): 20, ("B", "no"): 30, ("B", "yes"): 25, ("B", "maybe"): 20, ("C", "no"): 33, ("C", "yes"): 20}
    )
    out = secrecy.release(table, rows="school", columns="support")
    reasons = {(row.school, row.support): row.reason for row in out.protocol.itertuples()}
    # All of A are "no": the figure and both zeros beside it tell so. C has a zero too, but two kinds of pupils.
    assert {key for key, reason in reasons.items() if reason == "group"} == {("A", "no"), ("A", "maybe"), ("A", "yes")}
    assert np.isnan(out.table.loc["A", ["no", "yes", "maybe"]].to_numpy(float)).all()
    assert out.table.loc["C", "maybe"] == 0.0


def test_missing_values_are_a_category_of_their_own() -> None:
    table = SCHOOLS.copy()
    table.loc[table.index[:20], "school"] = None
    out = secrecy.release(table, rows="school", columns="support")
    assert out.table.loc["Total", "Total"] == len(table)
    assert "Not known" in out.table.index


def test_whole_numbers_read_as_floats_keep_their_names() -> None:
    table = SCHOOLS.assign(grade=7.0)
    table.loc[table.index[::2], "grade"] = 8.0
    assert secrecy.release(table, rows="grade").table.index.tolist() == ["7", "8", "Total"]


def money(amounts: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    rows = [(*pair, amount) for pair, items in amounts.items() for amount in items]
    return pd.DataFrame(rows, columns=["school", "kind", "kronor"])


PAYMENTS = money(
    {
        ("A", "x"): [1000.0, 30, 20, 10, 10], ("A", "y"): [100.0] * 9, ("B", "x"): [200.0] * 8, ("B", "y"): [150.0] * 8,
        ("C", "x"): [300.0] * 8, ("C", "y"): [90.0] * 10,
    }
)  # fmt: skip


def test_one_large_payment_is_hidden() -> None:
    out = secrecy.release(PAYMENTS, rows="school", columns="kind", value="kronor")
    reasons = {(row.school, row.kind): row.reason for row in out.protocol.itertuples()}
    # 1,000 and 30 leave 40, less than 10 % of 1,000; five persons are enough.
    assert reasons.pop(("A", "x")) == "dominance"
    assert set(reasons.values()) == {"secondary"}
    assert out.table.loc["Total", "Total"] == PAYMENTS["kronor"].sum()


def test_the_p_percent_rule_begins_below_ten_percent() -> None:
    table = money({("A", "x"): [1000.0, 50, 40, 30, 30], ("A", "y"): [1000.0, 50, 40, 30, 29]})
    cube = tabulate(table, ("school",), ("kind",), "kronor", None)
    found = {dict(cube.shape.keys[place]).get("kind"): reason for place, reason in primary(cube, 5).items()}
    assert found["y"] == "dominance"
    assert "x" not in found


def test_payments_of_one_person_count_once() -> None:
    table = PAYMENTS.assign(person=range(len(PAYMENTS)))
    table.loc[(table["school"] == "B") & (table["kind"] == "x"), "person"] = [
        1000,
        1000,
        1000,
        1001,
        1001,
        1002,
        1002,
        1003,
    ]
    out = secrecy.release(table, rows="school", columns="kind", value="kronor", contributor="person")
    reasons = {(row.school, row.kind): row.reason for row in out.protocol.itertuples()}
    assert reasons[("B", "x")] == "small"


def register(people: list[str | None], cells: list[tuple[str, str]]) -> pd.DataFrame:
    pseudonyms = [name and f"school:{int(name):032x}" for name in people]
    table = pd.DataFrame(cells, columns=["school", "support"]).assign(person=pd.Series(pseudonyms, dtype="str"))
    return mark(table, Border(frozenset({"school"}), "person", "personal"))


def test_a_person_of_a_register_counts_once() -> None:
    people = [*map(str, range(60)), *["60"] * 12, None, None]
    cells = [("A", "no")] * 20 + [("A", "yes")] * 20 + [("B", "no")] * 20 + [("B", "yes")] * 12 + [("A", "no")] * 2
    out = secrecy.release(register(people, cells), rows="school", columns="support", language="en")
    # Twelve rows of one person are one person, and rows without a pseudonym are somebody each.
    assert np.isnan(out.table.loc["B", "yes"])
    assert out.table.loc["Total", "Total"] == 63.0
    assert "counts once in each cell" in out.paragraph()
    plain = secrecy.release(pd.DataFrame(cells, columns=["x", "y"]), rows="x", columns="y", language="en")
    assert plain.table.loc["B", "yes"] == 12.0
    assert "counts once" not in plain.paragraph()


def test_one_person_in_many_cells_is_not_a_group() -> None:
    people = [*map(str, range(60)), *["60"] * 6]
    cells = [("A", "no")] * 30 + [("B", "yes")] * 30 + [("C", word) for word in "abcdef"]
    cube = tabulate(register(people, cells), ("school",), ("support",), "count", "person")
    place = cube.shape.keys.index((("school", "C"),))
    assert (cube.values[place], cube.people[place], cube.most) == (6.0, 1.0, 6)
    assert primary(cube, 5)[place] == "small"


def test_a_register_without_its_pseudonyms_counts_rows() -> None:
    table = register(["0"] * 50, [("A", "no")] * 30 + [("B", "yes")] * 20).drop(columns="person")
    assert secrecy.release(table, rows="school").table.loc["Total", "Total"] == 50.0


def test_rows_multiplied_by_linking_are_persons_again(tmp_path: Path) -> None:
    school = persons_of.register(tmp_path, "s.csv", persons_of.many(60), "school", grade=[7] * 30 + [8] * 30)
    once = persons_of.many(60)
    rows = once[:1] * 12 + once[30:]
    social = persons_of.register(tmp_path, "c.csv", rows, "social_services", measure=["police"] * 12 + ["x"] * 30)
    linked = secrecy.link(school, social, permit=persons_of.permit(tmp_path))
    assert len(linked) == 42
    out = secrecy.release(linked, rows="grade", columns="measure")
    assert (out.threshold, out.told.once) == (10, True)
    assert not (out.table == 12).to_numpy().any()


def test_several_who_got_nothing_are_a_group() -> None:
    table = pd.concat([PAYMENTS, money({("D", "x"): [0.0] * 8, ("D", "y"): [50.0] * 9})], ignore_index=True)
    out = secrecy.release(table, rows="school", columns="kind", value="kronor")
    assert ("D", "x", "group") in {(row.school, row.kind, row.reason) for row in out.protocol.itertuples()}


def test_a_million_kronor_are_protected_like_ten() -> None:
    table = PAYMENTS.assign(kronor=PAYMENTS["kronor"] * 1e6 + 0.01)
    out = secrecy.release(table, rows="school", columns="kind", value="kronor")
    assert secrecy.audit(out).well


def test_percentages_stand_beside_their_total_only() -> None:
    out = secrecy.release(SCHOOLS, rows="school", columns="support")
    share = out.percentages()
    assert share.loc["Total", "yes"] == pytest.approx(100 * 24 / 119)
    assert share.loc["Total", "Total"] == 119.0
    assert np.isnan(share.loc["A", "yes"])


def test_percentages_of_a_hidden_or_small_total_are_hidden() -> None:
    table = persons(
        {("A", "no"): 30, ("A", "yes"): 20, ("B", "no"): 2, ("B", "yes"): 2, ("C", "no"): 20, ("C", "yes"): 25}
    )
    out = secrecy.release(table, rows="school", columns="support")
    assert np.isnan(out.table.loc["B", "Total"])
    assert out.percentages().loc["B"].isna().all()


def test_the_same_data_give_the_same_pattern_in_any_order_and_again() -> None:
    first = secrecy.release(SCHOOLS, rows="school", columns="support")
    second = secrecy.release(SCHOOLS.sample(frac=1, random_state=1), rows="school", columns="support")
    assert first.id == second.id
    pd.testing.assert_frame_equal(first.table, second.table)
    assert len(list((paths.state_dir() / "releases").glob("*.json"))) == 1


def test_three_dimensions_and_no_columns() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"school": rng.choice(list("ABC"), 400), "grade": rng.choice([7, 8, 9], 400), "support": rng.random(400) < 0.1}
    )
    out = secrecy.release(table, rows=["school", "grade"], columns="support")
    assert out.table.shape == (16, 3)
    assert out.table.loc[("Total", "Total"), "Total"] == 400.0
    assert secrecy.audit(out).well
    assert secrecy.release(table, rows="school").table.shape == (4, 1)


def test_what_is_printed_and_said() -> None:
    out = secrecy.release(SCHOOLS, rows="school", columns="support", language="en")
    assert out.printed().loc["A", "yes"] == ".."
    assert out.printed().loc["A", "Total"] == "43"
    assert out.summary() == "8 of 12 figures are printed, 4 are hidden."
    assert "fewer than 5 persons" in out.paragraph()
    assert out.paragraph().endswith(f"Release {out.id}.")
    assert set(out.protocol.columns) == {"school", "support", "reason", "sv", "fi", "en"}
    long = out.to_frame()
    assert long.loc[long["flag"] == "secret", "value"].isna().all()
    assert set(long["release"]) == {out.id}
    assert out.table.attrs["release"] == out.id


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_all_languages(language: str) -> None:
    out = secrecy.release(SCHOOLS, rows="school", columns="support", language=language)
    assert all(isinstance(text, str) and text for text in (out.paragraph(), out.summary(), *out.protocol[language]))
    assert out.printed("fi").shape == out.table.shape


def test_hidden_figures_occur_nowhere() -> None:
    # 4,321 is hidden as the partner of a small cell; no other figure holds these digits.
    table = persons(
        {("A", "no"): 4321, ("A", "yes"): 4, ("B", "no"): 8000, ("B", "yes"): 8765, ("C", "no"): 900, ("C", "yes"): 900}
    )
    out = secrecy.release(table, rows="school", columns="support")
    assert np.isnan(out.table.loc["A", "no"])
    files = b"".join(path.read_bytes() for path in paths.state_dir().rglob("*") if path.is_file())
    held = pickle.dumps(out).decode("latin-1") + repr(out) + out.protocol.to_string() + out.to_frame().to_csv()
    assert "4321" not in files.decode() + held
    assert np.float64(4321).tobytes() not in pickle.dumps(out)


def test_a_line_in_the_journal_and_a_private_memory() -> None:
    out = secrecy.release(SCHOOLS, rows="school", columns="support", series="s", method="suppress")
    (line,) = journal.read()
    assert (line["kind"], line["facts"]["release"], line["facts"]["hidden"]) == ("release", out.id, 4)
    (path,) = (paths.state_dir() / "releases").glob("*.json")
    assert json.loads(path.read_text())["series"] == "s"
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0


def test_a_table_that_cannot_be_protected_is_refused_and_journalled() -> None:
    table = persons({("A", "no"): 2, ("A", "yes"): 1})
    with pytest.raises(ReleaseRefused, match="Nothing of the table"):
        secrecy.release(table, rows="school", columns="support")
    assert [line["kind"] for line in journal.read()] == ["refusal"]


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"rows": "shool"}, UsageError, "Unknown columns: shool"),
        ({"columns": "school"}, UsageError, "none of them twice"),
        ({"rows": []}, UsageError, "at least one column"),
        ({"value": "kr"}, UsageError, "Unknown columns: kr"),
        ({"method": "hide"}, UsageError, "suppress, round"),
        ({"threshold": 2}, UsageError, "at least|least"),
        ({"language": "de"}, UsageError, "Unknown language"),
    ],
)
def test_wrong_calls(change: dict[str, object], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        secrecy.release(SCHOOLS, **{"rows": "school", "columns": "support", **change})


def test_wrong_tables() -> None:
    with pytest.raises(TableError, match="empty"):
        secrecy.release(SCHOOLS.iloc[:0], rows="school", columns="support")
    for amount in (-1.0, np.nan, np.inf):
        with pytest.raises(TableError, match="kronor"):
            secrecy.release(PAYMENTS.assign(kronor=amount), rows="school", columns="kind", value="kronor")
    with pytest.raises(UsageError, match="one table at a time"):
        secrecy.release(PAYMENTS, rows="school", columns="kind", value="kronor", series="s")
    with pytest.raises(TableError, match="totals"):
        secrecy.release(SCHOOLS.assign(school="Totalt"), rows="school", columns="support")
    with pytest.raises(TableError, match="cells"):
        secrecy.release(pd.DataFrame({"a": range(300), "b": range(300)}), rows="a", columns="b")
    with pytest.raises(UsageError, match="pseudonyms"):
        secrecy.release(SCHOOLS.assign(school="school:" + 32 * "0"), rows="school", columns="support")


@settings(max_examples=25)
@given(st.data())
def test_no_hidden_figure_can_be_narrowed(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(2, 5)), data.draw(st.integers(2, 4))
    counts = data.draw(st.lists(st.integers(0, 40), min_size=rows * columns, max_size=rows * columns))
    table = persons({(f"s{place // columns}", f"k{place % columns}"): count for place, count in enumerate(counts)})
    if table.empty:
        return
    shutil.rmtree(paths.state_dir(), ignore_errors=True)
    try:
        out = secrecy.release(table, rows="school", columns="support")
    except ReleaseRefused:
        return
    assert secrecy.audit(out).exact == 0
    assert_wide(out, table)


def assert_wide(out: secrecy.Release, table: pd.DataFrame) -> None:
    """By scipy, over the interior cells: each hidden figure keeps ±max(10 %, 2 persons)."""
    from scipy.optimize import linprog

    truth = pd.crosstab(table["school"], table["support"]).to_numpy(float)
    n, m = truth.shape
    full = np.vstack([np.hstack([truth, truth.sum(1, keepdims=True)]), np.append(truth.sum(0), truth.sum())])
    forms = np.kron(np.vstack([np.eye(n), np.ones(n)]), np.vstack([np.eye(m), np.ones(m)]))
    shown = out.table.to_numpy(float).ravel()
    known = ~np.isnan(shown)
    for place in np.flatnonzero(~known):
        ends = [
            linprog(sign * forms[place], A_eq=forms[known], b_eq=shown[known], bounds=(0, 1e4)) if known.any() else None
            for sign in (1, -1)
        ]
        if ends[0] is not None:
            assert -ends[1].fun - ends[0].fun >= 2 * max(0.1 * full.ravel()[place], 2) - 1e-5


def test_a_list_of_what_single_persons_have_is_no_table():
    days = pd.DataFrame({"begun": pd.date_range("2020-01-01", periods=40).repeat(2)})
    with pytest.raises(ReleaseRefused, match="40 categories of 'begun'"):
        secrecy.release(days, rows="begun")
    years = days.assign(begun=days["begun"].dt.month)
    assert secrecy.release(years, rows="begun").table.notna().any(axis=None)
