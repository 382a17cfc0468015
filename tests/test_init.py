"""The public names are all there and say so."""

import pytest

import kommunanalys as ka


@pytest.mark.parametrize("name", ka.__all__)
def test_every_public_name_loads_and_is_documented(name):
    item = getattr(ka, name)
    assert name == "__version__" or item.__doc__


def test_an_unknown_name_lists_the_known():
    with pytest.raises(AttributeError, match="read_kolada"):
        _ = ka.read_kolda


def test_names_are_sorted_for_completion():
    assert dir(ka) == sorted(ka.__all__)
