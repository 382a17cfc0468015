"""Sotkanet (THL): indicators of health, welfare and education of Finland's municipalities, REST 1.1.

Sotkanet leaves out what it does not have; here such cells stand as missing values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

import kommunanalys.municipalities as places
from kommunanalys import names, origin, tables
from kommunanalys.errors import IncompleteAnswer, SourceError, UnknownIndicator, UsageError
from kommunanalys.language import Speaker, check_language, current
from kommunanalys.sources import http
from kommunanalys.sources.kolada import whole_years
from kommunanalys.sources.numbers import json_number

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {"127": "population", "180": "education_level_index", "3219": "outside_education_17_24"}
"""Sotkanet's id → our name; another indicator is called by its id."""
TITLES = {"127": "väestö", "180": "koulutustaso", "3219": "koulutuksen ulkopuolelle"}
"""How the Finnish titles of those in `COLUMNS` begin; where one begins otherwise, the id means something else today."""
ADDRESS = "https://sotkanet.fi/rest/1.1"
LICENCE = "CC BY 4.0"
LIMITS = http.Limits(calls=4, per_seconds=1.0)
"""None is published; a careful pace."""
YEARS_PER_PART = 20
MUNICIPALITY = "KUNTA"
SEXES = {"total": "T", "male": "M", "female": "K"}
Sex = Literal["total", "male", "female", "all"]
Cell = tuple[str, int, str]
"""Municipality, year, sex."""
_from_sotkanet = partial(
    origin.Origin, producer="THL, Sotkanet", licence=LICENCE, credit="Källa: Sotkanet, THL", country="FI"
)


def get_sotkanet(
    indicators: str | int | Iterable[str | int],
    years: int | Iterable[int] | None = None,
    municipalities: str | Iterable[str] | None = None,
    *,
    sex: Sex = "total",
) -> pd.DataFrame:
    """Fetch indicators from Sotkanet.

    Parameters
    ----------
    indicators
        Our names ("population") or Sotkanet's ids (127).
    years
        One year or several; None for all that Sotkanet has.
    municipalities
        Codes or names; None for all that Sotkanet has.
    sex
        "total", "male", "female" or "all". An indicator that exists for one sex alone is given for that, when "total"
        is asked for.

    Returns
    -------
    pandas.DataFrame
        An observations table with the further column `kpi` (Sotkanet's id), and `sex` ("T", "M", "K") where it is
        not all "T". One row for each municipality, year and indicator; what Sotkanet does not publish (missing or
        secret, it does not say which) is NaN, flagged "missing". Absolute numbers beside rates are not taken.

    Raises
    ------
    UnknownIndicator, UnknownMunicipality, UsageError
        Something asked for does not exist.
    IncompleteAnswer
        A named municipality or an indicator has no figure at all; nothing is returned.
    SourceError
        The publisher cannot be reached or answers something else.

    References
    ----------
    THL, Sotkanet REST 1.1, https://sotkanet.fi/sotkanet/en/ohje/74. CC BY 4.0.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     get_sotkanet("population", 2024, "Jakobstad")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    if sex not in (*SEXES, "all"):
        raise UsageError("Unknown sex {sex!r}. Choose one of {all}.", sex=sex, all=", ".join((*SEXES, "all")))
    given = [indicators] if isinstance(indicators, str | int) else list(indicators)
    ids, asked_years = _ids(given), whole_years(years)
    base = http.address("sotkanet", ADDRESS)
    regions, others = _regions(base)
    codes = _codes(municipalities, set(regions.values()))
    parts, origins = [], []
    for done, one in enumerate(ids):
        entry = _indicator(base, one)
        when = asked_years or _all_years(base, entry)
        rows, answers = _figures(base, entry, when, _sexes(entry, sex), (regions, others))
        _check_complete(one, rows, codes if municipalities is not None else ())
        name = _name(entry, named=COLUMNS.get(one) in given)
        parts.append(_observations(name, entry, rows, codes, when))
        origins.append(_origin(base, one, when, entry, answers, len(others)))
        http.progress("Sotkanet", done + 1, len(ids))
    table = pd.concat(parts, ignore_index=True)
    if (table["sex"] == "T").all():
        table = table.drop(columns="sex")
    return origin.record(tables.check_observations(table), origins)


def search_sotkanet(words: str, language: str = "sv") -> pd.DataFrame:
    """Indicators whose titles hold all of some words.

    Parameters
    ----------
    words
        What to look for; a title that Sotkanet has not in `language` is taken in Finnish.

    Returns
    -------
    pandas.DataFrame
        `source`, `id`, `title`, `updated`, `address`; empty where nothing is found.

    Raises
    ------
    SourceError
        The publisher cannot be reached or answers something else.

    Examples
    --------
    >>> with http.mode("offline"):
    ...     search_sotkanet("utbildning")
    Traceback (most recent call last):
    kommunanalys.errors.OfflineMiss: Offline, and the cache has no answer to ...
    """
    import pandas as pd

    check_language(language)
    base = http.address("sotkanet", ADDRESS)
    answer = _get(f"{base}/indicators")
    rows = []
    for item in _listed(answer):
        title = _title(item, language)
        if all(word in title.casefold() for word in words.casefold().split()):
            about = str(item.get("data-updated") or "")
            rows.append(["sotkanet", str(item["id"]), title, about, f"{base}/indicators/{item['id']}"])
    return pd.DataFrame(rows, columns=["source", "id", "title", "updated", "address"], dtype="str")


def _get(address: str) -> http.Answer:
    return http.get_json(address, publisher="sotkanet", limits=LIMITS, licence=LICENCE)


def _listed(answer: http.Answer) -> list[dict[str, Any]]:
    if not isinstance(answer.data, list) or not all(isinstance(item, dict) for item in answer.data):
        raise _changed(answer.address)
    return answer.data


def _changed(where: str) -> SourceError:
    return SourceError(
        "{address} did not answer in the form of {api}. It may have changed: look for a newer version of kommunanalys.",
        address=where,
        api="Sotkanet REST 1.1",
    )


def _ids(given: list[str | int]) -> tuple[str, ...]:
    if not given:
        raise UsageError("No indicator was asked for. Give names of the glossary, or Sotkanet's ids such as 127.")
    return tuple(dict.fromkeys(_id(item) for item in given))


def _id(item: str | int) -> str:
    if str(item).isdigit():
        return str(int(item))
    for known, ours in COLUMNS.items():
        if ours == item:
            return known
    names.get(str(item))
    raise UnknownIndicator(
        "Sotkanet does not publish {name!r}. It has {all}; give one of them, or an id found by "
        "search_sotkanet('words').",
        name=item,
        all=", ".join(COLUMNS.values()),
    )


def _regions(base: str) -> tuple[dict[int, str], set[int]]:
    """Sotkanet's own ids of municipalities → their codes, and the ids of all other areas."""
    answer = _get(f"{base}/regions")
    found: dict[int, str] = {}
    others: set[int] = set()
    for item in _listed(answer):
        try:
            if str(item["category"]).upper() == MUNICIPALITY:
                # Adding "" fails for a number, which has lost its zeros.
                found[int(item["id"])] = item["code"] + ""
            else:
                others.add(int(item["id"]))
        except (KeyError, TypeError, ValueError) as error:
            raise _changed(answer.address) from error
    if not found:
        raise IncompleteAnswer("{address} lists no municipalities.", address=answer.address)
    return found, others


