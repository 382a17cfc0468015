"""What a reader must bear in mind is said, each thing once."""

from kommunanalys.compare.stories.reservations import reservations
from kommunanalys.compare.units import label
from kommunanalys.indicators import wanted
from kommunanalys.sources import load


def test_cautions_hold_small_numbers_and_breaks(real):
    small = reservations(real("2403"), load("example", wanted("compulsory")))
    assert "Fewer than 100 pupils" in small
    assert "Bjurholm" in small
    assert "2019" in small
    assert small.count("\n- ") + 1 == len(small.splitlines())


def test_preliminary_figures_of_the_compared_are_named_with_their_municipalities(example):
    observations = load("example", wanted("compulsory"))
    story = example(year=2024)
    text = reservations(story, observations)
    rows = observations.query("indicator == 'compulsory_cost_home' and year == 2024 and flag == 'preliminary'")
    compared = {"X07", *story.near.peers.index}
    assert "X07" in set(rows["municipality"])
    (line,) = [line for line in text.splitlines() if line.startswith("- Preliminary: ")]
    assert "(Tärnsund" in line
    assert "Svanfjärd" in line
    (peer,) = story.dea.peers_.loc[story.dea.peers_["unit"] == "X07"].nlargest(1, "weight")["peer"]
    assert peer not in compared
    rows = observations["municipality"].eq(peer) & observations["indicator"].eq("compulsory_cost_home")
    observations.loc[rows & observations["year"].eq(2024), "flag"] = "preliminary"
    assert f"{label(peer, 'en')}" in reservations(story, observations).splitlines()[-1]
    assert "Preliminary" not in reservations(example(year=2023), observations[observations["year"] == 2024])
