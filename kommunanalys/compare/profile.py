"""One municipality on every theme: its figures beside the median of the country, and where it lies among the others."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kommunanalys import names
from kommunanalys.compare.units import municipality_of, variable
from kommunanalys.errors import NoData
from kommunanalys.figures import Table
from kommunanalys.indicators import PER_INHABITANT, THEMES, completed
from kommunanalys.indicators.case import check_there, comparable_rows
from kommunanalys.language import Speaker
from kommunanalys.tables import ABSENT, panel

OUTER = 10
"""Per cent of the municipalities that lie lower (higher) where a figure is called one of the lowest (highest)."""
LEAST = 20
"""Municipalities with a figure below which no tenth is spoken of."""


@dataclass(frozen=True)
class Profile:
    """One municipality on every theme.

    Parameters
    ----------
    municipality
        Official code.
    year
        The latest year that is told of.
    rows
        Index `indicator`: `theme`, `year` (the latest with figures of at least half of the municipalities), `own`,
        `median` (of all with a figure), `lower` (share of the others whose figure is lower [%]), `count`
        (municipalities with a figure) and `flag` (of the own figure; why it is missing).
    panel
        Index (municipality, year): the municipalities that may be compared, years up to `year`.
    absent
        Indicators of the country's themes that the source has no figure of.
    """

    municipality: str
    year: int
    rows: pd.DataFrame
    panel: pd.DataFrame
    absent: tuple[str, ...]

    @property
    def country(self) -> str:
        """Country of the municipality: "FI" or "SE"."""
        found = municipality_of(self.municipality)
        return found.country if found else "SE"

    @property
    def fictive(self) -> bool:
        """Whether the municipality belongs to the example data."""
        found = municipality_of(self.municipality)
        return found is not None and found.fictive

    def of(self, *themes: str) -> pd.DataFrame:
        """The rows of some themes."""
        return self.rows[self.rows["theme"].isin(themes)]

    def history(self, indicator: str) -> pd.DataFrame:
        """Index year: `own`, `median`, `low` and `high` (quartiles of all); empty where it is absent."""
        if indicator not in self.panel:
            return pd.DataFrame(columns=["own", "median", "low", "high"], dtype=float)
        wide = self.panel[indicator].unstack("municipality")
        parts = {"median": wide.median(axis=1), "low": wide.quantile(0.25, axis=1), "high": wide.quantile(0.75, axis=1)}
        return pd.DataFrame({"own": wide[self.municipality], **parts}).dropna(how="all")

    def outer(self) -> tuple[list[str], list[str]]:
        """Indicators of which the municipality's figure lies among the lowest, and among the highest tenth."""
        told = self.rows[self.rows["count"] >= LEAST].dropna(subset=["lower"])
        return list(told.index[told["lower"] < OUTER]), list(told.index[told["lower"] > 100 - OUTER])

    def to_frame(self) -> pd.DataFrame:
        """The rows, as a table of their own."""
        return self.rows.copy()

    def table(self, say: Speaker, *themes: str) -> Table | None:
        """The rows of some themes for a reader; None where there are none."""
        rows = self.of(*themes)
        if rows.empty:
            return None
        labels = pd.Index([variable(str(name), say) for name in rows.index], name=say("Indicator"))
        shown = pd.DataFrame(
            {
                "unit": [unit(str(name), say) for name in rows.index],
                "own": rows["own"].to_numpy(),
                "median": rows["median"].to_numpy(),
                "lower": rows["lower"].to_numpy(),
                "year": [str(year) for year in rows["year"]],
            },
            index=labels,
        )
        place = municipality_of(self.municipality)
        heads = {
            "unit": say("Unit"),
            "own": place.name(say.language) if place else self.municipality,
            "median": say("Median of all"),
            "lower": say("Lower than here, %"),
            "year": say("Year"),
        }
        decimals = {label: names.get(str(name)).decimals for label, name in zip(labels, rows.index, strict=True)}
        caption = say(
            "{themes}: the municipality, the median of all municipalities with a figure, and the share of the others "
            "that lie lower.",
            themes=say.names(say(THEMES[theme].title) for theme in themes),
        )
        return Table(shown, caption, heads, {"lower": 0}, {"lower": "%"}, row_decimals=decimals)