def _codes(asked: str | Iterable[str] | None, there: set[str]) -> tuple[str, ...]:
    if asked is None:
        return tuple(sorted(there))
    given = [asked] if isinstance(asked, str) else list(asked)
    codes = tuple(dict.fromkeys(places.find(value, country="FI").code for value in given))
    absent = sorted(set(codes) - there)
    if absent or not codes:
        raise IncompleteAnswer(
            "Sotkanet does not know municipality {codes} today: it follows the present division, or none was named.",
            codes=", ".join(absent) or "–",
        )
    return codes


def _indicator(base: str, one: str) -> dict[str, Any]:
    """What Sotkanet says of an indicator."""
    try:
        answer = _get(f"{base}/indicators/{one}")
    except SourceError as error:
        if error.values.get("status") in (400, 404):
            raise UnknownIndicator(
                "Sotkanet does not know indicator {id}. Look for it with search_sotkanet('words').", id=one
            ) from error
        raise
    if not isinstance(answer.data, dict) or str(answer.data.get("id")) != one:
        raise _changed(answer.address)
    entry: dict[str, Any] = answer.data
    kinds = _values(entry, "region")
    if kinds and MUNICIPALITY not in [kind.upper() for kind in kinds]:
        raise UsageError(
            "Sotkanet's indicator {id} ({title}) is not published by municipality, but by {kinds}.",
            id=one,
            title=_title(entry, "fi"),
            kinds=", ".join(kinds),
        )
    return entry


def _values(entry: Mapping[str, Any], classification: str) -> list[str]:
    found = (entry.get("classifications") or {}).get(classification) or {}
    return [str(value) for value in found.get("values") or []]


def _all_years(base: str, entry: Mapping[str, Any]) -> tuple[int, ...]:
    try:
        return tuple(range(int(entry["range"]["start"]), int(entry["range"]["end"]) + 1))
    except (KeyError, TypeError, ValueError) as error:
        raise _changed(f"{base}/indicators/{entry['id']}") from error


def _title(entry: Mapping[str, Any], language: str) -> str:
    texts = entry.get("title") or {}
    return str(texts.get(language) or texts.get("fi") or entry.get("id"))


def _sexes(entry: Mapping[str, Any], sex: Sex) -> tuple[str, ...]:
    offered = [one for one in _values(entry, "sex") if one in SEXES] or list(SEXES)
    wanted = tuple(SEXES) if sex == "all" else (sex,)
    found = tuple(one for one in wanted if one in offered)
    # Some indicators exist for one sex alone; asked for "total" Sotkanet would answer nothing at all.
    if not found and sex == "total" and len(offered) == 1:
        return tuple(offered)
    if not found:
        raise UsageError(
            "Sotkanet has indicator {id} for {offered}, not for {sex}.",
            id=entry["id"],
            offered=", ".join(offered),
            sex=sex,
        )
    return found


