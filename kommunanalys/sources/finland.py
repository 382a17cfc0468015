"""Finland's municipalities compared: costs from the State Treasury, pupils from Vipunen, needs from Statistics Finland.

Nothing here is guessed: what today's open data do not say by its name is lacking, or an error that says the way out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kommunanalys import names, origin, tables
from kommunanalys.errors import NoData, SourceError, UsageError
from kommunanalys.language import Speaker, current
from kommunanalys.municipalities import find, known
from kommunanalys.paths import cache_dir
from kommunanalys.sources import finland_accounts, treasury_api, treasury_codes
from kommunanalys.sources.kolada import whole_years
from kommunanalys.sources.statfin import get_key_figures
from kommunanalys.sources.treasury import get_treasury
from kommunanalys.sources.vipunen import YEARS as YEAR_FIELDS
from kommunanalys.sources.vipunen import get_vipunen, resource_fields

if TYPE_CHECKING:
    import pandas as pd

Areas = str | Iterable[str] | None
CODES_FILE = "KOMMUNANALYS_TREASURY_CODES"
"""Environment variable with the path of the taxonomy that says which codes are which service class."""
CODES_NAME = "treasury_codes.json"
"""What that file is called in the cache folder, where the variable is not set."""
ORGANISER = re.compile(r"koodit?koulutuksen_?j[aä]rjest[aä]j[aä](?:n?ytunnus)?", re.IGNORECASE)
SEAT = re.compile(r"koodit?koulutuksen_?j[aä]rjest[aä]j[aä]n?_?kunta(?:nro)?", re.IGNORECASE)
"""Fields of Vipunen with the organiser's business id, and with the municipality of its seat."""
BUSINESS_ID = re.compile(r"\d{7}-\d")
LABELS = {
    "population": r"folkmängd(?:en)?",
    "population_change": r"folkmängdens förändring.*|förändring av folkmängden.*",
    "employment_rate": r"sysselsättningsgrad(?:en)?|relativt sysselsättningstal",
    "urban_share": r"tätortsgrad(?:en)?",
    "swedish_speakers": r"andel(?:en)? svenskspråkiga.*",
    "foreign_citizens": r"andel(?:en)? utländska medborgare.*",
    "unemployed_of_labour_force": r"andel(?:en)? arbetslösa av arbetskraften|arbetslöshetsgrad(?:en)?",
}
"""Our name → how Statistics Finland calls the key figure in Swedish, before the unit."""


@dataclass(frozen=True)
class _Service:
    """Where the cost of a service and its pupils are."""

    cost: str
    pupils: str
    account: str
    resource: str
    count: re.Pattern[str]


SERVICES = (
    _Service(
        "basic_education_cost_own",
        "basic_education_pupils_own",
        "basic_education_operating_cost",
        "perusopetus_oppilaat_lukuvuosi_oppilaitos",
        re.compile(r"oppilaat(?:lukuvuosi)?(?:lkm)?", re.IGNORECASE),
    ),
    _Service(
        "general_upper_secondary_cost_own",
        "general_upper_secondary_pupils_own",
        "general_upper_secondary_operating_cost",
        "lukio_opiskelijat_vuosi_tutkinto",
        re.compile(r"opiskelijat(?:vuosi|lukuvuosi)?(?:lkm)?", re.IGNORECASE),
    ),
)


