"""One small question to each live publisher: does it answer, with what, and by which codes.

Only `publishers.py` and `checks.py` use this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kommunanalys import origin
from kommunanalys.sources import http

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Seen:
    """What a small question to a publisher brought.

    Parameters
    ----------
    rows
        How many rows came.
    example
        One of them, in the publisher's words.
    codes
        Codes on which the library relies → what they mean today.
    """

    rows: int
    example: str
    codes: Mapping[str, str] = field(default_factory=dict)


def kolada() -> Seen:
    """Names of all KPIs that we know, and one municipality's population."""
    from kommunanalys.sources.kolada import COLUMNS, get_kolada
    from kommunanalys.sources.kolada_api import ADDRESS, catalogue

    _, entries = catalogue(tuple(COLUMNS), http.address("kolada", ADDRESS))
    table = get_kolada("population", "Ale")
    return Seen(len(table), _newest(table), {kpi: str(entry.get("title")) for kpi, entry in entries.items()})


def statfin() -> Seen:
    """Key figures of one municipality's population."""
    from kommunanalys.sources.statfin import get_statfin

    return _of_cube(get_statfin("vaerak/11ra", municipalities="Jakobstad"))


def scb() -> Seen:
    """One municipality's population by month."""
    from kommunanalys.sources.scb import get_scb

    return _of_cube(get_scb("TAB6471", {"Alder": "TotSA"}, municipalities="Ale"))


def sotkanet() -> Seen:
    """One municipality's population."""
    from kommunanalys.sources.sotkanet import get_sotkanet

    table = get_sotkanet("population", municipalities="Jakobstad")
    return Seen(len(table), _newest(table), dict(zip(table["kpi"], table["indicator"], strict=True)))


def vipunen() -> Seen:
    """Which resources there are."""
    from kommunanalys.sources.vipunen import search_vipunen

    found = search_vipunen()
    return Seen(len(found), str(found["id"].iloc[0]) if len(found) else "–", dict.fromkeys(found["id"], ""))


def avoindata() -> Seen:
    """Data sets about purchase invoices."""
    from kommunanalys.sources.avoindata import search_avoindata

    found = search_avoindata("ostolaskut", "fi")
    return Seen(len(found), str(found["title"].iloc[0]) if len(found) else "–")


def treasury() -> Seen:
    """One document, one taxonomy and one business id."""
    from kommunanalys.sources import treasury_api as api

    # The catalogue of all documents has 33,000 rows: one document, one taxonomy and one business id are asked instead.
    answer = api.ask(f"{api.base()}/rest/v1/json/dokumentti/lopullinen/KTAS/0101263-6/2023")
    facts = api.check_document(answer.data, answer.address)
    directory = api.ask(f"{http.address('treasury_directory', api.DIRECTORY)}/Kunta(49)")
    _, business_id = api.directory_id(directory.data, directory.address)
    _, codes = api.taxonomy("KTAS")
    return Seen(len(facts), business_id, {code.id: f"{code.taxonomy} {code.labels[0]}" for code in codes})


def skolverket() -> Seen:
    """School units of one municipality."""
    from kommunanalys.sources.skolverket import school_units

    found = school_units("Ale")
    return Seen(len(found), str(found["name"].iloc[0]))


def _newest(table: pd.DataFrame) -> str:
    row = table.dropna(subset="value").sort_values("year", kind="stable").iloc[-1]
    return f"{row['indicator']} {row['municipality']} {row.get('period', row['year'])}: {row['value']:.10g}"


def _of_cube(table: pd.DataFrame) -> Seen:
    """The codes of a statistics office's answer: of its variables, and of its figures with their names."""
    (asked,) = origin.origins(table)
    variables = [item.partition("=")[0] for item in asked.body.split("; ")]
    labels = table.attrs["labels"]["indicator"]
    kpis = {kpi: labels[name] for kpi, name in zip(table["kpi"], table["indicator"], strict=True)}
    return Seen(len(table), _newest(table), dict.fromkeys(variables, "") | kpis)
