"""What somebody has chosen to look at: which view, whose figures, which year, who is marked."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from kommunanalys.errors import UsageError
from kommunanalys.language import check_language

VIEWS = ("line", "ranking", "scatter", "distribution", "map")


@dataclass(frozen=True)
class Choice:
    """One choice of everything that a picture depends on besides the figures.

    Parameters
    ----------
    view
        One of `VIEWS`.
    municipality
        Code or name of the one that the picture is about.
    peers
        Codes or names of those that it is compared with.
    indicator
        Column of the panel.
    second
        Column on the upright axis of a scatter.
    year
        Year of a picture of one year; None for the latest in which at least half as many have a figure as in the
        fullest year.
    years
        First and last year of a line; () for all.
    marked
        Codes or names that are marked in every view.
    language
        "sv", "fi" or "en".

    Raises
    ------
    UsageError
        An unknown view or language, or years that are not a first and a last one.

    Examples
    --------
    >>> Choice("line", "1440", indicator="tax_rate", peers=["1441"]).peers
    ('1441',)
    """

    view: str = "line"
    municipality: str = ""
    peers: tuple[str, ...] = ()
    indicator: str = ""
    second: str = ""
    year: int | None = None
    years: tuple[int, ...] = ()
    marked: tuple[str, ...] = ()
    language: str = "en"

    def __post_init__(self) -> None:
        check_language(self.language)
        if self.view not in VIEWS:
            raise UsageError("Unknown view {view!r}. Choose one of {views}.", view=self.view, views=", ".join(VIEWS))
        for name in ("peers", "years", "marked"):
            object.__setattr__(self, name, tuple(getattr(self, name) or ()))
        if self.years and (len(self.years) != 2 or self.years[0] > self.years[1]):
            raise UsageError("`years` is a first and a last year, such as (2010, 2021); got {years}.", years=self.years)

    def but(self, **changes: object) -> Choice:
        """The same choice with some things changed.

        Examples
        --------
        >>> Choice(year=2020).but(year=2021).year
        2021
        """
        return replace(self, **changes)  # type: ignore[arg-type]

    def used(self) -> dict[str, object]:
        """What this view depends on and what is not the default, in the order of the parameters.

        Examples
        --------
        >>> Choice("line", "1440", indicator="tax_rate", second="population", year=2020).used()
        {'view': 'line', 'municipality': '1440', 'indicator': 'tax_rate'}
        """
        idle = {"second"} if self.view != "scatter" else set()
        idle |= {"year"} if self.view == "line" else {"years"}
        found = {item.name: (getattr(self, item.name), item.default) for item in fields(self) if item.name not in idle}
        return {name: value for name, (value, default) in found.items() if value != default or name == "view"}
