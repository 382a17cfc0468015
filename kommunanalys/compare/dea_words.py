"""What the scores of `DEA` say, in words and in a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kommunanalys.compare.requirements import ON_FRONTIER
from kommunanalys.compare.units import label, listed, mark, speaker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kommunanalys.compare.dea import DEA
    from kommunanalys.language import Speaker


def overview(dea: DEA, say: Speaker) -> str:
    """How many are on the frontier, and the middle of the scores.

    Examples
    --------
    >>> from kommunanalys.compare import DEA
    >>> from kommunanalys.language import Speaker
    >>> overview(DEA().fit([[1.0], [2.0]], [[1.0], [1.0]]), Speaker("en"))
    'On the frontier: 1 of 2. Half of the scores are 0.75 or lower.'
    """
    frame = dea.to_frame()
    known = frame["efficiency"][np.isfinite(frame["efficiency"])]
    return say(
        "On the frontier: {efficient} of {units}. Half of the scores are {median} or lower.",
        efficient=say.number(int(frame["efficient"].sum())),
        units=say.number(len(frame)),
        median=say.number(known.median(), 2),
    )


def about(dea: DEA, position: int, say: Speaker) -> str:
    """The score of the unit in one row, with whom it is compared, and what that does not mean.

    Examples
    --------
    >>> from kommunanalys.compare import DEA
    >>> from kommunanalys.language import Speaker
    >>> about(DEA().fit([[1.0], [2.0]], [[1.0], [1.0]]), 1, Speaker("en")).split(",")[0]
    '1 has the score 0.50'
    """
    key, score = dea.efficiency_.index[position], dea.efficiency_.iloc[position]
    name = label(key, say.language)
    if not 0 < score < np.inf:
        return say("{name} has no output at all, so that no distance to the frontier can be told.", name=name)
    if dea.unsurpassed(ON_FRONTIER)[position]:
        return say(
            "{name} is on the frontier: no mix of the others does better on these figures. "
            "That is no proof that nothing can be done better.",
            name=name,
        )
    peers = dea.peers_.loc[(dea.peers_["unit"] == key) & (dea.peers_["peer"] != key), "peer"]
    return say(
        "{name} has the score {score}, where 1 is on the frontier, and is compared with {peers}. The score is a "
        "distance on the figures chosen, not waste: what the figures leave out is part of it.",
        name=name,
        score=say.number(score, 2),
        peers=listed(peers, say),
    )


def figure(dea: DEA, position: int | None, ax: Axes | None, language: str) -> Axes:
    """All scores from the lowest to the highest; the unit in one row and its peers marked.

    Examples
    --------
    >>> from kommunanalys.compare import DEA
    >>> figure(DEA().fit([[1.0], [2.0]], [[1.0], [1.0]]), 1, None, "en").get_ylabel()
    'Efficiency score'
    """
    from kommunanalys.figures import PALETTE, describe, new_axes
    from kommunanalys.figures.charts import localise

    scores = dea.efficiency_.sort_values(kind="stable")
    key = None if position is None else dea.efficiency_.index[position]
    peers = scores.index.isin(dea.peers_.loc[dea.peers_["unit"] == key, "peer"])
    say = speaker(scores.index[0] if key is None else key, language)
    places = np.arange(1, len(scores) + 1)
    ax = new_axes(ax)
    ax.axhline(1.0, color=PALETTE["line"], linewidth=1, linestyle=":")
    for those, colour, size in ((~peers, "others", 14), (peers, "peers", 34), (scores.index == key, "focus", 70)):
        ax.scatter(places[those], scores[those], s=size, color=PALETTE[colour], linewidths=0, zorder=3)
    if key is not None:
        place = int(np.flatnonzero(scores.index == key)[0])
        mark(ax, label(key, language), places[place], scores.iloc[place])
    localise(ax, say, decimals=2)
    ax.set_xlabel(say("Place, from the lowest score"))
    ax.set_ylabel(say("Efficiency score"))
    data = pd.DataFrame({say("Unit"): [label(item, language) for item in scores.index]})
    data[say("Efficiency score")] = scores.to_numpy()
    caption = say("Efficiency scores, lowest first; 1 is on the frontier.")
    return describe(ax, caption=caption, alternative=dea.summary(language, key), data=data)
