"""Who publishes: one declaration for each source that has a short name, so that `load` and `search` need know no more.

Nothing of a publisher is imported before it is asked.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from kommunanalys import names
from kommunanalys.errors import IncompleteAnswer, NoData, UsageError
from kommunanalys.language import current
from kommunanalys.sources import http, live

if TYPE_CHECKING:
    import pandas as pd

Selected = str | list[str]


@dataclass(frozen=True)
class Question:
    """What is asked of a publisher.

    Parameters
    ----------
    what
        What stands after the colon, "" for nothing.
    indicators, municipalities, years
        None for all.
    """

    what: str
    indicators: tuple[str, ...] | None
    municipalities: list[str] | None
    years: list[int] | None


@dataclass(frozen=True)
class Publisher:
    """One source with a short name.

    Parameters
    ----------
    title
        Its name for messages.
    load
        Observations for a question.
    example
        What may stand after the colon; "" where nothing has to.
    search
        A table of what it has, by words and language; None where it cannot be searched.
    check
        A small question to the live publisher; None for one that is not on the network.
    addresses
        Name of a web address in `KOMMUNANALYS_ADDRESS_...` → module and constant that hold it.
    more_hosts
        Further hosts to which those addresses lead.
    """

    title: str
    load: Callable[[Question], pd.DataFrame]
    example: str = ""
    search: Callable[[str, str], pd.DataFrame] | None = None
    check: Callable[[], live.Seen] | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    more_hosts: tuple[str, ...] = ()

    def hosts(self) -> list[str]:
        """Hosts that must be reached, those of a mirror where one is set.

        Examples
        --------
        >>> PUBLISHERS["sotkanet"].hosts()
        ['sotkanet.fi']
        """
        found = []
        for variable, place in self.addresses.items():
            module, _, constant = place.partition(".")
            default = getattr(importlib.import_module(f"kommunanalys.sources.{module}"), constant)
            found.append(urlsplit(http.address(variable, default)).netloc)
        return list(dict.fromkeys([*found, *self.more_hosts]))


def split(source: str) -> tuple[str, str] | None:
    r"""Short name and what stands after its colon; None where the text is no such thing, hence a path.

    Examples
    --------
    >>> split("statfin:vaerak/11ra"), split("kolada"), split("C:\\data\\kolada.csv")
    (('statfin', 'vaerak/11ra'), ('kolada', ''), None)
    """
    name, _, what = source.partition(":")
    return (name, what.strip()) if name in PUBLISHERS else None


def _published(asked: Question, name: str, published: Iterable[str]) -> list[str]:
    """What of the wanted a publisher may have: our names that it publishes, and all names that are its own."""
    has = set(published)
    found = [item for item in asked.indicators or () if item in has or item not in names.glossary()]
    if asked.indicators and not found:
        raise NoData(
            "{source} publishes none of {indicators}.",
            source=PUBLISHERS[name].title,
            indicators=", ".join(asked.indicators),
        )
    return found


def _named(asked: Question, name: str) -> str:
    if not asked.what:
        raise UsageError(
            "{source} has many tables: say which after a colon, such as {example}. search('words') finds them.",
            source=PUBLISHERS[name].title,
            example=f"{name}:{PUBLISHERS[name].example}",
        )
    return asked.what


def _from_example(_: Question) -> pd.DataFrame:
    from kommunanalys.sources.example import read_example

    return read_example()


def _from_finland(asked: Question) -> pd.DataFrame:
    from kommunanalys.sources.finland import load_finland

    return load_finland(asked.indicators, asked.municipalities, asked.years)


def _from_kolada(asked: Question) -> pd.DataFrame:
    from kommunanalys.sources.kolada import COLUMNS, get_kolada, kpi_id

    if asked.what:
        return get_kolada(asked.what, asked.municipalities, asked.years)
    wanted = _published(asked, "kolada", COLUMNS.values()) or list(COLUMNS.values())
    try:
        return get_kolada(wanted, asked.municipalities, asked.years)
    except IncompleteAnswer as error:
        # A series that begins after the years asked for is lacking here, not an error.
        lacking = error.values.get("lacking")
        rest = [name for name in wanted if isinstance(lacking, tuple) and kpi_id(name) not in lacking]
        if not lacking or not rest:
            raise
        return get_kolada(rest, asked.municipalities, asked.years)


def _spoken(language: str) -> Literal["sv", "fi", "en"]:
    """A language as Statistics Finland is asked in it."""
    return "fi" if language == "fi" else "sv" if language == "sv" else "en"


def _from_statfin(asked: Question) -> pd.DataFrame:
    from kommunanalys.sources.statfin import COLUMNS, get_statfin

    table = _named(asked, "statfin")
    stem = table.rpartition("/")[2].removesuffix(".px")
    ours = [name for code, name in COLUMNS.items() if code.startswith(f"{stem}.")]
    # Where our table says "11ra.code", the publisher's own variable holds "code".
    wanted = [name.removeprefix(f"{stem}.") for name in _published(asked, "statfin", ours)]

    def fetch(select: Mapping[str, Selected]) -> pd.DataFrame:
        return get_statfin(
            table, select, municipalities=asked.municipalities, years=asked.years, language=_spoken(current())
        )

    return _with_totals(fetch, wanted)


def _from_scb(asked: Question) -> pd.DataFrame:
    from kommunanalys.sources.scb import COLUMNS, get_scb

    table, codes = _named(asked, "scb"), {name: code for code, name in COLUMNS.items()}
    wanted = [codes.get(name, name) for name in _published(asked, "scb", codes)]

    def fetch(select: Mapping[str, Selected]) -> pd.DataFrame:
        return get_scb(table, select, municipalities=asked.municipalities, years=asked.years)

    return _with_totals(fetch, wanted)


def _with_totals(fetch: Callable[[Mapping[str, Selected]], pd.DataFrame], wanted: list[str]) -> pd.DataFrame:
    """What `fetch` gives for the figures wanted; of a variable that must be named its total, where it has one."""
    from kommunanalys.sources.cubes import SEXES
    from kommunanalys.sources.pxweb import CONTENTS

    select: dict[str, Selected] = {CONTENTS: wanted} if wanted else {}
    while True:
        try:
            return fetch(select)
        except UsageError as error:
            offered = error.values.get("offered")
            codes = offered if isinstance(offered, tuple) else ()
            totals = [code for code in codes if SEXES.get(code.casefold()) == "T"]
            if len(totals) != 1:
                raise
            select[str(error.values["code"])] = totals[0]


def _from_sotkanet(asked: Question) -> pd.DataFrame:
    from kommunanalys.sources.sotkanet import COLUMNS, get_sotkanet

    ours = COLUMNS.values()
    wanted = [asked.what] if asked.what else _published(asked, "sotkanet", ours) or list(ours)
    return get_sotkanet(wanted, asked.years, asked.municipalities)


def _from_vipunen(asked: Question) -> pd.DataFrame:
    from kommunanalys.sources.vipunen import get_vipunen

    return get_vipunen(_named(asked, "vipunen"))


def _from_avoindata(asked: Question) -> pd.DataFrame:
    from kommunanalys.sources.open_tables import load_avoindata

    return load_avoindata(_named(asked, "avoindata"))


def _from_treasury(asked: Question) -> pd.DataFrame:
    from kommunanalys.sources.treasury import get_treasury
    from kommunanalys.sources.treasury_codes import PREFIXES, proven

    wanted, package = asked.indicators, asked.what or "KKNR"
    if package not in PREFIXES:
        wanted, package = (asked.what,), "KKNR"
    elif package == "KKNR":
        wanted = tuple(_published(asked, "treasury", (code.indicator for code in proven()))) or None
    return get_treasury(wanted, asked.municipalities, asked.years, package=package)


def _from_skolverket(asked: Question) -> pd.DataFrame:
    from kommunanalys.sources.skolverket import get_skolverket

    if not asked.municipalities or len(asked.municipalities) != 1:
        raise UsageError("Skolverket is asked for the school units of one municipality at a time: name one.")
    return get_skolverket(asked.municipalities[0], form=_named(asked, "skolverket"))


def _search_kolada(words: str, _: str) -> pd.DataFrame:
    from kommunanalys.sources.kolada_units import search_kolada

    return search_kolada(words)


def _search_statfin(words: str, language: str) -> pd.DataFrame:
    from kommunanalys.sources.statfin import search_statfin

    return search_statfin(words, _spoken(language))


def _search_scb(words: str, language: str) -> pd.DataFrame:
    from kommunanalys.sources.scb import search_scb

    return search_scb(words, "en" if language == "en" else "sv")


def _search_sotkanet(words: str, language: str) -> pd.DataFrame:
    from kommunanalys.sources.sotkanet import search_sotkanet

    return search_sotkanet(words, language)


def _search_vipunen(words: str, _: str) -> pd.DataFrame:
    from kommunanalys.sources.vipunen import search_vipunen

    return search_vipunen(words)


def _search_avoindata(words: str, language: str) -> pd.DataFrame:
    from kommunanalys.sources.avoindata import search_avoindata

    return search_avoindata(words, language)


def _search_treasury(words: str, language: str) -> pd.DataFrame:
    from kommunanalys.sources.treasury import search_treasury
    from kommunanalys.sources.treasury_codes import proven

    found = search_treasury(words, language)
    # Figures by service class need the publisher's taxonomy as a file, so `load` could not fetch them.
    return found[found["id"].isin([code.indicator for code in proven()])]


PUBLISHERS: dict[str, Publisher] = {
    "example": Publisher("example", _from_example),
    "finland": Publisher("finland", _from_finland),
    "kolada": Publisher(
        "Kolada", _from_kolada, "N15027", _search_kolada, live.kolada, {"kolada": "kolada_api.ADDRESS"}
    ),
    "statfin": Publisher(
        "Statistics Finland",
        _from_statfin,
        "vaerak/11ra",
        _search_statfin,
        live.statfin,
        {"statfin": "statfin.ADDRESS"},
    ),
    "scb": Publisher("SCB", _from_scb, "TAB6471", _search_scb, live.scb, {"scb": "scb.ADDRESS"}),
    "sotkanet": Publisher(
        "Sotkanet", _from_sotkanet, "127", _search_sotkanet, live.sotkanet, {"sotkanet": "sotkanet.ADDRESS"}
    ),
    "vipunen": Publisher(
        "Vipunen",
        _from_vipunen,
        "perusopetus_oppilaat_lukuvuosi_oppilaitos",
        _search_vipunen,
        live.vipunen,
        {"vipunen": "vipunen.ADDRESS"},
    ),
    "treasury": Publisher(
        "Valtiokonttori",
        _from_treasury,
        "KTAS",
        _search_treasury,
        live.treasury,
        {
            "treasury": "treasury_api.REGISTER",
            "treasury_taxonomy": "treasury_api.TAXONOMY",
            "treasury_directory": "treasury_api.DIRECTORY",
        },
        # Where the list of taxonomies says that they lie.
        ("tkdpprodjrpstacc02.blob.core.windows.net",),
    ),
    "avoindata": Publisher(
        "avoindata.fi",
        _from_avoindata,
        "tutkihankintoja-data",
        _search_avoindata,
        live.avoindata,
        {"avoindata": "avoindata.ADDRESS"},
    ),
    "skolverket": Publisher(
        "Skolverket",
        _from_skolverket,
        "gr",
        check=live.skolverket,
        addresses={"skolverket": "skolverket_api.ADDRESS"},
    ),
}
"""Short name → publisher; the order is that of messages and of `search`."""
