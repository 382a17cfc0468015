"""Sources: publisher → observations. One publisher, one file; `load` and `search` know them all.

Nothing here opens the network, or imports what does, before a source that needs it is asked.
"""

from __future__ import annotations

from kommunanalys.sources.avoindata import get_avoindata
from kommunanalys.sources.boundaries import read_boundaries
from kommunanalys.sources.catalogue import load, search
from kommunanalys.sources.cubes import read_jsonstat
from kommunanalys.sources.example import read_example
from kommunanalys.sources.kolada import get_kolada, read_kolada
from kommunanalys.sources.kolada_units import get_kolada_units, kolada_groups
from kommunanalys.sources.prices import price_index
from kommunanalys.sources.purchases import get_purchases, read_purchases
from kommunanalys.sources.scb import get_scb
from kommunanalys.sources.skolverket import get_skolverket, read_skolverket, school_units
from kommunanalys.sources.sotkanet import get_sotkanet
from kommunanalys.sources.statfin import get_key_figures, get_statfin
from kommunanalys.sources.treasury import get_treasury, net_costs, read_treasury
from kommunanalys.sources.vipunen import get_vipunen, get_vipunen_rows

__all__ = [
    "get_avoindata",
    "get_key_figures",
    "get_kolada",
    "get_kolada_units",
    "get_purchases",
    "get_scb",
    "get_skolverket",
    "get_sotkanet",
    "get_statfin",
    "get_treasury",
    "get_vipunen",
    "get_vipunen_rows",
    "kolada_groups",
    "load",
    "net_costs",
    "price_index",
    "read_boundaries",
    "read_example",
    "read_jsonstat",
    "read_kolada",
    "read_purchases",
    "read_skolverket",
    "read_treasury",
    "school_units",
    "search",
]
