"""Sources: publisher → observations. One publisher, one file; `load` knows them all.

Nothing here opens the network, or imports what does, before a source that needs it is asked.
"""

from __future__ import annotations

from kommunanalys.sources.catalogue import load
from kommunanalys.sources.example import read_example
from kommunanalys.sources.kolada import get_kolada, read_kolada
from kommunanalys.sources.prices import price_index

__all__ = ["get_kolada", "load", "price_index", "read_example", "read_kolada"]