def load_finland(
    indicators: Iterable[str] | None = None, municipalities: Areas = None, years: int | Iterable[int] | None = None
) -> pd.DataFrame:
    """What Finland's open data have of the figures that services are compared on.

    Parameters
    ----------
    indicators
        Names of the glossary; those that are not held here are left out. None for all that are.
    municipalities
        Codes or names; None for all of the mainland.
    years
        One year or several. None: with costs, the years whose accounts can be read; else all.

    Returns
    -------
    pandas.DataFrame
        An observations table. Cost for each pupil is the operating cost of the service class in the accounts of the
        calendar year over the pupils whose education the municipality organises in its autumn. A key figure that
        Statistics Finland does not publish, for these years or at all, is lacking.

    Raises
    ------
    SourceError
        No file says which codes of the accounts are which service class, or a publisher does not answer.
    NoData
        None of the indicators is held here, or nothing for these years.
    UnknownMunicipality, UsageError, IncompleteAnswer
        As `get_treasury`.

    References
    ----------
    State Treasury, Vipunen, Statistics Finland; all CC BY 4.0.

    Examples
    --------
    >>> load_finland(["basic_education_cost_own"], "Jakobstad", 2024)
    Traceback (most recent call last):
    kommunanalys.errors.SourceError: Costs by service class need the State Treasury's taxonomy as a file: ...
    """
    import pandas as pd

    held = [*(name for item in SERVICES for name in (item.cost, item.pupils)), *LABELS, *finland_accounts.held()]
    wanted = held if indicators is None else [name for name in held if name in set(indicators)]
    if not wanted:
        raise NoData("Finland's open data have none of these indicators. They have: {known}.", known=", ".join(held))
    asked = [item for item in SERVICES if {item.cost, item.pupils} & set(wanted)]
    costly = [item for item in asked if item.cost in wanted]
    accounts = [_accounts(costly, municipalities, whole_years(years))] if costly else []
    chosen = tuple(sorted({int(year) for table in accounts for year in table["year"]})) or whole_years(years)
    pupils = {item.cost: _pupils(item, chosen) for item in asked}
    needs = _needs([name for name in wanted if name in LABELS], chosen) if set(wanted) & set(LABELS) else []
    costs = [_cost(item, accounts[0], pupils[item.cost]) for item in costly]
    booked = finland_accounts.load_accounts(wanted, municipalities, whole_years(years), existing_codes())
    found = [*costs, *pupils.values(), *needs, *booked]
    if not found:
        raise NoData("Statistics Finland publishes none of {wanted} by a name that is known.", wanted=", ".join(wanted))
    whole = pd.concat(found, ignore_index=True)
    whole = whole[whole["indicator"].isin(wanted) & _is_asked(whole, municipalities)].reset_index(drop=True)
    parts = [*accounts, *pupils.values(), *needs, *booked]
    whole.attrs = {"origin": sorted({key for part in parts for key in part.attrs.get("origin", [])})}
    return tables.check_observations(whole)


def existing_codes() -> Path | None:
    """The file that `codes_file` looks for; None where there is none.

    Examples
    --------
    >>> existing_codes() is None
    True
    """
    given = os.environ.get(CODES_FILE)
    place = Path(given).expanduser() if given else cache_dir() / CODES_NAME
    return place if place.is_file() else None


def codes_file() -> Path:
    """The user's file of the State Treasury's taxonomy, which says what the codes of service classes are.

    Raises
    ------
    SourceError
        There is none; says where it comes from, and what can be done without it.

    Examples
    --------
    >>> codes_file()
    Traceback (most recent call last):
    kommunanalys.errors.SourceError: Costs by service class need the State Treasury's taxonomy as a file: ...
    """
    place = existing_codes()
    if place is not None:
        return place
    raise SourceError(
        "Costs by service class need the State Treasury's taxonomy as a file: the register itself has number codes "
        "alone. Save KKNR.json, which {address} lists (323 MB, or a cut of it), and say where it lies by the "
        "environment variable {variable}, or put it into the cache folder as {name}. Or fill in the figures yourself: "
        "`kommunanalys template costs`, then source=FILE.xlsx.",
        address=treasury_api.TAXONOMY,
        variable=CODES_FILE,
        name=CODES_NAME,
    )


def _accounts(costly: list[_Service], municipalities: Areas, years: tuple[int, ...]) -> pd.DataFrame:
    """The costs of the service classes as they stand in the accounts."""
    file, lines = codes_file(), [item.account for item in costly]
    return get_treasury(lines, municipalities, years or _readable_years(file, lines), codes=file)


def _readable_years(file: Path, lines: list[str]) -> list[int]:
    """The years whose accounts the register offers, and in whose taxonomy the file says what the lines' codes are."""
    register, rows = treasury_api.catalogue()
    offered = {item.year for item in treasury_api.entries(rows, "KKNR", register.address) if item.quarter == 4}
    written = {code.taxonomy for code in treasury_codes.taxonomy_file(file) if code.indicator in lines}
    found = sorted(year for taxonomy, year in finland_accounts.FIRST.items() if taxonomy in written and year in offered)
    if not found:
        raise SourceError(
            "{file} has no codes of {lines} for a year whose accounts the register offers ({offered}). Save the "
            "taxonomy of today, or name the years.",
            file=file.name,
            lines=", ".join(lines),
            offered=", ".join(map(str, sorted(offered))) or "–",
        )
    return found


