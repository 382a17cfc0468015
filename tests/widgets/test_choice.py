"""A choice says what is looked at, refuses what cannot be, and names only what the view depends on."""

import pytest

from kommunanalys.errors import UsageError
from kommunanalys.widgets.choice import VIEWS, Choice


def test_lists_become_tuples_and_choices_can_be_compared():
    one = Choice("line", "1440", peers=["1441"], indicator="tax_rate", years=[2010, 2020])
    assert one == Choice("line", "1440", peers=("1441",), indicator="tax_rate", years=(2010, 2020))
    assert hash(one) == hash(one.but())


@pytest.mark.parametrize(
    "wrong", [{"view": "pie"}, {"language": "de"}, {"years": (2020,)}, {"years": (2020, 2010)}], ids=str
)
def test_what_cannot_be_is_refused_with_what_can(wrong):
    with pytest.raises(UsageError) as caught:
        Choice(**wrong)
    assert any(word in str(caught.value) for word in (*VIEWS, "sv, fi, en", "first and a last"))


def test_used_leaves_out_what_the_view_does_not_read():
    whole = Choice("line", "1440", ("1441",), "tax_rate", "population", 2020, (2010, 2021), ("0180",), "sv")
    assert not {"second", "year"} & whole.used().keys()
    assert whole.used()["years"] == (2010, 2021)
    assert "years" not in whole.but(view="map").used()
    assert whole.but(view="scatter").used()["second"] == "population"
    # A choice built from what is used alone draws the same picture.
    assert Choice(**whole.used()).used() == whole.used()
