"""Simulated worlds with a known frontier, to learn how far an efficiency score lies from the truth.

The numbers only: arrays in, arrays out. `kommunanalys.compare.intervals` makes intervals and words of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Array]
"""One world's true log inefficiencies, shape (n,)."""

WORLDS: Final = 20
INNER: Final = 40
SCORED: Final = 60
"""Simulated worlds; bootstrap draws within each; units scored in each of those draws."""
FITTING: Final = 4
ROUNDS: Final = 10
"""Worlds, and rounds at most, to fit the distribution of inefficiency."""
CLOSE: Final = 0.005
"""Relative difference of the simulated moments from the observed ones at which the fit ends."""
SHAPES: Final = (0.4, 12.0)
"""Least and greatest shape of the distribution: 1 is exponential, 2 half-normal, 12 nearly uniform."""
ON_FRONTIER: Final = 1e-6


@dataclass(frozen=True)
class Yardstick:
    """Units with the columns that the score does not move, and how they are scored.

    Parameters
    ----------
    still
        Outputs when inputs contract, inputs when outputs expand, shape (n, ·).
    returns
        "vrs", "crs", "drs" or "irs".
    orientation
        "input" or "output".

    Notes
    -----
    Inefficiency is measured by u = −log θ (input) or log φ (output), 0 on the frontier.

    Examples
    --------
    >>> still, cost = np.ones((3, 1)), np.array([[1.0], [np.e], [np.e**2]])
    >>> Yardstick(still, "vrs", "input").measure(cost, cost)[1:].round(3).tolist()
    [1.0, 2.0]
    """

    still: Array
    returns: str
    orientation: str

    def measure(self, reference: Array, moving: Array, rows: NDArray[np.intp] | None = None) -> Array:
        """Log inefficiency of units against a reference; `rows` are the units' own rows, None for all."""
        from kommunanalys.compare.kernel import scores

        own = self.still if rows is None else self.still[rows]
        options = {"returns": self.returns, "orientation": self.orientation}
        if self.orientation == "input":
            return -np.log(scores(reference, self.still, moving, own, **options))
        return np.log(scores(self.still, reference, own, moving, **options))

    def shift(self, moving: Array, inefficiency: Array) -> Array:
        """The moving columns of units that become that much less efficient (more, where it is negative)."""
        sign = 1.0 if self.orientation == "input" else -1.0
        return np.asarray(moving * np.exp(sign * inefficiency)[:, None])


@dataclass(frozen=True)
class Fit:
    """A half generalised normal distribution of inefficiency, density proportional to exp(−(u / scale) ** shape).

    Parameters
    ----------
    scale, shape
        Its parameters.
    misfit
        Largest relative difference left between the simulated and the observed mean and coefficient of variation.
    """

    scale: float
    shape: float
    misfit: float

    @property
    def found(self) -> bool:
        """Whether a distribution within the bounds gives what was observed."""
        low, high = SHAPES
        return self.misfit < 10 * CLOSE and 1.01 * low < self.shape < 0.99 * high


def smooth(inefficiency: Array, kernel: float, rng: np.random.Generator) -> Array:
    """A draw from the observed inefficiencies, smoothed by a normal kernel reflected at the frontier.

    Notes
    -----
    The draw is shrunk so that the reflected sample keeps its variance.

    References
    ----------
    Simar & Wilson (1998), Management Science 44(1), section 5.

    Examples
    --------
    >>> drawn = smooth(np.array([0.0, 0.1, 0.3]), 0.05, np.random.default_rng(1))
    >>> drawn.shape, bool((drawn >= 0).all())
    ((3,), True)
    """
    n = len(inefficiency)
    drawn = rng.choice(inefficiency, n)
    variance = (inefficiency**2).mean()
    shrunk = np.sqrt(variance / (variance + kernel**2)) if variance else 1.0
    return np.asarray(np.abs(drawn + kernel * rng.standard_normal(n)) * shrunk)


def bandwidth(inefficiency: Array) -> float:
    """Width of the kernel by Silverman's rule on the reflected sample without the units on the frontier.

    Examples
    --------
    >>> round(bandwidth(np.array([0.0, 0.1, 0.2, 0.3])), 3)
    0.136
    """
    inside = inefficiency[inefficiency > ON_FRONTIER]
    if not len(inside):
        return 0.0
    # The quartiles of a sample reflected at 0 are the median of what was reflected, on both sides.
    spread = min(float(np.sqrt((inside**2).mean())), 2 * float(np.median(inside)) / 1.349)
    return float(0.9 * spread * (2 * len(inside)) ** -0.2)


def bias(
    yardstick: Yardstick,
    moving: Array,
    inefficiency: Array,
    draws: int,
    rng: np.random.Generator,
    rows: NDArray[np.intp] | None = None,
) -> Array:
    """How much higher than the score the bootstrap's log scores lie on average.

    Parameters
    ----------
    yardstick, moving
        The units; moving columns of shape (n, ·).
    inefficiency
        Log inefficiencies, shape (n,).
    draws
        Bootstrap samples.
    rows
        Units to tell it of; None for all.

    Examples
    --------
    >>> yardstick = Yardstick(np.ones((3, 1)), "vrs", "input")
    >>> cost = np.array([[1.0], [1.2], [1.5]])
    >>> found = bias(yardstick, cost, np.log(cost[:, 0]), 20, np.random.default_rng(1))
    >>> bool((found > 0).all())
    True
    """
    chosen = slice(None) if rows is None else rows
    total, kernel = np.zeros(len(inefficiency[chosen])), bandwidth(inefficiency)
    for _ in range(draws):
        reference = yardstick.shift(moving, smooth(inefficiency, kernel, rng) - inefficiency)
        total += inefficiency[chosen] - yardstick.measure(reference, moving[chosen], rows)
    return np.asarray(total / draws)


