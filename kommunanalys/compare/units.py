"""The units that are compared: what they are called, which row somebody means, and their checked figures."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kommunanalys import names
from kommunanalys.errors import NoData, TableError, UsageError
from kommunanalys.language import Speaker
from kommunanalys.municipalities import Municipality, find, known
from kommunanalys.names import check_population

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MANY = 8
"""Names that a list spells out before it says how many others there are."""


def municipality_of(unit: object) -> Municipality | None:
    """The municipality whose code a unit is, None for a school, a firm or anything else.

    Examples
    --------
    >>> municipality_of("School A") is None
    True
    """
    return known().get(unit) if isinstance(unit, str) else None


def label(unit: object, language: str) -> str:
    """The municipality's name in a language; any other unit is called by its own index value.

    Examples
    --------
    >>> label("1440", "sv"), label("School A", "sv"), label(3, "sv")
    ('Ale', 'School A', '3')
    """
    found = municipality_of(unit)
    return found.name(language) if found else str(unit)


def speaker(unit: object, language: str) -> Speaker:
    """A speaker with the terms of the unit's country.

    Examples
    --------
    >>> speaker("049", "sv").country
    'FI'
    """
    found = municipality_of(unit)
    return Speaker(language, found.country if found else None)


def listed(units: Iterable[object], say: Speaker) -> str:
    """Units in words: all names of a short list, the first ones of a long list and how many others.

    Examples
    --------
    >>> listed(["1440", "0180"], Speaker("en"))
    'Ale and Stockholm'
    """
    called = [label(unit, say.language) for unit in units]
    if len(called) > MANY + 1:
        others = say("{count} others", count=say.number(len(called) - MANY))
        called = [*called[:MANY], others]
    return say.names(called)


def variable(name: str, say: Speaker) -> str:
    """A column in words: the glossary's label, or the column's own name.

    Examples
    --------
    >>> variable("population", Speaker("fi")), variable("buses", Speaker("fi"))
    ('Asukasluku', 'buses')
    """
    found = names.glossary().get(name)
    return found.words(say.language, say.country) if found else name


def resolve(unit: object, units: pd.Index) -> object:
    """The index value that a code, a name or a label stands for.

    Parameters
    ----------
    unit
        An index value, or a municipality's name or code.
    units
        Index without levels.

    Raises
    ------
    UnknownMunicipality
        The units are municipalities, and this is none.
    NoData
        The municipality exists but is not among the units.
    UsageError
        The units are no municipalities, and this is none of them.

    Examples
    --------
    >>> resolve("Stockholm", pd.Index(["1440", "0180"]))
    '0180'
    """
    if unit in units:
        return unit
    if not isinstance(unit, str) or not any(map(municipality_of, units)):
        some = ", ".join(map(str, units[:MANY]))
        raise UsageError("Unknown unit {unit!r}. Choose one of the index, such as {some}.", unit=unit, some=some)
    code = find(unit).code
    if code not in units:
        raise NoData(
            "{name} ({code}) is not among the {count} municipalities compared: "
            "a figure is missing, or the table lacks it.",
            name=label(code, "en"),
            code=code,
            count=len(units),
        )
    return code


def mark(ax: Axes, name: str, x: float, y: float) -> None:
    """Write the name of the municipality that a figure is about beside its point.

    Examples
    --------
    >>> from kommunanalys.figures import new_axes
    >>> ax = new_axes(); mark(ax, "Ale", 1.0, 2.0)
    >>> ax.texts[0].get_text()
    'Ale'
    """
    from kommunanalys.figures import PALETTE

    text = ax.annotate(name, (x, y), xytext=(7, 7), textcoords="offset points", fontsize=9, fontweight="bold")
    text.set(color=PALETTE["focus"], zorder=4)


def as_table(values: Any, kind: str) -> pd.DataFrame:
    """Inputs or outputs as a table of numbers; an array's columns are called `input_1`, `input_2`, ...

    Examples
    --------
    >>> as_table([[1, 2]], "input").columns.tolist()
    ['input_1', 'input_2']
    """
    if isinstance(values, pd.Series):
        values = values.to_frame()
    if not isinstance(values, pd.DataFrame):
        array = np.asarray(values, dtype=float)
        array = array[:, None] if array.ndim == 1 else array
        values = pd.DataFrame(array, columns=[f"{kind}_{number + 1}" for number in range(array.shape[1])])
    if all(isinstance(name, int) for name in values.columns):
        # Numbers are what pandas calls columns that nobody named.
        values = values.set_axis([f"{kind}_{number + 1}" for number in range(values.shape[1])], axis=1)
    try:
        return values.astype(float)
    except (TypeError, ValueError) as error:
        text = [str(name) for name in values if not pd.api.types.is_numeric_dtype(values[name])]
        raise TableError(
            "Not all of {columns} are numbers: {reason}. Turn texts into numbers first, and what is missing into NaN.",
            columns=", ".join(text),
            reason=error,
        ) from error


def beside(inputs: Any, outputs: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Inputs and outputs as tables of numbers; an array takes the index of the table that it stands beside.

    Examples
    --------
    >>> cost, pupils = beside(pd.DataFrame({"cost": [1.0]}, ["A"]), [[2.0]])
    >>> pupils.index.tolist()
    ['A']
    """
    tables = [as_table(inputs, "input"), as_table(outputs, "output")]
    named = [isinstance(item, pd.DataFrame | pd.Series) for item in (inputs, outputs)]
    if named[0] != named[1] and len(tables[0]) == len(tables[1]):
        place = named.index(False)
        tables[place] = tables[place].set_axis(tables[1 - place].index, axis=0)
    return tables[0], tables[1]


