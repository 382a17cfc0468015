"""The start page of an output folder, in three languages: find a report, see what failed and what has changed.

Everything is read from the run records; a record that cannot be read is told of. Nothing is loaded from elsewhere,
and without its script the page still holds the whole list.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kommunanalys.errors import KommunanalysError
from kommunanalys.language import LANGUAGES, Speaker
from kommunanalys.municipalities import find
from kommunanalys.origin import now
from kommunanalys.reporting.folder import recover, reports_folder, write_beside
from kommunanalys.reporting.found import BROKEN, Entry, Found, changes, find_reports, memory
from kommunanalys.reporting.html import TEMPLATE, shown_value
from kommunanalys.reporting.outcome import status_words
from kommunanalys.reporting.parameters import find_notebook, read_notebook
from kommunanalys.reporting.record import CHOICE, MEMORY, PAGE

CONTACT = "KOMMUNANALYS_CONTACT"
OWN = ("municipality", "year", "language")
"""Parameters that have a place of their own on the page."""

LAST = "\U0010ffff"
HEAD = 40_000
"""Signs at the beginning of a page within which its heading stands."""


@dataclass(frozen=True)
class Line:
    """A report as the page shows it; `words` are by part of the line."""

    entry: Entry
    title: str
    words: Mapping[str, str]
    page: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Place:
    """A municipality, or "" for reports on none, and its reports."""

    key: str
    name: str
    lines: tuple[Line, ...]


def build_index(output: Path) -> list[Path]:
    """Write the start pages of an output folder; what stood there is replaced whole.

    Parameters
    ----------
    output
        Folder of reports.

    Returns
    -------
    list of Path
        `index.html` (the choice of language), one page for each language, and `index.json`, from which the next
        index sees what has changed.

    Raises
    ------
    UsageError
        There is no such folder.
    OutputError
        A page could not be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in build_index(Path(folder))]
    ['index.sv.html', 'index.fi.html', 'index.en.html', 'index.html', 'index.json']
    """
    recover(reports_folder(output))
    found = find_reports(output)
    remembered = _remembered(output / MEMORY, found)
    voices = [Speaker(language) for language in LANGUAGES]
    pages = {f"index.{say.language}.html": _page(output, found, remembered, say) for say in voices}
    pages[CHOICE] = _template("start.choice.html.j2").render(_frame(), voices=voices)
    pages[MEMORY] = json.dumps(remembered, indent=1, ensure_ascii=False) + "\n"
    for name, text in pages.items():
        # Not by way of a file that only its owner may read: a web server shows these.
        write_beside(output / name, text.encode("utf-8", errors="replace"), output)
    return [output / name for name in pages]


def _remembered(path: Path, found: Found) -> dict[str, Any]:
    """What the next index compares with, and what has changed since the last one that differed."""
    reports = memory(found.entries)
    try:
        last = json.loads(path.read_text(encoding="utf-8"))
        told = changes(last["reports"], reports)
        gone = {folder: last["reports"][folder] for folder in told.get("gone", [])}
        news = {"made": now(), "since": last["made"], "changes": told, "gone": gone} if told else last
        return _checked({**news, "reports": reports})
    except BROKEN:
        return {"made": now(), "since": "", "changes": {}, "gone": {}, "reports": reports}


def _checked(remembered: dict[str, Any]) -> dict[str, Any]:
    """The memory itself; raises where the page could not be made of it."""
    datetime.fromisoformat(remembered["since"] or remembered["made"])
    known = {**remembered["reports"], **remembered["gone"]}
    for folder in [folder for folders in remembered["changes"].values() for folder in folders]:
        if not all(isinstance(known[folder][name], str) for name in ("notebook", "municipality", "year", "language")):
            raise TypeError(folder)
    return remembered


def _page(output: Path, found: Found, remembered: Mapping[str, Any], say: Speaker) -> str:
    notebooks = {entry.notebook for entry in found.entries}
    titles = {notebook: _title(output, notebook, found.entries, say) for notebook in notebooks}
    places = _places(found.entries, titles, say)
    total = len(found.entries)
    page = _template("start.html.j2").render(
        _frame(),
        say=say,
        languages=LANGUAGES,
        places=places,
        total=total,
        count=say("{shown} of {total} reports are shown.", shown=total, total=total),
        count_pattern=say("{shown} of {total} reports are shown.", shown="{shown}", total=total),
        filters=_filters(found.entries, places, say),
        changed=_changed(remembered, titles, say),
        unreadable=[(name, _why(reason, say)) for name, reason in sorted(found.unreadable.items())],
        contact=os.environ.get(CONTACT, "").strip(),
        moment=_moment(datetime.fromisoformat(now()), say),
    )
    return str(page)


def _frame() -> dict[str, str]:
    parts = {name: (TEMPLATE / f"start.{name}").read_text(encoding="utf-8") for name in ("css", "js")}
    hashes = {f"{name}_hash": _hash(text) for name, text in parts.items()}
    return {**parts, **hashes}


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(TEMPLATE)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(name)


def _title(output: Path, notebook: str, entries: Iterable[Entry], say: Speaker) -> str:
    """The notebook's question: from a page in the language, from the library, from any page, or its name."""
    pages = [entry for entry in entries if entry.notebook == notebook and PAGE in entry.files]
    same = [entry for entry in pages if entry.language == say.language]
    tried = (*(_heading(output, entry) for entry in same[:1]), _question(notebook, say))
    return next(filter(None, (*tried, *(_heading(output, entry) for entry in pages[:1]))), notebook)


