"""Skolverket: every number of a file arrives, and every value of a school unit keeps its mark."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.errors import (
    IncompleteAnswer,
    NoData,
    OfflineMiss,
    SourceError,
    TableError,
    UnknownMunicipality,
    UsageError,
)
from kommunanalys.municipalities import municipalities
from kommunanalys.sources import http, read_kolada
from kommunanalys.sources.skolverket import get_skolverket, read_skolverket, school_units
from tests.sources.open_server import LASTING, PASSING, Skolverket
from tests.sources.server import Fault

# The interfaces


def value(text: str | None, kind: str = "EXISTS", period: str = "2024/25") -> dict[str, str | None]:
    return {"value": text, "valueType": kind, "timePeriod": period}


BODY = {
    "schoolUnit": "1",
    "docLinks": None,
    "specialEducatorsQuota": [],
    "_links": {"self": {"href": "x"}},
    "studentsPerTeacherQuota": [value("14,9", period="2023/24"), value("15,5")],
    "totalNumberOfPupils": [value("cirka 1 370")],
    "meritRating": [value("..", "OMITTED_DUE_TO_BASED_ON_FEW_PUPILS"), value("264,0", period="2023/24")],
    "eligible": [value("~100", "ROUNDED_OFF_DUE_TO_FEW_PUPILS_NOT_ELIGIBLE")],
    "teachers": [value("*", "TEACHERS_EXCLUDED_DUE_TO_NO_REQUIRED_LEGITIMATION")],
    "positions": [value(None, "MISSING")],
}


@pytest.fixture
def skolverket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Skolverket]:
    with Skolverket() as server:
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_SKOLVERKET", server.address)
        server.units = {f"{10_000_000 + number}": "1440" if number % 2 else "0180" for number in range(6)}
        server.series = dict.fromkeys(server.units, BODY)
        yield server


def test_values_marks_and_years(skolverket: Skolverket) -> None:
    table = get_skolverket("Ale")
    assert len(table) == 3 * 8
    assert table["school_unit"].unique().tolist() == ["10000001", "10000003", "10000005"]
    one = table[table["school_unit"] == "10000001"].set_index(["indicator", "year"])
    expected = {
        ("studentsPerTeacherQuota", 2023): (14.9, ""),
        ("studentsPerTeacherQuota", 2024): (15.5, ""),
        ("totalNumberOfPupils", 2024): (1370.0, "rounded"),
        ("meritRating", 2023): (264.0, ""),
        ("meritRating", 2024): (None, "secret"),
        ("eligible", 2024): (100.0, "rounded"),
        ("teachers", 2024): (None, "not_applicable"),
        ("positions", 2024): (None, "missing"),
    }
    assert set(one.index) == set(expected)
    for key, (number, flag) in expected.items():
        found = one.loc[key]
        assert found["flag"] == flag
        assert math.isnan(found["value"]) if number is None else found["value"] == number
    assert set(table["municipality"]) == {"1440"}


def test_programmes_of_upper_secondary_school(skolverket: Skolverket) -> None:
    programmes = [{"programCode": code, "averageResult": [value("14,1")]} for code in ("NA", "SA")]
    skolverket.series["10000001"] = {"programMetrics": programmes}
    table = get_skolverket("Ale", form="gr", units=["10000001"])
    assert table["programme"].tolist() == ["NA", "SA"]


@pytest.mark.parametrize("filters", [True, False])
def test_all_pages_of_the_list(skolverket: Skolverket, filters: bool) -> None:
    skolverket.filters = filters
    skolverket.units = {f"{20_000_000 + number}": "1440" if number < 250 else "0180" for number in range(260)}
    skolverket.series = {"20000249": BODY}
    table = get_skolverket("Ale", units=["20000249"])
    assert set(table["school_unit"]) == {"20000249"}
    assert len(school_units("1440")) == 250
    pages = [path for path in skolverket.requests if "size=100" in path]
    assert len(pages) == 3


def test_units_without_statistics_are_named(skolverket: Skolverket) -> None:
    del skolverket.series["10000003"]
    table = get_skolverket("Ale")
    assert len(table) == 2 * 8
    assert ka.origins(table)[0].note == "No statistics: 10000003."
    skolverket.series.clear()
    with http.mode("refresh"), pytest.raises(IncompleteAnswer, match="for any of 3 school units in 1440"):
        get_skolverket("Ale")


def test_a_list_that_is_not_whole(skolverket: Skolverket) -> None:
    skolverket.missing = 2
    with pytest.raises(IncompleteAnswer, match="there are 5 school units, and gave 3"):
        get_skolverket("Ale")


def test_what_does_not_exist(skolverket: Skolverket) -> None:
    with pytest.raises(IncompleteAnswer, match="no school unit 10000002"):
        get_skolverket("Ale", units=["10000001", "10000002"])
    with pytest.raises(IncompleteAnswer, match="It lists: –"):
        get_skolverket("Gnosjö")
    with pytest.raises(IncompleteAnswer, match="with gy in 1440"):
        get_skolverket("Ale", form="gy")
    with pytest.raises(UsageError, match="fsk, gr"):
        get_skolverket("Ale", form="grundskola")
    with pytest.raises(UsageError, match="AKTIV"):
        school_units("Ale", status="aktiv")
    with pytest.raises(UnknownMunicipality):
        get_skolverket("Alle")
    with pytest.raises(NoData):
        school_units("Gnosjö")


@pytest.mark.parametrize("strange", [value("1", "NEW_MARK"), value("1", period="Q3"), value("about five")])
def test_a_mark_that_is_not_known(skolverket: Skolverket, strange: dict[str, str | None]) -> None:
    skolverket.series["10000003"] = {"meritRating": [strange]}
    with pytest.raises(SourceError, match="meritRating"):
        get_skolverket("Ale")


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize("first", range(4))
def test_passing_faults_leave_the_whole_table(skolverket: Skolverket, fault: Fault, first: int) -> None:
    seen: list[str] = []

    def once(path: str) -> Fault | None:
        seen.append(path)
        return fault if len(seen) == first + 1 else None

    skolverket.standing = once
    assert len(get_skolverket("Ale")) == 24


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
@pytest.mark.parametrize("part", ["school-units?geo", "10000003/statistics"])
def test_lasting_faults_give_one_error(skolverket: Skolverket, fault: Fault, part: str) -> None:
    skolverket.standing = lambda path: fault if part in path else None
    with pytest.raises(SourceError) as caught:
        get_skolverket("Ale")
    assert part.split("?", maxsplit=1)[0] in str(caught.value)


def test_the_second_time_without_a_network(skolverket: Skolverket) -> None:
    first = get_skolverket("Ale")
    with http.mode("offline"):
        pd.testing.assert_frame_equal(get_skolverket("Ale"), first)
        with pytest.raises(OfflineMiss):
            get_skolverket("Stockholm")
    assert school_units("Ale")["name"].tolist() == ["Skola 10000001", "Skola 10000003", "Skola 10000005"]


@pytest.mark.shared
def test_the_recorded_answer(skolverket: Skolverket, shared: Path) -> None:
    path = shared / "data" / "api-recordings" / "skolverket" / "planned_educations_v4_statistics_gr.json"
    body = json.loads(path.read_bytes())["body"]
    skolverket.units = {"85014247": "1440"}
    skolverket.series = {"85014247": body}
    table = get_skolverket("Ale")
    points = [point for entries in body.values() if isinstance(entries, list) for point in entries]
    assert len(table) == len(points) == 10
    assert table["flag"].value_counts().to_dict() == {"": 6, "rounded": 2, "missing": 1, "secret": 1}


# Files

HEAD = "Statistik från Skolverket\n\nGrundskola - Prov\nValt läsår: 2024/25\n\n"
COLUMNS = "Kommun;Kommun-kod;Län;Läns-kod;Typ av huvudman;Kön;Antal elever;Andel (%) klara;\n"


def write(folder: Path, body: str, head: str = HEAD, columns: str = COLUMNS, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(head + columns + body, encoding="utf-8-sig")
    return path


def test_marks_providers_and_sexes(tmp_path: Path) -> None:
    body = (
        "Ale;1440;L;14;Samtliga;Flickor;1 434;~100;\nAle;1440;L;14;Kommunal;Pojkar;3;..;\n"
        "Ale;1440;L;14;Enskild;Samtliga;0;.;\nFörbundet;3214;L;14;Kommunal;Samtliga;5;1,5;\n"
        "Förbundet två;;L;14;Kommunal;Samtliga;6;1,5;\n\n\nFotnot;Förklaring;\n"
    )
    table = read_skolverket(write(tmp_path, body))
    assert table[["provider", "sex", "value", "flag"]].fillna(-1).values.tolist() == [
        ["all", "K", 1434.0, ""],
        ["municipal", "M", 3.0, ""],
        ["independent", "T", 0.0, ""],
        ["all", "K", 100.0, "rounded"],
        ["municipal", "M", -1, "secret"],
        ["independent", "T", -1, "not_applicable"],
    ]
    assert set(table["year"]) == {2024}
    assert table["indicator"].unique().tolist() == [
        "Grundskola - Prov: Antal elever",
        "Grundskola - Prov: Andel (%) klara",
    ]
    (origin,) = ka.origins(table)
    assert origin.note == "2 rows without a municipality's code were left out: Förbundet 3214, Förbundet två."
    assert origin.credit == "Källa: Skolverket"


def test_files_that_are_not_so(tmp_path: Path) -> None:
    good = "Ale;1440;L;14;Samtliga;Flickor;1;2;\n"
    for text, words in [
        (write(tmp_path, good.replace("1440", "440")), None),
        (write(tmp_path, good, name="b.csv", head="Grundskola - Prov\n\n"), "Valt läsår"),
        (write(tmp_path, good, name="c.csv", columns=COLUMNS.replace("Kommun-kod", "Kod")), "Kommun-kod"),
        (write(tmp_path, good.replace(";2;", ";två;"), name="d.csv"), "'två' is no number"),
        (write(tmp_path, good.replace("1440", "3214"), name="e.csv"), "no row with the code"),
        (write(tmp_path, good.replace("1440", "114"), name="f.csv"), r"line 7.*leading zero \(0114\)"),
        (write(tmp_path, good + good.replace(";2;", ""), name="g.csv"), None),
    ]:
        with pytest.raises(SourceError, match=words):
            read_skolverket(text)
    with pytest.raises(TableError, match="more than once"):
        read_skolverket(write(tmp_path, good + good, name="h.csv"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no file"):
        read_skolverket(tmp_path / "empty")


def independent(path: Path) -> tuple[dict[str, int], float, int]:
    """Flags, sum and count of a file's numbers by municipality, without any code of ours but the list of codes."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    codes = set(municipalities("SE").index)
    flags = {"": 0, "rounded": 0, "secret": 0, "not_applicable": 0}
    total, count = 0.0, 0
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=";"):
        if len(row) < 6 or row[1] not in codes:
            continue
        for cell in row[5:]:
            plain = cell.replace("\u00a0", "").replace(" ", "").replace(",", ".")
            if re.fullmatch(r"~?-?\d+(\.\d+)?", plain):
                total += float(plain.lstrip("~"))
                count += 1
                flags["rounded" if "~" in plain else ""] += 1
            elif plain in (".", ".."):
                flags["secret" if plain == ".." else "not_applicable"] += 1
    return flags, total, count


