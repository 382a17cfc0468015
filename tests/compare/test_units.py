"""What units are called, and which row somebody means."""

import pandas as pd
import pytest

from kommunanalys.compare.units import as_table, label, listed, resolve, speaker, variable
from kommunanalys.errors import NoData, UnknownMunicipality, UsageError
from kommunanalys.language import Speaker


def test_municipalities_have_names_and_other_units_their_own_value():
    assert [label(unit, "fi") for unit in ("091", "0180", "School A", 91, ("091", 2021))] == [
        "Helsinki", "Stockholm", "School A", "91", "('091', 2021)",
    ]  # fmt: skip
    assert label("091", "sv") == "Helsingfors"
    assert speaker("School A", "sv").country is None


def test_a_long_list_says_how_many_others_there_are():
    assert listed("abcdefghi", Speaker("en")) == "a, b, c, d, e, f, g, h and i"
    assert listed("abcdefghij", Speaker("en")) == "a, b, c, d, e, f, g, h and 2 others"


def test_a_row_is_found_by_code_name_or_value():
    units = pd.Index(["1440", "0180"])
    assert resolve("Ale", units) == resolve("1440", units) == "1440"
    assert resolve(2, pd.Index([1, 2])) == 2
    with pytest.raises(UnknownMunicipality, match="Closest"):
        resolve("Alee", units)
    with pytest.raises(NoData, match=r"Uppsala \(0380\) is not among the 2"):
        resolve("Uppsala", units)
    with pytest.raises(UsageError, match=r"Unknown unit 'x'\. Choose one of the index, such as a, b"):
        resolve("x", pd.Index(["a", "b"]))


def test_columns_in_words():
    assert variable("population", Speaker("sv", "SE")) == "Invånare"
    assert variable("buses", Speaker("sv", "SE")) == "buses"


def test_tables_from_series_and_arrays():
    assert as_table(pd.Series([1, 2], name="cost"), "input").columns.tolist() == ["cost"]
    assert as_table([1, 2], "output").columns.tolist() == ["output_1"]