def _heading(output: Path, entry: Entry) -> str:
    try:
        with (output / entry.folder / PAGE).open(encoding="utf-8", errors="replace") as file:
            found = re.search(r"<h1[^>]*>(.*?)</h1>", file.read(HEAD), re.DOTALL)
    except OSError:
        return ""
    return html.unescape(re.sub(r"<[^>]*>", "", found[1])).strip() if found else ""


def _question(notebook: str, say: Speaker) -> str:
    try:
        cells = read_notebook(find_notebook(notebook)).cells
    except (KommunanalysError, OSError, ValueError):  # a remembered name that no file can have
        return ""
    texts = [say(cell.source) for cell in cells if cell.cell_type == "markdown"]
    return next((line[2:].strip() for text in texts for line in text.splitlines() if line.startswith("# ")), "")


def _places(entries: Iterable[Entry], titles: Mapping[str, str], say: Speaker) -> list[Place]:
    """Reports by municipality, in the order of the alphabet; those on none come last."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(_code(entry.municipality), []).append(entry)
    order = (say.language, *(language for language in LANGUAGES if language != say.language))
    places = []
    for key, group in groups.items():
        group.sort(
            key=lambda entry: (titles[entry.notebook], entry.folder.rsplit("_", 1)[0], order.index(entry.language))
        )
        lines = tuple(_line(entry, titles[entry.notebook], say) for entry in group)
        places.append(Place(key, _name(key, say) or say("Reports on no single municipality"), lines))
    return sorted(places, key=lambda place: (not place.key, _alphabet(place.name)))


def _code(text: str) -> str:
    try:
        return find(text).code if text else ""
    except KommunanalysError:
        return text


def _name(text: str, say: Speaker) -> str:
    try:
        known = find(text) if text else None
    except KommunanalysError:
        return shown_value(text, say)
    if known is None:
        return ""
    name = f"{known.name(say.language)} ({known.code})"
    return f"{name}, {say('fictive')}" if known.fictive else name


def _alphabet(name: str) -> str:
    # Å, ä and ö end the alphabet in Swedish and in Finnish; the signs after z stand in for them.
    return name.casefold().translate(str.maketrans("åäö", "{|}")) or LAST


def _line(entry: Entry, title: str, say: Speaker) -> Line:
    others = {name: value for name, value in entry.parameters.items() if name not in OWN and value is not None}
    words = {
        "year": entry.year or say("latest year"),
        "others": ", ".join(f"{name}: {_value(value, say)}" for name, value in others.items()),
        "language": _language(entry.language, say),
        "status": status_words(say)[entry.status],
        "later": _later(entry, say),
        "reason": entry.reason,
        "made": _moment(entry.made, say),
    }
    kinds = {"report.xlsx": say("Spreadsheet"), "report.docx": say("Word document")}
    links = tuple((kinds[name], _link(entry.folder, name)) for name in entry.files if name in kinds)
    return Line(entry, title, words, _link(entry.folder, PAGE), links)


def _value(value: object, say: Speaker) -> str:
    items = value if isinstance(value, list) else [value]
    return " ".join(
        say("yes") if item is True else say("no") if item is False else shown_value(item, say) for item in items
    )


def _later(entry: Entry, say: Speaker) -> str:
    if not entry.later:
        return ""
    return say("A later run gave no new report: {status}.", status=status_words(say)[entry.later].lower())


def _language(language: str, say: Speaker) -> str:
    return {"sv": say("Swedish"), "fi": say("Finnish"), "en": say("English")}[language]


def _moment(moment: datetime, say: Speaker) -> str:
    return f"{say.date(moment)} {moment:%H:%M} UTC"


def _link(folder: str, name: str) -> str:
    return "/".join(quote(part, safe="") for part in (*folder.split("/"), name))


def _filters(entries: Iterable[Entry], places: Iterable[Place], say: Speaker) -> list[dict[str, Any]]:
    """What the list can be narrowed by: name, label and choices of each."""
    entries = list(entries)
    years = sorted({entry.year for entry in entries if entry.year}, reverse=True)
    latest = [("-", say("latest year"))] if any(not entry.year for entry in entries) else []
    used = {status for entry in entries for status in entry.statuses}
    languages, words = {entry.language for entry in entries}, status_words(say)
    return [
        {
            "name": "place",
            "label": say("Municipality"),
            "choices": [(place.key or "-", place.name) for place in places],
        },
        {"name": "year", "label": say("Year"), "choices": [*latest, *((year, year) for year in years)]},
        {"name": "status", "label": say("Status"), "choices": [(s, words[s]) for s in words if s in used]},
        {
            "name": "language",
            "label": say("Language"),
            "choices": [(item, _language(item, say)) for item in LANGUAGES if item in languages],
        },
    ]


def _changed(remembered: Mapping[str, Any], titles: Mapping[str, str], say: Speaker) -> dict[str, Any]:
    """What the page tells of changes: an introduction, and for each kind its name and its reports."""
    if not remembered["since"]:
        return {
            "intro": say("This is the first index of the folder. The next one tells what has changed."),
            "kinds": [],
        }
    since = _moment(datetime.fromisoformat(remembered["since"]), say)
    known = {**remembered["reports"], **remembered["gone"]}
    names = {
        "new": say("New"),
        "changed": say("Made from other data, settings or versions"),
        "failed": say("Now without a new report"),
        "mended": say("Well again"),
        "again": say("Made again from the same data"),
        "gone": say("Gone"),
    }
    kinds = [
        (names[kind], len(folders), [_label(known[folder], titles, say) for folder in folders])
        for kind, folders in remembered["changes"].items()
    ]
    return {"intro": say("Compared with the index of {since}.", since=since), "kinds": kinds}


def _label(item: Mapping[str, str], titles: Mapping[str, str], say: Speaker) -> str:
    title = titles.get(item["notebook"]) or _question(item["notebook"], say) or item["notebook"]
    parts = (_name(_code(item["municipality"]), say), item["year"], title, _language(item["language"], say))
    return ", ".join(filter(None, parts))


def _why(reason: str, say: Speaker) -> str:
    if reason == "FileNotFoundError":
        return say("the record tells of a report whose page is not there")
    return say("this is no record of a run that can be read ({reason})", reason=reason)
