"""Looking through a watchlist or a permit in JupyterLab without leaving anything of it in the saved notebook.

JupyterLab saves a cell's outputs, and the state of its widgets where it is set to. So what is looked at never becomes
either: it goes to the browser as messages, which nothing keeps, and is drawn there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from kommunanalys.errors import UsageError
from kommunanalys.language import LANGUAGES, NAMES, Speaker, check_language, current
from kommunanalys.secrecy.domains import called
from kommunanalys.secrecy.frame import local_day
from kommunanalys.secrecy.permit import Permit

FIRST = ("rank", "risk", "risk_low", "risk_high", "reasons", "firm", "tie")
"""Columns of a watchlist in the order in which they are read."""
SHARES = ("risk", "risk_low", "risk_high", "firm")


class Look(anywidget.AnyWidget):  # type: ignore[misc]
    """A view whose contents live in the kernel and in the browser's page only.

    Parameters
    ----------
    page
        Makes the page that a view asks for, from the view's wish and a Speaker.
    language
        "sv", "fi" or "en".
    """

    _esm = Path(__file__).with_name("private_tables.js")
    _css = Path(__file__).with_name("fields.css")
    note = traitlets.Unicode().tag(sync=True)

    def __init__(self, page: Callable[[Mapping[str, str], Speaker], dict[str, Any]], language: str) -> None:
        # The only text that is saved; it is what a reader of the saved notebook sees.
        super().__init__(note=Speaker(language)("What is looked at here is not saved. Run the cell to look again."))
        self._page, self._language = page, language
        self.on_msg(self._asked)

    def _asked(self, _: object, wish: Mapping[str, Any], __: object) -> None:
        wanted = {name: text for name, text in wish.items() if isinstance(text, str)}
        language = wanted.get("language", self._language)
        say = Speaker(language if language in LANGUAGES else self._language)
        page = self._page(wanted, say)
        languages = _choice(say("Language"), NAMES.items(), say.language)
        choices = {"language": languages, **page.pop("choices", {})}
        self.send({**page, "view": wanted.get("view", ""), "language": say.language, "choices": choices})

    def __repr__(self) -> str:
        """Says nothing of what is looked at: this text is saved."""
        return "Look(…)"


def look(thing: object, *, language: str | None = None) -> Look:
    """Look through a watchlist, one place at a time, or through a permit; a saved notebook holds nothing of it.

    Parameters
    ----------
    thing
        A watchlist of `early_warning`, or a `secrecy.Permit`.
    language
        "sv", "fi" or "en"; None for the session's. It can be changed in the view.

    Returns
    -------
    Look
        Shows itself in JupyterLab. `to_frame()` of the thing itself would be saved with the notebook if it were shown.

    Raises
    ------
    UsageError
        Neither of the two, or an unknown language.

    Examples
    --------
    >>> look(pd.DataFrame({"person": ["p1"]}))
    Traceback (most recent call last):
    ...
    kommunanalys.errors.UsageError: DataFrame cannot be looked through here. Give a watchlist or a permit.
    """
    spoken = check_language(language or current())
    if isinstance(thing, Permit):
        return Look(lambda _, say: permit_page(thing, say), spoken)
    if all(hasattr(thing, name) for name in ("frame", "places", "summary")):
        return Look(lambda wish, say: watchlist_page(thing, wish, say), spoken)
    raise UsageError("{kind} cannot be looked through here. Give a watchlist or a permit.", kind=type(thing).__name__)


def watchlist_page(found: Any, wish: Mapping[str, str], say: Speaker) -> dict[str, Any]:
    """One place of a watchlist: what is known of the list, and its rows.

    Parameters
    ----------
    found
        A watchlist: `frame`, `places` (index: the places) and `summary(language)`.
    wish
        `place`: the number of the place, as text.
    say
        Speaker of the view's language.
    """
    places = list(found.places.index)
    asked = wish.get("place", "0")
    number = int(asked) if asked.isdecimal() and int(asked) < len(places) else 0
    rows, per = _of_place(found.frame, found.places.index.name, places, number)
    names = [say("(not known)") if pd.isna(place) else str(place) or say("All") for place in places]
    options = [(str(at), name) for at, name in enumerate(names)]
    return {
        "texts": [found.summary(say.language)],
        "choices": {"place": _choice(say("Place"), options, str(number))} if len(places) > 1 else {},
        "tables": [_table(rows, per, names[number], say)],
    }


def permit_page(permit: Permit, say: Speaker, today: date | None = None) -> dict[str, Any]:
    """What a permit allows, of which columns, of whom, and for how long yet.

    Examples
    --------
    >>> permit = Permit("fz", "Early support", "Act", ("school", "social_services"), {"school": ("grade",)}, "Grade 7",
    ...                 {}, date(2026, 8, 1), date(2026, 12, 1), "§ 45", "A. Example")
    >>> permit_page(permit, Speaker("en"), today=date(2026, 11, 22))["tables"][0]["rows"][0]
    ['Days left', '9']
    """
    rows = [
        [say("Days left"), _days(permit, today or local_day(), say)],
        [say("Valid"), f"{say.date(permit.valid_from)} – {say.date(permit.valid_until)}"],
        [say("Purpose"), permit.purpose],
        [say("Legal basis"), permit.legal_basis],
        [say("Population"), permit.population],
        [say("Decision"), permit.decision],
        [say("Signed by"), permit.signed_by],
    ]
    columns = [
        [called(name, say), say.names(permit.columns.get(name, ())) or say("the identity only"), _only(permit, name)]
        for name in permit.domains
    ]
    heads = [say("Domain"), say("Columns that may be taken"), say("Only those with")]
    return {
        "texts": [],
        "tables": [
            {"caption": say("Permit {permit}", permit=permit.id), "head": [say("What"), say("Decided")], "rows": rows},
            {"caption": say("What it allows of each domain"), "head": heads, "rows": columns},
        ],
    }


def _days(permit: Permit, today: date, say: Speaker) -> str:
    if today < permit.valid_from:
        return say("Not valid yet")
    left = (permit.valid_until - today).days
    return say("None: it has ended") if left < 0 else say.number(left)


def _only(permit: Permit, name: str) -> str:
    conditions = permit.only.get(name, {})
    return "; ".join(f"{column}: {', '.join(values)}" for column, values in conditions.items()) or "–"


def _choice(label: str, options: Iterable[tuple[str, str]], chosen: str) -> dict[str, Any]:
    return {"label": label, "options": [list(option) for option in options], "chosen": chosen}


def _of_place(frame: pd.DataFrame, per: Any, places: list[Any], number: int) -> tuple[pd.DataFrame, str]:
    """Rows of one place, and the place's column; all rows of a list that has no places."""
    if per not in frame.columns:
        return frame, ""
    named = [place for place in places if not pd.isna(place)]
    place = places[number]
    within = ~frame[per].isin(named) if pd.isna(place) else frame[per] == place
    return frame[within], str(per)


