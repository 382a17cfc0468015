"""The Finnish State Treasury: accounts and budgets of Finland's municipalities, as they report them themselves.

Actuals (KKNR) and plans (KTAS and others) are separate packages with separate names, one package for each call.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import kommunanalys.municipalities as areas
from kommunanalys import origin
from kommunanalys.errors import IncompleteAnswer, OfflineMiss, SourceError, UsageError
from kommunanalys.language import Speaker, check_language, current
from kommunanalys.municipalities import Municipality
from kommunanalys.sources import http
from kommunanalys.sources import treasury_api as api
from kommunanalys.sources.kolada import whole_years
from kommunanalys.sources.treasury_codes import (
    COLUMNS,
    PREFIXES,
    Code,
    choose,
    proven,
    services,
    taxonomy_file,
    with_proven,
)
from kommunanalys.sources.treasury_files import open_folder
from kommunanalys.sources.treasury_table import COST, INCOME, Report, net_costs, note, observations, published

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "get_treasury", "net_costs", "read_treasury", "search_treasury"]

CREDIT = "Lähde: Valtiokonttori, Tutkihallintoa.fi (CC BY 4.0)"
_from_treasury = partial(origin.Origin, producer="Valtiokonttori", licence=api.LICENCE, credit=CREDIT, country="FI")


def get_treasury(
    indicators: str | Iterable[str] | None = None,
    municipalities: str | Iterable[str] | None = None,
    years: int | Iterable[int] | None = None,
    *,
    package: str = "KKNR",
    quarters: bool = False,
    codes: str | Path | None = None,
) -> pd.DataFrame:
    """Fetch what Finland's municipalities have reported to the State Treasury.

    Parameters
    ----------
    indicators
        Our names ("operating_cost"), or the publisher's part and code ("k-t07:3418067") where one taxonomy holds for
        all that is asked; None for every name that is known for the package.
    municipalities
        Codes or names; None for all of the mainland (of Åland for its own packages).
    years
        Years of the reports, one or several; None for the newest year that the register offers.
    package
        "KKNR" accounts, "KTAS" budget and plan, "KKOTR" group accounts, "KKTR" annual report, "KTPE" and "KKTPA"
        forecasts, "KKTPP" by service class; "AKKNR", "AKKOTR" and "ATPT" for Åland. Never two of them in one call.
    quarters
        The reports of the quarters, each from the beginning of the year on as published, with a further column
        `quarter` (1–4); otherwise whole years.
    codes
        File of one of the publisher's taxonomies, whole or cut, where codes are wanted that the library does not
        know: those of service classes, or of other years.

    Returns
    -------
    pandas.DataFrame
        An observations table in euros of each year with the further column `package`; `report_year` for plans, whose
        figures are of the years before and after too. What a municipality has not reported is NaN, flagged "missing";
        figures of a draft are flagged "preliminary", figures corrected afterwards "revised". Signs as published.

    Raises
    ------
    UnknownIndicator, UnknownMunicipality, UsageError
        Something asked for does not exist.
    IncompleteAnswer
        A document failed or is empty, or a named municipality has none; nothing is returned.
    SourceError
        The publisher cannot be reached, or writes in a taxonomy in which the codes are not known.

    References
    ----------
    State Treasury, tutkihallintoa.fi, register of municipal reports; taxonomies at api.tutkihallintoa.fi.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_treasury("operating_cost", "Jakobstad", 2024)
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    _check_package(package)
    named = _named(municipalities, package)
    asked_years = whole_years(years)
    about, known = _codes(package, codes)
    wanted = choose(indicators, known, package)
    register, rows = api.catalogue()
    offered = [item for item in api.entries(rows, package, register.address, asked_years) if _is_asked(item, quarters)]
    chosen_years = asked_years or tuple(sorted({item.year for item in offered})[-1:])
    offered = [item for item in offered if item.year in chosen_years]
    _check_offered(offered, chosen_years, package)
    places = named or _everyone(package, chosen_years)
    listed = {item.business_id for item in offered}
    looked_up, ids = api.resolve(places, listed if named else None)
    best = [item for item in api.best(offered).values() if item.business_id in ids]
    _check_named(named, {ids[item.business_id].code for item in best}, package)
    answers, reports = _fetch(best, ids, wanted, register.address)
    _check_held(reports, wanted, named=indicators is not None)
    table, absent = observations(reports, wanted, places, {(item.year, item.quarter) for item in offered}, quarters)
    said = note(reports, absent, 0 if named else len(listed - ids.keys()))
    if codes is not None:
        said += " " + Speaker(current())("Codes by service class or of other years: {file}.", file=Path(codes).name)
    sources = [*map(api.seen, (register, *about, *looked_up)), *answers]
    return origin.record(table, [_origin(sources, register.address, wanted, chosen_years, reports, said)])