def frontier(yardstick: Yardstick, moving: Array, inefficiency: Array, biased: Array) -> Array:
    """Moving columns of the units' own points on the hull of all points, each corrected for its bias, shape (n, ·).

    Examples
    --------
    >>> yardstick = Yardstick(np.ones((2, 1)), "vrs", "input")
    >>> cost = np.array([[1.0], [2.0]])
    >>> frontier(yardstick, cost, np.log(cost[:, 0]), np.array([0.1, 0.1])).round(3).tolist()
    [[0.905], [0.905]]
    """
    inward = yardstick.shift(moving, -inefficiency - biased)
    return yardstick.shift(inward, -yardstick.measure(inward, inward))


def fit(yardstick: Yardstick, edge: Array, inefficiency: Array, rng: np.random.Generator) -> Fit:
    """The distribution of true inefficiency whose worlds give scores like the observed ones.

    Parameters
    ----------
    edge
        Points on the frontier, shape (n, ·).
    inefficiency
        Observed log inefficiencies, shape (n,).

    Notes
    -----
    The mean and the coefficient of variation asked of the distribution are moved, round by round, by what the
    simulated ones lack; the same random numbers serve in every round.
    """
    chance = rng.random((FITTING, len(inefficiency)))
    observed = np.log(_moments(inefficiency))
    asked, best = observed.copy(), Fit(1.0, 1.0, np.inf)
    for _ in range(ROUNDS):
        scale, shape = _parameters(*np.exp(asked))
        worlds = [yardstick.shift(edge, quantile(share, scale, shape)) for share in chance]
        simulated = np.log(np.mean([_moments(yardstick.measure(world, world)) for world in worlds], axis=0))
        misfit = float(np.abs(simulated - observed).max())
        best = min(best, Fit(scale, shape, misfit), key=lambda item: item.misfit)
        if misfit < CLOSE:
            break
        asked = np.log(_theoretical(scale, shape)) + observed - simulated
    return best


def quantile(share: Array, scale: float, shape: float) -> Array:
    """Quantiles of the half generalised normal distribution.

    Examples
    --------
    Half of an exponential distribution lies below log 2:

    >>> round(float(quantile(np.array([0.5]), 1.0, 1.0)[0]), 4)
    0.6931
    """
    from scipy.special import gammaincinv

    return np.asarray(scale * gammaincinv(1 / shape, share) ** (1 / shape))


def _moments(inefficiency: Array) -> Array:
    mean = inefficiency.mean()
    return np.array([mean, inefficiency.std() / mean])


def _theoretical(scale: float, shape: float) -> Array:
    from scipy.special import gammaln

    first, second = (gammaln((k + 1) / shape) - gammaln(1 / shape) for k in (1, 2))
    return np.array([scale * np.exp(first), np.sqrt(np.expm1(second - 2 * first))])


def _parameters(mean: float, variation: float) -> tuple[float, float]:
    low, high = np.log(SHAPES)
    for _ in range(50):  # the variation falls with the shape
        middle = (low + high) / 2
        above = _theoretical(1.0, float(np.exp(middle)))[1] > variation
        low, high = (middle, high) if above else (low, middle)
    shape = float(np.exp((low + high) / 2))
    return float(mean / _theoretical(1.0, shape)[0]), shape


@dataclass(frozen=True)
class Ratios:
    """What the simulated worlds tell: (log score − log truth) / bias as its own bootstrap sees it.

    Parameters
    ----------
    values
        Shape (worlds, scored).
    efficient
        Whether the unit's score was 1, same shape.
    """

    values: Array
    efficient: NDArray[np.bool_]

    def pool(self, efficient: bool) -> NDArray[np.bool_]:
        """The entries that speak for units with (or without) score 1: all of them where the own ones are few."""
        own = self.efficient == efficient
        return own if own.sum() >= SCORED else np.ones_like(own)


def ratios(yardstick: Yardstick, edge: Array, draw: Draw, rng: np.random.Generator) -> Ratios:
    """Score simulated worlds of which the truth is known.

    Parameters
    ----------
    yardstick
        The units.
    edge
        Their points on the frontier of the worlds, shape (n, ·).
    draw
        Gives one world's true log inefficiencies.
    """
    n = len(edge)
    values, efficient = [], []
    for _ in range(WORLDS):
        truth = draw(rng)
        world = yardstick.shift(edge, truth)
        seen = yardstick.measure(world, world)
        rows = rng.permutation(n)[: min(SCORED, n)]
        seen_bias = bias(yardstick, world, seen, INNER, rng, rows)
        values.append((truth - seen)[rows] / np.maximum(seen_bias, ON_FRONTIER))
        efficient.append(seen[rows] < ON_FRONTIER)
    return Ratios(np.array(values), np.array(efficient))
