"""The widgets as people meet them: a real browser, JupyterLab, one kernel for the explorer and one for the forms."""

import base64
import re
import shutil
from functools import partial

import pandas as pd
import pytest

from tests.reporting.browser import browser
from tests.widgets import lab

__all__ = ["browser"]
pytestmark = lab.needed

LANGUAGES = {
    "sv": ("Kommun", "År", "Rangordning", "Norrskenby (X19)"),
    "fi": ("Kunta", "Vuosi", "Järjestys", "Revontulikylä (X19)"),
    "en": ("Municipality", "Year", "Ranking", "Revontulikylä (X19)"),
}
FORM = """import kommunanalys as ka
ka.form("municipality_profile")"""
LOOK = """import types
import pandas as pd
rows = pd.read_pickle("rows.pkl")
per = rows.groupby("school").size().to_frame("units")
ka.widgets.look(types.SimpleNamespace(frame=rows, places=per, summary=lambda language: "Two schools."))"""
ROWS = pd.DataFrame(
    {"rank": [1, 1], "risk": [0.61, 0.5], "school": ["Zyxschool", "Zyxother"], "reasons": ["Zyxreason", "Zyxelse"]},
    index=["Zyxperson1", "Zyxperson2"],
)
MARKER = """element => { const style = one => { const all = getComputedStyle(one); return ["outline", "boxShadow",
  "borderColor", "backgroundColor", "borderWidth"].map(name => all[name]).join("|"); };
  const focused = style(element); element.blur(); const not = style(element); element.focus();
  return focused !== not; }"""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    with lab.server(tmp_path_factory.mktemp("lab")) as at:
        opened = lab.Lab(browser, at)
        yield opened
        assert opened.faults == []


@pytest.fixture(scope="module")
def explored(page):
    shutil.copy(lab.ROOT / "notebooks" / "explore.ipynb", page.at.root)
    book = page.open("explore.ipynb")
    assert book.errors() == []
    book.panel.locator(".ka-picture svg").wait_for()
    return book


@pytest.fixture
def room(explored):
    room = explored.front().panel.locator(".ka-room")
    lab.still(room.page)
    return room


@pytest.fixture(scope="module")
def forms(page):
    ROWS.to_pickle(page.at.root / "rows.pkl")
    lab.write(page.at.root / "forms.ipynb", FORM, LOOK)
    book = page.open("forms.ipynb")
    assert book.errors() == []
    book.panel.locator(".ka-private table").wait_for()
    return book


def changed(room, act):
    """The figure that stands when something has been done, which must be another than before."""
    lab.still(room.page)
    before = room.locator(".ka-picture").inner_html()
    act()
    room.page.wait_for_function(
        "([picture, before]) => picture.innerHTML && picture.innerHTML !== before",
        arg=[room.locator(".ka-picture").element_handle(), before],
    )
    lab.still(room.page)
    return room.locator(".ka-picture").inner_html()


def view(room, name):
    button = room.get_by_role("button", name=name, exact=True)
    if button.get_attribute("aria-pressed") != "true":
        changed(room, button.click)


def words(text):
    return re.findall(r"<text[^>]*>([^<]*)<", text)


def test_a_typed_name_and_a_moved_year_change_the_figure(room):
    field = room.get_by_label("Municipality", exact=True)
    field.fill("Norrsk")
    now = changed(room, lambda: field.press("Enter"))
    assert field.input_value() == "Revontulikylä (X19)", "typed in Swedish, called as most people there call it"
    assert "Revontulikylä" in room.locator(".ka-status").inner_text()
    assert any("Revontulikylä" in text for text in words(now))
    view(room, "Ranking")
    year = room.get_by_role("slider", name="Year", exact=True)
    shown = int(year.get_attribute("aria-valuetext"))
    changed(room, lambda: year.press("ArrowLeft"))
    assert year.get_attribute("aria-valuetext") == str(shown - 1)
    assert str(shown - 1) in room.locator(".ka-caption").inner_text()


def test_a_name_that_is_nobodys_is_refused_beside_its_field_and_the_figure_stays(room):
    before = room.locator(".ka-picture").inner_html()
    field = room.get_by_label("Municipality", exact=True)
    field.fill("Norrskenbo")
    field.press("Enter")
    room.locator("[role=alert]", has_text="Norrskenby (X19)").wait_for()
    assert room.locator(".ka-picture").inner_html() == before
    field.fill("X19")
    field.press("Enter")
    room.locator("[role=alert]").wait_for(state="detached")


