"""How often the 95 % intervals of efficiency scores hold the truth, in simulations of which the truth is known.

python benchmarks/dea_coverage.py [repetitions [case ...]]

Repetitions (default 100) are for each case of 50 and 100 units; at 300 units all of them too, with noise or without
best practice a fifth. A case is "design,inefficiency,units,trouble", such as "1,half-normal,100,none"; none named: all.

Designs: technology x1^.4 x2^.4, inputs uniform on 1-10, variable returns; design 1 has one output, design 2 three
outputs on a sphere of that radius, so that the true efficiency is radial. Inefficiency is half-normal (.3) or
exponential (.24). Troubles: "noise" a random error of 5 % in each input; "far" nobody near the frontier (normal,
mean .3, deviation .12, above 0); "scale" economies of scale, x1^.625 x2^.625, so that mixes of units do worse than
the best of their size (design 0: one input, x^1.25); "crs", "output" other options of DEA. In the table "eff" are the
units with score 1, "low" the lowest tenth of the scores, "edge" the smallest and largest twentieth by output, "ranks"
the ranges of ranks; the error is the root mean square of the corrected score.
"""

import sys
import time

import numpy as np

from kommunanalys.compare import DEA
from kommunanalys.compare.intervals import intervals
from kommunanalys.errors import TooFewUnits

SIZES = (50, 100, 300)
HEADS = ("all", "eff", "low", "edge", "ranks")


def cases() -> list[tuple[int, str, int, str]]:
    usual = [(design, kind, n, "none") for n in SIZES for design in (1, 2) for kind in ("half-normal", "exponential")]
    broken = [
        (design, "half-normal", n, trouble) for n in SIZES for design in (1, 2) for trouble in ("noise", "far", "scale")
    ]
    others = [(design, "half-normal", 100, option) for design in (1, 2) for option in ("crs", "output")]
    scale = [(0, "half-normal", n, "scale") for n in SIZES]
    return usual + broken + scale + others


def inefficiency(kind: str, n: int, trouble: str, rng: np.random.Generator) -> np.ndarray:
    if trouble == "far":
        drawn = rng.normal(0.3, 0.12, 2 * n)
        return drawn[drawn > 0][:n]
    return np.abs(rng.normal(0, 0.3, n)) if kind == "half-normal" else rng.exponential(0.24, n)


def data(design: int, kind: str, n: int, trouble: str, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Inputs, outputs and true log inefficiency."""
    best = rng.uniform(1, 10, (n, 2 if design else 1))
    # With constant returns the exponents sum to 1, so that the truth is of the technology that is fitted.
    size = (best ** ({"crs": 1.0, "scale": 1.25}.get(trouble, 0.8) / best.shape[1])).prod(axis=1)
    share = np.ones((n, 1)) if design < 2 else rng.dirichlet((2, 2, 2), n)
    outputs = share / np.sqrt((share**2).sum(axis=1))[:, None] * size[:, None]
    truth = inefficiency(kind, n, trouble, rng)
    if trouble == "output":
        return best, outputs * np.exp(-truth)[:, None], truth
    error = rng.normal(0, 0.05 if trouble == "noise" else 0.0, best.shape)
    return best * np.exp(truth[:, None] + error), outputs, truth


def once(case: tuple[int, str, int, str], seed: int) -> dict[str, float]:
    design, kind, n, trouble = case
    rng = np.random.default_rng([design, len(kind), n, len(trouble), seed])
    inputs, outputs, truth = data(design, kind, n, trouble, rng)
    dea = DEA(
        returns="crs" if trouble == "crs" else "vrs",
        orientation="output" if trouble == "output" else "input",
        random_state=seed,
    ).fit(inputs, outputs)
    begun = time.process_time()
    found = intervals(dea)
    spent = time.process_time() - begun
    units = found.to_frame().to_numpy(float, na_value=np.nan)
    score, corrected, lower, upper, best, worst = units.T
    true = np.exp(truth if trouble == "output" else -truth)
    held, place, size = (lower <= true) & (true <= upper), truth.argsort().argsort() + 1, outputs.sum(axis=1)
    groups = {
        "all": np.ones(n, dtype=bool),
        "eff": np.abs(score - 1) < 1e-6,
        "low": np.abs(np.log(score)) >= np.quantile(np.abs(np.log(score)), 0.9),
        "edge": (size <= np.quantile(size, 0.05)) | (size >= np.quantile(size, 0.95)),
    }
    row = {name: float(held[group].mean()) for name, group in groups.items()}
    row["ranks"] = np.nan if found.doubtful else float(((best <= place) & (place <= worst)).mean())
    row |= {"doubtful": float(found.doubtful), "width": float((upper - lower).mean()), "seconds": spent}
    return row | {"dea": float(((score - true) ** 2).mean()), "own": float(((corrected - true) ** 2).mean())}


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    named = [tuple(text.split(",")) for text in sys.argv[2:]]
    chosen = [case for case in cases() if not named or tuple(map(str, case)) in named]
    print(
        "design inefficiency units trouble: repetitions | " + " ".join(HEADS) + " [%] | ± all | width | doubtful [%]"
        " | error against DEA's [%] | CPU s"
    )
    for case in chosen:
        few = case[2] == 300 and case[3] != "none"
        number = max(repetitions // 5, 2) if few else repetitions
        once(case, 10_000)  # whatever is compiled or loaded once
        rows = {name: np.array(values) for name, values in _columns(case, number).items()}
        shares = " ".join(f"{100 * _mean(rows[name]):.1f}" for name in HEADS)
        change = 100 * (np.sqrt(rows["own"].mean() / rows["dea"].mean()) - 1)
        print(
            f"{case[0]} {case[1]} {case[2]} {case[3]}: {number} | {shares} "
            f"| {100 * rows['all'].std() / np.sqrt(number):.1f} | {rows['width'].mean():.2f} "
            f"| {100 * rows['doubtful'].mean():.0f} | {change:.0f} | {rows['seconds'].mean():.1f}",
            flush=True,
        )


def _columns(case: tuple[int, str, int, str], number: int) -> dict[str, list[float]]:
    rows = []
    for seed in range(number):
        try:
            rows.append(once(case, seed))
        except TooFewUnits as error:
            print(f"  seed {seed} is refused: {error}")
    return {name: [row[name] for row in rows] for name in rows[0]}


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


if __name__ == "__main__":
    main()
