"""From a cube to observations: which dimension is what, flags, columns, nothing lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import kommunanalys as ka
from kommunanalys.errors import NoData, SourceError, UsageError
from kommunanalys.origin import hash_bytes
from kommunanalys.sources.cubes import area_codes, observations, read_jsonstat
from kommunanalys.sources.jsonstat import parse
from tests.sources.pxweb_server import Table

AXES = {
    "Region": ("region", {"00": "Riket", "0114": "Upplands Väsby", "0180": "Stockholm"}, True),
    "Kon": ("kön", {"1": "män", "2": "kvinnor"}, True),
    "ContentsCode": ("tabellinnehåll", {"A": "Antal"}, False),
    "Tid": ("månad", {"2024M12": "2024M12", "2025M01": "2025M01"}, False),
}


def table_of(made_up: Table) -> Any:
    whole = made_up.jsonstat({code: list(values) for code, (_, values, _) in made_up.axes.items()})
    return observations(parse(whole, "here"), lambda code: code)


def test_columns_order_and_what_is_left_out() -> None:
    table, areas = table_of(Table(AXES, "Tid", "ContentsCode"))
    assert areas == ["00"]
    # Sums over areas, sexes and periods stay those of the cells: 0, .5, ... in the order of the axes.
    assert table["value"].tolist() == [2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5]
    assert table["municipality"].tolist() == ["0114"] * 4 + ["0180"] * 4
    assert table["sex"].tolist() == ["M", "M", "K", "K"] * 2
    assert table["period"].tolist() == ["2024M12", "2025M01"] * 4
    assert table["year"].tolist() == [2024, 2025] * 4
    assert set(table["unit"]) == {"antal"}
    assert table.attrs["labels"]["sex"] == {"M": "män", "K": "kvinnor"}


def test_marks_are_flags_and_never_numbers() -> None:
    made_up = Table(AXES, "Tid", "ContentsCode")
    marks = {".": "not_applicable", "..": "missing", "...": "secret", "-": "not_applicable"}
    for mark, (code, month) in zip(
        marks, [("0114", "2024M12"), ("0114", "2025M01"), ("0180", "2024M12")], strict=False
    ):
        made_up.marks[(code, "1", "A", month)] = mark
    made_up.marks["0180", "1", "A", "2025M01"] = "-"
    table, _ = table_of(made_up)
    marked = table[table["status"] != ""]
    assert marked["flag"].tolist() == [marks[mark] for mark in marked["status"]]
    assert len(marked) == 4
    assert marked["value"].isna().all()
    assert (table.loc[table["status"] == "", "flag"] == "").all()


def test_a_missing_value_without_a_mark_and_a_mark_on_a_value() -> None:
    whole = Table(AXES, "Tid", "ContentsCode").jsonstat({code: list(axis[1]) for code, axis in AXES.items()})
    whole["value"][4] = None
    whole["status"] = {"5": "...", "6": "P"}
    table, _ = observations(parse(whole, "here"), lambda code: code)
    assert table["flag"].tolist()[:3] == ["missing", "secret", ""]
    assert table["value"].isna().tolist()[:3] == [True, True, False]


def test_noise_and_preliminary_years() -> None:
    made_up = Table(AXES, "Tid", "ContentsCode")
    made_up.notes = ["Från och med referensåret 2025 ... Cell Key Method (CKM)."]
    assert table_of(made_up)[0]["flag"].tolist() == ["", "noisy"] * 4
    starred = {**AXES, "Tid": ("år", {"2023": "2023", "2024": "2024*"}, False)}
    assert table_of(Table(starred, "Tid", "ContentsCode"))[0]["flag"].tolist() == ["", "preliminary"] * 4


def test_ages_and_occupations_are_no_municipalities() -> None:
    ages = [f"{age:03d}" for age in range(100)]
    assert area_codes(ages, [str(int(age)) for age in ages]) == {}
    assert area_codes(["0110", "2512"], ["Commissioned officers", "Software developers"]) == {}
    assert area_codes(["005", "478"], ["Alajärvi", "Maarianhamina - Mariehamn"]) == {"005": "005", "478": "478"}
    assert area_codes(["MK01", "KU999"], ["Uusimaa", "Nowhere"]) == {}


def test_tables_that_cannot_be_observations() -> None:
    with pytest.raises(NoData, match="divided by region, kön, tabellinnehåll, månad"):
        table_of(Table({**AXES, "Region": ("region", {"00": "Riket"}, True)}, "Tid", "ContentsCode"))
    with pytest.raises(SourceError, match="'M01' does not begin with its year"):
        table_of(Table({**AXES, "Tid": ("månad", {"M01": "January"}, False)}, "Tid", "ContentsCode"))


def test_files_that_are_no_answers(tmp_path: Path) -> None:
    for text, said in [("[1", "is not whole JSON"), ("[1]", "is not a whole answer"), ("{}", "is not a whole answer")]:
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(SourceError, match=f"a.json {said}"):
            read_jsonstat(tmp_path / "a.json")


@pytest.mark.shared
def test_the_real_key_figures(shared: Path) -> None:
    path = shared / "data/finland_keyfigures/municipal_key_figures_2020.jsonstat.json"
    raw = json.loads(path.read_bytes())
    table = read_jsonstat(path, indicator="Tunnusluku")
    assert len(table) == len(raw["value"]) == 1860
    assert table["value"].sum() == sum(raw["value"])
    assert table["indicator"].nunique() == 6
    assert set(table["year"]) == {2020}
    # The first value of the file is that of the first area and figure.
    first = table[(table["municipality"] == "005") & (table["indicator"] == "omavaraisuus_aste")]
    assert first["value"].tolist() == raw["value"][:1]
    assert dict(zip(table["indicator"], table["unit"], strict=True))["lainakanta_asuk"] == "EUR per capita"
    (origin,) = ka.origins(table)
    assert (origin.published, origin.credit) == ("2021-09-10T05:00:00Z", "Källa: Statistikcentralen")
    assert origin.sha256 == hash_bytes(path.read_bytes())
    with pytest.raises(UsageError, match="no dimension 'Alder'"):
        read_jsonstat(path, indicator="Alder")


@pytest.mark.shared
def test_the_real_projection(shared: Path) -> None:
    path = shared / "data/finland_population_projection/population_projection_2024.jsonstat.json.gz"
    raw = json.loads(gzip.decompress(path.read_bytes()))
    table = read_jsonstat(path)
    assert len(table) == 309 * 3 * 100
    # The whole country comes first: 3 years of 100 ages. Its figure is the sum of the municipalities'.
    country = sum(raw["value"][:100])
    assert country == 5_639_334
    assert table.loc[table["year"] == 2024, "value"].sum() == country
    assert table["value"].sum() == sum(raw["value"][300:])
    assert table["age"].nunique() == 100
    assert "1 areas that are no municipalities: SSS" in ka.origins(table)[0].note
