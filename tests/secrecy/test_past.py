"""Releases one after another: shared margins, months, the memory on disk."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from kommunanalys import journal, paths, secrecy
from kommunanalys.errors import KommunanalysError, ReleaseRefused
from kommunanalys.secrecy import memory
from kommunanalys.secrecy.frame import Border, mark
from kommunanalys.secrecy.joint import Part, Printed, join, meet
from kommunanalys.secrecy.past import _parts, _spread


def pupils(seed: int = 0, number: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "school": rng.choice(list("ABCDE"), number),
            "grade": rng.choice(["7", "8", "9"], number, p=[0.2, 0.3, 0.5]),
            "support": rng.choice(["no", "yes"], number, p=[0.9, 0.1]),
        }
    )


def test_a_hidden_total_stays_hidden_in_the_next_table() -> None:
    table = pupils()
    table = table[(table["school"] != "A") | (np.arange(len(table)) < 15)]
    first = secrecy.release(table, rows="school", columns="support")
    second = secrecy.release(table, rows="school", columns="grade")
    report = secrecy.audit([first, second])
    assert report.ranges["tables"].iloc[0] == (0, 1)
    assert (report.exact, report.narrow) == (0, 0)
    hidden = first.table["Total"].isna()
    assert second.table["Total"][hidden].isna().all()


def test_a_part_of_a_table_hides_and_prints_the_same() -> None:
    table = pupils(3)
    first = secrecy.release(table, rows=["school", "grade"], columns="support")
    part = secrecy.release(table, rows="grade", columns="support")
    pd.testing.assert_frame_equal(part.table, first.table.loc["Total"], check_names=False)
    assert part.table.isna().to_numpy().any()


def test_a_figure_that_was_printed_is_printed_again() -> None:
    table = pupils(5)
    table = table[(table["school"] != "B") | (np.arange(len(table)) < 40)]
    first = secrecy.release(table, rows="school")
    count = int(first.table.loc["B", "Total"])
    assert 5 <= count < 10
    second = secrecy.release(table, rows="school", columns="support", sensitive=True)
    assert second.table.loc["B", "Total"] == count


def test_one_who_left_is_not_the_difference() -> None:
    table = pupils(1)
    january = secrecy.release(table, rows="school", columns="grade", series="m", method="suppress")
    leaver = table.index[0]
    february = secrecy.release(table.drop(leaver), rows="school", columns="grade", series="m", method="suppress")
    report = secrecy.audit([january, february])
    assert len(report.changes) == 0
    assert np.isnan(february.table.loc[table.loc[leaver, "school"], table.loc[leaver, "grade"]])
    assert np.isnan(february.table.loc["Total", "Total"])
    assert "change" in set(february.protocol["reason"])


def test_tables_of_other_domains_do_not_count() -> None:
    table = pupils(1)
    school, library = (Border(frozenset({name}), "person", "personal") for name in ("school", "library"))
    secrecy.release(mark(table, school), rows="school", columns="grade", sensitive=False)
    out = secrecy.release(mark(table.iloc[1:], library), rows="school", columns="grade", sensitive=False)
    assert out.table.loc["Total", "Total"] == len(table) - 1


def test_a_broken_memory_stops_the_release() -> None:
    secrecy.release(pupils(), rows="school")
    (path,) = (paths.state_dir() / "releases").glob("*.json")
    path.write_text(path.read_text()[:-20])
    with pytest.raises(KommunanalysError, match="memory of earlier releases"):
        secrecy.release(pupils(), rows="school", columns="grade")


def test_the_memory_holds_nothing_hidden() -> None:
    out = secrecy.release(pupils(), rows="school", columns="support")
    (path,) = (paths.state_dir() / "releases").glob("*.json")
    held = pd.read_json(path, typ="series")
    hidden = np.array(held["hidden"])
    assert hidden.any()
    assert (np.array(held["low"])[hidden] == 0).all()
    assert all(high is None for high, gone in zip(held["high"], hidden, strict=True) if gone)
    assert hidden.tolist() == out.told.hidden.tolist()


def schools(cells: dict[str, tuple[int, int]]) -> pd.DataFrame:
    rows = [(school, word) for school, pair in cells.items() for word, count in zip(("no", "yes"), pair, strict=True)
            for _ in range(count)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["school", "support"])
    return table.assign(area=table["school"].map({"A": "north", "B": "south", "C": "north", "D": "south"}))


FOUR = {"A": (60, 13), "B": (70, 40), "C": (2, 1), "D": (20, 20)}


def known(outs: list[secrecy.Release], parts: list[np.ndarray]) -> np.ndarray:
    """By scipy, over the cells school × support (A no, A yes, B no, ...): the least and greatest value of each."""
    forms = np.vstack(parts)
    shown = np.concatenate([out.table.to_numpy(float).ravel() for out in outs])
    told = ~np.isnan(shown)
    ends = [
        [sign * linprog(sign * cell, A_eq=forms[told], b_eq=shown[told], bounds=(0, 1e4)).fun for sign in (1, -1)]
        for cell in np.eye(forms.shape[1])
    ]
    return np.array(ends)


WITH = np.vstack([np.eye(4), np.ones(4)])
YES = np.vstack([np.eye(2), np.ones(2)])


@pytest.mark.parametrize("series", [None, "m"])
@pytest.mark.parametrize("later", [True, False])
def test_a_table_without_a_school_does_not_give_it_away(series: str | None, *, later: bool) -> None:
    table = schools(FOUR)
    frames = [table, table[table["school"] != "C"]]
    outs = [
        secrecy.release(frame, rows="school", columns="support", series=series, method="suppress")
        for frame in (frames if later else frames[::-1])
    ]
    forms = [np.kron(WITH, YES), np.kron(WITH[[0, 1, 3, 4]] * [1, 1, 0, 1], YES)]
    ends = known(outs, forms if later else forms[::-1])
    assert (ends[4:6, 1] - ends[4:6, 0] >= 2).all()
    assert secrecy.audit(outs).well


def test_the_audit_sees_what_a_table_without_a_school_gives_away() -> None:
    table = schools(FOUR)
    whole = secrecy.release(table, rows="school", columns="support")
    assert whole.table.loc["B"].isna().all()
    part = pd.crosstab(*(table.loc[table["school"] != "C", name] for name in ("school", "support")), margins=True)
    report = secrecy.audit([whole, part])
    found = {row.entry: row.low for row in report.ranges.itertuples() if row.finding == "exact"}
    assert found[(("school", "C"), ("support", "yes"))] == 1.0
    assert report.ranges["tables"].iloc[0] == (0, 1)


def test_a_column_left_out_with_the_school_is_seen_in_the_table_at_hand() -> None:
    cells = {"A": (60, 13), "B": (70, 40), "C": (30, 3), "D": (20, 20)}
    table = schools(cells)
    first = secrecy.release(table, rows="school", columns="support")
    second = secrecy.release(table[table["school"] != "C"], rows="support")
    assert np.isnan(first.table.loc["C", "yes"])
    assert second.table["Total"].isna().all() or np.isnan(second.table.loc["yes", "Total"])


@pytest.mark.parametrize("rows", [("school", "area"), ("area", "school")])
def test_an_area_does_not_give_its_schools_away(rows: tuple[str, str]) -> None:
    table = schools(FOUR)
    outs = [secrecy.release(table, rows=name, columns="support") for name in rows]
    area = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]])
    forms = {"school": np.kron(WITH, YES), "area": np.kron(area, YES)}
    ends = known(outs, [forms[name] for name in rows])
    assert (ends[4:6, 1] - ends[4:6, 0] >= 2).all()
    assert (~outs[1].table.isna()).to_numpy().any()


def test_a_school_without_a_name_is_not_the_difference_between_an_area_and_the_rest() -> None:
    table = schools({"A": (60, 13), "B": (70, 40), "C": (2, 1), "D": (20, 20)})
    areas = secrecy.release(table, rows="area")
    assert areas.table.loc["north", "Total"] == 76.0
    out = secrecy.release(table[table["school"] != "C"], rows="school")
    # North less A would be the three of C.
    assert np.isnan(out.table.loc["A", "Total"])


def test_an_area_of_which_all_is_hidden_is_not_told_by_its_schools() -> None:
    cells = {"A": (36, 5), "B": (1, 0), "C": (6, 1), "D": (21, 1)}
    table = schools(cells)
    table["area"] = table["school"].map({"A": "north", "B": "north", "C": "south", "D": "south"})
    areas = secrecy.release(table, rows="area", columns="support")
    assert areas.table.loc[["north", "south"]].isna().to_numpy().all()
    out = secrecy.release(table[table["school"] != "A"], rows="school", columns="support")
    # Beside both, C and D together are the south, and with them the north is known too.
    north, south = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1]])
    forms = [np.kron([north, south, north + south], YES), np.kron([*np.eye(4)[1:], [0.0, 1, 1, 1]], YES)]
    shown = np.concatenate([areas.table.to_numpy(float).ravel(), out.table.to_numpy(float).ravel()])
    told = ~np.isnan(shown)
    for place in np.flatnonzero(~told):
        ends = [linprog(sign * np.vstack(forms)[place], A_eq=np.vstack(forms)[told], b_eq=shown[told]).fun * sign
                for sign in (1, -1)]  # fmt: skip
        assert ends[1] - ends[0] >= 2


def test_a_printed_area_tells_of_its_schools_where_the_area_that_changed_is_hidden() -> None:
    sizes = {"A": ("north", 3), "B": ("north", 20), "C": ("south", 4), "D": ("west", 70), "E": ("west", 3)}
    rows = [(school, area) for school, (area, count) in sizes.items() for _ in range(count)]
    table = pd.DataFrame(rows, columns=["school", "area"])
    areas = secrecy.release(table, rows="area").table["Total"]
    assert areas.isna().to_dict() == {"north": True, "south": True, "west": False, "Total": False}
    out = secrecy.release(table[table["school"] != "B"], rows="school")
    # West less D would be the three of E.
    assert out.table.loc[["D", "E"], "Total"].isna().all()


def test_equations_that_say_the_same_twice_stop_nothing() -> None:
    table = schools({"A": (14, 0), "B": (9, 0), "C": (1, 3), "D": (18, 7)})
    table["area"] = table["school"].map({"A": "0", "B": "0", "C": "1", "D": "1"})
    secrecy.release(table, rows="school", columns="support", method="round")
    out = secrecy.release(table[table["school"] != "A"], rows="area", columns="support", method="round")
    assert out.table.shape == (3, 3)


def test_schools_that_moved_on_are_as_before() -> None:
    table, later = schools(FOUR), schools({"A": (66, 19), "B": (76, 34), "C": (2, 1), "D": (26, 14)})
    alone = secrecy.release(later, rows="school", columns="support", series="other", method="suppress")
    for path in (paths.state_dir() / "releases").glob("*.json"):
        path.unlink()
    journal.append("withdrawn", {"release": alone.id})
    secrecy.release(table, rows="school", columns="support", series="m", method="suppress")
    after = secrecy.release(later, rows="school", columns="support", series="m", method="suppress")
    pd.testing.assert_frame_equal(after.table, alone.table)


def test_parts_are_found_where_no_table_shows_both() -> None:
    table = schools(FOUR)
    spread = _spread(table, [secrecy.release(table, rows=name).told for name in ("school", "area")])
    one, other = (secrecy.release(table, rows=name).told for name in ("school", "area"))
    assert _parts(spread, [one, other]) == [
        Part("area", "school", ("north",), ("A", "C")), Part("area", "school", ("south",), ("B", "D"))
    ]  # fmt: skip
    both = secrecy.release(table, rows=["area", "school"]).told
    assert _parts(spread, [one, other, both]) == []


def test_a_lost_memory_stops_the_release_until_the_table_is_withdrawn() -> None:
    first = secrecy.release(pupils(), rows="school")
    second = secrecy.release(pupils(), rows="grade")
    for path in (paths.state_dir() / "releases").glob("*.json"):
        path.unlink()
    with pytest.raises(ReleaseRefused, match=f"{first.id}, {second.id}"):
        secrecy.release(pupils(), rows="school", columns="grade")
    assert journal.read()[-1]["kind"] == "refusal"
    for out in (first, second):
        journal.append("withdrawn", {"release": out.id})
    assert secrecy.release(pupils(), rows="school").id == first.id


def test_a_lost_table_of_another_domain_stops_nothing() -> None:
    school, library = (Border(frozenset({name}), "person", "personal") for name in ("school", "library"))
    secrecy.release(mark(pupils(), library), rows="school")
    (path,) = (paths.state_dir() / "releases").glob("*.json")
    path.unlink()
    secrecy.release(mark(pupils(), school), rows="school")
    with pytest.raises(ReleaseRefused, match="memory lacks"):
        secrecy.release(pupils(), rows="school")


def test_a_changed_memory_stops_the_release() -> None:
    out = secrecy.release(pupils(), rows="school")
    (path,) = (paths.state_dir() / "releases").glob("*.json")
    figure = str(float(out.table["Total"].iloc[0]))
    path.write_text(path.read_text().replace(figure, "999.0"))
    with pytest.raises(KommunanalysError, match="was changed"):
        secrecy.release(pupils(), rows="school", columns="grade")


def test_two_releases_at_once_see_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "WAIT", 0.2)
    waiting = []

    def late(told: Printed) -> None:
        # While one release looks back and remembers, nobody else may.
        with ThreadPoolExecutor(1) as pool:
            waiting.append(pool.submit(secrecy.release, pupils(1), rows="grade").exception())
        memory.remember(told)

    module = import_module("kommunanalys.secrecy.release")
    monkeypatch.setattr(module, "remember", late)
    secrecy.release(pupils(), rows="school")
    assert [str(error)[:46] for error in waiting] == ["The memory of earlier releases cannot be held "]
    monkeypatch.setattr(module, "remember", memory.remember)
    secrecy.release(pupils(), rows="grade")


def test_join_links_the_same_entry() -> None:
    shape = secrecy.release(pupils(), rows="school", columns="grade").told.shape
    other = secrecy.release(pupils(), rows="school", columns="support").told.shape
    blank = [Printed(one, *np.zeros((2, len(one.keys))), np.zeros(len(one.keys), bool)) for one in (shape, other)]
    joint = join(blank)
    # Five schools and everybody are in both: six entries of 24 and 18 are the same, and each is an equation.
    assert len(joint.known.low) == 24 + 18 - 6
    assert joint.known.links.shape == (6, 5 * 3 + 5 * 2)


def test_tables_meet_where_their_figures_do() -> None:
    out = secrecy.release(pupils(), rows="school")
    other = replace(out.told, low=out.told.low + 1, high=out.told.high + 1)
    assert meet(out.told, out.told, out.told.shape.keys)
    assert not meet(out.told, other, out.told.shape.keys)
