"""Many municipalities in one picture: ranks, stacks, holes, intervals, numbers in the reader's language."""

import numpy as np

from kommunanalys.figures.crowd import cloud, head, note, ranked, stacks, trajectories
from kommunanalys.figures.marks import FOCUS, MARKED, PEER, Crowd
from kommunanalys.language import Speaker

SAY = Speaker("sv", "SE")


def crowd(*roles):
    codes = [f"{number:04}" for number in range(len(roles))]
    return Crowd(codes, [f"name {code}" for code in codes], np.array(roles), np.zeros(len(roles), dtype=bool))


def test_ranks_leave_out_who_has_no_figure():
    ax = ranked(crowd(0, 0, FOCUS), np.array([3.0, np.nan, 1.0]), say=SAY)
    np.testing.assert_array_equal(ax.artists[0].at, [[2, 3], [np.nan, np.nan], [1, 1]])


def test_intervals_go_from_end_to_end_and_stay_inside():
    ends = (np.array([1.0, np.nan, 0.5]), np.array([5.0, np.nan, 1.5]))
    ax = ranked(crowd(0, 0, FOCUS), np.array([3.0, 2.0, 1.0]), ends=ends, say=SAY)
    drawn = np.concatenate([line.get_ydata() for line in ax.lines if len(line.get_ydata()) == 3])
    assert set(drawn[np.isfinite(drawn)]) == {1.0, 5.0, 0.5, 1.5}
    low, high = ax.get_ylim()
    assert low < 0.5 < 5.0 < high


def test_stacks_count_everybody_once_and_the_focus_lies_lowest():
    values = np.array([1.0, 1.0, 1.0, 9.0, np.nan])
    at = stacks(crowd(0, 0, FOCUS, 0, 0), values, say=SAY).artists[0].at
    assert sorted(at[:3, 1]) == [1, 2, 3]
    assert at[2, 1] == 1
    assert at[3, 1] == 1
    assert np.isnan(at[4]).all()


def test_one_value_for_all_can_be_drawn():
    assert len(stacks(crowd(0, FOCUS), np.array([2.0, 2.0]), say=SAY).artists) == 1
    assert len(ranked(crowd(0, FOCUS), np.array([0.0, 0.0]), say=SAY).artists) == 1
    assert len(cloud(crowd(FOCUS), np.array([2.0]), np.array([2.0]), say=SAY).artists) == 1


def test_a_line_stops_at_breaks_and_at_absent_years():
    values = np.array([[1.0, 2.0, np.nan, 4.0], [2.0, 2.0, 2.0, 2.0]])
    ax = trajectories(crowd(FOCUS, PEER), np.arange(2017, 2021), values, breaks=[2018, 2017, 2030], say=SAY)
    own = next(line for line in ax.lines if line.get_gid() == "mark-0000")
    assert own.get_xdata().tolist() == [2017, 2017.5, 2018, 2019, 2020]
    assert np.isnan(own.get_ydata()[[1, 3]]).all()
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"] == [2017.5]


def test_hollow_points_stand_on_the_lines_of_the_named():
    hollow = np.array([[True, False], [False, True]])
    ax = trajectories(crowd(FOCUS, PEER), np.array([1, 2]), np.array([[5.0, 6.0], [7.0, 8.0]]), hollow=hollow, say=SAY)
    rings = [line.get_ydata().tolist() for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert rings == [[5.0]]


def test_names_at_the_ends_of_lines_are_moved_apart():
    values = np.array([[1.0, 5.0], [0.0, 5.0], [9.0, 5.0]])
    ax = trajectories(crowd(FOCUS, MARKED, MARKED), np.array([1, 2]), values, say=SAY)
    heights = sorted(text.get_position()[1] for text in ax.texts)
    assert min(np.diff(heights)) > 0.05


def test_numbers_are_written_as_the_language_writes_them():
    ax = cloud(crowd(0, FOCUS), np.array([0.1, 0.4]), np.array([1000.0, 90000.0]), say=SAY)
    assert ax.xaxis.get_major_formatter()(0.25) == "0,25"
    assert ax.yaxis.get_major_formatter()(20000) == "20\xa0000"


def test_money_in_a_name_is_not_mathematics():
    name, roles = "cost $a$ per $b$", np.array([FOCUS])
    one, figures = Crowd(["1440"], [name], roles, np.zeros(1, dtype=bool)), np.array([1.0])
    drawn = [ranked(one, figures, say=SAY), trajectories(one, figures, figures[:, None], say=SAY)]
    for ax in drawn:
        head(ax, name)
        note(ax, name)
        texts = [text for text in ax.texts if "$" in text.get_text()]
        assert len(texts) == 3
        assert not any(text.get_parse_math() for text in texts)
