"""What a reader must bear in mind is said, each thing once."""

from kommunanalys.compare.stories.reservations import reservations
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
    compared = {"X07", *story.near.peers.index} & set(rows["municipality"])
    assert "X07" in compared
    (line,) = [line for line in text.splitlines() if line.startswith("- Preliminary: ")]
    assert "(Tärnsund" in line
    assert "Svanfjärd" in line or "X09" not in compared
    assert "Preliminary" not in reservations(example(year=2023), observations[observations["year"] == 2024])
