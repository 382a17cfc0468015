"""Results → matplotlib Axes; every figure carries its caption, its alternative text and its data."""

from kommunanalys.figures.charts import ranking, scatter, timeline
from kommunanalys.figures.show import Table, released, show
from kommunanalys.figures.style import PALETTE, Description, describe, description, new_axes

__all__ = [
    "PALETTE",
    "Description",
    "Table",
    "describe",
    "description",
    "new_axes",
    "ranking",
    "released",
    "scatter",
    "show",
    "timeline",
]
