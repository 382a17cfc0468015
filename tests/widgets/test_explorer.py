"""The explorer without a browser: every field changes the choice, draws once, and says what is wrong."""

import re

import numpy as np
import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.figures import description
from kommunanalys.widgets import explorer as module
from kommunanalys.widgets.explorer import Explorer
from kommunanalys.widgets.views import draw


@pytest.fixture(scope="module")
def panel():
    return ka.panel(ka.read_example())


@pytest.fixture
def shown(panel):
    return Explorer(panel, municipality="X07", language="en")


@pytest.fixture
def drawn(monkeypatch):
    calls = []
    monkeypatch.setattr(module, "draw", lambda *args, **given: calls.append(1) or draw(*args, **given))
    return calls


def test_each_field_changes_the_choice_and_draws_once(shown, drawn):
    changes = [
        (shown.views, "ranking", "view"),
        (shown.year, 2020, "year"),
        (shown.views, "line", "view"),
        (shown.span, (2016, 2022), "years"),
        (shown.indicator.list, "tax_rate", "indicator"),
        (shown.languages, "sv", "language"),
    ]
    for field, value, name in changes:
        before = shown.picture.svg
        field.value = value
        assert getattr(shown.choice, name) == value
        assert shown.picture.svg != before
        assert not shown.picture.problem
    assert len(drawn) == len(changes)


def test_a_typed_municipality_is_drawn_once_with_peers_of_its_own(shown, drawn):
    shown.place.field.value = "X09"
    assert shown.choice.municipality == "X09"
    assert shown.choice.peers == shown.peers.chosen
    assert "X09" not in shown.choice.peers
    assert len(drawn) == 1


def test_peers_chosen_by_hand_stay(shown):
    shown.peers.adding.field.value = "X30"
    assert shown.choice.peers[-1] == "X30"
    shown.place.field.value = "X30"
    assert "X30" not in shown.choice.peers
    kept = shown.choice.peers
    shown.place.field.value = "X09"
    assert shown.choice.peers == kept
    shown.suggest.click()
    assert shown.choice.peers != kept
    assert "most similar" in shown.peers.said.value


def test_a_click_marks_in_every_view_and_another_takes_the_mark_away(shown):
    shown.views.value = "scatter"
    shown.picture.clicked = "X03"
    for view in ("scatter", "line", "ranking", "distribution"):
        shown.views.value = view
        assert shown.picture.marked == ["X03"]
        assert 'data-code="X03"' in shown.picture.svg
    assert shown.marked.chosen == ("X03",)
    shown.picture.clicked = "X03"
    assert shown.choice.marked == shown.marked.chosen == ()
    shown.picture.clicked = "X03"
    shown.marked.list.value = ("X03",)
    shown.marked.away.click()
    assert shown.picture.marked == []


def test_a_year_without_figures_is_said_and_shows_no_old_figure(panel):
    panel = panel[["tax_rate", "population"]].copy()
    panel.loc[panel.index.get_level_values("year") == 2015, "tax_rate"] = np.nan
    made = Explorer(panel, municipality="X07", language="en")
    made.indicator.list.value = "tax_rate"
    made.views.value = "ranking"
    made.year.value = 2015
    assert made.picture.problem
    assert made.picture.svg == ""
    assert "2015" in made.picture.alternative
    made.year.value = 2016
    assert made.picture.svg
    assert not made.picture.problem


def test_a_chosen_indicator_takes_a_year_that_it_has(panel):
    panel = panel[["tax_rate", "population"]].copy()
    panel.loc[panel.index.get_level_values("year") >= 2020, "tax_rate"] = np.nan
    made = Explorer(panel, municipality="X07")
    made.views.value = "ranking"
    made.indicator.list.value = "population"
    made.year.value = 2023
    made.indicator.list.value = "tax_rate"
    assert (made.choice.year, made.year.value, made.picture.problem) == (2019, 2019, False)


def test_a_municipality_without_any_figure_does_not_stop_the_rest(panel):
    panel = panel[["tax_rate"]].copy()
    panel.loc["X07", "tax_rate"] = np.nan
    made = Explorer(panel, municipality="X07", language="en")
    for view in ("line", "ranking", "distribution"):
        made.views.value = view
        assert made.picture.alternative
    made.place.field.value = "X09"
    assert made.picture.svg


def test_an_error_of_any_kind_is_said_in_place(shown, monkeypatch):
    def broken(*args, **given):
        raise ZeroDivisionError("by nought")

    with monkeypatch.context() as patched:
        patched.setattr(module, "draw", broken)
        shown.views.value = "ranking"
        assert shown.picture.problem
        assert "by nought" in shown.picture.alternative
        assert shown.picture.svg == ""
    shown.views.value = "line"
    assert shown.picture.svg


def test_an_error_is_said_in_the_language_of_the_page(shown, monkeypatch):
    monkeypatch.setattr(module, "in_words", lambda error, say: f"{say.language}: {error}")
    shown.languages.value = "fi"
    shown.views.value = "map"
    assert shown.picture.alternative.startswith("fi: ")


def test_the_code_makes_the_same_figure_again(shown, panel):
    shown.languages.value = "fi"
    shown.picture.clicked = "X03"
    for view in ("scatter", "line"):
        shown.views.value = view
        space = {"panel": panel}
        exec(shown.taking.code.text.rpartition("\n")[0], space)
        again = description(draw(panel, space["choice"]))
        assert (again.caption, again.alternative) == (shown.picture.caption, shown.picture.alternative)


