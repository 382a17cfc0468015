"""Kolada: nothing lost, nothing silent, from the API and from files."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys import names
from kommunanalys.errors import (
    IncompleteAnswer,
    OfflineMiss,
    SourceError,
    TableError,
    UnknownIndicator,
    UnknownMunicipality,
    UsageError,
)
from kommunanalys.municipalities import municipalities
from kommunanalys.origin import hash_bytes
from kommunanalys.sources import get_kolada, http, kolada_api, read_kolada
from kommunanalys.sources.kolada import COLUMNS
from tests.sources.conftest import CODES, KPIS, YEARS, made_up_rows, made_up_value
from tests.sources.server import Fault, Kolada, cell
from tests.sources.test_http import PASSING

NAMES = ["compulsory_cost_home", "compulsory_merit_home", "N15040"]


def fetch_everything() -> pd.DataFrame:
    return get_kolada(NAMES, CODES, YEARS)


# The API: what comes back


def test_the_whole_table(kolada: Kolada) -> None:
    table = fetch_everything()
    expected = [
        ("SE", code, year, name, made_up_value(kpi, code, year), unit, "", kpi)
        for kpi, name, unit in [
            ("N15027", "compulsory_cost_home", "SEK/pupil/year"),
            ("N15507", "compulsory_merit_home", names.get("compulsory_merit_home").unit),
            ("N15040", "N15040", "%"),
        ]
        for code in CODES
        for year in YEARS
    ]
    columns = ["country", "municipality", "year", "indicator", "value", "unit", "flag", "kpi"]
    assert_frame_equal(table, pd.DataFrame(expected, columns=columns))


def test_names_ids_codes_and_plain_values_are_the_same(kolada: Kolada) -> None:
    by_id = get_kolada(["N15027", "n15040", "N15027"], ["0114", "0180"], [2021])
    years = pd.Series([2021, 2021])
    by_name = get_kolada(["compulsory_cost_home", "N15040"], ["Upplands Väsby", "Stockholms kommun"], years)
    assert_frame_equal(by_id, by_name)
    assert len(get_kolada("N15027", "Ale", 2021)) == 1


def test_without_years_or_municipalities(kolada: Kolada) -> None:
    expected = fetch_everything()
    assert_frame_equal(get_kolada(NAMES, CODES), expected)
    assert_frame_equal(get_kolada(NAMES, years=YEARS), expected)
    kolada.requests.clear()
    assert_frame_equal(get_kolada(NAMES), expected)
    asked = [code for path in kolada.data_requests for code in path.split("?")[0].split("/")[6].split(",")]
    assert sorted(asked) == sorted(set(asked))
    assert len(asked) == 290
    assert max(path.count(",") for path in kolada.data_requests) == 2 + 24


def test_areas_that_are_no_municipalities_are_left_out_and_listed(kolada: Kolada) -> None:
    kolada.rows += [("N15027", code, 2021, [cell(1.0)]) for code in ("0000", "0014", "G35865")]
    table = get_kolada("N15027", years=2021)
    assert sorted(table["municipality"]) == CODES
    assert "Left out, no municipalities: 0000, 0014, G35865." in ka.origins(table)[0].note


def test_origin(kolada: Kolada, tmp_path: Path) -> None:
    with http.snapshot(tmp_path):
        table = fetch_everything()
    (origin,) = ka.origins(table)
    raws = [path.read_bytes() for path in tmp_path.glob("*.json") if not path.name.endswith(".origin.json")]
    assert len(raws) == 2
    assert origin.sha256 == hash_bytes("\n".join(sorted(map(hash_bytes, raws))).encode())
    assert (origin.producer, origin.credit, origin.country) == ("RKA, Kolada", "Källa: Kolada", "SE")
    assert origin.address == f"{kolada.address}/data"
    assert origin.body == "kpi=N15027,N15507,N15040&municipality=0114,0180,1440,2584&year=2019,2020,2021&sex=T"
    assert not origin.from_cache
    (again,) = ka.origins(fetch_everything())
    assert again.from_cache
    assert (again.id, again.fetched) == (origin.id, origin.fetched)


def test_a_snapshot_can_be_read_as_a_folder(kolada: Kolada, tmp_path: Path) -> None:
    with http.snapshot(tmp_path):
        fetched = fetch_everything()
    read = read_kolada(tmp_path)
    keys = ["kpi", "municipality", "year"]
    ordered = [table.sort_values(keys).reset_index(drop=True) for table in (fetched, read)]
    assert_frame_equal(*ordered)


# The API: missing values, marks, sexes


def test_missing_is_never_zero(kolada: Kolada) -> None:
    kolada.rows = [row for row in made_up_rows() if row[:3] != ("N15507", "0114", 2020)]
    kolada.rows[0] = (*kolada.rows[0][:3], [cell(None)])
    kolada.rows[1] = (*kolada.rows[1][:3], [cell(0.0)])
    kolada.rows[2] = (*kolada.rows[2][:3], [cell(5.0, isdeleted=True)])
    table = fetch_everything().set_index(["kpi", "municipality", "year"])
    for key, value, flag in [
        (("N15027", "0114", 2019), None, "missing"),
        (("N15027", "0114", 2020), 0.0, ""),
        (("N15027", "0114", 2021), None, "missing"),
        (("N15507", "0114", 2020), None, "missing"),
    ]:
        found = table.loc[key]
        assert (found["flag"], pd.isna(found["value"])) == (flag, value is None), key
    assert len(table) == 36
    # Where years are not named, only what is published is there, and the number of the rest is said.
    loose = get_kolada(NAMES, CODES)
    assert len(loose) == 34
    assert "2 cells are not published." in ka.origins(loose)[0].note


def test_marks_are_kept_but_are_no_dimension(kolada: Kolada) -> None:
    kolada.rows[0] = (*kolada.rows[0][:3], [cell(None, status="Missing")])
    kolada.rows[1] = (*kolada.rows[1][:3], [cell(7.0, status="Preliminary")])
    table = get_kolada("N15027", "0114")
    assert table["status"].tolist() == ["Missing", "Preliminary", ""]
    assert table["flag"].tolist() == ["missing", "", ""]
    assert ka.panel(table)["compulsory_cost_home"].notna().sum() == 2


def test_sexes(kolada: Kolada) -> None:
    kolada.rows = [
        (kpi, code, year, [cell(210.0, "K"), cell(200.0, "T"), *([cell(190.0, "M")] if year > 2019 else [])])
        for kpi, code, year, _ in made_up_rows()
        if kpi == "N15507"
    ]
    assert set(get_kolada("N15507", CODES, YEARS)["value"]) == {200.0}
    girls = get_kolada("N15507", CODES, YEARS, sex="K")
    assert set(girls["value"]) == {210.0}
    assert set(girls["sex"]) == {"K"}
    every = get_kolada("N15507", "0114", YEARS, sex="all")
    assert every[["year", "sex"]].values.tolist() == [[year, sex] for year in YEARS for sex in "KMT"]
    assert every["value"].isna().tolist() == [False, True, *[False] * 7]
    with pytest.raises(UsageError, match="does not divide N15027 by sex"):
        get_kolada(["N15507", "N15027"], "0114", sex="M")


# The API: faults. Either the complete table, or one error that says what is missing.


@pytest.mark.parametrize("place", [0, 1, 8])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_passing_faults_change_nothing(kolada: Kolada, fault: Fault, place: int) -> None:
    undisturbed = fetch_everything()
    kolada.page, kolada.requests = 5, []
    count = 0

    def at_place(_: str) -> Fault | None:
        nonlocal count
        count += 1
        return fault if count == place + 1 else None

    kolada.standing = at_place
    with http.mode("refresh"):
        assert_frame_equal(fetch_everything(), undisturbed)
    # One page of KPIs, eight pages of five out of 36 rows, one attempt more.
    assert len(kolada.requests) == 1 + 8 + 1


@pytest.mark.parametrize("counts_all", [False, True])
def test_pages(kolada: Kolada, counts_all: bool) -> None:
    undisturbed = fetch_everything()
    kolada.counts_all = counts_all
    for kolada.page in (1, 2, 7, 35, 36):
        with http.mode("refresh"):
            assert_frame_equal(fetch_everything(), undisturbed)


def test_a_page_that_is_lost_is_noticed(kolada: Kolada) -> None:
    kolada.page, kolada.counts_all = 10, True
    stop = Fault(change=lambda answer: {**answer, "next_url": None})
    kolada.standing = lambda path: stop if "page=3" in path else None
    with pytest.raises(IncompleteAnswer, match=r"has 36 \+ 36 \+ 36 rows, but sent 10 \+ 10 \+ 10"):
        fetch_everything()


def test_old_pages_are_not_mixed_with_new_ones(kolada: Kolada) -> None:
    kolada.page = 20
    kolada.standing = lambda path: Fault(404) if "page=2" in path else None
    with pytest.raises(IncompleteAnswer):
        get_kolada(NAMES, CODES)
    # The first page lies in the cache now. A new row pushes its last one on to the second page.
    kolada.standing = lambda _: None
    kolada.rows.insert(0, ("N15040", "0114", 2018, [cell(1.0)]))
    assert len(get_kolada(NAMES, CODES)) == 37


@pytest.mark.parametrize("longest", [66, 75, 85, 95])
def test_a_long_address_is_halved(kolada: Kolada, longest: int) -> None:
    undisturbed = fetch_everything()
    kolada.longest = longest
    with http.mode("refresh"):
        assert_frame_equal(fetch_everything(), undisturbed)
    assert len(kolada.data_requests) > 2


def test_an_address_that_cannot_be_halved_further(kolada: Kolada) -> None:
    kolada.longest = 60
    with pytest.raises(IncompleteAnswer, match=r"0 of 1 parts.*status 422") as caught:
        get_kolada("N15027", ["0114", "0180"], [2020, 2021])
    assert "0114" in str(caught.value)


def test_thirty_three_municipalities_and_eight_years(kolada: Kolada) -> None:
    codes = list(municipalities("SE").index)[:33]
    years = list(range(2014, 2022))
    kolada.rows = [("N15027", code, year, [cell(float(code) + year)]) for code in codes for year in years]
    kolada.longest = 130
    table = get_kolada("N15027", codes, years)
    assert table["value"].tolist() == [float(code) + year for code in sorted(codes) for year in years]


@pytest.mark.parametrize("fault", [Fault(500), Fault(cut=True), Fault(404, b"gone"), Fault(body=b"<html>")])
def test_a_failing_last_batch_leaves_nothing_and_is_named(kolada: Kolada, fault: Fault) -> None:
    kolada.standing = lambda path: fault if "2584" in path else None
    with pytest.raises(IncompleteAnswer, match="11 of 12 parts") as caught:
        get_kolada("N15027")
    assert "KPIs N15027" in str(caught.value)
    assert "2584" in str(caught.value)
    # What came stays in the cache: when the fault has passed, only the last part is asked for again.
    kolada.standing = lambda _: None
    kolada.requests.clear()
    assert len(get_kolada("N15027")) == 12
    assert len(kolada.requests) == 1


@pytest.mark.parametrize("change", [1, -1])
def test_a_count_that_disagrees(kolada: Kolada, change: int) -> None:
    wrong = Fault(change=lambda answer: {**answer, "count": answer["count"] + change})
    kolada.standing = lambda path: wrong if "/data/" in path else None
    with pytest.raises(IncompleteAnswer, match=f"has {36 + change} rows, but sent 36"):
        fetch_everything()


def test_an_empty_answer(kolada: Kolada) -> None:
    kolada.rows = []
    with pytest.raises(IncompleteAnswer, match="no figure at all for N15027, N15507, N15040, 0114, 0180, 1440, 2584"):
        fetch_everything()


def test_a_kpi_or_a_municipality_without_a_figure(kolada: Kolada) -> None:
    kolada.rows = [row for row in made_up_rows() if row[0] != "N15507" and row[1] != "1440"]
    with pytest.raises(IncompleteAnswer, match="no figure at all for N15507, 1440"):
        fetch_everything()
    with pytest.raises(IncompleteAnswer, match="no figure at all for 1440"):
        get_kolada(["N15027", "N15040"], CODES)
    with pytest.raises(IncompleteAnswer, match="no figure at all for N15507"):
        get_kolada(NAMES)


def test_a_row_that_comes_twice(kolada: Kolada) -> None:
    kolada.rows.append(kolada.rows[0])
    with pytest.raises(TableError, match=r"1 keys.*0114"):
        fetch_everything()


@pytest.mark.parametrize(
    "row", [("N15027", "0115", 2021), ("N17007", "0114", 2021), ("N15027", "0114", 2018), ("N15027", "0000", 2021)]
)
def test_a_figure_that_was_not_asked_for(kolada: Kolada, row: tuple[str, str, int]) -> None:
    stray = {"kpi": row[0], "municipality": row[1], "period": row[2], "values": [cell(1.0)]}
    more = Fault(change=lambda answer: {**answer, "values": [*answer["values"], stray], "count": answer["count"] + 1})
    kolada.standing = lambda path: more if "/data/" in path else None
    with pytest.raises(SourceError, match=f"not asked for.*KPI {row[0]}, municipality {row[1]}, year {row[2]}"):
        fetch_everything()


def test_a_code_that_nobody_knows(kolada: Kolada) -> None:
    kolada.rows.append(("N15027", "9999", 2021, [cell(1.0)]))
    with pytest.raises(SourceError, match="municipality 9999"):
        get_kolada("N15027", years=2021)


@pytest.mark.parametrize(
    "values",
    [[{"kpi": "N15027"}], [{"kpi": "N15027", "municipality": "0114", "period": 2021, "values": [{"value": 1}]}], ["x"]]
    + [[{"kpi": "N15027", "municipality": 114, "period": 2021, "values": [cell(1.0)]}]]
    + [
        [{"kpi": "N15027", "municipality": "0114", "period": 2021, "values": [cell(value)]}]
        for value in ("12", True, float("nan"), float("inf"))
    ],
)
def test_rows_of_another_shape(kolada: Kolada, values: list[object]) -> None:
    wrong = Fault(change=lambda answer: {**answer, "values": values, "count": 1})
    kolada.standing = lambda path: wrong if "/data/" in path else None
    with pytest.raises(SourceError, match="not of the form of Kolada's API v3"):
        get_kolada("N15027", "0114", 2021)


@pytest.mark.parametrize("data", [[], {"values": []}, {"count": 0}, {"error": "x"}, None])
def test_an_envelope_of_another_shape(kolada: Kolada, data: object) -> None:
    kolada.standing = lambda _: Fault(change=lambda _: data)
    with pytest.raises(SourceError, match="form of Kolada's API v3"):
        get_kolada("N15027", "0114", 2021)


def test_pages_stay_on_the_host_and_do_not_run_in_a_circle(kolada: Kolada) -> None:
    link = "http://elsewhere.invalid/v3/data"
    kolada.standing = lambda path: Fault(change=lambda answer: {**answer, "next_url": link}) if "data" in path else None
    with pytest.raises(IncompleteAnswer, match=r"another host, elsewhere\.invalid"):
        get_kolada("N15027", "0114", 2021)
    link = f"{kolada.address}/data/kpi/N15027/municipality/0114/year/2021?per_page=5000"
    with http.mode("refresh"), pytest.raises(IncompleteAnswer, match="in a circle"):
        get_kolada("N15027", "0114", 2021)


def test_offline(kolada: Kolada) -> None:
    with http.mode("offline"), pytest.raises(OfflineMiss):
        fetch_everything()
    online = fetch_everything()
    kolada.requests.clear()
    with http.mode("offline"):
        assert_frame_equal(fetch_everything(), online)
        with pytest.raises(OfflineMiss, match="2018"):
            get_kolada(NAMES, CODES, 2018)
    assert kolada.requests == []


# The API: wrong questions


@pytest.mark.parametrize("unknown_is_404", [False, True])
def test_kpis_that_kolada_does_not_know(kolada: Kolada, unknown_is_404: bool) -> None:
    kolada.unknown_is_404 = unknown_is_404
    with pytest.raises(
        UnknownIndicator, match=r"does not know N15008, N15028\. Closest: N15008 \(compulsory_cost_own\)"
    ):
        get_kolada(["N15027", "N15008", "N15040", "N15028"], "0114")
    assert kolada.data_requests == []


def test_wrong_questions_ask_nobody(kolada: Kolada) -> None:
    wrong = [
        (UnknownIndicator, ("compulsory_cost_hom", "0114")),
        (UnknownIndicator, ("total_cost", "0114")),
        (UnknownIndicator, ("N1502", "0114")),
        (UnknownMunicipality, ("N15027", "Upplands Vesby")),
        (UnknownMunicipality, ("N15027", "Helsingfors")),
        (UnknownMunicipality, ("N15027", ["114"])),
        (UsageError, ([], "0114")),
        (UsageError, ("N15027", [])),
        (UsageError, ("N15027", "0114", [])),
        (UsageError, ("N15027", "0114", ["2021"])),
        (UsageError, ("N15027", "0114", "2021")),
        (UsageError, ("N15027", "0114", 2021.0)),
    ]
    for error, question in wrong:
        with pytest.raises(error):
            get_kolada(*question)
    with pytest.raises(UsageError, match=r"'F'.*T, K, M, all"):
        get_kolada("N15027", sex="F")
    assert kolada.requests == []


# Parts


def test_halves_cover_the_whole() -> None:
    part = kolada_api.Part(("N1", "N2"), ("a", "b", "c"), (1, 2))
    single = [part]
    while any(item.halves() for item in single):
        single = [half for item in single for half in (item.halves() or [item])]
    cells = [(kpi, code, year) for item in single for kpi in item.kpis for code in item.codes for year in item.years]
    assert len(single) == len(cells) == len(set(cells)) == 12


# Recorded answers


@pytest.mark.shared
def test_a_recorded_answer_served_and_read(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shared / "data/api-recordings/kolada/v3_data_N00945_3mun_2000-2020.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))["values"]
    rows = [(row["kpi"], row["municipality"], row["period"], row["values"]) for row in recorded]
    expected = sorted((row[1], row[2], row[3][0]["value"]) for row in rows)
    with Kolada(rows, [{"id": "N00945", "title": "x, andel (%)"}]) as server:
        server.page = 20
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_KOLADA", server.address)
        fetched = get_kolada("N00945", ["Stockholm", "Malmö", "Göteborg"])
    read = read_kolada(path)
    for table in (fetched, read):
        triples = table[["municipality", "year", "value"]].itertuples(index=False, name=None)
        assert sorted(triples) == expected
    assert len(expected) == 63
    assert ka.origins(read)[0].sha256 == hash_bytes(path.read_bytes())


@pytest.mark.shared
def test_every_kpi_of_ours_is_in_the_catalogue(shared: Path) -> None:
    with (shared / "data/api-recordings/kolada/kpi_catalogue_6099.csv").open(encoding="utf-8") as file:
        catalogue = {row["id"] for row in csv.DictReader(file)}
    assert set(COLUMNS) <= catalogue
    assert all(names.get(name).unit_in("SE") for name in COLUMNS.values())
    assert len(set(COLUMNS.values())) == len(COLUMNS)


# Files


@pytest.mark.shared
def test_the_real_folder(shared: Path) -> None:
    folder = shared / "data/kolada"
    table = read_kolada(folder)
    assert len(table) == 540_105
    count: dict[str, int] = defaultdict(int)
    total: dict[str, float] = defaultdict(float)
    for path in folder.glob("*_long.csv.gz"):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                count[row["kpi"].upper()] += 1
                total[row["kpi"].upper()] += float(row["value"])
    found = table.groupby("kpi")["value"].agg(["count", "sum"])
    assert found["count"].to_dict() == count
    for kpi, value in total.items():
        assert found.loc[kpi, "sum"] == pytest.approx(value, rel=1e-12), kpi
    assert table["municipality"].nunique() == 290
    assert (table["flag"] == "").all()
    assert set(table.columns) == {"country", "municipality", "year", "indicator", "value", "unit", "flag", "kpi"}
    assert table.loc[table["kpi"] == "N15040", ["indicator", "unit"]].drop_duplicates().values.tolist() == [
        ["N15040", "%"]
    ]
    origins = ka.origins(table)
    assert sorted(item.address for item in origins) == sorted(path.name for path in folder.glob("*_long.csv.gz"))
    for item in origins:
        assert item.sha256 == hash_bytes((folder / item.address).read_bytes())
    assert any("kolada_municipalities.csv" in item.note for item in origins)


HEAD = "kpi,municipality,year,value\n"
GOOD = HEAD + "n15027,0114,2020,100.5\nn15027,0114,2021,\nN15040,0180,2021,-3\n"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    raw = text.encode("utf-8") if isinstance(text, str) else text
    path = folder / name
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


WITH_SEX = "kpi,municipality,year,value,gender\nn15027,0114,2020,100.5,T\nn15027,0114,2021,,T\nN15040,0180,2021,-3,T\n"
OTHER_ORDER = "value,x,year,kpi,municipality\n100.5,,2020,n15027,0114\n,a,2021,n15027,0114\n-3,,2021,N15040,0180\n"
COMMA_IN_QUOTES = OTHER_ORDER.replace(",a,", ',"a,b",')

LONG_FORM = {
    "a.csv": GOOD,
    "å ä ö.csv.gz": GOOD,
    "bom.csv": "\ufeff" + GOOD,
    "windows.csv": GOOD.replace("\n", "\r\n"),
    "no_last_newline.csv": GOOD.rstrip("\n"),
    "capitals.csv": GOOD.replace("kpi,municipality,year", "KPI,Municipality,YEAR"),
    "quoted.csv": GOOD.replace("0114", '"0114"'),
    "blank_lines.csv": GOOD.replace("\n", "\n\n"),
    "other_order.csv": OTHER_ORDER,
    "comma_in_quotes.csv": COMMA_IN_QUOTES,
    "with_sex.csv": WITH_SEX,
}


@pytest.mark.parametrize(("name", "text"), LONG_FORM.items(), ids=LONG_FORM)
def test_a_file_in_long_form(tmp_path: Path, name: str, text: str) -> None:
    path = write(tmp_path, name, text)
    table = read_kolada(str(path))
    expected = [
        ("SE", "0114", 2020, "compulsory_cost_home", 100.5, "SEK/pupil/year", "", "N15027"),
        ("SE", "0114", 2021, "compulsory_cost_home", None, "SEK/pupil/year", "missing", "N15027"),
        ("SE", "0180", 2021, "N15040", -3.0, "", "", "N15040"),
    ]
    columns = ["country", "municipality", "year", "indicator", "value", "unit", "flag", "kpi"]
    assert_frame_equal(table, pd.DataFrame(expected, columns=columns))
    (origin,) = ka.origins(table)
    assert (origin.address, origin.sha256) == (name, hash_bytes(path.read_bytes()))
    assert str(tmp_path) not in repr(origin)


def test_sexes_in_a_file(tmp_path: Path) -> None:
    text = "kpi,municipality,year,gender,value\nn15507,0114,2021,K,210\nn15507,0114,2021,M,190\n"
    write(tmp_path, "a.csv", text)
    write(tmp_path, "b.csv", HEAD + "n15507,0114,2021,200\n")
    table = read_kolada(tmp_path)
    assert table[["sex", "value"]].values.tolist() == [["K", 210.0], ["M", 190.0], ["T", 200.0]]


def test_a_folder_of_several_kinds(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", GOOD)
    write(tmp_path, "b.json.gz", json.dumps({"values": [{"kpi": "N15040", "municipality": "0114", "period": 2021,
                                                         "values": [cell(4.0)]}]}))  # fmt: skip
    write(tmp_path, "kpis.csv", "kpi,name\nn15040,Köp av grundskola (%)\n")
    write(tmp_path, "other.csv", "code,name\n1,x\n")
    write(tmp_path, "other.json", "[1, 2]")
    write(tmp_path, "readme.md", "about")
    (tmp_path / "sub.csv").mkdir()
    table = read_kolada(tmp_path)
    assert table["value"].dropna().tolist() == [100.5, -3.0, 4.0]
    assert table.loc[table["kpi"] == "N15040", "unit"].unique().tolist() == ["%"]
    notes = [origin.note for origin in ka.origins(table)]
    assert "Not read, of another shape: other.csv, other.json." in notes


def test_areas_in_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", GOOD + "n15027,0000,2021,5\nn15027,0003,2021,5\n")
    table = read_kolada(path)
    assert len(table) == 3
    assert ka.origins(table)[0].note == "Left out, no municipalities: 0000, 0003."


BAD_LINES = {
    "text": ("n15027,0115,2020,12x", r"a\.csv line 5: value is '12x', which is no number"),
    "comma": ("n15027,0115,2020,12,5", r"a\.csv line 5 has 5 cells instead of 4"),
    "short": ("n15027,0115,2020", r"a\.csv line 5 has 3 cells instead of 4"),
    "NA": ("n15027,0115,2020,NA", r"line 5: value is 'NA'"),
    "nan": ("n15027,0115,2020,nan", r"line 5: value is 'nan'"),
    "inf": ("n15027,0115,2020,inf", r"line 5: value is 'inf'"),
    "overflow": ("n15027,0115,2020,1e999", r"line 5: value is '1e999'"),
    "no year": ("n15027,0115,,1", r"line 5: year is ''"),
    "half year": ("n15027,0115,2020.5,1", r"line 5: year is '2020\.5'"),
    "short year": ("n15027,0115,202,1", r"line 5: year is '202'"),
    "lost zero": (
        "n15027,115,2020,1",
        r"a\.csv line 5: the municipality code '115' has lost its leading zero \(0115\)",
    ),
    "unknown code": ("n15027,9999,2020,1", r"a\.csv: '9999' are no codes of Swedish municipalities"),
    "no code": ("n15027,,2020,1", r"a\.csv: '' are no codes"),
    "kpi": ("15027,0115,2020,1", r"line 5: kpi is '15027'"),
}


@pytest.mark.parametrize(("line", "message"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path, "a.csv", GOOD + line + "\nn15027,0117,2020,1\n")
    with pytest.raises(SourceError, match=message):
        read_kolada(path)


def test_a_bad_first_line_is_named_too(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 2 has 5 cells"):
        read_kolada(write(tmp_path, "a.csv", HEAD + "n15027,0115,2020,12,5\n"))
    with pytest.raises(SourceError, match="line 2: sex is 'F'"):
        read_kolada(write(tmp_path, "a.csv", "kpi,municipality,year,value,sex\nn15027,0115,2020,12,F\n"))


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_a_truncated_gzip(tmp_path: Path, part: float) -> None:
    path = write(tmp_path, "a.csv.gz", HEAD + "".join(f"n15027,0114,{year},1\n" for year in range(1950, 2022)))
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * part)])
    with pytest.raises(SourceError, match=r"a\.csv\.gz is not a whole gzip file"):
        read_kolada(tmp_path)


def test_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"b\.csv line 3 is not UTF-8"):
        read_kolada(write(tmp_path, "b.csv", HEAD.encode() + b"n15027,0114,2020,1\nn15027,0114,2021,\xe5\n"))
    (tmp_path / "c.csv.gz").write_text(GOOD)
    with pytest.raises(SourceError, match=r"c\.csv\.gz is not a whole gzip file"):
        read_kolada(tmp_path / "c.csv.gz")
    with pytest.raises(SourceError, match=r"d\.json is not whole JSON"):
        read_kolada(write(tmp_path, "d.json", '{"values": ['))
    with pytest.raises(SourceError, match=r"e\.csv cannot be read"):
        read_kolada(write(tmp_path, "e.csv", "kpi,municipality,year,value,value\nn15027,0114,2020,1,1\n"))


@pytest.mark.parametrize("value", ["100.5", "7"])
def test_duplicates_also_over_files(tmp_path: Path, value: str) -> None:
    write(tmp_path, "a.csv", GOOD)
    write(tmp_path, "b.csv", HEAD + f"N15027,0114,2020,{value}\nn15027,0114,2021,\n")
    with pytest.raises(TableError, match=r"2 keys occur more than once. First: .*0114.*2020.*compulsory_cost_home"):
        read_kolada(tmp_path)


def test_nothing_of_the_shape(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds no Kolada data.*kpi, municipality, year, value.*Found: –"):
        read_kolada(tmp_path)
    for number in range(7):
        write(tmp_path, f"f{number}.csv", "a,b\n1,2\n")
    with pytest.raises(SourceError, match=r"Found: f0\.csv, f1\.csv, f2\.csv, f3\.csv, f4\.csv \.\.\."):
        read_kolada(tmp_path)
    with pytest.raises(SourceError, match=r"Found: empty\.csv"):
        read_kolada(write(tmp_path, "empty.csv", ""))


def test_a_header_alone_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no Kolada data"):
        read_kolada(write(tmp_path, "a.csv", HEAD))


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, "kolada_2021.csv", GOOD)
    with pytest.raises(SourceError, match=r"no file or folder .*Closest in the folder above: kolada_2021\.csv"):
        read_kolada(tmp_path / "kolada_2012.csv")


def test_the_made_up_kpis_have_the_shape_of_the_catalogue() -> None:
    assert all({"id", "title", "is_divided_by_gender"} <= entry.keys() for entry in KPIS)
