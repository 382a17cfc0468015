"""What codes mean, and whose business ids are whose."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommunanalys.errors import SourceError
from kommunanalys.municipalities import known
from kommunanalys.sources import treasury_codes
from tests.sources.treasury_server import TAXONOMIES, line, service_lines


@given(st.integers(1, 400), st.integers(0, 9))
def test_a_taxonomy_is_read_in_pieces(size: int, count: int) -> None:
    rows = [{"a": f"å}}]{number}", "b": [number, {"c": None}]} for number in range(count)]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(treasury_codes, "CHUNK", size)
        path = Path(folder, "a.json")
        path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
        assert list(treasury_codes.stream(path)) == rows
        path.write_text(path.read_text(encoding="utf-8")[:-1], encoding="utf-8")
        with pytest.raises(SourceError, match="no whole JSON list"):
            list(treasury_codes.stream(path))


@pytest.mark.parametrize("text", ["", "{}", "[1 2", '["a', "null"])
def test_what_is_no_list_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"a\.json (is no whole JSON list|has a row)"):
        treasury_codes.taxonomy_file(path)


def test_plans_never_bear_the_name_of_actuals() -> None:
    prefixes = list(treasury_codes.PREFIXES.values())
    assert treasury_codes.PREFIXES["KKNR"] == ""
    assert len(set(prefixes)) == len(prefixes)
    names = {code.indicator for code in treasury_codes.proven()}
    assert not any(name.startswith(tuple(filter(None, prefixes))) for name in names)


def test_the_ids_are_unique_and_their_check_digits_hold() -> None:
    ids = treasury_codes.business_ids()
    assert len(set(ids.values())) == len(ids) == 288
    for code, number in ids.items():
        rest = sum(int(digit) * weight for digit, weight in zip(number[:7], (7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
        assert (11 - rest) % 11 == int(number[-1]), code
        assert known()[code].country == "FI"


@pytest.mark.shared
def test_the_ids_are_those_collected(shared: Path) -> None:
    path = shared / "data/api-recordings/tutkihallintoa/osta_municipality_codes.csv"
    with path.open(encoding="utf-8") as file:
        collected = {row["number"]: row["bid"] for row in csv.DictReader(file)}
    ours = treasury_codes.business_ids()
    # The collected list gives these three the ids of others.
    assert {code for code in ours if ours[code] != collected[code]} == {"091", "853", "905"}
    doubtful = set(collected) - set(ours)
    assert all(list(collected.values()).count(collected[code]) > 1 or collected[code][0] == "9" for code in doubtful)


@pytest.mark.shared
def test_the_service_classes_are_those_of_the_chart(shared: Path) -> None:
    path = shared / "data/finland_accounts/service_codes.csv"
    with path.open(encoding="utf-8") as file:
        chart = {row["number"]: " ".join(row["name"].split()) for row in csv.DictReader(file) if row["year"] == "2023"}
    for class_, (_, labels) in treasury_codes.services().items():
        assert labels[0].replace(" ", "") == chart[class_].replace(" ", ""), class_
    assert TAXONOMIES["2024"] in treasury_codes.TAXONOMIES


def test_services_and_lines_get_our_names() -> None:
    rows = [
        *service_lines(["3051"]),
        line("KKNR", "1", "4000-4299 Henkilöstökulut", service="Kirjastopalvelut"),
        line("KTAS", "2", "VUOSIKATE", task="Taloussuunnitelma 202x+2"),
        line("KKNR", "3", "Toimintakulut", service="9999 Muu"),
        line("KKNR", "4", "Muu"),
        line("HHKNR", "5", "Toimintakulut"),
    ]
    found = {(code.code, code.taxonomy, code.indicator, code.offset) for code in treasury_codes.named(rows, "x")}
    first, second = TAXONOMIES.values()
    assert found == {
        ("30511", first, "basic_education_operating_cost", 0),
        ("30512", first, "basic_education_operating_income", 0),
        ("30511", second, "basic_education_operating_cost", 0),
        ("30512", second, "basic_education_operating_income", 0),
        ("1", first, "libraries_personnel_cost", 0),
        ("2", first, "budget_annual_margin", 2),
    }
