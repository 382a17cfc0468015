"""Whether the shrunk rate predicts next year's rate better than the raw one (Kolada), and what its intervals cover.

python benchmarks/shrinkage.py            (real data beside the checkout: KOMMUNANALYS_SHARED, default ../shared)

The pupils behind a rate are not among the data and are approximated: those of year 9 by a ninth of the pupils of
years 1–9 by home municipality (N15829), those who began upper secondary education by a quarter of the inhabitants of
16–19 years (N01954), both of the rate's own year.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from kommunanalys.compare.shrinkage import shrink

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "kolada"
LEAVERS = ("n15829", 9)
BEGINNERS = ("n01954", 4)
OUTCOMES = {
    "n15508": ("passed all subjects, year 9", LEAVERS),
    "n15428": ("eligible for vocational programmes, year 9", LEAVERS),
    "n15425": ("eligible for science programmes, year 9", LEAVERS),
    "n17445": ("upper secondary diploma within 3 years", BEGINNERS),
    "n17461": ("upper secondary diploma within 4 years", BEGINNERS),
    "n17528": ("not in upper secondary education after year 9", LEAVERS),
}
YEARS = ((2019, 2020), (2020, 2021))
BREAK_2021 = ("n17445", "n17461")
SMALL = 100
WORLDS = ((0.75, 0.06), (0.75, 0.02), (0.9, 0.04), (0.05, 0.02), (0.2, 0.1))


def observations() -> pd.DataFrame:
    """Value by (indicator, year) × municipality."""
    files = [SHARED / f"kolada_{name}_long.csv.gz" for name in ("education", "context_finance")]
    long = pd.concat(pd.read_csv(file, dtype={"municipality": "str"}) for file in files)
    return long.pivot(index=["kpi", "year"], columns="municipality", values="value")


def error(guess: pd.Series, truth: pd.Series, weight: pd.Series) -> float:
    """Weighted mean squared error [squared percentage points]."""
    return float(np.average((100 * (guess - truth)) ** 2, weights=weight))


def compare(table: pd.DataFrame, kpi: str, now: int, then: int) -> dict[str, object]:
    """Mean squared errors of the raw and of the shrunk rate as a guess of next year's rate."""
    title, (pupils, groups) = OUTCOMES[kpi]
    n = (table.loc[pupils, now] / groups).round()
    both = pd.DataFrame({"now": table.loc[kpi, now] / 100, "then": table.loc[kpi, then] / 100, "n": n}).dropna()
    result = shrink(both["now"], both["n"])
    break_ = ", across a break: IB pupils left out from 2021" if kpi in BREAK_2021 and then == 2021 else ""
    row: dict[str, object] = {"": f"{kpi} {title}, {now}→{then}{break_}: {len(both)} municipalities"}
    row["spread"] = f"spread {100 * result.spread:.1f} points"
    same, small = both["n"] * 0 + 1, (both["n"] < SMALL) * 1.0
    for name, weight in (("equal weights", same), ("weighted by n", both["n"]), (f"n < {SMALL}", small)):
        raw, shrunk = (error(guess, both["then"], weight) for guess in (both["now"], result.units["shrunk"]))
        row[name] = f"{name} {raw:.2f} → {shrunk:.2f} ({100 * (shrunk / raw - 1):+.1f} %)"
    return row


def coverage(units: int, mean: float, spread: float, repetitions: int, rng: np.random.Generator) -> tuple[float, float]:
    """Share of true rates within their 95 % interval [%], and the squared error against the raw rates [share]."""
    size = mean * (1 - mean) / spread**2 - 1
    inside, raw, shrunk = [], [], []
    for _ in range(repetitions):
        true = rng.beta(mean * size, (1 - mean) * size, units)
        n = np.round(np.exp(rng.uniform(np.log(20), np.log(2000), units)))
        found = shrink(pd.Series(rng.binomial(n.astype(int), true) / n), pd.Series(n)).units
        inside.append((found["lower"] <= true) & (true <= found["upper"]))
        raw.append((found["rate"] - true) ** 2)
        shrunk.append((found["shrunk"] - true) ** 2)
    return 100 * float(np.mean(inside)), float(np.mean(shrunk) / np.mean(raw))


def main() -> None:
    """Print both."""
    if SHARED.is_dir():
        table = observations()
        rows = [compare(table, kpi, *years) for kpi in OUTCOMES for years in YEARS]
        print(
            "Mean squared error of the raw and of the shrunk rate as a guess of next year's [squared points], change:"
        )
        for row in rows:
            print(*row.values(), sep="; ")
    else:
        print(f"no real data at {SHARED}: left out")
    rng = np.random.default_rng(20)
    for units, repetitions in ((10, 300), (30, 200), (100, 100), (290, 40)):
        for mean, spread in WORLDS:
            inside, share = coverage(units, mean, spread, repetitions, rng)
            print(
                f"{units} units, mean {mean}, spread {spread}, {repetitions} repetitions: {inside:.1f} % covered, "
                f"squared error {share:.2f} of the raw rates'"
            )


if __name__ == "__main__":
    main()
