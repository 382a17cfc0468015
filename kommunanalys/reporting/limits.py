"""What a notebook may use up before it is stopped: time, memory, output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pandas imports pyarrow where it is installed
}
"""Variables of the environment by which a library starts no threads while it is imported."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one notebook's run.

    Parameters
    ----------
    timeout
        Longest time for a single cell [s]; None for no limit.
    memory
        Private memory of the notebook's process, with what its libraries take [bytes]; None for no limit. Linux holds
        it; macOS takes the number and does not hold it, Windows has no such limit. A process that the notebook starts
        has the same limit for itself: it is no bound on all of them together.
    output
        What all cells together may print and show [bytes], as the notebook file holds it.

    Examples
    --------
    >>> Limits(timeout=600).output
    50000000
    """

    timeout: float | None = None
    memory: int | None = None
    output: int = 50_000_000


USUAL = Limits()


def size(content: Mapping[str, Any]) -> int:
    """What one message of a cell adds to the notebook [bytes, text counted by its signs].

    Examples
    --------
    >>> size({"name": "stdout", "text": "four"})
    4
    >>> size({"data": {"text/plain": "four", "application/json": [1, 2]}})
    10
    """
    parts = [content.get("text", ""), *content.get("data", {}).values(), *content.get("traceback", [])]
    return sum(len(part) if isinstance(part, str | bytes) else len(json.dumps(part, default=str)) for part in parts)
