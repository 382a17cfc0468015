"""What JupyterLab shows of a result: words, cautions and figures, escaped, in the session's language."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.answer import ROWS, Answer
from kommunanalys.compare import DEA, expected_cost, funnel, similar
from kommunanalys.compare.cautions import Caution


@dataclass(frozen=True)
class Found(Answer):
    rows: int

    @property
    def cautions(self):
        return (Caution("Left out ({count}): {units}.", {"count": 1, "units": ("<b>",)}),)

    def to_frame(self):
        return pd.DataFrame({"<i>": np.arange(self.rows, dtype=float)})

    def summary(self, language="en"):
        return f"{language} <script>"


def test_words_of_others_are_escaped():
    page = Found(2)._repr_html_()
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<i>" not in page


def test_long_tables_are_cut_and_say_so():
    assert f"{ROWS} of 20 rows" in Found(20)._repr_html_()
    assert "rows;" not in Found(ROWS)._repr_html_()


def test_the_language_is_the_sessions(monkeypatch):
    monkeypatch.setenv("KOMMUNANALYS_LANGUAGE", "fi")
    assert Found(1)._repr_html_().startswith('<div lang="fi"><p>fi ')


@pytest.fixture(scope="module")
def panel():
    return ka.panel(ka.read_example())


def test_results_of_the_library_show_answer_uncertainty_and_cautions(panel):
    assert "most similar" in similar(panel, "X07", on=["population"])._repr_html_()
    cost = expected_cost(panel, cost="compulsory_cost_own", needs=["population"], year=2023)
    assert "lower" in cost._repr_html_()


def test_before_the_fit_nothing_is_told():
    assert DEA()._repr_html_() is None


def test_funnel_shows_its_limits():
    rates = pd.Series([0.5, 0.9, 0.7], index=["X01", "X02", "X03"])
    assert "<table" in funnel(rates, rates * 0 + 100)._repr_html_()


class Sizes(Answer):
    def to_frame(self):
        index = pd.Index(["X01", "X02"], name="unit")
        columns = {"cost": [12345678.0, 2.0], "share": [0.0123, np.nan], "sure": [True, False], "year": [2023, 2024]}
        return pd.DataFrame(columns | {"count": pd.array([1500, None])}, index=index)


def test_figures_are_written_as_the_language_writes_them(monkeypatch):
    monkeypatch.setenv("KOMMUNANALYS_LANGUAGE", "sv")
    page = Sizes()._repr_html_()
    first = [f"<td>{text}</td>" for text in ("12\xa0345\xa0678", "0,0123", "ja", "2023", "1\xa0500")]
    assert '<th scope="row">X01</th>' + "".join(first) in page
    assert '<th scope="row">X02</th><td>2</td><td>–</td><td>nej</td><td>2024</td><td>–</td>' in page
    assert '<th scope="col">cost</th>' in page
    assert "<caption>" in page
