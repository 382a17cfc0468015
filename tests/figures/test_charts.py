"""Lines stop at breaks, the focus is marked, numbers are written in the reader's language."""

import numpy as np
import pandas as pd

from kommunanalys.figures.charts import ranking, scatter, timeline, with_gaps
from kommunanalys.language import Speaker

SAY = Speaker("sv", "SE")


def test_no_line_crosses_a_break_or_an_absent_year():
    series = pd.Series([1.0, 2.0, 3.0, 4.0], index=[2015, 2016, 2018, 2019])
    holed = with_gaps(series, [2019])
    assert np.isnan(holed[2017])
    assert np.isnan(holed[2018.5])
    assert holed.dropna().tolist() == series.tolist()


def test_a_break_outside_the_years_changes_nothing():
    series = pd.Series([1.0, 2.0], index=[2015, 2016])
    assert with_gaps(series, [2010, 2015, 2020]).tolist() == [1.0, 2.0]


def test_timeline_draws_each_line_and_the_break():
    lines = pd.DataFrame({"Ale": [1.0, 2.0, 3.0], "Median": [1.0, 1.0, 1.0]}, index=[2017, 2018, 2019])
    ax = timeline(lines, focus="Ale", breaks=[2019], say=SAY)
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines if not line.get_label().startswith("_")}
    assert set(drawn) == {"Ale", "Median"}
    assert np.isnan(drawn["Ale"]).sum() == 1
    assert any(line.get_xdata()[0] == 2018.5 for line in ax.lines)
    assert all(float(tick).is_integer() for tick in ax.get_xticks())


def test_ranking_orders_and_marks():
    ax = ranking(
        pd.Series({"a": 1000.0, "Ale": 3000.0, "b": 2000.0, "c": np.nan}),
        focus="Ale",
        lines={"Median": 2000.0},
        say=SAY,
    )
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b", "Ale"]
    assert [text.get_text() for text in ax.texts] == ["1\xa0000", "2\xa0000", "3\xa0000"]
    colours = [bar.get_facecolor() for bar in ax.patches]
    assert colours[2] != colours[0] == colours[1]


def test_scatter_names_the_focus_and_the_marked():
    points = pd.DataFrame({"cost": [1.0, 2.0, 3.0], "result": [3.0, 2.0, 1.0]}, index=["a", "b", "Ale"])
    ax = scatter(points, focus="Ale", marked=["a", "absent"], say=SAY)
    assert {text.get_text() for text in ax.texts} == {"a", "Ale"}
    assert ax.get_xlabel() == "cost"
