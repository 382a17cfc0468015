"""Numbers as people write them: decimal comma or point, spaces in thousands, several minus signs, marks for missing.

Whether "1.234" is a thousand or a fraction is decided once for a whole column, from the cells that leave no doubt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from kommunanalys.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd

Decimal = Literal[",", "."]
MARKS: Mapping[str, str] = MappingProxyType(
    {"": "missing", ".": "not_applicable", "..": "missing", "...": "secret", "-": "missing", "*": "not_applicable"}
)
"""What a mark instead of a number means where the publisher says nothing else (as Statistics Finland writes)."""
MINUS = "-\u2212\u2013\u2010\u2011\u2012"
SPACES = " \u00a0\u202f\u2009\u2007"
_SIGNS = str.maketrans(dict.fromkeys(MINUS, "-") | dict.fromkeys(SPACES, " "))
_ROUNDED = re.compile(r"(?:[~≈]|(?:cirka|circa|ca\.?|noin)(?= )) *", re.IGNORECASE)
_WRITTEN = re.compile(r"([-+]?) ?((?:\d(?:[\d .,]*\d)?|[.,]\d+))([eE][-+]?\d+)?(?: ?(-))? ?%?", re.ASCII)
_DIGITS: Mapping[str, re.Pattern[str]] = {
    ",": re.compile(r"(?:\d+|[1-9]\d{0,2}([ .])\d{3}(?:\1\d{3})*)?(?:,\d+)?", re.ASCII),
    ".": re.compile(r"(?:\d+|[1-9]\d{0,2}([ ,])\d{3}(?:\1\d{3})*)?(?:\.\d+)?", re.ASCII),
}
"""What stands between sign and exponent, by decimal sign; no thousand begins with a nought, so 0.123 is a fraction."""


def read_numbers(
    texts: Iterable[str],
    *,
    marks: Mapping[str, str] = MARKS,
    decimal: Decimal | None = None,
    name: str = "",
) -> pd.DataFrame:
    """The numbers of one column.

    Parameters
    ----------
    texts
        The cells as text. "12,5", "1 234", "−3", "3-" (a minus sign may follow), "12 %" (gives 12), "~100" and
        "cirka 370" (rounded).
    marks
        What a cell that is no number means: text → flag.
    decimal
        "," or "." where it is known; None to decide it from the column.
    name
        What the column is called, for messages.

    Returns
    -------
    pandas.DataFrame
        `value` (float64) and `flag`, one row for each cell. A number has the flag "" or "rounded"; where there is
        none, the value is NaN and the flag says why.

    Raises
    ------
    SourceError
        A cell that is neither number nor mark, or a column in which "1.234" may be either.

    Examples
    --------
    >>> found = read_numbers(["1 234,5", "~100", "..", "7-"], marks={"..": "secret"})
    >>> found["value"].tolist(), found["flag"].tolist()
    ([1234.5, 100.0, nan, -7.0], ['', 'rounded', 'secret', ''])
    """
    import pandas as pd

    where, found = pd.factorize(pd.Series(list(texts), dtype="str"), use_na_sentinel=False)
    cells = [plain(str(cell)) if isinstance(cell, str) else "" for cell in found]
    written = [cell for cell in cells if cell not in marks]
    sign = decimal or _decided(written, name)
    pairs = [(float("nan"), marks[cell]) if cell in marks else _number(cell, sign, name) for cell in cells]
    table = pd.DataFrame(pairs, columns=["value", "flag"]).astype({"value": "float64", "flag": "str"})
    return table.take(where).reset_index(drop=True)


def plain(text: str) -> str:
    r"""A cell with ordinary minus signs and spaces, and none at its ends.

    Examples
    --------
    >>> plain("\u22121\u00a0234 ")
    '-1 234'
    """
    return text.translate(_SIGNS).strip()


def decimal_sign(texts: Iterable[str]) -> Decimal | None:
    """The decimal sign that the cells leave no doubt about; None where all of them can be read either way.

    Raises
    ------
    SourceError
        Some cells can only have a comma, and others only a point.

    Examples
    --------
    >>> decimal_sign(["1.234", "0,5"]), decimal_sign(["12", "1.234"]), decimal_sign(["1.234.567"])
    (',', None, ',')
    """
    first: dict[Decimal, str] = {}
    for text in texts:
        able = _able(plain(text))
        if len(able) == 1:
            first.setdefault(able[0], text)
    if len(first) > 1:
        raise SourceError(
            "One column has decimals with comma and with point: {comma!r} and {point!r}. Say decimal=',' or "
            "decimal='.', or mend the file.",
            comma=first[","],
            point=first["."],
        )
    return next(iter(first), None)


def _decided(written: list[str], name: str) -> Decimal:
    sign = decimal_sign(written)
    doubtful = next((cell for cell in written if re.search(r"[.,]\d", cell) and _able(cell) == [",", "."]), None)
    if sign is None and doubtful is not None:
        raise SourceError(
            "Column {column!r}: {text!r} may be a thousand or a fraction, and no cell of the column decides it. "
            "Say decimal=',' or decimal='.'.",
            column=name,
            text=doubtful,
        )
    return sign or "."


def _able(cell: str) -> list[Decimal]:
    """The decimal signs with which a cell is a number."""
    match = _WRITTEN.fullmatch(_ROUNDED.sub("", cell, count=1))
    signs: tuple[Decimal, ...] = (",", ".")
    return [sign for sign in signs if match and _DIGITS[sign].fullmatch(match[2])]


def _number(cell: str, decimal: Decimal, name: str) -> tuple[float, str]:
    thousand = "." if decimal == "," else ","
    start = _ROUNDED.match(cell)
    match = _WRITTEN.fullmatch(cell[start.end() :] if start else cell)
    if not match or not _DIGITS[decimal].fullmatch(match[2]) or (match[1] and match[4]):
        raise SourceError(
            "Column {column!r}: {text!r} is no number with decimal {decimal!r}, and no known mark for a missing one.",
            column=name,
            text=cell,
            decimal=decimal,
        )
    digits = match[2].replace(" ", "").replace(thousand, "").replace(decimal, ".")
    value = float(f"{digits}{match[3] or ''}")
    # Adding nought makes -0 an ordinary nought.
    return (-value if "-" in (match[1], match[4]) else value) + 0.0, "rounded" if start else ""


def json_number(value: object) -> float | None:
    """A number of a publisher's JSON, None for null.

    Raises
    ------
    ValueError
        Anything else: a text, true or false, an infinite number.

    Examples
    --------
    >>> json_number(2), json_number(None)
    (2.0, None)
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(value)
    return float(value)
