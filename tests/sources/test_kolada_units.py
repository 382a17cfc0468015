"""Groups, units and search of Kolada: complete over pages, and nothing that was not asked for."""

import json

import pytest

from kommunanalys import origins
from kommunanalys.errors import IncompleteAnswer, NoData, SourceError
from kommunanalys.sources.kolada_units import get_kolada_units, kolada_groups, kolada_units, search_kolada
from tests.sources.server import Fault, Kolada, cell

# Made up: two groups, three schools.
GROUPS = [
    {
        "id": f"G{number}",
        "title": f"Liknande kommuner grundskola, {name}, 2024",
        "members": [{"member_id": code, "member_title": code} for code in codes],
    }
    for number, name, codes in ((1, "Ale", ["0114", "0180"]), (2, "Täby", ["1440"]))
]
UNITS = [
    {"id": f"V15E{number}", "title": f"School {number}", "municipality": code}
    for number, code in ((1, "1440"), (2, "1440"), (3, "0180"))
]
ROWS = [
    {"kpi": "N15507", "ou": unit["id"], "period": year, "values": [cell(200.0 + year - 2019), cell(190.0, gender="K")]}
    for unit in UNITS
    for year in (2020, 2021)
]


@pytest.fixture
def schools(kolada: Kolada) -> Kolada:
    kolada.groups, kolada.units, kolada.unit_rows = GROUPS, UNITS, ROWS
    return kolada


def test_groups_by_title(schools):
    table = kolada_groups("Liknande kommuner grundskola, Ale")
    assert table.to_dict("list") == {
        "group": ["G1", "G1"],
        "title": [GROUPS[0]["title"]] * 2,
        "municipality": ["0114", "0180"],
    }
    assert origins(table)[0].credit == "Källa: Kolada"


def test_groups_over_pages(schools):
    schools.page = 1
    assert kolada_groups()["municipality"].tolist() == ["0114", "0180", "1440"]


@pytest.mark.shared
def test_the_recorded_groups(shared, schools):
    file = shared / "data" / "api-recordings" / "kolada" / "v3_municipality_groups_liknande_subset.json"
    schools.groups = json.loads(file.read_text(encoding="utf-8"))["values"]
    table = kolada_groups("Liknande kommuner grundskola, Ale, 2024")
    assert len(table) == 7
    assert "1440" not in set(table["municipality"])


def test_no_such_group(schools):
    with pytest.raises(NoData, match="no group"):
        kolada_groups("Nowhere")


def test_a_group_of_another_form(schools):
    schools.groups = [{"id": "G1", "title": "Liknande"}]
    with pytest.raises(SourceError, match="not of the form"):
        kolada_groups("Liknande")


def test_units_of_a_municipality(schools):
    assert kolada_units("Ale")["id"].tolist() == ["V15E1", "V15E2"]
    with pytest.raises(NoData, match="0114"):
        kolada_units(["Ale", "0114"])


def test_figures_of_units(schools):
    table = get_kolada_units("compulsory_merit_home", ["1440", "0180"], [2020, 2021])
    assert table.groupby("ou")["value"].sum().to_dict() == {unit["id"]: 403.0 for unit in UNITS}
    assert table["municipality"].unique().tolist() == ["1440", "0180"]
    assert table.attrs["titles"]["V15E3"] == "School 3"


def test_a_kpi_without_units_is_an_error(schools):
    with pytest.raises(IncompleteAnswer, match="N15027"):
        get_kolada_units(["N15507", "N15027"], "Ale", 2021)


def test_units_that_were_not_asked_for(schools):
    def added(answer):
        strange = {"kpi": "N15507", "ou": "V99", "period": 2021, "values": [cell(1.0)]}
        return {**answer, "values": [*answer["values"], strange], "count": answer["count"] + 1}

    schools.standing = lambda path: Fault(change=added) if "/oudata/" in path else None
    with pytest.raises(SourceError, match="V99"):
        get_kolada_units("N15507", "Ale", 2021)


def test_search(schools):
    table = search_kolada("meritvärde")
    assert table["id"].tolist() == ["N15507"]
    assert table["source"].tolist() == ["kolada"]
    assert search_kolada("nothing like it").empty
