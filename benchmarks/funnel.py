"""Share of units outside the 95 % limits of the funnel: under pure chance, and where the units really differ.

python benchmarks/funnel.py

Denominators are mixed: the expected number of events (of the rarer outcome) is drawn log-uniformly from the band.
"""

import numpy as np
import pandas as pd

from kommunanalys.compare.small import Overdispersion, funnel

BANDS = ((1, 2), (2, 5), (5, 20), (20, 100), (100, 1000), (1, 1000))
UNITS, REPETITIONS = 290, 40
RATES = (0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.95)
DIFFERENT = ((0.05, 0.02), (0.1, 0.03), (0.3, 0.1), (0.75, 0.07))
SINGLE = (1, 1.5, 2, 3, 5, 10, 30, 100)


def outside(
    band: tuple[float, float], mean: float, spread: float, overdispersion: Overdispersion, rng: np.random.Generator
) -> float:
    """Share outside [%] over the repetitions."""
    found = []
    for _ in range(REPETITIONS):
        expected = np.exp(rng.uniform(np.log(band[0]), np.log(band[1]), UNITS))
        n = np.maximum(np.round(expected / min(mean, 1 - mean)), 1)
        size = mean * (1 - mean) / spread**2 - 1 if spread else 0
        true = rng.beta(mean * size, (1 - mean) * size, UNITS) if spread else mean
        rate = rng.binomial(n.astype(int), true) / n
        found.append(funnel(pd.Series(rate), pd.Series(n), levels=(0.95,), overdispersion=overdispersion))
    return 100 * float(np.mean([item.units["outside"] for item in found]))


def main() -> None:
    """Print the shares by band."""
    rng = np.random.default_rng(7)
    print(f"{REPETITIONS} × {UNITS} units; expected events: " + ", ".join(f"{low}–{high}" for low, high in BANDS))
    options: tuple[Overdispersion, ...] = ("none", "additive")
    for option in options:
        for rate in RATES:
            shares = [outside(band, rate, 0, option, rng) for band in BANDS]
            print(f"pure chance, {option}, rate {rate}: " + ", ".join(f"{share:.1f}" for share in shares))
    for option in options:
        for mean, spread in DIFFERENT:
            shares = [outside(band, mean, spread, option, rng) for band in BANDS]
            print(f"spread {spread}, {option}, rate {mean}: " + ", ".join(f"{share:.1f}" for share in shares))
    for expected in SINGLE:
        shares = [outside((expected, expected), rate, 0, "none", rng) for rate in (0.01, 0.1, 0.3)]
        print(f"all with {expected} expected, rates .01, .1, .3: " + ", ".join(f"{share:.1f}" for share in shares))


if __name__ == "__main__":
    main()
