"""Kolada (RKA): key figures of Sweden's 290 municipalities, fetched from API v3 or read from files.

`COLUMNS` turns Kolada's KPIs into our names; a KPI outside it keeps its id as its name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import product
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import kommunanalys.municipalities as places
from kommunanalys import names, origin, tables
from kommunanalys.errors import IncompleteAnswer, SourceError, UnknownIndicator, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.sources import files, http
from kommunanalys.sources.kolada_api import ADDRESS, LICENCE, Cell, Part, catalogue, cells, fetch
from kommunanalys.sources.kolada_files import (
    AREA,
    KPI,
    candidates,
    frame,
    municipalities_only,
    nothing_found,
    open_file,
)

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "N15027": "compulsory_cost_home",
    "N15008": "compulsory_cost_own",
    "N15058": "compulsory_reference_cost_home",
    "N15001": "compulsory_cost_deviation",
    "N15835": "compulsory_pupils_home",
    "N15809": "compulsory_pupils_own",
    "N15034": "compulsory_pupils_per_teacher_own",
    "N15814": "compulsory_certified_teachers_own",
    "N15813": "compulsory_certified_teachers_located",
    "N15508": "compulsory_all_subjects_home",
    "N15419": "compulsory_all_subjects_own",
    "N15428": "compulsory_eligible_home",
    "N15436": "compulsory_eligible_own",
    "N15507": "compulsory_merit_home",
    "N15505": "compulsory_merit_own",
    "N15901": "compulsory_newly_arrived_home",
    "N15820": "compulsory_parents_education_own",
    "N17005": "upper_secondary_cost_home",
    "N17007": "upper_secondary_cost_own",
    "N17029": "upper_secondary_reference_cost_home",
    "N17001": "upper_secondary_cost_deviation",
    "N17800": "upper_secondary_pupils_home",
    "N17820": "upper_secondary_pupils_own",
    "N17445": "upper_secondary_completion_3y_home",
    "N17461": "upper_secondary_completion_4y_home",
    "N01951": "population",
    "N01953": "age_6_15",
    "N01954": "age_16_19",
    "N02993": "land_area",
    "N00954": "urban_share",
    "N02901": "parents_low_education",
    "N02926": "foreign_born",
    "N01982": "higher_education",
    "N00905": "median_income",
    "N00901": "tax_rate",
    "N03011": "net_cost_per_inhabitant",
    "N03007": "result_per_inhabitant",
    "N03002": "equity_ratio",
    "N00097": "cost_deviation_total",
    "N03010": "tax_revenue_per_inhabitant",
    "N03009": "state_transfers_per_inhabitant",
    "N01963": "population_change",
    "N11008": "preschool_cost_per_child",
    "N11102": "preschool_children_per_worker",
    "N11800": "preschool_enrolled",
    "N07024": "streets_net_cost_per_inhabitant",
    "N07038": "planning_net_cost_per_inhabitant",
    "N07925": "homes_permitted",
    "N09020": "youth_net_cost_per_inhabitant",
    "N09021": "sports_net_cost_per_inhabitant",
    "N09025": "general_culture_net_cost_per_inhabitant",
    "N09026": "libraries_net_cost_per_inhabitant",
    "N00999": "new_businesses",
    "N02267": "employment_rate",
    "N03920": "unemployed_of_population",
    "N40011": "labour_market_net_cost_per_inhabitant",
}
Sex = Literal["T", "K", "M", "all"]
SEXES = ("T", "K", "M", "all")
_from_kolada = partial(origin.Origin, producer="RKA, Kolada", licence=LICENCE, credit="Källa: Kolada", country="SE")


def get_kolada(
    kpis: str | Iterable[str],
    municipalities: str | Iterable[str] | None = None,
    years: int | Iterable[int] | None = None,
    *,
    sex: Sex = "T",
) -> pd.DataFrame:
    """Fetch key figures from Kolada's API v3.

    Parameters
    ----------
    kpis
        Our names ("compulsory_cost_home") or Kolada's ids ("N15027").
    municipalities
        Codes or names; None for all 290.
    years
        One year or several; None for all that are published.
    sex
        "T" for everybody, "K" for girls and women, "M" for boys and men, "all" for the three; other than "T" gives a
        further column `sex`.

    Returns
    -------
    pandas.DataFrame
        An observations table with the further column `kpi` (Kolada's id), and `status` where Kolada marks a value.
        What Kolada does not publish is absent; where municipalities and years are both named it is there as NaN,
        flagged "missing". Sorted by the KPIs' order, municipality and year.

    Raises
    ------
    UnknownIndicator, UnknownMunicipality, UsageError
        Something asked for does not exist.
    IncompleteAnswer
        A part failed, a count disagrees, or a KPI or a named municipality has no figure at all; nothing is returned.
    SourceError
        The publisher cannot be reached or answers something else.

    References
    ----------
    Kolada, API v3, https://api.kolada.se/v3. Figures are revised without notice: the origin holds date and hash.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_kolada("population", "Ale", 2021)
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    if sex not in SEXES:
        raise UsageError("Unknown sex {sex!r}. Choose one of {all}.", sex=sex, all=", ".join(SEXES))
    asked = Part(_kpi_ids(kpis), _codes(municipalities), whole_years(years))
    base = http.address("kolada", ADDRESS)
    about, entries = catalogue(asked.kpis, base)
    _check_entries(entries, asked.kpis, sex)
    # The API wants municipalities or years beside the KPIs.
    wanted = asked if asked.codes or asked.years else replace(asked, codes=_all_codes())
    answers = fetch(wanted, base)
    rows, areas = _rows(answers, wanted, sex)
    _check_complete(rows, asked)
    absent = _absent(rows, asked, sex)
    filled = rows + absent if asked.codes and asked.years else rows
    order = {kpi: number for number, kpi in enumerate(asked.kpis)}
    filled.sort(key=lambda row: (order[row[0]], row[1:4]))
    table = _observations(frame(filled), {kpi: str(entry.get("title")) for kpi, entry in entries.items()})
    return origin.record(table, [_api_origin([*about, *answers], base, asked, sex, areas, len(absent))])


def read_kolada(path: str | Path) -> pd.DataFrame:
    r"""Read Kolada's figures from a file or a folder.

    Parameters
    ----------
    path
        CSV with the columns kpi, municipality, year, value (and `gender` or `sex`), or recorded answers of API v3
        (JSON), each plain or `.gz`; or a folder of such. A file that lists KPIs with their names gives units to those
        outside `COLUMNS`; files of another shape are named in the note of the origin.

    Returns
    -------
    pandas.DataFrame
        An observations table with the further column `kpi`; `sex` where the files tell the sexes apart, `status` where
        Kolada marks a value. In the order of the files.

    Raises
    ------
    SourceError
        No such path, nothing of this shape in it, or a damaged file (names file and line).
    TableError
        A key occurs more than once, also over files.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "mine.csv")
    ...     _ = file.write_text("kpi,municipality,year,value\nn01951,0114,2021,47820\n")
    ...     read_kolada(file)[["municipality", "indicator", "value", "unit"]].to_dict("records")
    [{'municipality': '0114', 'indicator': 'population', 'value': 47820.0, 'unit': 'persons'}]
    """
    import pandas as pd

    place = files.existing(path)
    parts: list[pd.DataFrame] = []
    origins: list[origin.Origin] = []
    titles: dict[str, str] = {}
    others: list[str] = []
    for candidate in candidates(place):
        file, rows, found = open_file(candidate)
        titles.update(found)
        if rows is not None:
            kept, areas = municipalities_only(rows, file.name)
            parts.append(kept)
            note = _areas_note(areas)
            origins.append(_from_kolada(address=file.name, sha256=file.sha256, fetched=origin.now(), note=note))
        elif not found:
            others.append(file.name)
    if not any(len(part) for part in parts):
        raise nothing_found(place, others)
    if others:
        note = Speaker(current())("Not read, of another shape: {files}.", files=", ".join(others))
        origins[0] = replace(origins[0], note=f"{origins[0].note} {note}".strip())
    return origin.record(_observations(pd.concat(parts, ignore_index=True), titles), origins)


def kpi_id(name: str) -> str:
    """Kolada's id of an indicator; an id itself is given back in capitals.

    Raises
    ------
    UnknownIndicator
        Neither an id nor a name of the glossary, or a name that Kolada does not publish.

    Examples
    --------
    >>> kpi_id("population"), kpi_id("n15040")
    ('N01951', 'N15040')
    """
    if KPI.fullmatch(name.upper()):
        return name.upper()
    names.get(name)
    for kpi, ours in COLUMNS.items():
        if ours == name:
            return kpi
    raise UnknownIndicator(
        "Kolada does not publish {name!r}. Closest: {closest}. Give one of the names in sources.kolada.COLUMNS, or a "
        "KPI id such as N15008.",
        name=name,
        closest=", ".join(difflib.get_close_matches(name, COLUMNS.values(), 3, 0.3)) or "–",
    )


def whole_years(years: int | Iterable[int] | None) -> tuple[int, ...]:
    """The years asked for, each once; none for None.

    Raises
    ------
    UsageError
        Something that is no whole number.

    Examples
    --------
    >>> whole_years(2021), whole_years(range(2019, 2021)), whole_years(None)
    ((2021,), (2019, 2020), ())
    """
    if years is None:
        return ()
    try:
        given = [index(year) for year in (years if isinstance(years, Iterable) else [years])]
    except TypeError:
        given = []
    if not given:
        raise UsageError("Years must be whole numbers such as 2021, or None for all, not {years!r}.", years=years)
    return tuple(dict.fromkeys(given))


def _kpi_ids(kpis: str | Iterable[str]) -> tuple[str, ...]:
    given = [kpis] if isinstance(kpis, str) else list(kpis)
    if not given:
        raise UsageError("No indicator was asked for. Give names of the glossary, or KPI ids such as N15008.")
    return tuple(dict.fromkeys(kpi_id(name) for name in given))


def _codes(asked: str | Iterable[str] | None) -> tuple[str, ...]:
    if asked is None:
        return ()
    given = [asked] if isinstance(asked, str) else list(asked)
    if not given:
        raise UsageError("The list of municipalities is empty. Give codes or names, or None for all of them.")
    return tuple(dict.fromkeys(places.find(value, country="SE").code for value in given))


def _all_codes() -> tuple[str, ...]:
    return tuple(places.municipalities("SE").index)


def _check_entries(entries: dict[str, dict[str, Any]], kpis: tuple[str, ...], sex: Sex) -> None:
    unknown = [kpi for kpi in kpis if kpi not in entries]
    if unknown:
        closest = [item for kpi in unknown for item in difflib.get_close_matches(kpi, COLUMNS, 1)]
        raise UnknownIndicator(
            "Kolada does not know {kpis}. Closest: {closest}. Look the id up at kolada.se.",
            kpis=", ".join(unknown),
            closest=", ".join(f"{kpi} ({COLUMNS[kpi]})" for kpi in dict.fromkeys(closest)) or "–",
        )
    undivided = [kpi for kpi, entry in entries.items() if entry.get("is_divided_by_gender") is False]
    if sex in ("K", "M") and undivided:
        raise UsageError("Kolada does not divide {kpis} by sex. Ask for sex='T'.", kpis=", ".join(undivided))


def _rows(answers: list[http.Answer], wanted: Part, sex: Sex) -> tuple[list[Cell], list[str]]:
    """The cells that were asked for, and the areas that came along though they are no municipalities."""
    rows = [cell for answer in answers for cell in cells(answer.data["values"], answer.address)]
    codes = set(wanted.codes or _all_codes())
    areas = sorted({row[1] for row in rows if AREA.fullmatch(row[1])} - codes) if not wanted.codes else []
    rows = [row for row in rows if row[1] not in areas]
    strange = [
        row
        for row in rows
        if row[1] not in codes or row[0] not in wanted.kpis or (wanted.years and row[2] not in wanted.years)
    ]
    if strange:
        raise SourceError(
            "Kolada sent {count} figures that were not asked for. First: KPI {kpi}, municipality {code}, year {year}. "
            "Name the municipalities that you want, or look for a newer version of kommunanalys.",
            count=len(strange),
            kpi=strange[0][0],
            code=strange[0][1],
            year=strange[0][2],
        )
    return [row for row in rows if sex in ("all", row[3])], areas


def _check_complete(rows: list[Cell], asked: Part) -> None:
    seen_kpis, seen_codes = {row[0] for row in rows}, {row[1] for row in rows}
    kpis = [kpi for kpi in asked.kpis if kpi not in seen_kpis]
    codes = [code for code in asked.codes if code not in seen_codes]
    if kpis or codes:
        raise IncompleteAnswer(
            "Kolada gave no figure at all for {missing}. A series may begin later or end earlier, and not every "
            "municipality has one: ask with years=None to see what is published, or leave it out.",
            missing=", ".join([*kpis, *codes]),
            lacking=() if codes else tuple(kpis),
        )


def _absent(rows: list[Cell], asked: Part, sex: Sex) -> list[Cell]:
    """The cells that were asked for and that Kolada does not publish, as missing values."""
    present = {row[:4] for row in rows}
    codes = asked.codes or _all_codes()
    years = asked.years or tuple(sorted({row[2] for row in rows}))
    pairs = sorted({(row[0], row[3]) for row in rows}) if sex == "all" else [(kpi, sex) for kpi in asked.kpis]
    keys = ((kpi, code, year, one) for (kpi, one), code, year in product(pairs, codes, years))
    return [(*key, None, "") for key in keys if key not in present]


def _observations(rows: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    where, found = pd.factorize(rows["kpi"])
    kpis = [str(kpi).upper() for kpi in found]

    def spread(texts: list[str]) -> Any:
        return pd.array(texts, dtype="str").take(where)

    columns = {
        "country": "SE",
        "municipality": rows["municipality"].astype("str"),
        "year": rows["year"],
        "indicator": spread([COLUMNS.get(kpi, kpi) for kpi in kpis]),
        "value": rows["value"],
        "unit": spread([indicator_unit(kpi, titles.get(kpi, "")) for kpi in kpis]),
        "flag": rows["value"].isna().map({True: "missing", False: ""}).astype("str"),
        "kpi": spread(kpis),
    }
    table = pd.DataFrame(columns, index=rows.index)
    for name, usual in (("sex", "T"), ("status", "")):
        if name in rows and (rows[name].fillna(usual) != usual).any():
            table[name] = rows[name].fillna(usual).astype("str")
    return tables.check_observations(table)


def indicator_unit(kpi: str, title: str = "") -> str:
    """The unit of a KPI: that of our name for it, else what its title ends with, "" where neither tells."""
    if kpi in COLUMNS:
        return names.get(COLUMNS[kpi]).unit_in("SE")
    money = re.search(r"\bkr(/[^,()]+)?$", title.strip())
    return money.group(0) if money else "%" if "%" in title else ""


def _api_origin(
    answers: list[http.Answer], base: str, asked: Part, sex: Sex, areas: list[str], absent: int
) -> origin.Origin:
    say = Speaker(current())
    note = [say("{count} answers; the hash is over their hashes.", count=len(answers))]
    note.append(_areas_note(areas))
    if absent:
        note.append(say("{count} cells are not published.", count=absent))
    years = ",".join(map(str, asked.years)) or "all"
    return _from_kolada(
        address=f"{base}/data",
        body=f"kpi={','.join(asked.kpis)}&municipality={','.join(asked.codes) or 'all'}&year={years}&sex={sex}",
        sha256=origin.hash_bytes("\n".join(sorted(answer.sha256 for answer in answers)).encode()),
        fetched=min(answer.fetched for answer in answers),
        from_cache=all(answer.from_cache for answer in answers),
        note=" ".join(filter(None, note)),
    )


def _areas_note(areas: list[str]) -> str:
    return Speaker(current())("Left out, no municipalities: {areas}.", areas=", ".join(areas)) if areas else ""