def unit(indicator: str, say: Speaker) -> str:
    """The unit of an indicator in the reader's words.

    Examples
    --------
    >>> unit("result_per_inhabitant", Speaker("en", "FI"))
    'EUR/person/year'
    """
    return say(names.get(indicator).unit, currency=say(names.CURRENCIES[say.country or "SE"]))


def profile(observations: pd.DataFrame, municipality: str, year: int | None = None) -> Profile:
    """A municipality on every theme, beside all others that it may be compared with.

    Parameters
    ----------
    observations
        An observations table in one municipal division, of the indicators that `indicators.asked` lists.
    municipality
        Official code.
    year
        The latest year to tell of; None for the latest with any of the municipality's figures.

    Returns
    -------
    Profile
        Each indicator in the latest year that at least half as many municipalities have as in its fullest year: years
        differ between indicators, and each row says its own. Nothing is compared across the sea to Åland.

    Raises
    ------
    NoData
        The municipality is not in the data, or none of the indicators has a figure up to that year.

    Examples
    --------
    >>> rows = [("SE", code, 2021, "tax_rate", rate, "%", "") for code, rate in [("1440", 21.9), ("0180", 17.7)]]
    >>> columns = ["country", "municipality", "year", "indicator", "value", "unit", "flag"]
    >>> profile(pd.DataFrame(rows, columns=columns), "1440").rows.loc["tax_rate", ["own", "lower"]].tolist()
    [21.9, 100.0]
    """
    whole = completed(panel(observations))
    check_there(whole, municipality)
    own = whole.xs(municipality, level="municipality").dropna(how="all")
    latest = int(own.index.max() if year is None else year) if len(own) else 0
    attrs = whole.attrs
    whole = whole[comparable_rows(whole, municipality)]
    whole = whole[whole.index.get_level_values("year") <= latest]
    whole.attrs = attrs
    flags = observations[observations["municipality"] == municipality].set_index(["indicator", "year"])["flag"]
    country = getattr(municipality_of(municipality), "country", "SE")
    found, absent = {}, []
    for theme in THEMES.values():
        for name in theme.all:
            row = _row(whole, name, municipality, flags)
            if row is not None:
                found[name] = {"theme": theme.name, **row}
            elif name in theme.indicators[country]:
                absent.append(name)
    if not found:
        raise NoData(
            "There is no figure of any theme up to {year}. Choose a later year, or another source.", year=latest
        )
    return Profile(municipality, latest, pd.DataFrame.from_dict(found, orient="index"), whole, tuple(absent))


def _row(panel: pd.DataFrame, name: str, code: str, flags: pd.Series) -> dict[str, object] | None:
    """One indicator in its latest year with enough figures; None where it has no figure at all."""
    column = panel[name].dropna() if name in panel else pd.Series(dtype=float)
    if column.empty:
        return None
    counts = column.groupby(level="year").count()
    year = int(counts.index[counts >= counts.max() / 2].max())
    values = column.xs(year, level="year")
    others, own = values.drop(code, errors="ignore"), float(values.get(code, float("nan")))
    known = own == own and len(others) > 0
    # A figure that is computed is as preliminary as what it is computed from.
    flag = str(flags.get((name, year), flags.get((PER_INHABITANT.get(name, name), year), "")))
    return {
        "year": year,
        "own": own,
        "median": float(values.median()),
        "lower": 100 * float((others < own).mean()) if known else float("nan"),
        "count": len(values),
        "flag": flag if own == own or flag in ABSENT else "missing",
    }