def _table(rows: pd.DataFrame, per: str, caption: str, say: Speaker) -> dict[str, Any]:
    known = [name for name in FIRST if name in rows.columns]
    names = [*known, *(name for name in rows.columns if name not in (*FIRST, per))]
    words = {
        "rank": say("Place on the list"),
        "risk": say("Risk"),
        "risk_low": say("Risk, at least"),
        "risk_high": say("Risk, at most"),
        "reasons": say("Reasons"),
        "firm": say("Would be listed again"),
        "tie": say("Shares its risk with somebody not listed"),
    }
    body = [
        [_index(unit), *(_cell(name, row[name], say) for name in names)]
        for unit, row in zip(rows.index, rows.to_dict("records"), strict=True)
    ]
    return {"caption": caption, "head": [say("Person"), *(words.get(name, str(name)) for name in names)], "rows": body}


def _index(unit: Any) -> str:
    return " · ".join(map(str, unit)) if isinstance(unit, tuple) else str(unit)


def _cell(name: str, value: Any, say: Speaker) -> str:
    """A cell as text in the reader's language; missing is a dash and never 0."""
    if name == "tie":
        return say("Yes") if value else say("No")
    if name == "reasons":
        return _reasons(value if isinstance(value, list | tuple) else (value,), say)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if pd.isna(value):
        return "–"
    if name in SHARES:
        return say.percent(100 * float(value))
    return say.number(value, 0 if float(value).is_integer() else 2) if _is_number(value) else str(value)


def _reasons(reasons: Iterable[Any], say: Speaker) -> str:
    """What raises the risk; nobody could act on what lowers it."""
    raising = [one for one in reasons if getattr(one, "direction", "raises") == "raises"]
    told = [str(one.say(say)) if hasattr(one, "say") else one for one in raising]
    told = [one for one in told if isinstance(one, str) and one.strip()]
    return "\n".join(told) or say("No single value stands out as going with a higher risk.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