def read_treasury(path: str | Path) -> pd.DataFrame:
    """Read recorded documents of the register from a file or a folder.

    Parameters
    ----------
    path
        Documents as the register gave them (JSON), of one package; beside them, where there are such, taxonomies and
        answers of the directory of business ids, as a snapshot of `get_treasury` keeps them. Files of another shape
        are named in the note of the origin.

    Returns
    -------
    pandas.DataFrame
        As `get_treasury` gives it, of every line that is known; of several documents about the same report the best
        one. With the column `quarter` where not all are of whole years. Organisations that are no municipalities are
        counted in the note of the origin.

    Raises
    ------
    SourceError
        No such path, nothing of this shape in it, several packages, a taxonomy in which the codes are not known, or a
        damaged file.

    Examples
    --------
    >>> read_treasury("no such folder")
    Traceback (most recent call last):
    kommunanalys.errors.SourceError: There is no file or folder 'no such folder'. ...
    """
    folder = open_folder(path)
    package = folder.package
    wanted = choose(None, with_proven(folder.codes, package), package)
    best = api.best(folder.documents).values()
    reports = [
        (item, folder.ids[item.business_id], api.amounts(folder.documents[item], wanted, item.address))
        for item in sorted(best, key=lambda item: (item.business_id, item.period))
        if item.business_id in folder.ids
    ]
    if not reports:
        raise SourceError("{place} holds no document of a municipality.", place=Path(path).name)
    _check_held(reports, wanted, named=False)
    others = {item.business_id for item in folder.documents} - folder.ids.keys()
    table, _ = observations(reports, wanted, (), set(), any(item.quarter < 4 for item, _, _ in reports))
    said = note(reports, [], len(others), folder.others)
    sources = [
        _from_treasury(address=name, sha256=sha256, fetched=origin.now(), published=published(reports), note=said)
        for name, sha256 in folder.hashes.items()
    ]
    return origin.record(table, sources)


def search_treasury(words: str, language: str = "en", *, package: str = "KKNR") -> pd.DataFrame:
    """Which figures a package has, by words of their names in Swedish, Finnish or English.

    Parameters
    ----------
    words
        All of them must be in the name; "" for every figure.
    language
        Of the titles: "sv", "fi" or "en".
    package
        "KKNR", whose names come with the library; for "KTAS", "KTPE", "KKTR" and "KKOTR" the publisher's taxonomy of
        today is asked.

    Returns
    -------
    pandas.DataFrame
        `source`, `id` (for `get_treasury`; services need its `codes=`), `title`, `updated`, `address`.

    Raises
    ------
    UsageError
        An unknown language, or a package whose taxonomy is too large to fetch.

    Examples
    --------
    >>> search_treasury("yleiskaavoitus menot")["id"].tolist(), search_treasury("skatt", "sv")["title"].tolist()
    ([], ['Skatteinkomster'])
    """
    import pandas as pd

    column = ("fi", "sv", "en").index(check_language(language))
    address, found = http.address("treasury_taxonomy", api.TAXONOMY), dict[str, tuple[str, str, str]]()
    if package == "KKNR":
        found = {code.indicator: code.labels for code in proven()}
        for service, labels in services().values():
            found |= {f"{service}_{COST}": _joined(labels, COST), f"{service}_{INCOME}": _joined(labels, INCOME)}
    else:
        answers, codes = api.taxonomy(_check_package(package))
        address, found = answers[-1].address, {code.indicator: code.labels for code in codes}
    hits = [
        ("treasury", name, labels[column], "", address)
        for name, labels in found.items()
        if all(word in " ".join((name, *labels)).casefold() for word in words.casefold().split())
    ]
    return pd.DataFrame(hits, columns=["source", "id", "title", "updated", "address"])


def _joined(service: tuple[str, str, str], line: str) -> tuple[str, str, str]:
    labels = next(code.labels for code in proven() if code.indicator == line)
    fi, sv, en = (f"{one}: {two}" for one, two in zip(service, labels, strict=True))
    return fi, sv, en


def _check_package(package: str) -> str:
    if package in PREFIXES:
        return package
    raise UsageError(
        "Unknown package {package!r}. Choose one of {all}. Packages that begin with H are of the wellbeing services "
        "counties, and TOLT and its like of companies: neither is about municipalities.",
        package=package,
        all=", ".join(PREFIXES),
    )


def _is_aland(package: str) -> bool:
    return package.startswith("A")