def test_the_code_uses_the_names_of_the_notebook(monkeypatch):
    panel = ka.panel(ka.read_example())

    class Shell:
        user_ns = {"_": panel, "mine": panel}  # noqa: RUF012

    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: Shell)
    made = Explorer(panel, municipality="X07")
    assert "draw(mine, choice)" in made.taking.code.text
    Shell.user_ns = {}
    made.views.value = "ranking"
    assert "draw(panel, choice)" in made.taking.code.text
    assert "# panel: Example data" in made.taking.code.text


def test_only_the_fields_of_the_view_are_there(shown):
    there = {
        view: [name for name in ("second", "span", "year") if getattr(shown, name).layout.display != "none"]
        for view in ("line", "scatter", "ranking")
        if setattr(shown.views, "value", view) is None
    }
    assert there == {"line": ["span"], "scatter": ["second", "year"], "ranking": ["year"]}


def test_what_a_saved_notebook_holds_is_the_figure_and_no_table(shown, panel):
    held = "".join(str(widget.get_state()) for widget in (shown, shown.picture, shown.taking, shown.taking.code))
    assert "X20" not in shown.choice.peers
    values = panel.loc["X20", "compulsory_cost_home"].dropna()
    assert not [value for value in values if f"{value:.0f}" in held or f"{value:,.0f}" in held]


def test_a_page_without_a_kernel_shows_the_figure(shown):
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == shown.picture.alternative
    assert "<figure>" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_many_changes_leave_no_observers_and_no_figures_behind(shown):
    import gc

    from matplotlib.figure import Figure

    def figures():
        gc.collect()
        return len([item for item in gc.get_objects() if isinstance(item, Figure)])

    views = ("line", "ranking", "scatter", "distribution", "map")
    for view in views:  # each view keeps the axes of its last figure
        shown.views.value = view
    observers, before = sum(map(len, shown.year._trait_notifiers["value"].values())), figures()
    for number in range(20):
        shown.views.value = views[number % 4]
        shown.year.value = 2014 + number % 10
    assert sum(map(len, shown.year._trait_notifiers["value"].values())) == observers
    assert figures() <= before


def test_plain_frames_and_observations_are_explored_too():
    index = pd.MultiIndex.from_product([["A", "B", "C"], [2020, 2021]], names=["municipality", "year"])
    made = Explorer(pd.DataFrame({"buses": [1.0, 2, 3, 4, 5, 6]}, index), language="sv")
    assert made.picture.svg
    assert made.choice.peers == ()
    made.views.value = "scatter"
    assert made.picture.problem
    assert Explorer(ka.read_example(), municipality="X07").picture.svg


def test_a_figure_drawn_on_the_axes_of_the_last_one_is_the_same_as_a_new_one(shown):
    for view in ("line", "scatter", "distribution", "ranking"):
        shown.views.value = view
        kept = shown._kept[view]
        shown.indicator.list.value = "tax_rate" if shown.choice.indicator != "tax_rate" else "population"
        assert shown._kept[view] is kept
        marked = shown.picture.svg
        shown.picture.show(shown.axes(), shown._names, (), "en")
        assert shown.axes() is not kept
        assert drawn_paths(marked) == drawn_paths(shown.picture.svg)


def test_a_view_that_is_come_back_to_is_drawn_on_its_own_axes(shown):
    kept, before = shown._kept["line"], shown.picture.svg
    shown.views.value = "ranking"
    shown.views.value = "line"
    assert shown._kept["line"] is kept
    assert drawn_paths(shown.picture.svg) == drawn_paths(before)


def drawn_paths(svg):
    return re.findall(r"<text[^>]*>[^<]*</text>|\sd=\"[^\"]*\"|<use[^>]* x=\"[^\"]*\" y=\"[^\"]*\"", svg)


def test_axes_are_not_used_again_after_an_error(shown, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(module, "draw", lambda *_, **__: 1 / 0)
        shown.span.value = (2016, 2020)
    assert "line" not in shown._kept
    shown.span.value = (2016, 2021)
    assert not shown.picture.problem


def test_nothing_is_said_of_sources_that_are_not_the_tables():
    index = pd.MultiIndex.from_product([["1440", "1441"], [2020, 2021]], names=["municipality", "year"])
    assert len(ka.read_example())
    made = Explorer(pd.DataFrame({"buses": [1.0, 2, 3, 4]}, index), language="en")
    assert "Nothing is recorded" in made.taking.sources.value


def test_the_name_of_a_file_tells_the_years_and_both_indicators(shown):
    names = set()
    for view, field, values in (("line", "span", [(2016, 2020), (2017, 2020)]), ("ranking", "year", [2020, 2021])):
        shown.views.value = view
        for value in values:
            getattr(shown, field).value = value
            names.add(shown._stem())
    shown.views.value = "scatter"
    for second in ("tax_rate", "population"):
        shown.second.list.value = second
        names.add(shown._stem())
    assert len(names) == 6


def test_peers_chosen_by_hand_are_not_called_suggested(shown):
    shown.peers.adding.field.value = "X30"
    shown.languages.value = "sv"
    assert shown.peers.said.value == ""
    shown.suggest.click()
    assert shown.peers.said.value


def test_the_code_of_a_table_without_a_name_says_what_to_write(shown, monkeypatch):
    assert "panel = ...  # the table that you gave to ka.explore" in shown.taking.code.text
    assert "panel = ..." in shown.taking.hint.value

    class Shell:
        user_ns = {"mine": shown._table}  # noqa: RUF012

    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: Shell)
    shown.views.value = "ranking"
    assert "panel = ..." not in shown.taking.code.text
    assert shown.taking.hint.value == ""


def test_saving_goes_beside_what_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = Explorer(ka.panel(ka.read_example()), municipality="X07", language="en")
    for peers in ((), (), ("X01",)):
        shown.peers.put(peers)
        shown._beside(peers)
        shown.taking.save(".csv")
    stem = shown._stem()
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == [f"{stem}.csv", f"{stem}_2.csv"]
