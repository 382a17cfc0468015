"""Answers to figures that were seen before come from the cache folder: simulations take seconds, and reports ask alike.

Numbers alone are kept, without names of units, under a hash of the figures, the options and the method's own code. A
file that cannot be read is computed anew; one that cannot be written is no reason to stop.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

import kommunanalys
from kommunanalys import paths
from kommunanalys.compare.environment import Environment, environment
from kommunanalys.compare.ranges import Intervals
from kommunanalys.origin import hash_bytes

if TYPE_CHECKING:
    from kommunanalys.compare.dea import DEA

Numbers = dict[str, Any]
Found = TypeVar("Found")

LEVEL = 0.95
RANKS = ["rank_lower", "rank_upper"]


def remembered_intervals(dea: DEA) -> Intervals:
    """The 95 % intervals of a DEA, as `DEA.intervals` gives them.

    Parameters
    ----------
    dea
        Fitted. Only with a whole number as `random_state` is there one answer that can be kept.

    Examples
    --------
    >>> from kommunanalys.compare import DEA
    >>> need = np.linspace(1, 9, 40)
    >>> dea = DEA(random_state=1).fit(need * (1 + np.arange(40) % 7 / 10), need)
    >>> remembered_intervals(dea).to_frame().equals(dea.intervals().to_frame())
    True
    """

    def pack(found: Intervals) -> Numbers:
        frame = found.to_frame().drop(columns="efficiency")
        frame[RANKS] = frame[RANKS].astype(object).where(frame[RANKS].notna(), None)
        return {"doubtful": found.doubtful, "units": frame.to_dict("list")}

    def unpack(kept: Numbers) -> Intervals:
        frame = pd.DataFrame(kept["units"], dea.efficiency_.index).astype(dict.fromkeys(RANKS, "Int64"))
        frame.insert(0, "efficiency", dea.efficiency_)
        sizes = dea.inputs_.shape[1], dea.outputs_.shape[1]
        return Intervals(frame, LEVEL, kept["doubtful"], dea.orientation, dea.returns, *sizes)

    def compute() -> Intervals:
        return dea.intervals(LEVEL)

    return _recall(_key(dea), compute, pack, unpack)


def remembered_environment(dea: DEA, z: pd.DataFrame) -> Environment:
    """What goes with efficiency, as `environment` gives it.

    Parameters
    ----------
    dea
        Fitted; as `remembered_intervals`.
    z
        Units × circumstances.

    Examples
    --------
    >>> from kommunanalys.compare import DEA
    >>> need = np.linspace(1, 9, 40)
    >>> dea = DEA(random_state=1).fit(need * (1 + np.arange(40) % 7 / 10), need)
    >>> z = pd.DataFrame({"distance": np.arange(40) % 5.0})
    >>> first, again = remembered_environment(dea, z), remembered_environment(dea, z)
    >>> first.to_frame().equals(again.to_frame())
    True
    """
    plain = ("deviation", "draws", "failed", "bounded")

    def pack(found: Environment) -> Numbers:
        kept = {"coefficients": found.coefficients.to_dict("list"), "corrected": found.corrected.tolist()}
        return kept | {name: getattr(found, name) for name in plain}

    def unpack(kept: Numbers) -> Environment:
        variables = pd.Index(["constant", *z.columns], name="variable")
        coefficients = pd.DataFrame(kept["coefficients"], variables)
        corrected = pd.Series(kept["corrected"], dea.efficiency_.index, name="corrected")
        return Environment(coefficients, corrected, **{name: kept[name] for name in plain})

    def compute() -> Environment:
        return environment(dea, z)

    return _recall(_key(dea, z), compute, pack, unpack)


def _key(dea: DEA, *further: pd.DataFrame) -> str:
    """Name of the file; "" where chance makes every answer another one."""
    if not isinstance(dea.random_state, int):
        return ""
    # Any change of this room may change the method.
    code = [hash_bytes(path.read_bytes()) for path in sorted(Path(__file__).parent.glob("*.py"))]
    figures = [np.ascontiguousarray(table.to_numpy(float)) for table in (dea.inputs_, dea.outputs_, *further)]
    about = f"{kommunanalys.__version__} {dea!r} {[table.shape for table in figures]} {code}"
    return hash_bytes(about.encode() + b"".join(table.tobytes() for table in figures))[:32]


def _recall(
    key: str, compute: Callable[[], Found], pack: Callable[[Found], Numbers], unpack: Callable[[Numbers], Found]
) -> Found:
    if not key:
        return compute()
    place = paths.cache_dir() / "simulations" / f"{key}.json"
    try:
        return unpack(json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        found = compute()
    with suppress(OSError):
        paths.write_whole(place, json.dumps(pack(found)).encode())
    return found
