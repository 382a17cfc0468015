"""How often the 95 % interval of the expected cost holds the cost of the municipality that was left out, on Kolada.

python benchmarks/expected_cost.py        (real data beside the checkout: KOMMUNANALYS_SHARED, default ../shared)
"""

import os
from pathlib import Path

from kommunanalys import compare, indicators
from kommunanalys.sources import load
from kommunanalys.tables import panel

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "kolada"


def main() -> None:
    if not SHARED.is_dir():
        print(f"no real data at {SHARED}: left out")
        return
    for service in indicators.SERVICES:
        wide = panel(load(str(SHARED), indicators.wanted(service)))
        inside = number = 0
        for year in range(2015, 2022):
            case = indicators.choose(wide, service, "1440", year)
            needs = list(case.service.needs)
            result = compare.expected_cost(case.panel, cost=case.service.cost, needs=needs, year=year)
            inside, number = inside + int((~result.units["outside"]).sum()), number + result.n
            print(f"{service} {year}: {result.n} municipalities, {100 * result.explained:.0f} % explained")
        print(f"{service}: {100 * inside / number:.1f} % of {number} costs lie within their 95 % interval")


if __name__ == "__main__":
    main()
