"""What stands beside a view: caption, alternative text and the table of its figures, in the reader's language."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kommunanalys.compare.units import label, listed
from kommunanalys.figures.marks import FOCUS, MARKED, PEER, Array, Crowd
from kommunanalys.figures.style import Description
from kommunanalys.widgets.prepared import FEW
from kommunanalys.widgets.scene import Scene

if TYPE_CHECKING:
    from kommunanalys.language import Speaker
    from kommunanalys.sources.boundaries import Boundaries

Values = dict[str, Array]


def folded(text: str) -> str:
    """A long heading on two lines.

    Examples
    --------
    >>> folded("short")
    'short'
    """
    return textwrap.fill(text, 92) if len(text) > 92 else text


def outlines(boundaries: Boundaries) -> dict[str, Any]:
    """Outlines by code for matplotlib, made once for each boundaries."""
    if _made.get("of") is not boundaries:
        from matplotlib.path import Path

        _made.update(of=boundaries, paths={code: Path(*boundaries.path(code)) for code in boundaries.rings})
    found: dict[str, Any] = _made["paths"]
    return found


_made: dict[str, Any] = {}


def flag_words(flag: str, say: Speaker) -> str:
    """A flag, or "few", in words.

    Examples
    --------
    >>> from kommunanalys.language import Speaker
    >>> flag_words("secret", Speaker("en"))
    'secret'
    """
    words = {
        "missing": say("not published"),
        "not_applicable": say("not applicable"),
        "secret": say("secret"),
        "rounded": say("rounded"),
        "noisy": say("disturbed to protect persons"),
        "preliminary": say("preliminary"),
        "revised": say("revised"),
        "few": say("fewer than {least} persons behind it", least=FEW),
    }
    return words.get(flag, flag)


def described(scene: Scene) -> Description:
    """Caption, alternative text and figures of a view."""
    if scene.choice.view == "line":
        drawn, name = scene.lines, scene.choice.indicator
        parts = (drawn.crowd, drawn.years, drawn.values)
        told, heard = line_caption(scene, *parts), line_alternative(scene, *parts)
        return Description(told, heard, line_table(scene, *parts), {scene.heading(name): name})
    told, heard = caption(scene, scene.figures), alternative(scene, scene.figures)
    heads = {scene.heading(name): name for name in scene.figures}
    return Description(told, heard, table(scene, scene.figures), heads)


def table(scene: Scene, values: Values) -> pd.DataFrame:
    """The figures of a view of one year, one row for each municipality, from the lowest."""
    say = scene.say
    places: list[int] = np.argsort(next(iter(values.values())), kind="stable").tolist()
    columns: dict[str, Any] = {say("Code"): [scene.crowd.codes[place] for place in places]}
    for name, own in values.items():
        columns[scene.heading(name)] = own[places]
        if scene.choice.view == "ranking":
            columns |= _ends(scene, name, places)
        behind = scene.behind(name)
        if behind is not None:
            columns[say("Persons behind {indicator}, about", indicator=scene.title(name))] = behind[places].round()
    columns[say("Remark")] = [_remark(scene, place, bool(scene.there[place])) for place in places]
    called = pd.Index([scene.crowd.names[place] for place in places], name=say("Municipality"))
    return _kept(pd.DataFrame(columns, index=called), scene)


def _ends(scene: Scene, name: str, places: list[int]) -> dict[str, Array]:
    ends = scene.ends(name)
    if ends is None:
        return {}
    heads = (scene.say("Lower end of the interval"), scene.say("Upper end of the interval"))
    return {head: end[places] for head, end in zip(heads, ends, strict=True)}


def _remark(scene: Scene, place: int, there: bool) -> str:
    code = scene.crowd.codes[place]
    if not there:
        return flag_words(scene.absent(code), scene.say)
    return "; ".join(flag_words(flag, scene.say) for flag in scene.care(code)) if scene.crowd.hollow[place] else ""


def _kept(frame: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    frame.attrs["origin"] = list(scene.ready.panel.attrs.get("origin", []))
    return frame


def caption(scene: Scene, values: Values) -> str:
    """What a view of one year shows, and what must be known to read it."""
    say, own = scene.say, next(iter(values.values()))
    there = scene.there
    shown = {
        "indicator": say.names(scene.heading(name) for name in values),
        "year": scene.year,
        "place": label(scene.focus, say.language),
        "count": say.number(int(there.sum())),
    }
    parts = [say("{indicator}, {year}: {place} among {count} municipalities.", **shown)]
    parts += _roles(scene) if scene.choice.view != "map" else [_map_key(scene)]
    if scene.choice.view == "ranking":
        parts.append(_interval_words(scene, next(iter(values)), own))
    parts += _care_words(scene, there)
    parts += _absent_words(scene, there)
    parts.append(apart_names(scene))
    return " ".join(part for part in parts if part)


def _roles(scene: Scene) -> list[str]:
    say, roles = scene.say, scene.crowd.roles
    parts = [say("The dotted lines are medians.") if scene.choice.view == "scatter" else say("Dotted: the median.")]
    if (roles == PEER).any():
        parts.append(say("Squares are the peers."))
    if (roles == MARKED).any():
        parts.append(say("Triangles are marked municipalities."))
    return parts


def _map_key(scene: Scene) -> str:
    return scene.say(
        "Five classes with about equally many municipalities each. Borders: thick for {place}, dark for marked "
        "municipalities, dashed for peers.",
        place=label(scene.focus, scene.say.language),
    )


def _interval_words(scene: Scene, name: str, own: Array) -> str:
    say, ends = scene.say, scene.ends(name)
    if ends is None or not np.isfinite(ends[0][np.isfinite(own)]).any():
        return say("No interval is known for this figure.")
    if scene.ready.own_interval(name):
        return say("The upright lines are the intervals of the source.")
    return say(
        "The upright lines are 95 % intervals of what chance does to a share of so few persons, about {part} of the "
        "pupils known.",
        part=say("a tenth") if name.startswith("compulsory") else say("a third"),
    )


def _care_words(scene: Scene, there: Any) -> list[str]:
    by: dict[str, list[str]] = {}
    for place in np.flatnonzero(scene.crowd.hollow & there).tolist():
        for flag in scene.care(scene.crowd.codes[place]):
            by.setdefault(flag, []).append(scene.crowd.codes[place])
    if not by:
        return []
    say = scene.say
    told = "; ".join(f"{flag_words(flag, say)}: {listed(_first(codes, scene), say)}" for flag, codes in by.items())
    if scene.choice.view == "map":
        return [say("To be read with care: {which}.", which=told)]
    return [say("Hollow marks are to be read with care: {which}.", which=told)]


def absent_names(scene: Scene) -> str:
    """Those of the focus and the marked that have no figure, and why; "" where all have one."""
    say = scene.say
    named = [place for place in scene.crowd.named()[::-1] if not scene.there[place]]
    told = [
        f"{scene.crowd.names[place]} ({flag_words(scene.absent(scene.crowd.codes[place]), say)})" for place in named
    ]
    return say("Without a figure: {which}.", which="; ".join(told)) if told else ""


def apart_names(scene: Scene) -> str:
    """The peers and the marked that are not compared; "" where all are."""
    told = listed(scene.apart, scene.say) if scene.apart else ""
    return scene.say("Not compared: {which} (another country, or Åland).", which=told) if told else ""


def _absent_words(scene: Scene, there: Any) -> list[str]:
    by: dict[str, list[str]] = {}
    for place in np.flatnonzero(~there).tolist():
        code = scene.crowd.codes[place]
        by.setdefault(scene.absent(code), []).append(code)
    say = scene.say
    told = "; ".join(f"{flag_words(flag, say)}: {listed(_first(codes, scene), say)}" for flag, codes in by.items())
    return [say("Without a figure: {which}.", which=told)] if told else []


def _first(codes: list[str], scene: Scene) -> list[str]:
    """The focus and the marked first: a long list ends with how many others there are."""
    role = dict(zip(scene.crowd.codes, scene.crowd.roles, strict=True))
    return sorted(codes, key=lambda code: -int(role[code]))


def alternative(scene: Scene, values: Values) -> str:
    """The message of a view of one year for a reader who cannot see it."""
    say = scene.say
    kinds = {
        "ranking": say("Ranking."),
        "scatter": say("Scatter."),
        "distribution": say("Distribution."),
        "map": say("Map."),
    }
    parts = [kinds[scene.choice.view], *(_place_words(scene, name, own) for name, own in values.items())]
    if len(values) == 2:
        parts.append(_together(scene, *values.values()))
    return " ".join(parts)


def _place_words(scene: Scene, name: str, own: Array) -> str:
    say, decimals = scene.say, scene.decimals(name, own)
    known, mine = own[np.isfinite(own)], float(own[scene.crowd.codes.index(scene.focus)])
    shown = {
        "indicator": scene.heading(name),
        "place": label(scene.focus, say.language),
        "year": scene.year,
        "count": say.number(len(known)),
    }
    if mine != mine:
        why = flag_words(scene.absent(scene.focus), say)
        return say("{indicator}, {year}: {place} has no figure ({why}); {count} others have one.", why=why, **shown)
    return say(
        "{indicator}, {year}: {place} {value}, number {rank} of {count} from the lowest; median {median}, from "
        "{lowest} to {highest}.",
        value=say.number(mine, decimals),
        rank=say.number(int((known < mine).sum()) + 1),
        median=say.number(float(np.median(known)), decimals),
        lowest=say.number(float(known.min()), decimals),
        highest=say.number(float(known.max()), decimals),
        **shown,
    )


def _together(scene: Scene, x: Array, y: Array) -> str:
    both = np.isfinite(x + y)
    if both.sum() < 3:
        return ""
    correlation = float(pd.Series(x[both]).rank().corr(pd.Series(y[both]).rank()))
    return scene.say(
        "Rank correlation {value}: which one causes the other, if any, the picture does not tell.",
        value=scene.say.number(correlation, 2),
    )


def line_table(scene: Scene, crowd: Crowd, years: Array, values: Array) -> pd.DataFrame:
    """The figures of a line, one row for each municipality and year."""
    say, name = scene.say, scene.choice.indicator
    order: list[int] = np.argsort(-crowd.roles, kind="stable").tolist()
    codes = [crowd.codes[place] for place in order for _ in years]
    remarks = [
        _line_remark(scene, crowd.codes[place], int(year), value)
        for place in order
        for year, value in zip(years, values[place], strict=True)
    ]
    columns = {
        say("Code"): codes,
        say("Year"): np.tile(years, len(order)),
        scene.heading(name): values[order].ravel(),
        say("Remark"): remarks,
    }
    called = pd.Index([crowd.names[place] for place in order for _ in years], name=say("Municipality"))
    return _kept(pd.DataFrame(columns, index=called), scene)


def _line_remark(scene: Scene, code: str, year: int, value: float) -> str:
    if value != value:
        flag = scene.ready.flag(scene.choice.indicator, code, year) or "missing"
        return flag_words(flag, scene.say)
    return "; ".join(flag_words(flag, scene.say) for flag in scene.care_in(code, year))


def line_caption(scene: Scene, crowd: Crowd, years: Array, values: Array) -> str:
    """What a line shows, what its band is, where the counting changed, and what is marked in the data."""
    say = scene.say
    parts = [
        say(
            "{indicator}, {first}–{last}: {place}.",
            indicator=scene.heading(scene.choice.indicator),
            first=years[0],
            last=years[-1],
            place=listed([crowd.codes[place] for place in crowd.named()[::-1]], say),
        )
    ]
    if scene.lines.whose == "peers":
        parts.append(say("The band holds the middle half of the peers."))
    elif np.isfinite(scene.lines.band[0]).any():
        parts.append(say("The band holds the middle half of all municipalities."))
    if (crowd.roles == PEER).any():
        parts.append(say("Dashed lines are the peers."))
    if scene.in_money(scene.choice.indicator):
        parts.append(say("In current prices: inflation is part of the change."))
    parts += [
        say("Counted in another way from {year}: {what}", year=gap.year, what=gap.text[say.language])
        for gap in scene.gaps
        if years[0] < gap.year <= years[-1]
    ]
    if scene.lines.hollow[crowd.roles >= MARKED].any():
        parts.append(say("Hollow points are to be read with care."))
    if np.isnan(values[crowd.roles == FOCUS]).any():
        parts.append(say("Crosses: years without a figure for {place}.", place=label(scene.focus, say.language)))
    return " ".join([*parts, *_line_remarks(scene, crowd, years, values), *filter(None, [apart_names(scene)])])


def _line_remarks(scene: Scene, crowd: Crowd, years: Array, values: Array) -> list[str]:
    """Years of the focus and the marked that lack a figure or are to be read with care."""
    lines: list[str] = []
    for place in crowd.named()[::-1]:
        by: dict[str, list[str]] = {}
        for year, value in zip(years, values[place], strict=True):
            remark = _line_remark(scene, crowd.codes[place], int(year), value)
            if remark:
                by.setdefault(remark, []).append(str(year))
        told = "; ".join(f"{remark}: {_spans(found)}" for remark, found in by.items())
        if told:
            lines.append(f"{crowd.names[place]}: {told}.")
    return lines


def _spans(years: list[str]) -> str:
    """Years in a row as first–last."""
    spans: list[list[int]] = []
    for year in map(int, years):
        if spans and year == spans[-1][-1] + 1:
            spans[-1][-1] = year
        else:
            spans.append([year, year])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)


def line_alternative(scene: Scene, crowd: Crowd, years: Array, values: Array) -> str:
    """From where to where the line of the focus goes, and between which figures."""
    say, own = scene.say, values[int(np.flatnonzero(crowd.roles == FOCUS)[0])]
    there = np.isfinite(own)
    shown = {"indicator": scene.heading(scene.choice.indicator), "place": label(scene.focus, say.language)}
    if not there.any():
        return say("Line chart. {indicator}: {place} has no figure in these years.", **shown)
    decimals = scene.decimals(scene.choice.indicator, values)
    numbers = {
        "start": own[there][0],
        "end": own[there][-1],
        "lowest": own[there].min(),
        "highest": own[there].max(),
    }
    return say(
        "Line chart. {indicator} in {place}: {start} in {first} and {end} in {last}; the lowest is {lowest}, the "
        "highest {highest}.",
        first=years[there][0],
        last=years[there][-1],
        **{key: say.number(float(number), decimals) for key, number in numbers.items()},
        **shown,
    )