def _figures(
    base: str,
    entry: Mapping[str, Any],
    years: tuple[int, ...],
    sexes: tuple[str, ...],
    areas: tuple[dict[int, str], set[int]],
) -> tuple[dict[Cell, float | None], list[http.Answer]]:
    """The figures that Sotkanet has, by municipality, year and sex."""
    rows: dict[Cell, float | None] = {}
    answers = []
    for start in range(0, len(years), YEARS_PER_PART):
        asked = years[start : start + YEARS_PER_PART]
        for one in sexes:
            query = urlencode({"indicator": entry["id"], "years": asked, "genders": one}, doseq=True)
            answer = _get(f"{base}/json?{query}")
            _add(rows, answer, (str(entry["id"]), asked, one), *areas)
            answers.append(answer)
    return rows, answers


def _add(
    rows: dict[Cell, float | None],
    answer: http.Answer,
    asked: tuple[str, tuple[int, ...], str],
    regions: Mapping[int, str],
    others: set[int],
) -> None:
    for item in _listed(answer):
        try:
            region, year, sex = int(item["region"]), int(item["year"]), str(item["gender"])
            value = json_number(item["value"])
            strange = (str(item["indicator"]), sex) != (asked[0], asked[2]) or year not in asked[1]
        except (KeyError, TypeError, ValueError) as error:
            raise _changed(answer.address) from error
        if strange or (region not in regions and region not in others):
            raise SourceError(
                "{address} sent a figure that was not asked for: {row}.", address=answer.address, row=str(item)[:160]
            )
        if region in regions:
            key = (regions[region], year, SEXES[sex])
            if key in rows:
                raise SourceError("{address} has two figures for {key}.", address=answer.address, key=key)
            rows[key] = value


def _check_complete(one: str, rows: Mapping[Cell, float | None], codes: Iterable[str]) -> None:
    there = {key[0] for key, value in rows.items() if value is not None}
    lacking = sorted(set(codes) - there)
    if not there or lacking:
        raise IncompleteAnswer(
            "Sotkanet gave no figure at all of indicator {id} for {missing}. A series may begin later or end earlier, "
            "and small numbers are hidden: ask for other years, or leave it out.",
            id=one,
            missing=", ".join(lacking) or "–",
        )


def _observations(
    name: str,
    entry: Mapping[str, Any],
    rows: Mapping[Cell, float | None],
    codes: tuple[str, ...],
    years: tuple[int, ...],
) -> pd.DataFrame:
    """The whole grid of municipalities, years and sexes; what Sotkanet does not have is missing."""
    import pandas as pd

    keys = list(product(codes, sorted(years), sorted({key[2] for key in rows}, reverse=True)))
    table = pd.DataFrame(keys, columns=["municipality", "year", "sex"]).astype({"municipality": "str", "sex": "str"})
    table.insert(0, "country", "FI")
    table["indicator"], table["kpi"] = name, str(entry["id"])
    table["value"] = pd.array([rows.get(key) for key in keys], dtype="float64")
    table["unit"] = _unit(name, entry)
    table["flag"] = table["value"].isna().map({True: "missing", False: ""})
    texts = dict.fromkeys(("country", "indicator", "unit", "flag", "kpi"), "str")
    return table[[*tables.COLUMNS, "sex", "kpi"]].astype(texts)


def _name(entry: Mapping[str, Any], *, named: bool) -> str:
    """Our name of an indicator, or its id; an error where our name was asked for and the id means something else."""
    one = str(entry["id"])
    if one not in COLUMNS or _title(entry, "fi").casefold().startswith(TITLES[one]):
        return COLUMNS.get(one, one)
    if not named:
        return one
    raise SourceError(
        "Sotkanet's indicator {id} is called {title!r} today, so it may be no {name}. Ask for it by its id if it is.",
        id=one,
        title=_title(entry, "fi"),
        name=COLUMNS[one],
    )


def _unit(name: str, entry: Mapping[str, Any]) -> str:
    if name in names.glossary():
        return names.get(name).unit_in("FI")
    kind = entry.get("primaryValueType") or {}
    return str((kind.get("title") or {}).get("en") or kind.get("code") or "")


def _origin(
    base: str,
    one: str,
    years: tuple[int, ...],
    entry: Mapping[str, Any],
    answers: list[http.Answer],
    others: int,
) -> origin.Origin:
    return _from_sotkanet(
        address=f"{base}/json",
        body=f"indicator={one}&years={','.join(map(str, years))}",
        sha256=origin.hash_bytes("\n".join(sorted(answer.sha256 for answer in answers)).encode()),
        fetched=min(answer.fetched for answer in answers),
        from_cache=all(answer.from_cache for answer in answers),
        published=str(entry.get("data-updated") or ""),
        note=Speaker(current())("Left out: {count} areas that are no municipalities.", count=others),
    )
