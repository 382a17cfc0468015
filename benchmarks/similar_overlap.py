"""How far `similar` agrees with Kolada's own groups of similar municipalities, on several sets of figures.

python benchmarks/similar_overlap.py      (real data beside the checkout: KOMMUNANALYS_SHARED, default ../shared)

The groups are of 2024 (compulsory and upper secondary school) and 2025 (all services), the figures of 2021: later ones
are not in the folder. The last column tells what three years alone do: our seven of 2018 against our seven of 2021.
"""

import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from kommunanalys import indicators
from kommunanalys.compare.peers import similar
from kommunanalys.sources import load
from kommunanalys.tables import panel

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[2] / "shared")) / "data"
GROUPS = SHARED / "api-recordings" / "kolada" / "v3_municipality_groups_liknande_subset.json"
YEAR, EARLIER, K = 2021, 2018, 7
FURTHER = [
    *("population", "urban_share", "parents_low_education", "foreign_born"),
    *("compulsory_reference_cost_home", "compulsory_pupils_home", "age_6_15", "age_16_19", "land_area"),
    *("N01952", "N03013"),  # inhabitants of 0–5 years; cost of all operations per inhabitant
]
SETS = {
    "grundskola": {
        "default needs": ["log_pupils", "urban_share", "parents_low_education", "compulsory_newly_arrived_home"],
        "with foreign born for newly arrived": ["log_pupils", "urban_share", "parents_low_education", "foreign_born"],
        "size alone": ["log_population"],
        "reference cost per pupil alone": ["compulsory_reference_cost_home"],
        "size, reference cost per pupil": ["log_population", "compulsory_reference_cost_home"],
        "size, share of 6-15 years": ["log_population", "share_6_15"],
        "size, reference cost per inhabitant": ["log_population", "reference_per_inhabitant"],
        "the same, size not as logarithm": ["population", "reference_per_inhabitant"],
        "both, and children of 0-5 years": ["population", "reference_per_inhabitant", "log_0_5"],
        "default needs, reference cost per inhabitant": [
            *("log_pupils", "urban_share", "parents_low_education", "compulsory_newly_arrived_home"),
            "reference_per_inhabitant",
        ],
    },
    "gymnasieskola": {
        "default needs": ["log_pupils", "urban_share", "parents_low_education", "foreign_born"],
        "size alone": ["log_population"],
        "size, 16-19 years": ["log_population", "log_16_19"],
        "size, share of 16-19 years, density": ["log_population", "share_16_19", "log_density"],
        "size, foreign born": ["log_population", "foreign_born"],
    },
    "övergripande": {
        "size, urban share, low education, foreign born": [
            *("log_population", "urban_share", "parents_low_education", "foreign_born"),
        ],
        "size alone": ["log_population"],
        "size, cost per inhabitant": ["log_population", "N03013"],
        "size, density, shares of 0-5, 6-15 and 16-19 years": [
            *("log_population", "log_density", "share_0_5", "share_6_15", "share_16_19"),
        ],
    },
}


def groups() -> dict[str, dict[str, set[str]]]:
    """Kolada's members by kind and municipality; says what the recording holds."""
    rows = json.loads(GROUPS.read_text(encoding="utf-8"))["values"]
    codes = json.loads((GROUPS.parent / "v3_municipality.json").read_text(encoding="utf-8"))["values"]
    code = {item["title"]: item["id"] for item in codes if item["type"] == "K"}
    found: dict[str, dict[str, set[str]]] = {}
    years: dict[str, set[str]] = {}
    for row in rows:
        match = re.fullmatch(r"Liknande kommuner,? (.+?), ([^,]+), (\d{4})", row["title"])
        if match is None:
            raise ValueError(row["title"])
        kind, name, year = match.groups()
        found.setdefault(kind, {})[code[name]] = {member["member_id"] for member in row["members"]}
        years.setdefault(kind, set()).add(year)
    for kind, members in found.items():
        sizes = sorted({len(item) for item in members.values()})
        own = sum(municipality in item for municipality, item in members.items())
        pairs = [(one, other) for one in members for other in members[one] if other in members]
        back = np.mean([one in members[other] for one, other in pairs])
        print(
            f"{kind}, {', '.join(years[kind])}: {len(members)} groups of {sizes} members, own municipality in "
            f"{own} of them; {100 * back:.0f} % of the members name the municipality back"
        )
    return found


def figures(service: str) -> pd.DataFrame:
    """Panel of a service with everything that the sets ask for."""
    wide = panel(load(str(SHARED / "kolada"), list(dict.fromkeys([*indicators.wanted(service), *FURTHER]))))
    table = indicators.choose(wide, service, "1440", YEAR).panel
    for name, years in {"N01952": "0_5", "age_6_15": "6_15", "age_16_19": "16_19"}.items():
        table = table.assign(
            **{f"log_{years}": np.log(table[name]), f"share_{years}": table[name] / table["population"]}
        )
    return table.assign(
        log_population=np.log(table["population"]),
        log_density=np.log(table["population"] / table["land_area"]),
        reference_per_inhabitant=table["compulsory_reference_cost_home"]
        * table["compulsory_pupils_home"]
        / table["population"],
    )


def sevens(table: pd.DataFrame, on: list[str], year: int) -> dict[str, set[str]]:
    """Our seven of every municipality that has the figures."""
    here = table.xs(year, level="year", drop_level=False)[on].dropna()
    codes = here.index.get_level_values("municipality")
    return {code: set(similar(here, code, on, K, year=year).peers.index) for code in codes}


def overlap(ours: dict[str, set[str]], theirs: dict[str, set[str]]) -> float:
    """Mean number of common members."""
    return float(np.mean([len(ours[code] & theirs[code]) for code in theirs if code in ours]))


def main() -> None:
    """Print the overlaps."""
    if not GROUPS.is_file():
        print(f"no recording at {GROUPS}: left out")
        return
    print(f"expected by chance: {K} · {K} / 289 = {K * K / 289:.2f} of {K}")
    recorded = groups()
    tables = {kind: figures("upper_secondary" if kind == "gymnasieskola" else "compulsory") for kind in recorded}
    for kind, members in recorded.items():
        for name, on in SETS[kind].items():
            now = sevens(tables[kind], on, YEAR)
            common, stable = overlap(now, members), overlap(sevens(tables[kind], on, EARLIER), now)
            print(f"{kind}; {name}: {common:.2f} of {K} common; ours of {EARLIER} and {YEAR}: {stable:.2f}")


if __name__ == "__main__":
    main()
