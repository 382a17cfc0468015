"""Statistics about persons that may be let out: coarse figures, and sentences that hold no others."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from kommunanalys import journal
from kommunanalys.errors import ReleaseRefused, TableError, UsageError
from kommunanalys.language import check_language, current
from kommunanalys.secrecy import coarse
from kommunanalys.secrecy.frame import RegisterFrame, check_end, domains_of
from kommunanalys.secrecy.memory import FORMAT, alone, keep
from kommunanalys.secrecy.rules import threshold_for
from kommunanalys.secrecy.statistics_released import DAY, FORMS, StatisticsRelease, name_of, split

Text = tuple[str, Mapping[str, str]]
Texts: TypeAlias = Mapping[str, Text] | Sequence[Text]
Source: TypeAlias = pd.DataFrame | Mapping[str, pd.DataFrame] | Iterable[pd.DataFrame]

COLUMNS = ("table", "row", "column", "value", "kind", "persons")
KINDS = ("share", "count", "mean", "score")
YEAR = re.compile(r"(19|20)\d\d([/–-]\d\d(\d\d)?)?")


def release_statistics(
    statistics: pd.DataFrame,
    *,
    source: Source,
    texts: Texts = (),
    captions: Mapping[str, str] | None = None,
    language: str | None = None,
    country: str | None = None,
    threshold: int | None = None,
) -> StatisticsRelease:
    """Make statistics about persons so coarse that nobody can be seen in them, and write them down as let out.

    Parameters
    ----------
    statistics
        One row for each figure: `table`, `row`, `column` (headings as readers see them), `value`, `kind` ("share" 0–1,
        "count" of persons, "mean", "score" for what has no unit, such as a slope), `persons` (how many different
        persons it rests on). Optional: `of`, the whole of a share where somebody counts several times (else
        `persons`); `low` and `high`, the ends of an interval.
    source
        The table or tables of persons that it was worked out from, for their domains and permits.
    texts
        Sentences as (English template, fields), by key or in order. A field is the name of a figure,
        "table/row/column", with ":of 10" for "3" of ten, ":low" or ":high" for the ends of its interval and
        ":low of 10" or ":high of 10" for these of ten; or a word, a year or a day [ISO 8601], but no number.
    captions
        English caption by table.
    language, country
        Of headings and texts; None for the session's language.
    threshold
        The fewest persons that a figure may rest on; None for 10, or 20 where it is sensitive.

    Returns
    -------
    StatisticsRelease
        Remembered and journalled as a release.

    Raises
    ------
    UsageError, TableError
        A call or a table that cannot be right; a number among the fields of a text.
    PermitError
        A permit under which a source was linked has ended.
    ReleaseRefused
        Not one figure could be printed.
    KommunanalysError
        The memory of releases cannot be written.

    Notes
    -----
    The rules follow Brandt et al. (2010, Guidelines for the checking of output based on microdata research, ESSnet
    SDC): nothing on fewer than ten units, and no group all of whom have a trait. A *count* and the number of persons
    behind a *share* are put into classes of six (see `coarse`), so that at least three numbers are always possible:
    for a single figure, for the same persons in figures with different wholes (precision and recall), for a figure and
    the rest of its whole, and for sums along a row or column of a table. Shares of fewer than 20 are hidden. A *mean*
    is rounded to steps as large as four ordinary persons make, a *score* likewise as though it were a share: to .01
    from 400 persons, .1 from 40. *Intervals* of shares are made anew about what is printed; see `coarse.interval`.

    What is not seen: that one person makes up most of a mean (give means of bounded values only); sums over several
    tables, or along both sides of one; how far an interval is wider than usual, which is told in halves; numbers in
    headings, which are printed as they are given. These figures are
    **not** compared with what was let out before, neither here nor when `release` makes a table of the same persons.
    Their counts lie in the classes of rounded tables and tell nothing new beside these; beside a table that hides,
    one learns of a hidden figure in which six it lies. A second release for nearly the same persons (one more pupil)
    shows whether a figure went over the edge of a class. Where somebody counts several times, classes hold cases.

    Examples
    --------
    >>> import os, tempfile
    >>> rows = [("reach", "List", "Left", 13 / 40, "share", 40), ("reach", "Flag", "Left", 0.1, "share", 9)]
    >>> figures = pd.DataFrame(rows, columns=["table", "row", "column", "value", "kind", "persons"])
    >>> say = [("Of 10 listed about {x} would have left.", {"x": "reach/List/Left:of 10"})]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.environ["KOMMUNANALYS_STATE"] = folder
    ...     out = release_statistics(figures, source=pd.DataFrame(), texts=say, language="en")
    ...     del os.environ["KOMMUNANALYS_STATE"]
    >>> out.printed("reach")
         Left (%)
    List       38
    Flag       ..
    >>> out.text(0)
    'Of 10 listed about 4 would have left.'
    """
    language = check_language(language or current())
    frame = _checked(statistics)
    sources = tables_of(source)
    domains: frozenset[str] = frozenset().union(*map(domains_of, sources))
    for table in sources:
        check_end(table)
    limit = threshold or 2 * threshold_for(domains, frozenset(), None)
    if limit < 5:
        raise UsageError("The threshold is {threshold}; the least that protects anybody is 5.", threshold=limit)
    figures, reasons = _figures(frame, limit)
    if all(one["value"] is None for one in figures):
        raise ReleaseRefused("Not one of the {count} statistics could be printed.", count=len(figures))
    told: dict[str, Any] = {
        "format": FORMAT,
        "kind": "statistics",
        "value": "statistics",
        "domains": sorted(domains),
        "language": language,
        "country": country,
        "threshold": limit,
        "figures": figures,
        "captions": dict(captions or {}),
        "texts": _texts(texts, {name_of(one): one for one in figures}),
    }
    raw = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    if journal.PSEUDONYM.search(raw.decode()):
        raise UsageError("A heading or text of the statistics holds a pseudonym.")
    made = StatisticsRelease(json.loads(raw), hashlib.sha256(raw).hexdigest()[:12], tuple(reasons.items()))
    permits = sorted({table.permit_id for table in sources if isinstance(table, RegisterFrame) and table.permit_id})
    with alone():
        keep(made.id, raw)
        facts = {"release": made.id, "series": "", "domains": sorted(domains), "permit": ", ".join(permits)}
        journal.append(
            "release",
            {**facts, "method": "statistics", "figures": len(figures), "hidden": sum(one["hidden"] for one in figures)},
        )
    return made


def _checked(statistics: pd.DataFrame) -> pd.DataFrame:
    """The statistics as plain floats and texts, with the wholes of shares."""
    missing = [name for name in COLUMNS if name not in statistics]
    if missing or statistics.empty:
        raise TableError(
            "Statistics need one row for each figure and the columns {columns}; missing: {missing}.",
            columns=", ".join(COLUMNS),
            missing=", ".join(missing) or "–",
        )
    frame = pd.DataFrame(statistics).reset_index(drop=True)
    unknown = sorted(set(map(str, frame["kind"])) - set(KINDS))
    if unknown:
        raise UsageError("Unknown kind {kind!r}. Choose one of {kinds}.", kind=unknown[0], kinds=", ".join(KINDS))
    frame = frame.astype(dict.fromkeys(("table", "row", "column"), "str"))
    for name in ("of", "low", "high"):
        frame[name] = frame.get(name, np.nan)
    frame = frame.astype(dict.fromkeys(("value", "persons", "of", "low", "high"), float))
    frame["of"] = frame["of"].fillna(frame["persons"])
    shares = frame["kind"] == "share"
    if frame.duplicated(["table", "row", "column"]).any():
        raise TableError("Each figure of the statistics must have a place of its own: table, row and column.")
    if not frame["persons"].ge(0).all() or (shares & ~frame["value"].between(0, 1) & frame["value"].notna()).any():
        raise TableError("Each figure rests on a number of persons, and a share lies between 0 and 1.")
    frame.loc[frame["kind"] == "count", "of"] = np.inf
    return frame


def tables_of(source: Source) -> list[pd.DataFrame]:
    """The tables of persons one by one, however they were given."""
    if isinstance(source, pd.DataFrame):
        return [source]
    return list(source.values() if isinstance(source, Mapping) else source)


def _figures(frame: pd.DataFrame, limit: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Each figure as it is printed, and why some are not."""
    kinds, values, persons = frame["kind"], frame["value"], frame["persons"]
    enough = (persons.ge(limit) & (kinds.ne("share") | persons.ge(coarse.SHARE))).to_numpy()
    counted = np.select([kinds == "share", kinds == "count"], [values * frame["of"], values], np.nan)
    counted = np.where(enough, counted, np.nan)
    told = coarse.classes(counted, frame["of"].to_numpy(float))
    gone = coarse.tight(frame, counted, told)
    figures, reasons = [], {}
    for place, one in enumerate(frame.to_dict("records")):
        made: dict[str, Any] = {name: one[name] for name in ("table", "row", "column", "kind")}
        made |= {"value": None, "decimals": 0}
        made |= {"low": None, "high": None} if one["low"] == one["low"] and one["high"] == one["high"] else {}
        reason = "missing" if one["value"] != one["value"] else "" if enough[place] else "small"
        if not reason and np.isfinite(counted[place]):
            reason = "secondary" if place in gone or np.isnan(told[place, 0]) else ""
            made |= {} if reason else _counted(one, told[place], made)
        elif not reason:
            step = coarse.step_for(one["persons"], abs(one["value"]) if one["kind"] == "mean" else 1.0)
            reason = "small" if step != step else ""
            made |= {} if reason else _stepped(one, step, made)
        if reason:
            reasons[name_of(made)] = reason
        figures.append({**made, "hidden": reason not in ("", "missing")})
    return figures, reasons


