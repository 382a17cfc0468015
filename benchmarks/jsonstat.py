"""How long a million observations take from the bytes of a JSON-stat 2 answer into an observations table.

python benchmarks/jsonstat.py [observations]

Made-up figures for Finland's municipalities, 10 years, 3 sexes and as many ages as make up the number; every
hundredth figure is missing and marked. Held to: 5 s of processor time and 1 GB of memory for a million.
"""

import json
import resource
import sys
import time

import numpy as np

from kommunanalys.municipalities import municipalities
from kommunanalys.sources.cubes import observations
from kommunanalys.sources.jsonstat import parse


def answer(count: int, *, sparse: bool) -> bytes:
    places = municipalities("FI")["name_fi"]
    years, sexes = [str(year) for year in range(2015, 2025)], ["SSS", "1", "2"]
    ages = [f"{age:03d}" for age in range(max(1, round(count / (len(places) * 30))))]
    axes = {
        "alue": ([f"KU{code}" for code in places.index], list(places)),
        "timeperiod_y": (years, years),
        "sukupuoli": (sexes, sexes),
        "ika": (ages, [str(int(age)) for age in ages]),
        "contentscode": (["vaesto"], ["Population"]),
    }
    size = [len(codes) for codes, _ in axes.values()]
    drawn = np.random.default_rng(1).integers(0, 100_000, int(np.prod(size))).tolist()
    absent = range(0, len(drawn), 100)
    for at in absent:
        drawn[at] = None
    data = {
        "version": "2.0",
        "class": "dataset",
        "id": list(axes),
        "size": size,
        "role": {"time": ["timeperiod_y"], "metric": ["contentscode"]},
        "dimension": {
            code: {
                "label": code,
                "category": {
                    "index": {item: at for at, item in enumerate(codes)},
                    "label": dict(zip(codes, texts, strict=True)),
                },
            }
            for code, (codes, texts) in axes.items()
        },
        "value": {str(at): value for at, value in enumerate(drawn) if value is not None} if sparse else drawn,
        "status": {str(at): "..." for at in absent},
    }
    return json.dumps(data).encode()


def main(count: int) -> None:
    for sparse in (False, True):
        raw = answer(count, sparse=sparse)
        begun = time.process_time()
        table, _ = observations(parse(json.loads(raw), "benchmark"), lambda code: code)
        spent = time.process_time() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        form = "sparse" if sparse else "dense"
        print(f"{form}: {len(table):,} observations, {len(raw) / 1e6:.1f} MB, {spent:.2f} s, peak {peak:.2f} GB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
