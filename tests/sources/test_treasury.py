"""The State Treasury's register: the best document of each municipality, nothing lost, nothing mixed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys.errors import (
    IncompleteAnswer,
    NoData,
    OfflineMiss,
    SourceError,
    UnknownIndicator,
    UnknownMunicipality,
    UsageError,
)
from kommunanalys.municipalities import known, municipalities
from kommunanalys.sources import http, treasury_api, treasury_codes
from kommunanalys.sources.treasury import get_treasury, net_costs, read_treasury, search_treasury
from tests.sources.server import Fault
from tests.sources.test_http import PASSING
from tests.sources.treasury_server import Key, Treasury, line, made_up_id, service_lines

JAKOBSTAD, ESPOO, TURKU, PERTUNMAA = "598", "049", "853", "588"
COST, INCOME = ("k-t07", "3418067"), ("k-t07", "3319283")
NAMES = ["operating_cost", "operating_income"]


def business_id(code: str) -> str:
    return treasury_codes.business_ids().get(code) or made_up_id(code)


def key(code: str, year: int | str = 2024, stage: str = "Lopullinen", package: str = "KKNR") -> Key:
    return stage, package, business_id(code), f"{year}C12" if isinstance(year, int) else year


@pytest.fixture
def treasury(monkeypatch: pytest.MonkeyPatch) -> Iterator[Treasury]:
    with Treasury() as server:
        server.point(monkeypatch)
        server.directory = {JAKOBSTAD: made_up_id(JAKOBSTAD)}
        for code in (JAKOBSTAD, ESPOO, TURKU):
            for year in (2024, 2025):
                number = int(code) + year
                server.add(key(code, year), [(*COST, f"{number}.50"), (*INCOME, f"{number // 10}.00")])
        yield server


def fetch(**more: Any) -> pd.DataFrame:
    return get_treasury(NAMES, [JAKOBSTAD, "Esbo", "Turku"], [2024, 2025], **more)


# What comes back


def test_the_whole_table(treasury: Treasury) -> None:
    expected = [
        ("FI", code, year, name, value, "EUR", "", "KKNR")
        for name in NAMES
        for code in (ESPOO, JAKOBSTAD, TURKU)
        for year in (2024, 2025)
        for value in [int(code) + year + 0.5 if name == "operating_cost" else float((int(code) + year) // 10)]
    ]
    columns = ["country", "municipality", "year", "indicator", "value", "unit", "flag", "package"]
    assert_frame_equal(fetch(), pd.DataFrame(expected, columns=columns))
    assert len(treasury.document_requests) == 6


def test_origin(treasury: Treasury) -> None:
    (first,) = ka.origins(fetch())
    assert (first.producer, first.licence, first.country) == ("Valtiokonttori", "CC BY 4.0", "FI")
    assert first.address == f"{treasury.address}/rest/v1/json/aineistot"
    assert first.body == "package=KKNR&code=k-t07:3418067,k-t07:3319283&municipality=049,598,853&year=2024,2025"
    assert first.published == "2025-04-01T08:19:43.07"
    assert first.note.startswith("6 documents;")
    asked = len(treasury.requests)
    (again,) = ka.origins(fetch())
    assert (again.from_cache, again.id) == (True, first.id)
    assert len(treasury.requests) == asked


def test_without_years_the_newest_and_without_indicators_all_that_are_known(treasury: Treasury) -> None:
    table = get_treasury(municipalities=JAKOBSTAD)
    assert set(table["year"]) == {2025}
    assert table["indicator"].tolist() == [code.indicator for code in treasury_codes.proven()[:14]]
    assert table["value"].notna().sum() == 2
    assert (table["flag"] == "missing").sum() == 12


def test_all_municipalities(treasury: Treasury) -> None:
    joint = "0111111-1"
    treasury.add(("Lopullinen", "KKNR", joint, "2024C12"), [(*COST, "7.00")])
    treasury.directory = {code: made_up_id(code) for code in known() if len(code) == 3 and code.isdigit()}
    table = get_treasury("operating_cost", years=2024)
    mainland = municipalities("FI", year=2024).query("region != '21'")
    assert table["municipality"].tolist() == sorted(mainland.index)
    assert table["value"].notna().sum() == 3
    assert set(table.loc[table["value"].isna(), "flag"]) == {"missing"}
    note = ka.origins(table)[0].note
    assert "Left out, no municipalities: 1 business ids" in note
    assert "No report: " in note
    assert f"{PERTUNMAA} 2024" in note


def test_a_municipality_that_is_no_more(treasury: Treasury) -> None:
    treasury.add(key(PERTUNMAA), [(*COST, "7.00")])
    table = get_treasury("operating_cost", [PERTUNMAA], [2024, 2025])
    assert table[["year", "flag"]].values.tolist() == [[2024, ""], [2025, "not_applicable"]]


def test_missing_is_never_0(treasury: Treasury) -> None:
    for code, value in ((JAKOBSTAD, None), (ESPOO, ""), (TURKU, "0.00")):
        treasury.add(key(code), [(*COST, value), (*INCOME, "-1.25")])
    table = get_treasury(NAMES, [JAKOBSTAD, ESPOO, TURKU], 2024)
    assert table["value"].isna().tolist() == [True, True, False, False, False, False]
    assert table["flag"].tolist() == ["missing", "missing", "", "", "", ""]
    assert table["value"].tolist()[2:] == [0.0, -1.25, -1.25, -1.25]


def test_a_named_municipality_that_lacks_one_year(treasury: Treasury) -> None:
    del treasury.documents[key(ESPOO, 2025)]
    table = fetch()
    assert len(table) == 12
    lost = table[table["value"].isna()]
    assert lost[["municipality", "year", "flag"]].values.tolist() == [[ESPOO, 2025, "missing"]] * 2
    assert "No report: 049 2025." in ka.origins(table)[0].note


# The best document


STAGES = ["Alustava", "Hyväksytty", "Lopullinen", "Jälkikorjattu"]


@pytest.mark.parametrize(("stage", "flag"), zip(STAGES, ["preliminary", "", "", "revised"], strict=True))
def test_stages_are_flagged(treasury: Treasury, stage: str, flag: str) -> None:
    treasury.documents.clear()
    treasury.add(key(ESPOO, stage=stage), [(*COST, "1.00")])
    table = get_treasury("operating_cost", ESPOO, 2024)
    assert table[["value", "flag"]].values.tolist() == [[1.0, flag]]
    assert ("Drafts, flagged preliminary: 049." in ka.origins(table)[0].note) == (stage == "Alustava")


def test_a_corrected_document_is_taken_and_the_older_is_not_fetched(treasury: Treasury) -> None:
    treasury.add(key(ESPOO, stage="Jälkikorjattu"), [(*COST, "5.00")], approved="2025-03-01 08:00:00")
    table = get_treasury("operating_cost", ESPOO, 2024)
    assert table[["value", "flag"]].values.tolist() == [[5.0, "revised"]]
    (path,) = treasury.document_requests
    assert "/dokumentti/jalkikorjattu/KKNR/" in path


# Quarters


def test_quarters_are_cumulative_and_have_a_column(treasury: Treasury) -> None:
    for month, value in (("03", "10.00"), ("06", "21.00"), ("09", "30.00")):
        treasury.add(key(ESPOO, f"2024C{month}"), [(*COST, value)])
    table = get_treasury("operating_cost", ESPOO, 2024, quarters=True)
    assert table[["quarter", "value"]].values.tolist() == [[1, 10.0], [2, 21.0], [3, 30.0], [4, 2073.5]]
    assert len(get_treasury("operating_cost", ESPOO, 2024)) == 1


def test_the_known_fault_is_said(treasury: Treasury) -> None:
    treasury.add(key(ESPOO, "2022C03"), [(*COST, "1.00")])
    table = get_treasury("k-t07:3418067", ESPOO, 2022, quarters=True)
    assert "2022C03: the sum of interest costs (6200-6299) leaves out account 6255." in ka.origins(table)[0].note


# Codes and taxonomies


def test_an_unknown_taxonomy_is_refused(treasury: Treasury) -> None:
    treasury.add(key(ESPOO, 2023), [(*COST, "1.00")])
    with pytest.raises(IncompleteAnswer, match=r"049, KKNR 2023C12.*taxonomy jhs-2018-01/1999-01-01.*2023-04-02"):
        get_treasury("operating_cost", ESPOO, 2023)
    table = get_treasury("k-t07:3418067", ESPOO, 2023)
    assert table[["indicator", "value", "unit"]].values.tolist() == [["KKNR:k-t07:3418067", 1.0, ""]]
    with pytest.raises(SourceError, match="several taxonomies"):
        get_treasury("k-t07:3418067", ESPOO, [2023, 2024])


def test_the_same_code_in_another_part_is_another_figure(treasury: Treasury) -> None:
    treasury.add(key(ESPOO), [(*COST, "1.00"), ("k-t99", COST[1], "100.00")])
    assert get_treasury("operating_cost", ESPOO, 2024)["value"].tolist() == [1.0]


def test_a_code_that_comes_twice_is_not_added_up(treasury: Treasury) -> None:
    treasury.add(key(ESPOO), [(*COST, "1.00"), (*COST, "2.00")])
    with pytest.raises(IncompleteAnswer, match=r"KKNR:k-t07:3418067 2 times"):
        get_treasury("operating_cost", ESPOO, 2024)


@pytest.mark.parametrize("value", ["1,5", "x", "1e5", "nan", "inf", " 1", "1 000", 5, True, "١"])
def test_what_is_no_number_is_said(treasury: Treasury, value: Any) -> None:
    treasury.add(key(ESPOO), [(*COST, value)])
    with pytest.raises(IncompleteAnswer, match="which is no number"):
        get_treasury("operating_cost", ESPOO, 2024)


SERVICES = [
    line("KKNR", "11", "Toimintakulut", service="3051 Perusopetus"),
    line("KKNR", "12", "Toimintatuotot", service="3051 Perusopetus"),
    line("KKNR", "13", "Toimintakulut", service="Kirjastopalvelut"),
    line("KKNR", "14", "Toimintakulut", service="9999 Muu"),
    line("KKNR", "15", "Vuosikate", service="Perusopetus", tekninen="2024-03-26"),
    line("KKNR", "16", "4000-4299 Henkilöstökulut", service="Perusopetus"),
]


def test_service_classes_by_a_taxonomy_file(treasury: Treasury, tmp_path: Path) -> None:
    file = tmp_path / "KKNR.json"
    file.write_text(json.dumps(SERVICES), encoding="utf-8")
    treasury.add(key(ESPOO), [("k-t07", "11", "90.00"), ("k-t07", "12", "20.00"), ("k-t07", "14", "1.00")])
    treasury.add(
        key(TURKU), [("k-t07", "11", "80.00"), ("k-t07", "12", None), ("k-t07", "13", "7.00"), (*COST, "99.00")]
    )
    names = ["basic_education_operating_cost", "basic_education_operating_income", "libraries_operating_cost"]
    table = get_treasury([*names, "operating_cost"], [ESPOO, TURKU], 2024, codes=file)
    assert table["value"].fillna(-1).tolist() == [90.0, 80.0, 20.0, -1, -1, 7.0, -1, 99.0]
    assert table["flag"].tolist() == ["", "", "", "missing", "missing", "", "missing", ""]
    assert "Codes by service class or of other years: KKNR.json." in ka.origins(table)[0].note
    nets = net_costs(table).query("indicator == 'basic_education_net_cost'")
    assert nets[["municipality", "flag"]].values.tolist() == [[ESPOO, ""], [TURKU, "missing"]]
    assert nets["value"].iloc[0] == 70.0
    with pytest.raises(UnknownIndicator, match=r"codes=FILE"):
        get_treasury(names, ESPOO, 2024)
    # Of the taxonomy of 2025 the file names only another line.
    with pytest.raises(IncompleteAnswer, match=r"2024-03-26, in which the codes of basic_education_operating_cost, "):
        get_treasury([*names, "operating_cost"], ESPOO, 2025, codes=file)


def test_forty_municipalities_by_service_class(treasury: Treasury, tmp_path: Path) -> None:
    file = tmp_path / "KKNR.json"
    file.write_text(json.dumps(service_lines(["3051", "3101"])), encoding="utf-8")
    codes = [code for code in municipalities("FI", year=2024).query("region != '21'").index if code != JAKOBSTAD][:39]
    treasury.directory |= {code: business_id(code) for code in codes}
    treasury.documents.clear()
    for code in [JAKOBSTAD, *codes]:
        amounts = {"30511": 900, "30512": 100, "31011": 50, "31012": 5}
        figures = [("k-t07", number, f"{int(code) * times}.25") for number, times in amounts.items()]
        treasury.add(key(code), figures[:2] if code == codes[0] else figures)
    names = [f"{service}_operating_{line}" for service in ("basic_education", "general_upper_secondary")
             for line in ("cost", "income")]  # fmt: skip
    table = get_treasury(names, [JAKOBSTAD, *codes], 2024, codes=file)
    assert len(table) == 160
    assert table["municipality"].nunique() == 40
    total = sum(map(int, [JAKOBSTAD, *codes]))
    sums = table.groupby("indicator")["value"].sum()
    assert sums["basic_education_operating_cost"] == 900 * total + 40 * 0.25
    assert sums["general_upper_secondary_operating_income"] == 5 * (total - int(codes[0])) + 39 * 0.25
    nets = ka.panel(net_costs(table).drop(columns="package"))
    assert nets.loc[(JAKOBSTAD, 2024), "basic_education_net_cost"] == 800 * 598
    assert nets["general_upper_secondary_net_cost"].isna().sum() == 1


def test_rows_of_the_catalogue_about_other_things_do_not_matter(treasury: Treasury) -> None:
    good = fetch()
    rows = treasury.answer("/rest/v1/json/aineistot")["aineistot"]
    odd = [rows[0] | {"raportointikausi": "1999X"}, rows[0] | {"raportointikokonaisuus": "UUSI", "ytunnus": None}]
    treasury.standing = lambda path: (
        Fault(change=lambda _: {"aineistot": [*odd, *rows]}) if path.endswith("aineistot") else None
    )
    with http.mode("refresh"):
        assert_frame_equal(fetch(), good)


def test_one_name_for_two_codes_is_refused(treasury: Treasury, tmp_path: Path) -> None:
    file = tmp_path / "KKNR.json"
    file.write_text(json.dumps([*SERVICES, line("KKNR", "17", "Toimintakulut", service="Perusopetus")]))
    with pytest.raises(UsageError, match=r"k-t07:11 \(basic_education_operating_cost\), KKNR:k-t07:17"):
        get_treasury("basic_education_operating_cost", ESPOO, 2024, codes=file)
    file.write_text(json.dumps([SERVICES[0], SERVICES[0] | {"tunnusluku": "Toimintatuotot"}]))
    with pytest.raises(SourceError, match="two meanings"):
        get_treasury("basic_education_operating_cost", ESPOO, 2024, codes=file)


# Budgets


def budget(treasury: Treasury) -> None:
    tasks = {
        -1: "Laadintakauden talousarvio 202x-1 (mukaan lukien talousarviomuutokset)",
        0: "Talousarvio 202x",
        1: "Taloussuunnitelma 202x+1",
        2: "Taloussuunnitelma 202x+2",
    }
    plain = {"versio": "jhs-2019-03", "tekninen": "2019-08-31", "osa": "k-t05"}
    treasury.taxonomies["KTAS"] = [
        *(line("KTAS", str(100 + offset), "Toimintamenot", task=task, **plain) for offset, task in tasks.items()),
        *(line("KTAS", str(200 + offset), "VUOSIKATE", task=task, **plain) for offset, task in tasks.items()),
        line("KTAS", "62", "Y-tunnus", task="Raportin tiedot", **plain | {"osa": "t00"}),
    ]
    for year in (2023, 2024):
        figures = [("k-t05", str(100 + offset), f"{year + offset}.{year - 2023}0") for offset in tasks]
        rows = [*figures, ("t00", "62", business_id(ESPOO))]
        treasury.add(key(ESPOO, str(year), package="KTAS"), rows, taxonomy="jhs-2019-03/2019-08-31")


def test_a_budget_speaks_of_the_years_around_it(treasury: Treasury) -> None:
    budget(treasury)
    table = get_treasury("budget_operating_cost", ESPOO, [2023, 2024], package="KTAS")
    assert table[["year", "report_year", "value"]].values.tolist() == [
        [2022, 2023, 2022.0],
        [2023, 2023, 2023.0],
        [2023, 2024, 2023.1],
        [2024, 2023, 2024.0],
        [2024, 2024, 2024.1],
        [2025, 2023, 2025.0],
        [2025, 2024, 2025.1],
        [2026, 2024, 2026.1],
    ]
    assert set(table["package"]) == {"KTAS"}
    with pytest.raises(UnknownIndicator, match="KTAS has no 'operating_cost'"):
        get_treasury("operating_cost", ESPOO, 2023, package="KTAS")


def test_a_large_taxonomy_is_never_fetched(treasury: Treasury) -> None:
    for package in ("KKNR", "KKTPP", "KKTPA"):
        with pytest.raises(UsageError, match=rf"taxonomy of {package} is too large"):
            treasury_api.taxonomy(package)
    fetch()
    assert not any("taksonomia" in path for path in treasury.requests)


def test_a_package_that_the_publisher_does_not_list(treasury: Treasury) -> None:
    with pytest.raises(SourceError, match="does not list the taxonomy of KTAS"):
        get_treasury(municipalities=ESPOO, package="KTAS")


# Åland and others


def test_aland_stands_apart(treasury: Treasury) -> None:
    treasury.add(key("478", package="AKKNR"), [(*COST, "9.00")])
    with pytest.raises(UsageError, match="AKKNR does not hold the municipalities 598"):
        get_treasury("k-t07:3418067", ["478", "598"], 2024, package="AKKNR")
    with pytest.raises(UsageError, match="KKNR does not hold the municipalities 478"):
        get_treasury("operating_cost", "Mariehamn", 2024)
    with pytest.raises(UsageError, match="No names are known for the figures of AKKNR"):
        get_treasury(municipalities="478", years=2024, package="AKKNR")
    table = get_treasury("k-t07:3418067", years=2024, package="AKKNR")
    assert len(table) == 16
    assert table.dropna()[["municipality", "indicator", "value"]].values.tolist() == [
        ["478", "AKKNR:k-t07:3418067", 9.0]
    ]


@pytest.mark.parametrize("package", ["HHKNR", "TOLT", "kknr", ""])
def test_other_packages_are_refused(treasury: Treasury, package: str) -> None:
    with pytest.raises(UsageError, match="Unknown package"):
        get_treasury(package=package)
    assert treasury.requests == []


def test_questions_that_make_no_sense(treasury: Treasury) -> None:
    with pytest.raises(UnknownMunicipality):
        get_treasury(municipalities="Ankeborg")
    with pytest.raises(UnknownMunicipality):
        get_treasury(municipalities="Ale")
    with pytest.raises(UsageError, match="list of municipalities is empty"):
        get_treasury(municipalities=[])
    with pytest.raises(UsageError, match="whole numbers"):
        get_treasury(years=["2024"])  # type: ignore[list-item]
    with pytest.raises(UnknownIndicator, match="Closest: operating_cost"):
        get_treasury("operating_costs", ESPOO, 2024)


# Business ids


def test_an_id_in_doubt_is_looked_up(treasury: Treasury) -> None:
    get_treasury("operating_cost", [JAKOBSTAD, ESPOO], 2024)
    assert [path for path in treasury.requests if "odata" in path] == ["/odata/Kunta(598)"]


def test_an_id_that_the_register_does_not_list_is_looked_up(treasury: Treasury) -> None:
    treasury.directory["092"] = made_up_id("092")
    treasury.add(("Lopullinen", "KKNR", made_up_id("092"), "2024C12"), [(*COST, "3.00")])
    assert get_treasury("operating_cost", "Vanda", 2024)["value"].tolist() == [3.0]


def test_a_directory_that_errs_is_found_out(treasury: Treasury) -> None:
    treasury.directory[JAKOBSTAD] = business_id(ESPOO)
    with pytest.raises(SourceError, match=r"0101263-6 belongs to municipality 049, where 598"):
        get_treasury("operating_cost", [ESPOO, JAKOBSTAD], 2024)
    treasury.directory[JAKOBSTAD] = "unknown"
    with http.mode("refresh"), pytest.raises(SourceError, match=r"Kunta\(598\) gave no business id"):
        get_treasury("operating_cost", JAKOBSTAD, 2024)
    del treasury.directory[JAKOBSTAD]
    with http.mode("refresh"), pytest.raises(SourceError, match=r"Kunta\(598\).*404"):
        get_treasury("operating_cost", JAKOBSTAD, 2024)


# Faults. Either the complete table, or one error that says what is missing.


@pytest.mark.parametrize("place", ["aineistot", "Kunta", "2025C12"])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_passing_faults_change_nothing(treasury: Treasury, fault: Fault, place: str) -> None:
    undisturbed = fetch()
    left = [fault, fault]
    treasury.standing = lambda path: left.pop() if left and place in path else None
    with http.mode("refresh"):
        assert_frame_equal(fetch(), undisturbed)
    assert not left


STAYING = {
    **PASSING,
    "403": Fault(403, b"no"),
    "404": Fault(404, b"no"),
    "422": Fault(422, b"no"),
    "HTML": Fault(body=b"<html>sign in"),
    "another form": Fault(body=b'{"odd": 1}'),
    "a list": Fault(body=b"[1, 2]"),
    "empty list": Fault(body=b"[]"),
    "null": Fault(body=b"null"),
}


@pytest.mark.parametrize("place", ["aineistot", "Kunta", "0101263-6/2025C12"])
@pytest.mark.parametrize("fault", STAYING.values(), ids=STAYING)
def test_staying_faults_are_said(treasury: Treasury, fault: Fault, place: str) -> None:
    treasury.standing = lambda path: fault if place in path else None
    expected = {"aineistot": "aineistot", "Kunta": r"Kunta\(598\)"}.get(place, r"municipality 049, KKNR 2025C12")
    with pytest.raises(SourceError, match=expected) as caught:
        fetch()
    assert isinstance(caught.value, IncompleteAnswer) == ("2025" in place)


def test_a_document_that_is_another_than_the_catalogue_says(treasury: Treasury) -> None:
    good = treasury.documents[key(ESPOO)]
    for name, value in [("ytunnus", "0111111-1"), ("raportointikausi", "2023C12"), ("hyväksymisvaihe", "Alustava")]:
        changed = [row | {name: value} for row in good]
        treasury.standing = lambda path, changed=changed: (  # type: ignore[misc]
            Fault(change=lambda _: changed) if "0101263-6/2024C12" in path else None  # type: ignore[arg-type,return-value]
        )
        with http.mode("refresh"), pytest.raises(IncompleteAnswer, match="where the catalogue says 0101263-6"):
            get_treasury("operating_cost", ESPOO, 2024)
        mixed = [good[0], changed[1]]
        treasury.standing = lambda path, mixed=mixed: (  # type: ignore[misc]
            Fault(change=lambda _: mixed) if "0101263-6/2024C12" in path else None  # type: ignore[arg-type,return-value]
        )
        with http.mode("refresh"), pytest.raises(IncompleteAnswer, match="mixes 2 reports"):
            get_treasury("operating_cost", ESPOO, 2024)


def test_a_figure_that_no_document_holds(treasury: Treasury) -> None:
    treasury.add(key(ESPOO), [("k-t07", "1", "5.00")])
    for names in ("operating_cost", None):
        with pytest.raises(IncompleteAnswer, match=r"documents holds (operating_income, )?operating_cost"):
            get_treasury(names, ESPOO, 2024)
    table = get_treasury("operating_cost", [ESPOO, TURKU], 2024)
    assert table["flag"].tolist() == ["missing", ""]
    with pytest.raises(IncompleteAnswer, match="holds depreciation"):
        get_treasury(["operating_cost", "depreciation"], [ESPOO, TURKU], 2024)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hyvaksymisvaihe", "Uusi"),
        ("hyvaksymisvaihe", None),
        ("raportointikausi", "2024C01"),
        ("raportointikausi", 2024),
        ("ytunnus", None),
    ],
)
def test_a_catalogue_that_has_changed(treasury: Treasury, name: str, value: Any) -> None:
    rows = treasury.answer("/rest/v1/json/aineistot")["aineistot"]
    changed = {"aineistot": [rows[0] | {name: value}, *rows[1:]]}
    treasury.standing = lambda path: Fault(change=lambda _: changed) if "aineistot" in path else None
    with pytest.raises(SourceError, match="not of the form of the State Treasury's catalogue"):
        fetch()


def test_years_and_municipalities_without_a_report(treasury: Treasury) -> None:
    with pytest.raises(IncompleteAnswer, match="no KKNR reports for 1999"):
        get_treasury("operating_cost", ESPOO, [1999, 2024])
    treasury.directory["092"] = business_id("092")
    with pytest.raises(IncompleteAnswer, match="no KKNR report of 092"):
        get_treasury("operating_cost", [ESPOO, "092"], 2024)


def test_offline(treasury: Treasury) -> None:
    table = fetch()
    treasury.standing = lambda _: Fault(500)
    with http.mode("offline"):
        assert_frame_equal(fetch(), table)
        with pytest.raises(OfflineMiss):
            get_treasury("operating_cost", "Vanda", 2024)


# Files


def test_a_snapshot_can_be_read_as_a_folder(treasury: Treasury, tmp_path: Path) -> None:
    with http.snapshot(tmp_path):
        fetched = get_treasury(None, [JAKOBSTAD, ESPOO, TURKU], [2024, 2025])
    assert_frame_equal(read_treasury(tmp_path), fetched)
    (tmp_path / "other.json").write_text("[1]")
    read = read_treasury(tmp_path)
    assert len(ka.origins(read)) == 6
    assert "Not read, of another shape: other.json." in ka.origins(read)[0].note


def test_a_snapshot_of_budgets(treasury: Treasury, tmp_path: Path) -> None:
    budget(treasury)
    with http.snapshot(tmp_path):
        fetched = get_treasury(None, ESPOO, [2023, 2024], package="KTAS")
    assert_frame_equal(read_treasury(tmp_path), fetched)
    with http.snapshot(tmp_path):
        get_treasury("operating_cost", ESPOO, 2024)
    with pytest.raises(SourceError, match=r"documents of KKNR, KTAS.*never mixed"):
        read_treasury(tmp_path)


# Net costs and search


def test_net_costs(treasury: Treasury) -> None:
    treasury.add(key(ESPOO, stage="Jälkikorjattu"), [(*COST, "5.00"), (*INCOME, None)])
    table = fetch()
    found = net_costs(table)
    assert_frame_equal(found.iloc[:12], table)
    nets = found.iloc[12:]
    assert set(nets["indicator"]) == {"net_cost"}
    values = nets.set_index(["municipality", "year"])
    assert values.loc[(JAKOBSTAD, 2024), "value"] == 598 + 2024 + 0.5 - (598 + 2024) // 10
    assert values.loc[(ESPOO, 2024), "flag"] == "missing"
    assert ka.origins(found) == ka.origins(table)
    with pytest.raises(NoData):
        net_costs(table[table["indicator"] == "operating_cost"])


def test_search() -> None:
    assert search_treasury("skatteinkomster", "sv")["id"].tolist() == ["tax_revenue"]
    assert search_treasury("lukio toimintakulut", "fi")["title"].tolist() == ["Lukiokoulutus: Toimintakulut"]
    assert len(search_treasury("")) == 14 + 2 * 25
    assert search_treasury("nothing of the kind").empty
    with pytest.raises(UsageError, match="Unknown package"):
        search_treasury("tax", package="HHKNR")


def test_search_in_a_small_taxonomy(treasury: Treasury) -> None:
    budget(treasury)
    found = search_treasury("vuosikate", "sv", package="KTAS")
    assert found[["id", "title"]].values.tolist() == [["budget_annual_margin", "VUOSIKATE (sv)"]]


# Recordings


@pytest.mark.shared
def test_the_published_totals(shared: Path, treasury: Treasury) -> None:
    path = shared / "data/api-recordings/tutkihallintoa/kknr_expected_totals.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    ours = {(code.part, code.code): code.indicator for code in treasury_codes.proven()}
    assert {tuple(id_) for id_ in told["field_ids"].values()} == set(ours)
    assert tuple(told["taxonomy"].values()) == treasury_codes.TAXONOMIES
    treasury.documents.clear()
    expected = {}
    for name, totals in told["expected"].items():
        id_, place, period = name.split()
        figures = [(*told["field_ids"][field], f"{value:.2f}") for field, value in totals.items()]
        treasury.add(("Lopullinen", "KKNR", id_, period), figures, taxonomy=told["taxonomy"][period])
        for field, value in totals.items():
            expected[place, int(period[:4]), ours[tuple(told["field_ids"][field])]] = value
    table = get_treasury(None, ["Espoo", "Kauniainen"], [2024, 2025]).dropna(subset="value")
    assert len(table) == len(expected) == 23
    for row in table.itertuples():
        place = {"049": "Espoo", "235": "Kauniainen"}[str(row.municipality)]
        assert expected[place, row.year, row.indicator] == row.value
