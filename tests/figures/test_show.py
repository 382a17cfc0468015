"""What a notebook shows: accessible HTML with the unrounded numbers beside."""

import re

import numpy as np
import pandas as pd
import pytest

from kommunanalys import secrecy
from kommunanalys.errors import TableError, UsageError
from kommunanalys.figures import Table, describe, new_axes, released
from kommunanalys.figures.show import bundle, svg, table_html
from kommunanalys.language import Speaker
from kommunanalys.mime import DATA, RELEASE, SUBJECT

SAY = Speaker("sv", "SE")
ROWS = pd.DataFrame(
    {
        "compulsory_cost_home": [112324.189, np.nan],
        "pupils": [2021, 2021],
        "kind": ["<b>", "x"],
        "outside": [True, False],
    },
    index=pd.Index(["Ale", "Åmål"], name="Kommun"),
)


def test_a_table_has_caption_scopes_and_the_language_s_numbers():
    text = table_html(Table(ROWS, "Kostnad & mer"), SAY)
    assert "<caption>Kostnad &amp; mer</caption>" in text
    assert text.count('scope="col"') == 5
    assert text.count('scope="row"') == 2
    assert "112\xa0324" in text
    assert ">–<" in text
    assert ">2\xa0021<" in text, "a quantity, whatever its size"
    years = table_html(Table(pd.DataFrame({"n": [1.0]}, index=pd.Index([2021], name="År")), "c"), SAY)
    assert ">2021<" in years
    assert "&lt;b&gt;" in text
    assert "hemkommun" in text


def test_the_data_are_unrounded_and_missing_is_none():
    data = bundle(Table(ROWS, "c"), SAY)[DATA]
    assert data["rows"][0][1] == 112324.189
    assert data["rows"][1][1] is None
    assert data["columns"][0]["unit"] == "SEK/pupil/year"


def test_a_figure_carries_words_and_data():
    ax = describe(
        new_axes(), caption="Bild", alternative='Den "stora" & den lilla', data=ROWS[["compulsory_cost_home"]]
    )
    text = bundle(ax, SAY)["text/html"]
    assert 'alt="Den &quot;stora&quot; &amp; den lilla"' in text
    assert "<details>" in text
    assert "<figcaption>Bild</figcaption>" in text


def test_the_same_figure_is_the_same_bytes():
    def draw():
        ax = new_axes()
        ax.plot([1, 2], [3, 4])
        return svg(ax.figure)

    assert draw() == draw()
    assert b"<metadata>" not in draw()
    assert len(re.findall(rb"<text", draw())) > 4


def test_text_and_subject():
    assert SUBJECT in bundle("x", SAY, subject=True)
    assert SUBJECT not in bundle("x", SAY)


def test_what_cannot_be_shown():
    with pytest.raises(UsageError, match="DataFrame"):
        bundle(ROWS, SAY)
    with pytest.raises(TableError, match="alternative"):
        bundle(new_axes(), SAY)


class TestReleases:
    """What `secrecy.release` gave, as a table for readers."""

    @pytest.fixture
    def pupils(self):
        support = (["no"] * 27 + ["yes"] * 3) * 2
        return pd.DataFrame({"school": ["A"] * 30 + ["B"] * 30, "grade": [7, 8] * 30, "support": support})

    def test_hidden_figures_the_paragraph_and_the_id_are_carried(self, pupils):
        out = secrecy.release(pupils, rows="school", columns="support", language="en")
        shown = bundle(out, Speaker("en"))
        assert shown["text/html"].count("<td>..</td>") == 4
        assert f"<p>{out.paragraph()}</p>".replace('"', "&quot;") in shown["text/html"]
        assert shown[RELEASE] == {"id": out.id}
        assert shown[DATA]["rows"][0] == ["A", "..", "..", 30.0]
        assert shown[DATA]["note"] == out.paragraph()

    def test_rounded_figures_are_marked_but_not_in_the_numbers(self, pupils):
        out = secrecy.release(pupils, rows="school", columns="grade", series="monthly", language="en")
        shown = bundle(out, Speaker("en"))
        assert "<td>≈ 15</td>" in shown["text/html"]
        assert shown[DATA]["rows"][0][1] == 15.0

    def test_several_dimensions_become_one_line_of_headings(self, pupils):
        out = secrecy.release(pupils, rows=["school", "grade"], columns="support", language="sv")
        table = released(out, "Elever")
        assert table.data.index.name == "school / grade"
        assert "A / 7" in table.data.index
        assert table.data.attrs["release"] == out.id
        assert table.caption == "Elever"

    def test_a_plain_table_has_neither_id_nor_note(self):
        shown = bundle(Table(pd.DataFrame({"n": [1.0]}), "Pupils"), Speaker("en"))
        assert RELEASE not in shown
        assert "note" not in shown[DATA]
        assert "<p>" not in shown["text/html"]
