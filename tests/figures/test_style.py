"""A figure without words is never shown."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from kommunanalys.errors import TableError
from kommunanalys.figures import describe, description, new_axes
from kommunanalys.figures.style import PALETTE

DATA = pd.DataFrame({"a": [1.0]})


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other="#ffffff"):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_description_is_found_again():
    ax = describe(new_axes(), caption="c", alternative="a", data=DATA)
    assert description(ax).alternative == "a"
    assert description(ax).data is DATA


@pytest.mark.parametrize(("caption", "alternative"), [("", "a"), ("c", " ")])
def test_both_texts_are_needed(caption, alternative):
    with pytest.raises(TableError, match="alternative text"):
        describe(new_axes(), caption=caption, alternative=alternative, data=DATA)


def test_undescribed_axes_are_refused():
    with pytest.raises(TableError, match="describe"):
        description(new_axes())


def test_given_axes_are_used_and_no_figure_stays_open():
    before = plt.get_fignums()
    figure = plt.Figure()
    ax = figure.add_subplot()
    assert new_axes(ax) is ax
    new_axes()
    assert plt.get_fignums() == before


def test_text_colours_are_readable_on_white():
    # WCAG 2.1 AA: 4.5 for text, 3 for what carries meaning without being text.
    assert all(contrast(PALETTE[name]) >= 4.5 for name in ("focus", "peers", "line"))
