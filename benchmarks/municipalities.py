"""What a reader of all reports learns: who deviates beyond chance, and how far the ranking hangs on the method.

python benchmarks/municipalities.py        (real data beside the checkout: KOMMUNANALYS_SHARED, default ../shared)

Every municipality of Kolada, compulsory and upper secondary school, 2015-2021. Methods: efficiency with variable and
with constant returns, free disposal hull, the corrected score of the intervals, a stochastic cost frontier, and cost
against what needs let expect. Ranks are compared among the municipalities that all methods score.
"""

import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

import kommunanalys as ka
from kommunanalys import compare, indicators
from kommunanalys.compare.remembered import remembered_intervals
from kommunanalys.errors import AnalysisFailed, NoData

SHARED = Path(os.environ.get("KOMMUNANALYS_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "kolada"
YEARS = range(2015, 2022)


def methods(case: indicators.Case, expected: compare.ExpectedCost) -> tuple[pd.DataFrame, compare.Intervals]:
    """Scores by method, the higher the better, and the intervals."""
    fitted = {
        name: compare.DEA(returns=name, orientation="input", random_state=0).fit(case.inputs, case.outputs)
        for name in ("vrs", "crs", "fdh")
    }
    found = remembered_intervals(fitted["vrs"])
    columns = {name: dea.efficiency_ for name, dea in fitted.items()}
    columns |= {"corrected": found.units["corrected"], "expected": -expected.units["deviation"]}
    needs = case.panel.xs(case.year, level="year")[list(case.service.needs[1:])]
    figures = np.log(case.outputs.iloc[:, :1]).join(needs).dropna()
    try:
        frontier = compare.SFA(kind="cost").fit(figures, np.log(case.inputs["total_cost"])[figures.index])
        columns["sfa"] = -frontier.efficiency_ if frontier.efficiency_.gt(1).any() else frontier.efficiency_
    except AnalysisFailed as error:
        print(f"  no stochastic frontier: {error}")
    # Where no inefficiency can be told from the data there is no score to rank by.
    return pd.DataFrame(columns).dropna(axis=1, how="all").dropna(), found


def main() -> None:
    for service in ("compulsory", "upper_secondary"):
        observations = ka.load(SHARED, indicators.wanted(service))
        panel = ka.panel(observations)
        outside: list[pd.Series] = []
        for year in YEARS:
            try:
                case = indicators.choose(panel, service, "1440", year)
            except NoData as error:
                print(f"{service} {year}: {error}")
                continue
            expected = compare.expected_cost(
                case.panel, cost=case.service.cost, needs=list(case.service.needs), year=year
            )
            scores, found = methods(case, expected)
            sides = np.sign(expected.units["deviation"]).where(expected.units["outside"], 0)
            outside.append(sides.rename(year))
            ranks = scores.rank()
            agree = ", ".join(
                f"{a}-{b} {ranks[a].corr(ranks[b]):.2f} ({(ranks[a] - ranks[b]).abs().median():.0f})"
                for a, b in combinations(ranks, 2)
            )
            print(
                f"{service} {year} ({case.service.cost}, {len(scores)} units): above what needs let expect "
                f"{int((sides > 0).sum())}, below {int((sides < 0).sum())}; ranges in doubt: {found.doubtful}; "
                f"rank correlation (median move of places): {agree}",
                flush=True,
            )
        if outside:
            table = pd.concat(outside, axis=1)
            for side, words in ((1, "above"), (-1, "below")):
                years = (table == side).sum(axis=1)
                lasting = years[years >= 4].sort_values(ascending=False)
                names = ", ".join(
                    f"{ka.find(str(code), country='SE').name('sv')} {count}" for code, count in lasting.items()
                )
                print(f"{service}: {words} in at least 4 of {table.shape[1]} years: {names or '-'}")


if __name__ == "__main__":
    main()
