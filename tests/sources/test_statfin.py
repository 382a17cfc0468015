"""StatFin: codes of today, parts that make the whole, marks kept, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import kommunanalys as ka
from kommunanalys.errors import IncompleteAnswer, OfflineMiss, SourceError, UnknownMunicipality, UsageError
from kommunanalys.sources import http
from kommunanalys.sources.statfin import get_key_figures, get_statfin, search_statfin
from tests.sources.conftest import Clock
from tests.sources.json_server import LASTING, PASSING, always
from tests.sources.pxweb_server import PxWeb, Table
from tests.sources.server import Fault

AREAS = {"SSS": "HELA LANDET", "KU598": "Jakobstad", "KU091": "Helsingfors", "MK01": "Nyland", "KU049": "Esbo"}
SEX, WHAT, TIME, AREA = "sukupuoli_9_20180101", "contentscode", "timeperiod_y", "alue_23_20260101"
AXES = {
    AREA: ("Område", AREAS, False),
    SEX: ("Kön", {"SSS": "Totalt", "1": "Män", "2": "Kvinnor"}, True),
    WHAT: ("Uppgifter", {"vaerak-vaesto": "Folkmängd", "vaerak-andel_p": "Andel, %"}, False),
    TIME: ("År", {"2021": "2021", "2022": "2022", "2023": "2023*"}, False),
}


def made_up(axes: dict[str, Any] | None = None) -> Table:
    return Table(axes or AXES, TIME, WHAT, total={SEX: "SSS"})


@pytest.fixture
def pxweb(monkeypatch: pytest.MonkeyPatch) -> Iterator[PxWeb]:
    figures = {**AXES, WHAT: ("Uppgifter", {"M411": "Folkmängd", "M303": "Nettoflyttning, personer"}, False)}
    newest = {**figures, TIME: ("År", {"2023": "2023"}, False)}
    tables = {
        "StatFin/vaerak/11ra": made_up(),
        "Kuntien_avainluvut/uusin/viimeisin": made_up(newest),
        "Kuntien_avainluvut/uusin/147x": made_up(figures),
    }
    with PxWeb(tables) as server:
        monkeypatch.setenv("KOMMUNANALYS_ADDRESS_STATFIN", server.address("v1"))
        yield server


def everything() -> pd.DataFrame:
    return get_statfin("vaerak/11ra", {SEX: "*"})


# What comes back


def test_the_whole_table(pxweb: PxWeb) -> None:
    made = pxweb.tables["StatFin/vaerak/11ra"]
    table = get_statfin("11ra")
    expected = [
        ("FI", code[2:], int(year), name, made.value(**{AREA: code, WHAT: what, TIME: year}), unit)
        for what, name, unit in [
            ("vaerak-vaesto", "population", "persons"),
            ("vaerak-andel_p", "11ra.vaerak-andel_p", "antal"),
        ]
        for code in ("KU049", "KU091", "KU598")
        for year in ("2021", "2022", "2023")
    ]
    columns = ["country", "municipality", "year", "indicator", "value", "unit"]
    assert_frame_equal(table[columns], pd.DataFrame(expected, columns=columns))
    assert table["flag"].tolist() == ["", "", "preliminary"] * 6
    assert set(table["kpi"]) == {"vaerak-vaesto", "vaerak-andel_p"}
    assert table.attrs["labels"]["indicator"]["population"] == "Folkmängd"


def test_origin(pxweb: PxWeb) -> None:
    table = get_statfin("11ra", municipalities="Jakobstad", years=2022)
    (origin,) = ka.origins(table)
    assert (origin.producer, origin.credit, origin.country) == ("Statistics Finland", "Källa: Statistikcentralen", "FI")
    assert origin.published == "2026-06-08T05:00:00Z"
    assert origin.note == "Left out, 2 areas that are no municipalities: SSS, MK01."
    assert origin.address == f"{pxweb.address('v1')}/sv/StatFin/vaerak/11ra.px"
    assert origin.body == f"{AREA}=KU598; {WHAT}=vaerak-vaesto,vaerak-andel_p; {TIME}=2022"


@pytest.mark.parametrize(
    "table",
    ["11ra", "11RA", "11ra.px", "vaerak/11ra", "StatFin/vaerak/11ra.px", "statfin_vaerak_pxt_11ra.px"],
)
@pytest.mark.parametrize("finds_ids", [True, False])
def test_a_table_is_found_however_it_is_written(pxweb: PxWeb, table: str, finds_ids: bool) -> None:
    pxweb.finds_ids = finds_ids
    assert len(get_statfin(table, years=2021)) == 6


def test_codes_texts_and_names_are_the_same(pxweb: PxWeb) -> None:
    by_code = get_statfin("11ra", {SEX: ["1", "2"], WHAT: "vaerak-vaesto"}, municipalities="598")
    by_text = get_statfin("11ra", {"Kön": ["kvinnor", "Män"], "contents": "population"}, municipalities=["Pietarsaari"])
    assert_frame_equal(by_code, by_text)
    assert by_code["sex"].tolist() == ["M"] * 3 + ["K"] * 3


def test_marks_arrive(pxweb: PxWeb) -> None:
    made = pxweb.tables["StatFin/vaerak/11ra"]
    made.marks = {
        ("KU598", "SSS", "vaerak-vaesto", "2021"): ".",
        ("KU598", "SSS", "vaerak-vaesto", "2022"): "..",
        ("KU598", "SSS", "vaerak-vaesto", "2023"): "...",
    }
    for sparse in (False, True):
        pxweb.sparse = sparse
        with http.mode("refresh"):
            table = get_statfin("11ra", {WHAT: "population"}, municipalities="598")
        assert table["flag"].tolist() == ["not_applicable", "missing", "secret"]
        assert table["status"].tolist() == [".", "..", "..."]
        assert table["value"].isna().all()


# Parts


def test_a_split_fetch_is_the_unsplit_one(pxweb: PxWeb) -> None:
    pxweb.tables["StatFin/vaerak/11ra"].marks = {("KU091", "1", "vaerak-vaesto", "2022"): "..."}
    whole = everything()
    assert len(pxweb.posts) == 1
    for most in (1, 5, 17):
        pxweb.config["maxCells"] = most
        pxweb.requests.clear()
        with http.mode("refresh"):
            assert_frame_equal(everything(), whole)
        sizes = [pd.Series([len(item["selection"]["values"]) for item in body["query"]]).prod() for body in pxweb.posts]
        assert sum(sizes) == len(whole)
        assert max(sizes) <= most


def test_a_refusal_of_the_size_halves(pxweb: PxWeb) -> None:
    whole = everything()
    pxweb.hidden_limit = 4
    with http.mode("refresh"):
        assert_frame_equal(everything(), whole)


def test_the_pace_is_the_publishers(pxweb: PxWeb, clock: Clock) -> None:
    pxweb.config |= {"maxCells": 1, "maxCalls": 10, "timeWindow": 600}
    clock.tick = 0.0
    everything()
    assert len(pxweb.posts) == 54
    assert clock.now >= 4 * 600


def test_an_edition_that_changes_between_two_parts(pxweb: PxWeb) -> None:
    pxweb.config["maxCells"] = 30
    made = pxweb.tables["StatFin/vaerak/11ra"]

    def new_edition(answer: dict[str, Any]) -> dict[str, Any]:
        made.updated = "2026-07-01T05:00:00Z"
        return answer

    pxweb.faults.extend([Fault()] * 3 + [Fault(change=new_edition)])
    pxweb.requests.clear()
    table = everything()
    assert ka.origins(table)[0].published == "2026-07-01T05:00:00Z"
    assert len(pxweb.posts) == 3 + 3
    editions = iter(range(100))
    newer = Fault(change=lambda good: {**good, "updated": f"{next(editions)}"})
    pxweb.standing = always(newer, body="query")
    with http.mode("refresh"), pytest.raises(IncompleteAnswer, match="changed the table while it was fetched"):
        everything()


# Codes that change


def test_yesterdays_codes(pxweb: PxWeb) -> None:
    with pytest.raises(UsageError, match=f"no variable 'Alue' today.*{AREA}"):
        get_statfin("11ra", {"Alue": "KU598"})
    with pytest.raises(UsageError, match=r"no value 'vaesto' today. Closest: vaerak-vaesto"):
        get_statfin("11ra", {"contents": "vaesto"})
    with pytest.raises(UsageError, match=r"no table '115b' today.*search_statfin"):
        get_statfin("115b")
    with pytest.raises(UsageError, match=r"no table '11rb' today.*search_statfin"):
        get_statfin("vaerak/11rb")
    assert pxweb.posts == []


def test_codes_that_change_while_the_cache_holds_the_old_ones(pxweb: PxWeb) -> None:
    get_statfin("11ra", years=2021)
    axes = {("alue_24_20270101" if code == AREA else code): axis for code, axis in AXES.items()}
    pxweb.tables["StatFin/vaerak/11ra"] = made_up(axes)
    assert len(get_statfin("11ra", years=2022)) == 6


# Faults


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_faults_that_pass(pxweb: PxWeb, fault: Fault, at: int) -> None:
    pxweb.faults.extend([Fault()] * at + [fault])
    assert len(everything()) == 54


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
@pytest.mark.parametrize("where", ["config", "metadata", "cells"])
def test_faults_that_stay_give_no_table(pxweb: PxWeb, fault: Fault, where: str) -> None:
    def broken(path: str, body: Any) -> Fault | None:
        here = "config" if "config" in path else "cells" if body else "metadata"
        return fault if here == where else None

    pxweb.standing = broken
    with pytest.raises((SourceError, UsageError)) as caught:
        everything()
    assert str(caught.value)
    assert where != "cells" or "0 of 1 parts" in str(caught.value)


def test_a_part_that_fails_is_named(pxweb: PxWeb) -> None:
    pxweb.config["maxCells"] = 18
    pxweb.standing = always(Fault(500), body="KU049")
    with pytest.raises(IncompleteAnswer, match=f"StatFin gave . of 4 parts.*{AREA}=KU091,KU049|{AREA}=KU049"):
        everything()


@pytest.mark.parametrize("code", [AREA, TIME])
def test_an_answer_with_fewer_codes_than_asked(pxweb: PxWeb, code: str) -> None:
    made = pxweb.tables["StatFin/vaerak/11ra"]

    def shorter(answer: dict[str, Any]) -> dict[str, Any]:
        held = {name: list(entry["category"]["index"]) for name, entry in answer["dimension"].items()}
        return made.jsonstat({**held, code: held[code][1:]})

    pxweb.standing = always(Fault(change=shorter), body="query")
    with pytest.raises(IncompleteAnswer, match=f"values of {code}, but lacks"):
        everything()


def test_offline(pxweb: PxWeb) -> None:
    with http.mode("offline"), pytest.raises(OfflineMiss):
        everything()
    online = everything()
    pxweb.requests.clear()
    with http.mode("offline"):
        assert_frame_equal(everything(), online)
    assert pxweb.requests == []


def test_wrong_questions(pxweb: PxWeb) -> None:
    with pytest.raises(UnknownMunicipality):
        get_statfin("11ra", municipalities="Jakobsstad på ön")
    with pytest.raises(UsageError, match="Unknown language 'de'"):
        get_statfin("11ra", language="de")


# Key figures and search


def test_key_figures_are_found_by_their_folder(pxweb: PxWeb) -> None:
    table = get_key_figures(["population", "M303"], municipalities="Jakobstad")
    assert table["year"].tolist() == [2021, 2022, 2023] * 2
    assert table["indicator"].unique().tolist() == ["population", "key_figures.M303"]
    assert "/uusin/147x.px" in ka.origins(table)[0].address
    assert_frame_equal(get_statfin("key_figures", municipalities="598"), get_key_figures(municipalities="598"))


def test_search(pxweb: PxWeb) -> None:
    found = search_statfin("vaerak")
    assert found.to_dict("records") == [
        {
            "source": "statfin",
            "id": "vaerak/11ra",
            "title": "Table StatFin/vaerak/11ra",
            "updated": "2026-06-08T05:00:00",
            "address": f"{pxweb.address('v1')}/sv/StatFin/vaerak/11ra.px",
        }
    ]
    assert len(get_statfin(found["id"][0])) == 18
    assert search_statfin("nothing like it").empty