def chosen(option: str, names_: Iterable[object], columns: pd.Index) -> list[object]:
    """Columns that an option names, each of which must be among those that it is about.

    Raises
    ------
    UsageError
        Names the column and those that can be named.

    Examples
    --------
    >>> chosen("fixed", ["area"], pd.Index(["cost", "area"]))
    ['area']
    """
    asked: list[object] = [names_] if isinstance(names_, str) else list(names_)
    for name in asked:
        if name not in columns:
            raise UsageError(
                "{option}: {column!r} is not among the columns that it can name, which are {columns}.",
                option=option,
                column=name,
                columns=", ".join(map(str, columns)),
            )
    return asked


def joined(inputs: pd.DataFrame, outputs: pd.DataFrame) -> pd.DataFrame:
    """Inputs and outputs side by side, checked: same units, own names, one population, no gap, nothing negative.

    Raises
    ------
    UsageError, TableError, MixedPopulations
        Name the unit and the column.

    Examples
    --------
    >>> joined(as_table([[1.0]], "input"), as_table([[2.0]], "output")).columns.tolist()
    ['input_1', 'output_1']
    """
    if not inputs.index.equals(outputs.index):
        raise UsageError(
            "Inputs and outputs are about different units ({inputs} and {outputs} rows): give both the same index.",
            inputs=len(inputs),
            outputs=len(outputs),
        )
    names = [*inputs.columns, *outputs.columns]
    if len(set(names)) < len(names) or inputs.shape[1] == 0 or outputs.shape[1] == 0 or inputs.empty:
        raise UsageError(
            "At least one unit, one input and one output are needed, each column with a name of its own; got {names}.",
            names=", ".join(map(str, names)),
        )
    check_population(names)
    if "year" in inputs.index.names:
        check_index_years(names, inputs.index)
    table = pd.DataFrame(np.hstack([inputs, outputs]), index=inputs.index, columns=names)
    _check_values(table, inputs.shape[1])
    return table


def _check_values(table: pd.DataFrame, inputs: int) -> None:
    values = table.to_numpy()
    wrong = np.argwhere(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        row, column = wrong[0]
        raise TableError(
            "{count} values are missing, infinite or negative. First: {column} of {unit} is {value}. "
            "Leave the unit out, or find the figure: a missing figure is not 0.",
            count=len(wrong),
            column=table.columns[column],
            unit=table.index[row],
            value=values[row, column],
        )
    idle = (values[:, :inputs] == 0).all(axis=1)
    if idle.any():
        raise TableError(
            "Without any input, all of them 0: {units}. What uses nothing cannot be compared. "
            "Leave it out, or add an input.",
            units=", ".join(map(str, table.index[idle])),
        )


def check_years(columns: Iterable[Hashable], periods: Iterable[Any], units: Iterable[Any]) -> None:
    """Refuse periods on both sides of a break in one of the columns; periods that are no years pass.

    Raises
    ------
    UsageError
        As `names.check_breaks`.

    Examples
    --------
    >>> check_years(["compulsory_cost_deviation"], [2019, 2020], ["1440", "1440"])
    """
    years = [year for year in map(_year_of, dict.fromkeys(periods)) if year is not None]
    if years:
        places = [municipality_of(unit) for unit in dict.fromkeys(units)]
        names.check_breaks(columns, years, *{place.country for place in places if place is not None})


def check_index_years(columns: Iterable[Hashable], index: pd.Index) -> None:
    """As `check_years`, for an index with a level called `year`; the units are its first other level.

    Raises
    ------
    UsageError
        As `names.check_breaks`.

    Examples
    --------
    >>> check_index_years(["population"], pd.MultiIndex.from_tuples([("1440", 2018)], names=["municipality", "year"]))
    """
    units = index.droplevel("year").get_level_values(0) if index.nlevels > 1 else ()
    check_years(columns, index.get_level_values("year"), units)


def _year_of(period: Any) -> int | None:
    """The year that a period begins in: of a number, a text such as "2018/19", a date; None where it is no year."""
    year = getattr(period, "year", period)
    text = str(int(year)) if isinstance(year, float | np.floating) and float(year).is_integer() else str(year)
    return int(text[:4]) if text[:4].isdigit() and not text[4:5].isdigit() else None