def _counted(one: Mapping[str, Any], told: Any, made: Mapping[str, Any]) -> dict[str, Any]:
    """A count or share as its class tells it."""
    count = coarse.middle(*told)
    if one["kind"] == "count":
        return {"value": count}
    found = {"value": round(count / one["of"], 2)}
    if "low" not in made:
        return found
    ends = coarse.interval(one["value"], (told[0], told[1]), one["of"], (one["low"], one["high"]))
    return found | dict(zip(("low", "high"), ends, strict=True))


def _stepped(one: Mapping[str, Any], step: float, made: Mapping[str, Any]) -> dict[str, Any]:
    """A mean or score rounded to a step, its interval outwards."""
    decimals = max(0, -math.floor(math.log10(step)))
    steps = {name: round(one[name] / step, 6) for name in ("value", "low", "high") if name in made}
    whole = {name: math.floor(at) if name == "low" else math.ceil(at) if name == "high" else round(at)
             for name, at in steps.items()}  # fmt: skip
    return {"decimals": decimals, **{name: round(at * step, decimals) for name, at in whole.items()}}


def _texts(texts: Texts, figures: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    listed = texts.items() if isinstance(texts, Mapping) else ((str(key), one) for key, one in enumerate(texts))
    found = []
    for key, (template, fields) in listed:
        asked = {name: form for _, name, form, _ in Formatter().parse(template) if name is not None}
        if set(asked) != set(fields) or any(asked.values()):
            raise UsageError("The fields of the text {text!r} are not those that were given.", text=template)
        wrong = [name for name, word in fields.items() if not _may_stand(word, figures)]
        if wrong:
            raise UsageError(
                "The field {field!r} of the text {text!r} is no figure of these statistics (table/row/column), no "
                "word, no year and no day, and a text holds only figures that are let out with it.",
                field=wrong[0],
                text=template,
            )
        found.append({"key": str(key), "template": template, "fields": dict(fields)})
    return found


def _may_stand(word: object, figures: Mapping[str, Mapping[str, Any]]) -> bool:
    if not isinstance(word, str):
        return False
    name, form = split(word)
    if name in figures:
        return form in ("", "of 10") if "low" not in figures[name] else form in ("", *FORMS)
    headings = {one[side] for one in figures.values() for side in ("table", "row", "column")}
    bare = YEAR.sub("", DAY.sub("", word))
    return word in headings or not (re.search(r"\d", bare) or bare.count("/") > 1)
