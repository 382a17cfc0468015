"""Purchase invoices: any spelling of the headers, every line and every cent, no private person by name."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

import kommunanalys as ka
from kommunanalys.errors import SourceError, UnknownMunicipality, UsageError
from kommunanalys.sources.purchases import COLUMNS, HEADERS, may_be_person, read_purchases, vouchers

TEXT = (
    "Kuntanumero;Kunnan nimi;Tositenumero;Toimittajan nimi;Toimittajan Y-tunnus;Laskun summa ilman ALV;"
    "Tositepäivämäärä;Kirjanpidon tilinumero;Tilin nimi;Palveluluokka;Muuta\n"
    "49;Espoo;A17;Paperi Oy;1234567-1;1\u00a0200,50;5.3.2021;4310;Tarvikkeet;2100;x\n"
    "49;Espoo;A17;Paperi Oy;1234567-1;−200,50;5.3.2021;4500;Muut;2100;\n"
    "49;Espoo;A18;Virtanen Maija;7654321-1;80,00-;31.12.2021;4310;Tarvikkeet;2100;\n"
    "49;Espoo;A18;Virtanen Maija;7654321-1;80,00-;31.12.2021;4310;Tarvikkeet;2100;\n"
    "49;Espoo;A19;Tmi Maalaus;;15;1.1.2022;4310;Tarvikkeet;2100;\n"
)


def write(folder: Path, text: str = TEXT, encoding: str = "cp1252") -> Path:
    path = folder / "ostot.csv"
    path.write_bytes(text.replace("−", "-").encode(encoding))
    return path


def test_a_ledger(tmp_path: Path) -> None:
    table = read_purchases(write(tmp_path))
    assert tuple(table) == COLUMNS
    assert table["amount"].tolist() == [1200.5, -200.5, -80.0, -80.0, 15.0]
    assert table["municipality"].tolist() == ["049"] * 5
    assert table["date"].dt.strftime("%Y-%m-%d").tolist()[::2] == ["2021-03-05", "2021-12-31", "2022-01-01"]
    assert table["supplier"].tolist() == ["Paperi Oy", "Paperi Oy", "sole trader 1", "sole trader 1", "sole trader 2"]
    assert table["supplier_id"].tolist() == ["1234567-1", "1234567-1", "", "", ""]
    assert table["account"].tolist() == ["4310", "4500", "4310", "4310", "4310"]
    assert table.index.tolist() == [2, 3, 4, 5, 6]
    (origin,) = ka.origins(table)
    assert origin.note == "3 rows of suppliers that may be private persons are masked. Columns not read: Muuta."


def test_split_vouchers(tmp_path: Path) -> None:
    found = vouchers(read_purchases(write(tmp_path))).reset_index()
    assert found[["voucher", "amount", "rows", "accounts"]].values.tolist() == [
        ["A17", 1000.0, 2, 2],
        ["A18", -160.0, 2, 1],
        ["A19", 15.0, 1, 1],
    ]
    table = read_purchases(write(tmp_path, TEXT.replace(";15;", ";;")))
    assert vouchers(table)["amount"].isna().tolist() == [False, False, True]


def test_private_persons(tmp_path: Path) -> None:
    path = write(tmp_path)
    dropped = read_purchases(path, people="drop")
    assert len(dropped) == 2
    assert "3 rows of suppliers that may be private persons are left out." in ka.origins(dropped)[0].note
    assert read_purchases(path, people="keep")["supplier"].nunique() == 3
    with pytest.raises(UsageError, match="mask, drop or keep"):
        read_purchases(path, people="hide")  # type: ignore[arg-type]
    by_id = write(tmp_path, TEXT.replace("7654321-1", "010190-123A"))
    for people in ("mask", "keep"):
        kept = read_purchases(by_id, people=people)  # type: ignore[arg-type]
        assert "010190" not in kept.to_csv()
    masked = read_purchases(path)
    assert not any(word in masked.to_csv() for word in ("Virtanen", "Maalaus", "7654321"))


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Virtanen Maija", True),
        ("MATTI VIRTANEN", True),
        ("Åke-Erik von Södergård", True),
        ("Rakennus Tmi Virtanen", True),
        ("T:mi Kukka", True),
        ("Toiminimiyrittäjä", True),
        ("010190-123A", True),
        ("Maijan Kukka Oy", False),
        ("Oy Kukka Ab", False),
        ("Espoon kaupunki", False),
        ("Jakobstads stad", False),
        ("Nuorisoseura ry", False),
        ("Länsi-Uudenmaan hyvinvointialue", False),
        ("Gasum", False),
        ("3 Step IT", False),
        ("", False),
    ],
)
def test_who_may_be_a_person(name: str, person: bool) -> None:
    assert may_be_person(name) == person


@pytest.mark.parametrize(
    ("cells", "day"),
    [
        (["5.3.2021", "31.12.2021"], "2021-03-05"),
        (["05032021", "31122021"], "2021-03-05"),
        (["20210305", "20211231"], "2021-03-05"),
        (["2021-03-05", "2021-12-31"], "2021-03-05"),
        (["2021-03-05 00:00:00", ""], "2021-03-05"),
        (["05/03/2021", "31/12/2021"], "2021-03-05"),
    ],
)
def test_dates(tmp_path: Path, cells: list[str], day: str) -> None:
    text = "pvm;summa\n" + "".join(f"{cell};1\n" for cell in cells)
    table = read_purchases(write(tmp_path, text))
    assert table["date"].iloc[0] == pd.Timestamp(day)
    assert table["date"].isna().sum() == cells.count("")


@pytest.mark.parametrize("cell", ["31.2.2021", "2021", "i går", "2021-03-05"])
def test_what_is_no_date(tmp_path: Path, cell: str) -> None:
    with pytest.raises(SourceError, match="line 3"):
        read_purchases(write(tmp_path, f"pvm;summa\n5.3.2021;1\n{cell};2\n6.3.2021;3\n"))


def test_amounts_that_are_not_called_net(tmp_path: Path) -> None:
    table = read_purchases(write(tmp_path, "pvm;Summa\n5.3.2021;1,5\n"))
    assert table[["amount", "total"]].values.tolist() == [[1.5, 1.5]]
    assert "may hold value added tax" in ka.origins(table)[0].note
    with pytest.raises(SourceError, match="has no amount"):
        read_purchases(write(tmp_path, "pvm;Toimittaja\n5.3.2021;A Oy\n"))


def test_an_amount_that_is_no_number_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"ostot.csv line 3: Column 'Summa': '1,5x' is no number"):
        read_purchases(write(tmp_path, "pvm;Summa\n5.3.2021;1,5 €\n5.3.2021;1,5x\n"))
    with pytest.raises(SourceError, match=r"line 2: One column has decimals with comma and with point"):
        read_purchases(write(tmp_path, "pvm;Summa\n5.3.2021;1,5\n5.3.2021;1.5\n"))


def test_headers_that_mean_the_same(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="both stand for voucher"):
        read_purchases(write(tmp_path, "Tosite;Tositenumero;Summa\n1;2;3\n"))
    text = "Reskontranumero;Toimittaja;Y-tunnus;Toimittajan Y-tunnus;Summa\n77;A Oy;1;2;3\n"
    table = read_purchases(write(tmp_path, text))
    assert table[["supplier", "supplier_id"]].values.tolist() == [["A Oy", "2"]]
    assert "Columns not read: Reskontranumero, Y-tunnus." in ka.origins(table)[0].note


def test_whose_ledger_it_is(tmp_path: Path) -> None:
    names = "Kunnan nimi;Summa\nPietarsaari;1\nJokin kuntayhtymä;2\n"
    table = read_purchases(write(tmp_path, names))
    assert table["municipality"].tolist() == ["598", ""]
    assert table["organisation"].tolist() == ["Pietarsaari", "Jokin kuntayhtymä"]
    assert "Not known as municipalities: Jokin kuntayhtymä." in ka.origins(table)[0].note
    assert read_purchases(write(tmp_path, "Summa\n1\n"), municipality="Esbo")["municipality"].tolist() == ["049"]
    with pytest.raises(UnknownMunicipality):
        read_purchases(write(tmp_path, "Kuntanro;Summa\n999;1\n"))


def test_other_ledgers_by_a_map(tmp_path: Path) -> None:
    path = write(tmp_path, "Belopp;När;Vem\n1.234,5;5.3.2021;A Ab\n", "utf-8")
    table = read_purchases(path, {"Belopp": "amount", "När": "date", "Vem": "supplier"})
    assert table[["amount", "supplier"]].values.tolist() == [[1234.5, "A Ab"]]
    with pytest.raises(UsageError, match="'sum', 'Hur'"):
        read_purchases(path, {"Belopp": "sum", "Hur": "date"})


@pytest.mark.parametrize("name", HEADERS)
def test_every_spelling_of_the_dictionary(tmp_path: Path, name: str) -> None:
    filling = {"amount": "1", "total": "2", "vat": "3", "date": "5.3.2021", "municipality": "049"}
    for header in HEADERS[name].split("|"):
        spelt = header.upper().replace("Ä", "A")
        rest = [other for other in ("date", "amount") if other != name]
        cells = ";".join([filling.get(name, "x"), *(filling[other] for other in rest)])
        head = ";".join([spelt, *(HEADERS[other].split("|")[0] for other in rest)])
        table = read_purchases(write(tmp_path, f"{head}\n{cells}\n"))
        assert str(table[name].iloc[0]) in ("x", "1.0", "2.0", "3.0", "2021-03-05 00:00:00", "049")


@pytest.mark.shared
def test_every_header_seen_in_the_wild(shared: Path) -> None:
    from kommunanalys.sources.purchases import _BY_HEADER, _fold

    found: dict[str, set[str | None]] = defaultdict(set)
    for name in ("mandatory", "optional"):
        path = shared / "data" / "api-recordings" / "ostolaskut" / f"osta_{name}_fields.csv"
        for row in csv.DictReader(path.read_text("utf-8").splitlines()):
            found[row["value"]].add(_BY_HEADER.get(_fold(row["key"])))
    assert found.pop("invoice_account") == {None}
    assert all(len(ours) == 1 and None not in ours for ours in found.values()), found
    assert len(found) == 23


LEDGERS = {
    "uk_council_payments/london_gla_payments.csv.gz": {
        "account_code": "account", "account": "account_name", "department": "unit", "ref": "voucher", "date": "date",
        "supplier": "supplier", "amount": "amount",
    },
    "uk_council_payments/manchester_payments.csv.gz": {
        "account": "account_name", "service": "service_name", "ref": "voucher", "date": "date", "supplier": "supplier",
        "amount": "amount",
    },
    "invoices-harrogate/invoices.csv.gz": {
        "document": "voucher", "supplier": "supplier", "unit": "unit", "service": "cost_centre_name",
        "account": "account_name", "text": "text", "amount": "amount", "date": "date",
    },
    "invoices-oxford/invoices.csv.gz": {
        "document": "voucher", "supplier": "supplier", "supplier_id": "supplier_id", "account": "account",
        "account_name": "account_name", "amount": "amount", "date": "date",
    },
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("file", LEDGERS)
def test_real_ledgers(shared: Path, file: str) -> None:
    table = read_purchases(shared / "data" / file, LEDGERS[file], people="keep")
    with gzip.open(shared / "data" / file, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(table) == len(rows)
    assert table["amount"].isna().sum() == 0
    assert table["amount"].sum() == pytest.approx(float(sum(Decimal(row["amount"]) for row in rows)), rel=1e-12)
    assert (table["amount"] < 0).sum() == sum(float(row["amount"]) < 0 for row in rows)
    assert table["date"].isna().sum() == sum(not row["date"] for row in rows)
    groups = vouchers(table)
    assert groups["rows"].sum() == len(rows)
    assert groups["amount"].sum() == pytest.approx(table["amount"].sum(), rel=1e-9)
