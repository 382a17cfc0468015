"""What a choice picks out: roles, those that compare, the year, who is to be read with care."""

import numpy as np
import pytest

import kommunanalys as ka
from kommunanalys.errors import MixedPopulations, UsageError
from kommunanalys.figures.marks import FOCUS, MARKED, PEER
from kommunanalys.widgets.choice import Choice
from kommunanalys.widgets.prepared import prepare
from kommunanalys.widgets.scene import Scene


@pytest.fixture(scope="module")
def ready():
    return prepare(ka.read_example())


def scene(ready, view="ranking", municipality="X07", **more):
    return Scene(ready, Choice(view, municipality, indicator=more.pop("indicator", "compulsory_cost_home"), **more))


def test_focus_before_marked_before_peer(ready):
    found = scene(ready, peers=("X01", "X02", "X07"), marked=("X02", "X07"))
    roles = dict(zip(ready.codes, found.roles, strict=True))
    assert (roles["X01"], roles["X02"], roles["X07"], roles["X05"]) == (PEER, MARKED, FOCUS, 0)


def test_names_are_understood_as_codes(ready):
    name = ka.find("X07").name("sv")
    assert scene(ready, municipality=name).focus == "X07"


def test_the_latest_year_is_taken_where_none_is_chosen(ready):
    assert scene(ready).year == ready.latest("compulsory_cost_home")
    with pytest.raises(UsageError, match="1901"):
        _ = scene(ready, year=1901).year


def test_two_populations_do_not_meet_in_a_scatter(ready):
    with pytest.raises(MixedPopulations):
        _ = scene(ready, "scatter", indicator="compulsory_cost_home", second="compulsory_cost_own").columns


def test_a_line_begins_and_ends_with_a_figure_and_holds_the_chosen_years(ready):
    found = scene(ready, "line", years=(2016, 2019), peers=("X01", "X02", "X03", "X04", "X05")).lines
    assert (found.years[0], found.years[-1]) == (2016, 2019)
    assert found.whose == "peers"
    peers = found.values[found.crowd.roles == PEER]
    np.testing.assert_allclose(found.band[0], np.nanquantile(peers, 0.25, axis=0))


def test_no_comparison_across_the_sea(ready):
    import pandas as pd

    index = pd.MultiIndex.from_product([["598", "091", "478", "0180"], [2024]], names=["municipality", "year"])
    mixed = pd.DataFrame({"population": [1.0, 2.0, 3.0, 4.0]}, index=index)
    assert Scene(prepare(mixed), Choice("ranking", "598", indicator="population")).crowd.codes == ["091", "598"]
    assert Scene(prepare(mixed), Choice("ranking", "478", indicator="population")).crowd.codes == ["478"]


def test_flags_make_a_figure_hollow(ready):
    code, year = next(key for key, flag in ready.flags["compulsory_cost_home"].items() if flag == "preliminary")
    found = scene(ready, year=year)
    assert "preliminary" in found.care(code)
    assert found.crowd.hollow[found.crowd.codes.index(code)]


def test_the_marked_of_another_country_are_told_and_not_compared():
    import pandas as pd

    from kommunanalys.figures import description
    from kommunanalys.widgets.views import draw

    index = pd.MultiIndex.from_product([["1440", "1441", "0180", "598"], [2023, 2024]], names=["municipality", "year"])
    mixed = pd.DataFrame({"population": [float(number) for number in range(8)]}, index=index)
    for view in ("ranking", "distribution", "line"):
        choice = Choice(view, "1440", ("598",), "population")
        bare = description(draw(mixed, choice.but(peers=())))
        for more in (choice, choice.but(peers=(), marked=("598",))):
            found = description(draw(mixed, more))
            assert found.alternative == bare.alternative
            assert "Jakobstad" in found.caption
            assert "another country" in found.caption


def test_money_is_told_from_shares_in_the_glossary_and_outside_it(ready):
    assert scene(ready).in_money("compulsory_cost_home")
    assert not scene(ready).in_money("urban_share")
    frame = ka.panel(ka.read_example()).rename(columns={"population": "own_cost", "tax_rate": "own_rate"})
    frame.attrs["units"] = {"own_cost": "EUR/person", "own_rate": "%"}
    own = scene(prepare(frame))
    assert (own.in_money("own_cost"), own.in_money("own_rate")) == (True, False)
