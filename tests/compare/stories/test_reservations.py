"""What a reader must bear in mind is said, each thing once."""

from kommunanalys.compare.stories.reservations import reservations


def test_cautions_hold_small_numbers_and_breaks(real):
    small = reservations(real("2403"))
    assert "Fewer than 100 pupils" in small
    assert "Bjurholm" in small
    assert "2019" in small
    assert small.count("\n- ") + 1 == len(small.splitlines())
