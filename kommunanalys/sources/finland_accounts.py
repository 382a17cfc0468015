"""What the accounts of Finland's municipalities say of their finances and services, as far as the codes are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kommunanalys import names, origin
from kommunanalys.errors import IncompleteAnswer
from kommunanalys.language import Speaker, current
from kommunanalys.sources import treasury_api, treasury_codes
from kommunanalys.sources.treasury import get_treasury, net_costs

if TYPE_CHECKING:
    import pandas as pd

FIRST = dict(zip(treasury_codes.TAXONOMIES, (2024, 2025), strict=True))
"""Taxonomy of the accounts → the year whose accounts are written in it."""
LINES = ("tax_revenue", "state_transfers", "annual_margin", "annual_result", "gross_investments")
"""Lines whose codes come with the library."""
NET, PAIR = "net_cost", ("operating_cost", "operating_income")


def held() -> list[str]:
    """All that can be had: lines of the whole municipality, and net costs of service classes.

    Examples
    --------
    >>> "tax_revenue" in held(), "libraries_net_cost" in held()
    (True, True)
    """
    services = [f"{service}_{NET}" for service, _ in treasury_codes.services().values()]
    return [*LINES, *(name for name in services if name in names.glossary())]


def load_accounts(
    wanted: Iterable[str], municipalities: str | Iterable[str] | None, years: tuple[int, ...], codes: Path | None
) -> list[pd.DataFrame]:
    """The wanted amounts of the accounts; an empty list where the accounts hold none of them.

    Parameters
    ----------
    wanted
        Names among `held()`; others are left to others.
    municipalities
        Codes or names; None for all of the mainland.
    years
        Years of the accounts; none named: those whose codes are known and whose accounts the register offers.
    codes
        File of the State Treasury's taxonomy. None: net costs of service classes are lacking, and the origin says so.

    Returns
    -------
    list of pandas.DataFrame
        At most one observations table [EUR].

    Raises
    ------
    IncompleteAnswer, SourceError
        As `get_treasury`.

    Examples
    --------
    >>> load_accounts(["population"], "Jakobstad", (2024,), None)
    []
    """
    names_wanted = set(wanted) & set(held())
    stems = sorted(name.removesuffix(NET) for name in names_wanted if name.endswith(NET))
    known = (
        {(code.taxonomy, code.indicator) for code in treasury_codes.taxonomy_file(codes)} if codes and stems else set()
    )
    there = {name for _, name in known}
    pairs = [[stem + name for name in PAIR] for stem in stems]
    services = [name for pair in pairs if set(pair) <= there for name in pair]
    lines = [*(name for name in LINES if name in names_wanted), *services]
    if not lines:
        return []
    taxonomies = {taxonomy for taxonomy, name in known if name in services} if services else set(FIRST)
    table = _get(lines, municipalities, years or _offered(taxonomies), codes if services else None)
    if table is None:
        return []
    if stems and not codes:
        table = _noted(table)
    found = set(table["indicator"])
    whole = net_costs(table) if any(set(pair) <= found for pair in pairs) else table
    kept = whole[whole["indicator"].isin(names_wanted)].reset_index(drop=True)
    kept.attrs = dict(table.attrs)
    return [kept]


def _offered(taxonomies: Iterable[str]) -> tuple[int, ...]:
    """Years in whose taxonomies the codes are known and whose accounts the register offers."""
    register, rows = treasury_api.catalogue()
    there = {item.year for item in treasury_api.entries(rows, "KKNR", register.address) if item.quarter == 4}
    return tuple(sorted(FIRST[taxonomy] for taxonomy in taxonomies if FIRST.get(taxonomy) in there))


def _get(
    lines: list[str], municipalities: str | Iterable[str] | None, years: tuple[int, ...], codes: Path | None
) -> pd.DataFrame | None:
    """The lines that any document holds; None where none holds one."""
    try:
        return get_treasury(lines, municipalities, years or None, codes=codes)
    except IncompleteAnswer as error:
        # A line that nobody reports is lacking here, not an error.
        missing = str(error.values.get("missing") or "").split(", ")
        rest = [name for name in lines if name not in missing]
        if len(rest) == len(lines):
            raise
        return get_treasury(rest, municipalities, years or None, codes=codes) if rest else None


def _noted(table: pd.DataFrame) -> pd.DataFrame:
    said = Speaker(current())(
        "Net costs by service class are lacking: there is no file of the State Treasury's taxonomy "
        "(KOMMUNANALYS_TREASURY_CODES)."
    )
    return origin.record(table, [replace(one, note=f"{one.note} {said}".strip()) for one in origin.origins(table)])