def _pupils(item: _Service, years: tuple[int, ...]) -> pd.DataFrame:
    """Pupils whose education the municipality organises itself."""
    fields = resource_fields(item.resource)
    seat, count = _field(item, fields, SEAT), _field(item, fields, item.count)
    organisers = [name for name in fields if ORGANISER.fullmatch(name)]
    where = _years(fields, years)
    for organiser in organisers[:1]:
        table = get_vipunen(item.resource, where, values=count, by=[organiser], municipality=seat)
        if table[organiser].str.fullmatch(BUSINESS_ID).all():
            return _renamed(_run_by_municipality(table, organiser), item.pupils)
    table = get_vipunen(item.resource, where, values=count, by=[], municipality=seat)
    said = Speaker(current())(
        "Pupils of every organiser with its seat in the municipality, private ones too: Vipunen does not tell them "
        "apart."
    )
    noted = [replace(one, note=f"{one.note} {said}".strip()) for one in origin.origins(table)]
    return _renamed(origin.record(table, noted), item.pupils)


def _field(item: _Service, fields: Mapping[str, str], pattern: re.Pattern[str]) -> str:
    found = [name for name in fields if pattern.fullmatch(name)]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        "Vipunen's {resource} has {count} fields of the form {pattern}, where one was expected: its names have changed "
        "or were never so. It has: {fields}. Look for a newer version of kommunanalys, or fill in the figures "
        "yourself: `kommunanalys template costs`, then source=FILE.xlsx.",
        resource=item.resource,
        count=len(found),
        pattern=pattern.pattern,
        fields=", ".join(fields),
    )


def _years(fields: Mapping[str, str], years: tuple[int, ...]) -> str:
    """The filter of Vipunen for some years; "" for all."""
    field = next((name for name in YEAR_FIELDS if name in fields), "")
    spelt = [f"'{year}/{year + 1}'" if field == "lukuvuosi" else str(year) for year in years]
    return f"{field}=in=({','.join(spelt)})" if field and spelt else ""


def _run_by_municipality(table: pd.DataFrame, organiser: str) -> pd.DataFrame:
    """The rows whose organiser is the municipality itself, not a joint authority, a foundation or a company."""
    _, ids = treasury_api.resolve([known()[code] for code in table["municipality"].unique()], None)
    own = [ids[number].code if number in ids else "" for number in table[organiser]]
    return table[table["municipality"] == own]


def _renamed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table.assign(indicator=name, unit=names.get(name).unit)[tables.COLUMNS]


def _cost(item: _Service, accounts: pd.DataFrame, pupils: pd.DataFrame) -> pd.DataFrame:
    """Operating cost for each pupil; missing where either is, or where nobody is taught."""
    cost = accounts[accounts["indicator"] == item.account]
    on = ["municipality", "year"]
    both = cost.merge(pupils[[*on, "value", "flag"]], on=on, how="left", suffixes=("", "_pupils"), validate="1:1")
    counted = both["flag_pupils"].fillna("missing")
    value = both["value"] / both["value_pupils"].where(both["value_pupils"] > 0)
    absent = both["flag"].where(both["value"].isna(), counted.where(counted.isin(tables.ABSENT), "missing"))
    shown = both["flag"].where(both["flag"] != "", counted)
    return both.assign(
        indicator=item.cost,
        unit=names.get(item.cost).unit_in("FI"),
        value=value,
        flag=shown.where(value.notna(), absent),
    )[tables.COLUMNS]


def _needs(wanted: list[str], years: tuple[int, ...]) -> list[pd.DataFrame]:
    """The key figures that today's metadata call by one of the names that are known."""
    table = get_key_figures()
    texts = {
        code: text.partition(",")[0].strip().casefold() for code, text in table.attrs["labels"]["indicator"].items()
    }
    kept = table[table["year"].isin(years)] if years else table
    found = []
    for name in wanted:
        codes = [code for code, text in texts.items() if re.fullmatch(LABELS[name], text)]
        if len(codes) == 1:
            found.append(_renamed(kept[kept["indicator"] == codes[0]], name))
    return found


def _is_asked(table: pd.DataFrame, municipalities: Areas) -> pd.Series:
    if municipalities is None:
        return table["municipality"].notna()
    given = [municipalities] if isinstance(municipalities, str) else list(municipalities)
    return table["municipality"].isin([find(value, country="FI").code for value in given])
