"""CPU seconds of our DEA beside dealib, the fastest Python peer that we found, and of a plain bootstrap.

python benchmarks/dea_speed.py

2 inputs, 3 outputs, variable returns, input-oriented, one thread; the same data for both, each in processes of its own,
a median of some repetitions (dealib at 3,000 units and the bootstrap: one run). dealib goes into an environment that
lasts as long as the run (it needs NumPy 1 and a network that reaches a package index); where that cannot be made only
our own figures are printed. Ours runs with the extra [fast] and as if numba were not installed; what numba compiles is
kept in a folder of its own, so that the first call shows the time of compiling, which the other figures leave out.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np

BARS = {300: 15, 3000: 25}
"""By number of units: how many times faster than dealib we must be."""
ALONE, ALONE_BAR = 10_000, 5
DRAWS, DRAWS_BAR = 2000, {"plain": 240, "fast": 15}
PEER = """
import json, sys, time
import numpy as np
from dealib.dea import dea
data = np.load(sys.argv[1])
x, y = data["inputs"], data["outputs"]
dea(x[:9], y[:9], rts="vrs", orientation="input")
seconds = []
for _ in range(int(sys.argv[2])):
    begun = time.process_time()
    scores = dea(x, y, rts="vrs", orientation="input").eff
    seconds.append(time.process_time() - begun)
print(json.dumps({"seconds": seconds, "scores": scores.tolist()}))
"""


def data(units: int) -> tuple[np.ndarray, np.ndarray]:
    """The second design of dea_coverage.py: technology x1^.4 x2^.4, half-normal inefficiency."""
    rng = np.random.default_rng(units)
    best = rng.uniform(1, 10, (units, 2))
    share = rng.dirichlet((2, 2, 2), units)
    outputs = share / np.sqrt((share**2).sum(axis=1))[:, None] * (best**0.4).prod(axis=1)[:, None]
    return best * np.exp(np.abs(rng.normal(0, 0.3, units)))[:, None], outputs


def cpu(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def bootstrap(inputs: np.ndarray, outputs: np.ndarray, draws: int, *, compiled: bool) -> np.ndarray:
    """Scores under smoothed draws, shape (draws, n): Simar & Wilson 1998, Management Science 44(1), section 3."""
    from kommunanalys.compare import kernel

    rng = np.random.default_rng(1)
    own = kernel.reference(inputs, outputs, "vrs", "input", compiled=compiled).scores(inputs, outputs)
    mirrored = np.concatenate([own, 2 - own])
    width = 1.06 * mirrored.std() * len(mirrored) ** -0.2
    found = np.empty((draws, len(own)))
    for draw in range(draws):
        chosen = rng.choice(own, len(own))
        near = chosen + width * rng.normal(size=len(own))
        near = np.where(near > 1, 2 - near, near)
        drawn = chosen.mean() + (near - chosen.mean()) / np.sqrt(1 + width**2 / own.var())
        pseudo = inputs * (own / drawn)[:, None]
        found[draw] = kernel.reference(pseudo, outputs, "vrs", "input", compiled=compiled).scores(inputs, outputs)
    return found


def ours(kind: str) -> None:
    """Print our seconds as JSON: kind "plain" or "fast"; runs in a process of its own."""
    if kind == "plain":
        sys.modules["numba"] = None  # what an import meets where numba is not installed
    from kommunanalys.compare import DEA, kernel

    small = data(20)
    first = cpu(lambda: kernel.reference(*small, "vrs", "input").composites(*small))
    again = cpu(lambda: kernel.reference(*small, "vrs", "input").composites(*small))
    found: dict[str, object] = {"compile": first - again}
    for units, times in ((300, 9), (3000, 5), (ALONE, 3)):
        x, y = data(units)
        DEA().fit(x, y)
        found[f"fit {units}"] = statistics.median(cpu(lambda x=x, y=y: DEA().fit(x, y)) for _ in range(times))
        found[f"scores {units}"] = DEA().fit(x, y).efficiency_.tolist()
    x, y = data(300)
    found["bootstrap"] = cpu(lambda: bootstrap(x, y, DRAWS, compiled=kind == "fast"))
    print(json.dumps(found))


def run(*command: str, **environment: str) -> dict:
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **threads, **environment}
    )
    return json.loads(done.stdout)


def peer(folder: Path) -> str | None:
    """The Python of an environment with dealib, None (and why) where it cannot be made."""
    venv.create(folder / "peer", with_pip=True)
    python = str(folder / "peer" / ("Scripts" if os.name == "nt" else "bin") / "python")
    made = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "dealib==1.0.0"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if made.returncode:
        print(f"dealib cannot be installed here, so that nothing is compared: {made.stderr.strip()}")
        return None
    return python


def verdict(value: float, bar: float, *, least: bool) -> str:
    return "meets" if (value >= bar if least else value <= bar) else "FALLS SHORT OF"


def compared(python: str, folder: Path, kinds: dict[str, dict]) -> None:
    for units, bar in BARS.items():
        path = folder / f"{units}.npz"
        x, y = data(units)
        np.savez(path, inputs=x, outputs=y)
        found = run(python, "-c", PEER, str(path), "3" if units == 300 else "1", PYTHONPATH="")
        seconds = statistics.median(found["seconds"])
        print(f"{units} units: dealib {seconds:.2f} CPU s")
        for kind, own in kinds.items():
            ratio = seconds / own[f"fit {units}"]
            apart = np.abs(np.subtract(found["scores"], own[f"scores {units}"])).max()
            print(
                f"  {kind}: {own[f'fit {units}']:.4f} CPU s, {ratio:.0f} times faster "
                f"({verdict(ratio, bar, least=True)} the bar of {bar}); scores differ by {apart:.0e} at most"
            )


def main() -> None:
    if len(sys.argv) > 1:
        ours(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as name:
        kinds = {kind: run(sys.executable, __file__, kind, NUMBA_CACHE_DIR=name) for kind in ("plain", "fast")}
        print("DEA.fit gives scores, peers, slacks and targets; dealib scores and weights only.")
        print(f"compiling and loading, once: {kinds['fast']['compile']:.1f} CPU s (no part of what follows)")
        if python := peer(Path(name)):
            compared(python, Path(name), kinds)
    for kind, own in kinds.items():
        spent = own[f"fit {ALONE}"]
        print(f"{ALONE} units, {kind}: {spent:.2f} CPU s ({verdict(spent, ALONE_BAR, least=False)} {ALONE_BAR})")
        spent, bar = own["bootstrap"], DRAWS_BAR[kind]
        said = verdict(spent, bar, least=False)
        print(f"bootstrap, {DRAWS} draws at 300 units, {kind}: {spent:.1f} CPU s ({said} {bar})")


if __name__ == "__main__":
    main()
