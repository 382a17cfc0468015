"""Price indices: built in, of the example, or one's own."""

import pytest

from kommunanalys.errors import NoData, SourceError
from kommunanalys.origin import origins
from kommunanalys.sources import price_index


def test_swedish_consumer_prices_as_published():
    index = price_index(country="SE")
    assert (index[2006], index[2021], index[2023]) == (284.22, 343.19, 403.70)
    assert index.index.is_monotonic_increasing
    assert "SCB" in origins()[0].producer


def test_finnish_consumer_prices_rise_as_the_official_index_does():
    index = price_index(country="FI")
    # Annual means of Statistics Finland, 2000=100: 116.7 in 2010 and 125.9 in 2013.
    assert index[2013] / index[2010] == pytest.approx(125.9 / 116.7, abs=0.001)
    assert index.loc[2010:2024].index.tolist() == list(range(2010, 2025))
    assert origins()[0].licence == "CC BY 4.0"


def test_a_country_without_a_built_in_one():
    with pytest.raises(NoData, match=r"price_index=FILE\.csv"):
        price_index(country="NO")


def test_the_example_has_its_own():
    assert price_index(country="FI", source="example").index.max() == 2024


def test_one_s_own_file(tmp_path):
    path = tmp_path / "index.csv"
    path.write_text("year,index\n2021,110\n2020,100\n", encoding="utf-8")
    assert price_index(path, country="FI").to_dict() == {2020: 100.0, 2021: 110.0}
    assert origins()[0].address == "index.csv"


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "year,index\n2020,100\n2020,101\n", "year,index\n2020,0\n", "year,index\n2020,x\n", ""]
)
def test_what_is_no_index_is_refused(tmp_path, text):
    path = tmp_path / "index.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=r"index\.csv"):
        price_index(path, country="FI")


def test_an_absent_file():
    with pytest.raises(SourceError, match=r"absent\.csv"):
        price_index("absent.csv", country="SE")