FILES = ["gymnasieskola_kostnader", "grundskola_kostnader", "personalstatistik", "antal_elever", "betyg_arskurs_6",
         "behorighet", "amnesbetyg"]  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("kind", FILES)
def test_every_number_of_the_real_files_arrives(shared: Path, kind: str) -> None:
    paths = [path for path in sorted((shared / "data" / "skolverket").iterdir()) if kind in path.name]
    assert paths
    for path in paths:
        table = read_skolverket(path)
        flags, total, count = independent(path)
        assert table["value"].count() == count
        assert table["value"].sum() == pytest.approx(total, rel=1e-12)
        assert {flag: (table["flag"] == flag).sum() for flag in flags} == flags
        assert len(table) == sum(flags.values())
        assert set(table["municipality"]) == set(municipalities("SE").index)


@pytest.mark.shared
def test_the_real_folder(shared: Path) -> None:
    table = read_skolverket(shared / "data" / "skolverket")
    assert len(ka.origins(table)) == 19
    subjects = table[table["indicator"].str.endswith("i respektive ämne")]
    assert sorted(subjects["year"].unique()) == list(range(2015, 2025))
    row = subjects[(subjects["municipality"] == "1440") & (subjects["provider"] == "all")]
    assert row[row["subject"] == "Teknik"].set_index("year")["value"].loc[[2024, 2015]].tolist() == [94.0, 91.2]
    joint = [item.note for item in ka.origins(table) if "Kunskapsförbundet Väst" in item.note]
    assert len(joint) == 3


@pytest.mark.shared
def test_our_names_mean_what_they_mean_in_kolada(shared: Path) -> None:
    """Two publishers of the same figures: pupils equal, shares within rounding, costs but for the smallest schools."""
    ours = read_skolverket(shared / "data" / "skolverket")
    theirs = read_kolada(shared / "data" / "kolada" / "kolada_education_long.csv.gz")
    keys = ["municipality", "year", "indicator"]
    both = (
        ours[ours["provider"].isin(["municipal", "all"])].merge(theirs, on=keys).dropna(subset=["value_x", "value_y"])
    )
    gap = (both["value_x"] - both["value_y"]).abs().groupby(both["indicator"])
    assert gap.size().to_dict() == {
        "compulsory_certified_teachers_located": 580,
        "compulsory_certified_teachers_own": 580,
        "compulsory_pupils_own": 580,
        "upper_secondary_cost_own": 431,
    }
    assert gap.max()["compulsory_pupils_own"] == 0
    assert gap.max().filter(like="teachers").max() < 0.21
    assert gap.median()["upper_secondary_cost_own"] < 50