def test_marks_are_set_by_click_and_by_keyboard_and_stay_in_every_view(room):
    view(room, "Ranking")
    marked = room.get_by_label("Marked in every view").locator("option")
    room.locator('[data-code="X05"]').scroll_into_view_if_needed()
    box = room.locator('[data-code="X05"]').bounding_box()
    changed(room, lambda: room.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    assert [text[-5:] for text in marked.all_inner_texts()] == ["(X05)"]
    room.locator('[data-code="X05"]').focus()
    room.page.keyboard.press("ArrowRight")
    focused = "() => document.activeElement.dataset.code"
    neighbour = room.page.evaluate(focused)
    assert neighbour not in (None, "X05")
    changed(room, lambda: room.page.keyboard.press("Enter"))
    assert [text[-5:] for text in marked.all_inner_texts()] == ["(X05)", f"({neighbour})"]
    assert room.page.evaluate(focused) == neighbour, "the person is still where they were"
    view(room, "Two indicators")
    pressed = room.locator("[data-code][aria-pressed=true]")
    assert {one.get_attribute("data-code") for one in pressed.all()} == {"X05", neighbour}


@pytest.mark.parametrize("name", ["Two indicators", "Over the years"])
def test_the_copied_code_draws_the_same_figure_in_a_new_cell(explored, room, name):
    view(room, name)
    room.get_by_role("button", name="Copy the code").click()
    room.get_by_text("Copied. Paste it into a new cell.").wait_for()
    cell = explored.paste()
    assert explored.errors() == []
    source = cell.locator("img").get_attribute("src")
    again = base64.b64decode(source.split("base64,")[1]).decode("utf-8")
    own = room.locator(".ka-picture").inner_html()
    assert len(lab.drawn(own)) > 10
    assert lab.drawn(again) == lab.drawn(own)
    assert words(again) == words(own)


def test_the_language_is_switched_in_place(room):
    figures = {}
    for language, (municipality, year, ranking, own) in LANGUAGES.items():
        tongue = room.locator(".widget-dropdown select")
        if language == "sv":
            view(room, "Ranking")
        switch = partial(tongue.select_option, index=list(LANGUAGES).index(language))
        figures[language] = words(changed(room, switch))
        assert room.get_by_label(municipality, exact=True).input_value() == own
        assert room.get_by_role("slider", name=year, exact=True).is_visible()
        assert room.get_by_role("button", name=ranking, exact=True).get_attribute("aria-pressed") == "true"
        assert room.locator(f"[lang={language}] .ka-picture svg").count() == 1
    assert len({tuple(texts) for texts in figures.values()}) == 3


NAME = """one => one.getAttribute("aria-label") || [...one.labels ?? []].map(label => label.textContent).join(" ")
  || one.textContent"""
STOPS = """room => [...room.querySelectorAll(
  "a[href], button, input, select, textarea, [tabindex], [contenteditable=true]")].filter(one => !one.disabled &&
  (one.tabIndex >= 0 || one.isContentEditable) && one.checkVisibility() && one.getClientRects().length)"""


@pytest.mark.parametrize("name", ["Over the years", "Two indicators"])
def test_every_control_is_reached_by_the_tab_key_in_its_order_and_seen(room, name):
    view(room, name)
    handle, page = room.element_handle(), room.page
    stops = page.evaluate_handle(STOPS, handle)
    count = stops.evaluate("all => all.length")
    assert count > 15
    stops.evaluate("all => all[0].focus()")
    for at in range(count):
        here = page.evaluate_handle("() => document.activeElement")
        said = here.evaluate("one => one.outerHTML.slice(0, 200)")
        assert stops.evaluate("(all, one) => all.indexOf(one)", here) == at, said
        assert here.evaluate(NAME).strip(), said
        assert here.evaluate(MARKER), f"nobody sees where they are: {said}"
        page.keyboard.press("Tab")


@pytest.mark.parametrize("name", ["Over the years", "Ranking", "Two indicators", "Distribution"])
def test_axe_finds_nothing_in_the_explorer(explored, room, name):
    view(room, name)
    assert explored.axe(".jp-NotebookPanel:not(.lm-mod-hidden) .ka-room") == []


def test_a_watchlist_is_seen_and_not_saved(forms):
    assert "Zyxperson2" in forms.panel.locator(".ka-private").inner_text()
    forms.panel.locator(".ka-private").get_by_label("Place").select_option(label="Zyxschool")
    forms.panel.get_by_text("Zyxperson1").wait_for()
    assert forms.axe(".jp-NotebookPanel:not(.lm-mod-hidden) .ka-private") == []
    saved = forms.save()
    assert "What is looked at here is not saved" in saved, "the state of the widgets is in the file"
    assert "Zyx" not in saved


def test_a_form_says_what_is_wrong_runs_and_opens_the_report(page, forms):
    panel = forms.panel
    panel.get_by_label("Year", exact=True).fill("soon")
    panel.get_by_role("button", name="Make the report").click()
    panel.locator(".ka-field", has=page.page.get_by_label("Year", exact=True)).get_by_text("'soon'").wait_for()
    lab.still(page.page)
    assert panel.get_by_label("Year", exact=True).get_attribute("aria-invalid") == "true"
    page.page.wait_for_function("() => document.activeElement.getAttribute('aria-invalid') === 'true'")
    assert forms.axe(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell:first-of-type .jp-OutputArea-output") == []
    panel.get_by_label("Year", exact=True).fill("")
    panel.locator("[aria-invalid=true]").wait_for(state="detached")
    lab.still(page.page)
    panel.get_by_role("button", name="Make the report").click(delay=120)  # as slow as a hand, from within the field
    link = panel.get_by_role("link", name="Open the report")
    link.wait_for()
    assert forms.axe(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell:first-of-type .jp-OutputArea-output") == []
    answer = page.room.request.get(link.evaluate("one => one.href"), headers=lab.KEY)
    assert answer.status == 200
    link.click()
    report = page.page.frame_locator("iframe").locator("h1")
    report.wait_for()
    assert report.inner_text() == "What do open figures say about the municipality?"


def test_a_run_is_stopped_by_its_button(forms):
    panel = forms.front().panel
    panel.get_by_role("button", name="Make the report").click()
    panel.get_by_role("button", name="Stop").click()
    panel.get_by_text("Stopped. Nothing half-written is left.").wait_for()
    panel.get_by_role("button", name="Make the report").click(trial=True)  # it can be pressed again
