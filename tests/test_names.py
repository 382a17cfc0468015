"""The glossary is complete, and populations are never mixed."""

import pytest

from kommunanalys import names
from kommunanalys.errors import MixedPopulations, UnknownIndicator

PERIODS = {"calendar_year", "school_year", "15_october", "20_september", "31_december"}
POPULATIONS = {"home", "located", "own", "residents", "organisation"}


@pytest.mark.parametrize("item", names.glossary().values(), ids=lambda item: item.name)
def test_every_indicator_is_whole(item):
    for language in ("sv", "fi", "en"):
        assert item.words(language)
        assert item.explained(language).endswith(".")
    assert item.unit
    assert item.period in PERIODS
    assert item.population in POPULATIONS
    assert item.better in {"higher", "lower", "neither"}
    assert item.kind in {"count", "amount", "rate"}
    assert not item.weight or names.get(item.weight).kind == "count"
    for gap in item.breaks:
        assert set(gap.text) == {"sv", "fi", "en"}


def test_labels_are_told_apart():
    for language in ("sv", "fi", "en"):
        labels = [item.words(language) for item in names.glossary().values()]
        assert len(labels) == len(set(labels))


def test_terms_of_finland():
    item = names.get("compulsory_cost_home")
    assert "grundskola" in item.words("sv", "SE")
    assert "grundläggande utbildning" in item.words("sv", "FI")


def test_unknown_name_gets_the_closest():
    with pytest.raises(UnknownIndicator, match="population"):
        names.get("populaton")


def test_populations_are_not_mixed():
    with pytest.raises(MixedPopulations, match="own: compulsory_pupils_own"):
        names.check_population(["compulsory_cost_home", "compulsory_pupils_own"])
    names.check_population(["compulsory_cost_home", "urban_share", "anything"])


def test_breaks_belong_to_countries():
    assert [gap.year for gap in names.get("tax_rate").breaks_in("FI")] == [2023]
    assert names.get("tax_rate").breaks_in("SE") == []
