"""The explorer: fields on one side, the figure on the other, one choice between them.

Every field changes the choice, and every change draws what is shown, once; nothing else is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from kommunanalys.compare.units import label
from kommunanalys.errors import KommunanalysError
from kommunanalys.figures.crowd import swept
from kommunanalys.language import LANGUAGES, NAMES, Speaker, check_language, current
from kommunanalys.origin import origins
from kommunanalys.widgets.choice import VIEWS, Choice
from kommunanalys.widgets.choosing import Finder, Place, Several, in_words, message
from kommunanalys.widgets.exports import export, free
from kommunanalys.widgets.picture import Picture
from kommunanalys.widgets.prepared import prepare
from kommunanalys.widgets.recipe import came_from
from kommunanalys.widgets.searching import called, recognised
from kommunanalys.widgets.suggesting import indicators_to_begin_with, suggested
from kommunanalys.widgets.taking import Taking
from kommunanalys.widgets.views import code, draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from kommunanalys.sources.boundaries import Boundaries


class Explorer(ipywidgets.VBox):  # type: ignore[misc]
    """A panel to look at by hand; `ka.explore` makes it.

    Parameters
    ----------
    panel, language, municipality, boundaries
        As `ka.explore`.

    Attributes
    ----------
    choice
        What is looked at now.

    Examples
    --------
    >>> import kommunanalys as ka
    >>> explorer = Explorer(ka.panel(ka.read_example()), municipality="X07")
    >>> explorer.views.value = "ranking"
    >>> explorer.choice.view
    'ranking'
    """

    def __init__(
        self,
        panel: pd.DataFrame,
        *,
        language: str | None = None,
        municipality: str | None = None,
        boundaries: Boundaries | None = None,
    ) -> None:
        self._table, self._boundaries = panel, boundaries
        self._ready = prepare(panel)
        self._codes = [str(code) for code in self._ready.codes]
        self._labels = self._ready.panel.attrs.get("labels", {}).get("indicator", {})
        self._quiet = self._own_peers = False
        self._like: tuple[str, ...] = ()
        self.choice = self._first(check_language(language or current()), municipality)
        self._make_fields()
        super().__init__(self._laid_out(), layout={"width": "100%"})
        self.add_class("ka-room")
        self._fill()
        self._listen()
        self._speak()

    def _first(self, language: str, municipality: str | None) -> Choice:
        own = recognised(municipality, self._codes) if municipality else self._codes[0]
        indicator, second = indicators_to_begin_with(self._ready.panel)
        peers, self._like = suggested(self._ready.panel, own)
        years = (int(self._ready.years[0]), int(self._ready.years[-1]))
        year = self._ready.latest(indicator)
        return Choice("line", own, peers, indicator, second, year, years, (), language)

    def _make_fields(self) -> None:
        numbers = [str(name) for name in self._ready.panel.select_dtypes("number")]
        years = [int(year) for year in self._ready.years]
        self.languages = ipywidgets.Dropdown(options=[(NAMES[one], one) for one in LANGUAGES])
        self.place = Place(self._codes, self._move, stays=True)
        self.views = ipywidgets.ToggleButtons(options=VIEWS, style={"button_width": "auto"})
        self.indicator = Finder(numbers, self._labels, lambda name: self._measure(indicator=name))
        self.second = Finder(numbers, self._labels, lambda name: self._measure(second=name))
        self.peers = Several(self._codes, self._beside)
        self.suggest = ipywidgets.Button()
        self.peers.buttons.children = [*self.peers.buttons.children, self.suggest]
        self.marked = Several(self._codes, lambda codes: self._set(marked=codes))
        self.year = ipywidgets.SelectionSlider(options=years)
        self.span = ipywidgets.SelectionRangeSlider(options=years)
        self.picture = Picture()
        self._kept: dict[str, Axes] = {}
        self.taking = Taking(self._write, self._stem, self._origins())

    def _write(self, path: Path) -> list[Path]:
        return export(self._ready, self.choice, free(self._ready, self.choice, path))

    def _stem(self) -> str:
        choice = self.choice
        both = [choice.second] if choice.view == "scatter" else []
        time = choice.years if choice.view == "line" else (choice.year,)
        asked = [choice.view, choice.municipality, *time, choice.language, choice.indicator, *both]
        return "_".join(map(str, asked))

    def _origins(self) -> list[Any]:
        lines = [item for item in origins() if self._boundaries and item.id == self._boundaries.origin]
        own = origins(self._ready.panel)
        return own + [item for item in lines if item not in own]

    def _laid_out(self) -> list[ipywidgets.Widget]:
        fields = [self.languages, self.place, self.indicator, self.second, self.peers, self.marked]
        side = ipywidgets.VBox(fields, layout={"flex": "1 1 260px", "max_width": "360px", "padding": "0 16px 0 0"})
        shown = [self.views, self.year, self.span, self.picture, self.taking]
        main = ipywidgets.VBox(shown, layout={"flex": "3 1 480px", "min_width": "0"})
        return [ipywidgets.HBox([side, main], layout={"flex_flow": "row wrap", "align_items": "flex-start"})]

    def _fill(self) -> None:
        """Put the choice into the fields."""
        choice = self.choice
        self.languages.value, self.views.value = choice.language, choice.view
        self.place.put(choice.municipality)
        self.indicator.put(choice.indicator)
        self.second.put(choice.second)
        self.peers.put(choice.peers)
        self.marked.put(choice.marked)
        self.year.value, self.span.value = choice.year, choice.years

    def _listen(self) -> None:
        for field, name in ((self.views, "view"), (self.year, "year"), (self.span, "years")):
            field.observe(lambda change, name=name: self._set(**{name: change["new"]}), "value")
        self.languages.observe(self._switch, "value")
        self.picture.observe(self._click, "clicked")
        self.suggest.on_click(lambda _: self._suggest())

    def _set(self, **changes: object) -> None:
        """Change the choice and draw it, unless it is the fields that are being put in order."""
        if not self._quiet:
            self.choice = self.choice.but(**changes)
            self._show()

    @contextmanager
    def _silence(self) -> Iterator[None]:
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def _switch(self, change: Mapping[str, Any]) -> None:
        self.choice = self.choice.but(language=change["new"])
        self._speak()

    def _click(self, change: Mapping[str, Any]) -> None:
        """Mark the municipality of a clicked mark, or take its mark away."""
        clicked = change["new"]
        if not clicked:
            return
        marked = self.choice.marked
        self.marked.put([one for one in marked if one != clicked] if clicked in marked else [*marked, clicked])
        # The same mark may be clicked again.
        self.picture.clicked = ""
        self._set(marked=self.marked.chosen)

    def _move(self, code: str) -> None:
        peers = tuple(one for one in self.choice.peers if one != code)
        self.choice = self.choice.but(municipality=code, peers=peers)
        if self._own_peers:
            self.peers.put(peers)
            self._show()
        else:
            self._suggest()

    def _suggest(self) -> None:
        peers, self._like = suggested(self._ready.panel, self.choice.municipality)
        self._own_peers = False
        self.peers.put(peers)
        self._tell_like()
        self._set(peers=peers)

    def _beside(self, codes: tuple[str, ...]) -> None:
        self._own_peers = True
        self._set(peers=codes)

    def _measure(self, **chosen: str) -> None:
        """Another indicator; the year follows only where it has no figure at all."""
        self.choice = self.choice.but(**chosen)
        try:
            there = np.isfinite(self._ready.values(self.choice.indicator)).any(axis=0)
            if self.choice.year not in self._ready.years[there]:
                with self._silence():
                    self.year.value = self._ready.latest(self.choice.indicator)
                self.choice = self.choice.but(year=self.year.value)
        except KommunanalysError:
            pass  # Drawing meets it as well, and says it in place.
        self._show()

    def _speaker(self) -> Speaker:
        realm = str(self._ready.realms[self._codes.index(self.choice.municipality)])
        return Speaker(self.choice.language, realm[:2] or None)

    def _speak(self) -> None:
        """Say everything in the language of the choice, then draw it."""
        say = self._speaker()
        self._names = {code: label(code, say.language) for code in self._codes}
        with self._silence():
            self.languages.description = say("Language")
            self.place.speak(say, say("Municipality"))
            self._speak_views(say)
            self.indicator.speak(say, say("Indicator"), say("Search for an indicator"))
            self.second.speak(say, say("Second indicator (upwards)"), say("Search for the second indicator"))
            self.peers.speak(say, say("Compared with"), say("Add one to compare with"), say("Take away"))
            self.marked.speak(
                say, say("Marked in every view"), say("Mark one (or click it in the figure)"), say("Unmark")
            )
            self.suggest.description = say("Suggest similar ones")
            self.year.description, self.span.description = say("Year"), say("Years")
            self.taking.speak(say)
            self._tell_like()
        self._show()

    def _speak_views(self, say: Speaker) -> None:
        said = {
            "line": say("Over the years"),
            "ranking": say("Ranking"),
            "scatter": say("Two indicators"),
            "distribution": say("Distribution"),
            "map": say("Map"),
        }
        self.views.description = say("View")
        self.views.options = [(said[view], view) for view in VIEWS]
        self.views.value = self.choice.view

    def _tell_like(self) -> None:
        say = self._speaker()
        on = say.names(called(name, say, self._labels) for name in self._like)
        if self._own_peers:
            return
        self.peers.said.value = message(
            say("Suggested: the most similar ones in {indicators}.", indicators=on)
            if self._like
            else say("No similar ones can be suggested from these figures. Add some yourself.")
        )

    def _show(self) -> None:
        """Draw what is chosen now; where it cannot be drawn, say why and show no old figure instead."""
        choice = self.choice
        for field, views in ((self.second, ("scatter",)), (self.span, ("line",)), (self.year, VIEWS[1:])):
            field.layout.display = None if choice.view in views else "none"
        try:
            self.picture.show(self._redrawn(), self._names, choice.marked, choice.language)
        except KommunanalysError as error:
            self.picture.fail(in_words(error, self._speaker()), choice.language)
        except Exception as error:  # noqa: BLE001 - a widget's errors end in a log that nobody reads
            say = self._speaker()
            text = say("The figure could not be drawn: {reason}. Choose something else.", reason=error)
            self.picture.fail(text, choice.language)
        # The figure goes to the page first; what stands under it may come a moment later.
        self.taking.code.text = self._lines()

    def _redrawn(self) -> Axes:
        """The figure on the axes of the last one of this view; new ones are slower. After an error none are kept."""
        view = self.choice.view
        kept = self._kept.pop(view, None)
        ax = draw(self._ready, self.choice, ax=swept(kept) if kept else None, boundaries=self._boundaries)
        self._kept[view] = ax
        return ax

    def axes(self) -> Axes:
        """The figure of the choice, for `ka.show`."""
        return draw(self._ready, self.choice, boundaries=self._boundaries)

    def _lines(self) -> str:
        """The code of the figure, with the names that the tables have in the notebook."""
        name, load, say = _called(self._table), "", self._speaker()
        lacks = say("The table has no name in the notebook: write its name in the line `panel = ...` of the code.")
        self.taking.hint.value = "" if name else message(lacks)
        if not name:
            comment = say("the table that you gave to ka.explore")
            load = "\n".join(filter(None, [came_from(self._ready.panel), f"panel = ...  # {comment}"]))
        lines = code(self.choice, panel_name=name or "panel", load=load)
        return lines.replace("boundaries=boundaries", f"boundaries={_called(self._boundaries) or 'boundaries'}")

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget; and for a page without a kernel, such as a report, the figure that is shown now."""
        from kommunanalys.figures.show import bundle

        shown = super()._repr_mimebundle_(**options)
        try:
            still = bundle(self.axes(), self._speaker())
        except KommunanalysError:
            return shown
        return still | shown | {"text/plain": still["text/plain"]} if isinstance(shown, dict) else shown


def _called(value: object) -> str:
    """The name of a variable of the notebook, "" where it has none."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    own = shell.user_ns if shell and value is not None else {}
    return next((key for key, held in own.items() if held is value and not key.startswith("_")), "")
