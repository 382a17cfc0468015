"""A table that may be let out: masked figures, why each hidden one is hidden, and the paragraph to print below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kommunanalys.language import LANGUAGES, Speaker
from kommunanalys.secrecy.cube import UNKNOWN, Key, Shape
from kommunanalys.secrecy.joint import Printed
from kommunanalys.secrecy.rules import explain

Array = NDArray[np.float64]

HIDDEN = ".."
"""How a hidden figure is printed; the reason is not, for it would tell small from large."""


@dataclass(frozen=True, eq=False)
class Release:
    """A table that may be let out.

    Parameters
    ----------
    told
        The table as outsiders see it.
    figures
        What is printed, NaN where hidden. Shape (entries,).
    reasons
        Place and reason of every hidden entry. For the municipality itself: never print it beside the table.
    method
        "suppress" or "round".
    threshold
        The fewest persons that an entry may tell of.
    language
        Language of `table`.
    """

    told: Printed
    figures: Array
    reasons: tuple[tuple[int, str], ...]
    method: str
    threshold: int
    language: str

    @property
    def id(self) -> str:
        """Release id: a hash of what is printed."""
        return self.told.id

    @property
    def table(self) -> pd.DataFrame:
        """The figures with all margins, hidden ones NaN: rows and columns as asked, totals last."""
        return self._wide(self.figures, self.language)

    @property
    def protocol(self) -> pd.DataFrame:
        """What was hidden and why, in Swedish, Finnish and English; never how many. For the municipality itself."""
        shape, say = self.told.shape, Speaker(self.language)
        records = [
            {**_named(shape, shape.keys[place], say), "reason": reason}
            | {language: explain(reason, language) for language in LANGUAGES}
            for place, reason in self.reasons
        ]
        return pd.DataFrame(records, columns=[*shape.names, "reason", *LANGUAGES])

    def to_frame(self) -> pd.DataFrame:
        """Long: one row for each figure with its `value`, `flag` ("secret", "rounded" or "") and `release`."""
        shape, say = self.told.shape, Speaker(self.language)
        table = pd.DataFrame([_named(shape, key, say) for key in shape.keys], columns=list(shape.names))
        rounded = (self.figures > 0) if self.method == "round" else np.zeros(len(self.figures), bool)
        table["value"] = self.figures
        table["flag"] = np.select([self.told.hidden, rounded], ["secret", "rounded"], "")
        table["release"] = self.id
        return table

    def printed(self, language: str | None = None) -> pd.DataFrame:
        """The table as text: hidden figures as "..", rounded ones with "≈"."""
        say = Speaker(language or self.language)
        mark = "≈ " if self.method == "round" else ""
        texts = [
            HIDDEN if value != value else (mark if value else "") + say.number(value, 0 if value == round(value) else 2)
            for value in self.figures.tolist()
        ]
        return self._wide(np.array(texts, dtype=object), say.language)

    def percentages(self, language: str | None = None) -> pd.DataFrame:
        """Percentages of each row's total, beside that total; NaN where figure or total is hidden or small.

        They are worked out from the printed figures alone, and so tell nothing that the table does not.
        """
        shape = self.told.shape
        figures = self.figures.reshape(int(np.prod(shape.size[: len(shape.rows)])), -1)
        whole = np.where(figures[:, -1] >= self.threshold, figures[:, -1], np.nan)
        share = np.column_stack([100 * figures[:, :-1] / whole[:, None], whole])
        return self._wide(share.ravel(), language or self.language)

    def paragraph(self, language: str | None = None) -> str:
        """What to print under the table: how it is protected, and that the protection is no error."""
        say = Speaker(language or self.language)
        if self.method == "round":
            text = say(
                "Every figure is rounded by itself: 3 stands for 1 to 6, 9 for 7 to 12, and so on; 0 is 0. Totals "
                "therefore need not equal the sum of their parts, and a change from 3 to 9 may be one person."
            )
        else:
            text = say(
                "Figures about fewer than {threshold} persons are hidden, and so are others by which they could be "
                "worked out. Totals that are printed are exact.",
                threshold=self.threshold,
            )
        if self.told.once:
            text += " " + say(
                "Somebody with several entries counts once in each cell, and a total is the sum of its cells."
            )
        if self.told.hidden.any():
            text += " " + say('Hidden figures are marked "{mark}".', mark=HIDDEN)
        return text + " " + say("Release {id}.", id=self.id)

    def summary(self, language: str | None = None) -> str:
        """How many figures are printed and how many are hidden."""
        say = Speaker(language or self.language)
        hidden = int(self.told.hidden.sum())
        return say(
            "{printed} of {all} figures are printed, {hidden} are hidden.",
            printed=say.number(len(self.figures) - hidden),
            all=say.number(len(self.figures)),
            hidden=say.number(hidden),
        )

    def _wide(self, figures: NDArray[np.generic], language: str) -> pd.DataFrame:
        shape, say = self.told.shape, Speaker(language)
        axes = [[*(_category(item, say) for item in items), say("Total")] for items in shape.categories]
        cut = len(shape.rows)
        height = int(np.prod(shape.size[:cut]))
        columns = _index(axes[cut:], shape.columns) if shape.columns else pd.Index([say("Total")])
        table = pd.DataFrame(figures.reshape(height, -1), _index(axes[:cut], shape.rows), columns)
        table.attrs["release"] = self.id
        return table


def _index(axes: list[list[str]], names: tuple[str, ...]) -> pd.Index:
    return pd.Index(axes[0], name=names[0]) if len(axes) == 1 else pd.MultiIndex.from_product(axes, names=names)


def _category(item: str, say: Speaker) -> str:
    return say("Not known") if item == UNKNOWN else item


def _named(shape: Shape, key: Key, say: Speaker) -> dict[str, str]:
    held = dict(key)
    return {name: _category(held[name], say) if name in held else say("Total") for name in shape.names}
