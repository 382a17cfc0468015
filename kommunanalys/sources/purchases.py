"""Purchase invoices as Finnish municipalities publish them (ostolaskudata), and other ledgers by a map of columns.

A ledger is no observations table but has a contract of its own: one row for each posting line, in the file's order,
with `COLUMNS` as columns. Texts that the file lacks are "", numbers NaN. Nothing is summed, corrected or removed: a
credit note has a negative amount, a split voucher has several rows (`vouchers` sums them), equal rows are real lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kommunanalys import origin
from kommunanalys.errors import SourceError, UnknownMunicipality, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.municipalities import find
from kommunanalys.sources.avoindata import fetch_table
from kommunanalys.sources.tabular import Sheet, numbers_of, open_table

if TYPE_CHECKING:
    import pandas as pd

TEXTS = (
    "municipality", "organisation", "organisation_id", "unit", "unit_code", "voucher", "supplier", "supplier_id",
    "supplier_country", "account", "account_name", "account_group", "service", "service_name", "cost_centre",
    "cost_centre_name", "vat_code", "procurement", "order", "text",
)  # fmt: skip
NUMBERS = ("amount", "total", "vat")
COLUMNS = ("date", *TEXTS, *NUMBERS)
"""`date` (day of the voucher), texts, and `amount` (net), `total` (with tax) and `vat` [currency of the file]."""
HEADERS: dict[str, str] = {
    "municipality": "kuntanumero|kuntanro|kuntakoodi|kommunnummer|kommunkod",
    "organisation": "kunnan tai kuntayhtymän nimi|kunnan/-yhtymän nimi|kunnan nimi|kunta|kuntayhtymän nimi|"
    "kunnan/kuntayhtymän nimi|yhtiö|kirjanpitoyksikkö|kommunens namn|kommun",
    "organisation_id": "kunnan y-tunnus|kirjanpitoyksikön tunnus|kommunens fo-nummer",
    "unit": "toimielin|yksikkö|hallinnonala|organ",
    "unit_code": "toimielintunnus|toimielitunnus|hallinnonalan tunnus",
    "voucher": "tositenumero|tosite|tapahtumanumero|laskunumero|laskun numero|verifikatnummer|case id",
    "date": "tositepäivämäärä|tositepäivä|tositepvm|tapaht.pvm|tapahtumapäivä|kirjauspäivä|kirjauspvm|päivämäärä|pvm|"
    "verifikatdatum|datum",
    "supplier": "toimittajan nimi|toimittaja|toimittajanimi|reskontranumero|reskontranro|leverantörens namn|leverantör",
    "supplier_id": "toimittajan y-tunnus|y-tunnus|leverantörens fo-nummer",
    "supplier_country": "toimittajan maakoodi|toimittajan maatunnus|maakoodi|maatunnus|maa|landskod",
    "account": "kirjanpidon tilinumero|tilinumero|pääkirjatili|tili|kontonummer|konto",
    "account_name": "tilin nimi|pääkirjatilin nimi|tilinimi|kontots namn|kontonamn",
    "account_group": "tiliryhmä|tiliryhmän nimi|hankintakategoria",
    "service": "palveluluokka|palvelun numero|vastuualuetunnus|serviceklass",
    "service_name": "palvelun nimi|palveluluokan nimi|vastuualue|serviceklassens namn",
    "cost_centre": "kustannuspaikka|kustannuspaikka_numero|kustannuspaikka_id|kostnadsställe",
    "cost_centre_name": "kustannuspaikan nimi|kustannuspaikka_nimi|kostnadsställets namn",
    "vat_code": "alv-koodi|alv-numero|vat-tunnus|momskod",
    "procurement": "hilma-tunnus",
    "order": "tilausnumero",
    "text": "selite|kuvaus",
    "amount": "laskun summa ilman alv|summa ilman alv|rivin osuus veroton|rivin nettosumma|nettosumma|veroton summa|"
    "summa utan moms",
    "total": "kokonaissumma euroina|kokonaissumma|summa|rivin bruttosumma|bruttosumma|totalsumma",
    "vat": "rivin osuus vero|rivin alv-summa|alv määrä euroina",
}
"""Our column → spellings of the header, seen in the files of different towns; case, umlauts and signs do not matter."""
People = Literal["mask", "drop", "keep"]
_FORMS = re.compile(
    r"(?<!\w)(oyj?|abp?|ky|kb|ay|osk|oy ab|r\.?y|r\.?f|r\.?s|osuuskunta|andelslag|säätiö\w*|stiftelse\w*|yhdistys\w*|"
    r"förening\w*|liitto|förbund\w*|kunta|kunnan|kaupun\w+|kommun\w*|stad|stads|kuntayhtymä\w*|samkommun\w*|"
    r"\w*hyvinvointialue\w*|välfärdsområde\w*|\w*seurakun\w+|församling\w*|yliopisto\w*|universitet\w*|virasto\w*|"
    r"ministeriö|valtio\w*|ltd|limited|plc|llp|llc|inc|gmbh|ag|kg|aps|a/s|as|asa|sas|s\.?a|b\.?v|n\.?v|oü|uab|sia|"
    r"s\.?r\.?l|council|university|trust|association|redacted)(?!\w)",
    re.IGNORECASE,
)  # fmt: skip
_TRADER = re.compile(r"(?<!\w)(t:?mi|toimini\w+|firma|sole trader)(?!\w)", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[.'’-])*(?:[ ,]+[^\W\d_](?:[^\W\d_]|[.'’-])*){1,3}")
_PERSONAL_ID = re.compile(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]", re.IGNORECASE)
_DATES = (
    (re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[ T].*)?"), "ymd"),
    (re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})"), "dmy"),
    (re.compile(r"(\d\d?)/(\d\d?)/(\d{4})"), "dmy"),
    (re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(\d\d)"), "ymd"),
    (re.compile(r"(\d\d)(0[1-9]|1[0-2])((?:19|20)\d\d)"), "dmy"),
)


def read_purchases(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    *,
    municipality: str | None = None,
    people: People = "mask",
) -> pd.DataFrame:
    r"""Read a ledger of purchase invoices.

    Parameters
    ----------
    path
        CSV in any usual encoding and with any usual separator, or XLSX; also `.gz`.
    columns
        Header of the file → name in `COLUMNS`, for headers outside `HEADERS`; it goes before `HEADERS`.
    municipality
        Whose ledger it is, where the file does not say.
    people
        What becomes of suppliers that may be a private person (a name without a company's or a public body's word in
        it, or with "Tmi", "toiminimi", ...): "mask" gives each a number within the file ("sole trader 1") and removes
        the id, "drop" leaves their rows out, "keep" lets the names stand: only where the law gives you the right.
        Personal identity codes are removed in each case. A free `text` of other rows may still hold names.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`; the index holds the lines of the file. `amount` is the net amount; where the file has one amount only
        and does not call it net, `amount` is that one, and the note of the origin says so.

    Raises
    ------
    SourceError
        Two headers that stand for the same, no amount, or a cell that is no date or no number.
    UnknownMunicipality
        A municipality's number that does not exist.

    References
    ----------
    Kuntaliitto 2021, Kuntien ja kuntayhtymien ostolaskudatan avaamisen ohje.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> text = "Kuntanro;Tositepvm;Tosite;Toimittaja;Rivin nettosumma\n049;5.3.2021;17;Paperi Oy;1 200,50\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "a.csv")
    ...     _ = file.write_bytes(text.encode("cp1252"))
    ...     read_purchases(file)[["municipality", "date", "supplier", "amount"]].values.tolist()
    [['049', Timestamp('2021-03-05 00:00:00'), 'Paperi Oy', 1200.5]]
    """
    sheet = open_table(path)
    item = origin.Origin(sheet.name, sheet.name, sheet.sha256, licence="", credit="", fetched=origin.now())
    return _read_ledger(sheet, item, dict(columns or {}), municipality, people)


def get_purchases(
    id_or_resource: str,
    columns: Mapping[str, str] | None = None,
    *,
    municipality: str | None = None,
    people: People = "mask",
    sheet: str | None = None,
) -> pd.DataFrame:
    """Fetch a ledger from avoindata.fi and read it; parameters and result as `read_purchases`.

    Parameters
    ----------
    id_or_resource
        Name or id of a data set that has one file, or the id of a resource, as in `get_avoindata`.
    columns, municipality, people
        As in `read_purchases`.
    sheet
        Which sheet of an XLSX file.

    Raises
    ------
    NoData, UsageError, SourceError, UnknownMunicipality
        As `get_avoindata` and `read_purchases`.

    Examples
    --------
    >>> from kommunanalys.sources import http
    >>> with http.mode("offline"):
    ...     get_purchases("valtion-virastojen-ostolaskut")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    opened, item = fetch_table(id_or_resource, sheet)
    return _read_ledger(opened, item, dict(columns or {}), municipality, people)


def vouchers(ledger: pd.DataFrame) -> pd.DataFrame:
    """The vouchers of a ledger: an invoice's total is the sum of its rows.

    Parameters
    ----------
    ledger
        As `read_purchases` gives it.

    Returns
    -------
    pandas.DataFrame
        Indexed by municipality, organisation, voucher and supplier; `amount` (sum), `rows` and `accounts` (counts).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("049", "", "17", "A Oy", "4310", 80.0), ("049", "", "17", "A Oy", "4500", 20.0)]
    >>> names = ["municipality", "organisation", "voucher", "supplier", "account", "amount"]
    >>> vouchers(pd.DataFrame(rows, columns=names)).values.tolist()
    [[100.0, 2.0, 2.0]]
    """
    keys = ["municipality", "organisation", "voucher", "supplier"]
    groups = ledger.groupby(keys, sort=False)
    found = groups.agg(amount=("amount", "sum"), rows=("amount", "size"), accounts=("account", "nunique"))
    # A sum over an unreadable amount would be too small without saying so.
    found.loc[groups["amount"].count() < found["rows"], "amount"] = float("nan")
    return found


def _read_ledger(
    sheet: Sheet, item: origin.Origin, columns: dict[str, str], municipality: str | None, people: People
) -> pd.DataFrame:
    if people not in ("mask", "drop", "keep"):
        raise UsageError("Unknown choice {people!r} for private persons. Choose mask, drop or keep.", people=people)
    where = _recognised(sheet, columns)
    table = _ledger(sheet, where)
    table["municipality"] = _municipality(table, municipality)
    table, persons = _without_people(table, people)
    nameless = table.loc[(table["municipality"] == "") & (table["organisation"] != ""), "organisation"].unique()
    unread = [name for name in sheet.frame if name not in where.values()]
    note = _note("amount" in where, persons, people, list(nameless), unread)
    return origin.record(table, [replace(item, note=note)])


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[\W_]", "", "".join(sign for sign in plain if not unicodedata.combining(sign)))


_WEAK = {_fold(header) for header in ("kunta", "kommun", "maa", "y-tunnus", "reskontranumero", "reskontranro", "summa")}
"""Headers that say less: they give way to another header of the same meaning."""
_BY_HEADER = {_fold(header): name for name, headers in HEADERS.items() for header in headers.split("|")}


def _recognised(sheet: Sheet, columns: dict[str, str]) -> dict[str, str]:
    """Our name → header of the file."""
    strange = [name for name in columns.values() if name not in COLUMNS] + [h for h in columns if h not in sheet.frame]
    if strange:
        raise UsageError(
            "{names} is neither a header of {file} nor a column of a ledger. Headers: {headers}. Columns: {all}.",
            names=", ".join(map(repr, strange)),
            file=sheet.name,
            headers=", ".join(map(repr, sheet.frame)),
            all=", ".join(COLUMNS),
        )
    found = {name: header for header, name in columns.items()}
    for header in sorted(sheet.frame, key=lambda header: _fold(header) in _WEAK):
        name = _BY_HEADER.get(_fold(header))
        if header in columns or name is None or name in columns.values() or (name in found and _fold(header) in _WEAK):
            continue
        if name in found:
            raise SourceError(
                "{file}: {first!r} and {second!r} both stand for {name}. Say columns={{header: name}}.",
                file=sheet.name,
                first=found[name],
                second=header,
                name=name,
            )
        found[name] = header
    if not {"amount", "total"} & found.keys():
        raise SourceError(
            "{file} has no amount. Its headers: {headers}. Say columns={{header: 'amount'}}.",
            file=sheet.name,
            headers=", ".join(map(repr, sheet.frame)),
        )
    return found


def _ledger(sheet: Sheet, where: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    rows = sheet.frame
    table = pd.DataFrame(index=rows.index)
    table["date"] = _dates(rows[where["date"]], sheet.name) if "date" in where else pd.NaT
    for name in TEXTS:
        table[name] = rows[where[name]] if name in where else ""
    for name in NUMBERS:
        table[name] = float("nan")
        if name in where:
            cells = rows[where[name]].str.replace(r"\s*(€|EUR|£|GBP)$", "", regex=True)
            table[name] = numbers_of(sheet, cells)["value"]
    if "amount" not in where:
        table["amount"] = table["total"]
    types = dict.fromkeys(TEXTS, "str") | dict.fromkeys(NUMBERS, "float64") | {"date": "datetime64[s]"}
    return table.astype(types)


def _dates(cells: pd.Series[str], file: str) -> pd.Series[pd.Timestamp]:
    """Days, by the one way of writing that all cells of the column follow."""
    import pandas as pd

    filled = pd.Series(cells[cells != ""].unique(), dtype="str")
    days = max((_read(filled, pattern, order) for pattern, order in _DATES), key=lambda read: int(read.count()))
    if days.notna().all():
        return cells.map(dict(zip(filled, days, strict=True)))
    text = str(filled[days.isna()].iloc[0])
    raise SourceError(
        "{file} line {line}: {text!r} is no date of the same form as the others. Dates are 5.3.2021, 05032021, "
        "2021-03-05 or 5/3/2021, all alike in a column.",
        file=file,
        line=int(cells.index[cells == text][0]),
        text=text,
    )


def _read(cells: pd.Series[str], pattern: re.Pattern[str], order: str) -> pd.Series[pd.Timestamp]:
    """Days written in one way; NaT where a cell is not."""
    import pandas as pd

    parts = cells.str.extract(f"^(?:{pattern.pattern})$")
    parts.columns = pd.Index([{"y": "year", "m": "month", "d": "day"}[letter] for letter in order])
    return pd.to_datetime(parts.astype("float64"), errors="coerce")


def _municipality(table: pd.DataFrame, given: str | None) -> pd.Series[str]:
    """Codes by number, else by the organisation's name where that is a municipality, else "" (joint authorities)."""
    if given is not None:
        own = find(given).code
        return table["municipality"].map(lambda _: own)
    # The column says that it holds codes, so a lost leading zero can be put back.
    codes = {text: find(text.zfill(3), country="FI").code if text else "" for text in table["municipality"].unique()}
    by_name = {name: _code_of(name) for name in table["organisation"].unique()}
    return table["municipality"].map(codes).where(table["municipality"] != "", table["organisation"].map(by_name))


def _code_of(name: str) -> str:
    try:
        return find(name, country="FI").code if name else ""
    except UnknownMunicipality:
        return ""


def may_be_person(supplier: str) -> bool:
    """Whether a supplier's name may be that of a private person or a sole trader; in doubt it may.

    Examples
    --------
    >>> [may_be_person(name) for name in ["Paperi Oy", "Tmi Paperi", "Virtanen Maija", "Gasum"]]
    [False, True, True, False]
    """
    if _TRADER.search(supplier) or _PERSONAL_ID.search(supplier):
        return True
    return _FORMS.search(supplier) is None and _NAME.fullmatch(supplier.strip()) is not None


def _without_people(table: pd.DataFrame, people: People) -> tuple[pd.DataFrame, int]:
    """The table with private persons masked or left out, and how many rows it concerns."""
    for name in ("supplier_id", "text", "supplier"):
        # A name that is masked must not lose the identity code first, by which it is known as a person's.
        if people == "keep" or name != "supplier":
            table[name] = table[name].str.replace(_PERSONAL_ID, "***", regex=True)
    known = {name: may_be_person(name) for name in table["supplier"].unique()}
    theirs = table["supplier"].map(known).astype(bool)
    if people == "drop":
        table = table[~theirs].copy()
    elif people == "mask":
        numbers = {name: f"sole trader {number}" for number, name in enumerate((n for n in known if known[n]), 1)}
        table["supplier"] = table["supplier"].map(lambda name: numbers.get(name, name)).astype("str")
        table.loc[theirs, ["supplier_id", "text"]] = ""
    return table, int(theirs.sum())


def _note(net: bool, persons: int, people: People, nameless: list[str], unread: list[str]) -> str:
    say = Speaker(current())
    note = [] if net else [say("The file does not say that its amounts are net: they may hold value added tax.")]
    if persons and people == "mask":
        note.append(say("{count} rows of suppliers that may be private persons are masked.", count=persons))
    if persons and people == "drop":
        note.append(say("{count} rows of suppliers that may be private persons are left out.", count=persons))
    if nameless:
        note.append(say("Not known as municipalities: {names}.", names=", ".join(nameless)))
    if unread:
        note.append(say("Columns not read: {columns}.", columns=", ".join(unread)))
    return " ".join(note)
