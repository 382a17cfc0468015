"""The embedded example data: fictive municipalities with known truth, made by `data/example/make_example.py`.

They let a newcomer run everything without a network. The figures describe no real municipality, and say so.
"""

from __future__ import annotations

from io import BytesIO

import pandas as pd

from kommunanalys import origin
from kommunanalys.paths import data_dir
from kommunanalys.tables import check_observations

PRODUCER = "kommunanalys (fictive example data)"
INDEX = "fictive price index"
CREDIT = "Example data: fictive municipalities, not real figures"
TEXT_COLUMNS = dict.fromkeys(["country", "municipality", "indicator", "unit", "flag"], "str")


def read_example() -> pd.DataFrame:
    """Observations of forty fictive municipalities, 2014–2024.

    Returns
    -------
    pandas.DataFrame
        An observations table, country "FI" and codes "X01"–"X40"; amounts in euros of each year. Some cells are
        missing, secret or preliminary; X39 and X40 are merged into X38 from 2020. Its origin is recorded as fictive.

    See Also
    --------
    example_price_index : to turn the costs into prices of one year.

    Examples
    --------
    >>> table = read_example()
    >>> cost = table.query("municipality == 'X07' and year == 2023 and indicator == 'compulsory_cost_home'")
    >>> cost[["value", "unit"]].to_dict("records")
    [{'value': 13016.0, 'unit': 'EUR/pupil/year'}]
    """
    table = _read("observations.csv")
    return check_observations(table.astype({"value": "float64"}))


def example_price_index() -> pd.Series:
    """The fictive price index of municipal services that the example's costs follow.

    Returns
    -------
    pandas.Series
        Index `year` (int), values [2015 = 100].

    Examples
    --------
    >>> float(example_price_index().loc[2015])
    100.0
    """
    return _read("price_index.csv").set_index("year")["index"].astype("float64").rename(INDEX)


def _read(name: str) -> pd.DataFrame:
    raw = (data_dir() / "example" / name).read_bytes()
    # An empty flag says "nothing to say"; only an empty number is a missing one.
    table = pd.read_csv(BytesIO(raw), dtype=TEXT_COLUMNS, keep_default_na=False, na_values={"value": [""]})
    source = origin.Origin(
        producer=PRODUCER,
        address=f"data/example/{name}",
        sha256=origin.hash_bytes(raw),
        licence="CC0",
        credit=CREDIT,
        fetched=origin.now(),
        country="FI",
        fictive=True,
    )
    return origin.record(table, [source])
