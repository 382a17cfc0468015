"""Reports of the State Treasury's register → an observations table, and what a reader must know about it.

Only `treasury.py` uses this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kommunanalys import tables
from kommunanalys.errors import NoData
from kommunanalys.language import Speaker, current
from kommunanalys.municipalities import Municipality
from kommunanalys.sources.treasury_api import STAGES, Entry
from kommunanalys.sources.treasury_codes import Code

if TYPE_CHECKING:
    import pandas as pd

Report = tuple[Entry, Municipality, dict[Code, float | None]]
"""One document: where it lies, whose it is, and its figures."""
COST, INCOME, NET = "operating_cost", "operating_income", "net_cost"
FAULTS = {("KKNR", "2022C03")}
"""Reports in which the publisher has announced a fault, by package and period."""


def observations(
    reports: list[Report],
    wanted: list[Code],
    places: Iterable[Municipality],
    periods: Iterable[tuple[int, int]],
    quarters: bool,
) -> tuple[pd.DataFrame, list[str]]:
    """The table, and the reports that are absent from it, each as code and year."""
    import pandas as pd

    lines = list(dict.fromkeys((code.indicator, code.offset) for code in wanted))
    there = {(place.code, item.year, item.quarter) for item, place, _ in reports}
    absent = [
        (place, year, quarter)
        for place in places
        for year, quarter in periods
        if (place.code, year, quarter) not in there
    ]
    rows = [
        (
            place.code,
            item.year + offset,
            name,
            held.get((name, offset)),
            STAGES[item.stage],
            item.year,
            item.quarter,
        )
        for item, place, values in reports
        for held in [{(code.indicator, code.offset): value for code, value in values.items()}]
        for name, offset in lines
    ]
    rows += [
        (place.code, year + offset, name, None, "" if place.exists(year) else "not_applicable", year, quarter)
        for place, year, quarter in absent
        for name, offset in lines
    ]
    table = pd.DataFrame(
        rows, columns=["municipality", "year", "indicator", "value", "flag", "report_year", "quarter"]
    ).astype({"value": "float64", "flag": "str"})
    return _finished(table, wanted, quarters), [
        f"{place.code} {year}" for place, year, _ in absent if place.exists(year)
    ]


def _finished(table: pd.DataFrame, wanted: list[Code], quarters: bool) -> pd.DataFrame:
    units = {code.indicator: "EUR" if code.taxonomy else "" for code in wanted}
    lost = table["value"].isna() & (table["flag"] != "not_applicable")
    table["flag"] = table["flag"].mask(lost, "missing")
    table["unit"] = table["indicator"].map(units)
    table["country"], table["package"] = "FI", wanted[0].package
    further = ["package"]
    further += ["report_year"] if any(code.offset for code in wanted) else []
    further += ["quarter"] if quarters else []
    order = {code.indicator: number for number, code in enumerate(wanted)}
    table = table.sort_values(
        ["indicator", "municipality", "year", "report_year", "quarter"],
        key=lambda column: column.map(order) if column.name == "indicator" else column,
        ignore_index=True,
    )
    return tables.check_observations(table[[*tables.COLUMNS, *further]])


def published(reports: list[Report]) -> str:
    """When the newest of the reports was approved."""
    return max((item.approved for item, _, _ in reports), default="").replace(" ", "T")


def note(reports: list[Report], absent: list[str], others: int, unread: Iterable[str] = ()) -> str:
    """What was left out, is absent, preliminary or known to be wrong."""
    say = Speaker(current())
    parts = [say("{count} documents; the hash is over the hashes of all answers.", count=len(reports))]
    if others:
        parts.append(say("Left out, no municipalities: {count} business ids, mostly joint authorities.", count=others))
    if absent:
        parts.append(say("No report: {absent}.", absent=", ".join(absent)))
    drafts = sorted(place.code for item, place, _ in reports if item.stage == "alustava")
    if drafts:
        parts.append(say("Drafts, flagged preliminary: {codes}.", codes=", ".join(drafts)))
    for package, period in sorted({(item.package, item.period) for item, _, _ in reports} & FAULTS):
        parts.append(
            say(
                "{package} {period}: the sum of interest costs (6200-6299) leaves out account 6255.",
                package=package,
                period=period,
            )
        )
    if unread:
        parts.append(say("Not read, of another shape: {files}.", files=", ".join(unread)))
    return " ".join(parts)


def net_costs(table: pd.DataFrame) -> pd.DataFrame:
    """Net costs beside the costs and incomes of a table: an own calculation, cost less income.

    Parameters
    ----------
    table
        Observations with names that end in `operating_cost` and `operating_income`.

    Returns
    -------
    pandas.DataFrame
        The table, and for each such pair the rows of its `net_cost`; missing where either of the two is.

    Raises
    ------
    NoData
        No such pair.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"country": "FI", "municipality": "598", "year": 2024, "unit": "EUR", "flag": "",
    ...                       "indicator": ["operating_cost", "operating_income"], "value": [9.0, 2.0]})
    >>> net_costs(table).iloc[-1:][["indicator", "value"]].values.tolist()
    [['net_cost', 7.0]]
    """
    import pandas as pd

    there = set(table["indicator"])
    stems = sorted(name.removesuffix(COST) for name in there if name.endswith(COST))
    stems = [stem for stem in stems if stem + INCOME in there]
    if not stems:
        raise NoData("The table has no pair of operating cost and operating income to take net costs of.")
    result = pd.concat([table, *(_net(table, stem) for stem in stems)], ignore_index=True)
    result.attrs = table.attrs
    return tables.check_observations(result)


def _net(table: pd.DataFrame, stem: str) -> pd.DataFrame:
    keys = [name for name in table.columns if name not in ("indicator", "value", "flag")]
    cost, income = (table[table["indicator"] == stem + name].set_index(keys) for name in (COST, INCOME))
    cost, income = cost.align(income)
    value = cost["value"] - income["value"]
    pairs = zip(cost["flag"].fillna(""), income["flag"].fillna(""), value.isna(), strict=True)
    net = value.to_frame().assign(indicator=stem + NET, flag=[_flag(*pair) for pair in pairs])
    return net.reset_index()[table.columns]


def _flag(one: str, other: str, lost: bool) -> str:
    """The flag of a difference, from those of its two sides."""
    if lost:
        return one if one and one == other else "missing"
    return "preliminary" if "preliminary" in (one, other) else one or other