def _named(asked: str | Iterable[str] | None, package: str) -> tuple[Municipality, ...]:
    if asked is None:
        return ()
    given = [asked] if isinstance(asked, str) else list(asked)
    if not given:
        raise UsageError("The list of municipalities is empty. Give codes or names, or None for all of them.")
    found = tuple(dict.fromkeys(areas.find(value, country="FI") for value in given))
    strange = [item.code for item in found if item.is_aland != _is_aland(package)]
    if strange:
        raise UsageError(
            "The package {package} does not hold the municipalities {codes}: those of Åland report in AKKNR, AKKOTR "
            "and ATPT, those of the mainland in the others. Ask for them one package at a time.",
            package=package,
            codes=", ".join(strange),
        )
    return found


def _everyone(package: str, years: tuple[int, ...]) -> tuple[Municipality, ...]:
    return tuple(
        item
        for item in areas.known().values()
        if item.country == "FI" and not item.fictive and any(item.exists(year) for year in years)
        if item.is_aland == _is_aland(package)
    )


def _codes(package: str, file: str | Path | None) -> tuple[list[http.Answer], list[Code]]:
    if file is not None:
        return [], with_proven(taxonomy_file(file), package)
    return api.taxonomy(package) if package in api.SMALL else ([], with_proven([], package))


def _is_asked(item: api.Entry, quarters: bool) -> bool:
    return "C" in item.period if quarters else item.quarter == 4


def _check_offered(offered: list[api.Entry], years: tuple[int, ...], package: str) -> None:
    lacking = sorted(set(years) - {item.year for item in offered})
    if lacking or not offered:
        raise IncompleteAnswer(
            "The register has no {package} reports for {years}. A year's accounts come in the spring after it: ask "
            "with years=None for the newest.",
            package=package,
            years=", ".join(map(str, lacking)) or "–",
        )


def _check_named(named: tuple[Municipality, ...], there: set[str], package: str) -> None:
    lacking = [item.code for item in named if item.code not in there]
    if lacking:
        raise IncompleteAnswer(
            "The register has no {package} report of {codes} for these years. Leave them out, or ask for other years.",
            package=package,
            codes=", ".join(lacking),
        )


def _fetch(
    best: list[api.Entry], ids: dict[str, Municipality], wanted: list[Code], catalogue: str
) -> tuple[list[api.Seen], list[Report]]:
    """Every document that is wanted, or an error that names the first that failed."""
    answers, reports, taxonomies = list[api.Seen](), list[Report](), set[str]()
    for done, item in enumerate(sorted(best, key=lambda item: (ids[item.business_id].code, item.period))):
        try:
            answer, facts = api.document(item, catalogue)
            reports.append((item, ids[item.business_id], api.amounts(facts, wanted, answer.address)))
        except OfflineMiss:
            raise
        except SourceError as error:
            raise IncompleteAnswer(
                "The State Treasury gave {done} of {total} documents, so nothing is returned. The first that failed: "
                "municipality {code}, {package} {period}. Reason: {reason}",
                done=done,
                total=len(best),
                code=ids[item.business_id].code,
                package=item.package,
                period=item.period,
                reason=error,
            ) from error
        answers.append(api.seen(answer))
        taxonomies |= {str(row["taksonomia"]) for row in facts}
        http.progress("Valtiokonttori", done + 1, len(best))
    _check_one_taxonomy(wanted, taxonomies)
    return answers, reports


def _check_held(reports: list[Report], wanted: list[Code], *, named: bool) -> None:
    """Refuse figures that no document holds; where nothing was named, only if that is all of them."""
    held = {code.indicator for _, _, values in reports for code in values}
    lacking = [name for name in dict.fromkeys(code.indicator for code in wanted) if name not in held]
    if lacking and (named or not held):
        raise IncompleteAnswer(
            "None of the {count} documents holds {missing}. Leave it out, or ask for other municipalities or years.",
            count=len(reports),
            missing=", ".join(lacking),
        )


def _check_one_taxonomy(wanted: list[Code], taxonomies: set[str]) -> None:
    if len(taxonomies) > 1 and any(not code.taxonomy for code in wanted):
        raise SourceError(
            "The documents are written in several taxonomies ({taxonomies}), in which the same code may mean different "
            "things. Ask for one year at a time.",
            taxonomies=", ".join(sorted(taxonomies)),
        )


def _origin(
    answers: list[api.Seen],
    address: str,
    wanted: list[Code],
    years: tuple[int, ...],
    reports: list[Report],
    said: str,
) -> origin.Origin:
    codes = dict.fromkeys(f"{code.part}:{code.code}" for code in wanted)
    places = dict.fromkeys(place.code for _, place, _ in reports)
    return _from_treasury(
        address=address,
        body=f"package={wanted[0].package}&code={','.join(codes)}&municipality={','.join(places)}"
        f"&year={','.join(map(str, years))}",
        sha256=origin.hash_bytes("\n".join(sorted(answer.sha256 for answer in answers)).encode()),
        published=published(reports),
        fetched=min(answer.fetched for answer in answers),
        from_cache=all(answer.from_cache for answer in answers),
        note=said,
    )
